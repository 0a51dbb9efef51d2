from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.documents import ReportedResults, read
from leaderboard.build import REPORTED_DIR
from leaderboard.reported import external_protocols, reported_rows

FACTS = {"unit": "percent", "source": "https://example.org", "retrieved": "2026-01-01", "verified": True}


def document(*rows: dict[str, object], title: str = "Paper") -> ReportedResults:
    content = {"schema_version": 1, "title": title, "licence": "MIT", "rows": [{**FACTS, **row} for row in rows]}
    return ReportedResults.model_validate(content)


def test_metrics_of_a_method_share_a_row() -> None:
    rows = reported_rows(
        [
            document(
                {"task": "corruption/t", "method": "A", "metric": "m", "value": 70.0, "note": "n"},
                {"task": "corruption/t", "method": "A", "metric": "clean", "value": 0.9, "unit": "share", "note": "n"},
                {"task": "corruption/t", "method": "B", "metric": "m", "value": 80.0, "verified": False},
                {"task": "corruption/t", "method": "C", "metric": "clean", "value": 99.0},
                {"task": "elsewhere", "method": "D", "metric": "m", "value": 1.0},
            )
        ],
        "corruption/t",
        "m",
    )
    assert [row.first.method for row in rows] == ["B", "A", "C"]
    assert (rows[1].percent("m"), rows[1].percent("clean"), rows[2].percent("m")) == (70.0, 90.0, None)
    assert rows[1].notes == ("n",)
    assert [row.verified for row in rows] == [False, True, True]


def test_the_same_number_twice_is_two_rows() -> None:
    one = {"task": "t", "method": "A", "metric": "m", "value": 70.0}
    assert len(reported_rows([document(one, {**one, "value": 71.0})], "t", "m")) == 2
    assert len(reported_rows([document(one), document(one, title="Other")], "t", "m")) == 2


def test_external_protocols() -> None:
    one = {"method": "A", "metric": "m", "value": 70.0}
    documents = [document({**one, "task": "z"}, {**one, "task": "corruption/t"}, {**one, "task": "a"})]
    assert external_protocols(documents, ["corruption/t"]) == ["a", "z"]


@pytest.mark.parametrize(
    ("name", "task", "count", "best"),
    [
        ("robustbench-cifar10-c", "corruption/cifar10-c", 23, ("Diffenderfer2021Winning_LRR_CARD_Deck", 92.78)),
        ("robustbench-cifar100-c", "corruption/cifar100-c", 13, ("Erichson2022NoisyMix", 72.06)),
    ],
)
def test_robustbench_rows(name: str, task: str, count: int, best: tuple[str, float]) -> None:
    rows = reported_rows([read(ReportedResults, REPORTED_DIR / f"{name}.json")], task, "mean_accuracy")
    assert len(rows) == count
    assert (rows[0].first.method, rows[0].percent("mean_accuracy")) == best
    assert all(set(row.values) == {"mean_accuracy", "clean_accuracy"} for row in rows)


def test_reported_files_are_documents() -> None:
    paths: list[Path] = sorted(REPORTED_DIR.glob("*.json"))
    assert paths
    for path in paths:
        assert json.loads(path.read_text())["rows"]
        read(ReportedResults, path)
