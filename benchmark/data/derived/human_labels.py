"""CIFAR-10N: CIFAR-10's training images with the labels that crowd workers gave them (Wei et al. 2022).

The labels are CC BY-NC 4.0 and not redistributed: a user fetches them and puts them into a mirror folder;
tasks/curation/README.md says how.
"""

from __future__ import annotations

import zipfile
import zlib

import numpy as np
from numpy.typing import NDArray

from benchmark.data.derived.dirty_pool import Pool
from benchmark.errors import MettleError
from benchmark.paths import mirrors

HUMAN_LABELS = "cifar10n_labels.npz"
"""CIFAR-10N's labels in the order of the training images, one array a set of annotators."""
WORSE = "worse_label"
"""Of three people's labels a wrong one, where any of them is wrong: 40.21 % of all differ from CIFAR-10's own."""


def worse_pool(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Pool:
    """CIFAR-10's training images, each with its worse label: nothing is copied, and every image shows its class.

    images: uint8 (N, H, W, C); labels: int64 (N,), CIFAR-10's own. Raises what `worse_labels` does.
    """
    count = len(labels)
    return Pool(images, worse_labels(count), labels, sources=np.arange(count), copied=np.zeros(count, bool))


def worse_labels(count: int) -> NDArray[np.int64]:
    """CIFAR-10N's `worse` labels: int64 (count,).

    Raises MettleError where no mirror folder has them, or the file there is damaged or another one.
    """
    found = next((path for mirror in mirrors() for path in sorted(mirror.rglob(HUMAN_LABELS))), None)
    if found is None:
        fix = f"Put {HUMAN_LABELS} into a folder named by METTLE_MIRROR; tasks/curation/README.md says how to make it."
        raise MettleError("CIFAR-10N", "its labels are not redistributed, and no mirror folder has them", fix=fix)
    try:
        with np.load(found, allow_pickle=False) as arrays:
            labels = arrays[WORSE].astype(np.int64)
    except (OSError, ValueError, KeyError, EOFError, TypeError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        fix = "Make it again as tasks/curation/README.md says."
        raise MettleError(found, f"it is an .npz file with the array {WORSE}", error, fix) from None
    if labels.shape != (count,):
        raise MettleError(found, f"{WORSE} has {count:,} labels", f"{labels.shape}")
    return labels
