"""A submitted checkpoint as a callable net, or one line that says why not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from benchmark.documents.submission import ModelSpec
from benchmark.errors import MettleError
from benchmark.models.checkpoint_file import MAX_FILE_BYTES, read_checkpoint
from benchmark.models.fit import Blueprint, require_fit, shapes_of, uncounted
from benchmark.models.normalized import Normalized
from benchmark.models.state_dict import unwrap


@dataclass(frozen=True)
class LoadedModel:
    """A net in eval mode. module: float images (N, C, H, W) in [0, 1] at the task's size to logits (N, classes)."""

    module: nn.Module
    parameters: int
    """Count of parameters, frozen ones included."""
    stripped: tuple[str, ...]
    """What was opened, removed or left out to reach the weights, one line each."""
    weight_bytes: int
    """Bytes of the net's tensors as stored in the file."""


def load_checkpoint(
    path: Path,
    spec: ModelSpec,
    *,
    num_classes: int,
    class_names: tuple[str, ...] | None,
    in_channels: int,
    image_size: int,
    max_bytes: int = MAX_FILE_BYTES,
) -> LoadedModel:
    """The net in a .safetensors, .pt, .pth or .th file, float32, ready for images of the task.

    num_classes, class_names, in_channels and image_size are the task's. No code of the file runs. Raises
    MettleError, in one line, for a file that is not a checkpoint or would run code, for weights that do not fit
    the declared architecture, for classes, channels or sizes that differ from the task's, and for NaN weights.
    The caller checks the file's sha256 first.
    """
    path = Path(path)
    _require_classes(spec, num_classes, class_names, path)
    blueprint = _blueprint(spec, num_classes, in_channels, image_size, path)
    expected = blueprint.shapes()
    state, stripped = unwrap(read_checkpoint(path, max_bytes), path)
    found = shapes_of(state)
    require_fit(blueprint, expected, found, path)
    if absent := uncounted(expected, found):
        stripped += (f"lacks {len(absent)} num_batches_tracked, which evaluation does not read",)
    net = _fill(blueprint, state, path)
    module = Normalized(net, mean=spec.mean, std=spec.std, in_channels=blueprint.in_channels, resize=spec.resize).eval()
    _require_logits(module, num_classes, in_channels, image_size, path)
    return LoadedModel(
        module=module,
        parameters=sum(parameter.numel() for parameter in net.parameters()),
        stripped=stripped,
        weight_bytes=sum(tensor.numel() * tensor.element_size() for tensor in state.values()),
    )


def _require_classes(spec: ModelSpec, num_classes: int, class_names: tuple[str, ...] | None, path: Path) -> None:
    if spec.classes is None:
        return
    if len(spec.classes) != num_classes:
        raise MettleError(path, f"`classes` lists the {num_classes} classes of the task", len(spec.classes))
    if class_names is None or tuple(spec.classes) == tuple(class_names):
        return
    position = next(i for i, (ours, theirs) in enumerate(zip(class_names, spec.classes, strict=True)) if ours != theirs)
    same = sorted(spec.classes) == sorted(class_names)
    raise MettleError(
        path,
        f"class {position} of the task is {class_names[position]!r}",
        repr(spec.classes[position]),
        "Permute the rows of the last layer into the task's order."
        if same
        else f"The task's classes are: {', '.join(class_names)}.",
    )


def _blueprint(spec: ModelSpec, num_classes: int, in_channels: int, image_size: int, path: Path) -> Blueprint:
    channels = spec.in_channels or in_channels
    if channels != in_channels and (in_channels, channels) != (1, 3):
        raise MettleError(path, f"images of the task have {in_channels} channels", f"a net for {channels}")
    for name, values in (("mean", spec.mean), ("std", spec.std)):
        if len(values) not in (1, channels):
            raise MettleError(path, f"`{name}` has one value, or one for each of {channels} channels", len(values))
    size = spec.resize or image_size
    if spec.image_size is not None and spec.image_size != size:
        raise MettleError(
            path, f"images reach the net at {size} x {size}", f"a net for {spec.image_size} x {spec.image_size}",
            f"Declare `resize = {spec.image_size}`.",
        )  # fmt: skip
    return Blueprint(spec.architecture, num_classes, channels, size)


def _fill(blueprint: Blueprint, state: dict[str, torch.Tensor], path: Path) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        net = blueprint.build()
    for name, own in net.state_dict().items():
        if name not in state:
            continue
        weight = state[name].to(own.dtype)
        if weight.is_floating_point() and not torch.isfinite(weight).all():
            bad = int((~torch.isfinite(weight)).sum())
            raise MettleError(path, f"all weights must be finite float32 numbers, but {name!r} holds NaN or infinity",
                              f"{bad:,} of {weight.numel():,} values")  # fmt: skip
        own.copy_(weight)
    net.requires_grad_(False)
    return net.to(memory_format=torch.channels_last)


@torch.inference_mode()
def _require_logits(module: nn.Module, num_classes: int, in_channels: int, image_size: int, path: Path) -> None:
    """One grey image through the net: a wrong size or output is refused before hours of scoring."""
    try:
        logits = module(torch.full((1, in_channels, image_size, image_size), 0.5))
    except (RuntimeError, AssertionError, ValueError) as error:
        raise MettleError(
            path, f"the net must take {image_size} x {image_size} images", str(error).splitlines()[0][:120],
            "Declare `resize`, if the net wants another size.",
        ) from None  # fmt: skip
    if not isinstance(logits, torch.Tensor) or tuple(logits.shape) != (1, num_classes):
        shape = tuple(logits.shape[1:]) if isinstance(logits, torch.Tensor) else type(logits).__name__
        raise MettleError(path, f"the net must give {num_classes} logits an image", shape)
    if not torch.isfinite(logits).all():
        raise MettleError(
            path, "logits must be finite numbers", "NaN or infinity for a grey image", "Mend the weights."
        )
