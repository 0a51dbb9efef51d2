"""A record in formats other programs read: its scores as JSON, its cells as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

from benchmark.documents import Record
from benchmark.errors import MettleError


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
        "scores": scores,
        "cells": result.cells,
    }
    return json.dumps(whole, indent=1)


def _csv(record: Record) -> str:
    """One line a cell: corruption, severity and the cell's numbers; the clean cell has severity 0."""
    columns = sorted({name for cell in record.result.cells.values() for name in cell})
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["submission", "task", "part", "level", *columns])
    for cell, numbers in record.result.cells.items():
        part, _, level = cell.partition("/")
        row = [record.result.submission, record.result.task.id, part, level or "0"]
        table.writerow([*row, *(numbers.get(name, "") for name in columns)])
    return out.getvalue().rstrip("\n")


FORMATS: dict[str, Callable[[Record], str]] = {"json": _json, "csv": _csv}
