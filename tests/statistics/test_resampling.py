"""Bootstrap counts: multinomial, and the same for ever."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics import resampling
from benchmark.statistics.resampling import image_counts


def all_counts(n: int, resamples: int, seed: int) -> np.ndarray:
    return np.concatenate(list(image_counts(n, resamples, seed)))


def test_every_draw_takes_n_images() -> None:
    counts = all_counts(101, 37, 0)
    assert counts.shape == (37, 101)
    assert (counts.sum(axis=1) == 101).all()
    assert counts.min() >= 0


def test_uniform_over_images_and_poisson_like() -> None:
    counts = all_counts(50, 4000, 1)
    assert stats.chisquare(counts.sum(axis=0)).pvalue > 1e-3
    assert counts.var() == pytest.approx(1 - 1 / 50, rel=0.02)
    assert np.corrcoef(counts[:, :2].T)[0, 1] == pytest.approx(-1 / 49, abs=0.06)


def test_the_stream_is_frozen() -> None:
    digest = hashlib.sha256(all_counts(1000, 20, 0).astype("<i8").tobytes()).hexdigest()
    assert digest == "84e2eeded5fef14e5e69786d2cea531cde03f086109903f8645330df74f97208"


def test_seeds_differ() -> None:
    assert (all_counts(100, 3, 0) != all_counts(100, 3, 1)).any()


def test_blocks_bound_memory_and_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = all_counts(301, 10, 0)
    monkeypatch.setattr(resampling, "DRAWS_PER_BLOCK", 1000)
    assert [len(block) for block in image_counts(300, 10, 0)] == [3, 3, 3, 1]
    assert [len(block) for block in image_counts(5000, 2, 0)] == [1, 1]
    np.testing.assert_array_equal(all_counts(301, 10, 0), whole)


@pytest.mark.parametrize(("n", "resamples"), [(0, 5), (5, 0)])
def test_nothing_to_draw_is_refused(n: int, resamples: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        list(image_counts(n, resamples, 0))
