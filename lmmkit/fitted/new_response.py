"""The same model fitted to another response, in any of the forms in which one is at hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from ..errors import DataError
from ..numerics.arrays import Array
from ..numerics.frames import if_frame
from .mixed import MixedFit

if TYPE_CHECKING:
    from ..design.design import Design
    from .fit import Fit

__all__ = ["refit"]

F = TypeVar("F", bound="Fit")


def refit(fit: F, y: Any) -> F:
    """The same model fitted to another response: `fit.refit`."""
    design, response = _answered(fit, y)
    call = fit.call.with_response(response)
    if fit.family is not None and "zero_inflation" not in design.components:
        fit.family.check_response(response, design.row_trials, design.response)
    if fit.family is not None and call.options.get("optimize") is False:
        call = replace(call, options=call.options | {"start": None, "optimize": True})
    if fit.family is not None or not isinstance(fit, MixedFit):
        return type(fit).of(replace(design, y=response), call)
    from ..likelihood.fit_lmm import fit_criterion

    criterion = fit.criterion.with_response(response)
    # From a zero variance the search would first have to find its way out.
    start = None if fit.is_singular else fit.estimate.par
    estimate = fit_criterion(criterion, start, guess=True)
    return type(fit)(estimate, call, criterion)


def _answered(fit: Fit, y: Any) -> tuple[Design, Array]:
    """The design, with the new numbers of trials if there are any, and the response of its rows."""
    design = fit.design
    given = _on_used_rows(fit, y)
    if isinstance(given, pd.DataFrame) and given.shape[1] == 2 and design.trials is not None:
        hits, misses = (_numbers(given.iloc[:, j]) for j in (0, 1))
        if (hits < 0).any() or (misses < 0).any():
            raise DataError("the new response has counts below zero")
        return _with_trials(design, hits + misses), _share(hits, hits + misses)
    if isinstance(given, pd.DataFrame):
        if given.shape[1] != 1:
            wanted = "one column, or hits and misses" if design.trials is not None else "one column"
            raise DataError(f"the new response must be {wanted}, not {given.shape[1]} columns")
        given = given.iloc[:, 0]
    response = _codes(fit, given) if design.response_levels is not None else _numbers(given)
    if design.trials is None:
        return design, response
    if (response > design.trials).any():
        raise DataError(f"the new response has more hits than trials in some rows of {design.response}")
    return design, _share(response, design.trials)


def _share(hits: Array, trials: Array) -> Array:
    return np.divide(hits, trials, out=np.zeros_like(hits), where=trials > 0)


def _with_trials(design: Design, trials: Array) -> Design:
    """The design with other numbers of trials; prior weights stay what they were beside them."""
    assert design.trials is not None
    own = np.divide(design.row_weights, design.trials, out=np.ones_like(trials), where=design.trials > 0)
    return replace(design, trials=trials, weights=own * trials)


def _on_used_rows(fit: Fit, y: Any) -> pd.Series | pd.DataFrame | Array:
    """A response for the rows used, out of one for these or for all rows of the data."""
    index, used = fit.design.frame.index, fit.design.used
    own = if_frame("y", y)
    y = y if own is y else own.to_numpy()  # the rows of another library have no labels
    if isinstance(y, (pd.Series, pd.DataFrame)):
        if y.index.equals(index):
            return y
        if used is not None and y.index.equals(fit.call.data.index):
            return y[used]
        if not y.index.is_unique or not index.isin(y.index).all() or len(y) > len(fit.call.data):
            raise DataError(
                "the index of the new response is not that of the rows used; if the order is the same, pass "
                ".to_numpy()"
            )
        return y.reindex(index)
    values = np.asarray(y)
    if used is not None and values.ndim and len(values) == len(used):
        values = values[used]
    if values.ndim not in (1, 2) or len(values) != len(index):
        raise DataError(
            f"the new response must have one value for each of the {len(index)} rows used, not shape "
            f"{np.shape(y)}"
        )
    return values if values.ndim == 1 else pd.DataFrame(values, index=index)


def _numbers(given: pd.Series | Array) -> Array:
    try:
        response = np.array(given, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise DataError("the new response must be numbers") from None
    if not np.isfinite(response).all():
        raise DataError("the new response holds missing or infinite values; refit needs all rows")
    return response


def _codes(fit: Fit, values: pd.Series | Array) -> Array:
    """0 and 1 for the two levels of the model's own response; numbers stay what they are."""
    levels = fit.design.response_levels
    assert levels is not None
    given = pd.Series(values)
    if pd.api.types.is_numeric_dtype(given):
        return _numbers(given)
    labels = given.astype(str)
    unknown = labels[~labels.isin(levels)]
    if len(unknown) or given.isna().any():
        shown = "a missing value" if given.isna().any() else f"'{unknown.iloc[0]}'"
        raise DataError(
            f"the new response has {shown}; the model's has the levels {levels[0]} and {levels[1]}"
        )
    return np.asarray((labels == levels[1]).to_numpy(), dtype=float)
