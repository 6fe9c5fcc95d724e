"""`us(x | g)`, which is `(x | g)`: any covariance. The parameters are the lower triangle ``T`` itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.linalg import lapack

from ..numerics.arrays import Array, Flags, Index
from ..numerics.small import cholesky_of_each, nearly_singular
from .structure import LENGTHS, Structure
from .triangle import Whitening, canonical, factor_from_theta, lower_indices, n_theta, theta_from_factor

__all__ = ["Unstructured"]


@cache
def _couples(k: int) -> tuple[Index, Array]:
    """Row of each entry of ``x``, and 2 for each pair of entries in the same column of ``T``, (m, m)."""
    rows, columns = lower_indices(k)
    return rows, 2.0 * (columns[:, None] == columns)


@dataclass(frozen=True)
class Unstructured(Structure):
    """Every pair of effects has a correlation of its own.

    Examples
    --------
    >>> Unstructured(2).factor(np.array([1.0, 0.5, 2.0]))
    array([[1. , 0. ],
           [0.5, 2. ]])
    """

    tag = "us"
    title = "unstructured"

    @property
    def size(self) -> int:
        return n_theta(self.k)

    def names(self, effects: Sequence[str]) -> list[str]:
        rows, columns = lower_indices(self.k)
        return [
            effects[a] if a == b else f"{effects[a]}.{effects[b]}" for a, b in zip(rows, columns, strict=True)
        ]

    theta_names = names

    @property
    def n_sds(self) -> int:
        return self.k

    @property
    def _pairs(self) -> list[tuple[int, int]]:
        """Row and column of each correlation, down the columns of the lower triangle."""
        return [(i, j) for j in range(self.k) for i in range(j + 1, self.k)]

    def labels(self, effects: Sequence[str]) -> list[str]:
        sds = [f"sd_{name}" for name in effects]
        return [*sds, *(f"cor_{effects[i]}.{effects[j]}" for i, j in self._pairs)]

    def reading(self, par: Array) -> Array:
        cov = self.covariance(par)
        sd = np.sqrt(np.diagonal(cov, axis1=-2, axis2=-1))
        with np.errstate(invalid="ignore", divide="ignore"):
            cor = np.clip(cov / (sd[..., :, None] * sd[..., None, :]), -1.0, 1.0)
        pairs = np.array(self._pairs, dtype=np.intp).reshape(-1, 2)
        return np.concatenate([sd, cor[..., pairs[:, 0], pairs[:, 1]]], axis=-1)

    @property
    def bounds(self) -> tuple[Array, Array]:
        rows, columns = lower_indices(self.k)
        return np.where(rows == columns, 0.0, -np.inf), np.full(self.size, np.inf)

    def factor(self, par: Array) -> Array:
        if self.k == 1:
            return par[..., None].copy()
        if par.ndim == 1:
            return factor_from_theta(par, self.k)
        T = np.zeros((*par.shape[:-1], self.k, self.k))
        T[(..., *lower_indices(self.k))] = par
        return T

    def par(self, x: Array) -> Array:
        return self._canonical(self.factor(x))

    def _canonical(self, T: Array) -> Array:
        """``theta`` of a triangle whose columns are turned so that its diagonal is not negative."""
        if self.k == 1:
            return np.abs(T[..., 0])
        signs = np.where(T.diagonal(axis1=-2, axis2=-1) < 0, -1.0, 1.0)
        return self.theta(T * signs[..., None, :]) + 0.0

    def root(self, x: Array) -> Array:
        return self.factor(x)

    def search(self, par: Array) -> Array:
        return par

    def in_units(self, par: Array, units: Array) -> Array:
        return self._canonical(units @ self.factor(par))

    def par_in_units(self, x: Array, units: Array) -> Array:
        return self._canonical(units @ self.factor(x))

    def unit_free(self, par: Array, squares: Array) -> Array:
        return self.theta(np.sqrt(squares)[:, None] * self.factor(par))

    def theta(self, T: Array) -> Array:
        return np.asarray(T[(..., *lower_indices(self.k))])

    def units(self, mean_crossproduct: Array) -> Array:
        return Whitening.of(mean_crossproduct).matrix

    def from_sds(self, sds: Array, place: float | Array | None = None) -> Array:
        """A correlation is given to a pair of effects only."""
        T = np.diag(sds)
        if place and self.k == 2:
            T[1, 0], T[1, 1] = place * sds[1], np.sqrt(1 - place**2) * sds[1]
        return theta_from_factor(T)

    def gradient(self, x: Array, T: Array, slope: Array) -> Array:
        if self.k == 1:
            return np.asarray((2 * slope * T)[..., 0])
        return np.asarray((2 * slope @ T)[(..., *lower_indices(self.k))])

    def second_order(self, x: Array, T: Array, slope: Array) -> Array:
        """``d2(T T')`` couples entries of the same column of ``T``."""
        if self.k == 1:
            return 2 * slope
        rows, couples = _couples(self.k)
        return np.asarray(slope[..., rows[:, None], rows] * couples)

    def directions(self, x: Array, T: Array, score: Array) -> Array:
        if self.k == 1:
            return np.asarray(2 * T[..., None, :, :] * score[..., None])
        slopes = self.slopes(x, T)
        flat = slopes.reshape(*slopes.shape[:-3], self.size * self.k, self.k)  # each slope is symmetric
        images = (score @ flat.swapaxes(-1, -2)).reshape(*score.shape[:-1], self.size, self.k)
        return np.asarray(images.swapaxes(-1, -2))

    def slopes(self, x: Array, T: Array) -> Array:
        rows, columns = lower_indices(self.k)
        half = np.zeros((*T.shape[:-2], self.size, self.k, self.k))
        half[..., np.arange(self.size), rows, :] = T.swapaxes(-1, -2)[..., columns, :]
        return half + half.swapaxes(-1, -2)

    def scaled(self, x: Array, share: float) -> Array:
        return share * x

    def near_covariance(self, covariance: Array) -> Array | None:
        lower, failed = lapack.dpotrf(covariance, lower=1, clean=1)
        return None if failed else theta_from_factor(lower)

    def of_covariance(self, covariance: Array) -> Array:
        size, axes = np.linalg.eigh(covariance)  # also of a singular matrix
        return theta_from_factor(canonical(axes * np.sqrt(np.maximum(size, 0.0))))

    def near_covariances(self, covariances: Array) -> Array:
        inside = np.linalg.eigvalsh(covariances)[:, 0] > 0
        lower, broken = cholesky_of_each(np.where(inside[:, None, None], covariances, np.eye(self.k)))
        return np.where((inside & ~broken)[:, None], self.theta(lower), np.nan)

    def settled(self, x: Array) -> Array:
        """Entries below 1e-7 are nothing: in whitened units they change no fitted value visibly."""
        return np.where(np.abs(x) < 1e-7, 0.0, x)

    def lifted(self, x: Array, T: Array, size: float, lacking: float) -> Array:
        """``T T' + size^2 U U'`` with ``U`` what it lacks; QR makes the root triangular."""
        axes, spread, _ = np.linalg.svd(T)
        missing = axes * (spread < lacking)[:, None, :]
        root = np.concatenate([T, size * missing], axis=2)
        triangle = np.asarray(np.linalg.qr(root.transpose(0, 2, 1), mode="r"))
        rows, columns = lower_indices(self.k)
        return np.asarray(triangle[:, columns, rows])

    def near_edge(self, x: Array, T: Array, lacking: float) -> bool:
        return nearly_singular(T, lacking)

    def beside(self, x: Array, T: Array, slope: Array, lacking: float, tolerance: float) -> Iterator[Array]:
        """Along the eigenvector of ``U'slope U`` with the most negative eigenvalue, ``U`` what ``T`` lacks."""
        axes, spread, _ = np.linalg.svd(T)
        missing = axes[:, spread < lacking]
        if not missing.size:
            return
        values, vectors = np.linalg.eigh(missing.T @ slope @ missing)
        if values.min(initial=0.0) >= -tolerance:
            return
        for length in LENGTHS:
            yield theta_from_factor(canonical(np.column_stack([T, length * missing @ vectors[:, 0]])))

    def may_leave(self, slopes: Array, tolerance: float) -> Flags:
        """No direction is lower than the lowest of all."""
        return np.asarray(np.linalg.eigvalsh(slopes)[:, 0] < -tolerance)

    def nudged(self, x: Array, size: float) -> Array:
        rows, columns = lower_indices(self.k)
        return np.where((rows == columns) & (np.abs(x) < size), size, x)

    def at_edge(self, par: Array, tolerance: float) -> Flags:
        T = self.factor(par)
        return np.asarray((np.diagonal(T, axis1=-2, axis2=-1) < tolerance).any(axis=-1))

    def tangents(self, x: Array, T: Array) -> Array:
        return self.hull()

    def tangent_rates(self, x: Array, T: Array) -> Array:
        rows, columns = lower_indices(self.k)
        return np.array(
            [
                (rows == a) * T[b, columns] + (rows == b) * T[a, columns]
                for a, b in zip(rows, columns, strict=True)
            ]
        )

    def hull(self) -> Array:
        out = np.zeros((self.size, self.k, self.k))
        for i, (a, b) in enumerate(zip(*lower_indices(self.k), strict=True)):
            out[i, a, b] = out[i, b, a] = 1.0
        return out

    @property
    def fills_hull(self) -> bool:
        return True
