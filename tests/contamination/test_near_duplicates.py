"""The committed lists of test images that training images repeat, held against the data, and accuracy without them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from benchmark import data
from benchmark.contamination.near_duplicates import LISTS, read_near_duplicates, same_path, without
from benchmark.errors import MettleError
from scripts.list_near_duplicates import LOWEST_CORRELATION, SPARED_WITHIN_LEVELS, most_like, nearest


def test_every_listed_pair_of_fashion_mnist_is_as_alike_as_the_rule_says() -> None:
    listed = read_near_duplicates(LISTS / "fashion-mnist.json")
    train, test = data.load("fashion-mnist", "train"), data.load("fashion-mnist", "test")
    pairs = np.stack([train.images[listed.train_ids], test.images[listed.test_ids]]).reshape(
        2, len(listed.test_ids), -1
    )
    cosines = [
        np.corrcoef(first.astype(float), second.astype(float))[0, 1] for first, second in zip(*pairs, strict=True)
    ]
    assert len(cosines) == 89
    assert min(cosines) >= LOWEST_CORRELATION - 1e-5
    assert max(cosines) < 1


def test_no_other_test_image_among_some_is_as_alike() -> None:
    listed = read_near_duplicates(LISTS / "fashion-mnist.json")
    train, test = data.load("fashion-mnist", "train"), data.load("fashion-mnist", "test")
    some = np.sort(np.concatenate([np.arange(0, 10_000, 50), listed.test_ids[:20]]))
    rows, cosines = most_like(test.images[some], train.images)
    expected = dict(zip(listed.test_ids, listed.train_ids, strict=True))
    found = {int(test_id): int(row) for test_id, row, cosine in zip(some, rows, cosines, strict=True) if cosine >= 0.99}
    assert found == {test_id: train_id for test_id, train_id in expected.items() if test_id in some}


def test_the_list_of_cifar10_is_cifair_s(mirror: Path) -> None:
    path = mirror / "labels" / "cifair" / "duplicates_cifar10.csv"
    with path.open(newline="") as stream:
        theirs = {int(row["TestID"]): int(row["TrainID"]) for row in csv.DictReader(stream)}
    ours = read_near_duplicates(LISTS / "cifar10.json")
    assert dict(zip(ours.test_ids, ours.train_ids, strict=True)) == theirs


@pytest.mark.parametrize("dataset", ["fashion-mnist", "cifar10"])
def test_test_images_that_training_images_are_differ_by_a_few_levels(
    dataset: str, request: pytest.FixtureRequest
) -> None:
    """Both ways: every listed pair by a sum over its pixels, and a part of the test images searched again."""
    if dataset == "cifar10":
        request.getfixturevalue("mirror")
    listed = read_near_duplicates(same_path(dataset))
    train, test = data.load(dataset, "train").images, data.load(dataset, "test").images
    for test_id, train_id in zip(listed.test_ids, listed.train_ids, strict=True):
        theirs = train[train_id].astype(float)
        assert min(np.sqrt(((side - theirs) ** 2).mean()) for side in (test[test_id], test[test_id][:, ::-1])) <= 8
    others = np.setdiff1d(np.arange(0, len(test), 100), listed.test_ids)
    some = np.concatenate([listed.test_ids, others])
    rows, distances = nearest(test[some], train)
    assert dict(
        zip(some[distances <= SPARED_WITHIN_LEVELS], rows[distances <= SPARED_WITHIN_LEVELS], strict=True)
    ) == dict(zip(listed.test_ids, listed.train_ids, strict=True))


def test_accuracy_without_listed_images() -> None:
    correct = np.array([True, True, False, False, True])
    assert correct[without([0, 1], 5)].mean() == pytest.approx(1 / 3)
    assert without([], 3).tolist() == [True, True, True]
    assert without([1, 7], 3).tolist() == [True, False, True]
    assert without([0], 0).tolist() == []
    with pytest.raises(ValueError, match="ids: positions from 0 up"):
        without([3, -1], 5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"dataset": "x", "rule": "r", "test_ids": [1, 2], "train_ids": [3]}', "one training image for each"),
        ('{"dataset": "x", "rule": "r", "test_ids": [2, 1], "train_ids": [3, 3]}', "must rise"),
        ('{"dataset": "x", "rule": "r", "test_ids": [1], "train_ids": [-3]}', "train_ids"),
    ],
)
def test_lists_that_are_none_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(text)
    with pytest.raises(MettleError, match=message):
        read_near_duplicates(path)
