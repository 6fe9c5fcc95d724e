"""Fit a generalised linear mixed model to many responses side by side; the few difficult ones one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..errors import DataError, ModelError
from ..families.family import Family
from ..numerics.arrays import Array, Flags, Index
from ..numerics.threads import threads_for
from .estimate import REPRODUCED
from .fit_glmm import fit_glmm
from .laplace import NEARLY_CERTAIN
from .many_glmm import LaplacePoints, ManyGlmmCriterion
from .many_glmm_search import ResponseColumns, search
from .optimum import WIDTH
from .search import WORTH
from .separation import runaways
from .theta import LACKING

__all__ = ["ENDLESS", "Numbers", "fit_responses"]

#: Size of effects, in units of the linear predictor, beyond which the levels of a group may all be of one kind.
FAR_OUT = 5.0
ENDLESS = "next to no residual variance is left: the random effects reproduce this response"


@dataclass
class Numbers:
    """What is told of each response; NaN where it could not be fitted.

    Attributes
    ----------
    beta : array of shape (B, p)
    cov : array of shape (B, p, p)
        Covariance of these.
    par : array of shape (B, m)
        Covariance parameters as lme4 has them, relative to the family's ``sigma``.
    dispersion, objective : arrays of shape (B,)
    converged : array of shape (B,)
    messages : list of str
        What should be known; the reason, where a response could not be fitted.
    failed : array of shape (B,)
    endless : array of shape (B,)
        Whether next to no residual variance is left, so that nothing can be tested.
    x : array of shape (B, m + p (+ 1))
        Where the searches side by side ended; NaN where a response was fitted alone.
    """

    beta: Array
    cov: Array
    par: Array
    dispersion: Array
    objective: Array
    converged: Flags
    messages: list[str]
    failed: Flags
    endless: Flags
    x: Array

    @classmethod
    def nothing(cls, criterion: ManyGlmmCriterion, B: int) -> Numbers:
        """Nothing known yet."""
        p, m = criterion.p, criterion.m
        beta, cov, par = np.full((B, p), np.nan), np.full((B, p, p), np.nan), np.full((B, m), np.nan)
        lacking, x = np.full(B, np.nan), np.full((B, criterion.size), np.nan)
        no, yes = np.zeros(B, bool), np.ones(B, bool)
        return cls(beta, cov, par, lacking, lacking.copy(), no, [""] * B, yes, no.copy(), x)


def fit_responses(criterion: ManyGlmmCriterion, Y: Array, weights: Array | None, sides: int = 1) -> Numbers:
    """Fit responses of shape (B, n), side by side as far as possible.

    Parameters
    ----------
    criterion : ManyGlmmCriterion
    Y : array of shape (B, n)
        Without missing values.
    weights : array of shape (B, n) or (n,), or None
        Prior weights.
    sides : int
        To how many sides gradients are taken for the covariance of the fixed effects: 1, 2 for more digits, or 0 for
        none.
    """
    numbers = Numbers.nothing(criterion, len(Y))
    numbers.messages = [_refusal(criterion, y, _own(weights, b)) for b, y in enumerate(Y)]
    possible = np.array([b for b, refusal in enumerate(numbers.messages) if not refusal], dtype=np.intp)
    alone = possible
    if criterion.suits and len(possible):
        own = weights if weights is None or weights.ndim == 1 else weights[possible]
        with threads_for(criterion.layout.width):
            alone = possible[_side_by_side(criterion, Y[possible], own, possible, numbers, sides)]
    for b in alone:
        _alone(criterion, Y[b], _own(weights, b), b, numbers)
    return numbers


def _own(weights: Array | None, b: int) -> Array | None:
    """The weights of one response."""
    return weights if weights is None or weights.ndim == 1 else weights[b]


def _refusal(criterion: ManyGlmmCriterion, y: Array, weights: Array | None) -> str:
    """Why the family cannot have produced a response; empty if it can."""
    if not np.isfinite(y).all():
        return "this response has infinite values"
    try:
        criterion.family.check_response(y, weights, "this response")
    except DataError as error:
        return str(error)
    return ""


def _side_by_side(
    criterion: ManyGlmmCriterion,
    Y: Array,
    weights: Array | None,
    place: Index,
    numbers: Numbers,
    sides: int,
) -> Index:
    """Fit responses together, and put the numbers in their places; returns which must be fitted alone."""
    data = ResponseColumns.of(criterion.family, Y, weights)
    ends = search(criterion, data)
    points = LaplacePoints(criterion, ends.x, data.take(np.arange(len(Y))), criterion.nothing(len(Y)))
    hard = ~ends.converged | _may_escape(criterion, points)
    m, p = criterion.m, criterion.p
    if sides:
        covariance, proper = _covariances(criterion, data, points, sides)
        numbers.cov[place] = covariance
        hard |= ~proper
    family = criterion.at_dispersion(ends.x)
    dispersion = np.broadcast_to(np.nan if family.dispersion is None else family.dispersion, len(Y))
    numbers.beta[place] = np.linalg.solve(criterion.R, ends.x[:, m : m + p].T).T
    numbers.par[place] = _relative_to_sigma(
        criterion, np.concatenate(criterion.to_par(ends.x[:, :m]), axis=1), family
    )
    numbers.dispersion[place] = dispersion
    numbers.objective[place], numbers.converged[place] = ends.value, ends.converged
    numbers.failed[place], numbers.x[place] = False, np.where(hard[:, None], np.nan, ends.x)
    for b in np.flatnonzero(_doubtful(criterion, points, family) & ~hard):
        one = family if np.isnan(dispersion[b]) else criterion.family.with_dispersion(float(dispersion[b]))
        design = replace(criterion.design, y=Y[b], weights=_own(weights, int(b)))
        free = criterion.family.estimates_dispersion
        found = runaways(design, Y[b], points.mode.eta[:, b], one, True, free)
        numbers.messages[place[b]] = " ".join(found)
        numbers.converged[place[b]] &= REPRODUCED not in found
    return np.flatnonzero(hard)


def _relative_to_sigma(criterion: ManyGlmmCriterion, par: Array, family: Family) -> Array:
    """Covariance parameters relative to a gamma's ``sigma``."""
    if family.name != "gamma":
        return par
    sigma = np.sqrt(np.asarray(family.dispersion))
    out = np.empty_like(par)
    for own, structure in criterion.by_term:
        for b in range(len(par)):
            out[b, own] = structure.in_units(par[b, own], np.eye(structure.k) / sigma[b])
    return out


