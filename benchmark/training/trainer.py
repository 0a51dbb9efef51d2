"""The trainer: images, labels and a recipe in, the last epoch's weights out; the same ones every time."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn
from torch.nn import functional

from benchmark.errors import MettleError
from benchmark.models.architectures import build
from benchmark.training.augmentations import Batch
from benchmark.training.checkpoint import load_progress, save_progress
from benchmark.training.luma import fold_luma, luma_of
from benchmark.training.outliers import OutlierSource
from benchmark.training.recipe import Recipe, Replicate


@dataclass(frozen=True)
class TrainedNet:
    """module: in eval() mode, without normalization. loss: mean over the last epoch's training batches."""

    module: nn.Module
    loss: float
    resumed_after_epoch: int | None


def train(
    recipe: Recipe,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    num_classes: int,
    seed: int,
    groups: np.ndarray | None = None,
    progress_file: Path | None = None,
    show_progress: bool = True,
) -> TrainedNet:
    """The net that the recipe gives on these examples with this seed.

    images: uint8 (N, H, W, C). labels: int64 (N,). groups: int64 (N,), which group-balanced sampling needs. With a
    `progress_file`, state is saved after each epoch and a later call goes on from there; it must be the file of this
    recipe, replicate and data (see `identity`). Epoch e draws from a generator keyed by (seed, e), so an interrupted
    training ends with the same weights. Raises MettleError when the loss is no longer finite.
    """
    if recipe.sampling == "group_balanced" and groups is None:
        raise ValueError("group-balanced sampling needs the groups of the images")
    # A grey image has two equal layouts; only an explicit copy gets the one that keeps instance norm fast.
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).clone(memory_format=torch.contiguous_format)
    if recipe.luma_only:
        pixels = luma_of(pixels)
    source = OutlierSource(recipe.outliers.kinds, images, labels) if recipe.outliers else None
    targets = functional.one_hot(torch.from_numpy(labels), num_classes).float()
    mean = torch.tensor(recipe.mean).view(1, -1, 1, 1)
    std = torch.tensor(recipe.std).view(1, -1, 1, 1)
    layout = torch.channels_last if recipe.channels_last else torch.contiguous_format
    steps_per_epoch = max(len(pixels) // recipe.batch_size, 1)
    steps = steps_per_epoch * recipe.epochs
    with _threads(recipe.threads), _progress_bar(show_progress) as bar:
        net = _initial_net(recipe, pixels, mean, std, num_classes, seed).to(memory_format=layout)
        optimizer = _optimizer(recipe, net)
        first_epoch, loss = 0, float("nan")
        if progress_file is not None and (saved := load_progress(progress_file)):
            net.load_state_dict(saved["net"])
            optimizer.load_state_dict(saved["optimizer"])
            first_epoch, loss = saved["epochs"], saved["loss"]
        net.train()
        shown = bar.add_task("", total=steps)
        for epoch in range(first_epoch, recipe.epochs):
            losses = []
            generator = torch.Generator().manual_seed(int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0]))
            order = _order(len(pixels), groups if recipe.sampling == "group_balanced" else None, generator)
            batches = _batches(recipe, pixels[order], targets[order], generator)
            for step, batch in enumerate(batches, epoch * steps_per_epoch):
                for group in optimizer.param_groups:
                    group["lr"] = recipe.optimizer.learning_rate * recipe.schedule.factor(step, steps)
                seen = batch.images
                if source:
                    seen = torch.cat([seen, source.draw(len(seen), generator)])
                normalized = ((seen - mean) / std).contiguous(memory_format=layout)
                losses.append(_step(recipe, net, optimizer, normalized, batch.targets))
                bar.update(shown, completed=step + 1, description=f"{recipe.architecture} {epoch + 1}/{recipe.epochs}")
            loss = float(torch.stack(losses).mean())
            if not math.isfinite(loss):
                raise MettleError(
                    f"training of {recipe.architecture}", "the loss must stay finite", f"{loss} in epoch {epoch + 1}",
                    "Lower the learning rate.",
                )  # fmt: skip
            if progress_file is not None:
                state = {"net": net.state_dict(), "optimizer": optimizer.state_dict()}
                save_progress(progress_file, state | {"epochs": epoch + 1, "loss": loss})
        if recipe.luma_only:
            fold_luma(net)
    return TrainedNet(net.eval(), loss, first_epoch or None)


def identity(recipe: Recipe, replicate: Replicate, pixels_sha256: str) -> str:
    """A hex name (16 digits) of one training; it changes with the recipe, the replicate, the pixels and torch."""
    parts = [recipe.settings(), replicate.seed, sorted(replicate.held_out), pixels_sha256, torch.__version__]
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _initial_net(
    recipe: Recipe, pixels: torch.Tensor, mean: torch.Tensor, std: torch.Tensor, num_classes: int, seed: int
) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = build(
            recipe.architecture,
            num_classes=num_classes,
            in_channels=pixels.shape[1],
            image_size=pixels.shape[2],
        )
    if callable(initialise := getattr(net, "initialise", None)):
        initialise((pixels[:5000].float() / 255 - mean) / std)
    return net


def _optimizer(recipe: Recipe, net: nn.Module) -> torch.optim.SGD:
    return torch.optim.SGD(
        [parameter for parameter in net.parameters() if parameter.requires_grad],
        lr=recipe.optimizer.learning_rate,
        momentum=recipe.optimizer.momentum,
        weight_decay=recipe.optimizer.weight_decay,
        nesterov=recipe.optimizer.nesterov,
    )


def _step(
    recipe: Recipe, net: nn.Module, optimizer: torch.optim.SGD, normalized: torch.Tensor, targets: torch.Tensor
) -> torch.Tensor:
    """One update; gives the batch's mean loss before it. Images beyond the targets are outliers."""
    with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bfloat16"):
        logits = net(normalized)
    logits, of_outliers = logits.float().split([len(targets), len(normalized) - len(targets)])
    loss = recipe.loss.of(logits, targets, recipe.label_smoothing)
    if recipe.outliers:
        loss = loss + recipe.outliers.loss(of_outliers)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


def _order(count: int, groups: np.ndarray | None, generator: torch.Generator) -> torch.Tensor:
    """The examples of an epoch, int64 (count,): a permutation, or draws that reach each of the groups equally often."""
    if groups is None:
        return torch.randperm(count, generator=generator)
    chances = torch.from_numpy(1 / np.bincount(groups)[groups])
    return torch.multinomial(chances, count, replacement=True, generator=generator)


def _batches(
    recipe: Recipe, pixels: torch.Tensor, targets: torch.Tensor, generator: torch.Generator
) -> Iterator[Batch]:
    """The augmented batches of examples in their order; those left over by the batch size are left out."""
    size = min(recipe.batch_size, len(pixels))
    for start in range(0, len(pixels) - size + 1, size):
        batch = Batch(pixels[start : start + size].float() / 255, targets[start : start + size])
        for augmentation in recipe.augmentations:
            batch = augmentation.apply(batch, generator)
        yield batch


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _progress_bar(shown: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), disable=not shown
    )
