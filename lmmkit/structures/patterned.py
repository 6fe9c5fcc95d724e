"""Structures whose covariance is ``D R(rho) D``: standard deviations, and one correlation or none."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import ClassVar, NamedTuple

import numpy as np

from ..numerics.arrays import Array, Flags, Index
from .structure import LENGTHS, Structure
from .triangle import lower_indices

__all__ = ["Patterned"]

#: Places of the correlation, between its bounds -1 and 1, that effects without variance are tried with.
PLACES = (0.0, 0.9, -0.9)
#: Place near a bound at which another valley of the correlation is looked for.
NEAR_BOUND = 0.98
#: A standard deviation that lets a correlation be felt, and a share of one that does not.
SLIGHT, NEXT_TO_NONE = 0.1, 0.05
#: And a multiple that is much more.
GROWTH = 3.0


class _Pieces(NamedTuple):
    """Parameters, standard deviations, correlations with two derivatives by ``rho``, and those of ``par`` by ``x``."""

    par: Array
    sds: Array
    R: Array
    R1: Array
    R2: Array
    first: Array
    second: Array


@dataclass(frozen=True)
class Patterned(Structure):
    """``Sigma_ij = s_i s_j r_ij(rho)``; with `homogeneous` all ``s_i`` are one ``s``.

    Notes
    -----
    In the search a standard deviation is the size of ``sinh(x)``, or ``(2 sinh(x / 2))^2`` where its sign would
    turn a correlation round, and the correlation is a sine between its bounds. So the criterion is smooth
    there, and level at the bounds (:meth:`beside` asks whether one should leave them); and where it falls
    towards infinity, as without a residual variance, the way there is short.
    """

    has_rho: ClassVar[bool] = True

    @abstractmethod
    def correlation(self, rho: Array) -> tuple[Array, Array, Array]:
        """``R`` (..., k, k) and its first two derivatives, for ``rho`` (...)."""

    @abstractmethod
    def triangle(self, rho: Array) -> Array:
        """The lower triangle ``L`` (..., k, k) with ``L L' = R``, also where ``R`` is singular."""

    @property
    @abstractmethod
    def rho_bounds(self) -> tuple[float, float]:
        """Smallest and largest correlation."""

    # ---- where is what ----

    @property
    def n_sds(self) -> int:
        """Number of standard deviations."""
        return 1 if self.homogeneous else self.k

    @property
    def size(self) -> int:
        return self.n_sds + self.has_rho

    @property
    def squared(self) -> bool:
        return self.has_rho and not self.homogeneous

    def names(self, effects: Sequence[str]) -> list[str]:
        sds = ["*"] if self.homogeneous else list(effects)
        return [*sds, "rho"] if self.has_rho else sds

    def labels(self, effects: Sequence[str]) -> list[str]:
        sds = [f"sd_{name}" for name in self.names(effects)[: self.n_sds]]
        return [*sds, "cor_rho"] if self.has_rho else sds

    def reading(self, par: Array) -> Array:
        out = np.array(par, dtype=float)
        if self.has_rho:
            seen = (self._sds(par) > 0).sum(axis=-1) > 1
            out[..., -1] = np.where(seen, par[..., -1], np.nan)
        return out

    @property
    def bounds(self) -> tuple[Array, Array]:
        low, high = np.zeros(self.size), np.full(self.size, np.inf)
        if self.has_rho:
            low[-1], high[-1] = self.rho_bounds
        return low, high

    def _sds(self, par: Array) -> Array:
        """All ``k`` standard deviations, (..., k)."""
        return np.repeat(par[..., :1], self.k, axis=-1) if self.homogeneous else par[..., : self.k]

    def _rho(self, par: Array) -> Array:
        return par[..., -1] if self.has_rho else np.zeros(par.shape[:-1])

    # ---- from one to the other ----

    def factor(self, par: Array) -> Array:
        return self._sds(par)[..., :, None] * self.triangle(self._rho(par))

    def par(self, x: Array) -> Array:
        par = 4 * np.sinh(x / 2) ** 2 if self.squared else np.abs(np.sinh(x))
        if self.has_rho:
            low, high = self.rho_bounds
            par[..., -1] = (low + high) / 2 + (high - low) / 2 * np.sin(x[..., -1])
        return par

    def search(self, par: Array) -> Array:
        x = 2 * np.arcsinh(np.sqrt(np.abs(par)) / 2) if self.squared else np.arcsinh(par)
        if self.has_rho:
            low, high = self.rho_bounds
            x[..., -1] = np.arcsin(np.clip((2 * par[..., -1] - low - high) / (high - low), -1.0, 1.0))
        return x

    def _chain(self, x: Array) -> tuple[Array, Array]:
        """First and second derivative of each entry of ``par`` by its own ``x``."""
        if self.squared:
            first, second = 2 * np.sinh(x), 2 * np.cosh(x)
        else:
            sign = np.where(x < 0, -1.0, 1.0)
            first, second = sign * np.cosh(x), sign * np.sinh(x)
        if self.has_rho:
            half = (self.rho_bounds[1] - self.rho_bounds[0]) / 2
            first[..., -1], second[..., -1] = half * np.cos(x[..., -1]), -half * np.sin(x[..., -1])
        return first, second

    def entry_of_sd(self, sd: float) -> tuple[float, float, float]:
        if self.squared:
            x = 2 * float(np.arcsinh(np.sqrt(sd) / 2))
            rate = float(np.tanh(x / 2))  # s / (ds/dx)
            return x, rate, rate * (1 - rate**2) / 2
        x = float(np.arcsinh(sd))
        rate = float(np.tanh(x))
        return x, rate, rate * (1 - rate**2)

    def in_units(self, par: Array, units: Array) -> Array:
        out = np.array(par, dtype=float)
        out[..., : self.n_sds] *= np.diagonal(units)[: self.n_sds]
        return out

    def unit_free(self, par: Array, squares: Array) -> Array:
        roots = np.sqrt(np.full(self.k, squares.mean()) if self.homogeneous else squares)
        return self.in_units(par, np.diag(roots))

    @cached_property
    def _distinct(self) -> tuple[Index, Index]:
        """Rows and columns of the entries of ``T`` that lme4 lists."""
        rows, columns = lower_indices(self.k)
        kept = np.array([self.is_distinct(int(a), int(b)) for a, b in zip(rows, columns, strict=True)])
        return rows[kept], columns[kept]

    @abstractmethod
    def is_distinct(self, row: int, column: int) -> bool:
        """Whether lme4's theta lists this entry of ``T``."""

    def theta(self, T: Array) -> Array:
        return np.asarray(T[(..., *self._distinct)])

    def theta_names(self, effects: Sequence[str]) -> list[str]:
        return [
            effects[a] if a == b else f"{effects[a]}.{effects[b]}"
            for a, b in zip(*self._distinct, strict=True)
        ]

    # ---- what the search asks ----

    def units(self, mean_crossproduct: Array) -> Array:
        squares = np.diag(mean_crossproduct)
        if self.homogeneous:
            squares = np.full(self.k, squares.mean())
        return np.diag(1 / np.sqrt(np.where(squares > 0, squares, 1.0)))

    def from_sds(self, sds: Array, place: float | Array | None = None) -> Array:
        par = np.empty((*sds.shape[:-1], self.size))
        par[..., : self.n_sds] = np.sqrt(np.mean(sds**2, axis=-1, keepdims=True)) if self.homogeneous else sds
        if self.has_rho:
            low, high = self.rho_bounds
            par[..., -1] = 0.0 if place is None else (low + high) / 2 + (high - low) / 2 * place
        return self.search(par)

    def _pieces(self, x: Array) -> _Pieces:
        """What the derivatives at a point are made of; of the last few points without another computation."""
        return self._computed(x) if x.ndim > 1 else _remembered(self, x.tobytes())

    def _computed(self, x: Array) -> _Pieces:
        par = self.par(x)
        return _Pieces(par, self._sds(par), *self.correlation(self._rho(par)), *self._chain(x))

    def gradient(self, x: Array, T: Array, slope: Array) -> Array:
        _, s, R, R1, _, first, _ = self._pieces(x)
        by_sds = 2 * ((slope * R) @ s[..., None])[..., 0]
        return self._joined(by_sds, _form(slope * R1, s)) * first

    def second_order(self, x: Array, T: Array, slope: Array) -> Array:
        _, s, R, R1, R2, first, second = self._pieces(x)
        sds = 2 * slope * R
        by_sds = (sds @ s[..., None])[..., 0]
        both = 2 * ((slope * R1) @ s[..., None])[..., 0]
        if self.homogeneous:
            sds, both = sds.sum(axis=(-1, -2), keepdims=True), both.sum(axis=-1, keepdims=True)
        hessian = np.zeros((*x.shape, self.size))
        hessian[..., : self.n_sds, : self.n_sds] = sds
        if self.has_rho:
            hessian[..., -1, : self.n_sds] = hessian[..., : self.n_sds, -1] = both
            hessian[..., -1, -1] = _form(slope * R2, s)
        hessian = hessian * first[..., :, None] * first[..., None, :]
        by_par = self._joined(by_sds, _form(slope * R1, s))
        at = range(self.size)
        hessian[..., at, at] += by_par * second
        return hessian

    def _joined(self, by_sds: Array, by_rho: Array) -> Array:
        """Derivatives by ``par`` from those by each effect's standard deviation and by ``rho``."""
        if self.homogeneous:
            by_sds = by_sds.sum(axis=-1, keepdims=True)
        return np.concatenate([by_sds, by_rho[..., None]], axis=-1) if self.has_rho else by_sds

    def directions(self, x: Array, T: Array, score: Array) -> Array:
        return np.asarray(np.einsum("...la,...mab->...lbm", score, self.slopes(x, T)))

    def slopes(self, x: Array, T: Array) -> Array:
        pieces = self._pieces(x)
        return self._par_slopes(pieces) * pieces.first[..., None, None]

    def _par_slopes(self, pieces: _Pieces) -> Array:
        """``dSigma/dpar``, (..., m, k, k)."""
        _, s, R, R1, *_ = pieces
        at, k = range(self.k), self.k
        half = np.zeros((*s.shape[:-1], k, k, k))
        half[..., at, at, :] = R * s[..., None, :]  # row i of R D
        by_sds = half + np.swapaxes(half, -1, -2)
        if self.homogeneous:
            by_sds = by_sds.sum(axis=-3, keepdims=True)
        if not self.has_rho:
            return by_sds
        by_rho = s[..., :, None] * R1 * s[..., None, :]
        return np.concatenate([by_sds, by_rho[..., None, :, :]], axis=-3)

    def scaled(self, x: Array, share: float) -> Array:
        par = self.par(x)
        par[..., : self.n_sds] *= share
        out = self.search(par)
        if self.has_rho:
            out[..., -1] = x[..., -1]
        return out

    def near_covariance(self, covariance: Array) -> Array | None:
        """Where effects correlate by ``rho`` itself, the mean of their correlations."""
        squares = covariance.diagonal()
        if not squares.min() > 0:
            return None
        par = np.empty(self.size)
        par[: self.n_sds] = np.sqrt(squares.mean()) if self.homogeneous else np.sqrt(squares)
        if self.has_rho:
            by_rho, sds = self.correlation(np.array(0.0))[1], self._sds(par)
            par[-1] = (by_rho * covariance / np.outer(sds, sds)).sum() / by_rho.sum()
            if not self.rho_bounds[0] < par[-1] < self.rho_bounds[1]:
                return None
        return self.search(par)

    def settled(self, x: Array) -> Array:
        """Standard deviations below 1e-7 are nothing, and so is as small a distance from a bound of ``rho``."""
        par = self.par(x)
        par[..., : self.n_sds] = np.where(par[..., : self.n_sds] < 1e-7, 0.0, par[..., : self.n_sds])
        if self.has_rho:
            for bound in self.rho_bounds:
                par[..., -1] = np.where(np.abs(par[..., -1] - bound) < 1e-10, bound, par[..., -1])
        return self.search(par)

    def lifted(self, x: Array, T: Array, size: float, lacking: float) -> Array:
        par = self.par(x)
        sds = par[..., : self.n_sds]
        par[..., : self.n_sds] = np.where(sds < lacking, size, sds)
        if self.has_rho:
            low, high = self.rho_bounds
            inside = size * (high - low) / 2
            par[..., -1] = np.clip(par[..., -1], low + inside, high - inside)
        return self.search(par)

    def near_edge(self, x: Array, T: Array, lacking: float) -> bool:
        par = self.par(x)
        return bool((par[: self.n_sds] < lacking).any()) or self._at_bound(par, lacking)

    def _at_bound(self, par: Array, lacking: float) -> bool:
        """Whether the correlation is next to one of its bounds, relative to half the way between them."""
        if not self.has_rho:
            return False
        low, high = self.rho_bounds
        return bool((high - low) / 2 - abs(par[-1] - (low + high) / 2) < lacking * (high - low) / 2)

    def beside(self, x: Array, T: Array, slope: Array, lacking: float, tolerance: float) -> Iterator[Array]:
        par, here = self.par(x), T @ T.T
        for moved in self._moves(par, lacking):
            if (slope * (self.covariance(moved) - here)).sum() < -tolerance:
                yield self.search(moved)

    def _moves(self, par: Array, lacking: float) -> Iterator[Array]:
        """Standard deviations away from zero, and ``rho`` away from its bounds."""
        zeros = np.flatnonzero(par[: self.n_sds] < lacking)
        low, high = self.rho_bounds if self.has_rho else (0.0, 0.0)
        middle, half = (low + high) / 2, (high - low) / 2
        sets = [*([zeros] if len(zeros) > 1 else []), *zeros[:, None]]
        for chosen in sets:
            for length in LENGTHS:
                moved = par.copy()
                moved[chosen] = length
                yield moved
                if not self.homogeneous and (moved[: self.n_sds] >= lacking).sum() < 2:
                    continue  # a correlation of one effect alone is not felt
                for rho in self._turned(par):
                    turned = moved.copy()
                    turned[-1] = rho
                    yield turned
        if len(zeros) != self.n_sds and self._at_bound(par, lacking):
            for length in LENGTHS:
                moved = par.copy()
                moved[-1] = middle + np.sign(par[-1] - middle) * half * (1 - length)
                yield moved

    def elsewhere(self, x: Array) -> Iterator[tuple[str, Array]]:
        """Standard deviations next to zero one by one, and the correlation near its bounds."""
        if not self.has_rho:
            return
        par = self.par(x)
        for i in range(self.n_sds if self.n_sds > 2 else 0):
            felt = par[..., i] > SLIGHT
            if felt.any():
                moved = par.copy()
                moved[..., i] *= np.where(felt, NEXT_TO_NONE, 1.0)
                yield "next to none of one effect", self.search(moved)
        low, high = self.rho_bounds
        for place in (-NEAR_BOUND, NEAR_BOUND):
            rho = (low + high) / 2 + (high - low) / 2 * place
            away = np.abs(par[..., -1:] - rho) > SLIGHT * (high - low) / 2
            away |= (par[..., : self.n_sds] < SLIGHT).any(axis=-1, keepdims=True)
            if away.any():
                moved = np.maximum(par, np.append(np.full(self.n_sds, SLIGHT), low))
                moved[..., -1] = rho
                yield "a correlation near its bound", self.search(np.where(away, moved, par))

    def grown(self, x: Array) -> Iterator[Array]:
        par = self.par(x)
        for i in np.flatnonzero(par[: self.n_sds] > SLIGHT) if self.has_rho else ():
            moved = par.copy()
            moved[i] *= GROWTH
            yield self.search(moved)

    def _turned(self, par: Array) -> list[float]:
        """Correlations to try where an effect comes back: its sign may not have been felt without it."""
        if not self.has_rho:
            return []
        low, high = self.rho_bounds
        places = [(low + high) / 2 + (high - low) / 2 * place for place in PLACES]
        return [*places, min(max(-float(par[-1]), low), high)]

    def nudged(self, x: Array, size: float) -> Array:
        par = self.par(x)
        par[: self.n_sds] = np.maximum(par[: self.n_sds], size)
        if self.has_rho:
            low, high = self.rho_bounds
            inside = size**2 * (high - low) / 2
            par[-1] = np.clip(par[-1], low + inside, high - inside)
        return np.where(par == self.par(x), x, self.search(par))

    def at_edge(self, par: Array, tolerance: float) -> Flags:
        edge = (par[..., : self.n_sds] < tolerance).any(axis=-1)
        if self.has_rho:
            low, high = self.rho_bounds
            edge = edge | (par[..., -1] - low < tolerance) | (high - par[..., -1] < tolerance)
        return np.asarray(edge)

    def _moving(self, x: Array) -> tuple[Array, Flags, Flags]:
        """``dSigma/dpar``, which of them are not zero, and which are, though a variance could grow there."""
        slopes = self._par_slopes(self._pieces(x))
        moves = np.abs(slopes).max(axis=(-2, -1)) > 0
        still = ~moves & (np.arange(self.size) < self.n_sds)
        return slopes, moves, still

    def tangents(self, x: Array, T: Array) -> Array:
        slopes, moves, still = self._moving(x)
        R = self.correlation(self._rho(self.par(x)))[0]
        for i in np.flatnonzero(still):  # at a standard deviation of zero the variance is what moves
            slopes[i] = R if self.homogeneous else np.diag(np.arange(self.k) == i).astype(float)
        return slopes[moves | still]

    def tangent_rates(self, x: Array, T: Array) -> Array:
        _, moves, still = self._moving(x)
        rates = np.diag(self._chain(x)[0] * moves)
        return rates[moves | still]

    def own_pairs(self) -> Flags:
        R = self.correlation(np.asarray(0.3))[0]
        return np.array(
            [bool(R[i, j] == 0.3) for j in range(self.k) for i in range(j + 1, self.k)], dtype=bool
        )

    @property
    def fills_hull(self) -> bool:
        return len(self.hull()) == self.size


@lru_cache(maxsize=16)
def _remembered(structure: Patterned, x: bytes) -> _Pieces:
    return structure._computed(np.frombuffer(x))


def _form(matrix: Array, s: Array) -> Array:
    """``s' M s``, (...)."""
    return np.asarray((s[..., None, :] @ matrix @ s[..., :, None])[..., 0, 0])
