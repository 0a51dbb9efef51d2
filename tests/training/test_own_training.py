"""Own recipes: what each field does to the plan and the examples, and that nets of such a training learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from benchmark.documents import OwnRecipe
from benchmark.documents.strict import parse
from benchmark.errors import MettleError
from benchmark.models.architectures import build
from benchmark.training.losses import SoftenedKL
from benchmark.training.own_training import OwnTraining, Teacher, load_teacher, own_plan, own_training
from benchmark.training.plan import Optimizer, TrainingPlan
from benchmark.training.trainer import train
from benchmark.training.training_set import TrainingSet
from benchmark.training.zca import fit_whitening

STANDARD = TrainingPlan(
    architecture="linear", mean=[0.3], std=[0.2], epochs=7, batch_size=99, last_batch="kept", channels_last=False,
    optimizer=Optimizer(learning_rate=1.0),
)  # fmt: skip
DRAWS = np.random.default_rng(0)
CLASSES = 4
LABELS = np.tile(np.arange(CLASSES), 10)
PATTERNS = DRAWS.random((CLASSES, 8, 8, 1))
IMAGES = (PATTERNS[LABELS] + DRAWS.normal(0, 0.2, (40, 8, 8, 1))).astype(np.float32)
TARGETS = (0.7 * np.eye(CLASSES)[LABELS] + 0.3 / CLASSES).astype(np.float32)
BASE = {"optimizer": {"name": "sgd", "learning_rate": 0.1}, "epochs": 20, "batch_size": 16}
TEACHER = {"architecture": "linear", "path": "t.safetensors", "sha256": "0" * 64}


def recipe(**changes: Any) -> OwnRecipe:
    data = {key: value for key, value in (BASE | changes).items() if value is not None}
    return parse(OwnRecipe, data, "own_recipe")


def prepared(own: OwnRecipe, teacher: Teacher | None = None) -> OwnTraining:
    return own_training(
        own, STANDARD, IMAGES, TARGETS, learning_rate=0.5, whitening_of=lambda: fit_whitening(IMAGES), teacher=teacher
    )  # fmt: skip


def a_teacher() -> Teacher:
    torch.manual_seed(1)
    return Teacher(build("linear", num_classes=CLASSES, in_channels=1, image_size=8).eval(), 1040)


def test_the_plan_says_what_the_recipe_says() -> None:
    own = recipe(
        optimizer={"name": "adamw", "weight_decay": 0.01}, epochs=None, steps=50, schedule={"decay": "cosine"},
        loss={"name": "kl", "temperature": 4.0}, augmentations=["cutmix", "dsa"],
    )  # fmt: skip
    plan = own_plan(own, STANDARD, learning_rate=0.02)
    assert TrainingPlan.model_validate(plan.model_dump()) == plan
    assert (plan.architecture, plan.mean, plan.last_batch) == ("linear", [0.3], "kept")
    assert (plan.epochs, plan.steps, plan.batch_size) == (None, 50, 16)
    assert plan.optimizer == Optimizer(name="adamw", learning_rate=0.02, weight_decay=0.01, nesterov=False)
    assert (plan.schedule.decay, plan.schedule.warmup_share) == ("cosine", 0.0)
    assert plan.loss == SoftenedKL(name="kl", temperature=4.0)
    assert [one.name for one in plan.augmentations] == ["cutmix", "dsa"]
    assert own_plan(recipe(), STANDARD, learning_rate=0.5).optimizer.learning_rate == 0.1
    assert own_plan(own, STANDARD).optimizer.learning_rate == STANDARD.optimizer.learning_rate


def test_labels_are_hard_soft_or_of_a_teacher() -> None:
    hard, soft = prepared(recipe()), prepared(recipe(loss={"name": "soft_cross_entropy"}))
    assert np.array_equal(hard.examples.targets, np.eye(CLASSES)[LABELS])
    assert np.array_equal(soft.examples.targets, TARGETS)
    teacher = a_teacher()
    own = recipe(loss={"name": "kl"}, teacher=TEACHER)
    asked = prepared(own, teacher)
    expected = teacher.module(torch.from_numpy(IMAGES.transpose(0, 3, 1, 2))).softmax(1).detach().numpy()
    assert np.allclose(asked.examples.targets, expected, atol=1e-6)
    assert asked.bytes == {"teacher": 1040}
    assert (hard.bytes, hard.examples.labeller) == ({}, None)
    with pytest.raises(ValueError, match="a teacher is loaded"):
        prepared(own)


def test_a_teacher_of_every_batch_sees_the_augmented_images_in_pixel_units() -> None:
    teacher, seen = a_teacher(), []

    def labels(images: torch.Tensor) -> torch.Tensor:
        seen.append(images)
        return teacher.labels(images)

    own = prepared(recipe(loss={"name": "kl"}, teacher=TEACHER | {"when": "every_batch"}, epochs=1), teacher)
    assert own.examples.labeller is not None
    examples = TrainingSet(own.examples.images, own.examples.targets, labeller=labels)
    train(own.plan, examples, seed=1, show_progress=False)
    shown = torch.cat(seen).permute(0, 2, 3, 1).numpy()
    order = [int(np.abs(IMAGES - image).reshape(40, -1).max(axis=1).argmin()) for image in shown]
    assert sorted(order) == list(range(40))
    assert np.allclose(shown, IMAGES[order], atol=1e-5)


def test_labels_of_every_batch_train_as_stored_ones_where_nothing_is_augmented() -> None:
    teacher = a_teacher()
    slow = {"loss": {"name": "kl"}, "optimizer": {"name": "sgd", "learning_rate": 0.003}}
    live = prepared(recipe(**slow, teacher=TEACHER | {"when": "every_batch"}), teacher)
    once = prepared(recipe(**slow, teacher=TEACHER), teacher)
    nets = [train(own.plan, own.examples, seed=1, show_progress=False) for own in (live, once)]
    assert nets[0].loss == pytest.approx(nets[1].loss, rel=1e-4)
    for first, second in zip(*(net.module.parameters() for net in nets), strict=True):
        assert torch.allclose(first, second, atol=1e-5)


def test_whitening_is_of_the_real_images_and_comes_before_the_finished_net() -> None:
    own = prepared(recipe(zca=True))
    whitening = fit_whitening(IMAGES)
    assert np.allclose(own.examples.images, whitening.whiten(IMAGES), atol=1e-5)
    assert (own.plan.mean, own.plan.std) == ([0.0], [1.0])
    assert own.bytes == {"whitening": 4 * (64 + 64 * 64)}
    net = train(own.plan, own.examples, seed=1, show_progress=False).module
    finished = own.finished(net)
    pixels = torch.from_numpy(IMAGES.transpose(0, 3, 1, 2))
    whitened = torch.from_numpy(whitening.whiten(IMAGES).transpose(0, 3, 1, 2))
    assert torch.allclose(finished(pixels), net(whitened), atol=1e-3)
    assert (finished(pixels).argmax(1).numpy() == LABELS).mean() > 0.9
    assert torch.allclose(finished.double()(pixels), net.double()(whitened.double()), atol=1e-3)
    assert prepared(recipe()).finished(net) is net


def test_tiles_make_four_examples_of_one() -> None:
    own = prepared(recipe(factor=2))
    assert own.examples.images.shape == (160, 8, 8, 1)
    assert np.array_equal(own.examples.targets.argmax(1), np.repeat(LABELS, 4))
    assert own.bytes == {}


def test_weights_of_a_teacher_are_read_safely(tmp_path: Path) -> None:
    module = a_teacher().module
    save_file(module.state_dict(), tmp_path / "t.safetensors")
    spec = recipe(loss={"name": "kl"}, teacher=TEACHER | {"mean": [0.5], "std": [0.25]}).teacher
    assert spec is not None
    teacher = load_teacher(spec, tmp_path / "t.safetensors", classes=CLASSES, channels=1, image_size=8)
    pixels = torch.from_numpy(IMAGES.transpose(0, 3, 1, 2))
    assert torch.allclose(teacher.labels(pixels), module((pixels - 0.5) / 0.25).softmax(1), atol=1e-6)
    assert teacher.bytes == 4 * (64 * CLASSES + CLASSES)
    with pytest.raises(MettleError):
        load_teacher(spec, tmp_path / "t.safetensors", classes=CLASSES + 1, channels=1, image_size=8)
