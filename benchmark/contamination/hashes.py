"""Copies among photographs of 128 pixels and more, by perceptual hash; the small images of most tasks have too little.

At 28 pixels a distance of 4 bits already "matches" a fifth of Fashion-MNIST's honest test images with its training
images, so that small images are refused here and belong to `closest_test_images`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.contamination.pictures import check_images, lumas
from benchmark.errors import MettleError

SMALLEST_SIDE_PX = 128
LARGEST_DISTANCE_BITS = 4
_TEST_ROWS_AT_ONCE = 4096
_BITS_SET = np.array([bin(byte).count("1") for byte in range(256)], dtype=np.uint8)


class HashMatch(NamedTuple):
    """A submitted image and a test image whose hashes differ in `distance_bits` of 64; mirrored: the test image was."""

    row: int
    test_row: int
    distance_bits: int
    mirrored: bool


def find_copies_by_hash(
    images: np.ndarray, test_images: np.ndarray, *, largest_distance_bits: int = LARGEST_DISTANCE_BITS
) -> list[HashMatch]:
    """The nearest test image of each submitted one, where their hashes differ in few bits, by row.

    images: uint8 (N, H, W, C), test_images: uint8 (M, h, w, C), C 1 or 3; the sizes may differ. The hash is the 64-bit
    pHash of the `imagehash` package, of the test image as it is and mirrored. Survives resizing, compression and
    brightness; not turning, cropping or shifts of more than a few percent. Raises MettleError for images below 128
    pixels a side and without the package, ValueError for other arrays and distances outside 0..64.
    """
    check_images(images, "images")
    check_images(test_images, "test_images")
    if not 0 <= largest_distance_bits <= 64:
        raise ValueError(f"largest_distance_bits: in 0..64, but got {largest_distance_bits}")
    for name, stack in (("images", images), ("test images", test_images)):
        if min(stack.shape[1:3]) < SMALLEST_SIDE_PX:
            raise MettleError(
                f"perceptual hashes of {name}",
                f"at least {SMALLEST_SIDE_PX} pixels a side, as smaller images that differ share hashes",
                f"{stack.shape[1]} x {stack.shape[2]}",
                "Use benchmark.contamination.closest_test_images, which compares pixels.",
            )
    if len(images) == 0 or len(test_images) == 0:
        return []
    mine = perceptual_hashes(images)
    theirs = np.concatenate([perceptual_hashes(test_images), perceptual_hashes(test_images[:, :, ::-1])])
    matches = []
    for row, bits in enumerate(mine):
        distances = np.concatenate(
            [
                _BITS_SET[theirs[start : start + _TEST_ROWS_AT_ONCE] ^ bits].sum(axis=1)
                for start in range(0, len(theirs), _TEST_ROWS_AT_ONCE)
            ]
        )
        nearest = int(distances.argmin())
        if distances[nearest] <= largest_distance_bits:
            mirrored, test_row = divmod(nearest, len(test_images))
            matches.append(HashMatch(row, test_row, int(distances[nearest]), bool(mirrored)))
    return matches


def perceptual_hashes(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The 64-bit pHash of each image's luma: uint8 (N, 8). MettleError without the package `imagehash`."""
    try:
        import imagehash
    except ImportError:
        raise MettleError(
            "perceptual hashes", "need the package imagehash", fix='Run: pip install "mettle[hashes]"'
        ) from None
    hashes = [imagehash.phash(Image.fromarray(grey), hash_size=8).hash for grey in lumas(images)]
    return np.packbits(np.array(hashes, dtype=np.bool_).reshape(len(hashes), 64), axis=1)
