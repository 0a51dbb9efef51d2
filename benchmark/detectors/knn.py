"""KNN: distance to the k-th nearest training image."""

from __future__ import annotations

from benchmark.detectors.detector import Detector, Score, features_of
from benchmark.detectors.neighbours import Bank
from benchmark.detectors.outputs import Fit
from benchmark.detectors.settings import Parameters, Range
from benchmark.errors import MettleError


class NearestNeighbour(Detector):
    """Euclidean distance, 0 to 2, of unit features to the k-th nearest unit training features; higher is more OOD.

    The grid is OpenOOD's; the paper takes 50 for CIFAR-10. Raises MettleError for k above the training images.
    """

    name = "knn"
    source = "Sun et al. (2022), Out-of-distribution detection with deep nearest neighbors"
    grid = tuple({"k": k} for k in (50, 100, 200, 500, 1000))
    ranges = {"k": Range(1, 1_000_000, whole=True)}
    needs_features = True

    def fitted_score(self, train: Fit, parameters: Parameters, /) -> Score:
        k = neighbours_within(self.name, parameters, train)
        bank = Bank(features_of(train), k)
        return lambda _logits, features: bank.kth_distances(features)


def neighbours_within(detector: str, parameters: Parameters, train: Fit) -> int:
    """The setting `k`; raises MettleError where there are not as many training images."""
    k = int(parameters["k"])
    if k > len(train.logits):
        raise MettleError(
            f"detector {detector}: k", f"must be at most the {len(train.logits)} training images", k, "Lower k."
        )
    return k
