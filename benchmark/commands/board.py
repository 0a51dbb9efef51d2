"""`mettle leaderboard`: the static site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.terminal import TasksDir, console, errors
from benchmark.errors import MettleError
from benchmark.paths import ROOT, workspace_dir

board = typer.Typer(help="Build the static site, or look at it.", no_args_is_help=True)

Site = Annotated[Path | None, typer.Option("--out", help="Folder of the site. Default: workspace/site.")]


@board.command("build")
def board_build(
    out: Site = None,
    url: Annotated[str, typer.Option(help="Where the site will be found, for absolute links in its feeds.")] = "",
    tasks_dir: TasksDir = None,
) -> None:
    """Build the static site from the clone's records, and from those in workspace/."""
    from benchmark.task_registry import TASKS_DIR
    from leaderboard.build import build

    site = out or workspace_dir() / "site"
    roots = [ROOT / "submissions", workspace_dir() / "submissions"]
    summary = build(site, roots, tasks_dir or TASKS_DIR, address=url)
    for line in summary.warnings():
        errors.print(line, highlight=False, soft_wrap=True)
    console.print(f"{summary}\nOpen {site / 'index.html'}", highlight=False, soft_wrap=True)


@board.command("serve")
def board_serve(
    out: Site = None,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
) -> None:
    """Serve the built site on this machine only."""
    import functools
    import http.server

    site = out or workspace_dir() / "site"
    if not (site / "index.html").is_file():
        raise MettleError(site, "the site is not built yet", fix="Run `mettle leaderboard build`.")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(site))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise MettleError("--port", f"port {port} must be free", error.strerror, "Choose another.") from None
    with server:
        console.print(f"http://127.0.0.1:{port}/  (Ctrl-C ends it)")
        server.serve_forever()
