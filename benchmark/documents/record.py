"""A record: the outcome of one (submission, task version); `result` is what equal runs share, `run` is the rest."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from benchmark.documents.canonical import canonical_sha256, rounded
from benchmark.documents.strict import Finite, Line, Paragraph, Sha256, Strict, SubmissionName, TaskId
from benchmark.documents.submission import ArtifactKind, Detector, ModelSpec


class ScoredTask(Strict):
    id: TaskId
    version: Annotated[int, Field(ge=1)]
    sha256: Sha256
    """`Task.scoring_sha256`."""
    split_sha256: Sha256


class ScoredArtifact(Strict):
    kind: ArtifactKind
    sha256: Sha256
    replicate: Line | None = None
    model: ModelSpec | None = None


class Score(Strict):
    """A number with its interval and what the interval covers."""

    value: Finite
    lower: Finite | None = None
    upper: Finite | None = None
    covers: Literal["test images", "training runs", "both"] | None = None
    confidence: Annotated[Finite, Field(gt=0, lt=1)] | None = None
    n: Annotated[int, Field(ge=0)] | None = None
    """How many independent units the interval rests on."""

    @model_validator(mode="after")
    def _interval_is_whole(self) -> Score:
        given = {name: getattr(self, name) is None for name in ("lower", "upper", "covers", "confidence")}
        if len(set(given.values())) != 1:
            raise ValueError("lower, upper, covers and confidence are given together or not at all")
        if self.lower is not None and self.upper is not None and not self.lower <= self.upper:
            raise ValueError("lower must not exceed upper")
        return self

    @property
    def covered(self) -> str:
        """What the interval covers, in words; empty without one."""
        return "test images and training runs together" if self.covers == "both" else self.covers or ""


class Outcome(Strict):
    """A per-example array behind the scores, named by its digest."""

    sha256: Sha256
    """`array_sha256` of the array."""
    dtype: Line
    shape: list[int]
    scale: Annotated[int, Field(ge=1)] = 1
    """What an entry is divided by: integers are exact, the shares they stand for are not."""
    stored: Literal["record", "store"]
    """In the record's own outcomes file, or in the content-addressed store beside the cache."""


class Flag(Strict):
    """A finding about the submission, with its evidence."""

    name: Literal["canary", "train-test-gap", "batch-dependent", "contamination", "anomaly"]
    evidence: Paragraph


class Cost(Strict):
    """What the scorer measured of the model."""

    parameters: Annotated[int, Field(ge=0)]
    flops: Annotated[int, Field(ge=0)] | None
    """Of one forward pass of one image."""
    forward_passes: Annotated[int, Field(ge=1)]
    """Per scored image and replicate."""
    weight_bytes: Annotated[int, Field(ge=0)]


class Result(Strict):
    """All that two equal runs must agree on, byte for byte."""

    task: ScoredTask
    submission: SubmissionName
    artifacts: Annotated[list[ScoredArtifact], Field(min_length=1)]
    scores: Annotated[dict[Line, Score], Field(min_length=1)]
    cells: dict[Line, dict[Line, Finite]] = {}
    """Scores of the parts of the split, for instance `gaussian_noise/3` -> {"accuracy": .81, "ece": .04}."""
    outcomes: dict[Line, Outcome] = {}
    """`primary`, always there for a ranked kind of score, holds each example's share of the primary metric."""
    replicates: dict[Line, dict[Line, Finite]] = {}
    """Scores of each training run or hold-out pair, where the submission has several."""
    detector: Detector | None = None
    """The out-of-distribution detector that was ranked, with the settings it ran with."""
    tier: Literal["standard", "quick", "fast"] = "standard"
    """How much of a task's training was done; only standard results are ranked."""
    training_seeds: dict[Sha256, list[Annotated[int, Field(ge=0)]]] = {}
    """Of the nets that were trained on each submitted set, run by run."""
    cost: Cost | None = None
    flags: list[Flag] = []

    def training_runs(self, score: str) -> dict[str, float]:
        """That score of each training run; empty for one run, and for hold-out pairs and other parts of a task.

        Training runs are those that the interval of the score covers: another run would give another score.
        """
        found = self.scores.get(score)
        if found is None or found.covers not in ("both", "training runs"):
            return {}
        return {name: scores[score] for name, scores in self.replicates.items() if score in scores}

    @property
    def flag_names(self) -> str:
        """The names of its flags, each once, commas between, as tables of numbers hold them; empty without flags."""
        return ",".join(dict.fromkeys(flag.name for flag in self.flags))

    @property
    def sha256(self) -> str:
        """The record's id: the hash of the result, without the keys that most tasks leave empty."""
        empty = {name for name in ("replicates", "detector", "training_seeds") if not getattr(self, name)}
        empty |= {"tier"} if self.tier == "standard" else set()
        return canonical_sha256(self.model_dump(mode="json", exclude=empty))


class Revision(Strict):
    commit: Line | None
    dirty: bool | None
    """Uncommitted changes in benchmark/ or tasks/."""


class Run(Strict):
    """Whatever else can matter: when, where, with what, from which copy of the data."""

    started: Line
    seconds: Annotated[Finite, Field(ge=0)]
    machine: Line
    device: Line
    threads: Annotated[int, Field(ge=1)]
    workers: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    precision: Literal["fp32", "fast"]
    versions: dict[Line, Line]
    revision: Revision
    data_source: Line
    data_copy: Literal["official", "mirror copy"] | None
    """None, as the hash below, where labels alone were needed."""
    pixels_sha256: Sha256 | None
    notes: list[Paragraph] = []


class Record(Strict):
    """The content of `submissions/<name>/records/<family>/<task>/v<version>/<id>.json`."""

    schema_version: Literal[1]
    id: Sha256
    result: Result
    run: Run

    @model_validator(mode="after")
    def _id_is_content(self) -> Record:
        if self.id != self.result.sha256:
            raise ValueError(f"the id must be the sha256 of the result, {self.result.sha256}")
        return self

    @classmethod
    def of(cls, result: dict[str, Any], run: Run) -> Record:
        """A record of a freshly computed result; floats are rounded to 10 decimals so that its id is stable."""
        typed = Result.model_validate_json(Result.model_validate(rounded(result), strict=False).model_dump_json())
        return cls(schema_version=1, id=typed.sha256, result=typed, run=run)
