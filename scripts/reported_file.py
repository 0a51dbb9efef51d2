"""Files of reported results: their text, one number a line, and the command of a script that imports them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from benchmark.documents import ReportedResults
from benchmark.errors import MettleError
from benchmark.paths import ROOT


class Imported(NamedTuple):
    """A file to be written, by its name, and what to tell about it."""

    name: str
    document: ReportedResults
    told: str


def run_import(description: str | None, imported: Callable[[Path], Iterable[Imported]]) -> int:
    """The command line of an import: reads one file, writes others; returns the exit code.

    description: of the command. A MettleError of `imported` is told in one line.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="as published")
    parser.add_argument("--out", type=Path, default=ROOT / "leaderboard" / "reported")
    given = parser.parse_args()
    try:
        for name, document, told in imported(given.file):
            target = given.out / name
            target.write_text(reported_text(document), encoding="utf-8")
            print(f"{target}: {told}")
    except MettleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def reported_text(document: ReportedResults) -> str:
    """JSON that reads back as `document`; boards of hundreds of rows stay small, and a diff shows single numbers."""
    about = document.model_dump(mode="json", exclude={"rows"}, exclude_defaults=True)
    head = [f' "{key}": {_json(value)}' for key, value in about.items()]
    rows = ",\n".join("  " + _json(row.model_dump(mode="json", exclude_defaults=True)) for row in document.rows)
    return "{\n" + ",\n".join([*head, f' "rows": [\n{rows}\n ]']) + "\n}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
