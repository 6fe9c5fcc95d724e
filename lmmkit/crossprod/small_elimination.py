"""The random effects of a small design swept out at once: there, few calls count for more than few operations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np
from scipy.linalg import lapack

from ..numerics.arrays import Array
from ..numerics.small import inverse_of_triangle
from .elimination import Elimination, FixedPart
from .layout import Layout, Sums

#: Columns of ``[Z D]`` up to which it is the faster way (measured).
MOST = 80


class Arrangement:
    """Where each grouping factor's columns stand in ``[Z D]``: the leading factor's first, ``D`` last.

    Parameters
    ----------
    layout : Layout
    d : int
        Columns of ``D``.

    Attributes
    ----------
    m, N : int
        Columns of ``Z``, and of both.
    own : list of slice
        Each grouping factor's columns.
    """

    def __init__(self, layout: Layout, d: int) -> None:
        self.layout = layout
        starts = [0, *accumulate(factor.q * factor.k for factor in layout.factors)]
        self.m, self.N = starts[-1], starts[-1] + d
        self.own = [slice(*ends) for ends in pairwise(starts)]
        self._eye = np.eye(self.N)
        self._blocks = []  # places of each factor's diagonal blocks in the flattened matrix, (q, k, k)
        for factor, own in zip(layout.factors, self.own, strict=True):
            at = np.arange(own.start, own.stop).reshape(factor.q, factor.k)
            self._blocks.append(at[:, :, None] * self.N + at[:, None, :])

    @staticmethod
    def suits(layout: Layout, d: int) -> bool:
        """Whether the design is small enough."""
        columns = sum(factor.q * factor.k for factor in layout.factors) + d
        return columns <= MOST and (layout.dense or not layout.rest)

    def side_by_side(self, sums: Sums) -> Array:
        """``[Z D]'[Z D]``, (N, N)."""
        lead, m = self.own[0].stop, self.m
        whole = np.zeros((self.N, self.N))
        whole.ravel()[self._blocks[0]] = sums.lead
        if self.layout.rest:
            whole[:lead, lead:m] = sums.cross.reshape(lead, -1)
            whole[lead:m, :lead] = whole[:lead, lead:m].T
            whole[lead:m, lead:m] = self.layout.pieces.matrix(sums.rest)
        whole[:lead, m:] = sums.lead_d.reshape(lead, -1)
        whole[lead:m, m:] = sums.rest_d
        whole[m:, :m] = whole[:m, m:].T
        whole[m:, m:] = sums.dd
        return whole

    def spread(self, roots: Sequence[Array]) -> Array:
        """``Lambda`` with ones for the columns of ``D``, (N, N)."""
        out = self._eye.copy()
        for places, root in zip(self._blocks, roots, strict=True):
            out.ravel()[places] = root
        return out


