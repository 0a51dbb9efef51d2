"""The importer against single lines and, where a mirror folder (METTLE_MIRROR) has it, the published table."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.documents import ReportedResults, read
from benchmark.errors import MettleError
from leaderboard.build import REPORTED_DIR
from leaderboard.reported import reported_rows
from scripts.import_coresets import FIXED_EPOCHS, FIXED_STEPS, TARGET, TASK, imported

COLUMNS = "dataset,model,method,fraction_pct,acc_pct,std,provenance,source"
LOG = "github.com/a/b@c11f463 results/Uniform.txt (third-party run)"
PLOT = "github.com/x/Coverage-centric-coreset-selection@b37f166 figs/plot.png (read by eye, +-0.7)"


def table(folder: Path, *lines: str) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join([COLUMNS, *lines]) + "\n")
    return path


def test_a_tenth_of_the_images_stands_on_the_tasks_page_too(tmp_path: Path) -> None:
    rows = imported(
        table(
            tmp_path,
            f'CIFAR-10,VGG19,Random,10,77.65,,verified_log,"{LOG}"',
            f'CIFAR-10,ResNet18,CCS,30,93.0,0.2,figure_read,"{PLOT}"',
        )
    ).rows
    assert [(row.task, row.metric) for row in rows] == [
        (TASK, "accuracy"),
        (FIXED_EPOCHS, "accuracy_at_10_percent"),
        (FIXED_STEPS, "accuracy_at_30_percent"),
    ]
    assert [row.verified for row in rows] == [True, True, False]
    assert rows[0].source == "https://github.com/a/b/blob/c11f463/results/Uniform.txt"
    assert "200 epochs" in rows[0].note
    assert rows[0].note.endswith("from a log; third-party run.")
    assert (rows[0].sd, rows[2].sd) == (None, 0.2)
    assert rows[2].architecture == "ResNet-18"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("CIFAR-10,VGG19,Random,10,77,,verified_log,a blog", "a source is"),
        (f'CIFAR-10,AlexNet,Random,10,77,,verified_log,"{LOG}"', "model is one of"),
        (f'CIFAR-10,VGG19,Random,10,77,,hearsay,"{LOG}"', "provenance is one of"),
    ],
)
def test_what_the_tool_does_not_know_is_refused(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(MettleError, match=words):
        imported(table(tmp_path, line))


def test_committed_rows_are_what_the_table_says(mirror: Path) -> None:
    source = mirror / "published" / "coreset.csv"
    if not source.is_file():
        pytest.skip("needs published/coreset.csv of a mirror folder")
    assert read(ReportedResults, REPORTED_DIR / TARGET) == imported(source)


def test_one_row_a_method_and_net_with_a_column_a_share() -> None:
    rows = reported_rows([read(ReportedResults, REPORTED_DIR / TARGET)], FIXED_EPOCHS)
    found = {row.first.method: row for row in rows if row.first.architecture == "VGG-19"}
    assert found["Random"].percent("accuracy_at_10_percent") == 77.65
    assert len(found["Random"].values) == 10
    assert all(row.verified for row in found.values())
