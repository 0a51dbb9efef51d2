"""Copies of synthetic photographs: every move is found with its size, what is no copy is not, and the edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from benchmark.contamination import closest_test_images, exact_copies
from benchmark.contamination.similarity import Similarity

SIDE = 28
THRESHOLD = 0.95


def smooth_fields(count: int, seed: int, side: int = SIDE, channels: int = 1) -> np.ndarray:
    """Random pictures with more of the coarse than of the fine, like photographs: uint8 (count, side, side, C)."""
    rng = np.random.default_rng(seed)
    fields = sum(
        size * ndimage.gaussian_filter(rng.normal(size=(count, side, side, channels)), (0, size, size, 0))
        for size in (0.7, 1.5, 3.0, 6.0)
    )
    fields /= fields.std(axis=(1, 2, 3), keepdims=True)
    return np.clip(np.rint(128 + 50 * fields), 0, 255).astype(np.uint8)


def moved(images: np.ndarray, degrees: float, scale: float, down: float, right: float) -> np.ndarray:
    """The images turned clockwise, scaled and shifted by scipy, bilinear, black outside."""
    angle = np.deg2rad(degrees)
    forward = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])  # rows, columns
    back = np.linalg.inv(forward)
    middle = (np.array(images.shape[1:3]) - 1) / 2
    offset = middle - back @ (middle + np.array([down, right]))
    out = [
        ndimage.affine_transform(image[..., c].astype(float), back, offset=offset, order=1)
        for image in images
        for c in range(images.shape[3])
    ]
    stacked = np.stack(out).reshape(len(images), images.shape[3], *images.shape[1:3])
    return np.rint(stacked).astype(np.uint8).transpose(0, 2, 3, 1)


TESTS = smooth_fields(300, seed=1)
LEAKED = np.arange(7, 27)


MOVES = [
    Similarity(mirrored, *move)
    for mirrored in (False, True)
    for move in (
        (0, 1, 0, 0),
        (0, 1, 1, -1),
        (0, 1, -2, 2),
        (5, 1, 0, 0),
        (-10, 1, 0, 0),
        (0, 1.1, 0, 0),
        (0, 0.9, 0, 0),
        (7, 0.95, 1, -1),
    )
]


@pytest.fixture(scope="module")
def closest_to_moved() -> dict[Similarity, tuple[np.ndarray, np.ndarray, list[Similarity]]]:
    """Test rows, correlations and transforms found for the leaked images under every move; one search for all."""
    submitted = [moved(TESTS[LEAKED][:, :, ::-1] if move.mirrored else TESTS[LEAKED], *move[1:]) for move in MOVES]
    found = closest_test_images(np.concatenate(submitted), TESTS)
    places = {move: slice(n * len(LEAKED), (n + 1) * len(LEAKED)) for n, move in enumerate(MOVES)}
    return {
        move: (found.test_rows[rows], found.correlations[rows], found.transforms[rows]) for move, rows in places.items()
    }


@pytest.mark.parametrize("move", MOVES, ids=str)
def test_moved_copies_are_found_with_their_move(
    move: Similarity, closest_to_moved: dict[Similarity, tuple[np.ndarray, np.ndarray, list[Similarity]]]
) -> None:
    test_rows, correlations, transforms = closest_to_moved[move]
    assert test_rows.tolist() == LEAKED.tolist()
    assert (correlations >= THRESHOLD).all()
    assert all(transform.mirrored == move.mirrored for transform in transforms)
    off = np.abs(np.array(transforms, dtype=float) - np.array(move, dtype=float)).max(axis=0)
    assert (off[1:] < [1, 0.02, 0.3, 0.3]).all(), off


def test_other_pictures_and_negatives_are_no_copies() -> None:
    others = smooth_fields(40, seed=2)
    for images in (others, 255 - TESTS[LEAKED]):
        assert exact_copies(images, TESTS) == []
        assert (closest_test_images(images, TESTS).correlations < THRESHOLD).all()


def test_brightness_contrast_and_noise_do_not_hide_a_copy() -> None:
    noise = np.random.default_rng(3).normal(0, 4, TESTS[LEAKED].shape)
    altered = np.clip(np.rint(0.6 * TESTS[LEAKED] + 30 + noise), 0, 255).astype(np.uint8)
    found = closest_test_images(altered, TESTS)
    assert found.test_rows.tolist() == LEAKED.tolist()
    assert (found.correlations >= 0.9).all()
    assert all(transform.in_words() == "in place" for transform in found.transforms)


@pytest.mark.parametrize("share", [0.3, 0.1])
def test_a_faint_copy_is_found_among_pictures_that_are_much_alike(share: float) -> None:
    """Pictures of one garment share more than sets them apart; their mean must not drown a faint one."""
    down, right = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    garment = 160 * np.exp(-(down**2 + right**2) / 60)[..., None]
    alike = np.clip(np.rint(garment + 0.25 * smooth_fields(300, seed=7)), 0, 255).astype(np.uint8)
    leaked = alike[LEAKED]
    faint = np.rint(100 + share * leaked).astype(np.uint8)
    faint[:, 0, 0], faint[:, -1, -1] = 0, 255  # no stretching from black to white would help
    found = closest_test_images(faint, alike)
    assert found.test_rows.tolist() == LEAKED.tolist()
    assert (found.correlations >= 0.9).all()


def test_exact_copies_are_found_mirrored_or_not() -> None:
    submitted = np.concatenate([smooth_fields(2, seed=4), TESTS[[5]], TESTS[[9]][:, :, ::-1]])
    assert exact_copies(submitted, TESTS) == [(2, 5), (3, 9)]


def test_an_exact_copy_of_repeated_test_images_names_them_all() -> None:
    assert exact_copies(TESTS[[3]], np.concatenate([TESTS[:4], TESTS[[3]]])) == [(0, 3), (0, 4)]


def test_one_level_in_one_pixel_is_near_and_not_exact() -> None:
    almost = TESTS[[0]].copy()
    almost[0, 3, 3, 0] ^= 1
    assert exact_copies(almost, TESTS) == []
    found = closest_test_images(almost, TESTS)
    assert found.test_rows.tolist() == [0]
    assert 0.999 < found.correlations[0] <= 1


def test_a_grey_copy_of_a_colour_image_is_near() -> None:
    colour = smooth_fields(50, seed=5, side=32, channels=3)
    grey = np.rint(colour @ [0.299, 0.587, 0.114]).astype(np.uint8)[..., None]
    in_three = np.repeat(grey[:10], 3, axis=3)
    assert exact_copies(in_three, colour) == []
    found = closest_test_images(in_three, colour)
    assert found.test_rows.tolist() == list(range(10))
    assert (found.correlations >= THRESHOLD).all()
    assert exact_copies(grey[:10], colour) == []


def test_larger_images_are_compared_at_32_pixels_and_shifts_are_in_their_pixels() -> None:
    tests = smooth_fields(40, seed=6, side=64)
    found = closest_test_images(moved(tests[:8], 0, 1, 4, 0), tests)
    assert found.test_rows.tolist() == list(range(8))
    assert np.median([transform.down_px for transform in found.transforms]) == pytest.approx(4, abs=0.3)


def test_blank_images_correlate_with_nothing() -> None:
    blank = np.zeros((2, SIDE, SIDE, 1), np.uint8)
    assert closest_test_images(blank, TESTS).correlations.tolist() == [0.0, 0.0]
    assert closest_test_images(TESTS[:3], np.concatenate([blank, blank])).correlations.tolist() == [0.0, 0.0, 0.0]


def test_nothing_submitted_no_test_image_and_one_test_image() -> None:
    assert exact_copies(TESTS[:0], TESTS) == exact_copies(TESTS[:3], TESTS[:0]) == []
    assert len(closest_test_images(TESTS[:0], TESTS).test_rows) == 0
    assert closest_test_images(TESTS[:3], TESTS[:0]).test_rows.tolist() == [-1, -1, -1]
    assert closest_test_images(TESTS[[4]], TESTS[[4]]).correlations[0] == pytest.approx(1, abs=1e-5)


def test_the_answer_for_an_image_does_not_depend_on_the_others() -> None:
    submitted = moved(TESTS[:70], 3, 1, 1, 0)
    together, alone = closest_test_images(submitted, TESTS), closest_test_images(submitted[66:67], TESTS)
    assert together.test_rows[66] == alone.test_rows[0]
    assert together.correlations[66] == pytest.approx(alone.correlations[0], abs=1e-4)


def test_progress_counts_images() -> None:
    seen: list[tuple[int, int]] = []
    closest_test_images(TESTS[:70], TESTS[:5], progress=lambda done, total: seen.append((done, total)))
    assert seen == [(64, 70), (70, 70)]


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (TESTS.astype(np.float32), "images: uint8"),
        (TESTS[..., 0], "images: uint8"),
        (TESTS[:, :20], "size \\(28, 28\\) like test_images"),
    ],
)
def test_wrong_arrays_are_refused(images: np.ndarray, message: str) -> None:
    for search in (exact_copies, closest_test_images):
        with pytest.raises(ValueError, match=message):
            search(images, TESTS)


def test_tiny_images_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 8 pixels"):
        closest_test_images(TESTS[:, :4, :4], TESTS[:, :4, :4])


def test_moves_in_words() -> None:
    assert Similarity(False, 0.1, 1.001, 0.1, 0.0).in_words() == "in place"
    assert Similarity(True, 5.2, 0.9, 1.0, -2.0).in_words() == (
        "mirrored, turned +5 degrees, scaled 0.90, shifted +1.0 px down and -2.0 px right"
    )
