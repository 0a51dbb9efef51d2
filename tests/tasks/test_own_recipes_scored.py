"""Sets with a recipe of their own and fast runs, scored end to end: what is trained, counted, and never ranked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from benchmark import data, evaluate
from benchmark.documents import Record, file_sha256, read_submission
from benchmark.effort import Effort
from benchmark.errors import MettleError
from benchmark.evaluation import Options
from benchmark.models.architectures import build
from benchmark.task_registry import find_task
from tasks.distillation.trainable import read_trainable
from tests.tasks.small_distillation import real_images, submission

TASK = "distillation/fashion-mnist-ipc1"
IMAGES, LABELS = real_images()
RECIPE = """
[artifacts.own_recipe]
steps = 20
batch_size = 5
{more}
[artifacts.own_recipe.optimizer]
name = "adamw"
[artifacts.own_recipe.loss]
name = "soft_cross_entropy"
"""
TEACHER = """
[artifacts.own_recipe.teacher]
architecture = "linear"
path = "teacher.safetensors"
sha256 = "{sha256}"
"""
WHITENING_BYTES = 28 * 28 * 28 * 28 * 4
TEACHER_BYTES = 4 * (28 * 28 * 10 + 10)
pytestmark = pytest.mark.usefixtures("distillation_cache")


def scored(folder: Path, distillation_tasks: Path, effort: Effort | None = None) -> Record:
    return evaluate(folder, TASK, options=Options(tasks_dir=distillation_tasks, workers=1, effort=effort or Effort()))


def needed(record: Record) -> dict[str, float]:
    """The bytes by what they are for."""
    cells = record.result.cells
    return {name.partition(":")[2]: cell["bytes"] for name, cell in cells.items() if name.startswith("own_bytes:")}


def test_an_own_recipe_is_run_again_and_its_bytes_counted(distillation_tasks: Path, tmp_path: Path) -> None:
    plain = scored(submission(tmp_path / "plain", images=IMAGES, labels=LABELS), distillation_tasks)
    own = submission(tmp_path / "own", images=IMAGES, labels=LABELS, extra=RECIPE.format(more="zca = true"))
    record = scored(own, distillation_tasks)
    scores = record.result.scores
    assert 0.1 < scores["own_recipe_accuracy"].value < 1
    assert scores["own_recipe_accuracy"].covers == "both"
    assert sum(name.startswith("own:") for name in record.result.cells) == 3
    assert scores["accuracy"] == plain.result.scores["accuracy"]  # the ranked training does not know the recipe
    found = needed(record)
    assert found["set"] == scores["bytes_total"].value
    assert found["whitening"] >= WHITENING_BYTES
    assert sum(found.values()) == scores["own_recipe_bytes"].value
    assert needed(plain) == {}


def test_tiles_and_a_teacher_reach_the_nets_and_the_count(distillation_tasks: Path, tmp_path: Path) -> None:
    """The same images with another teacher, and whole instead of cut, train other nets; the teacher's bytes count."""
    accuracies = {}
    for teacher, factor in ((1, 2), (2, 2), (1, 1)):
        folder = tmp_path / f"teacher-{teacher}-factor-{factor}"
        folder.mkdir()
        torch.manual_seed(teacher)
        net = build("linear", num_classes=10, in_channels=1, image_size=28)
        save_file(net.state_dict(), folder / "teacher.safetensors")
        extra = RECIPE.format(more=f"factor = {factor}")
        extra += TEACHER.format(sha256=file_sha256(folder / "teacher.safetensors"))
        record = scored(submission(folder, images=IMAGES, labels=LABELS, extra=extra), distillation_tasks)
        nets = [cell["train_loss"] for name, cell in record.result.cells.items() if name.startswith("own:")]
        accuracies[teacher, factor] = nets
        assert needed(record) == {"set": record.result.scores["bytes_total"].value, "teacher": TEACHER_BYTES}
    assert len({tuple(nets) for nets in accuracies.values()}) == 3


def test_a_fast_run_trains_in_bfloat16_and_says_so(distillation_tasks: Path, tmp_path: Path) -> None:
    folder = submission(tmp_path / "fast", images=IMAGES, labels=LABELS, extra=RECIPE.format(more=""))
    exact, fast = scored(folder, distillation_tasks), scored(folder, distillation_tasks, Effort("fast"))
    assert (fast.run.precision, exact.run.precision) == ("fast", "fp32")
    assert fast.id != exact.id
    for kind in ("net:", "own:"):
        losses = [
            [cell["train_loss"] for name, cell in record.result.cells.items() if name.startswith(kind)]
            for record in (exact, fast)
        ]
        assert losses[0] != losses[1]
        if kind == "net:":  # twenty steps of AdamW on five images go their own way
            assert losses[0] == pytest.approx(losses[1], rel=0.05)  # three digits of bfloat16


@pytest.mark.parametrize(
    ("length", "more", "says"),
    [
        ("epochs = 3000\nbatch_size = 1", "factor = 2", "it takes at most 200,000 steps, but got 6,000,000"),
        ("steps = 200000\nbatch_size = 100", "", "its nets see at most 10,000,000 images in all, but got 20,000,000"),
        ("steps = 200000\nbatch_size = 50", "", None),
        ("steps = 40000\nbatch_size = 499", "", None),
        ("steps = 40001\nbatch_size = 499", "", "its nets see at most 10,000,000 images in all, but got 10,000,499"),
        ("epochs = 3000\nbatch_size = 256", "factor = 2", None),
    ],
)
def test_a_recipe_of_days_is_refused_when_the_file_is_opened(
    tmp_path: Path, length: str, more: str, says: str | None
) -> None:
    """The longest epochs on 50 images of each of 10 classes pass; one image a step, four tiles an image, do not.

    A last batch of one image is one image: two steps of 499 and 1 see 500.
    """
    part = data.load("fashion-mnist", "train")
    rows = np.sort(np.concatenate([np.flatnonzero(part.labels == label)[:50] for label in range(10)]))
    recipe = RECIPE.replace("steps = 20\nbatch_size = 5", length).format(more=more)
    task = "distillation/fashion-mnist-ipc50"
    folder = submission(tmp_path / "long", task, images=part.images[rows], labels=part.labels[rows], extra=recipe)
    artifact = read_submission(folder).artifacts[0]
    if says is None:
        assert read_trainable(find_task(task), artifact, folder / "set.safetensors").recipe is not None
        return
    with pytest.raises(MettleError, match="own recipe of") as error:
        read_trainable(find_task(task), artifact, folder / "set.safetensors")
    assert says in str(error.value)
    assert "[artifacts.own_recipe]" in str(error.value)
