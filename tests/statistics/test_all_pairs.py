"""Every pair at once equals each pair alone, by the functions that test one pair and by scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmark.statistics import mcnemar_exact, paired_difference, run_spread
from benchmark.statistics.all_pairs import paired_differences, run_differences


def test_means_over_versions_equal_the_paired_test() -> None:
    generator = np.random.default_rng(0)
    rows = generator.integers(0, 11, (6, 200)) / 10
    rows[1] = rows[0]
    rows[2, :3] = (rows[0, :3] + 0.1) % 1.1  # a handful of images that differ
    rows[2, 3:] = rows[0, 3:]
    found = paired_differences(rows, 0.9)
    for i in range(6):
        for j in range(6):
            one = paired_difference(rows[i], rows[j], 0.9)
            assert found.half_width[i, j] == pytest.approx((one.upper - one.lower) / 2, rel=1e-9, abs=1e-12)
            assert found.p_value[i, j] == pytest.approx(one.p_value, rel=1e-6)


def test_right_or_wrong_answers_get_mcnemars_p_value() -> None:
    answers = np.random.default_rng(1).random((5, 150)) < 0.7
    found = paired_differences(answers)
    for i in range(5):
        for j in range(5):
            assert found.p_value[i, j] == pytest.approx(mcnemar_exact(answers[i], answers[j]).p_value, rel=1e-9)
            one = paired_difference(answers[i], answers[j])
            assert found.half_width[i, j] == pytest.approx((one.upper - one.lower) / 2, rel=1e-9, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 60), min_size=2, max_size=6), min_size=2, max_size=4))
def test_runs_equal_welch(rows: list[list[int]]) -> None:
    found = run_differences(rows)
    for i, first in enumerate(rows):
        for j, second in enumerate(rows):
            if i == j:
                assert (found.half_width[i, j], found.p_value[i, j]) == (0, 1)
            elif np.var(first) + np.var(second) == 0:
                assert found.p_value[i, j] == float(np.mean(first) == np.mean(second))
                assert found.half_width[i, j] == 0
            else:
                expected = stats.ttest_ind(first, second, equal_var=False)
                interval = expected.confidence_interval(0.95)
                assert found.p_value[i, j] == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)
                assert found.half_width[i, j] == pytest.approx((interval.high - interval.low) / 2, rel=1e-6)


def test_runs_join_images_in_one_student_test() -> None:
    generator = np.random.default_rng(5)
    answers = generator.random((4, 300)) < np.array([0.5, 0.6, 0.7, 0.7])[:, None]
    spread = run_spread([[0.5, 0.54, 0.52], [0.6, 0.61], [0.7], [0.71, 0.7, 0.69]])
    assert spread is not None
    found = paired_differences(answers, 0.9, spread)
    for i, j in ((0, 1), (1, 2), (2, 3), (0, 3)):
        over_images = (answers[i].astype(float) - answers[j]).var(ddof=1) / 300
        over_runs = spread.variance[i] + spread.variance[j]
        variance = over_images + over_runs
        degrees = variance**2 / (over_images**2 / 299 + over_runs**2 / spread.degrees)
        difference = answers[i].mean() - answers[j].mean()
        assert found.half_width[i, j] == pytest.approx(stats.t.isf(0.05, degrees) * math.sqrt(variance), rel=1e-9)
        expected = 2 * stats.t.sf(abs(difference) / math.sqrt(variance), degrees)
        assert found.p_value[i, j] == pytest.approx(expected, rel=1e-9)
    assert (np.diag(found.p_value) == 1).all()
    assert (np.diag(found.half_width) == 0).all()


def test_one_run_or_one_image_bounds_nothing() -> None:
    runs = run_differences([[1.0], [2.0, 3.0]])
    assert math.isnan(runs.half_width[0, 1])
    assert runs.p_value[0, 1] == 1
    image = paired_differences([[1], [0]])
    assert math.isnan(image.half_width[0, 1])
    assert image.p_value.tolist() == [[1, 1], [1, 1]]


def test_no_rows_and_bad_input() -> None:
    assert run_differences([]).p_value.shape == (0, 0)
    with pytest.raises(ValueError, match="at least one run"):
        run_differences([[1.0], []])
    with pytest.raises(ValueError, match="finite"):
        paired_differences([[1.0, math.nan]])
    with pytest.raises(ValueError, match="confidence"):
        paired_differences([[1, 0]], 95)
