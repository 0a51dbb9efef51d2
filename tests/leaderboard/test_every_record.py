"""No record is lost on the way to the site: every version has its table, and the footer counts what was built."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from html_page import check_page
from synthetic import Method, add, text, write_task

from benchmark.documents import Task
from benchmark.errors import MettleError
from leaderboard import build as builder
from leaderboard.entry import Entry
from leaderboard.revision import SiteRevision
from leaderboard.rows import Table, tables

REVISION = SiteRevision("0123456789abcdef", "2026-11-21", dirty=False)


def two_versions(folder: Path) -> tuple[Path, Path]:
    """An archived version with two records, and the active one with one: the submissions and the tasks folder."""
    root, tasks_dir = folder / "submissions", folder / "tasks"
    older = write_task(tasks_dir, version=1, state=text("archived"))
    newer = write_task(tasks_dir, version=2)
    add(root, older, Method("then", "Then", 0.5, 1), said="measured")
    add(root, older, Method("both", "Both", 1.0, 2), said="measured")
    add(root, newer, Method("both", "Both", 1.0, 3))
    return root, tasks_dir


@pytest.mark.parametrize("change", ["dropped", "doubled"])
def test_a_record_without_its_one_row_fails_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    root, tasks_dir = two_versions(tmp_path)

    def wrong(task: Task, entries: Iterable[Entry]) -> tuple[Table, ...]:
        found = tables(task, entries)
        rows = {"dropped": lambda table: table.rows[1:], "doubled": lambda table: (*table.rows, table.rows[0])}[change]
        return (replace(found[0], rows=rows(found[0])), *found[1:])

    monkeypatch.setattr(builder, "tables", wrong)
    with pytest.raises(MettleError, match="every record has exactly one row, but got"):
        builder.build(tmp_path / "site", [root], tasks_dir, tmp_path / "none", REVISION)
    assert not (tmp_path / "site").exists()


def test_one_table_a_version_archived_and_linked(tmp_path: Path) -> None:
    root, tasks_dir = two_versions(tmp_path)
    site = tmp_path / "site"
    builder.build(site, [root], tasks_dir, tmp_path / "none", REVISION)
    older = check_page(site / "tasks" / "corruption" / "synthetic-mc.v1.html", site)
    newer = check_page(site / "tasks" / "corruption" / "synthetic-mc.v2.html", site)
    index = check_page(site / "index.html", site)
    assert {row[1].text.split()[0] for row in older.table("ranked-caption").body} == {"Then", "Both"}
    assert [row[0].text.split()[0] for row in newer.table("unranked-caption").body] == ["Both"]
    assert "synthetic-mc.v1.html" in " ".join(link["href"] or "" for link in newer.of("a"))
    assert "synthetic-mc.v2.html" in " ".join(link["href"] or "" for link in older.of("a"))
    assert "archived" in older.text
    assert "tasks/corruption/synthetic-mc.v1.html" in {link["href"] for link in index.of("a")}


def test_the_footer_counts_records_and_names_the_commit(tmp_path: Path) -> None:
    root, tasks_dir = two_versions(tmp_path)
    dirty = replace(REVISION, dirty=True)
    for out, revision in (("clean", REVISION), ("dirty", dirty)):
        builder.build(tmp_path / out, [root], tasks_dir, tmp_path / "none", revision)
        for path in (tmp_path / out).rglob("*.html"):
            page = path.read_text(encoding="utf-8")
            footer = " ".join(page[page.index('<footer class="site">') :].split())
            assert "3 records of 2 submissions, built from commit <code>0123456789ab</code> of 2026-11-21" in footer
            assert ("with uncommitted changes" in footer) == (out == "dirty")
