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
from benchmark.initialise import TABLES, initialise
from benchmark.models.architectures import build
from benchmark.submitted_sets import write_choice, write_distilled


def made(folder: Path, kind: str) -> Path:
    file = folder / "mine.safetensors"
    if kind == "curated":
        write_choice(file, np.arange(5))
    else:
        write_distilled(file, np.zeros((10, 28, 28, 1), np.uint8), labels=np.arange(10))
    return initialise(folder / "submissions", f"my-{kind}", file, kind)


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
    path = initialise(tmp_path, "empty", None, "distilled")
    assert read_submission(path.parent).artifacts[0].sha256 == "0" * 64
    with pytest.raises(MettleError, match="is one of checkpoint, distilled, curated"):
        initialise(tmp_path, "other", None, "predictions")
    with pytest.raises(MettleError, match="no such file"):
        initialise(tmp_path, "other", tmp_path / "absent", "curated")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("suffix", ["npz", "safetensors", "pt"])
@pytest.mark.parametrize(
    ("names", "fix"),
    [
        (("indices", "weights"), "Add --kind curated."),
        (("suspicion",), "Add --kind curated."),
        (("images", "soft_labels"), "Add --kind distilled."),
        (("images", "labels"), "Add --kind distilled or --kind curated."),
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
    kind = "curated" if "curated" in fix else "distilled"
    assert f'kind = "{kind}"' in initialise(tmp_path, "cur", file, kind).read_text()


def test_without_a_kind_weights_and_what_cannot_be_read_are_a_checkpoint(tmp_path: Path) -> None:
    torch.save({"layer.weight": torch.zeros(2), "labels": torch.zeros(2)}, tmp_path / "net.pt")
    (tmp_path / "damaged.npz").write_bytes(b"PK")
    for file in ("net.pt", "damaged.npz"):
        path = initialise(tmp_path / "submissions", file, tmp_path / file)
        assert 'kind = "checkpoint"' in path.read_text()
