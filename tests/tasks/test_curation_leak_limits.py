"""The limit of the leak gap: learnt from baselines' records, one a data set, and the flag above it."""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from small_curation import submission

from benchmark.contamination.leak_gap import leak_limit
from benchmark.documents import Attestation, Score, read_submission
from benchmark.documents.measured.watched_ease import WatchedEase, watched_ease_path
from benchmark.documents.store import find_records, write_attestation, write_record
from benchmark.paths import ROOT
from benchmark.submitted_sets.curated import CuratedSet
from benchmark.task_registry import TaskEntry, find_task
from scripts.learn_leak_limits import learnt
from tasks.curation.anchors import anchor_accuracies
from tasks.curation.leak_limits import (
    FEWEST_SETS,
    FILE,
    LeakLimits,
    gap_flag,
    honest_gaps,
    is_far_below_random,
    limit_of,
)
from tasks.curation.settings import settings_of
from tasks.curation.split import OpenCuration

TASK = "curation/fashion-mnist-coreset-1k"
SIBLING = "curation/fashion-mnist-dirty-5k"
LARGE = "curation/fashion-mnist-coreset-20k"
OTHER = "curation/cifar10-coreset-5k"
GAPS = {"herding": -0.014, "k-center": -0.016, "random": -0.012}
OF_SIBLING = {"oracle": -0.013, "random": -0.015}
OF_LARGE = {"herding": -0.011}
FOLDER = ROOT / "tasks" / "curation"
NO_ANCHORS: dict[str, np.ndarray] = {}


def gap(value: float, half: float) -> Score:
    return Score(value=value, lower=value - half, upper=value + half, covers="training runs", confidence=0.95, n=5)


def learnt_from(folder: Path, honest: dict[str, dict[str, float]]) -> TaskEntry:
    """The task beside its siblings, with limits learnt from these gaps."""
    family = folder / FOLDER.name
    family.mkdir()
    for path in FOLDER.glob("*.toml"):
        shutil.copy(path, family)
    limits = LeakLimits(schema_version=2, honest_gaps={f"{task}.v1": gaps for task, gaps in honest.items()})
    (family / FILE).write_text(limits.model_dump_json())
    return find_task(TASK, folder)


@pytest.fixture
def entry(tmp_path: Path) -> TaskEntry:
    return learnt_from(tmp_path, {TASK: GAPS, SIBLING: OF_SIBLING, LARGE: OF_LARGE, OTHER: {"random": 0.3}})


def test_the_limit_is_that_of_the_honest_gaps_of_the_data_set(entry: TaskEntry) -> None:
    known = [*GAPS.values(), *OF_SIBLING.values(), *OF_LARGE.values()]
    assert sorted(honest_gaps(entry)) == sorted(known)
    assert limit_of(entry) == pytest.approx(leak_limit(known))
    assert max(known) < limit_of(entry) < 0.01


def test_only_a_gap_that_is_surely_above_the_limit_is_flagged(entry: TaskEntry) -> None:
    limit = limit_of(entry)
    assert gap_flag(entry, NO_ANCHORS, 0.9, gap(limit + 0.001, 0.002), 0.0) == []
    (flag,) = gap_flag(entry, NO_ANCHORS, 0.9, gap(limit + 0.01, 0.002), 0.0)
    assert flag.name == "train-test-gap"
    assert f"{100 * limit:+.2f}" in flag.evidence
    assert gap_flag(entry, NO_ANCHORS, 0.9, Score(value=0.5), 0.0) == []
    assert gap_flag(entry, NO_ANCHORS, 0.9, None, 0.0) == []


def test_the_gap_is_held_against_the_limit_as_if_all_were_left(entry: TaskEntry) -> None:
    """Showing hard images makes the gap smaller, showing easy ones larger: neither hides nor makes a leak."""
    limit = limit_of(entry)
    (flag,) = gap_flag(entry, NO_ANCHORS, 0.9, gap(limit - 0.01, 0.002), 0.0141)
    assert f"it would be {100 * (limit + 0.0041):+.2f} (at least {100 * (limit + 0.0021):+.2f})" in flag.evidence
    assert gap_flag(entry, NO_ANCHORS, 0.9, gap(limit - 0.01, 0.002), 0.0119) == []
    assert gap_flag(entry, NO_ANCHORS, 0.9, gap(limit + 0.01, 0.002), -0.0081) == []
    assert gap_flag(entry, NO_ANCHORS, 0.9, gap(limit + 0.01, 0.002), -0.0079) != []


def test_sets_far_below_random_are_not_judged(entry: TaskEntry) -> None:
    shutil.copy(FOLDER / "reference.json", entry.folder)
    anchors = anchor_accuracies(entry)
    random = float(anchors["random"].mean())
    assert [is_far_below_random(anchors, random - below) for below in (-0.1, 0.0, 0.049, 0.051)] == [False] * 3 + [True]
    above = gap(limit_of(entry) + 0.1, 0.002)
    assert gap_flag(entry, anchors, random - 0.049, above, 0.0) != []
    assert gap_flag(entry, anchors, random - 0.051, above, 0.0) == []


def test_where_too_few_are_known_nothing_is_flagged(tmp_path: Path) -> None:
    entry = learnt_from(tmp_path, {TASK: GAPS, SIBLING: {"random": -0.015}, OTHER: {"random": -0.01}})
    assert len(honest_gaps(entry)) == FEWEST_SETS - 1
    assert math.isnan(limit_of(entry))
    assert gap_flag(entry, NO_ANCHORS, 0.9, gap(0.5, 0.01), 0.0) == []
    (entry.folder / FILE).unlink()
    assert math.isnan(limit_of(entry))


