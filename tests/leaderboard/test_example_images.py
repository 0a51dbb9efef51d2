"""Example images: what is read beside a task, what the pages show, and what stops a build."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from html_page import check_page
from synthetic import Method, add, write_task
from synthetic_examples import write_examples

from benchmark.documents import read_task
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from leaderboard.build import build
from leaderboard.data_sets import MANIFESTS, read_data_set
from leaderboard.example_images import ENLARGED, read_examples
from leaderboard.revision import SiteRevision
from scripts.freeze_examples import PASSED_ON

REVISION = SiteRevision("0123456789abcdef", "2026-11-21", dirty=False)
SHOWN = ("fog", "gaussian_noise")


def images(page: Path, site: Path) -> list[dict[str, str | None]]:
    return check_page(page, site).of("img")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tasks with a record each, of which one has examples of two corruptions."""
    folder = tmp_path_factory.mktemp("board")
    tasks, root = folder / "tasks", folder / "submissions"
    task, other = write_task(tasks), write_task(tasks, "corruption/other-mc")
    write_examples(tasks, task, SHOWN)
    add(root, task, Method("one", "One", 1.0, 1), said="measured")
    add(root, other, Method("two", "Two", 1.0, 2), said="measured")
    build(folder / "site", [root], tasks, folder / "none", REVISION)
    return folder / "site"


def test_task_page_shows_all_corruptions(site: Path) -> None:
    page = check_page(site / "tasks" / "corruption" / "synthetic-mc.v1.html", site)
    found = page.of("img")
    side = ENLARGED * 28
    assert [image["alt"] for image in found[1::2]] == [
        "bag and coat under fog, severity 1 to 5",
        "bag and coat under gaussian noise, severity 1 to 5",
    ]
    assert all((image["width"], image["height"]) == (str(side), str(2 * side)) for image in found[::2])
    assert all((image["width"], image["height"]) == (str(5 * side), str(2 * side)) for image in found[1::2])
    assert "Fashion-MNIST, licence: MIT" in page.text
    licence = site / "images" / "corruption" / "synthetic-mc.v1" / "LICENSE.txt"
    assert licence.read_text(encoding="utf-8") == "The licence.\n"


def test_worst_cells_show_the_images_that_there_are(site: Path) -> None:
    page = check_page(site / "submissions" / "one.html", site)
    numbers = json.loads((site / "data" / "submissions" / "one.json").read_text("utf-8"))
    cells = [row for row in numbers if row["metric"] == "accuracy" and "/" in str(row["cell"])]
    lowest = sorted(cells, key=lambda row: row["value"])[:5]
    text = " ".join(page.text.split())
    for row in lowest:
        name, severity = row["cell"].split("/")
        assert f"{name.replace('_', ' ')} {severity}: {100 * row['value']:.1f} %" in text
    expected = [row["cell"].split("/") for row in lowest if row["cell"].split("/")[0] in SHOWN]
    found = [image for image in page.of("img") if image["alt"] != "clean"]
    assert [Path(image["src"] or "").stem for image in found] == [name for name, _ in expected]
    assert [image["class"] for image in found] == [f"at{25 * (int(severity) - 1)}" for _, severity in expected]


def test_a_task_without_examples_has_no_images(site: Path) -> None:
    assert not images(site / "tasks" / "corruption" / "other-mc.v1.html", site)
    page = check_page(site / "submissions" / "two.html", site)
    assert "Worst cells" in page.text
    assert not page.of("img")


def test_which_cells_have_an_image(tmp_path: Path) -> None:
    task = write_task(tmp_path)
    write_examples(tmp_path, task, ("fog",), severities=1)
    examples = read_examples(task, tmp_path)
    assert examples is not None
    assert examples.has("fog", "1")
    assert not examples.has("fog", "2")
    assert not examples.has("fog", "0")
    assert not examples.has("clean/..", "1")
    assert examples.place("1") == "at0"


@pytest.mark.parametrize(
    ("broken", "says"),
    [("fog.png", "sha256"), ("gone", "cannot be read"), ("examples.json", "holds dataset"), ("licence", "cannot be")],
)
def test_examples_that_are_not_what_they_say_stop_the_build(tmp_path: Path, broken: str, says: str) -> None:
    task = write_task(tmp_path)
    folder = write_examples(tmp_path, task, ("fog",))
    if broken == "gone":
        (folder / "fog.png").unlink()
    elif broken == "licence":
        (folder.parent / "LICENSE.fashion-mnist.txt").unlink()
    else:
        (folder / broken).write_bytes(b"{}")
    with pytest.raises(MettleError, match=says):
        read_examples(task, tmp_path)


COMMITTED = sorted((ROOT / "tasks").glob("*/examples/*/examples.json"))


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.parent.name)
def test_committed_examples_are_whole_small_and_allowed(path: Path) -> None:
    task = read_task(path.parents[2] / f"{path.parent.name}.toml")
    examples = read_examples(task, ROOT / "tasks")
    assert examples is not None
    assert examples.data_set.licence in PASSED_ON
    assert examples.data_set == read_data_set(MANIFESTS / f"{task.data.dataset}.json")
    assert set(examples.corruptions) == {*task.settings["standard"], *task.settings.get("held_out", ())}
    assert {file.name for file in path.parent.iterdir()} == {*examples.files, path.name}
    assert sum(map(len, examples.files.values())) < 150_000


def test_there_are_committed_examples() -> None:
    assert COMMITTED
