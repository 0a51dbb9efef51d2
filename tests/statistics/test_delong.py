"""DeLong's variance against the paper written out and the bootstrap; intervals, pair tests, coverage by simulation."""

from __future__ import annotations

import math
from fractions import Fraction

import delong_oracle as oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.statistics import (
    Part,
    auroc_interval,
    auroc_pair_test,
    auroc_pseudo_values,
    distinct_images,
    mean_auroc_interval,
    placements,
    wilson_interval,
)

SCORES = st.lists(st.integers(-4, 4), min_size=2, max_size=15)


def variance_of_mean(pseudo_values: np.ndarray) -> float:
    return float(pseudo_values.var(ddof=1)) / len(pseudo_values)


@given(SCORES, SCORES)
def test_placements_are_counts_of_pairs(inside: list[int], outside: list[int]) -> None:
    found = placements(inside, outside)
    of_in, of_out, area = oracle.components(inside, outside)
    assert [Fraction(int(twice), 2 * len(outside)) for twice in found.twice_in] == of_in
    assert [Fraction(int(twice), 2 * len(inside)) for twice in found.twice_out] == of_out
    assert Fraction(int(found.twice_in.sum()), 2 * len(inside) * len(outside)) == area
    assert found.twice_in.sum() == found.twice_out.sum()


@settings(deadline=None)
@given(SCORES, st.lists(SCORES, min_size=1, max_size=3), st.integers(0, 5))
def test_pseudo_values_have_the_mean_area_and_delongs_variance(
    inside: list[int], outs: list[list[int]], absent: int
) -> None:
    area, variance = oracle.mean_variance(inside, outs)
    units = len(inside) + sum(map(len, outs)) + absent
    values = auroc_pseudo_values([distinct_images(inside, outs)], units)
    assert values.shape == (units,)
    assert values.mean() == pytest.approx(float(area), abs=1e-12)
    assert variance_of_mean(values) == pytest.approx(float(variance), abs=1e-12)
    assert values[units - absent :] == pytest.approx(np.full(absent, float(area)))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=4, max_size=24), st.data())
def test_the_pair_test_is_delongs(pairs: list[tuple[int, int]], data: st.DataObject) -> None:
    n = data.draw(st.integers(2, len(pairs) - 2))
    first, second = ([pair[row] for pair in pairs] for row in (0, 1))
    difference, variance = oracle.difference_variance((first[:n], first[n:]), (second[:n], second[n:]))
    parts = [[distinct_images(row[:n], [row[n:]])] for row in (first, second)]
    of_difference = auroc_pseudo_values(parts[0], len(pairs)) - auroc_pseudo_values(parts[1], len(pairs))
    assert of_difference.mean() == pytest.approx(float(difference), abs=1e-12)
    assert variance_of_mean(of_difference) == pytest.approx(float(variance), abs=1e-12)
    test = auroc_pair_test(*parts)
    assert test.difference == pytest.approx(float(difference), abs=1e-12)
    if difference:
        agreeing = difference**2 * (Fraction(1, n**2) + Fraction(1, (len(pairs) - n) ** 2))
        assert test.statistic == pytest.approx(float(difference) / math.sqrt(variance + agreeing))
    back = auroc_pair_test(*reversed(parts))
    assert (back.difference, back.statistic) == pytest.approx((-test.difference, -test.statistic))
    assert back.p_value == pytest.approx(test.p_value)
    assert (back.lower, back.upper) == pytest.approx((-test.upper, -test.lower))


def holdout_parts(rng: np.random.Generator, images: int, apart: float = 1.0) -> list[Part]:
    """3 parts over the same base images: in each, another tenth is held out as OOD; an image's difficulty is shared."""
    difficulty, tenth = rng.normal(0, 0.8, images), np.arange(images) % 10
    parts = []
    for held_out in range(3):
        out = tenth == held_out
        scores = difficulty + rng.normal(0, 0.6, images) + np.where(out, apart, 0)
        parts.append(Part(scores[~out], np.flatnonzero(~out), [(scores[out], np.flatnonzero(out))]))
    return parts


def test_an_image_in_several_parts_counts_as_one() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=90)
    part = Part(scores[:60], np.arange(60), [(scores[60:], np.arange(60, 90))])
    once, thrice = auroc_pseudo_values([part], 90), auroc_pseudo_values([part] * 3, 90)
    assert thrice == pytest.approx(once)
    assert mean_auroc_interval([part] * 3) == pytest.approx(mean_auroc_interval([part]), abs=2e-3)
    ids = np.arange(90)
    elsewhere = [Part(scores[:60], ids[:60] + start, [(scores[60:], ids[60:] + start)]) for start in (0, 90, 180)]
    apart = auroc_pseudo_values(elsewhere, 270)
    assert variance_of_mean(apart) == pytest.approx(variance_of_mean(once) / 3)


def test_cross_covariances_by_the_definition() -> None:
    """Three parts of 40 images, many in two of them as ID and in the third as OOD: sums over shared units."""
    parts = holdout_parts(np.random.default_rng(1), 40)
    sides = []
    for in_scores, in_units, ((out_scores, out_units),) in parts:
        of_in, of_out, area = oracle.components(np.asarray(in_scores).tolist(), np.asarray(out_scores).tolist())
        for units, values in ((in_units, of_in), (out_units, of_out)):
            n = len(values)
            scale = 1 / (3 * math.sqrt(n * (n - 1)))
            sides.append({int(u): scale * float(v - area) for u, v in zip(units, values, strict=True)})
    expected = sum(a[unit] * b[unit] for a in sides for b in sides for unit in a.keys() & b.keys())
    assert variance_of_mean(auroc_pseudo_values(parts, 40)) == pytest.approx(expected)


