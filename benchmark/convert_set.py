"""`mettle convert --kind distilled`: a published set becomes a file of this suite, and what that costs is measured."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.dataset_protocol import DatasetProtocol, as_net
from benchmark.documents import Artifact, file_sha256
from benchmark.effort import Effort
from benchmark.errors import MettleError
from benchmark.submitted_sets.conversion import (
    Conversion,
    check_target,
    numbers_in,
    read_for_conversion,
    write_conversion,
)
from benchmark.submitted_sets.published_layouts import read_scalar
from benchmark.task_registry import TaskEntry, find_task
from benchmark.training.trainer import train
from benchmark.training.training_set import TrainingSet

UNMEASURED = "accuracy: not measured; --measure TASK trains nets on the set before and after"


@dataclass(frozen=True)
class ConversionAccuracy:
    """Test accuracy, in [0, 1], of nets trained on a set before and after its conversion; equal seeds in order."""

    task: str
    before: np.ndarray
    after: np.ndarray

    def __str__(self) -> str:
        def shown(accuracies: np.ndarray) -> str:
            return f"{accuracies.mean():.2%} ({', '.join(f'{one:.2%}' for one in accuracies)})"

        return (
            f"accuracy on {self.task}, quick plan, {len(self.before)} nets: "
            f"before {shown(self.before)}, after {shown(self.after)}"
        )


def convert_set(
    source: Path,
    target: Path,
    *,
    mean: str,
    std: str,
    labels_file: Path | None = None,
    learning_rate: str = "",
    which: int | None = None,
    logits: bool = False,
    whitened_with: str | None = None,
    measure_on: str | None = None,
    tasks_dir: Path,
) -> Iterator[str]:
    """Converts a published set and says what was done, line by line, the file last.

    mean, std: numbers with commas between. learning_rate: a number, or a file that holds one. measure_on: a task whose
    quick plan trains nets on the set before and after; without one a line says that nothing was measured. Raises
    MettleError as `read_for_conversion` does, for a task that trains nothing, and before any work where `target` cannot
    be written.
    """
    check_target(target)
    entry = None if measure_on is None else _trainable(measure_on, tasks_dir)
    conversion = read_for_conversion(
        source,
        mean=numbers_in("--mean", mean),
        std=numbers_in("--std", std),
        labels_file=labels_file,
        which=which,
        learning_rate=_rate(learning_rate),
        logits=logits,
        whitened_with=whitened_with,
    )
    yield from conversion.lines()
    measured = ""
    if entry is not None:
        measured = str(measure_conversion(conversion, entry))
        yield measured
    else:
        yield UNMEASURED
    yield from write_conversion(conversion, target, measured)


def measure_conversion(conversion: Conversion, entry: TaskEntry, *, show_progress: bool = True) -> ConversionAccuracy:
    """Trains the nets of a task's quick plan on both versions of a set, with equal seeds, and tests them.

    Raises MettleError for a set that does not fit the task.
    """
    protocol = entry.protocol()
    assert isinstance(protocol, DatasetProtocol)
    effort = Effort(tier="quick")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "set.safetensors"
        write_conversion(conversion, file)
        artifact = Artifact(kind="distilled", path=file.name, sha256=file_sha256(file))
        split = protocol.open_split(entry)
        submitted = protocol.open_set(entry, split, artifact, file)
    name, planned = next(iter(protocol.plans(entry, artifact, effort.tier).items()))
    plan = submitted.adapted(planned.plan)
    before = TrainingSet(conversion.before, conversion.targets(len(entry.task.data.classes)))

    def accuracy(examples: TrainingSet, run: int) -> float:
        net = train(plan, examples, seed=effort.seed(artifact.sha256, run), show_progress=show_progress).module
        decided = as_net(entry, plan, net).decide(split.images, f"{entry.task.id} test images")
        return float((decided.predicted == split.labels).mean())

    pairs = [(accuracy(before, run), accuracy(submitted.training_set(name), run)) for run in range(planned.runs)]
    return ConversionAccuracy(entry.task.id, *np.array(pairs).T)


def _trainable(task_id: str, tasks_dir: Path) -> TaskEntry:
    entry = find_task(task_id, tasks_dir)
    if "distilled" not in entry.task.artifacts or entry.task.state == "draft":
        raise MettleError("--measure", "it is an active task for distilled sets", task_id, "`mettle tasks` lists them.")
    return entry


def _rate(text: str) -> float | None:
    if not text:
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = read_scalar(Path(text))
    if not 0 < rate < np.inf:
        raise MettleError("--learning-rate", "it is above 0", rate)
    return rate
