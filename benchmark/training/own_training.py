"""From the own recipe of a distilled set to what the trainer takes: a plan, examples, and the bytes they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmark.documents.own_recipe import OwnLoss, OwnRecipe
from benchmark.documents.own_recipe import Teacher as TeacherSpec
from benchmark.documents.submission import ModelSpec
from benchmark.models.loading import load_checkpoint
from benchmark.training.augmentations import AnyAugmentation
from benchmark.training.augmentations.cutmix import CutMix
from benchmark.training.augmentations.siamese import DSA
from benchmark.training.factor_decoding import decode
from benchmark.training.losses import AnyLoss, CrossEntropy, MeanSquaredError, SoftenedKL
from benchmark.training.plan import Optimizer, Schedule, TrainingPlan
from benchmark.training.training_set import TrainingSet
from benchmark.training.whitened import Whitened
from benchmark.training.zca import Whitening

TEACHER_BATCH = 250


@dataclass(frozen=True)
class Teacher:
    """module: float images in [0, 1], (N, C, H, W), to logits (N, K). bytes: of its weights as stored."""

    module: nn.Module
    bytes: int

    @torch.no_grad()
    def labels(self, images: torch.Tensor) -> torch.Tensor:
        """Its class probabilities, float32 (N, K). images: float (N, C, H, W) in pixel units."""
        return torch.cat([self.module(part).softmax(1) for part in images.split(TEACHER_BATCH)]).float()


@dataclass(frozen=True)
class OwnTraining:
    """What nets of an own recipe are trained with.

    bytes: of what the recipe needs besides the file: `teacher`, `whitening`; the decoder has none.
    """

    plan: TrainingPlan
    examples: TrainingSet
    whitening: Whitening | None
    bytes: Mapping[str, int]

    def finished(self, net: nn.Module) -> nn.Module:
        """A trained net as one of normalized test images: whitening comes before it where it was trained so.

        net: takes what the plan's mean and std give, which leave images in [0, 1] as they are under whitening.
        """
        return net if self.whitening is None else Whitened(net, self.whitening)


def own_training(
    recipe: OwnRecipe,
    standard: TrainingPlan,
    images: np.ndarray,
    targets: np.ndarray,
    *,
    learning_rate: float | None,
    whitening_of: Callable[[], Whitening],
    teacher: Teacher | None,
) -> OwnTraining:
    """The plan and the examples of an own recipe.

    standard: the task's plan, whose net and normalization hold. images: float32 (N, H, W, C) in pixel units. targets:
    float32 (N, K). learning_rate: the file's own. whitening_of: gives that of the official training images, where the
    recipe whitens. teacher: of the recipe, loaded; ValueError where it is missing. In order: tiles are enlarged, a
    teacher asked once labels them, they are whitened.
    """
    if (recipe.teacher is None) != (teacher is None):
        raise ValueError("a teacher is loaded where the recipe names one")
    images, targets = decode(images, targets, recipe.factor)
    labeller = None
    if teacher is not None and recipe.teacher is not None and recipe.teacher.when == "once":
        targets = teacher.labels(torch.from_numpy(images).permute(0, 3, 1, 2)).numpy()
    elif teacher is not None:
        labeller = teacher.labels
    elif recipe.loss.name == "cross_entropy":
        targets = np.eye(targets.shape[1], dtype=np.float32)[targets.argmax(axis=1)]
    whitening = whitening_of() if recipe.zca else None
    if whitening is not None:
        images = whitening.whiten(images)
    extra = {"teacher": teacher.bytes} if teacher is not None else {}
    if whitening is not None:
        extra["whitening"] = whitening.nbytes
    examples = TrainingSet(images, targets, labeller=labeller)
    return OwnTraining(own_plan(recipe, standard, learning_rate), examples, whitening, extra)


def own_plan(recipe: OwnRecipe, standard: TrainingPlan, learning_rate: float | None = None) -> TrainingPlan:
    """The standard plan with everything that the recipe says; under whitening, images are not normalized besides.

    learning_rate: the file's own. The recipe's rate comes first, then the file's, then the task's.
    """
    rate = recipe.optimizer.learning_rate or learning_rate or standard.optimizer.learning_rate
    augmentations: list[AnyAugmentation] = [
        DSA(name="dsa") if name == "dsa" else CutMix(name="cutmix") for name in recipe.augmentations
    ]
    changes: dict[str, object] = {
        "epochs": recipe.epochs,
        "steps": recipe.steps,
        "batch_size": recipe.batch_size,
        "loss": _loss(recipe.loss),
        "optimizer": Optimizer(**recipe.optimizer.model_dump(exclude={"learning_rate"}), learning_rate=rate),
        "schedule": Schedule(**recipe.schedule.model_dump()),
        "augmentations": augmentations,
    }
    if recipe.zca:
        changes |= {"mean": [0.0], "std": [1.0]}
    return standard.model_copy(update=changes)


def load_teacher(spec: TeacherSpec, file: Path, *, classes: int, channels: int, image_size: int) -> Teacher:
    """The net in a verified file; MettleError, in one line, for weights that do not fit the task."""
    loaded = load_checkpoint(
        file,
        ModelSpec(architecture=spec.architecture, mean=spec.mean, std=spec.std),
        num_classes=classes,
        class_names=None,
        in_channels=channels,
        image_size=image_size,
    )
    return Teacher(loaded.module, loaded.weight_bytes)


def _loss(loss: OwnLoss) -> AnyLoss:
    if loss.name == "kl":
        return SoftenedKL(name="kl", temperature=loss.temperature)
    return MeanSquaredError(name="mse") if loss.name == "mse" else CrossEntropy(name="cross_entropy")
