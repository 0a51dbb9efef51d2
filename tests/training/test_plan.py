from itertools import cycle, islice

import numpy as np
import pytest
import torch

from benchmark import data
from benchmark.errors import MettleError
from benchmark.training import trainer
from benchmark.training.plan import Optimizer, Schedule, TrainingPlan
from benchmark.training.trainer import train
from benchmark.training.training_set import TrainingSet, labelled

PLAN = TrainingPlan(
    architecture="convnet2_w16",
    mean=[0.3],
    std=[0.4],
    epochs=3,
    batch_size=64,
    last_batch="kept",
    channels_last=False,
    optimizer=Optimizer(learning_rate=0.05, nesterov=False),
    schedule=Schedule(warmup_share=0, decay="constant"),
)


def examples(count=100):
    part = data.load("digits", "train", progress=False)
    return labelled(part.images[:count], part.labels[:count], 10)


def state(trained):
    return trained.module.state_dict()


class Looks:
    def __init__(self):
        self.count = 0

    def __call__(self, net):
        assert not net.training
        self.count += 1
        return {"mean": np.array([float(next(net.parameters()).mean())])}


class StopError(Exception):
    pass


def distance(first, second):
    return max(float((first[name] - second[name]).abs().max()) for name in first)


def quietly(plan, of=None, seed=1, **options):
    return train(plan, of or examples(), seed=seed, show_progress=False, **options)


@pytest.mark.parametrize(
    ("count", "last_batch", "batches"),
    [(100, "kept", 2), (100, "dropped", 1), (128, "kept", 2), (30, "kept", 1), (30, "dropped", 1)],
)
def test_updates_of_an_epoch(count, last_batch, batches):
    plan = PLAN.model_copy(update={"last_batch": last_batch})
    assert plan.batches_per_epoch(count) == batches
    assert plan.total_steps(count) == 3 * batches


@pytest.mark.parametrize("last_batch", ["kept", "dropped"])
@pytest.mark.parametrize("length", [{"epochs": 3}, {"epochs": None, "steps": 1}, {"epochs": None, "steps": 5}])
@pytest.mark.parametrize("count", [30, 64, 100, 128, 130])
def test_images_seen_are_those_of_the_batches(count, length, last_batch):
    plan = PLAN.model_copy(update={"last_batch": last_batch, **length})
    epoch = [min(plan.batch_size, count - start) for start in range(0, count, plan.batch_size)]
    if last_batch == "dropped" and len(epoch) > 1:
        epoch = [size for size in epoch if size == plan.batch_size]
    shown = list(islice(cycle(epoch), length.get("steps") or 3 * len(epoch)))
    assert plan.images_seen(count) == sum(shown)


def test_steps_end_a_training_within_an_epoch():
    plan = PLAN.model_copy(update={"epochs": None, "steps": 3})
    quietly(plan, snapshots=(looks := {1 / 3: Looks(), 2 / 3: Looks(), 0.99: Looks()}))
    assert [look.count for look in looks.values()] == [1, 1, 1]
    assert plan.total_steps(100) == 3
    two_epochs = PLAN.model_copy(update={"epochs": 2})
    assert distance(state(quietly(plan)), state(quietly(two_epochs))) > 0


def test_every_look_is_kept_and_comes_at_its_step():
    plan = PLAN.model_copy(update={"epochs": 25, "batch_size": 100})
    shares = [epoch / 25 for epoch in range(1, 25)]
    look = Looks()
    found = quietly(plan, snapshots=dict.fromkeys(shares, look)).snapshots
    assert sorted(found) == shares
    assert look.count == 24
    # Without warmup and decay the first epochs of a long training are a short one.
    for epoch in (7, 14):
        short = quietly(plan.model_copy(update={"epochs": epoch})).module
        assert found[epoch / 25]["mean"] == [float(next(short.parameters()).detach().mean())]
    in_one_step = quietly(plan.model_copy(update={"epochs": 3}), snapshots={0.1: Looks(), 0.3: Looks()})
    assert sorted(in_one_step.snapshots) == [0.1, 0.3]


@pytest.mark.parametrize("given", [{"epochs": 2, "steps": 3}, {"epochs": None}])
def test_a_plan_has_epochs_or_steps(given):
    with pytest.raises(ValueError, match="exactly one of epochs and steps"):
        TrainingPlan.model_validate(PLAN.model_dump() | given)


def test_parts_of_a_batch_give_the_same_net():
    whole, parts = quietly(PLAN), quietly(PLAN.model_copy(update={"micro_batch": 7}))
    assert 0 < distance(state(whole), state(parts)) < 1e-5
    assert parts.loss == pytest.approx(whole.loss, rel=1e-5)


