"""Pages and data files of a site, written beside it and put in place at once."""

from __future__ import annotations

import base64
import hashlib
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from benchmark.errors import MettleError
from leaderboard.revision import SiteRevision

HERE = Path(__file__).parent
MARKER = ".mettle-site"
"""Lies in every built site, so that a build replaces its own folders only."""
JOBS_A_PROCESS = 100
"""Fewer are done sooner than a process is started."""


def _hash_source(text: str) -> str:
    """The content-security-policy source that allows exactly this inline text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


THEME = ("theme.js",)
"""Scripts of every page."""
SORT = (*THEME, "sort.js")
"""Scripts of a page whose tables sort and do nothing else."""
BOARD = (*SORT, *(f"board/{name}.js" for name in ("rows", "query", "formats", "address", "controls", "board")))
"""Scripts of a page with boards: tables that are searched, filtered, copied and compared."""
LONG_BOARD = (*BOARD, "board/island.js")
"""The same where a table has more rows than its page."""


@cache
def _inline(scripts: tuple[str, ...]) -> dict[str, Markup | str]:
    """The style, the script, and the policy that allows these two and, of all requests, images of the site."""
    style = (HERE / "static" / "board.css").read_text(encoding="utf-8")
    script = "".join((HERE / "static" / name).read_text(encoding="utf-8") for name in scripts)
    policy = (
        f"default-src 'none'; style-src {_hash_source(style)}; script-src {_hash_source(script)}; "
        "img-src 'self' data:; base-uri 'none'; form-action 'none'"
    )
    # Both are files of this package, not input; escaping would change them and break the hashes of the policy.
    return {"style": Markup(style), "script": Markup(script), "policy": policy}


class Site:
    """Files by their path in the site, for use in a `with` block.

    They go into a folder beside the site's, for ten thousand pages do not fit into memory, and take its place when the
    block ends; readers see the old site or the new one, hardly ever a gap. After an error nothing is left.
    """

    def __init__(self, out: Path, *, revision: SiteRevision | None = None, **everywhere: Any) -> None:
        """`revision`: what the site is built from. `everywhere`: further values that all templates see."""
        self.out = out
        self.revision = revision
        self.files: set[str] = set()
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(revision=revision, **everywhere)

    def page(self, path: str, template: str, *, scripts: tuple[str, ...] = SORT, **values: Any) -> None:
        """Render a page with these scripts of `static/`, joined into one.

        The template sees `root`, the relative way from the page to the site's first page.
        """
        root = "../" * path.count("/")
        inline = _inline(scripts)
        self.add(path, self._templates.get_template(template).render(root=root, path=path, **inline, **values))

    def add(self, path: str, content: str | bytes) -> None:
        """Write one file. Raises MettleError for a path that is taken, and where the disk is full."""
        if path in self.files:
            raise MettleError(path, "two pages of a site have different paths")
        self.files.add(path)
        target = self._fresh / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        except OSError as error:
            raise self._unwritable(error) from error

    def run(self, jobs: Sequence[Callable[[], None]]) -> None:
        """Do jobs that add files and nothing else; on Linux in several processes where there are many of them.

        Elsewhere a process cannot be forked, or not safely, and would have to read the whole board again.
        """
        workers = min(processors(), len(jobs) // JOBS_A_PROCESS)
        if workers < 2 or sys.platform != "linux":
            for job in jobs:
                job()
            return
        _forked.append((self, jobs, workers))
        try:
            with multiprocessing.get_context("fork").Pool(workers) as pool:
                for added in pool.map(_do_share, range(workers), chunksize=1):
                    if taken := self.files.intersection(added):
                        raise MettleError(min(taken), "two pages of a site have different paths")
                    self.files.update(added)
        finally:
            _forked.pop()

    @property
    def _fresh(self) -> Path:
        assert self._scratch is not None, "a site is built in a `with` block"
        return Path(self._scratch.name) / "new"

    def _unwritable(self, error: OSError) -> MettleError:
        return MettleError(self.out, "cannot be written", error.strerror, "Free space or choose another --out.")

    def __enter__(self) -> Site:
        """Raises MettleError where `out` holds something else than a built site, or cannot be written."""
        out = self.out
        if out.exists() and not (out / MARKER).is_file() and (not out.is_dir() or any(out.iterdir())):
            rule = "the site goes into a new or empty folder, or replaces a built site"
            raise MettleError(out, rule, "other files there")
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            self._scratch = tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.")
            self._fresh.mkdir()
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        assert self._scratch is not None
        try:
            if kind is None:
                (self._fresh / MARKER).write_bytes(b"A folder that `python -m leaderboard.build` replaces.\n")
                if self.out.exists():
                    self.out.rename(Path(self._scratch.name) / "old")
                self._fresh.rename(self.out)
        except OSError as failure:
            raise self._unwritable(failure) from failure
        finally:
            self._scratch.cleanup()


def processors() -> int:
    """How many processors this process may use, at most 8."""
    affinity = getattr(os, "sched_getaffinity", None)  # where the system has it; a container's share of a large machine
    return min(len(affinity(0)) if affinity else os.cpu_count() or 1, 8)


_forked: list[tuple[Site, Sequence[Callable[[], None]], int]] = []
"""What forked processes inherit; jobs hold a whole board, which no pipe should carry."""


def _do_share(share: int) -> list[str]:
    """Every so many-th job; the paths of the files it added."""
    site, jobs, workers = _forked[-1]
    known = set(site.files)
    for job in jobs[share::workers]:
        job()
    return sorted(site.files - known)
