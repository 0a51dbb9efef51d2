"""How much a score would differ if its method were trained anew, for every row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from benchmark.statistics.means import finite_vector


@dataclass(frozen=True)
class RunSpread:
    """Variance of each row's score over training runs, and how well it is known.

    `variance`: float64 (M,), of the row's mean over its own runs, in the squared unit of the scores. `degrees`: of
    freedom of Student's t. `typical_sd`: of one run of a typical row, in the unit of the scores.
    """

    variance: NDArray[np.float64]
    degrees: int
    typical_sd: float


def run_spread(rows: Sequence[ArrayLike]) -> RunSpread | None:
    """The spread over training runs of M rows; None where no row has two runs, so that nothing is known.

    `rows`: M times float (k,), one score a run; none where only the mean is known, which counts as one run.

    One run has the variance of a typical row: the median over the rows with two runs or more of their variances, each
    divided by the median of its chi-square law over its degrees of freedom, so that the median is right for rows that
    spread alike. A row that spreads more than that keeps its own variance. So a wild row widens itself and nobody
    else, which a pooled mean would not give, and a row of a single run does not look surer than rows of several.
    Identical runs count once, so copies of a row change nothing. Raises ValueError for NaN.

    The degrees of freedom are those of all rows together, as for a pooled mean. A median uses less of the data, but
    a row never gets less than its own variance; simulated joint coverage of ranks is .95 and more
    (tests/statistics/test_run_spread.py).
    """
    runs = [finite_vector(row, "rows") for row in rows]
    several = list({row.tobytes(): row for row in runs if len(row) > 1}.values())
    if not several:
        return None
    freedom = np.array([len(row) - 1 for row in several])
    chi_square_median = 2 * special.gammaincinv(freedom / 2, 0.5)
    typical = float(np.median([row.var(ddof=1) for row in several] / (chi_square_median / freedom)))
    one_run = np.array([max(typical, float(row.var(ddof=1))) if len(row) > 1 else typical for row in runs])
    return RunSpread(
        variance=one_run / np.array([max(len(row), 1) for row in runs]),
        degrees=int(freedom.sum()),
        typical_sd=float(np.sqrt(typical)),
    )
