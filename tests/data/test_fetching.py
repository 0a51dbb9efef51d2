"""`fetch`: which way worked, on machines that allow different ways. Commands are real programs on a PATH of ours."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from hub_server import Hub, files_of, serve
from tiny_dataset import REPOSITORY, REVISION, make_tiny

from benchmark.data.fetching import fetch_manifest
from benchmark.data.loading import NotHereError, load_part
from benchmark.data.sources import debian, hub
from benchmark.data.sources.download import download
from benchmark.data.sources.offer import UnavailableError
from benchmark.data.verify import DataDiffersError
from benchmark.errors import MettleError

PACKAGE = "dataset-tiny"
FOLDER = "usr/share/datasets/tiny"

needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not on this machine")


@pytest.fixture
def packaged(tmp_path):
    """A data set that is only in a Debian package."""
    idx = {
        "files": {part: [f"{part}-images.gz", f"{part}-labels.gz"] for part in ("train", "test")},
        "debian_package": PACKAGE,
        "debian_folder": FOLDER,
    }
    tiny = make_tiny(tmp_path / "manifests", idx=idx)
    (tmp_path / "manifests" / "tiny.json").write_text(tiny.manifest.model_copy(update={"hub": None}).model_dump_json())
    return tiny, tiny.manifest.model_copy(update={"hub": None})


@pytest.fixture
def package(packaged, tmp_path) -> Path:
    """A real .deb of it."""
    tiny, _ = packaged
    root = tmp_path / "package"
    tiny.write_idx_files(root / FOLDER)
    (root / "DEBIAN").mkdir()
    control = f"Package: {PACKAGE}\nVersion: 1\nArchitecture: all\nMaintainer: T <t@example.org>\nDescription: tiny\n"
    (root / "DEBIAN" / "control").write_text(control)
    target = tmp_path / f"{PACKAGE}_1_all.deb"
    subprocess.run(
        ["dpkg-deb", "--build", "--root-owner-group", str(root), str(target)], check=True, capture_output=True
    )
    return target


def put_on_path(folder: Path, monkeypatch, apt: str | None) -> None:
    """A PATH with dpkg-deb and its helpers, and an apt-get of ours (a shell script), or none."""
    folder.mkdir()
    for name in ("dpkg-deb", "sh", "cp", "tar", "gzip", "xz", "zstd", "mkdir"):
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    if apt is not None:
        (folder / "apt-get").write_text(f"#!/bin/sh\n{apt}\n")
        (folder / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@needs_dpkg
def test_without_root_the_package_is_downloaded_and_unpacked(packaged, package, tmp_path, monkeypatch):
    tiny, manifest = packaged
    put_on_path(tmp_path / "bin", monkeypatch, f'cp "{package}" .')
    monkeypatch.setattr(debian.os, "geteuid", lambda: 1000)
    fetched = fetch_manifest(manifest, progress=False)
    assert fetched.way == f"Debian package, apt-get download {PACKAGE}, unpacked in the cache"
    assert any("hub" in reason.lower() for reason in fetched.failed)
    dataset = load_part(manifest, "test", progress=False, network=False)
    assert (dataset.images == tiny.arrays["test"][0]).all()
    assert fetch_manifest(manifest, progress=False).way.startswith("already here")


@needs_dpkg
def test_as_root_the_lists_are_updated_once_if_the_package_is_unknown(packaged, package, tmp_path, monkeypatch):
    _, manifest = packaged
    log = tmp_path / "log"
    # An apt-get that knows the package only after `update`, and unpacks it where the cache looks.
    script = f"""
    for word in "$@"; do last=$word; case $word in update|install|download) verb=$word;; esac; done
    echo "$verb" >> "{log}"
    if [ $verb = update ]; then echo > "{tmp_path}/updated"; exit 0; fi
    if [ ! -f "{tmp_path}/updated" ]; then echo "E: Unable to locate package $last" >&2; exit 100; fi
    mkdir -p "{debian.unpacked_root(manifest)}"
    dpkg-deb -x "{package}" "{debian.unpacked_root(manifest)}"
    """
    put_on_path(tmp_path / "bin", monkeypatch, script)
    monkeypatch.setattr(debian.os, "geteuid", lambda: 0)
    assert fetch_manifest(manifest, progress=False).way == f"Debian package, apt-get install {PACKAGE}"
    assert log.read_text().split() == ["install", "update", "install"]


def test_where_nothing_works_the_reasons_and_the_commands_are_in_one_line(packaged, tmp_path, monkeypatch):
    _, manifest = packaged
    put_on_path(tmp_path / "bin", monkeypatch, 'echo "E: Unable to locate package" >&2; exit 100')
    with pytest.raises(NotHereError) as caught:
        fetch_manifest(manifest, progress=False)
    message = str(caught.value)
    assert "E: Unable to locate package" in message
    assert f"sudo apt-get install -y {PACKAGE}" in message
    assert f"apt-get download {PACKAGE} && mkdir -p" in message
    assert "mettle data fetch" not in message
    assert "\n" not in message


def test_a_machine_without_apt_says_so(packaged, tmp_path, monkeypatch):
    _, manifest = packaged
    put_on_path(tmp_path / "bin", monkeypatch, apt=None)
    with pytest.raises(NotHereError, match="apt-get is not on this machine"):
        fetch_manifest(manifest, progress=False)


@needs_dpkg
def test_a_broken_package_leaves_nothing_behind(packaged, package, own_cache):
    _, manifest = packaged
    package.write_bytes(package.read_bytes()[:-200])
    with pytest.raises(UnavailableError, match="dpkg-deb"):
        debian.unpack(package, debian.unpacked_root(manifest))
    assert not list(own_cache.rglob("*.gz"))


def test_the_hub_comes_first_and_other_bytes_here_are_not_passed_over(tiny, tmp_path, monkeypatch):
    hub_calls = []

    def refuse(*arguments):
        hub_calls.append(arguments)
        raise UnavailableError("no network in this test")

    monkeypatch.setattr(hub, "offers", refuse)
    tiny.arrays["test"][0][2] ^= 8
    tiny.write_hub_files(tmp_path / "mirror")
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(DataDiffersError, match="positions 2"):
        fetch_manifest(tiny.manifest, progress=False)
    assert not hub_calls
    monkeypatch.delenv("METTLE_MIRROR")
    with pytest.raises(NotHereError, match="no network in this test"):
        fetch_manifest(tiny.manifest, progress=False)
    assert hub_calls


def test_an_unwritable_cache_is_refused_by_name(tiny, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(MettleError, match=r"the cache must be writable.*METTLE_CACHE"):
        fetch_manifest(tiny.manifest, progress=False)


@pytest.fixture
def host(tiny, tmp_path):
    files = files_of(tiny.write_idx_files(tmp_path / "original"))
    with serve(Hub(REPOSITORY, REVISION, files)) as running:
        yield running


def test_a_file_whose_size_nobody_states_is_resumed_too(host, tmp_path):
    name = "test-images.gz"
    target = tmp_path / "downloads" / name
    target.parent.mkdir()
    target.with_name(f"{name}.part").write_bytes(host.files[name][:100])
    download(f"{host.url}/bytes/{name}", target, progress=False)
    assert target.read_bytes() == host.files[name]
    assert host.ranges == [100]


def test_a_leftover_that_is_too_long_is_thrown_away(host, tmp_path):
    name = "test-images.gz"
    target = tmp_path / name
    target.with_name(f"{name}.part").write_bytes(host.files[name] + b"more")
    download(f"{host.url}/bytes/{name}", target, size_bytes=len(host.files[name]), progress=False)
    assert target.read_bytes() == host.files[name]
    target.unlink()
    target.with_name(f"{name}.part").write_bytes(host.files[name] + b"more")
    download(f"{host.url}/bytes/{name}", target, progress=False)  # the server answers 416
    assert target.read_bytes() == host.files[name]


def test_a_leftover_of_another_file_is_refused_once_and_then_gone(host, tmp_path):
    name = "test-images.gz"
    target = tmp_path / name
    sha256 = hashlib.sha256(host.files[name]).hexdigest()
    target.with_name(f"{name}.part").write_bytes(b"x" * 100)
    with pytest.raises(MettleError, match="must have sha256"):
        download(f"{host.url}/bytes/{name}", target, sha256, progress=False)
    download(f"{host.url}/bytes/{name}", target, sha256, progress=False)
    assert target.read_bytes() == host.files[name]


def test_a_connection_that_always_breaks_is_given_up(host, tmp_path, monkeypatch):
    monkeypatch.setattr("benchmark.data.sources.download.time.sleep", lambda _: None)
    host.files["empty"] = b""
    target = tmp_path / "file"
    with pytest.raises(UnavailableError, match="broke off after 0 of 10 bytes"):
        download(f"{host.url}/bytes/empty", target, size_bytes=10, progress=False)
    assert not target.exists()