@given(SCORES, st.lists(SCORES, min_size=1, max_size=3), st.floats(0.5, 0.999))
def test_the_interval_is_inside_0_and_1_around_the_area(
    inside: list[int], outs: list[list[int]], confidence: float
) -> None:
    area, _ = oracle.mean_variance(inside, outs)
    lower, upper = mean_auroc_interval([distinct_images(inside, outs)], confidence)
    assert 0 <= lower <= float(area) <= upper <= 1
    weight = Fraction(1, len(inside)) + sum(Fraction(1, len(outside) * len(outs) ** 2) for outside in outs)
    longest = wilson_interval(float(area / weight), float(1 / weight), confidence)
    assert upper - lower <= longest.upper - longest.lower + 1e-9


def test_normal_theory_for_many_images() -> None:
    rng = np.random.default_rng(0)
    inside, outside = rng.normal(size=20_000), rng.normal(1, 1, 10_000)
    parts = [distinct_images(inside, [outside])]
    values = auroc_pseudo_values(parts, 30_000)
    half = 1.959964 * math.sqrt(variance_of_mean(values))
    assert auroc_interval(inside, outside) == pytest.approx((values.mean() - half, values.mean() + half), abs=6e-5)


def test_perfect_inverted_and_constant_detectors_have_an_interval_of_some_length() -> None:
    low, high = np.arange(80.0), np.arange(100.0, 120.0)
    assert auroc_interval(low, high) == pytest.approx(wilson_interval(16, 16))
    assert auroc_interval(high, low) == pytest.approx(wilson_interval(0, 16))
    assert mean_auroc_interval([distinct_images(low, [high] * 7)]).upper == 1
    constant = auroc_interval(np.zeros(80), np.zeros(20))
    assert 0.02 < constant.upper - 0.5 < 0.04
    assert constant.upper - 0.5 == pytest.approx(0.5 - constant.lower)
    nearly = auroc_interval(low, np.append(high[1:], 78.5))
    assert 0.8 < nearly.lower < 0.999


def test_one_image_on_a_side() -> None:
    assert auroc_interval([0.0], [1.0]) == wilson_interval(0.5, 0.5)
    lower, upper = auroc_interval([0.5], np.linspace(0, 1, 1000))
    assert lower < 0.15
    assert upper > 0.85
    first, second = distinct_images([0.5], [np.arange(9.0)]), distinct_images([4.5], [np.arange(9.0)])
    test = auroc_pair_test([first], [second])
    assert test.difference == pytest.approx(4 / 9)
    assert math.isnan(test.lower)
    assert test.p_value == 1


def test_a_pair_with_equal_order_is_a_tie_and_a_handful_of_images_never_certain() -> None:
    rng = np.random.default_rng(0)
    inside, outside = rng.normal(size=50), rng.normal(1, 1, 40)
    same = auroc_pair_test([distinct_images(inside, [outside])], [distinct_images(np.exp(inside), [np.exp(outside)])])
    assert (same.difference, same.lower, same.upper, same.p_value) == (0, 0, 0, 1)
    perfect, constant = distinct_images([0, 0], [[1, 1]]), distinct_images([0, 0], [[0, 0]])
    assert auroc_pair_test([perfect], [constant]).p_value > 0.2
    many = [[distinct_images(np.zeros(500), [np.full(500, top)])] for top in (1.0, 0.0)]
    certain = auroc_pair_test(*many)
    assert certain.difference == 0.5
    assert certain.p_value < 1e-20
    assert certain.upper <= 1


def test_what_is_no_part_is_refused() -> None:
    good = distinct_images([0.0, 1.0], [[1.0, 2.0]])
    with pytest.raises(ValueError, match="parts: at least one"):
        auroc_pseudo_values([], 4)
    with pytest.raises(ValueError, match=r"parts\[1\]: at least one OOD set"):
        auroc_pseudo_values([good, Part([0.0], [0], [])], 4)
    with pytest.raises(ValueError, match=r"units: in 0\.\.2, but got 2 to 3"):
        auroc_pseudo_values([good], 3)
    with pytest.raises(ValueError, match="units: 2 integers"):
        auroc_pseudo_values([Part([0.0, 1.0], [0], [([1.0], [1])])], 4)
    with pytest.raises(ValueError, match="units: 1 integers"):
        auroc_pseudo_values([Part([0.0], [0], [([1.0], [1.0])])], 4)
    for scores, message in (([], "at least one score"), ([math.nan, 1.0], "NaN"), ([[1.0, 2.0]], "one axis")):
        with pytest.raises(ValueError, match=message):
            placements(scores, [1.0])
        with pytest.raises(ValueError, match=message):
            auroc_interval([1.0], scores)
    with pytest.raises(ValueError, match="second: the same images"):
        auroc_pair_test([good], [distinct_images([0.0], [[1.0, 2.0]])])
    with pytest.raises(ValueError, match="confidence"):
        auroc_interval([0.0], [1.0], confidence=95)
