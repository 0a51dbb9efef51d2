"""The scores of a distilled set from what the nets trained on it say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmark.documents import Score
from benchmark.metrics import normalized_gain
from benchmark.protocol import Arrays
from benchmark.scores import CONFIDENCE, interval_score, mean_score, runs_and_images_score
from benchmark.statistics import (
    mean_difference_interval,
    normalized_gain_interval,
    worst_interval,
)


def early_scores(labels: np.ndarray, shards: Sequence[Arrays]) -> dict[str, Score]:
    """Accuracy on the way, for the nets that were looked at."""
    looks = sorted({name for arrays in shards for name in arrays if name.startswith("predicted@")})
    return {
        f"accuracy_at_{look.partition('@')[2]}_percent": runs_and_images_score(
            np.stack([arrays[look] == labels for arrays in shards if look in arrays])
        )
        for look in looks
    }


def corrupted_hits(shards: Sequence[Arrays], images: int) -> np.ndarray | None:
    """Whether each net that was looked at is right about each image of each cell: bool (k, cells, n); None for none."""
    packed = [arrays["corrupted_correct"] for arrays in shards if "corrupted_correct" in arrays]
    return np.unpackbits(np.stack(packed), axis=2, count=images).astype(bool) if packed else None


def cross_scores(correct: Mapping[str, np.ndarray]) -> dict[str, Score]:
    """Mean and worst accuracy of one net of each other architecture; correct: name to bool (N,). Empty without any."""
    if not correct:
        return {}
    columns = np.stack(list(correct.values()), axis=1)
    worst = worst_interval(columns, CONFIDENCE)
    return {
        "cross_architecture_mean": mean_score(columns.mean(axis=1)),
        "cross_architecture_worst": interval_score(worst.mean, worst.interval, len(columns)),
    }


def anchored_scores(runs: np.ndarray, low: np.ndarray | None, high: np.ndarray | None) -> dict[str, Score]:
    """Lift and recovery of nets with these accuracies; without an anchor what rests on it is missing.

    runs: float64 (k,). low, high: float64, accuracies of the independent units of the random and the whole anchor.
    """
    if low is None:
        return {}
    mean = float(runs.mean())
    lift = mean_difference_interval(runs, low, CONFIDENCE)
    found = {"lift": interval_score(mean - float(low.mean()), lift, len(runs), covers="training runs")}
    if high is None:
        return found
    recovery = normalized_gain(mean, float(low.mean()), float(high.mean()))
    if np.isfinite(recovery):
        interval = normalized_gain_interval(runs, low, high, CONFIDENCE)
        found["recovery"] = interval_score(recovery, interval, len(runs), covers="training runs")
    return found


def byte_scores(sizes: Mapping[str, int]) -> dict[str, Score]:
    """Bytes of the arrays of a file by what they are for; sizes: array to bytes as stored."""
    images = sum(sizes.get(name, 0) for name in ("images", "range"))
    labels = sum(sizes.get(name, 0) for name in ("labels", "soft_labels"))
    counted = {"bytes_images": images, "bytes_labels": labels, "bytes_total": sum(sizes.values())}
    return {name: Score(value=float(count)) for name, count in counted.items()}


def class_cells(labels: np.ndarray, correct: np.ndarray, classes: Sequence[str]) -> dict[str, dict[str, float]]:
    """Accuracy of each class, a mean over nets: `group:class/<name>`. correct: bool (k, N)."""
    of_images = correct.mean(axis=0)
    found = {}
    for index, name in enumerate(classes):
        own = labels == index
        if own.any():
            found[f"group:class/{name}"] = {"accuracy": float(of_images[own].mean()), "n": float(own.sum())}
    return found


def net_cell(labels: np.ndarray, arrays: Arrays) -> dict[str, float]:
    """What one net is shown with."""
    return {
        "accuracy": float((arrays["predicted"] == labels).mean()),
        "train_loss": float(arrays["train_loss"][0]),
    }
