"""Freezes the example images of a `-mc` task: what the nets see, as small PNG files that the leaderboard shows.

python -m scripts.freeze_examples fashion-mnist-mc

Writes `tasks/corruption/examples/<task>.v<version>/`: `clean.png` with the images one below the other,
`<corruption>.png` with a column a severity, mildest first, and `examples.json` with what they are and the sha256 of
each. The images are the first of the test split of three different classes. The pixels are those that are scored, held
against the split's checksums. Refuses data whose licence does not let us pass images on, and data whose licence does
not lie beside them as `LICENSE.<data set>.txt`.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from benchmark import data
from benchmark.corruptions import corrupt_severities
from benchmark.data.checksums import image_checksums
from benchmark.documents.store import write_atomically
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.task_registry import TaskEntry, find_task
from tasks.corruption.corrupted_accuracy import PROTOCOL
from tasks.corruption.generated_cells import GeneratedCells
from tasks.corruption.settings import CLEAN, cell_names, settings_of

IMAGES = 3
PASSED_ON = frozenset({"MIT"})
"""Licences, as manifests state them, under which images of a data set may be copied into the repository."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", help="name without the family, for instance fashion-mnist-mc")
    parser.add_argument("--tasks-dir", type=Path, default=ROOT / "tasks", help="where the task's TOML lies")
    arguments = parser.parse_args()
    try:
        folder = freeze(find_task(f"corruption/{arguments.task}", arguments.tasks_dir), arguments.tasks_dir)
    except MettleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    sizes = [path.stat().st_size for path in folder.glob("*.png")]
    print(f"{folder}: {len(sizes)} images, {sum(sizes):,} bytes")
    return 0


def freeze(entry: TaskEntry, tasks_dir: Path) -> Path:
    """Write the folder of examples of a task with generated cells, and return it.

    Raises MettleError for data whose licence forbids it, for a task of another kind, and where the pixels are not those
    of the frozen split.
    """
    folder = tasks_dir / "corruption" / "examples" / f"{entry.task.name}.v{entry.task.version}"
    check_licence(entry.task.data.dataset, folder.parent)
    split = PROTOCOL.open_split(entry)
    if not isinstance(split, GeneratedCells):
        raise MettleError(entry.task.id, "examples are made for tasks whose cells are generated")
    positions = first_of_each_class(split.labels, IMAGES)
    strips = {CLEAN: png(split.clean[positions][None])}
    for corruption, images in corrupted(split, positions).items():
        strips[corruption] = png(images)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in strips.items():
        write_atomically(folder / f"{name}.png", content)
    about = {
        "dataset": entry.task.data.dataset,
        "part": entry.task.data.part,
        "rule": f"The first {IMAGES} images of different classes, in the order of the split.",
        "positions": positions.tolist(),
        "classes": [entry.task.data.classes[label] for label in split.labels[positions]],
        "severities": settings_of(entry).severities,
        "files": {f"{name}.png": hashlib.sha256(content).hexdigest() for name, content in strips.items()},
    }
    write_atomically(folder / "examples.json", (json.dumps(about, indent=1) + "\n").encode())
    return folder


def check_licence(dataset: str, folder: Path) -> None:
    """MettleError where the licence of a data set does not let us pass images on, or does not lie in `folder`."""
    licence = data.read_manifest(dataset).licence
    if licence not in PASSED_ON:
        rule = f"examples are copied from data under a licence that allows it ({', '.join(sorted(PASSED_ON))})"
        raise MettleError(dataset, rule, f"licence: {licence}", "Leave this task without examples.")
    if not (notice := folder / f"LICENSE.{dataset}.txt").is_file():
        raise MettleError(notice, f"the {licence} licence asks for its text beside every copy", "no such file")


def first_of_each_class(labels: np.ndarray, count: int) -> np.ndarray:
    """Positions of the first images of so many different classes: int64 (count,), ascending.

    labels: int (N,). Raises ValueError where there are fewer classes.
    """
    first = np.sort(np.unique(labels, return_index=True)[1])
    if len(first) < count:
        raise ValueError(f"{count} classes are wanted, the labels have {len(first)}")
    return first[:count].astype(np.int64)


def corrupted(split: GeneratedCells, positions: np.ndarray) -> dict[str, np.ndarray]:
    """Corruption -> uint8 (severities, images, H, W, C), each image held against its frozen checksum.

    Raises MettleError where this machine makes other pixels than the split was frozen with.
    """
    settings, frozen, cells = settings_of(split.entry), split.frozen, list(split.frozen.cells)
    found = {}
    for corruption in settings.standard + settings.held_out:
        parameters = frozen.severities[corruption]
        found[corruption] = corrupt_severities(
            split.clean[positions], corruption, parameters, seed=frozen.seed, indices=positions
        )
        for cell, images in zip(cell_names(settings, corruption), found[corruption], strict=True):
            expected = split.checksums[cells.index(cell), positions]
            if (image_checksums(images, k=1)[:, 0] != expected).any():
                raise MettleError(f"{split.entry.task.id} cell {cell}", "examples are the pixels of the frozen split")
    return found


def png(images: np.ndarray) -> bytes:
    """Images uint8 (columns, rows, H, W, C) side by side and one below the other, as PNG without loss."""
    columns, rows, height, width, channels = images.shape
    sheet = images.transpose(1, 2, 0, 3, 4).reshape(rows * height, columns * width, channels)
    stream = io.BytesIO()
    Image.fromarray(sheet[..., 0] if channels == 1 else sheet).save(stream, "PNG", optimize=True)
    return stream.getvalue()


if __name__ == "__main__":
    sys.exit(main())
