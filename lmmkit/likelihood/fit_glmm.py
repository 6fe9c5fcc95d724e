"""The fit of a generalised linear mixed model: by which criterion, from where, or at which given parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..design.design import Design
from ..errors import ModelError
from ..families.family import Family
from ..numerics.arrays import Array
from ..numerics.threads import threads_for
from ..numerics.trust_region import Search
from .estimate import Estimate
from .glmm import GlmmCriterion, estimate_at, fit_criterion
from .glmm_profiled import ProfiledCriterion
from .theta import checked_par

__all__ = ["fit_glmm"]

KNOWN = ("theta", "fixef")


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
