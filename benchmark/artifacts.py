"""A submission's artifact, or a teacher of its recipe, as a local file whose sha256 was checked before parsing."""

from __future__ import annotations

import glob
import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path

from filelock import FileLock
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from benchmark.documents import file_sha256
from benchmark.documents.location import PLACEHOLDER_SHA256, Located
from benchmark.errors import MettleError
from benchmark.paths import cache_dir, mirrors

MAX_ARTIFACT_BYTES = 4 * 1024**3
TIMEOUT_SECONDS = 20


def local_file(artifact: Located, folder: Path) -> Path:
    """The artifact's file: in the submission's folder, a mirror, the cache, or downloaded into the cache.

    Raises MettleError for a missing file, a wrong sha256 (naming an HTML page for what it is), or a failed download.
    """
    if artifact.path is not None:
        path = (folder / artifact.path).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise MettleError(artifact.path, "a path never leaves its folder", "a link to elsewhere", "Copy the file.")
        if not path.is_file():
            fix = "Check `path` in submission.toml."
            if (folder / "recipe.toml").is_file():
                fix = f"Make it from its recipe: python -m scripts.make_baseline_sets {folder.name} --missing"
            rule = "`path` names a file" if path.is_dir() else "the artifact's file is missing"
            raise MettleError(path, rule, "a folder" if path.is_dir() else None, fix)
        return _checked(path, artifact, fix="Correct `sha256` in submission.toml, or restore the file.")
    name = (artifact.url or artifact.hub or "").split("?")[0].rsplit("/", 1)[-1]
    for mirror in mirrors():
        for candidate in sorted(mirror.rglob(glob.escape(name))) if name else []:
            if candidate.is_file() and file_sha256(candidate) == artifact.sha256:
                return candidate
    suffix = Path(name).suffix if name not in ("", ".", "..") else ""
    cached = cache_dir() / "artifacts" / artifact.sha256 / f"artifact{suffix}"
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MettleError(cached.parent, "the cache cannot be written", error.strerror, "Set METTLE_CACHE.") from None
    with FileLock(cached.parent / ".lock"):
        if not cached.is_file():
            _fetch(artifact, cached)
        return _checked(
            cached, artifact, fix="The author must publish the file again or correct `sha256`.", remove=True
        )


def _fetch(artifact: Located, target: Path) -> None:
    partial = target.with_name(target.name + ".part")
    if artifact.hub is not None:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

        repository, rest = artifact.hub.split("@")
        revision, file = rest.split("/", 1)
        try:
            found = hf_hub_download(repository, file, revision=revision, local_dir=target.parent / "hub")
        except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
            raise MettleError(artifact.hub, "cannot be downloaded", error, _offline_fix(target)) from None
        Path(found).replace(target)
        return
    assert artifact.url is not None
    try:
        download(artifact.url, partial)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise MettleError(artifact.url, "cannot be downloaded", error, _offline_fix(target)) from None
    partial.replace(target)


def download(url: str, partial: Path) -> None:
    """Fetch `url` into `partial` with a progress bar, going on where an interrupted download stopped."""
    have = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)  # links are http(s) by validation
    except urllib.error.HTTPError as error:
        if have and error.code == 416:  # nothing is left to fetch
            return
        raise
    with response:
        resumed = response.status == 206
        total = int(response.headers.get("Content-Length") or 0) + (have if resumed else 0)
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with partial.open("ab" if resumed else "wb") as stream, Progress(*columns, transient=True) as progress:
            bar = progress.add_task(
                f"Downloading {partial.name}", total=total or None, completed=have if resumed else 0
            )
            while block := response.read(1 << 18):
                stream.write(block)
                progress.advance(bar, len(block))
                if stream.tell() > MAX_ARTIFACT_BYTES:
                    raise OSError(f"the file is larger than {MAX_ARTIFACT_BYTES:,} bytes")
            stream.flush()
            os.fsync(stream.fileno())
            if total and stream.tell() < total:  # a dropped connection ends a read without an error
                raise OSError(f"the connection ended after {stream.tell():,} of {total:,} bytes: run it again to go on")


def _checked(path: Path, artifact: Located, fix: str, remove: bool = False) -> Path:
    found = file_sha256(path)
    if found == artifact.sha256:
        return path
    if artifact.sha256 == PLACEHOLDER_SHA256:
        fix = f'Write sha256 = "{found}", if it is the file you mean.'
        raise MettleError(path.name, "its sha256 stands in submission.toml", "the zeros of `mettle init`", fix)
    with path.open("rb") as stream:
        start = stream.read(512).lstrip().lower()
    if remove:
        path.unlink()
    if start.startswith((b"<!doctype html", b"<html")):
        raise MettleError(
            path.name,
            f"expected the file with sha256 {artifact.sha256[:12]}",
            "an HTML page",
            "The link leads to a web page (a quota or login page?), not to the file: give a direct link.",
        )
    raise MettleError(path.name, f"its sha256 must be {artifact.sha256}", found, fix)


def _offline_fix(target: Path) -> str:
    return f"Offline? Put the file at {target}, or in a folder named by METTLE_MIRROR."
