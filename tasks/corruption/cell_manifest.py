"""Cells made on this machine, held against the hashes and checksums of the frozen split."""

from __future__ import annotations

import numpy as np

from benchmark.data.checksums import describe_mismatch, image_checksums, values_sha256
from benchmark.errors import MettleError
from tasks.corruption.split import ManifestSplit, pinned

TOLERATED_PIXEL_SHARE = 1e-5
"""Share of pixels that may be one level off on another platform, whose exp and log round differently."""


def check_cell(task_id: str, cell: str, images: np.ndarray, frozen: ManifestSplit, checksums: np.ndarray) -> str | None:
    """The note on a fresh cell that differs within tolerance, else None; over the images the hashes cover.

    images: uint8 (N, H, W, C). checksums: int8 (cells, N), in the order of `frozen.cells`.
    Raises MettleError for a cell that differs by more.
    """
    exact = pinned(frozen.images, frozen.count)
    if values_sha256(images[exact]) == frozen.cells[cell]:
        return None
    expected = checksums[list(frozen.cells).index(cell)][:, None]
    positions, levels = describe_mismatch(expected[exact], image_checksums(images, k=1)[exact])
    allowed = TOLERATED_PIXEL_SHARE * images[exact].size
    summary = f"{len(positions)} images, about {np.sum(levels**2) ** 0.5:.0f} grey levels in all"
    # Pixels that are one level off add one each to the squared distance, so the squares count such pixels.
    if np.sum(levels**2) > max(1.0, allowed):
        raise MettleError(
            f"{task_id} cell {cell}",
            f"generated images differ from the frozen manifest by at most one level in {allowed:.0f} pixels",
            f"{summary}, first at {positions[:3].tolist()}",
            "Report your platform and the versions printed by `mettle data status`.",
        )
    return f"cell {cell} differs from the manifest within tolerance: {summary}"
