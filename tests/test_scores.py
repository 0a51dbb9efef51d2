"""Scores of answers of several training runs: intervals inside [0, 1], and over images alone for one run."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.scores import mean_score, runs_and_images_score
from benchmark.statistics import mean_interval, runs_and_images_interval


def test_the_interval_over_runs_and_images_ends_at_0_and_1() -> None:
    answers = np.zeros((3, 65), bool)
    answers[:, 0] = True
    assert runs_and_images_interval(answers).lower < 0
    score = runs_and_images_score(answers)
    assert (score.value, score.lower, score.covers, score.n) == (pytest.approx(1 / 65), 0, "both", 65)
    assert runs_and_images_score(~answers).upper == 1


def test_one_run_has_an_interval_over_images_at_the_confidence_asked_for() -> None:
    answers = np.arange(40)[None] < 30
    assert runs_and_images_score(answers) == mean_score(answers[0])
    wide = runs_and_images_score(answers, 0.999)
    assert (wide.covers, wide.confidence) == ("test images", 0.999)
    assert (wide.lower, wide.upper) == tuple(mean_interval(answers[0], 0.999))
