"""From a set recipe to its files: loads the pool, finds the images, writes what is submitted."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import numpy as np

from benchmark import data
from benchmark.set_making.methods import Choice, Job, Making
from benchmark.set_making.proxy import Evidence, evidence
from benchmark.set_making.recipe import MadeSet, SetRecipe
from benchmark.submitted_sets import write_choice, write_distilled


def make_set(recipe: SetRecipe, made: MadeSet, target: Path, *, progress: bool = True) -> str:
    """Writes one set of a recipe to `target` as safetensors; returns the file's sha256.

    A distilled set holds images, chosen or made, in the order of their classes; a curated one the chosen positions,
    ascending. Equal runs give equal bytes on one machine and torch version; where no net is trained, everywhere.
    Trainings are kept in the cache, and stopped ones go on. Raises MettleError for an unknown pool and for what the
    pool cannot give.
    """
    pool = data.load(made.pool, "train", progress=progress)

    @cache
    def said() -> Evidence:
        return evidence(recipe.proxies[made.pool], pool, progress=progress)

    job = Job(pool, made.images, made.seed, said, progress)
    method = made.method
    if isinstance(method, Making):
        result = method.made(job)
        write_distilled(target, result.images, labels=result.labels)
    else:
        assert isinstance(method, Choice)
        chosen = method.chosen(job)
        if made.kind == "curated":
            write_choice(target, np.sort(chosen))
        else:
            in_order = chosen[np.argsort(pool.labels[chosen], kind="stable")]
            write_distilled(target, pool.images[in_order], labels=pool.labels[in_order])
    return hashlib.sha256(target.read_bytes()).hexdigest()
