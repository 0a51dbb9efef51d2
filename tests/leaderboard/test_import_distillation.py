"""The importer against single lines and, where a mirror folder (METTLE_MIRROR) has it, the published table."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from benchmark.documents import ReportedResults, read
from benchmark.errors import MettleError
from leaderboard.build import REPORTED_DIR
from leaderboard.reported import reported_rows
from scripts.import_distillation import SUSPECTS, TARGET, imported

COLUMNS = "dataset,ipc,method,acc,std,eval_arch,labels,protocol_note,source,verified"


def table(folder: Path, *lines: str) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join([COLUMNS, *lines]) + "\n")
    return path


def test_a_number_goes_to_the_task_of_its_data_set_and_budget(tmp_path: Path) -> None:
    lines = (
        'FashionMNIST,10,DSA,84.6,0.3,"ConvNet-3 (128, IN)",hard,1000 ep,KIP paper Tables 1-2,yes',
        "SVHN,1,DM,10,,Net,hard,,recalled from the DC papers,recalled",
        "CIFAR-10,whole,Whole dataset,84.8,0.1,Net,hard,,NCFM paper Table 1,yes",
        "ImageNet-1K,200,Random,57.7,0.6,ResNet-18,soft,,no-distillation Table 2,yes",
    )
    rows = imported(table(tmp_path, *lines)).rows
    assert [(row.task, row.metric) for row in rows] == [
        ("distillation/fashion-mnist-ipc10", "accuracy"),
        ("Distilled SVHN", "1_image_a_class"),
        ("ConvNet-3 on a whole training set", "accuracy"),
        ("Distilled ImageNet-1K", "200_images_a_class"),
    ]
    assert [row.verified for row in rows] == [True, False, True, True]
    assert rows[0].note == "KIP paper Tables 1-2; labels: hard; 1000 ep."
    assert rows[1].source == "https://arxiv.org/abs/2110.04181"
    assert rows[1].sd is None


def test_a_suspect_number_is_not_verified_and_says_why(tmp_path: Path) -> None:
    note = "as tabulated | SUSPECT: cell repeats the IPC1 value (copy error)"
    (row,) = imported(table(tmp_path, f"CIFAR-100,10,DSAC,14.6,0.3,Net,hard,{note},NCFM paper Table 1,yes")).rows
    assert not row.verified
    assert row.anomalies == ["Suspect: cell repeats the IPC1 value (copy error)."]
    assert row.note.endswith("as tabulated.")


def test_a_copied_cell_that_the_table_passes_over_is_suspect(tmp_path: Path) -> None:
    lines = [
        f"CIFAR-100,10,KIP,24.89,,Net,hard,DC-BENCH mean over {what},DC-BENCH leaderboard HTML,yes"
        for what in ("augmentations", "transfer architectures")
    ]
    kept, copied = imported(table(tmp_path, *lines)).rows
    assert (kept.verified, kept.anomalies) == (True, [])
    assert not copied.verified
    assert copied.anomalies[0].startswith("Suspect: the source prints the mean over augmentations, 24.89, once more")


def test_a_wider_net_is_not_the_usual_one(tmp_path: Path) -> None:
    line = 'CIFAR-10,1,KIP,49.9,0.2,"ConvNet-3 (128, IN)","learned soft, wider net",as tabulated,DATM Table 1,yes'
    (row,) = imported(table(tmp_path, line)).rows
    assert row.architecture == "wider than ConvNet-3, see note"
    assert "wider net" in row.note
    committed = read(ReportedResults, REPORTED_DIR / TARGET)
    assert {row.architecture for row in committed.rows if "wider net" in row.note} == {
        "wider than ConvNet-3, see note", "wider than ConvNet-4, see note",
    }  # fmt: skip


def test_unknown_sources_and_budgets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MettleError, match="Add it to SOURCES"):
        imported(table(tmp_path, "CIFAR-10,1,DC,28,,Net,hard,,a blog,yes"))
    with pytest.raises(MettleError, match="images a class"):
        imported(table(tmp_path, "MNIST,all,DC,28,,Net,hard,,NCFM paper,yes"))


def test_committed_rows_are_what_the_table_says(mirror: Path) -> None:
    source = mirror / "published" / "distillation.csv"
    if not source.is_file():
        pytest.skip("no mirror folder (METTLE_MIRROR) has published/distillation.csv")
    committed = read(ReportedResults, REPORTED_DIR / TARGET)
    assert committed == imported(source)
    with source.open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert sorted(row.value for row in committed.rows) == sorted(float(line["acc"]) for line in lines)
    unchecked = [line for line in lines if line["verified"] != "yes" or "SUSPECT" in line["protocol_note"]]
    assert sum(not row.verified for row in committed.rows) == len(unchecked) + len(SUSPECTS)


def test_nothing_recalled_is_shown_as_checked() -> None:
    committed = read(ReportedResults, REPORTED_DIR / TARGET)
    assert not [row for row in committed.rows if "recalled" in row.note and row.verified]
    rows = reported_rows([committed], "distillation/fashion-mnist-ipc10", "accuracy")
    assert {row.first.method for row in rows if row.verified} >= {"DC", "DSA"}
    assert "Herding" not in {row.first.method for row in rows if row.verified}
