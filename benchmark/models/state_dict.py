"""From what a checkpoint holds to a flat state dict: containers opened, wrappers' prefixes removed."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from benchmark.errors import MettleError

# In this order: where a file holds plain and averaged weights, the plain ones are taken, and it is said.
CONTAINERS = ("state_dict", "model", "ema", "model_ema", "net", "model_state_dict", "state_dict_ema", "params")
PREFIXES = ("module.", "_orig_mod.")
DEEPEST_NESTING = 4


def unwrap(content: object, where: object) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
    """The state dict in `content`, and one line for each thing that was stripped to get at it.

    Opens `state_dict`, `model`, `ema` and their like; removes `module.` (DataParallel) and `_orig_mod.`
    (torch.compile) where every key has them. Raises MettleError if what is left is not a flat dict of tensors.
    """
    stripped: list[str] = []
    for _ in range(DEEPEST_NESTING):
        if not isinstance(content, Mapping):
            raise MettleError(
                where, "a checkpoint holds a state dict", f"a {type(content).__name__}", "Save `net.state_dict()`."
            )
        found = [name for name in CONTAINERS if isinstance(content.get(name), Mapping)]
        if not found:
            break
        left = sorted(str(name) for name in content if name != found[0])
        stripped.append(f"opened {found[0]!r}" + (f", left {_listing(left)}" if left else ""))
        content = content[found[0]]
    assert isinstance(content, Mapping)
    others = [str(name) for name, value in content.items() if not _is_plain_tensor(value)]
    if others:
        raise MettleError(
            where,
            "every entry of a state dict is a plain tensor on the CPU",
            _listing(others),
            "Save `net.state_dict()`.",
        )
    if not content:
        raise MettleError(where, "a state dict holds tensors", "an empty one")
    state = {str(name): value for name, value in content.items()}
    # AveragedModel counts its updates beside the wrapped net.
    if "n_averaged" in state and all(name == "n_averaged" or name.startswith("module.") for name in state):
        del state["n_averaged"]
        stripped.append("left 'n_averaged'")
    while prefix := next((prefix for prefix in PREFIXES if all(name.startswith(prefix) for name in state)), None):
        state = {name.removeprefix(prefix): value for name, value in state.items()}
        stripped.append(f"removed prefix {prefix!r}")
    return state, tuple(stripped)


def _is_plain_tensor(value: object) -> bool:
    return (
        isinstance(value, torch.Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and not value.is_quantized
        and not value.is_complex()
    )


def _listing(names: list[str], shown: int = 3) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(repr(name) for name in names[:shown]) + more
