"""Files to documents, one upcasting reader per schema version.

A new schema version adds a function here that turns the previous version's decoded data into its own; files on disk
stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from benchmark.documents.attestation import Attestation
from benchmark.documents.bundle import Bundle
from benchmark.documents.record import Record
from benchmark.documents.reported import ReportedResults
from benchmark.documents.strict import Strict, decode_file, parse
from benchmark.documents.submission import Submission
from benchmark.documents.task import Task
from benchmark.errors import MettleError

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
Document = TypeVar("Document", bound=Strict)

CURRENT_VERSION: dict[type[Strict], int] = {
    Submission: 1,
    Task: 1,
    Record: 1,
    Attestation: 1,
    ReportedResults: 1,
    Bundle: 1,
}
UPCASTS: dict[tuple[type[Strict], int], Upcast] = {}
"""(document, version) -> a function from that version's data to the next version's."""


def read(model: type[Document], path: Path) -> Document:
    """The document in a .toml or .json file, upcast from the schema version it was written in.

    Raises MettleError for anything unreadable, invalid, or from a newer schema than this Mettle knows.
    """
    data = decode_file(path)
    if not isinstance(data, dict):
        raise MettleError(path, "a document is a table of keys", type(data).__name__)
    version, current = data.get("schema_version"), CURRENT_VERSION[model]
    if type(version) is not int or version < 1:
        raise MettleError(
            path,
            "schema_version is a whole number from 1",
            repr(version),
            f"Write schema_version = {current}.",
        )
    if version > current:
        raise MettleError(
            path,
            f"schema_version of a {model.__name__.lower()} is at most {current} here",
            version,
            "Update Mettle (git pull).",
        )
    for step in range(version, current):
        data = UPCASTS[model, step](data)
    return parse(model, data, path)


def read_submission(folder: Path) -> Submission:
    """The submission of a folder; its name must be the folder's name."""
    path = folder / "submission.toml" if folder.suffix != ".toml" else folder
    submission = read(Submission, path)
    if submission.name != path.parent.name:
        raise MettleError(path, f"name must equal the folder's name {path.parent.name!r}", repr(submission.name))
    return submission


def read_task(path: Path) -> Task:
    """The task of a `<family>/<name>.v<version>.toml` file; id and version must agree with the path."""
    task = read(Task, path)
    expected = f"{task.name}.v{task.version}.toml"
    if path.name != expected or path.parent.name != task.family:
        raise MettleError(path, f"the file of {task.id} version {task.version} is {task.family}/{expected}")
    return task


def read_record(path: Path) -> Record:
    """The record of a `<id>.json` file; its id must be the hash of its result and the file's name."""
    record = read(Record, path)
    if path.stem != record.id:
        raise MettleError(path, f"the file of this record is {record.id}.json", path.name)
    return record


def read_bundle(path: Path) -> Bundle:
    """The bundle of a `<name>-v<version>.toml` file; name and version must agree with the file's name."""
    bundle = read(Bundle, path)
    expected = f"{bundle.name}-v{bundle.version}.toml"
    if path.name != expected:
        raise MettleError(path, f"the file of bundle {bundle.name} version {bundle.version} is {expected}")
    return bundle
