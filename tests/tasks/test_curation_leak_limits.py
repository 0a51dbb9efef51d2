"""The limit of the leak gap: learnt from baselines' records, and the flag above it."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.contamination.leak_gap import leak_limit
from benchmark.documents import Score, read_submission
from benchmark.documents.store import find_records, write_record
from benchmark.paths import ROOT
from benchmark.task_registry import TaskEntry, find_task
from scripts.learn_leak_limits import learnt
from tasks.curation.leak_limits import FILE, LeakLimits, gap_flag, limit_of

TASK = "curation/fashion-mnist-coreset-1k"
GAPS = {"herding": -0.014, "k-center": -0.016, "random": -0.012}


def gap(value: float, half: float) -> Score:
    return Score(value=value, lower=value - half, upper=value + half, covers="training runs", confidence=0.95, n=5)


@pytest.fixture
def entry(tmp_path: Path) -> TaskEntry:
    limits = LeakLimits(schema_version=1, honest_gaps={f"{TASK}.v1": GAPS})
    (tmp_path / FILE).write_text(limits.model_dump_json())
    return replace(find_task(TASK), folder=tmp_path)


def test_the_limit_is_that_of_the_honest_gaps(entry: TaskEntry) -> None:
    assert limit_of(entry) == leak_limit(list(GAPS.values()))
    assert max(GAPS.values()) < limit_of(entry) < 0.01


def test_only_a_gap_that_is_surely_above_the_limit_is_flagged(entry: TaskEntry) -> None:
    limit = limit_of(entry)
    assert gap_flag(entry, gap(limit + 0.001, 0.002)) == []
    (flag,) = gap_flag(entry, gap(limit + 0.01, 0.002))
    assert flag.name == "train-test-gap"
    assert f"{100 * limit:+.2f}" in flag.evidence
    assert gap_flag(entry, None) == gap_flag(entry, Score(value=0.5)) == []


def test_where_too_few_are_known_nothing_is_flagged(entry: TaskEntry) -> None:
    other = replace(entry, task=entry.task.model_copy(update={"id": "curation/another"}))
    assert math.isnan(limit_of(other))
    assert gap_flag(other, gap(0.5, 0.01)) == []
    (entry.folder / FILE).unlink()
    assert math.isnan(limit_of(entry))


def test_gaps_are_read_from_baselines_records_of_the_standard_tier(tmp_path: Path) -> None:
    source = ROOT / "submissions"
    baselines = {path.parent.name for path in source.glob("*/submission.toml") if read_submission(path.parent).baseline}
    record = next(record for _, record in find_records(source) if record.result.submission in baselines)
    name = record.result.submission
    task = record.result.task.model_copy(update={"id": TASK})
    scores = record.result.scores | {"leak_gap": gap(-0.02, 0.001)}
    for tier, value in (("standard", -0.02), ("quick", 0.3)):
        own = scores | {"leak_gap": gap(value, 0.001)}
        result = record.result.model_copy(update={"task": task, "scores": own, "tier": tier, "outcomes": {}})
        write_record(tmp_path, type(record).of(result.model_dump(), record.run), {})
    shutil.copy(source / name / "submission.toml", tmp_path / name / "submission.toml")
    text = (tmp_path / name / "submission.toml").read_text()
    assert learnt(tmp_path).honest_gaps == {f"{TASK}.v1": {name: -0.02}}
    (tmp_path / name / "submission.toml").write_text(text.replace("baseline = true", "baseline = false"))
    assert learnt(tmp_path).honest_gaps == {}
