"""Leaks into choices and own images: watched images, the canary, and copies of test images."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from small_curation import TESTED, balanced, knowing, submission

from benchmark import evaluate
from benchmark.errors import MettleError
from benchmark.evaluation import Options
from benchmark.protocol import Candidate
from benchmark.submitted_sets.curated import CuratedSet
from tasks.curation.chosen import choose, read_choice
from tasks.curation.coreset import PROTOCOL
from tasks.curation.measures import Judged, choosing_allowance, common_scores
from tasks.curation.split import OpenCuration

TASK = "curation/fashion-mnist-coreset-1k"
PROVENANCE = '[artifacts.provenance]\nsources = ["drawn by hand"]\nlicence = "MIT"\n'
pytestmark = pytest.mark.usefixtures("curation_cache")


def test_a_net_that_knows_the_test_labels_is_flagged(split: OpenCuration, tmp_path: Path) -> None:
    file = submission(tmp_path / "any", TASK, CuratedSet("indices", balanced(split, 2))) / "choice.safetensors"
    combined = PROTOCOL.combine(split.entry, split, Candidate("curated", file=file), knowing(split))
    assert [flag.name for flag in combined.flags] == ["canary"]
    assert combined.scores["leak_gap"].value == pytest.approx(1)


def test_chosen_images_are_not_watched(split: OpenCuration) -> None:
    taken = split.watched[::2]
    chosen = choose(split, CuratedSet("indices", np.sort(taken)))
    assert np.array_equal(split.watched[chosen.shown_watched(split)], taken)


@pytest.mark.parametrize("mirrored", [False, True])
def test_watched_images_among_own_ones_hide_no_leak(split: OpenCuration, tmp_path: Path, mirrored: bool) -> None:
    taken = np.arange(0, len(split.watched), 2)
    images = split.origin.images[split.watched[taken]]
    own = CuratedSet("images", images=images[:, :, ::-1] if mirrored else images, labels=np.zeros(len(taken), np.int64))
    chosen = read_choice(split, None, submission(tmp_path / "own", TASK, own) / "choice.safetensors")
    assert np.flatnonzero(chosen.shown_watched(split)).tolist() == taken.tolist()
    watched = np.zeros((2, len(split.watched)), bool)
    watched[:, taken] = True  # nets that know what they were shown, and the test images, and nothing else
    nets = Judged(np.ones((2, TESTED), bool), np.zeros((2, 12)), watched, np.zeros(2))
    assert common_scores(split, chosen, nets)["leak_gap"].value == pytest.approx(1)
    assert choosing_allowance(nets, chosen.shown_watched(split), 100 / 60_000) < 0.05  # half of them are no accident


def test_choosing_can_raise_the_gap_as_if_all_chosen_images_had_been_answered_right() -> None:
    """Of 10 watched images 4 are chosen, and 3 of the other 6 are right: at best 7 of 10, so .7 in place of .5."""
    watched = np.array([[0, 0, 0, 0, 1, 1, 1, 0, 0, 0]] * 2, bool)
    nets = Judged(np.ones((2, 5), bool), np.zeros((2, 12)), watched, np.zeros(2))
    chosen = np.arange(10) < 4
    assert choosing_allowance(nets, chosen, 1.0) == pytest.approx(0.7 - 0.5)
    assert choosing_allowance(nets, np.zeros(10, bool), 0.4) == 0
    assert math.isnan(choosing_allowance(nets, np.ones(10, bool), 0.4))


@pytest.mark.parametrize("share", [0.02, 0.25, 0.9, 1.0])
def test_more_watched_images_than_chance_shows_count_as_many_as_chance_shows(share: float) -> None:
    watched = np.zeros((2, 1000), bool)
    nets = Judged(np.ones((2, 5), bool), np.zeros((2, 12)), watched, np.zeros(2))
    shown = np.arange(1000) < 999
    assert choosing_allowance(nets, shown, share) == min(stats.binom.ppf(0.999, 1000, share) / 1000, 0.999)


def test_own_images_that_are_not_watched_leave_all_of_them(split: OpenCuration, tmp_path: Path) -> None:
    other = split.origin.images[np.setdiff1d(np.arange(200), split.watched)]
    altered = np.minimum(split.origin.images[split.watched[:5]], 254) + 1
    images = np.concatenate([other, altered])
    own = CuratedSet("images", images=images, labels=np.zeros(len(images), np.int64))
    chosen = read_choice(split, None, submission(tmp_path / "own", TASK, own) / "choice.safetensors")
    assert not chosen.shown_watched(split).any()


def test_own_images_need_their_origin(split: OpenCuration, curation_tasks: Path, tmp_path: Path) -> None:
    own = CuratedSet("images", images=split.origin.images[:20], labels=split.origin.labels[:20])
    with pytest.raises(MettleError, match="provenance"):
        evaluate(submission(tmp_path / "own", TASK, own), TASK, options=Options(tasks_dir=curation_tasks, workers=1))


def test_own_images_are_held_against_the_test_images(split: OpenCuration, curation_tasks: Path, tmp_path: Path) -> None:
    images = np.array(split.origin.images[:200])
    images[[3, 50]] = split.images[[7, 11]]
    images[60] = split.images[20][:, ::-1]
    own = CuratedSet("images", images=images, labels=split.origin.labels[:200])
    folder = submission(tmp_path / "leaked", TASK, own, PROVENANCE)
    result = evaluate(folder, TASK, options=Options(tasks_dir=curation_tasks, workers=1)).result
    assert result.scores["distinct_images"].value == 200
    assert result.scores["near_test_copies"].value >= 3
    (flag,) = [flag for flag in result.flags if flag.name == "contamination"]
    assert flag.evidence.startswith("3 of 200 images are test images, exactly or within ")
    assert "image 3 is test image 7, " in flag.evidence
    assert result.cells["pair:3"] == {"test_image": 7, "correlation": 1}


def test_a_choice_from_the_pool_is_not_searched_for_copies(split: OpenCuration) -> None:
    chosen = choose(split, CuratedSet("indices", balanced(split, 2)))
    arrays = PROTOCOL.inspect(split.entry, split, chosen, "contamination")
    assert all(len(array) == 0 for array in arrays.values())