def _doubtful(criterion: ManyGlmmCriterion, points: LaplacePoints, family: Family) -> Flags:
    """Fits whose estimates may be infinite: extreme means or effects, a dispersion that ran away."""
    mean = family.linkinv(points.mode.eta)
    flags = (mean < 1e-5).any(axis=0)
    if family.name == "binomial":
        flags |= (mean > 1 - 1e-5).any(axis=0) | (points.doubt_left < NEARLY_CERTAIN)
        flags |= np.any([np.abs(T).max(axis=(1, 2)) > FAR_OUT for T in points.factors], axis=0)
    if family.name == "negative_binomial" and criterion.family.estimates_dispersion:
        flags |= np.asarray(family.dispersion) > 1e4
    return np.asarray(flags)


def _may_escape(criterion: ManyGlmmCriterion, points: LaplacePoints) -> Flags:
    """Whether some zero variance is a stationary point, but no minimum (:meth:`Terms.beside`)."""
    flags = np.zeros(len(points.x), dtype=bool)
    for f, t, own in criterion.owned:
        part, structure, T = criterion.of_term[t], criterion.structures[t], points.factors[t]
        lacking, known = np.linalg.svd(T, compute_uv=False)[:, -1] < LACKING, np.isfinite(points.objective)
        slopes = np.where(known[:, None, None], points.slopes[f][:, own, own], 0.0)
        for b in np.flatnonzero(lacking & ~flags & known & structure.may_leave(slopes, WORTH)):
            ways = structure.beside(points.theta[b, part], T[b], slopes[b], LACKING, WORTH)
            flags[b] = next(ways, None) is not None
    return flags


def _hessians(
    criterion: ManyGlmmCriterion, data: ResponseColumns, points: LaplacePoints, sides: int
) -> Array:
    """Hessians by differences of the gradient, to one side or both, (B, size, size)."""
    x = points.x
    everyone, here = data.take(np.arange(len(x))), points.gradient()
    hessian = np.empty((len(x), criterion.size, criterion.size))
    for i in range(criterion.size):
        h = WIDTH * np.maximum(1.0, np.abs(x[:, i]))
        ends = []
        for side in (1.0, -1.0)[:sides]:
            moved = x.copy()
            moved[:, i] += side * h
            ends.append(LaplacePoints(criterion, moved, everyone, points.mode.v).gradient())
        ahead, behind, *_ = [*ends, here]
        hessian[:, i] = (ahead - behind) / (sides * h)[:, None]
    return (hessian + hessian.transpose(0, 2, 1)) / 2


def _covariances(
    criterion: ManyGlmmCriterion, data: ResponseColumns, points: LaplacePoints, sides: int
) -> tuple[Array, Flags]:
    """Covariance (B, p, p) of the fixed effects by the whole Hessian, and whether that curves down everywhere.

    As :func:`lmmkit.likelihood.optimum.information_of_fixed`.
    """
    m, p = criterion.m, criterion.p
    hessian = _hessians(criterion, data, points, sides)
    proper = np.asarray(np.isfinite(hessian).all(axis=(1, 2)))
    hessian = np.where(proper[:, None, None], hessian, np.eye(criterion.size))
    fixed = np.zeros(criterion.size, dtype=bool)
    fixed[m : m + p] = True
    size, axes = np.linalg.eigh(hessian[:, ~fixed][:, :, ~fixed])
    felt = size > 1e-6 * np.maximum(1.0, size.max(axis=1, initial=0.0))[:, None]
    across = hessian[:, fixed][:, :, ~fixed] @ axes
    swept = across * np.where(felt, 1 / np.where(felt, size, 1.0), 0.0)[:, None]
    information = (hessian[:, fixed][:, :, fixed] - swept @ across.transpose(0, 2, 1)) / 2
    size, axes = np.linalg.eigh(information)
    proper &= (size > 0).all(axis=1)
    half = np.linalg.solve(criterion.R, axes / np.sqrt(np.where(size > 0, size, 1.0))[:, None])
    return np.asarray(half @ half.transpose(0, 2, 1)), proper


def _alone(criterion: ManyGlmmCriterion, y: Array, weights: Array | None, b: int, numbers: Numbers) -> None:
    """Fit one response by the ordinary search, and put the numbers in its place."""
    try:
        estimate = fit_glmm(replace(criterion.design, y=y, weights=weights), criterion.family)
    except (DataError, ModelError, np.linalg.LinAlgError) as error:
        numbers.messages[b] = str(error)
        return
    family = estimate.family
    numbers.beta[b] = estimate.beta
    numbers.cov[b] = estimate.sigma**2 * estimate.cov_unscaled
    numbers.par[b] = estimate.par
    numbers.dispersion[b] = np.nan if family is None or family.dispersion is None else family.dispersion
    numbers.objective[b], numbers.converged[b] = estimate.objective, estimate.converged
    numbers.failed[b] = False
    numbers.endless[b] = estimate.endless
    numbers.messages[b] = ENDLESS if estimate.endless else " ".join(estimate.warnings)
