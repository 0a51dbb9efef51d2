"""Scoring from cached cells against bare forward passes of the same net over the same images, in one run.

python -m scripts.bench.scoring_overhead submissions/resnet20-akamaster corruption/cifar10-mc

Prints the seconds of generating the cells, of scoring them from the cache, and of the bare passes, and the overhead of
scoring in percent. Both sides run in this process on the same threads, interleaved; the best of the repeats counts.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress

from benchmark.check import check_submission
from benchmark.score import Job, open_job, score_shards
from tasks.corruption.settings import cell_names, settings_of


@torch.inference_mode()
def bare_passes(module: torch.nn.Module, cells: list[np.ndarray], batch_size: int) -> float:
    """Seconds of nothing but forward passes and the argmax."""
    start = time.perf_counter()
    for cell in cells:
        for first in range(0, len(cell), batch_size):
            batch = torch.from_numpy(np.array(cell[first : first + batch_size])).permute(0, 3, 1, 2)
            module(batch.float().contiguous() / 255).argmax(dim=1)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("submission", type=Path)
    parser.add_argument("task")
    parser.add_argument("--corruptions", nargs="+", default=["gaussian_noise", "fog"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    checked = check_submission(arguments.submission, arguments.task)
    entry = checked.entries[0]
    task = f"{entry.task.task.id}.v{entry.task.task.version}"
    best = {"scored": np.inf, "bare": np.inf}
    with tempfile.TemporaryDirectory() as folder, Progress() as progress:
        bar = progress.add_task("Measuring", total=arguments.repeats + 1)
        for repeat in range(arguments.repeats):
            job = Job(
                task,
                entry.pieces[0].artifact,
                entry.pieces[0].file,
                threads=arguments.threads,
                shards_dir=Path(folder) / str(repeat),
            )
            opened = open_job(job)
            groups = [cell_names(settings_of(opened.task.entry), name) for name in arguments.corruptions]
            if repeat == 0:
                start = time.perf_counter()
                cells = [cell for group in groups for _, cell in opened.task.split.cells(group)]  # type: ignore[attr-defined]
                generation = time.perf_counter() - start
                bare_passes(opened.model.module, cells[:1], job.batch_size)
                progress.advance(bar)
            start = time.perf_counter()
            for group in groups:
                score_shards(job, group)
            best["scored"] = min(best["scored"], time.perf_counter() - start)
            best["bare"] = min(best["bare"], bare_passes(opened.model.module, cells, job.batch_size))
            progress.advance(bar)
    images = sum(map(len, cells))
    print(f"{checked.submission.name}, {len(cells)} cells, {images:,} images, {arguments.threads} threads")
    print(f"generation or cache  {generation:8.2f} s")
    print(f"bare forward passes  {best['bare']:8.2f} s")
    print(f"scoring from cache   {best['scored']:8.2f} s")
    print(f"overhead             {100 * (best['scored'] / best['bare'] - 1):8.1f} %")


if __name__ == "__main__":
    main()
