"""What a task's page shows, as plain values that the template only has to place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from benchmark.documents import Metric, Score, Task
from leaderboard.entry import Entry
from leaderboard.headings import Heading, heading
from leaderboard.interval_plot import interval_plot, shared_axis
from leaderboard.marks import Mark, marks, status_mark
from leaderboard.numbers import Shown, decimals, number, plain, ranges, show, unit_sign
from leaderboard.part_table import EMPTY
from leaderboard.ranking import CONFIDENCE, Place
from leaderboard.rows import PLACED_KINDS, Row, Table, TableKind


@dataclass(frozen=True)
class Column:
    """A metric as a column of a table, with one number of decimals for all its cells."""

    metric: Metric
    digits: int
    unit: str
    primary: bool

    @property
    def best(self) -> str:
        return "high" if self.metric.higher_is_better else "low"


@dataclass(frozen=True)
class Cell:
    shown: Shown
    sort: float | None
    """What the column sorts by; None for a missing score."""
    plot: Markup = EMPTY
    runs: str = ""
    """The score of each training run or part, where there are several."""


@dataclass(frozen=True)
class RowView:
    row: Row
    cells: tuple[Cell, ...]
    """One a column, the primary metric first."""
    rank_range: str
    tied_with: str
    """Ranks as ranges, for instance `2-4, 7`."""
    status: Mark
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class TableView:
    kind: TableKind
    heading: Heading
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[RowView, ...]

    @property
    def places(self) -> bool:
        """Whether rows have ranks."""
        return self.kind in PLACED_KINDS

    @property
    def reasons(self) -> bool:
        """Whether rows say why they are here and not among the ranked."""
        return self.kind not in (*PLACED_KINDS, "diagnostics")


def table_view(task: Task, table: Table, first: int | None = None) -> TableView:
    """A table of a task's page: formatted cells, tags, and a caption that names the family of comparisons.

    `first`: show so many rows only; axis and decimals fit those, ranks and ties are still of the whole table.
    """
    metrics = (task.primary, *task.also)
    shown = table.rows[:first]
    scores = {metric.name: [row.entry.score(metric.name) for row in shown] for metric in metrics}
    columns = tuple(
        Column(metric, decimals(metric, scores[metric.name]), unit_sign(metric), primary=metric is task.primary)
        for metric in metrics
        if metric is task.primary or any(scores[metric.name])  # a column of dashes says nothing
    )
    runs = [list(row.entry.runs(task.primary.name).values()) for row in shown]
    axis = shared_axis(scores[task.primary.name], runs)
    ranks = [row.place.rank if row.place else 0 for row in table.rows]
    views = []
    for row, values in zip(shown, runs, strict=True):
        primary, *others = (_cell(column, row.entry.score(column.metric.name)) for column in columns)
        drawing = interval_plot(row.entry.score(task.primary.name), axis, values)
        place = row.place
        views.append(
            RowView(
                row=row,
                cells=(replace(primary, plot=drawing, runs=_runs(columns[0], row.entry)), *others),
                rank_range=ranges(range(place.lower, place.upper + 1)) if place else "",
                tied_with=_tied_with(place, ranks) if place else "",
                status=status_mark(row.status),
                marks=tuple(marks(task, row.entry, row.folded)),
            )
        )
    return TableView(table.kind, heading(task, table.kind), _caption(task, table), columns, tuple(views))


def _runs(column: Column, entry: Entry) -> str:
    """For instance `3 runs: 90.1 90.4 90.9`; parts that are not training seeds say their names."""
    found = entry.runs(column.metric.name)
    numbers = {name: number(value, column.metric, column.digits) for name, value in found.items()}
    if not numbers:
        return ""
    if all(name.startswith("seed") for name in numbers):
        return f"{len(numbers)} {'run' if len(numbers) == 1 else 'runs'}: {' '.join(numbers.values())}"
    return ", ".join(f"{name} {text}" for name, text in numbers.items())


def _tied_with(place: Place, ranks: Sequence[int]) -> str:
    """The ranks of the tied rows as ranges; a row's own rank only where it joins two ranges into one."""
    tied = {ranks[position] for position in place.tied_with}
    return ranges(tied | {place.rank} if {place.rank - 1, place.rank + 1} <= tied else tied)


def _cell(column: Column, score: Score | None) -> Cell:
    return Cell(show(column.metric, score, column.digits), score.value if score else None)


def _caption(task: Task, table: Table) -> str:
    count = len(table.rows)
    text = f"{count:,} {'row' if count == 1 else 'rows'} by {in_a_sentence(task.primary.title)}; "
    text += _covered([row.entry.score(task.primary.name) for row in table.rows])
    ranking = table.ranking
    if ranking is None or count < 2:
        return text
    method = {"closed form": "conservative closed form"}.get(ranking.method, ranking.method)
    pairs = f"{count * (count - 1) // 2:,} pairs"
    if ranking.groups > 1:
        pairs += f" and {ranking.groups} groups"
    of_what = " of both kinds, by DeLong's placements" if task.pair_test == "delong" else ""
    units = f"{ranking.images:,} images{of_what}"
    if task.pair_test == "training_runs":
        spread = "one spread for all rows" if ranking.method == "pooled t" else "a spread of its own for each row"
        units = f"training runs, {spread}; the test images are the same for all"
    text += f" Rank ranges hold for all {pairs} at once ({100 * CONFIDENCE:g} %, {method} over {units})."
    if ranking.separable_difference is not None:
        text += (
            f" Leaders must typically differ by {plain(100 * ranking.separable_difference, 2)} points to be told apart."
        )
    return text


def in_a_sentence(title: str) -> str:
    """A title without its capital, unless that belongs to an abbreviation: `AUROC` stays."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def covered(kind: str) -> str:
    """What an interval covers, in words."""
    return "test images and training runs together" if kind == "both" else kind


def _covered(scores: Sequence[Score | None]) -> str:
    """Which confidence the intervals have and what they cover, for all rows of a table."""
    given = [score for score in scores if score is not None and score.confidence is not None]
    if not given:
        return "no interval is recorded."
    levels = " and ".join(f"{100 * level:g} %" for level in sorted({s.confidence for s in given if s.confidence}))
    kinds = {score.covers for score in given if score.covers}
    covers = " or ".join(covered(kind) for kind in sorted(kinds - {"both"}))
    if "both" in kinds:
        covers = f"{covers}, and training runs where several are listed" if covers else covered("both")
    some = "" if len(given) == len(scores) else ", where there are any"
    return f"brackets are {levels} intervals over {covers}{some}."


def leaders_note(table: Table) -> str:
    """Whether the first place is settled, in one sentence; empty for a table without ranks."""
    if table.ranking is None or not table.rows:
        return ""
    possible = sum(1 for place in table.ranking.places if place.lower == 1)
    if len(table.rows) == 1:
        return "The only ranked row so far."
    if possible == 1:
        return "The lead is clear: no other row could be first."
    return f"The lead is open: {possible} of {len(table.rows)} rows could be first."
