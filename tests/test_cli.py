"""Bad input from the command line: one clear line, exit code 2, and no partial record."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark import cli
from benchmark.documents.store import write_record
from benchmark.paths import ROOT
from tests.documents.builders import SHA, record
from tests.tasks import small_distillation as sets

TASK = "corruption/fashion-mnist-mc"
SUBMISSION = ROOT / "submissions" / "fashion-mnist-mlp"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))


Mettle = Callable[..., tuple[int, str, str]]


@pytest.fixture
def mettle(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mettle:
    """A function that runs one command in this process and gives (exit code, output, error output)."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["mettle", *map(str, words)])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """A copy of a real submission, to be broken."""
    return Path(shutil.copytree(SUBMISSION, tmp_path / "fashion-mnist-mlp", ignore=shutil.ignore_patterns("records")))


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "submission.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def give_weights(folder: Path, content: bytes, name: str = "weights.safetensors") -> None:
    """Other weights, with their right sha256."""
    old = hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    (folder / "weights.safetensors").unlink()
    (folder / name).write_bytes(content)
    change(folder, old, hashlib.sha256(content).hexdigest())
    change(folder, 'path = "weights.safetensors"', f'path = "{name}"')


def break_missing_file(folder: Path) -> str:
    (folder / "weights.safetensors").unlink()
    return "the artifact's file is missing"


def break_wrong_sha256(folder: Path) -> str:
    with (folder / "weights.safetensors").open("ab") as stream:
        stream.write(b"x")
    return "its sha256 must be"


def break_html(folder: Path) -> str:
    (folder / "weights.safetensors").write_text("<!DOCTYPE html><html>Quota exceeded</html>")
    return "an HTML page"


def break_pickle_with_code(folder: Path) -> str:
    give_weights(folder, b"cos\nsystem\n(S'touch /tmp/mettle-was-here'\ntR.", "weights.pth")
    return "weights.pth"


def break_truncated(folder: Path) -> str:
    give_weights(folder, (folder / "weights.safetensors").read_bytes()[:-100])
    return "weights.safetensors"


def break_architecture(folder: Path) -> str:
    change(folder, 'architecture = "mlp', 'architecture = "mlpp')
    return "mlpp"


def break_keys(folder: Path) -> str:
    path = folder / "submission.toml"
    path.write_text(path.read_text().replace('architecture = "', 'architecture = "resnet8"  # "'))
    return "key"


def break_class_order(folder: Path) -> str:
    change(folder, '"T-shirt/top", "Trouser"', '"Trouser", "T-shirt/top"')
    return "in another order"


def break_class_count(folder: Path) -> str:
    change(folder, '"T-shirt/top", "Trouser", ', "")
    return "classes that are not those"


def break_input_size(folder: Path) -> str:
    change(folder, "image_size = 28", "image_size = 32")
    return "image_size is 32"


def break_unknown_key(folder: Path) -> str:
    change(folder, "selected_on", "selected_onn")
    return "unknown key"


def break_type(folder: Path) -> str:
    change(folder, "schema_version = 1", 'schema_version = "1"')
    return "schema_version is a whole number"


def break_name(folder: Path) -> str:
    change(folder, 'name = "fashion-mnist-mlp"', 'name = "../../evil"')
    return "a name has 1 to 80"


def break_nan_weights(folder: Path) -> str:
    import torch
    from safetensors.torch import load, save

    tensors = load((folder / "weights.safetensors").read_bytes())
    first = next(iter(tensors))
    tensors[first] = torch.full_like(tensors[first], float("nan"))
    give_weights(folder, save(tensors))
    return "NaN"


BREAKS = [value for name, value in sorted(globals().items()) if name.startswith("break_")]


@pytest.mark.parametrize("spoil", BREAKS, ids=[spoil.__name__.removeprefix("break_") for spoil in BREAKS])
def test_bad_submission(spoil: object, submission: Path, tmp_path: Path, mettle: Mettle) -> None:
    words = spoil(submission)  # type: ignore[operator]
    out = tmp_path / "out"
    code, _, error = mettle("score", submission, "--task", TASK, "--out", out, "--workers", 1)
    lines = error.strip().splitlines()
    assert code == 2, error
    assert lines[-1].startswith("error ")
    assert "Traceback" not in error
    assert words in lines[-1]
    assert not list(tmp_path.rglob("records"))
    assert not Path("/tmp/mettle-was-here").exists()


def test_unknown_task_suggests_the_nearest(mettle: Mettle) -> None:
    code, _, error = mettle("score", SUBMISSION, "--task", "corruption/fashion-mnist-mx")
    assert code == 2
    assert "Did you mean 'corruption/fashion-mnist-mc'?" in error


def test_no_submission_there(tmp_path: Path, mettle: Mettle) -> None:
    code, _, error = mettle("check", tmp_path)
    assert code == 2
    assert "mettle init" in error


def test_init_then_check_then_refuse_again(tmp_path: Path, mettle: Mettle) -> None:
    weights = SUBMISSION / "weights.safetensors"
    made = mettle("init", "my-net", "--folder", tmp_path, "--weights", weights)
    assert made[0] == 0
    change(tmp_path / "my-net", 'architecture = "resnet8"', 'architecture = "mlp"')
    spec = (SUBMISSION / "submission.toml").read_text()
    architecture = next(line for line in spec.splitlines() if line.startswith("architecture"))
    change(tmp_path / "my-net", 'architecture = "mlp"', architecture)
    for key, placeholder in (("team", "your team"), ("method", "your method")):
        for command in ("check", "score"):
            code, _, error = mettle(command, tmp_path / "my-net", "--task", TASK)
            assert code == 2
            assert f"{key} is your own, but got '{placeholder}'. Write" in " ".join(error.split())
        change(tmp_path / "my-net", f'{key} = "{placeholder}"', f'{key} = "mine"')
    code, out, error = mettle("check", tmp_path / "my-net", "--task", TASK)
    assert (code, error) == (0, "")
    assert f"my-net fits {TASK}" in " ".join(out.split())
    code, _, error = mettle("init", "my-net", "--folder", tmp_path)
    assert code == 2
    assert "exists already" in error
    code, _, error = mettle("init", "../evil", "--folder", tmp_path)
    assert code == 2
    assert "a name has 1 to 80" in error


@pytest.mark.parametrize("words", [(), ("tasks",), ("tasks", TASK), ("data", "status"), ("reproduce",)])
def test_commands_that_only_tell(words: tuple[str, ...], mettle: Mettle) -> None:
    code, out, error = mettle(*words)
    assert code in (0, 2 if not words else 0), error
    assert len(out) > 100


def test_an_attestation_that_is_refused_costs_no_training(mettle: Mettle, tmp_path: Path) -> None:
    folder = sets.submission(
        tmp_path / "submissions" / "demo", images=np.zeros((10, 28, 28, 1), np.uint8), labels=np.arange(10)
    )
    path = write_record(folder.parent, *record("demo", training_seeds={SHA: [1, 2, 3]}))
    code, _, err = mettle("verify", path, "--attest", "us", "--kind", "measured")
    assert code == 2
    assert err.count("\n") == 1
    assert "Score it with `mettle score submissions/demo --salt-file FILE`" in err
    assert not (folder / "attestations").exists()


@pytest.mark.parametrize(
    "command", ["tasks", "init", "check", "score", "verify", "reproduce", "convert", "data fetch", "leaderboard build"]
)
def test_every_command_explains_itself(command: str, mettle: Mettle) -> None:
    code, out, _ = mettle(*command.split(), "--help")
    assert code == 0
    assert "Usage" in out


@pytest.mark.parametrize(
    ("command", "goes_on"), [("score", True), ("data", True), ("convert", False), ("verify", False)]
)
def test_an_interrupt_promises_what_the_command_keeps(
    command: str, goes_on: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise SystemExit(cli.INTERRUPTED)

    monkeypatch.setattr(cli, "app", interrupted)
    monkeypatch.setattr(sys, "argv", ["mettle", command])
    with pytest.raises(SystemExit):
        cli.main()
    assert ("the same command goes on" in " ".join(capsys.readouterr().err.split())) == goes_on
