"""The distillation protocol end to end on 600 test images: numbers, tiers, repeats, floors, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark import evaluate, evaluation
from benchmark.contamination.findings import look_for_copies
from benchmark.dataset_protocol import JUDGING_BATCH
from benchmark.documents import Artifact, Record
from benchmark.documents.measured.distillation_anchors import FILE
from benchmark.effort import Effort
from benchmark.errors import MettleError
from benchmark.evaluation import Options, score_submission
from benchmark.pin import pin_task
from benchmark.protocol import Candidate
from benchmark.score import close
from benchmark.task_registry import TASKS_DIR, find_task
from tasks.distillation.split import CANARIES_SHA256
from tasks.distillation.standard_training import PROTOCOL
from tests.tasks.small_distillation import (
    CORRUPTED,
    OTHERS,
    RUNS,
    TESTED,
    real_images,
    submission,
    write_anchor,
)

TASK = "distillation/fashion-mnist-ipc1"
IMAGES, LABELS = real_images()
pytestmark = pytest.mark.usefixtures("distillation_cache")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return submission(tmp_path_factory.mktemp("subs") / "first-images", images=IMAGES, labels=LABELS)


@pytest.fixture(scope="module")
def scored(distillation_tasks: Path, folder: Path) -> Record:
    return evaluate(folder, TASK, options=Options(tasks_dir=distillation_tasks, workers=1))


def test_scores_are_the_tasks_own_and_say_what_they_cover(scored: Record) -> None:
    scores = scored.result.scores
    assert set(scores) == {
        "accuracy", "accuracy_without_near_duplicates", "accuracy_at_10_percent", "accuracy_at_30_percent",
        "mean_corruption_accuracy",
        "cross_architecture_mean", "cross_architecture_worst", "bytes_images", "bytes_labels", "bytes_total",
        "learning_rate", "leak_gap", "canary_accuracy",
    }  # fmt: skip
    task = find_task("distillation/fashion-mnist-ipc10").task
    assert set(scores) <= {metric.name for metric in (task.primary, *task.also)}
    assert scores["accuracy"].covers == scores["mean_corruption_accuracy"].covers == "both"
    assert scores["cross_architecture_mean"].covers == "test images"
    assert 0.2 < scores["accuracy"].value < 0.8
    assert scores["cross_architecture_worst"].value <= scores["cross_architecture_mean"].value
    assert scores["bytes_images"].value == IMAGES.nbytes
    assert scores["bytes_labels"].value == len(LABELS)
    assert scores["learning_rate"].value == pytest.approx(0.01)


def test_the_outcomes_are_the_right_answers_of_each_net(scored: Record) -> None:
    primary, cells = scored.result.outcomes["primary"], scored.result.cells
    assert (primary.shape, primary.scale, primary.dtype) == ([RUNS], TESTED, "<u2")
    assert scored.result.outcomes["predicted"].shape == [RUNS, TESTED]
    nets = [values["accuracy"] for name, values in cells.items() if name.startswith("net:")]
    assert len(nets) == RUNS
    assert np.mean(nets) == pytest.approx(scored.result.scores["accuracy"].value, abs=1e-9)
    others = {name: values["accuracy"] for name, values in cells.items() if name.startswith("architecture:")}
    assert set(others) == {f"architecture:{name}" for name in OTHERS}
    assert np.mean(list(others.values())) == pytest.approx(scored.result.scores["cross_architecture_mean"].value)
    classes = [values for name, values in cells.items() if name.startswith("group:class/")]
    by_class = sum(cell["n"] * cell["accuracy"] for cell in classes) / TESTED
    assert by_class == pytest.approx(scored.result.scores["accuracy"].value)
    corrupted = [values["accuracy"] for name, values in cells.items() if name.endswith("/3")]
    assert len(corrupted) == 12
    assert np.mean(corrupted) == pytest.approx(scored.result.scores["mean_corruption_accuracy"].value, abs=1e-9)


def test_the_run_says_where_nets_ran_and_in_which_batches(scored: Record) -> None:
    assert (scored.run.device, scored.run.batch_size) == ("cpu", JUDGING_BATCH)


def test_another_device_is_refused_before_any_work(
    distillation_tasks: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`meta` stands for a device that every machine has."""

    def never(*_: object) -> None:
        raise AssertionError("the task was opened")

    monkeypatch.setattr(evaluation, "open_task", never)
    for score in (score_submission, evaluate):
        with pytest.raises(MettleError) as refusal:
            score(folder, TASK, options=Options(tasks_dir=distillation_tasks, device="meta"))
        rule = f"nets on a submitted set ({TASK}) are trained and judged on the CPU"
        assert str(refusal.value) == f"--device: {rule}, but got 'meta'. Leave it out."


