"""Lists the test images that training images nearly repeat.

python -m scripts.list_near_duplicates fashion-mnist
python -m scripts.list_near_duplicates cifar10        # needs labels/cifair/ in a folder of METTLE_MIRROR

Fashion-MNIST: the cosine of mean-removed pixels, in place, with some training image is .99 or more. Below that a
near-duplicate cannot be told from another garment as simple. CIFAR-10: the pairs that ciFAIR's authors judged by eye
(Barz and Denzler 2020, "Do we train on test data? Purging CIFAR of near-duplicates").
Writes benchmark/contamination/lists/<data set>.json.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from rich.progress import track

from benchmark import data
from benchmark.contamination.bank import unit
from benchmark.contamination.near_duplicates import LISTS, NearDuplicates
from benchmark.contamination.pictures import pictures
from benchmark.documents.store import write_atomically
from scripts.measure_contamination import known_duplicates

LOWEST_CORRELATION = 0.99
ROWS_AT_ONCE = 250


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
    found = {"fashion-mnist": fashion_mnist, "cifar10": cifar10}[parser.parse_args().dataset]()
    write_atomically(LISTS / f"{found.dataset}.json", (json.dumps(found.model_dump()) + "\n").encode())
    print(f"{len(found.test_ids)} test images of {found.dataset}: {found.rule}")


if __name__ == "__main__":
    main()
