"""Tables of the parts of one record: groups, classes, sets, detectors, runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from synthetic import Method
from synthetic_families import add_scores, detection, detection_task, worst_group

from leaderboard.cells import sorted_cells
from leaderboard.collect import collect
from leaderboard.detection_tables import detector_tables, set_table
from leaderboard.group_tables import chance_band, class_tables, group_tables
from leaderboard.numbers import MISSING
from leaderboard.run_table import run_table


def test_cells_by_what_their_names_say() -> None:
    names = [
        "group:area/1",
        "class:T-shirt/top/group:area/1",
        "set:near/coat+bag",
        "detector:knn/near",
        "detector:knn/set:digits",
        "fog/3",
        "clean",
        "class:lonely",
    ]
    cells = sorted_cells({name: {"accuracy": float(index)} for index, name in enumerate(names)})
    assert cells.groups == {"area": {"1": {"accuracy": 0.0}}}
    assert cells.classes == {"area": {"T-shirt/top": {"1": {"accuracy": 1.0}}}}
    assert cells.sets == {("near", "coat+bag"): {"accuracy": 2.0}}
    assert list(cells.detectors["knn"]) == ["near", "set:digits"]
    assert list(cells.others) == ["fog/3", "clean", "class:lonely"]


def test_groups_show_intervals_and_the_band_of_chance() -> None:
    (table,) = group_tables(sorted_cells(worst_group([0.9, 0.9, 0.9, 0.9, 0.4], 2000, 1).cells))
    assert table.title == "By area"
    assert [row.name for row in table.rows] == ["1", "2", "3", "4", "5", "6"]
    assert "all 5 are equally hard" in table.caption
    drawn = [str(row.cells[2].drawing) for row in table.rows]
    assert all("band" in drawing and "whisker" in drawing for drawing in drawn[:5])
    assert table.rows[4].cells[1].interval.startswith("[")
    empty = table.rows[5]
    assert (empty.cells[0].text, empty.cells[1].text, drawn[5]) == ("0", MISSING, "")


def test_captions_name_intervals_only_where_cells_have_them() -> None:
    bounds = {"lower": 0.8, "upper": 0.95}
    bare, bounded = {"accuracy": 0.9, "n": 100.0}, {"accuracy": 0.9, "n": 100.0, **bounds}
    captions = [
        group_tables(sorted_cells({"group:class/Bag": first, "group:class/Coat": second}))[0].caption.split(". ")[0]
        for first, second in ((bare, bare), (bounded, bare), (bounded, bounded))
    ]
    assert captions == [
        "Accuracy in % of each group",
        "Accuracy in % of each group, with 95 % intervals where there are any",
        "Accuracy in % of each group, with 95 % intervals",
    ]


def test_small_groups_say_so() -> None:
    cells = {"group:x/1": {"accuracy": 0.5, "n": 29.0}, "group:x/2": {"accuracy": 0.5, "n": 30.0}}
    (table,) = group_tables(sorted_cells(cells))
    assert ["fewer than 30" in row.mark for row in table.rows] == [True, False]
    assert "None lies outside" in table.caption


def test_groups_without_numbers_are_dashes() -> None:
    (table,) = group_tables(sorted_cells({"group:x/red": {"n": 0.0}}))
    assert [cell.text for cell in table.rows[0].cells] == ["0", MISSING, ""]


def test_the_band_holds_for_all_groups_at_once() -> None:
    generator = np.random.default_rng(0)
    sizes = [50, 200, 1000, 3000]
    bands = [chance_band(0.9, size, len(sizes)) for size in sizes]
    draws = np.stack([generator.binomial(size, 0.9, 4000) / size for size in sizes], axis=1)
    inside = np.all([(low <= draws[:, k]) & (draws[:, k] <= high) for k, (low, high) in enumerate(bands)], axis=0)
    assert inside.mean() > 0.93  # 95 % but for the skewness of 50 images; the error of 4,000 draws is .004
    assert chance_band(1.0, 10, 3) == (1.0, 1.0)


def test_classes_and_groups_with_an_empty_cell() -> None:
    (table,) = class_tables(sorted_cells(worst_group([0.9] * 5, 500, 1).cells))
    assert table.levels == ("1", "2", "3", "4", "5")
    assert [row.name for row in table.rows] == ["T-shirt/top", "Bag"]
    assert table.rows[1].cells[4].text == MISSING
    assert table.rows[1].cells[4].step is None


def test_sets_name_both_conventions() -> None:
    table = set_table(sorted_cells(detection(1.0, 1).cells))
    assert table is not None
    titles = [column.title for column in table.columns]
    assert titles[:5] == ["Kind", "Images", "AUROC %", "FPR@95, OOD positive %", "FPR@95, ID positive %"]
    assert sum("trapezoid" in title for title in titles) == 2
    digits, _, noise = table.rows
    assert [cell.text for cell in digits.cells[3:5]] == ["31.00", "42.00"]
    assert digits.cells[2].interval
    assert noise.cells[0].text == "validation"
    assert [cell.text for cell in noise.cells[3:]] == [MISSING] * 6
    assert set_table(sorted_cells({"clean": {"accuracy": 1.0}})) is None


def test_all_detectors_and_which_is_ranked() -> None:
    means, sets = detector_tables(sorted_cells(detection(1.0, 1).cells), "msp")
    assert {row.name: row.mark for row in means.rows} == {"energy": "", "msp": "ranked", "knn": ""}
    assert means.columns[0].title == "Far: AUROC %"
    assert sets.folded
    assert [column.title for column in sets.columns] == ["digits"]
    assert detector_tables(sorted_cells({}), "msp") == []


def test_a_mean_over_absent_sets_is_missing() -> None:
    cells = {"detector:knn/set:digits": {"auroc": 0.9}, "detector:msp/far": {"auroc": 0.8}}
    means, _ = detector_tables(sorted_cells(cells), "msp")
    assert [row.cells[0].text for row in means.rows] == [MISSING, "80.00"]


@pytest.mark.parametrize("strengths", [[1.0], [1.0, 1.1, 0.9]])
def test_runs_stand_side_by_side(tmp_path: Path, strengths: list[float]) -> None:
    task = detection_task(tmp_path / "tasks")
    add_scores(tmp_path / "submissions", task, Method("net", "Net", 0, 1), detection(strengths, 1))
    (entry,) = collect([tmp_path / "submissions"], tmp_path / "tasks", tmp_path / "none").entries[task.id, 1]
    table = run_table(task, entry)
    if len(strengths) == 1:
        assert table is None
        return
    assert table is not None
    assert [column.title for column in table.columns] == ["seed 1", "seed 2", "seed 3"]
    (row,) = table.rows
    score = entry.score("far_ood_auroc")
    assert score is not None
    assert np.mean([cell.sort for cell in row.cells]) == pytest.approx(score.value, abs=1e-9)
