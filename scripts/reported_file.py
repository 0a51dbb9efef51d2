"""The text of a file of reported results: one number a line, what is left at its default left out."""

from __future__ import annotations

import json

from benchmark.documents import ReportedResults


def reported_text(document: ReportedResults) -> str:
    """JSON that reads back as `document`; boards of hundreds of rows stay small, and a diff shows single numbers."""
    about = document.model_dump(mode="json", exclude={"rows"}, exclude_defaults=True)
    head = [f' "{key}": {_json(value)}' for key, value in about.items()]
    rows = ",\n".join("  " + _json(row.model_dump(mode="json", exclude_defaults=True)) for row in document.rows)
    return "{\n" + ",\n".join([*head, f' "rows": [\n{rows}\n ]']) + "\n}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
