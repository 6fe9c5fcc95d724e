"""The random effects swept out of the mixed-model equations, block by block."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from scipy.linalg import lapack

from ..numerics.arrays import Array
from ..numerics.small import inverse_root
from .blocks import inner, times
from .layout import Layout, Sums


class RestFactor:
    """``Lambda`` of the rest: block diagonal with tiny lower-triangular blocks, kept as its diagonals."""

    def __init__(self, layout: Layout, roots: Sequence[Array]) -> None:
        pieces, m = layout.pieces.shape
        depth = max((factor.k for factor in layout.rest), default=1)
        bands = np.zeros((depth, pieces * m))
        for f, root in enumerate(roots):
            for d in range(len(root)):
                bands[d, layout.slots[f][:, : len(root) - d]] = root.diagonal(-d)
        self.bands = bands.reshape(depth, pieces, m)

    def right(self, matrix: Array) -> Array:
        """``matrix @ Lambda`` on the last axis."""
        out = matrix * self.bands[0][:, None, :]
        for d in range(1, len(self.bands)):
            out[..., :-d] += matrix[..., d:] * self.bands[d][:, None, :-d]
        return np.asarray(out)

    def left_transposed(self, matrix: Array, out: Array | None = None) -> Array:
        """``Lambda' @ matrix`` on the last axis but one; ``out`` may be the matrix itself."""
        depths = range(1, len(self.bands))
        moved = [matrix[:, d:, :] * self.bands[d][:, :-d, None] for d in depths]
        product = np.multiply(matrix, self.bands[0][:, :, None], out=out)
        for d, part in zip(depths, moved, strict=True):
            product[:, :-d, :] += part
        return np.asarray(product)

    def left(self, matrix: Array, out: Array | None = None) -> Array:
        """``Lambda @ matrix`` on the last axis but one; ``out`` may be the matrix itself."""
        depths = range(1, len(self.bands))
        moved = [matrix[:, :-d, :] * self.bands[d][:, :-d, None] for d in depths]
        product = np.multiply(matrix, self.bands[0][:, :, None], out=out)
        for d, part in zip(depths, moved, strict=True):
            product[:, d:, :] += part
        return np.asarray(product)

    def right_transposed(self, matrix: Array) -> Array:
        """``matrix @ Lambda'`` on the last axis."""
        out = matrix * self.bands[0][:, None, :]
        for d in range(1, len(self.bands)):
            out[..., d:] += matrix[..., :-d] * self.bands[d][:, None, :-d]
        return np.asarray(out)


class Cholesky:
    """Lower Cholesky factors ``L`` of a stack of matrices.

    Of a single matrix only the lower triangle is read; it goes to LAPACK directly, and is overwritten. Many small
    ones are factorised, and their triangles inverted, at once.

    Raises
    ------
    numpy.linalg.LinAlgError
        If one of them is not positive definite.
    """

    def __init__(self, stack: Array) -> None:
        self._single = len(stack) == 1
        if self._single:
            # Its transpose is in LAPACK's order, where the lower triangle is the upper one: nothing is copied.
            self._upper, info = lapack.dpotrf(stack[0].T, lower=0, clean=1, overwrite_a=1)
            if info != 0:
                raise np.linalg.LinAlgError("matrix is not positive definite")
            self.lower: Array = self._upper.T[None]
        else:
            self.lower = np.asarray(np.linalg.cholesky(stack))
            self._root: Array = np.asarray(np.linalg.inv(self.lower))

    @property
    def logdet(self) -> float:
        """Sum of the log determinants of the matrices."""
        return 2 * float(np.log(self.lower.diagonal(axis1=1, axis2=2)).sum())

    def half(self, right: Array) -> Array:
        """``L^-1 right``."""
        if self._single:
            return np.asarray(lapack.dtrtrs(self._upper, right[0], lower=0, trans=1)[0])[None]
        return np.asarray(self._root @ right)

    def back(self, right: Array) -> Array:
        """``L'^-1 right``."""
        if self._single:
            return np.asarray(lapack.dtrtrs(self._upper, right[0], lower=0)[0])[None]
        return np.asarray(self._root.transpose(0, 2, 1) @ right)

    def inverse(self) -> Array:
        """``(L L')^-1``."""
        if not self._single:
            return np.asarray(self._root.transpose(0, 2, 1) @ self._root)
        inverse, _ = lapack.dpotri(self._upper, lower=0)
        return _mirrored(inverse.T)[None]


def _mirrored(matrix: Array, block: int = 256) -> Array:
    """The lower triangle copied to the upper one in place, block by block so that it stays in cache."""
    for start in range(0, len(matrix), block):
        stop = start + block
        corner = matrix[start:stop, start:stop]
        corner += np.tril(corner, -1).T - np.triu(corner, 1)
        matrix[start:stop, stop:] = matrix[stop:, start:stop].T
    return matrix


