"""What `mettle init` writes is valid as it stands, and so are the tables that its comments show."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from benchmark.documents import Submission, file_sha256, read_submission
from benchmark.errors import MettleError
from benchmark.initialise import EXAMPLES, TABLES, initialise
from benchmark.models.architectures import build
from benchmark.submitted_sets import write_choice, write_distilled
from benchmark.task_registry import find_task

CURATED, DISTILLED = (f"Add --task, for instance {EXAMPLES[kind]}." for kind in ("curated", "distilled"))


def made(folder: Path, kind: str) -> Path:
    file = folder / "mine.safetensors"
    if kind == "checkpoint":
        save_file({"weight": np.zeros(2)}, file)
    elif kind == "curated":
        write_choice(file, np.arange(5))
    else:
        write_distilled(file, np.zeros((10, 28, 28, 1), np.uint8), labels=np.arange(10))
    task = find_task(EXAMPLES[kind]).task if kind in EXAMPLES else None
    return initialise(folder / "submissions", f"my-{kind}", file, task)


def with_examples(path: Path) -> str:
    """The text with the tables in its comments switched on."""
    before, _, tables = path.read_text().partition("# [artifacts.")
    assert tables, "there is an example"
    return before + re.sub(r"^# ", "", "# [artifacts." + tables, flags=re.MULTILINE)


@pytest.mark.parametrize("kind", TABLES)
def test_it_is_valid_and_names_the_file(tmp_path: Path, kind: str) -> None:
    path = made(tmp_path, kind)
    artifact = read_submission(path.parent).artifacts[0]
    assert artifact.kind == kind
    assert artifact.path is not None
    assert file_sha256(path.parent / artifact.path) == artifact.sha256
    assert (artifact.task is None) == (kind == "checkpoint")
    with pytest.raises(MettleError, match="exists already"):
        made(tmp_path, kind)


def test_examples_in_the_comments_are_valid(tmp_path: Path) -> None:
    def read(path: Path, text: str) -> Submission:
        path.write_text(text)
        return read_submission(path.parent)

    path = made(tmp_path, "curated")
    assert read(path, with_examples(path)).artifacts[0].provenance is not None
    path = made(tmp_path, "distilled")
    text = with_examples(path).replace('sha256 = "..."', f'sha256 = "{"0" * 64}"')
    text = text.replace('url = "https://..."', 'url = "https://example.org/teacher.safetensors"')
    with pytest.raises(MettleError, match="a teacher gives soft labels"):
        read(path, text)
    recipe = read(path, text.replace('name = "cross_entropy"', 'name = "kl"')).artifacts[0].own_recipe
    assert recipe is not None
    assert recipe.teacher is not None
    assert build(recipe.teacher.architecture, num_classes=10, in_channels=1, image_size=28)


def test_without_a_file_the_hash_is_open(tmp_path: Path) -> None:
    path = initialise(tmp_path, "empty", None, find_task("distillation/fashion-mnist-ipc1").task)
    assert read_submission(path.parent).artifacts[0].sha256 == "0" * 64
    with pytest.raises(MettleError, match="a template for checkpoint, distilled, curated, but got predictions"):
        initialise(tmp_path, "other", None, find_task("ood/cifar10.1-v6").task)
    for path, found in ((tmp_path / "absent", "no such file"), (tmp_path, "a folder")):
        with pytest.raises(MettleError, match=f"but got {found}"):
            initialise(tmp_path, "other", path)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("suffix", ["npz", "safetensors", "pt"])
@pytest.mark.parametrize(
    ("names", "fix"),
    [
        (("indices", "weights"), CURATED),
        (("suspicion",), CURATED),
        (("images", "soft_labels"), DISTILLED),
        (("images", "labels"), f"{DISTILLED[:-1]} or {CURATED.rpartition(' ')[2]}"),
    ],
)
def test_a_data_set_without_its_kind_is_not_taken_for_weights(
    tmp_path: Path, suffix: str, names: tuple[str, ...], fix: str
) -> None:
    file = tmp_path / f"core.{suffix}"
    if suffix == "npz":
        np.savez(file, **{name: np.arange(3) for name in names})  # type: ignore[arg-type]
    elif suffix == "safetensors":
        save_file({name: np.arange(3) for name in names}, file)
    else:
        torch.save({name: torch.arange(3) for name in names}, file)
    with pytest.raises(MettleError, match=re.escape(fix)):
        initialise(tmp_path, "cur", file)
    assert not (tmp_path / "cur").exists()
    for kind, example in EXAMPLES.items():
        text = initialise(tmp_path, kind, file, find_task(example).task).read_text()
        assert (f'kind = "{kind}"' in text, f'task = "{example}"' in text) == (True, True)


def test_a_checkpoint_for_a_task_has_its_images(tmp_path: Path) -> None:
    artifact = read_submission(initialise(tmp_path, "net", None, find_task("corruption/cifar10-mc").task).parent)
    (net,) = artifact.artifacts
    assert (net.kind, net.task, net.model and (net.model.in_channels, net.model.image_size)) == (
        "checkpoint",
        "corruption/cifar10-mc",
        (3, 32),
    )
    assert artifact.declares.training_data == ["cifar10/train"]


def test_without_a_kind_weights_and_what_cannot_be_read_are_a_checkpoint(tmp_path: Path) -> None:
    torch.save({"layer.weight": torch.zeros(2), "labels": torch.zeros(2)}, tmp_path / "net.pt")
    (tmp_path / "damaged.npz").write_bytes(b"PK")
    for file in ("net.pt", "damaged.npz"):
        path = initialise(tmp_path / "submissions", file, tmp_path / file)
        assert 'kind = "checkpoint"' in path.read_text()
