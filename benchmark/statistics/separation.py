"""When two of several rows are told apart: by test images, and by training runs where their spread is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from benchmark.statistics.interval import normal_quantile
from benchmark.statistics.pairs import reach, smallest_testable
from benchmark.statistics.run_spread import RunSpread

SHARES = np.linspace(0.0, 1.0, 1001)
"""Of a pair's variance that is due to training runs; between them Student's factor is interpolated."""


class Separation:
    """The rule for all pairs of one family of K distinct rows, on summed scores over N images.

    critical: how many scales a pair must be apart on images alone (`max_t`), nan where nothing can be separated.
    variance: float64 (K,), of each row's sum over training runs, or None where nothing is known of them. degrees: of
    freedom of that variance.

    With runs the scale of a pair is the root of summed squared differences over images plus both rows' variances, and
    `critical` grows as Student's quantile exceeds the normal one at the level of one of all pairs (Bonferroni). Its
    degrees of freedom are Satterthwaite's: `degrees` over the squared share of the variance that is due to runs.
    """

    def __init__(
        self,
        critical: float,
        confidence: float,
        pairs: int,
        variance: NDArray[np.float64] | None = None,
        degrees: int = 1,
    ) -> None:
        self.critical = critical
        self.variance = variance
        self._fewest = smallest_testable(confidence)
        self._confidence = confidence
        self._degrees = degrees
        self._growth_together = self._factors(1 - (1 - confidence) / max(pairs, 1))
        self._growth_alone = self._factors(confidence)

    def _factors(self, confidence: float) -> NDArray[np.float64]:
        """Student's over the normal quantile, for every share of variance that is due to runs: (1001,), at least 1."""
        with np.errstate(divide="ignore"):
            degrees = self._degrees / SHARES**2
        quantiles = -special.stdtrit(np.minimum(degrees, 1e12), (1 - confidence) / 2)
        return np.asarray(np.maximum(quantiles / normal_quantile(confidence), 1.0))

    def far(
        self,
        ahead: NDArray[np.int64],
        squares: NDArray[np.float64],
        differing: NDArray[np.int64],
        own: slice,
        other: slice,
    ) -> NDArray[np.bool_]:
        """Whether rows are told apart: |ahead| beyond reach, and enough images differ. All (own, other)."""
        of_runs = None if self.variance is None else self.variance[own][:, None] + self.variance[other][None, :]
        reached = _reach(squares, of_runs, self.critical, self._growth_together)
        apart: NDArray[np.bool_] = np.abs(ahead) > reached
        return apart & (differing >= self._fewest)

    def detectable(
        self, squares: NDArray[np.float64], first: NDArray[np.int64], second: NDArray[np.int64]
    ) -> tuple[float, float]:
        """Sums that the median pair of some, alone and in the family, must be apart: squares, first, second (P,)."""
        of_runs = None if self.variance is None else self.variance[first] + self.variance[second]
        alone = _reach(squares, of_runs, normal_quantile(self._confidence), self._growth_alone)
        together = _reach(squares, of_runs, self.critical, self._growth_together)
        return float(np.median(alone)), float(np.median(together))


def separation_of(
    distinct: int,
    group: NDArray[np.int64],
    sum_unit: float,
    critical: float,
    confidence: float,
    runs: RunSpread | None,
) -> Separation:
    """The rule for so many distinct rows.

    group: int64 (M,), which of them each row of `runs` is; of identical rows the widest spread over runs counts.
    sum_unit: a score times this is a sum.
    """
    pairs = distinct * (distinct - 1) // 2
    if runs is None:
        return Separation(critical, confidence, pairs)
    variance = np.zeros(distinct)
    np.maximum.at(variance, group, runs.variance)
    return Separation(critical, confidence, pairs, variance * sum_unit**2, runs.degrees)


def _reach(
    squares: NDArray[np.float64],
    of_runs: NDArray[np.float64] | None,
    critical: float,
    growth: NDArray[np.float64],
) -> NDArray[np.float64]:
    if of_runs is None:
        return reach(critical, np.sqrt(squares))
    total = squares + of_runs
    share = np.divide(of_runs, total, out=np.zeros_like(total), where=total > 0)
    return np.asarray(np.interp(share, SHARES, growth) * reach(critical, np.sqrt(total)))
