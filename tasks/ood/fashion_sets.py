"""Image sets of the Fashion-MNIST detection tasks: all from Debian, PyPI, or made by rule."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from benchmark import data
from benchmark.data.derived.near_misses import blend, jigsaw, quarter_turn
from benchmark.data.derived.patterns import PATTERNS
from benchmark.errors import MettleError
from tasks.ood.settings import Sizes
from tasks.ood.split import IMAGES, OpenDetection, Selection, View

SIZE = 28
SEED = 61
CLASSES = 10
CARRIED = {"mnist": "mnist-5k", "textures": "textures", "photographs": "photograph-patches"}
NEAR_MISSES = {
    "jigsaw": "with their 4 x 4 pieces shuffled",
    "blends": "each averaged with an image of another class",
    "quarter turns": "turned by 90 degrees",
}


class FashionDetection(OpenDetection):
    """Fashion-MNIST as it is, or without some classes, against far sets or these classes."""

    @property
    def sizes(self) -> Sizes:
        """How many images the sets have."""
        assert self.settings.sizes is not None  # the settings of this recipe have them
        return self.settings.sizes

    @property
    def _test_rows(self) -> tuple[int, int, int]:
        """Where, among the test images of a class, validation, near misses and the rest begin."""
        sizes = self.sizes
        validation = sizes.test_per_class + sizes.validation_per_class
        return sizes.test_per_class, validation, validation + sizes.near_misses_per_class

    def sources(self) -> dict[str, str]:
        """In one sentence, what each pass shows."""
        fit = self.sizes.fit_per_class
        described = {
            "train": f"the first {fit:,} images of each class of fashion-mnist/train, in official order",
            IMAGES: "fashion-mnist/test",
        }
        _, first, end = self._test_rows
        for name, how in NEAR_MISSES.items():
            described[name] = f"images {first} to {end - 1} of each class of fashion-mnist/test, {how}"
        for name in self.settings.far:
            if name in PATTERNS:
                described[name] = f"made by rule: benchmark.data.derived.patterns.{name}, seed {SEED}"
            else:
                described[name] = f"{self.sizes.set_images:,} images of {CARRIED.get(name, name)}, chosen by hash"
        return described

    def load(self, name: str) -> np.ndarray:
        """The images of a pass: uint8 (N, 28, 28, 1)."""
        if name == IMAGES:
            return self.dataset.images
        if name == "train":
            train = data.load("fashion-mnist", "train")
            return train.images[np.sort(np.concatenate(_by_class(train.labels, 0, self.sizes.fit_per_class)))]
        if name in NEAR_MISSES:
            return self._near_misses(name)
        if name in PATTERNS:
            return PATTERNS[name](self.sizes.set_images, SIZE, SEED)
        images, ids = _carried(name, self.sizes.set_images)
        return images[ids]

    def make_view(self, replicate: str | None) -> View:
        """All classes, or those that the hold-out of this name leaves."""
        left_out = self._left_out(replicate)
        kept = [label for label in range(CLASSES) if label not in left_out]
        number = np.full(CLASSES, -1)
        number[kept] = np.arange(len(kept))
        labels = self.dataset.labels
        first, second, _ = self._test_rows
        scored = self._scored_positions()

        def of_test(positions: np.ndarray) -> Selection:
            units = np.searchsorted(scored, positions).astype(np.uint32)
            return Selection(IMAGES, positions, positions, number[labels[positions]], units)

        outside: dict[str, Mapping[str, Selection]] = {}
        if left_out:
            outside["near"] = {"held-out classes": of_test(_chosen(labels, 0, self.sizes.held_out_per_class, left_out))}
        start = len(scored)
        if self.settings.far:
            sets = {}
            for name in self.settings.far:
                units = np.arange(start, start + self.sizes.set_images, dtype=np.uint32)
                positions = np.arange(self.sizes.set_images)
                sets[name] = Selection(name, positions, self._ids(name), np.full(self.sizes.set_images, -1), units)
                start += self.sizes.set_images
            outside["far"] = sets
        return View(
            fit=self._fit(kept, number),
            in_validation=of_test(_chosen(labels, first, second, kept)),
            out_validation={name: self._validation(name, kept) for name in NEAR_MISSES},
            inside=of_test(_chosen(labels, 0, first, kept)),
            outside=outside,
        )

    def _left_out(self, replicate: str | None) -> list[int]:
        if not self.settings.hold_out:
            return []
        if replicate not in self.settings.hold_out:
            raise unknown_pair(self.entry.task.id, replicate, list(self.settings.hold_out))
        return [self.entry.task.data.classes.index(name) for name in self.settings.hold_out[replicate]]

    def _scored_positions(self) -> np.ndarray:
        """Positions in the test part of all images that any replicate is scored on, ascending."""
        labels, everything = self.dataset.labels, list(range(CLASSES))
        left_out = sorted({label for pair in self.settings.hold_out for label in self._left_out(pair)})
        inside = _chosen(labels, 0, self.sizes.test_per_class, everything)
        return np.union1d(inside, _chosen(labels, 0, self.sizes.held_out_per_class, left_out))

    def _fit(self, kept: Sequence[int], number: np.ndarray) -> Selection:
        train = data.load("fashion-mnist", "train").labels
        ids = _chosen(train, 0, self.sizes.fit_per_class, range(CLASSES))
        positions = np.flatnonzero(np.isin(train[ids], kept))
        return Selection("train", positions, ids[positions], number[train[ids[positions]]])

    def _validation(self, name: str, kept: Sequence[int]) -> Selection:
        """The near misses made of images of the kept classes only."""
        own, partners = self._near_miss_sources()
        labels = self.dataset.labels
        usable = np.isin(labels[own], kept)
        if name == "blends":
            usable &= np.isin(labels[partners], kept)
        positions = np.flatnonzero(usable)
        return Selection(name, positions, own[positions], np.full(len(positions), -1))

    def _near_miss_sources(self) -> tuple[np.ndarray, np.ndarray]:
        """Positions in the test part, int64 (N,), and of the partner of each, which is of another class."""
        _, first, end = self._test_rows
        rows = np.stack(_by_class(self.dataset.labels, first, end))
        place = np.arange(end - first)
        partners = [rows[(label + 1 + place % (CLASSES - 1)) % CLASSES, place] for label in range(CLASSES)]
        return rows.ravel(), np.concatenate(partners)

    def _near_misses(self, name: str) -> np.ndarray:
        own, partners = self._near_miss_sources()
        images = self.dataset.images
        if name == "jigsaw":
            return jigsaw(images[own], own, SEED)
        return blend(images[own], images[partners]) if name == "blends" else quarter_turn(images[own])

    def _ids(self, name: str) -> np.ndarray:
        return np.arange(self.sizes.set_images) if name in PATTERNS else _carried(name, self.sizes.set_images)[1]


def unknown_pair(task: str, replicate: str | None, pairs: Sequence[str]) -> MettleError:
    """The refusal of a net that does not say which classes it was trained without."""
    given = "none" if replicate is None else repr(replicate)
    return MettleError(task, f"a checkpoint names its hold-out pair as replicate: {', '.join(pairs)}", given)


def _by_class(labels: np.ndarray, start: int, stop: int) -> list[np.ndarray]:
    """Of each class the positions of its images number `start` to `stop` - 1, in official order."""
    return [np.flatnonzero(labels == label)[start:stop] for label in range(CLASSES)]


def _chosen(labels: np.ndarray, start: int, stop: int, classes: Sequence[int]) -> np.ndarray:
    """The same for some classes together, ascending: int64 (N,)."""
    of_class = _by_class(labels, start, stop)
    return np.sort(np.concatenate([np.empty(0, np.int64), *(of_class[label] for label in classes)]))


def _carried(name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """All images of a set that a Python package carries, uint8 (N, 28, 28, 1), and the positions of `count` of them."""
    if name == "digits":
        images = np.concatenate([data.load("digits", part).images for part in ("train", "test")])
        # Every pixel three times along both sides, and 2 black ones around: 8 pixels become 28.
        images = np.pad(images.repeat(3, axis=1).repeat(3, axis=2), ((0, 0), (2, 2), (2, 2), (0, 0)))
    else:
        images = data.load(CARRIED[name], "test").images
    order = sorted(range(len(images)), key=lambda place: hashlib.sha256(f"ood {name} {place}".encode()).digest())
    return images, np.array(sorted(order[:count]), np.int64)
