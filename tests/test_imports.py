"""Imports go one way: nothing downstream is imported upstream, and the light parts stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("benchmark", "tasks", "leaderboard", "scripts")

# Every package with what it may import besides itself; a module that is not listed falls under its package.
BASE = {"benchmark.errors", "benchmark.paths", "benchmark.zip_directory"}
LEAVES = BASE | {"benchmark.documents", "benchmark.metrics", "benchmark.statistics"}
PARTS = LEAVES | {
    "benchmark.data",
    "benchmark.models",
    "benchmark.corruptions",
    "benchmark.training",
    "benchmark.detectors",
}
ENGINE = PARTS | {
    "benchmark.task_registry",
    "benchmark.effort",
    "benchmark.protocol",
    "benchmark.dataset_protocol",
    "benchmark.submitted_sets",
    "benchmark.selection",
    "benchmark.contamination",
}
SHARED = {"benchmark.passes", "benchmark.replicates", "benchmark.scored", "benchmark.scores", "benchmark.submitted"}
MAY_IMPORT = {
    "benchmark.errors": set(),
    "benchmark.paths": set(),
    "benchmark.zip_directory": set(),
    "benchmark.documents": BASE,
    "benchmark.metrics": BASE,
    "benchmark.statistics": BASE | {"benchmark.metrics"},
    "benchmark.data": LEAVES,
    "benchmark.corruptions": LEAVES,
    "benchmark.models": LEAVES,
    "benchmark.detectors": LEAVES,
    "benchmark.training": PARTS,
    "benchmark.selection": LEAVES,
    "benchmark.contamination": LEAVES | {"benchmark.data", "benchmark.scores"},
    "benchmark.set_making": PARTS | {"benchmark.selection", "benchmark.submitted_sets"},
    "benchmark.task_registry": LEAVES,
    "benchmark.effort": BASE,
    "benchmark.protocol": PARTS
    | {"benchmark.task_registry", "benchmark.effort", "benchmark.replicates", "benchmark.scored"},
    "benchmark.dataset_protocol": PARTS
    | {
        "benchmark.task_registry",
        "benchmark.effort",
        "benchmark.protocol",
        "benchmark.replicates",
        "benchmark.scored",
    },
    "benchmark.submitted_sets": PARTS,
    "benchmark.passes": PARTS,
    "benchmark.scores": LEAVES,
    "benchmark.submitted": LEAVES,
    "benchmark.scored": LEAVES,
    "benchmark.replicates": LEAVES | {"benchmark.scored", "benchmark.scores"},
    "benchmark.artifacts": LEAVES,
    "benchmark.exports": LEAVES | {"benchmark.data", "benchmark.task_registry"},
    "benchmark.provenance": LEAVES,
    "benchmark.check": ENGINE | {"benchmark.artifacts"},
    "benchmark.score": ENGINE,
    "benchmark.launch": ENGINE | {"benchmark.score"},
    "tasks": ENGINE | SHARED | {"benchmark.artifacts"},
    "leaderboard": BASE | {"benchmark.documents", "benchmark.effort", "benchmark.statistics"},
}
NO_TORCH = (
    "benchmark.documents", "benchmark.metrics", "benchmark.statistics", "benchmark.corruptions", "benchmark.selection",
    "benchmark.contamination", "leaderboard",
)  # fmt: skip


def modules(*folders: str) -> Iterator[tuple[str, Path]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_imports_go_one_way(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    found = [(name, path) for name, path in modules("benchmark", "tasks", "leaderboard") if inside(name, package)]
    assert found, f"no module of {package}: mend MAY_IMPORT"
    for name, path in found:
        ours = {
            other for other in imported(path) if other.split(".")[0] in ("benchmark", "tasks", "leaderboard", "scripts")
        }
        wrong = {other for other in ours if other != "benchmark" and not any(inside(other, ok) for ok in allowed)}
        assert not wrong, f"{name} must not import {', '.join(sorted(wrong))}"


@pytest.mark.parametrize("package", NO_TORCH)
def test_light_parts_do_not_import_torch(package: str) -> None:
    for name, path in modules("benchmark", "leaderboard"):
        if inside(name, package):
            assert not any(inside(other, "torch") for other in imported(path)), f"{name} imports torch"


def test_nothing_imports_scripts_or_tests() -> None:
    for name, path in modules("benchmark", "tasks", "leaderboard"):
        assert not any(other.split(".")[0] in ("scripts", "tests") for other in imported(path)), name


@pytest.mark.parametrize("name", ["benchmark", "benchmark.cli", "benchmark.documents", "leaderboard.build"])
def test_import_is_light(name: str) -> None:
    code = f"import sys, {name}; print('torch' in sys.modules, 'pandas' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "False"]


def test_public_names_stay_what_they_are() -> None:
    """A submodule that is imported must not take the place of a public function of its name."""
    import benchmark

    for name in benchmark.__all__:
        assert callable(getattr(benchmark, name))
    import benchmark.evaluation

    assert callable(benchmark.evaluate)
    assert callable(benchmark.evaluate)
