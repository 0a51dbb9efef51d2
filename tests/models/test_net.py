"""Passes of a net: equal for all batch sizes, with features that its linear head maps to the logits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from benchmark.errors import MettleError
from benchmark.models.architectures import build
from benchmark.models.net import Net
from benchmark.passes import collect_pass, pass_identity, pass_shards, predicted_classes, score_pass

IMAGES = np.random.default_rng(0).integers(0, 256, (60, 28, 28, 1), dtype=np.uint8)


def net(name: str, **options: int) -> Net:
    torch.manual_seed(0)
    module = build(name, num_classes=10, in_channels=1, image_size=28).eval()
    return Net(module, 1, 28, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["linear", "mlp", "lenet5", "airbench_16_32_64", "resnet8", "convnet2"])
def test_features_and_head_give_the_logits(name: str) -> None:
    one = net(name)
    outputs, head = one.outputs(IMAGES, "x"), one.head()
    assert head is not None
    assert outputs.logits.dtype == np.float64
    assert outputs.features.dtype == np.float32
    rebuilt = outputs.features.astype(np.float64) @ head.weight.T + head.bias
    np.testing.assert_allclose(rebuilt, outputs.logits, atol=1e-5 * np.abs(outputs.logits).max())


def test_float64_passes_do_not_depend_on_the_batch() -> None:
    whole, single = (net("resnet8", batch_size=size).outputs(IMAGES, "x") for size in (60, 1))
    np.testing.assert_allclose(whole.logits, single.logits, rtol=0, atol=1e-12 * np.abs(whole.logits).max())
    assert (predicted_classes(whole.logits) == predicted_classes(single.logits)).all()


def test_predictions_are_those_of_the_decider() -> None:
    one = net("mlp")
    assert (predicted_classes(one.outputs(IMAGES, "x").logits) == one.decide(IMAGES, "x").predicted).all()


class Squared(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(784, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.linear(images.flatten(1)) ** 2


def test_a_net_without_a_linear_head_has_none() -> None:
    assert Net(Squared().eval(), 1, 28).head() is None
    with pytest.raises(MettleError, match="no linear layer"):
        Net(nn.Flatten(), 1, 28).outputs(IMAGES, "x")


def test_broken_features_name_the_image() -> None:
    one = net("mlp")
    with torch.no_grad():
        for parameter in one.module.parameters():
            parameter.fill_(torch.inf)
    with pytest.raises(MettleError, match=r"images of train from 0: .* must be finite numbers.*image 0"):
        list(score_pass(one, IMAGES, pass_shards("train", len(IMAGES))))


def test_a_pass_in_pieces_is_the_whole_pass() -> None:
    images = np.concatenate([IMAGES] * 40)
    one = net("linear")
    shards = dict(score_pass(one, images, pass_shards("a@b", len(images))))
    assert list(shards) == ["a@b@0", "a@b@2000"]
    whole = one.outputs(images, "x")
    collected = collect_pass("a@b", shards)
    np.testing.assert_allclose(collected.logits, whole.logits, atol=1e-12)
    assert one.images_seen == 2 * len(images)
    with pytest.raises(KeyError, match="no pass over c"):
        collect_pass("c", shards)


def test_equal_pixels_share_a_pass_whatever_the_set_is_called() -> None:
    assert pass_identity("0" * 64, "a@2000") == pass_identity("0" * 64, "b@2000")
    assert pass_identity("0" * 64, "a@2000") != pass_identity("1" * 64, "a@2000")
    assert pass_identity("0" * 64, "a@2000") != pass_identity("0" * 64, "a@0")
