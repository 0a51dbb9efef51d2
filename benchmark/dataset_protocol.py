"""Protocols that train nets on a submitted set and score those nets: distillation and curation."""

from __future__ import annotations

import abc
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmark.documents import Artifact
from benchmark.effort import Effort
from benchmark.errors import MettleError
from benchmark.models.net import Net
from benchmark.models.normalized import Normalized
from benchmark.protocol import Protocol
from benchmark.replicates import flags_of_all, mean_scores, notes_of_all
from benchmark.scored import Arrays, OutcomeArray, Scored
from benchmark.task_registry import TaskEntry
from benchmark.training.plan import TrainingPlan
from benchmark.training.thread_limits import threads
from benchmark.training.trainer import TRAINER_FORMAT, train
from benchmark.training.training_set import TrainingSet

INSPECTION = "inspect/"
EARLY_PERCENT = (10, 30)
"""Nets are looked at after these percentages of the steps, too."""
JUDGING_BATCH = 50


@dataclass(frozen=True)
class PlannedRuns:
    """A plan of a task, and how many nets are trained by it, each from a seed of its own."""

    plan: TrainingPlan
    runs: int


class SubmittedSet(typing.Protocol):
    """A submitted set that was read and found valid."""

    def training_set(self, plan: str) -> TrainingSet:
        """What the nets of a plan, by its name, are trained on."""

    def adapted(self, plan: TrainingPlan) -> TrainingPlan:
        """The plan with what the set may choose itself, for instance its learning rate."""


@dataclass(frozen=True)
class OpenSet:
    """A submitted set on one task, as a worker process needs it."""

    submitted: typing.Any
    """A `SubmittedSet`."""
    artifact: Artifact
    effort: Effort
    progress_file: Callable[[str], Path]
    """Where the training of a shard keeps its state until it is finished."""
    on_share: Callable[[float], None] = lambda _: None
    """Told how far, from 0 to 1, the training of a shard has got."""


