"""The five typed documents: submission, task, record, attestation, reported result."""

from benchmark.documents.attestation import Attestation
from benchmark.documents.canonical import array_sha256, canonical_sha256, file_sha256, rounded
from benchmark.documents.own_recipe import OwnRecipe
from benchmark.documents.readers import read, read_record, read_submission, read_task
from benchmark.documents.record import (
    Cost,
    Flag,
    Outcome,
    Record,
    Result,
    Revision,
    Run,
    Score,
    ScoredArtifact,
    ScoredTask,
)
from benchmark.documents.reported import ReportedResult, ReportedResults
from benchmark.documents.submission import Artifact, Declarations, Detector, ModelSpec, Provenance, Submission
from benchmark.documents.task import Metric, Task, TaskData

__all__ = [
    "Artifact", "Attestation", "Cost", "Declarations", "Detector", "Flag", "Metric", "ModelSpec", "Outcome",
    "OwnRecipe", "Provenance", "Record", "ReportedResult", "ReportedResults", "Result", "Revision", "Run", "Score",
    "ScoredArtifact", "ScoredTask", "Submission", "Task", "TaskData", "array_sha256", "canonical_sha256", "file_sha256",
    "read", "read_record", "read_submission", "read_task", "rounded",
]  # fmt: skip
