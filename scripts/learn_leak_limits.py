"""Writes the leak gaps of our own baselines into tasks/curation/leak_limits.json, from their committed records.

python -m scripts.learn_leak_limits

The limit of a data set follows from the gaps of all of them on its tasks; see tasks/curation/leak_limits.py.
"""

from __future__ import annotations

from pathlib import Path

from benchmark.documents import Record, read_submission
from benchmark.documents.store import find_attestations, find_records, write_atomically
from benchmark.paths import ROOT
from tasks.curation.leak_limits import FILE, LeakLimits


def main() -> None:
    limits = learnt(ROOT / "submissions")
    write_atomically(ROOT / "tasks" / "curation" / FILE, f"{limits.model_dump_json(indent=1)}\n".encode())
    for task, gaps in limits.honest_gaps.items():
        print(f"{task}: {len(gaps)} baselines")


def standing(submissions: Path) -> list[tuple[Path, Record]]:
    """Records of the standard tier that nothing voids, withdraws or supersedes, with their files, the oldest first."""
    gone = {
        statement.supersedes if statement.kind == "supersedes" else statement.record
        for _, statement in find_attestations(submissions)
        if statement.kind in ("supersedes", "void", "withdrawn")
    }
    found = [item for item in find_records(submissions) if item[1].id not in gone]
    return sorted((item for item in found if item[1].result.tier == "standard"), key=lambda item: item[1].run.started)


def learnt(submissions: Path) -> LeakLimits:
    """The gaps of baselines' newest standing records on curation tasks, by task version and submission."""
    found: dict[str, dict[str, float]] = {}
    for path, record in standing(submissions):
        result = record.result
        if not result.task.id.startswith("curation/") or "leak_gap" not in result.scores:
            continue
        if read_submission(submissions / path.relative_to(submissions).parts[0]).baseline:
            name = f"{result.task.id}.v{result.task.version}"
            found.setdefault(name, {})[result.submission] = result.scores["leak_gap"].value
    return LeakLimits(
        schema_version=1, honest_gaps={name: dict(sorted(gaps.items())) for name, gaps in sorted(found.items())}
    )


if __name__ == "__main__":
    main()
