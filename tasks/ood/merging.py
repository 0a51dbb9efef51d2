"""Several nets of one submission to one set of scores: hold-out pairs, or training runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from benchmark.documents import Detector, Score
from benchmark.errors import MettleError
from benchmark.protocol import OutcomeArray, Scored
from benchmark.replicates import mean_over_runs
from benchmark.scores import CONFIDENCE, interval_score
from benchmark.statistics import Part, mean_auroc_interval
from benchmark.task_registry import TaskEntry
from tasks.ood.split import OpenDetection

Outcomes = dict[str, OutcomeArray]


def merge_runs(scored: Mapping[str, Scored]) -> Scored:
    """Means over training runs, intervals over runs and test images; the ranks of all runs are kept."""
    merged = mean_over_runs({name: replace(run, outcomes={}) for name, run in scored.items()})
    return replace(merged, outcomes=_all_outcomes(scored), detector=_common(scored), notes=_notes(scored))


def merge_pairs(entry: TaskEntry, split: OpenDetection, scored: Mapping[str, Scored]) -> Scored:
    """Means over all hold-out pairs. The AUROC's interval is over test images, one that several pairs share drawn once.

    The other intervals reach from the mean lower to the mean upper end, which is too long if anything: as if the pairs'
    errors of sampling were one. Raises MettleError unless every pair of the task is there.
    """
    if missing := [pair for pair in split.settings.hold_out if pair not in scored]:
        rule = "is scored on all its hold-out pairs together"
        raise MettleError(entry.task.id, rule, f"no checkpoint for {', '.join(missing)}", "Add it to submission.toml.")
    pairs = [scored[name] for name in split.settings.hold_out]
    primary = entry.task.primary.name
    outcomes = _all_outcomes({name: scored[name] for name in split.settings.hold_out})
    scores = {name: _mean([pair.scores[name] for pair in pairs]) for name in pairs[0].scores}
    parts = [_part(outcomes, name) for name in split.settings.hold_out]
    images = len(np.unique(np.concatenate([outcomes[key].array for key in outcomes if key.startswith("unit/")])))
    interval = mean_auroc_interval(parts, CONFIDENCE)
    scores[primary] = interval_score(scores[primary].value, interval, images)
    cells: dict[str, dict[str, float]] = {}
    for cell, numbers in pairs[0].cells.items():
        if all(cell in pair.cells for pair in pairs):
            cells[cell] = {key: float(np.mean([pair.cells[cell][key] for pair in pairs])) for key in numbers}
    for name, pair in zip(split.settings.hold_out, pairs, strict=True):
        for cell, numbers in pair.cells.items():
            if cell.startswith("set:near/"):
                cells[f"set:near/{name}"] = numbers
                cells.pop(cell, None)
    return Scored(
        scores, cells, outcomes, [flag for pair in pairs for flag in pair.flags], _notes(scored), _common(scored)
    )


def _mean(scores: Sequence[Score]) -> Score:
    values = [score.value for score in scores]
    lower = [score.lower for score in scores if score.lower is not None]
    upper = [score.upper for score in scores if score.upper is not None]
    if len(lower) < len(values) or len(upper) < len(values):
        return Score(value=float(np.mean(values)))
    first = scores[0]
    return Score(
        value=float(np.mean(values)),
        lower=float(np.mean(lower)),
        upper=float(np.mean(upper)),
        covers=first.covers,
        confidence=first.confidence,
        n=first.n,
    )


def _all_outcomes(scored: Mapping[str, Scored]) -> Outcomes:
    """The ranks of all parts; image numbers that all parts share are kept once, as `unit/in` and `unit/out/<set>`."""
    outcomes: Outcomes = {key: item for each in scored.values() for key, item in each.outcomes.items()}
    units: dict[str, list[str]] = {}
    for key in outcomes:
        kind, _, rest = key.partition("/")
        if kind == "unit":
            units.setdefault(rest.partition("/")[2], []).append(key)
    shared = all(
        len(keys) == len(scored) and all(np.array_equal(outcomes[keys[0]].array, outcomes[key].array) for key in keys)
        for keys in units.values()
    )
    if shared and len(scored) > 1:
        for place, keys in units.items():
            outcomes[f"unit/{place}"] = outcomes[keys[0]]
            for key in keys:
                del outcomes[key]
    return outcomes


def _part(outcomes: Outcomes, name: str) -> Part:
    start = f"rank/{name}/out/"
    sets = [key.removeprefix(start) for key in outcomes if key.startswith(start)]

    def of(place: str) -> tuple[np.ndarray, np.ndarray]:
        return outcomes[f"rank/{name}/{place}"].array, outcomes[f"unit/{name}/{place}"].array

    return Part(*of("in"), [of(f"out/{each}") for each in sets])


def _common(scored: Mapping[str, Scored]) -> Detector | None:
    """The detector with the settings that all nets share: tuning may have chosen others for another net."""
    first, *others = (each.detector for each in scored.values())
    if first is None:
        return None
    shared = {
        name: value
        for name, value in first.parameters.items()
        if all(other is not None and other.parameters.get(name) == value for other in others)
    }
    return Detector(name=first.name, parameters=shared)


def _notes(scored: Mapping[str, Scored]) -> list[str]:
    """The notes of all nets, and the settings each was tuned to."""
    notes = list(dict.fromkeys(note for each in scored.values() for note in each.notes))
    for name, each in scored.items():
        if each.detector is not None and each.detector.parameters:
            settings = ", ".join(f"{key} {value:g}" for key, value in each.detector.parameters.items())
            notes.append(f"{name}: {each.detector.name} ran with {settings}")
    return notes
