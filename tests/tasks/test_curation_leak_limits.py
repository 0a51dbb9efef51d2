"""The limit of the leak gap: learnt from baselines' records, one a data set, and the flag above it."""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path

import pytest

from benchmark.contamination.leak_gap import leak_limit
from benchmark.documents import Attestation, Score, read_submission
from benchmark.documents.store import find_records, write_attestation, write_record
from benchmark.paths import ROOT
from benchmark.task_registry import TaskEntry, find_task
from scripts.learn_leak_limits import learnt
from tasks.curation.leak_limits import FEWEST_SETS, FILE, LeakLimits, gap_flag, honest_gaps, limit_of

TASK = "curation/fashion-mnist-coreset-1k"
SIBLING = "curation/fashion-mnist-dirty-5k"
LARGE = "curation/fashion-mnist-coreset-20k"
OTHER = "curation/cifar10-coreset-5k"
GAPS = {"herding": -0.014, "k-center": -0.016, "random": -0.012}
OF_SIBLING = {"oracle": -0.013, "random": -0.015}
FOLDER = ROOT / "tasks" / "curation"


def gap(value: float, half: float) -> Score:
    return Score(value=value, lower=value - half, upper=value + half, covers="training runs", confidence=0.95, n=5)


def learnt_from(folder: Path, honest: dict[str, dict[str, float]]) -> TaskEntry:
    """The task beside its siblings, with limits learnt from these gaps."""
    family = folder / FOLDER.name
    family.mkdir()
    for path in FOLDER.glob("*.toml"):
        shutil.copy(path, family)
    limits = LeakLimits(schema_version=1, honest_gaps={f"{task}.v1": gaps for task, gaps in honest.items()})
    (family / FILE).write_text(limits.model_dump_json())
    return find_task(TASK, folder)


@pytest.fixture
def entry(tmp_path: Path) -> TaskEntry:
    return learnt_from(tmp_path, {TASK: GAPS, SIBLING: OF_SIBLING, LARGE: {"herding": 0.2}, OTHER: {"random": 0.3}})


def test_the_limit_is_that_of_the_honest_gaps_of_the_data_set(entry: TaskEntry) -> None:
    known = [*GAPS.values(), *OF_SIBLING.values()]
    assert sorted(honest_gaps(entry)) == sorted(known)
    assert limit_of(entry) == pytest.approx(leak_limit(known))
    assert max(known) < limit_of(entry) < 0.01


def test_only_a_gap_that_is_surely_above_the_limit_is_flagged(entry: TaskEntry) -> None:
    limit = limit_of(entry)
    assert gap_flag(entry, gap(limit + 0.001, 0.002), 0.0, 0.0) == []
    (flag,) = gap_flag(entry, gap(limit + 0.01, 0.002), 0.0, 0.0)
    assert flag.name == "train-test-gap"
    assert f"{100 * limit:+.2f}" in flag.evidence
    assert gap_flag(entry, gap(limit + 0.01, 0.002), 0.009, 0.0) == []  # choosing alone could have done it
    assert gap_flag(entry, Score(value=0.5), 0.0, 0.0) == []
    assert gap_flag(entry, None, math.nan, 0.0) == []
    (flag,) = gap_flag(entry, gap(limit - 0.01, 0.002), 0.0, 0.0141)  # raised by what showing hard images took away
    assert "+1.41 because those are easier than all" in flag.evidence
    assert gap_flag(entry, gap(limit - 0.01, 0.002), 0.0, 0.0119) == []


def test_where_too_few_are_known_nothing_is_flagged(tmp_path: Path) -> None:
    entry = learnt_from(tmp_path, {TASK: GAPS, SIBLING: {"random": -0.015}, OTHER: {"random": -0.01}})
    assert len(honest_gaps(entry)) == FEWEST_SETS - 1
    assert math.isnan(limit_of(entry))
    assert gap_flag(entry, gap(0.5, 0.01), 0.0, 0.0) == []
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


def points(share: float) -> str:
    """With its sign, two digits, and no zero before the point."""
    return f"{100 * share:+.2f}".replace("+0.", "+.").replace("-0.", "-.")


def test_gaps_are_read_from_the_newest_standing_records_of_baselines_in_the_standard_tier(tmp_path: Path) -> None:
    source = ROOT / "submissions"
    baselines = {path.parent.name for path in source.glob("*/submission.toml") if read_submission(path.parent).baseline}
    record = next(record for _, record in find_records(source) if record.result.submission in baselines)
    name = record.result.submission
    task = record.result.task.model_copy(update={"id": TASK})
    scores = record.result.scores | {"leak_gap": gap(-0.02, 0.001)}
    written = []
    for tier, value, started in (
        ("standard", -0.02, "2026-03-01T00:00:00Z"),
        ("standard", 0.2, "2026-02-01T00:00:00Z"),
        ("quick", 0.3, "2026-04-01T00:00:00Z"),
        ("standard", 0.4, "2026-05-01T00:00:00Z"),
    ):
        own = scores | {"leak_gap": gap(value, 0.001)}
        result = record.result.model_copy(update={"task": task, "scores": own, "tier": tier, "outcomes": {}})
        run = type(record.run).model_validate(record.run.model_dump(mode="json") | {"started": started})
        written.append(type(record).of(result.model_dump(), run))
        write_record(tmp_path, written[-1], {})
    void = {"kind": "void", "record": written[-1].id, "by": "us", "date": "2026-05-02", "reason": "Leaked images."}
    write_attestation(tmp_path, name, Attestation.model_validate({"schema_version": 1, **void}))
    shutil.copy(source / name / "submission.toml", tmp_path / name / "submission.toml")
    text = (tmp_path / name / "submission.toml").read_text()
    assert learnt(tmp_path).honest_gaps == {f"{TASK}.v1": {name: -0.02}}
    (tmp_path / name / "submission.toml").write_text(text.replace("baseline = true", "baseline = false"))
    assert learnt(tmp_path).honest_gaps == {}
