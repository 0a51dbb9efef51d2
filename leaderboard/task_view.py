"""What a task's page shows, as plain values that the template only has to place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from benchmark.documents import Metric, Score, Task
from leaderboard.caption import caption, coverage
from leaderboard.entry import Entry
from leaderboard.headings import Heading, heading
from leaderboard.interval_plot import interval_plot, shared_axis
from leaderboard.marks import Mark, marks, status_mark
from leaderboard.missing import left_out, why_missing
from leaderboard.numbers import Shown, decimals, factor, number, ranges, show, unit_sign
from leaderboard.part_table import EMPTY
from leaderboard.ranking import Place
from leaderboard.rows import PLACED_KINDS, Row, Table, TableKind
from leaderboard.svg import Scale
from leaderboard.table_island import island

COMPLETE_ROWS = 1000
"""A table of no more rows stands in its page as a whole."""
FIRST_ROWS = 25
"""Of a longer one, which the script completes from data in the page."""


@dataclass(frozen=True)
class Column:
    """A metric as a column of a table, with one number of decimals for all its cells."""

    metric: Metric
    digits: int
    unit: str
    primary: bool
    covers: str = ""
    """What its brackets cover, in a sentence; empty for a column without any."""

    @property
    def best(self) -> str:
        """Which end sorts first: of a metric without a better end the largest."""
        return "high" if self.metric.direction == "none" or self.metric.higher_is_better else "low"

    @property
    def factor(self) -> int:
        """Of a value stored to the value shown."""
        return round(factor(self.metric))


@dataclass(frozen=True)
class Cell:
    shown: Shown
    sort: float | None
    """What the column sorts by; None for a missing score."""
    plot: Markup = EMPTY
    runs: str = ""
    """The score of each training run or part, where there are several."""
    ends: tuple[float, float] | None = None
    """Of the interval, unrounded."""
    why: str = ""
    """Of a missing score: why it is."""


@dataclass(frozen=True)
class RowView:
    row: Row
    key: str
    """Names the row in addresses: its submission, and the record where a submission has several."""
    cells: tuple[Cell, ...]
    """One a column, the primary metric first."""
    rank_range: str
    tied_with: str
    """Ranks as ranges, for instance `2-4, 7`."""
    status: Mark
    marks: tuple[Mark, ...]

    @property
    def kind(self) -> str:
        """What was submitted."""
        return self.row.entry.record.result.artifacts[0].kind


@dataclass(frozen=True)
class TableView:
    kind: TableKind
    heading: Heading
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[RowView, ...]
    island: Markup = EMPTY
    """All rows as data, for a table too long to be written into the page; empty otherwise."""
    left_out: str = ""
    """Which metrics have no column, because no row has them; empty where all have one."""

    @property
    def sorted(self) -> bool:
        """Whether the order of the rows follows the primary metric."""
        return self.kind != "diagnostics"

    @property
    def places(self) -> bool:
        """Whether rows have ranks."""
        return self.kind in PLACED_KINDS

    @property
    def apart(self) -> str:
        """What it means that a row is tied with none."""
        return "The only row" if len(self.rows) == 1 else "Told apart from every other row"

    @property
    def reasons(self) -> bool:
        """Whether rows say why they are here and not among the ranked."""
        return self.kind not in (*PLACED_KINDS, "diagnostics")


def row_keys(tables: Iterable[Table]) -> dict[str, str]:
    """Record id -> the row's name in addresses: its submission, with part of the id where that name is taken."""
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for table in tables:
        for row in table.rows:
            entry = row.entry
            keys[entry.record.id] = f"{entry.name}~{entry.record.id[:8]}" if entry.name in taken else entry.name
            taken.add(entry.name)
    return keys


def table_view(
    task: Task, table: Table, *, first: int | None = None, keys: Mapping[str, str] | None = None
) -> TableView:
    """A table of a task's page: formatted cells, tags, and a caption that names the family of comparisons.

    `first`: show so many rows only; axis and decimals fit those, ranks and ties are still of the whole table. A table
    of more than `COMPLETE_ROWS` rows is written as its first rows, and as data for the script. `keys`: of all rows of
    the task (`row_keys`), by default of this table.
    """
    keys = keys or row_keys([table])
    shown = table.rows[:first]
    columns = _columns(task, shown)
    runs = [list(row.entry.runs(task.primary.name).values()) for row in shown]
    axis = shared_axis([row.entry.score(task.primary.name) for row in shown], runs)
    ranks = [row.place.rank if row.place else 0 for row in table.rows]
    kept = {column.metric.name for column in columns}
    tiers = {row.entry.record.result.tier for row in table.rows}
    unseen = left_out([metric for metric in task.also if metric.name not in kept], tiers)
    whole = len(shown) <= COMPLETE_ROWS
    written = shown if whole else shown[:FIRST_ROWS]
    views = tuple(row_view(task, columns, row, ranks, axis, keys) for row in written)
    about = (table.kind, heading(task, table.kind), caption(task, table), columns, views)
    if whole:
        return TableView(*about, left_out=unseen)
    rows = [row_view(task, columns, row, ranks, None, keys) for row in shown]
    data = island(columns, rows, axis, places=table.kind in PLACED_KINDS)
    return TableView(*about, island=data, left_out=unseen)


def _columns(task: Task, rows: Sequence[Row]) -> tuple[Column, ...]:
    scores = {metric.name: [row.entry.score(metric.name) for row in rows] for metric in (task.primary, *task.also)}
    return tuple(
        Column(
            metric,
            decimals(metric, scores[metric.name]),
            unit_sign(metric),
            primary=metric is task.primary,
            covers=coverage(scores[metric.name]),
        )
        for metric in (task.primary, *task.also)
        if metric is task.primary or any(scores[metric.name])  # dashes say less than a line below
    )


def row_view(
    task: Task,
    columns: Sequence[Column],
    row: Row,
    ranks: Sequence[int],
    axis: Scale | None,
    keys: Mapping[str, str],
) -> RowView:
    """One row; without a drawing where there is no axis."""
    primary, *others = (_cell(column, row.entry.score(column.metric.name)) for column in columns)
    drawing = interval_plot(row.entry.score(task.primary.name), axis, list(row.entry.runs(task.primary.name).values()))
    place = row.place
    return RowView(
        row=row,
        key=keys[row.entry.record.id],
        cells=(replace(primary, plot=drawing, runs=_runs(columns[0], row.entry)), *others),
        rank_range=ranges(range(place.lower, place.upper + 1)) if place else "",
        tied_with=_tied_with(place, ranks) if place else "",
        status=status_mark(row.status),
        marks=tuple(marks(task, row.entry, row.folded)),
    )


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
    if score is None:
        return Cell(show(column.metric, None, column.digits), None, why=why_missing(column.metric))
    ends = None if score.lower is None or score.upper is None else (score.lower, score.upper)
    return Cell(show(column.metric, score, column.digits), score.value, ends=ends)


def leaders_note(table: Table) -> str:
    """Whether the first place is settled, in one sentence; empty for a table without ranks."""
    if table.ranking is None or not table.rows:
        return ""
    possible = sum(1 for place in table.ranking.places if place.lower == 1)
    if len(table.rows) == 1:
        return "The only ranked row so far."
    if possible == 1:
        text = "The lead is clear: no other row could be first."
        leader = next(row for row in table.rows if row.place is not None and row.place.lower == 1)
        if leader.entry.flags:
            text += " It bears a flag: see why before you follow it."
    else:
        text = f"The lead is open: {possible} of {len(table.rows)} rows could be first."
    return f"{text} {table.ranking.not_counted}".rstrip()
