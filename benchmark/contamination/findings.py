"""Images of a submitted set held against the test images: what is found, and the flags it raises."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from scipy import special

from benchmark.contamination.copies import closest_test_images, exact_copies
from benchmark.contamination.hashes import SMALLEST_SIDE_PX, find_copies_by_hash
from benchmark.contamination.nearly_equal import nearly_equal_pairs
from benchmark.documents import Flag
from benchmark.documents.measured.contamination_figures import SAME_WITHIN_LEVELS

INSPECTION = "contamination"
SEARCH_FORMAT = 5
"""Raised when the search gives other answers for the same images, so that older ones are not taken for its."""
Found = Mapping[str, np.ndarray]
FALSE_ALARMS = 0.01
"""Share of honest images that reach the threshold, at most."""
UNLIKELY = 0.01
"""Share of honest sets that are flagged, at most."""
SHOWN_PAIRS = 5
"""The nearest pairs in the record, whether or not they are copies."""
NAMED = 10
DECIMALS = 3
"""Correlations vary in their last digits with the processor; `result` does not."""


def look_for_copies(images: np.ndarray, test_images: np.ndarray, rows: np.ndarray | None = None) -> Found:
    """Copies of test images among the images of a set, both uint8 (., H, W, C), as a screen shows them.

    rows: int (N,), which image of the set each of them shows, ascending from 0 without a gap; one may be shown in
    several ways. By default each shows its own.
    exact: int64 (E, 2), row and test row of equal pixels, mirrored or not. alike: int64 (A, 2), of pixels as good as
    equal, by `nearly_equal_pairs`. test_row: int64 (R,), the nearest one of each row in the nearest of its ways, and
    correlation: float64 (R,), in [-1, 1]. hashed, from SMALLEST_SIDE_PX a side on: int64 (H, 2), row and test row whose
    perceptual hashes nearly agree; this needs the extra `hashes`, as `find_copies_by_hash` says.
    """
    shown = np.arange(len(images)) if rows is None else rows
    closest = closest_test_images(images, test_images)
    exact = sorted({(int(shown[copy.row]), copy.test_row) for copy in exact_copies(images, test_images)})
    alike = sorted({(int(shown[row]), test_row) for row, test_row in nearly_equal_pairs(images, test_images)})
    # The nearest of the ways a row is shown, the first of equals.
    order = np.lexsort((-closest.correlations, shown))
    nearest = order[np.unique(shown[order], return_index=True)[1]]
    found = {
        "exact": np.array(exact, dtype=np.int64).reshape(-1, 2),
        "alike": np.array(alike, dtype=np.int64).reshape(-1, 2),
        "test_row": closest.test_rows[nearest].astype(np.int64),
        "correlation": np.round(closest.correlations[nearest], DECIMALS),
    }
    if min(*images.shape[1:3], *test_images.shape[1:3]) >= SMALLEST_SIDE_PX:
        hashed = sorted({(int(shown[match.row]), match.test_row) for match in find_copies_by_hash(images, test_images)})
        found["hashed"] = np.array(hashed, dtype=np.int64).reshape(-1, 2)
    return found


def copied_images(found: Found, spared: Collection[int] = ()) -> dict[int, int]:
    """The images that are test images, by row, with the (first) test row: equal ones, and ones as good as equal.

    spared: test rows of which honest images can be as good as equal, since training images nearly repeat them; only
    equal ones are copies of those.
    """
    alike = {row: test_row for row, test_row in found["alike"][::-1].tolist() if test_row not in spared}
    equal = dict(found["exact"][::-1].tolist())
    return dict(sorted((alike | equal).items()))


def copy_flags(found: Found, threshold: float, spared: Collection[int] = ()) -> list[Flag]:
    """Contamination flags with their evidence: any copy, and more near copies than honest images have by chance.

    Copies are those of `copied_images`. Near copies are those that reach the correlation, and those whose hash agrees,
    where there are hashes.
    By chance: were FALSE_ALARMS of honest images near copies, at most UNLIKELY of honest sets would have so many or
    more. Of 10 images two are enough, of 100 five, of 500 twelve.
    """
    flags = []
    taken = copied_images(found, spared)
    if taken:
        evidence = (
            f"{len(taken):,} of {len(found['test_row']):,} images are test images, exactly or within "
            f"{SAME_WITHIN_LEVELS:.0f} of 255 levels (root mean square): {_listing(list(taken.items()))}."
        )
        flags.append(Flag(name="contamination", evidence=evidence + " A row with copies is void."))
    order = np.argsort(-found["correlation"], kind="stable").tolist()
    hashed = {int(row): int(test_row) for row, test_row in found.get("hashed", ())}
    near = [row for row in order if row not in taken and (found["correlation"][row] >= threshold or row in hashed)]
    if near and special.bdtrc(len(near) - 1, len(order), FALSE_ALARMS) <= UNLIKELY:
        evidence = (
            f"{len(near):,} of {len(order):,} images nearly are test images (correlation from {threshold:.3f}"
            f"{' or by hash' if hashed else ''}, largest {found['correlation'][near[0]]:.3f}), where at most "
            f"{FALSE_ALARMS:.0%} of honest ones are: "
            f"{_listing([(row, hashed.get(row, int(found['test_row'][row]))) for row in near])}."
        )
        flags.append(Flag(name="contamination", evidence=evidence))
    return flags


def pair_cells(found: Found) -> dict[str, dict[str, float]]:
    """The images that come nearest to a test image, nearest first: `pair:<row>` with it and their correlation."""
    nearest = np.argsort(-found["correlation"], kind="stable")[:SHOWN_PAIRS].tolist()
    return {
        f"pair:{row}": {"test_image": float(found["test_row"][row]), "correlation": float(found["correlation"][row])}
        for row in nearest
    }


def copy_cells(found: Found, spared: Collection[int] = ()) -> dict[str, dict[str, float]]:
    """The images that are test images, by `copied_images`: `copy:<row>`. The board ranks no record that has one."""
    taken = copied_images(found, spared)
    return {f"copy:{row}": {"test_image": float(test_row)} for row, test_row in taken.items()}


def _listing(pairs: list[tuple[int, int]]) -> str:
    shown = ", ".join(f"image {row} is test image {test_row}" for row, test_row in pairs[:NAMED])
    return shown + (f", and {len(pairs) - NAMED} more" if len(pairs) > NAMED else "")
