"""The trainer: a plan, examples and a seed in, the last step's weights out; the same ones every time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn

from benchmark.errors import MettleError
from benchmark.models.architectures import build
from benchmark.training.allocator import keep_freed_memory
from benchmark.training.augmentations import Batch
from benchmark.training.checkpoint import load_progress, save_progress
from benchmark.training.outliers import OutlierSource
from benchmark.training.plan import TrainingPlan
from benchmark.training.thread_limits import threads
from benchmark.training.training_set import TrainingSet, in_pixel_units

TRAINER_FORMAT = 2
"""Raised when other numbers come of the same plan and seed, so that older nets are not taken for the trainer's."""
SAVE_EVERY_S = 10.0
"""State is saved at the end of the first epoch after so long: small sets have a thousand epochs a minute. A stopped
training loses at most this much and one epoch, which on a whole training set takes far longer."""
TELL_EVERY_S = 1.0

Snapshot = Callable[[nn.Module], Mapping[str, np.ndarray]]
"""Looks at a net in eval mode, which takes normalized images, and keeps arrays."""


@dataclass(frozen=True)
class TrainedNet:
    """module: in eval() mode, without normalization. loss: mean over the last epoch's training batches.

    snapshots: what each looked-at share of the steps gave.
    """

    module: nn.Module
    loss: float
    resumed_after_epoch: int | None
    snapshots: dict[float, dict[str, np.ndarray]] = field(default_factory=dict)


def train(
    plan: TrainingPlan,
    examples: TrainingSet,
    *,
    seed: int,
    progress_file: Path | None = None,
    show_progress: bool = True,
    snapshots: Mapping[float, Snapshot] | None = None,
    on_share: Callable[[float], None] = lambda _: None,
) -> TrainedNet:
    """The net that the plan gives on these examples with this seed.

    With a `progress_file`, state is saved at the end of epochs, at most every SAVE_EVERY_S seconds, and a later call
    goes on from there; it must be the file of this plan, seed and data. Epoch e draws from a generator keyed by
    (seed, e), so an interrupted training ends with the same weights. snapshots: called as soon as that share of the
    steps, in (0, 1), is done. on_share: told at the end of epochs, at most every second, which share is done.
    Raises MettleError when the loss is no longer finite.
    """
    pixels, targets = examples.pixels(), torch.from_numpy(examples.targets)
    weights = None if examples.weights is None else torch.from_numpy(examples.weights)
    outliers = _outlier_source(plan, examples)
    mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (plan.mean, plan.std))
    layout = torch.channels_last if plan.channels_last else torch.contiguous_format
    per_epoch, steps = plan.batches_per_epoch(len(examples)), plan.total_steps(len(examples))
    looks = _looks(snapshots or {}, steps)
    keep_freed_memory()
    with threads(plan.threads), progress_bar(show_progress) as bar:
        net = _initial_net(plan, pixels, mean, std, examples.classes, seed).to(memory_format=layout)
        optimizer = _optimizer(plan, net)
        first_epoch, loss = 0, float("nan")
        seen: dict[float, dict[str, np.ndarray]] = {}
        if progress_file is not None and (saved := load_progress(progress_file)):
            net.load_state_dict(saved["net"])
            optimizer.load_state_dict(saved["optimizer"])
            first_epoch, loss = saved["epochs"], saved["loss"]
            seen = {share: {name: kept.numpy() for name, kept in look.items()} for share, look in saved["seen"].items()}
        net.train()
        shown = bar.add_task("", total=steps)
        last_save = last_told = time.monotonic()
        for epoch in range(first_epoch, math.ceil(steps / per_epoch)):
            if epoch == plan.schedule.drop_after_epochs:
                optimizer = _optimizer(plan, net)
            losses = []
            generator = torch.Generator().manual_seed(int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0]))
            order = _order(len(pixels), weights, generator)
            batches = _batches(plan, pixels[order], targets[order], generator)
            for step, batch in zip(
                range(epoch * per_epoch, min((epoch + 1) * per_epoch, steps)), batches, strict=False
            ):
                for group in optimizer.param_groups:
                    group["lr"] = plan.optimizer.learning_rate * plan.schedule.factor(step, steps, epoch)
                images = batch.images
                if outliers:
                    images = torch.cat([images, outliers.draw(len(images), generator)])
                normalized = _normalized(plan, (images - mean) / std, batch, generator).contiguous(memory_format=layout)
                wanted = batch.targets
                if examples.labeller:
                    wanted = examples.labeller(normalized[: len(wanted)] * std + mean)
                losses.append(_step(plan, net, optimizer, normalized, wanted))
                seen |= {share: _look(net, look) for share, look in looks.get(step + 1, {}).items()}
                bar.update(shown, completed=step + 1, description=f"{plan.architecture} epoch {epoch + 1}")
            loss = float(torch.stack(losses).mean())
            if not math.isfinite(loss):
                raise MettleError(
                    f"training of {plan.architecture}", "the loss must stay finite", f"{loss} in epoch {epoch + 1}",
                    "Lower the learning rate.",
                )  # fmt: skip
            if time.monotonic() - last_told >= TELL_EVERY_S:
                on_share((step + 1) / steps)
                last_told = time.monotonic()
            if progress_file is not None and time.monotonic() - last_save >= SAVE_EVERY_S:
                save_progress(progress_file, _state(net, optimizer, epoch + 1, loss, seen))
                last_save = time.monotonic()
    return TrainedNet(net.eval(), loss, first_epoch or None, seen)


