"""The methods a set recipe may name, each with its settings: a pool in, a choice or images of its own out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from benchmark import data
from benchmark.data import Dataset
from benchmark.data.derived.pools import POOLS
from benchmark.documents.strict import Share, Strict
from benchmark.errors import MettleError
from benchmark.paths import cache_dir
from benchmark.selection import (
    balanced_random_choice,
    el2n,
    forgetting_events,
    herding_by_class,
    k_center_by_class,
    k_means,
    label_losses,
    lowest_by_class,
    margins,
    neighbour_agreement,
    oracle,
    random_choice,
    trusted,
    wrong_labels,
)
from benchmark.selection.quotas import class_quotas
from benchmark.selection.shuffling import Indices
from benchmark.set_making.distribution_matching import DistributionMatching, identity, match_distributions
from benchmark.set_making.proxy import Evidence
from benchmark.training.plan import Count

Features = Literal["proxy", "pixels"]


@dataclass(frozen=True)
class Job:
    """A pool to choose from, how many images to take, and what may be asked about them."""

    pool: Dataset
    images: int
    seed: int
    evidence: Callable[[], Evidence]
    progress: bool

    def features(self, kind: Features) -> np.ndarray:
        """Real numbers (N, D): what nets of the proxy make of the images, or their pixels."""
        return self.evidence().features if kind == "proxy" else self.pool.images.reshape(len(self.pool), -1)


@dataclass(frozen=True)
class MadeImages:
    """images: float32 (M, H, W, C) in pixel units (0 black, 1 white; values may lie outside). labels: int64 (M,)."""

    images: np.ndarray
    labels: np.ndarray


class Method(Strict):
    """A way to find a set."""

    makes_images: ClassVar[bool] = False
    name: str

    @property
    def needs_proxy(self) -> bool:
        """Whether it asks for the evidence of a proxy."""
        return False


class Choice(Method):
    """A way to choose from the pool."""

    @abstractmethod
    def chosen(self, job: Job) -> Indices:
        """Different positions in the pool: int64 (images,)."""


class Weighing(Choice):
    """A choice that a proxy's answers decide."""

    @property
    def needs_proxy(self) -> bool:
        return True


class Random(Choice):
    """Every image with the same chance, whatever its label."""

    name: Literal["random"]

    def chosen(self, job: Job) -> Indices:
        return random_choice(len(job.pool), job.images, job.seed)


class BalancedRandom(Choice):
    """Equally many images of every label, at random."""

    name: Literal["balanced_random"]

    def chosen(self, job: Job) -> Indices:
        return balanced_random_choice(job.pool.labels, job.images, job.seed)


class Herding(Choice):
    """Images whose mean features stay nearest to the mean of their class."""

    name: Literal["herding"]
    features: Features

    @property
    def needs_proxy(self) -> bool:
        return self.features == "proxy"

    def chosen(self, job: Job) -> Indices:
        return herding_by_class(job.features(self.features), job.pool.labels, job.images)


class KCenter(Choice):
    """Images that leave none of their class far from a chosen one."""

    name: Literal["k_center"]
    features: Features

    @property
    def needs_proxy(self) -> bool:
        return self.features == "proxy"

    def chosen(self, job: Job) -> Indices:
        return k_center_by_class(job.features(self.features), job.pool.labels, job.images)


class SmallLoss(Weighing):
    """Equally many images of every label, at random among those whose label a net that has not seen them believes."""

    name: Literal["small_loss"]
    kept: Share
    """Share of each label that is believed: the images of the smallest losses."""

    def chosen(self, job: Job) -> Indices:
        losses = label_losses(job.evidence().probabilities, job.pool.labels)
        believed = trusted(losses, job.pool.labels, self.kept, job.seed)
        return balanced_random_choice(job.pool.labels, job.images, job.seed, allowed=believed)


class Margin(Weighing):
    """Images between whose two likeliest classes a net that has not seen them hesitates."""

    name: Literal["margin"]

    def chosen(self, job: Job) -> Indices:
        return lowest_by_class(margins(job.evidence().probabilities), job.pool.labels, job.images, job.seed)


