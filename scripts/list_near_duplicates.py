"""Lists the test images that training images nearly repeat.

python -m scripts.list_near_duplicates fashion-mnist
python -m scripts.list_near_duplicates cifar10        # needs labels/cifair/ in a folder of METTLE_MIRROR
python -m scripts.list_near_duplicates cifar10 --same # those that a training image is, but for a few levels

Fashion-MNIST: the cosine of mean-removed pixels, in place, with some training image is .99 or more. Below that a
near-duplicate cannot be told from another garment as simple. CIFAR-10: the pairs that ciFAIR's authors judged by eye
(Barz and Denzler 2020, "Do we train on test data? Purging CIFAR of near-duplicates").
The same: who brings such a training image in good faith brings the test image. ciFAIR did not look for mirrored ones.
Writes benchmark/contamination/lists/<data set>.json, or <data set>-same.json.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from rich.progress import track

from benchmark import data
from benchmark.contamination.bank import unit
from benchmark.contamination.near_duplicates import LISTS, NearDuplicates, same_path
from benchmark.contamination.nearly_equal import mean_squares
from benchmark.contamination.pictures import pictures
from benchmark.documents.store import write_atomically
from scripts.measure_contamination import known_duplicates

LOWEST_CORRELATION = 0.99
SPARED_WITHIN_LEVELS = 8.0
"""Wider than what makes a submitted image a copy: whoever compresses the training image again is spared as well."""
ROWS_AT_ONCE = 1000


def most_like(tests: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each test image the training image of the largest cosine of mean-removed pixels, and the cosine."""
    vectors = [pictures(images).reshape(len(images), -1) for images in (tests, train)]
    mine, theirs = (unit(stack - stack.mean(axis=1, keepdims=True)) for stack in vectors)
    rows, cosines = np.empty(len(mine), dtype=np.int64), np.empty(len(mine))
    for start in track(range(0, len(mine), ROWS_AT_ONCE), description="Comparing"):
        block = slice(start, start + ROWS_AT_ONCE)
        products = mine[block] @ theirs.T
        rows[block] = products.argmax(axis=1)
        cosines[block] = products.max(axis=1)
    return rows, cosines


def nearest(tests: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each test image the training image nearest to it, mirrored or not, and the distance.

    The distance is the root mean square of levels, 0 to 255. tests, train: uint8 (., H, W, C).
    """
    rows, distances = np.zeros(len(tests), dtype=np.int64), np.full(len(tests), np.inf)
    sides = [side.reshape(len(tests), -1).astype(np.float32) for side in (tests, tests[:, :, ::-1])]
    for start in track(range(0, len(train), ROWS_AT_ONCE), description="Comparing"):
        theirs = train[start : start + ROWS_AT_ONCE].reshape(-1, tests[0].size).astype(np.float32)
        for mine in sides:
            squares = mean_squares(mine, theirs)
            best = squares.argmin(axis=1)
            found = np.sqrt(np.maximum(squares[np.arange(len(mine)), best], 0))
            closer = found < distances
            rows[closer], distances[closer] = best[closer] + start, found[closer]
    return rows, distances


def same(dataset: str) -> NearDuplicates:
    """The pairs whose pixels are the same but for SPARED_WITHIN_LEVELS."""
    train, test = data.load(dataset, "train"), data.load(dataset, "test")
    rows, distances = nearest(test.images, train.images)
    listed = np.flatnonzero(distances <= SPARED_WITHIN_LEVELS)
    return NearDuplicates(
        dataset=dataset,
        rule=f"Test images from which a training image, mirrored or not, differs by at most {SPARED_WITHIN_LEVELS:.0f} "
        "levels of 255 (root mean square over pixels), and that training image.",
        test_ids=listed.tolist(),
        train_ids=rows[listed].tolist(),
    )


def fashion_mnist() -> NearDuplicates:
    """The pairs of Fashion-MNIST by correlation."""
    train, test = data.load("fashion-mnist", "train"), data.load("fashion-mnist", "test")
    rows, cosines = most_like(test.images, train.images)
    listed = np.flatnonzero(cosines >= LOWEST_CORRELATION)
    return NearDuplicates(
        dataset="fashion-mnist",
        rule=f"Test images whose mean-removed pixels have a cosine of {LOWEST_CORRELATION} or more with those of a "
        "training image, in place, and that training image.",
        test_ids=listed.tolist(),
        train_ids=rows[listed].tolist(),
    )


def cifar10() -> NearDuplicates:
    """The pairs of CIFAR-10 by ciFAIR; of several of one test image the first listed, which is the nearest."""
    pairs = known_duplicates("cifar10")
    test_ids, first = np.unique(pairs[:, 0], return_index=True)
    return NearDuplicates(
        dataset="cifar10",
        rule="Test images that ciFAIR (Barz and Denzler 2020) lists with a duplicate among the training images, and "
        "that training image.",
        test_ids=test_ids.tolist(),
        train_ids=pairs[first, 1].tolist(),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=["fashion-mnist", "cifar10"])
    parser.add_argument("--same", action="store_true", help="list those that differ by a few levels only")
    arguments = parser.parse_args()
    if arguments.same:
        found, path = same(arguments.dataset), same_path(arguments.dataset)
    else:
        found = {"fashion-mnist": fashion_mnist, "cifar10": cifar10}[arguments.dataset]()
        path = LISTS / f"{arguments.dataset}.json"
    write_atomically(path, (json.dumps(found.model_dump()) + "\n").encode())
    print(f"{len(found.test_ids)} test images of {found.dataset}: {found.rule}")


if __name__ == "__main__":
    main()
