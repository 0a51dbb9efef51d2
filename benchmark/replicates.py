"""Training runs of one method to one set of scores: means over runs, intervals over runs and test images together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from benchmark.documents import Flag, Score
from benchmark.scored import OutcomeArray, Scored
from benchmark.scores import CONFIDENCE, interval_score
from benchmark.statistics import Interval, replicate_interval


def mean_over_runs(scored: Mapping[str, Scored]) -> Scored:
    """What a submission scores whose training runs scored `scored`, by name of the run.

    Scores, and numbers of cells, are means over the runs that all have them. Outcomes named `primary`, and whole
    numbers that count (confidence histograms), are added up, the scale growing with the number of runs; others are
    stacked, one row a run. Flags of any run are flags of the submission.
    """
    runs = list(scored.values())
    first = runs[0]
    return Scored(
        scores=mean_scores(runs),
        cells={
            cell: {key: float(np.mean([run.cells[cell][key] for run in runs])) for key in numbers}
            for cell, numbers in first.cells.items()
        },
        outcomes={name: _together(name, [run.outcomes[name] for run in runs]) for name in first.outcomes},
        flags=flags_of_all(scored),
        notes=notes_of_all(runs),
        detector=first.detector,
    )


def mean_scores(runs: Sequence[Scored], *, bare_are_counts: bool = False) -> dict[str, Score]:
    """The mean of every score that all of them have, by its name; see `mean_of_scores`.

    bare_are_counts: whether a score without an interval was counted, such as a file's bytes; its mean has none either.
    """
    shared = [name for name in runs[0].scores if all(name in run.scores for run in runs)]
    means = {}
    for name in shared:
        scores = [run.scores[name] for run in runs]
        counted = bare_are_counts and all(score.lower is None for score in scores)
        means[name] = _mean_count(scores) if counted else mean_of_scores(scores)
    return means


def _mean_count(scores: Sequence[Score]) -> Score:
    return Score(value=math.fsum(score.value for score in scores) / len(scores), n=scores[0].n)


def mean_of_scores(scores: Sequence[Score]) -> Score:
    """The mean of one score over k training runs, with an interval that covers runs and test images.

    The distance from the mean to each end is the root of two squares: the mean distance within a run (images; the runs
    share them, so this errs on the long side) and Student's t with k - 1 degrees times the standard error over runs.
    Runs without an interval over images give the part over training runs alone. Where the runs' intervals are over
    training runs themselves, so is that of the mean, and it is not cut off: such scores may be differences.
    """
    values = [score.value for score in scores]
    mean, n = math.fsum(values) / len(values), scores[0].n
    over_runs = replicate_interval(values, CONFIDENCE)
    spread = mean - over_runs.lower
    if not math.isfinite(spread):
        return scores[0]
    if any(score.lower is None or score.upper is None for score in scores):
        return Score(
            value=mean, lower=mean - spread, upper=mean + spread, covers="training runs", confidence=CONFIDENCE, n=n
        )
    below = float(np.mean([score.value - score.lower for score in scores if score.lower is not None]))
    above = float(np.mean([score.upper - score.value for score in scores if score.upper is not None]))
    lower, upper = mean - math.hypot(below, spread), mean + math.hypot(above, spread)
    if all(score.covers == "training runs" for score in scores):
        return interval_score(mean, Interval(lower, upper), n or len(values), covers="training runs")
    if all(score.lower is not None and score.lower >= 0 for score in scores):
        lower = max(0.0, lower)
    if all(score.upper is not None and score.upper <= 1 for score in scores):
        upper = min(1.0, upper)
    return interval_score(mean, Interval(lower, upper), n or len(values), covers="both")


def _together(name: str, arrays: Sequence[OutcomeArray]) -> OutcomeArray:
    first = arrays[0]
    stacked = np.stack([item.array for item in arrays])
    if name == "primary":
        total = stacked.sum(axis=0, dtype=np.int64)
        return OutcomeArray(_smallest(total), first.scale * len(arrays), first.stored)
    if name.endswith("histograms"):
        return OutcomeArray(_smallest(stacked.sum(axis=0, dtype=np.int64)), first.scale, first.stored)
    return OutcomeArray(stacked, first.scale, first.stored)


def _smallest(counts: np.ndarray) -> np.ndarray:
    """The counts in the smallest unsigned type that holds them, or int64 where one is negative."""
    if counts.size and counts.min() < 0:
        return counts
    return counts.astype(np.min_scalar_type(int(counts.max(initial=0))))


def flags_of_all(scored: Mapping[str, Scored]) -> list[Flag]:
    """The flags of all runs; the evidence says which run it was found in."""
    return [
        Flag(name=flag.name, evidence=f"{name}: {flag.evidence}") for name, run in scored.items() for flag in run.flags
    ]


def notes_of_all(runs: Sequence[Scored]) -> list[str]:
    """The notes of all runs, each once."""
    return list(dict.fromkeys(note for run in runs for note in run.notes))
