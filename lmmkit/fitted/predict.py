"""Predictions for old and new rows, with confidence and prediction intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from ..design.design import build_design
from ..errors import DataError, FormulaError, ModelError
from ..formula.functions import columns_of
from ..formula.parse import parse
from ..formula.syntax import read
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.arrays import Array, Flags, Index
from .henderson import MixedEquations
from .mixed import MixedFit

if TYPE_CHECKING:
    from ..design.design import Design, NewRows, RandomTerm
    from .fit import Fit

Scale = Literal["response", "link"]
Interval = Literal["confidence", "prediction"]

DRAWS = 2000  # of a generalised model's prediction interval


@dataclass(frozen=True)
class PredictedRows:
    """The rows to predict.

    Attributes
    ----------
    X : ndarray (m, p)
    offset : ndarray (m,)
    terms : list of (codes, Z)
        Of each random-effects term; code -1 is a level that the fit has not seen.
    sizes : ndarray (m,) or None
        Prior weights or numbers of trials, for a prediction interval.
    index : Index
    """

    X: Array
    offset: Array
    terms: list[tuple[Index, Array]]
    sizes: Array | None
    index: pd.Index

    def effects(self, wanted: list[Flags]) -> list[tuple[Index, Array]]:
        """The terms with zeros in Z for effects that are not wanted and in rows of unseen levels."""
        return [
            (np.maximum(codes, 0), np.where((codes >= 0)[:, None] & mask, Z, 0.0))
            for (codes, Z), mask in zip(self.terms, wanted, strict=True)
        ]


def predict(
    fit: Fit,
    newdata: pd.DataFrame | None = None,
    re_form: str | None = None,
    allow_new_levels: bool = False,
    kind: Scale = "response",
    interval: Interval | None = None,
    level: float = 0.95,
) -> pd.Series | pd.DataFrame:
    """Predictions of any fit; what is asked and given: :meth:`~lmmkit.models.mixed.MixedModel.predict`."""
    kind = arguments.one_of("kind", kind, ("response", "link"))
    interval = arguments.one_of("interval", interval, (None, "confidence", "prediction"), {"none": None})
    allow_new_levels = arguments.flag("allow_new_levels", allow_new_levels)
    level = arguments.level(level)
    if interval == "prediction" and kind == "link":
        raise ModelError("a prediction interval is about the response; leave out kind='link'")
    wanted = requested(fit, re_form)
    if newdata is None:
        rows = _own_rows(fit)
    else:
        rows = _new_rows(fit, newdata, wanted, allow_new_levels, interval == "prediction")
    effects = rows.effects(wanted)
    eta = rows.X @ fit.beta + rows.offset
    if isinstance(fit, MixedFit):
        for (codes, Z), modes in zip(effects, fit.estimate.modes, strict=True):
            eta = eta + (Z * modes[codes]).sum(axis=1)
    point = _on_scale(fit, kind, eta)
    if interval is None:
        return pd.Series(point, index=rows.index, name="fit")
    variance = _eta_variance(fit, rows, effects)
    if interval == "confidence":
        half = _quantile(fit, level) * np.sqrt(variance)
        ends = _on_scale(fit, kind, eta - half), _on_scale(fit, kind, eta + half)
    else:
        ends = _new_responses(fit, rows, eta, variance + _left_out(fit, rows, effects), level)
    low, high = np.minimum(*ends), np.maximum(*ends)  # a link may turn the order round
    return pd.DataFrame({"fit": point, "conf_low": low, "conf_high": high}, index=rows.index)


def _on_scale(fit: Fit, kind: Scale, eta: Array) -> Array:
    return eta if fit.family is None or kind == "link" else fit.family.linkinv(eta)


def _quantile(fit: Fit, level: float) -> float:
    """Of the t distribution where a model without random effects estimates a scale, else of the normal one."""
    exact = fit.has_scale and not fit.design.terms
    return float(stats.t.ppf(0.5 + level / 2, float(fit.df_resid) if exact else np.inf))


# ---- the rows ----


def requested(fit: Fit, re_form: str | None) -> list[Flags]:
    """For each term which of its effects `re_form` asks for, boolean (k,)."""
    terms = fit.design.terms
    if re_form is None:
        return [np.ones(len(term.names), dtype=bool) for term in terms]
    if isinstance(re_form, str) and re_form.strip().upper() == "NA":  # lme4's word for none
        re_form = "~0"
    if not isinstance(re_form, str):
        raise FormulaError(
            f"re_form is None or text such as '~0' or '~(1 | school)', not {arguments.shown(re_form)}"
        )
    formula = parse(re_form, one_sided=True, double_bar=fit.design.formula.double_bar)
    if not formula.bars:
        if formula.fixed not in ("0", "1"):
            raise FormulaError(f"re_form '{re_form}' names no random effects; write '~0' for none")
        asked = set()
    else:
        design = build_design(formula, fit.design.frame)
        asked = {(term.group, name) for term in design.terms for name in term.names}
    present = {(term.group, name) for term in terms for name in term.names}
    for group, name in sorted(asked - present):
        raise ModelError(
            f"re_form asks for the random effect {name} of {group}, which this model does not have"
        )
    return [np.array([(term.group, name) in asked for name in term.names]) for term in terms]


def _own_rows(fit: Fit) -> PredictedRows:
    design = fit.design
    terms = [(term.codes, term.Z) for term in design.terms]
    return PredictedRows(design.X, design.offset, terms, _sizes(fit, design), design.frame.index)


def _new_rows(
    fit: Fit, newdata: pd.DataFrame, wanted: list[Flags], allow_new_levels: bool, new_response: bool
) -> PredictedRows:
    """New rows; columns that only unwanted random effects need may be missing."""
    design = fit.design
    pairs = list(zip(design.terms, wanted, strict=True))
    needed = {name for term, mask in pairs if mask.any() for name in _columns(term, slopes=True)}
    needed |= {
        name for text in (design.formula.fixed, *design.formula.offsets) for name in columns_of(read(text))
    }
    spare = {
        name for term, mask in pairs if not mask.any() for name in _columns(term, slopes=not new_response)
    }
    absent = (
        [name for name in spare - needed if name not in newdata] if isinstance(newdata, pd.DataFrame) else []
    )
    rows = design.new_rows(newdata, absent)
    if not allow_new_levels:
        for term, mask, (codes, _) in zip(design.terms, wanted, rows.terms, strict=True):
            if mask.any() and (codes < 0).any():
                first = rows.new_levels[term.group][0]
                shown = "a missing level" if first == "NA" else f"the level '{first}'"
                raise DataError(
                    f"'{term.group}' has {shown}, which the fit has not seen; with allow_new_levels=True such "
                    "rows are predicted with a random effect of zero"
                )
    sizes = _sizes(fit, rows) if new_response else None
    return PredictedRows(rows.X, rows.offset, rows.terms, sizes, rows.index)


def _columns(term: RandomTerm, slopes: bool) -> set[str]:
    """Columns behind a term: those of the grouping factor, and with `slopes` those left of the bar."""
    texts = [*term.bar.factors, *([term.bar.lhs] if slopes else [])]
    return {name for text in texts for name in columns_of(read(text))}


def _sizes(fit: Fit, rows: Design | NewRows) -> Array | None:
    """What the spread of a new response depends on besides its mean: numbers of trials, or prior weights.

    In the other families a weight says how often a row counts; a new response is one observation.
    """
    if fit.family is None:
        return rows.weights
    return None if fit.family.name != "binomial" else rows.weights if rows.trials is None else rows.trials


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
