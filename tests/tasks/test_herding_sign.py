"""Nets trained on herding's choice of 1,000 images, and on the choice of the inverted sign, by the task's own plan."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark import data
from benchmark.dataset_protocol import as_net
from benchmark.paths import ROOT
from benchmark.selection import herding_by_class
from benchmark.selection.quotas import within_classes
from benchmark.set_making.proxy import evidence
from benchmark.set_making.recipe import read_set_recipe
from benchmark.submitted_sets import CuratedSet
from benchmark.task_registry import find_task
from benchmark.training.trainer import train
from tasks.curation.anchors import anchor_accuracies
from tasks.curation.chosen import choose
from tasks.curation.measures import PLAN
from tasks.curation.split import OpenCuration, open_curation


def farthest_from_the_mean(points: np.ndarray, budget: int) -> np.ndarray:
    """Herding with the largest distance in place of the smallest."""
    points = points - points.mean(axis=0)
    lengths, total, picked = (points**2).sum(axis=1), np.zeros(points.shape[1]), []
    for _ in range(budget):
        distances = lengths + 2 * points @ total
        distances[picked] = -np.inf
        picked.append(int(distances.argmax()))
        total += points[picked[-1]]
    return np.array(picked, dtype=np.int64)


def accuracy(split: OpenCuration, slots: np.ndarray) -> float:
    chosen = choose(split, CuratedSet("indices", indices=np.sort(slots)))
    trained = train(split.settings.plan, chosen.training_set(PLAN), seed=1, show_progress=False)
    net = as_net(split.entry, split.settings.plan, trained.module)
    return float((net.decide(split.images, "test images").predicted == split.labels).mean())


@pytest.mark.slow
def test_the_inverted_sign_of_herding_costs_many_points() -> None:
    """By the baseline's own features, one net each of 20 CPU-seconds."""
    split = open_curation(find_task("curation/fashion-mnist-coreset-1k"))
    recipe = read_set_recipe(ROOT / "submissions" / "curation-herding" / "recipe.toml")
    pool = data.load("fashion-mnist", "train")
    points = evidence(recipe.proxies["fashion-mnist"], pool, progress=False).features.astype(np.float64)
    nearest = accuracy(split, herding_by_class(points, pool.labels, 1000))
    inverted = within_classes(pool.labels, 1000, lambda rows, quota: farthest_from_the_mean(points[rows], quota))
    farthest = accuracy(split, inverted)
    print(f"herding {nearest:.3f}, inverted sign {farthest:.3f}")
    random = float(np.mean(anchor_accuracies(split.entry)["random"]))
    assert nearest > random
    assert farthest < 0.5  # the card says 31 %
