"""Where a file of a stranger lies, and what its bytes must be."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, StringConstraints, model_validator

from benchmark.documents.strict import PATTERN_RULES, Link, Sha256, Strict

_HUB_FILE = r"^[\w.-]+/[\w.-]+@[0-9a-f]{40}/[\w./-]+$"
_PATH = r"^[\w./ -]{1,200}$"
PATTERN_RULES[_HUB_FILE] = "a hub file is org/name@<40-digit commit>/file; branches and tags are not pinned"
PATTERN_RULES[_PATH] = "a path has 1 to 200 letters, digits, spaces or . _ / -"


def _stays_inside(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError("a path is relative and never leaves its folder")
    return path


HubFile = Annotated[str, StringConstraints(pattern=_HUB_FILE), AfterValidator(_stays_inside)]
RelativePath = Annotated[str, StringConstraints(pattern=_PATH), AfterValidator(_stays_inside)]

PLACEHOLDER_SHA256 = "0" * 64
"""What `mettle init` writes where the file's hash belongs."""


class Located(Strict):
    """A file by exactly one of path, url and hub, and its sha256."""

    path: RelativePath | None = None
    """A file in the submission's folder."""
    url: Link | None = None
    hub: HubFile | None = None
    """`org/name@<40-digit commit>/file` on the Hugging Face Hub."""
    sha256: Sha256

    @model_validator(mode="after")
    def _one_location(self) -> Self:
        given = [name for name in ("path", "url", "hub") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"a file has exactly one of path, url, hub (got {', '.join(given) or 'none'})")
        return self

    @property
    def place(self) -> str:
        """Where it lies, as the submission says it."""
        return self.path or self.url or self.hub or ""
