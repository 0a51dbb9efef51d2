"""Makes the files of dataset baselines from their set recipes and writes their sha256 into submission.toml.

python -m scripts.make_baseline_sets [NAME ...] [--missing] [--only PATH]

Without a name, of every baseline with a set recipe. Trainings are kept in the cache, and stopped ones go on. Where a
net decides a set, another machine or version may make another one: a line says so, and submission.toml names it.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path

from benchmark.documents.store import write_atomically
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.set_making.making import make_set
from benchmark.set_making.recipe import is_set_recipe, read_set_recipe

SUBMISSIONS = ROOT / "submissions"


def with_sha256(submission: str, path: str, sha256: str) -> str:
    """The text of a submission.toml with another sha256 for the artifact at a path, which stands right before it."""
    pattern = rf'(?m)^(path = "{re.escape(path)}"\nsha256 = ")[0-9a-f]{{64}}"$'
    changed, count = re.subn(pattern, rf'\g<1>{sha256}"', submission)
    if count != 1:
        raise MettleError("submission.toml", f"path = {path!r} stands once, sha256 on the next line", count)
    return changed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--missing", action="store_true", help="leave files that exist as they are")
    parser.add_argument("--only", metavar="PATH", help="this file of the recipe alone")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    arguments = parser.parse_args()
    names = arguments.names or [
        path.parent.name for path in sorted(SUBMISSIONS.glob("*/recipe.toml")) if is_set_recipe(path)
    ]
    for name in names:
        folder = SUBMISSIONS / name
        recipe = read_set_recipe(folder / "recipe.toml")
        for made in recipe.sets if arguments.only is None else [recipe.set_for(arguments.only)]:
            target = folder / made.path
            if arguments.missing and target.exists():
                continue
            start = time.process_time()
            sha256 = make_set(recipe, made, target, progress=not arguments.quiet)
            document = folder / "submission.toml"
            text = document.read_text(encoding="utf-8")
            changed = with_sha256(text, made.path, sha256)
            write_atomically(document, changed.encode())
            cpu_s = time.process_time() - start
            size_kb = Path(target).stat().st_size / 1000
            print(f"{name}/{made.path} {size_kb:.0f} kB sha256 {sha256} ({cpu_s:.0f} CPU-seconds)", flush=True)
            if changed != text:
                print(f"  not the file that {document} named: it names this one now, and needs a score of its own")


if __name__ == "__main__":
    try:
        main()
    except MettleError as error:
        raise SystemExit(str(error)) from None
