"""Pages and data files of a site, gathered in memory and put in place at once."""

from __future__ import annotations

import base64
import hashlib
import tempfile
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
    """The style, the script, and the policy that allows these two and no request at all."""
    style = (HERE / "static" / "board.css").read_text(encoding="utf-8")
    script = "".join((HERE / "static" / name).read_text(encoding="utf-8") for name in scripts)
    policy = (
        f"default-src 'none'; style-src {_hash_source(style)}; script-src {_hash_source(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    # Both are files of this package, not input; escaping would change them and break the hashes of the policy.
    return {"style": Markup(style), "script": Markup(script), "policy": policy}


class Site:
    """Files by their path in the site; nothing touches the disk before `write`."""

    def __init__(self, *, revision: SiteRevision | None = None, **everywhere: Any) -> None:
        """`revision`: what the site is built from. `everywhere`: further values that all templates see."""
        self.revision = revision
        self.files: dict[str, str] = {}
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

    def add(self, path: str, text: str) -> None:
        if path in self.files:
            raise MettleError(path, "two pages of a site have different paths")
        self.files[path] = text

    def write(self, out: Path) -> None:
        """Replace the folder `out` by this site; readers see the old site or the new one, hardly ever a gap.

        Raises MettleError where `out` holds something else than a built site, or cannot be written.
        """
        if out.exists() and not (out / MARKER).is_file() and (not out.is_dir() or any(out.iterdir())):
            raise MettleError(
                out, "the site goes into a new or empty folder, or replaces a built site", "other files there"
            )
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch:
                fresh = Path(scratch) / "new"
                for path, text in self.files.items():
                    target = fresh / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(text.encode("utf-8"))
                (fresh / MARKER).write_bytes(b"A folder that `python -m leaderboard.build` replaces.\n")
                if out.exists():
                    out.rename(Path(scratch) / "old")
                fresh.rename(out)
        except OSError as error:
            raise MettleError(
                out, "cannot be written", error.strerror, "Free space or choose another --out."
            ) from error
