"""DM: images whose features under random nets have the class means of the real ones."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import nn

from benchmark.documents.strict import Finite, Line, Strict
from benchmark.errors import MettleError
from benchmark.models.architectures import build
from benchmark.training.augmentations.shared_change import shared_change
from benchmark.training.checkpoint import load_progress, save_progress
from benchmark.training.plan import Count, Positive
from benchmark.training.thread_limits import threads
from benchmark.training.trainer import progress_bar

DM_FORMAT = 1
"""Raised when other images come of the same arguments, so that a stopped run of older code is not gone on with."""
SAVE_EVERY_S = 10.0
"""A stopped run loses at most this much."""


class DistributionMatching(Strict):
    """Every iteration draws a net anew and takes one step of gradient descent on the images.

    Source: Zhao and Bilen, arXiv 2110.04181, algorithm 1, and the settings of the authors' code: 20,000 iterations of
    256 real images a class, learning rate 1, momentum .5, start from real images, and one draw of DSA for the real and
    the synthetic images of a class.
    """

    architecture: Line = "convnet3"
    """Of the nets drawn; it must have `features`. The images are for nets of its kind."""
    mean: list[Finite]
    std: list[Positive]
    iterations: Count
    real_batch: Count = 256
    """Real images a class and iteration, at most as many as it has."""
    learning_rate: Positive = 1.0
    momentum: Annotated[Finite, Field(ge=0, lt=1)] = 0.5
    precision: Literal["float32", "bfloat16"] = "float32"
    """bfloat16: convolutions run in it where autocast does so; the images stay float32."""
    micro_batch: Count = 32
    """Real images pass the net in parts of this size, which stay in the processor's cache."""


def match_distributions(
    settings: DistributionMatching,
    images: np.ndarray,
    labels: np.ndarray,
    start: np.ndarray,
    *,
    seed: int,
    progress_file: Path | None = None,
    show_progress: bool = True,
) -> np.ndarray:
    """Distilled images, float32 (M, H, W, C) in pixel units (0 black, 1 white; values may lie outside).

    images: uint8 (N, H, W, C). labels: int64 (N,), from 0. start: int64 (M,), the real images to start from; each
    result keeps the label of its start. With a `progress_file`, state is saved every SAVE_EVERY_S seconds and a later
    call goes on from there; it must be the file of these arguments (see `identity`). Iteration i draws from generators
    keyed by (seed, i), so an interrupted run ends with the same images. Runs on one thread. Raises MettleError when
    the distance of the means is no longer finite.
    """
    real = torch.from_numpy(images).permute(0, 3, 1, 2)
    rows = [np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1)]
    slots = [np.flatnonzero(labels[start] == label) for label in range(len(rows))]
    mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (settings.mean, settings.std))
    made = ((real[start].float() / 255 - mean) / std).contiguous().requires_grad_()
    optimizer = torch.optim.SGD([made], lr=settings.learning_rate, momentum=settings.momentum)
    first = 0
    if progress_file is not None and (saved := load_progress(progress_file)):
        made.data.copy_(saved["images"])
        optimizer.load_state_dict(saved["optimizer"])
        first = saved["iterations"]
    last_save = time.monotonic()
    with threads(1), progress_bar(show_progress) as bar:
        shown = bar.add_task("DM", total=settings.iterations, completed=first)
        for iteration in range(first, settings.iterations):
            net = _random_net(settings, made, len(rows), _key(seed, iteration, 0))
            generator = torch.Generator().manual_seed(_key(seed, iteration, 1))
            optimizer.zero_grad()
            distance = 0.0
            for members, own in zip(rows, slots, strict=True):
                if not len(own):
                    continue
                drawn = members[torch.randperm(len(members), generator=generator)[: settings.real_batch].numpy()]
                seen = (real[drawn].float() / 255 - mean) / std
                seen, synthetic = shared_change([seen, made[own]], generator)
                gap = _mean_features(settings, net, seen.detach()) - _mean_features(settings, net, synthetic)
                loss = (gap**2).sum()
                loss.backward()
                distance += float(loss.detach())
            if not math.isfinite(distance):
                raise MettleError(
                    "distribution matching", "the distance of the means must stay finite",
                    f"{distance} in iteration {iteration + 1}", "Lower the learning rate.",
                )  # fmt: skip
            optimizer.step()
            bar.update(shown, completed=iteration + 1, description=f"DM, distance {distance:.3g}")
            if progress_file is not None and time.monotonic() - last_save >= SAVE_EVERY_S:
                state = {"images": made.detach(), "optimizer": optimizer.state_dict(), "iterations": iteration + 1}
                save_progress(progress_file, state)
                last_save = time.monotonic()
    return (made.detach() * std + mean).permute(0, 2, 3, 1).contiguous().numpy()


def identity(
    settings: DistributionMatching, start: np.ndarray, seed: int, pixels_sha256: str, labels: np.ndarray
) -> str:
    """A hex name (16 digits) of one run; it changes with all that decides the images, this code's format and torch."""
    digest = hashlib.sha256(settings.model_dump_json().encode())
    digest.update(f"{DM_FORMAT} {seed} {pixels_sha256} {torch.__version__} {len(start)}".encode())
    for whole_numbers in (start, labels):
        digest.update(np.ascontiguousarray(whole_numbers, dtype="<i8").tobytes())
    return digest.hexdigest()[:16]


def _key(*words: int) -> int:
    return int(np.random.SeedSequence(words).generate_state(1)[0])


def _random_net(settings: DistributionMatching, like: torch.Tensor, classes: int, key: int) -> nn.Module:
    """The features of an untrained net, drawn by the key."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(key)
        net = build(settings.architecture, num_classes=classes, in_channels=like.shape[1], image_size=like.shape[2])
    features = getattr(net, "features", None)
    if not isinstance(features, nn.Module):
        raise MettleError(settings.architecture, "distribution matching needs a net with `features`", "none")
    return features.requires_grad_(False)


def _mean_features(settings: DistributionMatching, net: nn.Module, images: torch.Tensor) -> torch.Tensor:
    total: torch.Tensor | float = 0.0
    for part in _parts(images, settings.micro_batch):
        with torch.autocast("cpu", torch.bfloat16, enabled=settings.precision == "bfloat16"):
            features = net(part)
        total = total + features.float().flatten(1).sum(dim=0)
    assert isinstance(total, torch.Tensor)
    return total / len(images)


def _parts(images: torch.Tensor, size: int) -> Iterator[torch.Tensor]:
    for begin in range(0, len(images), size):
        yield images[begin : begin + size]
