"""Workflows that publish: every action pinned, no rights beyond need, and a list of packages that is enough."""

from __future__ import annotations

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


def closure(names: list[str]) -> set[str]:
    """Distributions that a plain install of these brings along, names in lower case with dashes."""
    found: set[str] = set()
    while names:
        name = re.sub(r"[-_.]+", "-", names.pop()).lower()
        if name in found:
            continue
        found.add(name)
        for line in metadata.requires(name) or []:
            if "extra ==" not in line:
                needed = re.match(r"[\w.-]+", line)
                assert needed is not None
                try:
                    metadata.distribution(needed.group())
                except metadata.PackageNotFoundError:
                    continue  # for another Python or system
                names.append(needed.group())
    return found


def test_the_builder_imports_nothing_that_is_not_listed() -> None:
    lines = (FOLDER / "board-requirements.txt").read_text(encoding="utf-8").splitlines()
    listed = [re.split(r"[<>=]", line)[0] for line in lines if line and not line.startswith("#")]
    code = (
        "import json, sys; before = set(sys.modules); import leaderboard.build; "
        "print(json.dumps(sorted({name.split('.')[0] for name in set(sys.modules) - before})))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    modules = set(json.loads(run.stdout)) - {"benchmark", "leaderboard"}
    owners = metadata.packages_distributions()
    used = {re.sub(r"[-_.]+", "-", owner).lower() for module in modules for owner in owners.get(module, [])[:1]}
    assert {"numpy", "scipy", "jinja2", "pydantic"} <= used
    assert used <= closure(listed)
