"""What each table of a task's page is called, and what stands above it."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.documents import Task
from leaderboard.rows import TableKind


@dataclass(frozen=True)
class Heading:
    title: str
    id: str
    text: str


_TEXTS: dict[TableKind, tuple[str, str]] = {
    "ranked": ("Ranking", "Measured or reproduced by the maintainers; one row per team and method."),
    "open": (
        "Open",
        "Measured like the rest, and trained on more than the given split; each row says on what. Ranked among "
        "themselves only: other data can teach what this task asks about.",
    ),
    "outlier-trained": (
        "Trained with outlier data",
        "Measured like the rest, and training or tuning has seen images outside the classes; each row says which. "
        "Ranked among themselves only: such rows have practised telling inside from outside.",
    ),
    "predictions": (
        "Predictions",
        "Ranked among themselves only: the labels are public and nobody but the submitters ran these models.",
    ),
    "diagnostics": (
        "Diagnostics",
        "Measured, and not ranked: this task shows where a model errs, and its numbers are too noisy to place anyone. "
        "In the order of the titles.",
    ),
    "batch-dependent": (
        "Batch-dependent",
        "These models score an image differently in other company, so their numbers depend on the order of the test "
        "images. Not ranked.",
    ),
    "folded": ("Folded", ""),
    "unranked": ("Not ranked", "Real records that do not compete; each row says why."),
    "superseded": ("Superseded", "Replaced by newer records of the same team and method, and kept in sight."),
    "removed": ("Void and withdrawn", "Kept in sight with the reason, never ranked again."),
}
_FOLDED = "Near copies: these agree with an older ranked row on more than 99.5 % of {}. The older row stands for them."


def heading(task: Task, kind: TableKind) -> Heading:
    """The heading of a table; the main table says where it holds rows of the given data only."""
    title, text = _TEXTS[kind]
    if kind == "ranked" and task.given_training_data:
        title = "Given split only"
        text += f" Trained on {', '.join(task.given_training_data)} and nothing else."
    if kind == "ranked" and task.open_book:
        title = "Open book"
        text += (
            " The clean labels are public, and nothing in a file shows that they were not used: a row says how good a "
            "training set is, not that a method found it."
        )
    if kind == "folded":
        of_shares = "decisions (both get equally much of an image right, over all its versions)"
        of_ranks = "images (both put them at the same place, to half a percent of all images)"
        text = _FOLDED.format(of_ranks if task.pair_test == "delong" else of_shares)
    # Ids of the page; "ranking" has been linked to since the first version.
    return Heading(title, "ranking" if kind == "ranked" else kind, text)
