"""Published distilled sets turned into files of this suite: un-normalized, on 256 levels, nothing cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.documents import file_sha256
from benchmark.errors import MettleError
from benchmark.submitted_sets.array_file import FINITE_FIX
from benchmark.submitted_sets.distilled import SUM_TOLERANCE
from benchmark.submitted_sets.normalization import check_normalization
from benchmark.submitted_sets.published_layouts import PublishedSet, read_published
from benchmark.submitted_sets.quantization import MAX_PIXEL, Quantized, dequantize, quantize
from benchmark.submitted_sets.writing import smallest_integers, write_distilled
from benchmark.training.dataset_whitening import whitening_of

HALF_LEVEL = 0.5 / 255


@dataclass(frozen=True)
class Conversion:
    """A published set before and after.

    before: float32 (N, H, W, C) in pixel units. after: the same as stored. labels: int64 (N,), or float32 (N, K).
    """

    source: str
    before: np.ndarray
    after: Quantized
    labels: np.ndarray
    learning_rate: float | None
    steps: tuple[str, ...]
    """What was done to the stored numbers, in words."""

    @property
    def share_outside(self) -> float:
        """The share of values that no real pixel has, in [0, 1]; what rounds to black or white is not among them."""
        return float(((self.before < -HALF_LEVEL) | (self.before > 1 + HALF_LEVEL)).mean())

    @property
    def largest_rounding_error(self) -> float:
        """The largest change of a value, in pixel units."""
        decoded = dequantize(self.after.codes, self.after.bounds)
        return float(np.abs(decoded.astype(np.float64) - self.before).max())

    def targets(self, classes: int) -> np.ndarray:
        """The labels as distributions: float32 (N, classes). MettleError where they do not fit the classes."""
        if self.labels.ndim == 2 and self.labels.shape[1] == classes:
            return self.labels
        if self.labels.ndim == 2 or not 0 <= self.labels.min() <= self.labels.max() < classes:
            found = f"{self.labels.shape[1]} columns" if self.labels.ndim == 2 else f"class {self.labels.max()}"
            raise MettleError(
                self.source, f"the task has {classes} classes", found, "Name the right one: --measure TASK."
            )
        return np.eye(classes, dtype=np.float32)[self.labels]

    def lines(self) -> list[str]:
        """What a person should see of it."""
        low, high = self.before.min(), self.before.max()
        kind = "soft labels" if self.labels.ndim == 2 else "labels"
        return [
            f"images {self.before.shape[0]} x {' x '.join(map(str, self.after.codes.shape[1:]))}, "
            f"{kind} {' x '.join(map(str, self.labels.shape))}; {', '.join(self.steps)}",
            f"pixels from {low:.3f} to {high:.3f} (0 black, 1 white); {self.share_outside:.2%} outside",
            f"256 levels a channel; largest rounding error {self.largest_rounding_error:.5f} "
            f"(bound {self.after.largest_rounding_error:.5f}); nothing is cut off",
        ]

    def note(self, measured: str = "") -> str:
        """One line for the file, which a record keeps."""
        parts = [
            f"from {self.source}", *self.steps, f"{self.share_outside:.2%} of values outside [0, 1]",
            f"largest rounding error {self.largest_rounding_error:.5f}", *([measured] if measured else []),
        ]  # fmt: skip
        return "; ".join(parts)


def read_for_conversion(
    source: Path,
    *,
    mean: Sequence[float],
    std: Sequence[float],
    labels_file: Path | None = None,
    which: int | None = None,
    learning_rate: float | None = None,
    logits: bool = False,
    whitened_with: str | None = None,
) -> Conversion:
    """A published set in pixel units, and on 256 levels.

    mean, std: of the normalization the file was saved in, pixel = stored x std + mean; one value, or one a channel.
    which: the set's number in a file of several. logits: labels are logits, and their softmax is stored. whitened_with:
    a data set; images are un-whitened with the moments of its training part (ZCA, epsilon .1) before anything else.
    Raises MettleError for a layout that is not known, and values that are no images or labels.
    """
    published = read_published(source, labels_file, which)
    check_normalization(mean, std, channels=published.images.shape[1])
    stored = published.images.transpose(0, 2, 3, 1)
    if not np.isfinite(stored).all():
        value = f"{(~np.isfinite(stored)).sum():,} that are not"
        raise MettleError(source, "images hold finite numbers", value, FINITE_FIX)
    steps = [f"set {which}"] if published.sets_in_file > 1 else []
    if whitened_with is not None:
        stored = _unwhitened(stored, whitened_with)
        steps.append(f"un-whitened with {whitened_with}/train")
    before = (stored.astype(np.float64) * np.asarray(std) + np.asarray(mean)).astype(np.float32)
    steps.append(f"mean {_listed(mean)}, std {_listed(std)}")
    if np.abs(before).max() > MAX_PIXEL:
        raise MettleError(
            source, f"pixels lie within {MAX_PIXEL:g} of black (0) in units where white is 1",
            f"{np.abs(before).max():.4g}", "Check --mean and --std.",
        )  # fmt: skip
    labels = _labels(published, source, logits)
    name = f"{source.name} (sha256 {file_sha256(source)[:12]})"
    return Conversion(name, before, quantize(before), labels, learning_rate, tuple(steps))


def write_conversion(conversion: Conversion, target: Path, measured: str = "") -> list[str]:
    """Writes the set as safetensors, over what is there, and says what it weighs."""
    soft = conversion.labels.ndim == 2
    write_distilled(
        target,
        conversion.after,
        labels=None if soft else smallest_integers(conversion.labels),
        soft_labels=conversion.labels if soft else None,
        learning_rate=conversion.learning_rate,
        conversion=conversion.note(measured),
    )
    label_bytes = conversion.labels.nbytes if soft else smallest_integers(conversion.labels).nbytes
    images, bounds = conversion.after.codes.nbytes, conversion.after.bounds.nbytes
    return [
        f"wrote {target}: {images:,} bytes of images, {bounds} of ranges, {label_bytes:,} of labels"
        + (", 4 of learning rate" if conversion.learning_rate is not None else "")
    ]


def check_target(target: Path) -> None:
    """Raises MettleError for a file that is there already, or is not named .safetensors."""
    if target.suffix != ".safetensors":
        fix = f"Name it {target.with_suffix('.safetensors').name}."
        raise MettleError(target, "the converted file is named .safetensors", repr(target.suffix), fix)
    if target.exists():
        raise MettleError(target, "an existing file is not overwritten", fix="Choose another name.")


def _unwhitened(stored: np.ndarray, dataset: str) -> np.ndarray:
    whitening = whitening_of(dataset)
    if whitening.mean.size != stored[0].size:
        rule = f"images of {dataset} have {whitening.mean.size:,} values"
        raise MettleError("--zca", rule, f"{stored[0].size:,}", "Name the data set that the images were made from.")
    return whitening.unwhiten(stored)


def _labels(published: PublishedSet, source: Path, logits: bool) -> np.ndarray:
    if published.labels.ndim == 1:
        if logits:
            raise MettleError("--logits", f"{source} has one label an image, not logits", fix="Leave it out.")
        if published.labels.min() < 0:
            raise MettleError(source, "labels are classes from 0", published.labels.min(), "Count classes from 0.")
        return published.labels
    rows = published.labels.astype(np.float64)
    if not np.isfinite(rows).all():
        raise MettleError(source, "labels hold finite numbers", "NaN or infinity", FINITE_FIX)
    if logits:
        rows = np.exp(rows - rows.max(axis=1, keepdims=True))
    elif (rows < 0).any() or (np.abs(rows.sum(axis=1) - 1) > SUM_TOLERANCE["float16"]).any():
        raise MettleError(
            source, "soft labels are at least 0 and sum to 1", f"sums from {rows.sum(axis=1).min():.4g}",
            "If they are logits, add --logits.",
        )  # fmt: skip
    return (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)


def _listed(values: Sequence[float]) -> str:
    return " ".join(f"{value:g}" for value in values)
