"""Bundles: who is ranked, who is not and why, and what no other row can change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from html_page import check_page
from synthetic import Method, add, text, write_task
from synthetic_families import group_task

from benchmark.documents import Score, Task
from benchmark.documents.readers import read_bundle
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from leaderboard.build import build
from leaderboard.bundle_view import bundle_view
from leaderboard.bundles import BundleTable, OtherRules, bundle_table, read_bundles
from leaderboard.collect import collect
from leaderboard.ranking import Place
from leaderboard.revision import SiteRevision
from leaderboard.rows import tables

FLOORS = {"corruption/a-mc": 0.1, "corruption/b-mc": 0.2}
IMAGES = 1500


def bundle_text(tasks: dict[str, tuple[int, float, float]], version: int = 1, name: str = "both") -> str:
    members = "".join(
        f"[[tasks]]\nid = {text(task)}\nversion = {at}\nfloor = {floor}\nceiling = {ceiling}\n"
        for task, (at, floor, ceiling) in tasks.items()
    )
    head = f'schema_version = 1\nname = "{name}"\nversion = {version}\ntitle = "Both <b>"\nsummary = "Two tasks."\n'
    return head + members


class Folders:
    """Two tasks on the same images, a bundle of both, and rows."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tasks_dir, self.root = folder, folder / "tasks", folder / "submissions"
        self.tasks = {task_id: write_task(self.tasks_dir, task_id) for task_id in FLOORS}
        self.write({task: (1, floor, 1.0) for task, floor in FLOORS.items()})

    def write(self, tasks: dict[str, tuple[int, float, float]], version: int = 1) -> Path:
        path = self.tasks_dir / "bundles" / f"both-v{version}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(bundle_text(tasks, version), encoding="utf-8")
        return path

    def add(self, name: str, skills: tuple[float | None, float | None], said: str = "measured", **more: Any) -> None:
        for index, (task, skill) in enumerate(zip(self.tasks.values(), skills, strict=True)):
            if skill is not None:
                seed = more.get("seed", sum(map(ord, name))) + 1000 * index
                method = Method(name, name.title(), skill, **{"team": name, **more, "seed": seed})
                add(self.root, task, method, images=IMAGES, said=said)

    def table(self) -> BundleTable:
        collection = collect([self.root], self.tasks_dir, self.folder / "none")
        (bundle,) = read_bundles(self.tasks_dir, collection.tasks)
        board = {key: tables(task, collection.entries[key]) for key, task in collection.tasks.items()}
        return bundle_table(bundle, collection.tasks, board)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    found = Folders(tmp_path)
    found.add("good", (1.0, 1.0))
    found.add("mixed", (1.2, 0.2))
    found.add("weak", (0.1, 0.1))
    return found


def width(score: Score | None) -> float:
    assert score is not None
    assert score.lower is not None
    assert score.upper is not None
    return score.upper - score.lower


def facts(table: BundleTable) -> dict[str, tuple[Score | None, Place | None, OtherRules | None]]:
    return {row.submission.name: (row.score, row.place, row.rules) for row in table.complete}


def test_the_mean_of_anchored_scores_by_hand(folders: Folders) -> None:
    table = folders.table()
    assert [row.submission.name for row in table.complete] == ["good", "mixed", "weak"]
    for row in table.complete:
        assert row.score is not None
        expected = [(part.score.value - FLOORS[key[0]]) / (1 - FLOORS[key[0]]) for key, part in row.parts.items()]
        assert [part.anchored for part in row.parts.values()] == pytest.approx(expected)
        assert row.score.value == pytest.approx(sum(expected) / 2, abs=1e-12)
        assert row.score.lower is not None
        assert row.score.upper is not None
        assert row.score.lower < row.score.value < row.score.upper
    assert table.shared_images
    assert table.ranking is not None
    assert table.ranking.images == IMAGES


def test_the_interval_counts_an_image_once(folders: Folders) -> None:
    """The difficulty of images is shared by both tasks, so the interval is longer than that of independent tasks."""
    for row in folders.table().complete:
        first, second = (width(part.score) for part in row.parts.values())
        assert width(row.score) > 1.1 * np.hypot(first / 0.9, second / 0.8) / 2


def test_a_missing_task_means_no_aggregate_and_is_named(folders: Folders) -> None:
    folders.add("half", (2.0, None))
    folders.add("alone", (2.0, 2.0), said="")
    folders.add("claims", (2.0, 2.0), kind="predictions")
    table = folders.table()
    assert {row.submission.name for row in table.complete} == {"good", "mixed", "weak"}
    (half,) = table.incomplete
    assert half.submission.name == "half"
    assert half.score is half.place is half.rules is None
    assert half.missing == {("corruption/b-mc", 1): "no record"}


