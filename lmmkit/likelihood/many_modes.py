"""The conditional modes of many generalised models of one design, found side by side.

As :mod:`lmmkit.likelihood.pirls`, but the effects ``b = Sigma v`` are told by ``v``, which is ``Z'g`` at the
mode: neither an inverse nor a root of ``Sigma`` is needed, which may be singular. A Newton step is
``b + K (Z'g - v)`` with

    K = (Z'WZ + Sigma^-1)^-1 = Sigma (I + Z'WZ Sigma)^-1,

in which the leading factor's levels are swept out one by one, and what is left is small and dense.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..families.family import Family
from ..families.links import Derivatives
from ..numerics.arrays import Array, Flags
from .pirls import MAX_HALVINGS, MAX_STEPS, TOLERANCE
from .row_sums import ByColumn, Grams, RowSums

__all__ = ["Modes", "Precisions", "Rows", "find_modes"]

#: Size of a row's effects, in units of the linear predictor, from which no effects may be a better start.
LARGE_START = 5.0


@dataclass(frozen=True)
class Rows:
    """The responses and how they are distributed, (n, B) each.

    Attributes
    ----------
    y : array of shape (n, B)
    weights : array of shape (n, B), (n, 1), or None
        Prior weights.
    family : Family
        With one dispersion for each response where it has any.
    """

    y: Array
    weights: Array | None
    family: Family

    def at(self, eta: Array) -> Derivatives:
        """Log density of each row, without its constant, and three derivatives."""
        return self.family.derivatives(self.y, eta, self.weights)

    def expected(self, eta: Array) -> tuple[Array, Array]:
        """Expected information of each row and its derivative."""
        return self.family.expected_information(eta, self.weights)

    @property
    def newton_in_determinant(self) -> bool:
        """Whether the determinant of the Laplace approximation has the weights of Newton's method."""
        return self.family.is_canonical or self.family.information == "observed"


class Precisions:
    """``K`` for many responses at once, each with weights and a ``Sigma`` of its own.

    Parameters
    ----------
    sums : RowSums
    sigmas : sequence of arrays of shape (k, k, B)
        One covariance per grouping factor, the leading one first.
    weights : array of shape (n, B)
        Not negative.

    Attributes
    ----------
    logdet : array of shape (B,)
        ``log |I + Z'WZ Sigma|``.
    """

    def __init__(self, sums: RowSums, sigmas: Sequence[Array], weights: Array) -> None:
        self.sums, self.sigmas, self.weights = sums, sigmas, weights
        self.G = sums.grams(weights)
        self.M, self.logdet = _swept(self.G.lead, sigmas[0])
        if sums.R:
            self.MC = np.einsum("qijb,qjrb->qirb", self.M, self.G.cross)
            self.H = self.G.rest - np.einsum("qirb,qisb->rsb", self.G.cross, self.MC)
            self.B, logdet = _whole(self.H, self._rest_sigma())
            self.logdet = self.logdet + logdet

    def _rest_sigma(self) -> Array:
        """The rest's covariance, block diagonal in its levels: (B, R, R)."""
        R, B = self.sums.R, self.weights.shape[1]
        out, start = np.zeros((B, R, R)), 0
        for sigma, q in zip(self.sigmas[1:], self.sums.rest_levels, strict=True):
            k = len(sigma)
            for level in range(q):
                own = slice(start + level * k, start + (level + 1) * k)
                out[:, own, own] = sigma.transpose(2, 0, 1)
            start += q * k
        return out

    def times(self, right: ByColumn) -> ByColumn:
        """``K right``."""
        lead = np.einsum("qijb,qjb->qib", self.M, right.lead)
        if not self.sums.R:
            return ByColumn(lead, right.rest)
        below = right.rest - np.einsum("qirb,qib->rb", self.G.cross, lead)
        rest = np.einsum("rsb,sb->rb", self.B, below)
        return ByColumn(lead - np.einsum("qirb,rb->qib", self.MC, rest), rest)

    @cached_property
    def covariances(self) -> Grams:
        """``K`` where rows have columns."""
        if not self.sums.R:
            return Grams(self.M, self.G.cross, self.G.rest)
        MCB = np.einsum("qirb,rsb->qisb", self.MC, self.B)
        lead = self.M + np.einsum("qisb,qjsb->qijb", MCB, self.MC)
        return Grams(lead, -MCB, self.B)

    def block_sums(self) -> list[Array]:
        """Sums over levels of the diagonal blocks of ``Z'V^-1 Z``, (k, k, B) per factor, ``V = W^-1 + Z Sigma Z'``."""
        G = self.G
        GM = np.einsum("qijb,qjlb->qilb", G.lead, self.M)
        lead = (G.lead - np.einsum("qilb,qljb->qijb", GM, G.lead)).sum(axis=0)
        if not self.sums.R:
            return [lead]
        kept = G.cross - np.einsum("qilb,qlrb->qirb", GM, G.cross)
        keptB = np.einsum("qirb,rsb->qisb", kept, self.B)
        out = [lead - np.einsum("qisb,qjsb->ijb", keptB, kept)]
        HBH = np.einsum("rtb,tsb->rsb", np.einsum("rsb,stb->rtb", self.H, self.B), self.H)
        left, start = self.H - HBH, 0
        for sigma, q in zip(self.sigmas[1:], self.sums.rest_levels, strict=True):
            k = len(sigma)
            own = left[start : start + q * k, start : start + q * k].reshape(q, k, q, k, -1)
            out.append(np.einsum("qiqjb->ijb", own))
            start += q * k
        return out

    def shrunk(self, right: ByColumn, image: Array | None = None) -> ByColumn:
        """``(I + Z'WZ Sigma)^-1 right``; ``image`` is ``Z K right`` where that is known."""
        image = self.sums.rows(self.times(right)) if image is None else image
        return right.plus(self.sums.sums(self.weights * image), -1.0)


