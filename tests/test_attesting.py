"""What may be attested: of a submitted set, that it was measured, only with seeds drawn from the salt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.attesting import check_attestation
from benchmark.documents import Record
from benchmark.effort import Effort
from benchmark.errors import MettleError
from tests.documents.builders import SHA, record
from tests.tasks.small_distillation import submission

SALT, OTHER = "a salt of the maintainers", "a salt of somebody else"
DEVELOPMENT = [1, 2, 3]


def scored(folder: Path, seeds: list[int], *, baseline: bool = False) -> Record:
    """A record with these seeds; its submission lies in `folder`."""
    written = submission(folder / "demo", images=np.zeros((10, 28, 28, 1), np.uint8), labels=np.arange(10))
    if baseline:
        document = written / "submission.toml"
        document.write_text("baseline = true\n" + document.read_text())
    return record("demo", training_seeds={SHA: seeds} if seeds else {})[0]


def drawn(salt: str) -> list[int]:
    return [Effort(salt=salt).seed(SHA, run) for run in range(3)]


@pytest.mark.parametrize(
    ("seeds", "salt", "found"),
    [
        (DEVELOPMENT, "", "the development seeds 1, 2, 3 and so on"),
        (DEVELOPMENT, SALT, "the development seeds 1, 2, 3 and so on"),
        (drawn(SALT), "", "no --salt-file to draw them again"),
        (drawn(OTHER), SALT, "others than this --salt-file gives"),
        ([2, 3, 4], SALT, "others than this --salt-file gives"),
    ],
)
def test_seeds_an_author_could_have_tried_are_not_measured(
    tmp_path: Path, seeds: list[int], salt: str, found: str
) -> None:
    made = scored(tmp_path, seeds)
    with pytest.raises(MettleError) as error:
        check_attestation(made, tmp_path, "measured", salt)
    assert f"drawn from the maintainers' salt, but got {found}. Score it with" in str(error.value)
    assert f"`mettle score {tmp_path.name}/demo --salt-file FILE`" in str(error.value)
    check_attestation(made, tmp_path, "reproduced", salt)


def test_seeds_of_the_salt_are_measured(tmp_path: Path) -> None:
    check_attestation(scored(tmp_path, drawn(SALT)), tmp_path, "measured", SALT)


def test_baselines_keep_development_seeds(tmp_path: Path) -> None:
    check_attestation(scored(tmp_path, DEVELOPMENT, baseline=True), tmp_path, "measured")


def test_records_without_trainings_need_no_salt(tmp_path: Path) -> None:
    check_attestation(scored(tmp_path, []), tmp_path, "measured")
