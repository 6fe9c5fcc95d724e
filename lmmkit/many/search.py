"""Fit a chunk of responses side by side; the few that are difficult are fitted one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ..diagnostics.variance_fractions import fractions
from ..errors import ModelError
from ..fitted.mixed import is_singular
from ..fitted.varcorr import distinct_names
from ..likelihood.fit_lmm import fit_criterion
from ..likelihood.grid import Grid, valleys
from ..likelihood.lmm import ENDLESS, VALLEYS, Criterion
from ..likelihood.search import LOWER, WORTH
from ..likelihood.theta import LACKING, Terms
from ..numerics.arrays import Array, Flags, Index
from ..numerics.threads import threads_for
from ..numerics.trust_region import Trials, minimise_many
from .criterion import ManyCriterion, Points, Responses

__all__ = ["Found", "failure", "fit_chunk", "no_responses", "ran_pars", "singular", "status_table"]


@dataclass
class Found:
    """Tables with a row for each response of a chunk; see :class:`lmmkit.many.many_fits.ManyFits`."""

    fixef: pd.DataFrame
    se: pd.DataFrame
    df: pd.DataFrame
    ran_pars: pd.DataFrame
    fractions: pd.DataFrame
    status: pd.DataFrame


def failure(Y: Array, message: str) -> Found:
    """Responses to which the model cannot be fitted at all."""
    nothing = pd.DataFrame(index=range(len(Y)))
    status = status_table(len(Y), 0, np.full(len(Y), np.nan), np.full(len(Y), np.nan))
    status["failed"], status["message"] = True, message
    status["n_obs"] = np.isfinite(Y).sum(axis=1)
    return Found(nothing, nothing, nothing, nothing, nothing, status)


def no_responses(criterion: ManyCriterion) -> Found:
    """Tables without rows: their columns."""
    design, nothing = criterion.design, np.zeros(0)
    covs = [np.zeros((0, k, k)) for k in criterion.ks]
    labels, shares = fractions(design, np.zeros((0, criterion.p)), covs, nothing)
    par = [np.zeros((0, structure.size)) for structure in criterion.structures]
    names, values = ran_pars(criterion, par, nothing)
    beta = pd.DataFrame(np.zeros((0, criterion.p)), columns=pd.Index(design.x_names))
    tables = (pd.DataFrame(values, columns=pd.Index(names)), pd.DataFrame(shares, columns=pd.Index(labels)))
    return Found(beta, beta, beta, *tables, status_table(0, len(design.y), nothing, nothing))


def fit_chunk(criterion: ManyCriterion, Y: Array, tests: bool) -> Found:
    """Fit responses of shape (B, n).

    Parameters
    ----------
    criterion : ManyCriterion
    Y : array of shape (B, n)
        Without missing values.
    tests : bool
        Whether Satterthwaite's degrees of freedom are wanted.
    """
    finite: Flags = np.asarray(np.isfinite(Y).all(axis=1))
    with threads_for(criterion.layout.width), np.errstate(all="ignore"):
        responses, varied = criterion.responses(np.where(finite[:, None], Y, 0.0))
        fitted = finite & varied
        if not fitted.any():
            return _with_failures(no_responses(criterion), finite, fitted, len(criterion.design.y))
        theta, objective, converged = _search(criterion, responses.take(fitted), Y[fitted])
        points = Points(criterion, theta, responses.take(fitted))
        found = _tables(criterion, points, objective, converged, tests)
    if fitted.all():
        return found
    return _with_failures(found, finite, fitted, len(criterion.design.y))


def _with_failures(found: Found, finite: Flags, fitted: Flags, n: int) -> Found:
    """Rows of NaN for the responses that could not be fitted, at their places."""
    place = np.full(len(fitted), -1)
    place[fitted] = np.arange(fitted.sum())
    parts = {name: getattr(found, name) for name in found.__dataclass_fields__}
    out = {name: frame.reindex(place).reset_index(drop=True) for name, frame in parts.items()}
    status, bad = out["status"], ~fitted
    message = np.where(
        finite,
        "the fixed effects reproduce this response exactly (is it constant?)",
        "this response has infinite values",
    )
    status["message"] = np.where(bad, message, status["message"].astype(object))
    for flag in ("singular", "converged", "failed"):
        status[flag] = np.where(bad, flag == "failed", status[flag]).astype(bool)
    status["n_obs"] = n
    return Found(**out)


def _search(criterion: ManyCriterion, responses: Responses, Y: Array) -> tuple[Array, Array, Any]:
    """The best ``theta`` (B, m) of each response, its objective, and whether the search converged.

    The plan of :mod:`lmmkit.likelihood.search`, side by side; where a way down must go on from beside a
    stationary point, the response is fitted by itself.
    """
    if not criterion.suits or criterion.grid is None:
        return _one_by_one(criterion, Y)
    theta, value, converged = _from_the_grid(criterion, criterion.grid, responses)
    doubtful = np.flatnonzero(criterion.vector_singular(theta))
    for other in criterion.beside_singular(theta[doubtful]).values() if len(doubtful) else ():
        _improve(criterion, responses, doubtful, other, (theta, value, converged))
    hard = np.flatnonzero(~converged | _may_escape(criterion, theta, responses))
    if len(hard):
        theta[hard], value[hard], converged[hard] = _one_by_one(criterion, Y[hard])
    return theta, value, converged


def _from_the_grid(criterion: ManyCriterion, grid: Grid, responses: Responses) -> tuple[Array, Array, Any]:
    """Down from the lowest valley of the grid, and from the others of those that have several."""
    at_points = grid.values(responses.lead, responses.rest, responses.q_y, responses.y_y)
    lowest = valleys(at_points, grid.shape, VALLEYS)
    everyone = np.arange(len(lowest))
    best = _minimise(criterion, responses, everyone, grid.thetas[lowest[:, 0]])
    for further in lowest[:, 1:].T:
        several = np.flatnonzero(further >= 0)
        if len(several):
            _improve(criterion, responses, several, grid.thetas[further[several]], best)
    return best


def _improve(
    criterion: ManyCriterion,
    responses: Responses,
    which: Index,
    start: Array,
    best: tuple[Array, Array, Any],
) -> None:
    """Search once more for some responses, and keep in place what is better."""
    theta, value, converged = best
    rival, its_value, arrived = _minimise(criterion, responses, which, start)
    better = its_value < value[which] - LOWER
    where = which[better]
    theta[where], value[where], converged[where] = rival[better], its_value[better], arrived[better]


def _minimise(
    criterion: ManyCriterion, responses: Responses, which: Index, start: Array
) -> tuple[Array, Array, Any]:
    def evaluate(theta: Array, active: Index) -> Trials:
        points = Points(criterion, theta, responses.take(which[active]))
        return Trials(points.objective, points.gradient, points.curvature)

    return minimise_many(evaluate, start)


def _may_escape(criterion: ManyCriterion, theta: Array, responses: Responses) -> Flags:
    """Whether some zero variance is a stationary point, but no minimum (:meth:`Terms.beside`)."""
    points = Points(criterion, theta, responses)
    flags = np.zeros(len(theta), dtype=bool)
    for f, t, own in criterion.owned:
        part, structure, T = criterion.of_term[t], criterion.structures[t], points.factors[t]
        singular = np.linalg.svd(T, compute_uv=False)[:, -1] < LACKING
        for b in np.flatnonzero(singular & ~flags):
            ways = structure.beside(theta[b, part], T[b], points.slopes[f][b, own, own], LACKING, WORTH)
            flags[b] = next(ways, None) is not None
    return flags


def _one_by_one(criterion: ManyCriterion, Y: Array) -> tuple[Array, Array, Any]:
    """Each response by the ordinary search, the sums of the design made once."""
    theta, value = np.zeros((len(Y), criterion.m)), np.full(len(Y), np.inf)
    converged = np.zeros(len(Y), dtype=bool)
    if not len(Y):
        return theta, value, converged
    single = Criterion(replace(criterion.design, y=Y[0]), criterion.reml)
    for b, y in enumerate(Y):
        try:
            estimate = fit_criterion(single.with_response(y))
        except (ModelError, np.linalg.LinAlgError):
            continue  # stays flagged as not converged
        theta[b] = single.from_original(estimate.par)
        value[b], converged[b] = estimate.objective, estimate.converged
    return theta, value, converged


def _tables(criterion: ManyCriterion, points: Points, objective: Array, converged: Any, tests: bool) -> Found:
    """Carry the optimum back to the units of the data."""
    design = criterion.design
    unit = points.y.unit
    sigma = np.sqrt(points.r2 / criterion.nu) * unit
    beta = np.linalg.solve(criterion.R, (points.y.ols + unit[:, None] * points.gamma).T).T
    half = points.root @ np.linalg.inv(criterion.R).T
    se = sigma[:, None] * np.sqrt(np.einsum("bij,bij->bj", half, half))
    df = _satterthwaite(criterion, points, half) if tests else np.full_like(beta, np.nan)
    par = criterion.to_par(points.theta)
    factors = [structure.factor(own) for structure, own in zip(criterion.structures, par, strict=True)]
    covs = [(sigma**2)[:, None, None] * T @ T.transpose(0, 2, 1) for T in factors]
    labels, shares = fractions(design, beta, covs, sigma**2)
    names, values = ran_pars(criterion, par, sigma)
    status = status_table(len(beta), len(design.y), objective, sigma)
    endless = points.r2 < ENDLESS**2 * criterion.nu
    status["singular"], status["converged"] = singular(criterion, par), converged & ~endless
    status.loc[endless, "message"] = (
        "next to no residual variance is left: the random effects reproduce this response"
    )
    frame: Callable[..., pd.DataFrame] = pd.DataFrame
    return Found(
        frame(beta, columns=design.x_names),
        frame(se, columns=design.x_names),
        frame(df, columns=design.x_names),
        frame(values, columns=names),
        frame(shares, columns=labels),
        status,
    )


def status_table(B: int, n: int, objective: Array, sigma: Array) -> pd.DataFrame:
    columns = {"n_obs": np.full(B, n), "objective": objective, "sigma": sigma}
    flags = {name: np.zeros(B, dtype=bool) for name in ("singular", "converged", "failed")}
    return pd.DataFrame({**columns, **flags, "message": [""] * B})


def singular(criterion: Terms, par: list[Array]) -> Flags:
    """lme4's ``isSingular``, for predictors of mean square one."""
    flags = np.zeros(len(par[0]), dtype=bool)
    for term, own in zip(criterion.design.terms, par, strict=True):
        flags |= is_singular(term, own)
    return flags


