"""The stability protocol end to end on 200 test images: numbers, floors, resuming, refusals, and the interval."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from one_run import one_run
from small_stability import small_stability
from torch import nn

from benchmark import data, evaluate
from benchmark import score as score_module
from benchmark.documents import Record, file_sha256, read_record
from benchmark.documents.store import read_outcomes
from benchmark.errors import MettleError
from benchmark.evaluation import Options, score_submission
from benchmark.metrics.stability import noise_threshold
from benchmark.task_registry import find_task
from tasks.corruption.stability import threshold_score

TASK = "corruption/fashion-mnist-stability"
COUNT = 200
SDS = [0.04, 0.08, 0.16, 0.32, 0.64]


@pytest.fixture(scope="module")
def tasks_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_stability(tmp_path_factory.mktemp("small") / "tasks", COUNT)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))


def score(tasks_dir: Path, out: Path, **options: object) -> Path:
    settings = Options(out=out, tasks_dir=tasks_dir, **{"workers": 1, **options})  # type: ignore[arg-type]
    (path,) = score_submission(one_run("fashion-mnist-mlp", tasks_dir.parent / "one-run"), TASK, settings)
    return path


def labels() -> np.ndarray:
    return data.load("fashion-mnist", "test").labels[:COUNT]


def test_record_is_what_its_outcomes_say(tasks_dir: Path, tmp_path: Path) -> None:
    path = score(tasks_dir, tmp_path)
    record = read_record(path)
    scores, cells = record.result.scores, record.result.cells
    outcomes = read_outcomes(path, record)
    digest = record.result.outcomes["predicted"].sha256
    predicted = np.load(tmp_path / "cache" / "outcomes" / digest[:2] / f"{digest}.npy")
    assert predicted.shape == (44, COUNT)
    correct = predicted == labels()
    crops = correct[:9]
    assert outcomes["primary"].tolist() == crops.all(axis=0).astype(int).tolist()
    assert scores["stable_accuracy"].value == pytest.approx(crops.all(axis=0).mean())
    assert scores["clean_accuracy"].value == pytest.approx(crops[0].mean())
    assert scores["shift_consistency"].value == pytest.approx((predicted[:9] == predicted[0]).all(axis=0).mean())
    assert scores["shift_agreement"].value == pytest.approx((predicted[1:9] == predicted[0]).mean())
    assert scores["patch_accuracy"].value == pytest.approx(correct[9:24].mean())
    assert list(cells)[:2] == ["clean", "shift:up-left"]
    assert [cells[cell]["accuracy"] for cell in cells] == pytest.approx(correct.mean(axis=1))
    for number, rows in enumerate(np.split(correct[24:], 4), 1):
        expected = noise_threshold(SDS, rows.mean(axis=1), crops[0].mean(), 0.1)
        score_ = scores[f"noise_threshold_octave_{number}"]
        assert score_.value == pytest.approx(expected)
        assert score_.lower is not None
        assert score_.upper is not None
        assert score_.lower <= score_.value <= score_.upper
        assert (score_.lower < score_.upper) == (score_.lower < SDS[-1]), "only a threshold beyond reach has no width"
    metrics = find_task(TASK).task
    assert set(scores) == {metrics.primary.name, *(metric.name for metric in metrics.also)}
    assert scores["stable_accuracy"].value < scores["shift_consistency"].value < scores["shift_agreement"].value


def test_equal_result_for_any_workers_and_batch_size_and_after_a_loss(tasks_dir: Path, tmp_path: Path) -> None:
    first = read_record(score(tasks_dir, tmp_path / "a", batch_size=200))
    second = read_record(score(tasks_dir, tmp_path / "b", batch_size=7, workers=2, fresh=True))
    shards = sorted((tmp_path / "cache" / "shards").glob("*/*.npz"))
    assert len(shards) == 44
    for shard in shards[::3]:
        shard.unlink()
    resumed = read_record(score(tasks_dir, tmp_path / "c"))
    assert first.result == second.result == resumed.result


class Constant(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits = torch.zeros(len(images), 10, dtype=images.dtype)
        logits[:, 3] = 1
        return logits


class Random(nn.Module):
    """Logits that are a fixed wild function of the pixels, with no relation to the classes."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(784, 10, generator=torch.Generator().manual_seed(0)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.sin(1e4 * images.flatten(1) @ self.weight)


def measured(net: nn.Module, tasks_dir: Path) -> Record:
    return evaluate(net, TASK, options=Options(tasks_dir=tasks_dir))


