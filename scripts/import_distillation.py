"""Published accuracies of distilled sets as reported results: a maintainers' tool.

    python -m scripts.import_distillation FILE [--out leaderboard/reported]

FILE is a CSV table with the columns dataset, ipc, method, acc, std, eval_arch, labels, protocol_note, source, verified.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmark.documents import ReportedResults
from benchmark.documents.strict import parse
from benchmark.errors import MettleError
from scripts.reported_file import Imported, run_import

TARGET = "distillation.json"
RETRIEVED = "2026-11-21"
DATASETS = {
    "CIFAR-10": "cifar10",
    "CIFAR-100": "cifar100",
    "TinyImageNet": "tiny-imagenet",
    "FashionMNIST": "fashion-mnist",
    "ImageNet-1K": "imagenet",
}
"""Data sets that have tasks of ours, by their names in the table."""
BUDGETS = ("1", "10", "50")
"""Images a class that have tasks of ours."""
SOURCES = {
    "NCFM paper": "https://github.com/gszfwsb/NCFM",
    "DC-BENCH leaderboard": "https://dc-bench.github.io/",
    "DATM Table": "https://github.com/NUS-HPC-AI-Lab/DATM",
    "PAD paper": "https://github.com/NUS-HPC-AI-Lab/PAD",
    "AutoPalette paper": "https://github.com/KeViNYuAn0314/AutoPalette",
    "KIP paper": "https://arxiv.org/abs/2107.13034",
    "IDC README": "https://github.com/snu-mllab/Efficient-Dataset-Condensation",
    "no-distillation": "https://github.com/sunnytqin/no-distillation",
    "DWA Table": "https://github.com/AngusDujw/Diversity-Driven-Synthesis",
    "recalled": "https://arxiv.org/abs/2006.05929",
}
"""By how the table's source begins."""
RECALLED = {
    "CAFE": "https://arxiv.org/abs/2203.01531",
    "DM": "https://arxiv.org/abs/2110.04181",
    "DataDAM": "https://arxiv.org/abs/2310.00093",
}
"""Papers that numbers from memory are said to stand in, by method; the paper of DC for the others."""
AVERAGES = {
    "DC-BENCH best over augmentations": (" (best of five augmentations)", "accuracy"),
    "DC-BENCH mean over augmentations": (" (mean over five augmentations)", "accuracy"),
    "DC-BENCH mean over transfer architectures": (" (mean over other architectures)", "cross_architecture_mean"),
}
"""What a row of DC-BENCH averages over: added to the method's name, and the metric it is."""
SUSPECT = "SUSPECT"
SUSPECTS = {
    ("CIFAR-100", "10", "KIP", "DC-BENCH mean over transfer architectures"): (
        "the source prints the mean over augmentations, 24.89, once more (copy error)"
    ),
}
"""What the table does not call suspect and is: by data set, images a class, method and note."""
WIDER = "wider net"
"""In the labels of rows that were trained on a wider net than the architecture column says."""


def files(file: Path) -> Iterator[Imported]:
    """The one file it writes."""
    document = imported(file)
    tasks = len({row.task for row in document.rows})
    yield Imported(TARGET, document, f"{len(document.rows)} numbers about {tasks} tasks and protocols")


def imported(path: Path) -> ReportedResults:
    """Every row of the table; MettleError for a source or a data set this tool does not know."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [_row(path, line) for line in csv.DictReader(stream)]
    document = {
        "schema_version": 1,
        "title": "Published distillation results",
        "licence": "Facts, each with its source",
        "note": (
            "Accuracies as papers and boards print them. Protocols differ in labels, steps, augmentation, whitening, "
            "and in whether the checkpoint was chosen on the test set, so rows are not comparable with each other."
        ),
        "rows": rows,
    }
    return parse(ReportedResults, document, path)


def _row(path: Path, line: dict[str, str]) -> dict[str, Any]:
    task, method, metric = _place(path, line)
    note, _, suspicion = line["protocol_note"].partition(SUSPECT)
    suspicion = suspicion or SUSPECTS.get((line["dataset"], line["ipc"], line["method"], note), "")
    note = "" if note in AVERAGES else note.rstrip(" |")
    row: dict[str, Any] = {
        "task": task,
        "method": method,
        "metric": metric,
        "unit": "percent",
        "value": float(line["acc"]),
        "source": _source(path, line),
        "retrieved": RETRIEVED,
        "verified": line["verified"] == "yes" and not suspicion,
        "architecture": _architecture(line),
        "note": "; ".join(part for part in (line["source"], f"labels: {line['labels']}", note) if part) + ".",
    }
    if line["std"]:
        row["sd"] = float(line["std"])
    if suspicion:
        row["anomalies"] = [f"Suspect: {suspicion.strip(' :')}."]
    return row


def _architecture(line: dict[str, str]) -> str:
    """The net the number was measured with, as far as the table says; its column repeats the table's usual one."""
    usual = line["eval_arch"]
    return f"wider than {usual.partition(' (')[0]}, see note" if WIDER in line["labels"] else usual


def _place(path: Path, line: dict[str, str]) -> tuple[str, str, str]:
    """Task or protocol, name of the method, and metric."""
    dataset, budget = line["dataset"], line["ipc"]
    suffix, metric = AVERAGES.get(line["protocol_note"], ("", "accuracy"))
    if budget == "whole":
        return "ConvNet-3 on a whole training set", dataset, metric
    if dataset in DATASETS and budget in BUDGETS:
        return f"distillation/{DATASETS[dataset]}-ipc{budget}", line["method"] + suffix, metric
    if not budget.isdigit():
        raise MettleError(path, "ipc is a number of images a class, or `whole`", repr(budget))
    images = "1_image_a_class" if budget == "1" else f"{budget}_images_a_class"
    return f"Distilled {dataset}", line["method"] + suffix, images


def _source(path: Path, line: dict[str, str]) -> str:
    for beginning, link in SOURCES.items():
        if line["source"].startswith(beginning):
            return RECALLED.get(line["method"], link) if beginning == "recalled" else link
    raise MettleError(path, "a source is one this tool has a link to", repr(line["source"]), "Add it to SOURCES.")


if __name__ == "__main__":
    sys.exit(run_import(__doc__, files))
