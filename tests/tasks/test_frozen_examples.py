"""The committed example images, held against what scoring sees."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.task_registry import find_task
from scripts.freeze_examples import first_of_each_class, freeze, png
from tasks.corruption.corrupted_accuracy import PROTOCOL
from tasks.corruption.settings import cell_names, settings_of

EXAMPLES = ROOT / "tasks" / "corruption" / "examples"


def pixels(content: bytes, rows: int, side: int) -> np.ndarray:
    """The images of a strip: uint8 (columns, rows, H, W, C)."""
    sheet = np.asarray(Image.open(io.BytesIO(content)))
    sheet = sheet.reshape(rows, side, -1, side, 1 if sheet.ndim == 2 else sheet.shape[2])
    return sheet.transpose(2, 0, 1, 3, 4)


@pytest.mark.parametrize("channels", [1, 3])
def test_png_keeps_every_pixel(channels: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 2, 9, 9, channels), dtype=np.uint8)
    assert np.array_equal(pixels(png(images), 2, 9), images)


def test_first_images_of_different_classes() -> None:
    assert first_of_each_class(np.array([3, 3, 1, 3, 1, 7, 0]), 3).tolist() == [0, 2, 5]
    with pytest.raises(ValueError, match="the labels have 2"):
        first_of_each_class(np.array([1, 1, 2]), 3)


@pytest.mark.parametrize("name", ["cifar10-mc", "cifar10-c"])
def test_data_without_a_licence_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(MettleError, match=r"^cifar10: .*licence: none stated\. Leave this task without examples\.$"):
        freeze(find_task(f"corruption/{name}"), tmp_path)
    assert not list(tmp_path.iterdir())


def test_images_do_not_go_without_their_licence(tmp_path: Path) -> None:
    with pytest.raises(MettleError, match="asks for its text"):
        freeze(find_task("corruption/fashion-mnist-mc"), tmp_path)


@pytest.mark.usefixtures("mirror")
def test_freezing_again_gives_the_committed_files(tmp_path: Path) -> None:
    entry = find_task("corruption/fashion-mnist-mc")
    (tmp_path / "corruption" / "examples").mkdir(parents=True)
    shutil.copy(EXAMPLES / "LICENSE.fashion-mnist.txt", tmp_path / "corruption" / "examples")
    made = freeze(entry, tmp_path)
    committed = EXAMPLES / made.name
    about, ours = (json.loads((folder / "examples.json").read_text()) for folder in (made, committed))
    assert about.pop("files").keys() == ours.pop("files").keys()  # bytes of a PNG depend on the version of zlib
    assert about == ours
    for path in sorted(committed.glob("*.png")):
        assert np.array_equal(pixels((made / path.name).read_bytes(), 3, 28), pixels(path.read_bytes(), 3, 28))


@pytest.mark.slow
@pytest.mark.usefixtures("mirror")
@pytest.mark.parametrize("corruption", ["impulse_noise", "contrast", "checkerboard_cutout"])
def test_examples_are_the_pixels_that_scoring_sees(corruption: str) -> None:
    """Through the protocol's own cells, all images of a cell at once."""
    entry = find_task("corruption/fashion-mnist-mc")
    folder = EXAMPLES / f"{entry.task.name}.v{entry.task.version}"
    about = json.loads((folder / "examples.json").read_text())
    split, positions = PROTOCOL.open_split(entry), about["positions"]
    assert [entry.task.data.classes[label] for label in split.labels[positions]] == about["classes"]
    found = pixels((folder / f"{corruption}.png").read_bytes(), len(positions), entry.task.data.image_size)
    cells = list(split.cells(cell_names(settings_of(entry), corruption)))
    assert len(cells) == len(found) == about["severities"]
    for (name, images), column in zip(cells, found, strict=True):
        assert np.array_equal(images[positions], column), name
    clean = pixels((folder / "clean.png").read_bytes(), len(positions), entry.task.data.image_size)
    assert np.array_equal(split.clean[positions], clean[0])
