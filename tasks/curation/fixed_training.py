"""What the protocols of this family share: one net, one plan, so many samples, and how its nets are judged."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.contamination import findings
from benchmark.contamination.near_duplicates import same_in_training
from benchmark.dataset_protocol import INSPECTION, DatasetProtocol, PlannedRuns
from benchmark.documents import Artifact, Flag, Score
from benchmark.documents.measured.contamination_figures import copy_threshold
from benchmark.effort import Effort
from benchmark.errors import MettleError
from benchmark.models.net import Net
from benchmark.protocol import Arrays, Candidate, OutcomeArray, Scored
from benchmark.task_registry import TaskEntry
from tasks.corruption.canary_flag import canary_flag
from tasks.curation import shown
from tasks.curation.anchors import anchor_accuracies
from tasks.curation.chosen import Chosen, read_choice
from tasks.curation.leak_limits import gap_flag
from tasks.curation.measures import PLAN, Judged, common_cells, common_scores, judged
from tasks.curation.settings import settings_of
from tasks.curation.split import OpenCuration, freeze_curation, open_curation

JUDGED_FORMAT = 1
"""Raised when the meaning of what a training's shard holds changes."""
OWN_IMAGES_FORMAT = 2
"""Raised when the same own images train in another order; then nets of any artifact with a provenance train anew."""

STANDARD_ONLY = "Gain and lift are left out: their anchors are nets of the standard training, and this run's are not."
NO_LIMIT = "Test minus training images is held against no limit: it was learnt from nets of the standard training."


