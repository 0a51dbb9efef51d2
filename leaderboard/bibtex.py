"""BibTeX entries for a submission and for a table of the board."""

from __future__ import annotations

import re

from benchmark.documents import Submission, Task
from leaderboard.entry import Entry
from leaderboard.revision import SiteRevision

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def escaped(text: str) -> str:
    """A text with TeX's special characters escaped; everything else stays, for engines that read UTF-8."""
    return "".join(_SPECIAL.get(sign, sign) for sign in text)


def submission_entry(submission: Submission, entries: list[Entry]) -> str:
    """The entry of a submission: its own paper or code where it names one, and the records it has here."""
    fields = {"title": submission.title, "author": submission.team}
    years = sorted(entry.record.run.started[:4] for entry in entries)
    if years:
        fields["year"] = years[0]
    records = ", ".join(
        f"{entry.record.result.task.id} v{entry.record.result.task.version}: {entry.record.id[:12]}"
        for entry in entries
    )
    if records:
        fields["note"] = f"Mettle records {records}"
    return _entry("misc", f"mettle-{submission.name}", fields, submission.paper or submission.code)


def table_entry(task: Task, revision: SiteRevision | None) -> str:
    """The entry of a task's table, as it stands at the commit that the site was built from."""
    fields = {
        "title": f"Mettle leaderboard: {task.title}",
        "author": "The Mettle developers",
        "note": f"Task {task.id}, version {task.version}",
    }
    if revision is not None:
        fields["year"] = revision.date[:4]
        fields["note"] += f"; records of commit {revision.commit[:12]}"
    return _entry("misc", f"mettle-{task.family}-{task.name}-v{task.version}", fields)


def _entry(kind: str, key: str, fields: dict[str, str], url: str | None = None) -> str:
    lines = [f"  {name} = {{{{{escaped(value)}}}}}," for name, value in fields.items()]
    if url:
        # Inside \url nothing needs escaping but what would end it.
        lines.append(f"  howpublished = {{\\url{{{re.sub('[{}]', '', url)}}}}},")
    return "\n".join([f"@{kind}{{{re.sub('[^A-Za-z0-9.:-]', '-', key)},", *lines, "}"])
