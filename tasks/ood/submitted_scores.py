"""Detector scores, or image and text embeddings, that a submitter computed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmark.detectors.softmax import log_odds_against_top
from benchmark.errors import MettleError
from benchmark.protocol import Arrays
from benchmark.submitted import read_arrays, read_submitted
from benchmark.task_registry import TaskEntry
from tasks.ood.split import OpenDetection


def submitted_outputs(entry: TaskEntry, split: OpenDetection, path: Path) -> Mapping[str, Arrays]:
    """By role (`test`, `near/<set>`, `far/<set>`): `scores` float64 (N,), and for `test` perhaps `correct` bool (N,).

    The file has `scores.<role>` for every role, higher = more out of distribution, and may have `predicted.test`; or
    `embeddings.<role>`, `text` (classes, D) and `temperature`, of which scores are made here as MCM does (Ming et al.,
    2022): softmax over classes of the cosine over the temperature, in the log domain so that nothing saturates.
    """
    view, ids = split.view(None), scored_ids(split)
    given = read_arrays(path)
    shards: dict[str, dict[str, np.ndarray]] = {}
    if any(name.startswith("embeddings.") for name in given):
        for role, images in read_submitted(path, ids, "embeddings").items():
            similarity = _similarity(path, given, images, len(entry.task.data.classes))
            shards[role] = {"scores": log_odds_against_top(similarity)}
            if role == "test":
                shards[role]["correct"] = similarity.argmax(axis=1) == view.inside.labels
        return shards
    for role, scores in read_submitted(path, ids, "scores").items():
        shards[role] = {"scores": scores.astype(np.float64)}
    if "predicted.test" in given:
        predicted = read_submitted(path, {"test": ids["test"]}, "predicted")["test"]
        shards["test"]["correct"] = predicted == view.inside.labels
    return shards


def scored_ids(split: OpenDetection) -> dict[str, np.ndarray]:
    """The ids of the images of `test` and of every scored set, by role."""
    roles = split.view(None).roles()
    return {role: each.ids for role, each in roles.items() if role == "test" or role.startswith(("near/", "far/"))}


def _similarity(path: Path, given: Mapping[str, np.ndarray], images: np.ndarray, classes: int) -> np.ndarray:
    """Cosines of images and class texts over the temperature: float64 (N, classes)."""
    text, temperature = given.get("text"), given.get("temperature")
    if text is None or text.dtype.kind != "f" or text.shape != (classes, images.shape[1]):
        found = "none" if text is None else f"{text.dtype.name} {list(text.shape)}"
        raise MettleError(path, f"embeddings come with an array 'text', float ({classes}, {images.shape[1]})", found)
    if temperature is None or temperature.shape != () or not 0 < float(temperature) < np.inf:
        found = "none" if temperature is None else str(temperature)
        raise MettleError(path, "embeddings come with a number 'temperature' above 0", found)
    unit_images, unit_text = (_unit(path, array.astype(np.float64)) for array in (images, text))
    return unit_images @ unit_text.T / float(temperature)


def _unit(path: Path, vectors: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (np.isfinite(norms).all() and (norms > 0).all()):
        row = int(np.flatnonzero(~(norms[:, 0] > 0) | ~np.isfinite(norms[:, 0]))[0])
        raise MettleError(path, "embeddings and text have finite lengths above 0", f"{norms[row, 0]} in row {row}")
    return vectors / norms
