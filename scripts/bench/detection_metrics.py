"""Time of AUROC, FPR@95 both ways and average precision both ways, beside the libraries that compute them.

python -m scripts.bench.detection_metrics [--scores 1000000 --repeats 3]

scikit-learn, torchmetrics and pytorch-ood run on the same scores in the same process, one thread each; those that
are not installed are named and left out. Half of the scores are ID. Two inputs: nearly all different, and rounded to
three decimals. "off by" is the largest difference from our values among the metrics that a library has; pytorch-ood
has no average precision but the trapezoid area, which is compared with ours of that name.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
import warnings
from collections.abc import Callable
from importlib import metadata

import numpy as np
from scipy import special

from benchmark.metrics import DetectionScores, detection_scores

Values = dict[str, float]
EXACT = 1e-12


def scikit_learn(inside: np.ndarray, outside: np.ndarray) -> Values:
    from sklearn import metrics

    is_out = np.repeat([0, 1], [len(inside), len(outside)])
    scores = np.concatenate([inside, outside])
    found = {"auroc": float(metrics.roc_auc_score(is_out, scores))}
    for positive, labels, signed in (("ood", is_out, scores), ("id", 1 - is_out, -scores)):
        fpr, tpr, _ = metrics.roc_curve(labels, signed, drop_intermediate=False)
        found[f"fpr_at_95_{positive}_positive"] = float(fpr[np.argmax(tpr >= 0.95)])
        found[f"average_precision_{positive}"] = float(metrics.average_precision_score(labels, signed))
    return found


def torchmetrics(inside: np.ndarray, outside: np.ndarray) -> Values:
    import torch
    from torchmetrics.functional import classification

    is_out = torch.from_numpy(np.repeat([0, 1], [len(inside), len(outside)]))
    scores = torch.from_numpy(np.concatenate([inside, outside]))  # in [0, 1]: outside, a sigmoid would be applied
    found = {"auroc": float(classification.binary_auroc(scores, is_out))}
    for positive, labels, turned in (("ood", is_out, scores), ("id", 1 - is_out, 1 - scores)):
        fpr, tpr, _ = classification.binary_roc(turned, labels)
        found[f"fpr_at_95_{positive}_positive"] = float(fpr[int(torch.argmax((tpr >= 0.95).int()))])
        found[f"average_precision_{positive}"] = float(classification.binary_average_precision(turned, labels))
    return found


def pytorch_ood(inside: np.ndarray, outside: np.ndarray) -> Values:
    import torch
    from pytorch_ood.metrics import OODMetrics

    labels = torch.from_numpy(np.repeat([0, -1], [len(inside), len(outside)]))
    scores = torch.from_numpy(np.concatenate([inside, outside]))
    found = OODMetrics().update(scores, labels).compute()
    return {
        "auroc": found["AUROC"],
        "fpr_at_95_ood_positive": found["FPR95TPR"],
        "aupr_trapezoid_ood": found["AUPR-OUT"],
        "aupr_trapezoid_id": found["AUPR-IN"],
    }


PEERS: dict[str, tuple[str, str, Callable[[np.ndarray, np.ndarray], Values]]] = {
    "scikit-learn": ("sklearn", "AUROC, FPR x 2, AP x 2", scikit_learn),
    "torchmetrics": ("torchmetrics", "AUROC, FPR x 2, AP x 2", torchmetrics),
    "pytorch-ood": ("pytorch_ood", "AUROC, FPR, trapezoid x 2, AUTC", pytorch_ood),
}


def best_of(repeats: int, call: Callable[[], object]) -> tuple[float, object]:
    """Shortest wall time in seconds, and the last result."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - start)
    return min(times), result


def compare(name: str, inside: np.ndarray, outside: np.ndarray, repeats: int) -> bool:
    """Print one table; whether our values are scikit-learn's."""
    ours_s, ours = best_of(repeats, lambda: detection_scores(inside, outside))
    assert isinstance(ours, DetectionScores)
    print(f"{len(inside) + len(outside):,} scores, {name}; pairs tied: {ours.tied:.2e}")
    print(f"  {'ours':<22} {1000 * ours_s:7.0f} ms               AUROC, FPR x 2, AP x 2, trapezoid x 2")
    exact = True
    for peer, (module, what, call) in PEERS.items():
        if importlib.util.find_spec(module) is None:
            print(f"  {peer:<22} not installed, left out")
            continue
        seconds, values = best_of(repeats, lambda call=call: call(inside, outside))
        off = max(abs(value - getattr(ours, key)) for key, value in values.items())
        exact &= peer != "scikit-learn" or off <= EXACT
        label = f"{peer} {metadata.version(peer)}"
        print(f"  {label:<22} {1000 * seconds:7.0f} ms  {seconds / ours_s:5.1f} x ours  {what}; off by {off:.1e}")
    return exact


def main() -> None:
    """Print both tables; exit with 1 when scikit-learn disagrees."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scores", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    if importlib.util.find_spec("torch") is not None:
        import torch

        torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    half = given.scores // 2
    inside, outside = special.expit(rng.normal(size=half)), special.expit(rng.normal(1.2, 1.3, given.scores - half))
    exact = compare("nearly all different", inside, outside, given.repeats)
    exact &= compare("three decimals", inside.round(3), outside.round(3), given.repeats)
    sys.exit(not exact)


if __name__ == "__main__":
    main()
