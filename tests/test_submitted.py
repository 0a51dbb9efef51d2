"""Submitted files: every way to be wrong is one line, and right files come out in the order of the set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import MettleError
from benchmark.submitted import order_sha256, read_submitted

IDS = np.arange(10, 60)


def write(folder: Path, **arrays: object) -> Path:
    path = folder / "predictions.npz"
    np.savez(path, **{name.replace("__", "."): np.asarray(array) for name, array in arrays.items()})  # type: ignore[arg-type]
    return path


def test_values_come_in_the_order_of_the_set(tmp_path: Path) -> None:
    shuffled = np.random.default_rng(0).permutation(IDS)
    path = write(tmp_path, predicted__test=shuffled % 7, ids__test=shuffled)
    assert read_submitted(path, {"test": IDS}, "predicted")["test"].tolist() == (IDS % 7).tolist()


def test_the_order_may_be_given_as_its_hash(tmp_path: Path) -> None:
    path = write(tmp_path, predicted__test=IDS % 7, order__test=order_sha256(IDS))
    assert read_submitted(path, {"test": IDS}, "predicted")["test"].tolist() == (IDS % 7).tolist()


def swap(position: int, value: int) -> np.ndarray:
    ids = IDS.copy()
    ids[position] = value
    return ids


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"ids__test": swap(0, 11)}, r"ids\.test names an image once, but got double: 11"),
        ({"ids__test": swap(0, 99)}, r"names images of the set only, but got foreign: 99"),
        ({"predicted__test": IDS[1:] % 7, "ids__test": IDS[1:]}, r"every image of the set, but got missing: 10"),
        ({"order__test": order_sha256(IDS[::-1])}, r"order\.test is [0-9a-f]{64}, the order of the set"),
        ({"predicted__test": IDS[1:] % 7, "order__test": order_sha256(IDS)}, "one entry for each of 50 images"),
        ({}, r"comes with `ids\.test` or `order\.test`"),
        ({"predicted__test": (IDS % 7).astype(float), "ids__test": IDS}, "holds whole numbers"),
        ({"predicted__test": np.stack([IDS, IDS]), "ids__test": IDS}, r"one entry an image, but got shape \[2, 50\]"),
        ({"ids__test": IDS.astype(float)}, "one whole number for each of 50 values"),
    ],
)
def test_wrong_predictions_are_refused(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    path = write(tmp_path, **({"predicted__test": IDS % 7} | arrays))
    with pytest.raises(MettleError, match=message) as error:
        read_submitted(path, {"test": IDS}, "predicted")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.where(IDS == 12, np.nan, IDS * 0.5), "finite numbers, but got NaN or infinity at position 2"),
        (np.full(50, 3.5), r"tells images apart, but got all 50 scores are 3\.5"),
    ],
)
def test_scores_that_say_nothing_are_refused(tmp_path: Path, scores: np.ndarray, message: str) -> None:
    with pytest.raises(MettleError, match=message):
        read_submitted(write(tmp_path, scores__test=scores, ids__test=IDS), {"test": IDS}, "scores")


def test_missing_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(MettleError, match=r"array 'predicted\.other'.*it has predicted\.test"):
        read_submitted(write(tmp_path, predicted__test=IDS), {"other": IDS}, "predicted")


def test_pickles_and_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "predictions.npz"
    np.savez(path, **{"predicted.test": np.array([{"a": 1}], dtype=object)})
    with pytest.raises(MettleError, match=r"an \.npz file of plain arrays"):
        read_submitted(path, {"test": IDS}, "predicted")
    path.write_text("<html>quota exceeded</html>")
    with pytest.raises(MettleError, match=r"an \.npz file of plain arrays"):
        read_submitted(path, {"test": IDS}, "predicted")
    np.save(tmp_path / "one.npy", IDS)
    with pytest.raises(MettleError, match=r"not an \.npz file"):
        read_submitted(tmp_path / "one.npy", {"test": IDS}, "predicted")
