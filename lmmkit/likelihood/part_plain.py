"""A model with several parts without its random effects: many ways down at once.

Without random effects rows of the same covariates and response are the same, and ways from several places can be
walked side by side: both make a start cheap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..families.jets import Jet
from ..numerics.arrays import Array, Index
from ..numerics.trust_regions import Trials, minimise_many
from .parts import Part, PartRows

__all__ = ["PlainModel", "constant"]

#: Where such a search stops: what comes after it needs no more.
ROUGH, MOST_STEPS = 1e-3, 40


def constant(part: Part, value: float) -> Array:
    """Coefficients that come nearest to one value in every row.

    Parameters
    ----------
    part : Part
    value : float
    """
    return np.asarray(np.linalg.lstsq(part.X, value - part.offset, rcond=None)[0])


class PlainModel:
    """-2 log-likelihood of the coefficients of all parts, without random effects.

    Parameters
    ----------
    rows : PartRows
    parts : sequence of Part
    """

    def __init__(self, rows: PartRows, parts: Sequence[Part]) -> None:
        first, counts = _alike(rows, parts)
        bases = [part.basis() for part in parts]
        self.Rs = [R for _, R in bases]
        self.Qs = [Q[first] for Q, _ in bases]
        self.offsets = [part.offset[first] for part in parts]
        trials = None if rows.trials is None else rows.trials[first]
        self.rows = replace(rows, y=rows.y[first], trials=trials, counts=counts)
        self.stops = np.cumsum([Q.shape[1] for Q in self.Qs])
        self.own = [slice(int(b) - Q.shape[1], int(b)) for b, Q in zip(self.stops, self.Qs, strict=True)]

    def downhill(self, starts: Sequence[Sequence[Array]]) -> list[tuple[list[Array], float]]:
        """The ends of the ways down from several places, and -2 log-likelihood there; infinite without a value.

        Parameters
        ----------
        starts : sequence of lists of arrays (p,)
            Coefficients, one array per part.
        """
        pairs = [list(zip(self.Rs, betas, strict=True)) for betas in starts]
        x = np.array([np.concatenate([R @ beta for R, beta in pair]) for pair in pairs])
        with np.errstate(all="ignore"):
            x, values, _ = minimise_many(
                self._trials, x, tolerance=ROUGH, max_evaluations=MOST_STEPS, rough=True
            )
        ends = []
        for betas, own, value in zip(starts, x, values, strict=True):
            solved = zip(self.Rs, np.split(own, self.stops[:-1]), strict=True)
            found = [np.asarray(np.linalg.solve(R, gamma), dtype=float) for R, gamma in solved]
            ends.append((found if np.isfinite(value) else list(betas), float(value)))
        return ends

    def _trials(self, x: Array, _: Index) -> Trials:
        gammas = np.split(x, self.stops[:-1], axis=1)
        etas = [
            (offset + gamma @ Q.T).ravel()
            for offset, Q, gamma in zip(self.offsets, self.Qs, gammas, strict=True)
        ]
        jet = self._repeated(len(x)).at(etas, range(len(self.Qs)), order=2)
        values = -2 * jet.value.reshape(len(x), -1).sum(axis=1)
        values = np.where(np.isfinite(values), values, np.inf)
        return Trials(values, lambda: self._gradient(jet, len(x)), lambda: self._curvature(jet, len(x)))

    def _repeated(self, times: int) -> PartRows:
        """The rows once per place."""
        if times == 1:
            return self.rows
        y, trials, counts = (
            None if values is None else np.tile(values, times)
            for values in (self.rows.y, self.rows.trials, self.rows.counts)
        )
        assert y is not None
        return replace(self.rows, y=y, trials=trials, counts=counts)

    def _gradient(self, jet: Jet, times: int) -> Array:
        return np.concatenate([-2 * jet[t].reshape(times, -1) @ Q for t, Q in enumerate(self.Qs)], axis=1)

    def _curvature(self, jet: Jet, times: int) -> Array:
        hessians = np.empty((times, self.own[-1].stop, self.own[-1].stop))
        for t, P in enumerate(self.Qs):
            for s, Q in enumerate(self.Qs[: t + 1]):
                block = -2 * (Q.T * jet[s, t].reshape(times, 1, -1)) @ P
                hessians[:, self.own[s], self.own[t]] = block
                hessians[:, self.own[t], self.own[s]] = block.transpose(0, 2, 1)
        proper = np.isfinite(hessians).all(axis=(1, 2), keepdims=True)
        return np.where(proper, hessians, np.eye(hessians.shape[1]))


def _alike(rows: PartRows, parts: Sequence[Part]) -> tuple[Index, Array | None]:
    """The first of all rows that are the same, and how often each of these counts."""
    columns = [rows.y, *(part.offset for part in parts), *(column for part in parts for column in part.X.T)]
    if rows.trials is not None:
        columns.append(rows.trials)
    table = np.column_stack(columns)
    with np.errstate(all="ignore"):
        sums = table @ np.random.default_rng(0).normal(size=table.shape[1])
    _, first, group = np.unique(sums, return_index=True, return_inverse=True)
    group = group.ravel()
    if len(first) > 0.7 * len(rows.y) or not (table[first][group] == table).all():
        return np.arange(len(rows.y)), rows.counts
    return first, np.bincount(group, rows.counts).astype(float)
