"""A training recipe: everything that decides the weights, in one TOML file."""

from __future__ import annotations

from math import cos, pi
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from benchmark.documents.strict import Finite, Line, Share, Strict, decode_file, parse
from benchmark.documents.submission import ModelSpec
from benchmark.training.augmentations import AnyAugmentation

Positive = Annotated[Finite, Field(gt=0)]


class Optimizer(Strict):
    """Stochastic gradient descent with momentum, on the mean loss of a batch."""

    learning_rate: Positive
    """The highest rate of the schedule."""
    momentum: Annotated[Finite, Field(ge=0, lt=1)] = 0.9
    weight_decay: Annotated[Finite, Field(ge=0)] = 5e-4
    nesterov: bool = True


class Schedule(Strict):
    """A linear climb to the highest learning rate, then a decay, step by step."""

    warmup_share: Share = 0.2
    """Share of all steps spent climbing."""
    decay: Literal["linear", "cosine", "constant"] = "linear"
    final_share: Share = 0.0
    """The last rate over the highest; ignored by `constant`."""

    def factor(self, step: int, steps: int) -> float:
        """The rate at a step (0 to steps - 1) over the highest rate, in (0, 1]."""
        climb = self.warmup_share * steps
        if step < climb:
            return (step + 1) / (climb + 1)
        progress = (step - climb) / max(steps - climb, 1)
        falling = {"linear": 1 - progress, "cosine": (1 + cos(pi * progress)) / 2, "constant": 1.0}[self.decay]
        return falling if self.decay == "constant" else self.final_share + (1 - self.final_share) * falling


class Recipe(Strict):
    """How a net of ours was trained. The last epoch's weights count: nothing is chosen on any accuracy."""

    dataset: Line
    part: Literal["train"] = "train"
    first_examples: Annotated[int, Field(ge=1)] | None = None
    """Train on this many leading examples only, so that the others stay unseen for calibration."""
    architecture: Line
    mean: list[Finite]
    std: list[Positive]
    seeds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]
    """One net is trained for each."""
    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    label_smoothing: Annotated[Finite, Field(ge=0, lt=1)] = 0.0
    optimizer: Optimizer
    schedule: Schedule = Schedule()
    augmentations: list[AnyAugmentation] = []
    """Applied in this order."""
    corruptions_seen: list[Line] = []
    """Test corruptions that the augmentations resemble."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """bfloat16: convolutions run in it where autocast does so; the weights stay float32."""
    channels_last: bool = True
    """Memory layout while training: quicker for batch norm, two times slower for the ConvNet's instance norm."""
    threads: Annotated[int, Field(ge=1)] = 1
    """Equal weights are promised for equal threads on one machine only."""

    @model_validator(mode="after")
    def _declares_what_it_shows(self) -> Self:
        seen = {name for augmentation in self.augmentations for name in augmentation.resembles}
        if missing := sorted(seen - set(self.corruptions_seen)):
            raise ValueError(f"corruptions_seen must declare {', '.join(missing)}, which its augmentations resemble")
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError("seeds must differ")
        return self

    def model_spec(self) -> ModelSpec:
        """How its weights become a net."""
        return ModelSpec(architecture=self.architecture, mean=self.mean, std=self.std)

    def settings(self) -> dict[str, object]:
        """What the file says besides the seeds, as JSON values: one seed's weights do not depend on the others.

        Defaults are left out, so that a later option does not change what older recipes say.
        """
        return self.model_dump(mode="json", exclude={"seeds"}, exclude_defaults=True)


def read_recipe(path: Path) -> Recipe:
    """The recipe in a TOML file; raises MettleError naming the wrong key and the rule."""
    return parse(Recipe, decode_file(path), path)
