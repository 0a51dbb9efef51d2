"""A reported result: a number from a paper or another board, shown with its source, never ranked among ours."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark.documents.strict import Date, Finite, Line, Link, Paragraph, Strict


class ReportedResult(Strict):
    """One number somebody else published."""

    task: Line
    """One of our task ids, or the name of an external protocol."""
    method: Line
    metric: Line
    unit: Literal["share", "percent"]
    value: Finite
    sd: Annotated[Finite, Field(ge=0)] | None = None
    n: Annotated[int, Field(ge=1)] | None = None
    """Training runs behind value and sd."""
    source: Link
    retrieved: Date
    verified: bool
    """Checked against the source itself; unverified rows are hidden by default."""
    paper: Link | None = None
    venue: Line | None = None
    architecture: Line | None = None
    extra_data: bool | None = None
    note: Paragraph = ""
    anomalies: list[Paragraph] = []
    """What a check or a reader found odd about the row this number stands in, one sentence each."""


class ReportedResults(Strict):
    """The content of one file in `leaderboard/reported/`."""

    schema_version: Literal[1]
    title: Line
    licence: Line
    note: Paragraph = ""
    rows: Annotated[list[ReportedResult], Field(min_length=1)]
