"""One pass of a net over a set of images, kept in pieces under the hash of the pixels and shared by all tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from benchmark.models.net import Net, Outputs

PASS_FORMAT = 1
"""Raised when the meaning of a pass's arrays changes, so that older ones are not taken for new ones."""
IMAGES_A_SHARD = 2000

Arrays = Mapping[str, np.ndarray]


def pass_shards(name: str, count: int) -> list[str]:
    """The shards of a pass over the `count` images of the set `name`: `<name>@<first>`."""
    return [f"{name}@{first}" for first in range(0, count, IMAGES_A_SHARD)]


def set_of(shard: str) -> str:
    """The name of the set a pass's shard belongs to."""
    return shard.rsplit("@", 1)[0]


def pass_identity(images_sha256: str, shard: str) -> dict[str, object]:
    """What decides a shard of a pass besides the net: the pixels of the whole set, and which of its images.

    images_sha256: hash of the set's pixels and order; the set's name is no part of it, so that two tasks share a pass.
    """
    return {"pass": PASS_FORMAT, "images": images_sha256, "first": int(shard.rsplit("@", 1)[1])}


def score_pass(net: Net, images: np.ndarray, shards: Sequence[str]) -> Iterator[tuple[str, Arrays]]:
    """Logits, float64 (n, K), and features, float32 (n, D), of the shards of one set; images: uint8 (N, H, W, C)."""
    for shard in shards:
        first = int(shard.rsplit("@", 1)[1])
        outputs = net.outputs(images[first : first + IMAGES_A_SHARD], f"images of {set_of(shard)} from {first}")
        yield shard, {"logits": outputs.logits, "features": outputs.features}


def collect_pass(name: str, shards: Mapping[str, Arrays]) -> Outputs:
    """The outputs of the whole set `name`, in the order of its images, from the shards of a task."""
    own = sorted((int(shard.rsplit("@", 1)[1]), shard) for shard in shards if "@" in shard and set_of(shard) == name)
    if not own:
        raise KeyError(f"no pass over {name} among the shards")
    pieces = [shards[shard] for _, shard in own]
    logits, features = (np.concatenate([piece[key] for piece in pieces]) for key in ("logits", "features"))
    return Outputs(logits, features)


def predicted_classes(logits: np.ndarray) -> np.ndarray:
    """The class of the largest logit, int64 (N,); classes that noise cannot tell apart go to the lowest.

    logits: float64 (N, K) of a pass. The rule, and the noise, are those of `models.decisions`.
    """
    noise = 1e-9 * np.maximum(1.0, np.abs(logits).max(axis=1))
    return (logits >= (logits.max(axis=1) - 2 * noise)[:, None]).argmax(axis=1)
