"""A training set gone bad in known ways: wrong labels, near copies, images of no class, classes of unlike size.

Everything is integer arithmetic (the weak annotator's elimination aside, see there), and what is random depends on the
seed and a position alone, so that the bytes are the same everywhere. What became of each slot is known, which is what
makes the recall of noise, copies and outliers measurable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.data.derived.near_misses import blend, jigsaw
from benchmark.data.derived.patterns import noise
from benchmark.data.derived.weak_annotator import second_choices
from benchmark.data.derived.words import below, image_words

SEED = 6047
NO_CLASS = -1
"""The clean label and the source of an outlier."""

OVERWRITTEN_SHARES = (200, 300, 500, 800, 1100, 1500, 2000, 2500, 2900, 3200)
"""Of 15,000 overwritten slots, how many are taken from each class, from the head class to the tail class."""
OUTLIER_SHARE = (1, 20)
COPY_SHARE = (1, 5)
NOISE_SHARE = (1, 5)
"""Shares of all slots, as fractions. Wrong labels are given to slots that show a class, copies among them."""
LIKELY_MISTAKES = (3, 4)
"""Share of the wrong labels that the weak annotator chose; the rest are any other class, evenly."""
COPIED_SOURCES = 800
_RANK_OFFSET = 10  # of the Zipf-Mandelbrot law of copies: chances fall as 1 / (rank + offset)
_RANK_SCALE = 1_000_000
_TAUGHT = 2000
_DARKEST, _BRIGHTNESSES, _UNIT = 218, 77, 256  # a copy's grey levels are multiplied by 218/256 to 294/256


@dataclass(frozen=True, eq=False)
class Pool:
    """N training examples to choose from, some of them dirty: what a participant gets, and what became of each slot.

    images: uint8 (N, H, W, C). labels: int64 (N,), as given, some wrong. clean_labels: int64 (N,), the class that a
    slot shows, `NO_CLASS` for an outlier. sources: int64 (N,), the position in the original set of the image it shows,
    `NO_CLASS` for an outlier. copied: bool (N,), whether it was overwritten with a near copy of another slot.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    clean_labels: NDArray[np.int64]
    sources: NDArray[np.int64]
    copied: NDArray[np.bool_]

    @property
    def outliers(self) -> NDArray[np.bool_]:
        """Slots whose image shows no class: bool (N,)."""
        return self.clean_labels == NO_CLASS

    @property
    def mislabelled(self) -> NDArray[np.bool_]:
        """Slots that show a class and are given another: bool (N,)."""
        return ~self.outliers & (self.labels != self.clean_labels)


