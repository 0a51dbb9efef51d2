"""A training plan: everything that decides how a net learns from given examples, except the seed."""

from __future__ import annotations

from math import cos, pi
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from benchmark.documents.strict import Finite, Line, Share, Strict
from benchmark.documents.submission import ModelSpec
from benchmark.training.augmentations import AnyAugmentation
from benchmark.training.losses import AnyLoss, CrossEntropy
from benchmark.training.outliers import OutlierExposure

Positive = Annotated[Finite, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Optimizer(Strict):
    """Stochastic gradient descent with momentum, or AdamW, on the mean loss of a batch."""

    name: Literal["sgd", "adamw"] = "sgd"
    learning_rate: Positive
    """The highest rate of the schedule."""
    momentum: Annotated[Finite, Field(ge=0, lt=1)] = 0.9
    """Of sgd; AdamW has its own (.9 and .999)."""
    weight_decay: Annotated[Finite, Field(ge=0)] = 5e-4
    nesterov: bool = True


class Schedule(Strict):
    """A linear climb to the highest learning rate, then a decay step by step, or one drop after some epochs."""

    warmup_share: Share = 0.2
    """Share of all steps spent climbing."""
    decay: Literal["linear", "cosine", "constant"] = "linear"
    final_share: Share = 0.0
    """The last rate over the highest; ignored by `constant`."""
    drop_after_epochs: Count | None = None
    """From then on the rate is a tenth, and the optimizer begins anew, without momentum or AdamW's moments, as in the
    code of DC and DSA."""

    def factor(self, step: int, steps: int, epoch: int = 0) -> float:
        """The rate at a step (0 to steps - 1) of an epoch (from 0) over the highest rate, in (0, 1]."""
        climb = self.warmup_share * steps
        if step < climb:
            return (step + 1) / (climb + 1)
        progress = (step - climb) / max(steps - climb, 1)
        falling = {"linear": 1 - progress, "cosine": (1 + cos(pi * progress)) / 2, "constant": 1.0}[self.decay]
        factor = falling if self.decay == "constant" else self.final_share + (1 - self.final_share) * falling
        return factor * 0.1 if self.drop_after_epochs is not None and epoch >= self.drop_after_epochs else factor


class TrainingPlan(Strict):
    """How a net is trained. The last step's weights count: nothing is chosen on any accuracy."""

    architecture: Line
    mean: list[Finite]
    std: list[Positive]
    epochs: Count | None = None
    steps: Count | None = None
    """In place of `epochs`: as many updates, however many examples there are."""
    batch_size: Count
    last_batch: Literal["dropped", "kept"] = "dropped"
    """What happens at the end of an epoch to examples that do not fill a batch."""
    loss: AnyLoss = CrossEntropy(name="cross_entropy")
    label_smoothing: Annotated[Finite, Field(ge=0, lt=1)] = 0.0
    outliers: OutlierExposure | None = None
    optimizer: Optimizer
    schedule: Schedule = Schedule()
    augmentations: list[AnyAugmentation] = []
    """Applied in this order, those that work on normalized images (DSA) after all others."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """bfloat16: convolutions run in it where autocast does so; the weights stay float32."""
    channels_last: bool = True
    """Memory layout while training: quicker for batch norm, two times slower for the ConvNet's instance norm."""
    micro_batch: Count | None = None
    """Gradients of a batch are summed over parts of this size, which stay in the processor's cache; only for nets whose
    images do not depend on each other."""
    threads: Count = 1
    """Equal weights are promised for equal threads on one machine only."""

    @model_validator(mode="after")
    def _plan_is_whole(self) -> Self:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("a training has exactly one of epochs and steps")
        if self.micro_batch and self.outliers:
            raise ValueError("micro_batch and outliers do not go together: outliers share the batch of the images")
        return self

    def model_spec(self) -> ModelSpec:
        """How its weights become a net."""
        return ModelSpec(architecture=self.architecture, mean=self.mean, std=self.std)

    def batches_per_epoch(self, examples: int) -> int:
        """Updates in one epoch over so many examples; at least one."""
        whole, left = divmod(examples, self.batch_size)
        return max(whole + (left > 0 and self.last_batch == "kept"), 1)

    def total_steps(self, examples: int) -> int:
        """Updates in the whole training."""
        return self.steps or (self.epochs or 0) * self.batches_per_epoch(examples)

    def images_seen(self, examples: int) -> int:
        """Images of all batches of the whole training; an epoch's last batch counts as many as it has."""
        per_epoch, size = self.batches_per_epoch(examples), min(self.batch_size, examples)
        epochs, steps_left = divmod(self.total_steps(examples), per_epoch)
        return epochs * min(per_epoch * size, examples) + steps_left * size
