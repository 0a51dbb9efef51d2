"""Protocol: decisions under one-pixel re-crops, corrupted patches and noise of single octaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from benchmark import data
from benchmark.documents import Score
from benchmark.metrics import (
    agreement_with_first,
    first_fall,
    last_fall,
    noise_threshold,
    right_in_all,
    same_in_all,
)
from benchmark.models.net import Net
from benchmark.protocol import Arrays, Candidate, OutcomeArray, Protocol, Scored
from benchmark.scores import CONFIDENCE, interval_score, mean_score, proportion_score
from benchmark.statistics import Interval, mean_interval
from benchmark.task_registry import TaskEntry
from tasks.corruption.canary_flag import canary_flag
from tasks.corruption.settings import CLEAN
from tasks.corruption.split import check_images, read_checksums
from tasks.corruption.stability_cells import StabilityCells, read_stability_split
from tasks.corruption.stability_settings import SHIFTS, cell_groups, octave_cells, patch_cells, stability_settings


class Stability(Protocol):
    """Right at the centre crop and at all eight around it; beside it patches and octaves."""

    def open_split(self, entry: TaskEntry) -> StabilityCells:
        """The cells of the task over its verified clean images."""
        frozen = read_stability_split(entry)
        dataset = data.load(frozen.images.dataset, frozen.images.part)
        check_images(entry, frozen.images, dataset)
        return StabilityCells(entry, dataset, frozen, stability_settings(entry), read_checksums(entry, frozen))

    def shard_groups(self, entry: TaskEntry) -> list[list[str]]:
        """One group a cell; the cells of one octave together, because they share the draw."""
        return cell_groups(stability_settings(entry))

    def score_shards(
        self, entry: TaskEntry, split: StabilityCells, net: Net, shards: Sequence[str]
    ) -> Iterator[tuple[str, Arrays]]:
        """Per cell: the predicted classes, unsigned (N,)."""
        smallest = np.min_scalar_type(len(entry.task.data.classes) - 1)
        for cell, images in split.cells(shards):
            predicted = net.decide(images, f"{entry.task.id} cell {cell}").predicted
            arrays: dict[str, np.ndarray] = {"predicted": predicted.astype(smallest)}
            if note := split.cell_notes.get(cell):
                arrays["note"] = np.array(note)
            yield cell, arrays

    def combine(
        self, entry: TaskEntry, split: StabilityCells, candidate: Candidate, shards: Mapping[str, Arrays]
    ) -> Scored:
        """All scores of a stability task from the decisions on its cells."""
        predicted = {cell: arrays["predicted"] for cell, arrays in shards.items()}
        correct = {cell: classes == split.labels for cell, classes in predicted.items()}
        crops = [CLEAN, *SHIFTS]
        right = right_in_all(np.stack([correct[cell] for cell in crops]))
        decisions = np.stack([predicted[cell] for cell in crops])
        scores = {
            entry.task.primary.name: proportion_score(right),
            "clean_accuracy": proportion_score(correct[CLEAN]),
            "shift_consistency": proportion_score(same_in_all(decisions)),
            "shift_agreement": mean_score(agreement_with_first(decisions)),
            "patch_accuracy": mean_score(np.mean([correct[cell] for cell in patch_cells(split.settings)], axis=0)),
            **_noise_thresholds(entry, split, correct),
            "canary_accuracy": proportion_score(correct[CLEAN][split.frozen.canary.ids]),
        }
        cells = {
            cell: {"accuracy": float(hits.mean()), "agreement": float((predicted[cell] == predicted[CLEAN]).mean())}
            for cell, hits in correct.items()
        }
        outcomes = {
            "primary": OutcomeArray(right.astype(np.uint8)),
            "clean_correct": OutcomeArray(np.packbits(correct[CLEAN])),
            "predicted": OutcomeArray(np.stack(list(predicted.values())), stored="store"),
        }
        flags = canary_flag(split.frozen.canary, scores["canary_accuracy"])
        notes = [str(arrays["note"]) for arrays in shards.values() if "note" in arrays]
        return Scored(scores, cells, outcomes, flags, notes)


def _noise_thresholds(entry: TaskEntry, split: StabilityCells, correct: Mapping[str, np.ndarray]) -> dict[str, Score]:
    """Per octave, from 1, the lowest, the noise that halves the way to chance; none for a model at chance."""
    chance = 1 / len(entry.task.data.classes)
    found = {}
    for number, octave in enumerate(split.settings.octaves, 1):
        hits = np.stack([correct[cell] for cell in octave_cells(split.settings, octave)])
        score = threshold_score(split.settings.noise_sds, hits, correct[CLEAN], chance)
        if score is not None:
            found[f"noise_threshold_octave_{number}"] = score
    return found


def threshold_score(noise_sds: Sequence[float], hits: np.ndarray, clean: np.ndarray, chance: float) -> Score | None:
    """The noise threshold with its interval over test images; None where it is not defined.

    The interval holds the noise levels at which the data do not exclude a mean difference of 0 between accuracy and
    the half-way line, each image paired with itself: from the first fall of the interval's lower ends to the last fall
    of its upper ends. noise_sds: rising. hits: bool (levels, N). clean: bool (N,).
    """
    threshold = noise_threshold(noise_sds, hits.mean(axis=1), float(clean.mean()), chance)
    if not np.isfinite(threshold):
        return None
    above = np.concatenate([clean[None], hits]) - (clean + chance) / 2  # from -(1 + chance) / 2 to 1 - chance / 2
    lowest, span = -(1 + chance) / 2, 1.5
    intervals = [mean_interval(np.clip((row - lowest) / span, 0, 1), CONFIDENCE) for row in above]
    levels = [0.0, *noise_sds]
    lower = first_fall(levels, [lowest + span * interval.lower for interval in intervals])
    upper = last_fall(levels, [lowest + span * interval.upper for interval in intervals])
    return interval_score(threshold, Interval(lower, upper), len(clean))


PROTOCOL = Stability()
