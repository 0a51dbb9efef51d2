from __future__ import annotations

from pathlib import Path

import pytest
from builders import SHA, submission

from benchmark.documents import Artifact, Submission, Task, read, read_submission
from benchmark.documents.strict import Strict, decode_file, parse
from benchmark.errors import MettleError


def one_line(error: pytest.ExceptionInfo[MettleError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert error.value.exit_code == 2
    return text


def test_valid_submission_is_read() -> None:
    assert parse(Submission, submission(), "x").artifacts[0].kind == "checkpoint"


def test_unknown_key_names_the_nearest() -> None:
    with pytest.raises(MettleError) as error:
        parse(Submission, submission(licence_="MIT"), "submission.toml")
    assert "unknown key 'licence_'" in one_line(error)
    assert "Did you mean 'licence'?" in str(error.value)


def test_unknown_key_in_a_nested_table_names_its_own_keys() -> None:
    data = submission()
    data["artifacts"][0]["model"]["architectur"] = "x"
    with pytest.raises(MettleError) as error:
        parse(Submission, data, "submission.toml")
    assert "artifacts.0.model.architectur" in one_line(error)
    assert "'architecture'" in str(error.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "../evil"}, "a name has 1 to 80"),
        ({"name": "Upper"}, "a name has 1 to 80"),
        ({"title": "two\nlines"}, "no control characters"),
        ({"title": "right \u202e left"}, "bidirectional"),
        ({"title": "x" * 201}, "at most 200"),
        ({"schema_version": "1"}, "schema_version"),
        ({"baseline": "yes"}, "boolean"),
        ({"paper": "javascript:alert(1)"}, "http:// or https://"),
        ({"artifacts": []}, "artifacts may not be empty. Write what belongs there."),
        ({"declares": {"selected_on": "none"}}, "declares.training_data"),
        ({"declares": {"training_data": [], "selected_on": "luck"}}, "'none', 'val', 'test' or 'unknown'"),
        (
            {"declares": {"training_data": [], "selected_on": "val", "claims": {"ood/x": 2.0}}},
            "less than or equal to 1",
        ),
    ],
)
def test_wrong_values_say_the_rule(change: dict, words: str) -> None:
    with pytest.raises(MettleError) as error:
        parse(Submission, submission(**change), "submission.toml")
    assert words in one_line(error)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"path": None}, "exactly one of path, url, hub"),
        ({"url": "https://example.org/w"}, "exactly one of path, url, hub"),
        ({"path": "/etc/passwd"}, "never leaves its folder"),
        ({"path": "a/../../b"}, "never leaves its folder"),
        ({"path": None, "hub": "org/name@main/w.safetensors"}, "not pinned"),
        ({"sha256": "abc"}, "64 lower-case"),
        ({"model": None}, "needs a [artifacts.model] table"),
        ({"kind": "predictions"}, "only a checkpoint has one"),
    ],
)
def test_artifact_rules(change: dict, words: str) -> None:
    data = submission()["artifacts"][0] | change
    with pytest.raises(MettleError) as error:
        parse(Artifact, {key: value for key, value in data.items() if value is not None}, "artifact")
    assert words in one_line(error)


def test_documents_cannot_be_changed() -> None:
    document = parse(Submission, submission(), "x")
    with pytest.raises(ValueError, match="frozen"):
        document.name = "other"  # type: ignore[misc]


def test_active_task_needs_a_pinned_split() -> None:
    class OnlyTask(Strict):
        task: Task

    metric = {"name": "a", "title": "a", "description": "", "unit": "share", "higher_is_better": True}
    data = {"dataset": "d", "part": "test", "classes": ["a", "b"], "image_size": 28, "channels": 1}
    task = {
        "schema_version": 1, "id": "corruption/x", "version": 1, "title": "", "summary": "", "tier": "sandbox",
        "state": "active", "protocol": "p", "protocol_version": 1, "artifacts": ["checkpoint"], "primary": metric,
        "pair_test": "mcnemar", "data": data,
    }  # fmt: skip
    with pytest.raises(MettleError, match="is a draft"):
        parse(Task, task, "x")
    assert parse(Task, task | {"state": "draft"}, "x").family == "corruption"


def test_newer_schema_version_says_update(tmp_path: Path) -> None:
    path = tmp_path / "submission.toml"
    path.write_text("schema_version = 2\n")
    with pytest.raises(MettleError, match="Update Mettle"):
        read(Submission, path)
    path.write_text("schema_version = true\n")
    with pytest.raises(MettleError, match="whole number"):
        read(Submission, path)


def test_name_must_be_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "submission.toml").write_text(
        f'schema_version = 1\nname = "demo"\ntitle = ""\nteam = ""\nmethod = ""\nlicence = ""\n'
        f'[declares]\ntraining_data = []\nselected_on = "none"\n'
        f'[[artifacts]]\nkind = "curated"\npath = "a"\nsha256 = "{SHA}"\n'
    )
    with pytest.raises(MettleError, match="folder's name 'other'"):
        read_submission(folder)


@pytest.mark.parametrize("text", ["{", '{"a": NaN}', '{"a": Infinity}', "[" * 100_000])
def test_bad_json_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(MettleError) as error:
        decode_file(path)
    one_line(error)


def test_bad_toml_and_missing_and_undecodable_files(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    with pytest.raises(MettleError, match="no such file"):
        decode_file(path)
    path.write_text("a = ")
    with pytest.raises(MettleError, match="cannot be read as TOML"):
        decode_file(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(MettleError, match="cannot be read as TOML"):
        decode_file(path)
