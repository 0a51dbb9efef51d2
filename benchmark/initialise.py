"""`mettle init`: a submission.toml to fill in, with the file's hash already there."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from benchmark.documents import Task, file_sha256
from benchmark.documents.location import PLACEHOLDER_SHA256
from benchmark.documents.store import write_atomically
from benchmark.documents.strict import PATTERN_RULES, SubmissionName
from benchmark.documents.submission import PLACEHOLDERS
from benchmark.errors import MettleError

HEAD = """\
schema_version = 1
name = "{name}"                # the folder's name
title = "{name}"               # how the board shows it
team = "{team}"
method = "{method}"         # one ranked entry per team and method
description = ""
licence = "MIT"                # of the {what}
# paper = "https://..."
# code = "https://..."

[declares]                     # what the scorer cannot see
training_data = ["{dataset}/train"]
pretraining = []
extra_data = []
group_labels_used = "none"     # none, val or train
corruptions_seen = []          # corruptions of the tests that training also used, in any strength
selected_on = "none"           # what the {what} were chosen on: none, val or test
test_evaluations = 0           # looks at a test split before this submission

[[artifacts]]
kind = "{kind}"
# path, url or hub: exactly one
path = "{file}"
sha256 = "{sha256}"
"""

CHECKPOINT = """
[artifacts.model]
architecture = "resnet8"       # a name of benchmark.models.architectures, torchvision:NAME or timm:NAME
in_channels = {channels}
image_size = {size}
mean = [0.0]                   # subtracted from images in [0, 1]; one value, or one per channel
std = [1.0]
# classes = ["..."]            # the order of your logits, if it might differ from the task's
# resize = 32                  # if the net wants another size than the task's
"""

DISTILLED = """
# The file is safetensors (or .npz) with
#   images         uint8 (N, C, H, W)
#   labels         whole numbers (N,), or in their place
#   soft_labels    float16 or float32 (N, classes), rows that sum to 1
#   range          float32 (C, 2), optional: low and high of each channel, 0 black and 1 white unless given;
#                  a value is low + byte / 255 x (high - low), so images may go beyond black and white
#   learning_rate  float32, optional: the ranked training takes it in place of its own
# benchmark.submitted_sets.write_distilled writes one from arrays whose images are (N, H, W, C), and
# `mettle convert IN OUT --kind distilled --mean M --std S` from the files of DC, DSA, DM, MTT and their successors.
# Every net is trained in the same way. A training of your own is re-run and shown beside it, never ranked:
#
# [artifacts.own_recipe]
# epochs = 1000                # or steps = ...
# batch_size = 256
# augmentations = ["dsa"]      # dsa, cutmix, both or none
# zca = false                  # whiten with the official training images (epsilon .1)
# factor = 1                   # 2: every image holds four of half the side
# [artifacts.own_recipe.optimizer]
# name = "sgd"                 # or adamw
# learning_rate = 0.01
# [artifacts.own_recipe.schedule]
# decay = "cosine"             # constant, linear or cosine
# [artifacts.own_recipe.loss]
# name = "cross_entropy"       # soft_cross_entropy, kl (with temperature = ...) or mse
# [artifacts.own_recipe.teacher]  # its bytes count: a net whose predictions are the labels
# architecture = "convnet3"
# url = "https://..."
# sha256 = "..."
"""

CURATED = """
# The file is safetensors (or .npz) with one of
#   indices    int64 (M,): positions in the task's pool; a repeat counts as an integer weight. With it, optional:
#   weights    float32 (M,): how often an image is drawn; 0, or from a thousandth of the mean to ten times the mean
#   labels     int64 (M,): your labels in place of the pool's, where the task allows it
# or
#   images     uint8 (N, H, W, C): images of your own, no two alike, with
#   labels     int64 (N,)
# or
#   suspicion  int64 (size of the pool,): every position once, the most suspect first
# benchmark.submitted_sets has write_choice, write_own_images and write_suspicion.
# Images of your own may be anything but evaluation data, and say where they come from:
#
# [artifacts.provenance]
# sources = ["photographs of mine, 2026"]
# licence = "CC0-1.0"
"""

TABLES = {"checkpoint": CHECKPOINT, "distilled": DISTILLED, "curated": CURATED}
EXAMPLES = {"distilled": "distillation/fashion-mnist-ipc10", "curated": "curation/fashion-mnist-coreset-5k"}
"""A task for each kind of data set, to name one in an error."""
FILE_OF = {"checkpoint": "weights.safetensors", "distilled": "set.safetensors", "curated": "set.safetensors"}


def initialise(submissions: Path, name: str, file: Path | None, task: Task | None = None) -> Path:
    """Write `<submissions>/<name>/submission.toml`, copying the file beside it where given; returns its path.

    task: what the artifact is made for, and what it is then scored on; without one it is a checkpoint, for every task
    that fits. Raises MettleError for a task that takes none of the kinds of `TABLES`, a name that is no name, a file
    that is not there or holds a data set without a task, and a submission that is there already.
    """
    pattern = SubmissionName.__metadata__[0].pattern  # type: ignore[attr-defined]
    if not re.fullmatch(pattern.strip("^$"), name):
        raise MettleError("NAME", PATTERN_RULES[pattern], repr(name))
    kind = _kind_for(task)
    folder = submissions / name
    path = folder / "submission.toml"
    if path.exists():
        raise MettleError(path, "this submission exists already", fix="Choose another name, or edit it.")
    if file is not None and not file.is_file():
        value = "a folder" if file.is_dir() else "no such file"
        raise MettleError(file, "--file names a file of weights or of a data set", value, "Check --file.")
    if task is None and file is not None and (kinds := _kinds_in(file)):
        fix = f"Add --task, for instance {' or '.join(EXAMPLES[one] for one in kinds)}."
        raise MettleError(file, "without --task a file holds the weights of a net", "a data set", fix)
    file_name, sha256 = FILE_OF[kind], PLACEHOLDER_SHA256
    if file is not None:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / file.name)
        file_name, sha256 = file.name, file_sha256(file)
    what = "weights" if kind == "checkpoint" else "images"
    open_keys = {key: placeholder for key, (placeholder, _) in PLACEHOLDERS.items()}
    data = task.data if task is not None else None
    dataset, channels, size = (data.dataset, data.channels, data.image_size) if data else ("fashion-mnist", 1, 28)
    head = HEAD.format(name=name, kind=kind, file=file_name, sha256=sha256, what=what, dataset=dataset, **open_keys)
    named = f'task = "{task.id}"\n' if task is not None else ""
    table = TABLES[kind].replace("{channels}", str(channels)).replace("{size}", str(size))
    write_atomically(path, (head + named + table).encode())
    return path


def _kind_for(task: Task | None) -> str:
    """Of the artifact that a task takes first, among those with a template; a checkpoint without a task."""
    if task is None:
        return "checkpoint"
    for kind in task.artifacts:
        if kind in TABLES:
            return kind
    fix = "Its card says what to write into submission.toml."
    raise MettleError("--task", f"there is a template for {', '.join(TABLES)}", ", ".join(task.artifacts), fix)


def _kinds_in(file: Path) -> list[str]:
    """The kinds of data set that a file may hold by its arrays' names; none for weights."""
    from benchmark.models.names_of_sets import kinds_of_set  # with torch, which a template does not need

    return kinds_of_set(_array_names(file))


def _array_names(file: Path) -> list[str]:
    """Of the arrays in a file, without running code of it; none where it cannot be read, which `mettle check` says."""
    from benchmark.models.checkpoint_file import read_checkpoint

    try:
        if file.suffix == ".npz":
            with zipfile.ZipFile(file) as archive:
                return [name.removesuffix(".npy") for name in archive.namelist()]
        content = read_checkpoint(file)
    except (MettleError, zipfile.BadZipFile):
        return []
    return [str(name) for name in content] if isinstance(content, Mapping) else []
