"""Whatever a stranger writes into a document is refused in one line or shown as text."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile import HostileFolders, Place, free_keys, identified, places, put, rename
from html_page import check_page
from synthetic import Method, add, decisions_of, write_submission

from benchmark.documents import Record, Submission
from benchmark.documents.strict import parse
from benchmark.errors import MettleError
from leaderboard.build import build, main
from leaderboard.revision import SiteRevision

REVISION = SiteRevision("0123456789abcdef", "2026-11-21", dirty=False)
DOCUMENTS = ("record", "submission", "attestation", "reported")
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
SCRIPT = "<script>alert({})</script>"


@pytest.fixture
def hostile(tmp_path: Path) -> HostileFolders:
    return HostileFolders(tmp_path)


def refused(model: type, data: Any) -> str:
    """The one line of a refusal; empty where the document is taken."""
    line = ""
    try:
        parse(model, identified(data) if model is Record else data, "file.json")
    except MettleError as error:
        line = str(error)
    assert "\n" not in line
    assert len(line) < 1000, "a refusal never repeats a whole document"
    return line


def texts(data: dict[str, Any]) -> list[Place]:
    """Where a stranger's text stands: everywhere but in the id and where an array is described, checked by value."""
    return [place for place in places(data, str) if place != ("id",) and place[:2] != ("result", "outcomes")]


def site_of(hostile: HostileFolders) -> dict[str, str]:
    """Every file of the built site as text; every page is read back and checked."""
    build(hostile.site, [hostile.root], hostile.tasks, hostile.reported, REVISION)
    for path in hostile.site.rglob("*.html"):
        check_page(path, hostile.site)
    return {
        path.relative_to(hostile.site).as_posix(): path.read_text(encoding="utf-8")
        for path in hostile.site.rglob("*.*")
        if path.is_file()
    }


def one_line(hostile: HostileFolders, capsys: pytest.CaptureFixture[str]) -> str:
    """What the build prints when it refuses; nothing may be written."""
    arguments = [hostile.site, hostile.root, hostile.tasks, hostile.reported]
    names = ("--out", "--submissions", "--tasks-dir", "--reported-dir")
    assert main([str(part) for pair in zip(names, arguments, strict=True) for part in pair]) == 2
    assert not hostile.site.exists()
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    return line


def test_the_documents_are_full_and_taken_as_they_are(hostile: HostileFolders) -> None:
    for model, data in hostile.documents.values():
        assert not refused(model, data)
        optional = {name for name, field in model.model_fields.items() if not field.is_required()}
        assert optional - set(data) <= {"supersedes", "revision", "detector"}
    hostile.write()
    pages = site_of(hostile)
    for text in ("Right on 12 of 20.", "Ran at night.", "Wrong weights.", "Too good.", "A net."):
        assert any(text in page for path, page in pages.items() if path.endswith(".html")), text


def test_scripts_in_every_text_are_text(hostile: HostileFolders) -> None:
    """All texts that the rules let through carry a script at once, and so do all names a record chooses."""
    changed: dict[str, Any] = {}
    planted = 0
    for name, (model, data) in hostile.documents.items():
        for place in texts(data):
            marked = put(changed.get(name, data), place, SCRIPT.format(planted))
            if not refused(model, marked):
                changed[name], planted = marked, planted + 1
    for place in sorted(free_keys(changed["record"]), key=len, reverse=True):
        if place[:3] not in (("result", "scores", "mean_accuracy"), ("result", "outcomes", "primary")):
            changed["record"] = rename(changed["record"], place, SCRIPT.format(planted))
            planted += 1
    changed["record"] = identified(changed["record"])
    assert planted > 180, "the documents have many texts"
    assert {"title", "team", "method", "licence"} <= {place[0] for place in places(changed["submission"], str)}
    hostile.write(**changed)
    pages = site_of(hostile)
    html = {path: page for path, page in pages.items() if path.endswith(".html")}
    assert not any("<script>alert" in page for page in html.values())
    assert sum(page.count("&lt;script&gt;alert") for page in html.values()) > 150


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "//evil.a",
     "https:evil.example", "https://a b", "https://[::1", " https://example.org", "https://example.org/\n", "ftp://a.b/c"],
)  # fmt: skip
def test_links_are_http_or_refused(hostile: HostileFolders, link: str) -> None:
    found = 0
    for model, data in hostile.documents.values():
        for place in places(data, str):
            at = data
            for key in place:
                at = at[key]
            if str(at).startswith("https://"):
                found += 1
                assert "a link must start with http:// or https://" in refused(model, put(data, place, link))
    assert found == 7


