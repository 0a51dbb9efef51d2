"""The JSON Schemas of the five documents, exported to `benchmark/documents/schemas/`."""

from __future__ import annotations

import json
from pathlib import Path

from benchmark.documents.readers import CURRENT_VERSION

SCHEMA_DIR = Path(__file__).parent / "schemas"


def schema_texts() -> dict[str, str]:
    """File name -> JSON Schema text of every document in its current version."""
    return {
        f"{model.__name__.lower()}.v{version}.schema.json": json.dumps(
            model.model_json_schema(), indent=1, sort_keys=True
        )
        + "\n"
        for model, version in CURRENT_VERSION.items()
    }


def write_schemas() -> None:
    """Write all schemas; `tests/documents/test_schema.py` fails where a file is stale."""
    SCHEMA_DIR.mkdir(exist_ok=True)
    for name, text in schema_texts().items():
        (SCHEMA_DIR / name).write_text(text, encoding="utf-8")
