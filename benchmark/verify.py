"""A record against a fresh scoring of the same artifact on this machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmark import provenance
from benchmark.attesting import check_attestation
from benchmark.check import CheckedSubmission, Entry, Piece, check_submission
from benchmark.documents import Attestation, Record, read_record, read_submission
from benchmark.documents.store import read_outcomes, write_attestation
from benchmark.effort import Effort
from benchmark.errors import MettleError
from benchmark.evaluation import Options, Progress, check_device, score_entry
from benchmark.paths import ROOT
from benchmark.task_registry import TASKS_DIR

SHOWN_DIFFERENCES = 10


@dataclass(frozen=True)
class Verdict:
    """Whether the results are equal, and what to tell about it."""

    record: Record
    submissions: Path
    equal: bool
    lines: list[str] = field(default_factory=list)

    def attest(self, by: str, kind: str, salt: str = "") -> Path:
        """Write an attestation of this agreement beside the record, if one may be written; returns its path."""
        check_attestation(self.record, self.submissions, kind, salt)
        attestation = Attestation(
            schema_version=1,
            kind="measured" if kind == "measured" else "reproduced",
            record=self.record.id,
            by=by,
            date=datetime.now(UTC).date().isoformat(),
            machine=provenance.machine(),
            revision=provenance.revision(),
        )
        return write_attestation(self.submissions, self.record.result.submission, attestation)


def verify_record(
    path: Path,
    workers: int | None,
    batch_size: int,
    device: str,
    progress: Progress,
    tasks_dir: Path = TASKS_DIR,
    submissions: Path = ROOT / "submissions",
) -> Verdict:
    """Score the submission of the record at `path` again, from the first cell, and compare.

    A local record lies beside a copy of its submission without the files; these are looked for in `submissions`.
    Nets are trained with the seeds in the record, so nobody needs the salt they were drawn from.
    Raises MettleError where this machine has no such device, the record, its outcomes or its submission cannot be read,
    or the task has changed.
    """
    check_device(device)
    record = read_record(path.resolve())
    read_outcomes(path.resolve(), record)
    folder = path.resolve().parents[4]
    task = record.result.task
    checked = check_submission(_with_its_files(folder, submissions), f"{task.id}.v{task.version}", tasks_dir)
    entry = _as_recorded(path, record, checked)
    if entry.task.task.scoring_sha256 != task.sha256:
        raise MettleError(
            path, f"{task.id} version {task.version} is not what it was when this was scored", fix="See git."
        )
    seeds = tuple((artifact, tuple(given)) for artifact, given in record.result.training_seeds.items())
    effort = Effort(record.result.tier, seeds=seeds)
    options = Options(
        workers=workers, batch_size=batch_size, device=device, fresh=True, tasks_dir=tasks_dir, effort=effort
    )
    again, _ = score_entry(checked, entry, options, progress)
    if again.id == record.id:
        return Verdict(record, folder.parent, True, [f"Equal: {record.id}"])
    differences = list(_differences(record.result.model_dump(mode="json"), again.result.model_dump(mode="json")))
    lines = [f"Not equal: the record is {record.id[:12]}, this machine gives {again.id[:12]}"]
    lines += [f"  {key}: {was} in the record, {now} here" for key, was, now in differences[:SHOWN_DIFFERENCES]]
    if len(differences) > SHOWN_DIFFERENCES:
        lines.append(f"  and {len(differences) - SHOWN_DIFFERENCES} more")
    return Verdict(record, folder.parent, False, lines)


def _with_its_files(folder: Path, submissions: Path) -> Path:
    """The folder where a submission's files are: the record's own, or that of the same name in the repository."""
    paths = [artifact.path for artifact in read_submission(folder).artifacts if artifact.path is not None]
    whole = all((folder / path).is_file() for path in paths)
    return folder if whole or not (submissions / folder.name).is_dir() else submissions / folder.name


def _as_recorded(path: Path, record: Record, checked: CheckedSubmission) -> Entry:
    """The artifacts of the record, under the names they had then: a submission may have got more replicates since."""
    (entry,) = checked.entries
    pieces = {piece.artifact.sha256: piece for piece in entry.pieces}
    if missing := [artifact.sha256[:12] for artifact in record.result.artifacts if artifact.sha256 not in pieces]:
        rule = "its submission lists the artifacts of the record"
        raise MettleError(path, rule, f"not {', '.join(missing)}", "See its git history.")
    return Entry(
        entry.task,
        tuple(
            Piece(
                pieces[artifact.sha256].artifact.model_copy(update={"replicate": artifact.replicate}),
                pieces[artifact.sha256].file,
            )
            for artifact in record.result.artifacts
        ),
    )


def _differences(was: object, now: object, key: str = "") -> list[tuple[str, object, object]]:
    """(key, value, value) wherever two decoded documents differ."""
    if isinstance(was, dict) and isinstance(now, dict):
        keys = sorted(was | now)
        return [
            item for name in keys for item in _differences(was.get(name), now.get(name), f"{key}.{name}".lstrip("."))
        ]
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        pairs = enumerate(zip(was, now, strict=True))
        return [item for index, (a, b) in pairs for item in _differences(a, b, f"{key}[{index}]")]
    return [] if was == now else [(key, was, now)]
