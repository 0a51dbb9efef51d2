"""Small labels beside a row: what its reader must know before trusting it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from leaderboard.entry import Entry
from leaderboard.status import EXPLAINED, Status

Tone = Literal["good", "plain", "warn", "bad"]

TONES: dict[Status, Tone] = {
    "reproduced": "good",
    "measured": "good",
    "predictions": "plain",
    "self-run": "plain",
    "withdrawn": "warn",
    "void": "bad",
}
FLAG_TITLES = {
    "canary": "canary",
    "train-test-gap": "train/test gap",
    "batch-dependent": "batch-dependent",
    "contamination": "contamination",
    "anomaly": "anomaly",
}


@dataclass(frozen=True)
class Mark:
    """A label, the sentence behind it, and how serious it is."""

    label: str
    text: str
    tone: Tone = "plain"


def status_mark(status: Status) -> Mark:
    return Mark(status, EXPLAINED[status], TONES[status])


def marks(entry: Entry, folded: int = 0) -> list[Mark]:
    """Findings first, then what the submission declares, then where it ran."""
    declares = entry.submission.declares
    found = [Mark(f"flag: {FLAG_TITLES[flag.name]}", flag.evidence, "warn") for flag in entry.flags]
    if declares.selected_on == "test":
        found.append(Mark("selected on test", "Its authors chose the checkpoint or settings on test data.", "warn"))
    if declares.extra_data:
        found.append(Mark("extra data", f"Extra training data: {', '.join(declares.extra_data)}."))
    if declares.pretraining:
        found.append(Mark("pretrained", f"Pretrained on: {', '.join(declares.pretraining)}."))
    if declares.corruptions_seen:
        seen = ", ".join(declares.corruptions_seen)
        found.append(Mark("saw corruptions", f"Tested corruptions that also occur in its training: {seen}."))
    if declares.group_labels_used != "none":
        found.append(Mark("group labels", f"Uses group labels of the {declares.group_labels_used} split."))
    if folded:
        copies = "1 near copy" if folded == 1 else f"{folded} near copies"
        found.append(Mark(f"+{folded} folded", f"Stands for {copies}, listed among the folded rows."))
    if entry.submission.baseline:
        found.append(Mark("baseline", "One of the maintainers' own, with a recipe that can be run again."))
    if entry.repeated_here:
        found.append(Mark("same result here", "The machine that built this page got the same result.", "good"))
    if entry.local:
        found.append(Mark("this machine", "Scored on the machine that built this page."))
    return found
