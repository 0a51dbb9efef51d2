"""One pass of a net over the CIFAR-10 test set serves every task that shows those images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark import score as score_module
from benchmark.check import check_submission
from benchmark.evaluation import Options, score_submission
from benchmark.paths import ROOT
from benchmark.score import Job, open_job, score_shards
from benchmark.task_registry import TASKS_DIR, find_task
from scripts.score_draft import pinned_entry
from tasks.ood.split import IMAGES


@pytest.mark.slow
@pytest.mark.usefixtures("mirror")
@pytest.mark.parametrize("name", ["cifar10-lenet", "resnet20-akamaster"])
def test_one_pass_feeds_groups_detection_and_accuracy(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))
    score_module.close()
    submission = ROOT / "submissions" / name
    piece = check_submission(submission, "subgroup/cifar10-b").entries[0].pieces[0]
    job = Job("subgroup/cifar10-b.v1", piece.artifact, piece.file, TASKS_DIR, threads=1)
    opened = open_job(job)
    task = opened.task
    groups = task.protocol.shard_groups(task.entry)
    for group in groups:
        score_shards(job, group)
    assert opened.net.images_seen == 10_000

    # Scoring the task finds everything done, and its accuracy is the clean accuracy.
    (path,) = score_submission(submission, "subgroup/cifar10-b", Options(out=tmp_path, workers=1))
    assert "finished by an earlier run" in path.read_text()
    from benchmark.documents import read_record

    accuracy = read_record(path).result.scores["accuracy"].value
    if name == "resnet20-akamaster":
        assert accuracy == pytest.approx(0.9173)

    # The detection task of OpenOOD's lists asks for the same shards, by the same keys.
    entry = pinned_entry("ood/cifar10-detect", TASKS_DIR)
    protocol = entry.protocol()
    split = protocol.open_split(entry)
    wanted = [shard for group in protocol.shard_groups(entry) for shard in group if shard.startswith(f"{IMAGES}@")]
    ours = [task.protocol.shard_identity(task.entry, task.split, shard) for group in groups for shard in group]
    theirs = [protocol.shard_identity(entry, split, shard) for shard in wanted]
    assert ours == theirs

    # Its in-distribution accuracy comes from them without another forward pass.
    view = split.view(None)
    from benchmark.passes import collect_pass, predicted_classes
    from benchmark.score import collect

    shards = collect(job, groups)
    renamed = dict(zip(wanted, shards.values(), strict=True))
    logits = collect_pass(IMAGES, renamed).logits[view.inside.positions]
    assert len(logits) == 9000
    share = (predicted_classes(logits) == view.inside.labels).mean()
    assert abs(share - accuracy) < 0.01
    assert opened.net.images_seen == 10_000
    assert np.isfinite(logits).all()
    assert find_task("ood/cifar10-detect").task.state == "draft"
