"""A record, or a task's frozen split, in formats that other programs read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

from benchmark.documents import Record, read_record
from benchmark.documents.store import write_atomically
from benchmark.errors import MettleError
from benchmark.task_registry import all_tasks, find_task

AROUND = ("every-eval-ever", "eval-results")
"""Formats that need the record's submission and task as well."""
BINARY = "parquet"
OF_TASK = "croissant"


def export_source(source: Path, format: str, out: Path | None = None, hub_dataset: str = "") -> str:
    """Export a record's file, or for croissant the task of that id; returns the text to print.

    out: write there instead, and return where; required for parquet. hub_dataset: for eval-results. Raises MettleError
    for an unknown format, an unreadable record and an unknown task.
    """
    content = _content(source, format, hub_dataset)
    if out is None:
        if isinstance(content, bytes):
            raise MettleError(
                "--out", f"names the file that {format} is written to", fix="mettle export ... --out FILE"
            )
        return content
    write_atomically(out, content if isinstance(content, bytes) else f"{content}\n".encode())
    return f"Wrote {out}"


def _content(source: Path, format: str, hub_dataset: str) -> str | bytes:
    of_record = ", ".join((*FORMATS, *AROUND, BINARY))
    if format == OF_TASK:
        from benchmark.exports.croissant import croissant

        if source.suffix == ".json":
            raise MettleError("--format", f"{OF_TASK} describes a task", source, f"Of a record: {of_record}.")
        return croissant(find_task(str(source)).task)
    if format not in (*FORMATS, *AROUND, BINARY):
        raise MettleError("--format", f"is one of {of_record}, {OF_TASK}", repr(format))
    if str(source) in {entry.task.id for entry in all_tasks()}:
        raise MettleError(source, f"a record is exported as {format}", "a task", f"Add --format {OF_TASK}.")
    path = source.resolve()
    if format == BINARY:
        from benchmark.exports.parquet_numbers import parquet_numbers

        return parquet_numbers(read_record(path))
    if format in AROUND:
        from benchmark.exports.every_eval_ever import every_eval_ever
        from benchmark.exports.exported import read_exported
        from benchmark.exports.hub_results import hub_results

        exported = read_exported(path)
        return every_eval_ever(exported) if format == "every-eval-ever" else hub_results(exported, hub_dataset)
    return export(read_record(path), format)


def export(record: Record, format: str) -> str:
    """The record as text in one of `FORMATS`; MettleError for another format."""
    if format not in FORMATS:
        raise MettleError("--format", f"is one of {', '.join(FORMATS)}", repr(format))
    return FORMATS[format](record)


def _json(record: Record) -> str:
    result = record.result
    scores = {name: score.model_dump(exclude_none=True) for name, score in result.scores.items()}
    task = f"{result.task.id}.v{result.task.version}"
    whole = {
        "record": record.id,
        "submission": result.submission,
        "task": task,
        "tier": result.tier,
        "flags": [flag.model_dump() for flag in result.flags],
        "scores": scores,
        "cells": result.cells,
    }
    return json.dumps(whole, indent=1)


def _csv(record: Record) -> str:
    """One line a cell: corruption, severity and the cell's numbers; the clean cell has severity 0.

    Every line names the record's tier, and its flags, with commas between.
    """
    columns = sorted({name for cell in record.result.cells.values() for name in cell})
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    result = record.result
    about = [result.submission, result.task.id, result.tier, result.flag_names]
    table.writerow(["submission", "task", "tier", "flags", "part", "level", *columns])
    for cell, numbers in record.result.cells.items():
        part, _, level = cell.partition("/")
        table.writerow([*about, part, level or "0", *(numbers.get(name, "") for name in columns)])
    return out.getvalue().rstrip("\n")


FORMATS: dict[str, Callable[[Record], str]] = {"json": _json, "csv": _csv}
