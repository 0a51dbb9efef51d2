"""A site made by several processes is the site that one makes, and an error in any of them stops the build."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from synthetic import many, write_task

from benchmark.errors import MettleError
from leaderboard import site as sites
from leaderboard.build import build
from leaderboard.revision import SiteRevision
from leaderboard.site import Site

REVISION = SiteRevision("0123456789abcdef", "2026-11-21", dirty=False)
forks = pytest.mark.skipif(sys.platform != "linux", reason="several processes are for Linux")


def contents(site: Path) -> dict[str, bytes]:
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}


@forks
def test_several_processes_make_the_same_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = write_task(tmp_path / "tasks")
    many(tmp_path / "submissions", task, 13, images=60)
    folders = ([tmp_path / "submissions"], tmp_path / "tasks", tmp_path / "none", REVISION)
    alone = build(tmp_path / "alone", *folders)
    monkeypatch.setattr(sites, "JOBS_A_PROCESS", 2)
    monkeypatch.setattr(sites, "processors", lambda: 3)
    together = build(tmp_path / "together", *folders)
    assert contents(tmp_path / "together") == contents(tmp_path / "alone")
    assert together.files == alone.files == len(contents(tmp_path / "alone")) - 1  # and the marker


@forks
@pytest.mark.parametrize("processes", [1, 3])
def test_an_error_or_a_path_twice_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    monkeypatch.setattr(sites, "JOBS_A_PROCESS", 1)
    monkeypatch.setattr(sites, "processors", lambda: processes)

    def fail() -> None:
        raise MettleError("a page", "cannot be made")

    def make(last: Callable[[Site], Callable[[], None]]) -> None:
        with Site(tmp_path / "site") as site:
            site.run([*(partial(site.add, f"{index}.txt", "x") for index in range(8)), last(site)])

    with pytest.raises(MettleError, match="cannot be made"):
        make(lambda _: fail)
    with pytest.raises(MettleError, match="different paths"):
        make(lambda site: partial(site.add, "0.txt", "y"))
    assert list(tmp_path.iterdir()) == []


def write_one(out: Path, text: str, then: type[BaseException] | None = None) -> None:
    with Site(out) as site:
        site.add("index.html", text)
        if then is not None:
            raise then


def test_a_site_stays_until_the_next_one_is_whole(tmp_path: Path) -> None:
    write_one(tmp_path / "site", "first")
    with pytest.raises(KeyboardInterrupt):
        write_one(tmp_path / "site", "second", KeyboardInterrupt)
    assert (tmp_path / "site" / "index.html").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(MettleError, match="No space left"):
        write_one(tmp_path / "site", "x")
    assert list(tmp_path.iterdir()) == []
