"""What an interval is, and the normal and Student quantiles that every closed form here needs."""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy import special


class Interval(NamedTuple):
    """Two-sided confidence interval in the unit of its estimate; `nan` at an end that the data cannot bound."""

    lower: float
    upper: float

    def contains(self, value: float) -> bool:
        """Whether `value` lies between the ends, both included; False when an end is nan."""
        return self.lower <= value <= self.upper


def check_confidence(confidence: float) -> None:
    """Raise ValueError unless 0 < confidence < 1 (a fraction: .95, not 95)."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: a fraction between 0 and 1, both excluded, but got {confidence}")


def normal_quantile(confidence: float) -> float:
    """Two-sided standard normal quantile, positive: 1.96 for .95. Raises ValueError outside (0, 1)."""
    check_confidence(confidence)
    return float(-special.ndtri((1 - confidence) / 2))


def student_quantile(confidence: float, degrees_of_freedom: float) -> float:
    """Two-sided Student t quantile, positive: 4.30 for .95 and 2 degrees of freedom; nan without any."""
    check_confidence(confidence)
    if degrees_of_freedom <= 0:
        return math.nan
    return float(-special.stdtrit(degrees_of_freedom, (1 - confidence) / 2))


def student_p_value(statistic: float, degrees_of_freedom: float) -> float:
    """Two-sided p-value of a Student t statistic, in [0, 1]; 1 without any degree of freedom."""
    if degrees_of_freedom <= 0:
        return 1.0
    return float(min(1.0, 2 * special.stdtr(degrees_of_freedom, -abs(statistic))))
