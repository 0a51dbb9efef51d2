"""torchvision's lists of files, with hosts replaced by a server on this machine."""

import hashlib
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hub_server import Hub, files_of, serve
from tiny_dataset import REPOSITORY, REVISION, make_tiny

from benchmark.data import load, read_manifest
from benchmark.data.loading import load_part
from benchmark.data.sources import debian, vision
from benchmark.data.sources.offer import UnavailableError
from benchmark.errors import MettleError

datasets = pytest.importorskip("torchvision.datasets", reason="torchvision is not installed")


def first(manifest, part="test"):
    (offer,) = vision.offers(manifest, part, progress=False)
    return offer


def test_the_manifests_name_the_files_that_torchvision_lists():
    for name in ("fashion-mnist", "mnist"):
        manifest = read_manifest(name)
        listed = dict(getattr(datasets, manifest.torchvision.dataset).resources)
        assert set(manifest.torchvision.sha256) == set(listed)
        assert {file for files in manifest.idx.files.values() for file in files} == set(listed)
    assert list(read_manifest("cifar10").torchvision.sha256) == [datasets.CIFAR10.filename]


def test_the_classes_are_in_the_order_of_torchvision():
    assert list(read_manifest("fashion-mnist").class_names) == datasets.FashionMNIST.classes


def test_idx_files_come_from_the_first_host_that_answers(tmp_path, monkeypatch):
    files = {part: [f"{part}-images.gz", f"{part}-labels.gz"] for part in ("train", "test")}
    tiny = make_tiny(tmp_path / "manifests", idx={"files": files})
    content = files_of(tiny.write_idx_files(tmp_path / "original"))
    sha256 = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    source = {"dataset": "FashionMNIST", "sha256": sha256}
    manifest = make_tiny(tmp_path / "manifests", hub=None, idx={"files": files}, torchvision=source).manifest
    with serve(Hub(REPOSITORY, REVISION, content)) as host:
        monkeypatch.setattr(datasets.FashionMNIST, "mirrors", [f"{host.url}/gone/", f"{host.url}/bytes/"])
        dataset = load_part(manifest, "test", progress=False)
        assert dataset.source == "torchvision"
        np.testing.assert_array_equal(dataset.images, tiny.arrays["test"][0])
    assert [offer.source for offer in vision.cached(manifest, "test")] == ["torchvision"]


def write_cifar_archive(path: Path, arrays: dict, monkeypatch) -> None:
    """An archive in the format of CIFAR-10's python version, and torchvision's class told its checksums."""
    folder = path.parent / "cifar-10-batches-py"
    folder.mkdir()
    names = {"train": "data_batch_1", "test": "test_batch"}
    lists = {}
    for part, name in names.items():
        images, labels = arrays[part]
        rows = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
        (folder / name).write_bytes(pickle.dumps({"data": rows, "labels": labels.tolist()}))
        lists[part] = [[name, hashlib.md5((folder / name).read_bytes()).hexdigest()]]
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": ["a", "b", "c"]}))
    meta = {
        "filename": "batches.meta",
        "key": "label_names",
        "md5": hashlib.md5((folder / "batches.meta").read_bytes()).hexdigest(),
    }
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, arcname=folder.name)
    monkeypatch.setattr(datasets.CIFAR10, "train_list", lists["train"])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", lists["test"])
    monkeypatch.setattr(datasets.CIFAR10, "meta", meta)


def test_an_archive_of_pickles_is_opened_only_with_the_pinned_sha256(tmp_path, monkeypatch):
    tiny = make_tiny(tmp_path / "manifests", (32, 32, 3))
    path = tmp_path / datasets.CIFAR10.filename
    write_cifar_archive(path, tiny.arrays, monkeypatch)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    source = {"dataset": "CIFAR10", "sha256": {path.name: sha256}}
    manifest = make_tiny(tmp_path / "manifests", (32, 32, 3), hub=None, torchvision=source).manifest
    with serve(Hub(REPOSITORY, REVISION, {path.name: path.read_bytes()})) as host:
        monkeypatch.setattr(datasets.CIFAR10, "url", f"{host.url}/bytes/{path.name}")
        for part in ("train", "test"):
            dataset = load_part(manifest, part, progress=False)
            np.testing.assert_array_equal(dataset.images, tiny.arrays[part][0])
            np.testing.assert_array_equal(dataset.labels, tiny.arrays[part][1])
        assert len(host.ranges) == 1
    (kept,) = (tmp_path / "cache" / "torchvision").rglob(path.name)
    kept.write_bytes(kept.read_bytes()[:-1])
    (offer,) = vision.cached(manifest, "train")
    with pytest.raises(MettleError, match="must have sha256"):
        offer.read(False)


def test_unreachable_hosts_are_named(tmp_path, monkeypatch):
    source = {"dataset": "FashionMNIST", "sha256": {"test-images.gz": "0" * 64, "test-labels.gz": "0" * 64}}
    manifest = make_tiny(tmp_path / "manifests", torchvision=source).manifest
    monkeypatch.setattr(datasets.FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:9 cannot be reached"):
        first(manifest)


def test_fashion_mnist_from_torchvision_equals_the_debian_package(monkeypatch):
    manifest = read_manifest("fashion-mnist")
    if not list(debian.installed(manifest, "test")):
        pytest.skip(f"Debian's {manifest.idx.debian_package} is not installed")
    packaged = load("fashion-mnist", "test", progress=False)
    content = files_of(Path("/") / manifest.idx.debian_folder)
    with serve(Hub(REPOSITORY, REVISION, content)) as host:
        monkeypatch.setattr(datasets.FashionMNIST, "mirrors", [f"{host.url}/bytes/"])
        images, labels = first(manifest).read(False)
    np.testing.assert_array_equal(images, packaged.images)
    np.testing.assert_array_equal(labels, packaged.labels)
