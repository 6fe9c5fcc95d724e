"""One design, many responses: the criterion of :mod:`lmmkit.likelihood.lmm` with an axis of responses in front.

Every response has its own ``theta``, but all share ``Z'Z``. Sums over the levels of the leading factor are
linear in that factor's small blocks ``M_l = T (T'G_l T + I)^-1 T'``, so that for all responses together they
are one product of two matrices. What is left, a matrix with one row for each column of the rest, of ``X``
and for the response, is small and is factorised for all responses at once.

Shapes: ``B`` responses; ``q`` levels and ``k`` columns of the leading factor; ``R`` columns of the rest;
``p`` fixed effects; ``m`` covariance parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack

from ..crossprod.factors import GroupingFactor
from ..crossprod.layout import Sums
from ..design.design import Design
from ..design.undivided import Undivided, undivided
from ..numerics.arrays import Array, Flags, Index
from ..numerics.small import cholesky_of_each
from ..structures.unstructured import Unstructured
from .by_rows import LITTLE
from .grid import Grid, Parts, dense_parts, products, ring_thetas, swept
from .level_blocks import alike
from .lmm import Criterion
from .many_traces import Projected, trace_products
from .theta import Terms


@dataclass
class Responses:
    """Responses of one design, as the criterion wants them.

    Attributes
    ----------
    ols : array of shape (B, p)
        Coordinates of the least-squares fit in the orthonormal columns.
    unit : array of shape (B,)
        Residual SD of that fit: the search measures each response in it.
    lead, rest : arrays of shape (B, q, k) and (B, R)
        ``Z'y`` of the residuals in that unit.
    q_y, y_y : arrays of shape (B, p) and (B,)
        ``Q'y`` and ``y'y`` of the same.
    place : array of shape (B,)
        Where each stands among the rows of ``given``.
    given : array
        The responses as they were given, a row for each; those that are taken share it.
    """

    ols: Array
    unit: Array
    lead: Array
    rest: Array
    q_y: Array
    y_y: Array
    place: Index
    given: Array

    def take(self, which: Any) -> Responses:
        """Some of them."""
        own = {name: getattr(self, name)[which] for name in self.__dataclass_fields__ if name != "given"}
        return replace(self, **own)


class ManyCriterion(Terms):
    """The (RE)ML criterion of a design for many responses, each at a ``theta`` of its own.

    Parameters
    ----------
    design : Design
        Its response is not looked at.
    reml : bool

    Notes
    -----
    As :class:`~lmmkit.likelihood.lmm.Criterion`: whitened, unconstrained ``theta``.
    """

    #: Entries of the table of products between columns beyond which responses are better fitted one by one.
    LARGEST = 5_000_000

    def __init__(self, design: Design, reml: bool) -> None:
        self.reml = reml
        self.n, self.p = design.X.shape
        self.root_weights = np.ones(self.n) if design.weights is None else np.sqrt(design.weights)
        super().__init__(design, self.root_weights)
        self.Q, self.R = np.linalg.qr(design.X * self.root_weights[:, None])
        self.m = self.n_theta
        self.nu = self.n - self.p if reml else self.n
        self.constant = 2 * float(np.log(np.abs(np.diag(self.R))).sum()) if reml else 0.0
        if design.weights is not None:
            self.constant -= float(np.log(design.weights).sum())

    @cached_property
    def undivided(self) -> Undivided | None:
        """An effect whose variance cannot be told from the residual variance."""
        return undivided(self.design) if self.reml else None

    @property
    def suits(self) -> bool:
        """Whether the design is small enough for all responses to be fitted at once."""
        lead, others = self.layout.lead, self.layout.width + self.p
        return lead.q * lead.k**2 * others**2 <= self.LARGEST

    @property
    def chunk(self) -> int:
        """Responses at a time, so that what is worked on stays in cache."""
        lead = self.layout.lead
        each = lead.q * lead.k * max(lead.k, self.m, self.p + 1) + (self.layout.width + self.p + 1) ** 2
        return int(np.clip(250_000 // each, 16, 2000))

    @cached_property
    def single(self) -> Criterion:
        """The ordinary criterion of the design, for responses that are fitted one by one."""
        varied: Array = np.random.default_rng(0).standard_normal((self.n,))  # stands for a response
        return Criterion(replace(self.design, y=varied), self.reml)

    @cached_property
    def _sums(self) -> Sums:
        return self.layout.sums(self.Q)

    @cached_property
    def parts(self) -> Parts:
        """The sums over the rows as dense arrays."""
        return dense_parts(self.layout, self._sums, self.p)

    @cached_property
    def column_products(self) -> Array:
        """Products of the entries of the leading factor's rows, two and two (:func:`products`)."""
        return products(self.parts.cross)

    @cached_property
    def is_balanced(self) -> bool:
        """Whether all levels of each grouping factor have the same ``Z'Z``."""
        lead, _, other = self.parts
        columns = [self.layout.columns(f) for f in range(len(self.layout.rest))]
        return all(
            alike(blocks) for blocks in [lead, *(other[own[..., None], own[:, None]] for own in columns)]
        )

    @cached_property
    def grid(self) -> Grid | None:
        """The criterion on a coarse grid, where that is affordable."""
        return Grid.of(self, self._sums, self.p, self.reml, self.nu)

    @cached_property
    def ring(self) -> Grid | None:
        """And among singular covariances, for a single pair of effects."""
        if tuple(self.structures) != (Unstructured(2),):
            return None
        return Grid(self, self.parts, self.reml, self.nu, ring_thetas())

    @cached_property
    def rest_products(self) -> Array:
        """Those of :attr:`column_products` between columns of the rest, (q k k, R²)."""
        width, R = self.parts[1].shape[2], self.layout.width
        return self.column_products.reshape(-1, width, width)[:, :R, :R].reshape(-1, R * R)

    @cached_property
    def _sum_matrices(self) -> tuple[csr_array, csr_array]:
        """``Z'`` of the leading factor and of the rest as sparse matrices."""
        rest = [_transposed(factor) for factor in self.layout.rest]
        below = csr_array(vstack(rest)) if rest else csr_array((0, self.n))
        return _transposed(self.layout.lead), below

    def responses(self, Y: Array) -> tuple[Responses, Flags]:
        """Sum the responses, shape (B, n), over the rows; and whether anything is left to explain in each."""
        target = (Y - self.design.offset) * self.root_weights
        ols = target @ self.Q
        residual = target - ols @ self.Q.T
        total = np.einsum("bn,bn->b", residual, residual)
        left = total > 1e-24 * np.einsum("bn,bn->b", target, target)
        unit = np.sqrt(np.where(left, total, 1.0) / self.n)
        column = residual / unit[:, None]
        lead, rest = (np.asarray(matrix @ column.T).T for matrix in self._sum_matrices)
        lead = lead.reshape(len(Y), self.layout.lead.q, self.layout.lead.k)
        y_y = np.einsum("bn,bn->b", column, column)
        place = np.arange(len(Y))
        return Responses(ols, unit, lead, rest, column @ self.Q, y_y, place, Y), left


