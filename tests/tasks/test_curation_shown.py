"""Watched training images among own ones: which are shown, how many by chance, and what the alarm makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from small_curation import TESTED, knowing, submission

from benchmark.contamination.findings import look_for_copies
from benchmark.documents import canonical_sha256
from benchmark.documents.measured.contamination_figures import copy_threshold
from benchmark.documents.measured.watched_ease import (
    WatchedEase,
    read_watched_ease,
    watched_ease_path,
)
from benchmark.documents.strict import decode_file, parse
from benchmark.effort import Effort
from benchmark.errors import MettleError
from benchmark.protocol import Candidate
from benchmark.submitted_sets.curated import CuratedSet
from benchmark.task_registry import find_task
from scripts.measure_watched_ease import DATASETS, EASE_NETS, choice_of
from tasks.curation import fixed_training
from tasks.curation.chosen import Chosen, choose, read_choice
from tasks.curation.coreset import PROTOCOL
from tasks.curation.measures import Judged, common_scores
from tasks.curation.settings import settings_of
from tasks.curation.shown import (
    easier_by,
    look_for_watched,
    shown_by_chance,
    shown_flags,
    shown_watched,
)
from tasks.curation.split import CurationSplit, OpenCuration

TASK = "curation/fashion-mnist-coreset-1k"
pytestmark = pytest.mark.usefixtures("curation_cache")


def own_set(split: OpenCuration, folder: Path, images: np.ndarray) -> tuple[Chosen, Path]:
    own = CuratedSet("images", images=images, labels=np.zeros(len(images), np.int64))
    file = submission(folder, TASK, own) / "choice.safetensors"
    return read_choice(split, None, file), file


def seen(split: OpenCuration, chosen: Chosen) -> np.ndarray:
    """What own images show, by the inspection that is kept of them."""
    found = PROTOCOL.inspect(split.entry, split, chosen, "watched")
    return shown_watched(split, chosen, found, copy_threshold("fashion-mnist"))


def test_chosen_images_are_not_watched(split: OpenCuration) -> None:
    taken = split.watched[::2]
    chosen = choose(split, CuratedSet("indices", np.sort(taken)))
    assert np.array_equal(split.watched[shown_watched(split, chosen, None, 0.9)], taken)


@pytest.mark.parametrize("altered", ["mirrored", "one level", "one pixel", "shifted"])
def test_watched_images_among_own_ones_hide_no_leak(split: OpenCuration, tmp_path: Path, altered: str) -> None:
    """However they are altered: nets that learn them know the watched ones too."""
    taken = np.arange(0, len(split.watched), 2)
    images = split.origin.images[split.watched[taken]].copy()
    if altered == "mirrored":
        images = images[:, :, ::-1]
    elif altered == "one level":
        images = np.minimum(images, 254) + 1
    elif altered == "one pixel":
        images[:, 14, 14] ^= 1
    else:
        images = np.roll(images, 1, axis=2)
    chosen, _ = own_set(split, tmp_path / "own", images)
    shown = seen(split, chosen)
    assert shown[taken].mean() >= 0.95
    assert shown[1::2].mean() <= 0.05
    watched = np.zeros((2, len(split.watched)), bool)
    watched[:, shown] = True  # nets that know what they were shown, and the test images, and nothing else
    nets = Judged(np.ones((2, TESTED), bool), np.zeros((2, 12)), watched, np.zeros(2))
    assert common_scores(split, chosen, nets, shown)["leak_gap"].value == pytest.approx(1)


def test_own_images_that_are_not_watched_leave_all_of_them(split: OpenCuration, tmp_path: Path) -> None:
    images = split.origin.images[np.setdiff1d(np.arange(200), split.watched)]
    chosen, _ = own_set(split, tmp_path / "own", images)
    assert not chosen.shown_watched(split).any()
    assert seen(split, chosen).sum() <= 2  # a false alarm


@pytest.mark.parametrize("images", [10, 1000, 20_000, 50_000])
def test_how_many_are_shown_by_chance(split: OpenCuration, images: int) -> None:
    """Against scipy's binomial quantile, and draws of real sets: hardly one shows more."""
    share = images / 60_000 + 0.01 * images / split.frozen.tested
    count, most = len(split.watched), shown_by_chance(split, images)
    assert most == (count if share >= 1 else stats.binom.ppf(0.999, count, share))
    rng = np.random.default_rng(0)
    drawn = [np.isin(split.watched, rng.choice(60_000, images, replace=False)).sum() for _ in range(50)]
    assert sum(shown > most for shown in drawn) == 0
    barely, more = np.arange(count) < most, np.arange(count) <= most
    assert shown_flags(barely, most) == [] or barely.all()
    if not more.all():
        (flag,) = shown_flags(more, most)
        assert f"shows {most + 1:,} of {count:,} watched images, where" in flag.evidence
    (flag,) = shown_flags(np.ones(count, bool), most)
    assert "every watched training image" in flag.evidence


