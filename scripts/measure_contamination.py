"""Measures what the search for copied test images finds, and how often it is wrong about honest images.

python -m scripts.measure_contamination                    # both data sets, one table each, writes the figures
python -m scripts.measure_contamination --table            # prints the committed figures
python -m scripts.measure_contamination --large            # times 60,000 training against 10,000 test images

Honest images are training images. On CIFAR-10 those that ciFAIR (Barz and Denzler 2020) lists as duplicates of a test
image are left out: to flag them is right; how many of them are found is printed apart, and so is the highest
correlation of an honest image that is not listed as a near duplicate (benchmark/contamination/lists). A threshold is
the lowest at which the upper end of the 95 % interval of the false-alarm rate is 1 % or less. "in place" is the plain
cosine of mean-removed pixels, with a threshold chosen in the same way.
Writes benchmark/contamination/figures/<data set>.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import time

import numpy as np
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from benchmark import data
from benchmark.contamination import Closest, closest_test_images
from benchmark.contamination.bank import unit
from benchmark.contamination.findings import DECIMALS
from benchmark.contamination.near_duplicates import LISTS, read_near_duplicates
from benchmark.contamination.pictures import pictures
from benchmark.documents.canonical import rounded
from benchmark.documents.measured.contamination_figures import FOLDER, Figures, Gate, read_figures
from benchmark.documents.store import write_atomically
from benchmark.paths import mirrors
from benchmark.statistics import wilson_interval
from scripts.leak_transforms import leaked

DATASETS = ("fashion-mnist", "cifar10")
SEED = 20261122
HIGHEST_RATE = 0.01
RULE = (
    "Honest images are training images drawn without replacement, leaked ones test images, both by the seed. On "
    "CIFAR-10 training images that ciFAIR lists as duplicates of a test image are not drawn as honest. A threshold is "
    "the lowest of three decimals at which the upper end of the 95 % Wilson interval of the false-alarm rate is 1 % or "
    "less."
)


def known_duplicates(dataset: str) -> np.ndarray:
    """Pairs of test and training image that ciFAIR lists: int64 (pairs, 2); none for other data sets."""
    if dataset != "cifar10":
        return np.empty((0, 2), dtype=np.int64)
    for folder in mirrors():
        path = folder / "labels" / "cifair" / "duplicates_cifar10.csv"
        if path.is_file():
            with path.open(newline="") as stream:
                return np.array([(int(row["TestID"]), int(row["TrainID"])) for row in csv.DictReader(stream)])
    raise SystemExit("labels/cifair/duplicates_cifar10.csv is needed in a folder of METTLE_MIRROR")


def lowest_threshold(correlations: np.ndarray) -> float:
    """The lowest threshold that keeps the false-alarm rate at or below `HIGHEST_RATE`; correlations of DECIMALS."""
    allowed = 0
    while wilson_interval(allowed + 1, len(correlations)).upper <= HIGHEST_RATE:
        allowed += 1
    if wilson_interval(allowed, len(correlations)).upper > HIGHEST_RATE:
        raise SystemExit(f"{len(correlations)} honest images are too few for a rate of {HIGHEST_RATE:.0%}")
    first_too_many = np.sort(correlations)[::-1][allowed]
    return min(1.0, round(first_too_many + 10**-DECIMALS, DECIMALS))


def in_place(images: np.ndarray, tests: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The test row of the largest plain cosine of mean-removed pixels, and that cosine."""
    vectors = [stack.reshape(len(stack), -1) for stack in (pictures(images), pictures(tests))]
    mine, theirs = (unit(stack - stack.mean(axis=1, keepdims=True)) for stack in vectors)
    best = [(block @ theirs.T) for block in np.array_split(mine, max(1, len(mine) // 500))]
    rows = np.concatenate([block.argmax(axis=1) for block in best])
    return rows, np.round(np.concatenate([block.max(axis=1) for block in best]).astype(np.float64), DECIMALS)


def gate(honest: np.ndarray, found: dict[str, tuple[np.ndarray, np.ndarray]], ids: np.ndarray) -> Gate:
    """Its threshold from the honest correlations, and the share of each leak that it finds."""
    threshold = lowest_threshold(honest)
    shares = {
        name: float(((correlations >= threshold) & (rows == ids)).mean())
        for name, (rows, correlations) in found.items()
    }
    return Gate(threshold=threshold, false_alarms=int((honest >= threshold).sum()), found=shares)


def search(what: str, images: np.ndarray, tests: np.ndarray) -> Closest:
    """`closest_test_images` behind a progress bar, with correlations rounded as those of submitted images are."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeRemainingColumn(), transient=True) as bar:
        task = bar.add_task(what, total=len(images))
        found = closest_test_images(images, tests, progress=lambda done, _: bar.update(task, completed=done))
    return found._replace(correlations=np.round(found.correlations, DECIMALS))


def measure(dataset: str, honest_images: int, leaked_images: int) -> None:
    """Print the table of one data set and write its figures."""
    train, test = data.load(dataset, "train").images, data.load(dataset, "test").images
    rng = np.random.default_rng(SEED)
    duplicates = known_duplicates(dataset)
    honest_ids = rng.choice(np.setdiff1d(np.arange(len(train)), duplicates[:, 1]), honest_images, replace=False)
    honest = train[honest_ids]
    ids = rng.choice(len(test), leaked_images, replace=False)
    leaks = dict(leaked(test[ids], SEED))
    # One search for all: making the bank of test images ready takes as long as hundreds of searches.
    start = time.process_time()
    everything = np.concatenate([honest, *leaks.values(), train[duplicates[:, 1]]])
    closest = search(dataset, everything, test)
    seconds = time.process_time() - start
    places = [
        slice(honest_images + n * leaked_images, honest_images + (n + 1) * leaked_images) for n in range(len(leaks))
    ]
    found = {
        name: (closest.test_rows[rows], closest.correlations[rows]) for name, rows in zip(leaks, places, strict=True)
    }
    aligned = gate(closest.correlations[:honest_images], found, ids)
    plain = gate(in_place(honest, test)[1], {name: in_place(images, test) for name, images in leaks.items()}, ids)
    figures = Figures(
        dataset=dataset,
        rule=RULE,
        seed=SEED,
        honest_images=honest_images,
        leaked_images=leaked_images,
        aligned=aligned,
        in_place=plain,
    )
    write_atomically(
        FOLDER / f"{dataset}.json",
        (json.dumps(rounded(figures.model_dump()), indent=1, ensure_ascii=False) + "\n").encode(),
    )
    report(figures)
    listed = read_near_duplicates(LISTS / f"{dataset}.json").train_ids
    unlisted = np.flatnonzero(~np.isin(honest_ids, listed))
    nearest = unlisted[closest.correlations[unlisted].argmax()]
    print(
        f"highest correlation of an honest image that is not listed as a near duplicate: "
        f"{closest.correlations[nearest]:.3f}, training image {honest_ids[nearest]}, test image "
        f"{closest.test_rows[nearest]}"
    )
    if len(duplicates):
        last = slice(len(everything) - len(duplicates), None)
        caught = closest.correlations[last] >= aligned.threshold
        right = caught & (closest.test_rows[last] == duplicates[:, 0])
        print(f"ciFAIR's {len(duplicates)} pairs: {caught.sum()} flagged, {right.sum()} with the listed test image")
    print(
        f"{len(everything):,} images in {seconds:.0f} CPU-s; at this rate 60,000 in "
        f"{60_000 * seconds / len(everything):.0f} s"
    )


def report(figures: Figures) -> None:
    """One table: what is found by both gates."""
    print(f"\n{figures.dataset}: {figures.honest_images:,} honest images, {figures.leaked_images} leaked ones a row")
    print("| test image, leaked | found | found in place |\n|---|---|---|")
    for name, share in figures.aligned.found.items():
        print(f"| {name} | {share:.1%} | {figures.in_place.found[name]:.1%} |")
    gates = (figures.aligned, figures.in_place)
    print("| threshold | " + " | ".join(f"{gate.threshold:.3f}" for gate in gates) + " |")
    print("| false alarms | " + " | ".join(f"{gate.false_alarms / figures.honest_images:.2%}" for gate in gates) + " |")


def time_large(dataset: str) -> None:
    """Time every training image against every test image."""
    train, test = data.load(dataset, "train").images, data.load(dataset, "test").images
    wall, cpu = time.perf_counter(), time.process_time()
    search(dataset, train, test)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{dataset}: {len(train):,} x {len(test):,} in {wall:.0f} s ({cpu:.0f} CPU-s), peak memory {peak_mb:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", choices=DATASETS, action="append", help="this one only")
    parser.add_argument("--honest", type=int, default=4000)
    parser.add_argument("--leaked", type=int, default=500)
    parser.add_argument("--table", action="store_true", help="print the committed figures, measure nothing")
    parser.add_argument("--large", action="store_true", help="time every training against every test image")
    arguments = parser.parse_args()
    for dataset in arguments.dataset or DATASETS:
        if arguments.table:
            report(read_figures(dataset))
        elif arguments.large:
            time_large(dataset)
        else:
            measure(dataset, arguments.honest, arguments.leaked)


if __name__ == "__main__":
    main()
