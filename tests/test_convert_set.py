"""`mettle convert` of a distilled set: what it prints, what it writes, and that accuracy is measured, not assumed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmark.cli import app
from benchmark.convert_set import UNMEASURED, convert_set, measure_conversion
from benchmark.documents import file_sha256
from benchmark.errors import MettleError
from benchmark.submitted_sets import read_distilled
from benchmark.submitted_sets.conversion import Conversion, read_for_conversion
from benchmark.submitted_sets.quantization import quantize
from benchmark.task_registry import TASKS_DIR, find_task
from tests.tasks.small_distillation import TESTED, real_images, small_distillation

TASK = "distillation/fashion-mnist-ipc1"
MEAN, STD = 0.2861, 0.353
IMAGES, LABELS = real_images()
READ = {"image_size": 28, "channels": 1, "classes": 10, "images_per_class": 1}


@pytest.fixture(scope="module")
def tasks_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_distillation(tmp_path_factory.mktemp("small") / "tasks")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Ten real images, normalized as their task does."""
    normalized = ((IMAGES / 255 - MEAN) / STD).astype(np.float32).transpose(0, 3, 1, 2)
    np.savez(tmp_path / "res.npz", images=normalized, labels=LABELS)
    return tmp_path / "res.npz"


def test_the_command_prints_what_it_did(source: Path, tasks_dir: Path, tmp_path: Path) -> None:
    target = tmp_path / "set.safetensors"
    words = ["convert", source, target, "--mean", MEAN, "--std", STD, "--measure", TASK, "--tasks-dir", tasks_dir]
    result = CliRunner().invoke(app, [*map(str, words), "--learning-rate", "0.02"])
    assert result.exit_code == 0, result.output
    shown = " ".join(result.output.split())
    for said in ("images 10 x 1 x 28 x 28, labels 10", "% outside", "largest rounding error", "7,840 bytes of images"):
        assert said in shown
    assert f"accuracy on {TASK}, quick plan, 2 nets: before" in shown
    assert "not measured" not in shown
    found = read_distilled(target, **READ)  # type: ignore[arg-type]
    assert np.array_equal(found.pixels(), IMAGES)
    assert found.learning_rate == pytest.approx(0.02)
    assert f"sha256 {file_sha256(source)[:12]}" in found.conversion
    assert "quick plan, 2 nets: before" in found.conversion


def test_the_smallest_task_that_takes_the_set_measures_it(source: Path, tasks_dir: Path, tmp_path: Path) -> None:
    target = tmp_path / "set.safetensors"
    words = ["convert", source, target, "--mean", MEAN, "--std", STD, "--tasks-dir", tasks_dir]
    result = CliRunner().invoke(app, [*map(str, words)])
    assert result.exit_code == 0, result.output
    assert f"quick plan of {TASK}; --no-measure leaves this out" in result.output
    assert "quick plan, 2 nets: before" in read_distilled(target, **READ).conversion  # type: ignore[arg-type]


def test_where_nothing_is_measured_a_line_says_why(source: Path, tasks_dir: Path, tmp_path: Path) -> None:
    larger = tmp_path / "larger.npz"
    np.savez(larger, images=np.zeros((10, 1, 30, 30), np.float32), labels=LABELS)
    for file, option, reason in (
        (source, ["--no-measure"], "--no-measure"),
        (larger, [], "no active task whose data is here takes the set"),
    ):
        target = tmp_path / f"{file.stem}.safetensors"
        words = ["convert", file, target, "--mean", MEAN, "--std", STD, "--tasks-dir", tasks_dir, *option]
        result = CliRunner().invoke(app, [*map(str, words)])
        assert result.exit_code == 0, result.output
        assert [line for line in result.output.splitlines() if "accuracy" in line] == [UNMEASURED + reason]
        size = READ | {"image_size": 28 if file == source else 30}
        assert "accuracy" not in read_distilled(target, **size).conversion  # type: ignore[arg-type]


def test_an_interrupt_leaves_the_file(
    source: Path, tasks_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("benchmark.convert_set.train", interrupted)
    target = tmp_path / "set.safetensors"
    options = {"mean": str(MEAN), "std": str(STD), "measure_on": TASK, "tasks_dir": tasks_dir}
    with pytest.raises(KeyboardInterrupt):
        list(convert_set(source, target, **options))  # type: ignore[arg-type]
    assert np.array_equal(read_distilled(target, **READ).pixels(), IMAGES)  # type: ignore[arg-type]


def test_accuracy_is_of_the_sets_that_are_compared(source: Path, tasks_dir: Path) -> None:
    entry = find_task(TASK, tasks_dir)
    good = read_for_conversion(source, mean=[MEAN], std=[STD])
    same = measure_conversion(good, entry, show_progress=False)
    assert same.before.shape == same.after.shape == (2,)
    right = same.before * TESTED
    assert right == pytest.approx(right.round())  # of the images that the task tests on
    assert np.abs(same.before - same.after).max() < 0.03
    assert same.before.mean() > 0.2
    # Blank images after the conversion: whatever was learned before is lost.
    blank = Conversion("x", good.before, quantize(np.zeros_like(good.before)), good.labels, None, ())
    lost = measure_conversion(blank, entry, show_progress=False)
    assert np.array_equal(lost.before, same.before)
    assert lost.after.mean() < same.after.mean() - 0.05


def test_wrong_options_are_refused_before_any_work(source: Path, tmp_path: Path) -> None:
    def refused(**options: object) -> str:
        given = {"mean": str(MEAN), "std": str(STD), "tasks_dir": TASKS_DIR} | options
        with pytest.raises(MettleError) as error:
            list(convert_set(source, tmp_path / "out.safetensors", **given))  # type: ignore[arg-type]
        assert not (tmp_path / "out.safetensors").exists()
        return str(error.value)

    assert "--mean: it is one number, or one a channel" in refused(mean="a,b")
    assert "--std: it has one finite value" in refused(std="1,2")
    assert "--learning-rate: it is above 0" in refused(learning_rate="-1")
    assert "there is no such file" in refused(learning_rate="absent.pt")
    assert "--measure: it is an active task for distilled sets" in refused(measure_on="corruption/fashion-mnist-mc")
    assert "an active task" in refused(measure_on="distillation/imagenet-ipc1")
    for words, says in (
        (["--kind", "curated"], "is checkpoint or distilled"),
        (["--kind", "distilled", "--trust"], "--trust"),
        (["--kind", "checkpoint", "--mean", "0"], "--mean"),
        ([], "--mean: it is one number, or one a channel"),
    ):
        result = CliRunner().invoke(app, ["convert", str(source), str(tmp_path / "out.safetensors"), *words])
        assert isinstance(result.exception, MettleError)
        assert says in str(result.exception)
