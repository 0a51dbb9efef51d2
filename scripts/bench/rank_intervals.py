"""Time and memory of the rank intervals that a page needs, and a comparison with plain loops over pairs and draws.

Run: python scripts/bench/rank_intervals.py [--rows 200 --images 10000 --resamples 1000 --repeats 3]
The loops take the definition literally at a smaller size, on the same draws; the results must be equal.
"""

from __future__ import annotations

import argparse
import itertools
import math
import resource
import sys
import time
from collections.abc import Callable

import numpy as np

from benchmark.statistics import conservative_rank_intervals, rank_intervals
from benchmark.statistics.resampling import image_counts

SMALL = {"rows": 30, "images": 2000, "resamples": 500}


def answers(rows: int, images: int, seed: int = 0) -> np.ndarray:
    """Right-or-wrong answers of nets that share the difficulty of images: bool (rows, images)."""
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(1.5, 1.2, images)
    return np.array([difficulty + rng.normal(0, 0.7, images) + a > 0 for a in np.linspace(0, 1, rows)])


def best_of(repeats: int, call: Callable[[], object]) -> tuple[float, object]:
    """Shortest wall time in seconds, and the last result."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - start)
    return min(times), result


def plain_loops(scores: np.ndarray, resamples: int) -> list[tuple[int, int]]:
    """Simultaneous 95 % rank intervals, one pair and one draw at a time."""
    rows, images = scores.shape
    pairs = list(itertools.combinations(range(rows), 2))
    scale = {(i, j): math.sqrt(sum((int(a) - int(b)) ** 2 for a, b in zip(scores[i], scores[j], strict=True)))
             for i, j in pairs}  # fmt: skip
    total = [int(row.sum()) for row in scores]
    largest = []
    for counts in itertools.chain.from_iterable(image_counts(images, resamples, 0)):
        drawn = [int((counts * row).sum()) for row in scores]
        largest.append(max(abs(drawn[i] - drawn[j] - total[i] + total[j]) / scale[i, j] for i, j in pairs))
    critical = sorted(largest)[math.ceil((resamples + 1) * 0.95) - 1]
    better, worse = [0] * rows, [0] * rows
    for i, j in pairs:
        if abs(total[i] - total[j]) > critical * scale[i, j]:
            ahead, behind = (i, j) if total[i] > total[j] else (j, i)
            better[behind] += 1
            worse[ahead] += 1
    return [(1 + better[i], rows - worse[i]) for i in range(rows)]


def main() -> None:
    """Print both comparisons; exit with 1 when the loops disagree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()

    small = answers(SMALL["rows"], SMALL["images"])
    ours_s, ours = best_of(options.repeats, lambda: rank_intervals(small, resamples=SMALL["resamples"]))
    loops_s, loops = best_of(1, lambda: plain_loops(small, SMALL["resamples"]))
    equal = loops == list(zip(ours.lower.tolist(), ours.upper.tolist(), strict=True))
    print("{rows} rows x {images} images x {resamples} resamples:".format(**SMALL))
    verdict = "equal" if equal else "DIFFER"
    print(f"  plain loops {loops_s:8.3f} s")
    print(f"  ours        {ours_s:8.3f} s   {loops_s / ours_s:.0f} times faster, intervals {verdict}")

    large = answers(options.rows, options.images)
    cells = (large + np.random.default_rng(1).integers(0, 150, large.shape)) / 150
    print(f"{options.rows} rows x {options.images} images x {options.resamples} resamples:")
    for name, scores in (("right or wrong", large), ("means over 150 cells", cells)):
        seconds, result = best_of(options.repeats, lambda s=scores: rank_intervals(s, resamples=options.resamples))
        closed_s, _ = best_of(options.repeats, lambda s=scores: conservative_rank_intervals(s))
        print(
            f"  {name:<22} {seconds:6.2f} s (critical value {result.critical_value:.2f}), closed form {closed_s:.2f} s"
        )
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    sys.exit(not equal)


if __name__ == "__main__":
    main()
