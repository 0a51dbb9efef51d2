"""Nearest-neighbour agreement: trust the images whose neighbours carry the same label."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from benchmark.selection.example_scores import Floats
from benchmark.selection.point_cloud import finite_points

PRODUCTS_A_BLOCK = 2**24
"""Products of pairs held at once; 67 MB in float32."""


def neighbour_agreement(
    features: ArrayLike, labels: ArrayLike, neighbours: int = 10, products_a_block: int = PRODUCTS_A_BLOCK
) -> Floats:
    """Share of an image's nearest neighbours that have its label, float64 (N,) in [0, 1]; high is trusted.

    features: real numbers (N, D), compared by the cosine of their angle; an all-zero row is at a right angle to all.
    labels: integers (N,). neighbours: how many, 1 to N - 1; all that are as near as the last of them count too, so
    that copies of one image do not depend on the order of the file. An image is not its own neighbour. Source: the
    edited nearest-neighbour rule of Wilson (1972), as a share. Raises ValueError for NaN and infinity (naming the
    row), lengths that differ and neighbours outside 1..N-1.
    """
    points = finite_points(features)
    classes = np.asarray(labels)
    if classes.shape != (len(points),):
        raise ValueError(f"labels: {len(points)} like the features, but got the shape {classes.shape}")
    if not 1 <= neighbours < len(points):
        raise ValueError(f"neighbours are 1 to the {len(points) - 1} other images, but got {neighbours}")
    lengths = np.sqrt(np.einsum("nd,nd->n", points, points))[:, None]
    units = np.divide(points, lengths, out=np.zeros_like(points), where=lengths > 0).astype(np.float32)
    agreement = np.empty(len(points))
    block = max(1, products_a_block // len(points))
    for start in range(0, len(points), block):
        rows = np.arange(start, min(start + block, len(points)))
        products = units[rows] @ units.T
        products[np.arange(len(rows)), rows] = -np.inf
        last = np.partition(products, len(points) - neighbours, axis=1)[:, len(points) - neighbours]
        # Equal cosines differ by rounding: what is this near to the last one counts as equal to it.
        query, neighbour = np.nonzero(products >= last[:, None] - 1e-6)
        same = classes[rows[query]] == classes[neighbour]
        agreement[rows] = np.bincount(query, weights=same, minlength=len(rows)) / np.bincount(query)
    return agreement
