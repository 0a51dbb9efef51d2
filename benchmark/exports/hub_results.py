"""A record's primary score in the Hugging Face Hub's format for a model repository, `.eval_results/*.yaml`."""

from __future__ import annotations

import json
from typing import Any

from benchmark.errors import MettleError
from benchmark.exports.exported import Exported

PERCENT_UNITS = ("share", "points")


def hub_results(exported: Exported, dataset: str) -> str:
    """YAML text for `.eval_results/<task>.yaml`, built by huggingface_hub's own functions.

    dataset: `org/name` of the benchmark's data set on the Hub, of which the `eval.yaml` lists the task. Shares are
    given in percent, as on the board; interval and what it covers stand in the notes. No source is named, for a
    record has no address of its own, so the Hub shows the entry as the repository owner's. Raises MettleError for a
    data set that is no `org/name`, a record of another tier than standard or without the primary score, and a
    huggingface_hub without the format.
    """
    try:
        from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml
    except ImportError:
        fix = "pip install -U 'huggingface_hub>=1.4'"
        raise MettleError("huggingface_hub", "an older version does not know .eval_results", fix=fix) from None
    if len([part for part in dataset.split("/") if part]) != 2:
        rule = "names the benchmark's data set on the Hub as org/name"
        raise MettleError("--hub-dataset", rule, repr(dataset), "Its eval.yaml must list the task.")
    result = exported.record.result
    if result.tier != "standard":
        rule = "a record that is exported for the Hub is of the standard tier"
        raise MettleError(f"record {exported.record.id[:12]}", rule, result.tier, f"Score it without --{result.tier}.")
    metric, score = exported.task.primary, result.scores.get(exported.task.primary.name)
    if score is None:
        rule = f"a record that is exported for the Hub has the score {metric.name}"
        fix = "Export one of a task whose anchors are measured."
        raise MettleError(f"record {exported.record.id[:12]}", rule, "none of that name", fix)
    factor = 100 if metric.unit in PERCENT_UNITS else 1
    notes = f"{metric.title} of Mettle's {exported.task_name}"
    if score.lower is not None and score.upper is not None and score.confidence is not None:
        ends = f"[{factor * score.lower:.2f}, {factor * score.upper:.2f}]"
        notes += f"; {100 * score.confidence:g} % interval {ends} over {score.covered}"
    if result.flags:
        notes += f"; flagged: {', '.join(flag.name for flag in result.flags)}"
    notes += f"; record {exported.record.id[:12]}"
    entry = EvalResultEntry(
        dataset_id=dataset,
        task_id=exported.task_name.replace("/", "_"),
        value=round(factor * score.value, 8),
        date=exported.record.run.started,
        notes=notes,
    )
    return "\n".join(_yaml(item) for item in eval_result_entries_to_yaml([entry]))


def _yaml(entry: dict[str, Any]) -> str:
    """One entry of a block sequence. JSON scalars are YAML scalars, so no text can break out of its quotes."""
    lines = []
    for key, value in entry.items():
        if isinstance(value, dict):
            lines += [f"{key}:", *(f"  {inner}: {json.dumps(item)}" for inner, item in value.items())]
        else:
            lines.append(f"{key}: {json.dumps(value)}")
    return "\n".join(("- " if index == 0 else "  ") + line for index, line in enumerate(lines))
