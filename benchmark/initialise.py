"""`mettle init`: a submission.toml to fill in, with the weights' hash already there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from benchmark.documents import file_sha256
from benchmark.documents.store import write_atomically
from benchmark.documents.strict import PATTERN_RULES, SubmissionName
from benchmark.errors import MettleError

TEMPLATE = """\
schema_version = 1
name = "{name}"                # the folder's name
title = "{name}"               # how the board shows it
team = "your team"
method = "your method"         # one ranked entry per team and method
description = ""
licence = "MIT"                # of the weights
# paper = "https://..."
# code = "https://..."

[declares]                     # what the scorer cannot see
training_data = ["fashion-mnist/train"]
pretraining = []
extra_data = []
group_labels_used = "none"     # none, val or train
corruptions_seen = []          # corruptions of the tests that training also used, in any strength
selected_on = "none"           # what the checkpoint was chosen on: none, val or test
test_evaluations = 0           # looks at a test split before this submission

[[artifacts]]
kind = "checkpoint"
{location}
sha256 = "{sha256}"

[artifacts.model]
architecture = "resnet8"       # a name of benchmark.models.architectures, torchvision:NAME or timm:NAME
in_channels = 1
image_size = 28
mean = [0.0]                   # subtracted from images in [0, 1]; one value, or one per channel
std = [1.0]
# classes = ["..."]            # the order of your logits, if it might differ from the task's
# resize = 32                  # if the net wants another size than the task's
"""


def initialise(submissions: Path, name: str, weights: Path | None) -> Path:
    """Write `<submissions>/<name>/submission.toml`, copying the weights beside it where given; returns its path."""
    pattern = SubmissionName.__metadata__[0].pattern  # type: ignore[attr-defined]
    if not re.fullmatch(pattern.strip("^$"), name):
        raise MettleError("NAME", PATTERN_RULES[pattern], repr(name))
    folder = submissions / name
    path = folder / "submission.toml"
    if path.exists():
        raise MettleError(path, "this submission exists already", fix="Choose another name, or edit it.")
    location, sha256 = '# path, url or hub: exactly one\npath = "weights.safetensors"', "0" * 64
    if weights is not None:
        if not weights.is_file():
            raise MettleError(weights, "no such file", fix="Check --weights.")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(weights, folder / weights.name)
        location, sha256 = f'path = "{weights.name}"', file_sha256(weights)
    write_atomically(path, TEMPLATE.format(name=name, location=location, sha256=sha256).encode())
    return path