def ran_pars(criterion: Terms, par: list[Array], sigma: Array) -> tuple[list[str], Array]:
    """Standard deviations and then correlations of each term, then sigma."""
    names, columns = [], []
    terms = criterion.design.terms
    for term, group, own in zip(terms, distinct_names([term.group for term in terms]), par, strict=True):
        values = term.structure.reading(own)
        values[:, : term.structure.n_sds] *= sigma[:, None]
        names += [f"{label}|{group}" for label in term.structure.labels(term.names)]
        columns.append(values)
    return [*names, "sigma"], np.column_stack([*columns, sigma])


def _satterthwaite(criterion: ManyCriterion, points: Points, half: Array) -> Array:
    """Degrees of freedom (B, p); see :mod:`lmmkit.inference.satterthwaite`."""
    p = criterion.p
    variance = np.einsum("bij,bij->bj", half, half)
    right = points.root.transpose(0, 2, 1) @ half
    sensitivities = np.empty((len(half), criterion.m + 1, p))
    sensitivities[:, -1] = 1.0  # d log V / d log sigma²
    for f, t, own in criterion.owned:
        crossed = points.images[f][:, :, own, :p] @ right[:, None]
        for r in range(p):
            slope = crossed[..., r].transpose(0, 2, 1) @ crossed[..., r]
            sensitivities[:, criterion.of_term[t], r] = (
                points.gradient_of_term(t, slope) / variance[:, r, None]
            )
    covariance = _information_inverse(criterion, points)
    return np.asarray(2.0 / np.einsum("bir,bij,bjr->br", sensitivities, covariance, sensitivities))


