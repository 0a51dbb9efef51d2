"""Random draws: a stream of their own, independent of batching, and of the right laws."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmark.corruptions.draws import Draws

_MASK = (1 << 64) - 1


def philox_block(counter: int, key: int) -> list[int]:
    """Philox4x64 with ten rounds, after Salmon et al. 2011, in plain Python integers."""
    words = [(counter >> (64 * place)) & _MASK for place in range(4)]
    low, high = key & _MASK, key >> 64
    for _ in range(10):
        first, second = 0xD2E7470EE14C6C93 * words[0], 0xCA5A826395121157 * words[2]
        words = [(second >> 64) ^ words[1] ^ low, second & _MASK, (first >> 64) ^ words[3] ^ high, first & _MASK]
        low, high = (low + 0x9E3779B97F4A7C15) & _MASK, (high + 0xBB67AE8584CAA73B) & _MASK
    return words


@pytest.mark.parametrize("index", [0, 1, 7, 10**12])
def test_words_are_the_philox_blocks_of_the_image(index: int) -> None:
    drawn = Draws(5, "fog", np.array([index])).words("clouds", 20)[0]
    key = int.from_bytes(hashlib.sha256(b"mettle\x005\x00fog\x00clouds").digest()[:16], "little")
    # Twenty words need three blocks; numpy counts up before it makes a block.
    blocks = [word for place in range(3) for word in philox_block(3 * index + place + 1, key)]
    halves = [half for word in blocks for half in (word & 0xFFFFFFFF, word >> 32)]
    assert drawn.tolist() == halves[:20]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=30), st.integers(1, 50))
def test_an_image_gets_the_same_words_in_any_company(indices: list[int], count: int) -> None:
    together = Draws(1, "snow", np.array(indices)).words("a", count)
    alone = [Draws(1, "snow", np.array([index])).words("a", count)[0] for index in indices]
    assert np.array_equal(together, np.stack(alone))


def test_streams_differ_by_seed_corruption_purpose_and_index() -> None:
    streams = [
        Draws(seed, corruption, np.array([index])).words(purpose, 64).tobytes()
        for seed in (0, 1)
        for corruption in ("fog", "snow")
        for purpose in ("a", "b")
        for index in (0, 1)
    ]
    assert len(set(streams)) == len(streams)


def test_uniform_numbers_are_uniform_and_inside_the_open_interval() -> None:
    values = Draws(0, "law", np.arange(100)).uniform("u", (1000,))
    assert values.min() > 0.0
    assert values.max() < 1.0
    assert stats.kstest(values.reshape(-1), "uniform").pvalue > 1e-3


def test_normal_numbers_are_normal_and_finite() -> None:
    values = Draws(0, "law", np.arange(100)).normal("z", (1000,))
    assert np.isfinite(values).all()
    assert stats.kstest(values.reshape(-1), "norm").pvalue > 1e-3


def test_neighbouring_images_are_uncorrelated() -> None:
    values = Draws(0, "law", np.arange(101)).normal("z", (1000,))
    correlation = np.corrcoef(values[:-1].reshape(-1), values[1:].reshape(-1))[0, 1]
    assert abs(correlation) < 4.0 / np.sqrt(values.size)


def test_results_are_kept_and_read_only() -> None:
    draws = Draws(0, "law", np.arange(3))
    first = draws.normal("z", (4,))
    assert draws.normal("z", (4,)) is first
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 0.0


def test_an_empty_batch_is_empty() -> None:
    assert Draws(0, "law", np.empty(0, np.int64)).uniform("u", (4, 5)).shape == (0, 4, 5)
