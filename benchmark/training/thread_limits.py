"""How many threads work inside: torch's own, and those of numpy's matrix products."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Lets torch and numpy use so many threads inside, and what they had before afterwards.

    numpy has no setting of its own: its linear algebra takes every core, though other processes train on them, and is
    several times slower for it.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with threadpool_limits(count, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)
