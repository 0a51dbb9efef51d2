"""What every document shares: unknown keys are errors, values are never coerced, and a refusal is one teaching line."""

from __future__ import annotations

import difflib
import json
import math
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from benchmark.errors import MettleError

MAX_DOCUMENT_BYTES = 4_000_000
LARGEST_NUMBER = 1e15  # counts of bytes and operations stay below, and sums and products of such numbers stay finite

# Control characters and separators break a line of a table; bidirectional marks make it read as something else (Trojan
# Source); characters without a width make two names look like one. The joiners that scripts and emoji need are allowed.
_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
PATTERN_RULES = {
    (_SHA256 := r"^[0-9a-f]{64}$"): "a sha256 is 64 lower-case hexadecimal digits",
    (_TASK_ID := r"^[a-z]+/[a-z0-9][a-z0-9.-]{0,79}$"): "a task id is <family>/<name>, as listed by `mettle tasks`",
    (_NAME := r"^[a-z0-9][a-z0-9._-]{0,79}$"): "a name has 1 to 80 of a-z 0-9 . _ - and starts with a letter or digit",
    (_DATE := r"^\d{4}-\d{2}-\d{2}$"): "a date is YYYY-MM-DD",
    (_LINE := rf"^[^\x09\x0a{_CONTROLS}]*$"): "a line has no control characters, bidirectional marks or invisible ones",
    (_TEXT := rf"^[^{_CONTROLS}]*$"): "a text has no control characters, bidirectional marks or invisible ones",
}
"""Every pattern with the sentence a person reads when it does not match."""

Sha256 = Annotated[str, StringConstraints(pattern=_SHA256)]
TaskId = Annotated[str, StringConstraints(pattern=_TASK_ID)]
SubmissionName = Annotated[str, StringConstraints(pattern=_NAME)]
Date = Annotated[str, StringConstraints(pattern=_DATE)]
Line = Annotated[str, StringConstraints(max_length=200, pattern=_LINE)]
Paragraph = Annotated[str, StringConstraints(max_length=4000, pattern=_TEXT)]


def _http_only(link: str) -> str:
    if not re.fullmatch(r"https?://[^\s/\[\]]+(/[^\s\x00-\x1f]*)?", link):
        raise ValueError("a link must start with http:// or https:// and have no spaces")
    return link


Link = Annotated[str, StringConstraints(max_length=500), AfterValidator(_http_only)]


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("a number must be finite; a missing score is left out, never NaN")
    if abs(number) > LARGEST_NUMBER:
        raise ValueError(f"a number is at most {LARGEST_NUMBER:g} in size")
    return number


Finite = Annotated[float, AfterValidator(_finite)]


class Strict(BaseModel):
    """Base of all documents: unknown keys refused, no coercion between types, immutable once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=True)


Document = TypeVar("Document", bound=Strict)


def parse(model: type[Document], data: object, where: object) -> Document:
    """The typed document in `data` (already decoded JSON or TOML).

    Raises MettleError in one line: the key, the rule, the value; the nearest known key for a misspelt one.
    """
    try:
        text = json.dumps(data)
    except TypeError:
        raise MettleError(where, "a date or a time is written as quoted text", fix='Put it in "quotes".') from None
    try:
        return model.model_validate_json(text)  # JSON mode: strict, yet lists may fill tuples
    except ValidationError as error:
        # A misspelt key is also a missing one; what was written helps more than what was not.
        first = min(error.errors(), key=lambda item: item["type"] != "extra_forbidden")
        key = (
            ".".join(_shorten(part)[1:-1] if isinstance(part, str) else str(part) for part in first["loc"])
            or "document"
        )
        more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
        if first["type"] == "extra_forbidden":
            known = _keys_at(model, first["loc"][:-1])
            near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
            fix = f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(sorted(known))}."
            raise MettleError(where, f"unknown key {key!r}{more}", fix=fix) from None
        if first["type"] == "missing":
            raise MettleError(where, f"the key {key!r} is required{more}", fix="Add it.") from None
        if first["type"] in ("too_short", "string_too_short") and first["ctx"]["min_length"] == 1:
            raise MettleError(where, f"{key} may not be empty{more}", fix="Write what belongs there.") from None
        rule = PATTERN_RULES.get(first.get("ctx", {}).get("pattern", ""), _plain(first["msg"]))
        raise MettleError(where, f"{key}: {rule}{more}", value=_shorten(first["input"])) from None


def _plain(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _shorten(value: object, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _keys_at(model: type[BaseModel], location: Iterable[object]) -> list[str]:
    """The field names of the nested document that `location` points into, so that a typo can be mended."""
    schema: dict[str, Any] = model.model_json_schema()
    node = schema
    for part in location:
        node = _resolve(node, schema)
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(str(part), {})
    return list(_resolve(node, schema).get("properties", {}))


def _resolve(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for option in node.get("anyOf", []):
        if "$ref" in option:
            node = option
    if "$ref" in node:
        return schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def decode_file(path: Path) -> object:
    """The decoded content of a .toml or .json file.

    Raises MettleError for a missing, oversized, undecodable or ill-formed file, and for NaN or Infinity in JSON.
    """
    if not path.is_file():
        raise MettleError(path, "no such file", fix="Check the path.")
    if path.stat().st_size > MAX_DOCUMENT_BYTES:
        raise MettleError(path, f"a document has at most {MAX_DOCUMENT_BYTES:,} bytes", f"{path.stat().st_size:,}")
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".toml":
            return tomllib.loads(text)
        return json.loads(text, parse_constant=_refuse_constant)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise MettleError(path, f"cannot be read as {path.suffix.lstrip('.').upper()}", value=error) from None


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


Share = Annotated[Finite, Field(ge=0, le=1)]
