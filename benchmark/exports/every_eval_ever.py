"""A record in the schema of Every Eval Ever, the EvalEval coalition's collection of evaluation results."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from benchmark.documents import Metric, Record, Score
from benchmark.exports.exported import Exported

SCHEMA_VERSION = "0.3.0"
BOUNDS: dict[str, tuple[float | None, float | None]] = {
    "share": (0.0, 1.0),
    "points": (-1.0, 1.0),
    "percent": (0.0, None),
    "ratio": (None, None),
    "count": (0.0, None),
    "bytes": (0.0, None),
}
"""Least and largest score by unit; a percentage of errors relative to another net has no largest one, a gain between
anchors neither."""
CLAIMED_KINDS = ("predictions", "ood-scores")


def every_eval_ever(exported: Exported) -> str:
    """JSON text that satisfies `eval.schema.json` 0.3.0, with every score of the task's metrics and its interval.

    Source: github.com/evaleval/every_eval_ever. The evaluator is a third party where maintainers attested the record
    and the submission is not their own, and `other` for predictions, which somebody else made. What the schema has no
    key for stands in `additional_details`, as text.
    """
    record, task, submission = exported.record, exported.task, exported.submission
    run = record.run
    name = submission.title if submission else record.result.submission
    whole: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": f"mettle/{exported.task_name}/{record.result.submission}/{record.id}",
        "evaluation_timestamp": run.started,
        "retrieved_timestamp": _epoch(run.started),
        "source_metadata": {
            "source_name": "Mettle",
            "source_type": "evaluation_run",
            "source_organization_name": "Mettle" if exported.attested else (submission.team if submission else name),
            "evaluator_relationship": _relationship(exported),
            "additional_details": {
                "attested": ", ".join(sorted(exported.attested)) or "by nobody yet",
                "tier": record.result.tier,
                **_trained_nets(record),
                "flags": "; ".join(f"{flag.name}: {flag.evidence}" for flag in record.result.flags) or "none",
            },
        },
        "eval_library": {
            "name": "mettle",
            "version": run.versions.get("mettle", "unknown"),
            "additional_details": {
                "commit": run.revision.commit or "unknown",
                "uncommitted_changes": str(run.revision.dirty).lower(),
                "task_definition_sha256": record.result.task.sha256,
                "split_sha256": record.result.task.split_sha256,
            },
        },
        "model_info": {
            "name": name,
            "id": record.result.submission,
            **({"developer": submission.team} if submission else {}),
            "inference_engine": {"name": "torch", "version": run.versions.get("torch", "unknown")},
            "additional_details": {
                "deployment_type": "self_deployed" if not _claimed(exported) else "unknown",
                "model_availability": _availability(exported),
                **{f"artifact_{i}_sha256": item.sha256 for i, item in enumerate(record.result.artifacts)},
            },
        },
        "evaluation_results": [
            _result(exported, metric, record.result.scores[metric.name]) for metric in exported.metrics
        ],
    }
    if task.not_comparable:
        whole["source_metadata"]["additional_details"]["not_comparable"] = task.not_comparable.strip()
    return json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False)


def _epoch(started: str) -> str:
    """Seconds since 1970 of the run's start: a record never changes, so neither does its export."""
    moment = datetime.fromisoformat(started)
    return f"{(moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp():.0f}"


def _relationship(exported: Exported) -> str:
    if exported.submission is None or _claimed(exported):
        return "other"
    maintained = bool(exported.attested & {"measured", "reproduced"})
    return "third_party" if maintained and not exported.submission.baseline else "first_party"


def _claimed(exported: Exported) -> bool:
    return any(item.kind in CLAIMED_KINDS for item in exported.record.result.artifacts)


def _availability(exported: Exported) -> str:
    """Weights that anybody can fetch are open; of predictions nothing is known about the model."""
    return "unknown" if _claimed(exported) or exported.submission is None else "open_weights"


def _result(exported: Exported, metric: Metric, score: Score) -> dict[str, Any]:
    task = exported.task
    data = {"dataset_name": f"{task.data.dataset} ({task.data.part})"}
    least, largest = BOUNDS[metric.unit]
    details: dict[str, Any] = {"score": score.value}
    if score.lower is not None and score.upper is not None:
        interval = {"lower": score.lower, "upper": score.upper, "confidence_level": score.confidence}
        details["uncertainty"] = {"confidence_interval": interval | {"method": f"over {score.covered}"}}
        if score.n is not None:
            details["uncertainty"]["num_samples"] = score.n
    return {
        "evaluation_result_id": f"{exported.record.id}/{metric.name}",
        "evaluation_name": f"{exported.task_name}/{metric.name}",
        "source_data": data
        | ({"source_type": "url", "url": task.sources} if task.sources else {"source_type": "other"}),
        "evaluation_timestamp": exported.record.run.started,
        "metric_config": {
            "evaluation_description": metric.description,
            "metric_id": metric.name,
            "metric_name": metric.title,
            "metric_unit": metric.unit,
            "lower_is_better": not metric.higher_is_better,
            "score_type": "continuous",
            "min_score": least,
            "max_score": largest,
        },
        "score_details": details,
    }


def _trained_nets(record: Record) -> dict[str, str]:
    """How many nets were trained on a submitted set; nothing of a checkpoint, for which none is."""
    trained = sum(map(len, record.result.training_seeds.values()))
    return {"trained_nets": str(trained)} if trained else {}
