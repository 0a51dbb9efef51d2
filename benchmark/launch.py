"""Runs the shard groups of jobs, here and in worker processes; what is finished stays finished."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.queues import SimpleQueue

from benchmark.errors import MettleError
from benchmark.score import Job, score_shards

Work = Sequence[tuple[Job, Sequence[str]]]
"""Shard groups with the job they belong to."""
WORTH_TAKING_TURNS = 0.9
"""Of the time without: each process has its own copy of the images in memory."""


def available_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_workers(trainings: int = 0) -> int:
    """One process per core, at most 8: small nets run faster on one thread each than on several together.

    trainings: how many equally long ones there are, if any. Where they do not come out even, processes that take turns
    on the cores may finish them sooner: three on two cores take one and a half trainings' time, two after two take two.
    """
    cores = max(1, min(8, available_cores()))

    def duration(processes: int) -> float:
        rounds, rest = divmod(trainings, processes)
        return rounds * processes / cores + (max(1.0, rest / cores) if rest else 0.0)

    best = min(range(cores, 2 * cores), key=duration)
    return best if duration(best) < WORTH_TAKING_TURNS * duration(cores) else cores


def run(work: Work, workers: int, on_part: Callable[[float], None]) -> None:
    """Score all groups with `workers` processes, this one included.

    on_part: called here with each newly done share of a shard. The first error of any worker stops the others and is
    raised here. After Ctrl-C the workers are stopped too.
    """
    if workers == 1 or len(work) < 2:
        for job, group in work:
            score_shards(job, group, on_part)
        return
    # Children are spawned: a forked child inherits torch's thread pool without its threads and can hang.
    context = multiprocessing.get_context("spawn")
    reports: SimpleQueue[float | None] = context.SimpleQueue()
    reader = threading.Thread(target=_relay, args=(reports, on_part), daemon=True)
    reader.start()
    # This process has the model and the images in memory already, so it is one of the workers.
    others = min(workers, len(work)) - 1
    pool = ProcessPoolExecutor(others, mp_context=context, initializer=_start_worker, initargs=(reports,))
    try:
        futures = [pool.submit(_score_group, job, list(group)) for job, group in work]
        _take_from_the_end(work, futures, reports.put)
        done, _ = wait([future for future in futures if not future.cancelled()], return_when=FIRST_EXCEPTION)
        _raise_first(done)
    except BrokenProcessPool:
        raise MettleError(
            work[0][0].task,
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
        reports.put(None)
        reader.join(timeout=5)


def _take_from_the_end(work: Work, futures: Sequence[Future[None]], on_part: Callable[[float], None]) -> None:
    """Score in this process what no other has begun, last groups first, until all are taken or one has failed."""
    for (job, group), future in reversed(list(zip(work, futures, strict=True))):
        _raise_first(futures)
        if future.cancel():
            score_shards(job, group, on_part)


def _raise_first(futures: Iterable[Future[None]]) -> None:
    for future in futures:
        if future.done() and not future.cancelled():
            future.result()


_reports: SimpleQueue[float | None] | None = None


def _start_worker(queue: SimpleQueue[float | None]) -> None:
    global _reports
    _reports = queue
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)  # a killed parent must not leave workers that go on computing


def _score_group(job: Job, group: list[str]) -> None:
    assert _reports is not None
    score_shards(job, group, _reports.put)


def _relay(queue: SimpleQueue[float | None], on_part: Callable[[float], None]) -> None:
    while (part := queue.get()) is not None:
        on_part(part)