def test_javascript_as_a_text_is_no_link(hostile: HostileFolders) -> None:
    hostile.write(submission={**hostile.submission, "title": "javascript:alert(1)", "team": "data:text/html,x"})
    assert "javascript:alert(1)" in site_of(hostile)["submissions/net.html"]  # check_page has looked at all links


@pytest.mark.parametrize("mark", [*BIDI, "\x00", "\x1b", "\x85", "\u2028", "\u200b", "\ufeff"])
def test_marks_that_turn_or_hide_text_are_refused(hostile: HostileFolders, mark: str) -> None:
    for place in texts(hostile.submission):
        assert refused(Submission, put(hostile.submission, place, f"safe{mark}looking")), place


@pytest.mark.parametrize("mark", ["\u202e"])
def test_a_mark_that_turns_text_is_refused_everywhere(hostile: HostileFolders, mark: str) -> None:
    for model, data in hostile.documents.values():
        for place in texts(data):
            line = refused(model, put(data, place, f"safe{mark}looking"))
            assert line, place
            assert mark not in line, "the terminal must not be turned either"
    for place in free_keys(hostile.record):
        line = refused(Record, rename(hostile.record, place, f"safe{mark}looking"))
        assert line, place
        assert mark not in line


def test_names_of_ten_thousand_characters_are_refused_everywhere(hostile: HostileFolders) -> None:
    for model, data in hostile.documents.values():
        for place in texts(data):
            assert refused(model, put(data, place, "x" * 10_000)), place
    for place in free_keys(hostile.record):
        assert refused(Record, rename(hostile.record, place, "x" * 10_000)), place


