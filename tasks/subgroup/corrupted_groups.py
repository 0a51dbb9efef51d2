"""Protocol: accuracy by annotated groups under the corruptions of another task, whose work it shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.data import Dataset
from benchmark.documents.strict import Line, Sha256, parse
from benchmark.errors import MettleError
from benchmark.models.net import Net
from benchmark.protocol import Arrays, Candidate, Protocol, Scored
from benchmark.scores import mean_score
from benchmark.task_registry import TaskEntry, find_task
from tasks.corruption.settings import CLEAN, CorruptionSettings, cell_names
from tasks.corruption.settings import settings_of as corruption_settings
from tasks.corruption.split import dump
from tasks.subgroup.annotations import (
    RESTORE,
    AnnotatedSplit,
    AnnotationSettings,
    freeze_annotations,
    read_annotations,
)
from tasks.subgroup.grouping import (
    Grouping,
    group_balanced_score,
    group_record_cells,
    group_weights,
    spread_scores,
    worst_group_score,
)

PERMUTATIONS = 200
"""Of each corruption: their mean floor over 25 corruptions varies less than that of one with 1,000."""


class CorruptedGroupSettings(AnnotationSettings):
    """The `[settings]` of a task."""

    corrupted: Line
    """The task whose corrupted cells are scored, as `<id>.v<version>`."""
    spread_severity: int
    """The severity at which FairStd and MacroStd are taken of each corruption."""


class CorruptedGroupSplit(AnnotatedSplit):
    """A `splits/*.json` of this protocol."""

    corrupted_sha256: Sha256
    """What decides the cells and their outcomes: the scoring hash of the corruption task."""


@dataclass(frozen=True)
class OpenCorruptedGroups:
    """The cells of the corruption task, and the groups of its images."""

    corrupted: TaskEntry
    cells: Any
    """The open split of the corruption task."""
    labels: np.ndarray
    grouping: Grouping

    @property
    def dataset(self) -> Dataset:
        """The clean images."""
        dataset = self.cells.dataset
        assert isinstance(dataset, Dataset)
        return dataset


class CorruptedGroups(Protocol):
    """Group-balanced accuracy, mean over corrupted cells."""

    def open_split(self, entry: TaskEntry) -> OpenCorruptedGroups:
        """The cells and groups; MettleError where the corruption task is another one than the split was frozen on."""
        frozen = parse(CorruptedGroupSplit, entry.split, f"{entry.task.id} split")
        corrupted = corruption_task(entry)
        if (found := corrupted.task.scoring_sha256) != frozen.corrupted_sha256:
            rule = f"the scoring hash of {corrupted.task.id} is {frozen.corrupted_sha256}"
            raise MettleError(entry.task.id, rule, found, RESTORE)
        labels, grouping = read_annotations(entry, settings_of(entry), frozen.annotations_sha256)
        cells = corrupted.protocol().open_split(corrupted)
        if not np.array_equal(labels, cells.labels):
            raise MettleError(entry.task.id, f"its groups are of the images of {corrupted.task.id}", "others", RESTORE)
        return OpenCorruptedGroups(corrupted, cells, labels, grouping)

    def freeze_split(self, entry: TaskEntry) -> str:
        """The text of a split that pins the table of groups and the corruption task."""
        frozen = freeze_annotations(entry, settings_of(entry))
        sha256 = corruption_task(entry).task.scoring_sha256
        return dump(CorruptedGroupSplit(**frozen.model_dump(), corrupted_sha256=sha256))

    def shard_groups(self, entry: TaskEntry) -> list[list[str]]:
        """Those of the corruption task."""
        corrupted = corruption_task(entry)
        groups: list[list[str]] = corrupted.protocol().shard_groups(corrupted)
        return groups

    def shard_identity(self, entry: TaskEntry, split: OpenCorruptedGroups, shard: str) -> dict[str, Any]:
        """That of the corruption task, so that a net scored on one has been scored on both."""
        identity: dict[str, Any] = split.corrupted.protocol().shard_identity(split.corrupted, split.cells, shard)
        return identity

    def score_shards(
        self, entry: TaskEntry, split: OpenCorruptedGroups, net: Net, shards: Sequence[str]
    ) -> Iterator[tuple[str, Arrays]]:
        """As the corruption task scores them."""
        yield from split.corrupted.protocol().score_shards(split.corrupted, split.cells, net, shards)

    def combine(
        self, entry: TaskEntry, split: OpenCorruptedGroups, candidate: Candidate, shards: Mapping[str, Arrays]
    ) -> Scored:
        """All scores from the correctness of each cell."""
        labels, grouping, names = split.labels, split.grouping, entry.task.data.classes
        settings, own = corruption_settings(split.corrupted), settings_of(entry)
        correct = {
            cell: np.unpackbits(arrays["correct"], count=len(labels)).astype(bool) for cell, arrays in shards.items()
        }
        per_image = _share_right(settings, correct)
        primary, outcome = group_balanced_score(per_image, grouping, labels, len(names))
        clean, _ = group_balanced_score(correct[CLEAN], grouping, labels, len(names))
        corruptions = settings.standard + settings.held_out
        middle = np.stack([correct[f"{name}/{own.spread_severity}"] for name in corruptions])
        scores = {
            entry.task.primary.name: primary,
            "worst_group_accuracy": worst_group_score(per_image, group_weights([grouping], labels, len(names))),
            "mean_accuracy": mean_score(per_image),
            "clean_group_balanced_accuracy": clean,
            **spread_scores([grouping] * len(middle), middle, labels, len(names), PERMUTATIONS),
        }
        cells = group_record_cells([grouping], per_image, labels, names)
        for cell, hits in correct.items():
            balanced, _ = group_balanced_score(hits, grouping, labels, len(names))
            cells[cell] = {"group_balanced_accuracy": balanced.value, "accuracy": float(hits.mean())}
        notes = [str(arrays["note"]) for arrays in shards.values() if "note" in arrays]
        return Scored(scores, cells, {"primary": outcome}, notes=notes)


def settings_of(entry: TaskEntry) -> CorruptedGroupSettings:
    """The typed settings of a task; MettleError where they are not valid."""
    return parse(CorruptedGroupSettings, entry.task.settings, f"{entry.task.id} [settings]")


def corruption_task(entry: TaskEntry) -> TaskEntry:
    """The task whose cells are scored, beside this one's family."""
    return find_task(settings_of(entry).corrupted, entry.folder.parent)


def _share_right(settings: CorruptionSettings, correct: Mapping[str, np.ndarray]) -> np.ndarray:
    """Of each image, the share of cells it is right in, standard and held-out corruptions half each: float64 (N,)."""
    sets = [names for names in (settings.standard, settings.held_out) if names]
    shares = [
        np.mean([correct[cell] for name in names for cell in cell_names(settings, name)], axis=0) for names in sets
    ]
    return np.asarray(np.mean(shares, axis=0))


PROTOCOL = CorruptedGroups()
