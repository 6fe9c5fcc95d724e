"""Draw responses from a fitted model and fit it to them again: the two halves of a parametric bootstrap."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from ..errors import DataError, ModelError
from ..likelihood.parts import CONDITIONAL
from ..numerics import arguments
from ..numerics.arrays import Array
from .mixed import MixedFit
from .simulated_rows import SimulatedRows

if TYPE_CHECKING:
    from .fit import Fit

F = TypeVar("F", bound="Fit")


def simulate(
    fit: Fit,
    n_sim: int = 1,
    seed: Any = None,
    re_form: str | None = "~0",
    newdata: pd.DataFrame | None = None,
    allow_new_levels: bool = False,
) -> pd.DataFrame:
    """New responses from a fit, one column each: `fit.simulate`."""
    n_sim = arguments.whole("n_sim", n_sim)
    allow_new_levels = arguments.flag("allow_new_levels", allow_new_levels)
    rng = np.random.default_rng(arguments.seed(seed))
    if newdata is None:
        rows = SimulatedRows.own(fit, re_form)
    else:
        rows = SimulatedRows.new(fit, newdata, re_form, allow_new_levels)
    columns = {f"sim_{i + 1}": draw(fit, rows, rng) for i in range(n_sim)}
    return pd.DataFrame(columns, index=rows.index)


def draw(fit: Fit, rows: SimulatedRows, rng: np.random.Generator) -> Array:
    """One response for each row, with new random effects where they are not kept."""
    etas = {
        name: fixed + _added(rows, name, rng) if rows.terms[name] else fixed
        for name, fixed in rows.fixed.items()
    }
    return respond(fit, etas.pop(CONDITIONAL), rng, etas, rows)


def _added(rows: SimulatedRows, part: str, rng: np.random.Generator) -> Array:
    """What the random effects of a part add to each row, (m,)."""
    return np.sum([term.draw(rng) for term in rows.terms[part]], axis=0)


def respond(
    fit: Fit,
    eta: Array,
    rng: np.random.Generator,
    others: dict[str, Array] | None = None,
    rows: SimulatedRows | None = None,
) -> Array:
    """One response, given the whole linear predictor; of ``cbind(hits, misses)`` the number of hits.

    Parameters
    ----------
    fit : MixedFit or FixedFit
    eta : ndarray (n,)
    rng : numpy.random.Generator
    others : dict, optional
        Linear predictors (n,) of other parts of the model; those of the fit where none is given.
    rows : SimulatedRows, optional
        Where the rows are not those of the fit: their weights and numbers of trials.
    """
    design = fit.design
    weights = design.row_weights if rows is None else rows.weights
    trials = design.row_trials if rows is None else rows.trials
    counted = design.trials if rows is None else rows.counted
    if isinstance(fit, MixedFit) and fit.has_parts:
        etas = {
            name: np.full(len(eta), own[0]) if len(own) != len(eta) else own
            for name, own in fit.rows.etas.items()
        }
        etas |= {CONDITIONAL: eta, **(others or {})}
        known = trials if fit.rows.trials is not None else None
        y = replace(fit.rows, etas=etas, trials=known).draw(rng)
        return y if counted is None else np.round(y * counted)
    if fit.family is None:
        if not np.isfinite(fit.sigma):
            raise ModelError(
                "this model has no residuals, so nothing is known of how responses scatter, and none can be "
                "simulated; its messages say why"
            )
        with np.errstate(divide="ignore"):  # a row of weight zero may lie anywhere
            scale = fit.sigma / np.sqrt(weights)
        return eta + scale * rng.standard_normal(len(eta))
    y = fit.family.simulate(fit.family.linkinv(eta), trials, rng)
    return y if counted is None else np.round(y * counted)


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
