"""Fit a chunk of responses side by side, and put what is found into tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..design.design import Design
from ..design.values import out_of_range
from ..diagnostics.variance_fractions import fractions
from ..fitted.mixed import is_singular
from ..fitted.repeats import cells_of
from ..fitted.varcorr import distinct_names
from ..inference.many_satterthwaite import information_inverse, many_df
from ..likelihood.many_criterion import ManyCriterion
from ..likelihood.many_glmm_fit import ENDLESS
from ..likelihood.many_search import ManyOptima, fit_responses
from ..likelihood.theta import Terms
from ..numerics.arrays import Array, Flags
from ..numerics.threads import threads_for

__all__ = [
    "Found",
    "contrasts_of",
    "failure",
    "fit_chunk",
    "no_responses",
    "ran_pars",
    "singular",
    "status_table",
]


COPIED = "this response repeats one value in all rows of each {name}: its residual variance is too small"
OUT_OF_RANGE = "sums of squares of this response's values cannot be computed; use other units"
UNDIVIDED = "the fixed effects leave too few comparisons of rows to tell a random effect from the residuals"


@dataclass
class Found:
    """Tables with a row for each response of a chunk; see :class:`lmmkit.many.many_fits.ManyFits`."""

    fixef: pd.DataFrame
    se: pd.DataFrame
    df: pd.DataFrame
    ran_pars: pd.DataFrame
    fractions: pd.DataFrame
    df_sigma: pd.DataFrame
    status: pd.DataFrame


def failure(Y: Array, message: str) -> Found:
    """Responses to which the model cannot be fitted at all."""
    nothing = pd.DataFrame(index=range(len(Y)))
    status = status_table(len(Y), 0, np.full(len(Y), np.nan), np.full(len(Y), np.nan))
    status["failed"], status["message"] = True, message
    status["n_obs"] = np.isfinite(Y).sum(axis=1)
    return Found(nothing, nothing, nothing, nothing, nothing, nothing, status)


def no_responses(criterion: ManyCriterion) -> Found:
    """Tables without rows: their columns."""
    design, nothing = criterion.design, np.zeros(0)
    covs = [np.zeros((0, k, k)) for k in criterion.ks]
    labels, shares = fractions(design, np.zeros((0, criterion.p)), covs, nothing)
    par = [np.zeros((0, structure.size)) for structure in criterion.structures]
    names, values = ran_pars(criterion, par, nothing)
    beta = pd.DataFrame(np.zeros((0, criterion.p)), columns=pd.Index(design.x_names))
    tables = (pd.DataFrame(values, columns=pd.Index(names)), pd.DataFrame(shares, columns=pd.Index(labels)))
    df_sigma = pd.DataFrame({"df_sigma": nothing})
    return Found(beta, beta, beta, *tables, df_sigma, status_table(0, len(design.y), nothing, nothing))


def fit_chunk(
    criterion: ManyCriterion, Y: Array, tests: bool, contrasts: pd.DataFrame | None = None
) -> Found:
    """Fit responses of shape (B, n).

    Parameters
    ----------
    criterion : ManyCriterion
    Y : array of shape (B, n)
        Without missing values.
    tests : bool
        Whether Satterthwaite's degrees of freedom are wanted.
    contrasts : DataFrame, optional
        A row for each contrast that is wanted in the place of the coefficients, a column for each of these.
    """
    fitted, optima = fit_responses(criterion, Y)
    if optima is None:
        found = no_responses(criterion)
    else:
        with threads_for(criterion.layout.width), np.errstate(all="ignore"):
            found = _tables(optima, tests, contrasts)
        _note_copies(found.status, criterion.design, Y[fitted])
    if fitted.all():
        return found
    return _with_failures(found, Y, fitted, len(criterion.design.y))


def _note_copies(status: pd.DataFrame, design: Design, Y: Array) -> None:
    """Say in place which responses repeat one value in the rows of each cell."""
    for cells in cells_of(design):
        status.loc[cells.copied(Y) & (status["message"] == ""), "message"] = COPIED.format(name=cells.name)


def _with_failures(found: Found, Y: Array, fitted: Flags, n: int) -> Found:
    """Rows of NaN for the responses that could not be fitted, at their places."""
    place = np.full(len(fitted), -1)
    place[fitted] = np.arange(fitted.sum())
    parts = {name: getattr(found, name) for name in found.__dataclass_fields__}
    out = {name: frame.reindex(place).reset_index(drop=True) for name, frame in parts.items()}
    status, bad = out["status"], ~fitted
    message = np.full(
        len(Y), "the fixed effects reproduce this response exactly (is it constant?)", dtype=object
    )
    message[out_of_range(np.abs(Y).max(axis=1))] = OUT_OF_RANGE
    message[~np.isfinite(Y).all(axis=1)] = "this response has infinite values"
    status["message"] = np.where(bad, message, status["message"].astype(object))
    for flag in ("singular", "converged", "failed"):
        status[flag] = np.where(bad, flag == "failed", status[flag]).astype(bool)
    status["n_obs"] = n
    return Found(**out)


def _tables(optima: ManyOptima, tests: bool, contrasts: pd.DataFrame | None) -> Found:
    """Carry the optimum back to the units of the data."""
    criterion, design, sigma = optima.criterion, optima.criterion.design, optima.sigma
    names, L = contrasts_of(design.x_names, contrasts)
    df, df_sigma = np.full((len(sigma), len(L)), np.nan), np.full(len(sigma), np.nan)
    if tests:
        covariance = information_inverse(optima)
        df, df_sigma = many_df(optima, L, covariance), 2 / covariance[:, -1, -1]
        df[optima.open] = df_sigma[optima.open] = np.nan
    half = optima.half @ L.T
    se = sigma[:, None] * np.sqrt(np.einsum("bij,bij->bj", half, half))
    factors = [structure.factor(own) for structure, own in zip(criterion.structures, optima.par, strict=True)]
    covs = [(sigma**2)[:, None, None] * T @ T.transpose(0, 2, 1) for T in factors]
    labels, shares = fractions(design, optima.beta, covs, sigma**2)
    random, values = ran_pars(criterion, optima.par, sigma)
    status = status_table(len(sigma), len(design.y), optima.objective, sigma)
    status["singular"] = singular(criterion, optima.par)
    status["converged"] = optima.converged & ~optima.open
    status.loc[optima.open, "message"] = UNDIVIDED
    status.loc[optima.endless, "message"] = ENDLESS
    frame: Callable[..., pd.DataFrame] = pd.DataFrame
    return Found(
        frame(optima.beta @ L.T, columns=names),
        frame(se, columns=names),
        frame(df, columns=names),
        frame(values, columns=random),
        frame(shares, columns=labels),
        frame({"df_sigma": df_sigma}),
        status,
    )


def contrasts_of(x_names: list[str], contrasts: pd.DataFrame | None) -> tuple[list[str], Array]:
    """Names and rows of the contrasts, or of the coefficients themselves; NaN where a column is lacking.

    Parameters
    ----------
    x_names : list of str
        The coefficients of a design.
    contrasts : DataFrame or None
    """
    if contrasts is None:
        return x_names, np.eye(len(x_names))
    others = [name for name in contrasts if name not in x_names]
    lacking: Flags = np.asarray(contrasts[others].to_numpy(dtype=float).any(axis=1))
    rows = contrasts.reindex(columns=x_names, fill_value=0.0).to_numpy(dtype=float)
    return list(contrasts.index), np.where(lacking[:, None], np.nan, rows)


def status_table(B: int, n: int, objective: Array, sigma: Array) -> pd.DataFrame:
    columns = {"n_obs": np.full(B, n), "objective": objective, "sigma": sigma}
    flags = {name: np.zeros(B, dtype=bool) for name in ("singular", "converged", "failed")}
    return pd.DataFrame({**columns, **flags, "message": [""] * B})


def singular(criterion: Terms, par: list[Array]) -> Flags:
    """lme4's ``isSingular``, for predictors of mean square one."""
    flags = np.zeros(len(par[0]), dtype=bool)
    for term, own in zip(criterion.design.terms, par, strict=True):
        flags |= is_singular(term, own)
    return flags


def ran_pars(criterion: Terms, par: list[Array], sigma: Array) -> tuple[list[str], Array]:
    """Standard deviations and then correlations of each term, then sigma."""
    names, columns = [], []
    terms = criterion.design.terms
    for term, group, own in zip(terms, distinct_names([term.group for term in terms]), par, strict=True):
        values = term.structure.reading(own)
        values[:, : term.structure.n_sds] *= sigma[:, None]
        names += [f"{label}|{group}" for label in term.structure.labels(term.names)]
        columns.append(values)
    return [*names, "sigma"], np.column_stack([*columns, sigma])
