"""Detector scores and embeddings that a submitter computed: what they score, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_detection import SIZES, small_detection

from benchmark.documents.store import pack_outcomes
from benchmark.errors import MettleError
from benchmark.protocol import Candidate
from benchmark.submitted import order_sha256
from tasks.ood.detection import PROTOCOL

CANDIDATE = Candidate("ood-scores")
INSIDE, OUTSIDE = 10 * SIZES["test_per_class"], SIZES["set_images"]
SETS = ("test", "far/noise", "far/gratings")


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    return small_detection(tmp_path_factory.mktemp("far"), "fashion-mnist-far", far=["noise", "gratings"])


@pytest.fixture
def ids(far):
    return PROTOCOL.submitted_sets(*far)


def written(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    path = folder / "scores.npz"
    path.write_bytes(pack_outcomes(arrays))
    return path


def scores_file(folder: Path, ids, values: dict[str, np.ndarray], **extra: np.ndarray) -> Path:
    arrays = {f"scores.{name}": array for name, array in values.items()}
    return written(folder, arrays | {f"ids.{name}": each for name, each in ids.items()} | extra)


def random_scores(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=INSIDE if name == "test" else OUTSIDE) for name in SETS}


def outcome(far, path: Path):
    return PROTOCOL.combine(*far, CANDIDATE, PROTOCOL.submitted(*far, path))


def test_every_set_is_asked_for(ids):
    assert {name: len(each) for name, each in ids.items()} == {
        "test": INSIDE, "far/noise": OUTSIDE, "far/gratings": OUTSIDE,
    }  # fmt: skip


def test_perfect_inverted_and_random_scores(far, ids, tmp_path):
    perfect = {
        "test": np.arange(INSIDE) / INSIDE,
        "far/noise": 2.0 + np.arange(OUTSIDE),
        "far/gratings": 2.0 + np.arange(OUTSIDE),
    }
    scored = outcome(far, scores_file(tmp_path, ids, perfect))
    assert scored.scores["far_ood_auroc"].value == scored.scores["far_ood_auroc"].upper == 1
    assert scored.scores["far_ood_auroc"].lower > 0.95
    assert scored.scores["far_fpr_at_95_ood_positive"].value == scored.scores["far_fpr_at_95_id_positive"].value == 0
    assert scored.detector is None
    assert "id_accuracy" not in scored.scores
    inverted = outcome(far, scores_file(tmp_path, ids, {name: -each for name, each in perfect.items()}))
    assert inverted.scores["far_ood_auroc"].value == 0
    assert inverted.scores["far_fpr_at_95_ood_positive"].value == 1
    guessed = outcome(far, scores_file(tmp_path, ids, random_scores()))
    assert guessed.scores["far_ood_auroc"].lower < 0.5 < guessed.scores["far_ood_auroc"].upper


def test_scores_are_matched_by_id_or_order(far, ids, tmp_path):
    values = random_scores()
    before = outcome(far, scores_file(tmp_path, ids, values))
    order = np.random.default_rng(1).permutation(INSIDE)
    shuffled = outcome(
        far, scores_file(tmp_path, {**ids, "test": ids["test"][order]}, {**values, "test": values["test"][order]})
    )
    assert shuffled.scores == before.scores
    by_order = {f"scores.{name}": array for name, array in values.items()}
    by_order |= {f"order.{name}": np.array(order_sha256(each)) for name, each in ids.items()}
    assert outcome(far, written(tmp_path, by_order)).scores == before.scores


def test_predictions_beside_scores_give_accuracy_and_oscr(far, ids, tmp_path):
    labels = far[1].view(None).inside.labels
    scored = outcome(far, scores_file(tmp_path, ids, random_scores(), **{"predicted.test": labels}))
    assert scored.scores["id_accuracy"].value == 1
    assert scored.scores["oscr"].value == pytest.approx(scored.scores["far_ood_auroc"].value)
    wrong = outcome(far, scores_file(tmp_path, ids, random_scores(), **{"predicted.test": (labels + 1) % 10}))
    assert wrong.scores["id_accuracy"].value == wrong.scores["oscr"].value == 0


def test_embeddings_are_scored_as_mcm_does(far, ids, tmp_path):
    rng = np.random.default_rng(0)
    text, labels = rng.normal(size=(10, 16)), far[1].view(None).inside.labels
    images = {"test": text[labels] + 0.3 * rng.normal(size=(INSIDE, 16))}
    images |= {name: rng.normal(size=(OUTSIDE, 16)) for name in SETS[1:]}
    arrays = {f"embeddings.{name}": array for name, array in images.items()}
    arrays |= {f"ids.{name}": each for name, each in ids.items()} | {"text": text, "temperature": np.array(0.1)}
    shards = PROTOCOL.submitted(*far, written(tmp_path, arrays))
    for name, array in images.items():
        cosine = (array @ text.T) / np.outer(np.linalg.norm(array, axis=1), np.linalg.norm(text, axis=1))
        weights = np.exp(cosine / 0.1)
        probability = weights.max(axis=1) / weights.sum(axis=1)
        np.testing.assert_allclose(
            shards[name]["scores"], np.log((1 - probability) / probability), rtol=1e-6, atol=1e-9
        )
    scored = outcome(far, written(tmp_path, arrays))
    assert scored.scores["id_accuracy"].value > 0.95
    assert scored.scores["far_ood_auroc"].value > 0.95
    for changed, message in (
        ({"text": text[:9]}, r"'text', float \(10, 16\)"),
        ({"temperature": np.array(0.0)}, "a number 'temperature' above 0"),
        ({"text": np.vstack([text[:9], np.zeros(16)])}, r"finite lengths above 0, but got 0\.0 in row 9"),
    ):
        with pytest.raises(MettleError, match=message):
            PROTOCOL.submitted(*far, written(tmp_path, arrays | changed))
    without = {name: array for name, array in arrays.items() if name != "temperature"}
    with pytest.raises(MettleError, match="'temperature' above 0, but got none"):
        PROTOCOL.submitted(*far, written(tmp_path, without))


def test_bad_files_are_refused_in_one_line(far, ids, tmp_path):
    good = random_scores()
    double = ids["test"].copy()
    double[1] = double[0]
    foreign = ids["test"].copy()
    foreign[0] = 9999
    broken = good["far/noise"].copy()
    broken[5] = np.nan
    for own_ids, values, message in (
        ({**ids, "test": double}, good, "double"),
        ({**ids, "test": foreign}, good, "foreign: 9999"),
        ({**ids, "test": ids["test"][1:]}, {**good, "test": good["test"][1:]}, "missing"),
        (ids, {**good, "far/noise": broken}, "NaN or infinity at position 5"),
        (ids, {**good, "far/noise": np.zeros(OUTSIDE)}, r"all 120 scores are 0\.0"),
        (ids, {name: good[name] for name in SETS[:2]}, "scores.far/gratings"),
    ):
        with pytest.raises(MettleError, match=message) as refusal:
            PROTOCOL.submitted(*far, scores_file(tmp_path, own_ids, values))
        assert "\n" not in str(refusal.value)
    wrong_order = {f"scores.{name}": array for name, array in good.items()}
    wrong_order |= {f"order.{name}": np.array(order_sha256(each[::-1])) for name, each in ids.items()}
    with pytest.raises(MettleError, match=r"order\.test is"):
        PROTOCOL.submitted(*far, written(tmp_path, wrong_order))
