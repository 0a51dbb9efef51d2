"""DC's own protocol: the steps its code takes, and its files in pixel units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.paths import ROOT
from scripts.check_published_distillation import CHECKS, Check, examples_of, keep, line, plan_of, read_kept
from tasks.distillation.anchors import plan_sha256

CIFAR10_MEAN, CIFAR10_STD = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)
"""Of `get_dataset` in their utils.py."""


def test_the_schedule_is_that_of_their_code() -> None:
    """`for ep in range(Epoch + 1)`, the rate lowered at the end of epoch Epoch // 2 + 1."""
    plan, passes = plan_of(CHECKS[0]), list(range(300 + 1))
    lowered = [epoch > 300 // 2 + 1 for epoch in passes]
    assert plan.total_steps(10) == len(passes)
    rates = [plan.optimizer.learning_rate * plan.schedule.factor(epoch, len(passes), epoch) for epoch in passes]
    assert rates == pytest.approx([0.001 if low else 0.01 for low in lowered])
    assert plan.augmentations == []
    assert (plan.batch_size, plan.last_batch, plan.architecture) == (256, "kept", "convnet3")
    assert (plan.optimizer.name, plan.optimizer.momentum, plan.optimizer.weight_decay) == ("sgd", 0.9, 5e-4)
    assert not plan.optimizer.nesterov


def test_subsets_differ_and_are_drawn_again_alike() -> None:
    first, second = (examples_of(CHECKS[1], run)[0] for run in (0, 1))
    assert first.targets.sum(axis=0).tolist() == [10] * 10
    assert not np.array_equal(first.images, second.images)
    assert np.array_equal(first.images, examples_of(CHECKS[1], 0)[0].images)


def test_their_file_comes_back_normalized(mirror: Path) -> None:
    check = next(check for check in CHECKS if check.file)
    assert check.file is not None
    if not (mirror / check.file).is_file():
        pytest.skip(f"no mirror folder (METTLE_MIRROR) has {check.file}")
    examples, _ = examples_of(check, 0)
    with np.load(mirror / check.file) as file:
        theirs = file["images"]
    ours = ((examples.images - CIFAR10_MEAN) / CIFAR10_STD).transpose(0, 3, 1, 2)
    assert np.abs(ours - theirs).max() < 1e-5
    outside = ((examples.images < 0) | (examples.images > 1)).mean()
    assert 0.05 < outside < 0.2  # distilled images leave the range of real pixels


def test_the_line_says_whether_it_is_within() -> None:
    assert line(CHECKS[1], np.array([73.0, 74.0])).endswith("difference -0.30, within 1.5")
    assert line(CHECKS[1], np.array([70.0])).endswith("difference -3.80, OUTSIDE 1.5")


def test_runs_are_kept_and_fewer_do_not_replace_more(tmp_path: Path) -> None:
    path = tmp_path / "checks.json"
    keep(CHECKS[1], [0.7, 0.75], path)
    keep(CHECKS[0], [0.5], path)
    keep(CHECKS[1], [0.1], path)
    kept = read_kept(path).checks
    assert list(kept) == [CHECKS[0].name, CHECKS[1].name]
    assert kept[CHECKS[1].name].accuracies == [0.7, 0.75]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_card_has_what_was_measured(check: Check) -> None:
    """`| what | ours, sd s | published ...`, and a verdict that still holds; a check without runs says so."""
    card = (ROOT / "tasks" / "distillation" / "README.md").read_text(encoding="utf-8")
    rows = card.split("| trained on | ours | published |\n|---|---|---|\n")[1].splitlines()[: len(CHECKS)]
    row = rows[CHECKS.index(check)]
    kept = read_kept().checks.get(check.name)
    if kept is None:
        assert "| not trained yet |" in row
        return
    assert kept.plan_sha256 == plan_sha256(plan_of(check))
    shares = 100 * np.array(kept.accuracies)
    assert f"| {shares.mean():.2f}, sd {shares.std(ddof=1):.2f} |".replace("sd 0.", "sd .") in row
    assert abs(shares.mean() - check.published) <= check.tolerance
