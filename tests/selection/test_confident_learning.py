"""Confident learning against the plain definition, and against cleanlab where it is installed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.selection import confident_joint, wrong_labels

REASON = "compares with cleanlab, which is not installed (pip install cleanlab)"


def noisy_problem(seed: int, count: int = 600, classes: int = 5, noise: float = 0.2) -> tuple[np.ndarray, ...]:
    """Probabilities of a fair net, labels of which a share is wrong, and which ones are."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, count)
    logits = rng.normal(size=(count, classes)) + 2.5 * np.eye(classes)[truth]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wrong = rng.random(count) < noise
    labels = np.where(wrong, (truth + rng.integers(1, classes, count)) % classes, truth)
    return probabilities, labels, wrong


def plain_joint(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    classes = probabilities.shape[1]
    thresholds = [probabilities[labels == j, j].mean() if (labels == j).any() else np.inf for j in range(classes)]
    joint = np.zeros((classes, classes), dtype=int)
    for row, label in zip(probabilities, labels, strict=True):
        sure = [j for j in range(classes) if row[j] >= thresholds[j]]
        if sure:
            joint[label, max(sure, key=lambda j: row[j])] += 1
    return joint


@pytest.mark.parametrize("seed", range(4))
def test_the_joint_is_its_definition(seed: int) -> None:
    probabilities, labels, _ = noisy_problem(seed)
    assert confident_joint(probabilities, labels).tolist() == plain_joint(probabilities, labels).tolist()


def test_most_wrong_labels_are_found() -> None:
    probabilities, labels, wrong = noisy_problem(7, count=4000)
    found = wrong_labels(probabilities, labels)
    assert found[wrong].mean() > 0.75
    assert wrong[found].mean() > 0.75
    assert 0.6 < found.sum() / wrong.sum() < 1.4


def test_right_labels_of_a_sure_net_are_left_alone() -> None:
    labels = np.arange(30) % 3
    assert not wrong_labels(np.eye(3)[labels] * 0.94 + 0.02, labels).any()
    one_wrong = labels.copy()
    one_wrong[4] = 2
    assert np.flatnonzero(wrong_labels(np.eye(3)[labels] * 0.94 + 0.02, one_wrong)).tolist() == [4]


@given(st.integers(0, 200), st.integers(1, 25), st.integers(2, 5))
def test_small_and_missing_classes_do_no_harm(seed: int, count: int, classes: int) -> None:
    probabilities, labels, _ = noisy_problem(seed, count, classes, noise=0.5)
    found = wrong_labels(probabilities, labels)
    assert found.dtype == bool
    assert found.shape == (count,)
    for label in np.unique(labels):
        assert not found[labels == label].all()


def test_no_image_has_no_wrong_label() -> None:
    assert wrong_labels(np.zeros((0, 3)), np.zeros(0, dtype=int)).tolist() == []


@pytest.mark.parametrize("seed", range(6))
def test_cleanlab_finds_the_same(seed: int) -> None:
    count = pytest.importorskip("cleanlab.count", reason=REASON)
    filters = pytest.importorskip("cleanlab.filter", reason=REASON)
    probabilities, labels, _ = noisy_problem(seed, count=2000, classes=2 + seed, noise=0.05 + 0.07 * seed)
    theirs = count.compute_confident_joint(labels, probabilities, calibrate=False)
    ours = confident_joint(probabilities, labels)
    # cleanlab puts at least 1 on the diagonal, which all of these problems have.
    assert ours.tolist() == theirs.tolist()
    issues = filters.find_label_issues(labels, probabilities, filter_by="prune_by_noise_rate", n_jobs=1)
    found = wrong_labels(probabilities, labels)
    assert (found & issues).sum() / (found | issues).sum() > 0.97
