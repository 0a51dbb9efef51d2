"""The flag that a net knows the labels of test images nearly all honest models miss."""

from __future__ import annotations

from benchmark.documents import Flag, Score
from tasks.corruption.split import Canary


def canary_flag(canary: Canary, accuracy: Score) -> list[Flag]:
    """One flag where the lower end of the accuracy on the canary images exceeds the split's limit, else none."""
    assert accuracy.lower is not None
    if accuracy.lower <= canary.flag_above:
        return []
    evidence = (
        f"{accuracy.value:.1%} right (at least {accuracy.lower:.1%} by its interval) on {len(canary.ids)} test images "
        f"that nearly all honest models miss; the flag is raised above {canary.flag_above:.0%}."
    )
    return [Flag(name="canary", evidence=evidence)]
