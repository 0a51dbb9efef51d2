"""Exports are read back by the programs they are meant for, or held against their schemas; real records."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import huggingface_hub
import jsonschema
import pyarrow.parquet as pq
import pytest
import yaml

from benchmark import export
from benchmark.documents import Flag, read_record
from benchmark.errors import MettleError
from benchmark.exports.croissant import croissant
from benchmark.exports.every_eval_ever import BOUNDS, every_eval_ever
from benchmark.exports.exported import Exported, read_exported
from benchmark.exports.hub_results import hub_results
from benchmark.exports.parquet_numbers import parquet_numbers
from benchmark.paths import ROOT
from benchmark.task_registry import all_tasks, find_task

SCHEMA = json.loads((ROOT / "tests" / "golden" / "every_eval_ever_0.3.0.schema.json").read_text(encoding="utf-8"))


def records() -> list[Path]:
    """One committed record of every task and kind of artifact."""
    found: dict[tuple[str, str], Path] = {}
    for path in sorted((ROOT / "submissions").glob("*/records/*/*/v*/*.json")):
        text = path.read_text(encoding="utf-8")
        kind = json.loads(text)["result"]["artifacts"][0]["kind"]
        found.setdefault((path.parent.parent.name, kind), path)
    return list(found.values())


RECORDS = records()
NAMES = [f"{path.parts[-5]}-{path.parts[-3]}" for path in RECORDS]


def test_there_are_records_of_checkpoints_and_predictions() -> None:
    kinds = {read_record(path).result.artifacts[0].kind for path in RECORDS}
    assert {"checkpoint", "predictions"} <= kinds


@pytest.mark.parametrize("path", RECORDS, ids=NAMES)
def test_every_eval_ever_follows_its_schema(path: Path) -> None:
    exported = read_exported(path)
    whole = json.loads(every_eval_ever(exported))
    jsonschema.validate(whole, SCHEMA)
    scores = exported.record.result.scores
    assert {item["metric_config"]["metric_id"] for item in whole["evaluation_results"]} == {
        metric.name for metric in exported.metrics
    }
    for item in whole["evaluation_results"]:
        score, config = scores[item["metric_config"]["metric_id"]], item["metric_config"]
        assert item["score_details"]["score"] == score.value
        assert config["min_score"] is None or config["min_score"] <= score.value
        assert config["max_score"] is None or score.value <= config["max_score"]
        uncertainty = item["score_details"].get("uncertainty", {}).get("confidence_interval", {})
        assert (uncertainty.get("lower"), uncertainty.get("upper")) == (score.lower, score.upper)
    claimed = exported.record.result.artifacts[0].kind == "predictions"
    assert (whole["model_info"]["additional_details"]["model_availability"] == "unknown") == claimed
    assert whole["evaluation_id"].endswith(exported.record.id)
    seeds = exported.record.result.training_seeds
    trained = whole["source_metadata"]["additional_details"].get("trained_nets")
    assert trained == (str(sum(len(own) for own in seeds.values())) if seeds else None)


def test_the_schema_refuses_what_lacks_a_part() -> None:
    whole = json.loads(every_eval_ever(read_exported(RECORDS[0])))
    del whole["evaluation_results"][0]["metric_config"]["lower_is_better"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(whole, SCHEMA)
    assert set(BOUNDS) == {"share", "points", "percent", "ratio", "count", "bytes"}


def evaluator(exported: Exported) -> str:
    return json.loads(every_eval_ever(exported))["source_metadata"]["evaluator_relationship"]


def test_who_evaluated(tmp_path: Path) -> None:
    """Maintainers who attest another team's record are a third party; a copy without attestations is a self-run."""
    foreign = next((ROOT / "submissions" / "resnet20-akamaster").glob("records/*/*/v*/*.json"))
    assert evaluator(read_exported(foreign)) == "third_party"
    claimed = next(path for path in RECORDS if path.parts[-6].startswith("published-"))
    assert evaluator(read_exported(claimed)) == "other"
    ours = next(path for path in RECORDS if path.parts[-6].startswith("fashion-mnist"))
    assert evaluator(read_exported(ours)) == "first_party"
    folder = tmp_path / foreign.parts[-6]
    shutil.copytree(foreign.parents[4], folder, ignore=shutil.ignore_patterns("attestations"))
    again = folder.joinpath(*foreign.parts[-5:])
    assert evaluator(read_exported(again)) == "first_party"
    (folder / "submission.toml").unlink()
    assert evaluator(read_exported(again, submissions=tmp_path)) == "other"


@pytest.mark.parametrize("path", RECORDS, ids=NAMES)
def test_the_hub_reads_its_results_back(path: Path) -> None:
    exported = read_exported(path)
    (entry,) = huggingface_hub.parse_eval_result_entries(yaml.safe_load(hub_results(exported, "org/benchmark")))
    metric = exported.task.primary
    factor = 100 if metric.unit in ("share", "points") else 1
    assert entry.value == pytest.approx(factor * exported.record.result.scores[metric.name].value)
    assert entry.dataset_id == "org/benchmark"
    assert entry.task_id == exported.task_name.replace("/", "_")
    assert entry.date == exported.record.run.started
    assert entry.notes is not None
    assert exported.record.id[:12] in entry.notes


@pytest.mark.parametrize("dataset", ["", "org", "a/b/c", "org/"])
def test_a_hub_data_set_has_an_owner(dataset: str) -> None:
    with pytest.raises(MettleError, match="org/name"):
        hub_results(read_exported(RECORDS[0]), dataset)


def test_a_record_without_its_primary_score_is_not_for_the_hub() -> None:
    exported = read_exported(RECORDS[0])
    result = exported.record.result.model_copy(update={"scores": {}})
    without = replace(exported, record=exported.record.model_copy(update={"result": result}))
    with pytest.raises(MettleError, match=f"has the score {exported.task.primary.name}, but got none of that name"):
        hub_results(without, "org/benchmark")


