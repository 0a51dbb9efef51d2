"""A set recipe: how the files of a dataset baseline were made, in one TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from benchmark.documents.location import RelativePath
from benchmark.documents.strict import Line, Strict, TaskId, decode_file, parse
from benchmark.errors import MettleError
from benchmark.set_making.methods import AnyMethod
from benchmark.set_making.proxy import Proxy
from benchmark.training.plan import Count

SETS = "sets"
"""The key that tells a set recipe from a training recipe."""


class MadeSet(Strict):
    """One file: what it is made from, how many images it holds, and how they are found."""

    task: TaskId
    path: RelativePath
    """Beside the recipe."""
    kind: Literal["distilled", "curated"]
    pool: Line
    """A data set of which the training part is chosen from."""
    images: Count
    """The budget, over all classes."""
    seed: Annotated[int, Field(ge=0)] = 1
    method: AnyMethod

    @model_validator(mode="after")
    def _kind_fits(self) -> Self:
        if self.kind == "curated" and self.method.makes_images:
            raise ValueError(f"{self.method.name} makes images of its own; a curated baseline chooses from the pool")
        return self


class SetRecipe(Strict):
    """All files of a baseline."""

    sets: Annotated[list[MadeSet], Field(min_length=1)]
    proxies: dict[Line, Proxy] = {}
    """For a pool, the nets whose answers the methods weigh."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for key in ("path", "task"):
            values = [getattr(made, key) for made in self.sets]
            if len(set(values)) != len(values):
                raise ValueError(f"the sets differ in {key}")
        needed = {made.pool: made.method.name for made in self.sets if made.method.needs_proxy}
        for pool, method in needed.items():
            if pool not in self.proxies:
                raise ValueError(f"{method} needs a [proxies.{pool}] table")
        if unused := sorted(set(self.proxies) - set(needed)):
            raise ValueError(f"no method weighs the proxy of {unused[0]}")
        if any(proxy.plan.epochs is None for proxy in self.proxies.values()):
            raise ValueError("the plan of a proxy has epochs: its nets are asked after each of them")
        return self

    def set_for(self, path: str) -> MadeSet:
        """The set with this file; raises MettleError naming those there are."""
        for made in self.sets:
            if made.path == path:
                return made
        raise MettleError(path, f"the recipe makes {', '.join(made.path for made in self.sets)}", "no such file")


def is_set_recipe(path: Path) -> bool:
    """Whether a recipe file makes sets, rather than nets."""
    content = decode_file(path)
    return isinstance(content, dict) and SETS in content


def read_set_recipe(path: Path) -> SetRecipe:
    """The recipe in a TOML file; raises MettleError naming the wrong key and the rule."""
    return parse(SetRecipe, decode_file(path), path)