def test_parts_of_a_batch_are_refused_where_images_depend_on_each_other():
    plan = PLAN.model_copy(update={"architecture": "resnet8", "micro_batch": 7, "epochs": 1})
    with pytest.raises(MettleError, match="micro_batch needs a net whose images do not depend"):
        quietly(plan)


def test_float_images_in_pixel_units_train_as_bytes_do():
    of_bytes = examples()
    of_floats = TrainingSet(of_bytes.images.astype(np.float32) / 255, of_bytes.targets)
    assert distance(state(quietly(PLAN, of_bytes)), state(quietly(PLAN, of_floats))) == 0


def test_examples_of_no_weight_are_never_seen():
    part = examples()
    weights = np.zeros(100)
    weights[:40] = 1.0
    broken = part.images.copy()
    broken[40:] = 255
    whole = TrainingSet(part.images, part.targets, weights)
    assert distance(state(quietly(PLAN, whole)), state(quietly(PLAN, TrainingSet(broken, part.targets, weights)))) == 0


def test_the_drop_divides_the_rate_by_ten_and_forgets_the_momentum():
    schedule = Schedule(warmup_share=0, decay="constant", drop_after_epochs=502)
    assert [schedule.factor(step, 1001, step) for step in (0, 501, 502, 1000)] == pytest.approx([1, 1, 0.1, 0.1])
    # Plain descent by hand: one batch an epoch, one epoch before the drop, one after, no decay of the weights.
    plan = PLAN.model_copy(
        update={
            "epochs": 2,
            "batch_size": 100,
            "optimizer": Optimizer(learning_rate=0.05, nesterov=False, weight_decay=0.0),
            "schedule": Schedule(warmup_share=0, decay="constant", drop_after_epochs=1),
        }
    )
    net, twice = quietly(plan.model_copy(update={"epochs": 1})).module, state(quietly(plan))
    once = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    part = examples()
    pixels = (torch.from_numpy(part.images).permute(0, 3, 1, 2).float() / 255 - 0.3) / 0.4
    net.zero_grad()
    torch.nn.functional.cross_entropy(net(pixels), torch.from_numpy(part.targets)).backward()
    before_a_norm = {f"features.{4 * block}.bias" for block in range(2)}
    for name, parameter in net.named_parameters():
        gradient = parameter.grad
        if name in before_a_norm:
            assert gradient is None
            gradient = torch.zeros_like(parameter)
        assert gradient is not None
        assert torch.allclose(once[name] - 0.005 * gradient, twice[name], atol=1e-5), name


def test_adamw_learns():
    plan = PLAN.model_copy(update={"optimizer": Optimizer(name="adamw", learning_rate=0.01), "epochs": 20})
    assert quietly(plan).loss < 0.2


def test_snapshots_survive_a_stop(tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "SAVE_EVERY_S", 0.0)
    plan = PLAN.model_copy(update={"epochs": 6})

    snapshots = {0.25: Looks(), 0.9: Looks()}
    whole = quietly(plan, snapshots=snapshots)
    assert sorted(whole.snapshots) == [0.25, 0.9]

    saved = trainer.save_progress

    def stop_after_four(path, progress):
        saved(path, progress)
        if progress["epochs"] == 4:
            raise StopError

    monkeypatch.setattr(trainer, "save_progress", stop_after_four)
    file = tmp_path / "progress.pt"
    with pytest.raises(StopError):
        quietly(plan, progress_file=file, snapshots=snapshots)
    monkeypatch.setattr(trainer, "save_progress", saved)
    resumed = quietly(plan, progress_file=file, snapshots=snapshots)
    assert resumed.resumed_after_epoch == 4
    assert distance(state(whole), state(resumed)) == 0
    for share, kept in whole.snapshots.items():
        assert np.array_equal(kept["mean"], resumed.snapshots[share]["mean"])


@pytest.mark.parametrize("damaged", [b"", b"not a checkpoint", None], ids=["empty", "foreign", "cut"])
def test_a_damaged_progress_file_counts_as_none_and_is_made_again(tmp_path, monkeypatch, damaged):
    monkeypatch.setattr(trainer, "SAVE_EVERY_S", 0.0)
    file = tmp_path / "progress.pt"
    whole = quietly(PLAN, progress_file=file)
    file.write_bytes(file.read_bytes()[:-200] if damaged is None else damaged)
    again = quietly(PLAN, progress_file=file)
    assert again.resumed_after_epoch is None
    assert distance(state(whole), state(again)) == 0
    assert quietly(PLAN, progress_file=file).resumed_after_epoch == 3
