"""Pixelation and JPEG against Pillow."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from scipy import fft

from benchmark.corruptions import corrupt
from benchmark.corruptions.jpeg import enlarge, transform

Photos = Callable[..., npt.NDArray[np.uint8]]


def _through_pillow(image: npt.NDArray[np.uint8], quality: int) -> npt.NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(image.squeeze()).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return np.asarray(Image.open(io.BytesIO(file.getvalue()))).reshape(image.shape)


@pytest.mark.parametrize("quality", [90, 60, 30, 10, 3])
@pytest.mark.parametrize("shape", [(32, 32, 3), (28, 28, 1), (29, 41, 3), (64, 64, 1)], ids=str)
def test_jpeg_is_what_a_codec_gives(quality: int, shape: tuple[int, int, int], photos: Photos) -> None:
    images = photos(10, *shape)
    made = corrupt(images, "jpeg_compression", {"quality": quality}, seed=0, indices=np.arange(10)).astype(int)
    theirs = np.stack([_through_pillow(image, quality) for image in images]).astype(int)
    loss = np.abs(theirs - images).mean()
    # The codec's transform works in 13-bit integers and it rounds the chroma's means, so that a coefficient
    # near a half may fall to another step.
    assert np.abs(made - theirs).mean() < 0.1 * loss + 0.4
    assert np.abs((made - theirs).mean(axis=(0, 1, 2))).max() < 0.25
    assert np.abs(made - images).mean() == pytest.approx(loss, rel=0.02)


def test_the_cosine_transform_is_orthonormal_and_scipys(photos: Photos) -> None:
    plane = photos(2, 32, 32, 1)[..., 0].astype(np.int32)
    blocks = (plane - 128.0).reshape(2, 4, 8, 4, 8)
    expected = fft.dctn(blocks, axes=(2, 4), norm="ortho").reshape(2, 32, 32)
    assert np.abs(transform(plane) - expected).max() < 0.02


def test_enlarging_keeps_a_flat_plane() -> None:
    assert (enlarge(np.full((1, 5, 7), 77, np.int32)) == 77).all()


def test_larger_steps_than_baseline_lose_more(photos: Photos) -> None:
    images = photos(20, 28, 28, 1)
    losses = [
        np.abs(
            corrupt(
                images, "jpeg_compression", {"quality": 1.0, "largest_step": step}, seed=0, indices=np.arange(20)
            ).astype(int)
            - images
        ).mean()
        for step in (255.0, 1000.0)
    ]
    assert losses[1] > losses[0]


@pytest.mark.parametrize("cells", [30, 24, 16, 8, 5])
def test_pixelate_is_a_box_reduction_and_nearest_enlargement(cells: int, photos: Photos) -> None:
    images = photos(6, 32, 32, 3)
    made = corrupt(images, "pixelate", {"factor": cells / 32.0}, seed=0, indices=np.arange(6)).astype(int)
    for image, ours in zip(images, made, strict=True):
        small = Image.fromarray(image).resize((cells, cells), Image.Resampling.BOX)
        theirs = np.asarray(small.resize((32, 32), Image.Resampling.NEAREST)).astype(int)
        # Pillow rounds between its two passes.
        assert np.abs(ours - theirs).max() <= 1


def test_pixelate_twice_is_pixelate_once(photos: Photos) -> None:
    images = photos(4, 29, 41, 3)
    once = corrupt(images, "pixelate", {"factor": 0.3}, seed=0, indices=np.arange(4))
    assert np.array_equal(corrupt(once, "pixelate", {"factor": 0.3}, seed=0, indices=np.arange(4)), once)
