import math

import pytest
import torch

from benchmark.training.losses import CrossEntropy, LogitNorm

LOGITS = torch.tensor([[3.0, 0.0, -4.0], [0.5, 0.5, 1.0]], dtype=torch.float64)
TARGETS = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], dtype=torch.float64)


def plain(logits, targets, smoothing):
    """The formula, one number after the other."""
    losses = []
    for row, target in zip(logits.tolist(), targets.tolist(), strict=True):
        normalizer = math.log(sum(math.exp(value) for value in row))
        smooth = [(1 - smoothing) * share + smoothing / len(row) for share in target]
        losses.append(-sum(share * (value - normalizer) for share, value in zip(smooth, row, strict=True)))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_losses_are_their_formulas(smoothing):
    ours = CrossEntropy(name="cross_entropy").of(LOGITS, TARGETS, smoothing)
    assert float(ours) == pytest.approx(plain(LOGITS, TARGETS, smoothing))
    lengths = torch.tensor([[5.0], [math.sqrt(1.5)]], dtype=torch.float64)
    ours = LogitNorm(name="logit_norm", temperature=0.5).of(LOGITS, TARGETS, smoothing)
    assert float(ours) == pytest.approx(plain(LOGITS / lengths / 0.5, TARGETS, smoothing), rel=1e-6)


def test_logit_norm_does_not_see_the_length_of_logits_and_survives_zeros():
    loss = LogitNorm(name="logit_norm")
    assert float(loss.of(LOGITS, TARGETS, 0.0)) == pytest.approx(float(loss.of(LOGITS * 100, TARGETS, 0.0)), rel=1e-5)
    zeros = torch.zeros(2, 3, requires_grad=True)
    value = loss.of(zeros, TARGETS.float(), 0.0)
    value.backward()
    assert value.item() == pytest.approx(math.log(3))
    assert torch.isfinite(zeros.grad).all()
