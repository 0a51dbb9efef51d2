"""Protocol: how far cleaning gets from a random to an oracle choice, in the accuracy of a fixed training."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from benchmark.documents import Flag, Score
from benchmark.metrics import normalized_gain
from benchmark.scores import CONFIDENCE, anchor_cells, interval_score
from benchmark.statistics import normalized_gain_interval
from tasks.curation.chosen import Chosen
from tasks.curation.cleaning import choice_scores, ranking_cells, ranking_scores, truth_flag
from tasks.curation.fixed_training import FixedTraining
from tasks.curation.measures import Judged
from tasks.curation.split import OpenCuration


class Dirty(FixedTraining):
    """Normalized gain between the frozen anchors; beside it what the choice or the ranking did with the dirt."""

    def own_scores(
        self, split: OpenCuration, chosen: Chosen, nets: Judged, anchors: Mapping[str, np.ndarray]
    ) -> tuple[dict[str, Score], dict[str, dict[str, float]], list[Flag]]:
        """The gain, where both anchors are given, and everything the arrays say."""
        scores, cells = choice_scores(split, chosen), anchor_cells(anchors)
        if gain := gain_score(nets.accuracies, anchors):
            scores = {split.entry.task.primary.name: gain} | scores
        if chosen.suspicion is not None:
            scores |= ranking_scores(split, chosen.suspicion)
            cells |= ranking_cells(split, chosen.suspicion)
        return scores, cells, truth_flag(split, chosen)


def gain_score(runs: np.ndarray, anchors: Mapping[str, np.ndarray]) -> Score | None:
    """The normalized gain of accuracies float64 (R,), with an interval over the training runs of all three.

    None where an anchor is missing or the oracle is not above random: a gain between such anchors is undefined.
    """
    if not {"random", "oracle"} <= set(anchors):
        return None
    random, oracle = anchors["random"], anchors["oracle"]
    value = normalized_gain(float(runs.mean()), float(random.mean()), float(oracle.mean()))
    if not math.isfinite(value):
        return None
    return interval_score(value, normalized_gain_interval(runs, random, oracle, CONFIDENCE), len(runs), "training runs")


PROTOCOL = Dirty()
