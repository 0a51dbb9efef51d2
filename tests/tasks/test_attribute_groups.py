"""The attributes protocol on the real split: groups, numbers, floors, and refusals."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from benchmark import data, evaluate
from benchmark import score as score_module
from benchmark.documents import file_sha256
from benchmark.errors import MettleError
from benchmark.evaluation import Options
from benchmark.metrics import group_cells, macro_std
from benchmark.passes import pass_shards
from benchmark.paths import ROOT
from benchmark.protocol import Candidate, Scored
from benchmark.statistics import worst_group_rank_intervals
from benchmark.task_registry import find_task
from tasks.corruption.split import dump
from tasks.subgroup.attribute_split import freeze_attributes
from tasks.subgroup.attributes import PROTOCOL
from tasks.subgroup.image_attributes import ATTRIBUTES

TASK = "subgroup/fashion-mnist-attributes"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))


def scored_of(decided: np.ndarray, certainty: float = 3.0) -> Scored:
    """What the protocol says of these classes, each with the same certainty."""
    entry = find_task(TASK)
    split = PROTOCOL.open_split(entry)
    logits = np.where(decided[:, None] == np.arange(10), certainty, 0.0)
    shards = {
        shard: {"logits": logits[(first := int(shard.split("@")[1])) : first + 2000], "features": np.zeros((2000, 1))}
        for shard in pass_shards("test", len(decided))
    }
    return PROTOCOL.combine(entry, split, Candidate("checkpoint"), shards)


def test_cells_have_the_sizes_known_from_elsewhere() -> None:
    """Sizes of the 50 cells from another program, whose ties fall to the other side."""
    split = PROTOCOL.open_split(find_task(TASK))
    sizes = {name: np.bincount(split.dataset.labels * 5 + codes) for name, codes in split.groups.items()}
    assert list(sizes) == list(ATTRIBUTES)
    wanted = {"area": (164, 235), "brightness": (178, 228), "contrast": (173, 236), "texture": (171, 237)}
    for name, (low, high) in wanted.items():
        assert len(sizes[name]) == 50
        assert sizes[name].min() == pytest.approx(low, abs=2)
        assert sizes[name].max() == pytest.approx(high, abs=8)


def test_freezing_again_gives_the_same_split() -> None:
    frozen = ROOT / "tasks" / "subgroup" / "splits" / "fashion-mnist-attributes.v1.json"
    assert dump(freeze_attributes(find_task(TASK))) == frozen.read_text()


def test_scores_are_what_decisions_say() -> None:
    truth = data.load("fashion-mnist", "test", progress=False).labels
    split = PROTOCOL.open_split(find_task(TASK))
    chance = 0.95 - 0.06 * (split.groups["area"] == 4) - 0.1 * (truth == 6)
    correct = np.random.default_rng(0).random(10_000) < chance
    scored = scored_of(np.where(correct, truth, (truth + 1) % 10))
    means = {
        (name, level): np.mean([correct[(codes == level) & (truth == label)].mean() for label in range(10)])
        for name, codes in split.groups.items()
        for level in range(5)
    }
    worst = scored.scores["worst_group_accuracy"]
    assert worst.value == pytest.approx(min(means.values()), abs=1e-9)
    assert min(means, key=lambda group: means[group]) == ("area", 4)
    assert worst.lower is not None
    assert worst.lower < worst.value < (worst.upper or 0)
    for (name, level), mean in means.items():
        assert scored.cells[f"group:{name}/{level + 1}"]["accuracy"] == pytest.approx(mean)
    cells = [group_cells(correct, truth, codes, (10, 5)) for codes in split.groups.values()]
    assert scored.scores["macro_std"].value == pytest.approx(np.mean([macro_std(table) for table in cells]))
    assert scored.cells["attribute:area"]["macro_std"] == pytest.approx(float(macro_std(cells[0])))
    assert scored.cells["attribute:area"]["permutation_p"] < 0.01 < scored.cells["attribute:texture"]["permutation_p"]
    assert scored.scores["macro_std_floor"].value < scored.scores["macro_std"].value
    ratio = 100 * (1 - means["area", 4]) / (1 - np.mean([correct[truth == label].mean() for label in range(10)]))
    assert scored.scores["error_ratio"].value == pytest.approx(ratio)
    metrics = find_task(TASK).task
    assert set(scored.scores) == {metrics.primary.name, *(metric.name for metric in metrics.also)}


def test_outcomes_give_the_score_and_rank_rows() -> None:
    truth = data.load("fashion-mnist", "test", progress=False).labels
    luck = np.random.default_rng(1).random(10_000)
    rows = [scored_of(np.where(luck < accuracy, truth, (truth + 1) % 10)) for accuracy in (0.95, 0.7, 0.945)]
    for row in rows:
        outcome = row.outcomes["primary"]
        assert outcome.array.shape == (20, 10_000)
        score = row.scores["worst_group_accuracy"].value
        assert int(outcome.array.sum(axis=1).min()) / (outcome.scale * 10_000) == pytest.approx(score, abs=1e-9)
    found = worst_group_rank_intervals(np.stack([row.outcomes["primary"].array / 1e9 for row in rows]))
    assert found.rank.tolist() == [1, 3, 2]
    assert found.lower[1] == 3


class Linear(nn.Sequential):
    """A net with a last linear layer, as a pass over images needs one."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        super().__init__(nn.Flatten(), nn.Linear(784, 10))
        with torch.no_grad():
            self[1].weight.copy_(weight)
            self[1].bias.copy_(bias)


