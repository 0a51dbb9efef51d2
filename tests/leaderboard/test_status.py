from __future__ import annotations

from pathlib import Path

import pytest
from synthetic import Method, decisions_of, make_record, write_task

from benchmark.documents import Attestation, Record
from leaderboard.status import EXPLAINED, status_of


def record_of(tmp_path: Path, kind: str = "checkpoint") -> Record:
    method = Method(name="m", title="M", skill=0, seed=0, kind=kind)
    return make_record(write_task(tmp_path), method, decisions_of(method, 20))[0]


def said(record: Record, *kinds: str) -> list[Attestation]:
    return [
        Attestation.model_validate(
            {"schema_version": 1, "kind": kind, "record": record.id, "by": "us", "date": "2026-01-01", "reason": "why"}
        )
        for kind in kinds
    ]


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ([], "self-run"),
        (["measured"], "measured"),
        (["measured", "reproduced"], "reproduced"),
        (["reproduced", "measured"], "reproduced"),
        (["reproduced", "withdrawn"], "withdrawn"),
        (["void", "withdrawn", "reproduced"], "void"),
    ],
)
def test_strongest_statement_decides(tmp_path: Path, kinds: list[str], status: str) -> None:
    record = record_of(tmp_path)
    assert status_of(record, said(record, *kinds)) == status


def test_predictions_stay_a_claim_whoever_scored_them(tmp_path: Path) -> None:
    record = record_of(tmp_path, kind="predictions")
    assert status_of(record, said(record, "measured", "reproduced")) == "predictions"
    assert status_of(record, said(record, "void")) == "void"


def test_statements_about_other_records_do_not_count(tmp_path: Path) -> None:
    record = record_of(tmp_path)
    other = said(record_of(tmp_path, kind="predictions"), "void")
    assert status_of(record, other) == "self-run"


def test_every_status_is_explained() -> None:
    assert set(EXPLAINED) == {"self-run", "predictions", "measured", "reproduced", "void", "withdrawn"}
