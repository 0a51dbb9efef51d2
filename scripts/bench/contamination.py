"""Time of the search for moved copies, beside an exhaustive comparison of all pixels under the same moves.

python -m scripts.bench.contamination [--images 64] [--dataset fashion-mnist]

The exhaustive peer undoes every move of the fine grid on every submitted image at full resolution and takes the largest
mean-removed cosine with any test image: the same single-precision matrix product, without projection, coarse grid and
alignment. The submitted images are test images, turned and shifted by less than a step of the grid. Time does not
include making the test images ready, which is printed apart; both run on as many threads as numpy is given.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from benchmark import data
from benchmark.contamination.bank import FINE_MOVES, ROWS_AT_ONCE, unit
from benchmark.contamination.copies import PictureSearch
from benchmark.contamination.pictures import Pictures, pictures
from benchmark.contamination.similarity import undoing_matrix
from scripts.leak_transforms import moved


def exhaustive(submitted: Pictures, tests: Pictures) -> np.ndarray:
    """The test row of the largest mean-removed cosine over all fine moves: int64 (n,)."""
    height, width = tests.shape[1:]
    theirs = tests.reshape(len(tests), -1)
    across = np.ascontiguousarray(unit(theirs - theirs.mean(axis=1, keepdims=True)).T)
    vectors = submitted.reshape(len(submitted), -1)
    best = np.full((len(vectors), len(tests)), -1, np.float32)
    products = np.empty_like(best)
    for move in FINE_MOVES:
        undone = np.ascontiguousarray((undoing_matrix(move, height, width) @ vectors.T).T)
        np.matmul(unit(undone - undone.mean(axis=1, keepdims=True)), across, out=products)
        np.maximum(best, products, out=best)
    return best.argmax(axis=1)


def timed(label: str, seconds: float, images: int, right: float) -> None:
    """One row."""
    print(f"{label:<26} {1000 * seconds / images:8.1f} ms an image, right test image {right:.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--dataset", default="fashion-mnist")
    arguments = parser.parse_args()
    test_images = data.load(arguments.dataset, "test").images
    ids = np.random.default_rng(0).choice(len(test_images), arguments.images, replace=False)
    tests, submitted = pictures(test_images), pictures(moved(test_images[ids], 6.0, 1.04, 0.6, -1.3))
    start = time.perf_counter()
    search = PictureSearch(tests)
    ready = time.perf_counter() - start
    start = time.perf_counter()
    rows = [
        search.closest(submitted[first : first + ROWS_AT_ONCE]).test_rows
        for first in range(0, len(submitted), ROWS_AT_ONCE)
    ]
    ours = time.perf_counter() - start
    start = time.perf_counter()
    theirs = exhaustive(submitted, tests)
    peer = time.perf_counter() - start
    print(f"{arguments.dataset}: {len(ids)} images against {len(tests):,}; test images ready after {ready:.1f} s")
    timed("ours", ours, len(ids), float((np.concatenate(rows) == ids).mean()))
    timed(f"exhaustive, {len(FINE_MOVES)} moves", peer, len(ids), float((theirs == ids).mean()))
    print(f"ratio {peer / ours:.1f}")


if __name__ == "__main__":
    main()
