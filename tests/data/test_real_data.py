"""The data sets themselves, where they are on this machine, held against facts from elsewhere."""

import hashlib
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from tiny_dataset import write_parquet

from benchmark.data import load, read_manifest
from benchmark.data.loading import NotHereError
from benchmark.data.sources import debian


@pytest.fixture
def mirror(monkeypatch, request):
    """The mirror folder of the person who runs the tests."""
    folders = [Path(folder) for folder in GIVEN_MIRROR.split(os.pathsep) if folder]
    needed = request.param
    for folder in folders:
        if (folder / needed).exists():
            monkeypatch.setenv("METTLE_MIRROR", str(folder))
            return folder
    pytest.skip(f"no mirror folder (METTLE_MIRROR) holds {needed}")


GIVEN_MIRROR = os.environ.get("METTLE_MIRROR", "")
CIFAR10 = "hub/uoft-cs/cifar10"
MNIST = "hub/ylecun/mnist"


@pytest.fixture
def packaged_fashion_mnist():
    manifest = read_manifest("fashion-mnist")
    if not list(debian.installed(manifest, "test")):
        pytest.skip(f"Debian's {manifest.idx.debian_package} is not installed")
    return manifest


@pytest.mark.usefixtures("packaged_fashion_mnist")
def test_fashion_mnist():
    for part, count in (("train", 60_000), ("test", 10_000)):
        dataset = load("fashion-mnist", part, progress=False)
        assert dataset.images.shape == (count, 28, 28, 1)
        assert np.bincount(dataset.labels).tolist() == [count // 10] * 10
        assert dataset.copy == "official"
    # Ankle boot, pullover, trouser, trouser, shirt: the first test images shown in the authors' repository.
    assert [dataset.class_names[label] for label in dataset.labels[:5]] == [
        "Ankle boot",
        "Pullover",
        "Trouser",
        "Trouser",
        "Shirt",
    ]


def test_fashion_mnist_is_the_same_from_the_hubs_format(packaged_fashion_mnist, tmp_path, monkeypatch):
    packaged = load("fashion-mnist", "test", progress=False)
    hub = packaged_fashion_mnist.hub
    write_parquet(tmp_path / "mirror" / "hub" / hub.repo / hub.files["test"][0], packaged.images, packaged.labels)
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    from_hub_files = load("fashion-mnist", "test", progress=False)
    assert from_hub_files.source == "mirror folder"
    np.testing.assert_array_equal(from_hub_files.images, packaged.images)
    assert from_hub_files.pixels_sha256 == packaged.pixels_sha256


@pytest.mark.parametrize("mirror", [MNIST], indirect=True)
@pytest.mark.usefixtures("mirror")
def test_mnist_is_byte_equal_to_the_authors_unpacked_file():
    dataset = load("mnist", "test", progress=False)
    idx = struct.pack(">IIII", 2051, *dataset.images.shape[:3]) + dataset.images.tobytes()
    # sha256 of t10k-images-idx3-ubyte, as published by several loaders of the file.
    assert hashlib.sha256(idx).hexdigest() == "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"


@pytest.mark.slow
@pytest.mark.parametrize("mirror", [MNIST], indirect=True)
@pytest.mark.usefixtures("mirror")
def test_mlxtends_part_of_mnist_is_part_of_its_train_images():
    try:
        few = load("mnist-5k", "test", progress=False)
    except NotHereError as reason:
        pytest.skip(str(reason))
    whole = load("mnist", "train", progress=False)
    assert np.bincount(few.labels).tolist() == [500] * 10
    known = {image.tobytes(): label for image, label in zip(whole.images, whole.labels, strict=True)}
    assert [known[image.tobytes()] for image in few.images] == few.labels.tolist()


@pytest.mark.parametrize("mirror", [CIFAR10], indirect=True)
def test_cifar10_of_the_mirror_is_known_as_a_mirror_copy(mirror):
    dataset = load("cifar10", "test", progress=False)
    assert dataset.copy == "mirror copy"
    assert int((~dataset.exact).sum()) == 20
    official_labels = mirror / "labels" / "cifar10_test_set_original_labels.npy"
    if official_labels.is_file():
        np.testing.assert_array_equal(dataset.labels, np.load(official_labels))


@pytest.mark.slow
@pytest.mark.parametrize("mirror", [CIFAR10], indirect=True)
@pytest.mark.usefixtures("mirror")
def test_cifar10_train_of_the_mirror():
    dataset = load("cifar10", "train", progress=False)
    assert dataset.images.shape == (50_000, 32, 32, 3)
    assert int((~dataset.exact).sum()) == 77
    assert np.bincount(dataset.labels).tolist() == [5000] * 10


@pytest.mark.parametrize(
    "name",
    [
        "fashion-mnist",
        "fashion-mnist-colour",
        "fashion-mnist-dirty",
        "cifar10",
        "cifar10n-worse",
        "mnist",
        "digits",
        "mnist-5k",
        "textures",
        "photograph-patches",
    ],
)
def test_manifests_are_whole(name):
    manifest = read_manifest(name)
    for part, entry in manifest.parts.items():
        assert manifest.checksums(part).shape == (entry.count, 4)
        assert list(entry.inexact) == sorted(set(entry.inexact))
    assert len(set(manifest.class_names)) == len(manifest.class_names)
