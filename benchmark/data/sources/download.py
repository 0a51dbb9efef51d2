"""One file over HTTP: resumed where it broke off, locked against a second process, whole or not there at all."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from benchmark.data.sources.offer import UnavailableError
from benchmark.errors import MettleError

_CONNECT_SECONDS = 4.0
_STALL_SECONDS = 10.0
_TRIES_WITHOUT_PROGRESS = 3
_CHUNK_BYTES = 256 * 1024

Moved = Callable[[int], None]
"""Told how many bytes of the file are here by now."""


def check_reachable(url: str) -> None:
    """Try one connection with a short limit: clients repeat theirs for minutes. Raises UnavailableError."""
    if urllib.request.getproxies():
        return  # a proxy answers for hosts that cannot be reached directly
    address = urllib.parse.urlsplit(url)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname or "", port), timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        raise UnavailableError(f"{address.scheme}://{address.netloc} cannot be reached ({error})") from error


def check_sha256(path: Path, expected: str) -> None:
    """Hold a file against its pinned sha256, before anything parses it. Raises MettleError if it differs."""
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != expected:
        fix = f"Remove it and fetch it anew: rm {path.resolve()}"
        raise MettleError(path, f"must have sha256 {expected}", found, fix)


def download(
    url: str,
    target: Path,
    sha256: str | None = None,
    size_bytes: int | None = None,
    secret_headers: Mapping[str, str] | None = None,
    progress: bool = True,
) -> None:
    """Bring `url` to `target`, unless it is there already.

    What arrived before an interruption is kept beside the target (".part") and resumed with a range request, in
    this or a later process. The file gets its name only once its size and sha256, where they are known, are
    right. secret_headers are sent to the host of `url` and to no host that it redirects to. Raises
    UnavailableError (not reachable, refused, broken off too often) or MettleError (other bytes than pinned).
    """
    if target.is_file():
        return
    check_reachable(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    with FileLock(target.with_name(target.name + ".lock")):
        if target.is_file():
            return  # another process brought it while this one waited
        _receive(url, partial, size_bytes, secret_headers or {}, progress)
        try:
            if sha256 is not None:
                check_sha256(partial, sha256)
        except MettleError as error:
            partial.unlink()
            fix = "Try again; if it stays so, the host or a proxy serves another file."
            raise MettleError(url, error.rule, error.value, fix) from error
        partial.replace(target)


def _receive(
    url: str, partial: Path, size_bytes: int | None, secret_headers: Mapping[str, str], progress: bool
) -> None:
    """Append to the partial file until it is whole."""
    failures = 0
    with _bar(url, size_bytes, progress) as moved:
        while True:
            before = partial.stat().st_size if partial.exists() else 0
            if size_bytes is not None and before > size_bytes:
                partial.unlink()  # left over from another version of the file
                before = 0
            if before == size_bytes:
                return
            try:
                with partial.open("ab", buffering=0) as stream:
                    whole_bytes = _request(url, stream, before, secret_headers, moved)
            except (OSError, http.client.HTTPException) as error:
                reason: object = error
            else:
                received = partial.stat().st_size
                expected = size_bytes if size_bytes is not None else whole_bytes
                if expected is None or received == expected:
                    return
                reason = f"broke off after {received} of {expected} bytes"
            failures = 0 if partial.stat().st_size > before else failures + 1
            if failures >= _TRIES_WITHOUT_PROGRESS:
                raise UnavailableError(f"{url}: {reason}")
            time.sleep(failures)


def _request(url: str, stream: BinaryIO, start: int, secret_headers: Mapping[str, str], moved: Moved) -> int | None:
    """Write one answer's bytes from `start` on; the size of the whole file, if the server states it."""
    request = urllib.request.Request(url, headers={"User-Agent": "mettle", "Accept-Encoding": "identity"})
    for name, value in secret_headers.items():
        request.add_unredirected_header(name, value)
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        answer = urllib.request.urlopen(request, timeout=_STALL_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            stream.truncate(0)  # what is here is no beginning of the file, so the next try starts anew
            raise
        raise UnavailableError(f"{url} answers {error.code} {error.reason}") from error
    with answer:
        stated = answer.headers.get("Content-Length")
        if start and answer.status != http.HTTPStatus.PARTIAL_CONTENT:
            stream.truncate(0)  # the server cannot resume and sends the file from its beginning
            start = 0
        moved(start)
        while chunk := answer.read1(_CHUNK_BYTES):
            stream.write(chunk)
            moved(stream.tell())
    return start + int(stated) if stated is not None else None


@contextlib.contextmanager
def _bar(url: str, size_bytes: int | None, progress: bool) -> Iterator[Moved]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not progress) as bar:
        name = urllib.parse.urlsplit(url).path.rsplit("/", 1)[-1]
        task = bar.add_task(f"Downloading {name}", total=size_bytes)
        yield lambda position: bar.update(task, completed=position)
