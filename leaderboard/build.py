"""Records to a static site: `python -m leaderboard.build --out DIR`."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmark.errors import MettleError
from benchmark.paths import ROOT, workspace_dir
from leaderboard.bundle_pages import bundle_pages, bundle_path, newest_bundles
from leaderboard.bundles import bundle_table, read_bundles
from leaderboard.collect import Collection, TaskKey, collect
from leaderboard.example_images import read_examples
from leaderboard.feeds import feeds
from leaderboard.guide_pages import changes_page, submit_page
from leaderboard.index_page import index_page
from leaderboard.pages import data_page, methods_page, submission_pages, task_page
from leaderboard.revision import SiteRevision, site_revision
from leaderboard.rows import Table, tables
from leaderboard.site import Site, processors
from leaderboard.task_paths import task_path

REPORTED_DIR = ROOT / "leaderboard" / "reported"


@dataclass(frozen=True)
class Summary:
    """What a build put into its folder."""

    out: Path
    tasks: int
    submissions: int
    records: int
    reported: int
    """Reported numbers, not rows."""
    files: int
    ignored_attestations: int
    skipped: tuple[str, ...]
    """What is wrong with each submission that was left out."""

    def __str__(self) -> str:
        text = (
            f"{self.out}: {self.records:,} records of {self.submissions:,} submissions on {self.tasks:,} tasks, "
            f"{self.reported:,} reported numbers, {self.files:,} files"
        )
        if self.ignored_attestations:
            text += f"; {self.ignored_attestations:,} attestations outside the repository do not count"
        return text

    def warnings(self) -> list[str]:
        """One line for each submission that was left out."""
        return [f"warning: skipped a submission without records. {wrong}" for wrong in self.skipped]


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """A build makes millions of objects and hardly a cycle: looking for cycles took a tenth of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_no_search_for_cycles()
def build(
    out: Path,
    roots: list[Path],
    tasks_dir: Path,
    reported_dir: Path = REPORTED_DIR,
    revision: SiteRevision | None = None,
    address: str = "",
) -> Summary:
    """Build the site of all records below `roots` into `out`, which is replaced.

    roots: submissions folders, the repository's own first; records of the others are runs on this machine. revision:
    what the footer says the site was built from, by default the clone's commit. address: where the site will be found,
    for the feeds. Equal inputs give byte-identical sites. Raises MettleError, and leaves what stood at `out`, for the
    first document that is unreadable or contradicts another one.
    """
    address = _with_slash(address)
    collection = collect(roots, tasks_dir, reported_dir)
    bundles = read_bundles(tasks_dir, collection.tasks)
    with ThreadPoolExecutor(processors()) as pool:  # the time goes into array arithmetic, which threads share well
        found = pool.map(lambda key: tables(collection.tasks[key], collection.entries[key]), collection.tasks)
        board = dict(zip(collection.tasks, found, strict=True))
    _every_record_has_a_row(collection, board)
    found_examples = {key: read_examples(task, tasks_dir) for key, task in collection.tasks.items()}
    examples = {key: images for key, images in found_examples.items() if images is not None}
    records = sum(len(entries) for entries in collection.entries.values())
    with Site(
        out,
        revision=revision or site_revision(ROOT),
        record_count=records,
        submission_count=len(collection.submissions),
        bundles=[(bundle, bundle_path(bundle)) for bundle in newest_bundles(bundles)],
    ) as site:
        task_pages = [
            partial(task_page, site, collection, board, key, tasks_dir, examples.get(key)) for key in collection.tasks
        ]
        site.run(task_pages + submission_pages(site, collection, board, tasks_dir, examples))
        bundle_pages(site, [bundle_table(bundle, collection.tasks, board) for bundle in bundles])
        index_page(site, collection, board, tasks_dir)
        methods_page(site)
        data_page(site, collection)
        paths = {key: task_path(task) for key, task in collection.tasks.items()}
        submit_page(site, [(task, paths[key]) for key, task in collection.tasks.items()])
        changes_page(site, collection, paths)
        feeds(site, collection, address)
    return Summary(
        out=out,
        tasks=len(collection.tasks),
        submissions=len(collection.submissions),
        records=records,
        reported=sum(len(document.rows) for document in collection.reported),
        files=len(site.files),
        ignored_attestations=collection.ignored_attestations,
        skipped=collection.skipped,
    )


def _with_slash(address: str) -> str:
    if address and not address.startswith(("http://", "https://")):
        raise MettleError("--url", "the address of a site starts with http:// or https://", repr(address))
    return f"{address.rstrip('/')}/" if address else ""


def _every_record_has_a_row(collection: Collection, board: dict[TaskKey, tuple[Table, ...]]) -> None:
    for key, entries in collection.entries.items():
        shown = sorted(row.entry.record.id for table in board[key] for row in table.rows)
        if shown != sorted(entry.record.id for entry in entries):
            rule = "every record has exactly one row"
            raise MettleError(f"{key[0]} v{key[1]}", rule, f"{len(shown)} rows of {len(entries)} records")


def main(arguments: Iterable[str] | None = None) -> int:
    """The command line of this module; 2 and one line on standard error for what a user can mend."""
    parser = argparse.ArgumentParser(prog="python -m leaderboard.build", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the site; a built site there is replaced")
    parser.add_argument(
        "--submissions",
        type=Path,
        action="append",
        help="submissions folders, the repository's first (default: submissions/ and the workspace's)",
    )
    parser.add_argument("--url", default="", help="where the site will be found; feeds then hold absolute links")
    parser.add_argument("--tasks-dir", type=Path, default=ROOT / "tasks")
    parser.add_argument("--reported-dir", type=Path, default=REPORTED_DIR)
    given = parser.parse_args(None if arguments is None else list(arguments))
    roots = given.submissions or [ROOT / "submissions", workspace_dir() / "submissions"]
    try:
        summary = build(given.out, roots, given.tasks_dir, given.reported_dir, address=given.url)
    except MettleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    for line in summary.warnings():
        print(line, file=sys.stderr)
    print(summary)
    return 0


if __name__ == "__main__":
    sys.exit(main())