def _inverse_roots(blocks: Array) -> tuple[Array, float]:
    """``L^-1`` for a stack of small matrices ``L L'``, and their summed log determinant."""
    if blocks.shape[1] == 1:
        if not blocks.min() > 0:  # also catches NaN
            raise np.linalg.LinAlgError("matrix is not positive definite")
        return 1 / np.sqrt(blocks), float(np.log(blocks).sum())
    lower = np.linalg.cholesky(blocks)
    return np.linalg.inv(lower), 2 * float(np.log(lower.diagonal(axis1=1, axis2=2)).sum())


class FixedPart(NamedTuple):
    """What sweeping out the first columns of ``D``, too, says of the last one.

    Attributes
    ----------
    root : array of shape (d - 1, d - 1)
        ``L^-1`` for the lower Cholesky factor ``L`` of the first columns' ``Q'V^-1 Q``.
    logdet : float
        ``log |Q'V^-1 Q|``.
    gamma : array of shape (d - 1,)
        The coefficients of the first columns.
    r2 : float
        What is left of the last column's square.
    """

    root: Array
    logdet: float
    gamma: Array
    r2: float


class Elimination(ABC):
    """The random effects swept out of the mixed-model equations at one ``T`` per factor: what can be asked of it.

    With ``V = I + Z Lambda Lambda' Z'``, it knows ``log |V|``, ``D'V^-1 D``, ``Z'V^-1 D`` and the diagonal
    blocks of ``Z'V^-1 Z`` without forming anything of size ``n``.

    Attributes
    ----------
    layout : Layout
    logdet : float
        ``log |V|``.

    Notes
    -----
    The penalised normal equations of Bates et al. (2015), eqs. 17-20, in blocks, and the identities of
    Harville (1977) for the derivatives. Everything stays finite at ``T = 0``.
    """

    layout: Layout
    logdet: float

    @abstractmethod
    def fixed_part(self) -> FixedPart:
        """The fixed effects swept out too.

        Raises
        ------
        numpy.linalg.LinAlgError
            If their part of the equations is not positive definite to machine precision.
        """

    @abstractmethod
    def z_vinv_d(self) -> list[Array]:
        """``Z'V^-1 D`` for the columns summed: one ``(levels, k, d)`` array per factor."""

    @abstractmethod
    def z_vinv_z(self, lead: Array, rest: Array) -> list[Array]:
        """``Z'V^-1 Z w``: one ``(levels, k, d)`` array per factor.

        Parameters
        ----------
        lead : array of shape (q, k, d)
            The leading factor's rows of ``w``.
        rest : array of shape (R, d)
            The others.
        """

    @abstractmethod
    def solve_spherical(self, lead: Array, rest: Array) -> list[Array]:
        """``S^-1 w`` for ``S = Lambda'Z'Z Lambda + I``: one ``(levels, k, d)`` array per factor.

        Parameters
        ----------
        lead : array of shape (q, k, d)
            The leading factor's rows of ``w``.
        rest : array of shape (R, d)
            The others.
        """

    @abstractmethod
    def block_sums(self) -> list[Array]:
        """Sum over levels of the diagonal blocks of ``Z'V^-1 Z``: one ``(k, k)`` array per factor."""

    @abstractmethod
    def lead_blocks(self) -> Array:
        """Diagonal blocks of ``Z'V^-1 Z`` for the leading factor, ``(q, k, k)``."""

    @abstractmethod
    def rest_blocks(self, f: int) -> Array:
        """Diagonal blocks of ``Z'V^-1 Z`` for factor ``f`` of the rest, ``(levels, k, k)``."""


