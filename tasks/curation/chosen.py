"""A submitted choice as training examples, and which slots of the pool it took."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.contamination.watched import watched_among
from benchmark.documents import Artifact
from benchmark.errors import MettleError
from benchmark.selection.random_choice import balanced_random_choice
from benchmark.selection.shuffling import random_order
from benchmark.submitted_sets.curated import CuratedSet, Form, read_curated
from benchmark.training.plan import TrainingPlan
from benchmark.training.training_set import TrainingSet, labelled
from tasks.curation.settings import CurationSettings
from tasks.curation.split import OpenCuration

DRAW_SEED = 1
"""Of the choice drawn from what a suspicion ranking leaves."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """What nets are trained on, and where it comes from.

    form: of the file. images: uint8 (M, H, W, C). labels: int64 (M,). weights: float64 (M,), relative chances of being
    drawn, or None. slots: int64 (M,), distinct places in the pool; None for own images. suspicion: int64 (pool,), the
    most suspect slot first, or None. smallest: how many examples a batch needs.
    """

    form: Form
    images: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None
    slots: np.ndarray | None
    suspicion: np.ndarray | None
    classes: int
    smallest: int

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def chances(self) -> np.ndarray:
        """How often each example is drawn, relative to the others: float64 (M,)."""
        return np.ones(len(self)) if self.weights is None else self.weights

    @property
    def effective_images(self) -> float:
        """(sum of weights)^2 / sum of squares (Kish 1965): how many equally weighted examples would vary as much."""
        return float(self.chances.sum() ** 2 / (self.chances**2).sum())

    def training_set(self, plan: str) -> TrainingSet:
        """The examples in an order of our own, so that the file's order decides nothing.

        Slots come ascending; own images are brought into the order of their hashes first. A choice smaller than a batch
        is repeated until it fills one: the number of samples seen is fixed.
        """
        order = random_order(len(self), 0, "order of chosen examples")
        if self.form == "images":
            hashes = [hashlib.sha256(image.tobytes()).digest() for image in self.images]
            order = np.array(sorted(range(len(self)), key=hashes.__getitem__))[order]
        order = np.tile(order, -(-self.smallest // len(order)))
        weights = None if self.weights is None else self.weights[order]
        return labelled(np.ascontiguousarray(self.images[order]), self.labels[order], self.classes, weights)

    def adapted(self, plan: TrainingPlan) -> TrainingPlan:
        """The plan as it is: a choice has no settings of its own."""
        return plan

    def shown_watched(self, split: OpenCuration) -> np.ndarray:
        """Which of the watched training images it shows: bool (W,).

        Of own images, those with the same pixels, as they are or mirrored.
        """
        if self.slots is not None:
            return np.isin(split.watched, split.pool.sources[self.slots])
        return watched_among(self.images, split.origin.images[split.watched])


def read_choice(split: OpenCuration, artifact: Artifact | None, file: Path) -> Chosen:
    """The choice in a file, checked against the task; MettleError in one line for what the task does not take.

    artifact: says where own images come from; None for a file without a submission.
    """
    settings, task = split.settings, split.entry.task
    given = read_curated(
        file,
        pool_size=split.frozen.pool.count,
        budget=settings.budget,
        image_size=task.data.image_size,
        channels=task.data.channels,
        classes=len(task.data.classes),
    )
    if given.form not in settings.forms:
        fix = (
            "The dirty pools' tasks take a ranking."
            if given.form == "suspicion"
            else "Is `task` in submission.toml right?"
        )
        raise MettleError(file, f"{task.id} takes {' or '.join(settings.forms)}", given.form, fix)
    if given.form == "indices" and given.labels is not None and not settings.relabelling:
        raise MettleError(file, f"in {task.id} the labels of the pool hold", "labels", "Leave them out.")
    if given.form == "images" and artifact is not None and artifact.provenance is None:
        fix = "Add [artifacts.provenance] with sources and licence to submission.toml."
        raise MettleError(file, "own images say where they come from and under which licence", "neither", fix)
    return own_images(given, split) if given.form == "images" else choose(split, given)


def choose(split: OpenCuration, given: CuratedSet) -> Chosen:
    """A choice from the pool: the one the set names, or a balanced random one from what its ranking leaves."""
    pool = split.pool
    slots, labels = given.indices, given.labels
    if given.suspicion is not None:
        slots = least_suspect(pool.labels, given.suspicion, split.settings)
    assert slots is not None
    return Chosen(
        form=given.form,
        images=pool.images[slots],
        labels=pool.labels[slots] if labels is None else labels,
        weights=given.weights,
        slots=slots,
        suspicion=given.suspicion,
        classes=len(split.entry.task.data.classes),
        smallest=split.settings.plan.batch_size,
    )


def least_suspect(labels: np.ndarray, suspicion: np.ndarray, settings: CurationSettings) -> np.ndarray:
    """Slots drawn at random, as many of each class, from those that are not among the most suspect: int64 (budget,)."""
    allowed = np.ones(len(labels), bool)
    allowed[suspicion[: round(settings.dropped_share * len(suspicion))]] = False
    return np.sort(balanced_random_choice(labels, settings.budget, DRAW_SEED, allowed))


def own_images(given: CuratedSet, split: OpenCuration) -> Chosen:
    """The images a set brings."""
    assert given.images is not None
    assert given.labels is not None
    return Chosen(
        form="images",
        images=given.images,
        labels=given.labels,
        weights=None,
        slots=None,
        suspicion=None,
        classes=len(split.entry.task.data.classes),
        smallest=split.settings.plan.batch_size,
    )
