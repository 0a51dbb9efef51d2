"""A training recipe: everything that decides the weights, in one TOML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from benchmark.documents.strict import Line, decode_file, parse
from benchmark.errors import MettleError
from benchmark.training.plan import TrainingPlan


@dataclass(frozen=True)
class Replicate:
    """One net of a recipe: its seed and the classes it was trained without.

    name: as the artifact's `replicate` in a submission: "seed 1", or "coat+bag" where classes are held out, with the
    seed after it where the recipe has several.
    """

    name: str
    seed: int
    held_out: tuple[str, ...] = ()


class Recipe(TrainingPlan):
    """How a net of ours was trained, and on what."""

    dataset: Line
    part: Literal["train"] = "train"
    first_examples: Annotated[int, Field(ge=1)] | None = None
    """Train on this many leading examples only, so that the others stay unseen for calibration."""
    seeds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]
    """One net is trained for each."""
    hold_outs: list[Annotated[list[Line], Field(min_length=1)]] = []
    """Sets of classes: one net is trained without each of them, for each seed. The other classes keep their order."""
    sampling: Literal["shuffled", "group_balanced"] = "shuffled"
    """group_balanced: an epoch draws as many examples with replacement, each class x background equally often."""
    luma_only: bool = False
    """Trains on the luma of colour images and folds it into the first layer, so that the net takes colour images."""
    corruptions_seen: list[Line] = []
    """Test corruptions that the augmentations resemble."""

    @model_validator(mode="after")
    def _declares_what_it_shows(self) -> Self:
        seen = {name for augmentation in self.augmentations for name in augmentation.resembles}
        if missing := sorted(seen - set(self.corruptions_seen)):
            raise ValueError(f"corruptions_seen must declare {', '.join(missing)}, which its augmentations resemble")
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError("seeds must differ")
        if len({frozenset(classes) for classes in self.hold_outs}) != len(self.hold_outs):
            raise ValueError("hold_outs must differ")
        if self.luma_only and len({*self.mean}) * len({*self.std}) != 1:
            raise ValueError("luma_only needs one mean and one std for all channels")
        if self.luma_only and self.outliers:
            raise ValueError("luma_only and outliers do not go together: outliers are made of the images as they are")
        return self

    def replicates(self) -> list[Replicate]:
        """Every net of the recipe, hold-outs first, then seeds."""
        if not self.hold_outs:
            return [Replicate(f"seed {seed}", seed) for seed in self.seeds]
        return [
            Replicate(
                "+".join(classes).lower() + (f", seed {seed}" if len(self.seeds) > 1 else ""), seed, tuple(classes)
            )
            for classes in self.hold_outs
            for seed in self.seeds
        ]

    def replicate(self, name: str | None) -> Replicate:
        """The net of this name; the first without one. Raises MettleError for a name the recipe does not have."""
        nets = self.replicates()
        if name is None:
            return nets[0]
        for net in nets:
            if net.name == name:
                return net
        raise MettleError("replicate", f"the recipe's are {'; '.join(net.name for net in nets)}", repr(name))

    def settings(self) -> dict[str, object]:
        """What the file says besides seeds and hold-outs, as JSON values: a net does not depend on the other nets.

        Defaults are left out, so that a later option does not change what older recipes say.
        """
        return self.model_dump(mode="json", exclude={"seeds", "hold_outs"}, exclude_defaults=True)


def read_recipe(path: Path) -> Recipe:
    """The recipe in a TOML file; raises MettleError naming the wrong key and the rule."""
    return parse(Recipe, decode_file(path), path)
