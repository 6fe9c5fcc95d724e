"""The fit of a generalised linear mixed model: by which criterion, from where, or at which given parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..design.design import Design
from ..errors import ModelError
from ..families.family import Family
from ..numerics.arrays import Array
from ..numerics.threads import threads_for
from ..numerics.trust_region import Search
from .estimate import REPRODUCED, Estimate
from .far_theta import downhill
from .glmm import GlmmCriterion
from .glmm_profiled import ProfiledCriterion
from .optimum import (
    conditional_covariances,
    conditional_modes,
    covariance_from,
    information_of_fixed,
    last_digits,
)
from .search import Place, Visit, best_of
from .separation import runaways
from .theta import checked_par

__all__ = ["estimate_at", "estimate_of", "fit_criterion", "fit_glmm"]

KNOWN = ("theta", "fixef")
#: Rounds of the search, each from better modes than the one before.
ROUNDS = 3
HOPELESS = (
    "no conditional modes can be found at the start of the search: the linear predictor is too large or leaves "
    "the range of its link; centre and scale the covariates, or try another link"
)


def fit_glmm(
    design: Design, family: Family, n_agq: int = 1, start: Any = None, optimize: bool = True
) -> Estimate:
    """Fit a generalised linear mixed model by maximum (marginal) likelihood, or evaluate it.

    Parameters
    ----------
    design : Design
        Response, model matrix and random-effects terms.
    family : Family
        With its dispersion left out, it is estimated together with everything else.
    n_agq : int
        1 for the Laplace approximation; more are nodes of adaptive Gauss-Hermite quadrature, for a single
        scalar random effect. With 0 the fixed effects follow the covariance parameters
        (:mod:`~lmmkit.likelihood.glmm_profiled`).
    start : array or mapping, optional
        First ``theta``, or ``{"theta": ..., "fixef": ...}``.
    optimize : bool
        With False the model is evaluated at ``start``.

    Returns
    -------
    Estimate
        ``family`` is the family at its estimated dispersion. Standard errors come from the whole Hessian.

    Raises
    ------
    DataError
        If the response cannot come from the family, or the offset is not finite.
    ModelError
        If ``n_agq`` does not suit the random effects, ``start`` not the model, or the model has no admissible
        start.

    Notes
    -----
    Binomial and Poisson agree with ``lme4::glmer``; gamma and negative binomial with ``glmmTMB``. As in
    lme4, the log-likelihood of a binomial or Poisson fit with ``n_agq > 1`` is relative to the saturated
    model.
    """
    with threads_for(sum(len(term.levels) * term.Z.shape[1] for term in design.terms)):
        quick = isinstance(n_agq, int | np.integer) and not isinstance(n_agq, bool) and n_agq == 0
        criterion = ProfiledCriterion(design, family) if quick else GlmmCriterion(design, family, n_agq)
    if optimize:
        given = None if start is None else criterion.searched(_given_start(criterion, start))
        return fit_criterion(criterion, given)
    with threads_for(criterion.layout.width):
        return estimate_at(criterion, _evaluated(criterion, start), [], None)


def _given_start(criterion: GlmmCriterion, start: Any) -> Array:
    """All parameters: those that are given, and for the others where the search would begin.

    Parameters
    ----------
    criterion : GlmmCriterion
    start : array or mapping
        Covariance parameters in lme4's order; or ``{"theta": ..., "fixef": ...}``, one of them or both.

    Raises
    ------
    ModelError
        If it does not fit the model.
    """
    given = dict(start) if isinstance(start, Mapping) else {"theta": start}
    if not given or any(name not in KNOWN for name in given):
        raise ModelError(
            "start takes theta, or {'theta': ..., 'fixef': ...} with one of the two or both, "
            f"not {', '.join(map(repr, given)) or 'nothing'}"
        )
    x, m = criterion.start(), criterion.n_theta
    if "theta" in given:
        sigma = criterion.unpack(x)[2].sigma
        par, parts = checked_par(criterion, given["theta"]), []
        for (own, structure), whitening in zip(criterion.by_term, criterion.whitenings, strict=True):
            scaled = structure.in_units(par[own], sigma * np.eye(structure.k))
            parts.append(structure.search(structure.in_units(scaled, whitening.inverse)))
        x[:m] = np.concatenate(parts)
    if "fixef" in given:
        x[m : m + criterion.p] = criterion.R @ _checked_fixef(criterion, given["fixef"])
    return x


def _checked_fixef(criterion: GlmmCriterion, fixef: Any) -> Array:
    try:
        beta = np.asarray(fixef, dtype=float).ravel()
    except (TypeError, ValueError):
        beta = np.empty(0)
    if len(beta) != criterion.p or not np.isfinite(beta).all():
        raise ModelError(
            f"start['fixef'] must be {criterion.p} finite numbers, one for each of "
            f"{', '.join(criterion.design.x_names)}"
        )
    return beta


def _evaluated(criterion: GlmmCriterion, start: Any) -> Search:
    """The objective at given parameters, without a search.

    Parameters
    ----------
    criterion : GlmmCriterion
    start : array or mapping
        As :func:`_given_start` takes it; nothing may be missing.

    Raises
    ------
    ModelError
        If something is missing, or there is no value.
    """
    if criterion.estimates_dispersion:
        known = f"lk.families.{type(criterion.family).__name__}({criterion.family.dispersion_argument}=...)"
        raise ModelError(
            f"optimize=False evaluates the model, and the dispersion is not known; give it in the family, {known}"
        )
    needed = {"theta"} if criterion.n_agq == 0 else {"theta", "fixef"}
    named = {*start} if isinstance(start, Mapping) else set() if start is None else {"theta"}
    if not needed <= named:
        raise ModelError(
            "optimize=False evaluates the model at given parameters; give start="
            + ("theta" if criterion.n_agq == 0 else "{'theta': ..., 'fixef': ...}")
        )
    x = criterion.searched(_given_start(criterion, start))
    trial = criterion.trial(x)
    if not np.isfinite(trial.value):
        raise ModelError(
            "the likelihood cannot be computed at this start: the linear predictor is too large or leaves the "
            "range of its link; give smaller numbers"
        )
    return Search(x, trial.value, trial.gradient(), 1, state=trial.state, converged=True)


def fit_criterion(criterion: GlmmCriterion, start: Array | None = None) -> Estimate:
    """The same for a criterion already made.

    Parameters
    ----------
    criterion : GlmmCriterion
    start : array, optional
        Where to start, in the units of the search.
    """
    with threads_for(criterion.layout.width):
        places = criterion.places() if start is None else [Place("the start given", start)]
        search, visits = best_of(criterion, places, partial(downhill, criterion), HOPELESS)
        for _ in range(ROUNDS):
            if not criterion.better_modes(search):
                break
            again = downhill(criterion, search.x)
            again.evaluations += search.evaluations
            search = again
        hessian = last_digits(criterion, search, criterion.hessian(search))
        return estimate_at(criterion, search, visits, hessian if criterion.n_agq else None)


def estimate_of(criterion: GlmmCriterion, x: Array, converged: bool) -> Estimate:
    """The estimate for a criterion whose search has ended elsewhere.

    Parameters
    ----------
    criterion : GlmmCriterion
    x : array
        Where it ended, in the units of the search.
    converged : bool
        Whether it arrived.
    """
    with threads_for(criterion.layout.width):
        trial = criterion.trial(x)
        search = Search(x, trial.value, trial.gradient(), 1, [(x, trial.value)], converged, trial.state)
        return estimate_at(criterion, search, [], last_digits(criterion, search, criterion.hessian(search)))


def estimate_at(
    criterion: GlmmCriterion, search: Search, visits: list[Visit], hessian: Array | None
) -> Estimate:
    """Carry the end of a search back to the units of the data.

    Parameters
    ----------
    criterion : GlmmCriterion
    search : Search
    visits : list of Visit
    hessian : array or None
        Of the objective in all parameters; without it the covariance of the fixed effects is that of the working
        linear model.
    """
    point = search.state
    _, gamma, family = criterion.unpack(criterion.everything(search))
    m, p, trouble = criterion.n_theta, criterion.p, list[str]()
    if hessian is None:
        information = point.fixed_images(criterion.Q)[1]
    else:
        fixed = slice(m, m + p)
        information, trouble = information_of_fixed(
            hessian, fixed, lambda: point.fixed_images(criterion.Q)[1]
        )
    covariance = covariance_from(information, criterion.R)
    objective, note = _reported(criterion, search.value, family)
    runaway = runaways(
        criterion.design,
        criterion.y,
        point.mode.eta,
        family,
        search.converged,
        criterion.estimates_dispersion,
    )
    points = [search.x, *(x for x, _ in search.trail), *(visit.x for visit in visits)]
    par, *pars = _pars_at(criterion, points)
    factors = [structure.factor(par[own]) for own, structure in criterion.by_term]
    return Estimate(
        design=criterion.design,
        reml=False,
        par=par,
        theta=np.concatenate(
            [structure.theta(T) for structure, T in zip(criterion.structures, factors, strict=True)]
        ),
        factors=factors,
        beta=criterion.beta(gamma),
        cov_unscaled=covariance / family.sigma**2,
        sigma=family.sigma,
        objective=objective,
        modes=conditional_modes(criterion, point),
        fitted_eta=point.mode.eta,
        n_evaluations=search.evaluations,
        trail=[(own, value) for own, (_, value) in zip(pars, search.trail, strict=False)],
        visits=[visit._replace(x=own) for visit, own in zip(visits, pars[len(search.trail) :], strict=True)],
        converged=search.converged and not criterion.endless(search.x) and REPRODUCED not in runaway,
        endless=criterion.endless(search.x),
        gradient=search.gradient.copy,
        conditional_cov=partial(conditional_covariances, criterion, point, family.sigma),
        warnings=[*note, *runaway, *trouble],
        family=family,
        n_agq=criterion.n_agq,
    )


def _pars_at(criterion: GlmmCriterion, points: Sequence[Array]) -> Array:
    """Covariance parameters in the units of the data, relative to ``sigma``, a row for each point of the search."""
    thetas, _, families = zip(*map(criterion.unpack, points), strict=True)
    parts = criterion.to_par(np.array(thetas))
    sigmas = [family.sigma for family in families]
    if any(sigma != 1 for sigma in sigmas):
        parts = [
            np.array(
                [
                    structure.in_units(par, np.eye(structure.k) / sigma)
                    for par, sigma in zip(part, sigmas, strict=True)
                ]
            )
            for structure, part in zip(criterion.structures, parts, strict=True)
        ]
    return np.concatenate(parts, axis=-1)


def _reported(criterion: GlmmCriterion, objective: float, family: Family) -> tuple[float, list[str]]:
    """The objective as lme4 reports it: with quadrature, relative to the saturated model."""
    if criterion.n_agq < 2 or family.name not in ("binomial", "poisson"):
        return objective, []
    design = criterion.design
    saturated = family.saturated(criterion.y, design.weights, design.row_trials)
    if abs(saturated) < 1e-9:
        return objective, []
    return objective + 2 * saturated, [
        f"With n_agq={criterion.n_agq} the log-likelihood is relative to the saturated model, as in lme4: it "
        f"compares with other fits that have n_agq > 1, not with n_agq=1 (add {saturated:.4f} for that)."
    ]
