"""Time and memory of building the site from many records, and where the time goes.

    python -m scripts.bench.board_build [--records 1000] [--tasks 5] [--images 10000]

So many submissions, each with a record on every task. The records are synthetic but real files: submissions, outcomes,
attestations, written through the engine's own store. More than 1,000 rows of a task take the conservative intervals.
Processor seconds stand beside wall seconds, which say little on a busy machine.
"""

from __future__ import annotations

import argparse
import gzip
import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmark.documents import Task
from benchmark.paths import ROOT

sys.path.insert(0, str(ROOT / "tests" / "leaderboard"))

from synthetic import many, write_task

from leaderboard.build import build
from leaderboard.collect import collect
from leaderboard.rows import tables
from leaderboard.site import processors


class Stopwatch:
    """Wall and processor seconds since the last look, those of finished child processes included."""

    def __init__(self) -> None:
        self.last = self._now()

    @staticmethod
    def _now() -> tuple[float, float]:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return time.perf_counter(), sum(each.ru_utime + each.ru_stime for each in used)

    def lap(self) -> tuple[float, float]:
        now, before = self._now(), self.last
        self.last = now
        return now[0] - before[0], now[1] - before[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1000, help="of each task")
    parser.add_argument("--tasks", type=int, default=5)
    parser.add_argument("--images", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), given.records, given.tasks, given.images)


def measure(folder: Path, records: int, task_count: int, images: int) -> None:
    roots, tasks_dir, reported = [folder / "submissions"], folder / "tasks", folder / "reported"
    made: list[Task] = [write_task(tasks_dir, f"corruption/synthetic-{index}") for index in range(task_count)]
    for task in made:
        many(roots[0], task, records, images=images)
    watch = Stopwatch()
    summary = build(folder / "site", roots, tasks_dir, reported)
    whole = watch.lap()
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    page = (folder / "site" / "tasks" / "corruption" / "synthetic-0.v1.html").read_bytes()
    watch.lap()
    collection = collect(roots, tasks_dir, reported)
    reading = watch.lap()
    (table, *_) = tables(made[0], collection.entries[made[0].id, 1])
    statistics = watch.lap()
    method = table.ranking.method if table.ranking else "no"
    print(f"{summary.records:,} records, {images:,} images each, {summary.files:,} files, {processors()} processors")
    print("                              wall s   processor s")
    print(f"build                       {whole[0]:8.1f} {whole[1]:10.1f}")
    print(f"  reading, checks           {reading[0]:8.1f} {reading[1]:10.1f}")
    print(f"  statistics of one task    {statistics[0]:8.1f} {statistics[1]:10.1f}   {method}")
    print(f"task page         {len(page) / 1e3:7.0f} kB, {len(gzip.compress(page)) / 1e3:.0f} kB gzipped")
    print(f"peak memory of a process {peak / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
