"""Time of making corrupted images: ours against imagecorruptions-imaug, imgcorr and corrupt-tta, in one run.

Every generator gets the same images, 32 x 32 x 3, on one thread, and the five published CIFAR-10-C parameter
sets. The peers hold ImageNet's parameters inside their functions; the list literal is exchanged in the
function's syntax tree, and nothing else. Where a peer's function has parameters of another kind it runs with
its own, and its figure is marked. The runs are interleaved and the best of the repeats counts.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import inspect
import os
import sys
import textwrap
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

# Before numpy, which reads them once.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmark.corruptions import CORRUPTIONS, EXTRA_4, STANDARD_15, corrupt_severities  # noqa: E402
from benchmark.corruptions.draws import Draws  # noqa: E402
from benchmark.corruptions.held_out_light import plasma_noise  # noqa: E402

PEERS = {
    "imaug": ("imagecorruptions", "imagecorruptions-imaug"),
    "imgcorr": ("imgcorr", "imgcorr"),
    "tta": ("corrupt_tta", "corrupt-tta"),
}
INSTALL = (
    "python -m venv .venv-peers && .venv-peers/bin/pip install --no-deps imagecorruptions-imaug imgcorr corrupt-tta "
    "opencv-python-headless scikit-image numba llvmlite numpy scipy pillow imageio tifffile networkx lazy_loader "
    "packaging 'setuptools<81', then run this file with .venv-peers/bin/python (or: pip install -e '.[bench]')"
)
# Its parameters are of another kind than the published ones.
OWN_PARAMETERS = {("imaug", "elastic_transform"), ("imgcorr", "elastic_transform"), ("tta", "spatter")}
Make = Callable[[np.ndarray, int], np.ndarray]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=2000, help="images a severity (default 2000)")
    parser.add_argument("--repeats", type=int, default=2, help="the best of so many counts (default 2)")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="these corruptions alone")
    parser.add_argument("--extra", action="store_true", help="the four extra corruptions too")
    parser.add_argument("--no-peers", action="store_true", help="time ours alone")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    peers = {} if arguments.no_peers else _peers()
    names = arguments.only or [*STANDARD_15, *(EXTRA_4 if arguments.extra else ())]
    images = _images(arguments.images)
    print(f"{len(images)} plasma images 32 x 32 x 3, severities 1-5, one thread, best of {arguments.repeats}; seconds")
    best: dict[tuple[str, str], float] = {}
    steps = arguments.repeats * len(names) * (1 + len(peers))
    done = 0
    for _ in range(arguments.repeats):
        for name in names:
            for who in ("ours", *peers):
                _progress(done, steps, f"{name}, {who}")
                seconds = _ours(name, images) if who == "ours" else _theirs(peers[who], name, images)
                best[name, who] = min(seconds, best.get((name, who), np.inf))
                done += 1
    _progress(done, steps, "")
    return _report(names, list(peers), best)


def _images(count: int) -> np.ndarray:
    """Images with the spectrum of natural ones: a plasma fractal in each channel about mid-grey."""
    grey = np.full((count, 32, 32, 3), 128, np.uint8)
    return plasma_noise(grey, Draws(0, "bench", np.arange(count)), amount=0.9)


def _ours(name: str, images: np.ndarray) -> float:
    # Tables and operators are made once a process; counting them once a run is the worst case for us.
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("benchmark.corruptions"):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
    published = CORRUPTIONS[name].published
    if published is None:
        raise SystemExit(f"{name} has no published parameters")
    start = time.perf_counter()
    corrupt_severities(images, name, published, seed=0, indices=np.arange(len(images)))
    return time.perf_counter() - start


def _theirs(make: dict[str, Make], name: str, images: np.ndarray) -> float:
    np.random.seed(0)
    with contextlib.redirect_stdout(None):
        np.uint8(make[name](images[0], 1))  # compiles what is compiled at the first call
        start = time.perf_counter()
        for severity in range(1, 6):
            for image in images:
                np.uint8(make[name](image, severity))
        return time.perf_counter() - start


def _peers() -> dict[str, dict[str, Make]]:
    found = {}
    for who, (package, distribution) in PEERS.items():
        try:
            module = importlib.import_module(package)
        except ImportError as error:
            print(f"{distribution} is missing ({error}). Install the peers: {INSTALL}", file=sys.stderr)
            continue
        found[who] = {name: _peer_function(module, who, name) for name in (*STANDARD_15, *EXTRA_4)}
    if found:
        import cv2

        cv2.setNumThreads(1)
    return found


def _peer_function(module: ModuleType, who: str, name: str) -> Make:
    """The peer's public `corrupt` for one corruption, with the published parameters inside."""
    if (who, name) not in OWN_PARAMETERS:
        module.corruption_dict[name] = _with_published(module.corruption_dict[name], name)
    return lambda image, severity: module.corrupt(image, severity=severity, corruption_name=name)


def _with_published(function: Callable, name: str) -> Callable:
    """The same function with the list in `c = [...][severity - 1]` exchanged."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    lists = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Subscript)
        and isinstance(node.value.value, ast.List)
        and ast.unparse(node.targets[0]) == "c"
    ]
    if len(lists) != 1:
        raise SystemExit(f"{function.__module__}.{name}: expected one list of severities, found {len(lists)}")
    lists[0].value = ast.parse(repr(_peer_parameters(name)), mode="eval").body
    namespace: dict[str, object] = {}
    exec(
        compile(ast.fix_missing_locations(tree), f"<{name} with published parameters>", "exec"),
        function.__globals__,
        namespace,
    )
    return namespace[name]  # type: ignore[return-value]


def _peer_parameters(name: str) -> list[object]:
    rows = [tuple(_whole(value) for value in row.values()) for row in CORRUPTIONS[name].published or ()]
    if name == "zoom_blur":
        return [np.arange(1, largest + 0.005, 0.01).tolist() for (largest,) in rows]
    return [row[0] if len(row) == 1 else row for row in rows]


def _whole(value: float) -> float | int:
    return int(value) if float(value).is_integer() else float(value)


def _progress(done: int, steps: int, what: str) -> None:
    if sys.stderr.isatty():
        filled = 30 * done // steps
        bar = "#" * filled + "." * (30 - filled)
        print(f"\r\x1b[K[{bar}] {done}/{steps} {what}", end="" if done < steps else "\n", file=sys.stderr, flush=True)
    elif what:
        print(f"{done}/{steps} {what}", file=sys.stderr, flush=True)


def _report(names: list[str], peers: list[str], best: dict[tuple[str, str], float]) -> int:
    print(f"{'corruption':20}" + "".join(f"{who:>10}" for who in ("ours", *peers)) + f"{'best/ours':>11}")
    ours = theirs = 0.0
    slower = []
    for name in names:
        ours += best[name, "ours"]
        row = f"{name:20}{best[name, 'ours']:10.3f}"
        for who in peers:
            row += f"{best[name, who]:9.3f}" + ("*" if (who, name) in OWN_PARAMETERS else " ")
        if peers:
            fastest = min(best[name, who] for who in peers)
            theirs += fastest
            row += f"{fastest / best[name, 'ours']:11.1f}"
            if fastest < best[name, "ours"]:
                slower.append(name)
        print(row)
    print(
        f"total, ours {ours:.2f} s"
        + (f"; sum of the best peer a corruption {theirs:.2f} s; ratio {theirs / ours:.1f}" if peers else "")
    )
    if peers:
        print("* the peer's own parameters (its function has none of the published kind)")
        print("slower than the best peer: " + (", ".join(slower) or "none"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
