"""What a bundle's page shows, as plain values that the template only has to place."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from benchmark.documents import Metric, Task
from leaderboard.bundles import BundleRow, BundleTable
from leaderboard.caption import detectable, over_runs
from leaderboard.export import Flat, tied_ranks
from leaderboard.interval_plot import interval_plot, shared_axis
from leaderboard.numbers import MISSING, Shown, decimals, number, plain, ranges, show
from leaderboard.ranking import CONFIDENCE

AGGREGATE = Metric(
    name="anchored_mean",
    title="Anchored mean",
    description="Mean over the tasks of (score - floor) / (ceiling - floor); 0 guesses, 100 is perfect.",
    unit="share",
    higher_is_better=True,
)


@dataclass(frozen=True)
class PartShown:
    """One task of a row: its score, and where that lies between floor and ceiling."""

    score: str
    anchored: str
    sort: float | None
    why_missing: str = ""


@dataclass(frozen=True)
class BundleRowView:
    row: BundleRow
    shown: Shown
    plot: Markup
    rank_range: str
    tied_with: str
    parts: tuple[PartShown, ...]
    mean_rank: str
    borda: str
    rule_range: str


@dataclass(frozen=True)
class BundleView:
    table: BundleTable
    caption: str
    complete: tuple[BundleRowView, ...]
    incomplete: tuple[BundleRowView, ...]
    aggregate: Metric = AGGREGATE


def bundle_view(table: BundleTable) -> BundleView:
    """Both tables of a bundle, and a caption that names the family of comparisons."""
    digits = decimals(AGGREGATE, [row.score for row in table.complete])
    axis = shared_axis([row.score for row in table.complete])
    ranks = [row.place.rank if row.place else 0 for row in table.complete]

    def view(row: BundleRow) -> BundleRowView:
        place, rules = row.place, row.rules
        return BundleRowView(
            row=row,
            shown=show(AGGREGATE, row.score, digits),
            plot=interval_plot(row.score, axis),
            rank_range=ranges(range(place.lower, place.upper + 1)) if place else "",
            tied_with=ranges(ranks[other] for other in place.tied_with) if place else "",
            parts=tuple(_part(table, task, row) for task in table.tasks),
            mean_rank=plain(rules.mean_rank, 2) if rules else MISSING,
            borda=plain(100 * rules.borda, 1) if rules and rules.borda is not None else MISSING,
            rule_range=ranges(range(rules.best, rules.worst + 1)) if rules else MISSING,
        )

    return BundleView(table, _caption(table), tuple(map(view, table.complete)), tuple(map(view, table.incomplete)))


def _part(table: BundleTable, task: Task, row: BundleRow) -> PartShown:
    key = (task.id, task.version)
    part = row.parts.get(key)
    if part is None:
        return PartShown(MISSING, MISSING, None, row.missing[key])
    held = [other.parts[key].score for other in (*table.complete, *table.incomplete) if key in other.parts]
    score = number(part.score.value, task.primary, decimals(task.primary, held))
    return PartShown(score, plain(100 * part.anchored, 1), part.anchored)


def _caption(table: BundleTable) -> str:
    count = len(table.complete)
    text = f"{count:,} {'row' if count == 1 else 'rows'} with a ranked score in all {len(table.tasks)} tasks."
    if table.ranking is None:
        return text
    text += f" Brackets are {100 * CONFIDENCE:g} % intervals over test images"
    text += ", what an image does in several tasks counted once" if table.shared_images else ""
    several = any(row.runs for row in table.complete)
    text += ", and over training runs where all tasks have the same ones." if several else "."
    if count < 2:
        return text
    method = {"max-T bootstrap": "max-T bootstrap", "closed form": "conservative closed form"}[table.ranking.method]
    text += (
        f" One family of comparisons: the {count * (count - 1) // 2:,} pairs of these rows by anchored mean; rank "
        f"ranges hold for all of them at once ({100 * CONFIDENCE:g} %, {method} over {table.ranking.images:,} images)."
    )
    return text + over_runs(table.ranking) + detectable(table.ranking)


def bundle_records(table: BundleTable) -> list[Flat]:
    """Complete rows in their order, then incomplete ones, as flat records; a missing task is None, never 0."""
    ranks = [row.place.rank if row.place else 0 for row in table.complete]
    return [_flat(table, row, ranks) for row in (*table.complete, *table.incomplete)]


def _flat(table: BundleTable, row: BundleRow, ranks: list[int]) -> Flat:
    place, rules, score = row.place, row.rules, row.score
    flat: Flat = {
        "bundle": table.bundle.name,
        "version": table.bundle.version,
        "rank": place.rank if place else None,
        "rank_lower": place.lower if place else None,
        "rank_upper": place.upper if place else None,
        "submission": row.submission.name,
        "title": row.submission.title,
        "team": row.submission.team,
        "method": row.submission.method,
        AGGREGATE.name: score.value if score else None,
        f"{AGGREGATE.name}_lower": score.lower if score else None,
        f"{AGGREGATE.name}_upper": score.upper if score else None,
        f"{AGGREGATE.name}_covers": score.covers if score else None,
        "mean_rank": rules.mean_rank if rules else None,
        "borda_share": rules.borda if rules else None,
        "rule_rank_best": rules.best if rules else None,
        "rule_rank_worst": rules.worst if rules else None,
        "tied_with": tied_ranks(place, ranks),
        "missing": [f"{task} v{version}: {why}" for (task, version), why in row.missing.items()],
    }
    for task in table.tasks:
        part = row.parts.get((task.id, task.version))
        flat[task.id] = part.score.value if part else None
        flat[f"{task.id} anchored"] = part.anchored if part else None
    return flat
