"""Protocol: nets trained on a distilled set in one fixed way, and tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from benchmark.contamination import findings
from benchmark.contamination.leak_gap import leak_gap_score
from benchmark.contamination.near_duplicates import far_from_training, same_in_training
from benchmark.contamination.watched import watched_among
from benchmark.dataset_protocol import INSPECTION, DatasetProtocol, OpenSet, PlannedRuns
from benchmark.documents import Artifact, Score
from benchmark.documents.measured.contamination_figures import copy_threshold
from benchmark.documents.measured.distillation_anchors import UNITS
from benchmark.effort import Effort
from benchmark.errors import MettleError
from benchmark.models.net import Net
from benchmark.protocol import Arrays, Candidate, OutcomeArray, Scored
from benchmark.scores import anchor_cells, runs_and_images_score
from benchmark.task_registry import TaskEntry
from benchmark.training.plan import TrainingPlan
from tasks.corruption.canary_flag import canary_flag
from tasks.distillation.anchors import frozen_accuracies
from tasks.distillation.looks import looks
from tasks.distillation.measures import (
    anchored_scores,
    byte_scores,
    class_cells,
    corrupted_hits,
    cross_scores,
    early_scores,
    net_cell,
)
from tasks.distillation.settings import CROSS, OWN, STANDARD, planned, settings_of
from tasks.distillation.split import OpenDistillationSplit, open_distillation_split
from tasks.distillation.trainable import TrainableSet, read_trainable

JUDGED_FORMAT = 2
"""Raised when nets are asked something else, so that older answers are not taken for new ones."""
LOOKS_FORMAT = 3
"""Raised when the images of a set are searched in other looks."""
STANDARD_ONLY = (
    "Left out, as they need the nets of the standard training: lift and recovery, and of a quick run also other "
    "architectures, early steps, corruption, and test minus training images."
)


class StandardTraining(DatasetProtocol):
    """Test accuracy of nets trained on a distilled set by the protocol of DC and DSA."""

    def open_split(self, entry: TaskEntry) -> OpenDistillationSplit:
        """The verified test images of the task, and its corrupted cells."""
        return open_distillation_split(entry)

    def freeze_split(self, entry: TaskEntry) -> str:
        raise MettleError(
            entry.task.id,
            "tasks of one data set share a split, which is frozen for all of them",
            entry.task.data.dataset,
            f"Run: python -m scripts.freeze_distillation_split {entry.task.data.dataset}. The card says what it needs.",
        )

    def open_set(self, entry: TaskEntry, split: OpenDistillationSplit, artifact: Artifact, file: Path) -> TrainableSet:
        return read_trainable(entry, artifact, file)

    def plans(self, entry: TaskEntry, artifact: Artifact, tier: str) -> Mapping[str, PlannedRuns]:
        return planned(settings_of(entry), len(entry.task.data.classes), tier, artifact.own_recipe)

    def adapted(self, opened: OpenSet, name: str, plan: TrainingPlan) -> TrainingPlan:
        submitted: TrainableSet = opened.submitted
        if name == OWN:
            return submitted.own.plan.model_copy(update={"precision": plan.precision})
        return submitted.adapted(plan)

    def finished(self, opened: OpenSet, name: str, module: nn.Module) -> nn.Module:
        """A net of an own recipe sees whitened test images where it was trained on whitened ones."""
        submitted: TrainableSet = opened.submitted
        return submitted.own.finished(module) if name == OWN else module

    def judged_by(self, entry: TaskEntry, split: OpenDistillationSplit) -> Mapping[str, object]:
        return {"judged": JUDGED_FORMAT, "looked_at_runs": settings_of(entry).looked_at_runs, **split.judging}

    def identity_for(
        self, entry: TaskEntry, split: OpenDistillationSplit, artifact: Artifact, effort: Effort, shard: str
    ) -> dict[str, Any]:
        """Of a net of an own recipe, the recipe too: tiles, teacher and kind of label stand in no plan.

        Under whitening also the training images it is computed from.
        """
        identity = super().identity_for(entry, split, artifact, effort, shard)
        if shard.startswith(INSPECTION):
            identity |= {"looks": LOOKS_FORMAT, "search": findings.SEARCH_FORMAT}
        if shard.startswith(f"{OWN}/") and artifact.own_recipe is not None:
            identity["own_recipe"] = artifact.own_recipe.model_dump(mode="json", exclude_defaults=True)
            if artifact.own_recipe.zca:
                identity["whitened_as"] = split.training_pixels_sha256
        return identity

    def judge(self, entry: TaskEntry, split: OpenDistillationSplit, plan: str, run: int, net: Net) -> Arrays:
        """The class of every test image; by the ranked plan, correctness bits of watched images and of corrupted cells.

        predicted: unsigned (N,). watched_correct: uint8 (ceil(W / 8),). corrupted_correct, of the first nets: uint8
        (cells, ceil(n / 8)).
        """
        arrays = {"predicted": _predicted(entry, split, net)}
        if plan == STANDARD:
            images, labels = split.watched
            found = net.decide(images, f"{entry.task.id} watched images").predicted
            arrays["watched_correct"] = np.packbits(found == labels)
        if self._looked_at(entry, plan, run):
            labels = split.labels[: split.frozen.corrupted.count]
            hits = [
                net.decide(images, f"{entry.task.id} cell {cell}").predicted == labels
                for cell, images in zip(split.cells, split.corrupted_images, strict=True)
            ]
            arrays["corrupted_correct"] = np.packbits(np.stack(hits), axis=1)
        return arrays

    def glance(self, entry: TaskEntry, split: OpenDistillationSplit, plan: str, run: int, net: Net) -> Arrays:
        return {"predicted": _predicted(entry, split, net)} if self._looked_at(entry, plan, run) else {}

    def _looked_at(self, entry: TaskEntry, plan: str, run: int) -> bool:
        return plan == STANDARD and run < settings_of(entry).looked_at_runs

    def inspections(self, entry: TaskEntry, artifact: Artifact) -> Sequence[str]:
        return [findings.INSPECTION]

    def inspect(self, entry: TaskEntry, split: OpenDistillationSplit, submitted: TrainableSet, name: str) -> Arrays:
        """Copies of test images among those of the set, as `look_for_copies` gives them."""
        images, rows = looks(submitted.distilled)
        return findings.look_for_copies(images, split.images, rows)

    def combine(
        self, entry: TaskEntry, split: OpenDistillationSplit, candidate: Candidate, shards: Mapping[str, Arrays]
    ) -> Scored:
        """All scores of a distilled set from what its nets say."""
        assert candidate.artifact is not None
        assert candidate.file is not None
        labels, tier = split.labels, candidate.effort.tier
        submitted = read_trainable(entry, candidate.artifact, candidate.file)
        plans = self.plans(entry, candidate.artifact, tier)
        main = next(iter(plans))
        seeds = [candidate.effort.seed(candidate.artifact.sha256, run) for run in range(plans[main].runs)]
        nets = [shards[f"{main}/seed {seed}"] for seed in seeds]
        others = {
            name.removeprefix(CROSS): shards[f"{name}/seed {seeds[0]}"] for name in plans if name.startswith(CROSS)
        }
        correct = np.stack([arrays["predicted"] == labels for arrays in nets])
        right = correct.sum(axis=1)
        scores = {
            entry.task.primary.name: runs_and_images_score(correct),
            **early_scores(labels, nets),
            **cross_scores({name: arrays["predicted"] == labels for name, arrays in others.items()}),
            **byte_scores(submitted.distilled.bytes),
            "learning_rate": Score(value=submitted.adapted(plans[main].plan).optimizer.learning_rate),
        }
        anchors: dict[str, np.ndarray | None] = {arm: frozen_accuracies(entry, arm) for arm in UNITS}
        if tier == "standard":  # the anchors were trained by the ranked plan
            scores |= anchored_scores(right / len(labels), anchors["random"], anchors["whole"])
        canary = split.canary
        if canary.ids:
            scores["canary_accuracy"] = runs_and_images_score(correct[:, canary.ids])
        if all("watched_correct" in arrays for arrays in nets):
            watched = split.watched[0]
            answers = np.stack([np.unpackbits(arrays["watched_correct"], count=len(watched)) for arrays in nets])
            outside = ~watched_among(submitted.distilled.pixels(), watched)
            if (gap := leak_gap_score(correct, answers[:, outside].astype(bool))) is not None:
                scores["leak_gap"] = gap
        apart = far_from_training(entry.task.data.dataset, len(labels))
        if apart is not None:
            scores["accuracy_without_near_duplicates"] = runs_and_images_score(correct[:, apart])
        own = {seed: shards[f"{OWN}/seed {seed}"] for seed in seeds[: plans[OWN].runs]} if OWN in plans else {}
        if own:
            hits_of_own = np.stack([arrays["predicted"] == labels for arrays in own.values()])
            scores["own_recipe_accuracy"] = runs_and_images_score(hits_of_own)
            scores["own_recipe_bytes"] = Score(value=float(sum(submitted.own_recipe_bytes.values())))
        cells = {f"net:seed {seed}": net_cell(labels, arrays) for seed, arrays in zip(seeds, nets, strict=True)}
        cells |= anchor_cells(anchors) if tier == "standard" else {}
        cells |= {f"architecture:{name}": net_cell(labels, arrays) for name, arrays in others.items()}
        cells |= {f"own:seed {seed}": net_cell(labels, arrays) for seed, arrays in own.items()}
        if own:
            cells |= {f"own_bytes:{of}": {"bytes": float(n)} for of, n in submitted.own_recipe_bytes.items()}
        cells |= class_cells(labels, correct, entry.task.data.classes)
        hits = corrupted_hits(nets, split.frozen.corrupted.count)
        if hits is not None:
            scores["mean_corruption_accuracy"] = runs_and_images_score(hits.mean(axis=1))
            means = hits.mean(axis=(0, 2))
            cells |= {cell: {"accuracy": float(mean)} for cell, mean in zip(split.cells, means, strict=True)}
        outcomes = {
            "primary": OutcomeArray(right.astype(np.uint16), scale=len(labels)),
            "predicted": OutcomeArray(np.stack([arrays["predicted"] for arrays in nets]), stored="store"),
        }
        conversion = submitted.distilled.conversion
        notes = [f"Conversion, as its author says: {conversion}"] if conversion else []
        notes += [] if tier == "standard" else [STANDARD_ONLY]
        found = shards[INSPECTION + findings.INSPECTION]
        spared = same_in_training(entry.task.data.dataset)
        flags = findings.copy_flags(found, copy_threshold(entry.task.data.dataset), spared)
        if (known := scores.get("canary_accuracy")) is not None and known.lower is not None:
            flags += canary_flag(canary, known)
        return Scored(
            scores,
            {**cells, **findings.copy_cells(found, spared), **findings.pair_cells(found)},
            outcomes,
            flags,
            notes,
        )


def _predicted(entry: TaskEntry, split: OpenDistillationSplit, net: Net) -> np.ndarray:
    smallest = np.min_scalar_type(len(entry.task.data.classes) - 1)
    return net.decide(split.images, f"{entry.task.id} test images").predicted.astype(smallest)


PROTOCOL = StandardTraining()
