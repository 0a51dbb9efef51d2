"""The mean and standard deviation that published files of images are normalized by: pixel = stored x std + mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmark.errors import MettleError

NORMALIZATION_FIX = "Of the normalization the images are saved in; 0 and 1 where they are in [0, 1]."


def numbers_in(option: str, text: str) -> Sequence[float]:
    """The numbers of an option, with commas between; MettleError where they are none."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        rule = "it is one number, or one a channel with commas between"
        raise MettleError(option, rule, repr(text) if text else "nothing", NORMALIZATION_FIX) from None


def check_normalization(mean: Sequence[float], std: Sequence[float], channels: int) -> None:
    """Raises MettleError unless each has one finite value, or one a channel, and those of std lie above 0."""
    for name, values in (("--mean", mean), ("--std", std)):
        if len(values) not in (1, channels) or not np.isfinite(values).all() or (name == "--std" and min(values) <= 0):
            rule = "it has one finite value, or one a channel" + (", above 0" if name == "--std" else "")
            value = f"{', '.join(map(str, values))} for {channels} channels"
            raise MettleError(name, rule, value, NORMALIZATION_FIX)
