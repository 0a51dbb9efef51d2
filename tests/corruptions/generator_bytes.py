"""Digests of what every generator makes of fixed images; `python generator_bytes.py` prints them as JSON."""

from __future__ import annotations

import hashlib
import json
import sys

import numpy as np

from benchmark.corruptions import CORRUPTIONS, corrupt_severities

SHAPES = ((28, 28, 1), (29, 41, 3))
STRENGTHS = (0.2, 0.5, 0.9)


def digests() -> dict[str, dict[str, str | int]]:
    """By corruption: its version, and the sha256 of 12 images of noise and ramps a shape at three strengths."""
    made: dict[str, dict[str, str | int]] = {}
    for name, corruption in CORRUPTIONS.items():
        digest = hashlib.sha256()
        sets = [corruption.parameters_at(strength) for strength in STRENGTHS]
        for shape in SHAPES:
            # Squares modulo a prime: alike on every machine, with flat and busy parts.
            places = np.arange(12 * int(np.prod(shape)), dtype=np.int64)
            images = np.where(places % 5000 < 2500, places**2 % 251, places // 40 % 256).astype(np.uint8)
            cells = corrupt_severities(images.reshape(12, *shape), name, sets, seed=7, indices=np.arange(12))
            digest.update(cells.tobytes())
        made[name] = {"version": corruption.version, "sha256": digest.hexdigest()}
    return made


if __name__ == "__main__":
    json.dump(digests(), sys.stdout, indent=1)
    print()
