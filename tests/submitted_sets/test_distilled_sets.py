"""Distilled files: what a valid one means, and one line for each way to be wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hostile_files import (
    SPARSE_BYTES,
    bare_pickle,
    bomb,
    header_of,
    pickled_npz,
    refusal,
    safetensors,
    sparse_file,
)

from benchmark.submitted_sets import DistilledSet, read_distilled, write_distilled

TASK = {"image_size": 8, "channels": 3, "classes": 5, "images_per_class": 2}
IMAGES = np.random.default_rng(0).integers(0, 256, (10, 3, 8, 8), dtype=np.uint8)
LABELS = np.repeat(np.arange(5), 2)
ONE_HOT = "(10, 5). Take argmax of each row, or name it soft_labels, as floats."
SOFT = np.random.default_rng(1).dirichlet(np.ones(5), 10).astype(np.float32)


def read(path: Path) -> DistilledSet:
    return read_distilled(path, **TASK)  # type: ignore[arg-type]


def written(folder: Path, **changes: np.ndarray | None) -> Path:
    arrays = {"images": IMAGES, "labels": LABELS} | changes
    return safetensors(folder / "set.safetensors", **{k: v for k, v in arrays.items() if v is not None})


def test_a_plain_set(tmp_path: Path) -> None:
    found = read(written(tmp_path))
    assert np.array_equal(found.images, IMAGES.transpose(0, 2, 3, 1) / np.float32(255))
    assert found.images.dtype == found.targets.dtype == np.float32
    assert np.array_equal(found.targets.argmax(axis=1), LABELS)
    assert (found.targets.sum(axis=1) == 1).all()
    assert (found.learning_rate, found.labels_kind, found.conversion) == (None, "hard", "")
    assert found.bytes == {"images": 10 * 3 * 64, "labels": 80}
    assert found.total_bytes == 2000
    assert np.array_equal(found.pixels(), IMAGES.transpose(0, 2, 3, 1))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_soft_labels_are_distributions_again(tmp_path: Path, dtype: type) -> None:
    found = read(written(tmp_path, labels=None, soft_labels=SOFT.astype(dtype)))
    assert found.labels_kind == "soft"
    assert np.allclose(found.targets, SOFT, atol=1e-3)
    assert np.allclose(found.targets.sum(axis=1), 1, atol=1e-6)
    assert found.bytes["soft_labels"] == 50 * np.dtype(dtype).itemsize


def test_bounds_and_learning_rate(tmp_path: Path) -> None:
    bounds = np.array([[-2, 3], [0, 1], [0.5, 0.5]], np.float32)
    for rate in (np.array(0.02, np.float32), np.array([0.02], np.float32)):
        found = read(written(tmp_path, range=bounds, learning_rate=rate))
        assert found.learning_rate == pytest.approx(0.02)
        assert found.images[..., 0].min() >= -2
        assert found.images[..., 0].max() > 2.9
        assert (found.images[..., 2] == 0.5).all()
        assert found.bytes["range"] + found.bytes["learning_rate"] == 28
    assert found.pixels().max() == 255


def test_fewer_and_uneven_images_are_allowed(tmp_path: Path) -> None:
    labels = np.array([0, 0, 0, 1, 2, 3, 4], np.uint8)
    found = read(written(tmp_path, images=IMAGES[:7], labels=labels))
    assert found.targets.sum(axis=0).tolist() == [3, 1, 1, 1, 1]
    assert found.bytes["labels"] == 7


def test_npz_reads_as_safetensors(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "set.npz", images=IMAGES, labels=LABELS)
    found, same = read(tmp_path / "set.npz"), read(written(tmp_path))
    assert np.array_equal(found.images, same.images)
    assert np.array_equal(found.targets, same.targets)
    assert found.bytes == same.bytes


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"images": IMAGES.transpose(0, 2, 3, 1)}, "images is uint8 of shape (N, 3, 8, 8), but got uint8 of shape "
         "(10, 8, 8, 3). Put its axes in this order."),
        ({"images": IMAGES[:, :1]}, "but got uint8 of shape (10, 1, 8, 8)"),
        ({"images": IMAGES[:, :, :7]}, "but got uint8 of shape (10, 3, 7, 8)"),
        ({"images": IMAGES.reshape(10, -1)}, "but got uint8 of shape (10, 192)"),
        ({"images": IMAGES.view(np.int8)}, "but got int8 of shape"),
        ({"images": np.concatenate([IMAGES, IMAGES[:1]]), "labels": np.append(LABELS, 0)},
         "the budget is 10 images, 2 times the 5 classes, but got 11"),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, "a distilled set has images, but got 0"),
        ({"labels": None}, "exactly one of labels and soft_labels, but got neither"),
        ({"soft_labels": SOFT}, "exactly one of labels and soft_labels, but got labels and soft_labels"),
        ({"labels": LABELS[:9]}, "labels holds whole numbers of shape (10,), but got"),
        ({"labels": LABELS.astype(np.float32)}, "but got float32 of shape (10,). Store it with .astype('int64')."),
        ({"labels": np.eye(5, dtype=int)[LABELS]}, ONE_HOT),
        ({"labels": np.eye(5, dtype=bool)[LABELS]}, ONE_HOT),
        ({"labels": np.eye(5, dtype=np.float32)[LABELS]}, ONE_HOT),
        ({"labels": LABELS[:, None]}, "of shape (10, 1). Flatten it with .reshape(-1)."),
        ({"labels": np.where(LABELS == 4, 5, LABELS)}, "labels holds classes 0 to 4, but got 5 at position 8 and 1"),
        ({"labels": np.where(LABELS == 0, -1, LABELS)}, "but got -1 at position 0"),
        ({"labels": np.where(LABELS == 3, 2, LABELS)}, "every class has an image, but got none for class 3"),
        ({"labels": None, "soft_labels": SOFT[:, :4]}, "soft_labels is float16 or float32 of shape (10, 5)"),
        ({"labels": None, "soft_labels": SOFT.astype(np.float64)},
         "but got float64 of shape (10, 5). Store it with .astype('float32')."),
        ({"labels": None, "soft_labels": SOFT * 1.001}, "sums to 1, but got smallest"),
        ({"labels": None, "soft_labels": np.where(SOFT[4, 1] == SOFT, -SOFT, SOFT)}, "in row 4"),
        ({"labels": None, "soft_labels": np.where(SOFT[4, 1] == SOFT, np.float32(np.nan), SOFT)},
         "soft_labels holds finite numbers, but got nan at position 4, 1"),
        ({"labels": None, "soft_labels": np.eye(5, dtype=np.float16)[LABELS % 4]}, "none for class 4"),
        ({"range": np.zeros((2, 2), np.float32)}, "range is float32 of shape (3, 2)"),
        ({"range": np.array([[0, 1], [1, 0], [0, 1]], np.float32)}, "low first"),
        ({"range": np.array([[0, 1], [0, 1e30], [0, 1]], np.float32)}, "within 1000 of black"),
        ({"range": np.full((3, 2), np.inf, np.float32)}, "range holds finite numbers, but got inf at position 0, 0"),
        ({"learning_rate": np.array(0.1)}, "but got float64 of shape (). Store it with .astype('float32')."),
        ({"learning_rate": np.array(-0.1, np.float32)}, "learning_rate is above 0"),
        ({"learning_rate": np.array(np.nan, np.float32)}, "learning_rate holds finite numbers, but got nan."),
        ({"learning_rate": np.array([0.1, 0.1], np.float32)}, "learning_rate is float32 of shape ()"),
        ({"label": LABELS}, "unknown array 'label'"),
    ],
)  # fmt: skip
def test_one_line_for_each_wrong_set(tmp_path: Path, changes: dict[str, np.ndarray | None], says: str) -> None:
    path = written(tmp_path, **changes)
    assert says in refusal(read, path)
    # The same arrays as .npz are refused alike.
    arrays = {"images": IMAGES, "labels": LABELS} | changes
    np.savez(tmp_path / "set.npz", **{k: v for k, v in arrays.items() if v is not None})  # type: ignore[arg-type]
    assert says in refusal(read, tmp_path / "set.npz")


def test_images_that_are_not_quantized_lead_to_the_converter(tmp_path: Path) -> None:
    text = refusal(read, written(tmp_path, images=(IMAGES / 255).astype(np.float32)))
    assert "but got float32" in text
    assert "mettle convert" in text


def test_arrays_with_channels_first_are_not_written() -> None:
    for images in (IMAGES, (IMAGES / 255).astype(np.float32)):
        with pytest.raises(ValueError, match="channels last"):
            write_distilled(Path("never.safetensors"), images, labels=LABELS)


@pytest.mark.parametrize(
    ("channels", "images", "fix"),
    [
        (1, np.zeros((10, 8, 8), np.uint8), "Add the channel axis: images[:, None]."),
        (1, np.zeros((10, 8, 8, 1), np.uint8), "Put its axes in this order."),
        (3, np.zeros((10, 8, 8), np.uint8), "Was it made for this task?"),
    ],
)
def test_a_wrong_shape_is_told_how_to_become_right(tmp_path: Path, channels: int, images: np.ndarray, fix: str) -> None:
    path = safetensors(tmp_path / "set.safetensors", images=images, labels=LABELS)
    limits = {"image_size": 8, "channels": channels, "classes": 5, "images_per_class": 2}
    assert fix in refusal(read_distilled, path, **limits)


def test_a_bare_label_is_refused(tmp_path: Path) -> None:
    path = safetensors(tmp_path / "set.safetensors", images=np.zeros((1, 1, 8, 8), np.uint8), labels=np.array(0))
    limits = {"image_size": 8, "channels": 1, "classes": 1, "images_per_class": 1}
    assert "labels holds whole numbers of shape (1,), but got int64 of shape ()" in refusal(
        read_distilled, path, **limits
    )


def test_hostile_files(tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    for path, says in (
        (header_of(tmp_path / "a.safetensors", 50 * 10**9), "50,000,000,000 bytes of header"),
        (sparse_file(tmp_path / "b.safetensors", [SPARSE_BYTES // 192, 3, 8, 8]), "at most 64,100,000 bytes"),
        (bomb(tmp_path / "c.npz", 70_000_000), "at most 64,000,000 bytes, but got 70,000,000"),
        (bare_pickle(tmp_path / "d.safetensors", proof), "a pickle, which is never opened"),
        (pickled_npz(tmp_path / "e.npz", proof), "Python objects"),
    ):
        assert says in refusal(read, path)
    assert not proof.exists()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    images = np.random.default_rng(2).normal(0.4, 0.7, (10, 8, 8, 3)).astype(np.float32)
    for number in range(2):
        stored = write_distilled(
            tmp_path / f"{number}.safetensors", images, labels=LABELS, learning_rate=0.03, conversion="from\na.pt"
        )
    assert (tmp_path / "0.safetensors").read_bytes() == (tmp_path / "1.safetensors").read_bytes()
    found = read(tmp_path / "0.safetensors")
    assert np.abs(found.images - images).max() <= stored.largest_rounding_error
    assert found.learning_rate == pytest.approx(0.03)
    assert found.bytes == {"images": 1920, "labels": 10, "learning_rate": 4, "range": 24}
    assert found.conversion == "from"
    exact = found.pixels()
    write_distilled(tmp_path / "exact.safetensors", exact, soft_labels=SOFT.astype(np.float16))
    again = read(tmp_path / "exact.safetensors")
    assert np.array_equal(again.images, exact / np.float32(255))
    assert set(again.bytes) == {"images", "soft_labels"}
    with pytest.raises(ValueError, match="exactly one"):
        write_distilled(tmp_path / "none.safetensors", exact)
