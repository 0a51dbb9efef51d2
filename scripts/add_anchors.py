"""Sets standing records of distillation against the anchors of their tasks, without training their nets again.

python -m scripts.add_anchors [fashion-mnist-ipc10 ...]

For records of one set that are older than an anchor of their task: each gets a successor that scoring its nets today
would give, with lift and recovery, the outcomes it had, what was attested of it, and a statement of what it supersedes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from benchmark.documents import Attestation, Record
from benchmark.documents.store import (
    find_attestations,
    read_outcomes,
    standing_records,
    write_attestation,
    write_record,
)
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.task_registry import TASKS_DIR, find_task
from tasks.distillation.anchored_records import with_anchors

BY = "Mettle maintainers"
REASON = "The same nets, set against anchors that were trained after them."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", help="names without the family; all unless given")
    wanted = {f"distillation/{name}" for name in parser.parse_args().tasks}
    try:
        for task in sorted(wanted):
            find_task(task)  # a misspelt one is named before anything is written
        for path in add_anchors(ROOT / "submissions", TASKS_DIR, wanted, datetime.now(UTC).date()):
            print(path)
    except MettleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def add_anchors(submissions: Path, tasks_dir: Path, tasks: set[str], today: date) -> list[Path]:
    """Write a successor for each standing record that anchors change, of these tasks or of all; gives their paths."""
    said = [statement for _, statement in find_attestations(submissions)]
    written = []
    for path, record in standing_records(submissions):
        task = record.result.task
        if not task.id.startswith("distillation/") or (tasks and task.id not in tasks) or record.result.replicates:
            continue
        outcomes = read_outcomes(path, record)
        anchored = with_anchors(find_task(f"{task.id}.v{task.version}", tasks_dir), record, outcomes, today)
        if anchored.id != record.id:
            written.append(write_record(submissions, anchored, outcomes))
            for statement in _statements(anchored, record, said, today):
                write_attestation(submissions, anchored.result.submission, statement)
    return written


def _statements(newer: Record, older: Record, said: Sequence[Attestation], today: date) -> Iterator[Attestation]:
    """That the newer record supersedes the older one; who measured or reproduced one has done so with the other."""
    own = {"record": newer.id, "date": today.isoformat(), "reason": REASON}
    for statement in said:
        if statement.record == older.id and statement.kind in ("measured", "reproduced"):
            yield statement.model_copy(update=own)
    # Last: until then the older record stands, and a run that was stopped in between does the rest when repeated.
    replaces = {"schema_version": 1, "kind": "supersedes", "by": BY, "supersedes": older.id}
    yield Attestation.model_validate(own | replaces)


if __name__ == "__main__":
    sys.exit(main())
