"""Sets of others are ranked by nets whose seeds maintainers drew, and attested."""

from __future__ import annotations

from pathlib import Path

from synthetic import Method
from synthetic_families import add_scores, sized_set, sized_sets_task

from leaderboard.collect import collect
from leaderboard.rows import Row, tables

DEVELOPMENT, DRAWN = [1, 2, 3], [4_000_000_007, 12, 77]


def placed(folder: Path, seeds: list[int], said: str, *, baseline: bool = False) -> tuple[str, Row]:
    """The kind of table a record with these seeds stands in, and its row."""
    task = sized_sets_task(folder / "tasks")
    made = sized_set([0.81, 0.82, 0.83], 1000)
    made.more["training_seeds"] = {"a" * 64: seeds} if seeds else {}
    method = Method("set", "Set", 0, 1, kind="distilled", baseline=baseline)
    add_scores(folder / "submissions", task, method, made, said)
    entries = collect([folder / "submissions"], folder / "tasks", folder / "none").entries[task.id, 1]
    ((table, row),) = [(table.kind, row) for table in tables(task, entries) for row in table.rows]
    return table, row


def test_development_seeds_stay_unranked_whatever_is_attested(tmp_path: Path) -> None:
    for said in ("measured", "reproduced"):
        table, row = placed(tmp_path / said, DEVELOPMENT, said)
        assert (table, row.status) == ("unranked", said)
        assert "development seeds 1, 2, 3" in row.reason


def test_baselines_are_ranked_with_development_seeds(tmp_path: Path) -> None:
    assert placed(tmp_path, DEVELOPMENT, "measured", baseline=True)[0] == "ranked"


def test_drawn_seeds_are_ranked_once_maintainers_say_they_drew_them(tmp_path: Path) -> None:
    assert placed(tmp_path / "ours", DRAWN, "measured")[0] == "ranked"
    table, row = placed(tmp_path / "others", DRAWN, "reproduced")
    assert table == "unranked"
    assert "no maintainer has attested" in row.reason


def test_a_self_run_says_that_first(tmp_path: Path) -> None:
    table, row = placed(tmp_path, DEVELOPMENT, "")
    assert (table, row.status) == ("unranked", "self-run")
    assert "nobody else has run it" in row.reason


def test_rows_without_trainings_of_ours_need_no_seeds(tmp_path: Path) -> None:
    assert placed(tmp_path, [], "reproduced")[0] == "ranked"
