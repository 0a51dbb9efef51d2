"""What of an image is compared: its luma, at most 32 pixels a side, on a grey scale from 0 to 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Pictures = NDArray[np.float32]
LONGEST_SIDE_PX = 32
NOISE_FLOOR = 1e-3
"""Share of the total variance or second moment that each direction gets: noise and interpolation live there."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_ROWS = 4096


def check_images(images: np.ndarray, name: str) -> None:
    """Raise ValueError unless uint8 (N, H, W, C) with 1 or 3 channels."""
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        raise ValueError(f"{name}: uint8 (N, H, W, C) with C 1 or 3, but got {images.dtype} {images.shape}")


def check_both(images: np.ndarray, test_images: np.ndarray) -> None:
    """Raise ValueError unless both are images of one size, at least 8 pixels a side; channels may differ."""
    check_images(images, "images")
    check_images(test_images, "test_images")
    if images.shape[1:3] != test_images.shape[1:3]:
        raise ValueError(f"images: size {test_images.shape[1:3]} like test_images, but got {images.shape[1:3]}")
    if min(images.shape[1:3]) < 8:
        raise ValueError(f"images: at least 8 pixels a side, but got {images.shape[1:3]}")


def lumas(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Brightness rounded to 0..255: uint8 (N, H, W); one channel as it is."""
    if images.shape[3] == 1:
        return images[..., 0]
    grey = np.empty(images.shape[:3], np.uint8)
    for start in range(0, len(images), _ROWS):
        rows = slice(start, start + _ROWS)
        grey[rows] = np.rint(images[rows].astype(np.float32) @ _LUMA)
    return grey


def pictures(images: NDArray[np.uint8]) -> Pictures:
    """Luma in 0..1 with the longer side averaged down to `LONGEST_SIDE_PX` where it is longer: float32 (N, h, w)."""
    height, width = images.shape[1:3]
    longest = max(height, width)
    grey = lumas(images)
    if longest <= LONGEST_SIDE_PX:
        return grey.astype(np.float32) / np.float32(255)
    rows = area_weights(height, max(1, round(height * LONGEST_SIDE_PX / longest)))
    columns = area_weights(width, max(1, round(width * LONGEST_SIDE_PX / longest)))
    small = np.empty((len(grey), len(rows), len(columns)), np.float32)
    for start in range(0, len(grey), _ROWS):
        block = slice(start, start + _ROWS)
        small[block] = rows @ (grey[block].astype(np.float32) / np.float32(255)) @ columns.T
    return small


def area_weights(length: int, shorter: int) -> NDArray[np.float32]:
    """Means over equal stretches of a line: float32 (shorter, length), rows sum to 1, fractions of a pixel included."""
    edges = np.arange(shorter + 1) * (length / shorter)
    pixels = np.arange(length)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.asarray(np.maximum(overlap, 0) * (shorter / length), dtype=np.float32)


def smoothed(stack: Pictures, sigma_px: float) -> Pictures:
    """Gaussian blur of each picture, edge pixels repeated outside: float32 (N, h, w)."""
    return np.asarray(gaussian_filter(stack, (0, sigma_px, sigma_px), mode="nearest"))
