"""How well moved test pictures explain submitted ones: the last and strictest comparison of the search.

The test picture is brought to the tones of the submitted one by least squares, single pixels that it cannot explain
count as not shown, and what is left is compared after whitening. Each of these is taken only where it explains far
more than it does of honest pictures (limits below), so that their correlations, and with them the threshold, hardly
rise: dropping a fixed share of the pixels instead lifts them so much that noisy copies are no longer found.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmark.contamination.alignment import Floats
from benchmark.contamination.bank import unit
from benchmark.contamination.pictures import NOISE_FLOOR, Pictures

_BEND = 0.6
"""Of what a straight line of tones leaves unexplained, a bent one must explain more than this.

At .5 one to three honest images of 4,000 come out above the threshold by it, and the threshold rises.
"""
_SPECK = 12.0
"""A speck stands out of its neighbours' errors by more than this many times the root mean square of the rest.

At 8 the threshold of Fashion-MNIST rises by .008, and noisy copies are lost.
"""
_SPECK_ROUNDS = 2  # the first fit is off by the specks themselves
_CONSTANT = 1e-4  # rounding of float32, in units of the grey scale


def whitening(tests: Pictures) -> Floats:
    """Divides each principal direction of mean-removed pictures by the root of its variance plus the floor: (V, V)."""
    vectors = tests.reshape(len(tests), -1)
    vectors = vectors - vectors.mean(axis=1, keepdims=True)
    vectors -= vectors.mean(axis=0)
    variances, axes = np.linalg.eigh((vectors.T @ vectors / len(vectors)).astype(np.float64))
    variances = np.maximum(variances, 0)
    floor = NOISE_FLOOR * float(variances.sum()) or 1.0
    return np.asarray((axes / np.sqrt(variances + floor)) @ axes.T, dtype=np.float32)


def explained(still: Floats, moved: Floats, shared: NDArray[np.bool_], size: tuple[int, int], whiten: Floats) -> Floats:
    """Correlation of each pair's whitened pixels, in [-1, 1]: float32 (P,).

    still: float32 (P, V), the submitted pictures. moved: float32 (P, V), the test pictures. shared: bool (P, V), which
    pixels both show. size: height and width. whiten: (V, V), as `whitening` gives it. With g the moved picture in the
    tones of the submitted one s, and s' = s where it counts and g elsewhere: the cosine of W (s' - its mean) and
    W (g - its mean). 0 where g is constant: s or the test picture is, or its tones fall where those of the other rise.
    """
    guess, seen = in_its_tones(still, moved, shared), shared
    for _ in range(_SPECK_ROUNDS):
        seen = shared & ~specks((still - guess) * shared, size)
        guess = in_its_tones(still, moved, seen)
    filled = np.where(seen, still, guess)
    whitened = [unit((values - values.mean(axis=1, keepdims=True)) @ whiten) for values in (filled, guess)]
    is_constant = np.ptp(guess, axis=1) < _CONSTANT
    return np.where(is_constant, np.float32(0), np.minimum(np.einsum("pv,pv->p", *whitened), 1))


def in_its_tones(still: Floats, moved: Floats, seen: NDArray[np.bool_]) -> Floats:
    """The moved picture in the tones of the submitted one: float32 (P, V), for pixels that are not seen too.

    s = a + b m by least squares over the seen pixels, and s = a + b m + c m^2 where the square explains more than
    three fifths of what the line leaves, as it does of a copy under a gamma curve. A falling line is none: it gives
    the mean.
    """
    weights = seen.astype(np.float32)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1)

    def mean(values: Floats) -> Floats:
        return np.asarray(np.einsum("pv,pv->p", values, weights)[:, None])

    still_mean = mean(still)
    wanted = still - still_mean
    line = moved - mean(moved)
    spread = np.sqrt(mean(line * line))
    line = np.divide(line, spread, out=np.zeros_like(line), where=spread > _CONSTANT)
    slope = mean(line * wanted)
    curve = line * line
    curve -= mean(curve) + mean(curve * line) * line
    curve_size = mean(curve * curve)
    bend = np.divide(mean(curve * wanted), curve_size, out=np.zeros_like(slope), where=curve_size > 1e-3)
    left = mean(wanted * wanted) - slope * slope
    bend[bend * bend * curve_size <= _BEND * left] = 0
    return np.where(slope > 0, still_mean + slope * line + bend * curve, still_mean)


def specks(errors: Floats, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Single pixels, or two side by side, that stand far out of their neighbours: bool (P, V).

    errors: float32 (P, V), 0 where nothing is shared. Out of its neighbours is what lies beyond the second smallest and
    the second largest of the eight.
    """
    height, width = size
    padded = np.pad(errors.reshape(-1, height, width), ((0, 0), (1, 1), (1, 1)))
    lowest = np.full((len(errors), height, width), np.inf, np.float32)
    highest = -lowest
    low, high = lowest.copy(), highest.copy()
    for down, right in product(range(3), range(3)):
        if (down, right) == (1, 1):
            continue
        near = padded[:, down : down + height, right : right + width]
        np.minimum(low, np.maximum(lowest, near), out=low)
        np.minimum(lowest, near, out=lowest)
        np.maximum(high, np.minimum(highest, near), out=high)
        np.maximum(highest, near, out=highest)
    even = np.clip(errors, low.reshape(errors.shape), high.reshape(errors.shape))
    shown = np.maximum((errors != 0).sum(axis=1, dtype=np.float32), 1)
    rest = np.sqrt(np.einsum("pv,pv->p", even, even) / shown)[:, None]
    return np.asarray(np.abs(errors - even) > _SPECK * rest)