class BlockElimination(Elimination):
    """:class:`Elimination` that begins with the leading factor's small blocks: what all storages of the rest share.

    Parameters
    ----------
    layout : Layout
    sums : Sums
    roots : sequence of arrays (k, k)
        One relative covariance factor per grouping factor, in the order of ``layout.factors``.

    Attributes
    ----------
    dd : array of shape (d, d)
        ``D'V^-1 D``.
    half_cross : cross-block values
        ``W lead'rest`` where ``W'W = T (T'GT + I)^-1 T'``.
    """

    half_cross: Array

    def __init__(self, layout: Layout, sums: Sums, roots: Sequence[Array]) -> None:
        self.layout, self.sums, self.roots = layout, sums, roots
        root = roots[0]
        blocks = times(root.T, times(sums.lead, root))
        if layout.lead.k == 1:
            blocks += 1.0
        else:
            blocks.reshape(len(blocks), -1)[:, :: layout.lead.k + 1] += 1.0  # the diagonals
        self.root_inverse, self.logdet = _inverse_roots(blocks)
        self.half_lead = times(self.root_inverse, root.T)  # W'W = T (T'GT + I)^-1 T'
        if layout.rest:
            self._eliminate_rest()
        self._sweep_d()

    @abstractmethod
    def _eliminate_rest(self) -> None:
        """Sweep out the other factors: adds to ``logdet``."""

    def _sweep_d(self) -> None:
        """Sweep all factors out of ``D``."""
        sums = self.sums
        self.Yd = times(self.half_lead, sums.lead_d)
        self.dd = sums.dd - inner(self.Yd, self.Yd) if sums.dd.size else sums.dd
        if self.layout.rest and sums.dd.size:
            self.dd -= self._explained_by_rest()

    @abstractmethod
    def _explained_by_rest(self) -> Array:
        """What the other factors take from ``dd``."""

    def with_sums(self, sums: Sums) -> Self:
        """The same elimination for other columns ``D`` of the same design: nothing is factorised again."""
        other = copy(self)
        other.sums = sums
        other._sweep_d()
        return other

    def fixed_part(self) -> FixedPart:
        root, logdet = inverse_root(self.dd[:-1, :-1])
        half = root @ self.dd[:-1, -1]
        return FixedPart(root, logdet, root.T @ half, float(self.dd[-1, -1] - half @ half))

    @cached_property
    def keep(self) -> Array:
        """``I - G T M^-1 T'`` per level: what eliminating the leading factor leaves of a column of ``Z``."""
        swept = times(self.sums.lead, times(self.half_lead.transpose(0, 2, 1), self.half_lead))
        return 1 - swept if self.layout.lead.k == 1 else np.asarray(np.eye(self.layout.lead.k) - swept)

    @cached_property
    def U(self) -> Array:
        """``lead' V_lead^-1 rest``, as cross-block values."""
        return self.layout.cross.scale(self.keep, self.sums.cross)

    def lead_blocks(self) -> Array:
        blocks = self.keep @ self.sums.lead
        if not self.layout.rest:
            return np.asarray(blocks)
        return np.asarray(blocks - self._lead_corrections())

    @abstractmethod
    def z_vinv(self, lead_d: Array, rest_d: Array) -> list[Array]:
        """``Z'V^-1 D`` given ``Z'D``: one ``(levels, k, d)`` array per factor.

        Parameters
        ----------
        lead_d : array of shape (q, k, d)
        rest_d : array of shape (R, d)
        """

    def z_vinv_z(self, lead: Array, rest: Array) -> list[Array]:
        return self.z_vinv(*self.layout.z_dot(self.sums, lead, rest))

    def solve_spherical(self, lead: Array, rest: Array) -> list[Array]:
        layout, half = self.layout, times(self.root_inverse, lead)
        if not layout.rest:
            return [times(self.root_inverse.transpose(0, 2, 1), half)]
        below, effects = self._solve_rest(rest, layout.cross.transposed_dot(self.half_cross, half))
        half = half - layout.cross.dot(self.half_cross, effects)
        above = times(self.root_inverse.transpose(0, 2, 1), half)
        return [above, *(below[layout.columns(f)] for f in range(len(layout.rest)))]

    @abstractmethod
    def _solve_rest(self, u: Array, swept: Array) -> tuple[Array, Array]:
        """``x`` and ``Lambda x`` of the rest for ``S x = u - Lambda'swept``, with the leading factor out of ``S``."""

    @abstractmethod
    def _lead_corrections(self) -> Array:
        """``U_l Lambda S^-1 Lambda' U_l'`` per level, what the rest takes from the leading factor's blocks."""


