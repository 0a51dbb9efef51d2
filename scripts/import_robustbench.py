"""RobustBench's published corruption results as reported results: a maintainers' tool.

    python scripts/import_robustbench.py FOLDER [--out leaderboard/reported]

FOLDER holds RobustBench's `model_info` layout: `cifar10/corruptions/*.json` and `unaggregated_results.csv`.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from pathlib import Path
from typing import Any

from benchmark.documents import ReportedResults
from benchmark.documents.strict import parse
from benchmark.errors import MettleError
from benchmark.paths import ROOT

REPOSITORY = "https://github.com/RobustBench/robustbench"
LICENCE = "MIT, Copyright (c) 2020 Francesco Croce, Maksym Andriushchenko, Vikash Sehwag"
RETRIEVED = "2026-11-21"
TASKS = {"cifar10": "corruption/cifar10-c", "cifar100": "corruption/cifar100-c"}
TITLES = {"cifar10": "RobustBench, CIFAR-10-C", "cifar100": "RobustBench, CIFAR-100-C"}
OTHER_NAMES = {
    "Hendrycks2020AugMix_WRN": "Hendrycks2020AugMixWRN",
    "Hendrycks2020AugMix_ResNeXt": "Hendrycks2020AugMixResNeXt",
}
"""Models whose row in CIFAR-10's table of cells is not named as their file."""
SYMBOLS = {r"\(": "", r"\)": "", r"\ell_{\infty}": "l-infinity", r"\ell_2": "l2", r"\varepsilon": "epsilon"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "leaderboard" / "reported")
    given = parser.parse_args()
    try:
        for dataset in TASKS:
            document = imported(given.folder, dataset)
            target = given.out / f"robustbench-{dataset}-c.json"
            target.write_text(document.model_dump_json(indent=1) + "\n", encoding="utf-8")
            methods = len({row.method for row in document.rows})
            print(f"{target}: {methods} methods, {len(document.rows)} numbers")
    except MettleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def imported(folder: Path, dataset: str) -> ReportedResults:
    """The reported results of one data set, clean and mean corrupted accuracy of every model.

    Raises MettleError for a missing folder and for entries that are not what their layout promises.
    """
    source = folder / dataset / "corruptions"
    files = sorted(source.glob("*.json"))
    if not files:
        raise MettleError(source, "RobustBench's JSON files of one data set lie here", "none")
    means = cell_means(source / "unaggregated_results.csv")
    rows = [row for path in files for row in _rows(path, dataset, means)]
    note = (
        "RobustBench's own measurements of the models in its zoo: the mean accuracy over 15 corruptions at five "
        "severities of all 10,000 images. Methods carry RobustBench's names."
    )
    document = {"schema_version": 1, "title": TITLES[dataset], "licence": LICENCE, "note": note, "rows": rows}
    return parse(ReportedResults, document, source)


def cell_means(path: Path) -> dict[str, float]:
    """Mean accuracy in percent over the 75 cells, by the row's name; empty where the table is not there."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))[2:]  # two lines name corruption and severity
    return {line[0]: 100 * math.fsum(map(float, line[1:])) / len(line[1:]) for line in lines if line}


def _rows(path: Path, dataset: str, means: dict[str, float]) -> list[dict[str, Any]]:
    repeated: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in items]
        repeated.extend(sorted({key for key in keys if keys.count(key) > 1}))
        return dict(items)

    entry = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=pairs)
    about = {
        "task": TASKS[dataset],
        "method": path.stem,
        "unit": "percent",
        "source": f"{REPOSITORY}/blob/master/model_info/{dataset}/corruptions/{path.name}",
        "retrieved": RETRIEVED,
        "verified": True,
        "venue": None if entry["venue"] == "N/A" else entry["venue"],
        "architecture": entry["architecture"],
        "extra_data": entry["additional_data"],
        "paper": None if entry["link"].startswith(REPOSITORY) else entry["link"],
        "note": " ".join([*_facts(entry), *_anomalies(path, entry, repeated, means)]),
    }
    return [
        {**about, "metric": metric, "value": float(entry[key])}
        for metric, key in (("mean_accuracy", "corruptions_acc"), ("clean_accuracy", "clean_acc"))
    ]


def _facts(entry: dict[str, Any]) -> list[str]:
    facts = [entry["name"].rstrip(".") + "."]
    if footnote := entry.get("footnote"):
        facts.append(_plain(footnote).rstrip(".") + ".")
    if entry["number_forward_passes"] != 1:
        facts.append(f"{entry['number_forward_passes']} forward passes per image.")
    return facts


def _plain(text: str) -> str:
    for symbol, word in SYMBOLS.items():
        text = text.replace(symbol, word)
    if "\\" in text:
        raise MettleError(text, "a footnote has only the symbols this tool knows", fix="Add the symbol to SYMBOLS.")
    return " ".join(text.split())


def _anomalies(path: Path, entry: dict[str, Any], repeated: list[str], means: dict[str, float]) -> list[str]:
    found = []
    value = float(entry["corruptions_acc"])
    mean = means.get(path.stem, means.get(OTHER_NAMES.get(path.stem, path.stem)))
    if mean is None:
        found.append("No row in the table of cells.")
    elif abs(mean - value) > 0.005 + 1e-9:
        kind = "truncated, not rounded" if math.floor(100 * mean + 1e-9) == round(100 * value) else "another number"
        found.append(f"{kind.capitalize()}: its own cells have the mean {mean:.3f}.")
    paper = entry.get("reported")
    if paper not in (None, "", "null") and abs(float(paper) - value) > 0.05:
        found.append(f"Its authors report {paper}.")
    if repeated:
        found.append(f"The file gives {', '.join(repeated)} twice.")
    return found


if __name__ == "__main__":
    sys.exit(main())
