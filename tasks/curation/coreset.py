"""Protocol: test accuracy of a fixed training on a choice of clean images, or on images of one's own."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmark.documents import Flag, Score
from benchmark.scores import CONFIDENCE, anchor_cells, interval_score
from benchmark.statistics import mean_difference_interval
from tasks.curation.chosen import Chosen
from tasks.curation.fixed_training import FixedTraining
from tasks.curation.measures import Judged
from tasks.curation.split import OpenCuration


class Coreset(FixedTraining):
    """Test accuracy; beside it the lift over balanced random choices."""

    def own_scores(
        self, split: OpenCuration, chosen: Chosen, nets: Judged, anchors: Mapping[str, np.ndarray]
    ) -> tuple[dict[str, Score], dict[str, dict[str, float]], list[Flag]]:
        """The lift over the frozen random arm, where it is given; both means over training runs."""
        random = anchors.get("random")
        if random is None:
            return {}, {}, []
        interval = mean_difference_interval(nets.accuracies, random, CONFIDENCE)
        lift = interval_score(
            float(nets.accuracies.mean() - random.mean()), interval, len(nets.accuracies), "training runs"
        )
        return {"lift": lift}, anchor_cells({"random": random}), []


PROTOCOL = Coreset()
