"""Where the searches of many generalised models begin, and their way down, side by side.

The plan of :mod:`lmmkit.likelihood.search`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..families.family import Family
from ..numerics.arrays import Array, Flags, Index
from ..numerics.trust_region import Search
from ..numerics.trust_regions import Trials, minimise_many
from .far_theta import SEARCH
from .glm_start import STEPS, moment_dispersion
from .laplace import NEARLY_CERTAIN
from .many_glmm import LaplacePoints, ManyGlmmCriterion
from .search import LOWER, Place
from .theta import LACKING, Terms

__all__ = ["ResponseColumns", "search"]


@dataclass(frozen=True)
class ResponseColumns:
    """Responses as columns: ``y`` (n, B), ``weights`` (n, B) or (n, 1) or None, ``constant`` (B,) or None."""

    y: Array
    weights: Array | None
    constant: Array | None

    @classmethod
    def of(cls, family: Family, Y: Array, weights: Array | None) -> ResponseColumns:
        """From responses (B, n) and weights (B, n) or (n,)."""
        w = None if weights is None else (weights[:, None] if weights.ndim == 1 else weights.T.copy())
        y = Y.T.copy()
        constant = None if family.estimates_dispersion else family.constant_rows(y, w).sum(axis=0)
        return cls(y, w, constant)

    def take(self, which: Index) -> tuple[Array, Array | None, Array | None]:
        """Some of them."""
        shared = self.weights is None or self.weights.shape[1] == 1
        weights = self.weights if shared or self.weights is None else self.weights[:, which]
        return self.y[:, which], weights, None if self.constant is None else self.constant[which]


@dataclass
class Ends:
    """Where the searches of a chunk ended: ``x`` (B, size), the objective, and whether they converged."""

    x: Array
    value: Array
    converged: Flags


def search(criterion: ManyGlmmCriterion, data: ResponseColumns) -> Ends:
    """The best parameters of each response.

    Parameters
    ----------
    criterion : ManyGlmmCriterion
    data : ResponseColumns
    """
    everyone = np.arange(data.y.shape[1])
    start = _starts(criterion, data)
    ends = _minimise(criterion, data, everyone, start)
    if criterion.has_slopes:
        larger = np.array([criterion.nearer_zero(one, 3.0) for one in start])
        _improve(ends, everyone, _minimise(criterion, data, everyone, larger))
    others = [
        (b, place.x)
        for b in np.flatnonzero(_lacking(criterion, ends.x))
        for place in _second_opinions(criterion, ends.x[b])
    ]
    others += [(b, x) for b in _nearly_certain(criterion, data, ends) for x in _far_out(criterion, ends.x[b])]
    if others:
        which = np.array([b for b, _ in others])
        rivals = _minimise(criterion, data, which, np.array([x for _, x in others]))
        for b, x, value, converged in zip(which, rivals.x, rivals.value, rivals.converged, strict=True):
            if value < ends.value[b] - LOWER:
                ends.x[b], ends.value[b], ends.converged[b] = x, value, converged
    return ends


def _lacking(criterion: ManyGlmmCriterion, x: Array) -> Flags:
    """Whether some variance, or direction of a covariance, is next to none."""
    flags = np.zeros(len(x), dtype=bool)
    for T in criterion.many_roots(x[:, : criterion.m])[0]:
        flags |= np.linalg.svd(T, compute_uv=False)[:, -1] < LACKING
    return flags


def _nearly_certain(criterion: ManyGlmmCriterion, data: ResponseColumns, ends: Ends) -> Index:
    """Binomial responses about whose single trials the model leaves little doubt (``LaplacePoint.nearly_certain``)."""
    everyone = np.arange(len(ends.x))
    if criterion.family.name != "binomial" or criterion.has_slopes:
        return everyone[:0]
    points = LaplacePoints(criterion, ends.x, data.take(everyone), criterion.nothing(len(everyone)))
    return np.flatnonzero(points.doubt_left < NEARLY_CERTAIN)


def _far_out(criterion: ManyGlmmCriterion, x: Array) -> list[Array]:
    """Where groups may be without any doubt, as ``GlmmCriterion.second_opinions`` has it."""
    theta, rest = criterion.identity(), x[criterion.m :]
    return [np.append(10 * theta, rest), np.append(5 * theta, 10 * rest)]


def _second_opinions(criterion: ManyGlmmCriterion, x: Array) -> list[Place]:
    """Other places worth a try after a singular end, as ``GlmmCriterion.second_opinions`` has them."""
    end = Search(x, np.nan, np.empty(0), 0)
    others = Terms.second_opinions(criterion, end)
    return [*others, *criterion.without_each(x)] if len(criterion.ks) > 1 else others


def _starts(criterion: ManyGlmmCriterion, data: ResponseColumns) -> Array:
    """Effects of one unit, and the fit without random effects by Fisher scoring, (B, size)."""
    family = criterion.family
    y, w = data.y, data.weights
    B = y.shape[1]
    with np.errstate(all="ignore"):
        known = family.with_dispersion(1.0) if family.estimates_dispersion else family
        eta = known.linkfun(known.start_mean(y, w))
        offset = criterion.design.offset[:, None]
        gamma = np.zeros((B, criterion.p))
        for _ in range(STEPS if criterion.p else 0):
            weight, _ = known.expected_information(eta, w)
            weight = np.where(np.isfinite(weight) & (weight > 0), weight, 0.0)
            score = known.derivatives(y, eta, w)[1]
            working = weight * (eta - offset) + np.where(weight > 0, score, 0.0)
            within = np.einsum("ni,nb,nj->bij", criterion.Q, weight, criterion.Q, optimize=True)
            ridge = 1e-10 * np.trace(within, axis1=1, axis2=2)[:, None, None] * np.eye(criterion.p)
            step = np.linalg.solve(
                within + ridge + 1e-300 * np.eye(criterion.p), (working.T @ criterion.Q)[..., None]
            )
            gamma = step[..., 0]
            eta = offset + criterion.Q @ gamma.T
        sound = np.isfinite(known.derivatives(y, eta, w)[0].sum(axis=0)) & np.isfinite(gamma).all(axis=1)
        gamma = np.where(sound[:, None], gamma, 0.0)
        parts = [np.tile(criterion.identity(), (B, 1)), gamma]
        if family.estimates_dispersion:
            eta = offset + criterion.Q @ gamma.T
            parts.append(np.log(moment_dispersion(y, w, eta, family))[:, None])
    return np.concatenate(parts, axis=1)


def _minimise(criterion: ManyGlmmCriterion, data: ResponseColumns, which: Index, start: Array) -> Ends:
    """Down from one place for each of these responses, the conditional modes going along."""
    modes = criterion.nothing(len(which))

    def evaluate(x: Array, active: Index) -> Trials:
        points = LaplacePoints(criterion, x, data.take(which[active]), modes.take(active))
        arrived = active[points.mode.found]
        modes.lead[..., arrived] = points.mode.v.lead[..., points.mode.found]
        modes.rest[..., arrived] = points.mode.v.rest[..., points.mode.found]
        return Trials(points.objective, points.gradient, points.curvature)

    return Ends(*minimise_many(evaluate, start, tolerance=SEARCH["tolerance"]))


def _improve(ends: Ends, which: Index, rivals: Ends) -> None:
    """Keep in place what is lower."""
    better = rivals.value < ends.value[which] - LOWER
    at = which[better]
    ends.x[at], ends.value[at], ends.converged[at] = (
        rivals.x[better],
        rivals.value[better],
        rivals.converged[better],
    )
