"""Protocol: top-1 accuracy on corrupted copies of a test set, a checkpoint seeing every cell once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from benchmark import data
from benchmark.documents import Score
from benchmark.metrics import (
    confidence_histogram,
    expected_calibration_error,
    mean_corruption_error,
    relative_mean_corruption_error,
)
from benchmark.models.net import Net
from benchmark.protocol import Arrays, Candidate, OutcomeArray, Protocol, Scored
from benchmark.scores import CONFIDENCE, interval_score, mean_score, proportion_score
from benchmark.statistics import Interval, mean_interval, worst_interval
from benchmark.task_registry import TaskEntry
from tasks.corruption.canary_flag import canary_flag
from tasks.corruption.generated_cells import GeneratedCells
from tasks.corruption.official_cells import OfficialCells, find_folder, freeze_official
from tasks.corruption.settings import CLEAN, CorruptionSettings, cell_names, settings_of
from tasks.corruption.split import (
    GeneratedSplit,
    OfficialSplit,
    Reference,
    check_images,
    dump,
    read_checksums,
    read_generated,
    read_official,
)

Cells = GeneratedCells | OfficialCells


class CorruptedAccuracy(Protocol):
    """Top-1 accuracy over clean and corrupted cells."""

    def open_split(self, entry: TaskEntry) -> Cells:
        """The cells of the task over its verified clean images."""
        settings = settings_of(entry)
        frozen: GeneratedSplit | OfficialSplit
        frozen = read_generated(entry) if settings.cells == "generated" else read_official(entry)
        dataset = data.load(frozen.images.dataset, frozen.images.part)
        check_images(entry, frozen.images, dataset)
        if isinstance(frozen, GeneratedSplit):
            return GeneratedCells(entry, dataset, frozen, read_checksums(entry, frozen))
        cells = OfficialCells(entry, dataset, frozen, settings, find_folder(entry, settings))
        cells.check_labels()
        return cells

    def freeze_split(self, entry: TaskEntry) -> str:
        """The text of a split that pins the official files found on this machine; MettleError where one is missing."""
        settings = settings_of(entry)
        dataset = data.load(entry.task.data.dataset, entry.task.data.part)
        return dump(freeze_official(entry, settings, dataset, find_folder(entry, settings)))

    def shard_groups(self, entry: TaskEntry) -> list[list[str]]:
        """The clean images, then one group per corruption: its severities share the random draw."""
        settings = settings_of(entry)
        return [[CLEAN], *(cell_names(settings, corruption) for corruption in settings.standard + settings.held_out)]

    def score_shards(
        self, entry: TaskEntry, split: Cells, net: Net, shards: Sequence[str]
    ) -> Iterator[tuple[str, Arrays]]:
        """Per cell: correctness bits, uint8 (ceil(N / 8),), and a confidence histogram, int64 (2, bins)."""
        cells = [(CLEAN, split.clean)] if list(shards) == [CLEAN] else split.cells(shards)
        for cell, images in cells:
            decisions = net.decide(images, f"{entry.task.id} cell {cell}")
            correct = decisions.predicted == split.labels
            arrays: dict[str, np.ndarray] = {
                "correct": np.packbits(correct),
                "confidence": confidence_histogram(decisions.confidence, correct),
            }
            if note := split.cell_notes.get(cell):
                arrays["note"] = np.array(note)
            yield cell, arrays

    def combine(
        self,
        entry: TaskEntry,
        split: Cells,
        candidate: Candidate,
        shards: Mapping[str, Arrays],
    ) -> Scored:
        """All scores of a corruption task from the outcomes of its cells."""
        settings = settings_of(entry)
        n = len(split.labels)
        correct = {cell: np.unpackbits(arrays["correct"], count=n).astype(bool) for cell, arrays in shards.items()}
        primary, scale = _primary_per_image(settings, correct)
        scores = {
            entry.task.primary.name: mean_score(primary / scale),
            "clean_accuracy": proportion_score(correct[CLEAN]),
            "standard_mean_accuracy": mean_score(_share_correct(settings, settings.standard, correct)),
            "worst_corruption_accuracy": _worst_corruption(settings, correct),
            "canary_accuracy": proportion_score(correct[CLEAN][split.frozen.canary.ids]),
        }
        if settings.held_out:
            scores["held_out_mean_accuracy"] = mean_score(_share_correct(settings, settings.held_out, correct))
        if split.frozen.reference is not None:
            scores |= _relative_to_reference(settings, split.frozen.reference, correct)

        histograms = {cell: arrays["confidence"] for cell, arrays in shards.items()}
        calibration = {cell: expected_calibration_error(histogram) for cell, histogram in histograms.items()}
        corrupted = [cell for cell in correct if cell != CLEAN]
        scores["expected_calibration_error"] = Score(value=float(np.mean([calibration[cell] for cell in corrupted])))
        cells = {
            cell: {"accuracy": float(hits.mean()), "expected_calibration_error": calibration[cell]}
            for cell, hits in correct.items()
        }
        order = [CLEAN, *corrupted]
        outcomes = {
            "primary": OutcomeArray(primary, scale),
            "clean_correct": OutcomeArray(np.packbits(correct[CLEAN])),
            "confidence_histograms": OutcomeArray(np.stack([histograms[cell] for cell in order]).astype(np.uint16)),
            "correct": OutcomeArray(np.stack([np.packbits(correct[cell]) for cell in order]), stored="store"),
        }
        flags = canary_flag(split.frozen.canary, scores["canary_accuracy"])
        notes = [str(arrays["note"]) for arrays in shards.values() if "note" in arrays]
        return Scored(scores, cells, outcomes, flags, notes)


def _primary_per_image(settings: CorruptionSettings, correct: Mapping[str, np.ndarray]) -> tuple[np.ndarray, int]:
    """Integer numerators (N,) and their common denominator: each image's share of the primary metric.

    Where there are held-out corruptions both sets weigh the same, however many cells they have.
    """
    sets = [names for names in (settings.standard, settings.held_out) if names]
    denominator = math.lcm(*(len(names) * settings.severities for names in sets))
    total = np.zeros(len(correct[CLEAN]), dtype=np.int64)
    for names in sets:
        hits = sum(correct[cell].astype(np.int64) for name in names for cell in cell_names(settings, name))
        total += hits * (denominator // (len(names) * settings.severities))
    return total.astype(np.uint16), denominator * len(sets)


def _share_correct(settings: CorruptionSettings, names: Sequence[str], correct: Mapping[str, np.ndarray]) -> np.ndarray:
    """Per image, the share of the cells of these corruptions it is right in: float64 (N,)."""
    return np.mean([correct[cell] for name in names for cell in cell_names(settings, name)], axis=0)


def _worst_corruption(settings: CorruptionSettings, correct: Mapping[str, np.ndarray]) -> Score:
    """Lowest mean accuracy of one corruption, with [min lower, min upper] of simultaneous intervals."""
    names = settings.standard + settings.held_out
    columns = np.stack([_share_correct(settings, [name], correct) for name in names], axis=1)
    worst = worst_interval(columns, CONFIDENCE)
    return interval_score(worst.mean, worst.interval, len(columns))


def _relative_to_reference(
    settings: CorruptionSettings, reference: Reference, correct: Mapping[str, np.ndarray]
) -> dict[str, Score]:
    """mCE and relative mCE over the standard corruptions, in percent of the reference net's errors."""

    def table(error_of: Mapping[str, float]) -> dict[str, list[float]]:
        return {name: [error_of[cell] for cell in cell_names(settings, name)] for name in settings.standard}

    error = {cell: 1 - float(hits.mean()) for cell, hits in correct.items()}
    ours, theirs = table(error), table(reference.errors)
    relative = relative_mean_corruption_error(ours, error[CLEAN], theirs, reference.errors[CLEAN])
    # With the reference fixed, mCE is a mean over images of weighted mistakes; scaled to [0, 1] for its interval.
    weights = {name: 100 / (len(settings.standard) * sum(theirs[name])) for name in settings.standard}
    weight_of = {cell: weights[name] for name in settings.standard for cell in cell_names(settings, name)}
    most = sum(weight_of.values())
    per_image = np.sum([~correct[cell] * weight for cell, weight in weight_of.items()], axis=0) / most
    interval = mean_interval(np.clip(per_image, 0, 1), CONFIDENCE)
    value = mean_corruption_error(ours, theirs)
    scores = {
        "mean_corruption_error": interval_score(
            value, Interval(interval.lower * most, interval.upper * most), len(per_image)
        ),
    }
    if math.isfinite(relative):  # a reference that loses nothing leaves it undefined, and a missing score is missing
        scores["relative_mean_corruption_error"] = Score(value=relative)
    return scores


PROTOCOL = CorruptedAccuracy()
