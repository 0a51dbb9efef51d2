import argparse
import json
import os
import pickle
import struct
import warnings
import zipfile

import numpy as np
import pytest
import torch
from checkpoints import load, net
from safetensors.torch import save_file

from benchmark.errors import MettleError
from benchmark.models.checkpoint_file import read_checkpoint
from benchmark.models.pickle_globals import unusual_globals
from benchmark.models.state_dict import unwrap


def refusal(path, **limits) -> str:
    with pytest.raises(MettleError) as caught:
        read_checkpoint(path, **limits)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


class Payload:
    """A pickle of it creates a file when it is loaded."""

    def __init__(self, target) -> None:
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


class Evaluated:
    def __reduce__(self):
        return eval, ("1 + 1",)


def test_missing_file_and_folder(tmp_path):
    assert "there is no such file" in refusal(tmp_path / "absent.pth")
    assert "there is no such file" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "an empty file"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "an HTML page"),
        (b"\n\n  <html>", "an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "a Git LFS pointer"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "starts with b'\\x89HDF"),
    ],
)
@pytest.mark.parametrize("name", ["net.pth", "net.bin"])
def test_other_files_are_named(tmp_path, content, says, name):
    (tmp_path / name).write_bytes(content)
    assert says in refusal(tmp_path / name)


def test_html_saved_as_safetensors(tmp_path):
    (tmp_path / "net.safetensors").write_text("<!doctype html><title>Sign in</title>" * 20)
    assert "an HTML page" in refusal(tmp_path / "net.safetensors")


@pytest.mark.parametrize("zipped", [True, False])
def test_payload_never_runs(tmp_path, zipped):
    proof = tmp_path / "ran"
    torch.save(
        {"state_dict": net().state_dict(), "extra": Payload(proof)},
        tmp_path / "net.pth",
        _use_new_zipfile_serialization=zipped,
    )
    text = refusal(tmp_path / "net.pth")
    assert "loading this one would run code" in text
    assert "posix.mkdir" in text or "nt.mkdir" in text
    assert "mettle convert" not in text
    assert not proof.exists()
    # The payload is a working one: an ordinary load runs it.
    torch.load(tmp_path / "net.pth", weights_only=False)
    assert proof.exists()


def test_bare_pickle_with_code(tmp_path):
    (tmp_path / "net.pth").write_bytes(pickle.dumps(Evaluated()))
    assert "would run code, but got builtins.eval" in refusal(tmp_path / "net.pth")


@pytest.mark.parametrize("protocol", range(6))
def test_globals_are_named_in_every_pickle_protocol(tmp_path, protocol):
    names = ["argparse", "Namespace", argparse.Namespace(a=1), Evaluated(), "Namespace", argparse.Namespace(b=2)]
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(names, protocol=protocol))
    found = unusual_globals(tmp_path / "net.pkl")
    assert found[0] in ("builtins.eval", "__builtin__.eval")
    assert "argparse.Namespace" in found
    assert len(found) <= 4  # protocols 0 and 1 also name copyreg._reconstructor and object


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        (argparse.Namespace(lr=0.1), "argparse.Namespace"),
        (np.float64(0.93), "numpy"),
        (torch.nn.Linear(2, 2), "torch.nn"),
    ],
    ids=["namespace", "numpy scalar", "module"],
)
def test_harmless_globals_lead_to_convert(tmp_path, extra, named):
    torch.save({"state_dict": net().state_dict(), "extra": extra}, tmp_path / "net.pth")
    text = refusal(tmp_path / "net.pth")
    assert named in text
    assert "mettle convert IN OUT" in text


