"""KNN and Mahalanobis scores against scikit-learn's brute force: time ratio and peak memory, in one run.

python -m scripts.bench.detectors [--train 50000 --queries 20000 --dimensions 512 --classes 10]

Each of the four runs in a process of its own, one after the other, on the same made features (a mixture of Gaussians
behind a ReLU, in float32), so that the peaks do not mix. The parent compares the scores. Set OMP_NUM_THREADS.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np

from benchmark.detectors import DETECTORS, Fit

K = 50
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Problem:
    train: np.ndarray
    labels: np.ndarray
    queries: np.ndarray
    classes: int


def problem(arguments: argparse.Namespace) -> Problem:
    """Features of training images with their classes, and queries of which half come from no class."""
    rng = np.random.Generator(np.random.PCG64(0))
    centres = rng.standard_normal((arguments.classes, arguments.dimensions), dtype=np.float32)

    def features(labels: np.ndarray) -> np.ndarray:
        noise = rng.standard_normal((len(labels), arguments.dimensions), dtype=np.float32)
        return np.maximum(1.5 * centres[labels] + noise, 0)

    labels = rng.integers(0, arguments.classes, arguments.train)
    inside = features(rng.integers(0, arguments.classes, arguments.queries // 2))
    shape = (arguments.queries - len(inside), arguments.dimensions)
    outside = np.maximum(1.5 * rng.standard_normal(shape, dtype=np.float32), 0)
    return Problem(features(labels), labels, np.concatenate([inside, outside]), arguments.classes)


def ours(name: str) -> Callable[[Problem], np.ndarray]:
    def scores(made: Problem) -> np.ndarray:
        logits = np.zeros((len(made.train), made.classes))
        fitted = DETECTORS[name].fit(Fit(logits, made.train, made.labels), {"k": K} if name == "knn" else {})
        return fitted.score(np.zeros((len(made.queries), made.classes)), made.queries)

    return scores


def sklearn_knn(made: Problem) -> np.ndarray:
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import normalize

    found = NearestNeighbors(n_neighbors=K, algorithm="brute").fit(normalize(made.train.astype(np.float64)))
    return found.kneighbors(normalize(made.queries.astype(np.float64)))[0][:, -1]


def sklearn_mahalanobis(made: Problem) -> np.ndarray:
    from sklearn.covariance import EmpiricalCovariance

    train = made.train.astype(np.float64)
    means = np.array([train[made.labels == kind].mean(axis=0) for kind in range(made.classes)])
    covariance = EmpiricalCovariance(assume_centered=True).fit(train - means[made.labels])
    nearest = np.full(len(made.queries), np.inf)
    for mean in means:
        covariance.location_ = mean
        nearest = np.minimum(nearest, covariance.mahalanobis(made.queries))
    return nearest


def child(run: Callable[[Problem], np.ndarray], arguments: argparse.Namespace, pipe: Connection) -> None:
    """Sends seconds, peak memory in MB (interpreter, inputs and all) and the scores."""
    made = problem(arguments)
    start = time.perf_counter()
    scores = run(made)
    seconds = time.perf_counter() - start
    unit = 1024**2 if sys.platform == "darwin" else 1024
    pipe.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, scores))


def measured(run: Callable[[Problem], np.ndarray], arguments: argparse.Namespace) -> tuple[float, float, np.ndarray]:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("fork")
    process = context.Process(target=child, args=(run, arguments, sender))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    finally:
        process.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=int, default=50_000)
    parser.add_argument("--queries", type=int, default=20_000)
    parser.add_argument("--dimensions", type=int, default=512)
    parser.add_argument("--classes", type=int, default=10)
    arguments = parser.parse_args()
    for name, peer in (("knn", sklearn_knn), ("mahalanobis", sklearn_mahalanobis)):
        seconds, megabytes, scores = measured(ours(name), arguments)
        print(f"{name}: {seconds:.1f} s, peak {megabytes:.0f} MB", flush=True)
        peer_seconds, peer_megabytes, peer_scores = measured(peer, arguments)
        difference = float(np.abs(scores - peer_scores).max() / np.abs(peer_scores).max())
        print(f"  scikit-learn: {peer_seconds:.1f} s, peak {peer_megabytes:.0f} MB", flush=True)
        print(f"  time ratio {peer_seconds / seconds:.1f}, largest relative difference {difference:.1e}", flush=True)
        if difference > TOLERANCE:
            raise SystemExit(f"{name}: scores differ by more than {TOLERANCE:g}")


if __name__ == "__main__":
    main()
