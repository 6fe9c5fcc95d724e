"""Draw responses from a fitted model and fit it to them again: the two halves of a parametric bootstrap."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from ..errors import DataError, ModelError
from ..numerics.arrays import Array

if TYPE_CHECKING:
    from .mixed import MixedFit

F = TypeVar("F", bound="MixedFit")


def simulate(fit: MixedFit, n_sim: int = 1, seed: Any = None) -> pd.DataFrame:
    """Draw new responses from a fitted model: new random effects, new residuals, the same design.

    Parameters
    ----------
    fit : MixedFit
    n_sim : int
        Number of responses.
    seed : int or numpy.random.Generator, optional
        For the same draws again. More draws from one seed begin with the same ones.

    Returns
    -------
    DataFrame
        Columns ``sim_1``, ``sim_2``, …, under the index of the rows used. Where the response is
        ``cbind(hits, misses)``, the number of hits.

    Raises
    ------
    ModelError
        When `n_sim` is not a positive whole number.

    Notes
    -----
    As ``lme4::simulate.merMod`` with its default ``use.u = FALSE``. Prior weights divide the residual
    variance, which lme4 forgets.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> fit.simulate(3, seed=1).shape
    (180, 3)
    """
    if not isinstance(n_sim, (int, np.integer)) or n_sim < 1:
        raise ModelError(f"n_sim must be a whole number from 1, not {n_sim!r}")
    rng = np.random.default_rng(seed)
    mean = fit.design.X @ fit.estimate.beta + fit.design.offset
    draws = np.column_stack([draw(fit, mean, rng) for _ in range(n_sim)])
    return pd.DataFrame(draws, index=fit.design.frame.index, columns=[f"sim_{i + 1}" for i in range(n_sim)])


def draw(fit: MixedFit, mean: Array, rng: np.random.Generator) -> Array:
    """One response, given the fixed part of the linear predictor."""
    design = fit.design
    eta = mean.copy()
    for term, factor in zip(design.terms, fit.estimate.factors, strict=True):
        effects = fit.sigma * rng.standard_normal((len(term.levels), len(factor))) @ factor.T
        eta += (term.Z * effects[term.codes]).sum(axis=1)
    if fit.family is None:
        scale = fit.sigma if design.weights is None else fit.sigma / np.sqrt(design.weights)
        return eta + scale * rng.standard_normal(len(eta))
    y = fit.family.simulate(fit.family.linkinv(eta), design.weights, rng)
    return y if design.trials is None else np.round(y * design.trials)


def refit(fit: F, y: Any) -> F:
    """Fit the same model to another response.

    Parameters
    ----------
    fit : MixedFit
    y : array or Series of length n
        The new response for the rows used; a Series is matched by its index. Where the response is
        ``cbind(hits, misses)``, the number of hits, with the trials as they were.

    Returns
    -------
    MixedModel

    Raises
    ------
    DataError
        When `y` has the wrong length, missing or infinite values, or values that the family cannot produce.

    Notes
    -----
    As ``lme4::refit``. The design is not touched again: for a linear mixed model only the sums with y are
    renewed.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> again = fit.refit(fit.simulate(seed=1)["sim_1"])
    >>> again.nobs
    180
    """
    response = checked_response(fit, y)
    design = replace(fit.design, y=response)
    call = replace(fit.call, response=response)
    if fit.family is not None:
        fit.family.check_response(response, design.weights, design.response)
        return type(fit).of(design, call)
    from ..likelihood.lmm import fit_criterion

    criterion = fit._criterion or fit.criterion
    criterion.set_response(response)
    # From a zero variance the search would first have to find its way out.
    estimate = fit_criterion(criterion, None if fit.is_singular else fit.estimate.theta)
    return type(fit)(replace(estimate, design=design), call, criterion)


def checked_response(fit: MixedFit, y: Any) -> Array:
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
    except (TypeError, ValueError):
        raise DataError("the new response must be numbers") from None
    if response.shape != (fit.nobs,):
        raise DataError(
            f"the new response must have one value for each of the {fit.nobs} rows used, not shape "
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
