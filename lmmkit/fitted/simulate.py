"""Draw responses from a fitted model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..likelihood.parts import CONDITIONAL
from ..numerics import arguments
from ..numerics.arrays import Array
from ..numerics.frames import Table, as_pandas
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
    newdata: Table | None = None,
    allow_new_levels: bool = False,
) -> pd.DataFrame:
    """New responses from a fit, one column each: `fit.simulate`."""
    n_sim = arguments.whole("n_sim", n_sim)
    allow_new_levels = arguments.flag("allow_new_levels", allow_new_levels)
    rng = np.random.default_rng(arguments.seed(seed))
    if newdata is None:
        rows = SimulatedRows.own(fit, re_form)
    else:
        rows = SimulatedRows.new(fit, as_pandas("newdata", newdata), re_form, allow_new_levels)
    columns = {f"sim_{i + 1}": draw(fit, rows, rng) for i in range(n_sim)}
    return pd.DataFrame(columns, index=rows.index)


def draw(fit: Fit, rows: SimulatedRows, rng: np.random.Generator) -> Array:
    """One response for each row, with new random effects where they are not kept."""
    etas = {
        name: fixed + _added(rows, name, rng) if rows.terms[name] else fixed
        for name, fixed in rows.fixed.items()
    }
    return respond(fit, etas.pop(CONDITIONAL), rng, etas, rows)


def draw_many(fit: Fit, rows: SimulatedRows, rngs: Sequence[np.random.Generator]) -> Array:
    """What :func:`draw` gives with each generator, (B, m); for linear models side by side.

    Parameters
    ----------
    fit : MixedFit or FixedFit
    rows : SimulatedRows
        Of which no random effects are kept.
    rngs : sequence of numpy.random.Generator
    """
    plain = fit.family is None and not (isinstance(fit, MixedFit) and fit.has_parts)
    if not plain or not np.isfinite(fit.sigma):
        return np.array([draw(fit, rows, rng) for rng in rngs])
    terms, fixed = rows.terms[CONDITIONAL], rows.fixed[CONDITIONAL]
    stops = np.cumsum([term.n_levels * len(term.factor) for term in terms] + [len(fixed)])
    normal = np.array([rng.standard_normal(stops[-1]) for rng in rngs])
    *of_terms, errors = np.split(normal, stops[:-1], axis=1)
    with np.errstate(divide="ignore"):  # a row of weight zero may lie anywhere
        y = fixed + fit.sigma / np.sqrt(rows.weights) * errors
    for term, own in zip(terms, of_terms, strict=True):
        y += term.added(own.reshape(len(rngs), term.n_levels, -1))
    return y


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
