"""How much of a task's training is done, and with which seeds: the full protocol, or a quick look at it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmark.errors import MettleError

SHORTEST_SALT = 16
"""A shorter text could be guessed from the seeds it gave."""

Tier = Literal["standard", "quick", "fast"]


@dataclass(frozen=True)
class Effort:
    """Of tasks that train nets on a submitted set; tasks that score checkpoints know only the standard one.

    tier: quick trains few nets for few steps, fast trains in bfloat16; neither is ever ranked.
    """

    tier: Tier = "standard"
    salt: str = ""
    """Known to the maintainers alone: official runs draw their seeds from it. Empty: development seeds."""
    seeds: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """In place of the others: artifact hashes with the seeds of the record that is scored again."""

    def seed(self, artifact_sha256: str, run: int) -> int:
        """The seed of a run, counted from 0: 1, 2, 3 in development, else drawn from the artifact and the salt.

        So nobody can choose a set by the seeds it will be trained with. Raises MettleError for a run beyond `seeds`.
        """
        if self.seeds:
            given = dict(self.seeds).get(artifact_sha256, ())
            if run >= len(given):
                rule = f"the record that is scored again has {len(given)} runs of {artifact_sha256[:12]}"
                raise MettleError("seeds", rule, f"run {run + 1}")
            return given[run]
        if not self.salt:
            return run + 1
        digest = hashlib.sha256(f"{self.salt}/{artifact_sha256}/{run}".encode()).digest()
        return int.from_bytes(digest[:4], "big")

    def gives(self, training_seeds: Mapping[str, Sequence[int]]) -> bool:
        """Whether these are the seeds, by artifact hash, of this effort's runs."""
        return all(
            seed == self.seed(artifact, run)
            for artifact, seeds in training_seeds.items()
            for run, seed in enumerate(seeds)
        )


STANDARD = Effort()


def are_development(training_seeds: Mapping[str, Sequence[int]]) -> bool:
    """Whether some artifact, by its hash, has the seeds 1, 2, 3, ..., by which its author could choose it."""
    return any(STANDARD.gives({artifact: seeds}) for artifact, seeds in training_seeds.items())


def effort_of(quick: bool, fast: bool, salt_file: Path | None) -> Effort:
    """What the options of the command line ask for; MettleError for two tiers at once, or a salt nobody could keep."""
    if quick and fast:
        raise MettleError("--quick and --fast", "are two tiers", "both", "Choose one.")
    return Effort("quick" if quick else "fast" if fast else "standard", read_salt(salt_file))


def read_salt(file: Path | None) -> str:
    """The maintainers' salt; empty without a file, MettleError for one that holds no salt."""
    if file is None:
        return ""
    try:
        salt = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise MettleError("--salt-file", "it is a text file", str(file)) from error
    if len(salt) < SHORTEST_SALT:
        raise MettleError("--salt-file", f"a salt has at least {SHORTEST_SALT} characters", len(salt))
    return salt
