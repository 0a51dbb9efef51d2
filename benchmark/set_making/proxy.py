"""What two nets say about a pool, each trained on one half: the evidence that selection methods weigh."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from pydantic import Field
from torch import nn

from benchmark.data import Dataset
from benchmark.documents.store import write_atomically
from benchmark.documents.strict import Strict
from benchmark.paths import cache_dir
from benchmark.selection.shuffling import Indices, random_order
from benchmark.training.plan import TrainingPlan
from benchmark.training.trainer import TRAINER_FORMAT, train
from benchmark.training.training_set import in_pixel_units, labelled

HALVES = 2
JUDGING_BATCH = 250


class Proxy(Strict):
    """How the two nets are trained; everything that depends on it is kept in the cache."""

    plan: TrainingPlan
    seed: int = Field(ge=0)
    """Of the halves and of both trainings."""


@dataclass(frozen=True)
class Evidence:
    """About N images of a pool with K classes.

    probabilities: float32 (N, K), of the net that has not seen the image. on_the_way: float32 (epochs, N, K), of the
    net that trains on the image, after every epoch. features: float32 (N, 2 * D), what goes into the last layer of
    both nets, side by side, so that all images lie in one space.
    """

    probabilities: np.ndarray
    on_the_way: np.ndarray
    features: np.ndarray


def evidence(proxy: Proxy, pool: Dataset, *, progress: bool = True) -> Evidence:
    """Trains the two nets, or reads what they said from the cache; a stopped training goes on where it was.

    Raises ValueError for a plan counted in steps: the way is looked at after every epoch.
    """
    folder = cache_dir() / "proxies" / identity(proxy, pool)
    halves = random_halves(len(pool), proxy.seed)
    said = [_half(proxy, pool, halves, half, folder / f"half-{half}.npz", progress) for half in range(HALVES)]
    probabilities = np.empty_like(said[0]["probabilities"])
    on_the_way = np.empty((len(said[0]["on_the_way"]), *probabilities.shape), np.float32)
    for half, answers in enumerate(said):
        probabilities[halves != half] = answers["probabilities"][halves != half]
        on_the_way[:, halves == half] = answers["on_the_way"]
    return Evidence(probabilities, on_the_way, np.concatenate([answers["features"] for answers in said], axis=1))


def identity(proxy: Proxy, pool: Dataset) -> str:
    """A hex name (16 digits); it changes with the plan, the seed, the pool's pixels and labels, trainer and torch."""
    labels = hashlib.sha256(pool.labels.astype("<i8").tobytes()).hexdigest()
    settings = proxy.model_dump(mode="json", exclude_defaults=True)
    text = json.dumps([settings, pool.pixels_sha256, labels, TRAINER_FORMAT, torch.__version__], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def random_halves(count: int, seed: int) -> Indices:
    """Which half an image is in, 0 or 1: int64 (count,)."""
    halves = np.zeros(count, dtype=np.int64)
    halves[random_order(count, seed, "halves")[count // 2 :]] = 1
    return halves


def _half(proxy: Proxy, pool: Dataset, halves: Indices, half: int, kept: Path, progress: bool) -> dict[str, np.ndarray]:
    """What the net trained on one half says: of all images at the end, of its own ones on the way."""
    if (found := _read(kept)) is not None:
        return found
    plan = proxy.plan
    if plan.epochs is None:
        raise ValueError("a proxy's plan has epochs, after each of which it is asked")
    rows = np.flatnonzero(halves == half)
    own = pool.images[rows]
    progress_file = kept.with_suffix(".training.pt")
    trained = train(
        plan,
        labelled(own, pool.labels[rows], len(pool.class_names)),
        seed=proxy.seed + half,
        progress_file=progress_file,
        show_progress=progress,
        snapshots={
            epoch / plan.epochs: lambda net: {"probabilities": _answers(plan, net, own)[0]}
            for epoch in range(1, plan.epochs)
        },
    )
    with torch.inference_mode():
        probabilities, features = _answers(plan, trained.module, pool.images)
    looks = [trained.snapshots[share]["probabilities"] for share in sorted(trained.snapshots)]
    answers = {
        "probabilities": probabilities,
        "features": features,
        "on_the_way": np.stack([*looks, probabilities[rows]]),
    }
    _keep(kept, answers)
    progress_file.unlink(missing_ok=True)
    return answers


def _keep(path: Path, arrays: dict[str, np.ndarray]) -> None:
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    write_atomically(path, stream.getvalue())


def _read(path: Path) -> dict[str, np.ndarray] | None:
    """None where the net was never asked, or the file is damaged."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return None


def _answers(plan: TrainingPlan, net: nn.Module, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, float32 (N, K), and the input of the last linear layer, float32 (N, D), of uint8 (N, H, W, C)."""
    last = [module for module in net.modules() if isinstance(module, nn.Linear)][-1]
    mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (plan.mean, plan.std))
    layout = torch.channels_last if plan.channels_last else torch.contiguous_format
    inputs: list[torch.Tensor] = []
    hook = last.register_forward_pre_hook(lambda _, given: inputs.append(given[0]))
    probabilities, features = [], []
    try:
        for start in range(0, len(images), JUDGING_BATCH):
            pixels = torch.from_numpy(images[start : start + JUDGING_BATCH]).permute(0, 3, 1, 2)
            normalized = ((in_pixel_units(pixels) - mean) / std).contiguous(memory_format=layout)
            with torch.autocast("cpu", torch.bfloat16, enabled=plan.precision == "bfloat16"):
                logits = net(normalized)
            probabilities.append(logits.float().softmax(dim=1).numpy())
            features.append(inputs.pop().float().flatten(1).numpy())
    finally:
        hook.remove()
    return np.concatenate(probabilities), np.concatenate(features)