def test_a_record_in_another_table_is_said_to_be_there(folders: Folders) -> None:
    folders.add("half", (2.0, None))
    flagged = Method("half", "Half", 2.0, 77, team="half", flags=[{"name": "batch-dependent", "evidence": "e"}])
    add(folders.root, folders.tasks["corruption/b-mc"], flagged, images=IMAGES, said="measured")
    (half,) = folders.table().incomplete
    assert "Batch-dependent" in half.missing["corruption/b-mc", 1]


def test_five_clones_change_nothing_for_others(folders: Folders) -> None:
    before = facts(folders.table())
    for clone in range(5):
        folders.add(f"clone-{clone}", (1.2, 0.2), seed=sum(map(ord, "mixed")), started="2026-06-01T00:00:00Z")
    after = folders.table()
    assert facts(after) == before
    assert after.incomplete == ()


def test_five_versions_of_one_method_change_nothing_for_others(folders: Folders) -> None:
    before = facts(folders.table())
    for version in range(5):
        when = f"2025-06-0{version + 1}T00:00:00Z"
        folders.add(f"older-{version}", (1.1 + version / 100, 0.2), team="mixed", method="mixed", started=when)
    assert facts(folders.table()) == before


def test_a_row_less_flips_no_pair(folders: Folders) -> None:
    folders.add("fourth", (0.5, 0.6))
    whole = [row.submission.name for row in folders.table().complete]
    scores = {name: found[0] for name, found in facts(folders.table()).items()}
    for gone in whole:
        hidden = folders.root / gone
        hidden.rename(folders.folder / gone)
        rest = folders.table()
        assert [row.submission.name for row in rest.complete] == [name for name in whole if name != gone]
        assert all(row.score == scores[row.submission.name] for row in rest.complete)
        (folders.folder / gone).rename(hidden)


def test_other_rules_by_hand(folders: Folders) -> None:
    """mixed is first of three in one task and second in the other; an incomplete row moves its mean rank only."""
    rules = {name: found[2] for name, found in facts(folders.table()).items()}
    assert {name: (rule.mean_rank, rule.borda) for name, rule in rules.items() if rule is not None} == {
        "good": (1.5, 0.75),
        "mixed": (1.5, 0.75),
        "weak": (3.0, 0.0),
    }
    assert {name: (rule.best, rule.worst) for name, rule in rules.items() if rule is not None} == {
        "good": (1, 1),
        "mixed": (1, 2),
        "weak": (3, 3),
    }


