"""The detectors' formulas, image by image and taken literally: what the fast code must equal up to a rising function.

Each takes a case, one image with all that is known beside it, and returns a score that is higher for OOD.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from benchmark.detectors import Fit


@dataclass(frozen=True)
class Case:
    """The training outputs, the settings, and one image's logits and features."""

    fit: Fit
    settings: dict
    logits: np.ndarray
    features: np.ndarray


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = [math.exp(value - max(logits)) for value in logits]
    return np.array([power / sum(powers) for power in powers])


def energy_of(logits: np.ndarray) -> float:
    return -math.log(sum(math.exp(value) for value in logits))


def msp(case: Case) -> float:
    top = max(softmax(case.logits))
    return math.log((1 - top) / top)


def temperature_scaling(case: Case) -> float:
    def loss(temperature: float) -> float:
        pairs = zip(case.fit.validation_logits, case.fit.validation_labels, strict=True)
        return -sum(math.log(softmax(row / temperature)[label]) for row, label in pairs)

    low, high = 0.05, 20.0  # the likelihood has one optimum, so the golden section finds it
    golden = (math.sqrt(5) - 1) / 2
    while high - low > 1e-9:
        a, b = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, b) if loss(a) < loss(b) else (a, high)
    return msp(replace(case, logits=case.logits / low))


def max_logit(case: Case) -> float:
    return -max(case.logits)


def energy(case: Case) -> float:
    return energy_of(case.logits)


def entropy(case: Case) -> float:
    return -sum(p * math.log(p) for p in softmax(case.logits))


def gen(case: Case) -> float:
    largest = sorted(softmax(case.logits), reverse=True)[: case.settings["top"]]
    return math.log(sum(p ** case.settings["gamma"] * (1 - p) ** case.settings["gamma"] for p in largest))


def kl_matching(case: Case) -> float:
    posteriors = [softmax(row) for row in case.fit.validation_logits]
    image = softmax(case.logits)
    divergences = []
    for kind in range(case.fit.classes):
        members = [p for p in posteriors if p.argmax() == kind]
        if members:
            typical = sum(members) / len(members)
            divergences.append(sum(p * math.log(p / d) for p, d in zip(image, typical, strict=True)))
    return min(divergences)


def head_energy(fit: Fit, features: np.ndarray) -> float:
    return energy_of([float(row @ features) + b for row, b in zip(fit.head.weight, fit.head.bias, strict=True)])


def react(case: Case) -> float:
    ceiling = np.percentile(case.fit.features.astype(np.float64), case.settings["percentile"])
    return head_energy(case.fit, np.array([min(value, ceiling) for value in case.features]))


def stays(features: np.ndarray, settings: dict) -> list[int]:
    count = len(features) - round(len(features) * settings["percentile"] / 100)
    return sorted(range(len(features)), key=lambda place: (-features[place], place))[: max(count, 1)]


def ash(case: Case) -> float:
    places = stays(case.features, case.settings)
    shaped = np.zeros(len(case.features))
    for place in places:
        shaped[place] = case.features.sum() / len(places) if case.features[place] else 0.0
    return head_energy(case.fit, shaped)


def scale(case: Case) -> float:
    part = case.features[stays(case.features, case.settings)].sum()
    return head_energy(case.fit, case.features * math.exp(case.features.sum() / part))


def distance(fit: Fit, labels: np.ndarray, features: np.ndarray) -> float:
    given = fit.features.astype(np.float64)
    means = {label: given[labels == label].mean(axis=0) for label in set(labels.tolist())}
    covariance = sum(
        np.outer(row - means[label], row - means[label]) for row, label in zip(given, labels.tolist(), strict=True)
    ) / len(given)
    return min(float((features - mean) @ np.linalg.solve(covariance, features - mean)) for mean in means.values())


def mahalanobis(case: Case) -> float:
    return distance(case.fit, case.fit.labels, case.features)


def relative_mahalanobis(case: Case) -> float:
    return distance(case.fit, case.fit.labels, case.features) - distance(
        case.fit, np.zeros_like(case.fit.labels), case.features
    )


def unit(vector: np.ndarray) -> np.ndarray:
    return vector.astype(np.float64) / math.sqrt(sum(float(value) ** 2 for value in vector))


def knn(case: Case) -> float:
    distances = sorted(float(np.linalg.norm(unit(case.features) - unit(row))) for row in case.fit.features)
    return distances[case.settings["k"] - 1]


def nnguide(case: Case) -> float:
    products = [
        -energy_of(row) * float(unit(case.features) @ unit(given))
        for row, given in zip(case.fit.logits, case.fit.features, strict=True)
    ]
    k = case.settings["k"]
    return energy_of(case.logits) * sum(sorted(products, reverse=True)[:k]) / k


def vim(case: Case) -> float:
    origin = -np.linalg.pinv(case.fit.head.weight) @ case.fit.head.bias
    points = case.fit.features.astype(np.float64) - origin
    principal = int(case.settings["principal_share"] * points.shape[1])
    axes = np.linalg.svd(points, full_matrices=False)[2][:principal]

    def residual(point: np.ndarray) -> float:
        return float(np.linalg.norm(point - axes.T @ (axes @ point)))

    alpha = np.mean([max(row) for row in case.fit.logits]) / np.mean([residual(point) for point in points])
    return alpha * residual(case.features - origin) + energy_of(case.logits)


def she(case: Case) -> float:
    kind = int(np.argmax(case.logits))
    right = [
        row
        for row, given, label in zip(case.fit.features, case.fit.logits, case.fit.labels, strict=True)
        if label == kind and np.argmax(given) == label
    ]
    return -float(case.features @ np.mean(np.array(right, dtype=np.float64), axis=0))


def dice(case: Case) -> float:
    contributions = case.fit.head.weight * case.fit.features.astype(np.float64).mean(axis=0)
    threshold = np.percentile(contributions, case.settings["percentile"])
    sparse = [
        sum(w * value for w, c, value in zip(weights, parts, case.features, strict=True) if c > threshold) + bias
        for weights, parts, bias in zip(case.fit.head.weight, contributions, case.fit.head.bias, strict=True)
    ]
    return energy_of(sparse)


def fdbd(case: Case) -> float:
    top = int(np.argmax(case.logits))
    from_centre = np.linalg.norm(case.features - case.fit.features.astype(np.float64).mean(axis=0))
    distances = [
        (case.logits[top] - case.logits[other])
        / np.linalg.norm(case.fit.head.weight[top] - case.fit.head.weight[other])
        / from_centre
        for other in range(len(case.logits))
        if other != top
    ]
    return -float(np.mean(distances))


def odin(case: Case) -> float:
    return msp(replace(case, logits=case.logits / case.settings["temperature"]))


FORMULAS: dict[str, Callable[[Case], float]] = {
    formula.__name__: formula
    for formula in (
        msp,
        temperature_scaling,
        max_logit,
        energy,
        gen,
        kl_matching,
        entropy,
        react,
        ash,
        scale,
        mahalanobis,
        relative_mahalanobis,
        knn,
        vim,
        she,
        dice,
        nnguide,
        fdbd,
        odin,
    )
}
