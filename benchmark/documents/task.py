"""A task: what is scored, on which frozen split, by which protocol, and which number ranks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from benchmark.documents.canonical import canonical_sha256
from benchmark.documents.location import RelativePath
from benchmark.documents.strict import Finite, Line, Link, Paragraph, Sha256, Strict, TaskId
from benchmark.documents.submission import ArtifactKind

Family = Literal["corruption", "subgroup", "distillation", "curation", "ood"]


class Metric(Strict):
    """One number a task reports."""

    name: Line
    """Key in the record, for instance `mean_accuracy`."""
    title: Line
    description: Paragraph
    unit: Literal["share", "points", "percent", "ratio", "count", "bytes"]
    """`share` is a fraction in [0, 1], shown as a percentage; `points` is a difference of shares."""
    higher_is_better: bool
    direction: Literal["best", "none"] = "best"
    """`none` where neither end is better, as of a learning rate: then `higher_is_better` says nothing."""
    floor: Finite | None = None
    """What a constant or random model gets; the zero of the anchored aggregate."""
    ceiling: Finite | None = None


class TaskData(Strict):
    """Which images a task shows to a submission."""

    dataset: Line
    part: Literal["train", "test"]
    classes: Annotated[list[Line], Field(min_length=2)]
    image_size: Annotated[int, Field(ge=1)]
    channels: Annotated[int, Field(ge=1)]
    split: RelativePath | None = None
    """The frozen split, relative to the family's folder; absent only in a draft."""
    split_sha256: Sha256 | None = None


class Task(Strict):
    """The content of `tasks/<family>/<name>.v<version>.toml`."""

    schema_version: Literal[1]
    id: TaskId
    version: Annotated[int, Field(ge=1)]
    title: Line
    summary: Paragraph
    not_comparable: Paragraph = ""
    """Which published benchmark this is not, although it looks like it."""
    tier: Literal["sandbox", "research"]
    state: Literal["draft", "active", "archived"]
    protocol: Line
    """Scoring code: the module `tasks.<family>.<protocol>`."""
    protocol_version: Annotated[int, Field(ge=1)]
    artifacts: Annotated[list[ArtifactKind], Field(min_length=1)]
    primary: Metric
    ranked: bool = True
    """False for diagnostics: scores are shown, and nobody is placed by them."""
    pair_test: Literal["paired_mean", "mcnemar", "worst_group", "delong", "training_runs"]
    """How two rows are compared, on the outcomes of each image, or of each training run, that both records hold."""
    also: list[Metric] = []
    data: TaskData
    settings: dict[str, Any] = {}
    """Read and checked by the protocol."""
    open_book: bool = False
    """Whether the answers are public and nothing submitted can show that they were not used; its table says so."""
    given_training_data: list[Line] = []
    """Where given, rows trained on anything else stand in a table of their own."""
    sources: list[Link] = []

    @property
    def family(self) -> str:
        return self.id.split("/")[0]

    @property
    def name(self) -> str:
        return self.id.split("/")[1]

    @property
    def scoring_sha256(self) -> str:
        """Hash of what decides a score: protocol, data and settings; titles and texts may be mended without it."""
        keys = {"id", "version", "protocol", "protocol_version", "data", "settings"}
        return canonical_sha256(self.model_dump(mode="json", include=keys))

    @model_validator(mode="after")
    def _pinned_unless_draft(self) -> Task:
        if self.state == "active" and (self.data.split is None or self.data.split_sha256 is None):
            raise ValueError("an active task has data.split and data.split_sha256; a task without them is a draft")
        return self
