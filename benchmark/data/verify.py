"""Decoded arrays against a manifest: accepted as the official data set or a known mirror copy, or refused."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from benchmark.data.checksums import SATURATED_LEVELS, describe_mismatch, image_checksums, raw_bytes, values_sha256
from benchmark.data.dataset import Copy
from benchmark.data.manifest import Manifest
from benchmark.errors import MettleError

_POSITIONS_SHOWN = 5


class DataDiffersError(MettleError):
    """The bytes of a data set are not those of its manifest; `fraction` of its images differ (0 to 1)."""

    def __init__(self, thing: object, rule: str, value: object, fix: str, fraction: float) -> None:
        super().__init__(thing, rule, value, fix)
        self.fraction = fraction


@dataclass(frozen=True)
class Verified:
    """What a check found: the hash of all pixels, which copy it is, and which images are exact, bool (N,)."""

    pixels_sha256: str
    copy: Copy
    exact: np.ndarray


def verify(manifest: Manifest, part: str, images: np.ndarray, labels: np.ndarray, where: str) -> Verified:
    """What the arrays are, once they are known to be what the manifest says.

    images: uint8 (N, H, W, C); labels: int64 (N,); where: file or folder, for the message. Images at the
    manifest's `inexact` positions are never compared; if any of them is the recorded approximation, the copy is
    a "mirror copy" and they are marked, else it is "official". Raises DataDiffersError.
    """
    entry = manifest.part(part)
    thing = f"{manifest.name} {part} from {where}"
    fix = f"Remove that copy, or get the data anew: mettle data fetch {manifest.name}"
    shape = (entry.count, *manifest.image_shape)
    if images.shape != shape or images.dtype != np.uint8:
        raise DataDiffersError(thing, f"images must be uint8 {shape}", f"{images.dtype} {images.shape}", fix, 1.0)
    if labels.shape != shape[:1] or labels.dtype != np.int64:
        raise DataDiffersError(thing, f"labels must be int64 {shape[:1]}", f"{labels.dtype} {labels.shape}", fix, 1.0)

    exact = np.ones(entry.count, bool)
    exact[list(entry.inexact)] = False
    pixels_sha256, exact_sha256 = _pixel_hashes(images, entry.inexact)
    if exact_sha256 != entry.images_sha256:
        raise _images_differ(manifest, part, images, exact, thing, fix, exact_sha256)
    if (found := values_sha256(labels)) != entry.labels_sha256:
        raise DataDiffersError(thing, f"labels must have sha256 {entry.labels_sha256}", found, fix, 0.0)

    copy: Copy = "official"
    if entry.inexact:
        recorded = manifest.checksums(part)[~exact]
        if (image_checksums(images[~exact]) == recorded).all(axis=1).any():
            copy = "mirror copy"
    return Verified(pixels_sha256, copy, exact if copy == "mirror copy" else np.ones_like(exact))


def _pixel_hashes(images: np.ndarray, inexact: tuple[int, ...]) -> tuple[str, str]:
    """The sha256 of all pixels, and of those outside the inexact positions, without copying the array."""
    if not inexact:
        whole = values_sha256(images)
        return whole, whole
    every, exact = hashlib.sha256(), hashlib.sha256()
    start = 0
    for position in (*sorted(inexact), len(images)):
        run = raw_bytes(images[start:position])
        every.update(run)
        exact.update(run)
        every.update(raw_bytes(images[position : position + 1]))
        start = position + 1
    return every.hexdigest(), exact.hexdigest()


def _images_differ(
    manifest: Manifest,
    part: str,
    images: np.ndarray,
    exact: np.ndarray,
    thing: str,
    fix: str,
    sha256: str,
) -> DataDiffersError:
    positions, levels = describe_mismatch(manifest.checksums(part), image_checksums(images))
    compared = exact[positions]
    positions, levels = positions[compared], levels[compared]
    rule = f"images must have sha256 {manifest.part(part).images_sha256}"
    if not len(positions):
        value = f"{sha256}; the per-image checksums cannot tell which images differ, so few pixels do"
        return DataDiffersError(thing, rule, value, fix, 0.0)
    shown = ", ".join(map(str, positions[:_POSITIONS_SHOWN])) + (", ..." if len(positions) > _POSITIONS_SHOWN else "")
    distance = float(np.median(levels))
    far = "64 or more" if distance >= SATURATED_LEVELS else f"about {distance:.1f}"
    value = (
        f"{len(positions)} of {int(exact.sum())} images that differ (positions {shown}), typically {far} grey levels "
        "off (root of the summed squared differences of an image)"
    )
    return DataDiffersError(thing, rule, value, fix, len(positions) / max(1, int(exact.sum())))
