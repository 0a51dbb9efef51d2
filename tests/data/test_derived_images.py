"""Pictures of nothing and images of no class: equal everywhere, what they claim to be, and unlike each other."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.data.checksums import values_sha256
from benchmark.data.derived.near_misses import blend, jigsaw, quarter_turn
from benchmark.data.derived.patterns import PATTERNS, blobs, gratings, noise
from benchmark.data.derived.words import below, image_words

# sha256 of the first 50 pictures of seed 0: another platform must make the same bytes.
FROZEN = {
    "noise": "9078d94a4f6c734ed746a61349e9afd8082c4ff75ecd599b07016d74093cfd74",
    "blobs": "cfb970d5915423cc87fc689fdc0abbbc3bc086791a593e062063b717f4637110",
    "gratings": "51d7a4742fcc2360cb51bd90e7159168433bc1d3ddfa7b88d0de2de2d0d67532",
}


def numbered(count: int, size: int = 28, channels: int = 1) -> np.ndarray:
    pixels = np.arange(count * size * size * channels, dtype=np.uint64) * 2654435761 >> np.uint64(7)
    return (pixels & 255).astype(np.uint8).reshape(count, size, size, channels)


def test_words_of_an_image_do_not_depend_on_the_others():
    whole = image_words("a purpose", np.arange(40), 13)
    np.testing.assert_array_equal(image_words("a purpose", np.array([31, 4, 31]), 13), whole[[31, 4, 31]])
    assert image_words("a purpose", np.array([], np.int64), 13).shape == (0, 13)
    assert (image_words("another", np.arange(40), 13) != whole).any(axis=1).all()
    assert len(np.unique(whole)) == whole.size


def test_below_is_even():
    drawn = below(image_words("dice", np.arange(6000), 1), 6)
    assert np.bincount(drawn[:, 0], minlength=6).min() > 900
    assert drawn.max() == 5


@pytest.mark.parametrize("kind", sorted(PATTERNS))
def test_patterns_are_the_same_everywhere_and_however_many(kind):
    pictures = PATTERNS[kind](50, 28, 0)
    assert pictures.shape == (50, 28, 28, 1)
    assert pictures.dtype == np.uint8
    assert values_sha256(pictures) == FROZEN[kind]
    np.testing.assert_array_equal(PATTERNS[kind](7, 28, 0), pictures[:7])
    assert len({picture.tobytes() for picture in PATTERNS[kind](50, 28, 1)} & {p.tobytes() for p in pictures}) == 0


def test_noise_is_uniform():
    counts = np.bincount(noise(100, 28, 0).ravel(), minlength=256)
    assert abs(counts - counts.mean()).max() < 6 * counts.mean() ** 0.5


def test_blobs_are_smooth_and_half_black():
    pictures = blobs(200, 28, 0)[..., 0].astype(int)
    assert (pictures == 0).mean(axis=(1, 2)).min() >= 0.5
    assert (pictures.max(axis=(1, 2)) == 255).all()
    assert (
        np.abs(np.diff(pictures, axis=2)).mean() < 0.4 * np.abs(np.diff(noise(200, 28, 0)[..., 0].astype(int))).mean()
    )


def test_gratings_have_two_tones_apart():
    pictures = gratings(400, 28, 0)[..., 0].astype(int)
    tones = [np.unique(picture) for picture in pictures]
    assert {len(each) for each in tones} == {2}
    assert min(each[1] - each[0] for each in tones) >= 64
    flat = [(picture == picture[0]).all() or (picture == picture[:, :1]).all() for picture in pictures]
    assert 0 < np.mean(flat[::2]) < 0.5  # some stripes lie along an axis, most do not
    assert not any(flat[1::2])  # a check varies both ways


def test_a_jigsaw_keeps_the_pieces_and_moves_them():
    images = numbered(30)
    made = jigsaw(images, np.arange(30), 0)
    pieces = images.reshape(30, 4, 7, 4, 7).swapaxes(2, 3).reshape(30, 16, 49)
    moved = made.reshape(30, 4, 7, 4, 7).swapaxes(2, 3).reshape(30, 16, 49)
    for before, after in zip(pieces, moved, strict=True):
        assert sorted(map(bytes, before)) == sorted(map(bytes, after))
    assert (pieces != moved).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(jigsaw(images[[9, 2]], np.array([9, 2]), 0), made[[9, 2]])
    colour = numbered(3, 8, 3)
    np.testing.assert_array_equal(np.sort(jigsaw(colour, np.arange(3), 0), axis=None), np.sort(colour, axis=None))
    with pytest.raises(ValueError, match="sides that 4 divides"):
        jigsaw(numbered(2, 30), np.arange(2), 0)


def test_blends_and_turns():
    dark, bright = np.full((1, 2, 2, 1), 10, np.uint8), np.full((1, 2, 2, 1), 255, np.uint8)
    assert blend(dark, bright).tolist() == np.full((1, 2, 2, 1), 132).tolist()
    turned = quarter_turn(np.array([[1, 2], [3, 4]], np.uint8).reshape(1, 2, 2, 1))
    assert turned.ravel().tolist() == [2, 4, 1, 3]
    assert turned.flags["C_CONTIGUOUS"]