def _information_inverse(criterion: ManyCriterion, points: Points) -> Array:
    """Asymptotic covariance of (theta, log sigma²), (B, m + 1, m + 1), as ``Optimum`` has it."""
    m, nu = criterion.m, criterion.nu
    hessian = np.empty((len(points.theta), m + 1, m + 1))
    hessian[:, :m, :m] = _differenced(criterion, points)
    mixed = np.empty_like(points.theta)
    for f, t, own in criterion.owned:
        score = points.scores[f][..., own]
        mixed[:, criterion.of_term[t]] = points.gradient_of_term(t, score.transpose(0, 2, 1) @ score)
    mixed *= (nu / points.r2)[:, None]
    hessian[:, :m, :m] += mixed[:, :, None] * mixed[:, None, :] / nu
    hessian[:, :m, m] = hessian[:, m, :m] = mixed
    hessian[:, m, m] = nu
    values, vectors = np.linalg.eigh(hessian)
    weight = np.where(values > 1e-8 * values[:, -1:], 2 / values, 0.0)
    return np.asarray((vectors * weight[:, None, :]) @ vectors.transpose(0, 2, 1))


def _differenced(criterion: ManyCriterion, points: Points, width: float = 1e-4) -> Array:
    """Hessian by central differences of the gradient, (B, m, m)."""
    theta = points.theta
    hessian = np.empty((len(theta), criterion.m, criterion.m))
    for i in range(criterion.m):
        h = width * np.maximum(1.0, np.abs(theta[:, i]))
        sides = []
        for sign in (1.0, -1.0):
            moved = theta.copy()
            moved[:, i] += sign * h
            sides.append(Points(criterion, moved, points.y).gradient())
        hessian[:, i] = (sides[0] - sides[1]) / (2 * h)[:, None]
    return (hessian + hessian.transpose(0, 2, 1)) / 2
