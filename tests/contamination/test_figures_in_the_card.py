"""The card's table of what the search for copies finds: the committed numbers, misses among them."""

from __future__ import annotations

import pytest

from benchmark.documents.measured.contamination_figures import Figures, read_figures
from benchmark.paths import ROOT

DATASETS = ("fashion-mnist", "cifar10")
THRESHOLD, HONEST = "threshold, correlation", "honest images above it"
MISSED = (
    "blurred, sigma 1 px",
    "grey patch of 8 px",
    "JPEG, quality 50",
    "noise, sd 25 levels",
    "60 % of it, 40 % of another",
    "gamma 2.5",
    "shifted 4 px, wrapped",
    "white frame of 5 px",
    "white bars of 3 px, left and right",
)


def rows() -> dict[str, list[str]]:
    """The card's table under Leaks: the first cell of each row to the others."""
    leaks = (ROOT / "tasks" / "distillation" / "README.md").read_text().split("## Leaks\n")[1].split("\n## ")[0]
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in leaks.splitlines() if line[:1] == "|"]
    return {first: others for first, *others in table[2:]}


def in_the_card(figures: Figures, row: str) -> str:
    """The figure of a row as the card writes it: percent, digits that say something only."""
    if row == THRESHOLD:
        return f"{figures.aligned.threshold:.3f}".removeprefix("0")
    if row == HONEST:
        return f"{figures.aligned.false_alarms} of {figures.honest_images:,}"
    percent = f"{100 * figures.aligned.found[row]:.1f}".removesuffix(".0")
    return percent if percent == "0" else percent.removeprefix("0")


@pytest.mark.parametrize(("column", "dataset"), list(enumerate(DATASETS)))
def test_the_cards_numbers_are_the_committed_ones(column: int, dataset: str) -> None:
    figures = read_figures(dataset)
    assert {row: cells[column] for row, cells in rows().items()} == {row: in_the_card(figures, row) for row in rows()}


def test_thresholds_and_misses_are_in_the_card() -> None:
    assert {THRESHOLD, HONEST, "identical", "mirrored", *MISSED} <= set(rows())
    assert all(len(cells) == len(DATASETS) for cells in rows().values())
    assert {read_figures(dataset).leaked_images for dataset in DATASETS} == {500}