class DatasetProtocol(Protocol):
    """Its shards are trainings, `<plan>/seed <s>`, and inspections of the submitted arrays, `inspect/<name>`.

    A training's shard holds what `judge` says of the finished net, what `glance` said on the way (its arrays with
    `@10` and `@30` behind their names), and `train_loss`.
    """

    judging_batch = JUDGING_BATCH
    training_threads = 1

    @abc.abstractmethod
    def open_set(self, entry: TaskEntry, split: typing.Any, artifact: Artifact, file: Path) -> SubmittedSet:
        """Read and check a submitted file; MettleError in one line for a bad one, before any training."""

    def check_file(self, entry: TaskEntry, artifact: Artifact, file: Path) -> None:
        self.open_set(entry, self.open_split(entry), artifact, file)

    @abc.abstractmethod
    def plans(self, entry: TaskEntry, artifact: Artifact, tier: str) -> Mapping[str, PlannedRuns]:
        """What is trained, by name."""

    @abc.abstractmethod
    def judge(self, entry: TaskEntry, split: typing.Any, plan: str, run: int, net: Net) -> Arrays:
        """What a finished net says; run: which net of its plan, from 0."""

    def glance(self, entry: TaskEntry, split: typing.Any, plan: str, run: int, net: Net) -> Arrays:
        """What a net says on the way; nothing unless a family wants to know."""
        return {}

    def adapted(self, opened: OpenSet, name: str, plan: TrainingPlan) -> TrainingPlan:
        """A plan, by its name, with what the set may choose itself."""
        return opened.submitted.adapted(plan)

    def finished(self, opened: OpenSet, name: str, module: nn.Module) -> nn.Module:
        """A net of a plan as one of normalized test images; the net itself unless its training saw other ones."""
        return module

    def judged_by(self, entry: TaskEntry, split: typing.Any) -> Mapping[str, typing.Any]:
        """What decides the outcome of `judge` and `glance` besides the net: hashes of images, settings.

        This default ties it to the task's whole definition; a family that names less keeps its trainings when other
        settings change.
        """
        return {"task": entry.task.scoring_sha256, "pixels": split.dataset.pixels_sha256}

    def inspections(self, entry: TaskEntry, artifact: Artifact) -> Sequence[str]:
        """Names of work on the submitted arrays that is worth keeping."""
        return []

    def inspect(self, entry: TaskEntry, split: typing.Any, submitted: typing.Any, name: str) -> Arrays:
        """The outcome of one inspection."""
        raise MettleError(entry.task.id, f"its protocol {entry.task.protocol} inspects nothing", name)

    def shard_groups(self, entry: TaskEntry) -> list[list[str]]:
        raise TypeError("the shards of a data set depend on the artifact; ask groups_for")

    def groups_for(self, entry: TaskEntry, artifact: Artifact, effort: Effort) -> list[list[str]]:
        """Every training and inspection is a group of its own, in the order of the plans."""
        trainings = [
            [f"{name}/seed {effort.seed(artifact.sha256, run)}"]
            for name, planned in self.plans(entry, artifact, effort.tier).items()
            for run in range(planned.runs)
        ]
        return trainings + [[INSPECTION + name] for name in self.inspections(entry, artifact)]

    def training_seeds(self, entry: TaskEntry, artifact: Artifact, effort: Effort) -> list[int]:
        """Plans share them: the n-th net of every plan has the n-th seed."""
        runs = max(planned.runs for planned in self.plans(entry, artifact, effort.tier).values())
        return [effort.seed(artifact.sha256, run) for run in range(runs)]

    def identity_for(
        self, entry: TaskEntry, split: typing.Any, artifact: Artifact, effort: Effort, shard: str
    ) -> dict[str, typing.Any]:
        if shard.startswith(INSPECTION):
            return {"inspection": shard, **self.judged_by(entry, split)}
        name, run = self._training(entry, artifact, effort, shard)
        plan = self._plan(entry, artifact, effort, name)
        return {
            "training": plan.model_dump(mode="json", exclude_defaults=True),
            "trainer": TRAINER_FORMAT,
            "plan": name,
            "run": run,
            "seed": effort.seed(artifact.sha256, run),
            "torch": torch.__version__.split("+")[0],
            **self.judged_by(entry, split),
        }

    def score_shards(
        self, entry: TaskEntry, split: typing.Any, net: typing.Any, shards: Sequence[str]
    ) -> Iterator[tuple[str, Arrays]]:
        """Trains or inspects; net: an `OpenSet`."""
        opened: OpenSet = net
        for shard in shards:
            progress_file = opened.progress_file(shard)
            with threads(self.training_threads):  # on a busy machine one judges up to twenty times as fast as two
                if shard.startswith(INSPECTION):
                    found = self.inspect(entry, split, opened.submitted, shard.removeprefix(INSPECTION))
                else:
                    found = self._trained(entry, split, opened, shard, progress_file)
            yield shard, found
            progress_file.unlink(missing_ok=True)  # the shard is kept by now

    def merge(self, entry: TaskEntry, split: typing.Any, scored: Mapping[str, Scored]) -> Scored:
        """Several sets of one method: mean scores, and each set as one run.

        The nets of a set share its luck, so they are no independent runs of the method: a set counts by its mean.
        """
        sets = list(scored.values())
        primary = [one.outcomes["primary"] for one in sets]
        totals = np.array([one.array.sum(dtype=np.int64) for one in primary])
        runs = OutcomeArray(totals, primary[0].scale * len(primary[0].array), primary[0].stored)
        return Scored(
            scores=mean_scores(sets, bare_are_counts=True),
            cells={_of_set(cell, name): numbers for name, one in scored.items() for cell, numbers in one.cells.items()},
            outcomes={"primary": runs},
            flags=flags_of_all(scored),
            notes=notes_of_all(sets),
        )

    def _training(self, entry: TaskEntry, artifact: Artifact, effort: Effort, shard: str) -> tuple[str, int]:
        name, _, seed = shard.partition("/seed ")
        for run, own in enumerate(self.training_seeds(entry, artifact, effort)):
            if str(own) == seed:
                return name, run
        raise MettleError(entry.task.id, f"the nets of {name} have other seeds", shard)

    def _plan(self, entry: TaskEntry, artifact: Artifact, effort: Effort, name: str) -> TrainingPlan:
        plan = self.plans(entry, artifact, effort.tier)[name].plan
        return plan.model_copy(update={"precision": "bfloat16"}) if effort.tier == "fast" else plan

    def _trained(self, entry: TaskEntry, split: typing.Any, opened: OpenSet, shard: str, progress_file: Path) -> Arrays:
        name, run = self._training(entry, opened.artifact, opened.effort, shard)
        plan = self.adapted(opened, name, self._plan(entry, opened.artifact, opened.effort, name))

        def glance(module: nn.Module) -> Arrays:
            return self.glance(entry, split, name, run, as_net(entry, plan, self.finished(opened, name, module)))

        trained = train(
            plan,
            opened.submitted.training_set(name),
            seed=opened.effort.seed(opened.artifact.sha256, run),
            progress_file=progress_file,
            show_progress=False,
            on_share=opened.on_share,
            snapshots={percent / 100: glance for percent in EARLY_PERCENT},
        )
        net = as_net(entry, plan, self.finished(opened, name, trained.module))
        judged = self.judge(entry, split, name, run, net)
        early = {
            f"{kept}@{round(share * 100)}": array
            for share, look in trained.snapshots.items()
            for kept, array in look.items()
        }
        return {**judged, **early, "train_loss": np.array([trained.loss])}


def _of_set(cell: str, name: str) -> str:
    """The cell of one of several sets; what kind of cell it is stays in front: `copy:set 2, 17`."""
    kind, colon, own = cell.partition(":")
    return f"{kind}:{name}, {own}" if colon else f"{name}/{cell}"


def as_net(entry: TaskEntry, plan: TrainingPlan, module: nn.Module) -> Net:
    """A net in training as protocols use it: from images in [0, 1]."""
    data = entry.task.data
    normalized = Normalized(module, mean=plan.mean, std=plan.std, in_channels=data.channels)
    return Net(normalized.eval(), data.channels, data.image_size, JUDGING_BATCH)
