"""The training that a distilled set was made for, in fields and never in code: what the own-recipe column re-runs."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from benchmark.documents.location import Located
from benchmark.documents.strict import Finite, Line, Share, Strict

Positive = Annotated[Finite, Field(gt=0)]
MAX_STEPS = 200_000
MAX_EPOCHS = 3_000
"""Of the longest published recipes; a longer one would keep a machine for days."""
MAX_IMAGES_SEEN = 10_000_000
"""By one net over all steps, tiles counted one by one: MAX_EPOCHS over four tiles of each of 500 images, the largest
set of an active task, are 6 million, and a thousand epochs over 50 images of each of 100 classes 5 million. NCFM's 2000
epochs over four tiles of each of the latter do not fit: 314,000 steps on 40 million images, about a day a net on one
core. Source: gszfwsb/NCFM, `config/ipc50/cifar100.yaml`."""


class OwnOptimizer(Strict):
    """Stochastic gradient descent with momentum, or AdamW with decay rates .9 and .999."""

    name: Literal["sgd", "adamw"]
    learning_rate: Positive | None = None
    """The highest rate; without it, the file's own `learning_rate`, and without that the task's."""
    momentum: Annotated[Finite, Field(ge=0, lt=1)] = 0.9
    """Of sgd."""
    weight_decay: Annotated[Finite, Field(ge=0)] = 5e-4
    nesterov: bool = False


class OwnSchedule(Strict):
    """How the learning rate changes, step by step."""

    warmup_share: Share = 0.0
    """Share of all steps spent climbing linearly."""
    decay: Literal["constant", "linear", "cosine"] = "constant"
    final_share: Share = 0.0
    """The last rate over the highest; of linear and cosine."""
    drop_after_epochs: Annotated[int, Field(ge=1)] | None = None
    """From then on a tenth of the rate, and the optimizer begins anew, without momentum or AdamW's moments."""


class OwnLoss(Strict):
    """What is made small.

    cross_entropy: of the most likely class of each label. soft_cross_entropy: of the labels as they are. kl: between
    labels and prediction, both softened by the temperature. mse: between labels and logits.
    """

    name: Literal["cross_entropy", "soft_cross_entropy", "kl", "mse"]
    temperature: Positive = 1.0
    """Of kl: probabilities are raised to one over it and scaled to sum to one."""

    @model_validator(mode="after")
    def _temperature_is_used(self) -> Self:
        if self.temperature != 1 and self.name != "kl":
            raise ValueError(f"only kl has a temperature, not {self.name}")
        return self


class Teacher(Located):
    """A net whose predictions are the labels; its bytes count beside those of the images."""

    architecture: Line
    """A name of `benchmark.models.architectures`, or `torchvision:<name>`, or `timm:<name>`."""
    mean: list[Finite] = Field(default_factory=lambda: [0.0])
    """Subtracted from each channel of the image in [0, 1]; one value serves all channels."""
    std: list[Positive] = Field(default_factory=lambda: [1.0])
    when: Literal["once", "every_batch"] = "once"
    """Asked about each image before the training, or about every augmented batch."""


class OwnRecipe(Strict):
    """A distilled set's own training. The net is the task's, and the last step's weights count."""

    optimizer: OwnOptimizer
    schedule: OwnSchedule = OwnSchedule()
    epochs: Annotated[int, Field(ge=1, le=MAX_EPOCHS)] | None = None
    steps: Annotated[int, Field(ge=1, le=MAX_STEPS)] | None = None
    """In place of `epochs`: as many updates, however many images there are."""
    batch_size: Annotated[int, Field(ge=1, le=1024)]
    loss: OwnLoss = OwnLoss(name="cross_entropy")
    augmentations: list[Literal["dsa", "cutmix"]] = []
    """Both, one, or none; CutMix always comes first, as DSA works on normalized images."""
    zca: bool = False
    """Images of the set and of the test are whitened with the moments of the official training images."""
    factor: Literal[1, 2] = 1
    """2: each image is four of half the side, enlarged before the training."""
    teacher: Teacher | None = None

    @model_validator(mode="after")
    def _recipe_is_whole(self) -> Self:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("a recipe has exactly one of epochs and steps")
        if len(set(self.augmentations)) < len(self.augmentations):
            raise ValueError("an augmentation is named once")
        if self.teacher is not None and self.loss.name == "cross_entropy":
            raise ValueError("a teacher gives soft labels: the loss is soft_cross_entropy, kl or mse")
        if self.teacher is not None and self.teacher.when == "every_batch" and self.zca:
            raise ValueError("under zca a teacher is asked once: it sees ordinary images, and batches are whitened")
        return self
