"""Files of submitted sets from arrays: what baselines and converters write, and every reader here accepts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from benchmark.documents.store import write_atomically
from benchmark.submitted_sets.distilled import CONVERSION
from benchmark.submitted_sets.quantization import Quantized, quantize


def write_distilled(
    path: Path,
    images: np.ndarray | Quantized,
    *,
    labels: np.ndarray | None = None,
    soft_labels: np.ndarray | None = None,
    learning_rate: float | None = None,
    conversion: str = "",
) -> Quantized:
    """Writes a distilled set as safetensors; equal arrays give equal bytes. Returns the images as stored.

    images: (N, H, W, C), uint8 (stored as they are, with 0 and 1 as bounds) or float in pixel units (on 256 levels
    between the lowest and highest value of each channel); or already on levels. labels: whole numbers (N,).
    soft_labels: (N, K), float16 stored as such, any other float as float32. Raises ValueError unless exactly one of the
    two is given, and for images whose last axis is no 1 or 3 channels (a file has them first, arrays have them last).
    """
    if (labels is None) == (soft_labels is None):
        raise ValueError("a distilled set has exactly one of labels and soft_labels")
    if isinstance(images, np.ndarray):
        _check_axes(images)
    if isinstance(images, np.ndarray) and images.dtype == np.uint8:
        bounds = np.tile(np.array([0, 1], np.float32), (images.shape[-1], 1))
        stored = Quantized(np.ascontiguousarray(images.transpose(0, 3, 1, 2)), bounds)
        arrays = {"images": stored.codes}
    else:
        stored = images if isinstance(images, Quantized) else quantize(images)
        arrays = {"images": stored.codes, "range": stored.bounds}
    if labels is not None:
        arrays["labels"] = smallest_integers(labels)
    else:
        assert soft_labels is not None
        arrays["soft_labels"] = soft_labels.astype(np.float16 if soft_labels.dtype == np.float16 else np.float32)
    if learning_rate is not None:
        arrays["learning_rate"] = np.array(learning_rate, np.float32)
    _write(path, arrays, {CONVERSION: conversion} if conversion else None)
    return stored


def write_choice(
    path: Path, indices: np.ndarray, *, weights: np.ndarray | None = None, labels: np.ndarray | None = None
) -> None:
    """Writes a choice from a pool as safetensors. indices: whole numbers (M,); weights, labels: (M,)."""
    arrays = {"indices": indices.astype(np.int64)}
    if weights is not None:
        arrays["weights"] = weights.astype(np.float32)
    if labels is not None:
        arrays["labels"] = labels.astype(np.int64)
    _write(path, arrays)


def write_own_images(path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Writes images of one's own as safetensors. images: uint8 (N, H, W, C); labels: whole numbers (N,).

    Raises ValueError for images of another type, which would lose their meaning in a conversion, and for axes in
    another order.
    """
    if images.dtype != np.uint8:
        raise ValueError(f"own images are uint8, got {images.dtype}")
    _check_axes(images)
    _write(path, {"images": images, "labels": labels.astype(np.int64)})


def _check_axes(images: np.ndarray) -> None:
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(f"images are (N, H, W, C) with 1 or 3 channels last, but got shape {images.shape}")


def write_suspicion(path: Path, order: np.ndarray) -> None:
    """Writes a ranking of a whole pool as safetensors. order: whole numbers (pool size,), most suspect first."""
    _write(path, {"suspicion": order.astype(np.int64)})


def smallest_integers(labels: np.ndarray) -> np.ndarray:
    """The labels in the smallest unsigned type that holds them: labels count as bytes too."""
    return labels.astype(np.min_scalar_type(int(labels.max()) if labels.size else 0))


def _write(path: Path, arrays: Mapping[str, np.ndarray], notes: dict[str, str] | None = None) -> None:
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    write_atomically(path, save(contiguous, notes))
