"""The pages of bundles: one a version, older ones linked."""

from __future__ import annotations

from collections.abc import Iterable

from benchmark.documents.bundle import Bundle
from leaderboard.bundle_view import bundle_records, bundle_view
from leaderboard.bundles import BundleTable
from leaderboard.export import csv_text, json_text
from leaderboard.pages import Files, task_path
from leaderboard.site import Site
from leaderboard.task_plots import bundle_plots


def bundle_path(bundle: Bundle) -> str:
    return f"bundles/{bundle.name}.v{bundle.version}.html"


def newest_bundles(bundles: Iterable[Bundle]) -> list[Bundle]:
    """The newest version of each bundle, by name. `bundles`: by name and version."""
    return list({bundle.name: bundle for bundle in bundles}.values())


def bundle_pages(site: Site, tables: Iterable[BundleTable]) -> None:
    """A page and two data files for every bundle version."""
    made = list(tables)
    newest = {bundle.name: bundle.version for bundle in newest_bundles(table.bundle for table in made)}
    for table in made:
        bundle = table.bundle
        stem = f"data/bundles/{bundle.name}.v{bundle.version}"
        files = Files(f"{stem}.csv", f"{stem}.json")
        records = bundle_records(table)
        site.add(files.csv, csv_text(records))
        site.add(files.json, json_text(records))
        site.page(
            bundle_path(bundle),
            "bundle.html.j2",
            view=bundle_view(table),
            plots=bundle_plots(table),
            files=files,
            tasks=[(task, member, task_path(task)) for task, member in zip(table.tasks, bundle.tasks, strict=True)],
            newest=bundle.version == newest[bundle.name],
            versions=[
                (other.bundle.version, bundle_path(other.bundle))
                for other in made
                if other.bundle.name == bundle.name and other is not table
            ],
        )
