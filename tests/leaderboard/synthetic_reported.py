"""Files of reported results on disk, hostile rows among them."""

from __future__ import annotations

import json
from pathlib import Path

from synthetic import HOSTILE_TITLES

from benchmark.documents import ReportedResults


def reported(folder: Path) -> Path:
    """Two files of reported results: for a draft task, for an external protocol; hostile and unverified rows."""
    folder.mkdir()
    facts = {"unit": "percent", "source": "https://example.org/?a=1&b=2", "retrieved": "2026-01-01", "verified": True}
    rows = [
        {**facts, "task": "corruption/draft-c", "method": title[:200], "metric": metric, "value": 60.0 + index}
        for index, title in enumerate(HOSTILE_TITLES)
        for metric in ("mean_accuracy", "clean_accuracy")
    ]
    rows.append({**rows[0], "method": "Unchecked", "verified": False})
    for name, content in {"a": rows, "b": [{**rows[0], "task": "Elsewhere <b>", "sd": 0.5, "n": 3}]}.items():
        document = {"schema_version": 1, "title": f"Paper <{name}>", "licence": "MIT & co", "rows": content}
        ReportedResults.model_validate(document)
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    return folder
