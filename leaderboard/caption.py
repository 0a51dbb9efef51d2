"""What stands above a table: how many rows, what their intervals cover, and the family of comparisons."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.documents import Score, Task
from leaderboard.numbers import plain
from leaderboard.outcomes import averaged_score
from leaderboard.ranking import CONFIDENCE, Ranking
from leaderboard.rows import Table


def caption(task: Task, table: Table) -> str:
    count = len(table.rows)
    text = f"{count:,} {'row' if count == 1 else 'rows'} by {in_a_sentence(task.primary.title)}; "
    text += _covered(task, table)
    ranking = table.ranking
    if ranking is None or count < 2:
        return text
    method = {"closed form": "conservative closed form"}.get(ranking.method, ranking.method)
    pairs = "the one pair" if count == 2 else f"all {count * (count - 1) // 2:,} pairs"
    if ranking.groups > 1:
        pairs += f" and {ranking.groups} groups"
    of_what = " of both kinds, by DeLong's placements" if task.pair_test == "delong" else ""
    units = f"{ranking.images:,} images{of_what}"
    if task.pair_test == "training_runs":
        spread = "one spread for all rows" if not ranking.own_spreads else "a spread of its own for each row"
        units = f"training runs, {spread}; the test images are the same for all"
    text += (
        f" One family of comparisons: rank ranges hold for {pairs} at once ({100 * CONFIDENCE:g} %, {method} over "
        f"{units})."
    )
    if task.pair_test != "training_runs":
        text += over_runs(ranking)
    return text + detectable(ranking, "points" if averaged_score(task) == task.primary.name else "points of accuracy")


def over_runs(ranking: Ranking) -> str:
    """Whether ranks count other training runs, and how far a run of a typical row lies from the next."""
    if ranking.run_sd is None:
        return " No row has two training runs, so ranks compare these files: a net trained anew may stand elsewhere."
    spread = plain(100 * ranking.run_sd, 2)
    return f" They count other training runs too, of which one standard deviation is typically {spread} points."


def detectable(ranking: Ranking, unit: str = "points") -> str:
    """The smallest difference that the family, and one pair alone, can tell apart.

    Empty where no pair differs, and where rows have spreads of their own: there a small difference of two quiet rows
    counts, and a larger one of loud rows does not.
    """
    if ranking.own_spreads or ranking.separable_difference is None or ranking.detectable_difference is None:
        return ""
    together, alone = plain(100 * ranking.separable_difference, 2), plain(100 * ranking.detectable_difference, 2)
    return (
        f" Smallest detectable difference, typical of the leaders: {together} {unit} in this family, {alone} for one "
        "pair tested alone."
    )


def in_a_sentence(title: str) -> str:
    """A title without its capital, unless that belongs to an abbreviation: `AUROC` stays."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def coverage(scores: Sequence[Score | None]) -> str:
    """What the brackets of a column cover, in a sentence; empty for a column without any."""
    found = _sources(scores)
    return f"Brackets cover {found}{_where(scores)}." if found else ""


def _covered(task: Task, table: Table) -> str:
    """Which confidence the intervals of the primary score have and what they cover, for all rows of a table."""
    scores = [row.entry.score(task.primary.name) for row in table.rows]
    levels = sorted({score.confidence for score in scores if score is not None and score.confidence is not None})
    if not levels:
        return "no interval is recorded."
    named, sources = " and ".join(f"{100 * level:g} %" for level in levels), _sources(scores)
    text = f"its brackets are {named} intervals over {sources}{_where(scores)}."
    others = {_sources([row.entry.score(metric.name) for row in table.rows]) for metric in task.also}
    if others - {"", sources}:
        text += " Brackets of some other columns cover something else; their descriptions say what."
    return text


def _sources(scores: Sequence[Score | None]) -> str:
    """What the intervals among these cover, in words; empty where there is none."""
    kinds = {score.covers: score.covered for score in scores if score is not None and score.covers is not None}
    if kinds.keys() == {"both", "test images"}:
        return "test images, and training runs where several are listed"
    return " or ".join(kinds[kind] for kind in sorted(kinds))


def _where(scores: Sequence[Score | None]) -> str:
    """Whether some of the rows have no interval."""
    return "" if all(score is not None and score.covers is not None for score in scores) else ", where there are any"
