"""Published accuracies of chosen subsets of CIFAR-10 as reported results: a maintainers' tool.

    python -m scripts.import_coresets FILE [--out leaderboard/reported]

FILE is a CSV table with the columns dataset, model, method, fraction_pct, acc_pct, std, provenance, source.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmark.documents import ReportedResults
from benchmark.documents.strict import parse
from benchmark.errors import MettleError
from scripts.reported_file import Imported, run_import

TARGET = "coresets.json"
RETRIEVED = "2026-11-21"
TASK, TASK_PERCENT = "curation/cifar10-coreset-5k", "10"
"""The task of ours with as many images as this share of CIFAR-10; such rows stand on its page, too."""
FIXED_STEPS = "CIFAR-10 subsets, 40,000 iterations (CCS)"
FIXED_EPOCHS = "CIFAR-10 subsets, 200 epochs (DeepCore's code)"
STEPS_PAPER = "2210.15809"
STEPS_REPOSITORY = "Coverage-centric-coreset-selection"
DIFFERENCES = {
    FIXED_STEPS: "ResNet-18, 40,000 iterations whatever the subset's size",
    FIXED_EPOCHS: "DeepCore's code: 200 epochs, so that a small subset gets few updates, and the best test accuracy of "
    "all epochs",
}
NETS = {"ResNet18": "ResNet-18", "VGG19": "VGG-19"}
PROVENANCE = {
    "verified_log": ("from a log", True),
    "verified_text": ("from the text", True),
    "figure_read": ("read off a plot by eye", False),
}
"""How a number was taken, and whether it is exact; what was read by eye counts as unverified."""
_SOURCE = re.compile(
    r"^github\.com/(?P<repository>[\w.-]+/[\w.-]+)@(?P<commit>[0-9a-f]{7,40}) (?P<path>\S+)(?P<rest>.*)$"
)
_PAPER = re.compile(r"^arXiv:(?P<id>\d{4}\.\d{5})(?P<rest>.*)$")


def files(file: Path) -> Iterator[Imported]:
    """The one file it writes."""
    document = imported(file)
    yield Imported(TARGET, document, f"{len(document.rows)} numbers")


def imported(path: Path) -> ReportedResults:
    """Every row of the table; MettleError for a source, a net or a provenance this tool does not know."""
    rows: list[dict[str, Any]] = []
    with path.open(encoding="utf-8", newline="") as stream:
        for line in csv.DictReader(stream):
            protocol, row = _row(path, line)
            if line["fraction_pct"] == TASK_PERCENT:
                rows.append(row | {"task": TASK, "metric": "accuracy"})
            rows.append(row | {"task": protocol, "metric": f"accuracy_at_{line['fraction_pct']}_percent"})
    document = {
        "schema_version": 1,
        "title": "Published accuracies of chosen subsets",
        "licence": "Facts, each with its source",
        "note": (
            "Other nets and other amounts of training than ours, so no row is comparable with a measured one, and rows "
            "of the two protocols are not comparable with each other. Numbers read off plots by eye are off by up to "
            "0.7 and count as unverified."
        ),
        "rows": rows,
    }
    return parse(ReportedResults, document, path)


def _row(path: Path, line: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """The protocol of a line, and its row without task and metric."""
    for column, known in (("model", NETS), ("provenance", PROVENANCE)):
        if line[column] not in known:
            raise MettleError(path, f"{column} is one of {', '.join(known)}", repr(line[column]))
    link, rest = _source(path, line["source"])
    protocol = FIXED_STEPS if STEPS_REPOSITORY in link or STEPS_PAPER in link else FIXED_EPOCHS
    taken, exact = PROVENANCE[line["provenance"]]
    row: dict[str, Any] = {
        "method": line["method"],
        "unit": "percent",
        "value": float(line["acc_pct"]),
        "source": link,
        "retrieved": RETRIEVED,
        "verified": exact,
        "architecture": NETS[line["model"]],
        "note": "; ".join(part for part in (DIFFERENCES[protocol], taken, rest) if part) + ".",
    }
    if line["std"]:
        row["sd"] = float(line["std"])
    return protocol, row


def _source(path: Path, source: str) -> tuple[str, str]:
    """The link of a source, and what else the table says of it."""
    if found := _SOURCE.match(source):
        link = f"https://github.com/{found['repository']}/blob/{found['commit']}/{found['path']}"
    elif found := _PAPER.match(source):
        link = f"https://arxiv.org/abs/{found['id']}"
    else:
        raise MettleError(path, "a source is github.com/<repository>@<commit> <path> or arXiv:<id>", repr(source))
    return link, found["rest"].strip().removeprefix("(").removesuffix(")")


if __name__ == "__main__":
    sys.exit(run_import(__doc__, files))
