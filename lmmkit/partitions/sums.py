"""The second and the third pass over data in parts: the scales of the columns, then their cross-products.

Nothing of these grows with the rows. The second pass finds the triangle ``S`` of ``[X y] = E S``, where E has
orthonormal columns: a triangle for each part, then the triangle of these below each other (Demmel, Grigori, Hoemmen
and Langou 2012, *SIAM Journal on Scientific Computing* 34:A206-A239). In it nothing cancels, however far from zero
the columns are. The third sums ``Z'Z`` in blocks, and ``Z'E``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import pandas as pd
from scipy.linalg import solve_triangular

from ..crossprod.factors import GroupingFactor, LevelPairs, factors_of
from ..crossprod.layout import level_sums
from ..numerics.arrays import Array, Index
from .reader import PartRows, Reader

__all__ = ["BlockSums", "Scales", "block_sums", "merge_blocks", "merge_scales", "scales"]


@dataclass(frozen=True)
class Scales:
    """What the second pass finds.

    Attributes
    ----------
    triangle : array (at most columns + 1, columns + 1)
        Of all columns of X and the response, with the roots of the weights.
    plain : array
        Of a column of ones and the columns of X, without weights.
    squares : list of arrays (k, k)
        ``Z'Z`` of each term, with the weights and without.
    slopes, indicators : list of bool
        Whether each term has more than an intercept; whether one of its columns is 1 in each row, the others 0.
    log_weights, offset : float
        Sums.
    """

    triangle: Array
    plain: Array
    squares: list[tuple[Array, Array]]
    slopes: list[bool]
    indicators: list[bool]
    log_weights: float
    offset: float


def scales(part: pd.DataFrame, reader: Reader) -> Scales:
    """The second pass over one part."""
    rows = reader.rows(part)
    root = np.ones((len(rows.y), 1)) if rows.root is None else rows.root[:, None]
    whole = _triangle(np.column_stack([np.ones(len(rows.y)), rows.X, rows.y]))
    weighted = whole[:, 1:] if rows.root is None else np.column_stack([rows.X, rows.y]) * root
    plain = [Z for _, Z in rows.terms]
    return Scales(
        _triangle(weighted),
        whole[:, :-1],
        [((Z * root).T @ (Z * root), Z.T @ Z) for Z in plain],
        [bool((own != 1).any()) for own in plain],
        [bool(((own == 0) | (own == 1)).all() and (own.sum(axis=1) == 1).all()) for own in plain],
        2 * float(np.log(root).sum()),
        float(rows.offset.sum()),
    )


def merge_scales(several: list[Scales]) -> Scales:
    """Of all parts together."""
    return Scales(
        _triangle(np.vstack([one.triangle for one in several])),
        _triangle(np.vstack([one.plain for one in several])),
        [
            (_total(own for own, _ in each), _total(plain for _, plain in each))
            for each in zip(*(one.squares for one in several), strict=True)
        ],
        [any(own) for own in zip(*(one.slopes for one in several), strict=True)],
        [all(own) for own in zip(*(one.indicators for one in several), strict=True)],
        sum(one.log_weights for one in several),
        sum(one.offset for one in several),
    )


def _triangle(columns: Array) -> Array:
    return np.asarray(np.linalg.qr(columns, mode="r"))


@dataclass(frozen=True)
class BlockSums:
    """The blocks of ``Z'Z`` and of ``Z'E``, of columns of Z in the units of the search.

    Attributes
    ----------
    factors : list of GroupingFactor
        Without rows.
    own : list of arrays (levels, k, k)
        Of each grouping factor with itself.
    met : dict
        By the numbers of two factors: which of their levels meet, as numbers ``level * levels of the other + level``,
        and the sums (pairs, k, k') there.
    basis : list of arrays (levels, k, columns of E)
    """

    factors: list[GroupingFactor]
    own: list[Array]
    met: dict[tuple[int, int], tuple[Index, Array]]
    basis: list[Array]

    @property
    def pairs(self) -> dict[tuple[int, int], LevelPairs]:
        """The levels that meet."""
        nobody = np.empty(0, dtype=np.intp)
        return {
            (f, g): LevelPairs(keys // self.factors[g].q, keys % self.factors[g].q, nobody)
            for (f, g), (keys, _) in self.met.items()
        }

    def owner(self, term: int) -> tuple[int, slice]:
        """The grouping factor of a term, and which of the factor's columns are the term's."""
        f = next(f for f, one in enumerate(self.factors) if term in dict(one.terms))
        return f, dict(self.factors[f].terms)[term]

    def changed(self, term: int, matrix: Array) -> BlockSums:
        """The same with the columns (k,) of one term as their combinations ``Z @ matrix``.

        Parameters
        ----------
        term : int
            Its number in the design.
        matrix : array (k, k)
        """
        f, place = self.owner(term)
        A = np.eye(self.factors[f].k)
        A[place, place] = matrix
        own, basis, met = list(self.own), list(self.basis), dict(self.met)
        own[f], basis[f] = A.T @ own[f] @ A, A.T @ basis[f]
        for (one, other), (keys, values) in self.met.items():
            left, right = (
                A.T if one == f else np.eye(values.shape[1]),
                A if other == f else np.eye(values.shape[2]),
            )
            met[one, other] = keys, left @ values @ right
        return replace(self, own=own, basis=basis, met=met)


def block_sums(
    part: pd.DataFrame, reader: Reader, units: list[Array], S: Array, kept: list[int]
) -> BlockSums:
    """The third pass over one part.

    Parameters
    ----------
    part : DataFrame
    reader : Reader
    units : list of arrays (k, k)
        What the columns of each term are multiplied by.
    S : array (p + 1, p + 1)
        The triangle of X and the response.
    kept : list of int
        The columns of X that are not combinations of earlier ones.
    """
    rows = reader.rows(part)
    root = np.ones((len(rows.y), 1)) if rows.root is None else rows.root[:, None]
    E = solve_triangular(S, (np.column_stack([rows.X[:, kept], rows.y]) * root).T, trans="T").T
    factors = _factors(reader, rows, units, root)
    met = {}
    for f, one in enumerate(factors):
        for g, other in enumerate(factors[f + 1 :], f + 1):
            pair = LevelPairs.of(one, other)
            met[f, g] = pair.first * np.intp(other.q) + pair.second, pair.sums(one, other, None)
    return BlockSums(
        [replace(one, codes=one.codes[:0], Z=one.Z[:0]) for one in factors],
        [one.blocks(None) for one in factors],
        met,
        [level_sums(one, E) for one in factors],
    )


def _factors(reader: Reader, rows: PartRows, units: list[Array], root: Array) -> list[GroupingFactor]:
    pairs = zip(reader.recipe.terms, rows.terms, strict=True)
    terms = [replace(term, codes=codes, Z=Z) for term, (codes, Z) in pairs]
    return factors_of(terms, [root * Z @ unit for (_, Z), unit in zip(rows.terms, units, strict=True)])


def merge_blocks(several: list[BlockSums]) -> BlockSums:
    """Of all parts together."""
    first = several[0]
    return replace(
        first,
        own=[_total(each) for each in zip(*(one.own for one in several), strict=True)],
        met={key: _merged([one.met[key] for one in several]) for key in first.met},
        basis=[_total(each) for each in zip(*(one.basis for one in several), strict=True)],
    )


def _total(arrays: Iterable[Array]) -> Array:
    return reduce(np.add, arrays)


def _merged(several: list[tuple[Index, Array]]) -> tuple[Index, Array]:
    """Sums over pairs of levels, of which not every part has all."""
    keys, place = np.unique(np.concatenate([keys for keys, _ in several]), return_inverse=True)
    values = np.concatenate([values for _, values in several])
    total = np.zeros((len(keys), *values.shape[1:]))
    for a in range(values.shape[1]):
        for b in range(values.shape[2]):
            total[:, a, b] = np.bincount(place, values[:, a, b], len(keys))
    return keys, total