@pytest.mark.parametrize("number", [float("nan"), float("-inf")])
def test_numbers_that_are_none_are_refused_everywhere(hostile: HostileFolders, number: float) -> None:
    for model, data in hostile.documents.values():
        for place in places(data, (int, float)):
            assert refused(model, put(data, place, number)), place


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_numbers_that_are_none_in_a_file(
    hostile: HostileFolders, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path = hostile.write()
    content = path.read_text(encoding="utf-8")
    assert content.count('"value":') > 5
    path.write_text(content.replace('"mean_accuracy": 0.5', f'"mean_accuracy": {text}', 1), encoding="utf-8")
    line = one_line(hostile, capsys)
    assert "a number must be finite" in line if "e" in text else f"{text} is not a JSON number" in line


@pytest.mark.parametrize("number", [-1.7e308, 2e15])
def test_numbers_beyond_measure_are_refused_everywhere(hostile: HostileFolders, number: float) -> None:
    for model, data in hostile.documents.values():
        for place in places(data, float):
            assert "at most 1e+15" in refused(model, put(data, place, number)), place


@pytest.mark.parametrize("number", [1e15, -1e15, 5e-324])
def test_the_largest_and_smallest_numbers_are_shown(hostile: HostileFolders, number: float) -> None:
    changed = hostile.record
    for place in places(changed["result"]["scores"], float):
        if place[0] != "mean_accuracy" and place[1] == "value":
            changed = put(changed, ("result", "scores", place[0]), {"value": number})
    for table in ("cells", "replicates"):
        for place in places(changed["result"][table], float):
            changed = put(changed, ("result", table, *place), number)
    hostile.write(record=identified(changed))
    pages = site_of(hostile)
    shown = [page for path, page in pages.items() if path.endswith(".html")]
    assert not any(
        word in page for page in shown for word in (">nan", ">inf", " nan", '"nan', '"inf', " inf,", " inf ")
    )


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("version", [2, 99])
def test_future_versions_of_every_document(
    hostile: HostileFolders, capsys: pytest.CaptureFixture[str], name: str, version: int
) -> None:
    record = hostile.write()
    files = {
        "record": record,
        "submission": hostile.root / "net" / "submission.toml",
        "attestation": hostile.root / "net" / "attestations" / "2026-02-01-void.json",
        "reported": hostile.reported / "paper.json",
    }
    text = files[name].read_text(encoding="utf-8")
    for old in ('"schema_version": 1', '"schema_version" = 1'):
        text = text.replace(old, old.replace("1", str(version)))
    files[name].write_text(text, encoding="utf-8")
    line = one_line(hostile, capsys)
    assert "Update Mettle" in line
    assert f"got {version}" in line


def test_future_version_of_a_task(hostile: HostileFolders, capsys: pytest.CaptureFixture[str]) -> None:
    (path,) = (hostile.tasks / "corruption").glob("*.toml")
    path.write_text(path.read_text(encoding="utf-8").replace("schema_version = 1", "schema_version = 2"))
    assert "Update Mettle" in one_line(hostile, capsys)


@pytest.mark.parametrize("version", ['"1"', "1.0", "true", "0", "-1", "null"])
def test_versions_that_are_none(hostile: HostileFolders, capsys: pytest.CaptureFixture[str], version: str) -> None:
    path = hostile.write()
    path.write_text(path.read_text(encoding="utf-8").replace('"schema_version": 1', f'"schema_version": {version}'))
    assert "schema_version is a whole number from 1" in one_line(hostile, capsys)


def test_one_id_in_two_submissions(hostile: HostileFolders, capsys: pytest.CaptureFixture[str]) -> None:
    hostile.write()
    write_submission(hostile.root, Method("thief", "Thief", 0, 0))
    shutil.copytree(hostile.root / "net" / "records", hostile.root / "thief" / "records")
    assert "a record lies at" in one_line(hostile, capsys)


def test_one_record_under_two_names(hostile: HostileFolders, capsys: pytest.CaptureFixture[str]) -> None:
    path = hostile.write()
    shutil.copy(path, path.with_name("f" * 64 + ".json"))
    assert f"{path.stem}.json" in one_line(hostile, capsys)


def test_one_record_in_the_repository_and_on_this_machine_is_one_row(hostile: HostileFolders, tmp_path: Path) -> None:
    hostile.write()
    local = tmp_path / "workspace" / "submissions"
    shutil.copytree(hostile.root / "net", local / "net")
    summary = build(hostile.site, [hostile.root, local], hostile.tasks, hostile.reported, REVISION)
    assert summary.records == 2
    assert summary.ignored_attestations == 1


def npz(arrays: dict[str, np.ndarray], *, pickled: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, array in arrays.items():
            entry = io.BytesIO()
            np.lib.format.write_array(entry, array, allow_pickle=pickled)
            file.writestr(f"{name}.npy", entry.getvalue())
    return buffer.getvalue()


GOOD = decisions_of(Method("net", "Net", 0.5, 1), 400)
OUTCOMES = {
    "another order": npz({"primary": GOOD[::-1].copy()}),
    "another type": npz({"primary": GOOD.astype(np.int64)}),
    "another shape": npz({"primary": GOOD.reshape(20, 20)}),
    "fewer images": npz({"primary": GOOD[:399]}),
    "no such array": npz({"secondary": GOOD}),
    "a pickle": npz({"primary": np.array([print], dtype=object)}, pickled=True),
    "a bomb": npz({"primary": np.zeros(40_000_000, np.uint8)}),
    "cut short": npz({"primary": GOOD})[:-40],
    "no archive": b"<html>quota exceeded</html>",
    "empty": b"",
    "too large": bytes(200_000),
}


@pytest.mark.parametrize("what", OUTCOMES)
def test_outcomes_that_disagree_with_their_record(
    hostile: HostileFolders, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    path = hostile.write()
    path.with_suffix(".npz").write_bytes(OUTCOMES[what])
    line = one_line(hostile, capsys)
    assert path.with_suffix(".npz").name in line


def test_arrays_that_the_record_does_not_name_are_not_read(hostile: HostileFolders) -> None:
    path = hostile.write()
    path.with_suffix(".npz").write_bytes(npz({"primary": GOOD, "more": np.array([print], dtype=object)}, pickled=True))
    assert "index.html" in site_of(hostile)


def test_a_record_nested_a_thousand_deep(hostile: HostileFolders, capsys: pytest.CaptureFixture[str]) -> None:
    path = hostile.write()
    path.write_text("[" * 100_000, encoding="utf-8")
    assert path.name in one_line(hostile, capsys)


def test_a_record_of_many_megabytes(hostile: HostileFolders, capsys: pytest.CaptureFixture[str]) -> None:
    path = hostile.write()
    record = json.loads(path.read_text(encoding="utf-8"))
    record["run"]["notes"] = ["x" * 4000] * 1100
    path.write_text(json.dumps(record), encoding="utf-8")
    assert "a document has at most" in one_line(hostile, capsys)


def test_names_that_leave_their_folder(hostile: HostileFolders) -> None:
    for name in ("../net", "net/../../x", "/etc/passwd", "net\\..", "NET", ".net", "con:"):
        assert refused(Record, put(hostile.record, ("result", "submission"), name))
        assert refused(hostile.documents["submission"][0], {**hostile.submission, "name": name})
    add(hostile.root, hostile.task, Method("con.nul", "A name of dots", 0.2, 5))
    hostile.write()
    assert "submissions/con.nul.html" in site_of(hostile)
