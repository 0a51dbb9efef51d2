"""The importer of OpenOOD's board on rows made for it, and its committed output against the facts of the board."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmark.documents import ReportedResult, ReportedResults, read
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from scripts.import_openood import BOARDS, imported, read_entries

REPORTED = ROOT / "leaderboard" / "reported"
COUNTS = {
    "cifar10": 61,
    "cifar100": 57,
    "imagenet200_ood": 56,
    "imagenet200_fsood": 60,
    "imagenet1k_ood": 97,
    "imagenet1k_fsood": 83,
}
ENTRY: dict[str, Any] = {
    "Training": "<a href=https://a.org/one>One</a> + <a href=https://a.org/two>Two</a>",
    "Postprocessor": "<a href=https://a.org/msp>MSP</a>",
    "Near-OOD_AUROC": "88.03 ± 0.25",
    "Far-OOD_AUROC": "90.73 ± 0.00",
    "ID_Accuracy": "/",
    "Outlier_Data": "Yes",
    "Arch": "ResNet18",
    "Additional_Description": "100 epochs",
    "_b": "cifar10",
    "_f": "one.json",
}


def committed(board: str) -> list[ReportedResult]:
    return read(ReportedResults, REPORTED / f"{BOARDS[board].file}.json").rows


def with_anomaly(board: str, beginning: str) -> set[str]:
    return {row.method for row in committed(board) if any(text.startswith(beginning) for text in row.anomalies)}


def test_a_row_with_every_peculiarity() -> None:
    near, far = imported([ENTRY], "cifar10").rows
    assert (near.metric, near.value, near.sd, near.n) == ("near_ood_auroc", 88.03, 0.25, None)
    assert (far.metric, far.value, far.sd) == ("far_ood_auroc", 90.73, 0.0)
    assert near.method == "MSP on One + Two"
    assert near.note == "100 epochs. https://a.org/one https://a.org/two"
    assert (near.paper, near.extra_data, near.architecture) == ("https://a.org/msp", True, "ResNet18")
    assert near.anomalies == ["Zero deviation: far-OOD AUROC with 0.00, as of a single run.", "Missing accuracy."]
    assert far.anomalies == near.anomalies


def test_a_method_that_is_its_own_detector_is_named_once() -> None:
    link = "<a href=https://a.org/x>ARPL</a>"
    first = imported([{**ENTRY, "Training": link, "Postprocessor": link}], "cifar10").rows[0]
    assert (first.method, first.note) == ("ARPL", "100 epochs.")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Near-OOD_AUROC": "eighty"}, "Near-OOD_AUROC is a mean"),
        ({"Far-OOD_AUROC": "/"}, "gives near-OOD and far-OOD AUROC"),
        ({"Training": "<b>One</b>"}, "plain text and links"),
        ({"_b": "cifar100"}, "rows of this board"),
    ],
)
def test_what_the_board_does_not_print_is_refused(change: dict[str, str], message: str) -> None:
    with pytest.raises(MettleError, match=message):
        imported([{**ENTRY, **change}], "cifar10")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MettleError, match="no such file"):
        read_entries(tmp_path / "rows.json")


@pytest.mark.parametrize(("board", "count"), COUNTS.items())
def test_every_row_is_there_and_stands_alone(board: str, count: int) -> None:
    rows = [row for row in committed(board) if row.metric == "near_ood_auroc"]
    assert len(rows) == count
    assert len({(row.method, row.architecture, row.paper) for row in rows}) == count
    assert {row.task for row in rows} == {BOARDS[board].task}


def test_comb_ood_is_named_on_both_imagenet_boards() -> None:
    for board in ("imagenet200_ood", "imagenet1k_ood"):
        assert "CombOOD on CrossEntropy" in with_anomaly(board, "Near above far")
        assert with_anomaly(board, "Disputed") == {"CombOOD on CrossEntropy"}


def test_every_zero_deviation_is_named() -> None:
    on_cifar = {
        *(f"{name} on CrossEntropy" for name in ("CombOOD", "NCI", "OTOD", "WeiPer+KLD", "fDBD")),
        "MDS on PALM",
    }
    expected: dict[str, set[str]] = {board: set() for board in COUNTS}
    expected |= {"cifar10": on_cifar, "cifar100": on_cifar, "imagenet200_ood": {"CombOOD on CrossEntropy"}}
    assert {board: with_anomaly(board, "Zero deviation") for board in COUNTS} == expected


def test_the_other_anomalies_are_as_many_as_counted_by_hand() -> None:
    assert {board: len(with_anomaly(board, "Missing accuracy")) for board in COUNTS} == {
        "cifar10": 4,
        "cifar100": 4,
        "imagenet200_ood": 3,
        "imagenet200_fsood": 3,
        "imagenet1k_ood": 2,
        "imagenet1k_fsood": 2,
    }
    assert len(with_anomaly("cifar100", "Near above far")) == 24
    assert with_anomaly("cifar10", "One checkpoint") == {"NCI on CrossEntropy", "fDBD on CrossEntropy"}


@pytest.mark.parametrize(
    ("board", "method", "near", "far"),
    [
        ("cifar10", "MSP on CrossEntropy", (88.03, 0.25), (90.73, 0.43)),
        ("cifar100", "RankFeat on CrossEntropy", (61.88, 1.28), (67.10, 1.42)),
        ("imagenet200_ood", "SCALE on CrossEntropy", (84.84, None), (93.98, None)),
        ("imagenet1k_fsood", "NAC on CrossEntropy", (59.48, None), (87.48, None)),
    ],
)
def test_published_numbers(
    board: str, method: str, near: tuple[float, float | None], far: tuple[float, float | None]
) -> None:
    rows = [row for row in committed(board) if row.method == method and row.architecture in ("ResNet18", "ResNet50")]
    for metric, (value, sd) in (("near_ood_auroc", near), ("far_ood_auroc", far)):
        (row,) = (row for row in rows if row.metric == metric)
        assert row.value == value
        assert sd is None or row.sd == sd


def test_committed_files_are_what_the_published_rows_say(mirror: Path) -> None:
    path = mirror / "published" / "openood_leaderboard_rows.json"
    if not path.is_file():
        pytest.skip("the mirror folder (METTLE_MIRROR) has no published/openood_leaderboard_rows.json")
    entries = read_entries(path)
    assert len(entries) == sum(COUNTS.values())
    for name, board in BOARDS.items():
        file = REPORTED / f"{board.file}.json"
        assert read(ReportedResults, file) == imported(entries, name)
        assert file.stat().st_size < 400_000