class DenseElimination(BlockElimination):
    """:class:`BlockElimination` with ``rest'rest`` and everything made from it dense, in pieces ``(c, m, m)``."""

    def _eliminate_rest(self) -> None:
        layout, sums = self.layout, self.sums
        self.half_cross = layout.cross.scale(self.half_lead, sums.cross)
        gram = layout.cross.gram(self.half_cross)
        # Large matrices are written over: new memory is slow.
        self.Hrr = np.subtract(sums.rest, gram, out=gram)
        self.Lambda = RestFactor(layout, self.roots[1:])
        S = self.Lambda.right(self.Hrr)
        S = self.Lambda.left_transposed(S, out=S)
        S.reshape(len(S), -1)[:, :: layout.pieces.shape[1] + 1] += 1.0  # the diagonals
        self.rest_cholesky = Cholesky(S)
        self.logdet += self.rest_cholesky.logdet

    def _explained_by_rest(self) -> Array:
        self.Hrd, self._white_d = self._whiten(self.sums.rest_d, self.Yd)
        return inner(self._white_d, self._white_d)

    def _whiten(self, rest_d: Array, Yd: Array) -> tuple[Array, Array]:
        """``rest' V_lead^-1 D`` and its image ``L^-1 Lambda' (.)``, both ``(c, m, d)``."""
        H = self.layout.pieces.stack(rest_d - self.layout.cross.transposed_dot(self.half_cross, Yd))
        return H, self.rest_cholesky.half(self.Lambda.left_transposed(H))

    @cached_property
    def inverse(self) -> Array:
        """``S^-1 = (Lambda'H Lambda + I)^-1`` of the rest, ``(c, m, m)``."""
        return self.rest_cholesky.inverse()

    @cached_property
    def B(self) -> Array:
        """``Lambda S^-1 Lambda'``, ``(c, m, m)``."""
        right = self.Lambda.right_transposed(self.inverse)
        return self.Lambda.left(right, out=right)

    def _solve_rest(self, u: Array, swept: Array) -> tuple[Array, Array]:
        stack, unstack = self.layout.pieces.stack, self.layout.pieces.unstack
        right = stack(u) - self.Lambda.left_transposed(stack(swept))
        x = self.rest_cholesky.back(self.rest_cholesky.half(right))
        return unstack(x), unstack(self.Lambda.left(x))

    def z_vinv(self, lead_d: Array, rest_d: Array) -> list[Array]:
        kept = times(self.keep, lead_d)
        if not self.layout.rest:
            return [kept]
        H, white = self._whiten(rest_d, times(self.half_lead, lead_d))
        return self._z_vinv(kept, H, white)

    def z_vinv_d(self) -> list[Array]:
        kept = times(self.keep, self.sums.lead_d)
        return self._z_vinv(kept, self.Hrd, self._white_d) if self.layout.rest else [kept]

    def _z_vinv(self, kept: Array, H: Array, white: Array) -> list[Array]:
        BH = self.Lambda.left(self.rest_cholesky.back(white))
        lead = kept - self.layout.cross.dot(self.U, self.layout.pieces.unstack(BH))
        rest = self.layout.pieces.unstack(H - self._times_H(BH))
        return [lead, *(rest[self.layout.columns(f)] for f in range(len(self.layout.rest)))]

    def _times_H(self, right: Array) -> Array:
        """``rest' V_lead^-1 rest @ right``, both ``(c, m, d)``."""
        return np.asarray(self.Hrr @ right)

    def block_sums(self) -> list[Array]:
        lead = inner(self.keep.transpose(0, 2, 1), self.sums.lead)
        if not self.layout.rest:
            return [lead]
        lead = lead - self.layout.cross.inner(self.U, self.B)
        return [lead, *(self.rest_blocks(f).sum(axis=0) for f in range(len(self.layout.rest)))]

    def rest_blocks(self, f: int) -> Array:
        root, slots = self.roots[1 + f], self.layout.slots[f]
        m = self.layout.pieces.shape[1]
        piece, place = slots // m, slots % m
        if np.abs(np.diag(root)).min() > 1e-3:
            # T invertible: T'CT = I - (block of S^-1), far cheaper than the product below.
            block = self.inverse[piece[:, :, None], place[:, :, None], place[:, None, :]]
            inverse_root = np.linalg.inv(root)
            return np.asarray(inverse_root.T @ (np.eye(len(root)) - block) @ inverse_root)
        own = self.Hrr[piece[:, :, None], place[:, :, None], place[:, None, :]]
        rows = self.Hrr[piece, place]  # (levels, k, m)
        image = np.empty_like(rows)
        for number in np.unique(piece):
            here = piece[:, 0] == number
            image[here] = rows[here] @ self.B[number]
        return np.asarray(own - image @ rows.transpose(0, 2, 1))

    def _lead_corrections(self) -> Array:
        """``U_l B U_l'`` per level, a slab of levels at a time so that memory stays small."""
        layout = self.layout
        q, k = layout.lead.q, layout.lead.k
        out = np.empty((q, k, k))
        slab = max(1, int(2e6 // max(1, layout.width * k)))
        B = layout.pieces.matrix(self.B)
        for start in range(0, q, slab):
            stop = min(q, start + slab)
            U = self._dense_rows(start, stop)
            out[start:stop] = (U.reshape(-1, layout.width) @ B).reshape(U.shape) @ U.transpose(0, 2, 1)
        return out

    def _dense_rows(self, start: int, stop: int) -> Array:
        """Rows ``start..stop`` of ``U`` as ``(levels, k, R)``."""
        if self.layout.dense:
            return self.U[start:stop]
        level, column = self.layout.cross_level, self.layout.cross_column
        first, last = np.searchsorted(level, [start, stop])
        rows = np.zeros((stop - start, self.layout.lead.k, self.layout.width))
        rows[level[first:last] - start, :, column[first:last]] = self.U[first:last]
        return rows
