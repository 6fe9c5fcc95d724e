"""Draw responses from a fitted model and fit it to them again: the two halves of a parametric bootstrap."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from ..errors import DataError, ModelError
from ..numerics import arguments
from ..numerics.arrays import Array
from .mixed import MixedFit

if TYPE_CHECKING:
    from ..design.design import Design
    from .fit import Fit

F = TypeVar("F", bound="Fit")


def simulate(fit: Fit, n_sim: int = 1, seed: Any = None) -> pd.DataFrame:
    """New responses from a fit, one column each: `fit.simulate`."""
    n_sim = arguments.whole("n_sim", n_sim)
    rng = np.random.default_rng(arguments.seed(seed))
    mean = fixed_predictor(fit)
    columns = {f"sim_{i + 1}": draw(fit, mean, rng) for i in range(n_sim)}
    return pd.DataFrame(columns, index=fit.design.frame.index)


def fixed_predictor(fit: Fit) -> Array:
    """Linear predictor of each row by the fixed effects and the offset alone, (n,)."""
    return np.asarray(fit.design.X @ fit.beta + fit.design.offset)


def draw(fit: Fit, mean: Array, rng: np.random.Generator) -> Array:
    """One response, given the fixed part of the linear predictor.

    Parameters
    ----------
    fit : MixedFit or FixedFit
    mean : ndarray (n,)
        As from :func:`fixed_predictor`.
    rng : numpy.random.Generator
    """
    eta = mean.copy()
    if not isinstance(fit, MixedFit):
        return respond(fit, eta, rng)
    eta += _new_effects(fit.design, fit.estimate.factors, fit.sigma, rng)
    if not fit.has_parts:
        return respond(fit, eta, rng)
    others = {}
    for name, part in fit.estimate.parts.items():
        design = fit.design.components.get(name)
        if design is not None and design.terms:
            fixed = design.X @ part.beta + design.offset
            others[name] = fixed + _new_effects(design, part.factors, 1.0, rng)
    return respond(fit, eta, rng, others)


def _new_effects(design: Design, factors: list[Array], sigma: float, rng: np.random.Generator) -> Array:
    """What new random effects add to each row, (n,)."""
    total = np.zeros(len(design.y))
    for term, factor in zip(design.terms, factors, strict=True):
        effects = sigma * rng.standard_normal((len(term.levels), len(factor))) @ factor.T
        total += (term.Z * effects[term.codes]).sum(axis=1)
    return total


def respond(fit: Fit, eta: Array, rng: np.random.Generator, others: dict[str, Array] | None = None) -> Array:
    """One response, given the whole linear predictor; of ``cbind(hits, misses)`` the number of hits.

    Parameters
    ----------
    fit : MixedFit or FixedFit
    eta : ndarray (n,)
    rng : numpy.random.Generator
    others : dict, optional
        Linear predictors (n,) of other parts of the model; those of the fit where none is given.
    """
    design = fit.design
    if isinstance(fit, MixedFit) and fit.has_parts:
        etas = {**fit.rows.etas, "conditional": eta, **(others or {})}
        y = replace(fit.rows, etas=etas).draw(rng)
        return y if design.trials is None else np.round(y * design.trials)
    if fit.family is None:
        if not np.isfinite(fit.sigma):
            raise ModelError(
                "this model has no residuals, so nothing is known of how responses scatter, and none can be "
                "simulated; its messages say why"
            )
        with np.errstate(divide="ignore"):  # a row of weight zero may lie anywhere
            scale = fit.sigma / np.sqrt(design.row_weights)
        return eta + scale * rng.standard_normal(len(eta))
    y = fit.family.simulate(fit.family.linkinv(eta), design.row_trials, rng)
    return y if design.trials is None else np.round(y * design.trials)


def refit(fit: F, y: Any) -> F:
    """The same model fitted to another response: `fit.refit`."""
    response = checked_response(fit, y)
    call = replace(fit.call, response=response)
    if fit.family is not None and "zero_inflation" not in fit.design.components:
        fit.family.check_response(response, fit.design.row_trials, fit.design.response)
    if fit.family is not None or not isinstance(fit, MixedFit):
        return type(fit).of(replace(fit.design, y=response), call)
    from ..likelihood.fit_lmm import fit_criterion

    criterion = fit.criterion.with_response(response)
    # From a zero variance the search would first have to find its way out.
    start = None if fit.is_singular else fit.estimate.par
    estimate = fit_criterion(criterion, start, guess=True)
    return type(fit)(estimate, call, criterion)


def checked_response(fit: Fit, y: Any) -> Array:
    """A new response as n finite numbers in the order of the rows; hits as proportions."""
    index = fit.design.frame.index
    if isinstance(y, pd.Series) and not y.index.equals(index):
        if len(y) != len(index) or not y.index.is_unique or not index.isin(y.index).all():
            raise DataError(
                "the index of the new response is not that of the rows used; if the order is the same, pass "
                ".to_numpy()"
            )
        y = y.reindex(index)
    try:
        response = np.array(y, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise DataError("the new response must be numbers") from None
    if response.shape != (len(index),):
        raise DataError(
            f"the new response must have one value for each of the {len(index)} rows used, not shape "
            f"{response.shape}"
        )
    if not np.isfinite(response).all():
        raise DataError("the new response holds missing or infinite values; refit needs all rows")
    trials = fit.design.trials
    if trials is None:
        return response
    if (response > trials).any():
        raise DataError(f"the new response has more hits than trials in some rows of {fit.design.response}")
    return np.divide(response, trials, out=np.zeros_like(response), where=trials > 0)
