"""The detection protocol: floors, perfect and useless nets, shared passes, tuning, hold-out pairs, refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small_detection import SIZES, Pooled, Roughness, outcome_of, small_detection

from benchmark.documents import Artifact, Detector, ModelSpec
from benchmark.documents.store import MAX_OUTCOME_BYTES, pack_outcomes
from benchmark.errors import MettleError
from benchmark.passes import pass_identity
from benchmark.protocol import Candidate, Scored
from benchmark.task_registry import TASKS_DIR, find_task
from leaderboard.pooled_ranks import pooled_parts, pseudo_values
from tasks.ood.detection import PROTOCOL
from tasks.ood.judging import Evidence, ranks_of_scores
from tasks.ood.measures import outcomes_of, scores_of

PAIRS = ["coat+bag", "sandal+shirt", "trouser+ankle boot"]
ALL_DETECTORS = 19


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    return small_detection(tmp_path_factory.mktemp("far"), "fashion-mnist-far", far=["noise", "gratings"])


@pytest.fixture(scope="module")
def near(tmp_path_factory):
    return small_detection(tmp_path_factory.mktemp("near"), "fashion-mnist-near")


@pytest.fixture(scope="module")
def scored_far(far):
    return outcome_of(*far, Pooled())


def constant_net() -> Pooled:
    net = Pooled()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
    return net


def test_a_constant_net_is_at_the_floor_for_every_detector(far):
    scored, _, _ = outcome_of(*far, constant_net())
    primary = scored.scores["far_ood_auroc"]
    assert primary.value == 0.5 == far[0].task.primary.floor
    assert primary.lower < 0.5 < primary.upper
    assert scored.scores["far_fpr_at_95_ood_positive"].value == scored.scores["far_fpr_at_95_id_positive"].value == 1
    inside, outside = 10 * SIZES["test_per_class"], SIZES["set_images"]
    assert scored.scores["far_average_precision_ood"].value == pytest.approx(outside / (inside + outside))
    assert scored.scores["far_average_precision_id"].value == pytest.approx(inside / (inside + outside))
    assert scored.scores["id_accuracy"].value == pytest.approx(0.1)
    assert scored.scores["oscr"].value == pytest.approx(0.05)
    assert scored.scores["aurc"].value == pytest.approx(0.9)
    values = {name: cell["auroc"] for name, cell in scored.cells.items() if name.endswith("/far")}
    assert len(values) > ALL_DETECTORS / 2
    assert set(values.values()) == {0.5}
    assert all("is missing: " in note for note in scored.notes)
    assert len(scored.notes) == ALL_DETECTORS - len(values)


def test_nets_that_see_noise_are_perfect_and_inverted(tmp_path):
    task = small_detection(tmp_path, "fashion-mnist-far", far=["noise"])
    perfect, inverted = (outcome_of(*task, Roughness(slope))[0].scores for slope in (40.0, -40.0))
    assert perfect["far_ood_auroc"].value > 0.999
    assert inverted["far_ood_auroc"].value < 0.001
    assert perfect["far_fpr_at_95_id_positive"].value == 0
    assert inverted["far_fpr_at_95_id_positive"].value == 1


def test_a_broken_net_is_refused(far):
    net = Pooled()
    with torch.no_grad():
        net.hidden.weight[0, 0] = torch.nan
    with pytest.raises(MettleError, match="must be finite numbers, but got NaN or infinity for image 0"):
        outcome_of(*far, net)


@pytest.mark.slow
def test_random_nets_stay_near_the_floor(near):
    entry, split = near
    values = []
    for seed in range(12):
        candidate = Candidate("checkpoint", PAIRS[seed % 3])
        values.append(outcome_of(entry, split, Pooled(8, seed=seed), candidate)[0].scores["near_ood_auroc"].value)
    assert abs(np.mean(values) - 0.5) < 0.12
    assert min(values) < 0.5 < max(values)


def test_one_pass_over_each_set_serves_all_detectors(far, scored_far):
    _, split = far
    scored, _, net = scored_far
    assert net.images_seen == sum(each.count for each in split.frozen.passes.values())
    detectors = {name.split("/")[0].removeprefix("detector:") for name in scored.cells if name.startswith("detector:")}
    assert len(detectors) == ALL_DETECTORS
    assert scored.notes == []
    assert {name for name in scored.cells if name.startswith("set:")} == {
        "set:far/noise", "set:far/gratings", "set:val/jigsaw", "set:val/blends", "set:val/quarter turns",
    }  # fmt: skip
    cell, everyone = scored.cells["set:far/noise"], scored.cells["detector:msp/set:noise"]
    assert {key: cell[key] for key in everyone} == everyone
    assert cell["lower"] < cell["auroc"] < cell["upper"]


def test_the_batch_size_changes_nothing(far, scored_far):
    scored, _, _ = scored_far
    again, _, _ = outcome_of(*far, Pooled(), batch_size=37)
    assert again.scores == scored.scores
    assert again.cells == scored.cells
    for name, item in scored.outcomes.items():
        np.testing.assert_array_equal(again.outcomes[name].array, item.array)


def test_a_pass_is_the_same_work_for_all_tasks(far, near):
    shards = {shard for group in PROTOCOL.shard_groups(far[0]) for shard in group}
    for shard in ("test@0", "test@8000", "train@0", "head", "odin.test@2000"):
        assert shard in shards
        assert PROTOCOL.shard_identity(*far, shard) == PROTOCOL.shard_identity(*near, shard)
    pixels = far[1].dataset.pixels_sha256
    assert PROTOCOL.shard_identity(*far, "test@2000") == pass_identity(pixels, "test@2000")
    assert PROTOCOL.shard_identity(*far, "odin.test@2000") != pass_identity(pixels, "test@2000")
    assert not any(shard.startswith("odin.train") for shard in shards)


def test_tuning_does_not_see_what_is_scored(far, scored_far):
    entry, split = far
    _, shards, _ = scored_far
    others = dict(shards)
    for name in ("noise", "gratings"):
        for prefix in ("", "odin."):
            logits = shards[f"{prefix}{name}@0"]["logits"][:, ::-1] * 3
            others[f"{prefix}{name}@0"] = {**shards[f"{prefix}{name}@0"], "logits": logits}
    scored_test = split.view(None).inside.positions
    first = {key: array.copy() for key, array in shards["test@0"].items()}
    first["logits"][scored_test[scored_test < 2000]] *= -1
    others["test@0"] = first
    for name in ("knn", "gen", "react", "vim"):
        candidate = Candidate("checkpoint", None, Detector(name=name))
        before, after = (PROTOCOL.combine(entry, split, candidate, each) for each in (shards, others))
        assert before.detector == after.detector
        assert before.detector.parameters


def test_a_declared_detector_runs_as_declared(far, scored_far):
    entry, split = far
    scored, shards, _ = scored_far

    def run(name: str, **parameters: float):
        detector = Detector(name=name, parameters=parameters)
        return PROTOCOL.combine(entry, split, Candidate("checkpoint", None, detector), shards)

    assert scored.detector == Detector(name="msp")
    assert run("react", percentile=70).detector.parameters == {"percentile": 70}
    energy = run("energy")
    assert energy.scores["far_ood_auroc"].value == pytest.approx(energy.cells["detector:energy/far"]["auroc"])
    assert energy.scores["far_ood_auroc"].value != scored.scores["far_ood_auroc"].value
    assert energy.cells["detector:knn/far"] == scored.cells["detector:knn/far"]
    assert run("odin").scores["far_ood_auroc"].value == run("odin").cells["detector:odin/far"]["auroc"]
    with pytest.raises(MettleError, match=r"its pass is made once, with temperature 1000, epsilon 0\.0014"):
        run("odin", temperature=10)
    with pytest.raises(MettleError, match="Nearest: energy"):
        run("enrgy")
    with pytest.raises(MettleError, match="must have the setting that is given"):
        run("knn", neighbours=3)


def test_the_board_gets_the_score_back_from_the_ranks(scored_far):
    scored, _, _ = scored_far
    parts = pooled_parts(Path("record.json"), {name: item.array for name, item in scored.outcomes.items()})
    assert [part.name for part in parts] == ["run"]
    assert set(parts[0].outside) == {"noise", "gratings"}
    assert pseudo_values(parts).mean() == pytest.approx(scored.scores["far_ood_auroc"].value, abs=1e-12)
    units = np.concatenate([parts[0].inside.units, *(images.units for images in parts[0].outside.values())])
    assert sorted(units) == list(range(len(units)))


def test_training_runs_are_averaged(far):
    entry, split = far
    runs = {}
    for seed in range(3):
        candidate = Candidate("checkpoint", f"seed {seed}")
        runs[f"seed {seed}"] = outcome_of(entry, split, Pooled(seed=seed), candidate)[0]
    merged = PROTOCOL.merge(entry, split, runs)
    values = [run.scores["far_ood_auroc"].value for run in runs.values()]
    primary = merged.scores["far_ood_auroc"]
    assert primary.value == pytest.approx(np.mean(values))
    assert primary.covers == "both"
    arrays = {name: item.array for name, item in merged.outcomes.items()}
    assert {name for name in arrays if name.startswith("unit/")} == {"unit/in", "unit/out/noise", "unit/out/gratings"}
    parts = pooled_parts(Path("record.json"), arrays)
    assert [part.name for part in parts] == list(runs)
    assert pseudo_values(parts).mean() == pytest.approx(primary.value, abs=1e-12)


def test_hold_out_pairs_are_averaged_and_all_needed(near):
    entry, split = near
    pairs = {}
    for seed, pair in enumerate(PAIRS):
        candidate = Candidate("checkpoint", pair, Detector(name="gen"))
        pairs[pair] = outcome_of(entry, split, Pooled(8, seed=seed), candidate)[0]
    merged = PROTOCOL.merge(entry, split, pairs)
    primary, values = merged.scores["near_ood_auroc"], [each.scores["near_ood_auroc"] for each in pairs.values()]
    assert primary.value == pytest.approx(np.mean([value.value for value in values]))
    assert primary.covers == "test images"
    assert primary.upper - primary.lower < min(value.upper - value.lower for value in values)
    assert [name for name in merged.cells if name.startswith("set:near/")] == [f"set:near/{pair}" for pair in PAIRS]
    assert merged.cells["set:near/coat+bag"] == pairs["coat+bag"].cells["set:near/held-out classes"]
    parts = pooled_parts(Path("record.json"), {name: item.array for name, item in merged.outcomes.items()})
    assert pseudo_values(parts).mean() == pytest.approx(primary.value, abs=1e-12)
    assert PROTOCOL.replicates(entry) == PAIRS
    with pytest.raises(MettleError, match=r"no checkpoint for sandal\+shirt"):
        PROTOCOL.merge(entry, split, {pair: pairs[pair] for pair in (PAIRS[0], PAIRS[2])})
    with pytest.raises(MettleError, match=r"names its hold-out pair as replicate: .* but got 'seed 1'"):
        outcome_of(entry, split, Pooled(8), Candidate("checkpoint", "seed 1"))


def test_a_pair_is_shown_without_its_classes(near):
    _, split = near
    labels = split.dataset.labels
    view = split.view("sandal+shirt")
    assert sorted(np.unique(labels[view.inside.positions])) == [0, 1, 2, 3, 4, 7, 8, 9]
    assert sorted(np.unique(labels[view.outside["near"]["held-out classes"].positions])) == [5, 6]
    assert np.bincount(view.inside.labels).tolist() == [SIZES["test_per_class"]] * 8
    assert np.bincount(view.fit.labels).tolist() == [SIZES["fit_per_class"]] * 8
    for name, chosen in view.out_validation.items():
        assert not np.isin(labels[chosen.ids], [5, 6]).any()
        assert len(chosen) == 8 * SIZES["near_misses_per_class"] or name == "blends"
    validation = np.concatenate([view.in_validation.ids, *(chosen.ids for chosen in view.out_validation.values())])
    scored = np.concatenate([view.inside.ids, view.outside["near"]["held-out classes"].ids])
    assert not np.isin(validation, scored).any()
    # A blend of an image of a held-out class would show the detector what it is scored on.
    _, partners = split._near_miss_sources()
    assert not np.isin(labels[partners[view.out_validation["blends"].positions]], [5, 6]).any()


def test_images_that_pairs_share_have_one_number(near):
    _, split = near
    seen: dict[int, int] = {}
    for pair in PAIRS:
        view = split.view(pair)
        for chosen in (view.inside, view.outside["near"]["held-out classes"]):
            for position, unit in zip(chosen.positions.tolist(), chosen.units.tolist(), strict=True):
                assert seen.setdefault(position, unit) == unit
    assert sorted(seen.values()) == list(range(len(seen)))


def test_classes_of_a_hold_out_pair(near, far):
    spec = ModelSpec(architecture="linear")
    artifact = Artifact(kind="checkpoint", path="w.safetensors", sha256="0" * 64, replicate="coat+bag", model=spec)
    assert PROTOCOL.classes(near[0], artifact) == [
        name for name in near[0].task.data.classes if name not in ("Coat", "Bag")
    ]
    assert PROTOCOL.classes(far[0], artifact) == far[0].task.data.classes
    with pytest.raises(MettleError, match="but got none"):
        PROTOCOL.classes(near[0], artifact.model_copy(update={"replicate": None}))


def test_a_set_that_is_not_pinned_leaves_the_mean_missing(far, scored_far):
    _, split = far
    _, shards, _ = scored_far
    view = split.view(None)
    scores = {"test": np.arange(len(view.inside)), "far/noise": np.arange(120), "far/gratings": np.arange(120)}
    judged = ranks_of_scores(view, scores)
    correct = np.ones(len(view.inside), bool)
    assert "far_ood_auroc" in scores_of(split.settings, view, judged, correct, "far_ood_auroc")
    partial = replace(view, unpinned=("far/mnist",))
    found = scores_of(split.settings, partial, judged, correct, "far_ood_auroc")
    assert set(found) == {"id_accuracy"}
    assert outcomes_of(split.settings, partial, judged, "run") == {}
    assert Evidence(partial, shards).view.unpinned == ("far/mnist",)


def test_a_machine_without_a_set_is_told_which(tmp_path, monkeypatch):
    entry, _ = small_detection(tmp_path, "fashion-mnist-far", far=["noise", "textures"])
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("benchmark.data.sources.embedded.importlib.util.find_spec", lambda _: None)
    with pytest.raises(MettleError, match=r"textures: no source has it .* pip install scikit-image"):
        PROTOCOL.probe(entry, PROTOCOL.open_split(entry))


def test_a_changed_selection_is_refused(far):
    entry, _ = far
    split = PROTOCOL.open_split(entry)
    split.settings = split.settings.model_copy(
        update={"sizes": split.settings.sizes.model_copy(update={"test_per_class": 41})}
    )
    with pytest.raises(MettleError, match="was frozen as 150 images of test"):
        split.view(None)


@pytest.mark.parametrize("name", ["fashion-mnist-near", pytest.param("fashion-mnist-far", marks=pytest.mark.slow)])
def test_three_replicates_of_the_real_task_fit_beside_a_record(name):
    entry = find_task(f"ood/{name}", TASKS_DIR)
    split = PROTOCOL.open_split(entry)
    rng = np.random.default_rng(0)
    scored = {}
    for replicate in PROTOCOL.replicates(entry) or ["seed 1", "seed 2", "seed 3"]:
        view = split.view(replicate)
        sets = {role: chosen for role, chosen in view.roles().items() if role.split("/")[0] in ("test", "near", "far")}
        judged = ranks_of_scores(view, {role: rng.normal(size=len(chosen)) for role, chosen in sets.items()})
        scores = scores_of(split.settings, view, judged, None, entry.task.primary.name)
        assert scores[entry.task.primary.name].lower < 0.5 < scores[entry.task.primary.name].upper
        assert len(view.outside[split.settings.ranked]) >= 1
        assert all(len(chosen) >= 1000 for chosen in view.outside[split.settings.ranked].values())
        scored[replicate] = Scored(scores, {}, outcomes_of(split.settings, view, judged, replicate))
    merged = PROTOCOL.merge(entry, split, scored)
    packed = pack_outcomes({name: item.array for name, item in merged.outcomes.items()})
    assert len(packed) < MAX_OUTCOME_BYTES
    assert {item.stored for item in merged.outcomes.values()} == {"record"}
