from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from builders import SHA, record, run
from hypothesis import given
from hypothesis import strategies as st

from benchmark.documents import Attestation, Record, array_sha256, canonical_sha256, read_record, rounded
from benchmark.documents.canonical import canonical_json
from benchmark.documents.schema import SCHEMA_DIR, schema_texts
from benchmark.documents.store import (
    find_attestations,
    find_records,
    read_outcomes,
    record_path,
    write_atomically,
    write_attestation,
    write_record,
)
from benchmark.documents.strict import parse
from benchmark.errors import MettleError

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(values)
def test_canonical_json_round_trips_and_is_stable(value: object) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


def test_canonical_json_refuses_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("nan"))


def test_rounding_hides_the_last_digits() -> None:
    assert canonical_sha256(rounded({"a": [0.1 + 0.2]})) == canonical_sha256({"a": [0.3]})
    assert rounded(np.float64(0.5)) == 0.5
    assert type(rounded(np.int64(3))) is int


def test_array_digest_depends_on_dtype_shape_and_values_only() -> None:
    a = np.arange(6, dtype=np.uint16)
    assert array_sha256(a) == array_sha256(a.astype(">u2"))
    assert array_sha256(a) == array_sha256(np.asfortranarray(a))
    assert len({array_sha256(b) for b in (a, a.reshape(2, 3), a.astype(np.uint8), a + 1)}) == 4
    assert array_sha256(np.zeros((0,), np.uint8)) != array_sha256(np.zeros((0, 2), np.uint8))


def test_id_ignores_the_run_and_is_checked() -> None:
    first, _ = record()
    again = Record(schema_version=1, id=first.id, result=first.result, run=run(batch_size=1, seconds=9.0))
    assert again.id == first.id
    data = first.model_dump(mode="json")
    data["result"]["scores"]["mean_accuracy"]["value"] = 0.99
    with pytest.raises(MettleError, match="sha256 of the result"):
        parse(Record, data, "record")


def test_interval_comes_whole() -> None:
    with pytest.raises(ValueError, match="together"):
        record(scores={"mean_accuracy": {"value": 0.5, "lower": 0.4}})
    bad = {"value": 0.5, "lower": 0.6, "upper": 0.4, "covers": "test images", "confidence": 0.95}
    with pytest.raises(ValueError, match="lower must not exceed"):
        record(scores={"mean_accuracy": bad})


def test_records_are_written_found_and_never_edited(tmp_path: Path) -> None:
    document, outcomes = record()
    path = write_record(tmp_path, document, outcomes)
    assert path == record_path(tmp_path, document)
    before = path.read_bytes()
    rerun = Record(schema_version=1, id=document.id, result=document.result, run=run(seconds=99.0))
    assert write_record(tmp_path, rerun, outcomes) == path
    assert path.read_bytes() == before
    assert read_record(path) == document
    assert [found for _, found in find_records(tmp_path)] == [document]
    np.testing.assert_array_equal(read_outcomes(path, document)["primary"], outcomes["primary"])


def test_record_in_the_wrong_place_is_refused(tmp_path: Path) -> None:
    document, outcomes = record()
    path = write_record(tmp_path, document, outcomes)
    stray = tmp_path / "other" / path.relative_to(tmp_path / "demo")
    stray.parent.mkdir(parents=True)
    path.rename(stray)
    with pytest.raises(MettleError, match="a record lies at"):
        list(find_records(tmp_path))


@pytest.mark.parametrize("damage", ["missing", "changed", "not a file of arrays", "bomb"])
def test_outcomes_are_held_against_their_record(tmp_path: Path, damage: str) -> None:
    document, outcomes = record()
    path = write_record(tmp_path, document, outcomes)
    file = path.with_suffix(".npz")
    if damage == "missing":
        file.unlink()
    elif damage == "changed":
        np.savez_compressed(file, primary=1 - outcomes["primary"])
    elif damage == "bomb":
        np.savez_compressed(file, primary=np.zeros(10_000_000, np.uint8))
    else:
        file.write_bytes(b"<html>")
    with pytest.raises(MettleError) as error:
        read_outcomes(path, document)
    assert "\n" not in str(error.value)


def test_too_large_outcomes_are_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 65536, 60_000).astype(np.uint16)
    document, outcomes = record(correct=noise)
    with pytest.raises(MettleError, match="at most 100,000 bytes"):
        write_record(tmp_path, document, outcomes)
    assert not record_path(tmp_path, document).exists()


def test_full_disk_leaves_no_partial_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    document, outcomes = record()
    with pytest.raises(MettleError, match="No space left on device"):
        write_record(tmp_path, document, outcomes)
    assert [p for p in tmp_path.rglob("*") if p.is_file() and p.name != ".lock"] == []


def test_atomic_write_replaces_whole_files(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]


def test_attestations_are_append_only(tmp_path: Path) -> None:
    attestation = Attestation(schema_version=1, kind="measured", record=SHA, by="us", date="2026-11-21")
    path = write_attestation(tmp_path, "demo", attestation)
    assert write_attestation(tmp_path, "demo", attestation.model_copy(update={"reason": "Again."})) == path
    assert list(find_attestations(tmp_path)) == [(path, attestation)]


def test_two_people_attest_the_same_on_one_day(tmp_path: Path) -> None:
    first = Attestation(schema_version=1, kind="reproduced", record=SHA, by="us", date="2026-11-21")
    second = first.model_copy(update={"by": "someone else"})
    for _ in range(2):
        for attestation in (first, second):
            write_attestation(tmp_path, "demo", attestation)
    assert [(path.stem, said) for path, said in find_attestations(tmp_path)] == [
        (f"2026-11-21-reproduced-{SHA[:12]}", first),
        (f"2026-11-21-reproduced-{SHA[:12]}-2", second),
    ]


@pytest.mark.parametrize(
    "change", [{"kind": "void"}, {"kind": "supersedes"}, {"kind": "measured", "supersedes": SHA}, {"kind": "liked"}]
)
def test_incomplete_attestations_are_refused(change: dict) -> None:
    data = {"schema_version": 1, "record": SHA, "by": "us", "date": "2026-11-21"} | change
    with pytest.raises(MettleError):
        parse(Attestation, data, "attestation")


def test_committed_schemas_are_current() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in SCHEMA_DIR.glob("*.json")}
    assert committed == schema_texts(), "run: python -c 'from benchmark.documents.schema import *; write_schemas()'"
