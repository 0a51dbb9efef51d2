import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from benchmark.data.checksums import describe_mismatch, image_checksums, values_sha256

IMAGES = hnp.arrays(
    np.uint8, st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]))
)


@given(IMAGES, st.data())
def test_one_level_in_one_pixel_changes_every_checksum_by_one(images, data):
    place = tuple(data.draw(st.integers(0, size - 1)) for size in images.shape)
    changed = images.copy()
    changed[place] = images[place] + 1 if images[place] < 255 else 254
    difference = (image_checksums(changed) - image_checksums(images)).astype(int)
    assert (np.abs(difference[place[0]]) == 1).all()
    others = np.delete(difference, place[0], axis=0)
    assert not others.any()
    positions, levels = describe_mismatch(image_checksums(images), image_checksums(changed))
    assert positions.tolist() == [place[0]]
    assert levels.tolist() == [1.0]


@given(IMAGES)
def test_checksums_do_not_depend_on_the_other_images_or_the_batch(images):
    together = image_checksums(images)
    alone = np.concatenate([image_checksums(image[None]) for image in images])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(image_checksums(images, k=1), together[:, :1])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1.0, 25.0))
def test_the_estimated_distance_is_near_the_true_one(seed, distance):
    rng = np.random.default_rng(seed)
    images = rng.integers(64, 192, (400, 28, 28, 1), np.uint8)
    noise = rng.normal(size=images.shape)
    noise *= distance / np.sqrt((noise**2).sum(axis=(1, 2, 3), keepdims=True))
    # Stochastic rounding keeps a distance that is small against the number of pixels from vanishing.
    changed = (images + np.floor(noise + rng.random(images.shape))).astype(np.uint8)
    truth = ((changed.astype(int) - images) ** 2).sum(axis=(1, 2, 3))
    positions, levels = describe_mismatch(image_checksums(images), image_checksums(changed))
    estimate = np.zeros(len(images))
    estimate[positions] = levels**2
    # The relative standard deviation over 400 images of 4 checksums is sqrt(2 / 1600), about 3.5 %.
    assert estimate.mean() == pytest.approx(truth.mean(), rel=0.2)


def test_random_changes_are_found():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2000, 8, 8, 3), np.uint8)
    changed = images.copy()
    touched = rng.random(2000) < 0.5
    for position in np.flatnonzero(touched):
        pixels = rng.integers(0, 192, 5)
        changed[position].reshape(-1)[pixels] ^= np.uint8(1)
    truly = (changed != images).any(axis=(1, 2, 3))
    positions, _ = describe_mismatch(image_checksums(images), image_checksums(changed))
    found = np.zeros(2000, bool)
    found[positions] = True
    assert not (found & ~truly).any()
    # A change of few pixels leaves all four checksums alone with a chance of at most (3/8)**4, 2 %.
    assert (found & truly).sum() > 0.96 * truly.sum()


def test_large_images_are_summed_exactly():
    images = np.full((2, 300, 300, 3), 255, np.uint8)
    images[1, 0, 0, 0] = 254
    difference = (image_checksums(images)[0] - image_checksums(images)[1]).astype(int)
    assert (np.abs(difference) == 1).all()


def test_the_signs_are_frozen():
    # Recorded once: other signs would make every manifest's checksums meaningless.
    one_pixel_each = np.eye(20, dtype=np.uint8).reshape(20, 4, 5, 1)
    assert image_checksums(one_pixel_each).tolist()[:3] == [[-1, 1, -1, 1], [-1, -1, 1, -1], [-1, -1, -1, 1]]


def test_no_images_have_no_checksums():
    none = image_checksums(np.zeros((0, 4, 4, 1), np.uint8))
    assert none.shape == (0, 4)
    positions, levels = describe_mismatch(none, none)
    assert len(positions) == len(levels) == 0


def test_wrong_types_and_shapes_are_refused():
    with pytest.raises(ValueError, match="uint8"):
        image_checksums(np.zeros((2, 4, 4, 1), np.float32))
    with pytest.raises(ValueError, match="unlike"):
        describe_mismatch(np.zeros((2, 4), np.int8), np.zeros((3, 4), np.int8))


def test_a_hash_is_of_the_values_in_c_order_and_little_endian():
    array = np.arange(6, dtype=np.int64).reshape(2, 3)
    expected = hashlib.sha256(b"".join(int(value).to_bytes(8, "little") for value in array.reshape(-1))).hexdigest()
    assert values_sha256(array) == expected
    assert values_sha256(np.asfortranarray(array)) == expected
    assert values_sha256(array.astype(">i8")) == expected
    assert values_sha256(array[:0]) == hashlib.sha256().hexdigest()