class SmallElimination(Elimination):
    """:class:`~lmmkit.crossprod.elimination.Elimination` with ``[Z D]'[Z D]`` as one dense matrix.

    Parameters
    ----------
    arrangement : Arrangement
    whole : array of shape (N, N)
        From :meth:`Arrangement.side_by_side`.
    roots : sequence of arrays (k, k)
        One relative covariance factor per grouping factor, in the order of ``layout.factors``.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the matrix of the normal equations is not positive definite to machine precision.
    """

    def __init__(self, arrangement: Arrangement, whole: Array, roots: Sequence[Array]) -> None:
        self.arrangement, self.layout, self.whole = arrangement, arrangement.layout, whole
        N, m = arrangement.N, arrangement.m
        Lambda = arrangement.spread(roots)
        self._right = whole @ Lambda
        system = Lambda.T @ self._right
        system.ravel()[: m * N : N + 1] += 1.0
        # Symmetric, so its transpose is itself, in LAPACK's order: nothing is copied.
        self._lower, failed = lapack.dpotrf(system.T, lower=1, clean=1, overwrite_a=1)
        if failed:
            raise np.linalg.LinAlgError("matrix is not positive definite")
        self.logdet = 2 * float(np.log(self._lower.diagonal()[:m]).sum())

    def fixed_part(self) -> FixedPart:
        corner = self._lower[self.arrangement.m :, self.arrangement.m :]
        root, logdet = inverse_of_triangle(corner[:-1, :-1])
        return FixedPart(root, logdet, root.T @ corner[-1, :-1], float(corner[-1, -1]) ** 2)

    @cached_property
    def _half(self) -> Array:
        """``L^-1 [ZΛ D]'[Z D]``, whose columns of ``Z`` are as many rows of ``V^-1`` and ``P`` taken apart, (N, N)."""
        return np.asarray(lapack.dtrtrs(self._lower, self._right.T, lower=1)[0])

    @cached_property
    def images(self) -> Array:
        """``Z'V^-1 [Z D]``, (m, N)."""
        m = self.arrangement.m
        return np.asarray(self.whole[:m] - self._half[:m, :m].T @ self._half[:m])

    @cached_property
    def projected(self) -> Array:
        """``Z'P [Z D]``, (m, N), where ``P`` is ``V^-1`` with all columns of ``D`` but the last swept out too."""
        m = self.arrangement.m
        return np.asarray(self.whole[:m] - self._half[:-1, :m].T @ self._half[:-1])

    def by_factor(self, rows: Array) -> list[Array]:
        """``Z'(.)``, (m, d) or (m,), as one ``(levels, k, d)`` array or ``(levels, k)`` per factor."""
        return [
            rows[own].reshape(factor.q, factor.k, *rows.shape[1:])
            for factor, own in zip(self.layout.factors, self.arrangement.own, strict=True)
        ]

    def _blocks(self, images: Array, f: int) -> Array:
        """``Z_f'(.) Z_f``, (levels, k, levels, k)."""
        factor, own = self.layout.factors[f], self.arrangement.own[f]
        return images[own, own].reshape(factor.q, factor.k, factor.q, factor.k)

    def _sums(self, images: Array) -> list[Array]:
        factors = range(len(self.layout.factors))
        return [np.einsum("iaib->ab", self._blocks(images, f)) for f in factors]

    def z_vinv_d(self) -> list[Array]:
        return self.by_factor(self.images[:, self.arrangement.m :])

    def z_vinv_z(self, lead: Array, rest: Array) -> list[Array]:
        both = np.concatenate([lead.reshape(-1, lead.shape[2]), rest])
        return self.by_factor(self.images[:, : self.arrangement.m] @ both)

    def solve_spherical(self, lead: Array, rest: Array) -> list[Array]:
        both, m = np.concatenate([lead.reshape(-1, lead.shape[2]), rest]), self.arrangement.m
        return self.by_factor(np.asarray(lapack.dpotrs(self._lower[:m, :m], both, lower=1)[0]))

    def block_sums(self) -> list[Array]:
        return self._sums(self.images)

    def projected_block_sums(self) -> list[Array]:
        """Sum over levels of the diagonal blocks of ``Z'P Z``: one ``(k, k)`` array per factor."""
        return self._sums(self.projected)

    def level_products(self, images: Array, f: int, g: int) -> Array:
        """``A_ad A_bc`` summed over all pairs of levels of two factors, for their blocks ``A`` of ``Z'(.) Z``.

        Returns
        -------
        array of shape (k, k', k, k')
            By ``a``, ``d``, ``b`` and ``c``.
        """
        (first, own), (second, other) = ((self.layout.factors[h], self.arrangement.own[h]) for h in (f, g))
        blocks = images[own, other].reshape(first.q, first.k, second.q, second.k)
        flat = blocks.transpose(1, 3, 0, 2).reshape(first.k * second.k, -1)
        return np.asarray(flat @ flat.T).reshape(first.k, second.k, first.k, second.k)

    def lead_blocks(self) -> Array:
        return np.einsum("iaib->iab", self._blocks(self.images, 0))

    def rest_blocks(self, f: int) -> Array:
        return np.einsum("iaib->iab", self._blocks(self.images, 1 + f))
