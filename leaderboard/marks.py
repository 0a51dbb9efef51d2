"""Small labels beside a row: what its reader must know before trusting it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from benchmark.documents import Task
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


def detector_text(entry: Entry) -> str:
    """The ranked detector with its settings, for instance `knn, k = 50`; empty for a record without one."""
    detector = entry.record.result.detector
    if detector is None:
        return ""
    return ", ".join([detector.name, *(f"{name} = {value:g}" for name, value in detector.parameters.items())])


def marks(task: Task, entry: Entry, folded: int = 0) -> list[Mark]:
    """The ranked detector and findings first, then what the submission declares, then where it ran."""
    declares = entry.submission.declares
    found = []
    if detector := entry.record.result.detector:
        given = entry.submission.detector
        settings = "set by its authors" if given and given.parameters else "chosen on the validation sets"
        how = f"; settings {settings}" if detector.parameters else ""
        how += "" if given else "; the default, as its authors declare none"
        text = f"The one detector that is ranked for this row: {detector_text(entry)}{how}."
        found.append(Mark(detector.name, text))
    found += [Mark(f"flag: {FLAG_TITLES[flag.name]}", flag.evidence, "warn") for flag in entry.flags]
    if declares.selected_on == "test":
        found.append(Mark("selected on test", "Its authors chose the checkpoint or settings on test data.", "warn"))
    if beyond := entry.trained_beyond(task.given_training_data):
        found.append(Mark("beyond the given split", f"Trained on more than the task gives: {', '.join(beyond)}."))
    if declares.outlier_data:
        seen = ", ".join(declares.outlier_data)
        found.append(Mark("outlier data", f"Images outside the classes that training or tuning has seen: {seen}."))
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
