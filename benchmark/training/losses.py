"""The losses a recipe may name, each with its parameters."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch.nn import functional

from benchmark.documents.strict import Finite, Strict


class CrossEntropy(Strict):
    """Cross-entropy of the softmax of the logits."""

    name: Literal["cross_entropy"]

    def of(self, logits: torch.Tensor, targets: torch.Tensor, label_smoothing: float) -> torch.Tensor:
        """Mean loss of a batch. logits: float (N, K); targets: float (N, K), each row a distribution."""
        return functional.cross_entropy(logits, targets, label_smoothing=label_smoothing)


class LogitNorm(Strict):
    """Cross-entropy of the logits divided by `temperature` times their length, so that confidence cannot grow with it.

    Source: Wei et al., arXiv 2205.09310, equation 6, with their temperature for CIFAR-10. The net's own logits are
    what the task sees, as in their code.
    """

    name: Literal["logit_norm"]
    temperature: Annotated[Finite, Field(gt=0)] = 0.04

    def of(self, logits: torch.Tensor, targets: torch.Tensor, label_smoothing: float) -> torch.Tensor:
        """Mean loss of a batch. logits: float (N, K); targets: float (N, K), each row a distribution."""
        # The length of all-zero logits has no slope; the small term keeps the first steps finite.
        length = logits.norm(dim=1, keepdim=True) + 1e-7
        return functional.cross_entropy(logits / (length * self.temperature), targets, label_smoothing=label_smoothing)


class SoftenedKL(Strict):
    """Kullback-Leibler divergence from the prediction to the target, both softened by a temperature.

    The target's probabilities are raised to one over the temperature and scaled to sum to one, which is the softmax of
    the teacher's logits over the temperature. Not multiplied by the temperature squared. Source: Hinton et al., arXiv
    1503.02531, section 2, as the code of SRe2L uses it.
    """

    name: Literal["kl"]
    temperature: Annotated[Finite, Field(gt=0)] = 1.0

    def of(self, logits: torch.Tensor, targets: torch.Tensor, label_smoothing: float) -> torch.Tensor:
        """Mean loss of a batch, 0 where prediction and target agree. logits, targets: as CrossEntropy."""
        softened = _smoothed(targets, label_smoothing) ** (1 / self.temperature)
        softened = softened / softened.sum(1, keepdim=True)
        predicted = functional.log_softmax(logits / self.temperature, dim=1)
        return functional.kl_div(predicted, softened, reduction="batchmean")


class MeanSquaredError(Strict):
    """Squared difference between logits and targets, averaged over classes."""

    name: Literal["mse"]

    def of(self, logits: torch.Tensor, targets: torch.Tensor, label_smoothing: float) -> torch.Tensor:
        """Mean loss of a batch. logits, targets: as CrossEntropy."""
        return functional.mse_loss(logits, _smoothed(targets, label_smoothing))


def _smoothed(targets: torch.Tensor, smoothing: float) -> torch.Tensor:
    return targets * (1 - smoothing) + smoothing / targets.shape[1]


AnyLoss = Annotated[CrossEntropy | LogitNorm | SoftenedKL | MeanSquaredError, Field(discriminator="name")]
