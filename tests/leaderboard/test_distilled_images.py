"""Pictures of distilled sets: the pixels that nets were trained on, of the file that was scored, or none."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from html_page import check_page
from PIL import Image
from safetensors.numpy import save
from synthetic_sets import SIDE, add_set, distilled_task, noise

from benchmark.documents import Record, Task, read_submission, read_task
from benchmark.paths import ROOT
from benchmark.submitted_sets.distilled import read_distilled
from leaderboard.build import build
from leaderboard.distilled_images import A_ROW, MOST_IMAGES, DistilledImages, distilled_images
from leaderboard.revision import SiteRevision

REVISION = SiteRevision("0123456789abcdef", "2026-11-21", dirty=False)


def tiles(picture: DistilledImages, side: int, channels: int) -> np.ndarray:
    """The images shown, uint8 (N, H, W, C + 1) with opacity."""
    sheet = np.asarray(Image.open(io.BytesIO(picture.png)))
    rows, columns = sheet.shape[0] // side, sheet.shape[1] // side
    cut = sheet.reshape(rows, side, columns, side, channels + 1).transpose(0, 2, 1, 3, 4)
    return cut.reshape(-1, side, side, channels + 1)


def pictures(tmp_path: Path, arrays: dict[str, np.ndarray] | bytes, **place: str) -> list[DistilledImages]:
    task = distilled_task(tmp_path / "tasks")
    record = add_set(tmp_path / "submissions", task, "set", arrays, **place)
    return shown(tmp_path, task, record)


def shown(tmp_path: Path, task: Task, record: Record) -> list[DistilledImages]:
    folder = tmp_path / "submissions" / "set"
    return distilled_images(task, record, read_submission(folder), folder)


def test_images_by_class_and_the_rest_transparent(tmp_path: Path) -> None:
    arrays = noise([1, 0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 0, 1])
    (picture,) = pictures(tmp_path, arrays)
    found = tiles(picture, SIDE, 1)
    order = np.argsort(arrays["labels"], kind="stable")
    assert np.array_equal(found[:13, ..., 0], arrays["images"][order, 0])
    assert (found[:13, ..., 1] == 255).all()
    assert len(found) == 2 * A_ROW
    assert not found[13:].any()
    assert (picture.shown, picture.total, picture.classes) == (13, 13, ("a", "b"))
    assert (picture.width, picture.height) == (2 * A_ROW * SIDE, 2 * 2 * SIDE)


def test_a_hundred_of_many_equally_many_of_each_class(tmp_path: Path) -> None:
    labels = [0] * 80 + [1] * 90
    (picture,) = pictures(tmp_path, noise(labels))
    assert (picture.shown, picture.total) == (MOST_IMAGES, 170)
    found = tiles(picture, SIDE, 1)[..., 0]
    images = noise(labels)["images"][:, 0]
    assert np.array_equal(found, np.concatenate([images[:50], images[80:130]]))


def test_soft_labels_stand_by_their_largest_entry(tmp_path: Path) -> None:
    arrays = noise([0, 1, 1])
    del arrays["labels"]
    arrays["soft_labels"] = np.array([[0.4, 0.6], [0.9, 0.1], [0.5, 0.5]], np.float32)
    (picture,) = pictures(tmp_path, arrays)
    assert np.array_equal(tiles(picture, SIDE, 1)[..., 0], arrays["images"][[1, 2, 0], 0])


@pytest.mark.parametrize("path", sorted((ROOT / "submissions").glob("dd-*/*.safetensors")), ids=lambda path: path.stem)
def test_pixels_are_those_of_the_engine(path: Path) -> None:
    """Of the committed sets, whose bounds differ from black and white in some."""
    task = read_task(ROOT / "tasks" / "distillation" / f"{path.stem}.v1.toml")
    submission = read_submission(path.parent)
    (artifact,) = [item for item in submission.artifacts if item.path == path.name]
    record = record_of(artifact.sha256)
    (picture,) = distilled_images(task, record, submission, path.parent)
    stored = read_distilled(
        path, image_size=SIDE, channels=1, classes=10, images_per_class=int(path.stem.split("ipc")[1])
    )
    labels = stored.targets.argmax(axis=1)
    order = np.concatenate([np.flatnonzero(labels == label)[:10] for label in range(10)])
    assert np.array_equal(tiles(picture, SIDE, 1)[: len(order), ..., :1], stored.pixels()[order])
    assert picture.total == len(stored.images)


def record_of(sha256: str) -> Record:
    """Of some submission that scored this artifact."""
    path = next((ROOT / "submissions").glob("*/records/*/*/v*/*.json"))
    record = Record.model_validate_json(path.read_text(encoding="utf-8"))
    artifact = record.result.artifacts[0].model_copy(update={"kind": "distilled", "sha256": sha256})
    return record.model_copy(update={"result": record.result.model_copy(update={"artifacts": [artifact]})})


def test_colour_and_bounds_beyond_black_and_white(tmp_path: Path) -> None:
    task = distilled_task(tmp_path / "tasks")
    document = tmp_path / "tasks" / "distillation" / "x.v1.toml"
    document.write_text(document.read_text().replace("channels = 1", "channels = 3"))
    task = read_task(document)
    arrays = noise([0, 1], channels=3)
    bounds = np.array([[-0.5, 1.5], [0, 1], [0.25, 0.25]], np.float32)
    record = add_set(tmp_path / "submissions", task, "set", {**arrays, "range": bounds})
    (picture,) = shown(tmp_path, task, record)
    found = tiles(picture, SIDE, 3)
    red = np.rint(255 * np.clip(arrays["images"][:, 0] / 255 * 2 - 0.5, 0, 1))
    assert np.abs(found[..., 0] - red).max() <= 1
    assert {0, 255} <= set(found[..., 0].ravel().tolist())
    assert np.array_equal(found[..., 1], arrays["images"][:, 1])
    assert set(found[..., 2].ravel().tolist()) == {64}


WRONG = {
    "no safetensors": b"PK\x03\x04 and so on",
    "empty": b"",
    "no images": save({"labels": np.zeros(2, np.int64)}),
    "no labels": save({"images": noise([0, 1])["images"]}),
    "other size": save({"images": np.zeros((2, 1, 32, 32), np.uint8), "labels": np.zeros(2, np.int64)}),
    "floats": save({"images": np.zeros((2, 1, SIDE, SIDE), np.float32), "labels": np.zeros(2, np.int64)}),
    "no class": save({**noise([0, 1]), "labels": np.array([0, 7])}),
    "fewer labels": save({**noise([0, 1]), "labels": np.array([0])}),
    "none": save({"images": np.zeros((0, 1, SIDE, SIDE), np.uint8), "labels": np.zeros(0, np.int64)}),
    "bounds": save({**noise([0, 1]), "range": np.array([[0, np.nan]], np.float32)}),
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_a_file_that_is_no_set_is_not_shown(tmp_path: Path, content: bytes) -> None:
    assert pictures(tmp_path, content) == []


def test_another_file_than_the_one_scored_is_not_shown(tmp_path: Path) -> None:
    task = distilled_task(tmp_path / "tasks")
    record = add_set(tmp_path / "submissions", task, "set", noise([0, 1]))
    assert len(shown(tmp_path, task, record)) == 1
    file = tmp_path / "submissions" / "set" / "set.safetensors"
    file.write_bytes(save(noise([1, 0])))
    assert shown(tmp_path, task, record) == []
    file.unlink()
    assert shown(tmp_path, task, record) == []


def test_files_that_are_not_passed_on_or_lie_elsewhere_are_not_shown(tmp_path: Path) -> None:
    assert pictures(tmp_path, noise([0, 1]), place="made/set.safetensors") == []
    folder = tmp_path / "submissions" / "set"
    task = read_task(tmp_path / "tasks" / "distillation" / "x.v1.toml")
    record = add_set(tmp_path / "submissions", task, "set", noise([0, 1]), place="linked.safetensors")
    assert len(shown(tmp_path, task, record)) == 1
    for target in (folder / "made" / "set.safetensors", tmp_path / "secret.safetensors"):
        (folder / "linked.safetensors").replace(target)
        (folder / "linked.safetensors").symlink_to(target)
        assert shown(tmp_path, task, record) == []
        (folder / "linked.safetensors").unlink()
        target.replace(folder / "linked.safetensors")


def test_the_page_shows_the_picture_and_says_what_it_is(tmp_path: Path) -> None:
    task = distilled_task(tmp_path / "tasks")
    root = tmp_path / "submissions"
    add_set(root, task, "set", noise([0, 1, 1]))
    add_set(root, task, "hidden", noise([0, 1]), place="made/x.safetensors")
    build(tmp_path / "site", [root], tmp_path / "tasks", tmp_path / "none", REVISION)
    page = check_page(tmp_path / "site" / "submissions" / "set.html", tmp_path / "site")
    (image,) = page.of("img")
    assert image["alt"] == "3 images of the set, by class: a, b"
    assert "All 3 images, by class (a, b);" in page.text
    assert "Licence of the submission: MIT." in page.text
    hidden = check_page(tmp_path / "site" / "submissions" / "hidden.html", tmp_path / "site")
    assert not hidden.of("img")
    assert "The images" not in hidden.text
    assert len(list((tmp_path / "site" / "images").rglob("*.png"))) == 1


def test_many_classes_are_counted_not_listed(tmp_path: Path) -> None:
    distilled_task(tmp_path / "tasks")
    document = tmp_path / "tasks" / "distillation" / "x.v1.toml"
    names = ", ".join(f'"class {index}"' for index in range(120))
    document.write_text(document.read_text().replace('classes = ["a", "b"]', f"classes = [{names}]"))
    task = read_task(document)
    record = add_set(tmp_path / "submissions", task, "set", noise([*range(120), 0, 0]))
    (picture,) = shown(tmp_path, task, record)
    assert (picture.shown, picture.total, len(picture.classes)) == (MOST_IMAGES, 122, MOST_IMAGES)
    build(tmp_path / "site", [tmp_path / "submissions"], tmp_path / "tasks", tmp_path / "none", REVISION)
    page = check_page(tmp_path / "site" / "submissions" / "set.html", tmp_path / "site")
    assert "100 of 122 images, by class (100 classes);" in page.text
