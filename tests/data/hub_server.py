"""A server on this machine that speaks the part of the hub's protocol that a download needs.

A file's address answers with a redirect to a second host, where the bytes are, and with the headers of the hub:
ETag and X-Linked-Etag (the sha256), X-Linked-Size, X-Repo-Commit. The second host answers range requests.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PIECE_BYTES = 16 * 1024


@dataclass
class Hub:
    """What the server holds and how it misbehaves; `ranges` lists the first byte of every answer with bytes."""

    repository: str
    revision: str
    files: dict[str, bytes]
    commit: str | None = None
    ranged: bool = True
    broken_answers: int = 0  # so many answers break off halfway through what they should send
    silent: bool = False  # accept connections, never answer
    pause_seconds: float = 0.0  # after each piece
    ranges: list[int] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    secrets: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, with_body: bool) -> None:
        hub = self.hub
        hub.seen.append(f"{self.command} {self.path}")
        if secret := self.headers.get("Authorization"):
            hub.secrets.append((self.headers["Host"], secret))
        if hub.silent:
            time.sleep(30)
            return
        prefix = f"/datasets/{hub.repository}/resolve/{hub.revision}/"
        if self.path.startswith("/bytes/"):
            self._send_bytes(hub.files[self.path.removeprefix("/bytes/")], with_body)
        elif self.path.startswith(prefix) and (name := self.path.removeprefix(prefix)) in hub.files:
            content = hub.files[name]
            sha256 = hashlib.sha256(content).hexdigest()
            port = self.server.server_address[1]
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{port}/bytes/{name}")
            self.send_header("X-Repo-Commit", hub.commit or hub.revision)
            self.send_header("X-Linked-Etag", f'"{sha256}"')
            self.send_header("X-Linked-Size", str(len(content)))
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("X-Error-Message", "Entry not found")
            self.send_header("X-Repo-Commit", hub.revision)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _send_bytes(self, content: bytes, with_body: bool) -> None:
        hub = self.hub
        start = 0
        if hub.ranged and (wanted := self.headers.get("Range")):
            start = int(wanted.removeprefix("bytes=").split("-")[0])
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        body = content[start:]
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not with_body:
            return
        hub.ranges.append(start)
        if hub.broken_answers:
            hub.broken_answers -= 1
            body = body[: len(body) // 2]
            self.close_connection = True
        try:
            for first in range(0, len(body), PIECE_BYTES):
                self.wfile.write(body[first : first + PIECE_BYTES])
                self.wfile.flush()
                time.sleep(hub.pause_seconds)
        except OSError:
            self.close_connection = True  # the client is gone, which some tests want

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    """Run the server on a free port of 127.0.0.1 while the block runs; `hub.url` is its address."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def files_of(folder: Path) -> dict[str, bytes]:
    """The files under a folder by their relative path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
