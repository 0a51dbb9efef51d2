"""What a submission is refused for before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.check import check_submission
from benchmark.documents import file_sha256
from benchmark.documents.location import PLACEHOLDER_SHA256
from benchmark.errors import MettleError
from tests.tasks.small_distillation import submission


@pytest.mark.parametrize("other", ["distillation/fashion-mnist-ipc10", "distillation/cifar10-ipc1"])
def test_a_task_that_the_artifact_does_not_name_is_refused_with_the_one_it_names(tmp_path: Path, other: str) -> None:
    folder = submission(tmp_path / "mine", images=np.zeros((10, 28, 28, 1), np.uint8), labels=np.arange(10))
    with pytest.raises(MettleError) as error:
        check_submission(folder, other)
    assert "an artifact whose task is distillation/fashion-mnist-ipc1. Mend the `task`" in str(error.value)


def test_the_hash_that_init_leaves_open_is_given(tmp_path: Path) -> None:
    folder = submission(tmp_path / "mine", images=np.zeros((10, 28, 28, 1), np.uint8), labels=np.arange(10))
    toml = folder / "submission.toml"
    sha256 = file_sha256(folder / "set.safetensors")
    toml.write_text(toml.read_text().replace(sha256, PLACEHOLDER_SHA256))
    with pytest.raises(MettleError, match="but got the zeros of `mettle init`") as error:
        check_submission(folder)
    assert f'Write sha256 = "{sha256}"' in str(error.value)


def test_an_artifact_of_another_kind_than_its_task_takes_is_named_by_its_file(tmp_path: Path) -> None:
    folder = submission(tmp_path / "mine", images=np.zeros((10, 28, 28, 1), np.uint8), labels=np.arange(10))
    toml = folder / "submission.toml"
    toml.write_text(toml.read_text().replace('kind = "distilled"', 'kind = "curated"'))
    with pytest.raises(MettleError) as error:
        check_submission(folder)
    assert str(error.value) == (
        "set.safetensors: it is not scored on the task it names: distillation/fashion-mnist-ipc1 takes distilled, not "
        "curated. Mend its `kind`, `task` or model in submission.toml."
    )
