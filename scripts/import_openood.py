"""OpenOOD's leaderboard as reported results: a maintainers' tool.

    python -m scripts.import_openood FILE [--out leaderboard/reported]

FILE is a JSON list of the leaderboard's rows, its own columns and in `_b` the name of the board.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.documents import ReportedResults
from benchmark.documents.strict import parse
from benchmark.errors import MettleError
from scripts.openood_anomalies import DetectorRow, Published, anomalies
from scripts.reported_file import Imported, run_import

REPOSITORY = "https://github.com/zjysteven/OpenOOD"
LICENCE = "MIT, Copyright (c) 2021 Jingkang Yang"
RETRIEVED = "2026-11-21"
LINKED = re.compile(r"<a href=(\S+?)>([^<]*)</a>")
NUMBER = re.compile(r"(\d+\.\d+)(?: ± (\d+\.\d+))?")
MISSING = "/"


@dataclass(frozen=True)
class Board:
    """One of the six tables."""

    task: str
    """Our task on the same lists of images, or the protocol's name where we have none."""
    file: str
    """The reported results' file, without its ending."""


BOARDS = {
    "cifar10": Board("ood/cifar10-detect", "openood-cifar10"),
    "cifar100": Board("ood/cifar100-detect", "openood-cifar100"),
    "imagenet200_ood": Board("OpenOOD v1.5, ImageNet-200", "openood-imagenet-200"),
    "imagenet200_fsood": Board("OpenOOD v1.5, ImageNet-200, full-spectrum", "openood-imagenet-200-full-spectrum"),
    "imagenet1k_ood": Board("OpenOOD v1.5, ImageNet-1K", "openood-imagenet-1k"),
    "imagenet1k_fsood": Board("OpenOOD v1.5, ImageNet-1K, full-spectrum", "openood-imagenet-1k-full-spectrum"),
}
DISPUTED = {
    (board, "CombOOD"): "Disputed: a re-run on the v1.5 lists gives a near-OOD AUROC 13 to 22 points lower "
    "(https://github.com/Jingkang50/OpenOOD/issues/307, open)."
    for board in ("imagenet200_ood", "imagenet1k_ood")
}
"""Findings of others, by board and detector."""


def files(file: Path) -> Iterator[Imported]:
    """One file a board."""
    entries = read_entries(file)
    for name, board in BOARDS.items():
        document = imported(entries, name)
        odd = {row.method for row in document.rows if row.anomalies}
        told = f"{len(document.rows)} numbers, {len(odd)} methods with an anomaly"
        yield Imported(f"{board.file}.json", document, told)


def read_entries(path: Path) -> list[dict[str, Any]]:
    """The leaderboard's rows; MettleError for a missing file."""
    if not path.is_file():
        raise MettleError(path, "OpenOOD's rows lie here as a JSON list", "no such file")
    return json.loads(path.read_text(encoding="utf-8"))


def imported(entries: list[dict[str, Any]], name: str) -> ReportedResults:
    """The reported results of one board: near-OOD and far-OOD AUROC and ID accuracy of every row, in its order.

    Raises MettleError for a board without rows and for entries that are not as the board prints them.
    """
    board = BOARDS[name]
    own = [entry for entry in entries if entry["_b"] == name]
    if not own:
        raise MettleError(name, "the file has rows of this board", "none")
    detectors = [_detector_row(entry) for entry in own]
    rows = [
        row
        for entry, detector, odd in zip(own, detectors, anomalies(detectors), strict=True)
        for row in _numbers(name, entry, detector, odd)
    ]
    document = {
        "schema_version": 1,
        "title": f"OpenOOD's leaderboard, {name}",
        "licence": LICENCE,
        "note": (
            "Rows as the board prints them; since 2025 their authors enter them by pull request. AUROC is the mean "
            "over the near or far sets. A row does not say how many training runs it covers: by the protocol three, "
            "and on ImageNet-1K one published checkpoint. Anomalies were found automatically and prove nothing by "
            "themselves."
        ),
        "rows": rows,
    }
    return parse(ReportedResults, document, board.file)


def _detector_row(entry: dict[str, Any]) -> DetectorRow:
    near, far, accuracy = (_published(entry, key) for key in ("Near-OOD_AUROC", "Far-OOD_AUROC", "ID_Accuracy"))
    if near is None or far is None:
        raise MettleError(entry["_f"], "a row gives near-OOD and far-OOD AUROC", MISSING)
    checkpoint = (_name_and_links(entry["Training"])[0], entry["Arch"], entry["Additional_Description"])
    return DetectorRow(checkpoint, near, far, accuracy)


def _published(entry: dict[str, Any], key: str) -> Published | None:
    text = entry[key]
    if text == MISSING:
        return None
    found = NUMBER.fullmatch(text)
    if not found:
        raise MettleError(entry["_f"], f"{key} is a mean, and its deviation after ±, or {MISSING}", text)
    return Published(float(found[1]), float(found[2]) if found[2] else None)


def _name_and_links(text: str) -> tuple[str, list[str]]:
    """A cell's text without its markup, and the addresses it links to."""
    name = LINKED.sub(r"\2", text)
    if "<" in name:
        raise MettleError(text, "a name is plain text and links")
    return name, [found[1] for found in LINKED.finditer(text)]


def _numbers(name: str, entry: dict[str, Any], row: DetectorRow, odd: list[str]) -> list[dict[str, Any]]:
    (training, training_links), (detector, links) = (
        _name_and_links(entry[key]) for key in ("Training", "Postprocessor")
    )
    note = [entry["Additional_Description"] + ".", *(link for link in training_links if link not in links)]
    about = {
        "task": BOARDS[name].task,
        "method": detector if detector == training else f"{detector} on {training}",
        "unit": "percent",
        "source": f"{REPOSITORY}/blob/leaderboard/results/{name}.csv",
        "retrieved": RETRIEVED,
        "verified": True,
        "paper": next(iter(links), None),
        "architecture": entry["Arch"],
        "extra_data": {"Yes": True, "No": False}[entry["Outlier_Data"]],
        "note": " ".join(note),
        "anomalies": [*odd, *([DISPUTED[name, detector]] if (name, detector) in DISPUTED else [])],
    }
    metrics = {"near_ood_auroc": row.near_auroc, "far_ood_auroc": row.far_auroc, "id_accuracy": row.id_accuracy}
    return [
        {**about, "metric": metric, "value": number.mean, "sd": number.sd}
        for metric, number in metrics.items()
        if number is not None
    ]


if __name__ == "__main__":
    sys.exit(run_import(__doc__, files))
