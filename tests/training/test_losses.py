import math

import pytest
import torch

from benchmark.training.losses import CrossEntropy, LogitNorm, MeanSquaredError, SoftenedKL

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


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_softened_kl_is_between_softmaxes_of_divided_logits(temperature):
    teacher = torch.tensor([[2.0, -1.0, 0.5], [0.0, 3.0, -30.0]], dtype=torch.float64)
    loss = SoftenedKL(name="kl", temperature=temperature)
    wanted, found = ((rows / temperature).softmax(1).tolist() for rows in (teacher, LOGITS))
    plainly = [
        sum(share * math.log(share / other) for share, other in zip(*rows, strict=True) if share)
        for rows in zip(wanted, found, strict=True)
    ]
    assert float(loss.of(LOGITS, teacher.softmax(1), 0.0)) == pytest.approx(sum(plainly) / 2)
    assert float(loss.of(teacher, teacher.softmax(1), 0.0)) == pytest.approx(0, abs=1e-12)


def test_softened_kl_of_a_sure_target_is_finite_and_at_temperature_one_differs_from_cross_entropy_by_a_constant():
    loss = SoftenedKL(name="kl")
    assert float(loss.of(LOGITS, TARGETS, 0.0)) == pytest.approx(plain(LOGITS, TARGETS, 0.0))
    logits = LOGITS.clone().requires_grad_()
    SoftenedKL(name="kl", temperature=20.0).of(logits, TARGETS, 0.0).backward()
    assert torch.isfinite(logits.grad).all()


def test_mean_squared_error_is_its_formula():
    smooth = 0.9 * TARGETS + 0.1 / 3
    expected = sum((x - y) ** 2 for x, y in zip(LOGITS.flatten().tolist(), smooth.flatten().tolist(), strict=True)) / 6
    assert float(MeanSquaredError(name="mse").of(LOGITS, TARGETS, 0.1)) == pytest.approx(expected)
