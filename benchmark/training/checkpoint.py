"""Files a training leaves behind: one to resume from, replaced after every epoch, and the finished weights."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file


def replace_atomically(target: Path, write: Callable[[Path], None]) -> None:
    """Puts what `write` writes under `target`: after a crash there is the old file or the new one, whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def save_progress(path: Path, progress: Mapping[str, Any]) -> None:
    """Writes what a resumed training needs: tensors and plain values only."""
    replace_atomically(path, lambda temporary: torch.save(dict(progress), temporary))


def load_progress(path: Path) -> dict[str, Any] | None:
    """What `save_progress` wrote, or None where there is nothing."""
    if not path.exists():
        return None
    return torch.load(path, weights_only=True, map_location="cpu")


def save_weights(path: Path, state: Mapping[str, torch.Tensor], origin: Mapping[str, object]) -> None:
    """Writes a state dict as safetensors with its origin as JSON under the metadata key `mettle`.

    Equal weights and origin give equal bytes: safetensors stores several metadata keys in random order, so
    there is one.
    """
    tensors = {name: tensor.detach().clone().contiguous() for name, tensor in state.items()}
    metadata = {"mettle": json.dumps(origin, sort_keys=True, separators=(",", ":"))}
    replace_atomically(path, lambda temporary: save_file(tensors, temporary, metadata=metadata))
