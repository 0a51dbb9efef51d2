"""Curated files: three forms, what they mean, and one line for each way to be wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hostile_files import SPARSE_BYTES, bare_pickle, bomb, header_of, pickled_npz, refusal, safetensors, sparse_file
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.submitted_sets import CuratedSet, read_curated, write_choice, write_own_images, write_suspicion
from benchmark.submitted_sets.curated import WEIGHT_CAP

TASK = {"pool_size": 50, "budget": 6, "image_size": 8, "channels": 1, "classes": 5}
INDICES = np.array([40, 3, 3, 17, 49, 0])
OWN = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1), dtype=np.uint8)
ORDER = np.random.default_rng(1).permutation(50)


def read(path: Path) -> CuratedSet:
    return read_curated(path, **TASK)  # type: ignore[arg-type]


def written(folder: Path, **arrays: np.ndarray) -> Path:
    return safetensors(folder / "set.safetensors", **arrays)


def test_a_repeat_is_a_weight(tmp_path: Path) -> None:
    found = read(written(tmp_path, indices=INDICES))
    assert found.form == "indices"
    assert len(found) == 5
    assert found.indices is not None
    assert found.weights is not None
    assert found.indices.tolist() == [0, 3, 17, 40, 49]
    assert np.allclose(found.weights * 6 / 5, [1, 2, 1, 1, 1])
    assert (found.labels, found.images, found.suspicion) == (None, None, None)
    assert read(written(tmp_path, indices=np.arange(6))).weights is None


@given(st.permutations(range(6)))
@settings(max_examples=30, deadline=None)
def test_the_order_in_the_file_means_nothing(tmp_path_factory: pytest.TempPathFactory, order: list[int]) -> None:
    folder = tmp_path_factory.mktemp("set")
    weights = np.array([1, 0.5, 2.5, 0, 3, 1], np.float32)
    labels = np.array([4, 1, 1, 2, 0, 3])
    found = read(written(folder, indices=INDICES[order], weights=weights[order], labels=labels[order]))
    assert found.indices is not None
    assert found.weights is not None
    assert found.labels is not None
    assert found.indices.tolist() == [0, 3, 40, 49]  # 17 has weight 0
    assert np.allclose(found.weights, np.array([1, 3, 1, 3]) / 8 * 4)
    assert found.weights.mean() == pytest.approx(1)
    assert found.labels.tolist() == [3, 1, 4, 0]


def test_own_images_and_suspicion(tmp_path: Path) -> None:
    found = read(written(tmp_path, images=OWN, labels=np.array([0, 0, 1, 4], np.uint8)))
    assert found.form == "images"
    assert len(found) == 4
    assert found.images is not None
    assert found.labels is not None
    assert np.array_equal(found.images, OWN)
    assert found.labels.dtype == np.int64
    ranked = read(written(tmp_path, suspicion=ORDER))
    assert ranked.form == "suspicion"
    assert ranked.suspicion is not None
    assert np.array_equal(ranked.suspicion, ORDER)
    assert len(ranked) == 50


def changed(position: int, value: int, array: np.ndarray = INDICES) -> np.ndarray:
    array = array.copy()
    array[position] = value
    return array


ONES = np.ones(6, np.float32)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({}, "exactly one of indices, images and suspicion, but got none of them"),
        ({"indices": INDICES, "suspicion": ORDER}, "but got indices and suspicion"),
        ({"suspicion": ORDER, "weights": ONES}, "beside suspicion there may be nothing else, but got weights"),
        ({"images": OWN, "labels": np.zeros(4, int), "weights": ONES[:4]}, "beside images there may be labels, but"),
        ({"indices": changed(2, -7)}, "indices holds positions 0 to 49 of the pool, but got -7 at position 2"),
        ({"indices": changed(4, 50)}, "but got 50 at position 4"),
        ({"indices": np.array([-1, 2, 99, 4])}, "but got -1 at position 0 and 1 more"),
        ({"indices": INDICES.astype(np.uint64) + np.uint64(2**63)}, "at position 0 and 5 more"),
        ({"indices": np.arange(7)}, "the budget is 6 distinct images, but got 7"),
        ({"indices": np.zeros(0, int)}, "indices has 1 to 60 entries, repeats included, but got 0"),
        ({"indices": np.zeros(61, int)}, "indices has 1 to 60 entries, repeats included, but got 61"),
        ({"indices": INDICES.astype(float)}, "indices holds whole numbers of 32 or 64 bits of shape (M,), but got "
         "float64 of shape (6,). Store it with .astype('int64')."),
        ({"indices": ORDER < 5}, "but got bool of shape (50,). numpy.flatnonzero(mask) gives the positions."),
        ({"indices": INDICES[None]}, "of shape (M,), but got int64 of shape (1, 6). Flatten it with .reshape(-1)."),
        ({"indices": INDICES, "labels": np.eye(5)}, "but got float64 of shape (5, 5). Take argmax of each row."),
        ({"indices": INDICES, "weights": ONES[:5]}, "weights is float32 of shape (6,)"),
        ({"indices": INDICES, "weights": ONES.astype(np.float64)},
         "weights is float32 of shape (6,), but got float64 of shape (6,). Store it with .astype('float32')."),
        ({"indices": INDICES, "weights": ONES * 0}, "some weight is above 0, but got all are 0"),
        ({"indices": INDICES, "weights": ONES * np.array([1, 1, -2, 1, -1, 1], np.float32)},
         "weights are at least 0, but got -2 at position 2 and 1 more"),
        ({"indices": INDICES, "weights": ONES * np.float32(np.nan)}, "finite numbers, but got nan at position 0"),
        ({"indices": INDICES, "labels": np.array([0, 1, 2, 0, 0, 0])},
         "an index that repeats has one label, but got index 3 with 1 at position 1, 2 at position 2"),
        ({"indices": INDICES, "labels": np.array([0, 1, 1, 0, 0, 5])}, "labels holds classes 0 to 4, but got 5 at"),
        ({"images": OWN}, "Add labels"),
        ({"images": OWN.transpose(0, 3, 1, 2), "labels": np.zeros(4, int)}, "(N, 8, 8, 1), but got uint8 of shape "
         "(4, 1, 8, 8). Put its axes in this order."),
        ({"images": np.tile(OWN, (2, 1, 1, 1)), "labels": np.zeros(8, int)}, "the budget is 1 to 6 images, but got 8"),
        ({"images": (OWN / 255).astype(np.float32), "labels": np.zeros(4, int)},
         "Store pixels as whole numbers 0 to 255: (255 * x).round().astype('uint8')."),
        ({"images": OWN, "labels": np.eye(5, dtype=int)[:4]}, "of shape (4, 5). Take argmax of each row."),
        ({"images": OWN, "labels": np.array([0, 1, 2, -1])}, "but got -1 at position 3"),
        ({"suspicion": ORDER / 50}, "but got float64 of shape (50,). numpy.argsort(-scores) gives the order."),
        ({"suspicion": ORDER < 5}, "Name every position once, the most suspect first."),
        ({"suspicion": ORDER[:49]}, "of shape (50,), but got int64 of shape (49,)"),
        ({"suspicion": changed(9, 50, ORDER)}, "suspicion holds positions 0 to 49 of the pool, but got 50 at posit"),
    ],
)  # fmt: skip
def test_one_line_for_each_wrong_set(tmp_path: Path, arrays: dict[str, np.ndarray], says: str) -> None:
    assert says in refusal(read, written(tmp_path, **arrays))
    np.savez(tmp_path / "set.npz", **arrays)  # type: ignore[arg-type]
    assert says in refusal(read, tmp_path / "set.npz") or not arrays


def test_double_entries_of_a_ranking_are_named(tmp_path: Path) -> None:
    order = changed(30, int(ORDER[5]), ORDER)
    text = refusal(read, written(tmp_path, suspicion=order))
    assert f"once, but got {ORDER[5]} at positions 5 and 30; {ORDER[30]} is missing" in text


def test_weight_cap_counts_repeats(tmp_path: Path) -> None:
    task = TASK | {"budget": 40}
    many = np.concatenate([np.arange(30), np.zeros(20, int)])

    def read_many(path: Path) -> CuratedSet:
        return read_curated(path, **task)  # type: ignore[arg-type]

    text = refusal(read_many, written(tmp_path, indices=many))
    assert f"no image has more than {WEIGHT_CAP:g} times the mean weight, repeats added up, but got 12.6 times" in text
    weights = np.ones(30, np.float32)
    weights[7] = 29 * 10 / 20  # then it is exactly ten times the mean
    found = read_many(written(tmp_path, indices=np.arange(30), weights=weights))
    assert found.weights is not None
    assert found.weights.max() == pytest.approx(WEIGHT_CAP)
    weights[7] *= 1.001
    assert "10.01 times for index 7" in refusal(read_many, written(tmp_path, indices=np.arange(30), weights=weights))


def test_a_weight_too_small_to_be_drawn_pads_no_count(tmp_path: Path) -> None:
    """Before, 5,999 images of weight 1e-45 beside one counted as 6,000."""
    weights = np.array([1, 1, 1, 1, 1, 1e-45], np.float32)
    text = refusal(read, written(tmp_path, indices=np.arange(6), weights=weights))
    assert (
        "a weight is 0 or at least 0.001 times the mean weight, repeats added up, but got 1.682e-45 times for" in text
    )
    weights[5] = 0.000835
    assert len(read(written(tmp_path, indices=np.arange(6), weights=weights))) == 6
    weights[5] = 0
    assert len(read(written(tmp_path, indices=np.arange(6), weights=weights))) == 5


@pytest.mark.parametrize("labels", [[0, 1, 2, 1], [0, 1, 2, 0]])
def test_own_images_do_not_repeat(tmp_path: Path, labels: list[int]) -> None:
    """A repeat would count as another image, and be drawn twice as often, with no cap."""
    images = OWN.copy()
    images[3] = images[1]
    text = refusal(read, written(tmp_path, images=images, labels=np.array(labels)))
    assert "own images are distinct, but got equal pixels in rows 1 and 3. Keep one of them" in text


def test_hostile_files(tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    for path, says in (
        (header_of(tmp_path / "a.safetensors", 50 * 10**9), "50,000,000,000 bytes of header"),
        (sparse_file(tmp_path / "b.safetensors", [SPARSE_BYTES // 64, 8, 8, 1]), "at most 64,100,000 bytes"),
        (bomb(tmp_path / "c.npz", 70_000_000), "at most 64,000,000 bytes, but got 70,000,000"),
        (bare_pickle(tmp_path / "d.safetensors", proof), "a pickle, which is never opened"),
        (pickled_npz(tmp_path / "e.npz", proof), "Python objects"),
    ):
        assert says in refusal(read, path)
    assert not proof.exists()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "set.safetensors"
    weights = np.linspace(0.5, 1.5, 6)
    write_choice(path, INDICES, weights=weights, labels=INDICES % 5)
    found = read(path)
    assert found.labels is not None
    assert found.indices is not None
    assert np.array_equal(found.labels, found.indices % 5)
    write_choice(path, INDICES)
    assert read(path).labels is None
    write_own_images(path, OWN, np.arange(4))
    assert read(path).form == "images"
    write_suspicion(path, ORDER)
    assert read(path).form == "suspicion"
    with pytest.raises(ValueError, match="uint8"):
        write_own_images(path, OWN / 255, np.arange(4))
