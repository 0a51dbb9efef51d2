"""Perceptual hashes of the photographs that scikit-image carries, and why small images are refused."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from benchmark.contamination.findings import copy_flags, look_for_copies
from benchmark.contamination.hashes import SMALLEST_SIDE_PX, HashMatch, find_copies_by_hash, perceptual_hashes
from benchmark.errors import MettleError

pytest.importorskip("imagehash", reason="needs the package imagehash (extra: hashes)")
NAMES = ("astronaut", "coffee", "chelsea", "rocket", "camera", "moon", "page", "brick")


def resized(image: np.ndarray, side: int) -> np.ndarray:
    picture = Image.fromarray(image).convert("RGB")
    return np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def photographs() -> np.ndarray:
    skimage_data = pytest.importorskip("skimage.data", reason="needs scikit-image's photographs")
    return np.stack([resized(getattr(skimage_data, name)(), 160) for name in NAMES])


def test_resized_and_brightened_copies_are_found_mirrored_or_not(photographs: np.ndarray) -> None:
    smaller = np.stack([resized(image, 130) for image in photographs])
    brighter = np.clip(smaller.astype(int) + 12, 0, 255).astype(np.uint8)
    for submitted, mirrored in ((brighter, False), (brighter[:, :, ::-1], True)):
        matches = find_copies_by_hash(submitted, photographs)
        assert [(match.row, match.test_row, match.mirrored) for match in matches] == [
            (row, row, mirrored) for row in range(len(NAMES))
        ]


def test_the_search_asks_hashes_from_128_pixels_on(photographs: np.ndarray) -> None:
    """At a threshold that no correlation reaches, so that only hashes can raise the flag."""
    softened = np.stack([resized(resized(image, 100), 160) for image in photographs[:4]]) // 4 * 3
    found = look_for_copies(softened, photographs[2:])
    assert found["hashed"].tolist() == [[2, 0], [3, 1]]
    (flag,) = copy_flags(found, 1.1)
    assert flag.evidence.startswith("2 of 4 images nearly are test images (correlation from 1.100 or by hash, largest ")
    assert flag.evidence.endswith("image 3 is test image 1.")
    small = np.stack([resized(image, 127) for image in photographs])
    assert "hashed" not in look_for_copies(small[:4], small[2:])


def test_other_photographs_are_no_copies(photographs: np.ndarray) -> None:
    assert find_copies_by_hash(photographs[:4], photographs[4:]) == []


def test_distances_are_bits_of_the_package_s_own_hash(photographs: np.ndarray) -> None:
    import imagehash

    grey = photographs[..., :1]
    first, second = (imagehash.phash(Image.fromarray(image[..., 0])) for image in grey[:2])
    expected = int(first - second)
    assert find_copies_by_hash(grey[:1], grey[1:2], largest_distance_bits=64) in (
        [HashMatch(0, 0, expected, False)],
        [HashMatch(0, 0, int(first - imagehash.phash(Image.fromarray(grey[1, :, ::-1, 0]))), True)],
    )
    assert find_copies_by_hash(grey[:1], grey[1:2], largest_distance_bits=0) == []


def test_small_images_are_refused_in_one_line() -> None:
    small = np.zeros((1, 28, 28, 1), np.uint8)
    large = np.zeros((1, SMALLEST_SIDE_PX, SMALLEST_SIDE_PX, 1), np.uint8)
    with pytest.raises(MettleError, match=r"at least 128 pixels a side.*but got 28 x 28\. Use .*closest_test_images"):
        find_copies_by_hash(small, large)
    with pytest.raises(MettleError, match="test images"):
        find_copies_by_hash(large, small)


def test_nothing_to_compare(photographs: np.ndarray) -> None:
    assert find_copies_by_hash(photographs[:0], photographs) == []
    assert find_copies_by_hash(photographs, photographs[:0]) == []


def test_impossible_distances_are_refused(photographs: np.ndarray) -> None:
    with pytest.raises(ValueError, match="largest_distance_bits"):
        find_copies_by_hash(photographs, photographs, largest_distance_bits=65)


def test_without_the_package_the_way_to_install_it_is_named(
    photographs: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imagehash", None)
    with pytest.raises(MettleError, match="pip install"):
        perceptual_hashes(photographs[:1])
