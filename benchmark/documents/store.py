"""Records at rest: written atomically, durably and under a lock, next to the per-example outcomes they name."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from filelock import FileLock

from benchmark.documents.attestation import Attestation
from benchmark.documents.canonical import array_sha256
from benchmark.documents.readers import read, read_record
from benchmark.documents.record import Outcome, Record
from benchmark.errors import MettleError
from benchmark.paths import cache_dir

MAX_OUTCOME_BYTES = 100_000
"""Of the outcomes file beside a record in git."""


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` so that `path` holds all of it or is untouched, also after a power cut.

    Raises MettleError where the disk is full or the folder cannot be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)  # mkstemp makes private files; records are for everyone
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the rename itself must survive, not only the bytes
        finally:
            os.close(folder)
    except OSError as error:
        raise MettleError(
            path,
            "cannot be written",
            error.strerror,
            "Free space, or name another folder: --out for records, METTLE_CACHE for the cache.",
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def describe_outcome(array: np.ndarray, *, scale: int = 1, stored: str = "record") -> Outcome:
    """The digest, dtype and shape under which a record names `array`."""
    return Outcome.model_validate(
        {
            "sha256": array_sha256(array),
            "dtype": array.dtype.str,
            "shape": list(array.shape),
            "scale": scale,
            "stored": stored,
        }
    )


def record_path(submissions: Path, record: Record) -> Path:
    """`<submissions>/<name>/records/<family>/<task>/v<version>/<id>.json`."""
    task = record.result.task
    return submissions / record.result.submission / "records" / task.id / f"v{task.version}" / f"{record.id}.json"


def write_record(submissions: Path, record: Record, outcomes: Mapping[str, np.ndarray]) -> Path:
    """Write a record and its small outcomes; an equal record that is already there stays as it is.

    `outcomes`: the arrays the record stores beside itself, by name. Returns the record's path.
    """
    path = record_path(submissions, record)
    packed = pack_outcomes(outcomes)
    if len(packed) > MAX_OUTCOME_BYTES:
        raise MettleError(
            path.name, f"outcomes beside a record have at most {MAX_OUTCOME_BYTES:,} bytes", f"{len(packed):,}"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.parent / ".lock"):
            if outcomes and not path.with_suffix(".npz").exists():
                write_atomically(path.with_suffix(".npz"), packed)
            if not path.exists():  # records are never edited
                write_atomically(path, (record.model_dump_json(indent=1) + "\n").encode())
    except OSError as error:
        raise MettleError(path.parent, "cannot be written", error.strerror, "Choose another --out.") from error
    return path


def pack_outcomes(outcomes: Mapping[str, np.ndarray]) -> bytes:
    """The arrays as a compressed .npz file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name: outcomes[name] for name in sorted(outcomes)})  # type: ignore[arg-type]
    return buffer.getvalue()


def read_outcomes(path: Path, record: Record) -> dict[str, np.ndarray]:
    """The outcomes stored beside the record at `path`, each checked against the digest in the record.

    Raises MettleError for a missing file or array and for one that is not what the record names.
    """
    wanted = {name: outcome for name, outcome in record.result.outcomes.items() if outcome.stored == "record"}
    if not wanted:
        return {}
    source = path.with_suffix(".npz")
    if not source.is_file():
        raise MettleError(
            source, "the outcomes of a record lie beside it", "no such file", "Score the submission again."
        )
    if source.stat().st_size > MAX_OUTCOME_BYTES:
        raise MettleError(source, f"has at most {MAX_OUTCOME_BYTES:,} bytes", f"{source.stat().st_size:,}")
    arrays: dict[str, np.ndarray] = {}
    try:
        with np.load(source, allow_pickle=False) as file:
            for name, outcome in wanted.items():
                expected_bytes = int(np.prod(outcome.shape)) * np.dtype(outcome.dtype).itemsize
                if (
                    file.zip.getinfo(f"{name}.npy").file_size > expected_bytes + 4096
                ):  # a bomb unpacks to more than it says
                    raise ValueError(f"{name} is larger than the record says")
                arrays[name] = file[name]
    except (ValueError, KeyError, OSError, EOFError, TypeError, zipfile.BadZipFile, zlib.error, MemoryError) as error:
        raise MettleError(source, "cannot be read as the record's outcomes", error) from None
    for name, outcome in wanted.items():
        if array_sha256(arrays[name]) != outcome.sha256:
            raise MettleError(
                source, f"{name!r} has the sha256 {outcome.sha256[:12]} by its record", array_sha256(arrays[name])[:12]
            )
    return arrays


def find_records(submissions: Path) -> Iterator[tuple[Path, Record]]:
    """Every record below a submissions folder, in the order of its path; one that cannot be read raises MettleError."""
    for path in sorted(submissions.glob("*/records/*/*/v*/*.json")):
        record = read_record(path)
        if path != record_path(submissions, record):
            raise MettleError(path, f"a record lies at {record_path(submissions, record)}")
        yield path, record


def find_attestations(submissions: Path) -> Iterator[tuple[Path, Attestation]]:
    """Every attestation below a submissions folder, by submission and day, a day's second one after its first."""
    for path in sorted(submissions.glob("*/attestations/*.json"), key=lambda path: (path.parent, path.stem)):
        yield path, read(Attestation, path)


def standing_records(submissions: Path) -> list[tuple[Path, Record]]:
    """Records of the standard tier that nothing voids, withdraws or supersedes, with their files, the oldest first."""
    gone = {
        statement.supersedes if statement.kind == "supersedes" else statement.record
        for _, statement in find_attestations(submissions)
        if statement.kind in ("supersedes", "void", "withdrawn")
    }
    found = [item for item in find_records(submissions) if item[1].id not in gone]
    return sorted((item for item in found if item[1].result.tier == "standard"), key=lambda item: item[1].run.started)


def write_attestation(submissions: Path, submission: str, attestation: Attestation) -> Path:
    """Add an attestation to a submission; one by the same on the same day about the same stays as it is."""
    records = "-".join(record[:12] for record in (attestation.record, attestation.supersedes) if record)
    folder = submissions / submission / "attestations"
    name = f"{attestation.date}-{attestation.kind}-{records}"
    said = sorted(folder.glob(f"{name}*.json"))
    for path in said:
        if read(Attestation, path).by == attestation.by:
            return path
    path = folder / (f"{name}-{len(said) + 1}.json" if said else f"{name}.json")
    write_atomically(path, (attestation.model_dump_json(indent=1) + "\n").encode())
    return path


def put_in_store(array: np.ndarray) -> Path:
    """Keep a large array in the content-addressed store beside the cache; its name is `array_sha256`."""
    digest = array_sha256(array)
    path = cache_dir() / "outcomes" / digest[:2] / f"{digest}.npy"
    if not path.exists():
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        write_atomically(path, buffer.getvalue())
    return path
