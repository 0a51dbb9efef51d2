"""Write the hashes and per-image checksums of a data set into its manifest (for maintainers).

    python scripts/make_manifest.py cifar10 --inexact train=positions.txt --inexact test=positions.txt

The facts of a manifest (title, classes, licence, sources) are typed by hand in benchmark/data/manifests/NAME.json;
`--parts test` is for a data set without a train part.
This reads the data from the first source on this machine, unverified, and fills in `parts` and
`checksums_sha256`; NAME.npy gets the per-image checksums. `--inexact` names a file of positions, separated by
white space, where this copy is known to differ from the official one.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmark.data.checksums import image_checksums, values_sha256
from benchmark.data.loading import load
from benchmark.data.manifest import MANIFESTS, Manifest
from benchmark.data.sources import debian, derived, embedded, mirror
from benchmark.data.sources.offer import Arrays
from benchmark.errors import MettleError
from benchmark.paths import mirrors


def main() -> int:
    """Exit code 0 once the manifest is written, 2 where the data or the facts are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("--inexact", action="append", default=[], metavar="PART=FILE")
    parser.add_argument("--parts", nargs="+", default=["train", "test"])
    options = parser.parse_args()
    path = MANIFESTS / f"{options.name}.json"
    try:
        inexact = {part: _positions(file) for part, file in (entry.split("=", 1) for entry in options.inexact)}
        rows = write(path, inexact, options.parts)
    except (MettleError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{path}: {rows} images")
    return 0


def write(path: Path, inexact: dict[str, tuple[int, ...]], parts: list[str]) -> int:
    """The number of images pinned: hashes into the JSON file at `path`, checksums into the .npy file beside it."""
    facts: dict[str, Any] = json.loads(path.read_text())
    facts["parts"] = {}
    checksums = []
    for part in parts:
        images, labels = _arrays(facts, part)
        positions = inexact.get(part, ())
        facts["parts"][part] = _pin(images, labels, positions)
        checksums.append(image_checksums(images))
    rows = np.concatenate(checksums)
    facts["checksums_sha256"] = values_sha256(rows)
    Manifest.model_validate(facts)
    np.save(path.with_suffix(".npy"), rows, allow_pickle=False)
    path.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
    return len(rows)


def _pin(images: np.ndarray, labels: np.ndarray, inexact: tuple[int, ...]) -> dict[str, Any]:
    exact = np.delete(images, list(inexact), axis=0)
    hashes = {"labels_sha256": values_sha256(labels), "images_sha256": values_sha256(exact)}
    return {"count": len(images), **hashes, **({"inexact": list(inexact)} if inexact else {})}


def _arrays(facts: dict[str, Any], part: str) -> Arrays:
    """The part as the first source on this machine has it."""
    # A source asks the manifest for the count before it decodes, so a draft carries the one its file states.
    hashes = {"labels_sha256": "0" * 64, "images_sha256": "0" * 64}
    parts = {part: {"count": _parquet_rows(facts, part) or 1, **hashes}}
    draft = Manifest.model_validate({**facts, "checksums_sha256": "0" * 64, "parts": parts})
    for offer in derived.offers(draft, part, load):
        return offer.read(True)
    for source in (mirror.offers, debian.installed, embedded.offers):
        for offer in source(draft, part):
            return offer.read(True)
    raise MettleError(facts["name"], "a mirror folder, a Debian package or a Python package must hold it", "none")


def _parquet_rows(facts: dict[str, Any], part: str) -> int | None:
    """The number of rows that the mirror's parquet files of a part state, if there are any."""
    for folder in mirrors() if "hub" in facts else []:
        files = [folder / "hub" / facts["hub"]["repo"] / name for name in facts["hub"]["files"][part]]
        if all(file.is_file() for file in files):
            return sum(pq.ParquetFile(file).metadata.num_rows for file in files)
    return None


def _positions(file: str) -> tuple[int, ...]:
    return tuple(sorted(int(position) for position in Path(file).read_text().split()))


if __name__ == "__main__":
    sys.exit(main())