def test_constant_model_is_at_the_floor_though_it_is_even() -> None:
    record = evaluate(Linear(torch.zeros(10, 784), torch.eye(10)[3]), TASK)
    scores = record.result.scores
    assert scores["worst_group_accuracy"].value == pytest.approx(0.1)
    assert scores["fair_std"].value == scores["macro_std"].value == scores["macro_std_floor"].value == 0
    assert scores["error_ratio"].value == pytest.approx(100)


def test_random_model_is_at_the_floor() -> None:
    generator = torch.Generator().manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.Tanh(), nn.Linear(64, 10))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    worst = evaluate(net, TASK).result.scores["worst_group_accuracy"]
    assert worst.value < 0.1


@pytest.mark.parametrize(
    ("change", "message"),
    [("thresholds", "its groups by area have the sha256"), ("images", "its split was frozen on another fashion-mnist")],
)
def test_another_split_is_refused(tmp_path: Path, change: str, message: str) -> None:
    folder = tmp_path / "tasks" / "subgroup"
    (folder / "splits").mkdir(parents=True)
    toml = folder / "fashion-mnist-attributes.v1.toml"
    shutil.copy(ROOT / "tasks" / "subgroup" / toml.name, toml)
    original = ROOT / "tasks" / "subgroup" / "splits" / "fashion-mnist-attributes.v1.json"
    split = json.loads(original.read_text())
    if change == "thresholds":
        split["attributes"]["area"]["thresholds"][2][1] += 5
    else:
        split["images"]["labels_sha256"] = "0" * 64
    path = folder / "splits" / original.name
    path.write_text(json.dumps(split))
    toml.write_text(toml.read_text().replace(file_sha256(original), file_sha256(path)))
    score_module.close()
    with pytest.raises(MettleError, match=message) as error:
        evaluate(Linear(torch.zeros(10, 784), torch.zeros(10)), TASK, options=Options(tasks_dir=tmp_path / "tasks"))
    assert "\n" not in str(error.value)
    score_module.close()


def test_an_unknown_attribute_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "subgroup"
    folder.mkdir()
    text = (ROOT / "tasks" / f"{TASK}.v1.toml").read_text()
    (folder / "fashion-mnist-attributes.v1.toml").write_text(text.replace('["area", ', '["weight", '))
    with pytest.raises(MettleError, match="attributes are area, brightness, contrast, texture"):
        freeze_attributes(find_task(TASK, tmp_path))
