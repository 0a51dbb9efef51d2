"""Reading a file that a stranger calls a checkpoint: tensors come out, code never runs."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from benchmark.errors import MettleError
from benchmark.models.pickle_globals import ACTING, unusual_globals
from benchmark.zip_directory import check_directory

MAX_FILE_BYTES = 2_000_000_000
MAX_SAFETENSORS_HEADER_BYTES = 100_000_000  # the format's own limit
MAX_PICKLE_BYTES = 64_000_000  # the structure of a torch file; its tensors are stored beside it

TORCH_ZIP_MEMBERS = (
    ("constants.pkl", "it is a TorchScript program, and programs are not run"),
    ("serialized_exported_program.json", "it is a torch.export program, and programs are not run"),
    ("archive_format", "it is a torch.export (.pt2) program, and programs are not run"),
    ("extern_modules", "it is a torch.package, which holds code, and code is not run"),
)
SAVE_STATE_DICT = "Save the net's state_dict() as safetensors."


def read_checkpoint(path: Path, max_bytes: int = MAX_FILE_BYTES) -> object:
    """What the file holds: for safetensors a dict of tensors, for torch files whatever was saved, on the CPU.

    The content decides, not the suffix. Raises MettleError for anything that is not a checkpoint, is damaged,
    too large, or would have to run code to be read.
    """
    path = Path(path)
    if not path.is_file():
        raise MettleError(path, "there is no such file", fix="Check the path.")
    size = path.stat().st_size
    if size > max_bytes:
        raise MettleError(path, f"a checkpoint has at most {max_bytes:,} bytes", f"{size:,}")
    with path.open("rb") as file:
        start = file.read(512)
    if start[8:9] == b"{" or (path.suffix == ".safetensors" and not start.startswith((b"PK", b"<"))):
        return _read_safetensors(path, start, size)
    if _has_zip_directory(path):
        return _read_zip(path, max_bytes)
    if start.startswith(b"PK\x03\x04"):
        raise MettleError(
            path, "the file is cut short or damaged: its zip directory cannot be read", fix="Download it again."
        )
    if start.startswith(b"\x80"):
        return _read_torch(path)
    raise MettleError(
        path, "a checkpoint is safetensors or a torch file", _describe(start), "Download or export it again."
    )


def _printable(reason: object, limit: int = 120) -> str:
    """The first line of a reason that quotes a hostile file: no control characters reach a terminal."""
    lines = str(reason).strip().splitlines() or ["no reason given"]
    return "".join(letter if letter.isprintable() else "?" for letter in lines[0])[:limit]


def _describe(start: bytes) -> str:
    text = start.lstrip().lower()
    if not text:
        return "an empty file"
    if text.startswith((b"<!doctype html", b"<html", b"<")):
        return "an HTML page: the link leads to a web page, not to the file"
    if text.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer instead of the file itself"
    return f"a file that starts with {start[:8]!r}"


def _read_safetensors(path: Path, start: bytes, size: int) -> dict[str, torch.Tensor]:
    header_bytes = int.from_bytes(start[:8], "little")
    if size < 8 or header_bytes > min(size - 8, MAX_SAFETENSORS_HEADER_BYTES):
        raise MettleError(
            path, "the header of a safetensors file must fit in it",
            f"{header_bytes:,} bytes of header in {size:,} bytes", "Download it again.",
        )  # fmt: skip
    try:
        with safe_open(str(path), framework="pt", device="cpu") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise MettleError(
            path, "the safetensors file is cut short or damaged", _printable(error), "Download it again."
        ) from None


def _has_zip_directory(path: Path) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:  # raised for some damage, instead of an answer
        return False


def _read_zip(path: Path, max_bytes: int) -> object:
    try:
        check_directory(path)
        with zipfile.ZipFile(path) as archive:
            members = {member.filename: member.file_size for member in archive.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise MettleError(path, "the zip archive is damaged", _printable(error), "Download it again.") from None
    for ending, reason in TORCH_ZIP_MEMBERS:
        if any(name.split("/")[-1] == ending for name in members):
            raise MettleError(path, reason, fix=SAVE_STATE_DICT)
    pickles = [name for name in members if name.split("/")[-1] == "data.pkl"]
    if not pickles:
        raise MettleError(path, "the file is a zip archive but not a torch checkpoint", fix=SAVE_STATE_DICT)
    if sum(members.values()) > max_bytes or any(members[name] > MAX_PICKLE_BYTES for name in pickles):
        raise MettleError(path, f"a checkpoint unpacks to at most {max_bytes:,} bytes", f"{sum(members.values()):,}")
    return _read_torch(path)


def _read_torch(path: Path) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, weights_only=True, map_location="cpu")
    except MemoryError:
        raise
    except Exception as error:  # a hostile file may raise anything from inside the unpickler
        raise _refusal(path, str(error)) from None


def _refusal(path: Path, message: str) -> MettleError:
    unusual = unusual_globals(path)
    if not unusual:
        return MettleError(path, "the torch file is cut short or damaged", _printable(message), "Download it again.")
    if ACTING.fullmatch(unusual[0]):
        return MettleError(
            path, "a checkpoint holds weights, and loading this one would run code", _printable(unusual[0]),
            f"Do not open it with torch.load. {SAVE_STATE_DICT}",
        )  # fmt: skip
    return MettleError(
        path, "only tensors and plain containers are unpickled", _printable(", ".join(unusual[:3])),
        "If the file is yours, run `mettle convert IN OUT`, which keeps the tensors alone.",
    )  # fmt: skip
