"""The frozen split of a detection task, and what a protocol needs of it once its images are here."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

import numpy as np
from pydantic import Field

from benchmark.data import Dataset
from benchmark.data.checksums import values_sha256
from benchmark.documents.strict import Line, Paragraph, Sha256, Strict, parse
from benchmark.errors import MettleError
from benchmark.submitted import order_sha256
from benchmark.task_registry import TaskEntry
from tasks.corruption.split import Images
from tasks.ood.settings import DetectionSettings

IMAGES = "test"
"""The pass over the whole official test part; every task that shows it shares its outcome."""


class FrozenPass(Strict):
    """Images that a net sees in one pass."""

    source: Paragraph
    count: Annotated[int, Field(ge=1)]
    images_sha256: Sha256 | None = None
    """Over the pixels in order. None for a whole part of a data set, which its manifest pins."""


class FrozenSelection(Strict):
    """Which images of a pass play a part, as hash and number: the rule is code, the hash says it has not changed."""

    passed: Line
    count: Annotated[int, Field(ge=1)]
    order_sha256: Sha256
    """`benchmark.submitted.order_sha256` of the ids, for submitted files."""


class DetectionSplit(Strict):
    """A `splits/*.json` of this protocol."""

    images: Images
    """The in-distribution test part."""
    passes: dict[Line, FrozenPass]
    unpinned: dict[Line, Line] = {}
    """Sets of a draft that are not pinned, `near/<set>` or `far/<set>`, with what they are."""
    selections: dict[Line, FrozenSelection]
    """By role: `fit`, `val`, `test`, `val/<set>`, `near/<set>`, `far/<set>`; with hold-outs `<pair>:<role>`."""


@dataclass(frozen=True, eq=False)
class Selection:
    """Some images of a pass.

    positions: int64 (N,), in the pass. ids: int64 (N,), by which submitted files name them. labels: int64 (N,),
    classes in the order of the logits, -1 out of distribution. units: uint32 (N,), numbers of the base images, of
    scored images only: one image that several replicates are scored on has one number.
    """

    passed: str
    positions: np.ndarray
    ids: np.ndarray
    labels: np.ndarray
    units: np.ndarray = field(default_factory=lambda: np.empty(0, np.uint32))

    def __len__(self) -> int:
        return len(self.positions)


@dataclass(frozen=True, eq=False)
class View:
    """What one net is shown, and as what: a net trained without two classes has its own.

    unpinned: roles of sets that nothing is scored on yet; the mean of their group is missing.
    """

    fit: Selection
    in_validation: Selection
    out_validation: Mapping[str, Selection]
    inside: Selection
    outside: Mapping[str, Mapping[str, Selection]]
    """By group (near, far) and set."""
    unpinned: tuple[str, ...] = ()

    def roles(self) -> dict[str, Selection]:
        """All selections by the name of their role."""
        outside = {f"{group}/{name}": chosen for group, sets in self.outside.items() for name, chosen in sets.items()}
        validation = {f"val/{name}": chosen for name, chosen in self.out_validation.items()}
        return {"fit": self.fit, "val": self.in_validation, "test": self.inside, **validation, **outside}


class OpenDetection(abc.ABC):
    """An open split: images by pass, and views of them by replicate."""

    def __init__(self, entry: TaskEntry, settings: DetectionSettings, dataset: Dataset) -> None:
        self.entry, self.settings, self.dataset = entry, settings, dataset
        self._images: dict[str, np.ndarray] = {}
        self._views: dict[str | None, View] = {}

    @cached_property
    def frozen(self) -> DetectionSplit:
        """The frozen split; MettleError where the task has none."""
        return frozen_split(self.entry)

    @abc.abstractmethod
    def sources(self) -> dict[str, str]:
        """In one sentence, what each pass shows, by its name."""

    @abc.abstractmethod
    def load(self, name: str) -> np.ndarray:
        """The images of a pass, uint8 (N, H, W, C). Raises MettleError where they are not on this machine."""

    @abc.abstractmethod
    def make_view(self, replicate: str | None) -> View:
        """The view of a replicate. Raises MettleError for one that the task does not have."""

    def whole_part(self, name: str) -> Dataset | None:
        """The part of a data set that a pass shows whole, pinned by its manifest; None for other passes."""
        return self.dataset if name == IMAGES else None

    def images(self, name: str) -> np.ndarray:
        """The images of a pass, uint8 (N, H, W, C), held against the frozen hash."""
        if name not in self._images:
            made = self.load(name)
            expected = self.frozen.passes[name].images_sha256
            if self.whole_part(name) is None and (found := values_sha256(made)) != expected:
                raise MettleError(
                    f"{self.entry.task.id} images {name}",
                    f"must have the frozen sha256 {expected}",
                    found,
                    "Report your platform and the versions printed by `mettle data status`.",
                )
            self._images[name] = made
        return self._images[name]

    def pixels_sha256(self, name: str) -> str:
        """The hash of the pixels that this machine shows in a pass."""
        whole, frozen = self.whole_part(name), self.frozen.passes[name].images_sha256
        pixels = whole.pixels_sha256 if whole is not None else frozen
        assert pixels is not None  # passes without a hash are not pinned, and not shown
        return pixels

    def view(self, replicate: str | None) -> View:
        """The view of a replicate, held against the frozen hashes."""
        if replicate not in self._views:
            view = self.make_view(replicate)
            for role, chosen in view.roles().items():
                self._check(role, self.frozen.selections.get(role_key(self.settings, replicate, role)), chosen)
            self._views[replicate] = view
        return self._views[replicate]

    def _check(self, role: str, expected: FrozenSelection | None, chosen: Selection) -> None:
        found = frozen_selection(chosen)
        if found != expected:
            raise MettleError(
                f"{self.entry.task.id} {role}",
                f"was frozen as {expected.count} images of {expected.passed}" if expected else "was not frozen",
                f"{found.count} images of {found.passed} in another order",
                "Restore tasks/ood and benchmark/data: git checkout -- tasks benchmark",
            )


def frozen_split(entry: TaskEntry) -> DetectionSplit:
    """The typed split of a task; MettleError where it has none or a bad one."""
    return parse(DetectionSplit, entry.split, f"{entry.task.id} split")


def frozen_selection(chosen: Selection) -> FrozenSelection:
    """What a split says of a selection."""
    return FrozenSelection(passed=chosen.passed, count=len(chosen), order_sha256=order_sha256(chosen.ids))


def role_key(settings: DetectionSettings, replicate: str | None, role: str) -> str:
    """The key of a role in the frozen split."""
    return f"{replicate}:{role}" if settings.hold_out else role
