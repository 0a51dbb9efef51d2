"""From the ranks of one detector to scores, cells and outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from benchmark.documents import Score
from benchmark.metrics import area_under_risk_coverage, auroc, detection_scores_by_set
from benchmark.protocol import OutcomeArray
from benchmark.scores import CONFIDENCE, interval_score, proportion_score
from benchmark.statistics import Part, mean_auroc_interval
from benchmark.statistics.detection_resampling import mean_detection_intervals, risk_coverage_interval
from tasks.ood.judging import Judged
from tasks.ood.settings import DetectionSettings
from tasks.ood.split import View

MEANS = ("fpr_at_95_ood_positive", "fpr_at_95_id_positive", "average_precision_ood", "average_precision_id")
STORE_ABOVE_IMAGES = 40_000
"""More ranks than this do not fit beside a record in git."""

Cells = dict[str, dict[str, float]]


def scores_of(
    settings: DetectionSettings, view: View, judged: Judged, correct: np.ndarray | None, primary: str
) -> dict[str, Score]:
    """The scores of one part: per group means over its sets, and how right and how sure the net is.

    correct: bool (N,) of the test images, None where a submission does not say. The mean of a group with a set that is
    not pinned is missing.
    """
    scores: dict[str, Score] = {}
    for group in judged.groups:
        if not complete(view, group):
            continue
        measured = _measured(judged, group)
        part = part_of(view, judged, group)
        value = float(np.mean([each["auroc"] for each in measured.values()]))
        name = primary if group == settings.ranked else f"{group}_ood_auroc"
        scores[name] = interval_score(value, mean_auroc_interval([part], CONFIDENCE), images_of(view, group))
        inside, outside = judged.groups[group]
        drawn = mean_detection_intervals(inside, list(outside.values()), CONFIDENCE)._asdict()
        for key in MEANS:
            mean = float(np.mean([each[key] for each in measured.values()]))
            scores[f"{group}_{key}"] = interval_score(mean, drawn[key], images_of(view, group))
    if correct is None:
        return scores
    scores["id_accuracy"] = proportion_score(correct)
    if complete(view, settings.ranked):
        inside = judged.groups[settings.ranked][0]
        part = part_of(view, judged, settings.ranked)
        # OSCR is the AUROC in which images that are classified wrong lose against all others.
        wrong_last = np.where(correct, np.asarray(inside, np.int64), np.iinfo(np.int32).max)
        answered = Part(wrong_last, part.in_units, part.out)
        value = float(np.mean([auroc(wrong_last, ranks) for ranks, _ in part.out]))
        scores["oscr"] = interval_score(
            value, mean_auroc_interval([answered], CONFIDENCE), images_of(view, settings.ranked)
        )
        sureness = -np.asarray(inside, np.int64)  # ranks are unsigned, and confidence falls where they rise
        risk = area_under_risk_coverage(sureness, correct)
        scores["aurc"] = interval_score(risk, risk_coverage_interval(sureness, correct, CONFIDENCE), len(inside))
    return scores


def images_of(view: View, group: str) -> int:
    """How many images the AUROCs of a group rest on."""
    return len(view.inside) + sum(len(chosen) for chosen in view.outside[group].values())


def complete(view: View, group: str) -> bool:
    """Whether every set of a group is pinned, so that its mean means what its name says."""
    return not any(role.startswith(f"{group}/") for role in view.unpinned)


def part_of(view: View, judged: Judged, group: str) -> Part:
    """Ranks and image numbers of a group, for intervals and tests."""
    inside, outside = judged.groups[group]
    sets = view.outside[group]
    return Part(inside, view.inside.units, [(ranks, sets[name].units) for name, ranks in outside.items()])


def set_cells(judged: Judged) -> Cells:
    """`set:<near|far|val>/<set>`: all metrics of the ranked detector, the AUROC with its interval."""
    cells: Cells = {}
    groups: dict[str, tuple[np.ndarray, Mapping[str, np.ndarray]]] = dict(judged.groups)
    if judged.validation is not None:
        groups["val"] = judged.validation
    for group, (inside, outside) in groups.items():
        for name, values in detection_scores_by_set(inside, outside).items():
            images = Part(
                inside, np.arange(len(inside)), [(outside[name], len(inside) + np.arange(len(outside[name])))]
            )
            interval = mean_auroc_interval([images], CONFIDENCE)
            bounds = {"lower": float(interval.lower), "upper": float(interval.upper)}
            cells[f"set:{group}/{name}"] = {"n": len(outside[name]), **asdict(values), **bounds}
    return cells


def detector_cells(view: View, everyone: Mapping[str, Judged]) -> Cells:
    """`detector:<name>/set:<set>`, and its means `detector:<name>/near` and `/far` where all sets are pinned."""
    cells: Cells = {}
    for name, judged in everyone.items():
        for group in judged.groups:
            measured = _measured(judged, group)
            keys = ("auroc", *MEANS)
            if complete(view, group):
                means = {key: float(np.mean([each[key] for each in measured.values()])) for key in keys}
                cells[f"detector:{name}/{group}"] = means
            for place, each in measured.items():
                cells[f"detector:{name}/set:{place}"] = {key: each[key] for key in keys}
    return cells


def outcomes_of(settings: DetectionSettings, view: View, judged: Judged, part: str) -> dict[str, OutcomeArray]:
    """Ranks and image numbers of the ranked group, `rank/<part>/...` and `unit/<part>/...`; none if incomplete."""
    if not complete(view, settings.ranked):
        return {}
    inside, outside = judged.groups[settings.ranked]
    sets = view.outside[settings.ranked]
    placed = {"in": (inside, view.inside.units)}
    placed |= {f"out/{name}": (ranks, sets[name].units) for name, ranks in outside.items()}
    few = sum(len(ranks) for ranks, _ in placed.values()) <= STORE_ABOVE_IMAGES
    outcomes = {}
    for place, (ranks, units) in placed.items():
        outcomes[f"rank/{part}/{place}"] = OutcomeArray(ranks, stored="record" if few else "store")
        outcomes[f"unit/{part}/{place}"] = OutcomeArray(units, stored="record" if few else "store")
    return outcomes


def _measured(judged: Judged, group: str) -> dict[str, dict[str, float]]:
    inside, outside = judged.groups[group]
    return {name: asdict(values) for name, values in detection_scores_by_set(inside, outside).items()}
