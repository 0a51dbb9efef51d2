"""Small corruption tasks in a folder of their own: the real TOML, protocol, severities and images, fewer of them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from benchmark.paths import ROOT
from scripts.freeze_corruption_split import freeze

CORRUPTION = ROOT / "tasks" / "corruption"


def small_task(folder: Path, count: int, *, corruptions: list[str] | None = None, severities: int = 5) -> Path:
    """A tasks folder with fashion-mnist-mc on its first `count` images; without held-out corruptions unless asked."""
    family = folder / "corruption"
    family.mkdir(parents=True)
    toml = family / "fashion-mnist-mc.v1.toml"
    shutil.copy(CORRUPTION / toml.name, toml)
    text = toml.read_text()
    settings = text[text.index("[settings]") :]
    kept = re.sub(r"held_out = \[.*?\]\n", "", settings, flags=re.S) + f"severities = {severities}\n"
    if corruptions is not None:
        quoted = ", ".join(f'"{name}"' for name in corruptions)
        kept = re.sub(r"standard = \[.*?\]\n", f"standard = [{quoted}]\n", kept, flags=re.S)
    toml.write_text(text.replace(settings, kept).replace('state = "active"', 'state = "draft"'))
    freeze("fashion-mnist-mc", None, count, folder)
    return folder
