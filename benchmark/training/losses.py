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


AnyLoss = Annotated[CrossEntropy | LogitNorm, Field(discriminator="name")]
