"""DeLong's covariance of areas written out from the paper: kernels of all pairs, components, sample covariances."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

Scores = Sequence[float]


def kernel(inside: float, outside: float) -> Fraction:
    return Fraction(1) if outside > inside else Fraction(1, 2) if outside == inside else Fraction(0)


def components(inside: Scores, outside: Scores) -> tuple[list[Fraction], list[Fraction], Fraction]:
    """The structural components of each ID and each OOD image, and the area."""
    of_in = [sum((kernel(i, o) for o in outside), Fraction(0)) / len(outside) for i in inside]
    of_out = [sum((kernel(i, o) for i in inside), Fraction(0)) / len(inside) for o in outside]
    return of_in, of_out, sum(of_in, Fraction(0)) / len(inside)


def covariance(first: list[Fraction], second: list[Fraction]) -> Fraction:
    n = len(first)
    mean_first, mean_second = sum(first, Fraction(0)) / n, sum(second, Fraction(0)) / n
    return sum(((a - mean_first) * (b - mean_second) for a, b in zip(first, second, strict=True)), Fraction(0)) / (
        n - 1
    )


def mean_variance(inside: Scores, outs: Sequence[Scores]) -> tuple[Fraction, Fraction]:
    """Mean area over OOD sets that share the ID images, and its variance."""
    found = [components(inside, outside) for outside in outs]
    k = len(outs)
    variance = Fraction(0)
    for row, (in_row, out_row, _) in enumerate(found):
        for column, (in_column, _, _) in enumerate(found):
            variance += covariance(in_row, in_column) / len(inside)
            if row == column:
                variance += covariance(out_row, out_row) / len(out_row)
    return sum((area for _, _, area in found), Fraction(0)) / k, variance / k**2


def difference_variance(first: tuple[Scores, Scores], second: tuple[Scores, Scores]) -> tuple[Fraction, Fraction]:
    """Difference of two correlated areas on the same images, and its variance."""
    (in_a, out_a, area_a), (in_b, out_b, area_b) = components(*first), components(*second)
    variance = Fraction(0)
    for side_a, side_b in ((in_a, in_b), (out_a, out_b)):
        both = covariance(side_a, side_a) + covariance(side_b, side_b) - 2 * covariance(side_a, side_b)
        variance += both / len(side_a)
    return area_a - area_b, variance
