"""Making the frozen split of a detection task from the images on this machine."""

from __future__ import annotations

import json

from benchmark.data.checksums import values_sha256
from benchmark.errors import MettleError
from tasks.corruption.split import images_of
from tasks.ood.split import DetectionSplit, FrozenPass, OpenDetection, frozen_selection, role_key


def freeze(split: OpenDetection, *, partial: bool) -> DetectionSplit:
    """The split that pins what this machine shows; partial: of a draft, whose missing sets are named in `unpinned`.

    Raises MettleError where a set is missing and `partial` is not given.
    """
    settings = split.settings
    passes: dict[str, FrozenPass] = {}
    unpinned: dict[str, str] = {}
    replicates: list[str | None] = list(settings.hold_out) if settings.hold_out else [None]
    for name, source in split.sources().items():
        try:
            images = split.load(name)
        except MettleError:
            roles = [f"{group}/{name}" for group in ("near", "far") if name in getattr(settings, group)]
            if not partial or not roles:
                raise
            unpinned.update(dict.fromkeys(roles, source))
            continue
        whole = split.whole_part(name) is not None
        passes[name] = FrozenPass(
            source=source, count=len(images), images_sha256=None if whole else values_sha256(images)
        )
    selections = {
        role_key(settings, replicate, role): frozen_selection(chosen)
        for replicate in replicates
        for role, chosen in split.make_view(replicate).roles().items()
        if role not in unpinned
    }
    return DetectionSplit(images=images_of(split.dataset), passes=passes, unpinned=unpinned, selections=selections)


def dump(split: DetectionSplit) -> str:
    """The split as the text of its file."""
    return json.dumps(split.model_dump(mode="json", exclude_none=True), indent=1, ensure_ascii=False) + "\n"