def _swept(lead: Array, sigma: Array) -> tuple[Array, Array]:
    """``Sigma (I + G Sigma)^-1`` of each level (q, k, k, B), and the sum of ``log |I + G Sigma|``, (B,)."""
    k = len(sigma)
    if k == 1:
        spread = 1.0 + sigma[0, 0] * lead[:, 0, 0]
        return (sigma[0, 0] / spread)[:, None, None], np.log(spread).sum(axis=0)
    if k == 2:
        (a, b), (_, d) = sigma
        size = a * d - b * b
        g, h, i = lead[:, 0, 0], lead[:, 0, 1], lead[:, 1, 1]
        spread = 1.0 + a * g + 2 * b * h + d * i + size * (g * i - h * h)
        off = b - size * h
        M = np.stack([np.stack([a + size * i, off], axis=1), np.stack([off, d + size * g], axis=1)], axis=1)
        return M / spread[:, None, None], np.log(spread).sum(axis=0)
    M, size = _whole_many(lead.transpose(3, 0, 1, 2), sigma.transpose(2, 0, 1)[:, None])
    return M.transpose(1, 2, 3, 0), size.sum(axis=1)


def _whole(gram: Array, sigma: Array) -> tuple[Array, Array]:
    """The same for the rest: ``gram`` (R, R, B) and ``sigma`` (B, R, R)."""
    K, size = _whole_many(gram.transpose(2, 0, 1), sigma)
    return K.transpose(1, 2, 0), size


def _whole_many(gram: Array, sigma: Array) -> tuple[Array, Array]:
    """``Sigma (I + G Sigma)^-1`` and ``log |I + G Sigma|``, for stacks of matrices."""
    inside = gram @ sigma + np.eye(gram.shape[-1])
    possible = np.asarray(np.isfinite(inside).all(axis=(-1, -2)))
    inside = np.where(possible[..., None, None], inside, np.eye(gram.shape[-1]))
    sign, size = np.linalg.slogdet(inside)
    K = sigma @ np.linalg.inv(inside)
    K = (K + np.swapaxes(K, -1, -2)) / 2
    return K, np.where(possible & (sign > 0), size, np.nan)


@dataclass
class Modes:
    """Where the penalised log densities are highest.

    Attributes
    ----------
    v, b : ByColumn
        ``Z'g`` and the effects, ``b = Sigma v``.
    eta : array of shape (n, B)
    rows : tuple of arrays of shape (n, B)
        Log density of each row, without constants, and three derivatives.
    penalised : array of shape (B,)
        ``-2 sum log f + b' Sigma^-1 b``, without constants.
    precisions : Precisions
        With the weights of Newton's method.
    found : array of shape (B,)
        False where the climb did not arrive.
    """

    v: ByColumn
    b: ByColumn
    eta: Array
    rows: Derivatives
    penalised: Array
    precisions: Precisions
    found: Flags


@dataclass
class _Climb:
    """Where the climbs stand."""

    v: ByColumn
    b: ByColumn
    zb: Array
    eta: Array
    rows: Derivatives
    penalised: Array


