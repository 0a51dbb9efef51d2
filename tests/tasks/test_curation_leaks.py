"""Leaks into choices and own images: watched images, the canary, and copies of test images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_curation import balanced, knowing, submission

from benchmark import evaluate
from benchmark.documents import Artifact
from benchmark.errors import MettleError
from benchmark.evaluation import Options
from benchmark.protocol import Candidate
from benchmark.submitted_sets.curated import CuratedSet
from tasks.curation.chosen import choose
from tasks.curation.coreset import PROTOCOL
from tasks.curation.split import OpenCuration

TASK = "curation/fashion-mnist-coreset-1k"
PROVENANCE = '[artifacts.provenance]\nsources = ["drawn by hand"]\nlicence = "MIT"\n'
SPARED = 436
"""A test image that a training image is within 8 levels."""
pytestmark = pytest.mark.usefixtures("curation_cache")


def altered_a_little(image: np.ndarray) -> np.ndarray:
    """Two levels brighter where it can be."""
    return np.minimum(image, 253) + np.uint8(2)


def test_a_net_that_knows_the_test_labels_is_flagged(split: OpenCuration, tmp_path: Path) -> None:
    file = submission(tmp_path / "any", TASK, CuratedSet("indices", balanced(split, 2))) / "choice.safetensors"
    combined = PROTOCOL.combine(split.entry, split, Candidate("curated", file=file), knowing(split))
    assert [flag.name for flag in combined.flags] == ["canary"]
    assert combined.scores["leak_gap"].value == pytest.approx(1)


def test_own_images_need_their_origin(split: OpenCuration, curation_tasks: Path, tmp_path: Path) -> None:
    own = CuratedSet("images", images=split.origin.images[:20], labels=split.origin.labels[:20])
    with pytest.raises(MettleError, match="provenance"):
        evaluate(submission(tmp_path / "own", TASK, own), TASK, options=Options(tasks_dir=curation_tasks, workers=1))


def test_own_images_are_held_against_the_test_images(split: OpenCuration, curation_tasks: Path, tmp_path: Path) -> None:
    images = np.array(split.origin.images[:200])
    images[[3, 50]] = split.images[[7, 11]]
    images[60] = split.images[20][:, ::-1]
    images[70] = altered_a_little(split.images[21])
    images[80] = altered_a_little(split.images[SPARED])
    own = CuratedSet("images", images=images, labels=split.origin.labels[:200])
    folder = submission(tmp_path / "leaked", TASK, own, PROVENANCE)
    result = evaluate(folder, TASK, options=Options(tasks_dir=curation_tasks, workers=1)).result
    assert result.scores["distinct_images"].value == 200
    assert result.scores["near_test_copies"].value >= 5
    (flag,) = [flag for flag in result.flags if flag.name == "contamination"]
    assert flag.evidence.startswith("4 of 200 images are test images, exactly or within ")
    assert "image 3 is test image 7, " in flag.evidence
    copied = {name: cell["test_image"] for name, cell in result.cells.items() if name.startswith("copy:")}
    assert copied == {"copy:3": 7, "copy:50": 11, "copy:60": 20, "copy:70": 21}
    assert result.cells["pair:3"] == {"test_image": 7, "correlation": 1}


def test_a_choice_from_the_pool_is_not_searched_for_copies(split: OpenCuration) -> None:
    chosen = choose(split, CuratedSet("indices", balanced(split, 2)))
    for name in PROTOCOL.inspections(split.entry, Artifact(kind="curated", path="choice.safetensors", sha256="a" * 64)):
        arrays = PROTOCOL.inspect(split.entry, split, chosen, name)
        assert all(len(array) == 0 for array in arrays.values())