def _transposed(factor: GroupingFactor) -> csr_array:
    n = len(factor.codes)
    rows = (factor.codes[:, None] * factor.k + np.arange(factor.k)).ravel()
    columns = np.repeat(np.arange(n), factor.k)
    return csr_array((factor.Z.ravel(), (rows, columns)), shape=(factor.q * factor.k, n))


class Points:
    """The criterion of many responses, each at its own ``theta``; see :class:`~lmmkit.likelihood.lmm.Point`.

    Attributes
    ----------
    objective : array of shape (B,)
        Infinite where ``V`` overflows.
    """

    def __init__(self, criterion: ManyCriterion, theta: Array, responses: Responses) -> None:
        self.criterion, self.theta, self.y = criterion, theta, responses
        self.factors, self.roots = criterion.many_roots(theta)
        lead, cross, other = criterion.parts
        q, k, width = cross.shape
        B, R, p = len(theta), criterion.layout.width, criterion.p
        self.M, logdet = swept(lead, self.roots[0])
        gram = (self.M.reshape(B, q * k * k) @ criterion.column_products).reshape(B, width, width)
        My = np.einsum("bqij,bqj->bqi", self.M, responses.lead)
        self._My = My
        whole = np.empty((B, width + 1, width + 1))
        whole[:, :width, :width] = other - gram
        column = np.concatenate([responses.rest, responses.q_y], axis=1)
        column = column - My.reshape(B, -1) @ cross.reshape(q * k, width)
        whole[:, width, :width] = whole[:, :width, width] = column
        whole[:, width, width] = responses.y_y - np.einsum("bqi,bqi->b", responses.lead, My)
        self.H = whole[:, :R, :R]
        self.H_d = whole[:, :R, R:]
        system = self._times_root(self._times_root(whole).transpose(0, 2, 1))
        system[:, range(R), range(R)] += 1.0
        self.bad = ~np.isfinite(system).all(axis=(1, 2))
        self.L, broken = cholesky_of_each(system)
        self.bad |= broken
        diagonal = np.log(self.L.diagonal(axis1=1, axis2=2))
        self.r2 = self.L[:, -1, -1] ** 2
        logdet = logdet + 2 * diagonal[:, :R].sum(axis=1)
        if criterion.reml:
            logdet = logdet + 2 * diagonal[:, R : R + p].sum(axis=1)
        nu = criterion.nu
        scale = np.log(2 * np.pi * self.r2 * responses.unit**2 / nu)
        self.objective = np.where(self.bad, np.inf, logdet + nu * (1 + scale) + criterion.constant)

    def by_rows(self) -> Points:
        """Corrected in place where next to nothing of a response is left (:mod:`~lmmkit.likelihood.by_rows`)."""
        single = self.criterion.single
        for b in np.flatnonzero(self.r2 < LITTLE * self.y.y_y).tolist():
            try:
                point = single.with_response(self.y.given[self.y.place[b]]).point(self.theta[b])
            except np.linalg.LinAlgError:
                continue
            self.gamma[b], self.r2[b], self.objective[b] = point.gamma, point.r2, point.objective
            for scores, own in zip(self.scores, point.scores, strict=True):
                scores[b] = own
        return self

    def _times_root(self, matrix: Array) -> Array:
        """``matrix @ diag(Lambda of the rest, I)`` on the last axis."""
        layout, out = self.criterion.layout, matrix.copy()
        for f, factor in enumerate(layout.rest):
            own = slice(int(layout.starts[f]), int(layout.starts[f + 1]))
            part = matrix[..., own].reshape(*matrix.shape[:2], factor.q, factor.k)
            out[..., own] = _times_small(part, self.roots[1 + f]).reshape(*matrix.shape[:2], -1)
        return out

    @cached_property
    def _inverse(self) -> Array:
        """``L^-1``."""
        return np.asarray(np.linalg.inv(self.L))

    @cached_property
    def gamma(self) -> Array:
        """Fixed effects in the units of the orthonormal columns, (B, p)."""
        p = self.criterion.p
        half = self.L[:, -1, -1 - p : -1]
        return np.einsum("bij,bi->bj", self.root, half)

    @property
    def root(self) -> Array:
        """``L_X^-1`` for the Cholesky factor of ``Q'V^-1 Q``, (B, p, p)."""
        R, p = self.criterion.layout.width, self.criterion.p
        return self._inverse[:, R : R + p, R : R + p]

    @cached_property
    def _keep(self) -> Array:
        """``I - G M`` per level of the leading factor, (B, q, k, k)."""
        lead = self.criterion.parts[0]
        return np.asarray(np.eye(lead.shape[1]) - _times_blocks(lead, self.M))

    @cached_property
    def _half_B(self) -> Array:
        """``A`` with ``Lambda S^-1 Lambda' = A'A``, (B, R, R)."""
        R = self.criterion.layout.width
        inverse = self._inverse[:, :R, :R]
        out = np.empty_like(inverse)
        for f, factor in enumerate(self.criterion.layout.rest):
            own = slice(int(self.criterion.layout.starts[f]), int(self.criterion.layout.starts[f + 1]))
            part = inverse[..., own].reshape(len(out), R, factor.q, factor.k)
            out[..., own] = _times_small(part, self.roots[1 + f].transpose(0, 2, 1)).reshape(len(out), R, -1)
        return out

    def _z_vinv(self, lead_d: Array, H_d: Array) -> list[Array]:
        """``Z'V^-1 D`` from ``lead'D`` (B, q, k, d) and ``rest' V_lead^-1 D`` (B, R, d)."""
        layout, cross = self.criterion.layout, self.criterion.parts[1]
        if not layout.rest:
            return [_times_blocks(self._keep, lead_d)]
        B, q, k, d = lead_d.shape
        R = layout.width
        BH = self._half_B.transpose(0, 2, 1) @ (self._half_B @ H_d)
        lead_d = lead_d - (cross[..., :R].reshape(q * k, R) @ BH).reshape(B, q, k, d)
        rest = H_d - self.H @ BH
        parts = [
            rest[:, int(layout.starts[f]) : int(layout.starts[f + 1])].reshape(B, factor.q, factor.k, d)
            for f, factor in enumerate(layout.rest)
        ]
        return [_times_blocks(self._keep, lead_d), *parts]

    @cached_property
    def images(self) -> list[Array]:
        """``Z'V^-1 [Q y]`` per grouping factor, (B, levels, k, p + 1)."""
        cross, R = self.criterion.parts[1], self.criterion.layout.width
        B = len(self.theta)
        shared = np.broadcast_to(cross[..., R:], (B, *cross.shape[:2], self.criterion.p))
        return self._z_vinv(np.concatenate([shared, self.y.lead[..., None]], axis=3), self.H_d)

    @cached_property
    def scores(self) -> list[Array]:
        """``Z'P y`` per grouping factor, (B, levels, k)."""
        p = self.criterion.p
        return [
            image[..., p] - (image[..., :p] @ self.gamma[:, None, :, None])[..., 0] for image in self.images
        ]

    @cached_property
    def projected(self) -> Projected:
        """``Z'P Z``: what the rest and, by REML, the fixed effects explain is taken from ``Z'V^-1 Z`` without them."""
        lead, cross, _ = self.criterion.parts
        (q, k, _), B, R = cross.shape, len(self.theta), self.criterion.layout.width
        met, half_H = _times_blocks(self._keep, cross[..., :R]), self._half_B @ self.H
        explained = met @ self._half_B.transpose(0, 2, 1)[:, None]
        whole = met.reshape(B, q * k, R) - explained.reshape(B, q * k, R) @ half_H
        rest = self.H - half_H.transpose(0, 2, 1) @ half_H
        if self.criterion.reml:
            first, *others = self.image_halves
            half = np.concatenate(
                [np.zeros((B, 0, self.criterion.p)), *(_by_column(own) for own in others)], axis=1
            )
            whole -= _by_column(first) @ half.transpose(0, 2, 1)
            rest -= half @ half.transpose(0, 2, 1)
            explained = np.concatenate([explained, first], axis=3)
        return Projected(_times_blocks(self._keep, lead), explained, whole, rest)

    def trace_products(self, slopes: list[Array]) -> Array:
        """``tr(P V_i P V_j)`` for ``dSigma/dtheta`` of each grouping factor, (B, m, k, k): (B, m, m)."""
        return trace_products(self.criterion.layout, self.projected, slopes)

    @cached_property
    def block_sums(self) -> list[Array]:
        """Sums over levels of the diagonal blocks of ``Z'V^-1 Z``, (B, k, k) per grouping factor."""
        criterion = self.criterion
        cross = criterion.parts[1]
        q, k, _ = cross.shape
        B, R = len(self.theta), criterion.layout.width
        sums = np.einsum("bqij,qjk->bik", self._keep, criterion.parts[0])
        if not R:
            return [sums]
        middle = self._half_B.transpose(0, 2, 1) @ self._half_B
        between = (middle.reshape(B, R * R) @ criterion.rest_products.T).reshape(B, q, k, k)
        if k == 1:
            sums = sums - np.einsum("bq,bq->b", self._keep[..., 0, 0] ** 2, between[..., 0, 0])[:, None, None]
        else:
            sums = sums - (self._keep @ between @ self._keep.transpose(0, 1, 3, 2)).sum(axis=1)
        image = self.H @ middle
        out = [sums]
        for f, factor in enumerate(criterion.layout.rest):
            start, stop = int(criterion.layout.starts[f]), int(criterion.layout.starts[f + 1])
            shape = (B, factor.q, factor.k, -1)
            own = self.H[:, start:stop, start:stop].reshape(B, factor.q, factor.k, factor.q, factor.k)
            less = np.einsum(
                "bqir,bqjr->bij", image[:, start:stop].reshape(shape), self.H[:, start:stop].reshape(shape)
            )
            out.append(np.einsum("bqiqj->bij", own) - less)
        return out

    @cached_property
    def image_halves(self) -> list[Array]:
        """``Z'V^-1 Q L_X'^-1`` per grouping factor, (B, levels, k, p)."""
        p, turned = self.criterion.p, self.root.transpose(0, 2, 1)[:, None]
        return [image[..., :p] @ turned for image in self.images]

    @cached_property
    def traced(self) -> list[Array]:
        """Sums over levels of the diagonal blocks of ``Z'P Z``, or ``Z'V^-1 Z`` without REML, (B, k, k) per factor."""
        if not self.criterion.reml:
            return self.block_sums
        sums = []
        for block, half in zip(self.block_sums, self.image_halves, strict=True):
            B, q, k, p = half.shape
            flat = half.transpose(0, 1, 3, 2).reshape(B, q * p, k)
            sums.append(block - flat.transpose(0, 2, 1) @ flat)
        return sums

    @cached_property
    def slopes(self) -> list[Array]:
        """``d objective / d Sigma``, one (B, k, k) array per grouping factor."""
        ratio, slopes = (self.criterion.nu / self.r2)[:, None, None], []
        for block, score in zip(self.traced, self.scores, strict=True):
            slope = block - ratio * (score.transpose(0, 2, 1) @ score)
            slopes.append((slope + slope.transpose(0, 2, 1)) / 2)
        return slopes

    def gradient_of_term(self, t: int, slope: Array) -> Array:
        """Derivative by theta's part of term t of what has this derivative by ``Sigma``, (B, k, k)."""
        theta = self.theta[:, self.criterion.of_term[t]]
        return self.criterion.structures[t].gradient(theta, self.factors[t], slope)

    def gradient(self) -> Array:
        """Derivative by whitened ``theta``, (B, m)."""
        out = np.empty_like(self.theta)
        for f, t, own in self.criterion.owned:
            out[:, self.criterion.of_term[t]] = self.gradient_of_term(t, self.slopes[f][:, own, own])
        return out

    def curvature(self) -> Array:
        """Average information with the exact second derivative of ``T T'`` added, (B, m, m)."""
        quadratic, rank_one = self._quadratic_forms
        return quadratic - rank_one + self._second_order()

    def hessian(self) -> Array:
        """The Hessian itself, as :meth:`Criterion.hessian`, (B, m, m)."""
        quadratic, rank_one = self._quadratic_forms
        traces = self.trace_products(self.criterion.covariance_slopes(self.theta, self.factors))
        return 2 * quadratic - rank_one - traces + self._second_order()

    @cached_property
    def _quadratic_forms(self) -> tuple[Array, Array]:
        """``y'P V_i P V_j P y`` and ``y'P V_i P y y'P V_j P y / r2``, relative to the residual variance."""
        criterion = self.criterion
        lead, cross, other = criterion.parts
        B, m, R, p = len(self.theta), criterion.m, criterion.layout.width, criterion.p
        q, k, _ = cross.shape
        directions = self._directions()
        lead_w = directions[0]
        rest_w = np.concatenate([np.zeros((B, 0, m)), *(w.reshape(B, -1, m) for w in directions[1:])], axis=1)
        flat = cross[..., :R].reshape(q * k, R)
        lead_d = _times_blocks(lead, lead_w)
        if R:
            lead_d = lead_d + (flat @ rest_w).reshape(B, q, k, m)
        swept = _times_blocks(self.M, lead_d)
        H_d = other[:R, :R] @ rest_w + flat.T @ (lead_w - swept).reshape(B, q * k, m)
        quadratic, crossed, first = np.zeros((B, m, m)), np.zeros((B, p, m)), np.zeros((B, m))
        for f, image in enumerate(self._z_vinv(lead_d, H_d)):
            rows = image.shape[1] * image.shape[2]
            w = directions[f].reshape(B, rows, m)
            quadratic += w.transpose(0, 2, 1) @ image.reshape(B, rows, m)
            crossed += self.images[f][..., :p].reshape(B, rows, p).transpose(0, 2, 1) @ w
            first += np.einsum("br,brm->bm", self.scores[f].reshape(B, rows), w)
        half = self.root @ crossed
        ratio = (criterion.nu / self.r2)[:, None, None]
        rank_one = ratio / self.r2[:, None, None] * first[:, :, None] * first[:, None, :]
        return ratio * (quadratic - half.transpose(0, 2, 1) @ half), rank_one

    def _directions(self) -> list[Array]:
        """``dSigma/dtheta_i`` times the scores: (B, levels, k, m) per factor."""
        criterion = self.criterion
        out = [np.zeros((*score.shape, criterion.m)) for score in self.scores]
        for f, t, own in criterion.owned:
            part, structure = criterion.of_term[t], criterion.structures[t]
            score = self.scores[f][..., own]
            out[f][:, :, own, part] = structure.directions(self.theta[:, part], self.factors[t], score)
        return out

    def _second_order(self) -> Array:
        """``<slope, d2 Sigma>``: couples parameters of the same term."""
        criterion = self.criterion
        out = np.zeros((len(self.theta), criterion.m, criterion.m))
        for f, t, own in criterion.owned:
            part, structure = criterion.of_term[t], criterion.structures[t]
            slope = self.slopes[f][:, own, own]
            out[:, part, part] = structure.second_order(self.theta[:, part], self.factors[t], slope)
        return out


def _times_small(part: Array, root: Array) -> Array:
    """``(B, r, q, k) @ (B, k, k)``."""
    if root.shape[1] == 1:
        return part * root[:, :, :, None]
    return np.asarray(part @ root[:, None])


def _times_blocks(blocks: Array, columns: Array) -> Array:
    """``(…, q, k, k) @ (B, q, k, d)``."""
    if blocks.shape[-1] == 1:
        return blocks * columns
    return np.asarray(blocks @ columns)


def _by_column(levels: Array) -> Array:
    """(B, levels, k, p) as (B, levels k, p)."""
    B, q, k, p = levels.shape
    return levels.reshape(B, q * k, p)  # there may be none of the last
