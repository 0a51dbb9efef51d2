"""What a submission is refused for before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.check import check_submission
from benchmark.errors import MettleError
from tests.tasks.small_distillation import submission


@pytest.mark.parametrize("other", ["distillation/fashion-mnist-ipc10", "distillation/cifar10-ipc1"])
def test_a_task_that_the_artifact_does_not_name_is_refused_with_the_one_it_names(tmp_path: Path, other: str) -> None:
    folder = submission(tmp_path / "mine", images=np.zeros((10, 28, 28, 1), np.uint8), labels=np.arange(10))
    with pytest.raises(MettleError) as error:
        check_submission(folder, other)
    assert "an artifact whose task is distillation/fashion-mnist-ipc1. Mend the `task`" in str(error.value)
