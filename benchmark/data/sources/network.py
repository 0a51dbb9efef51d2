"""Whether a host answers at all, and whether a downloaded file is the one that was pinned."""

from __future__ import annotations

import hashlib
import socket
import urllib.parse
import urllib.request
from pathlib import Path

from benchmark.data.sources.offer import UnavailableError
from benchmark.errors import MettleError

_CONNECT_SECONDS = 4.0


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
    """Hold a download against its pinned sha256, before anything parses it. Raises MettleError if it differs."""
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != expected:
        fix = f"Remove it and fetch it anew: rm {path.resolve()}"
        raise MettleError(path, f"must have sha256 {expected}", found, fix)
