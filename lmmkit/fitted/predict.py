"""Predictions for old and new rows, with confidence and prediction intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.arrays import Array, Index
from ..numerics.frames import Table, as_pandas
from .henderson import MixedEquations
from .mixed import MixedFit
from .open_fits import bounded
from .predict_rows import PredictedRows, new_rows, own_rows, requested

if TYPE_CHECKING:
    from .fit import Fit

Scale = Literal["response", "link", "conditional", "zero_probability", "dispersion"]
Interval = Literal["confidence", "prediction"]

KINDS = ("response", "link", "conditional", "zero_probability", "dispersion")
DRAWS = 2000  # of a generalised model's prediction interval


def predict(
    fit: Fit,
    newdata: Table | None = None,
    re_form: str | None = None,
    allow_new_levels: bool = False,
    kind: Scale = "response",
    interval: Interval | None = None,
    level: float = 0.95,
    se_fit: bool = False,
    random_only: bool = False,
) -> pd.Series | pd.DataFrame:
    """Predictions of any fit; what is asked and given: :meth:`~lmmkit.models.mixed.MixedModel.predict`."""
    kind = arguments.one_of("kind", kind, KINDS, {"zprob": "zero_probability", "disp": "dispersion"})
    interval = arguments.one_of("interval", interval, (None, "confidence", "prediction"), {"none": None})
    allow_new_levels = arguments.flag("allow_new_levels", allow_new_levels)
    level = arguments.level(level)
    se_fit, random_only = arguments.flag("se_fit", se_fit), arguments.flag("random_only", random_only)
    if random_only and interval == "prediction":
        raise ModelError(
            "random_only=True predicts effects of groups, no responses; leave out interval='prediction'"
        )
    if interval == "prediction" and kind != "response":
        raise ModelError(f"a prediction interval is about the response; leave out kind='{kind}'")
    given = None if newdata is None else as_pandas("newdata", newdata)
    if isinstance(fit, MixedFit) and fit.has_parts:
        from .predict_parts import predict_parts

        if random_only:
            raise ModelError("random_only=True is for models with one part; take .ranef(component=...)")
        return predict_parts(fit, given, re_form, allow_new_levels, kind, interval, level, se_fit)
    if kind in ("zero_probability", "dispersion"):
        raise ModelError(
            f"kind={kind!r} is for models fitted by lk.glmer with zero_inflation= or dispersion=, or with a "
            "family of such parts; this one has 'response' and 'link'"
        )
    wanted = requested(fit, re_form)
    if given is not None:
        rows = new_rows(fit, given, wanted, allow_new_levels, interval == "prediction", not random_only)
    else:
        rows = own_rows(fit).without_fixed() if random_only else own_rows(fit)
    effects = rows.effects(wanted)
    eta = rows.X @ fit.beta + rows.offset
    if isinstance(fit, MixedFit):
        for (codes, Z), modes in zip(effects, fit.estimate.modes, strict=True):
            eta = eta + (Z * modes[codes]).sum(axis=1)
    point = _on_scale(fit, kind, eta)
    if interval is None and not se_fit:
        return pd.Series(point, index=rows.index, name="fit")
    variance = _eta_variance(fit, rows, effects)
    table = pd.DataFrame({"fit": point}, index=rows.index)
    if se_fit:
        table["se"] = np.sqrt(variance) * (1.0 if kind == "link" else np.abs(_slope(fit, eta)))
    if interval is None:
        return table
    if interval == "confidence":
        half = _quantile(fit, level) * np.sqrt(variance)
        ends = _on_scale(fit, kind, eta - half), _on_scale(fit, kind, eta + half)
    else:
        ends = _new_responses(fit, rows, eta, variance + _left_out(fit, rows, effects), level)
    # a link may turn the order round
    return bounded(fit, table, np.minimum(*ends), np.maximum(*ends))


def _on_scale(fit: Fit, kind: Scale, eta: Array) -> Array:
    return eta if fit.family is None or kind == "link" else fit.family.linkinv(eta)


def _slope(fit: Fit, eta: Array) -> Array | float:
    """Derivative of the response by the linear predictor."""
    return 1.0 if fit.family is None else fit.family.mu_eta(eta)


def _quantile(fit: Fit, level: float) -> float:
    """Of the t distribution where a model without random effects estimates a scale, else of the normal one."""
    exact = fit.has_scale and not fit.design.terms
    return float(stats.t.ppf(0.5 + level / 2, float(fit.df_resid) if exact else np.inf))


# ---- intervals ----


def _eta_variance(fit: Fit, rows: PredictedRows, effects: list[tuple[Index, Array]]) -> Array:
    """Variance of the error of the linear predictor."""
    if isinstance(fit, MixedFit) and any(Z.any() for _, Z in effects):
        return fit.sigma**2 * MixedEquations(fit).variance(rows.X, effects, fit.cov_unscaled)
    return fit.sigma**2 * np.einsum("mp,pq,mq->m", rows.X, fit.cov_unscaled, rows.X)


def _left_out(fit: Fit, rows: PredictedRows, effects: list[tuple[Index, Array]]) -> Array:
    """Variance of the random effects that the prediction does without."""
    total = np.zeros(len(rows.X))
    if isinstance(fit, MixedFit):
        for (_, Z), (_, part), factor in zip(rows.terms, effects, fit.estimate.factors, strict=True):
            total += (((Z - part) @ factor) ** 2).sum(axis=1)
    return fit.sigma**2 * total


def _new_responses(
    fit: Fit, rows: PredictedRows, eta: Array, variance: Array, level: float
) -> tuple[Array, Array]:
    """Limits for new responses, given the linear predictor and the variance of its error."""
    sizes = np.ones(len(eta)) if rows.sizes is None else rows.sizes
    if fit.family is None:
        with np.errstate(divide="ignore"):  # a row of weight zero may lie anywhere
            own = fit.sigma**2 / sizes
        half = _quantile(fit, level) * np.sqrt(variance + own)
        return eta - half, eta + half
    low, high = np.full((2, len(eta)), np.nan)
    rng = np.random.default_rng(0)
    errors = rng.standard_normal(DRAWS)
    begin = rng.bit_generator.state
    for i in np.flatnonzero(np.isfinite(eta) & np.isfinite(variance) & (sizes >= 0)):
        rng.bit_generator.state = begin  # the same random numbers for each row: its limits are its own
        mu = fit.family.linkinv(eta[i] + np.sqrt(variance[i]) * errors)
        mu = mu[mu >= 0]  # with a link such as the identity, some draws have no mean that the family allows
        size = None if rows.sizes is None else np.full(len(mu), sizes[i])
        draws = fit.family.simulate(mu, size, rng)
        if len(draws) > DRAWS / 2:
            low[i], high[i] = np.quantile(draws, [0.5 - level / 2, 0.5 + level / 2], method="inverted_cdf")
    return low, high
