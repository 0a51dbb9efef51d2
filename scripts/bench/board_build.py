"""Time and memory of building the site from many records, and where the time goes.

    python scripts/bench/board_build.py [--records 1000] [--images 10000]

The records are synthetic but real files: submissions, outcomes, attestations, written through the engine's own store.
"""

from __future__ import annotations

import argparse
import gzip
import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmark.paths import ROOT

sys.path.insert(0, str(ROOT / "tests" / "leaderboard"))

from synthetic import many, write_task

from leaderboard.build import build
from leaderboard.collect import collect
from leaderboard.rows import tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--images", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), given.records, given.images)


def measure(folder: Path, records: int, images: int) -> None:
    roots, tasks_dir, reported = [folder / "submissions"], folder / "tasks", folder / "reported"
    task = write_task(tasks_dir)
    many(roots[0], task, records, images=images)
    started = time.perf_counter()
    collection = collect(roots, tasks_dir, reported)
    collected = time.perf_counter()
    tables(task, collection.entries[task.id, 1])
    ranked = time.perf_counter()
    summary = build(folder / "site", roots, tasks_dir, reported)
    built = time.perf_counter()
    page = (folder / "site" / "tasks" / "corruption" / "synthetic-mc.v1.html").read_bytes()
    whole = built - ranked
    reading, statistics = collected - started, ranked - collected
    print(f"{summary.records:,} records, {images:,} images each, {summary.files:,} files")
    print(f"build             {whole:7.1f} s")
    print(f"  reading, checks {reading:7.1f} s  ({reading / whole:.0%})")
    print(f"  statistics      {statistics:7.1f} s  ({statistics / whole:.0%})")
    print(f"  pages, writing  {whole - reading - statistics:7.1f} s")
    print(f"task page         {len(page) / 1e3:7.0f} kB, {len(gzip.compress(page)) / 1e3:.0f} kB gzipped")
    print(f"peak memory       {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:7.2f} GB")


if __name__ == "__main__":
    main()
