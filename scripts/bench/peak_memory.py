"""Peak memory of scoring, in MB, of all processes of a run together.

python -m scripts.bench.peak_memory mc        # submissions/resnet20-akamaster on corruption/cifar10-mc
python -m scripts.bench.peak_memory official  # the layout of CIFAR-10-C: files of 50,000 images, read by memory map

The official files are not here, so `official` writes two files of their size and shape from generated cells.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmark import data
from benchmark.corruptions import CORRUPTIONS, corrupt_severities
from benchmark.paths import ROOT
from benchmark.pin import pin_task

NAMES = ("gaussian_noise", "fog")


def proportional_mb(pid: int) -> float:
    """Memory of one process in MB; a page that n processes share counts 1/n."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except (OSError, ProcessLookupError):
        pass
    return 0.0


def peak_mb(command: list[str], environment: dict[str, str]) -> float:
    """The largest sum over the processes of a command's group, polled ten times a second."""
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    peak = 0.0
    while process.poll() is None:
        members = [
            int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and _group(int(p.name)) == process.pid
        ]
        peak = max(peak, sum(map(proportional_mb, members)))
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"the command failed with {process.returncode}")
    return peak


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return -1


def write_official(folder: Path) -> None:
    """Two corruptions of the CIFAR-10 test set in the layout of CIFAR-10-C, and a draft task that names them."""
    test = data.load("cifar10", "test")
    files = folder / "mirror" / "Official"
    files.mkdir(parents=True)
    indices = np.arange(len(test), dtype=np.int64)
    for name in NAMES:
        levels = [CORRUPTIONS[name].parameters_at(level / 6) for level in range(1, 6)]
        np.save(
            files / f"{name}.npy",
            np.concatenate(corrupt_severities(test.images, name, levels, seed=1, indices=indices)),
        )
    np.save(files / "labels.npy", np.tile(test.labels, 5))
    tasks = folder / "tasks" / "corruption"
    tasks.mkdir(parents=True)
    text = (ROOT / "tasks" / "corruption" / "cifar10-c.v1.toml").read_text()
    names = ", ".join(f'"{name}"' for name in NAMES)
    text = text[: text.index("[settings]")].replace("corruption/cifar10-c", "corruption/official")
    text += f'[settings]\ncells = "official"\nfolder = "Official"\nstandard = [{names}]\n'
    (tasks / "official.v1.toml").write_text(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("layout", choices=["mc", "official"])
    parser.add_argument("--submission", type=Path, default=ROOT / "submissions" / "resnet20-akamaster")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [
            sys.executable,
            "-m",
            "benchmark.cli",
            "score",
            str(arguments.submission),
            "--out",
            str(folder / "out"),
        ]
        command += ["--workers", str(arguments.workers), "--fresh"]
        environment = dict(os.environ)
        if arguments.layout == "official":
            write_official(folder)
            environment["METTLE_MIRROR"] = os.pathsep.join(
                [str(folder / "mirror"), os.environ.get("METTLE_MIRROR", "")]
            )
            os.environ["METTLE_MIRROR"] = environment["METTLE_MIRROR"]
            pin_task("corruption/official", folder / "tasks")
            command += ["--task", "corruption/official", "--tasks-dir", str(folder / "tasks")]
        else:
            command += ["--task", "corruption/cifar10-mc"]
        print(f"peak of {arguments.workers} workers and their parent: {peak_mb(command, environment):.0f} MB")


if __name__ == "__main__":
    main()
