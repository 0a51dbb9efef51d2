"""Pixelation and JPEG compression."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import sparse

from benchmark.corruptions.corruption import Corruption, settings
from benchmark.corruptions.draws import Draws
from benchmark.corruptions.jpeg import compress
from benchmark.corruptions.linear import apply_sparse, by_value, for_channels, unit_sparse_rows
from benchmark.corruptions.pixels import Pixels


@lru_cache(maxsize=16)
def pixelate_operator(height: int, width: int, channels: int, factor: float) -> sparse.csr_array:
    """The mean over the cell a pixel lies in, as a sparse matrix of values; cells: factor * side along each axis."""

    def same_cell(length: int) -> sparse.csr_array:
        cell = np.floor((np.arange(length) + 0.5) * max(factor, 1.0 / length))
        shared = (cell[:, None] == cell).astype(np.float64)
        return sparse.csr_array(shared / shared.sum(axis=1, keepdims=True))

    operator = sparse.csr_array(sparse.kron(same_cell(height), same_cell(width), format="csr"))
    return for_channels(unit_sparse_rows(operator), channels)


def pixelate(images: Pixels, draws: Draws, *, factor: float) -> Pixels:
    """Every pixel becomes the mean of its cell; the cells are those of an image `factor` times as wide and high.

    Where factor * side is whole this is a box reduction followed by nearest enlargement.
    images: uint8 (N, H, W, C).
    """
    operator = pixelate_operator(*images.shape[1:], float(factor))
    return apply_sparse(operator, draws.once("by value", lambda: by_value(images)), images.shape)


def jpeg_compression(images: Pixels, draws: Draws, *, quality: float, largest_step: float = 255.0) -> Pixels:
    """The loss of JPEG at `quality` in (0, 100], chroma halved both ways (4:2:0); see jpeg.py.

    largest_step: of quantization; 255 is that of baseline JPEG. At quality 100 the halved chroma is lost still.

    images: uint8 (N, H, W, C).
    """
    return compress(images, quality, largest_step, draws)


DIGITAL = (
    Corruption(
        "pixelate",
        "digital",
        pixelate,
        lambda strength: {"factor": 0.1**strength},
        settings(factor=(0.95, 0.9, 0.85, 0.75, 0.65)),
        "Means over square cells, as on a coarser sensor.",
    ),
    Corruption(
        "jpeg_compression",
        "digital",
        jpeg_compression,
        lambda strength: {"quality": 100.0 * 0.01**strength, "largest_step": 255.0 * 8.0**strength},
        settings(quality=(80.0, 65.0, 58.0, 50.0, 40.0)),
        "The loss of JPEG compression.",
        version=2,
    ),
)
