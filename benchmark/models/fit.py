"""Does a state dict fit an architecture? If not, what is the likely reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import nn

from benchmark.errors import MettleError
from benchmark.models.architectures import build, names

Shapes = dict[str, tuple[int, ...]]
OTHER_CHANNELS = (1, 3)
OTHER_IMAGE_SIZES = (28, 32, 64, 96, 224)


@dataclass(frozen=True)
class Blueprint:
    """Which network to build."""

    architecture: str
    num_classes: int
    in_channels: int
    image_size: int

    def build(self) -> nn.Module:
        return build(
            self.architecture,
            num_classes=self.num_classes,
            in_channels=self.in_channels,
            image_size=self.image_size,
        )

    def shapes(self) -> Shapes:
        """The shape of every entry of the state dict, without allocating it where the architecture allows."""
        try:
            with torch.device("meta"):
                return shapes_of(self.build().state_dict())
        except NotImplementedError:
            # torchvision's RegNets compute their widths with tensors, which hold no numbers on the meta device.
            with torch.random.fork_rng(devices=[]):
                return shapes_of(self.build().state_dict())


def shapes_of(state: Mapping[str, torch.Tensor]) -> Shapes:
    """The shape of every tensor, by key."""
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def uncounted(expected: Shapes, found: Shapes) -> list[str]:
    """Absent counters of batches, which evaluation does not read: checkpoints from before torch 0.4.1 lack them."""
    return [name for name in expected if name not in found and name.endswith(".num_batches_tracked")]


def require_fit(blueprint: Blueprint, expected: Shapes, found: Shapes, where: object) -> None:
    """Raises MettleError unless keys and shapes agree (absent `num_batches_tracked` apart), with the likely reason."""
    if _agree(expected, found):
        return
    name = blueprint.architecture
    excused = set(uncounted(expected, found))
    missing = [key for key in expected if key not in found and key not in excused]
    extra = [key for key in found if key not in expected]
    if missing or extra:
        parts = [f"lacks {_listing(missing)}"] * bool(missing) + [f"has unknown {_listing(extra)}"] * bool(extra)
        raise MettleError(
            where, f"its keys are those of {name}", " and ".join(parts), _other_architecture(blueprint, found)
        )
    wrong = [key for key in expected if key in found and found[key] != expected[key]]
    for key in wrong:
        if expected[key][:1] == (blueprint.num_classes,) and found[key]:
            other = replace(blueprint, num_classes=found[key][0])
            if _fits(other, found):
                raise MettleError(
                    where, f"the net must have {blueprint.num_classes} classes", other.num_classes,
                    "Train it on the classes of the task.",
                )  # fmt: skip
    for channels in OTHER_CHANNELS:
        if _fits(replace(blueprint, in_channels=channels), found):
            raise MettleError(
                where, f"the net must take {blueprint.in_channels} channels", channels,
                "Declare `in_channels`, if the net is for the task." if channels > blueprint.in_channels else None,
            )  # fmt: skip
    for size in OTHER_IMAGE_SIZES:
        if _fits(replace(blueprint, image_size=size), found):
            raise MettleError(
                where, f"the net must take {blueprint.image_size} x {blueprint.image_size} images", f"{size} x {size}",
                f"Declare `resize = {size}`.",
            )  # fmt: skip
    first = wrong[0]
    more = f" ({len(wrong) - 1} more differ)" if len(wrong) > 1 else ""
    raise MettleError(
        where,
        f"{first!r} of {name} has shape {expected[first]}",
        f"{found[first]}{more}",
        _other_architecture(blueprint, found),
    )


def _agree(expected: Shapes, found: Shapes) -> bool:
    excused = uncounted(expected, found)
    return found == {key: shape for key, shape in expected.items() if key not in excused}


def _fits(blueprint: Blueprint, found: Shapes) -> bool:
    try:
        return _agree(blueprint.shapes(), found)
    except MettleError:
        return False


def _other_architecture(blueprint: Blueprint, found: Shapes) -> str:
    for name in names():
        if _fits(replace(blueprint, architecture=name), found):
            return f"The weights fit {name!r}."
    return "Check `architecture`."


def _listing(keys: list[str], shown: int = 3) -> str:
    more = f" and {len(keys) - shown} more" if len(keys) > shown else ""
    return ", ".join(repr(key) for key in keys[:shown]) + more
