"""The same arrays through pytorch-ood's detectors and ours; runs where pytorch-ood 0.4 is installed."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
import torch
from detection_problem import Problem

from benchmark.detectors import DETECTORS
from benchmark.detectors.odin_pass import odin_pass

REASON = "compares with pytorch-ood, which is not installed (pip install pytorch-ood)"
SETTINGS = {
    "gen": {"gamma": 0.1, "top": 4},
    "react": {"percentile": 90},
    "ash": {"percentile": 75},
    "scale": {"percentile": 75},
    "knn": {"k": 50},
    "vim": {"principal_share": 0.5},
    "dice": {"percentile": 70},
    "nnguide": {"k": 10},
}


@pytest.fixture(scope="module")
def peer() -> ModuleType:
    return pytest.importorskip("pytorch_ood.detector", reason=REASON)


class Peers:
    """pytorch-ood's scores of one problem, float64 (n,), higher for OOD as ours."""

    def __init__(self, peer: ModuleType, seed: int) -> None:
        self.problem = Problem(classes=6, dimensions=24, seed=seed)
        self.fit = self.problem.fit(900)
        self.features = np.concatenate([self.problem.inside(100)[0], self.problem.outside(100)])
        self.logits = self.problem.head.logits(self.features)
        self._peer = peer
        self._head = torch.nn.Linear(24, 6)
        with torch.no_grad():
            self._head.weight.copy_(torch.from_numpy(self.problem.head.weight))
            self._head.bias.copy_(torch.from_numpy(self.problem.head.bias))

    def scores(self, name: str) -> np.ndarray:
        with torch.no_grad():
            return getattr(self, name)().double().numpy()

    @property
    def _given(self) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_numpy(self.fit.features), torch.from_numpy(self.fit.labels)

    @property
    def _images(self) -> torch.Tensor:
        return torch.from_numpy(self.features)

    @property
    def _weights(self) -> tuple[torch.Tensor, torch.Tensor]:
        return self._head.weight, self._head.bias

    def _shaped(self, detector: object) -> torch.Tensor:
        return detector.predict_feature_maps(self._images[:, :, None, None])  # type: ignore[attr-defined]

    def _flat_head(self, maps: torch.Tensor) -> torch.Tensor:
        return self._head(maps.flatten(1))

    def _from_logits(self, detector: object) -> torch.Tensor:
        return detector.predict_logits(torch.from_numpy(self.logits))  # type: ignore[attr-defined]

    def msp(self) -> torch.Tensor:
        return self._from_logits(self._peer.MaxSoftmax(None))

    def max_logit(self) -> torch.Tensor:
        return self._from_logits(self._peer.MaxLogit(None))

    def energy(self) -> torch.Tensor:
        return self._from_logits(self._peer.EnergyBased(None))

    def entropy(self) -> torch.Tensor:
        return self._from_logits(self._peer.Entropy(None))

    def gen(self) -> torch.Tensor:
        return self._from_logits(self._peer.GEN(None, gamma=0.1, M=4))

    def kl_matching(self) -> torch.Tensor:
        return self._from_logits(self._peer.KLMatching(None).fit_logits(torch.from_numpy(self.fit.validation_logits)))

    def react(self) -> torch.Tensor:
        detector = self._peer.ReAct(None, self._flat_head, percentile=0.9)
        return self._shaped(detector.fit_feature_maps(self._given[0][:, :, None, None], self._given[1]))

    def ash(self) -> torch.Tensor:
        return self._shaped(self._peer.ASH(None, self._flat_head, variant="ash-b", percentile=0.75))

    def scale(self) -> torch.Tensor:
        return self._shaped(self._peer.SCALE(None, self._flat_head, percentile=0.75))

    def mahalanobis(self) -> torch.Tensor:
        return self._peer.Mahalanobis(None).fit_features(*self._given).predict_features(self._images)

    def relative_mahalanobis(self) -> torch.Tensor:
        return self._peer.RMD(None).fit_features(*self._given).predict_features(self._images)

    def knn(self) -> torch.Tensor:
        return self._peer.KNN(None, k=50).fit_features(*self._given).predict_features(self._images)

    def vim(self) -> torch.Tensor:
        detector = self._peer.ViM(None, 12, *self._weights)
        return detector.fit_features(*self._given).predict_features(self._images)

    def she(self) -> torch.Tensor:
        return self._peer.SHE(None, self._head).fit_features(*self._given).predict_features(self._images)

    def dice(self) -> torch.Tensor:
        return self._peer.DICE(None, *self._weights, p=0.7).fit_features(*self._given).predict_features(self._images)

    def nnguide(self) -> torch.Tensor:
        return self._peer.NNGuide(None, self._head, k=10).fit_features(*self._given).predict_features(self._images)

    def fdbd(self) -> torch.Tensor:
        return self._peer.fDBD(None, self._head).fit_features(self._given[0]).predict_features(self._images)


@pytest.mark.parametrize("name", [name for name in DETECTORS if hasattr(Peers, name)])
@pytest.mark.parametrize("seed", [0, 1])
def test_scores_order_images_like_pytorch_ood(peer: ModuleType, name: str, seed: int) -> None:
    """Its scores are float32 and some are rising functions of ours, so orders are compared: where two of our scores
    are further apart than float32 can blur, its scores are in the same order.
    """
    peers = Peers(peer, seed)
    ours = DETECTORS[name].fit(peers.fit, SETTINGS.get(name, {})).score(peers.logits, peers.features)
    theirs = peers.scores(name)
    if name == "ash":  # with fewer active features than stay, theirs depends on how topk breaks ties
        clear = (peers.features > 0).sum(axis=1) >= 6
        assert clear.sum() > 150
        ours, theirs = ours[clear], theirs[clear]
    order = np.argsort(ours, kind="stable")
    blur = 1e-4 * (theirs.max() - theirs.min())
    assert (np.diff(theirs[order]) >= -blur).all()
    assert np.corrcoef(np.argsort(np.argsort(ours)), np.argsort(np.argsort(theirs)))[0, 1] > 0.9999


def test_odin_equals_pytorch_ood(peer: ModuleType) -> None:
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 16), torch.nn.Tanh(), torch.nn.Linear(16, 4))
    module.double()
    shown = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1), dtype=np.uint8)
    pixels = torch.from_numpy(shown.transpose(0, 3, 1, 2).copy()).double() / 255
    theirs = peer.ODIN(module, eps=0.01, temperature=10.0).predict(pixels).detach().numpy()
    ours = DETECTORS["odin"].fit(Problem().fit(30), {"temperature": 10, "epsilon": 0.01})
    found = ours.score(odin_pass(module, shown, 10.0, 0.01))
    np.testing.assert_allclose(-1 / (1 + np.exp(found)), theirs, rtol=1e-9)
