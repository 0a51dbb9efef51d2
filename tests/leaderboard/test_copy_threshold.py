from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.contamination.figures import copy_threshold as of_the_engine
from benchmark.errors import MettleError
from leaderboard.copy_threshold import FIGURES, copy_threshold


@pytest.mark.parametrize("dataset", [*(path.stem for path in FIGURES.glob("*.json")), "unmeasured"])
def test_pages_name_the_threshold_that_flags_go_by(dataset: str) -> None:
    assert copy_threshold(dataset) == of_the_engine(dataset)


def test_an_unreadable_measurement_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}", encoding="utf-8")
    with pytest.raises(MettleError, match=r"x\.json"):
        copy_threshold("x", tmp_path)