class HardestEL2N(Weighing):
    """Images with the longest error vectors early in training; Data Diet averages ten nets, here it is one."""

    name: Literal["el2n"]
    after_epoch: Count

    def chosen(self, job: Job) -> Indices:
        looks = job.evidence().on_the_way
        if self.after_epoch > len(looks):
            raise MettleError("el2n: after_epoch", f"the proxy trains for {len(looks)} epochs", self.after_epoch)
        scores = el2n(looks[self.after_epoch - 1], job.pool.labels)
        return lowest_by_class(-scores, job.pool.labels, job.images, job.seed)


class MostForgotten(Weighing):
    """Images that were never learned, then those learned and lost most often, looked at after every epoch."""

    name: Literal["forgetting"]

    def chosen(self, job: Job) -> Indices:
        right = job.evidence().on_the_way.argmax(axis=2) == job.pool.labels
        return lowest_by_class(-forgetting_events(right), job.pool.labels, job.images, job.seed)


class NeighbourAgreement(Weighing):
    """Images whose nearest neighbours carry the same label."""

    name: Literal["neighbour_agreement"]
    neighbours: Count

    def chosen(self, job: Job) -> Indices:
        agreement = neighbour_agreement(job.features("proxy"), job.pool.labels, self.neighbours)
        return lowest_by_class(-agreement, job.pool.labels, job.images, job.seed)


class ConfidentLearning(Weighing):
    """Equally many images of every label, at random among those whose label is not held to be wrong."""

    name: Literal["confident_learning"]

    def chosen(self, job: Job) -> Indices:
        wrong = wrong_labels(job.evidence().probabilities, job.pool.labels)
        return balanced_random_choice(job.pool.labels, job.images, job.seed, allowed=~wrong)


class Oracle(Choice):
    """Right labels, real images, no copies: what only who made the pool knows."""

    name: Literal["oracle"]

    def chosen(self, job: Job) -> Indices:
        derived = job.pool.manifest.derived
        if derived is None or derived.recipe not in POOLS:
            raise MettleError(job.pool.name, "the oracle needs a pool of known dirt")
        origin = data.load(derived.origin, job.pool.part, progress=job.progress)
        pool = POOLS[derived.recipe](origin.images, origin.labels)
        return oracle(pool.labels, ~pool.mislabelled & ~pool.outliers, pool.sources, job.images, job.seed)


class Making(Method):
    """A way to make images."""

    makes_images: ClassVar[bool] = True

    @abstractmethod
    def made(self, job: Job) -> MadeImages:
        """Equally many images of every class, classes in ascending order."""


class KMeans(Making):
    """The means of clusters of each class, in pixels."""

    name: Literal["k_means"]
    restarts: Count = 10

    def made(self, job: Job) -> MadeImages:
        labels, shape = job.pool.labels, job.pool.images.shape[1:]
        quotas = class_quotas(np.bincount(labels), job.images)
        pixels = job.pool.images.reshape(len(labels), -1) / 255
        centres = [
            k_means(pixels[labels == label], quota, job.seed, self.restarts).centres
            for label, quota in enumerate(quotas)
        ]
        images = np.concatenate(centres).reshape(-1, *shape).astype(np.float32)
        return MadeImages(images, np.repeat(np.arange(len(quotas)), quotas))


class DM(Making):
    """Distribution matching, from random real images."""

    name: Literal["distribution_matching"]
    settings: DistributionMatching

    def made(self, job: Job) -> MadeImages:
        start = balanced_random_choice(job.pool.labels, job.images, job.seed)
        name = identity(self.settings, start, job.seed, job.pool.pixels_sha256, job.pool.labels)
        kept = cache_dir() / "distilling" / f"{name}.pt"
        images = match_distributions(
            self.settings,
            job.pool.images,
            job.pool.labels,
            start,
            seed=job.seed,
            progress_file=kept,
            show_progress=job.progress,
        )
        kept.unlink(missing_ok=True)
        return MadeImages(images, job.pool.labels[start])


AnyMethod = Annotated[
    Random
    | BalancedRandom
    | Herding
    | KCenter
    | SmallLoss
    | Margin
    | HardestEL2N
    | MostForgotten
    | NeighbourAgreement
    | ConfidentLearning
    | Oracle
    | KMeans
    | DM,
    Field(discriminator="name"),
]