def test_a_quick_look_is_not_for_the_hub_and_says_elsewhere_what_it_is() -> None:
    exported = read_exported(RECORDS[0])
    quick = exported.record.model_copy(update={"result": exported.record.result.model_copy(update={"tier": "quick"})})
    with pytest.raises(MettleError, match="of the standard tier, but got quick"):
        hub_results(replace(exported, record=quick), "org/benchmark")
    told = json.loads(every_eval_ever(replace(exported, record=quick)))["source_metadata"]["additional_details"]
    assert told["tier"] == "quick"
    assert json.loads(export.export(quick, "json"))["tier"] == "quick"
    assert ",quick," in export.export(quick, "csv").splitlines()[1]


def test_flags_go_along() -> None:
    path = next((ROOT / "submissions" / "curation-oracle").glob("records/curation/fashion-mnist-dirty-5k/v1/*.json"))
    exported = read_exported(path)
    (flag,) = exported.record.result.flags
    assert f"flagged: {flag.name}" in hub_results(exported, "org/benchmark")
    details = json.loads(every_eval_ever(exported))["source_metadata"]["additional_details"]
    assert flag.evidence in details["flags"]
    assert json.loads(export.export(exported.record, "json"))["flags"] == [flag.model_dump()]
    assert f",{flag.name}," in export.export(exported.record, "csv").splitlines()[1]


def test_tables_of_numbers_name_all_flags_in_one_cell() -> None:
    record = read_record(RECORDS[0])
    flags = [Flag(name=name, evidence="why") for name in ("canary", "anomaly", "canary")]
    for found, names in ((flags, "canary,anomaly"), ([], "")):
        flagged = record.model_copy(update={"result": record.result.model_copy(update={"flags": found})})
        assert flagged.result.flag_names == names
        rows = csv.DictReader(io.StringIO(export.export(flagged, "csv")))
        assert {row["flags"] for row in rows} == {names}
        assert set(pq.read_table(io.BytesIO(parquet_numbers(flagged)))["flags"].to_pylist()) == {names}


@pytest.mark.parametrize("path", RECORDS, ids=NAMES)
def test_parquet_holds_every_number(path: Path, tmp_path: Path) -> None:
    record = read_record(path)
    (tmp_path / "x.parquet").write_bytes(parquet_numbers(record))
    rows = pq.read_table(tmp_path / "x.parquet").to_pylist()
    assert parquet_numbers(record) == (tmp_path / "x.parquet").read_bytes()
    result = record.result
    count = len(result.scores) + sum(map(len, result.cells.values())) + sum(map(len, result.replicates.values()))
    assert len(rows) == count
    for row in rows:
        if row["cell"] is not None:
            assert row["value"] == result.cells[row["cell"]][row["metric"]]
        elif row["run"] is not None:
            assert row["value"] == result.replicates[row["run"]][row["metric"]]
        else:
            score = result.scores[row["metric"]]
            assert (row["value"], row["lower"], row["upper"]) == (score.value, score.lower, score.upper)
            assert (row["covers"], row["confidence"]) == (score.covers, score.confidence)
    about = (record.id, result.tier, ",".join(flag.name for flag in result.flags))
    assert {(row["record"], row["tier"], row["flags"]) for row in rows} == {about}


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # of rdflib, which mlcroissant uses
@pytest.mark.parametrize("task", [entry.task.id for entry in all_tasks() if entry.task.state == "active"])
def test_croissant_is_read_by_mlcroissant(task: str) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="needs the extra 'croissant'")
    found = find_task(task).task
    dataset = mlcroissant.Dataset(jsonld=json.loads(croissant(found)))
    assert not dataset.metadata.issues.errors
    names = [row["classes/name"] for row in dataset.records("classes")]
    assert [name.decode() if isinstance(name, bytes) else name for name in names] == found.data.classes
    (split,) = [item for item in dataset.metadata.distribution if item.id == "split"]
    assert split.sha256 == found.data.split_sha256
    assert (ROOT / split.content_url).is_file()


def test_a_draft_has_no_split_to_describe() -> None:
    with pytest.raises(MettleError, match="frozen split"):
        croissant(find_task("corruption/cifar10-c").task)


def test_texts_are_returned_and_files_written(tmp_path: Path) -> None:
    path = RECORDS[0]
    for name in ("json", "csv", "every-eval-ever"):
        assert export.export_source(path, name)
        assert str(tmp_path / name) in export.export_source(path, name, tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8").rstrip("\n") == export.export_source(path, name).rstrip(
            "\n"
        )
    assert export.export_source(path, "eval-results", hub_dataset="org/name").startswith("- dataset:")
    assert export.export_source(Path("corruption/cifar10-mc"), "croissant").startswith("{")
    export.export_source(path, "parquet", tmp_path / "x.parquet")
    assert pq.read_table(tmp_path / "x.parquet").num_rows > 0


def test_exports_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(MettleError, match="--out"):
        export.export_source(RECORDS[0], "parquet")
    with pytest.raises(MettleError, match=r"is one of json, csv, .*croissant"):
        export.export_source(RECORDS[0], "xml")
    with pytest.raises(MettleError, match="Add --format croissant"):
        export.export_source(Path("corruption/cifar10-mc"), "json")
    with pytest.raises(MettleError, match="describes a task"):
        export.export_source(RECORDS[0], "croissant")
    with pytest.raises(MettleError, match="unknown task"):
        export.export_source(Path("corruption/nothing"), "croissant")
    with pytest.raises(MettleError, match="no such file"):
        export.export_source(tmp_path / "none.json", "every-eval-ever")
