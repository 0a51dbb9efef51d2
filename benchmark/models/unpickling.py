"""The subprocess of `mettle convert --trust`: the only place that unpickles freely. Never imported by the scorer."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from benchmark.errors import MettleError
from benchmark.models.conversion import write_weights


def main(source: Path, target: Path, report: Path) -> int:
    """Exit code 0 when `target` was written; `report` holds what was done, or in one line why not."""
    # A file made beside the author's own modules finds their classes there.
    sys.path.insert(0, str(Path.cwd()))
    try:
        content = torch.load(source, weights_only=False, map_location="cpu")
        lines = write_weights(content, source, target)
    except MettleError as error:
        value = f": {error.value}" if error.value is not None else ""
        report.write_text(f"{error.rule}{value}\n", encoding="utf-8")
        return 1
    except Exception as error:  # unpickling runs the file's code, which may raise anything
        first = (str(error).strip() or "no reason given").splitlines()[0]
        report.write_text(f"{type(error).__name__}: {first}\n", encoding="utf-8")
        return 1
    report.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:4])))