def test_what_is_left_is_easier_by_the_difference_of_means() -> None:
    ease = np.array([0.0, 0.2, 1.0, 1.0, 0.8])
    assert easier_by(ease, np.array([1, 1, 0, 0, 0], bool)) == pytest.approx(2.8 / 3 - 0.6)
    assert easier_by(ease, np.array([0, 0, 1, 0, 0], bool)) == pytest.approx(0.5 - 0.6)  # what is left is harder
    assert easier_by(ease, np.zeros(5, bool)) == pytest.approx(0)
    assert easier_by(ease, np.ones(5, bool)) == 0
    assert easier_by(None, np.array([1, 0, 0, 0, 0], bool)) == 0


def test_showing_hard_watched_images_does_not_hide_a_leak(
    split: OpenCuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nets that know every test image and are right on watched images that are easy: without the ease, no gap is left.

    A tenth of the watched images is hard, and the set shows that tenth, no more than chance would.
    """
    monkeypatch.setattr("tasks.curation.leak_limits.limit_of", lambda _: 0.05)
    hard = np.zeros(len(split.watched), bool)
    hard[: len(hard) // 10] = True
    ease = np.where(hard, 0.1, 0.98)
    monkeypatch.setattr(split, "watched_ease", ease)
    monkeypatch.setattr(fixed_training.shown, "shown_by_chance", lambda *_: int(hard.sum()) + 5)
    chosen, file = own_set(split, tmp_path / "own", split.origin.images[split.watched[hard]])
    shards = knowing(split)
    for arrays in shards.values():
        arrays["watched_right"] = np.packbits(~hard)
    shards["inspect/contamination"] = look_for_copies(chosen.images, split.images)
    shards["inspect/watched"] = look_for_watched(chosen.images, split.origin.images[split.watched])
    combined = PROTOCOL.combine(split.entry, split, Candidate("curated", file=file), shards)
    assert abs(combined.scores["leak_gap"].value) < 0.02
    (flag,) = [flag for flag in combined.flags if flag.name == "train-test-gap"]
    assert "Were those as easy as all, it would be +8.80 (" in flag.evidence
    quick = PROTOCOL.combine(split.entry, split, Candidate("curated", file=file, effort=Effort("quick")), shards)
    assert "train-test-gap" not in {flag.name for flag in quick.flags}  # the limit is not of such nets
    assert quick.notes == [fixed_training.STANDARD_ONLY, fixed_training.NO_LIMIT]
    monkeypatch.setattr(fixed_training.shown, "shown_by_chance", lambda *_: int(hard.sum()) - 5)
    quick = PROTOCOL.combine(split.entry, split, Candidate("curated", file=file, effort=Effort("quick")), shards)
    (flag,) = [flag for flag in quick.flags if flag.name == "train-test-gap"]
    assert "watched images, where a set of its size shows at most" in flag.evidence


def test_the_ease_belongs_to_the_watched_images(tmp_path: Path) -> None:
    assert read_watched_ease(tmp_path, "shapes", "a" * 64, 3) is None
    found = WatchedEase(dataset="shapes", plan_sha256="b" * 64, watched_sha256="a" * 64, nets=4, right=[0, 4, 1])
    watched_ease_path(tmp_path, "shapes").parent.mkdir()
    watched_ease_path(tmp_path, "shapes").write_text(found.model_dump_json())
    ease = read_watched_ease(tmp_path, "shapes", "a" * 64, 3)
    assert ease is not None
    assert ease.tolist() == [0, 1, 0.25]
    with pytest.raises(MettleError, match="is about the watched images of which watched_sha256 is cccc"):
        read_watched_ease(tmp_path, "shapes", "c" * 64, 3)
    with pytest.raises(MettleError, match=r"of which images is 4, but got 3\. Measure it again"):
        read_watched_ease(tmp_path, "shapes", "a" * 64, 4)
    watched_ease_path(tmp_path, "forms").write_text(found.model_dump_json())
    with pytest.raises(MettleError, match="of which dataset is forms, but got shapes"):
        read_watched_ease(tmp_path, "forms", "a" * 64, 3)
    with pytest.raises(ValueError, match="of which there are 3, but one has 4"):
        WatchedEase.model_validate(found.model_dump() | {"nets": 3})


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_committed_ease_is_that_of_the_tasks_plan_and_watched_images(dataset: str) -> None:
    """And the images differ in it: one that all nets know, and one that none does."""
    entry = find_task(f"curation/{dataset}-coreset-5k")
    path = watched_ease_path(entry.folder, dataset)
    found = parse(WatchedEase, decode_file(path), path)
    assert (found.dataset, found.nets) == (dataset, EASE_NETS)
    assert found.plan_sha256 == canonical_sha256(settings_of(entry).plan.model_dump(mode="json"))
    assert found.watched_sha256 == parse(CurationSplit, entry.split, "split").pool.watched_sha256
    assert len(found.right) == 15_000
    assert (min(found.right), max(found.right)) == (0, EASE_NETS)


def test_nets_that_measure_the_ease_have_seen_no_watched_image(split: OpenCuration) -> None:
    choices = [choice_of(split, run).indices for run in range(2)]
    for indices in choices:
        assert indices is not None
        assert len(indices) == split.settings.budget
        assert not np.isin(indices, split.watched).any()
        assert np.ptp(np.bincount(split.pool.labels[indices])) <= 1
    assert not np.array_equal(*choices)
