"""Whole sites, read back: escaping, order, links, policy, data files, determinism."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest
from html_page import Page, check_page
from synthetic import HOSTILE_TITLES, Method, add, many, text, write_submission, write_task
from synthetic_reported import reported

from benchmark.documents import Record
from benchmark.errors import MettleError
from leaderboard.build import Summary, build
from leaderboard.revision import SiteRevision
from leaderboard.site import MARKER

REVISION = SiteRevision("0123456789abcdef", "2026-11-21", dirty=False)
CARD = "# Family card\n\n<script>alert('card')</script> [x](javascript:alert(1))\n"


class Built:
    """A site of hostile records, built once for all tests of this file."""

    def __init__(self, folder: Path, count: int, images: int = 400) -> None:
        self.tasks, self.root = folder / "tasks", folder / "submissions"
        self.local, self.site = folder / "workspace" / "submissions", folder / "site"
        self.task = write_task(self.tasks, title=text(HOSTILE_TITLES[0]), summary=text(HOSTILE_TITLES[1]))
        write_task(self.tasks, "corruption/draft-c", state=text("draft"), tier="research")
        write_task(self.tasks, "corruption/old-c", version=1, state=text("archived"))
        write_task(self.tasks, "corruption/old-c", version=2)
        (self.tasks / "corruption" / "README.md").write_text(CARD, encoding="utf-8")
        self.records = many(self.root, self.task, count, images=images)
        flag = [{"name": "canary", "evidence": HOSTILE_TITLES[0]}]
        others = [
            (Method("void", "Void", 3.0, 900), "void"),
            (Method("claim", "Claim", 3.0, 901, kind="predictions"), "measured"),
            (Method("alone", "Alone", 3.0, 902, flags=flag), ""),
            (Method("batch", "Batch", 3.0, 903, flags=[{"name": "batch-dependent", "evidence": "e"}]), "measured"),
            (Method("copy", "Copy", -1.0, 0, started="2027"), "measured"),
        ]
        for method, said in others:
            add(self.root, self.task, method, images=images, said=said)
        write_submission(self.root, Method("unscored", HOSTILE_TITLES[0], 0, 0))
        add(self.local, self.task, Method("mine", "Mine", 0.1, 904), images=images)
        self.reported = reported(folder / "reported")
        self.summary = self.build(self.site)
        self.pages = {
            path.relative_to(self.site).as_posix(): check_page(path, self.site) for path in self.site.rglob("*.html")
        }

    def build(self, out: Path, revision: SiteRevision = REVISION) -> Summary:
        return build(out, [self.root, self.local], self.tasks, self.reported, revision)

    @property
    def task_page(self) -> Page:
        return self.pages["tasks/corruption/synthetic-mc.v1.html"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(tmp_path_factory.mktemp("board"), 60)


def hash_of(site: Path) -> dict[str, str]:
    files = sorted(path for path in site.rglob("*") if path.is_file())
    return {path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def ranks_of(ranges: list[str]) -> set[int]:
    """`2 to 4`, `7` -> 2, 3, 4, 7."""
    ends = [[int(end) for end in text.split(" to ")] for text in ranges]
    return {rank for pair in ends for rank in range(pair[0], pair[-1] + 1)}


def check_ranked_table(built: Built) -> None:
    """Every ranked row, in order, with its title unharmed, equal in HTML, CSV and JSON."""
    titles = {f"method-{index:04d}": HOSTILE_TITLES[index % len(HOSTILE_TITLES)] for index in range(len(built.records))}

    def order(record: Record) -> tuple[float, str, str]:
        name = record.result.submission
        return (-record.result.scores["mean_accuracy"].value, titles[name][:200], name)

    expected = sorted(built.records, key=order)
    names = [record.result.submission for record in expected]
    data = built.site / "data" / "corruption"
    rows = json.loads((data / "synthetic-mc.v1.ranked.json").read_text(encoding="utf-8"))
    with (data / "synthetic-mc.v1.ranked.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    table = built.task_page.table("ranked-caption")
    assert [row["submission"] for row in rows] == [line["submission"] for line in lines] == names
    assert len(table.body) == len(names)
    links = [target["href"] for target in built.task_page.of("a")]
    for name in names:
        assert f"../../submissions/{name}.html" in links
    digits = {record.result.submission: record.result.scores for record in expected}
    for cells, row, line in zip(table.body, rows, lines, strict=True):
        scores = digits[row["submission"]]
        assert row["title"] in cells[1].text
        assert cells[0].text == str(row["rank"]) == line["rank"]
        assert row["mean_accuracy"] == scores["mean_accuracy"].value == float(line["mean_accuracy"])
        assert float(cells[2].text.split()[0]) == pytest.approx(100 * row["mean_accuracy"], abs=0.0501)
        assert float(str(cells[2].attributes["data-value"])) == row["mean_accuracy"]
        missing = row["clean_accuracy"] is None
        assert missing == ("clean_accuracy" not in scores) == (line["clean_accuracy"] == "")
        clean = cells[7]
        assert (clean.text.strip() == "\N{EN DASH}") == missing
        assert ("data-value" in clean.attributes) != missing
        assert row["rank_lower"] <= row["rank"] <= row["rank_upper"]
        assert line["tied_with"].split("; ") * bool(line["tied_with"]) == row["tied_with"]
    tied_ranks: dict[int, set[int]] = {}  # of all rows that share a rank
    for row in rows:
        tied_ranks.setdefault(row["rank"], set()).update(ranks_of(row["tied_with"]))
    for rank, tied in tied_ranks.items():
        assert all(rank in tied_ranks[other] for other in tied)


def test_ranked_table(built: Built) -> None:
    check_ranked_table(built)


def test_every_page_is_there(built: Built) -> None:
    assert built.summary.records == 66
    assert {f"submissions/{record.result.submission}.html" for record in built.records} <= set(built.pages)
    assert {"index.html", "methods.html", "data.html", "submissions/mine.html"} <= set(built.pages)
    titles = [page.inline["title"][0] for path, page in built.pages.items() if path.startswith("submissions/m")]
    assert any("<script>alert(1)</script>" in title for title in titles)


def test_other_tables_say_why(built: Built) -> None:
    page = built.task_page
    assert "Void" in page.table("removed-caption").body[0][0].text
    assert "trained on the test split" in page.table("removed-caption").body[0][-1].text
    assert {row[0].text.split()[0] for row in page.table("unranked-caption").body} == {"Alone", "Mine"}
    assert "Claim" in page.table("predictions-caption").body[0][1].text
    assert "Batch" in page.table("batch-dependent-caption").body[0][0].text
    assert "method-0000" in page.table("folded-caption").body[0][-1].text


def test_every_submission_can_be_reached(built: Built) -> None:
    linked = {Path(target["href"] or "").name for page in built.pages.values() for target in page.of("a")}
    assert {path.name for path in (built.site / "submissions").iterdir()} <= linked
    assert "Not scored yet" in built.pages["submissions/unscored.html"].text


def test_flags_show_their_evidence_as_text(built: Built) -> None:
    assert "<script>alert(1)</script>" in built.pages["submissions/alone.html"].text


def test_hostile_card_is_text(built: Built) -> None:
    assert "<script>alert('card')</script>" in built.task_page.text
    assert not any((a["href"] or "").startswith("javascript") for a in built.task_page.of("a"))


def test_draft_shows_reported_results_only(built: Built) -> None:
    page = built.pages["tasks/corruption/draft-c.v1.html"]
    assert [table.caption[:20] for table in page.tables[:2]] == ["10 rows as published", "Not checked against "]
    assert [row[0].text for row in page.tables[0].body] == [title[:200] for title in reversed(HOSTILE_TITLES)]
    assert page.of("details")
    assert "not pinned yet" in page.text
    assert "Take part" not in page.text
    assert len([1 for name, _ in page.elements if name == "circle"]) == len(HOSTILE_TITLES)


def test_external_protocol_has_a_table(built: Built) -> None:
    assert "Paper <a>" in built.pages["data.html"].text
    (path,) = [path for path in built.pages if path.startswith("reported/")]
    assert path in {target["href"] for target in built.pages["data.html"].of("a")}
    page = built.pages[path]
    assert "Elsewhere <b>" in page.text
    assert "60.00 sd 0.50, n = 3" in page.table("reported-caption").body[0][1].text


def test_versions_are_apart_and_linked(built: Built) -> None:
    first = built.pages["tasks/corruption/old-c.v1.html"]
    assert "An older version" in first.text
    assert "old-c.v2.html" in "".join(a["href"] or "" for a in first.of("a"))
    assert "An older version" not in built.pages["tasks/corruption/old-c.v2.html"].text


def test_research_comes_first(built: Built) -> None:
    shown = built.pages["index.html"].text
    assert shown.index("Research") < shown.index("Sandbox")
    assert "1 record was scored here" in shown
    assert "0123456789ab" in shown


def test_heat_table_has_numbers_and_steps(built: Built) -> None:
    page = built.pages["submissions/method-0030.html"]
    table = page.table("heat-1-1")
    assert len(table.body) == 25
    assert all(len(row) == 7 for row in table.body)
    cells = json.loads((built.site / "data" / "submissions" / "method-0030.json").read_text("utf-8"))
    fog = [row["value"] for row in cells if row["metric"] == "accuracy" and str(row["cell"]).startswith("fog/")]
    (shown,) = [row for row in table.body if row[0].text == "fog"]
    assert [cell.text for cell in shown[1:6]] == [f"{100 * value:.1f}" for value in fog]
    assert all((cell.attributes["class"] or "").startswith("number h") for cell in shown[1:])


def test_equal_inputs_give_equal_bytes(built: Built, tmp_path: Path) -> None:
    built.build(tmp_path / "again")
    assert hash_of(tmp_path / "again") == hash_of(built.site)
    built.build(tmp_path / "again", SiteRevision("fedcba", "2026-11-22", dirty=True))
    assert hash_of(tmp_path / "again") != hash_of(built.site)


def test_a_built_site_is_replaced_and_nothing_else(built: Built, tmp_path: Path) -> None:
    out = tmp_path / "site"
    built.build(out)
    (out / "stale.html").write_text("x")
    built.build(out)
    assert not (out / "stale.html").exists()
    assert (out / MARKER).is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("x")
    with pytest.raises(MettleError, match="new or empty folder"):
        built.build(precious)
    assert (precious / "thesis.txt").read_text() == "x"


def test_style_and_script_stay_small(built: Built) -> None:
    plain, board = built.pages["index.html"], built.task_page
    assert len(plain.inline["style"][0].encode()) < 17_000
    assert len(plain.inline["script"][0].encode()) < 6_000
    assert len(board.inline["script"][0].encode()) < 32_000


def test_empty_board(tmp_path: Path) -> None:
    write_task(tmp_path / "tasks")
    build(tmp_path / "site", [tmp_path / "none"], tmp_path / "tasks", tmp_path / "none", REVISION)
    for path in (tmp_path / "site").rglob("*.html"):
        page = check_page(path, tmp_path / "site")
        if path.name.startswith("synthetic"):
            assert "No record yet" in page.text


@pytest.mark.slow
def test_a_thousand_records(tmp_path: Path) -> None:
    built = Built(tmp_path, 1000, images=2000)
    check_ranked_table(built)
    assert built.summary.records == 1006
    assert sum(path.startswith("submissions/method-") for path in built.pages) == 1000
