"""What changed, from records and statements alone."""

from __future__ import annotations

from pathlib import Path

from synthetic import HOSTILE_TITLES, Method, add, attest, write_task
from synthetic_reported import reported

from leaderboard.collect import Collection, collect
from leaderboard.events import by_day, events


def collection(folder: Path) -> Collection:
    """Two records scored on one day, one of them measured then, and what was said later."""
    task = write_task(folder / "tasks")
    write_task(folder / "tasks", "corruption/draft-c", state='"draft"')
    root = folder / "submissions"
    add(root, task, Method("a", "A", 0.5, 1, started="2026-02-01T10:00:00Z"), images=50, said="measured")
    second = add(root, task, Method("b", HOSTILE_TITLES[0], 0.5, 2, started="2026-01-05T10:00:00Z"), images=50)
    attest(root, "b", second.id, "measured")
    attest(root, "b", second.id, "void", date="2026-03-01")
    add(folder / "here", task, Method("mine", "Mine", 0.5, 3, started="2026-04-01T00:00:00Z"), images=50)
    return collect([root, folder / "here"], folder / "tasks", reported(folder / "reported"))


def test_newest_first_and_each_thing_once(tmp_path: Path) -> None:
    found = events(collection(tmp_path))
    about = [(event.date, event.kind, event.entry.name if event.entry else event.document.title) for event in found]
    assert about == [
        ("2026-04-01", "scored", "mine"),
        ("2026-03-01", "void", "b"),
        ("2026-02-01", "measured", "a"),  # scored on that day too, which goes without saying
        ("2026-02-01", "measured", "b"),
        ("2026-01-05", "scored", "b"),
        ("2026-01-01", "reported", "Paper <a>"),
        ("2026-01-01", "reported", "Paper <b>"),
    ]
    assert found[1].reason == "The weights were trained on the test split."
    assert found[-1].numbers == 1


def test_days_hold_lines_of_one_kind_and_task(tmp_path: Path) -> None:
    days = by_day(events(collection(tmp_path)))
    assert [day for day, _ in days] == ["2026-04-01", "2026-03-01", "2026-02-01", "2026-01-05", "2026-01-01"]
    (line,) = dict(days)["2026-02-01"]
    assert [event.entry.name for event in line] == ["a", "b"]
