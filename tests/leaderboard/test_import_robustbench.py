"""The importer against a fixture and, where a mirror folder (METTLE_MIRROR) has them, the published files."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from benchmark.documents import ReportedResults, read
from benchmark.errors import MettleError
from benchmark.paths import ROOT, mirrors
from leaderboard.build import REPORTED_DIR


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("import_robustbench", ROOT / "scripts" / "import_robustbench.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


ENTRY = (
    '{"link": "https://arxiv.org/abs/1", "name": "A paper", "additional_data": false, "number_forward_passes": 6,'
    ' "venue": "N/A", "architecture": "Net", "clean_acc": "90.00", "reported": "null", "corruptions_acc": "70.01",'
    ' "corruptions_acc": "70.01", "footnote": "For \\\\(\\\\ell_2 \\\\) with \\\\(\\\\varepsilon = 0.5\\\\)."}'
)


def folder(tmp_path: Path, entry: str = ENTRY, cells: str = "0.70018,0.70018") -> Path:
    source = tmp_path / "cifar10" / "corruptions"
    source.mkdir(parents=True)
    (source / "Model.json").write_text(entry)
    (source / "unaggregated_results.csv").write_text(f",fog,fog\n,1,2\nModel,{cells}\n")
    return tmp_path


def test_facts_and_anomalies(tool: ModuleType, tmp_path: Path) -> None:
    rows = tool.imported(folder(tmp_path), "cifar10").rows
    assert [(row.metric, row.value) for row in rows] == [("mean_accuracy", 70.01), ("clean_accuracy", 90.0)]
    assert rows[0].note == (
        "A paper. For l2 with epsilon = 0.5. 6 forward passes per image. Truncated, not rounded: its own cells have "
        "the mean 70.018. The file gives corruptions_acc twice."
    )
    assert rows[0].venue is None
    assert rows[0].source.startswith("https://github.com/RobustBench/robustbench/")


def test_a_number_that_is_not_its_cells(tool: ModuleType, tmp_path: Path) -> None:
    rows = tool.imported(folder(tmp_path, cells="0.8,0.9"), "cifar10").rows
    assert "Another number: its own cells have the mean 85.000." in rows[0].note


def test_unknown_symbol_is_refused(tool: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(MettleError, match="symbols this tool knows"):
        tool.imported(folder(tmp_path, ENTRY.replace("ell_2", "omega")), "cifar10")


def test_missing_folder(tool: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(MettleError, match="none"):
        tool.imported(tmp_path, "cifar10")


@pytest.mark.parametrize("dataset", ["cifar10", "cifar100"])
def test_committed_rows_are_what_the_published_files_say(tool: ModuleType, dataset: str) -> None:
    found = [mirror / "published" / "robustbench" for mirror in mirrors()]
    source = next((path for path in found if (path / dataset / "corruptions").is_dir()), None)
    if source is None:
        pytest.skip("no mirror folder (METTLE_MIRROR) has published/robustbench")
    committed = read(ReportedResults, REPORTED_DIR / f"robustbench-{dataset}-c.json")
    assert committed == tool.imported(source, dataset)
    for path in (source / dataset / "corruptions").glob("*.json"):
        entry = json.loads(path.read_text())
        values = {row.metric: row.value for row in committed.rows if row.method == path.stem}
        assert values["mean_accuracy"] == float(entry["corruptions_acc"])
        assert values["clean_accuracy"] == float(entry["clean_acc"])