def test_equal_runs_give_equal_results(scored: Record, distillation_tasks: Path, folder: Path) -> None:
    close()
    fresh = evaluate(folder, TASK, options=Options(tasks_dir=distillation_tasks, workers=1, fresh=True))
    assert fresh.id == scored.id


def test_anchors_give_lift_and_recovery(scored: Record, distillation_tasks: Path, folder: Path) -> None:
    mean, entry = scored.result.scores["accuracy"].value, find_task(TASK, distillation_tasks)
    around = np.linspace(-0.05, 0.05, 10)
    try:
        write_anchor(entry, "random", (mean - 0.15 + around).tolist())
        one = evaluate(folder, TASK, options=Options(tasks_dir=distillation_tasks, workers=1)).result.scores
        write_anchor(entry, "whole", [mean + 0.09, mean + 0.11])
        both = evaluate(folder, TASK, options=Options(tasks_dir=distillation_tasks, workers=1)).result.scores
    finally:
        (entry.folder / FILE).unlink()
    assert both["lift"].value == pytest.approx(0.15)
    assert both["recovery"].value == pytest.approx(0.15 / 0.25)
    for name in ("lift", "recovery"):
        lower, upper = both[name].lower, both[name].upper
        assert lower is not None
        assert upper is not None
        assert lower < both[name].value < upper
        assert both[name].covers == "training runs"
    assert one["lift"] == both["lift"]
    assert "recovery" not in one  # missing, not 0


def test_quick_trains_less_and_says_so(distillation_tasks: Path, folder: Path) -> None:
    record = evaluate(folder, TASK, options=Options(tasks_dir=distillation_tasks, workers=1, effort=Effort("quick")))
    assert record.result.tier == "quick"
    assert record.result.outcomes["primary"].shape == [2]
    assert "cross_architecture_mean" not in record.result.scores
    assert "lift" not in record.result.scores


def test_a_sets_own_learning_rate_and_soft_labels_are_used(distillation_tasks: Path, tmp_path: Path) -> None:
    options = Options(tasks_dir=distillation_tasks, workers=1, effort=Effort("quick"))
    rows = np.full((10, 10), 0.01, np.float32)
    rows[np.arange(10), LABELS] = 0.91
    soft = submission(tmp_path / "soft", images=IMAGES, soft_labels=rows, learning_rate=0.3)
    record = evaluate(soft, TASK, options=options)
    assert record.result.scores["learning_rate"].value == pytest.approx(0.3)
    assert record.result.scores["bytes_labels"].value == rows.nbytes
    assert record.result.scores["bytes_total"].value == IMAGES.nbytes + rows.nbytes + 4
    plain = evaluate(submission(tmp_path / "plain", images=IMAGES, labels=LABELS), TASK, options=options)
    assert record.result.scores["accuracy"] != plain.result.scores["accuracy"]


def test_wrong_labels_teach_wrong_classes(scored: Record, distillation_tasks: Path, tmp_path: Path) -> None:
    """Labels moved on by one: what was right before is wrong now."""
    moved = submission(tmp_path / "moved", images=IMAGES, labels=(LABELS + 1) % 10)
    found = evaluate(moved, TASK, options=Options(tasks_dir=distillation_tasks, workers=1))
    assert found.result.scores["accuracy"].value < scored.result.scores["accuracy"].value / 2


