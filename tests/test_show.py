"""What the terminal says of a record: its tier, scores with their units, and what the run notes."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from benchmark.documents import Record
from benchmark.documents.store import find_records
from benchmark.paths import ROOT
from benchmark.show import ScoringBar, score_lines
from benchmark.task_registry import TASKS_DIR

NOTE = "The reason."


@pytest.fixture(scope="module")
def record() -> Record:
    """One with a gain, and with a note."""
    found = (record for _, record in find_records(ROOT / "submissions"))
    with_gain = next(record for record in found if record.result.task.id == "curation/fashion-mnist-dirty-1k")
    return with_gain.model_copy(update={"run": with_gain.run.model_copy(update={"notes": [NOTE]})})


def test_the_primary_score_comes_first_and_notes_last(record: Record) -> None:
    head, first, second, *rest, last = score_lines(record, TASKS_DIR)
    assert head == f"{record.result.submission} on curation/fashion-mnist-dirty-1k (version 1)"
    assert first.split()[:2] == ["Normalized", "gain"]
    assert second.split()[:2] == ["Test", "accuracy"]
    assert not any("missing" in line or NOTE in line for line in (first, second, *rest))
    assert last.strip() == NOTE


@pytest.mark.parametrize("tier", ["quick", "fast"])
def test_a_tier_that_is_never_ranked_is_said_first(record: Record, tier: str) -> None:
    other = record.model_copy(update={"result": record.result.model_copy(update={"tier": tier})})
    assert next(score_lines(other, TASKS_DIR)).endswith(f"(version 1), {tier} tier, never ranked")


def test_a_missing_primary_score_is_said_with_its_reason_and_accuracy_still_shown(record: Record) -> None:
    scores = {name: score for name, score in record.result.scores.items() if name != "normalized_gain"}
    without = record.model_copy(update={"result": record.result.model_copy(update={"scores": scores})})
    _, first, second, *_, last = score_lines(without, TASKS_DIR)
    assert first.split() == ["Normalized", "gain", "missing"]
    assert second.split()[:3] == ["Test", "accuracy", f"{100 * scores['accuracy'].value:.2f}"]
    assert last.strip() == NOTE


def test_a_finished_bar_ends_at_its_total() -> None:
    shown = io.StringIO()
    with ScoringBar(Console(file=shown, force_terminal=True, width=100)) as bar:
        finished = 0.0
        for _ in range(10):
            finished += 0.1
            bar("a submission", finished, 1)
    assert finished < 1, "the shares do not sum to a whole number"
    assert "1/1" in shown.getvalue()
