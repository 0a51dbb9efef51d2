"""Scores that no row has are named below the table, described as empty, and a dash says why it is one."""

from __future__ import annotations

from pathlib import Path

import pytest
from html_page import check_page
from synthetic import Method
from synthetic_families import add_scores, sized_set, write_family_task

from benchmark.documents import Metric, Task
from leaderboard.build import build
from leaderboard.missing import left_out, why_missing


def metrics(*names: str) -> list[Metric]:
    made = {"description": "D.", "unit": "share", "higher_is_better": True}
    return [Metric.model_validate({"name": name, "title": name.capitalize(), **made}) for name in names]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        (["canary"], "No row has this yet: Canary."),
        (
            ["lift", "recovery"],
            "No row has these yet: Lift, Recovery. Their anchors were not measured when the rows were scored.",
        ),
        (["lift"], "No row has this yet: Lift. Its anchors were not measured when the rows were scored."),
        (
            ["lift", "canary"],
            "No row has these yet: Lift, Canary. The anchors of Lift were not measured when the rows were scored.",
        ),
    ],
)
def test_what_no_row_has(names: list[str], said: str) -> None:
    assert left_out(metrics(*names)) == said


def test_quick_rows_blame_no_anchor() -> None:
    said = left_out(metrics("lift", "canary"), {"quick", "fast"})
    assert said == (
        "No row has these yet: Lift, Canary. Quick and fast runs leave out what needs the standard training."
    )
    assert "anchors" in left_out(metrics("lift"), {"quick", "standard"})


def test_a_dash_says_why() -> None:
    lift, canary = metrics("lift", "canary")
    assert "anchors" in why_missing(lift)
    assert "anchors" not in why_missing(canary)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    tasks, root = tmp_path / "tasks", tmp_path / "submissions"
    task: Task = write_family_task(
        tasks,
        "distillation/few",
        "training_runs",
        "accuracy",
        ("bytes_total", "lift", "recovery"),
        artifacts='["distilled"]',
    )
    for index, size in enumerate((1000, 2000)):
        method = Method(f"set-{index}", f"Set {index}", 0, 1, kind="distilled", baseline=True)
        add_scores(root, task, method, sized_set([0.5, 0.51, 0.52 + index / 10], size))
    build(tmp_path / "site", [root], tasks, tmp_path / "none")
    return tmp_path / "site"


def test_the_task_page_names_them_and_describes_them_as_empty(site: Path) -> None:
    page = check_page(site / "tasks/distillation/few.v1.html", site)
    assert (
        "No row has these yet: Lift, Recovery. Their anchors were not measured when the rows were scored." in page.text
    )
    assert page.text.count("No row has it yet.") == 2
    assert "Bytes total. Lower is better. No row has it yet." not in page.text


def test_dashes_of_the_submission_page_say_why(site: Path) -> None:
    page = check_page(site / "submissions/set-0.html", site)
    titles = [item["title"] for item in page.of("span") if item.get("class") == "missing"]
    assert titles.count(why_missing(metrics("lift")[0])) == 2
    assert "not scored" not in titles
