"""Writes the leak gaps of our own baselines into tasks/curation/leak_limits.json, from their committed records.

python -m scripts.learn_leak_limits

The limit of a data set follows from the gaps of all of them on its tasks; see tasks/curation/leak_limits.py.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmark.documents import read_submission
from benchmark.documents.store import standing_records, write_atomically
from benchmark.paths import ROOT
from tasks.curation.leak_limits import FILE, LeakLimits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    limits = learnt(ROOT / "submissions")
    write_atomically(ROOT / "tasks" / "curation" / FILE, f"{limits.model_dump_json(indent=1)}\n".encode())
    for task, gaps in limits.honest_gaps.items():
        print(f"{task}: {len(gaps)} baselines")


def learnt(submissions: Path) -> LeakLimits:
    """The gaps of baselines' newest standing records on curation tasks, by task version and submission."""
    found: dict[str, dict[str, float]] = {}
    for path, record in standing_records(submissions):
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
