"""The published ResNet-20 for CIFAR-10, loaded as a submission is and scored on the real test set."""

import hashlib

import numpy as np
import pytest
import torch

from benchmark import data
from benchmark.documents.submission import ModelSpec
from benchmark.models import flops_per_image, load_checkpoint
from benchmark.paths import mirrors

SHA256_START = "12fca82f"


def published_file():
    for folder in mirrors():
        path = folder / "checkpoints" / "resnet20-12fca82f.th"
        if path.exists():
            return path
    pytest.skip("no mirror folder (METTLE_MIRROR) holds checkpoints/resnet20-12fca82f.th")


def load_published():
    path = published_file()
    assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(SHA256_START)
    spec = ModelSpec(architecture="resnet20", mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    return load_checkpoint(path, spec, num_classes=10, class_names=None, in_channels=3, image_size=32)


def test_published_resnet20_loads_and_says_what_was_stripped():
    loaded = load_published()
    assert loaded.parameters == 269_722
    assert loaded.stripped == (
        "opened 'state_dict', left 'best_prec1'",
        "removed prefix 'module.'",
        "lacks 19 num_batches_tracked, which evaluation does not read",
    )
    # He et al. count 41 million multiply-adds.
    assert flops_per_image(loaded.module, (3, 32, 32)) == pytest.approx(2 * 41e6, rel=0.02)


@pytest.mark.slow
def test_published_resnet20_scores_91_73_on_cifar10():
    module = load_published().module
    test = data.load("cifar10", "test", progress=False)
    predicted = []
    with torch.inference_mode():
        for start in range(0, len(test), 500):
            images = torch.from_numpy(test.images[start : start + 500]).permute(0, 3, 1, 2).float() / 255
            predicted.append(module(images).argmax(1).numpy())
    assert np.sum(np.concatenate(predicted) == test.labels) == 9173
