"""Fashion-MNIST on coloured, textured backgrounds that give the class away in training and not in the test.

Ten backgrounds differ in hue, in texture and in brightness. Hue alone tells most of them apart, texture alone nearly
all and brightness some, so that a grey copy of the images keeps the shortcut. Their grey levels overlap the garments'
own range, three of them have no hue at all, and the garments carry a faint tint of their own, so that neither
brightness nor greyness cuts a garment out. Everything is integer arithmetic on uint8, and what is random about an image
depends on (seed, part, position) alone, so that the bytes are the same everywhere.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from benchmark.data.derived.words import below, image_words

SEED = 955
SIZE = 28
HOME_SHARE = 0.95
"""Share of training images that are put on their class's own background at once; the others draw any of the ten."""

_OPAQUE_FROM = 32  # below this grey level a pixel lets the background through in proportion
_TINT_LEVELS = 64  # a channel of a garment keeps at least 192 / 255 of its level
_SHIFT_LEVELS = 33  # the background of one image is up to 16 levels darker or brighter
_WORDS = 8  # of an image: stay home or not, which background, phase down and right, shift, tint of three channels
_IMAGES_AT_ONCE = 4096

# Name, the darker and the brighter colour. The position in this list is the class whose home the background is.
_COLOURS: tuple[tuple[str, tuple[int, int, int], tuple[int, int, int]], ...] = (
    ("red rows", (150, 30, 30), (225, 110, 95)),
    ("green columns", (20, 95, 35), (70, 165, 80)),
    ("blue diagonals", (20, 30, 110), (70, 95, 190)),
    ("yellow squares", (170, 150, 40), (250, 235, 130)),
    ("violet tiles", (70, 30, 110), (160, 110, 200)),
    ("cyan slope", (60, 150, 160), (190, 240, 240)),
    ("grey grain", (60, 60, 60), (200, 200, 200)),
    ("orange dots", (110, 60, 10), (240, 160, 60)),
    ("dark mesh", (15, 15, 15), (90, 90, 90)),
    ("pale bands", (160, 160, 160), (245, 245, 245)),
)
BACKGROUNDS = tuple(name for name, _, _ in _COLOURS)
"""The names of the backgrounds; background c is the home of class c."""


def colour_part(images: NDArray[np.uint8], labels: NDArray[np.int64], part: str) -> NDArray[np.uint8]:
    """A part of fashion-mnist-colour: uint8 (N, 28, 28, 3), made from grey images uint8 (N, 28, 28, 1) and labels.

    In "train" an image stands on its class's background with probability .955; in any other part its background is
    uniform among the ten, whatever the class. Image i of the result is image i of the part. Raises ValueError for
    images of another shape or dtype.
    """
    backgrounds = assigned_backgrounds(labels, part)
    made = np.empty((len(images), SIZE, SIZE, 3), np.uint8)
    for start in range(0, len(images), _IMAGES_AT_ONCE):
        block = slice(start, start + _IMAGES_AT_ONCE)
        indices = np.arange(start, min(start + _IMAGES_AT_ONCE, len(images)))
        made[block] = _on_backgrounds(images[block], indices, backgrounds[block], part)
    return made


def assigned_backgrounds(labels: NDArray[np.int64], part: str) -> NDArray[np.int64]:
    """The background 0..9 of each image of a part: int64 (N,). `labels`: int64 (N,), classes 0..9, in part order."""
    words = _words(part, np.arange(len(labels)))
    anywhere = below(words[:, 1], len(BACKGROUNDS))
    if part != "train":
        return anywhere
    stays = words[:, 0] < round(HOME_SHARE * 2**32)
    return np.where(stays, labels, anywhere)


def on_background(
    images: NDArray[np.uint8], indices: NDArray[np.int64], background: int, part: str = "test"
) -> NDArray[np.uint8]:
    """The same images all on one background: uint8 (N, 28, 28, 3).

    `images`: uint8 (N, 28, 28, 1) of Fashion-MNIST's `part`, `indices`: int64 (N,), their positions in it, which
    decide texture phase, tint and shift, so that an image differs in nothing but the background over all ten.
    Raises ValueError for a background outside 0..9 and for images of another shape or dtype.
    """
    if not 0 <= background < len(BACKGROUNDS):
        raise ValueError(f"background: 0 to {len(BACKGROUNDS) - 1}, but got {background}")
    made = np.empty((len(images), SIZE, SIZE, 3), np.uint8)
    for start in range(0, len(images), _IMAGES_AT_ONCE):
        block = slice(start, start + _IMAGES_AT_ONCE)
        chosen = np.full(len(images[block]), background)
        made[block] = _on_backgrounds(images[block], np.asarray(indices)[block], chosen, part)
    return made


def _on_backgrounds(
    images: NDArray[np.uint8], indices: NDArray[np.int64], backgrounds: NDArray[np.int64], part: str
) -> NDArray[np.uint8]:
    if images.dtype != np.uint8 or images.shape[1:] != (SIZE, SIZE, 1):
        raise ValueError(f"images: uint8 (N, {SIZE}, {SIZE}, 1), but got {images.dtype} {images.shape}")
    words = _words(part, indices)
    down, right = below(words[:, 2], SIZE), below(words[:, 3], SIZE)
    shift = below(words[:, 4], _SHIFT_LEVELS).astype(np.int32) - _SHIFT_LEVELS // 2
    tint = 255 - below(words[:, 5:8], _TINT_LEVELS).astype(np.int32)

    steps = np.arange(SIZE)
    rows, columns = (steps + down[:, None]) % SIZE, (steps + right[:, None]) % SIZE
    behind = _tables()[backgrounds[:, None, None], rows[:, :, None], columns[:, None, :]]
    behind = np.clip(behind + shift[:, None, None, None], 0, 255)

    grey = images.astype(np.int32)
    alpha = np.minimum(grey * 255 // _OPAQUE_FROM, 255)
    garment = (grey * tint[:, None, None, :] + 127) // 255
    return ((alpha * garment + (255 - alpha) * behind + 127) // 255).astype(np.uint8)


def _words(part: str, indices: NDArray[np.int64]) -> NDArray[np.uint32]:
    return image_words(f"fashion-mnist-colour\x00{SEED}\x00{part}", indices, _WORDS)


@lru_cache(maxsize=1)
def _tables() -> NDArray[np.int32]:
    """The backgrounds before shift and phase: int32 (10, 28, 28, 3); all repeat after 28 pixels both ways."""
    row, column = np.mgrid[0:SIZE, 0:SIZE]
    grain = np.frombuffer(hashlib.shake_256(b"fashion-mnist-colour grain").digest(SIZE * SIZE), np.uint8)
    slope = np.minimum(row, SIZE - row) * 255 // (SIZE // 2)
    patterns = (
        (row % 4 < 2) * 255,
        (column % 4 < 2) * 255,
        ((row + column) % 7 < 3) * 255,
        ((row // 2 + column // 2) % 2) * 255,
        ((row // 7 + column // 7) % 2) * 255,
        slope,
        grain.reshape(SIZE, SIZE).astype(np.int64),
        ((row % 4 < 2) & (column % 4 < 2)) * 255,
        ((row % 4 == 0) | (column % 4 == 0)) * 255,
        ((row - column) % 14 < 7) * 255,
    )
    tables = []
    for pattern, (_, dark, bright) in zip(patterns, _COLOURS, strict=True):
        levels = np.asarray(pattern)[:, :, None]
        tables.append(np.array(dark) + levels * (np.array(bright) - np.array(dark)) // 255)
    made = np.stack(tables).astype(np.int32)
    made.flags.writeable = False
    return made