def test_tasks_of_other_images_are_drawn_apart(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    path = folders.tasks_dir / "corruption" / "b-mc.v1.toml"
    path.write_text(path.read_text().replace('dataset = "synthetic"', 'dataset = "another"'), encoding="utf-8")
    folders.tasks = {key[0]: task for key, task in collect([], folders.tasks_dir, tmp_path).tasks.items()}
    for name, skills in {"good": (1.0, 1.0), "weak": (-0.5, -0.5)}.items():
        folders.add(name, skills)
    table = folders.table()
    assert not table.shared_images
    assert table.ranking is not None
    assert table.ranking.images == 2 * IMAGES
    assert [row.place.upper for row in table.complete if row.place] == [1, 2]
    first = table.complete[0].score
    assert first is not None
    assert first.n == 2 * IMAGES


def test_lower_may_be_better(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    path = folders.tasks_dir / "corruption" / "b-mc.v1.toml"
    lower = path.read_text().replace("higher_is_better = true", "higher_is_better = false", 1)
    path.write_text(lower, encoding="utf-8")
    folders.write({"corruption/a-mc": (1, 0.1, 1.0), "corruption/b-mc": (1, 1.0, 0.0)})
    folders.add("one", (1.0, 1.0))
    (row,) = folders.table().complete
    parts = {key[0]: part for key, part in row.parts.items()}
    assert parts["corruption/b-mc"].anchored == pytest.approx(1 - parts["corruption/b-mc"].score.value)
    assert row.rules is not None
    assert (row.rules.borda, row.rules.best, row.rules.worst) == (None, 1, 1)


def test_nobody(tmp_path: Path) -> None:
    table = Folders(tmp_path).table()
    assert (table.complete, table.incomplete, table.ranking) == ((), (), None)


REFUSED = {
    "of this repository": {"corruption/a-mc": (1, 0.1, 1.0), "corruption/c-mc": (1, 0.1, 1.0)},
    "mean over images": {"corruption/a-mc": (1, 0.1, 1.0), "subgroup/groups": (1, 0.1, 1.0)},
    "the better end": {"corruption/a-mc": (1, 0.1, 1.0), "corruption/b-mc": (1, 1.0, 0.1)},
    "one tier": {"corruption/a-mc": (1, 0.1, 1.0), "corruption/research-mc": (1, 0.1, 1.0)},
    "floor and ceiling differ": {"corruption/a-mc": (1, 0.1, 1.0), "corruption/b-mc": (1, 0.5, 0.5)},
    "tasks": {"corruption/a-mc": (1, 0.1, 1.0)},
}


@pytest.mark.parametrize("rule", REFUSED)
def test_bundles_that_mean_nothing_are_refused(folders: Folders, rule: str) -> None:
    group_task(folders.tasks_dir)
    write_task(folders.tasks_dir, "corruption/research-mc", tier="research")
    folders.write(REFUSED[rule])
    with pytest.raises(MettleError, match=rule):
        folders.table()


def test_a_bundle_is_called_like_its_file(folders: Folders) -> None:
    path = folders.write({task: (1, floor, 1.0) for task, floor in FLOORS.items()})
    wrong = path.rename(path.with_name("other-v1.toml"))
    with pytest.raises(MettleError, match=r"both-v1\.toml"):
        read_bundle(wrong)


def test_pages_of_two_versions(folders: Folders) -> None:
    folders.write({"corruption/a-mc": (1, 0.0, 1.0), "corruption/b-mc": (1, 0.0, 1.0)}, version=2)
    folders.add("half", (2.0, None))
    site = folders.folder / "site"
    build(site, [folders.root], folders.tasks_dir, folders.folder / "none", SiteRevision("c" * 40, "2026-11-22", False))
    pages = {path.relative_to(site).as_posix(): check_page(path, site) for path in site.rglob("*.html")}
    newest, older = pages["bundles/both.v2.html"], pages["bundles/both.v1.html"]
    assert "An older version" in older.text
    assert "An older version" not in newest.text
    assert "Both <b>" in pages["index.html"].text
    assert [row[1].text.split()[0] for row in older.table("complete-caption").body] == ["Good", "Mixed", "Weak"]
    assert "3 pairs" in older.table("complete-caption").caption
    (half,) = older.table("incomplete-caption").body
    assert "no record" in half[-1].text
    rows = json.loads((site / "data" / "bundles" / "both.v1.json").read_text(encoding="utf-8"))
    assert [row["submission"] for row in rows] == ["good", "mixed", "weak", "half"]
    assert rows[3]["anchored_mean"] is None
    assert rows[3]["missing"] == ["corruption/b-mc v1: no record"]
    assert float(older.table("complete-caption").body[0][2].text.split()[0]) == pytest.approx(
        100 * rows[0]["anchored_mean"], abs=0.051
    )


def test_frozen_anchors_are_those_of_the_tasks() -> None:
    """A task may mend its texts, and its floor stands among them: the bundles of this repository say so first."""
    tasks: dict[tuple[str, int], Task] = collect([], ROOT / "tasks", ROOT / "none").tasks
    bundles = read_bundles(ROOT / "tasks", tasks)
    assert {bundle.name for bundle in bundles} >= {"cifar10-checkpoint", "fashion-mnist-checkpoint"}
    for bundle in bundles:
        for member in bundle.tasks:
            primary = tasks[member.id, member.version].primary
            assert (member.floor, member.ceiling) == (primary.floor, primary.ceiling)


def test_the_same_runs_of_all_tasks_widen_a_bundles_intervals(folders: Folders, tmp_path: Path) -> None:
    offsets = (-0.02, 0.0, 0.02)
    one_run = Folders(tmp_path / "one run")
    one_run.add("many", (0.8, 0.8))
    (images_alone,) = one_run.table().complete
    folders.add("many", (0.8, 0.8), runs=offsets)  # the same answers
    table = folders.table()
    many = next(row for row in table.complete if row.submission.name == "many")
    floors = np.array(list(FLOORS.values()))
    values = np.array([part.score.value for part in many.parts.values()])
    expected = [np.mean((values + offset - floors) / (1 - floors)) for offset in offsets]
    np.testing.assert_allclose(many.runs, expected, rtol=1e-9)
    assert many.score is not None
    assert (many.score.covers, images_alone.score and images_alone.score.covers) == ("both", "test images")
    over_runs = 4.302653 * np.std(expected, ddof=1) / np.sqrt(3)
    assert width(many.score) / 2 == pytest.approx(np.hypot(width(images_alone.score) / 2, over_runs), rel=1e-5)
    assert [row.runs for row in table.complete if row is not many] == [()] * 3
    assert table.ranking is not None
    assert table.ranking.run_sd == pytest.approx(np.std(expected, ddof=1) / np.sqrt(np.log(2)), rel=1e-9)
    assert "and over training runs where" in bundle_view(table).caption
    assert "training runs where" not in bundle_view(one_run.table()).caption
