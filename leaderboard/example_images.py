"""Example images of a task, frozen beside it, as files of the site."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.documents import Task
from benchmark.documents.canonical import bytes_sha256
from benchmark.errors import MettleError
from leaderboard.data_sets import MANIFESTS, DataSet, read_data_set
from leaderboard.site import Site

CLEAN = "clean.png"
ENLARGED = 2
"""Screen pixels (CSS) a pixel of an image is wide and high."""


@dataclass(frozen=True)
class ExampleImages:
    """A few images of a task, clean and in each of its corruptions.

    A file holds the images one below the other, and a column a severity, mildest first; `clean.png` has one column.
    """

    data_set: DataSet
    classes: tuple[str, ...]
    """Of the images, from top to bottom."""
    side: int
    """Width and height of one image as shown, in CSS pixels."""
    severities: int
    folder: str
    """Of the files, in the site."""
    files: Mapping[str, bytes]
    """Content by file name, in the order of the task."""
    licence: bytes
    """The text of the data set's licence."""

    @property
    def corruptions(self) -> list[str]:
        return [name.removesuffix(".png") for name in self.files if name != CLEAN]

    @property
    def shown(self) -> str:
        """What the images show, for people who do not see them."""
        *others, last = (name.lower() for name in self.classes)
        return f"{', '.join(others)} and {last}" if others else last

    def has(self, corruption: str, severity: str) -> bool:
        """Whether there is an image of this cell."""
        return f"{corruption}.png" in self.files and severity in map(str, range(1, self.severities + 1))

    def place(self, severity: str) -> str:
        """The class of the style sheet that shows the column of this severity and hides the others, `at25` for one."""
        return f"at{round(100 * (int(severity) - 1) / max(self.severities - 1, 1))}"

    def add_to(self, site: Site) -> None:
        """Write the files into the site, with the licence beside them."""
        for name, content in self.files.items():
            site.add(f"{self.folder}/{name}", content)
        site.add(f"{self.folder}/LICENSE.txt", self.licence)


def read_examples(task: Task, tasks_dir: Path) -> ExampleImages | None:
    """The examples in `<family>/examples/<task>.v<version>/`; None where there are none.

    Raises MettleError for examples that are not what their `examples.json` says, or lie without their licence.
    """
    stem = f"{task.name}.v{task.version}"
    folder = tasks_dir / task.family / "examples" / stem
    if not folder.is_dir():
        return None
    about = _about(folder / "examples.json")
    dataset = about["dataset"]
    return ExampleImages(
        data_set=read_data_set(MANIFESTS / f"{dataset}.json"),
        classes=tuple(about["classes"]),
        side=ENLARGED * task.data.image_size,
        severities=int(about["severities"]),
        folder=f"images/{task.family}/{stem}",
        files={name: _image(folder / name, sha256) for name, sha256 in about["files"].items()},
        licence=_bytes(folder.parent / f"LICENSE.{dataset}.txt"),
    )


def _about(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {key: content[key] for key in ("dataset", "classes", "severities", "files")}
    except (OSError, ValueError, KeyError) as error:
        raise MettleError(path, "it holds dataset, classes, severities and files", error) from None


def _image(path: Path, sha256: str) -> bytes:
    content = _bytes(path)
    if (found := bytes_sha256(content)) != sha256:
        rule = f"examples.json names a file with the sha256 {sha256[:12]}"
        raise MettleError(path, rule, found[:12], "Freeze the examples again: python -m scripts.freeze_examples")
    return content


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MettleError(path, "cannot be read", error.strerror, "Restore it: git checkout -- tasks") from None
