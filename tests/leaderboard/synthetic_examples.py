"""Example images of a synthetic task, in the layout that the freezing script writes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from benchmark.documents import Task
from scripts.freeze_examples import png

DATASET = "fashion-mnist"
"""Has a manifest, and a licence that lets its images be passed on."""


def write_examples(tasks_dir: Path, task: Task, corruptions: tuple[str, ...], severities: int = 5) -> Path:
    """Two images, clean and in these corruptions: a column a severity, each of one grey, darker with the severity."""
    folder = tasks_dir / task.family / "examples" / f"{task.name}.v{task.version}"
    folder.mkdir(parents=True)
    side = task.data.image_size
    files = {}
    for name in ("clean", *corruptions):
        columns = 1 if name == "clean" else severities
        greys = np.arange(255, 255 - 50 * columns, -50, dtype=np.uint8)
        content = png(np.broadcast_to(greys[:, None, None, None, None], (columns, 2, side, side, 1)))
        (folder / f"{name}.png").write_bytes(content)
        files[f"{name}.png"] = hashlib.sha256(content).hexdigest()
    about = {"dataset": DATASET, "classes": ["Bag", "Coat"], "severities": severities, "files": files}
    (folder / "examples.json").write_text(json.dumps(about), encoding="utf-8")
    (folder.parent / f"LICENSE.{DATASET}.txt").write_text("The licence.\n", encoding="utf-8")
    return folder
