"""What the terminal shows: a task, the scores of a record, a bar while scoring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from benchmark.documents import Metric, Record, Score
from benchmark.errors import MettleError
from benchmark.submitted import order_sha256
from benchmark.task_registry import TaskEntry, find_task


def task_text(entry: TaskEntry) -> str:
    """A task as some lines of text."""
    task = entry.task
    lines = [
        f"{task.title}  ({task.id}, version {task.version}, {task.tier}, {task.state})",
        "",
        task.summary,
        *([f"\n{task.not_comparable}"] if task.not_comparable else []),
        "",
        f"Images      {task.data.dataset} {task.data.part}, {task.data.image_size} px, {task.data.channels} channel(s)",
        f"Classes     {', '.join(task.data.classes)}",
        f"Takes       {', '.join(task.artifacts)}",
        *_file_lines(entry),
        f"Ranked by   {task.primary.title}: {task.primary.description}",
        f"Also shown  {', '.join(metric.title for metric in task.also)}",
        f"Card        {entry.folder / 'README.md'}",
    ]
    return "\n".join(lines)


def _file_lines(entry: TaskEntry) -> Iterator[str]:
    """What a file of predictions or scores holds for this task, and the hashes its order may be given as."""
    kinds = {"predictions": "predicted", "ood-scores": "scores"}
    keys = [name for kind, name in kinds.items() if kind in entry.task.artifacts]
    if not keys or entry.task.data.split is None:
        return
    protocol = entry.protocol()
    try:
        sets = protocol.submitted_sets(entry, protocol.open_split(entry))
    except MettleError as error:
        yield f"Files       (the image sets cannot be listed: {error})"
        return
    for name, ids in sets.items():
        arrays = " or ".join(f"{key}.{name}" for key in keys)
        yield f"Files       {arrays}: {len(ids):,} images; ids.{name}, or order.{name} = {order_sha256(ids)}"


def score_lines(record: Record, tasks_dir: Path) -> Iterator[str]:
    """The scores of a record, primary first, with their intervals, its flags, and what the run notes."""
    found = record.result.task
    task = find_task(f"{found.id}.v{found.version}", tasks_dir).task
    tier = "" if record.result.tier == "standard" else f", {record.result.tier} tier, never ranked"
    yield f"{record.result.submission} on {task.id} (version {task.version}){tier}"
    for metric in (task.primary, *task.also):
        if (score := record.result.scores.get(metric.name)) is not None:
            yield f"  {metric.title:32} {score_text(score, metric)}"
        elif metric is task.primary:
            yield f"  {metric.title:32} missing"
    for flag in record.result.flags:
        yield f"  FLAG {flag.name}: {flag.evidence}"
    yield from (f"  {note}" for note in record.run.notes)  # where a score is missing, one of them says why


def score_text(score: Score, metric: Metric) -> str:
    """A score in the unit it is shown in, with its interval."""
    factor = 100 if metric.unit in ("share", "points") else 1
    sign = {"share": " %", "percent": " %", "points": " points"}.get(metric.unit, "")
    text = f"{score.value * factor:.2f}{sign}"
    if score.lower is not None and score.upper is not None:
        text += f"  [{score.lower * factor:.2f}, {score.upper * factor:.2f}]"
    return text


class ScoringBar:
    """A `Progress` callback that draws one bar per submission and task."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console)
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> ScoringBar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, what: str, finished: float, total: int) -> None:
        if what not in self._bars:
            self._bars[what] = self._progress.add_task(what, total=total)
        # Shares of shards are summed in floating point, and the bar cuts off what is behind the point.
        self._progress.update(self._bars[what], completed=round(finished, 6), total=total)
