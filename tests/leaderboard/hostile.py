"""Documents as plain data, and every place in them where a stranger's text or number stands."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from synthetic import Method, add, decisions_of, make_record, write_task

from benchmark.documents import Attestation, Record, ReportedResults, Submission, Task, read_submission
from benchmark.documents.record import Result
from benchmark.documents.store import record_path, write_record

Place = tuple[str | int, ...]
"""Keys and positions that lead to a value."""


def places(data: Any, of: type | tuple[type, ...], so_far: Place = ()) -> Iterator[Place]:
    """Where a document holds values of a type, at any depth."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from places(value, of, (*so_far, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from places(value, of, (*so_far, index))
    elif isinstance(data, of) and not isinstance(data, bool):
        yield so_far


def free_keys(data: dict[str, Any]) -> list[Place]:
    """Where a record has keys of its author's choosing: names of metrics, cells, runs, versions, parameters."""
    result, run = data["result"], data["run"]
    found: list[Place] = [("run", "versions", name) for name in run["versions"]]
    for table in ("scores", "cells", "replicates", "outcomes"):
        found += [("result", table, name) for name in result[table]]
    found += [("result", table, name, metric) for table in ("cells", "replicates") for name in result[table]
              for metric in result[table][name]]  # fmt: skip
    return found + [("result", "detector", "parameters", name) for name in result["detector"]["parameters"]]


def put(data: Any, place: Place, value: Any) -> Any:
    """A copy with another value at a place."""
    changed = copy.deepcopy(data)
    at = changed
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    return changed


def rename(data: Any, place: Place, key: str) -> Any:
    """A copy with another key at a place."""
    changed = copy.deepcopy(data)
    at = changed
    for step in place[:-1]:
        at = at[step]
    at[key] = at.pop(place[-1])
    return changed


def full_record(task: Task, method: Method, images: int = 400) -> dict[str, Any]:
    """A record with something in every field, as plain data."""
    record, _ = make_record(task, method, decisions_of(method, images))
    result = record.result.model_dump(mode="json")
    result["replicates"] = {"seed 0": {"mean_accuracy": 0.5}, "seed 1": {"mean_accuracy": 0.6}}
    result["detector"] = {"name": "knn", "parameters": {"neighbours": 50.0}}
    result["flags"] = [{"name": "canary", "evidence": "Right on 12 of 20."}]
    result["artifacts"][0]["model"] |= {"classes": ["a", "b"]}
    result["artifacts"][0]["replicate"] = "seed 0"
    run = {**record.run.model_dump(mode="json"), "notes": ["Ran at night."]}
    whole = Record.of(result, type(record.run).model_validate(run))
    return whole.model_dump(mode="json")


def identified(record: dict[str, Any]) -> dict[str, Any]:
    """The record with the id that its result has; the result stays as it is where that is no valid one."""
    try:
        return {**record, "id": Result.model_validate_json(json.dumps(record["result"])).sha256}
    except ValueError:
        return record


class HostileFolders:
    """One submission with a full record, an attestation, and reported results; every document can be replaced."""

    def __init__(self, folder: Path) -> None:
        self.tasks, self.root, self.reported = folder / "tasks", folder / "submissions", folder / "reported"
        self.site, self.method = folder / "site", Method("net", "Net", 0.5, 1)
        self.task = write_task(self.tasks)
        add(self.root, self.task, Method("other", "Other", 0.1, 2), said="measured")
        add(self.root, self.task, self.method)
        for path in (self.root / "net" / "records").rglob("*.*"):
            path.unlink()
        self.record = full_record(self.task, self.method)
        self.reported.mkdir()
        self.results = {
            "schema_version": 1,
            "title": "A paper",
            "licence": "MIT",
            "note": "As printed.",
            "rows": [
                {
                    "task": task, "method": "M", "metric": "mean_accuracy", "unit": "percent", "value": 60.0, "sd": 0.5,
                    "n": 3, "source": "https://example.org/a", "retrieved": "2026-01-01", "verified": True,
                    "paper": "https://example.org/p", "venue": "V", "architecture": "A", "note": "N",
                    "anomalies": ["Too good."],
                }
                for task in (self.task.id, "Their protocol")
            ],
        }  # fmt: skip
        self.attestation = {
            "schema_version": 1, "kind": "void", "record": self.record["id"], "by": "maintainers",
            "date": "2026-02-01", "reason": "Wrong weights.", "evidence": "https://example.org/e", "machine": "Ours",
        }  # fmt: skip
        submission = read_submission(self.root / "net").model_dump(mode="json", exclude_none=True)
        declares = {"pretraining": ["p"], "extra_data": ["e"], "outlier_data": ["o"], "corruptions_seen": ["fog"]}
        links = {"paper": "https://example.org/p", "code": "https://example.org/c", "description": "A net."}
        self.submission = {**submission, **links, "declares": {**submission["declares"], **declares}}
        self.documents: dict[str, tuple[type, dict[str, Any]]] = {
            "record": (Record, self.record),
            "submission": (Submission, self.submission),
            "attestation": (Attestation, self.attestation),
            "reported": (ReportedResults, self.results),
        }

    def write(self, **changed: Any) -> Path:
        """Write all documents, some of them changed; returns the path of the record."""
        documents = {name: data for name, (_, data) in self.documents.items()} | changed
        record = Record.model_validate_json(json.dumps(documents["record"]))
        decisions = decisions_of(self.method, 400)
        path = write_record(self.root, record, {"primary": decisions})
        said = {**documents["attestation"], "record": record.id}
        folder = self.root / "net" / "attestations"
        folder.mkdir(exist_ok=True)
        (folder / "2026-02-01-void.json").write_text(json.dumps(said), encoding="utf-8")
        (self.reported / "paper.json").write_text(json.dumps(documents["reported"]), encoding="utf-8")
        (self.root / "net" / "submission.toml").write_text(toml_of(documents["submission"]), encoding="utf-8")
        assert path == record_path(self.root, record)
        return path


def toml_of(data: dict[str, Any]) -> str:
    """A submission as TOML with inline tables only; JSON's strings are TOML's, but for one control character."""
    return "\n".join(f"{_toml(key)} = {_toml(value)}" for key, value in data.items())


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value).replace("\x7f", "\\u007f")
