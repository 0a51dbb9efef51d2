"""`mettle convert --kind distilled`: a published set becomes a file of this suite, and what that costs is measured."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    read_for_conversion,
    write_conversion,
)
from benchmark.submitted_sets.normalization import numbers_in
from benchmark.submitted_sets.published_layouts import read_scalar
from benchmark.task_registry import TaskEntry, all_tasks, find_task
from benchmark.training.trainer import train
from benchmark.training.training_set import TrainingSet

UNMEASURED = "accuracy: not measured: "


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
    measure: bool = True,
    measure_on: str = "",
    tasks_dir: Path,
) -> Iterator[str]:
    """Converts a published set and says what was done, line by line, the file last.

    mean, std: numbers with commas between. learning_rate: a number, or a file that holds one. measure: train nets on
    the set before and after, by the quick plan of measure_on, or else of the smallest active task that takes the set; a
    line says why where nothing is measured. The file is there before they train, and an interrupt leaves it. Raises
    MettleError as `read_for_conversion` does, for a named task that trains nothing or does not take the set, and before
    any work where `target` cannot be written.
    """
    check_target(target)
    named = _trainable(measure_on, tasks_dir) if measure_on else None
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
    with _converted(conversion) as (file, artifact):
        if named is not None:
            _protocol(named).check_file(named, artifact, file)
        entry = (named or _smallest_that_takes(artifact, file, conversion, tasks_dir)) if measure else None
    written, measured = write_conversion(conversion, target), ""
    if entry is None:
        yield UNMEASURED + ("no active task whose data is here takes the set" if measure else "--no-measure")
    else:
        yield f"training nets on both versions by the quick plan of {entry.task.id}; --no-measure leaves this out"
        try:
            measured = str(measure_conversion(conversion, entry))
            yield measured
        except MettleError as error:
            if named is not None:
                raise
            yield UNMEASURED + str(error)
        except KeyboardInterrupt:
            yield f"{UNMEASURED}interrupted. {target} is whole and can be submitted; remove it to measure it again"
            raise
    yield from write_conversion(conversion, target, measured) if measured else written


def measure_conversion(conversion: Conversion, entry: TaskEntry, *, show_progress: bool = True) -> ConversionAccuracy:
    """Trains the nets of a task's quick plan on both versions of a set, with equal seeds, and tests them.

    Raises MettleError for a set that does not fit the task.
    """
    protocol = _protocol(entry)
    effort = Effort(tier="quick")
    with _converted(conversion) as (file, artifact):
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


@contextmanager
def _converted(conversion: Conversion) -> Iterator[tuple[Path, Artifact]]:
    """The set as it will be submitted, in a file that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "set.safetensors"
        write_conversion(conversion, file)
        yield file, Artifact(kind="distilled", path=file.name, sha256=file_sha256(file))


def _smallest_that_takes(artifact: Artifact, file: Path, conversion: Conversion, tasks_dir: Path) -> TaskEntry | None:
    """The first active task, by its name, that takes the set: those of a data set ascend with their budget."""
    _, height, width, channels = conversion.before.shape
    for entry in all_tasks(tasks_dir):
        data = entry.task.data
        same_shape = (data.image_size, data.image_size, data.channels) == (height, width, channels)
        if same_shape and "distilled" in entry.task.artifacts and entry.task.state == "active":
            with suppress(MettleError):
                _protocol(entry).check_file(entry, artifact, file)
                return entry
    return None


def _protocol(entry: TaskEntry) -> DatasetProtocol:
    protocol = entry.protocol()
    assert isinstance(protocol, DatasetProtocol)
    return protocol


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
        raise MettleError("--learning-rate", "it is above 0", rate, "Leave it out for that of the task.")
    return rate
