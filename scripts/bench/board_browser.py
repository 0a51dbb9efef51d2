"""10,000 rows x 14 columns in headless Chromium over file://: time until ready, to sort, to filter, and size.

    python -m scripts.bench.board_browser [--rows 10000] [--repeats 5] [--keep DIR]

The page is made by the builder's own code from synthetic rows with random scores; it writes the first rows out and
holds the rest as data. Ready is from the start of the navigation to the first frame with the controls in it; a sort and
a filter are from the event to the frame after their result. Beside it, in the same run, a plain table of all rows,
which sorts by moving its rows.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.documents import Score, read_task
from benchmark.paths import ROOT

sys.path.insert(0, str(ROOT / "tests" / "leaderboard"))

from synthetic import Method, add, write_task

from leaderboard.collect import collect
from leaderboard.pages import task_page
from leaderboard.ranking import Place, Ranking
from leaderboard.rows import Row, Table, tables
from leaderboard.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MORE = ("second_mean", "third_mean", "fourth_mean")
"""With rank, submission, rank range, tied ranks and the seven metrics of a synthetic task: 14 columns."""
WORDS = ("mix", "cut", "noise", "blur", "wide", "deep", "patch", "group", "batch", "soup", "flow", "sharp", "calm")
FRAME = "await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));"
READY = f"""async () => {{
    while (!document.querySelector('[data-board] thead button')) {{ {FRAME} }}
    {FRAME}
    return performance.now();
}}"""
TIMED = f"""async ([selector, value]) => {{
    const target = document.querySelector(selector), started = performance.now();
    if (value === null) target.click();
    else {{ target.value = value; target.dispatchEvent(new Event('input', {{ bubbles: true }})); }}
    {FRAME}
    return performance.now() - started;
}}"""
PLAIN_SORT = f"""async () => {{
    const body = document.querySelector('tbody'), started = performance.now();
    const rows = Array.from(body.rows, (row) => [Number(row.cells[2].textContent), row]);
    rows.sort(([a], [b]) => a - b);
    body.append(...rows.map(([, row]) => row));
    {FRAME}
    return performance.now() - started;
}}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--intervals", choices=("all", "first"), default="all", help="metrics that have intervals")
    parser.add_argument("--keep", type=Path, help="leave the built page in this new folder")
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        sys.exit("needs Chromium on the PATH, for instance apt-get install chromium")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as running:
        page = board(Path(scratch), given.keep or Path(scratch) / "site", given.rows, given.intervals)
        plain = Path(scratch) / "plain.html"
        plain.write_text(plain_table(given.rows), encoding="utf-8")
        browser = running.chromium.launch(executable_path=program)
        report(browser, page, plain, given.rows, given.repeats)
        browser.close()


def board(folder: Path, out: Path, count: int, intervals: str) -> Path:
    """Build the page; returns its path. `intervals`: of all metrics, or of the first, by which rows are ranked."""
    write_task(folder / "tasks")
    (definition,) = (folder / "tasks" / "corruption").glob("*.toml")
    more = "".join(
        f'[[also]]\nname = "{name}"\ntitle = "{name.replace("_", " ").capitalize()}"\ndescription = "One more."\n'
        'unit = "share"\nhigher_is_better = true\n'
        for name in MORE
    )
    definition.write_text(definition.read_text(encoding="utf-8") + more, encoding="utf-8")
    task = read_task(definition)
    add(folder / "submissions", task, Method("one", "One", 0.5, 1), images=100, said="measured")
    collection = collect([folder / "submissions"], folder / "tasks", folder / "none")
    key = (task.id, task.version)
    (table,) = tables(task, collection.entries[key])
    with Site(out, record_count=count, submission_count=count, bundles=[]) as site:
        rows = many_rows(table.rows[0], count, intervals)
        for row in rows:  # every row links to its submission's page
            site.files.add(f"submissions/{row.entry.name}.html")
        task_page(site, collection, {key: (ranked(rows),)}, key, folder / "tasks", examples=None)
    return out / "tasks" / "corruption" / "synthetic-mc.v1.html"


