"""The criterion of a linear mixed model at one place, with what is needed to differentiate it there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..crossprod.blocks import inner
from ..crossprod.elimination import Elimination
from ..crossprod.small_elimination import SmallElimination
from ..numerics.arrays import Array


@dataclass
class Point:
    """The criterion at one ``theta``, with what is needed to differentiate it.

    Attributes
    ----------
    objective : float
        REML criterion or -2 log-likelihood.
    gamma : array of shape (p,)
        Fixed effects in the units of the orthonormal columns.
    root : array of shape (p, p)
        ``L^-1`` for the lower Cholesky factor ``L`` of ``Q'V^-1 Q``.
    r2 : float
        Penalised residual sum of squares.
    nu : int
        Degrees of freedom of the residual variance.
    reml : bool
        Which criterion this is.
    """

    elimination: Elimination
    theta: Array
    factors: list[Array]
    objective: float
    gamma: Array
    root: Array
    r2: float
    nu: int
    reml: bool

    @cached_property
    def largest(self) -> float:
        """The largest entry of ``T``: how many times the residuals' the effects' standard deviations may be."""
        return max(float(np.abs(T).max()) for T in self.factors)

    @cached_property
    def images(self) -> list[Array]:
        """``Z'V^-1 [Q y]`` per grouping factor, (levels, k, p + 1)."""
        return self.elimination.z_vinv_d()

    @cached_property
    def block_sums(self) -> list[Array]:
        """Sums over levels of the diagonal blocks of ``Z'V^-1 Z``, (k, k) per grouping factor."""
        return self.elimination.block_sums()

    @cached_property
    def scores(self) -> list[Array]:
        """``Z'P y`` per grouping factor, (levels, k): the conditional modes are ``T T'`` times it."""
        p = len(self.gamma)
        return [image[..., p] - image[..., :p] @ self.gamma for image in self.images]

    @cached_property
    def traced(self) -> list[Array]:
        """Sums over levels of the diagonal blocks of ``Z'P Z``, or ``Z'V^-1 Z`` without REML, (k, k) per factor."""
        if not self.reml:
            return self.block_sums
        p, sums = len(self.gamma), []
        for block, image in zip(self.block_sums, self.images, strict=True):
            k = len(block)
            half = (self.root @ image[..., :p].reshape(len(image) * k, p).T).reshape(p * len(image), k)
            sums.append(block - half.T @ half)
        return sums

    @cached_property
    def slopes(self) -> list[Array]:
        """``d objective / d Sigma`` (symmetric, relative), one ``(k, k)`` array per grouping factor."""
        ratio, slopes = self.nu / self.r2, []
        for block, score in zip(self.traced, self.scores, strict=True):
            slope = block - ratio * (score.T @ score)
            slopes.append((slope + slope.T) / 2)
        return slopes

    def quadratic(self, directions: Sequence[Array], lead: Array, rest: Array) -> Array:
        """``w'Z'PZ w``, (m, m), for ``w`` per grouping factor, (levels, k, m); and in two parts."""
        p, m = len(self.gamma), lead.shape[2]
        quadratic, cross = np.zeros((m, m)), np.zeros((p, m))
        images = self.elimination.z_vinv_z(lead, rest)
        for w, image, of_d in zip(directions, images, self.images, strict=True):
            quadratic += inner(w, image)
            cross += inner(of_d[..., :p], w)
        half = self.root @ cross
        return np.asarray(quadratic - half.T @ half)

    def trace_products(self, slopes: Sequence[Array]) -> Array:
        """``tr(P V_i P V_j)``, with ``V^-1`` for ``P`` where the likelihood is not restricted, (m, m).

        Of a design with a single grouping factor.

        Parameters
        ----------
        slopes : sequence of arrays (m, k, k)
            ``dSigma/dtheta`` of each grouping factor.
        """
        (m, k), blocks = slopes[0].shape[:2], self.elimination.lead_blocks()
        flat = blocks.reshape(-1, k * k)
        products = flat.T @ flat
        if not self.reml:
            return _traced(products.reshape(k, k, k, k), slopes[0], slopes[0])
        # P is V^-1 less h h', and that of two levels is - h_l h_m'.
        half = self.images[0][..., :-1] @ self.root.T
        own = flat.T @ (half @ half.transpose(0, 2, 1)).reshape(-1, k * k)
        p, rows = half.shape[2], half.reshape(len(half), -1)
        pairs = (rows.T @ rows).reshape(k, p, k, p).transpose(0, 2, 1, 3).reshape(k * k, -1)
        fixed = slopes[0].reshape(m, -1) @ pairs  # h'(dSigma) h
        return _traced((products - own - own.T).reshape(k, k, k, k), slopes[0], slopes[0]) + fixed @ fixed.T


def _traced(products: Array, left: Array, right: Array) -> Array:
    """``products_adbc left_iab right_jcd``, (m, m), summed over all but ``i`` and ``j``."""
    m, k, other = len(left), left.shape[1], right.shape[1]
    flat = products.transpose(0, 2, 3, 1).reshape(k * k, other * other)
    return np.asarray(left.reshape(m, -1) @ flat @ right.reshape(m, -1).T)


@dataclass
class SmallPoint(Point):
    """:class:`Point` of a small design, whose elimination knows ``Z'P [Z y]`` as one matrix."""

    elimination: SmallElimination

    @cached_property
    def scores(self) -> list[Array]:
        return self.elimination.by_factor(self.elimination.projected[:, -1])

    @cached_property
    def traced(self) -> list[Array]:
        return self.elimination.projected_block_sums() if self.reml else self.block_sums

    def trace_products(self, slopes: Sequence[Array]) -> Array:
        elimination, m = self.elimination, len(slopes[0])
        images, total = elimination.projected if self.reml else elimination.images, np.zeros((m, m))
        for f, left in enumerate(slopes):
            for g, right in enumerate(slopes):
                total += _traced(elimination.level_products(images, f, g), left, right)
        return total

    def quadratic(self, directions: Sequence[Array], lead: Array, rest: Array) -> Array:
        m = lead.shape[2]
        w = np.concatenate([lead.reshape(-1, m), rest]) if len(rest) else lead.reshape(-1, m)
        return np.asarray(w.T @ (self.elimination.projected[:, : len(w)] @ w))
