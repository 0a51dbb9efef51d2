"""Numbers with an interval in README and task cards are those of committed records that nothing supersedes.

A number of a task card is one of that family's records; which of them, nobody checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from benchmark.documents import Record
from benchmark.documents.store import standing_records
from benchmark.paths import ROOT
from benchmark.reproduce import SUBMISSIONS
from benchmark.task_registry import find_task
from tasks.curation.anchors import anchor_accuracies

CARDS = [ROOT / "README.md", *sorted((ROOT / "tasks").glob("*/README.md"))]
NUMBER = r"-?\d*\.?\d+"
WITH_INTERVAL = re.compile(rf"(?<![\d.])({NUMBER})(?:\*\*)? \[({NUMBER}), ({NUMBER})\]")
Numbers = tuple[float, float, float]


@pytest.fixture(scope="module")
def standing() -> list[Record]:
    return [record for _, record in standing_records(SUBMISSIONS)]


def scored(records: Iterable[Record]) -> list[Numbers]:
    """Value and interval of all scores of these records, as shares and in percent."""
    scores = [score for record in records for score in record.result.scores.values()]
    found = [(one.value, one.lower, one.upper) for one in scores if one.lower is not None and one.upper is not None]
    return found + [(100 * value, 100 * lower, 100 * upper) for value, lower, upper in found]


def rounds_to(number: float, text: str) -> bool:
    digits = len(text.partition(".")[2])
    return abs(number - float(text)) <= 0.5 * 10**-digits + 1e-9


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.parent.name)
def test_each_is_a_score_of_a_record(card: Path, standing: list[Record]) -> None:
    families = [record.result.task.id.partition("/")[0] for record in standing]
    of = card.parent.name if card.parent != ROOT else ""
    known = scored(record for record, family in zip(standing, families, strict=True) if of in ("", family))
    given = [(match.group(0), match.groups()) for match in WITH_INTERVAL.finditer(card.read_text(encoding="utf-8"))]
    unknown = [
        shown
        for shown, texts in given
        if not any(all(rounds_to(*pair) for pair in zip(numbers, texts, strict=True)) for numbers in known)
    ]
    assert not unknown


ANCHORS = re.compile(rf"`([\w-]+)` \((?:anchors ({NUMBER}) and ({NUMBER})|random ({NUMBER})) %\)")


def test_anchors_of_curation_are_those_of_the_reference() -> None:
    """`task` (anchors 74.08 and 85.40 %), or (random 89.94 %)."""
    given = ANCHORS.findall((ROOT / "tasks" / "curation" / "README.md").read_text(encoding="utf-8"))
    assert len(given) >= 6
    for task, low, high, alone in given:
        frozen = anchor_accuracies(find_task(f"curation/{task}"))
        assert rounds_to(100 * frozen["random"].mean(), alone or low)
        assert not high or rounds_to(100 * frozen["oracle"].mean(), high)


def test_the_cards_have_such_numbers() -> None:
    counts = {card.parent.name: len(WITH_INTERVAL.findall(card.read_text(encoding="utf-8"))) for card in CARDS}
    assert all(counts[family] >= 10 for family in ("distillation", "curation", "ood"))
