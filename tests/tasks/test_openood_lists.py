"""OpenOOD v1.5's lists: the counts of its paper, the published files themselves, and what a draft shows of them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark import data
from benchmark.errors import MettleError
from benchmark.task_registry import TASKS_DIR, find_task
from scripts.import_openood_lists import read_published
from scripts.score_draft import pinned_entry
from tasks.ood.detection import PROTOCOL
from tasks.ood.image_lists import LISTS, ImageList, read_lists
from tasks.ood.openood_sets import FOLDER, by_class, resized
from tasks.ood.split import DetectionSplit

COUNTS = {
    "cifar10": {
        "test": 9000,
        "val": 1000,
        "val/tin": 1000,
        "near/cifar100": 9000,
        "near/tin": 7793,
        "far/mnist": 70_000,
        "far/svhn": 26_032,
        "far/texture": 5640,
        "far/places365": 35_195,
    },
    "cifar100": {
        "test": 9000,
        "val": 1000,
        "val/tin": 972,
        "near/cifar10": 10_000,
        "near/tin": 6526,
        "far/mnist": 70_000,
        "far/svhn": 26_032,
        "far/texture": 5640,
        "far/places365": 33_773,
    },
}


@pytest.mark.parametrize("benchmark", sorted(COUNTS))
def test_counts_are_those_of_openood(benchmark):
    lists = read_lists(benchmark)
    assert {role: len(each.chosen) for role, each in lists.items()} == COUNTS[benchmark]
    assert not np.intersect1d(lists["test"].chosen, lists["val"].chosen).size
    assert not np.intersect1d(lists["near/tin"].chosen, lists["val/tin"].chosen).size
    settings = find_task(f"ood/{benchmark}-detect", TASKS_DIR).task.settings
    wanted = {f"{group}/{name}" for group in ("near", "far") for name in settings[group]}
    assert wanted | {"test", "val", "val/tin"} == set(lists)


def test_lists_are_the_published_files(mirror):
    folder = mirror / "ood" / "openood_imglists"
    if not folder.is_dir():
        pytest.skip("the mirror folder does not hold ood/openood_imglists")
    published = read_published("cifar10", folder)
    ours = read_lists("cifar10")
    assert {role: each.chosen.tolist() for role, each in published.items()} == {
        role: each.chosen.tolist() for role, each in ours.items()
    }
    lines = gzip.decompress((folder / "cifar10_test_tin.txt.gz").read_bytes()).decode().splitlines()
    names = {f"tin/val/images/val_{number}.JPEG -1" for number in ours["near/tin"].chosen}
    assert set(lines) == names


def test_a_list_has_one_form_and_ascends():
    assert ImageList(name="n", of=4, without=[1]).chosen.tolist() == [0, 2, 3]
    for wrong in ({}, {"numbers": [1], "without": [2]}, {"numbers": [2, 1]}, {"numbers": [1, 1]}, {"numbers": [4]}):
        with pytest.raises(ValueError, match=r"either numbers or without|numbers ascend within 0 to 3"):
            ImageList(name="n", of=4, **wrong)


def test_pictures_are_shown_as_openood_shows_them():
    grey = np.full((64, 64, 3), 77, np.uint8)
    assert (resized(grey) == 77).all()
    halves = np.zeros((64, 64, 3), np.uint8)
    halves[:, 32:] = 200
    small = resized(halves)
    assert small.shape == (32, 32, 3)
    assert (small[:, :14] == 0).all()
    assert (small[:, 18:] == 200).all()
    wide = np.zeros((32, 96, 3), np.uint8)
    wide[:, 32:64] = 255
    assert (resized(wide) == 255).all()  # the middle third of a wide picture
    tall = np.repeat(np.arange(100, dtype=np.uint8)[:, None], 50, axis=1)[..., None].repeat(3, axis=2)
    expected = np.asarray(Image.fromarray(tall).resize((32, 64), Image.Resampling.BILINEAR))[16:48]
    np.testing.assert_array_equal(resized(tall), expected)


def test_numbers_of_a_class_are_positions_in_official_order():
    labels = np.array([2, 0, 1, 0, 2, 1])
    assert by_class(labels).tolist() == [1, 3, 2, 5, 0, 4]


def test_the_draft_says_what_is_pinned_and_what_is_not():
    entry = pinned_entry("ood/cifar10-detect", TASKS_DIR)
    frozen = DetectionSplit.model_validate(entry.split)
    assert set(frozen.unpinned) == {"near/cifar100", "far/svhn", "far/texture", "far/places365"}
    assert {role: chosen.count for role, chosen in frozen.selections.items() if "/" in role} == {
        "val/tin": 1000,
        "near/tin": 7793,
        "far/mnist": 70_000,
    }
    shards = [shard for group in PROTOCOL.shard_groups(entry) for shard in group]
    assert {shard.split("@")[0] for shard in shards if not shard.startswith("odin.")} == {
        "head", "train", "test", "tin", "mnist",
    }  # fmt: skip
    with pytest.raises(MettleError, match="this task is a draft"):
        PROTOCOL.shard_groups(find_task("ood/cifar10-detect", TASKS_DIR))


@pytest.mark.slow
def test_a_draft_shows_its_pinned_sets(mirror, tmp_path, monkeypatch):
    if not (mirror / "hub" / "uoft-cs" / "cifar10").is_dir() or not (mirror / "hub" / "zh-plus").is_dir():
        pytest.skip("the mirror folder does not hold CIFAR-10 and Tiny-ImageNet")
    entry = pinned_entry("ood/cifar10-detect", TASKS_DIR)
    split = PROTOCOL.open_split(entry)
    view = split.view(None)
    assert set(view.outside["near"]) == {"tin"}
    assert set(view.outside["far"]) == {"mnist"}
    assert np.bincount(view.inside.labels).tolist() == [900] * 10
    assert split.images("tin").shape == (8793, 32, 32, 3)
    mnist = data.load("mnist", "train").images[0].repeat(3, axis=2)
    np.testing.assert_array_equal(split.images("mnist")[0], resized(mnist))
    with pytest.raises(MettleError, match=f"9,000 are missing.*{FOLDER}"):
        PROTOCOL.freeze_split(find_task("ood/cifar10-detect", TASKS_DIR))
    # The folder of OpenOOD's own downloader serves as well.
    numbers = split.lists["near/cifar100"].chosen
    folder = tmp_path / FOLDER / "cifar100" / "test"
    for label in range(100):
        (folder / f"class{label:02d}").mkdir(parents=True)
    for number in range(10_000):
        pixel = Image.new("RGB", (32, 32), (number % 251, number // 251, 0))
        pixel.save(folder / f"class{number // 100:02d}" / f"{number % 100 + 1:04d}.png", compress_level=1)
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path))
    shown = split.load("cifar100")
    assert shown[:, 0, 0, 0].tolist() == (numbers % 251).tolist()
    assert shown[:, 0, 0, 1].tolist() == (numbers // 251).tolist()


def test_the_files_of_the_lists_name_their_source():
    for path in sorted(LISTS.glob("*.json")):
        document = json.loads(Path(path).read_text())
        assert document["source"].startswith("https://")
        assert "MIT" in document["licence"]