def test_tasks_of_a_data_set_watch_the_same_images() -> None:
    splits = [json.loads(path.read_text()) for path in (FOLDER / "splits").glob("*.json")]
    watched = {(split["images"]["dataset"], split["tested"], split["pool"]["watched_sha256"]) for split in splits}
    assert sorted(dataset for dataset, *_ in watched) == ["cifar10", "fashion-mnist"]


@pytest.mark.parametrize(("dataset", "task"), [("Fashion-MNIST", TASK), ("CIFAR-10", OTHER)])
def test_the_card_says_the_committed_limit(dataset: str, task: str) -> None:
    row = re.search(rf"^\| {dataset} \|(.*)\|(.*)\|(.*)\|$", (FOLDER / "README.md").read_text(), flags=re.M)
    assert row is not None
    gaps, limit = honest_gaps(find_task(task)), limit_of(find_task(task))
    count, between, above = (cell.strip() for cell in row.groups())
    assert int(count) == len(gaps)
    if math.isnan(limit):
        assert (between, above) == ("", "none: nothing is flagged")
    else:
        assert between == f"{points(min(gaps))} to {points(max(gaps))}"
        assert above == points(limit)


def test_the_card_says_what_tasks_with_own_images_alone_would_teach() -> None:
    """Why all tasks of a data set teach it: fewer would let a plain leak pass, and CIFAR-10 would have no limit."""
    learnt_gaps = json.loads((FOLDER / FILE).read_text())["honest_gaps"]
    by_data: dict[str, list[float]] = {"fashion-mnist": [], "cifar10": []}
    for name, gaps in learnt_gaps.items():
        entry = find_task(name)
        if "images" in settings_of(entry).forms:
            by_data[entry.task.data.dataset] += gaps.values()
    alone = leak_limit(by_data["fashion-mnist"])
    row = re.search(r"^\| a leak \|.*\|.*\| \+([0-9.]+) \| yes \|$", (FOLDER / "README.md").read_text(), flags=re.M)
    assert row is not None
    assert limit_of(find_task(TASK)) < float(row[1]) / 100 < alone
    assert f"own images alone, it would be {points(alone)}, which the plain leak" in " ".join(
        (FOLDER / "README.md").read_text().split()
    )
    assert len(by_data["cifar10"]) < FEWEST_SETS


def points(share: float) -> str:
    """With its sign, two digits, and no zero before the point."""
    return f"{100 * share:+.2f}".replace("+0.", "+.").replace("-0.", "-.")


def test_gaps_are_those_of_the_newest_standing_records_of_baselines_in_the_standard_tier(
    split: OpenCuration, curation_tasks: Path, tmp_path: Path
) -> None:
    """Made even by what the choice in the file leaves: half of the watched images, all of them hard."""
    taken = np.sort(split.watched[::2])
    source = submission(tmp_path / "ours", TASK, CuratedSet("indices", taken))
    sha256 = read_submission(source).artifacts[0].sha256
    ease = np.where(np.isin(split.watched, taken), 0.2, 0.9)
    record = next(record for _, record in find_records(ROOT / "submissions") if record.result.task.id == TASK)
    task = record.result.task
    scores = record.result.scores | {"leak_gap": gap(-0.02, 0.001)}
    artifact = record.result.artifacts[0].model_copy(update={"sha256": sha256})
    written = []
    for tier, value, started in (
        ("standard", -0.02, "2026-03-01T00:00:00Z"),
        ("standard", 0.2, "2026-02-01T00:00:00Z"),
        ("quick", 0.3, "2026-04-01T00:00:00Z"),
        ("standard", 0.4, "2026-05-01T00:00:00Z"),
    ):
        own = {"scores": scores | {"leak_gap": gap(value, 0.001)}, "tier": tier, "outcomes": {}}
        own |= {"task": task, "submission": "ours", "artifacts": [artifact]}
        result = record.result.model_copy(update=own)
        run = type(record.run).model_validate(record.run.model_dump(mode="json") | {"started": started})
        written.append(type(record).of(result.model_dump(), run))
        write_record(tmp_path, written[-1], {})
    void = {"kind": "void", "record": written[-1].id, "by": "us", "date": "2026-05-02", "reason": "Leaked images."}
    write_attestation(tmp_path, "ours", Attestation.model_validate({"schema_version": 1, **void}))
    text = (source / "submission.toml").read_text()
    assert learnt(tmp_path, curation_tasks).honest_gaps == {}  # no baseline
    (source / "submission.toml").write_text(text.replace('licence = "MIT"', 'licence = "MIT"\nbaseline = true', 1))
    assert learnt(tmp_path, curation_tasks).honest_gaps == {}  # no ease
    found = WatchedEase(
        dataset="fashion-mnist",
        plan_sha256="b" * 64,
        watched_sha256=split.frozen.pool.watched_sha256,
        nets=10,
        right=np.rint(10 * ease).astype(int).tolist(),
    )
    path = watched_ease_path(split.entry.folder, "fashion-mnist")
    path.parent.mkdir()
    try:
        path.write_text(found.model_dump_json())
        gaps = learnt(tmp_path, curation_tasks).honest_gaps
    finally:
        shutil.rmtree(path.parent)
    assert gaps == {f"{TASK}.v1": {"ours": pytest.approx(-0.02 + 0.35)}}
