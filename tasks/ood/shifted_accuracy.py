"""Protocol: accuracy on a newly collected test set, against what accuracy on the original one lets one expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from benchmark import data
from benchmark.data import Dataset
from benchmark.data.checksums import values_sha256
from benchmark.documents import Score
from benchmark.documents.strict import Finite, Line, Sha256, Strict, parse
from benchmark.errors import MettleError
from benchmark.metrics import LogitLine, effective_robustness
from benchmark.models.net import Net
from benchmark.passes import collect_pass, pass_identity, pass_shards, predicted_classes, score_pass, set_of
from benchmark.paths import mirrors
from benchmark.protocol import Arrays, Candidate, LabelsAlone, OutcomeArray, Protocol, Scored
from benchmark.scores import CONFIDENCE, interval_score, proportion_score
from benchmark.statistics import Interval, difference_interval, wilson_interval
from benchmark.submitted import read_predictions
from benchmark.task_registry import TaskEntry

Digits = Annotated[str, Field(pattern=r"^[0-9]+$")]


class OriginalSet(Strict):
    """The original test set."""

    name: Line
    dataset: Line
    part: Line
    labels: Digits
    """One digit an image, in official order."""


class ShiftedSet(Strict):
    """The new test set."""

    name: Line
    labels: Digits
    file: Line
    """The official .npy file of its images, uint8 (N, H, W, C)."""
    images_sha256: Sha256 | None = None
    """Of its pixels; None where they are not pinned, so that predictions alone are scored."""


class FrozenLine(Strict):
    """The frozen baseline: logit of the shifted accuracy over the logit of the original one."""

    slope: Finite
    intercept: Finite
    r_squared: Finite
    models: list[Line]


class ShiftedSplit(Strict):
    """A `splits/*.json` of this protocol."""

    original: OriginalSet
    shifted: ShiftedSet
    line: FrozenLine


@dataclass
class OpenShift:
    """A split whose images are loaded when a checkpoint asks for them."""

    entry: TaskEntry
    frozen: ShiftedSplit

    @cached_property
    def dataset(self) -> Dataset | LabelsAlone:
        pinned = self.frozen.shifted.images_sha256
        return self.original if pinned else LabelsAlone("labels of the frozen split")

    @cached_property
    def original(self) -> Dataset:
        return data.load(self.frozen.original.dataset, self.frozen.original.part)

    @cached_property
    def shifted_images(self) -> np.ndarray:
        shifted = self.frozen.shifted
        if shifted.images_sha256 is None:
            rule = f"the images of {shifted.name} are not pinned, so checkpoints cannot be scored on it yet"
            raise MettleError(self.entry.task.id, rule, fix="Submit predictions; the task card says how.")
        for mirror in mirrors():
            for path in sorted(mirror.rglob(shifted.file)):
                images = np.load(path, mmap_mode="r", allow_pickle=False)
                if values_sha256(images) == shifted.images_sha256:
                    return np.asarray(images)
        fix = f"Put {shifted.file} into a folder named by METTLE_MIRROR."
        raise MettleError(shifted.file, f"the pinned images of {shifted.name} are needed", "no such file", fix)

    def images(self, name: str) -> np.ndarray:
        """The images of one of the two sets: uint8 (N, H, W, C)."""
        return self.original.images if name == self.frozen.original.name else self.shifted_images

    def labels(self, name: str) -> np.ndarray:
        """The labels of one of the two sets: int64 (N,)."""
        own = self.frozen.original if name == self.frozen.original.name else self.frozen.shifted
        return np.frombuffer(own.labels.encode(), dtype=np.uint8).astype(np.int64) - ord("0")

    @property
    def names(self) -> tuple[str, str]:
        return self.frozen.original.name, self.frozen.shifted.name


class ShiftedAccuracy(Protocol):
    """Top-1 accuracy on the new set; beside it the original accuracy, the gap, and the effective robustness."""

    def open_split(self, entry: TaskEntry) -> OpenShift:
        """The labels of both sets and the frozen line."""
        return OpenShift(entry, parse(ShiftedSplit, entry.split, f"{entry.task.id} split"))

    def shard_groups(self, entry: TaskEntry) -> list[list[str]]:
        """Passes over both sets, one group a shard."""
        split = self.open_split(entry)
        return [[shard] for name in split.names for shard in pass_shards(name, len(split.labels(name)))]

    def shard_identity(self, entry: TaskEntry, split: OpenShift, shard: str) -> dict[str, Any]:
        """Passes are shared with every task that shows the same pixels."""
        original = set_of(shard) == split.frozen.original.name
        pixels = split.original.pixels_sha256 if original else split.frozen.shifted.images_sha256
        return pass_identity(pixels or "", shard)

    def score_shards(
        self, entry: TaskEntry, split: OpenShift, net: Net, shards: Sequence[str]
    ) -> Iterator[tuple[str, Arrays]]:
        """Logits and features; see `benchmark.passes`."""
        for shard in shards:
            yield from score_pass(net, split.images(set_of(shard)), [shard])

    def probe(self, entry: TaskEntry, split: OpenShift) -> np.ndarray:
        """Images of the new set, so that an unpinned one is refused before any work."""
        return split.shifted_images

    def submitted_sets(self, entry: TaskEntry, split: OpenShift) -> Mapping[str, np.ndarray]:
        """Both sets, each image by its position in the official order."""
        return {name: np.arange(len(split.labels(name))) for name in split.names}

    def submitted(self, entry: TaskEntry, split: OpenShift, path: Path) -> Mapping[str, Arrays]:
        """The predicted classes of both sets, int64 (N,), checked image by image."""
        found = read_predictions(path, self.submitted_sets(entry, split), len(entry.task.data.classes))
        return {name: {"predicted": classes} for name, classes in found.items()}

    def combine(self, entry: TaskEntry, split: OpenShift, candidate: Candidate, shards: Mapping[str, Arrays]) -> Scored:
        """Accuracies, gap and effective robustness, with intervals over the images of both sets."""
        original, shifted = (_predicted(name, shards) == split.labels(name) for name in split.names)
        line = split.frozen.line
        scores = {
            entry.task.primary.name: proportion_score(shifted),
            "original_accuracy": proportion_score(original),
            "gap": _difference(original, shifted),
            "effective_robustness": _above_line(LogitLine(line.slope, line.intercept), original, shifted),
        }
        outcomes = {
            "primary": OutcomeArray(shifted.astype(np.uint8)),
            "original_correct": OutcomeArray(np.packbits(original)),
        }
        return Scored(scores, outcomes=outcomes)


def _predicted(name: str, shards: Mapping[str, Arrays]) -> np.ndarray:
    return shards[name]["predicted"] if name in shards else predicted_classes(collect_pass(name, shards).logits)


def _difference(original: np.ndarray, shifted: np.ndarray) -> Score:
    ends = [wilson_interval(int(hits.sum()), len(hits), CONFIDENCE) for hits in (original, shifted)]
    means = [float(hits.mean()) for hits in (original, shifted)]
    interval = difference_interval(means[0], ends[0], means[1], ends[1])
    return interval_score(means[0] - means[1], interval, len(shifted))


def _above_line(line: LogitLine, original: np.ndarray, shifted: np.ndarray) -> Score:
    """Effective robustness; its interval is over the images of both sets, with the line as it is frozen."""
    n = len(original)
    value = effective_robustness(line, float(original.mean()), float(shifted.mean()), n)
    ends = [wilson_interval(int(hits.sum()), len(hits), CONFIDENCE) for hits in (original, shifted)]
    half = 0.5 / n
    expected = line.expected(min(max(float(original.mean()), half), 1 - half))
    of_line = Interval(min(line.expected(ends[0].lower), expected), max(line.expected(ends[0].upper), expected))
    return interval_score(value, difference_interval(float(shifted.mean()), ends[1], expected, of_line), len(shifted))


PROTOCOL = ShiftedAccuracy()