@pytest.mark.parametrize("kind", ["constant", "random"])
def test_constant_and_random_nets_are_at_the_floor(distillation_tasks: Path, folder: Path, kind: str) -> None:
    entry = find_task(TASK, distillation_tasks)
    split = PROTOCOL.open_split(entry)
    rng = np.random.Generator(np.random.PCG64(0))
    artifact_sha256, file = "a" * 64, folder / "set.safetensors"
    artifact = Artifact(kind="distilled", path="set.safetensors", sha256=artifact_sha256)
    shards = {}
    for name, planned in PROTOCOL.plans(entry, artifact, "standard").items():
        for run in range(planned.runs):
            guessed = np.full(TESTED, 3) if kind == "constant" else rng.integers(0, 10, TESTED)
            shards[f"{name}/seed {run + 1}"] = {
                "predicted": guessed.astype(np.uint8),
                "corrupted_correct": np.packbits(np.zeros((12, CORRUPTED), np.uint8), axis=1),
                "train_loss": np.array([2.3]),
            }
    shards["inspect/contamination"] = look_for_copies(IMAGES, split.images[:20])
    found = PROTOCOL.combine(entry, split, Candidate("distilled", artifact=artifact, file=file), shards)
    assert found.scores["accuracy"].value == pytest.approx(entry.task.primary.floor, abs=0.03)
    assert found.scores["mean_corruption_accuracy"].value == 0


def test_honest_images_raise_no_flag(scored: Record) -> None:
    assert scored.result.flags == []
    pairs = [values["correlation"] for name, values in scored.result.cells.items() if name.startswith("pair:")]
    assert len(pairs) == 5
    assert pairs == sorted(pairs, reverse=True)


def test_another_list_of_canaries_is_another_version(distillation_tasks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split = PROTOCOL.open_split(find_task(TASK, distillation_tasks))
    assert split.canary.ids == [position for position in split.canary.ids if position < split.frozen.tested]
    monkeypatch.setitem(CANARIES_SHA256, "fashion-mnist", "0" * 64)
    with pytest.raises(MettleError, match="canaries of fashion-mnist: were frozen"):
        PROTOCOL.open_split(find_task(TASK, distillation_tasks))
    monkeypatch.delitem(CANARIES_SHA256, "fashion-mnist")
    with pytest.raises(MettleError, match="canaries of fashion-mnist: are pinned for cifar10, but got fashion-mnist"):
        PROTOCOL.open_split(find_task(TASK, distillation_tasks))


def test_tasks_of_a_data_set_are_pinned_together() -> None:
    with pytest.raises(MettleError, match="freeze_distillation_split cifar100"):
        pin_task("distillation/cifar100-ipc10", TASKS_DIR)


def test_a_set_over_budget_is_refused_before_any_training(distillation_tasks: Path, tmp_path: Path) -> None:
    images, labels = real_images(2)
    with pytest.raises(MettleError, match="the budget is 10 images"):
        evaluate(
            submission(tmp_path / "two", images=images, labels=labels),
            TASK,
            options=Options(tasks_dir=distillation_tasks, workers=1),
        )


@pytest.mark.slow
def test_a_quick_look_by_the_tasks_own_net(tmp_path: Path) -> None:
    """Ten real images, 300 steps, three nets: far above chance, far below what the whole set gives."""
    folder = submission(tmp_path / "ten-images", images=IMAGES, labels=LABELS)
    found = evaluate(folder, TASK, options=Options(workers=1, effort=Effort("quick"))).result
    assert 0.35 < found.scores["accuracy"].value < 0.65
    assert found.outcomes["primary"].shape == [3]
    assert found.outcomes["primary"].scale == 10_000
