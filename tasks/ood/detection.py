"""Protocol: how well the scores of one detector on one net tell images of other things from images of its classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmark import data
from benchmark.detectors import DETECTORS, detector_named
from benchmark.detectors.odin_pass import odin_pass
from benchmark.documents import Artifact, Detector
from benchmark.models.net import Net
from benchmark.passes import (
    IMAGES_A_SHARD,
    pass_identity,
    pass_shards,
    predicted_classes,
    score_pass,
    set_of,
)
from benchmark.protocol import Arrays, Candidate, Protocol, Scored
from benchmark.task_registry import TaskEntry
from tasks.ood.fashion_sets import FashionDetection, unknown_pair
from tasks.ood.freezing import dump, freeze
from tasks.ood.judging import HEAD, ODIN, Evidence, judge, judge_all, ranks_of_scores
from tasks.ood.measures import detector_cells, outcomes_of, scores_of, set_cells
from tasks.ood.merging import merge_pairs, merge_runs
from tasks.ood.openood_sets import OpenoodDetection
from tasks.ood.settings import settings_of
from tasks.ood.split import OpenDetection, frozen_split
from tasks.ood.submitted_scores import scored_ids, submitted_outputs

ODIN_FORMAT = 1
"""Raised when the meaning of an ODIN shard changes."""
DEFAULT_DETECTOR = "msp"
FIT_PASS = "train"


class Detection(Protocol):
    """AUROC of the declared detector, tuned on validation images; beside it both FPR@95 and all other detectors."""

    def open_split(self, entry: TaskEntry) -> OpenDetection:
        """The split, its image sets loaded as they are asked for."""
        settings = settings_of(entry)
        dataset = data.load(entry.task.data.dataset, entry.task.data.part)
        recipe = FashionDetection if settings.recipe == "fashion-mnist" else OpenoodDetection
        return recipe(entry, settings, dataset)

    def shard_groups(self, entry: TaskEntry) -> list[list[str]]:
        """The head, the pass over every set, and ODIN's pass over every set but the training images."""
        passes = frozen_split(entry).passes
        shards = [shard for name, each in passes.items() for shard in pass_shards(name, each.count)]
        odin = [ODIN + shard for shard in shards if set_of(shard) != FIT_PASS]
        return [[HEAD], *([shard] for shard in shards + odin)]

    def shard_identity(self, entry: TaskEntry, split: OpenDetection, shard: str) -> dict[str, Any]:
        """Passes are shared with every task that shows the same pixels."""
        if shard == HEAD:
            return {"head": 1}
        identity = pass_identity(split.pixels_sha256(set_of(shard).removeprefix(ODIN)), shard)
        if shard.startswith(ODIN):
            return {**identity, "odin": ODIN_FORMAT, **DETECTORS["odin"].grid[0]}
        return identity

    def score_shards(
        self, entry: TaskEntry, split: OpenDetection, net: Net, shards: Sequence[str]
    ) -> Iterator[tuple[str, Arrays]]:
        """Logits and features of a pass (see `benchmark.passes`), logits of ODIN's, weight and bias of the head."""
        for shard in shards:
            if shard == HEAD:
                head = net.head()
                yield shard, {"weight": head.weight, "bias": head.bias} if head else {"none": np.zeros(0)}
            elif shard.startswith(ODIN):
                first = int(shard.rsplit("@", 1)[1])
                images = split.images(set_of(shard).removeprefix(ODIN))[first : first + IMAGES_A_SHARD]
                logits = odin_pass(net.module, images, batch_size=net.batch_size)
                yield shard, {"logits": logits, "features": np.empty((len(logits), 0), np.float32)}
            else:
                yield from score_pass(net, split.images(set_of(shard)), [shard])

    def probe(self, entry: TaskEntry, split: OpenDetection) -> np.ndarray:
        """Test images; every other set is made or loaded too, so that a missing one is refused before any work."""
        for name in split.frozen.passes:
            split.images(name)
        return split.dataset.images

    def classes(self, entry: TaskEntry, artifact: Artifact) -> list[str]:
        """The task's classes without those held out from this replicate; MettleError for an unknown replicate."""
        pairs = settings_of(entry).hold_out
        if pairs and artifact.replicate not in pairs:
            raise unknown_pair(entry.task.id, artifact.replicate, list(pairs))
        left_out = pairs[artifact.replicate] if pairs and artifact.replicate else []
        return [name for name in entry.task.data.classes if name not in left_out]

    def replicates(self, entry: TaskEntry) -> list[str]:
        """The hold-out pairs, all of which a submission must have; empty where replicates are training runs."""
        return list(settings_of(entry).hold_out)

    def submitted_sets(self, entry: TaskEntry, split: OpenDetection) -> Mapping[str, np.ndarray]:
        """`test` and every scored set, by role, with the ids of their images in order."""
        return scored_ids(split)

    def submitted(self, entry: TaskEntry, split: OpenDetection, path: Path) -> Mapping[str, Arrays]:
        """Scores by role, from a file of detector scores or of embeddings; see the card for its arrays."""
        return submitted_outputs(entry, split, path)

    def combine(
        self, entry: TaskEntry, split: OpenDetection, candidate: Candidate, shards: Mapping[str, Arrays]
    ) -> Scored:
        """The scores of one net with its declared detector, and of all other detectors as cells."""
        settings, view = split.settings, split.view(candidate.replicate)
        part = candidate.replicate or "run"
        if candidate.kind != "checkpoint":
            judged = ranks_of_scores(view, {role: arrays["scores"] for role, arrays in shards.items()})
            correct = shards["test"].get("correct")
            return Scored(
                scores_of(settings, view, judged, correct, entry.task.primary.name),
                set_cells(judged),
                outcomes_of(settings, view, judged, part),
            )
        evidence = Evidence(view, shards)
        train = evidence.fit()
        declared = candidate.detector or Detector(name=DEFAULT_DETECTOR)
        judged = judge(detector_named(declared.name), declared.parameters, train, evidence)
        tuned = {} if declared.parameters else {declared.name: judged}
        everyone, refusals = judge_all(train, evidence, tuned)
        correct = predicted_classes(evidence.outputs(view.inside).logits) == view.inside.labels
        return Scored(
            scores_of(settings, view, judged, correct, entry.task.primary.name),
            set_cells(judged) | detector_cells(view, everyone),
            outcomes_of(settings, view, judged, part),
            notes=refusals,
            detector=Detector(name=declared.name, parameters=dict(judged.parameters)),
        )

    def merge(self, entry: TaskEntry, split: OpenDetection, scored: Mapping[str, Scored]) -> Scored:
        """Means over hold-out pairs (all of them, intervals over test images) or over training runs (over both)."""
        if split.settings.hold_out:
            return merge_pairs(entry, split, scored)
        return merge_runs(scored)

    def freeze_split(self, entry: TaskEntry) -> str:
        """The text of a split that pins the images on this machine; MettleError where a set is missing."""
        return dump(freeze(self.open_split(entry), partial=False))


PROTOCOL = Detection()