def _state(
    net: nn.Module, optimizer: torch.optim.Optimizer, epochs: int, loss: float, seen: dict[float, dict[str, np.ndarray]]
) -> dict[str, Any]:
    looks = {share: {name: torch.from_numpy(kept) for name, kept in look.items()} for share, look in seen.items()}
    return {
        "net": net.state_dict(), "optimizer": optimizer.state_dict(), "epochs": epochs, "loss": loss, "seen": looks,
    }  # fmt: skip


def _looks(snapshots: Mapping[float, Snapshot], steps: int) -> dict[int, dict[float, Snapshot]]:
    """After how many steps a net is looked at, from 1 to steps, and by which shares; several may fall on one step."""
    looks: dict[int, dict[float, Snapshot]] = {}
    for share, snapshot in snapshots.items():
        # Unrounded, 7 / 25 * 25 is 7.000000000000001 and its look would come a step late.
        looks.setdefault(max(1, math.ceil(round(share * steps, 6))), {})[share] = snapshot
    return looks


def _look(net: nn.Module, snapshot: Snapshot) -> dict[str, np.ndarray]:
    net.eval()
    with torch.inference_mode():
        kept = dict(snapshot(net))
    net.train()
    return kept


def _outlier_source(plan: TrainingPlan, examples: TrainingSet) -> OutlierSource | None:
    if not plan.outliers:
        return None
    return OutlierSource(plan.outliers.kinds, examples.images, examples.targets.argmax(1))


def _initial_net(
    plan: TrainingPlan, pixels: torch.Tensor, mean: torch.Tensor, std: torch.Tensor, num_classes: int, seed: int
) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = build(
            plan.architecture,
            num_classes=num_classes,
            in_channels=pixels.shape[1],
            image_size=pixels.shape[2],
        )
    if callable(initialise := getattr(net, "initialise", None)):
        initialise((in_pixel_units(pixels[:5000]) - mean) / std)
    if plan.micro_batch and any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in net.modules()):
        raise MettleError(
            plan.architecture, "micro_batch needs a net whose images do not depend on each other", "batch norm"
        )
    return net


def _optimizer(plan: TrainingPlan, net: nn.Module) -> torch.optim.Optimizer:
    trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
    settings = plan.optimizer
    if settings.name == "adamw":
        return torch.optim.AdamW(trained, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    return torch.optim.SGD(
        trained,
        lr=settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        nesterov=settings.nesterov,
    )


def _step(
    plan: TrainingPlan,
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    normalized: torch.Tensor,
    targets: torch.Tensor,
) -> torch.Tensor:
    """One update; gives the batch's mean loss before it. Images beyond the targets are outliers."""
    optimizer.zero_grad()
    size = plan.micro_batch or len(normalized)
    total = torch.zeros(())
    for start in range(0, len(normalized), size):
        part, wanted = normalized[start : start + size], targets[start : start + size]
        with torch.autocast("cpu", torch.bfloat16, enabled=plan.precision == "bfloat16"):
            logits = net(part)
        logits, of_outliers = logits.float().split([len(wanted), len(part) - len(wanted)])
        loss = plan.loss.of(logits, wanted, plan.label_smoothing)
        if plan.outliers:
            loss = loss + plan.outliers.loss(of_outliers)
        if len(wanted) < len(targets):
            loss = loss * (len(wanted) / len(targets))
        loss.backward()
        total = total + loss.detach()
    optimizer.step()
    return total


def _order(count: int, weights: torch.Tensor | None, generator: torch.Generator) -> torch.Tensor:
    """The examples of an epoch, int64 (count,): a permutation, or draws with replacement by their weights."""
    if weights is None:
        return torch.randperm(count, generator=generator)
    return torch.multinomial(weights, count, replacement=True, generator=generator)


def _batches(
    plan: TrainingPlan, pixels: torch.Tensor, targets: torch.Tensor, generator: torch.Generator
) -> Iterator[Batch]:
    """The batches of examples in their order, after the augmentations of pixels."""
    size = min(plan.batch_size, len(pixels))
    for start in range(0, size * plan.batches_per_epoch(len(pixels)), size):
        batch = Batch(in_pixel_units(pixels[start : start + size]), targets[start : start + size])
        for augmentation in plan.augmentations:
            if not augmentation.after_normalization:
                batch = augmentation.apply(batch, generator)
        yield batch


def _normalized(plan: TrainingPlan, images: torch.Tensor, batch: Batch, generator: torch.Generator) -> torch.Tensor:
    """Normalized images after the augmentations that act on them."""
    for augmentation in plan.augmentations:
        if augmentation.after_normalization:
            images = augmentation.apply(Batch(images, batch.targets), generator).images
    return images


def progress_bar(shown: bool) -> Progress:
    """A bar of steps, with the time that is left."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), disable=not shown
    )
