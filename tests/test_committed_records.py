"""The committed records: they come out again on this machine, from their weights and from their recipes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from benchmark.documents import Attestation, Record, read, read_submission
from benchmark.documents.store import find_attestations, find_records
from benchmark.errors import MettleError
from benchmark.evaluation import Options, silent
from benchmark.export import export
from benchmark.reproduce import SUBMISSIONS, baselines, reproduce_baseline
from benchmark.set_making.recipe import is_set_recipe
from benchmark.task_registry import all_tasks, find_task
from benchmark.verify import Verdict, verify_record
from leaderboard.outcomes import primary_outcomes

RECORDS = {f"{found.result.submission} {found.result.task.id}": path for path, found in find_records(SUBMISSIONS)}


def record_of(name: str) -> tuple[Path, Record]:
    path = RECORDS[f"{name} corruption/fashion-mnist-mc"]
    return path, read(Record, path)


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_record_is_whole_and_of_the_task_as_it_is(name: str) -> None:
    path = RECORDS[name]
    record = read(Record, path)
    task = find_task(f"{record.result.task.id}.v{record.result.task.version}").task
    assert record.result.task.sha256 == task.scoring_sha256
    assert record.result.task.split_sha256 == task.data.split_sha256
    assert primary_outcomes(path, record, task) is not None, "the outcomes give the score, or this raises"
    assert record.run.revision.dirty is False, "records are committed from a clean tree"


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_every_score_of_a_record_is_declared_by_its_task(name: str) -> None:
    record = read(Record, RECORDS[name])
    task = find_task(f"{record.result.task.id}.v{record.result.task.version}").task
    assert set(record.result.scores) <= {metric.name for metric in (task.primary, *task.also)}


@pytest.mark.parametrize("path", sorted(SUBMISSIONS.glob("*/submission.toml")), ids=lambda path: path.parent.name)
def test_every_committed_submission_is_valid(path: Path) -> None:
    read_submission(path.parent)  # the board skips one that is not, and has no record yet


def test_every_baseline_of_nets_has_a_record() -> None:
    of_nets = {name for name, _ in baselines() if not is_set_recipe(SUBMISSIONS / name / "recipe.toml")}
    assert of_nets <= {name.split()[0] for name in RECORDS}


def test_every_active_task_that_takes_sets_has_a_measured_row_of_the_standard_tier() -> None:
    measured = {said.record for _, said in find_attestations(SUBMISSIONS) if said.kind == "measured"}
    scored = {
        record.result.task.id
        for _, record in find_records(SUBMISSIONS)
        if record.id in measured and record.result.tier == "standard"
    }
    active = {entry.task.id for entry in all_tasks() if entry.task.state == "active"}
    of_sets = {name for name in active if name.partition("/")[0] in ("distillation", "curation")}
    assert len(of_sets) == 14
    assert of_sets <= scored, sorted(of_sets - scored)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fashion-mnist-linear", "fashion-mnist-lenet"])
def test_record_comes_out_again(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path))
    path, _ = record_of(name)
    verdict = verify_record(path, workers=2, batch_size=500, device="cpu", progress=silent)
    assert verdict.equal, verdict.lines


@pytest.mark.slow
def test_baseline_comes_out_of_its_recipe(tmp_path: Path) -> None:
    lines = list(reproduce_baseline("fashion-mnist-linear", tmp_path, options=Options(out=tmp_path, workers=2)))
    assert lines[0].startswith("fashion-mnist-linear: trained with seed 1")
    compared = [line for line in lines if "difference " in line]
    assert compared, lines
    for line in compared:  # other processors round the training differently
        assert abs(float(line.split("difference ")[1].split(" points")[0])) < 1, lines


def test_unknown_baseline_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(MettleError, match="fashion-mnist-linear"):
        list(reproduce_baseline("nothing", tmp_path))


def test_agreement_is_attested(tmp_path: Path) -> None:
    _, record = record_of("fashion-mnist-linear")
    verdict = Verdict(record, tmp_path, True)
    attestation = read(Attestation, verdict.attest("a tester", "measured"))
    assert (attestation.record, attestation.kind, attestation.by) == (record.id, "measured", "a tester")
    with pytest.raises(MettleError, match="measured, reproduced"):
        verdict.attest("a tester", "liked")


def test_export_agrees_with_the_record() -> None:
    _, record = record_of("fashion-mnist-linear")
    whole = json.loads(export(record, "json"))
    assert whole["scores"]["mean_accuracy"]["value"] == record.result.scores["mean_accuracy"].value
    rows = list(csv.DictReader(io.StringIO(export(record, "csv"))))
    assert len(rows) == len(record.result.cells)
    assert float(rows[-1]["accuracy"]) == record.result.cells[f"{rows[-1]['part']}/{rows[-1]['level']}"]["accuracy"]
    with pytest.raises(MettleError, match="json, csv"):
        export(record, "xml")
