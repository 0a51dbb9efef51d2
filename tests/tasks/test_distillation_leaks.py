"""What raises suspicion of a distilled set: test images among its own, however they are written, and the leak gap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark import data, evaluate
from benchmark.contamination.findings import copy_flags, look_for_copies
from benchmark.documents import Artifact
from benchmark.documents.measured.contamination_figures import copy_threshold
from benchmark.effort import Effort
from benchmark.evaluation import Options
from benchmark.protocol import Candidate
from benchmark.submitted_sets import read_distilled
from benchmark.submitted_sets.quantization import Quantized
from benchmark.task_registry import find_task
from tasks.distillation.looks import looks
from tasks.distillation.standard_training import PROTOCOL
from tests.tasks.small_distillation import CORRUPTED, RUNS, WATCHED, real_images, submission

TASK = "distillation/fashion-mnist-ipc1"
IMAGES, LABELS = real_images()
pytestmark = pytest.mark.usefixtures("distillation_cache")


def test_the_leak_gap_is_that_of_watched_images_outside_the_set(distillation_tasks: Path, tmp_path: Path) -> None:
    """Trained on ten of the watched images, nets are asked about the others."""
    entry = find_task(TASK, distillation_tasks)
    split = PROTOCOL.open_split(entry)
    images, labels = split.watched
    assert np.bincount(labels).tolist() == [WATCHED] * 10
    firsts = [int(np.flatnonzero(labels == label)[0]) for label in range(10)]
    own = images[firsts]
    own[3] = own[3, :, ::-1]
    folder = submission(tmp_path / "watched", images=own, labels=labels[firsts])
    file = folder / "set.safetensors"
    artifact = Artifact(kind="distilled", path=file.name, sha256="a" * 64)
    answers = np.ones((RUNS, len(labels)), np.uint8)
    answers[:, firsts] = 0  # wrong on those of the set alone
    shards = {
        f"{name}/seed {run + 1}": {
            "predicted": split.labels.astype(np.uint8),
            "watched_correct": np.packbits(answers[run]),
            "corrupted_correct": np.packbits(np.zeros((12, CORRUPTED), np.uint8), axis=1),
            "train_loss": np.array([2.3]),
        }
        for name, planned in PROTOCOL.plans(entry, artifact, "standard").items()
        for run in range(planned.runs)
    } | {"inspect/contamination": look_for_copies(own, split.images[:20])}
    found = PROTOCOL.combine(entry, split, Candidate("distilled", artifact=artifact, file=file), shards)
    assert found.scores["leak_gap"].value == 0
    assert found.scores["canary_accuracy"].value == 1
    (flag,) = found.flags
    assert flag.name == "canary"


def test_test_images_in_a_set_are_found_and_named(distillation_tasks: Path, tmp_path: Path) -> None:
    test = data.load("fashion-mnist", "test")
    images, leaked = IMAGES.copy(), {label: int(np.flatnonzero(test.labels == label)[0]) for label in (2, 5, 7)}
    images[np.flatnonzero(LABELS == 2)[0]] = test.images[leaked[2]]
    for label in (5, 7):
        images[np.flatnonzero(label == LABELS)[0]] = np.roll(test.images[leaked[label]], 1, axis=1)
    spared = 436  # a training image is this test image within 8 levels
    row_of_spared = np.flatnonzero(test.labels[spared] == LABELS)[0]
    images[row_of_spared] = np.minimum(test.images[spared], 253) + 2
    folder = submission(tmp_path / "leaky", images=images, labels=LABELS)
    record = evaluate(folder, TASK, options=Options(tasks_dir=distillation_tasks, workers=1, effort=Effort("quick")))
    exact, near = record.result.flags
    assert {exact.name, near.name} == {"contamination"}
    assert f"image {np.flatnonzero(LABELS == 2)[0]} is test image {leaked[2]}" in exact.evidence
    assert "void" in exact.evidence
    assert [name for name in record.result.cells if name.startswith("copy:")] == [
        f"copy:{np.flatnonzero(LABELS == 2)[0]}"
    ]
    assert f"image {np.flatnonzero(LABELS == 5)[0]} is test image {leaked[5]}" in near.evidence
    assert f"image {row_of_spared} is test image {spared}" in near.evidence
    assert record.result.cells[f"pair:{np.flatnonzero(LABELS == 5)[0]}"]["test_image"] == leaked[5]


@pytest.mark.parametrize("bounds", [(1.0, 2.0), (0.5, 0.502)])
def test_test_images_hidden_in_a_range_are_found(
    distillation_tasks: Path, tmp_path: Path, bounds: tuple[float, float]
) -> None:
    """Beyond white, or a thousandth from black to white: blank on a screen, and all the same to instance norm."""
    test = data.load("fashion-mnist", "test")
    firsts = [int(np.flatnonzero(test.labels == label)[0]) for label in range(10)]
    hidden = Quantized(test.images[firsts].transpose(0, 3, 1, 2).copy(), np.array([bounds], np.float32))
    folder = submission(tmp_path / "hidden", images=hidden, labels=np.arange(10))
    record = evaluate(
        folder, TASK, options=Options(tasks_dir=distillation_tasks, workers=1, effort=Effort("quick"))
    ).result
    copies = {
        int(name.removeprefix("copy:")): row["test_image"] for name, row in record.cells.items() if "copy:" in name
    }
    assert copies == dict(enumerate(firsts))
    pairs = {name: cell for name, cell in record.cells.items() if name.startswith("pair:")}
    assert all(cell["correlation"] > 0.99 for cell in pairs.values())
    assert all(cell["test_image"] == firsts[int(name.removeprefix("pair:"))] for name, cell in pairs.items())


@pytest.mark.parametrize(("black", "white", "far"), [(1.5, 2.5, 10.0), (-2.0, -1.5, 1.0)])
@pytest.mark.parametrize(("far_pixels", "found_of_10"), [(1, 9), (6, 9), (40, 6)])
def test_far_values_do_not_hide_a_test_image(
    tmp_path: Path, black: float, white: float, far: float, far_pixels: int, found_of_10: int
) -> None:
    """Stretched as far as these values, the rest would be as blank as on a screen. Six need the 2 %, 40 the 10 %."""
    test = data.load("fashion-mnist", "test")
    firsts = [int(np.flatnonzero(test.labels == label)[0]) for label in range(10)]
    values = (black + (white - black) * test.images[firsts] / 255).astype(np.float32)
    rng = np.random.default_rng(0)
    for image in values:
        image.reshape(-1)[rng.choice(image.size, far_pixels, replace=False)] = far
    file = submission(tmp_path / "far", images=values, labels=np.arange(10)) / "set.safetensors"
    distilled = read_distilled(file, image_size=28, channels=1, classes=10, images_per_class=1)
    images, rows = looks(distilled)
    found = look_for_copies(images, test.images[:600], rows)
    threshold = copy_threshold("fashion-mnist")
    caught = found["correlation"] >= threshold
    assert caught.sum() >= found_of_10
    assert (found["test_row"][caught] == np.array(firsts)[caught]).all()
    assert [flag.name for flag in copy_flags(found, threshold)][:1] == ["contamination"]
