"""Workflows that publish: every action pinned, no rights beyond need, and a list of packages that is enough."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmark.paths import ROOT

FOLDER = ROOT / ".github"
WORKFLOWS = sorted((FOLDER / "workflows").glob("*.yml"))


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_are_pinned_and_have_few_rights(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    triggers = workflow[True]  # YAML 1.1 reads the key `on` as a truth value
    assert "pull_request_target" not in triggers
    assert "pull_request" not in triggers, "a stranger's branch must not publish"
    assert workflow["permissions"] == {"contents": "read"}
    for step in steps(workflow):
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step["uses"])
            if step["uses"].startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False
        assert "${{" not in step.get("run", ""), "a value of the event must not become a part of a shell command"
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
    secret = [index for index, step in enumerate(steps(workflow)) if "secrets." in json.dumps(step)]
    assert secret in ([], [len(steps(workflow)) - 1]), "a token is given to the last step only"


def test_both_places_are_published_to() -> None:
    assert [path.stem for path in WORKFLOWS] == ["pages", "space"]
    head = (FOLDER / "space" / "README.md").read_text(encoding="utf-8").split("---")[1]
    settings = yaml.safe_load(head)
    assert (settings["sdk"], settings["app_file"]) == ("static", "index.html")


def test_the_builder_imports_nothing_that_is_not_listed() -> None:
    """What the modules that a build loads import themselves; some of their packages try others, and do without."""
    lines = (FOLDER / "board-requirements.txt").read_text(encoding="utf-8").splitlines()
    listed = {re.split(r"[<>=]", line)[0] for line in lines if line and not line.startswith("#")}
    code = (
        "import json, sys, leaderboard.build; ours = ('benchmark', 'leaderboard'); "
        "print(json.dumps([m.__file__ for name, m in sys.modules.items() if name.split('.')[0] in ours]))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    owners = metadata.packages_distributions()
    used = set()
    for file in json.loads(run.stdout):
        for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            used |= {owner.lower() for name in names for owner in owners.get(name.split(".")[0], ())}
    assert {"numpy", "scipy", "jinja2", "pydantic"} <= used
    assert used - {"mettle", "markupsafe", "pydantic_core"} <= listed, "two come with jinja2 and pydantic"
