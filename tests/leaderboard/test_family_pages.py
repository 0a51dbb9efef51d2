"""Whole pages of the families: what stands in which table, in HTML and in the data files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from html_page import Page, check_page
from synthetic import Method
from synthetic_families import (
    Scores,
    add_scores,
    detection,
    detection_task,
    group_task,
    score,
    worst_group,
    write_family_task,
)

from benchmark.errors import MettleError
from leaderboard.build import build
from leaderboard.pages import slug
from leaderboard.revision import SiteRevision

OUTLIERS = 'training_data = ["train"]\nselected_on = "val"\noutlier_data = ["noise"]\n'
SHIFTED = ("original_accuracy", "effective_robustness")
SHIFT_LINE = {"line": {"slope": 0.84, "intercept": -0.47}}


def reported(folder: Path) -> None:
    """Thirty-five reported rows on our task, one odd, and one board of others with effective robustness."""
    facts = {"unit": "percent", "source": "https://example.org", "retrieved": "2026-01-01", "verified": True}
    rows = [
        {**facts, "task": "ood/far", "method": f"Method {index}", "metric": metric, "value": value}
        for index in range(35)
        for metric, value in (("far_ood_auroc", 60.0 + index), ("id_accuracy", 90.0))
    ]
    for row in rows[:2]:
        row["anomalies"] = ["Zero deviation: ID accuracy with 0.00, as of a single run."]
        row["note"] = "See https://example.org/a?b=1&c=2 and https:// and javascript:alert(1) <b>."
    others = [
        {**facts, "task": "Board of Others", "method": f"Net {x}", "metric": metric, "value": value}
        for x, y, above in ((50.0, 40.0, 2.0), (80.0, 72.0, 0.0), (90.0, 85.0, -1.0))
        for metric, value in (("accuracy", y), ("id_accuracy", x), ("effective_robustness", above))
    ]
    folder.mkdir()
    for name, content in {"a": rows, "b": others}.items():
        document = {"schema_version": 1, "title": name, "licence": "MIT", "rows": content}
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")


class Built:
    def __init__(self, folder: Path) -> None:
        self.folder, self.site = folder, folder / "site"
        root, tasks = folder / "submissions", folder / "tasks"
        task = detection_task(tasks)
        add_scores(root, task, Method("runs", "Runs", 0, 1), detection([1.0, 1.2, 0.9], 1, shared=True))
        add_scores(root, task, Method("one", "One", 0, 2), detection(1.5, 2, detector="knn"))
        add_scores(root, task, Method("exposed", "Exposed", 0, 3, declares=OUTLIERS), detection(3.0, 3))
        shifted = write_family_task(tasks, "ood/shifted", "mcnemar", "shifted_accuracy", SHIFTED)
        (tasks / "ood" / "splits").mkdir()
        (tasks / "ood" / "splits" / "shifted.json").write_text(json.dumps(SHIFT_LINE))
        for index, (x, y) in enumerate([(0.8, 0.7), (0.9, 0.825), (0.95, 0.875)]):
            hits = np.random.default_rng(index).permutation(np.arange(400) < 400 * y).astype(np.uint8)
            made = Scores(
                {"shifted_accuracy": score(y), "original_accuracy": score(x), "effective_robustness": score(0.01)}
            )
            made.outcomes = {"primary": (hits, 1)}
            add_scores(
                root, shifted, Method(f"claim-{index}", f"Claim {index}", 0, 1, kind="predictions"), made, said=""
            )
        groups = group_task(tasks)
        for index, made in enumerate(([0.9] * 5, [0.95, 0.95, 0.95, 0.95, 0.7])):
            add_scores(root, groups, Method(f"net-{index}", f"Net {index}", 0, 1), worst_group(made, 1500, index))
        reported(folder / "reported")
        build(self.site, [root], tasks, folder / "reported", SiteRevision("0" * 16, "2026-11-22", dirty=False))

    def page(self, path: str) -> Page:
        return check_page(self.site / path, self.site)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(tmp_path_factory.mktemp("families"))


def test_every_page_is_sound(built: Built) -> None:
    pages = sorted(path.relative_to(built.site).as_posix() for path in built.site.rglob("*.html"))
    assert {"tasks/ood/far.v1.html", "tasks/ood/shifted.v1.html", f"reported/{slug('Board of Others')}.html"} <= set(
        pages
    )
    for path in pages:
        built.page(path)


def test_detection_page_has_runs_detectors_and_tables_apart(built: Built) -> None:
    page = built.page("tasks/ood/far.v1.html")
    ranked = page.table("ranked-caption")
    assert [row[1].text.split()[0] for row in ranked.body] == ["One", "Runs"]
    assert "3 runs: " in ranked.body[1][2].text
    assert "runs" not in ranked.body[0][2].text
    assert "knn" in ranked.body[0][1].text
    assert "and training runs where several are listed" in ranked.caption
    assert "images of both kinds, by DeLong" in ranked.caption
    assert "Exposed" in page.table("outlier-trained-caption").body[0][1].text
    assert "Trained with outlier data" in page.text


def test_data_files_carry_runs_and_detectors(built: Built) -> None:
    stem = built.site / "data" / "ood" / "far.v1.ranked"
    one, runs = json.loads(stem.with_name(f"{stem.name}.json").read_text())
    assert (one["detector"], runs["detector"]) == ("knn, k = 50", "energy")
    assert runs["runs"] == ["seed 1", "seed 2", "seed 3"]
    assert sum(runs["far_ood_auroc_runs"]) / 3 == pytest.approx(runs["far_ood_auroc"], abs=1e-9)
    with stem.with_name(f"{stem.name}.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert lines[1]["runs"] == "seed 1; seed 2; seed 3"
    assert [float(value) for value in lines[1]["far_ood_auroc_runs"].split("; ")] == runs["far_ood_auroc_runs"]
    numbers = json.loads((built.site / "data" / "submissions" / "runs.json").read_text())
    assert [row["value"] for row in numbers if row["run"]] == runs["far_ood_auroc_runs"]


def test_submission_page_has_sets_detectors_and_runs(built: Built) -> None:
    page = built.page("submissions/runs.html")
    assert [cell.text for cell in page.table("part-1-1").head[1:]] == ["seed 1", "seed 2", "seed 3"]
    assert "FPR@95, ID positive %" in [cell.text for cell in page.table("wide-1-1").head]
    assert {row[0].text.split()[0] for row in page.table("wide-1-2").body} == {"energy", "msp", "knn"}
    assert "test images and training runs together" in page.table("scores-1").body[0][3].text


def test_shift_is_drawn_against_the_frozen_line(built: Built) -> None:
    html = (built.site / "tasks" / "ood" / "shifted.v1.html").read_text()
    svg = ElementTree.fromstring(
        html[html.index('<svg class="scatter"') : html.index("</svg>", html.index('<svg class="scatter"')) + 6]
    )
    kinds = [path.get("class") for path in svg.iter("path") if "line" in (path.get("class") or "")]
    assert kinds == ["line fit", "line diagonal"]
    titles = [circle.findtext("title") for circle in svg.iter("circle")]
    assert "Claim 1: 82.50 against 90.00, +1.00 points from the line" in titles
    assert "logit(y) = 0.8400 logit(x) \N{MINUS SIGN} 0.4700" in html


def test_group_pages_show_groups_classes_and_the_gap(built: Built) -> None:
    page = built.page("submissions/net-1.html")
    groups = page.table("part-1-1")
    assert [row[0].text.split()[0] for row in groups.body] == ["1", "2", "3", "4", "5", "6"]
    assert "of 5 lie outside" in groups.caption
    classes = page.table("heat-1-1")
    assert [row[0].text for row in classes.body] == ["T-shirt/top", "Bag"]
    assert classes.body[1][5].text == "\N{EN DASH}"
    task = built.page("tasks/subgroup/groups.v1.html")
    assert [row[1].text.split()[1] for row in task.table("ranked-caption").body] == ["0", "1"]
    kinds = [attributes.get("class") for attributes in task.of("path")]
    assert "line diagonal" in kinds


def test_predictions_lead_where_nobody_sent_a_model(built: Built) -> None:
    index = built.page("index.html")
    assert any("Predictions only." in table.caption for table in index.tables)
    page = built.page("submissions/claim-0.html")
    assert "What was submitted: predicted classes, one entry an image, in a.bin (sha256 aaaaaaaaaaaa)." in page.text


def test_long_reported_tables_are_folded_and_anomalies_stand_out(built: Built) -> None:
    page = built.page("tasks/ood/far.v1.html")
    assert "1 of 35 rows look odd" in page.text
    assert "zero deviation (1)" in page.text
    assert "Show all 35 rows" in page.text
    (odd,) = [row for row in page.table("reported-caption").body if "anomaly" in row[0].text]
    assert "as of a single run" in odd[-1].text
    assert "See example.org and https:// and javascript:alert(1) <b>." in odd[-1].text
    assert "https://example.org/a?b=1&c=2" in [target["href"] for target in page.of("a")]
    assert not any("open" in attributes for attributes in page.of("details"))


def test_board_of_others_is_drawn_with_the_line_it_was_measured_from(built: Built) -> None:
    page = built.page(f"reported/{slug('Board of Others')}.html")
    lines = [attributes.get("class") for attributes in page.of("path") if "line" in (attributes.get("class") or "")]
    assert lines == ["line fit", "line diagonal"]
    assert [row[0].text for row in page.table("reported-caption").body] == ["Net 90.0", "Net 80.0", "Net 50.0"]
    assert page.table("reported-caption").head[3].text == "Effective robustness\N{NO-BREAK SPACE}points"


def test_a_split_without_its_line_stops_the_build(tmp_path: Path) -> None:
    write_family_task(tmp_path / "tasks", "ood/shifted", "mcnemar", "shifted_accuracy", SHIFTED)
    with pytest.raises(MettleError, match="has a line with slope and intercept"):
        build(tmp_path / "site", [], tmp_path / "tasks", tmp_path / "none")


def test_families_are_grouped(tmp_path: Path) -> None:
    for task_id in ("subgroup/b", "ood/c", "corruption/a", "ood/d"):
        write_family_task(tmp_path / "tasks", task_id, "mcnemar", "share", ())
    build(tmp_path / "site", [], tmp_path / "tasks", tmp_path / "none")
    shown = check_page(tmp_path / "site" / "index.html", tmp_path / "site").text
    order = [
        "Corruption and stability",
        "Synthetic a",
        "Subgroups",
        "Synthetic b",
        "Out of distribution",
        "Synthetic c",
    ]
    assert [shown.index(words) for words in order] == sorted(shown.index(words) for words in order)
    assert shown.count("Out of distribution") == 1
    assert shown.index("Synthetic d") > shown.index("Synthetic c")