def test_constant_model_is_at_the_floor_however_stable(tasks_dir: Path) -> None:
    scores = measured(Constant(), tasks_dir).result.scores
    share = (labels() == 3).mean()
    assert abs(share - 0.1) < 0.05
    assert scores["stable_accuracy"].value == pytest.approx(share)
    assert scores["patch_accuracy"].value == pytest.approx(share)
    assert scores["shift_consistency"].value == scores["shift_agreement"].value == 1


def test_random_model_is_at_the_floor(tasks_dir: Path) -> None:
    scores = measured(Random(), tasks_dir).result.scores
    assert scores["stable_accuracy"].value <= 0.1
    patched = scores["patch_accuracy"]
    assert patched.lower is not None
    assert patched.lower < 0.1 < patched.value + 3 * (patched.value - patched.lower)


def test_a_cell_of_other_bytes_is_refused(tasks_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tasks"
    shutil.copytree(tasks_dir, folder)
    toml = folder / "corruption" / "fashion-mnist-stability.v1.toml"
    path = folder / "corruption" / "splits" / "fashion-mnist-stability.v1.json"
    split = json.loads(path.read_text())
    old = file_sha256(path)
    split["patch_parameters"]["gaussian_noise"]["sigma"] *= 2
    path.write_text(json.dumps(split))
    toml.write_text(toml.read_text().replace(old, file_sha256(path)))
    score_module.close()  # a task that is open keeps its split
    with pytest.raises(MettleError, match="cell patch:gaussian_noise: generated images differ") as error:
        score(folder, tmp_path)
    assert "\n" not in str(error.value)
    score_module.close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("7.0, 14.0]", "7.0, 12.0]"), "octave_edges double"),
        (("[0.04, 0.08", "[0.08, 0.04"), "noise_sds rise"),
        (("patch_px = 7", "patch_px = 0"), "patch_px"),
    ],
)
def test_settings_are_checked(tasks_dir: Path, tmp_path: Path, change: tuple[str, str], message: str) -> None:
    folder = tmp_path / "tasks"
    shutil.copytree(tasks_dir, folder)
    toml = folder / "corruption" / "fashion-mnist-stability.v1.toml"
    assert change[0] in toml.read_text()
    toml.write_text(toml.read_text().replace(*change))
    score_module.close()
    with pytest.raises(MettleError, match=message):
        score(folder, tmp_path)
    score_module.close()


def test_threshold_of_a_model_at_chance_is_missing() -> None:
    clean = np.arange(1000) % 10 == 0
    assert threshold_score(SDS, np.tile(clean, (5, 1)), clean, 0.1) is None


def test_threshold_that_is_never_reached_is_the_highest_level() -> None:
    clean = np.arange(1000) % 10 != 0
    score_ = threshold_score(SDS, np.tile(clean, (5, 1)), clean, 0.1)
    assert score_ is not None
    assert (score_.value, score_.lower, score_.upper) == (0.64, 0.64, 0.64)


def simulated_hits(rng: np.random.Generator, images: int, slope: float) -> tuple[np.ndarray, np.ndarray]:
    """Images with a tolerance of their own, log-normal about .2: right until the noise exceeds it."""
    knows = rng.random(images) < 0.85
    tolerance = np.exp(rng.normal(np.log(0.2), slope, images))
    guesses = rng.random((6, images)) < 0.1
    right = [np.where(knows & (tolerance > level), True, guesses[k]) for k, level in enumerate([0.0, *SDS])]
    return np.stack(right[1:]), right[0]


@pytest.mark.slow
@pytest.mark.parametrize("images", [200, 1000, 10_000])
@pytest.mark.parametrize("slope", [0.3, 1.0])
def test_threshold_interval_covers(images: int, slope: float) -> None:
    """400 draws a case: a coverage of .95 comes out above .92 with a Monte-Carlo error of .011."""
    rng = np.random.default_rng(int(images * slope))
    many, clean = simulated_hits(rng, 2_000_000, slope)
    truth = noise_threshold(SDS, many.mean(axis=1), float(clean.mean()), 0.1)
    covered = 0
    for _ in range(400):
        score_ = threshold_score(SDS, *simulated_hits(rng, images, slope), 0.1)
        assert score_ is not None
        assert score_.lower is not None
        assert score_.upper is not None
        covered += score_.lower <= truth <= score_.upper
    assert covered / 400 >= 0.92
