"""Copies of Fashion-MNIST's test images with single pixels, frames or tones changed are found, and why."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark import data
from benchmark.contamination.copies import PictureSearch
from benchmark.contamination.explained import explained, in_its_tones, specks, whitening
from benchmark.contamination.frames import FrameFilling, frame_widths
from benchmark.contamination.pictures import pictures
from benchmark.documents.measured.contamination_figures import copy_threshold
from scripts.leak_transforms import LEAKS

SIZE = (28, 28)
LEAKED = np.arange(100, 140)
FOUND_OF_40 = {
    "6 salted pixels at three tenths of the contrast": 30,
    "12 salted pixels": 36,
    "40 salted pixels": 28,
    "white frame of 2 px": 36,
    "white frame of 3 px": 34,
    "white frame of 3 px with three black pixels": 34,
    "gamma 2.5": 14,
}
"""At least so many of 40."""


@pytest.fixture(scope="module")
def tests() -> np.ndarray:
    """The first 1,500 test images: uint8 (1500, 28, 28, 1)."""
    return data.load("fashion-mnist", "test").images[:1500]


@pytest.fixture(scope="module")
def search(tests: np.ndarray) -> PictureSearch:
    """Made once for all leaks."""
    return PictureSearch(pictures(tests))


@pytest.mark.parametrize("name", FOUND_OF_40)
def test_altered_copies_are_found(name: str, tests: np.ndarray, search: PictureSearch) -> None:
    leaked = LEAKS[name](tests[LEAKED], np.random.default_rng(5))
    found = search.closest(pictures(leaked))
    right = (found.test_rows == LEAKED) & (found.correlations >= copy_threshold("fashion-mnist"))
    assert right.sum() >= FOUND_OF_40[name]


def test_honest_images_stay_below_the_threshold(search: PictureSearch) -> None:
    honest = data.load("fashion-mnist", "train").images[:200]
    assert (search.closest(pictures(honest)).correlations >= copy_threshold("fashion-mnist")).sum() <= 3


def test_frames_have_their_width_and_honest_borders_none(tests: np.ndarray) -> None:
    stack = pictures(tests[LEAKED])
    assert frame_widths(stack).tolist() == [0] * len(LEAKED)
    for width in (1, 2, 3, 4):
        framed = np.ones_like(stack)
        framed[:, width:-width, width:-width] = stack[:, width:-width, width:-width]
        assert (frame_widths(framed) == width).mean() >= 0.9
        assert (frame_widths(0.4 + 0.1 * framed) == frame_widths(framed)).all()  # faint ones too
        for changed in (1, 3):
            spotted = framed.copy()
            spotted[:, [0, 9, 27][:changed], 0] = 0
            assert (frame_widths(spotted) == frame_widths(framed)).all()
    assert frame_widths(np.full((2, *SIZE), 0.5, np.float32)).tolist() == [0, 0]


def test_what_a_frame_hides_is_guessed_near_and_the_rest_left_alone(tests: np.ndarray) -> None:
    stack = pictures(tests)
    framed = np.ones_like(stack[LEAKED])
    framed[:, 3:-3, 3:-3] = stack[LEAKED, 3:-3, 3:-3]
    is_framed = frame_widths(framed) == 3
    framed, own = framed[is_framed], stack[LEAKED][is_framed]
    filled, shown = FrameFilling(stack).fill(framed)
    assert (filled[:, 3:-3, 3:-3] == framed[:, 3:-3, 3:-3]).all()
    assert (shown.sum(axis=1) == 22 * 22).all()
    hidden = ~shown.reshape(-1, *SIZE)
    inside_mean = np.broadcast_to(framed[:, 3:-3, 3:-3].mean(axis=(1, 2))[:, None, None], framed.shape)
    assert np.abs(filled - own)[hidden].mean() < 0.3 * np.abs(inside_mean - own)[hidden].mean()


def test_specks_are_single_pixels_and_not_edges_or_noise() -> None:
    rng = np.random.default_rng(6)
    errors = rng.normal(0, 0.02, (3, *SIZE)).astype(np.float32)
    errors[0, 5, 5], errors[0, 20, 9], errors[0, 20, 10] = 0.8, -0.7, -0.9
    errors[1, 8:16, 8:16] += 0.8
    found = specks(errors.reshape(3, -1), SIZE).reshape(errors.shape)
    assert np.argwhere(found[0]).tolist() == [[5, 5], [20, 9], [20, 10]]
    assert not found[1:].any()


def test_tones_bend_only_where_that_explains_most_of_the_rest(tests: np.ndarray) -> None:
    moved = pictures(tests[LEAKED]).reshape(len(LEAKED), -1)
    seen = np.ones(moved.shape, dtype=np.bool_)
    line, curve = 0.2 + 0.5 * moved, 0.1 + 0.3 * moved + 0.4 * moved**2
    for still in (line, curve):
        assert np.allclose(in_its_tones(still, moved, seen), still, atol=1e-4)
    other = np.roll(moved, 1, axis=0)
    straight = [np.polynomial.Polynomial.fit(x, y, 1) for x, y in zip(moved, other, strict=True)]
    rises = np.array([fit.deriv()(0) > 0 for fit in straight])
    guess = in_its_tones(other, moved, seen)
    expected = np.stack([fit(x) for fit, x in zip(straight, moved, strict=True)])
    assert np.isclose(guess, expected, atol=1e-3).all(axis=1)[rises].mean() >= 0.9
    assert np.ptp(guess[~rises], axis=1).max(initial=0) == 0


def test_constant_pictures_and_negatives_correlate_with_nothing(tests: np.ndarray) -> None:
    stack = pictures(tests)
    whiten, moved = whitening(stack), stack[LEAKED].reshape(len(LEAKED), -1)
    shared = np.ones(moved.shape, dtype=np.bool_)
    grey = np.full_like(moved, 0.3)
    for still, test in ((grey, moved), (moved, grey), (1 - moved, moved)):
        assert explained(still, test, shared, SIZE, whiten).tolist() == [0.0] * len(LEAKED)
    assert explained(moved, moved, shared, SIZE, whiten) == pytest.approx(1, abs=1e-5)


def test_one_pixel_changed_far_stays_nearly_a_copy(tests: np.ndarray, search: PictureSearch) -> None:
    changed = tests[LEAKED].copy()
    rng = np.random.default_rng(7)
    for image in changed:
        down, right = rng.integers(0, 28, 2)
        image[down, right] ^= 128
    assert (search.closest(pictures(changed)).correlations >= 0.995).mean() >= 0.9
