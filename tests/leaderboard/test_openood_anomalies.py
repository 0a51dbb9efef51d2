"""Anomaly checks on tables made for them, one finding at a time."""

from __future__ import annotations

import pytest

from scripts.openood_anomalies import DetectorRow, Published, anomalies

NET = ("CrossEntropy", "ResNet18", "100 epochs")


def row(
    near: float = 80.0,
    far: float = 90.0,
    accuracy: float | None = 95.06,
    *,
    sd: tuple[float | None, float | None, float | None] = (0.1, 0.1, 0.3),
    checkpoint: tuple[str, ...] = NET,
) -> DetectorRow:
    id_accuracy = None if accuracy is None else Published(accuracy, sd[2])
    return DetectorRow(checkpoint, Published(near, sd[0]), Published(far, sd[1]), id_accuracy)


def test_an_ordinary_table_has_none() -> None:
    single_checkpoint = row(sd=(None, None, None))
    assert anomalies([row(), row(far=80.0), single_checkpoint]) == [[], [], []]
    assert anomalies([]) == []


def test_near_above_far() -> None:
    assert anomalies([row(95.22, 90.24)]) == [["Near above far: 95.22 > 90.24."]]


@pytest.mark.parametrize(
    ("sd", "named"),
    [
        ((0.0, 0.1, 0.3), "near-OOD AUROC"),
        ((0.1, 0.0, 0.3), "far-OOD AUROC"),
        ((0.1, 0.1, 0.0), "ID accuracy"),
        ((0.0, 0.0, 0.3), "near-OOD AUROC, far-OOD AUROC"),
    ],
)
def test_zero_deviation_names_the_numbers(sd: tuple[float, float, float], named: str) -> None:
    assert anomalies([row(sd=sd)]) == [[f"Zero deviation: {named} with 0.00, as of a single run."]]


def test_missing_accuracy_takes_no_part_in_the_vote() -> None:
    assert anomalies([row(accuracy=None), row()]) == [["Missing accuracy."], []]


def test_an_accuracy_unlike_most_of_the_checkpoint() -> None:
    odd = ["One checkpoint, two accuracies: 95.22 here, elsewhere in this table 95.06 (2 rows), 95.01 (1 row)."]
    found = anomalies([row(), row(), row(accuracy=95.22), row(accuracy=95.01)])
    assert found[:3] == [[], [], odd]
    assert len(found[3]) == 1


def test_without_a_most_common_accuracy_both_are_named() -> None:
    assert [len(found) for found in anomalies([row(), row(accuracy=95.22)])] == [1, 1]


def test_other_checkpoints_may_have_other_accuracies() -> None:
    other = row(accuracy=94.0, checkpoint=("AugMix", "ResNet18", "100 epochs"))
    assert anomalies([row(), row(), other]) == [[], [], []]
