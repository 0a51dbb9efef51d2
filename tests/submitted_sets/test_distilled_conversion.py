"""Published layouts, as their authors' code saves them, become files that the reader accepts."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch
from hostile_files import Payload, refusal

from benchmark import data
from benchmark.errors import MettleError
from benchmark.submitted_sets import read_distilled
from benchmark.submitted_sets.conversion import Conversion, check_target, read_for_conversion, write_conversion
from benchmark.submitted_sets.published_layouts import read_published, read_scalar
from benchmark.training.dataset_whitening import whitening_of

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)
DRAWS = np.random.default_rng(0)
SETS = [DRAWS.normal(size=(5, 3, 8, 8)).astype(np.float32) for _ in range(3)]
LABELS = np.arange(5)
TASK = {"image_size": 8, "channels": 3, "classes": 5, "images_per_class": 1}


def pixels(normalized: np.ndarray) -> np.ndarray:
    return normalized.transpose(0, 2, 3, 1) * np.array(STD) + np.array(MEAN)


def dc_file(path: Path, extra: object = None) -> Path:
    """As the code of DC, DSA and DM saves: leaf tensors, and accuracies as numpy numbers."""
    sets = [[torch.nn.Parameter(torch.from_numpy(images)).detach(), torch.from_numpy(LABELS)] for images in SETS]
    accuracies = {"ConvNet": [np.float64(0.26), np.float64(0.27)], "other": [np.float32(1)] if extra is None else extra}
    torch.save({"data": sets, "accs_all_exps": accuracies}, path)
    return path


def converted(source: Path, **options: object) -> Conversion:
    return read_for_conversion(source, **({"mean": MEAN, "std": STD} | options))  # type: ignore[arg-type]


def check(conversion: Conversion, target: Path, images: np.ndarray) -> None:
    lines = write_conversion(conversion, target)
    found = read_distilled(target, **TASK)  # type: ignore[arg-type]
    assert np.abs(found.images - pixels(images)).max() <= conversion.after.largest_rounding_error + 1e-6
    assert conversion.largest_rounding_error <= conversion.after.largest_rounding_error
    assert f"{found.bytes['images']:,} bytes of images" in lines[0]
    assert found.conversion.startswith(f"from {conversion.source}")


def test_layout_of_dc_dsa_dm(tmp_path: Path) -> None:
    source = dc_file(tmp_path / "res.pt")
    for which in range(3):
        conversion = converted(source, which=which)
        check(conversion, tmp_path / f"{which}.safetensors", SETS[which])
        assert f"set {which}" in conversion.note()
    assert "it holds 3 sets. Choose one: --set 0 to --set 2." in refusal(converted, source)
    with pytest.raises(MettleError, match="holds the sets 0 to 2, but got 3"):
        converted(source, which=3)


def test_layout_of_mtt_with_learned_rate(tmp_path: Path) -> None:
    torch.save(torch.from_numpy(SETS[0]), tmp_path / "images_best.pt")
    torch.save(torch.from_numpy(LABELS), tmp_path / "labels_best.pt")
    torch.save(torch.tensor(0.02), tmp_path / "lr_best.pt")
    rate = read_scalar(tmp_path / "lr_best.pt")
    conversion = converted(tmp_path / "images_best.pt", labels_file=tmp_path / "labels_best.pt", learning_rate=rate)
    check(conversion, tmp_path / "set.safetensors", SETS[0])
    found = read_distilled(tmp_path / "set.safetensors", **TASK)  # type: ignore[arg-type]
    assert found.learning_rate == pytest.approx(0.02)
    assert "--labels FILE" in refusal(converted, tmp_path / "images_best.pt")
    assert "it holds one number" in refusal(read_scalar, tmp_path / "labels_best.pt")


def test_pairs_dicts_and_npz(tmp_path: Path) -> None:
    images, labels = torch.from_numpy(SETS[1]), torch.from_numpy(LABELS)
    torch.save([images, labels], tmp_path / "pair.pt")
    torch.save({"images": images, "labels": labels.int()}, tmp_path / "dict.pt")
    np.savez(tmp_path / "set.npz", images=SETS[1], labels=LABELS)
    for name in ("pair.pt", "dict.pt", "set.npz"):
        check(converted(tmp_path / name), tmp_path / f"{name}.safetensors", SETS[1])


def test_learned_soft_labels(tmp_path: Path) -> None:
    logits = DRAWS.normal(size=(5, 5)).astype(np.float32) * 3
    soft = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.savez(tmp_path / "logits.npz", images=SETS[0], labels=logits)
    np.savez(tmp_path / "soft.npz", images=SETS[0], labels=soft)
    for name, flag in (("logits", True), ("soft", False)):
        conversion = converted(tmp_path / f"{name}.npz", logits=flag)
        write_conversion(conversion, tmp_path / f"{name}.safetensors")
        found = read_distilled(tmp_path / f"{name}.safetensors", **TASK)  # type: ignore[arg-type]
        assert np.allclose(found.targets, soft, atol=1e-6)
        assert np.allclose(conversion.targets(5), soft, atol=1e-6)
    assert "add --logits" in refusal(converted, tmp_path / "logits.npz")
    with pytest.raises(MettleError, match="--logits"):
        converted(dc_file(tmp_path / "res.pt"), which=0, logits=True)


def test_whitened_images_are_unwhitened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))
    training = data.load("digits", "train")
    real = training.images[:5]
    whitened = whitening_of("digits").whiten(real).transpose(0, 3, 1, 2)
    np.savez(tmp_path / "zca.npz", images=whitened, labels=training.labels[:5])
    conversion = converted(tmp_path / "zca.npz", mean=(0.0,), std=(1.0,), whitened_with="digits")
    assert np.allclose(conversion.before, real / 255, atol=1e-5)
    assert "un-whitened with digits/train" in conversion.note()
    plain = converted(tmp_path / "zca.npz", mean=(0.0,), std=(1.0,))
    assert np.abs(plain.before - real / 255).max() > 0.5
    with pytest.raises(MettleError, match="images of digits have 64 values, but got 192"):
        converted(dc_file(tmp_path / "res.pt"), which=0, whitened_with="digits")


def test_what_is_said_is_measured(tmp_path: Path) -> None:
    images = np.full((5, 3, 8, 8), 0.5, np.float32)
    images[0, :, 0, 0], images[1, :, 0, 0] = -1, 2
    images[2, :, 0, 0], images[3, :, 0, 0] = -1e-8, 1 + 1e-7  # normalized in float32 and back
    np.savez(tmp_path / "set.npz", images=images, labels=LABELS)
    conversion = converted(tmp_path / "set.npz", mean=(0.0,), std=(1.0,))
    assert conversion.share_outside == pytest.approx(2 * 3 / images.size)
    level = 3 / 255
    assert conversion.largest_rounding_error == pytest.approx(min(1.5 % level, level - 1.5 % level), rel=1e-4)
    assert "images 5 x 3 x 8 x 8" in conversion.lines()[0]
    assert "from -1.000 to 2.000" in conversion.lines()[1]
    assert conversion.note("accuracy 26.1 before").endswith("accuracy 26.1 before")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"mean": (0.5, 0.5)}, "--mean: it has one finite value, or one a channel"),
        ({"std": (0.0,)}, "--std: it has one finite value, or one a channel, above 0"),
        ({"std": (1e6,)}, "within 1000 of black"),
    ],
)
def test_wrong_normalization(tmp_path: Path, options: dict[str, object], says: str) -> None:
    source = dc_file(tmp_path / "res.pt")
    with pytest.raises(MettleError, match=says):
        converted(source, which=0, **options)


def test_images_that_are_not_floats_in_order_are_told_what_they_need(tmp_path: Path) -> None:
    whole = (SETS[0] * 20 + 128).astype(np.uint8)
    for name, images, fix in (
        ("own.npz", whole.transpose(0, 2, 3, 1), "Put its axes in the order N, C, H, W."),
        ("floats.npz", SETS[0].transpose(0, 2, 3, 1), "Put its axes in the order N, C, H, W."),
        ("ok.npz", whole, f"It needs no conversion: name it in submission.toml (`mettle init NAME --task TASK "
         f"--file {tmp_path / 'ok.npz'}`)."),
        ("wide.npz", whole.astype(np.int64), "Divide by 255 and store as float32."),
        ("flat.npz", whole.reshape(5, -1), "Save its images and labels alone"),
    ):  # fmt: skip
        np.savez(tmp_path / name, images=images, labels=LABELS)
        assert fix in refusal(converted, tmp_path / name)
    torch.save([torch.from_numpy(whole), torch.from_numpy(LABELS)], tmp_path / "bytes.pt")
    assert "Divide by 255 and store as float32." in refusal(converted, tmp_path / "bytes.pt")


def test_other_content_is_refused(tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    dc_file(tmp_path / "acts.pt", extra=[Payload(proof)])
    assert "would run code" in refusal(converted, tmp_path / "acts.pt")
    assert not proof.exists()
    torch.save({"data": [[torch.zeros(1), torch.zeros(1)]], "args": argparse.Namespace(lr=1)}, tmp_path / "object.pt")
    text = refusal(converted, tmp_path / "object.pt")
    assert "argparse.Namespace" in text
    assert "Save its images and labels alone" in text
    images = torch.from_numpy(SETS[0])
    for number, (content, says) in enumerate(
        [
            ({"weights": images}, "no known layout"),
            ([images, torch.from_numpy(LABELS[:3])], "labels are (5,) or (5, classes)"),
            ([images.flatten(1), torch.from_numpy(LABELS)], "images are floats (N, C, H, W)"),
            ([images.permute(0, 2, 3, 1), torch.from_numpy(LABELS)], "images are floats (N, C, H, W)"),
            ([(images * 255).to(torch.uint8), torch.from_numpy(LABELS)], "images are floats"),
            ([images[:0], torch.from_numpy(LABELS[:0])], "holds at least one image"),
            ([images * torch.inf, torch.from_numpy(LABELS)], "finite numbers"),
            ([images, torch.from_numpy(LABELS) - 1], "classes from 0"),
            ([images, torch.from_numpy(LABELS) + 0.5], "are classes"),
            ([images, torch.from_numpy(LABELS + 1) * torch.inf], "are classes, but got inf"),
            ([images, torch.from_numpy(LABELS) + 1e30], "are classes, but got 1.00000001"),
            ([images[:, :, :0], torch.from_numpy(LABELS)], "holds at least one image of one pixel"),
            ([images, torch.zeros(5, 0)], "labels are (5,) or (5, classes), but got (5, 0)"),
            ([images, torch.zeros(5, 10, dtype=torch.complex64)], "labels are real numbers, but got complex64"),
            ([images, torch.from_numpy(LABELS) * 1j], "labels are real numbers, but got complex64"),
        ]
    ):
        torch.save(content, tmp_path / f"{number}.pt")
        assert says in refusal(converted, tmp_path / f"{number}.pt")
    assert "no such file" in refusal(converted, tmp_path / "absent.pt")
    assert "no such file" in refusal(converted, tmp_path / "absent.npz")
    torch.save(torch.from_numpy(LABELS), tmp_path / "labels.pt")
    torch.save([images, torch.from_numpy(LABELS)], tmp_path / "pair.pt")
    for own in (tmp_path / "pair.pt", dc_file(tmp_path / "dc.pt")):
        assert "it has labels of its own" in refusal(converted, own, labels_file=tmp_path / "labels.pt")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "there.safetensors").write_bytes(b"keep")
    with pytest.raises(MettleError, match="not overwritten"):
        check_target(tmp_path / "there.safetensors")
    with pytest.raises(MettleError, match=r"named \.safetensors"):
        check_target(tmp_path / "out.pt")
    assert (tmp_path / "there.safetensors").read_bytes() == b"keep"


def test_labels_beyond_the_classes_of_a_task_are_refused(tmp_path: Path) -> None:
    conversion = converted(dc_file(tmp_path / "res.pt"), which=0)
    with pytest.raises(MettleError, match="the task has 4 classes, but got class 4"):
        conversion.targets(4)


def test_published_files(mirror: Path, tmp_path: Path) -> None:
    """Two files of DC's authors: 8 to 16 % of their values are no pixels, and rounding moves none by a hundredth."""
    for name in ("ConvNet", "RandomChoose"):
        source = mirror / "distilled" / f"res_DC_CIFAR10_{name}_1ipc.npz"
        conversion = converted(source, mean=(0.4914, 0.4822, 0.4465), std=(0.2023, 0.1994, 0.2010))
        assert 0.08 < conversion.share_outside < 0.17
        assert conversion.largest_rounding_error < 0.01
        write_conversion(conversion, tmp_path / f"{name}.safetensors")
        found = read_distilled(
            tmp_path / f"{name}.safetensors", image_size=32, channels=3, classes=10, images_per_class=1
        )
        assert found.total_bytes == 10 * 3072 + 24 + 10
        assert len(read_published(source).labels) == 10
