"""The human reference: missing without its file, refused with another one, and as measured with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import MettleError
from tasks.subgroup.human_reference import FILE, human_counts, human_scores


def test_without_the_file_there_is_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path))
    assert human_scores() == {}


def test_another_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path))
    np.save(tmp_path / FILE, np.ones((10_000, 10), dtype=np.int64))
    with pytest.raises(MettleError, match="the counts of CIFAR-10H have the sha256"):
        human_counts()


@pytest.mark.usefixtures("mirror")
def test_people_are_best_on_white_and_worst_on_other_backgrounds() -> None:
    counts = human_counts()
    if counts is None:
        pytest.skip("needs CIFAR-10H (CC BY-NC-SA) in a mirror folder")
    assert counts.shape == (10_000, 10)
    scores = human_scores()
    assert scores["accuracy"].value == pytest.approx(0.9523, abs=5e-5)
    groups = {name: score.value for name, score in scores.items() if name.startswith("group:")}
    assert len(groups) == 8
    assert min(groups, key=lambda name: groups[name]) == "group:background/other"
    assert scores["worst_group_accuracy"].value == pytest.approx(min(groups.values()))
    assert scores["group_balanced_accuracy"].value == pytest.approx(np.mean(list(groups.values())))