def test_safetensors_cut_short(tmp_path):
    save_file(net().state_dict(), tmp_path / "net.safetensors")
    whole = (tmp_path / "net.safetensors").read_bytes()
    for kept in (4, 8, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.safetensors").write_bytes(whole[:kept])
        text = refusal(tmp_path / "cut.safetensors")
        assert "must fit in it" in text or "cut short" in text


@pytest.mark.parametrize("length", [2**63 - 1, 200_000_000, 10_000])
def test_safetensors_absurd_header(tmp_path, length):
    (tmp_path / "net.safetensors").write_bytes(struct.pack("<Q", length) + b'{"a":' + bytes(500))
    assert f"{length:,} bytes of header" in refusal(tmp_path / "net.safetensors")


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 400]}},
        {"a": {"dtype": "F7", "shape": [1], "data_offsets": [0, 4]}},
        ["no", "dict"],
    ],
)
def test_safetensors_lying_header(tmp_path, header):
    text = json.dumps(header).encode()
    (tmp_path / "net.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes(4))
    assert "cut short or damaged" in refusal(tmp_path / "net.safetensors")


def test_torch_file_cut_short(tmp_path):
    for zipped, says in ((True, "cut short"), (False, "cut short or damaged")):
        torch.save(net().state_dict(), tmp_path / "net.pth", _use_new_zipfile_serialization=zipped)
        whole = (tmp_path / "net.pth").read_bytes()
        for kept in (20, len(whole) // 2, len(whole) - 30):
            (tmp_path / "cut.pth").write_bytes(whole[:kept])
            assert says in refusal(tmp_path / "cut.pth")


def test_zip_that_is_not_a_checkpoint(tmp_path):
    with zipfile.ZipFile(tmp_path / "net.pth", "w") as archive:
        archive.writestr("README.txt", "weights are elsewhere")
    assert "a zip archive but not a torch checkpoint" in refusal(tmp_path / "net.pth")


def test_zip_bomb(tmp_path):
    with zipfile.ZipFile(tmp_path / "net.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/data.pkl", b"\0" * 70_000_000)
    assert "unpacks to at most" in refusal(tmp_path / "net.pth")


def test_size_limit(tmp_path):
    save_file(net().state_dict(), tmp_path / "net.safetensors")
    assert "a checkpoint has at most 1,000 bytes" in refusal(tmp_path / "net.safetensors", max_bytes=1000)


def test_programs_are_refused(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), tmp_path / "net.pt")
    assert "TorchScript program" in refusal(tmp_path / "net.pt")
    torch.export.save(torch.export.export(torch.nn.Linear(2, 2), (torch.zeros(1, 2),)), tmp_path / "net.pt2")
    assert "torch.export" in refusal(tmp_path / "net.pt2")
    from torch.package import PackageExporter

    with PackageExporter(str(tmp_path / "package.pt")) as package:
        package.save_source_string("code", "print('hello')")
    assert "torch.package" in refusal(tmp_path / "package.pt")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([1, 2], "a list"),
        ({}, "an empty one"),
        ({"conv.weight": torch.zeros(2), "epoch": 3}, "'epoch'"),
        ({"w": torch.zeros(2, 2).to_sparse()}, "'w'"),
        ({"w": torch.zeros(2, dtype=torch.complex64)}, "'w'"),
        ({"w": torch.zeros(2, device="meta")}, "'w'"),
    ],
)
def test_state_dicts_hold_plain_tensors(content, says):
    with pytest.raises(MettleError) as caught:
        unwrap(content, "net.pth")
    assert says in str(caught.value)


def test_tiny_storage_with_a_huge_shape_is_not_expanded(tmp_path):
    torch.save(
        {"linear.weight": torch.zeros(1, 1).expand(10**6, 10**6), "linear.bias": torch.zeros(4)}, tmp_path / "x.pt"
    )
    with pytest.raises(MettleError, match="has shape"):
        load(tmp_path / "x.pt", "linear")


@pytest.mark.parametrize("form", ["safetensors", "zip", "legacy"])
def test_damaged_bytes_end_in_one_line_or_in_a_net(tmp_path, form):
    state = net("linear").state_dict()
    path = tmp_path / "net.safetensors" if form == "safetensors" else tmp_path / "net.pth"
    if form == "safetensors":
        save_file(state, path)
    else:
        torch.save({"state_dict": state}, path, _use_new_zipfile_serialization=form == "zip")
    whole = path.read_bytes()
    draws = np.random.default_rng(5)
    refusals = []
    for _ in range(80):
        damaged = bytearray(whole)
        # The structure is at both ends; the tensors between them are any bytes.
        for place in draws.integers(-400, 900, size=draws.integers(1, 5)):
            damaged[place] = draws.integers(256)
        path.write_bytes(damaged)
        try:
            load(path, "linear")
        except MettleError as error:
            refusals.append(str(error))
    assert len(refusals) > 10
    assert all(text.isprintable() and len(text) < 600 for text in refusals)
