"""Standard evaluation of distilled sets against the plain loop of the literature, in one run.

python -m scripts.bench.distillation_evaluation [--epochs 100] [--images-per-class 1 10] [--nets 3] [--busy]

Plain: eager, torch's own layers and default threads, whole batches, one net after another. Ours: one single-threaded
process a net, batches in parts that stay in the processor's cache, the ConvNet's quick way. Both train the same nets
on the same random real images by the ranked plan, cut to `--epochs`, and test them on the 10,000 test images; prints
seconds, accuracies and the ratio.
--busy keeps one other process computing, as on a machine that others use too.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import numpy as np
import torch
from torch.nn import functional

from benchmark import data
from benchmark.dataset_protocol import as_net
from benchmark.launch import default_workers
from benchmark.models.architectures import build
from benchmark.models.architectures.convnet import ConvNet
from benchmark.selection.random_choice import balanced_random_choice
from benchmark.task_registry import find_task
from benchmark.training.augmentations import Batch
from benchmark.training.plan import TrainingPlan
from benchmark.training.trainer import train
from benchmark.training.training_set import TrainingSet, labelled
from tasks.distillation.settings import judging_plan, settings_of

PLAIN_TEST_BATCH = 256


def shortened(task: str, epochs: int) -> TrainingPlan:
    """The ranked plan of a task with fewer epochs, the rate dropping after the same share of them."""
    settings = settings_of(find_task(task))
    plan = judging_plan(settings, settings.architecture)
    assert plan.schedule.drop_after_epochs is not None
    assert plan.epochs is not None
    drop = round(epochs * plan.schedule.drop_after_epochs / plan.epochs)
    return plan.model_copy(
        update={"epochs": epochs, "schedule": plan.schedule.model_copy(update={"drop_after_epochs": drop})}
    )


def random_set(images_per_class: int) -> TrainingSet:
    part = data.load("fashion-mnist", "train", progress=False)
    chosen = balanced_random_choice(part.labels, 10 * images_per_class, 1)
    return labelled(part.images[chosen], part.labels[chosen], 10)


def plain_accuracy(plan: TrainingPlan, examples: TrainingSet, seed: int) -> float:
    """One net by the plain loop."""
    torch.manual_seed(seed)
    net = build(plan.architecture, num_classes=10, in_channels=1, image_size=28)
    assert isinstance(net, ConvNet)
    mean, std = torch.tensor(plan.mean), torch.tensor(plan.std)
    images = (torch.from_numpy(examples.images).permute(0, 3, 1, 2).float() / 255 - mean) / std
    labels = torch.from_numpy(examples.targets).argmax(1)
    generator = torch.Generator().manual_seed(seed)
    rate = plan.optimizer.learning_rate
    for epoch in range(plan.epochs or 0):
        if epoch in (0, plan.schedule.drop_after_epochs):
            rate *= 0.1 if epoch else 1.0
            optimizer = torch.optim.SGD(net.parameters(), rate, plan.optimizer.momentum, weight_decay=5e-4)
        for chosen in torch.randperm(len(images), generator=generator).split(plan.batch_size):
            batch = plan.augmentations[0].apply(Batch(images[chosen], functional.one_hot(labels[chosen])), generator)
            optimizer.zero_grad()
            functional.cross_entropy(layer_by_layer(net, batch.images), labels[chosen]).backward()
            optimizer.step()
    return plain_test(net, mean, std)


def layer_by_layer(net: ConvNet, images: torch.Tensor) -> torch.Tensor:
    """The logits by torch's own layers, without the quick way of `ConvNet`."""
    return net.classifier(net.features(images).flatten(1))


@torch.no_grad()
def plain_test(net: ConvNet, mean: torch.Tensor, std: torch.Tensor) -> float:
    test = data.load("fashion-mnist", "test", progress=False)
    right = 0
    for start in range(0, len(test), PLAIN_TEST_BATCH):
        images = torch.from_numpy(test.images[start : start + PLAIN_TEST_BATCH]).permute(0, 3, 1, 2).float() / 255
        labels = torch.from_numpy(test.labels[start : start + PLAIN_TEST_BATCH])
        right += int((layer_by_layer(net, (images - mean) / std).argmax(1) == labels).sum())
    return right / len(test)


def our_accuracy(task: str, epochs: int, images_per_class: int, seed: int) -> float:
    """One net as `mettle score` trains and judges it."""
    torch.set_num_threads(1)
    plan = shortened(task, epochs)
    trained = train(plan, random_set(images_per_class), seed=seed, show_progress=False)
    test = data.load("fashion-mnist", "test", progress=False)
    predicted = as_net(find_task(task), plan, trained.module).decide(test.images, "test images").predicted
    return float(np.mean(predicted == test.labels))


@contextmanager
def other_work(busy: bool) -> Iterator[None]:
    """A process that does nothing but compute, as long as the block runs."""
    process = multiprocessing.get_context("spawn").Process(target=_compute, daemon=True) if busy else None
    if process:
        process.start()
    try:
        yield
    finally:
        if process:
            process.terminate()


def _compute() -> None:
    torch.set_num_threads(1)
    square = torch.rand(1000, 1000)
    while True:
        square @ square


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--images-per-class", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--nets", type=int, default=3)
    parser.add_argument("--busy", action="store_true")
    arguments = parser.parse_args()
    data.load("fashion-mnist", "test")
    workers = default_workers(arguments.nets)
    print(f"{arguments.nets} nets, {arguments.epochs} epochs, {os.cpu_count()} cores, {workers} workers")
    totals = np.zeros(2)
    for images_per_class in arguments.images_per_class:
        task = f"distillation/fashion-mnist-ipc{images_per_class}"
        examples, plan = random_set(images_per_class), shortened(task, arguments.epochs)
        seeds = range(1, arguments.nets + 1)
        with other_work(arguments.busy):
            start = time.perf_counter()
            plain = [plain_accuracy(plan, examples, seed) for seed in seeds]
            plain_s = time.perf_counter() - start
        with (
            other_work(arguments.busy),
            ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool,
        ):
            start = time.perf_counter()  # starting the processes counts
            jobs = [pool.submit(our_accuracy, task, arguments.epochs, images_per_class, seed) for seed in seeds]
            ours = [job.result() for job in jobs]
            ours_s = time.perf_counter() - start
        totals += (plain_s, ours_s)
        print(
            f"{images_per_class:3} a class: plain {plain_s:6.1f} s, accuracy {np.mean(plain):.4f}; "
            f"ours {ours_s:6.1f} s, accuracy {np.mean(ours):.4f}; {plain_s / ours_s:.2f} times faster",
            flush=True,
        )
    print(f"together: {totals[0] / totals[1]:.2f} times faster")


if __name__ == "__main__":
    main()
