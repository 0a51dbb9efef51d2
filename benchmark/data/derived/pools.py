"""Pools of known dirt by the name of their recipe: what becomes of each slot of a training set is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.data.derived.dirty_pool import Pool, dirty_pool
from benchmark.data.derived.human_labels import worse_pool

POOLS: Mapping[str, Callable[[NDArray[np.uint8], NDArray[np.int64]], Pool]] = {
    "dirty": dirty_pool,
    "cifar10n-worse": worse_pool,
}
"""Makes the pool from the images and the labels of the origin's training part."""
