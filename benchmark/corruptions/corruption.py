"""What a corruption is: a generator, its path from no damage to heavy damage, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmark.corruptions.pixels import Pixels

Parameters = Mapping[str, float]


@dataclass(frozen=True)
class Corruption:
    """One corruption.

    apply(images, draws, **parameters) gives uint8 images like the ones it gets, and is pure.
    parameters_at(strength) runs continuously from no damage at 0 to heavy damage at 1; calibration on a data
    set picks severities along it.
    published: the five parameter sets of CIFAR-10-C in our keywords, mildest name first (they are not
    monotone in damage), or None where that benchmark lacks the corruption.
    version: of the generator; it grows whenever the bytes it makes change.
    """

    name: str
    group: str
    apply: Callable[..., Pixels]
    parameters_at: Callable[[float], dict[str, float]]
    published: tuple[dict[str, float], ...] | None
    describe: str
    version: int = 1


def settings(**values: tuple[float, ...]) -> tuple[dict[str, float], ...]:
    """Parameter sets, one a severity, from one tuple of values a parameter."""
    return tuple(dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True))
