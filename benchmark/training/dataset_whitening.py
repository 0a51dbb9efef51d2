"""The whitening of a data set's official training images, computed once a machine."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from benchmark import data
from benchmark.documents.store import write_atomically
from benchmark.paths import cache_dir
from benchmark.training.zca import EPSILON, PrincipalAxes, Whitening, principal_axes


def whitening_of(dataset: str, epsilon: float = EPSILON) -> Whitening:
    """The ZCA whitening of the training part of a data set.

    Its axes are kept in the cache, under the hash of the pixels they come from. Raises MettleError for an unknown data
    set, or one that is not on this machine.
    """
    training = data.load(dataset, "train")
    path = cache_dir() / "whitening" / f"{training.pixels_sha256}.npz"
    found = _kept(path)
    if found is None:
        found = principal_axes(training.images)
        buffer = io.BytesIO()
        np.savez(buffer, mean=found.mean, axes=found.axes, variances=found.variances)
        write_atomically(path, buffer.getvalue())
    return found.whitening(epsilon)


def _kept(path: Path) -> PrincipalAxes | None:
    """None where they were never computed, or the file is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return PrincipalAxes(file["mean"], file["axes"], file["variances"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
