"""A submission: a method by a team, what it declares, and the artifacts that are scored."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from benchmark.documents.location import Located
from benchmark.documents.own_recipe import OwnRecipe
from benchmark.documents.strict import Finite, Line, Link, Paragraph, Share, Strict, SubmissionName, TaskId

ArtifactKind = Literal["checkpoint", "predictions", "ood-scores", "distilled", "curated"]

PLACEHOLDERS = {
    "team": ("your team", "Write who made it: a person or a group."),
    "method": ("your method", "Write what it is called: one entry per team and method is ranked."),
}
"""What `mettle init` writes into the keys that only the author knows, and what belongs there."""


class ModelSpec(Strict):
    """How weights become a net that maps images in [0, 1] to logits."""

    architecture: Line
    """A name of `benchmark.models.architectures`, or `torchvision:<name>`, or `timm:<name>`."""
    classes: list[Line] | None = None
    """The class names in the order of the logits; checked against the task where given."""
    in_channels: Annotated[int, Field(ge=1, le=16)] | None = None
    """Channels the net expects; checked against the task where given."""
    image_size: Annotated[int, Field(ge=1, le=4096)] | None = None
    """Height and width the weights were trained at; checked against the task (or `resize`) where given."""
    mean: list[Finite] = Field(default_factory=lambda: [0.0])
    """Subtracted from each channel of the image in [0, 1]; one value serves all channels."""
    std: list[Annotated[Finite, Field(gt=0)]] = Field(default_factory=lambda: [1.0])
    """Each channel is divided by it; one value serves all channels."""
    resize: Annotated[int, Field(ge=1, le=4096)] | None = None
    """Side to which images are resized (bilinear, antialiased) before the net, if the net wants another size."""


class Provenance(Strict):
    """Where images come from that somebody brought to a curation task, and on what terms."""

    sources: Annotated[list[Line], Field(min_length=1)]
    """Data sets, collections or generators, as others can find them."""
    licence: Annotated[Line, Field(min_length=1)]


class Artifact(Located):
    """One thing to score: where it is, what its bytes are, and for which task or replicate."""

    kind: ArtifactKind
    task: TaskId | None = None
    """The one task it is for; without it, every task that takes this kind and fits."""
    replicate: Line | None = None
    """Which training seed or hold-out pair it is."""
    model: ModelSpec | None = None
    provenance: Provenance | None = None
    """Of a curated set; required where it brings images of its own."""
    own_recipe: OwnRecipe | None = None
    """Of a distilled set: a training of its own, shown beside the ranked one."""

    @model_validator(mode="after")
    def _tables_fit_the_kind(self) -> Artifact:
        if (self.kind == "checkpoint") != (self.model is not None):
            raise ValueError("a checkpoint needs a [artifacts.model] table, and only a checkpoint has one")
        for table, kind in (("provenance", "curated"), ("own_recipe", "distilled")):
            if getattr(self, table) is not None and self.kind != kind:
                raise ValueError(f"only a {kind} artifact has an [artifacts.{table}] table, not a {self.kind} one")
        teacher = self.own_recipe.teacher if self.own_recipe else None
        if teacher is not None and teacher.path is not None and self.path is None:
            raise ValueError("a teacher in the submission's folder goes with a set there; give its url or hub")
        return self


class Detector(Strict):
    """The one out-of-distribution detector a submission is ranked with."""

    name: Line
    """A name of `benchmark.detectors`."""
    parameters: dict[Line, Finite] = {}
    """Its settings; those of its grid that do best on the validation sets, unless given."""


class Declarations(Strict):
    """What the scorer cannot see and the reader of the board must know."""

    training_data: list[Line]
    """Names of the data sets the method was trained on."""
    pretraining: list[Line] = []
    extra_data: list[Line] = []
    outlier_data: list[Line] = []
    """Images outside the classes that training or tuning has seen, for instance for outlier exposure."""
    group_labels_used: Literal["none", "val", "train"] = "none"
    corruptions_seen: list[Line] = []
    """Corruptions in training that also occur, in any strength, in a test."""
    selected_on: Literal["none", "val", "test", "unknown"]
    """What the checkpoint or the settings were chosen on; `unknown` only for results of others that we submit."""
    test_evaluations: Annotated[int, Field(ge=0)] = 0
    """How often a test split was looked at before this submission."""
    claims: dict[TaskId, Share] = {}
    """The primary score the author expects, per task."""


class Submission(Strict):
    """The content of `submissions/<name>/submission.toml`."""

    schema_version: Literal[1]
    name: SubmissionName
    """Equal to the folder's name."""
    title: Line
    """How the board shows it."""
    team: Line
    method: Line
    """One ranked entry per team and method."""
    description: Paragraph = ""
    paper: Link | None = None
    code: Link | None = None
    licence: Line
    baseline: bool = False
    """One of ours, with a recipe.toml that `mettle reproduce` re-runs."""
    declares: Declarations
    detector: Detector | None = None
    """For out-of-distribution tasks; the maximum softmax probability where none is named."""
    artifacts: Annotated[list[Artifact], Field(min_length=1)]

    @model_validator(mode="after")
    def _replicates_differ(self) -> Submission:
        seen: dict[tuple[str, str | None], str | None] = {}
        for artifact in self.artifacts:
            key = (artifact.sha256, artifact.task)
            if key in seen:
                first, second = (name or "(unnamed)" for name in (seen[key], artifact.replicate))
                raise ValueError(f"replicates are different files; {first} and {second} have one sha256")
            seen[key] = artifact.replicate
        return self
