"""A small stability task in a folder of its own: the real TOML, protocol, cells and images, fewer of them."""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.paths import ROOT
from scripts.freeze_stability_split import freeze


def small_stability(folder: Path, count: int) -> Path:
    """A tasks folder with fashion-mnist-stability on its first `count` images."""
    toml = folder / "corruption" / "fashion-mnist-stability.v1.toml"
    toml.parent.mkdir(parents=True)
    text = (ROOT / "tasks" / "corruption" / toml.name).read_text()
    text = re.sub(r"^split(_sha256)? = .*\n", "", text, flags=re.M)
    toml.write_text(re.sub(r"^state = .*$", 'state = "draft"', text, flags=re.M))
    freeze("fashion-mnist-stability", count, folder)
    return folder
