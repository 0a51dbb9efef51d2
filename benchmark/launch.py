"""Runs the shard groups of a job, here or in worker processes; what is finished stays finished."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.queues import SimpleQueue

from benchmark.errors import MettleError
from benchmark.score import Job, score_shards

POLL_SECONDS = 0.25


def available_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_workers() -> int:
    """One process per core, at most 8: small nets run faster on one thread each than on several together."""
    return max(1, min(8, available_cores()))


def run(job: Job, groups: Sequence[Sequence[str]], workers: int, on_shard: Callable[[str], None]) -> None:
    """Score all groups with `workers` processes; `on_shard` is called in this process as shards finish.

    The first error of any worker stops the others and is raised here. After Ctrl-C the workers are stopped too.
    """
    if workers == 1:
        for group in groups:
            score_shards(job, group, on_shard)
        return
    # Children are spawned: a forked child inherits torch's thread pool without its threads and can hang.
    context = multiprocessing.get_context("spawn")
    finished: SimpleQueue[str | None] = context.SimpleQueue()
    reader = threading.Thread(target=_relay, args=(finished, on_shard), daemon=True)
    reader.start()
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker, initargs=(finished,))
    try:
        futures = [pool.submit(_score_group, job, list(group)) for group in groups]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
    except BrokenProcessPool:
        raise MettleError(
            job.task,
            "a worker process died",
            "a killed process",
            "Out of memory? Try --workers 1; finished cells are kept.",
        ) from None
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()  # shards are written atomically, so nothing finished is lost
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    else:
        pool.shutdown(wait=True)
        finished.put(None)
        reader.join(timeout=5)


_finished: SimpleQueue[str | None] | None = None


def _start_worker(queue: SimpleQueue[str | None]) -> None:
    global _finished
    _finished = queue
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)  # a killed parent must not leave workers that go on computing


def _score_group(job: Job, group: list[str]) -> None:
    assert _finished is not None
    score_shards(job, group, _finished.put)


def _relay(queue: SimpleQueue[str | None], on_shard: Callable[[str], None]) -> None:
    while (shard := queue.get()) is not None:
        on_shard(shard)
