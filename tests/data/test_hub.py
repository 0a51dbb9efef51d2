"""The hub path with the hub's real client, in processes of its own, against a server on this machine."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from hub_server import Hub, files_of, serve
from tiny_dataset import REPOSITORY, REVISION, make_tiny

from benchmark.data.checksums import values_sha256

LOAD = """
    import sys
    from pathlib import Path
    from benchmark.data.loading import load_part
    from benchmark.data.manifest import read_manifest
    from benchmark.errors import MettleError
    try:
        dataset = load_part(read_manifest("tiny", Path(sys.argv[1])), "test", progress=False)
    except MettleError as error:
        print(error)
        sys.exit(error.exit_code)
    print(dataset.source, dataset.pixels_sha256, len(dataset.labels), sep="|")
"""


class Machine:
    """A user's machine: its own caches, one endpoint, a manifest."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        self.environment = {
            **kept,
            "HF_ENDPOINT": endpoint,
            "HF_HOME": str(folder / "hf"),
            "HF_HUB_DISABLE_XET": "1",
            "METTLE_CACHE": str(folder / "cache"),
            "OMP_NUM_THREADS": "1",
        }

    def start(self, **extra: str) -> subprocess.Popen:
        command = [sys.executable, "-c", textwrap.dedent(LOAD), str(self.folder / "manifests")]
        environment = {**self.environment, **extra}
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, expect: int = 0, **extra: str) -> str:
        process = self.start(**extra)
        output, errors = process.communicate(timeout=120)
        assert process.returncode == expect, output + errors
        return output.strip()


@pytest.fixture
def data(tmp_path):
    return make_tiny(tmp_path / "manifests", (64, 64, 1))


@pytest.fixture
def hub(data, tmp_path):
    with serve(Hub(REPOSITORY, REVISION, files_of(data.write_hub_files(tmp_path / "source")))) as running:
        yield running


def expected(data) -> str:
    return f"Hugging Face Hub|{values_sha256(data.arrays['test'][0])}|20"


def test_it_loads_at_the_pinned_commit_and_then_needs_no_network(data, hub, tmp_path):
    machine = Machine(tmp_path, hub.url)
    assert machine.run() == expected(data)
    assert hub.ranges == [0]
    name = data.manifest.hub.files["test"][0]
    assert f"HEAD /datasets/{REPOSITORY}/resolve/{REVISION}/{name}" in hub.seen
    asked = len(hub.seen)
    assert machine.run(HF_HUB_OFFLINE="1") == f"cache, from {expected(data)}"
    assert len(hub.seen) == asked


def test_a_download_that_breaks_off_goes_on_where_it_stopped(data, hub, tmp_path):
    hub.broken_answers = 2
    size = len(hub.files[data.manifest.hub.files["test"][0]])
    assert Machine(tmp_path, hub.url).run() == expected(data)
    assert hub.ranges[0] == 0
    assert hub.ranges[1] == size // 2
    assert hub.ranges[2] > hub.ranges[1]


def test_a_killed_download_is_resumed_by_the_next_process(data, hub, tmp_path):
    hub.pause_seconds = 0.3
    machine = Machine(tmp_path, hub.url)
    process = machine.start()
    partial = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (partial and partial[0].stat().st_size):
        partial = list((tmp_path / "cache").rglob("*.part"))
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    arrived = partial[0].stat().st_size
    assert 0 < arrived < len(hub.files[data.manifest.hub.files["test"][0]])
    hub.pause_seconds = 0.0
    assert machine.run() == expected(data)
    assert hub.ranges == [0, arrived]
    assert not list((tmp_path / "cache").rglob("*.part"))


def test_a_server_that_cannot_resume_sends_the_file_anew(data, hub, tmp_path):
    hub.ranged = False
    hub.broken_answers = 1
    assert Machine(tmp_path, hub.url).run() == expected(data)
    assert hub.ranges == [0, 0]


def test_two_processes_at_once_download_once(data, hub, tmp_path):
    hub.pause_seconds = 0.1
    machine = Machine(tmp_path, hub.url)
    processes = [machine.start() for _ in range(2)]
    outputs = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert {output.strip().removeprefix("cache, from ") for output, _ in outputs} == {expected(data)}
    assert hub.ranges == [0]


def test_a_missing_file_is_one_line_that_lists_the_ways(data, hub, tmp_path):
    hub.files.pop(data.manifest.hub.files["test"][0])
    output = Machine(tmp_path, hub.url).run(expect=2)
    assert "404" in output
    assert "hf download --repo-type dataset" in output
    assert len(output.splitlines()) == 1


def test_bytes_other_than_the_stated_ones_are_refused_and_not_kept(data, hub, tmp_path):
    name = data.manifest.hub.files["test"][0]
    recorded = make_tiny(
        tmp_path / "manifests",
        (64, 64, 1),
        hub={
            "repo": REPOSITORY,
            "revision": REVISION,
            "files": data.manifest.hub.files,
            "sha256": {name: "0" * 64},
        },
    )
    assert recorded.manifest.hub.sha256
    output = Machine(tmp_path, hub.url).run(expect=2)
    assert f"must have sha256 {'0' * 64}" in output
    assert len(output.splitlines()) == 1
    assert not list((tmp_path / "cache").rglob("*.parquet"))


def test_another_commit_than_the_pinned_one_is_refused(hub, tmp_path):
    hub.commit = "f" * 40
    assert f"belongs to commit {'f' * 40}" in Machine(tmp_path, hub.url).run(expect=2)


def test_a_token_goes_to_the_hub_and_not_to_the_host_of_the_bytes(data, hub, tmp_path):
    assert Machine(tmp_path, hub.url).run(HF_TOKEN="hf_secret") == expected(data)
    assert hub.secrets
    assert {host.split(":")[0] for host, _ in hub.secrets} == {"127.0.0.1"}


@pytest.mark.usefixtures("data")
def test_an_unreachable_hub_fails_at_once(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    output = Machine(tmp_path, f"http://127.0.0.1:{port}").run(expect=2)
    assert f"127.0.0.1:{port} cannot be reached" in output


@pytest.mark.slow
def test_a_silent_hub_is_given_up_soon(hub, tmp_path):
    hub.silent = True
    started = time.monotonic()
    output = Machine(tmp_path, hub.url).run(expect=2)
    assert "Hugging Face Hub" in output
    assert time.monotonic() - started < 25


def test_offline_mode_is_respected(hub, tmp_path):
    assert "HF_HUB_OFFLINE is set" in Machine(tmp_path, hub.url).run(expect=2, HF_HUB_OFFLINE="1")
    assert not hub.seen
