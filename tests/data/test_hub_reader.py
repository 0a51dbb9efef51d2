"""Our reader of hub files against the hub's own: `datasets` must give the same images and labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.data import load
from benchmark.paths import mirrors

FOLDERS = [folder / "hub" for folder in mirrors() if (folder / "hub").is_dir()]
"""Read when this file is imported: the tests of this folder hide METTLE_MIRROR from each other."""


@pytest.mark.parametrize(
    ("name", "repo", "image"),
    [("cifar10", "uoft-cs/cifar10/plain_text", "img"), ("mnist", "ylecun/mnist/mnist", "image")],
)
def test_datasets_reads_the_same(
    name: str, repo: str, image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not FOLDERS:
        pytest.skip("needs real data: set METTLE_MIRROR to a mirror folder")
    import datasets

    monkeypatch.setenv("METTLE_MIRROR", str(FOLDERS[0].parent))
    files = sorted(map(str, (FOLDERS[0] / repo).glob("test-*.parquet")))
    theirs = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path / "datasets"))
    ours = load(name, "test", progress=False)
    assert len(theirs) == len(ours)
    np.testing.assert_array_equal(np.array(theirs["label"]), ours.labels)
    for position in range(0, len(ours), 97):
        pixels = np.array(theirs[position][image])
        np.testing.assert_array_equal(pixels.reshape(ours.images[position].shape), ours.images[position])
