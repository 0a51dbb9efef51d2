"""Checkpoints that only an unpickler can read, turned into safetensors on the author's own machine."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file

from benchmark.errors import MettleError
from benchmark.models.checkpoint_file import read_checkpoint
from benchmark.models.names_of_sets import kinds_of_set
from benchmark.models.state_dict import unwrap


def convert(source: Path, target: Path, trust: bool = False) -> list[str]:
    """Writes the tensors of `source` to `target` as safetensors and returns what was done, one line each.

    Without `trust` the file is read as the scorer reads it, and no code runs. With `trust` a subprocess unpickles
    it, which can run any code in it: only for files that you made yourself. Tensors that share memory are stored
    apart. Raises MettleError where there are no weights to keep, and when `target` exists.
    """
    source, target = Path(source), Path(target)
    if target.suffix != ".safetensors":
        raise MettleError(target, "the converted file is named .safetensors", repr(target.suffix))
    if target.exists():
        raise MettleError(target, "an existing file is not overwritten", fix="Choose another name.")
    if trust:
        return _convert_in_subprocess(source, target)
    try:
        content = read_checkpoint(source)
    except MettleError as error:
        if not error.fix or "mettle convert" not in error.fix:
            raise
        raise MettleError(
            source, error.rule, error.value,
            f"If you made this file yourself, run `mettle convert {source} {target} --trust`: it unpickles the file, "
            "which can run any code in it.",
        ) from None  # fmt: skip
    return write_weights(content, source, target)


def write_weights(content: object, source: Path, target: Path) -> list[str]:
    """Writes the state dict in `content` to `target`; one line for each thing kept, stripped or changed."""
    if isinstance(content, torch.nn.Module):
        content = content.state_dict()
    if isinstance(content, Mapping):
        kinds = ["distilled"] if isinstance(content.get("data"), list) else kinds_of_set(map(str, content))
        if "distilled" in kinds:
            raise MettleError(source, "it holds weights", "a distilled data set", "Add --kind distilled.")
        if kinds:
            fix = "Save its arrays with numpy.savez, then `mettle init NAME --task TASK --file FILE`."
            raise MettleError(source, "it holds weights", "a curated data set", fix)
    state, stripped = unwrap(content, source)
    shared = len(state) - len({tensor.untyped_storage().data_ptr() for tensor in state.values()})
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        save_file({name: tensor.detach().clone().contiguous() for name, tensor in state.items()}, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    lines = [*stripped, f"wrote {len(state)} tensors to {target}"]
    if shared > 0:
        lines.insert(-1, f"{shared} tensors shared memory and are now stored apart")
    return lines


def _convert_in_subprocess(source: Path, target: Path) -> list[str]:
    if not source.is_file():
        raise MettleError(source, "there is no such file", fix="Check the path.")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report"
        # Output of the file's own code goes to the terminal; only the report is believed.
        finished = subprocess.run(
            [sys.executable, "-m", "benchmark.models.unpickling", str(source), str(target), str(report)],
            check=False,
            stdout=sys.stderr,
        )
        lines = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
    if finished.returncode == 0 and target.exists():
        return lines
    raise MettleError(
        source,
        "it could not be converted",
        lines[-1] if lines else f"exit code {finished.returncode}",
        "Run it where the file was made, with the same packages installed.",
    )
