"""Files a training leaves behind: one to resume from, replaced after every epoch, and the finished weights."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from benchmark.documents.store import write_atomically


def save_progress(path: Path, progress: Mapping[str, Any]) -> None:
    """Writes what a resumed training needs: tensors and plain values only."""
    buffer = io.BytesIO()
    torch.save(dict(progress), buffer)
    write_atomically(path, buffer.getvalue())


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
    write_atomically(path, safetensors.torch.save(tensors, metadata=metadata))
