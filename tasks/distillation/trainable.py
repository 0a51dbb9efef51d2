"""A distilled set as the trainer takes it, by the task's plan and by its own recipe."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmark.artifacts import local_file
from benchmark.documents import Artifact, OwnRecipe
from benchmark.documents.own_recipe import MAX_IMAGES_SEEN, MAX_STEPS
from benchmark.errors import MettleError
from benchmark.submitted_sets import DistilledSet, read_distilled
from benchmark.task_registry import TaskEntry
from benchmark.training.dataset_whitening import whitening_of
from benchmark.training.own_training import OwnTraining, Teacher, load_teacher, own_plan, own_training
from benchmark.training.plan import TrainingPlan
from benchmark.training.training_set import TrainingSet
from tasks.distillation.settings import OWN, DistillationSettings, judging_plan, settings_of


@dataclass(frozen=True)
class TrainableSet:
    """A distilled set that was read, with its recipe where it has one."""

    distilled: DistilledSet
    settings: DistillationSettings
    dataset: str
    recipe: OwnRecipe | None
    teacher: Teacher | None
    """Of the recipe, loaded."""

    def training_set(self, plan: str) -> TrainingSet:
        if plan == OWN:
            return self.own.examples
        return TrainingSet(self.distilled.images, self.distilled.targets)

    def adapted(self, plan: TrainingPlan) -> TrainingPlan:
        """The task's plan with the set's own learning rate, where it has one."""
        rate = self.distilled.learning_rate
        if rate is None:
            return plan
        return plan.model_copy(update={"optimizer": plan.optimizer.model_copy(update={"learning_rate": rate})})

    @cached_property
    def own(self) -> OwnTraining:
        """What nets of the own recipe are trained with."""
        assert self.recipe is not None
        return own_training(
            self.recipe,
            judging_plan(self.settings, self.settings.architecture),
            self.distilled.images,
            self.distilled.targets,
            learning_rate=self.distilled.learning_rate,
            whitening_of=lambda: whitening_of(self.dataset),
            teacher=self.teacher,
        )

    @property
    def own_recipe_bytes(self) -> dict[str, int]:
        """Of the file's arrays, `set`, and of everything its recipe needs besides: `teacher`, `whitening`."""
        return {"set": self.distilled.total_bytes, **self.own.bytes}


def read_trainable(entry: TaskEntry, artifact: Artifact, file: Path) -> TrainableSet:
    """The set in a file, and its teacher, both checked; MettleError in one line for a bad one."""
    data, settings = entry.task.data, settings_of(entry)
    distilled = read_distilled(
        file,
        image_size=data.image_size,
        channels=data.channels,
        classes=len(data.classes),
        images_per_class=settings.images_per_class,
    )
    recipe = artifact.own_recipe
    if recipe is not None:
        _check_length(
            file, recipe, own_plan(recipe, judging_plan(settings, settings.architecture)), len(distilled.images)
        )
    teacher = None
    if recipe is not None and recipe.teacher is not None:
        teacher = load_teacher(
            recipe.teacher,
            local_file(recipe.teacher, _folder(artifact, file)),
            classes=len(data.classes),
            channels=data.channels,
            image_size=data.image_size,
        )
    return TrainableSet(distilled, settings, data.dataset, recipe, teacher)


def _check_length(file: Path, recipe: OwnRecipe, plan: TrainingPlan, images: int) -> None:
    """MettleError where the nets of the recipe, on so many images, would be trained for days."""
    examples = images * recipe.factor**2
    steps, seen = plan.total_steps(examples), plan.images_seen(examples)
    fix = "Lower `epochs` or `steps` in [artifacts.own_recipe]"
    if steps > MAX_STEPS:
        raise MettleError(
            f"own recipe of {file}",
            f"it takes at most {MAX_STEPS:,} steps",
            f"{steps:,}",
            f"{fix}, or raise `batch_size`.",
        )
    if seen > MAX_IMAGES_SEEN:
        raise MettleError(
            f"own recipe of {file}", f"its nets see at most {MAX_IMAGES_SEEN:,} images in all", f"{seen:,}", f"{fix}."
        )


def _folder(artifact: Artifact, file: Path) -> Path:
    """The submission's folder; a set from elsewhere has no teacher in it."""
    return file.parents[len(Path(artifact.path).parts) - 1] if artifact.path is not None else file.parent
