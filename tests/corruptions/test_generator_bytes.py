"""The bytes stay: between releases of the generators, and between processors, threads and BLAS kernels."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from generator_bytes import digests

HERE = Path(__file__).parent
FROZEN = json.loads((HERE / "generator_bytes.json").read_text())
INSTRUCTIONS = (
    "Raise the corruption's version, write the new digests (python generator_bytes.py), and freeze splits anew."
)

exact_here = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"),
    reason="digests are of x86-64; on other processors a last bit of a logarithm may differ",
)


@exact_here
def test_no_generator_changed_its_bytes() -> None:
    made = digests()
    assert list(made) == list(FROZEN)
    changed = [name for name in made if made[name] != FROZEN[name]]
    assert not changed, f"{changed} make other bytes than before. {INSTRUCTIONS}"


@exact_here
@pytest.mark.parametrize(
    "environment",
    [
        {"NPY_DISABLE_CPU_FEATURES": "X86_V4 X86_V3 AVX512_SKX AVX512_ICL AVX512_SPR AVX2 FMA3"},
        {"OPENBLAS_CORETYPE": "Sandybridge", "OMP_NUM_THREADS": "1"},
        {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"},
    ],
    ids=["without wide instructions", "other BLAS kernels", "two threads"],
)
def test_the_machine_does_not_matter(environment: dict[str, str]) -> None:
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", str(HERE / "generator_bytes.py")],
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1]), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout) == FROZEN
