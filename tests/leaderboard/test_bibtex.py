"""BibTeX that TeX reads: braces balance, and hostile names stay text."""

from __future__ import annotations

from pathlib import Path

import pytest
from synthetic import HOSTILE_TITLES, Method, add, write_submission, write_task

from benchmark.documents import read_submission
from leaderboard.bibtex import escaped, submission_entry, table_entry
from leaderboard.collect import collect
from leaderboard.revision import SiteRevision


def balanced(text: str) -> bool:
    depth = 0
    for sign in text.replace("\\{", "").replace("\\}", ""):
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    return depth == 0


@pytest.mark.parametrize("title", [*HOSTILE_TITLES, "100 % of {this} & _that_ #1 $x^2$ ~ \\end"])
def test_hostile_titles_stay_inside_their_braces(tmp_path: Path, title: str) -> None:
    write_submission(
        tmp_path, Method("a.b_c", title[:200].strip(), 0, 0, extra='paper = "https://example.org/a_{b}"\n')
    )
    entry = submission_entry(read_submission(tmp_path / "a.b_c"), [])
    assert balanced(entry)
    assert entry.startswith("@misc{mettle-a.b-c,\n")
    assert "\\url{https://example.org/a_b}" in entry
    assert "year" not in entry


def test_escaping() -> None:
    assert escaped("50 % & a_b {c} ~") == r"50 \% \& a\_b \{c\} \textasciitilde{}"
    assert escaped("נ — é") == "נ — é"


def test_records_and_commit_are_named(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks")
    record = add(tmp_path / "submissions", task, Method("a", "A", 0.5, 1), images=50)
    entries = collect([tmp_path / "submissions"], tmp_path / "tasks", tmp_path / "none").entries[task.id, 1]
    entry = submission_entry(entries[0].submission, entries)
    assert "year = {{2026}}" in entry
    assert record.id[:12] in entry
    table = table_entry(task, SiteRevision("0123456789abcdef", "2025-03-04", dirty=False))
    assert "year = {{2025}}" in table
    assert "commit 0123456789ab" in table
    assert balanced(table)
    assert "year" not in table_entry(task, None)
