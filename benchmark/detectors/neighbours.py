"""Exact nearest neighbours of many queries in many training features, in blocks of bounded memory.

A float32 matrix product of the unit vectors, with a bound on its error, leaves few training images of which the order
is open. Those are measured again in float64, pair by pair and without a matrix product, so that the result is the one
of a plain loop: equal for all block sizes and thread counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.detectors.outputs import row_blocks

Floats = NDArray[np.float64]
PRODUCTS_A_BLOCK = 2**24
"""Products of queries and training images held at once; 67 MB in float32."""
_PAIR_VALUES = 2**22
_OPEN_PAIRS_A_QUERY = 200
"""Above this mean, features are too alike for float32, and a float64 product decides faster than pairs do."""


@dataclass(frozen=True)
class _Contenders:
    """Pairs of a block whose order is open: query and neighbour, int64 (pairs,), by ascending query.

    above: int64 (queries,), how many neighbours are closer for certain.
    """

    query: NDArray[np.int64]
    neighbour: NDArray[np.int64]
    above: NDArray[np.int64]

    def sorted_rows(self, values: Floats) -> Floats:
        """The values (pairs,) of every query in ascending order, filled up with infinity: (queries, most pairs)."""
        counts = np.bincount(self.query, minlength=len(self.above))
        places = np.arange(len(values)) - (np.cumsum(counts) - counts)[self.query]
        rows = np.full((len(counts), counts.max()), np.inf)
        rows[self.query, places] = values
        rows.sort(axis=1)
        return rows


class Bank:
    """Training features as unit vectors, each times a weight (1 where none is given); 0 stays 0.

    features: float (N, D). k: how many neighbours will be asked for, 1 to N. weights: float64 (N,).
    """

    def __init__(self, features: NDArray[np.floating], k: int, weights: Floats | None = None) -> None:
        kept = _at_most(k, features if weights is None else np.column_stack([features, weights]))
        if not kept.all():  # more copies of one vector change nothing, but all would be measured for every query
            features, weights = features[kept], None if weights is None else weights[kept]
        self._features, self._k = features, k
        norms = np.concatenate([_norms(features[rows].astype(np.float64)) for rows in row_blocks(len(features))])
        weights = np.ones(len(features)) if weights is None else weights
        self._factors = np.divide(weights, norms, out=np.zeros_like(norms), where=norms > 0)
        self._largest = float(np.abs(weights).max())
        self._without_direction = np.flatnonzero(norms == 0)
        self._single = np.empty(features.shape, np.float32)
        for rows in row_blocks(len(features)):
            self._single[rows] = self._exact(rows)

    def __len__(self) -> int:
        return len(self._features)

    def kth_distances(self, queries: Floats, products_a_block: int = PRODUCTS_A_BLOCK) -> Floats:
        """Euclidean distance, in 0..2, of each query's unit vector to its k-th nearest of a bank without weights.

        queries: float64 (n, D); float64 (n,) is returned.
        """
        found = np.empty(len(queries))
        for block, units in self._query_blocks(queries, products_a_block):
            pairs = self._contenders(units, everything=False)
            offsets = np.empty(len(pairs.query))
            for rows in self._pair_blocks(len(offsets)):
                apart = units[pairs.query[rows]] - self._exact(pairs.neighbour[rows])
                offsets[rows] = np.einsum("nd,nd->n", apart, apart)
            found[block] = np.sqrt(pairs.sorted_rows(offsets)[np.arange(len(units)), self._k - 1 - pairs.above])
        return found

    def mean_of_largest_products(self, queries: Floats, products_a_block: int = PRODUCTS_A_BLOCK) -> Floats:
        """Mean of the k largest inner products of each query's unit vector with the bank.

        queries: float64 (n, D); float64 (n,) is returned.
        """
        found = np.empty(len(queries))
        for block, units in self._query_blocks(queries, products_a_block):
            pairs = self._contenders(units, everything=True)
            products = np.empty(len(pairs.query))
            for rows in self._pair_blocks(len(products)):
                products[rows] = np.einsum("nd,nd->n", units[pairs.query[rows]], self._exact(pairs.neighbour[rows]))
            found[block] = -pairs.sorted_rows(-products)[:, : self._k].mean(axis=1)
        return found

    def _contenders(self, units: Floats, everything: bool) -> _Contenders:
        """The pairs that may hold the k-th largest product of their query, and with `everything` those above it too."""
        pairs = self._open(units.astype(np.float32) @ self._single.T, everything)
        if len(pairs.query) > len(units) * (self._k * everything + _OPEN_PAIRS_A_QUERY):
            return self._open(units @ self._exact(slice(None)).T, everything)
        return pairs

    def _open(self, products: NDArray[np.floating], everything: bool) -> _Contenders:
        # Error of a dot product of D terms in any order (Higham 2002, section 3.1) of rounded unit vectors, whose
        # absolute products sum to 1 at most; and three times that in float64 for measuring the pairs.
        rounding = float(np.finfo(products.dtype).eps) / 2 + 3 * float(np.finfo(np.float64).eps)
        noise = products.dtype.type(2 * (self._features.shape[1] + 16) * rounding * self._largest)
        if not everything:
            products[:, self._without_direction] = 0.5  # as far as a unit vector with this product: 1
        kth = np.partition(products, len(self) - self._k, axis=1)[:, len(self) - self._k]
        query, neighbour = divmod(np.flatnonzero(products >= (kth - noise)[:, None]), len(self))
        if everything:
            return _Contenders(query, neighbour, np.zeros(len(products), dtype=np.int64))
        certain = products[query, neighbour] > (kth + noise)[query]
        above = np.bincount(query[certain], minlength=len(products))
        return _Contenders(query[~certain], neighbour[~certain], above)

    def _exact(self, rows: slice | NDArray[np.int64]) -> Floats:
        return np.asarray(self._features[rows].astype(np.float64) * self._factors[rows, None])

    def _query_blocks(self, queries: Floats, products: int) -> Iterator[tuple[slice, Floats]]:
        for block in row_blocks(len(queries), max(1, products // len(self))):
            norms = _norms(queries[block])[:, None]
            yield block, np.divide(queries[block], norms, out=np.zeros_like(queries[block]), where=norms > 0)

    def _pair_blocks(self, pairs: int) -> Iterator[slice]:
        return row_blocks(pairs, max(1, _PAIR_VALUES // self._features.shape[1]))


def _norms(vectors: Floats) -> Floats:
    return np.asarray(np.sqrt(np.einsum("nd,nd->n", vectors, vectors)))


def _at_most(copies: int, vectors: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which rows are among the first `copies` that are equal to them in every bit: bool (N,)."""
    rows = np.ascontiguousarray(vectors).view(np.dtype((np.void, vectors.dtype.itemsize * vectors.shape[1])))[:, 0]
    kinds = np.unique(rows, return_inverse=True)[1]
    order = np.argsort(kinds, kind="stable")
    counts = np.bincount(kinds)
    places = np.empty(len(rows), dtype=np.int64)
    places[order] = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(places < copies)
