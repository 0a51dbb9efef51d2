"""Exported sets: what others read is what the file holds, and a picture shows every image."""

from __future__ import annotations

import io
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from hostile_files import refusal, safetensors
from PIL import Image
from typer.testing import CliRunner

from benchmark.cli import app
from benchmark.errors import MettleError
from benchmark.models.architectures import build
from benchmark.submitted_sets import quantize, write_distilled
from benchmark.submitted_sets.conversion import read_for_conversion
from benchmark.submitted_sets.exporting import (
    GAP_PIXELS,
    SMALLEST_SIDE,
    picture,
    read_any_distilled,
    write_published_layout,
)

DRAWS = np.random.default_rng(0)
IMAGES = DRAWS.normal(0.5, 0.4, (7, 8, 8, 3)).astype(np.float32)
LABELS = np.array([2, 0, 1, 1, 0, 2, 1])
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_distilled(tmp_path / "set.safetensors", IMAGES, labels=LABELS)
    return tmp_path / "set.safetensors"


def test_the_layout_of_dc_comes_back(file: Path, tmp_path: Path) -> None:
    """Exported and converted again, every image is on the same level as before."""
    distilled = read_any_distilled(file)
    write_published_layout(distilled, tmp_path / "res.pt", mean=MEAN, std=STD)
    images, labels = torch.load(tmp_path / "res.pt", weights_only=True)["data"][0]
    assert images.shape == (7, 3, 8, 8)
    assert labels.tolist() == LABELS.tolist()
    assert np.allclose(images.permute(0, 2, 3, 1).numpy() * STD + MEAN, distilled.images, atol=1e-5)
    again = read_for_conversion(tmp_path / "res.pt", mean=MEAN, std=STD)
    assert np.array_equal(again.after.codes, quantize(IMAGES).codes)
    with pytest.raises(MettleError, match="--mean: it has one finite value, or one a channel, but got"):
        write_published_layout(distilled, tmp_path / "res.pt", mean=MEAN[:2], std=STD)
    with pytest.raises(MettleError, match=r"--std: .*, above 0, but got 0\.0 for 3 channels"):
        write_published_layout(distilled, tmp_path / "res.pt", mean=MEAN, std=[0.0])


def test_soft_labels_stay_soft(tmp_path: Path) -> None:
    soft = DRAWS.dirichlet(np.ones(3), 7).astype(np.float32)
    write_distilled(tmp_path / "set.safetensors", IMAGES, soft_labels=soft)
    write_published_layout(read_any_distilled(tmp_path / "set.safetensors"), tmp_path / "res.pt", mean=[0.0], std=[1.0])
    labels = torch.load(tmp_path / "res.pt", weights_only=True)["data"][0][1]
    assert np.allclose(labels.numpy(), soft, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_picture_has_a_row_a_class(tmp_path: Path, channels: int) -> None:
    pixels = DRAWS.integers(0, 256, (7, 8, 8, channels), dtype=np.uint8)
    write_distilled(tmp_path / "set.safetensors", pixels, labels=LABELS)
    shown = np.asarray(Image.open(io.BytesIO(picture(read_any_distilled(tmp_path / "set.safetensors"), enlarged=2))))
    shown = shown.reshape(*shown.shape[:2], channels)[::2, ::2]
    step = 8 + GAP_PIXELS
    assert shown.shape == (3 * step - GAP_PIXELS, 3 * step - GAP_PIXELS, channels)
    for label in range(3):
        for column, member in enumerate(np.flatnonzero(label == LABELS)):
            place = shown[label * step : label * step + 8, column * step : column * step + 8]
            assert np.array_equal(place, pixels[member])
    assert (shown[8:step] == 255).all()


def test_the_command_writes_both(file: Path, tmp_path: Path) -> None:
    for suffix, options in ((".png", []), (".pt", ["--mean", ".5,.4,.3", "--std", ".2,.25,.3"])):
        target = tmp_path / f"out{suffix}"
        result = CliRunner().invoke(app, ["export", str(file), "--out", str(target), *options])
        assert result.exit_code == 0, result.output
        assert target.stat().st_size > 200
    result = CliRunner().invoke(app, ["export", str(file), "--out", str(tmp_path / "out.jpg")])
    assert isinstance(result.exception, MettleError)
    assert ".png or .pt" in str(result.exception)


def test_files_that_are_no_sets(tmp_path: Path) -> None:
    path = safetensors(tmp_path / "a.safetensors", images=np.zeros((2, 1, 8, 9), np.uint8), labels=np.arange(2))
    assert "of shape (N, 1, 8, 8)" in refusal(read_any_distilled, path)
    labels = np.array([0, 60_000], np.uint16)
    path = safetensors(tmp_path / "a.safetensors", images=np.zeros((2, 1, 8, 8), np.uint8), labels=labels)
    assert "so 2 have as many at most, but got 60,001" in refusal(read_any_distilled, path)
    path = safetensors(tmp_path / "a.safetensors", images=np.zeros((2, 1, 8, 8), np.uint8))
    assert "exactly one of labels and soft_labels" in refusal(read_any_distilled, path)
    path = safetensors(tmp_path / "a.safetensors", images=np.zeros((0, 1, 8, 8), np.uint8), labels=np.zeros(0, int))
    assert "a distilled set has images" in refusal(read_any_distilled, path)
    for channels, side in ((5, 8), (2, 8), (0, 8), (1, 0), (3, 7)):
        images = np.zeros((2, channels, side, side), np.uint8)
        path = safetensors(tmp_path / "a.safetensors", images=images, labels=np.arange(2))
        assert f"sides of at least {SMALLEST_SIDE} pixels, but got {channels} and {side}" in refusal(
            read_any_distilled, path
        )


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_the_smallest_side_is_that_of_the_judging_net() -> None:
    for side, ends in ((SMALLEST_SIDE, nullcontext()), (SMALLEST_SIDE - 1, pytest.raises((RuntimeError, ValueError)))):
        with ends:
            build("convnet3", num_classes=2, in_channels=1, image_size=side)(torch.zeros(2, 1, side, side))
