"""Metrics without a better end: no sentence, no bold, the largest first; and what decides a score stays what it was."""

from __future__ import annotations

import json
from pathlib import Path

from html_page import check_page
from synthetic import Method
from synthetic_families import add_scores, sized_set, write_family_task

from benchmark.documents import read_task
from benchmark.task_registry import all_tasks
from leaderboard.build import build

NONE = {"distinct_images", "effective_images", "learning_rate", "leak_gap", "canary_accuracy"}


def test_submitted_sets_have_no_better_end_where_there_is_none() -> None:
    for entry in all_tasks():
        if entry.task.family in ("curation", "distillation"):
            without = {metric.name for metric in entry.task.also if metric.direction == "none"}
            assert without == NONE & {metric.name for metric in entry.task.also}
            assert entry.task.primary.direction == "best"


def test_pages_call_neither_end_better(tmp_path: Path) -> None:
    tasks, root = tmp_path / "tasks", tmp_path / "submissions"
    task = write_family_task(
        tasks, "distillation/few", "training_runs", "accuracy", ("bytes_total",), artifacts='["distilled"]'
    )
    path = tasks / "distillation" / "few.v1.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("higher_is_better = false", 'higher_is_better = false\ndirection = "none"'))
    assert read_task(path).scoring_sha256 == task.scoring_sha256
    for index, accuracy in enumerate((0.5, 0.6)):
        method = Method(f"set-{index}", f"Set {index}", 0, 1, kind="distilled", baseline=True)
        add_scores(root, task, method, sized_set([accuracy, accuracy + 0.01], 1000 + index))
    build(tmp_path / "site", [root], tasks, tmp_path / "none")
    page = check_page(tmp_path / "site/tasks/distillation/few.v1.html", tmp_path / "site")
    assert page.text.count("is better") == 2, "of the primary metric, as a fact and in the glossary"
    (head,) = [cell for cell in page.table("ranked-caption").head if cell.attributes.get("data-name") == "bytes_total"]
    assert head.attributes["data-best"] == "high"
    compare = check_page(tmp_path / "site/compare/distillation/few.v1.html", tmp_path / "site")
    island = json.loads(compare.data["compare-island"])
    assert [metric["higher"] for metric in island["metrics"]] == [True, None]
