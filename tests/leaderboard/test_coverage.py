"""What brackets cover is said of the column they stand in, in the page and in the files."""

from __future__ import annotations

import json
from pathlib import Path

from html_page import check_page
from synthetic import Method
from synthetic_families import add_scores, score, sized_set, write_family_task

from benchmark.documents import Score
from leaderboard.build import build
from leaderboard.caption import coverage


def of(*kinds: str) -> list[Score | None]:
    return [Score.model_validate(score(0.5, covers=kind)) if kind else None for kind in kinds]


def test_coverage_of_a_column() -> None:
    assert coverage(of("training runs", "training runs")) == "Brackets cover training runs."
    assert coverage(of("both")) == "Brackets cover test images and training runs together."
    assert coverage(of("both", "test images")) == (
        "Brackets cover test images, and training runs where several are listed."
    )
    assert coverage(of("test images", "")) == "Brackets cover test images, where there are any."
    assert coverage(of("both", "training runs")) == (
        "Brackets cover test images and training runs together or training runs."
    )
    assert coverage([None, Score(value=1.0)]) == ""


def test_pages_and_files_say_it_of_each_column(tmp_path: Path) -> None:
    tasks, root = tmp_path / "tasks", tmp_path / "submissions"
    also = ("lift", "cross_architecture", "bytes_total")
    task = write_family_task(tasks, "distillation/few", "training_runs", "accuracy", also, artifacts='["distilled"]')
    for index, accuracy in enumerate((0.5, 0.6)):
        made = sized_set([accuracy, accuracy + 0.01, accuracy + 0.02], 1000)
        made.scores |= {"lift": score(0.1, covers="training runs"), "cross_architecture": score(0.4)}
        add_scores(root, task, Method(f"set-{index}", "Set", 0, 1, kind="distilled", baseline=True), made)
    build(tmp_path / "site", [root], tasks, tmp_path / "none")
    page = check_page(tmp_path / "site/tasks/distillation/few.v1.html", tmp_path / "site")
    table = page.table("ranked-caption")
    assert "its brackets are 95 % intervals over test images and training runs together." in table.caption
    assert "Brackets of some other columns cover something else" in table.caption
    titles = {cell.attributes["data-name"]: str(cell.attributes.get("title")) for cell in table.head}
    assert titles["lift"].endswith("Brackets cover training runs.")
    assert titles["cross_architecture"].endswith("Brackets cover test images.")
    assert "rackets" not in titles["bytes_total"]
    assert "Higher is better. Brackets cover training runs." in page.text
    data = tmp_path / "site/data"
    (row, _) = json.loads((data / "distillation/few.v1.ranked.json").read_text(encoding="utf-8"))
    covers = {name: row[f"{name}_covers"] for name in ("accuracy", *also)}
    expected = {"accuracy": "both", "lift": "training runs", "cross_architecture": "test images", "bytes_total": None}
    assert covers == expected
    numbers = json.loads((data / "submissions/set-0.json").read_text(encoding="utf-8"))
    lift = next(item for item in numbers if item["metric"] == "lift")
    assert (lift["covers"], lift["confidence"]) == ("training runs", 0.95)
    assert all(set(item) == set(lift) for item in numbers)