def dirty_pool(images: NDArray[np.uint8], labels: NDArray[np.int64], seed: int = SEED) -> Pool:
    """The pool made from a clean training set of as many images, slots in an order of their own.

    images: uint8 (N, H, W, 1), sides that 4 divides; labels: int64 (N,), classes 0..9 with images enough for their
    share of the overwritten slots. One in five slots is overwritten with a near copy of one of 800 images (shift by
    up to a pixel, brightness by up to 15 %), one in twenty with an image of no class (pieces in another order,
    noise, the mean of two classes) and an arbitrary label; both mostly at the cost of the tail classes. One in five
    slots, outliers aside, is given a wrong label. Raises ValueError where a class is too small.
    """
    count = len(labels)
    classes = len(OVERWRITTEN_SHARES)
    overwritten = _overwritten(labels, seed)
    outliers = overwritten[: count * OUTLIER_SHARE[0] // OUTLIER_SHARE[1]]
    copies = overwritten[len(outliers) :]

    kept = np.setdiff1d(np.arange(count), overwritten)
    sources = np.arange(count)
    sources[copies] = _copied_sources(kept, copies, seed)
    made = images.copy()
    made[copies] = _near_copies(images[sources[copies]], copies, seed)
    made[outliers] = _outliers(images, labels, outliers, seed)
    clean = labels[sources]

    given = clean.copy()
    shown = np.setdiff1d(np.arange(count), outliers)
    wrong = _drawn(f"dirty pool {seed} noise", shown, count * NOISE_SHARE[0] // NOISE_SHARE[1])
    likely = wrong[: len(wrong) * LIKELY_MISTAKES[0] // LIKELY_MISTAKES[1]]
    taught = _drawn(f"dirty pool {seed} taught", kept, min(_TAUGHT, len(kept)))
    given[likely] = second_choices(made, clean, taught, classes)[likely]
    others = wrong[len(likely) :]
    step = 1 + below(image_words(f"dirty pool {seed} mistakes", others, 1)[:, 0], classes - 1)
    given[others] = (clean[others] + step) % classes
    given[outliers] = below(image_words(f"dirty pool {seed} outlier labels", outliers, 1)[:, 0], classes)
    clean[outliers] = sources[outliers] = NO_CLASS

    copied = np.zeros(count, bool)
    copied[copies] = True
    order = _drawn(f"dirty pool {seed} order", np.arange(count), count)
    return Pool(made[order], given[order], clean[order], sources[order], copied[order])


def _drawn(purpose: str, from_: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """`count` of the positions in a random order, without repeats."""
    return from_[np.argsort(image_words(purpose, from_, 1)[:, 0], kind="stable")][:count]


def _overwritten(labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """The positions that lose their image, in a random order; which class is the tail is random too."""
    total = len(labels) * (OUTLIER_SHARE[0] * COPY_SHARE[1] + COPY_SHARE[0] * OUTLIER_SHARE[1])
    total //= OUTLIER_SHARE[1] * COPY_SHARE[1]
    ends = total * np.cumsum((0, *OVERWRITTEN_SHARES)) // sum(OVERWRITTEN_SHARES)
    head_to_tail = _drawn(f"dirty pool {seed} classes", np.arange(len(OVERWRITTEN_SHARES)), len(OVERWRITTEN_SHARES))
    taken = []
    for label, share in zip(head_to_tail, np.diff(ends), strict=True):
        members = np.flatnonzero(labels == label)
        if len(members) <= share:
            raise ValueError(f"labels: class {label} needs more than {share} images, but has {len(members)}")
        taken.append(_drawn(f"dirty pool {seed} overwritten", members, int(share)))
    every = np.sort(np.concatenate(taken))
    return _drawn(f"dirty pool {seed} fates", every, len(every))


def _copied_sources(kept: NDArray[np.int64], copies: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """For each copy the position it shows: a few images are copied hundreds of times, most a few times."""
    copied = _drawn(f"dirty pool {seed} sources", kept, min(COPIED_SOURCES, len(kept)))
    ends = np.cumsum(_RANK_SCALE // (np.arange(len(copied)) + _RANK_OFFSET))
    words = image_words(f"dirty pool {seed} copies", copies, 1)[:, 0]
    return copied[np.searchsorted(ends, below(words, int(ends[-1])), side="right")]


def _near_copies(images: NDArray[np.uint8], positions: NDArray[np.int64], seed: int) -> NDArray[np.uint8]:
    """Each image moved by up to a pixel along both axes, black filling in, and made darker or brighter."""
    words = image_words(f"dirty pool {seed} changes", positions, 3)
    down, right = below(words[:, 0], 3), below(words[:, 1], 3)
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    moved = np.empty_like(images)
    for y in range(3):
        for x in range(3):
            chosen = (down == y) & (right == x)
            moved[chosen] = padded[chosen, y : y + height, x : x + width]
    factor = _DARKEST + below(words[:, 2], _BRIGHTNESSES)
    return np.minimum(moved * factor[:, None, None, None] // _UNIT, 255).astype(np.uint8)


def _outliers(
    images: NDArray[np.uint8], labels: NDArray[np.int64], positions: NDArray[np.int64], seed: int
) -> NDArray[np.uint8]:
    """An image of no class for each position: a third jigsaws, a third noise, the rest blends of two classes."""
    third = len(positions) // 3
    shuffled, blended = positions[:third], positions[2 * third :]
    words = image_words(f"dirty pool {seed} partners", blended, 1)[:, 0]
    partners = np.empty_like(blended)
    for place, (own, word) in enumerate(zip(labels[blended], words, strict=True)):
        others = np.flatnonzero(labels != own)
        partners[place] = others[int(below(word, len(others)))]
    return np.concatenate(
        [
            jigsaw(images[shuffled], shuffled, seed),
            noise(third, images.shape[1], seed),
            blend(images[blended], images[partners]),
        ]
    )
