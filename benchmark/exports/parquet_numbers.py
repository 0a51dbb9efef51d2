"""All numbers of a record as a Parquet file: one row a number."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.documents import Record

SCHEMA = pa.schema(
    [
        pa.field("record", pa.string(), nullable=False),
        pa.field("submission", pa.string(), nullable=False),
        pa.field("task", pa.string(), nullable=False),
        pa.field("version", pa.int32(), nullable=False),
        pa.field("tier", pa.string(), nullable=False),
        pa.field("flags", pa.string(), nullable=False),
        pa.field("run", pa.string()),
        pa.field("cell", pa.string()),
        pa.field("metric", pa.string(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("lower", pa.float64()),
        pa.field("upper", pa.float64()),
        pa.field("covers", pa.string()),
        pa.field("confidence", pa.float64()),
    ]
)
"""`run` is set for numbers of one training run, `cell` for numbers of one part of the split, neither for scores.
`flags` are names with commas between."""


def parquet_numbers(record: Record) -> bytes:
    """The bytes of the file, scores first, then training runs, then cells; values unrounded, in the record's units."""
    result = record.result
    rows: list[tuple[object, ...]] = [
        (None, None, name, score.value, score.lower, score.upper, score.covers, score.confidence)
        for name, score in result.scores.items()
    ]
    no_interval = (None, None, None, None)
    rows += [(run, None, name, value, *no_interval) for run, values in result.replicates.items()
             for name, value in values.items()]  # fmt: skip
    rows += [(None, cell, name, value, *no_interval) for cell, values in result.cells.items()
             for name, value in values.items()]  # fmt: skip
    about = {
        "record": record.id,
        "submission": result.submission,
        "task": result.task.id,
        "version": result.task.version,
        "tier": result.tier,
        "flags": result.flag_names,
    }
    columns = {name: [value] * len(rows) for name, value in about.items()}
    for index, name in enumerate(SCHEMA.names[len(about) :]):
        columns[name] = [row[index] for row in rows]
    sink = io.BytesIO()
    pq.write_table(pa.table(columns, schema=SCHEMA), sink)
    return sink.getvalue()
