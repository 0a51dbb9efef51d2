"""The dirty protocol: what choices and rankings did with known dirt, and who knew the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_curation import anchored, combined, random_pick, submission

from benchmark import evaluate
from benchmark.errors import MettleError
from benchmark.evaluation import Options
from benchmark.selection.oracle import oracle
from benchmark.selection.random_choice import balanced_random_choice
from benchmark.submitted_sets.curated import CuratedSet
from tasks.curation.chosen import choose, least_suspect
from tasks.curation.measures import PLAN
from tasks.curation.settings import settings_of
from tasks.curation.split import OpenCuration

TASK = "curation/fashion-mnist-dirty-1k"
pytestmark = pytest.mark.usefixtures("curation_cache")


def sound(split: OpenCuration) -> np.ndarray:
    return ~split.pool.outliers & ~split.pool.mislabelled


def oracle_choice(split: OpenCuration) -> np.ndarray:
    return np.sort(oracle(split.pool.labels, sound(split), split.pool.sources, 1000, 0))


def test_a_random_choice_has_the_pools_dirt(split: OpenCuration, tmp_path: Path) -> None:
    scores = combined(split, tmp_path / "random", CuratedSet("indices", random_pick(split))).scores
    assert scores["wrong_label_share"].value == pytest.approx(0.2, abs=0.04)
    assert scores["outlier_share"].value == pytest.approx(0.05, abs=0.025)
    assert scores["noise_recall"].value == pytest.approx(1 - 1 / 60, abs=0.005)
    assert scores["noise_precision"].value == pytest.approx(0.2, abs=0.005)
    assert 0 < scores["copy_share"].value < 0.15
    assert "relabel_precision" not in scores
    assert "noise_auroc" not in scores


def test_the_oracles_choice_has_none_and_is_flagged(split: OpenCuration, tmp_path: Path) -> None:
    found = combined(split, tmp_path / "oracle", CuratedSet("indices", oracle_choice(split)))
    for name in ("wrong_label_share", "outlier_share", "copy_share"):
        assert found.scores[name].value == 0
    assert found.scores["noise_recall"].value == 1
    assert [flag.name for flag in found.flags] == ["anomaly"]
    assert "0 wrong labels among 1,000" in found.flags[0].evidence


@pytest.mark.parametrize("weight", [0.0, 1e-3])
def test_wrong_labels_that_are_hardly_drawn_hide_no_oracle(split: OpenCuration, tmp_path: Path, weight: float) -> None:
    mislabelled = np.flatnonzero(split.pool.mislabelled)[:20]
    slots = np.concatenate([oracle_choice(split)[20:], mislabelled])
    weights = np.where(np.isin(slots, mislabelled), weight, 1).astype(np.float32)
    found = combined(split, tmp_path / "padded", CuratedSet("indices", slots, weights=weights))
    assert found.scores["wrong_label_share"].value < 1e-4
    assert found.scores["distinct_images"].value == (980 if weight == 0 else 1000)
    assert [flag.name for flag in found.flags] == ["anomaly"]


def test_a_filter_that_loses_hard_images_is_not_flagged(split: OpenCuration, tmp_path: Path) -> None:
    allowed = sound(split) & ~split.hard
    slots = np.sort(balanced_random_choice(split.pool.labels, 1000, 0, allowed))
    found = combined(split, tmp_path / "easy", CuratedSet("indices", slots))
    assert found.scores["wrong_label_share"].value == 0
    assert found.flags == []
    assert combined(split, tmp_path / "random", CuratedSet("indices", random_pick(split))).flags == []


def test_wrong_labels_set_right_are_flagged_as_knowing_the_labels(split: OpenCuration, tmp_path: Path) -> None:
    slots = np.sort(np.random.default_rng(0).choice(np.flatnonzero(split.pool.mislabelled), 1000, replace=False))
    choice = CuratedSet("indices", slots, labels=split.pool.clean_labels[slots])
    found = combined(split, tmp_path / "mended", choice)
    assert found.scores["wrong_label_share"].value == 0
    assert [flag.name for flag in found.flags] == ["anomaly"]


def test_relabelling_is_held_against_the_truth(split: OpenCuration, tmp_path: Path) -> None:
    slots = random_pick(split)
    labels = split.pool.labels[slots].copy()
    wrong = np.flatnonzero(split.pool.mislabelled[slots])
    right = np.flatnonzero(~split.pool.mislabelled[slots] & ~split.pool.outliers[slots])
    mended, spoilt = wrong[: len(wrong) // 2], right[:20]
    labels[mended] = split.pool.clean_labels[slots[mended]]
    labels[spoilt] = (labels[spoilt] + 1) % 10
    choice = CuratedSet("indices", slots, labels=labels)
    scores = combined(split, tmp_path / "relabelled", choice).scores
    assert scores["relabel_precision"].value == pytest.approx(len(mended) / (len(mended) + 20))
    assert scores["relabel_recall"].value == pytest.approx(len(mended) / len(wrong))
    before = combined(split, tmp_path / "random", CuratedSet("indices", slots)).scores["wrong_label_share"].value
    assert scores["wrong_label_share"].value == pytest.approx(before - (len(mended) - 20) / 1000)
    examples = choose(split, choice).training_set(PLAN)
    assert sorted(examples.targets.argmax(axis=1).tolist()) == sorted(labels.tolist())


def perfect_order(split: OpenCuration) -> np.ndarray:
    return np.argsort(sound(split), kind="stable")


def test_a_ranking_is_scored_from_the_arrays(split: OpenCuration, tmp_path: Path) -> None:
    found = combined(split, tmp_path / "ranking", CuratedSet("suspicion", suspicion=perfect_order(split)))
    assert found.scores["noise_auroc"].value > 0.95
    curve = found.cells["debug:wrong labels"]
    assert curve["found_at_5"] == pytest.approx(0.2, abs=0.02)  # 3,000 slots, 4 in 5 of them noise
    assert curve["found_at_20"] == pytest.approx(0.8, abs=0.02)
    assert found.cells["debug:outliers"]["found_at_20"] == pytest.approx(0.8, abs=0.04)
    assert found.scores["wrong_label_share"].value == 0  # a quarter of the pool is dirt, and was dropped
    order = np.random.default_rng(0).permutation(60_000)
    floor = combined(split, tmp_path / "any", CuratedSet("suspicion", suspicion=order))
    assert floor.scores["noise_auroc"].value == pytest.approx(0.5, abs=0.01)
    assert floor.scores["noise_average_precision"].value == pytest.approx(0.2, abs=0.01)
    assert floor.cells["debug:copies"]["found_at_10"] == pytest.approx(0.1, abs=0.01)


def test_what_a_ranking_leaves_is_drawn_balanced(split: OpenCuration) -> None:
    settings, order = settings_of(split.entry), perfect_order(split)
    slots = least_suspect(split.pool.labels, order, settings)
    assert len(np.unique(slots)) == settings.budget
    assert np.bincount(split.pool.labels[slots]).tolist() == [100] * 10
    assert not np.isin(slots, order[: round(settings.dropped_share * len(order))]).any()


@pytest.mark.parametrize("form", ["images", "twice"])
def test_own_images_and_orders_that_are_none_are_refused(
    split: OpenCuration, curation_tasks: Path, tmp_path: Path, form: str
) -> None:
    if form == "images":
        choice = CuratedSet("images", images=split.pool.images[:5], labels=split.pool.labels[:5])
    else:
        choice = CuratedSet("suspicion", suspicion=np.zeros(60_000, np.int64))
    rule = "takes indices or suspicion" if form == "images" else "names every image of the pool once"
    with pytest.raises(MettleError, match=rule):
        evaluate(submission(tmp_path / form, TASK, choice), TASK, options=Options(tasks_dir=curation_tasks, workers=1))


def test_a_ranking_end_to_end(split: OpenCuration, curation_tasks: Path, tmp_path: Path) -> None:
    with anchored(split, {"random": [0.2, 0.3], "oracle": [0.7, 0.9]}):
        folder = submission(tmp_path / "ranking", TASK, CuratedSet("suspicion", suspicion=perfect_order(split)))
        options = Options(tasks_dir=curation_tasks, workers=1)
        record, again = evaluate(folder, TASK, options=options), evaluate(folder, TASK, options=options)
    result = record.result
    named = {metric.name for metric in (split.entry.task.primary, *split.entry.task.also)}
    assert set(result.scores) == named - {"relabel_precision", "relabel_recall"}
    mean = result.scores["accuracy"].value
    assert result.scores["normalized_gain"].value == pytest.approx((mean - 0.25) / (0.8 - 0.25), abs=1e-3)
    assert again.result == result
