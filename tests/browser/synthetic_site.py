"""A site of synthetic records that has every kind of page and table."""

from __future__ import annotations

from pathlib import Path

from synthetic import HELD_OUT, HOSTILE_TITLES, STANDARD, Method, add, attest, many, text, write_submission, write_task
from synthetic_examples import write_examples
from synthetic_families import (
    add_scores,
    detection,
    detection_task,
    group_task,
    sized_set,
    sized_sets_task,
    worst_group,
)
from synthetic_reported import reported
from synthetic_sets import add_set, distilled_task, noise

from leaderboard.build import build
from leaderboard.revision import SiteRevision

MAIN = "tasks/corruption/synthetic-mc.v1.html"
COUNT = 130
"""Ranked rows of the main task: more than one screen page of a table."""


class SyntheticSite:
    """Built once for all tests."""

    def __init__(self, folder: Path, count: int = COUNT) -> None:
        self.folder = folder / "site"
        tasks, root, local = folder / "tasks", folder / "submissions", folder / "workspace" / "submissions"
        task = write_task(tasks, title=text("Synthetic, corrupted"))
        write_examples(tasks, task, (*STANDARD, *HELD_OUT))
        write_task(tasks, "corruption/draft-c", state=text("draft"), tier="research")
        write_task(tasks, "corruption/old-c", version=1, state=text("archived"))
        write_task(tasks, "corruption/old-c", version=2, tier="research")
        (tasks / "corruption" / "README.md").write_text("# Family card\n\nText, and a table.\n", encoding="utf-8")
        self.records = many(root, task, count, images=300)
        flag = [{"name": "canary", "evidence": HOSTILE_TITLES[0]}]
        batch = [{"name": "batch-dependent", "evidence": "Two orders gave two scores."}]
        for method, said in (
            (Method("pretrained", "Pretrained <net>", 1.5, 905, declares=PRETRAINED), "measured"),
            (Method("shake-drop-2", "Shake drop", 2.6, 907, started=LATER), "measured"),
            (Method("void", "Void", 3.0, 900), "void"),
            (Method("claim", "Claim", 3.0, 901, kind="predictions"), "measured"),
            (Method("alone", "Alone", 3.0, 902, flags=flag), ""),
            (Method("batch", "Batch", 3.0, 903, flags=batch), "measured"),
            (Method("again", "Built again", 1.0, 906, baseline=True), "reproduced"),
        ):
            add(root, task, method, images=300, said=said)
        older, newer = (
            Method("older", "Older", 0.4, 908, method="Net"),
            Method("newer", "Newer", 0.5, 909, method="Net"),
        )
        old, new = (add(root, task, method, images=300, said="measured") for method in (older, newer))
        attest(root, "newer", new.id, "supersedes", supersedes=old.id, reason="Trained for longer.")
        write_submission(root, Method("unscored", "Not scored", 0, 0))
        add(local, task, Method("mine", "Mine", 0.1, 904), images=300)
        groups, far = group_task(tasks), detection_task(tasks)
        for index in range(4):
            accuracies = [0.5 + 0.1 * index, 0.7, 0.8, 0.85, 0.9]
            add_scores(
                root,
                groups,
                Method(f"grouped-{index}", f"Grouped {index}", 0, index),
                worst_group(accuracies, 500, index),
            )
            add_scores(root, far, Method(f"far-{index}", f"Far {index}", 0, index), detection(1.0 + 0.4 * index, index))
        sets = sized_sets_task(tasks)
        for index, (accuracy, size) in enumerate([(0.5, 78_480), (0.62, 79_000), (0.6, 250_000), (0.7, 2_500_000)]):
            nets = [accuracy, accuracy + 0.01, accuracy - 0.01]
            method = Method(
                f"set-{index}", f"Set {index}", 0, 1, kind="distilled", started=f"2026-0{index + 1}-11T08:00:00Z"
            )
            add_scores(root, sets, method, sized_set(nets, size))
        add_set(root, distilled_task(tasks), "distilled", noise([0, 1] * 10))
        revision = SiteRevision("0123456789abcdef", "2026-11-21", dirty=False)
        build(self.folder, [root, local], tasks, reported(folder / "reported"), revision)


LATER = "2026-03-05T12:00:00+00:00"
"""Most of the others were scored on the first day of that year."""
PRETRAINED = 'training_data = ["train"]\npretraining = ["imagenet"]\nselected_on = "val"\n'
