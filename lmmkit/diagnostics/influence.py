"""How much single rows or groups decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ..design.model_matrix import independent_columns
from ..errors import DataError, ModelError
from ..fitted.generalized import GeneralizedFit
from ..fitted.henderson import MixedEquations, error_variance, irls_weights
from ..fitted.linear import LinearFit
from ..fitted.mixed import MixedFit
from ..fitted.parts import refuse_parts
from ..formatting.noted_table import Table
from ..inference.parameters import parameter_values
from ..numerics import arguments
from ..numerics.arrays import Array, Index
from ..numerics.workers import interrupted, with_bar


def influence(
    fit: MixedFit, by: str | None = None, refit: bool = False, progress: bool | None = None
) -> pd.DataFrame:
    """How much a mixed model hangs on each row or group: :meth:`~lmmkit.models.mixed.MixedModel.influence`."""
    refuse_parts(fit, "leverage and Cook's distance do not exist")
    refit = arguments.flag("refit", refit)
    labels, codes = _groups(fit, by)
    members = [np.array([i]) for i in range(fit.nobs)] if by is None else _members(codes, len(labels))
    table = _by_refitting(fit, members, progress) if refit else _by_formula(fit, members)
    return table.set_axis(pd.Index(labels, name=by))


def _groups(fit: MixedFit, by: str | None) -> tuple[Any, Index]:
    """Labels and codes of what is left out."""
    frame = fit.design.frame
    if by is None:
        return frame.index, np.arange(len(frame))
    by = arguments.name("by", by)
    for term in fit.design.terms:
        if term.group == by:
            return list(term.levels), term.codes
    for source in (frame, fit.call.data):
        if by in source.columns:
            codes, levels = pd.factorize(source.loc[frame.index, by], sort=True)
            return list(levels), codes.astype(np.intp)
    known = ", ".join(dict.fromkeys(term.group for term in fit.design.terms))
    raise DataError(f"{by!r} is neither a grouping factor of the model ({known}) nor a column of the data")


def _members(codes: Index, count: int) -> list[Index]:
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.searchsorted(codes[order], np.arange(1, count)))


# ---- by formula ----


def _by_formula(fit: MixedFit, members: list[Index]) -> pd.DataFrame:
    """Deleting rows I is giving each of them a coefficient of its own: ``(P_II)^-1 (Py)_I``."""
    design = fit.design
    equations = MixedEquations(fit, irls_weights(fit))
    weights, leverage = equations.weights, equations.leverage()
    columns, values = equations.entries([(term.codes, term.Z) for term in design.terms])
    fitted = np.einsum("nk,nkp->np", values, equations.solved[columns]) if columns.size else 0.0
    U = weights[:, None] * (design.X - fitted)  # V^-1 X
    residual = weights * fit.row_residuals("working")  # P y
    phi, p = equations.cov_beta, design.X.shape[1]
    nu = fit.nobs - p * fit.is_reml
    rows: list[Any] = []
    for own in members:
        P = _block(equations, columns[own], values[own], weights[own], leverage[own])
        P = P - U[own] @ phi @ U[own].T if len(own) > 1 else P
        moved = phi @ U[own].T
        root = _root(P, weights[own])
        if root is None:
            rows.append(np.full(3 + p, np.nan))
            continue
        scaled = np.linalg.solve(root, np.column_stack([residual[own], moved.T]))
        change = -scaled[:, 1:].T @ scaled[:, 0]
        sigma2 = fit.sigma**2
        if fit.family is None:
            sigma2 = (nu * sigma2 - scaled[:, 0] @ scaled[:, 0]) / (nu - len(own))
        deleted = np.diag(phi) + (scaled[:, 1:] ** 2).sum(axis=0)
        cooksd = change @ np.linalg.solve(phi, change) / (p * error_variance(fit)) if p else np.nan
        rows.append([leverage[own].mean(), cooksd, np.sqrt(sigma2), *(change / np.sqrt(sigma2 * deleted))])
    names = [f"dfbetas_{name}" for name in design.x_names]
    table = Table(rows, columns=["hat", "cooksd", "sigma", *names])
    return table if fit.has_scale else table.drop(columns="sigma")


def _root(P: Array, weights: Array) -> Array | None:
    """Cholesky factor of a block of P; None if it is singular: without these rows X loses rank."""
    try:
        root: Array = np.asarray(np.linalg.cholesky(P), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None
    return None if (np.diag(root) ** 2 < 1e-9 * weights).any() else root


def _block(
    equations: MixedEquations, columns: Array, values: Array, weights: Array, leverage: Array
) -> Array:
    """``V^-1`` of some rows; of a single row, P at once, from its leverage."""
    if len(weights) == 1:
        return np.array([[weights[0] * (1 - leverage[0])]])
    used, place = np.unique(columns, return_inverse=True)
    unit = np.zeros((equations.starts[-1], len(used)))
    unit[used, np.arange(len(used))] = 1.0
    among = equations.factor.solve(unit)[used]
    A = np.zeros((len(weights), len(used)))
    np.add.at(A, (np.arange(len(weights))[:, None], place.reshape(columns.shape)), values)
    A *= weights[:, None]
    return np.asarray(np.diag(weights) - A @ among @ A.T)


# ---- by refitting ----


def _by_refitting(fit: MixedFit, members: list[Index], progress: bool | None) -> pd.DataFrame:
    cov, beta = error_variance(fit) * fit.cov_unscaled, fit.estimate.beta
    random = parameter_values(fit).drop(fit.fixef.index).index
    names = ["cooksd", *(f"dfbetas_{name}" for name in fit.design.x_names), *random]
    rows = []
    for again in _refits(fit, members, progress):
        if again is None:
            rows.append(np.full(len(names), np.nan))
            continue
        change = again.estimate.beta - beta
        cooksd = change @ np.linalg.solve(cov, change) / len(beta) if len(beta) else np.nan
        rows.append(np.array([cooksd, *(change / again.se), *parameter_values(again)[random]]))
    notes = interrupted(len(rows), len(members), "refits")
    rows += [np.full(len(names), np.nan)] * (len(members) - len(rows))
    return Table(rows, columns=names, notes=notes)


def _refits(fit: MixedFit, members: list[Index], progress: bool | None) -> Iterator[MixedFit | None]:
    """The fit without each group of rows; it ends where it is interrupted."""
    finished = (_without(fit, own) for own in members)
    some = False
    try:
        for again in with_bar(finished, len(members), progress, "leaving out"):
            yield again
            some = True
    except KeyboardInterrupt:
        if not some:
            raise


def _without(fit: MixedFit, own: Index) -> MixedFit | None:
    """The fit without some rows; None when they alone determine a fixed effect."""
    keep = np.ones(fit.nobs, dtype=bool)
    keep[own] = False
    design = fit.design.take(keep)
    if len(independent_columns(design.X)) < design.X.shape[1]:
        return None
    try:
        if fit.family is not None:
            return type(fit).of(design, fit.call)
        from ..likelihood.fit_lmm import fit_lmm

        start = None if fit.is_singular else fit.par
        return type(fit)(fit_lmm(design, fit.is_reml, start), fit.call)
    except (DataError, ModelError, np.linalg.LinAlgError):
        return None


# ---- without random effects ----


def influence_of_rows(fit: LinearFit) -> pd.DataFrame:
    """What becomes of a linear model when single rows are left out.

    Parameters
    ----------
    fit : LinearFit

    Returns
    -------
    DataFrame
        ``hat`` (leverage), ``sigma`` (without the row), ``cooksd`` (Cook's distance), ``std_resid``
        (residual divided by its standard deviation), ``dffits``, and ``dfbetas_<coefficient>``: how many
        standard errors the coefficient moves when the row is left out.

    Notes
    -----
    As R's ``influence.measures``; Belsley, Kuh and Welsch (1980).
    """
    design, raw, hat = fit.design, fit.row_residuals("pearson"), fit.leverage
    rest = 1 - hat
    with np.errstate(divide="ignore", invalid="ignore"):
        deleted = np.sqrt(np.maximum(fit.deviance - raw**2 / rest, 0.0) / (fit.df_resid - 1))
        moved = (design.X * np.sqrt(design.row_weights)[:, None]) @ fit.cov_unscaled * (raw / rest)[:, None]
        table = pd.DataFrame(
            {
                "hat": hat,
                "sigma": deleted,
                "cooksd": (raw / (fit.sigma * rest)) ** 2 * hat / len(fit.beta),
                "std_resid": raw / (fit.sigma * np.sqrt(rest)),
                "dffits": raw * np.sqrt(hat) / (deleted * rest),
            }
        )
        dfbetas = moved / (deleted[:, None] * np.sqrt(np.diag(fit.cov_unscaled)))
    names = [f"dfbetas_{name}" for name in design.x_names]
    return table.join(pd.DataFrame(dfbetas, columns=names)).set_axis(design.frame.index)


def influence_of_working_rows(fit: GeneralizedFit) -> pd.DataFrame:
    """The same for a generalised linear model, by the weighted least squares of its last step.

    Parameters
    ----------
    fit : GeneralizedFit

    Returns
    -------
    DataFrame
        ``hat`` (leverage), ``cooksd`` (Cook's distance), ``std_resid`` (deviance residual divided by its
        standard deviation).

    Notes
    -----
    As R's ``hatvalues``, ``cooks.distance`` and ``rstandard``; Pregibon (1981), *Annals of Statistics* 9(4).
    """
    hat = fit.leverage
    pearson, deviance = fit.row_residuals("pearson"), fit.row_residuals("deviance")
    with np.errstate(divide="ignore", invalid="ignore"):
        cooksd = (pearson / (fit.sigma * (1 - hat))) ** 2 * hat / len(fit.beta)
        std_resid = deviance / (fit.sigma * np.sqrt(1 - hat))
    table = pd.DataFrame({"hat": hat, "cooksd": cooksd, "std_resid": std_resid})
    return table.set_axis(fit.design.frame.index)