def many_rows(row: Row, count: int, intervals: str) -> list[Row]:
    """The row under so many names and random scores, best first."""
    generator = np.random.default_rng(0)
    result = row.entry.record.result
    names = [*result.scores, *MORE]
    values = generator.beta(8, 4, (count, len(names)))
    values = values[np.argsort(-values[:, names.index("mean_accuracy")])]
    halves = 1.96 * np.sqrt(values * (1 - values) / 10_000) * generator.uniform(0.95, 1.05, values.shape)
    some = next(iter(result.scores.values()))
    rows = []
    for index in range(count):
        title = " ".join(generator.choice(WORDS, 3)) + f" {index}"
        scores = {
            name: some.model_copy(
                update={"value": value, "lower": value - half, "upper": value + 0.9 * half, "confidence": 0.95}
            )
            if intervals == "all" or name == "mean_accuracy"
            else Score(value=value)
            for name, value, half in zip(names, values[index].tolist(), halves[index].tolist(), strict=True)
        }
        record = row.entry.record.model_copy(
            update={"id": generator.bytes(32).hex(), "result": result.model_copy(update={"scores": scores})}
        )
        naming: dict[str, Any] = {"name": title.replace(" ", "-"), "title": title, "team": f"Team {index % 700}"}
        submission = row.entry.submission.model_copy(update=naming)
        status = "reproduced" if index % 9 == 0 else "measured"
        rows.append(Row(replace(row.entry, record=record, submission=submission), status))
    return rows


def ranked(rows: list[Row]) -> Table:
    """The rows with ranks and with the neighbours that a noisy test set leaves open."""
    count = len(rows)
    generator = np.random.default_rng(1)
    places = []
    for index, wide in enumerate(generator.integers(5, 80, count).tolist()):
        lower, upper = max(index - wide, 0), min(index + wide, count - 1)
        tied = tuple(other for other in range(lower, upper + 1) if other != index)
        places.append(Place(index + 1, lower + 1, upper + 1, tied))
    ranking = Ranking(tuple(places), 10_000, "closed form", 0.01, detectable_difference=0.003)
    return Table("ranked", tuple(replace(row, place=place) for row, place in zip(rows, places, strict=True)), ranking)


def plain_table(count: int) -> str:
    """All rows in a table, for comparison."""
    values = np.random.default_rng(2).beta(8, 4, (count, 13))
    lines = "".join(
        f"<tr><th>{index}</th>{''.join(f'<td>{100 * value:.2f}</td>' for value in row)}</tr>"
        for index, row in enumerate(values)
    )
    return f"<!doctype html><title>Plain</title><table><tbody>{lines}</tbody></table>"


def report(browser: Browser, board_page: Path, plain: Path, rows: int, repeats: int) -> None:
    def median(measure: Callable[[], float]) -> float:
        return statistics.median(measure() for _ in range(repeats))

    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()

    def ready() -> float:
        page.goto(board_page.as_uri(), wait_until="commit")
        return float(page.evaluate(READY))

    started = median(ready)
    search = "section:has([data-board='ranked']) input[type=search]"
    times = {
        "ready": started,
        "sort": median(lambda: page.evaluate(TIMED, ["th[data-name='clean_accuracy'] button", None])),
        "filter": median(
            lambda: page.evaluate(TIMED, [search, np.random.default_rng().choice(WORDS)])  # a new word, a new result
        ),
    }
    page.goto(plain.as_uri())
    moved = statistics.median(float(page.evaluate(PLAIN_SORT)) for _ in range(min(repeats, 2)))
    content = board_page.read_bytes()
    print(
        f"{rows:,} rows x 14 columns, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, median of {repeats}"
    )
    for name, limit in (("ready", 250), ("sort", 60), ("filter", 60)):
        print(f"{name:<8} {times[name]:7.0f} ms   (under {limit})")
    print(f"size     {len(content) / 1e3:7.0f} kB, {len(gzip.compress(content, 9)) / 1e3:.0f} kB gzipped   (under 400)")
    print(f"a plain table of all rows sorts in {moved:.0f} ms: {moved / times['sort']:.0f} times as long")


if __name__ == "__main__":
    main()
