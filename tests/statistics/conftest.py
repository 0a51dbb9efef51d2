"""Real answers that several tests of ranks need."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmark.paths import mirrors


@pytest.fixture(scope="session")
def cifar10_nets() -> np.ndarray:
    """Right-or-wrong answers of 30 published nets on the CIFAR-10 test set, best first: bool (30, 10000)."""
    folder = next(
        (m / "predictions" / "cifar10.1" for m in mirrors() if (m / "predictions" / "cifar10.1").is_dir()), None
    )
    if folder is None:
        pytest.skip("no folder of METTLE_MIRROR holds predictions/cifar10.1")
    labels = np.load(folder.parents[1] / "labels" / "cifar10_test_set_original_labels.npy")
    files = sorted((folder / "original_predictions").glob("*.json"), key=lambda path: path.name)
    answers = np.array([np.array(json.loads(path.read_text())) == labels for path in files])
    assert answers.shape == (30, 10_000)
    assert files[int(answers.sum(axis=1).argmax())].name.startswith("shake_shake_26_2x64d_SSI_cutout16")
    return answers[np.argsort(-answers.sum(axis=1), kind="stable")]