class FixedTraining(DatasetProtocol):
    """Trains the task's net on a choice, as many samples whatever its size, and scores the last step's weights."""

    def open_split(self, entry: TaskEntry) -> OpenCuration:
        """The test images; pool and training images are loaded when they are asked for."""
        return open_curation(entry)

    def freeze_split(self, entry: TaskEntry) -> str:
        """The split over all test images."""
        return freeze_curation(entry)

    def open_set(self, entry: TaskEntry, split: OpenCuration, artifact: Artifact, file: Path) -> Chosen:
        """The choice in a file."""
        return read_choice(split, artifact, file)

    def plans(self, entry: TaskEntry, artifact: Artifact, tier: str) -> Mapping[str, PlannedRuns]:
        """One plan; the quick tier has fewer steps and nets."""
        settings = settings_of(entry)
        if tier != "quick":
            return {PLAN: PlannedRuns(settings.plan, settings.runs)}
        steps = min(settings.quick_steps, settings.plan.steps or settings.quick_steps)
        return {PLAN: PlannedRuns(settings.plan.model_copy(update={"steps": steps}), settings.quick_runs)}

    def judge(self, entry: TaskEntry, split: OpenCuration, plan: str, run: int, net: Net) -> Arrays:
        """Predicted classes, right answers a corrupted cell, and bits of right answers on the watched images.

        predicted: unsigned (N,). corrupted_right: uint16 (cells,). watched_right: uint8 (ceil(W / 8),).
        """
        smallest = np.min_scalar_type(len(entry.task.data.classes) - 1)
        first, where = split.labels[: split.frozen.count], entry.task.id
        corrupted = [
            int((net.decide(split.cell(cell), f"{where} cell {cell}").predicted == first).sum())
            for cell in split.settings.cells
        ]
        watched = net.decide(split.origin.images[split.watched], f"{where} watched images").predicted
        return {
            "predicted": net.decide(split.images, f"{where} test images").predicted.astype(smallest),
            "corrupted_right": np.array(corrupted, np.uint16),
            "watched_right": np.packbits(watched == split.origin.labels[split.watched]),
        }

    def judged_by(self, entry: TaskEntry, split: OpenCuration) -> dict[str, Any]:
        """The images that are shown and the examples that are trained on; texts and metrics may change."""
        settings, frozen = split.settings, split.frozen
        return {
            "judged": JUDGED_FORMAT,
            "tested": [split.dataset.pixels_sha256, frozen.tested],
            "cells": frozen.cells,
            "pool": frozen.pool.model_dump(mode="json"),
            "origin": split.origin.pixels_sha256,  # the pool's frozen hash leaves out images in which copies differ
            "choice": [settings.budget, settings.dropped_share],
        }

    def identity_for(
        self, entry: TaskEntry, split: OpenCuration, artifact: Artifact, effort: Effort, shard: str
    ) -> dict[str, Any]:
        """Of an inspection, the format of the search too; of a net of own images, which come with their
        provenance, how these are put in order.
        """
        identity = super().identity_for(entry, split, artifact, effort, shard)
        if shard.startswith(INSPECTION):
            identity["search"] = findings.SEARCH_FORMAT
        elif artifact.provenance is not None:
            identity["own_images"] = OWN_IMAGES_FORMAT
        return identity

    def inspections(self, entry: TaskEntry, artifact: Artifact) -> Sequence[str]:
        """Own images, where the task takes them, are held against the test images and the watched ones."""
        return [findings.INSPECTION, shown.INSPECTION] if "images" in settings_of(entry).forms else []

    def inspect(self, entry: TaskEntry, split: OpenCuration, submitted: Chosen, name: str) -> Arrays:
        """Copies of test or watched images among own images; those of a pool are known, and are not searched."""
        own = submitted.images if submitted.form == "images" else submitted.images[:0]
        if name == shown.INSPECTION:
            return shown.look_for_watched(own, split.origin.images[split.watched])
        return findings.look_for_copies(own, split.images)

    def combine(
        self, entry: TaskEntry, split: OpenCuration, candidate: Candidate, shards: Mapping[str, Arrays]
    ) -> Scored:
        """The scores of a choice from what the nets trained on it said."""
        if candidate.file is None:
            raise MettleError(entry.task.id, "its scores need the submitted file", "none")
        chosen = read_choice(split, candidate.artifact, candidate.file)
        nets = judged(split, shards)
        standard = candidate.effort.tier == "standard"  # as the anchors were trained
        anchors = anchor_accuracies(entry) if standard else {}
        own_scores, own_cells, own_flags = self.own_scores(split, chosen, nets, anchors)
        threshold = copy_threshold(split.dataset.name)
        watched = shards[INSPECTION + shown.INSPECTION] if chosen.form == "images" else None
        taken = shown.shown_watched(split, chosen, watched, threshold)
        scores = common_scores(split, chosen, nets, taken) | own_scores
        cells = common_cells(split, chosen, nets) | own_cells
        flags = [*_canary(split, scores.get("canary_accuracy")), *own_flags]
        notes = [] if standard else [STANDARD_ONLY]
        if chosen.form == "images":
            found = shards[INSPECTION + findings.INSPECTION]
            spared = same_in_training(split.dataset.name)
            scores["near_test_copies"] = Score(value=float((found["correlation"] >= threshold).sum()))
            cells |= findings.pair_cells(found) | findings.copy_cells(found, spared)
            flags += findings.copy_flags(found, threshold, spared)
            # Only own images can hold a test image.
            flags += shown.shown_flags(taken, shown.shown_by_chance(split, len(chosen)))
            if standard:
                easier = shown.easier_by(split.watched_ease, taken)
                flags += gap_flag(entry, anchors, scores["accuracy"].value, scores.get("leak_gap"), easier)
            else:
                notes.append(NO_LIMIT)
        return Scored(
            scores=scores,
            cells=cells,
            outcomes={
                "primary": OutcomeArray(nets.right.sum(axis=1).astype(np.uint16), nets.right.shape[1]),
                "right": OutcomeArray(np.packbits(nets.right, axis=1), stored="store"),
            },
            flags=flags,
            notes=notes,
        )

    @abc.abstractmethod
    def own_scores(
        self, split: OpenCuration, chosen: Chosen, nets: Judged, anchors: Mapping[str, np.ndarray]
    ) -> tuple[dict[str, Score], dict[str, dict[str, float]], list[Flag]]:
        """What the task scores besides: scores, cells and flags.

        anchors: accuracies of each arm's nets, float64 (R,); none where the run is not of the standard tier.
        """


def _canary(split: OpenCuration, accuracy: Score | None) -> list[Flag]:
    return canary_flag(split.frozen.canary, accuracy) if accuracy and accuracy.lower is not None else []