def find_modes(sums: RowSums, rows: Rows, fixed: Array, sigmas: Sequence[Array], start: ByColumn) -> Modes:
    """Climb to the mode of each response by Newton's method.

    Parameters
    ----------
    sums : RowSums
    rows : Rows
    fixed : array of shape (n, B)
        Offset and fixed effects.
    sigmas : sequence of arrays of shape (k, k, B)
    start : ByColumn
        ``v`` to start from; where that is impossible, or worse than no effects at all, these.

    Notes
    -----
    For log densities that are concave in the linear predictor, so that there is one mode.
    """
    with np.errstate(all="ignore"):
        at = _begin(sums, rows, fixed, sigmas, start)
        B = fixed.shape[1]
        found, lost, previous = np.zeros(B, bool), ~np.isfinite(at.penalised), np.full(B, np.inf)
        for _ in range(MAX_STEPS):
            precisions = Precisions(sums, sigmas, -at.rows[2])
            pull = sums.sums(at.rows[1]).plus(at.v, -1.0)
            step = precisions.times(pull)
            decrement = pull.dot(step)
            # A tiny decrement that shrinks no more is the rounding error of Z'g.
            found |= (decrement < TOLERANCE) | (decrement < 1e-8) & (decrement > 0.5 * previous)
            lost |= ~np.isfinite(decrement)
            if (found | lost).all():
                break
            previous = decrement
            lost |= _advance(sums, rows, fixed, at, (precisions, pull, step), decrement, ~(found | lost))
    return Modes(at.v, at.b, at.eta, at.rows, at.penalised, precisions, found & ~lost)


def _begin(sums: RowSums, rows: Rows, fixed: Array, sigmas: Sequence[Array], start: ByColumn) -> _Climb:
    """The start; no effects where they are better, which is looked at only where the start's are large."""
    b = _times_sigma(sums, sigmas, start)
    zb = sums.rows(b)
    here = rows.at(fixed + zb)
    penalised = start.dot(b) - 2 * here[0].sum(axis=0)
    if (np.abs(zb) < LARGE_START).all() and np.isfinite(penalised).all():
        return _Climb(start, b, zb, fixed + zb, here, penalised)
    nothing = rows.at(fixed)
    none = -2 * nothing[0].sum(axis=0)
    keep = penalised <= none  # False for NaN
    v, b = (ByColumn(np.where(keep, x.lead, 0.0), np.where(keep, x.rest, 0.0)) for x in (start, b))
    zb = np.where(keep, zb, 0.0)
    density, first, second, third = (
        np.where(keep, one, other) for one, other in zip(here, nothing, strict=True)
    )
    return _Climb(v, b, zb, fixed + zb, (density, first, second, third), np.where(keep, penalised, none))


def _advance(
    sums: RowSums,
    rows: Rows,
    fixed: Array,
    at: _Climb,
    newton: tuple[Precisions, ByColumn, ByColumn],
    decrement: Array,
    going: Flags,
) -> Flags:
    """One Newton step of those that are going, in place, halved until it leads uphill; which could not."""
    precisions, pull, step = newton
    change = sums.rows(step)
    dv = precisions.shrunk(pull, change)
    length = np.where(going, 1.0, 0.0)
    # A full step from close by may change the objective by no more than rounding.
    slack = np.where(decrement < 1e-3, 1e-12 * (1 + np.abs(at.penalised)), 0.0)
    for _ in range(MAX_HALVINGS):
        v, b, zb = at.v.plus(dv, length), at.b.plus(step, length), at.zb + length * change
        there = rows.at(fixed + zb)
        penalised = v.dot(b) - 2 * there[0].sum(axis=0)
        short = ~(penalised <= at.penalised - 1e-4 * length * decrement + slack) & going
        if not short.any():
            break
        length = np.where(short, length / 2, length)
    stuck = short
    if stuck.any():
        hold = ~stuck
        v, b = (ByColumn(np.where(hold, x.lead, o.lead), np.where(hold, x.rest, o.rest))
                for x, o in ((v, at.v), (b, at.b)))  # fmt: skip
        zb = np.where(hold, zb, at.zb)
        there, penalised = rows.at(fixed + zb), np.where(hold, penalised, at.penalised)
    at.v, at.b, at.zb, at.eta, at.rows, at.penalised = v, b, zb, fixed + zb, there, penalised
    return stuck


def _times_sigma(sums: RowSums, sigmas: Sequence[Array], v: ByColumn) -> ByColumn:
    """``Sigma v``."""
    lead = np.einsum("ijb,qjb->qib", sigmas[0], v.lead)
    parts, start = [], 0
    for sigma, q in zip(sigmas[1:], sums.rest_levels, strict=True):
        stop = start + q * len(sigma)
        own = v.rest[start:stop].reshape(q, len(sigma), -1)
        parts.append(np.einsum("ijb,qjb->qib", sigma, own).reshape(stop - start, -1))
        start = stop
    return ByColumn(lead, np.concatenate(parts) if parts else v.rest)
