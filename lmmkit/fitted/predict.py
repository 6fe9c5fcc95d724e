"""Predictions for old and new rows, with confidence and prediction intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..design.design import build_design
from ..errors import DataError, FormulaError, ModelError
from ..formula.functions import columns_of
from ..formula.parse import parse
from ..formula.syntax import read
from ..numerics import distributions as stats
from ..numerics.arrays import Array, Index
from .henderson import MixedEquations

if TYPE_CHECKING:
    from ..design.design import RandomTerm
    from .mixed import MixedFit

DRAWS = 2000  # of a GLMM's prediction interval


@dataclass
class Rows:
    """The rows to predict: fixed part, offset, and (codes, Z) of each random-effects term."""

    x: Array
    offset: Array
    terms: list[tuple[Index, Array]]
    weights: Array | None
    index: pd.Index


def predict(
    fit: MixedFit,
    newdata: pd.DataFrame | None = None,
    re_form: str | None = None,
    allow_new_levels: bool = False,
    kind: str = "response",
    interval: str | None = None,
    level: float = 0.95,
) -> pd.Series | pd.DataFrame:
    """Predict from a fitted model.

    Parameters
    ----------
    fit : MixedFit
    newdata : DataFrame, optional
        The rows; those of the fit by default. Needs no response.
    re_form : str, optional
        Which random effects to use: None for all, ``"~0"`` for none (then no grouping column is needed),
        or some, such as ``"~(1 | school)"``.
    allow_new_levels : bool
        Predict rows of unseen groups with a random effect of zero, the mean of all groups; else they are
        refused.
    kind : {"response", "link"}
        The scale of a GLMM's predictions.
    interval : {None, "confidence", "prediction"}
        ``"confidence"``: where the expected response lies. The interval covers the errors of the fixed
        effects and of the conditional modes together, with their covariance; where random effects are
        left out (by `re_form` or because the level is new) it is about the mean over groups.
        ``"prediction"``: where a new response lies; adds the residual variance, and the full variance of
        every random effect that is left out.
    level : float
        Coverage.

    Returns
    -------
    Series or DataFrame
        Under the index of the rows. With `interval` the columns ``fit conf_low conf_high``. NaN where a
        row of `newdata` has missing values.

    Raises
    ------
    DataError
        When `newdata` lacks a column or has a level that the fit has not seen.
    FormulaError, ModelError
        When `re_form` is not a formula or asks for random effects that the model does not have.

    Notes
    -----
    The point predictions agree with ``lme4::predict.merMod``. The variance of ``x'beta_hat + z'b_hat``, as an
    estimate of ``x'beta + z'b``, is that of Henderson's mixed-model equations (:mod:`lmmkit.fitted.henderson`), with
    theta taken as known, and limits are normal quantiles; ``predict(se.fit = TRUE)`` of lme4 since 1.1-34
    computes the same. For a GLMM, intervals are made on the scale of the linear predictor and carried to the
    response by the inverse link; its prediction intervals are quantiles of 2000 simulated responses, with a
    fixed seed.

    Examples
    --------
    >>> import pandas as pd, lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> new = pd.DataFrame({"Days": [5, 12], "Subject": ["308", "somebody new"]})
    >>> fit.predict(new, allow_new_levels=True, interval="confidence").round(1)
         fit  conf_low  conf_high
    0  352.0     336.3      367.7
    1  377.0     340.0      414.0
    """
    _check_choice("kind", kind, ("response", "link"))
    _check_choice("interval", interval, (None, "confidence", "prediction"))
    if not 0 < level < 1:
        raise ModelError(f"level must lie between 0 and 1, not {level!r}")
    if interval == "prediction" and kind == "link":
        raise ModelError("a prediction interval is about the response; leave out kind='link'")
    wanted = requested(fit, re_form)
    rows = _own_rows(fit) if newdata is None else _new_rows(fit, newdata, wanted, interval == "prediction")
    if newdata is not None and not allow_new_levels:
        _refuse_new_levels(fit, newdata, wanted, rows)
    used = [(codes, np.where(mask, Z, 0.0)) for (codes, Z), mask in zip(rows.terms, wanted, strict=True)]
    used = [
        (codes if mask.any() else np.full_like(codes, -1), Z)
        for (codes, Z), mask in zip(used, wanted, strict=True)
    ]
    eta = rows.x @ fit.estimate.beta + rows.offset
    for (codes, Z), mode in zip(used, fit.estimate.modes, strict=True):
        eta = eta + np.where(
            codes >= 0, (np.where((codes >= 0)[:, None], Z, 0.0) * mode[codes]).sum(axis=1), 0.0
        )
    on_response = fit.family is not None and kind == "response"
    point = fit.family.linkinv(eta) if fit.family is not None and on_response else eta
    if interval is None:
        return pd.Series(point, index=rows.index, name="fit")
    variance = _eta_variance(fit, rows, used)
    if interval == "prediction":
        variance = variance + _left_out(fit, rows, used)
    if interval == "prediction" and fit.family is not None:
        low, high = simulated_limits(fit, eta, variance, rows.weights, level)
    else:
        if interval == "prediction":
            variance = variance + fit.sigma**2 / (1.0 if rows.weights is None else rows.weights)
        reach = stats.norm.ppf(0.5 + level / 2) * np.sqrt(variance)
        low, high = eta - reach, eta + reach
        if fit.family is not None and on_response:
            ends = fit.family.linkinv(low), fit.family.linkinv(high)
            low, high = np.minimum(*ends), np.maximum(*ends)
    return pd.DataFrame({"fit": point, "conf_low": low, "conf_high": high}, index=rows.index)


def _check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    if value not in choices:
        raise ModelError(f"{name} must be one of {', '.join(map(repr, choices))}, not {value!r}")


def requested(fit: MixedFit, re_form: str | None) -> list[Array]:
    """For each term which of its effects `re_form` asks for, boolean (k,)."""
    terms = fit.design.terms
    if re_form is None:
        return [np.ones(len(term.names), dtype=bool) for term in terms]
    if not isinstance(re_form, str):
        raise FormulaError(f"re_form is None or text such as '~0' or '~(1 | school)', not {re_form!r}")
    formula = parse(re_form, one_sided=True)
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


def _own_rows(fit: MixedFit) -> Rows:
    design = fit.design
    terms = [(term.codes, term.Z) for term in design.terms]
    return Rows(design.X, design.offset, terms, design.weights, design.frame.index)


def _new_rows(fit: MixedFit, newdata: pd.DataFrame, wanted: list[Array], all_sides: bool) -> Rows:
    """Evaluate the design on new rows; columns that only unwanted random effects need may be missing."""
    design = fit.design
    x = design.new_X(newdata)
    pairs = list(zip(design.terms, wanted, strict=True))
    needed = {name for term, mask in pairs if mask.any() for name in _columns(term, sides=True)}
    spare = {name for term, mask in pairs if not mask.any() for name in _columns(term, sides=not all_sides)}
    absent = [name for name in spare - needed if name not in newdata.columns]
    terms = design.new_terms(newdata.assign(**dict.fromkeys(absent, np.nan)))
    return Rows(x, design.new_offset(newdata), terms, new_weights(fit, newdata), newdata.index)


def _columns(term: RandomTerm, sides: bool) -> set[str]:
    """Columns behind a term: those of the grouping factor, and with `sides` those left of the bar."""
    texts = [*term.bar.factors, *([term.bar.lhs] if sides else [])]
    return {name for text in texts for name in columns_of(read(text))}


def new_weights(fit: MixedFit, newdata: pd.DataFrame) -> Array | None:
    """Prior weights of new rows: from the column the fit had them from; trials from cbind(hits, misses)."""
    given = fit.call.options["weights"]
    weights = newdata[given].to_numpy(dtype=float) if isinstance(given, str) and given in newdata else None
    if fit.design.trials is None:
        return weights
    try:
        trials = build_design(f"{fit.design.response} ~ 1", newdata, na_action="raise").trials
    except DataError:
        return None
    return trials if weights is None or trials is None else weights * trials


def _refuse_new_levels(fit: MixedFit, newdata: pd.DataFrame, wanted: list[Array], rows: Rows) -> None:
    for term, mask, (codes, _) in zip(fit.design.terms, wanted, rows.terms, strict=True):
        if mask.any() and (codes < 0).any():
            names = fit.design.new_levels(newdata)[term.group]
            shown = "a missing level" if names[0] == "NA" else f"the level '{names[0]}'"
            raise DataError(
                f"'{term.group}' has {shown}, which the fit has not seen; with allow_new_levels=True such "
                "rows are predicted with a random effect of zero"
            )


def _eta_variance(fit: MixedFit, rows: Rows, used: list[tuple[Index, Array]]) -> Array:
    """Variance of the error of the linear predictor."""
    cov = fit.estimate.cov_unscaled
    if all((codes < 0).all() or not Z.any() for codes, Z in used):
        return fit.sigma**2 * np.einsum("mp,pq,mq->m", rows.x, cov, rows.x)
    return fit.sigma**2 * MixedEquations(fit).variance(rows.x, used, cov)


def _left_out(fit: MixedFit, rows: Rows, used: list[tuple[Index, Array]]) -> Array:
    """Variance of the random effects that the prediction does without."""
    total = np.zeros(len(rows.x))
    for (codes, Z), (_, part), factor in zip(rows.terms, used, fit.estimate.factors, strict=True):
        rest = np.where((codes >= 0)[:, None], Z - part, Z)
        total += ((rest @ factor) ** 2).sum(axis=1)
    return fit.sigma**2 * total


def simulated_limits(
    fit: MixedFit, eta: Array, variance: Array, weights: Array | None, level: float
) -> tuple[Array, Array]:
    """Quantiles of simulated responses, the linear predictor drawn as well."""
    family = fit.family
    assert family is not None
    if fit.design.trials is not None and weights is None:
        raise DataError(
            f"a prediction interval for {fit.design.response} needs the number of trials of the new rows; "
            "add these columns to newdata"
        )
    rng = np.random.default_rng(0)
    sd = np.sqrt(variance)
    draws = np.stack(
        [
            family.simulate(family.linkinv(eta + sd * rng.standard_normal(len(eta))), weights, rng)
            for _ in range(DRAWS)
        ]
    )
    low, high = np.quantile(draws, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return low, high
