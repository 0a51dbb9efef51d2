"""A task's frozen split as Croissant metadata, MLCommons' description of data sets."""

from __future__ import annotations

import json
from typing import Any

from benchmark.data import Manifest, names, read_manifest
from benchmark.documents import Task
from benchmark.errors import MettleError

HUB = "https://huggingface.co/datasets/{repo}/resolve/{revision}/{file}"


def croissant(task: Task) -> str:
    """JSON-LD text that mlcroissant accepts: the split file and the image files by sha256, the classes as records.

    The images themselves are described where a file at a fixed address has a known sha256, else by their home page
    only. Raises MettleError for a draft, which has no split, and where mlcroissant is not installed.
    """
    try:
        import mlcroissant
    except ImportError:
        fix = "pip install 'mettle[croissant]'"
        raise MettleError("mlcroissant", "is needed for --format croissant", "no such package", fix) from None
    if task.data.split is None or task.data.split_sha256 is None:
        raise MettleError(task.id, "only a task with a frozen split has Croissant metadata", task.state)
    manifest = read_manifest(task.data.dataset) if task.data.dataset in names() else None
    split = mlcroissant.FileObject(
        id="split",
        name="split",
        description="Ids, labels, groups and hashes of what the task scores, in Mettle's own layout.",
        content_url=f"tasks/{task.family}/{task.data.split}",
        encoding_formats=["application/json"],
        sha256=task.data.split_sha256,
    )
    images = _image_files(mlcroissant, manifest, task.data.part) if manifest else []
    metadata = mlcroissant.Metadata(
        name=f"{task.id.replace('/', '-')}-v{task.version}",
        description=task.summary.strip(),
        url=manifest.homepage if manifest else task.sources[0] if task.sources else None,
        license=[manifest.licence] if manifest else None,
        cite_as="; ".join(task.sources) or None,
        version=f"{task.version}.0.0",
        distribution=[split, *images],
        record_sets=[_classes(mlcroissant, task)],
    )
    return json.dumps(metadata.to_json(), indent=1, ensure_ascii=False, default=str)


def _image_files(mlcroissant: Any, manifest: Manifest, part: str) -> list[Any]:
    """The Hub's files of the part at one commit, where their sha256 is known."""
    hub = manifest.hub
    if hub is None:
        return []
    return [
        mlcroissant.FileObject(
            id=f"images-{index}",
            name=f"images-{index}",
            description=f"{manifest.title}, {part}: images and labels in official order.",
            content_url=HUB.format(repo=hub.repo, revision=hub.revision, file=file),
            encoding_formats=["application/x-parquet"],
            sha256=hub.sha256[file],
        )
        for index, file in enumerate(hub.files.get(part, ()))
        if file in hub.sha256
    ]


def _classes(mlcroissant: Any, task: Task) -> Any:
    """The classes in the order of the labels, as records that stand in the metadata itself."""
    kinds = {"label": mlcroissant.DataType.INTEGER, "name": mlcroissant.DataType.TEXT}
    return mlcroissant.RecordSet(
        id="classes",
        name="classes",
        description="What each label means.",
        key=["classes/label"],
        fields=[
            mlcroissant.Field(
                id=f"classes/{name}", name=name, description=f"{name.capitalize()} of a class.", data_types=kind
            )
            for name, kind in kinds.items()
        ],
        data=[{"classes/label": label, "classes/name": name} for label, name in enumerate(task.data.classes)],
    )
