"""`mettle`: the command line, put together from `benchmark.commands`."""

from __future__ import annotations

import sys

import typer
from rich.text import Text

from benchmark.commands.before import check, init, tasks
from benchmark.commands.board import board
from benchmark.commands.data import data
from benchmark.commands.files import convert, export
from benchmark.commands.scoring import reproduce, score, verify
from benchmark.commands.terminal import errors
from benchmark.errors import MettleError

INTERRUPTED = 130
GO_ON = ("score", "reproduce", "data")
"""Commands that keep what they finished; the others start over."""

app = typer.Typer(
    help="Measure what test accuracy hides: score checkpoints on frozen tasks and build the leaderboard.\n\n"
    "First time here: `mettle tasks` shows what can be scored, `mettle init NAME` starts a submission, "
    "`mettle score submissions/NAME` scores it, `mettle leaderboard build` shows where it stands.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
for command in (tasks, init, check, score, verify, reproduce, convert, export):
    app.command()(command)
app.add_typer(data, name="data")
app.add_typer(board, name="leaderboard")


def main() -> None:
    """Entry point: a MettleError is one line and exit code 2, Ctrl-C exit code 130."""
    try:
        app()
    except MettleError as error:
        errors.print(Text("error", style="bold red"), str(error), highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == INTERRUPTED:  # typer turns Ctrl-C into this code
            goes_on = any(word in GO_ON for word in sys.argv[1:2])
            kept = " What was finished is kept: the same command goes on from there." if goes_on else ""
            errors.print(f"Interrupted.{kept}")
        raise


if __name__ == "__main__":
    main()
