"""Files a training leaves behind: one to resume from, replaced at the end of some epochs, and the finished weights."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch

from benchmark.documents.store import write_atomically
from benchmark.documents.submission import ModelSpec
from benchmark.models import LoadedModel, load_checkpoint


def save_progress(path: Path, progress: Mapping[str, Any]) -> None:
    """Writes what a resumed training needs: tensors and plain values only."""
    buffer = io.BytesIO()
    torch.save(dict(progress), buffer)
    write_atomically(path, buffer.getvalue())


def load_progress(path: Path) -> dict[str, Any] | None:
    """What `save_progress` wrote, or None where there is nothing or the file is damaged."""
    if not path.exists():
        return None
    try:
        return torch.load(path, weights_only=True, map_location="cpu")
    except Exception:  # one damaged byte can raise nearly anything in the unpickler
        return None


def save_weights(path: Path, state: Mapping[str, torch.Tensor], origin: Mapping[str, object]) -> None:
    """Writes a state dict as safetensors with its origin as JSON under the metadata key `mettle`.

    Equal weights and origin give equal bytes: safetensors stores several metadata keys in random order, so
    there is one.
    """
    tensors = {name: tensor.detach().clone().contiguous() for name, tensor in state.items()}
    metadata = {"mettle": json.dumps(origin, sort_keys=True, separators=(",", ":"))}
    write_atomically(path, safetensors.torch.save(tensors, metadata=metadata))


def load_weights(path: Path, spec: ModelSpec, images: np.ndarray, class_names: tuple[str, ...]) -> LoadedModel:
    """The net in a file of ours, in eval mode, for images shaped as these.

    images: uint8 (N, H, W, C), of which only the shape is read. class_names: one for each logit. Raises MettleError
    as `load_checkpoint` does.
    """
    return load_checkpoint(
        path,
        spec,
        num_classes=len(class_names),
        class_names=class_names,
        in_channels=images.shape[3],
        image_size=images.shape[1],
    )
