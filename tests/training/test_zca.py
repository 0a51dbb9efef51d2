"""Whitening against scikit-learn's principal components and against the definition that kornia's code states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from benchmark import data
from benchmark.training.dataset_whitening import whitening_of
from benchmark.training.zca import BLOCK, EPSILON, fit_whitening


def correlated(count: int, seed: int = 0) -> np.ndarray:
    """Images (count, 4, 3, 2) in pixel units whose pixels share a few causes."""
    draws = np.random.default_rng(seed)
    causes = draws.normal(size=(count, 6)) @ draws.normal(size=(6, 24)) * 0.1
    return (0.5 + causes + draws.normal(size=(count, 24)) * 0.05).reshape(count, 4, 3, 2)


def test_without_epsilon_it_is_whitened_pca_turned_back() -> None:
    images = correlated(500)
    flat = images.reshape(500, -1)
    pca = PCA(whiten=True, svd_solver="full").fit(flat)
    expected = pca.transform(flat) @ pca.components_
    found = fit_whitening(images, epsilon=1e-12).whiten(images).reshape(500, -1)
    assert np.allclose(found, expected, atol=1e-4)
    assert np.allclose(np.cov(found.T), np.eye(24), atol=1e-4)


def test_with_epsilon_it_is_the_definition_of_kornia() -> None:
    images = correlated(300, seed=1)
    flat = torch.from_numpy(images.reshape(300, -1))
    mean = flat.mean(0)
    centred = flat - mean
    covariance = centred.T @ centred / (len(flat) - 1)
    left, values, _ = torch.linalg.svd(covariance)
    matrix = left @ torch.diag(1 / torch.sqrt(values + EPSILON)) @ left.T
    whitening = fit_whitening(images)
    assert np.allclose(whitening.matrix, matrix.numpy(), atol=1e-9)
    assert np.allclose(whitening.whiten(images).reshape(300, -1), (centred @ matrix).numpy(), atol=1e-5)


def test_bytes_images_and_blocks() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (BLOCK + 7, 3, 3, 1), dtype=np.uint8)
    whitening = fit_whitening(pixels)
    same = fit_whitening(pixels / 255)
    assert np.allclose(whitening.matrix, same.matrix)
    whitened = whitening.whiten(pixels)
    assert whitened.dtype == np.float32
    assert np.allclose(whitened[-3:], same.whiten(pixels[-3:] / 255), atol=1e-6)
    assert whitening.nbytes == 4 * (9 + 81)


def test_unwhitening_gives_the_images_back() -> None:
    images = correlated(200, seed=3)
    whitening = fit_whitening(images)
    assert np.allclose(whitening.unwhiten(whitening.whiten(images)), images, atol=1e-5)
    assert np.allclose(whitening.matrix @ whitening.inverse, np.eye(24), atol=1e-9)


def test_a_pixel_that_never_changes_stays_finite() -> None:
    images = correlated(50)
    images[:, 0, 0, 0] = 0.25
    assert np.isfinite(fit_whitening(images).whiten(images)).all()
    for few, epsilon, says in ((images[:1], 0.1, "at least 2 images"), (images, 0.0, "epsilon is above 0")):
        with pytest.raises(ValueError, match=says):
            fit_whitening(few, epsilon)


def test_axes_of_a_data_set_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path))
    first = whitening_of("digits")
    (kept,) = (tmp_path / "whitening").iterdir()
    written = kept.stat().st_mtime_ns
    again = whitening_of("digits")
    assert kept.stat().st_mtime_ns == written
    assert np.array_equal(first.matrix, again.matrix)
    kept.write_bytes(kept.read_bytes()[:1000])
    assert np.allclose(whitening_of("digits").matrix, first.matrix)
    pixels = data.load("digits", "train").images.reshape(-1, 64)
    assert np.allclose(first.mean, pixels.mean(axis=0) / 255)
    whitened = first.whiten(data.load("digits", "train").images).reshape(-1, 64)
    between = slice(27, 29)  # two pixels in the middle
    assert abs(np.corrcoef(whitened[:, between].T)[0, 1]) < 0.7 * abs(np.corrcoef(pixels[:, between].T)[0, 1])
