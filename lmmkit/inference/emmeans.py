"""Estimated marginal means: predictions of the fixed part, averaged evenly over what is not asked for.

The reference grid holds every combination of the levels of the factors, with numeric predictors at their
means (both values of one that has only two) and the offset at its mean. A mean is the average of predictions
over the cells of the grid, so it does not depend on how many rows a cell has (Searle, Speed and Milliken
1980, *The American Statistician* 34:216-221).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..design.design import Design
from ..design.values import label
from ..errors import ModelError
from ..fitted.mixed import MixedFit
from ..formatting.noted_table import Table
from ..formula.functions import columns_of
from ..formula.syntax import read
from ..formula.tree import FunctionCall, walk
from ..numerics import distributions as stats
from ..numerics.arrays import Array, Flags
from .coef_tests import contrast_tests
from .satterthwaite import singular_notes

if TYPE_CHECKING:
    from ..fitted.fit import Fit

__all__ = ["emmeans"]

ADJUSTMENTS = ("tukey", "holm", "bonferroni", "sidak", "none")
CONTRASTS = ("pairwise", "trt_vs_ctrl", "consecutive", "effects")


def emmeans(
    fit: Fit,
    specs: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    contrasts: str | Mapping[str, Sequence[float]] | None = None,
    *,
    adjust: str | None = None,
    ddf: str | None = None,
    at: Mapping[str, Any] | None = None,
    weights: str = "equal",
    kind: str = "link",
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimated marginal means, or contrasts between them.

    Parameters
    ----------
    fit : fitted model
        Of `lmer`, `glmer`, `lm` or `glm`.
    specs : str or list of str
        The predictors for whose combinations means are wanted.
    by : str or list of str, optional
        Further predictors; contrasts are made within each of their combinations.
    contrasts : str or dict, optional
        ``"pairwise"``, ``"trt_vs_ctrl"`` (each against the first), ``"consecutive"`` (each against the one
        before), ``"effects"`` (each against the mean), or names with one coefficient per mean. Without it
        the means themselves are returned.
    adjust : {"tukey", "holm", "bonferroni", "sidak", "none"}, optional
        For the p-values of contrasts, over those with the same `by`. ``"tukey"``, for all pairs, is the
        default for them; ``"holm"`` for the other contrasts.
    ddf : {"satterthwaite", "kenward_roger", "residual", "none"}, optional
        Denominator degrees of freedom of a linear mixed model, ``"satterthwaite"`` by default; ``"none"``
        takes normal quantiles. A GLMM has those anyway, and a model without random effects n - p.
    at : dict, optional
        Other values for predictors in the grid: ``{"Days": [0, 9]}``.
    weights : {"equal", "proportional"}
        How cells are averaged: all alike, or by how often the levels averaged over occur in the data.
    kind : {"link", "response"}
        Scale of the means of a generalised model. On the scale of the response, contrasts are ratios for log
        and logit links (of odds for the latter), and differences on the link's scale otherwise.
    level : float
        Coverage of the intervals of the means.

    Returns
    -------
    DataFrame
        Means: a column for each of `specs` and `by`, then ``estimate std_error df conf_low conf_high``.
        Contrasts: the columns of `by`, ``contrast``, then ``estimate std_error df statistic p_value``. ``df``
        is infinite where quantiles are normal. NaN where dropped columns leave a mean without an estimate.

    Raises
    ------
    ModelError
        For a predictor that is not in the fixed part, and for unknown contrasts, adjustments or options.

    Notes
    -----
    Agrees with R's emmeans.

    Examples
    --------
    >>> import lmmkit as lk
    >>> mouse = lk.load_data("mouse")
    >>> fit = lk.lmer("Weight ~ factor(Dose) + (1 | Strain)", mouse)
    >>> emmeans(fit, "Dose").round(2).head(2)
       Dose  estimate  std_error    df  conf_low  conf_high
    0     1     23.74       1.32  4.54     20.25      27.23
    1     2     21.76       1.30  4.30     18.25      25.27
    """
    _check(adjust, weights, kind, level)
    wanted, within = _listed(specs), _listed(by)
    grid = _grid(fit, at or {}, within + wanted[::-1])
    cells, L = _averages(fit, grid, within + wanted[::-1], weights)
    ddf = ddf or "satterthwaite"
    if contrasts is None:
        return _means(fit, cells[[*wanted, *within]], L, ddf, kind, level)
    return _contrasts(fit, cells, wanted, within, contrasts, L, adjust, ddf, kind)


def _listed(names: str | Sequence[str] | None) -> list[str]:
    return [] if names is None else [names] if isinstance(names, str) else list(names)


def _check(adjust: str | None, weights: str, kind: str, level: float) -> None:
    for what, value, known in (
        ("adjust", adjust, (None, *ADJUSTMENTS)),
        ("weights", weights, ("equal", "proportional")),
        ("kind", kind, ("link", "response")),
    ):
        if value not in known:
            choice = ", ".join(repr(name) for name in known if name)
            raise ModelError(f"{what} must be one of {choice}, not {value!r}")
    if not 0 < level < 1:
        raise ModelError(f"level must lie between 0 and 1, not {level!r}")


# ---- the grid ----


def _grid(fit: Fit, at: Mapping[str, Any], last: list[str]) -> pd.DataFrame:
    """Every combination of the predictors' values; those of `last` vary fastest, its last one most of all."""
    frame, node = fit.design.frame, read(fit.design.formula.fixed)
    known = list(dict.fromkeys(columns_of(node)))
    for name in [*last, *at]:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise ModelError(f"'{name}' is not a predictor in the fixed part of this model; it has {listed}")
    calls = [
        call for call in walk(node) if isinstance(call, FunctionCall) and call.function in ("factor", "C")
    ]
    factors = {column for call in calls for column in columns_of(call)}
    names = [*(name for name in known if name not in last), *last]
    if not names:
        return pd.DataFrame(index=[0])
    values = [
        np.atleast_1d(at[name]) if name in at else _levels(frame[name], name in factors) for name in names
    ]
    grid = pd.MultiIndex.from_product(values, names=names).to_frame(index=False)
    for name in names:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            grid[name] = grid[name].astype(frame[name].dtype)
    return grid


def _levels(column: pd.Series, as_factor: bool) -> pd.Series:
    """The values of one predictor in the grid."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = set(column)
        return pd.Series([level for level in column.cat.categories if level in used])
    distinct = pd.Series(sorted(column.unique()))
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if not numeric or as_factor or len(distinct) == 2:
        return distinct
    return pd.Series([float(column.mean())])


def _averages(fit: Fit, grid: pd.DataFrame, names: list[str], weights: str) -> tuple[pd.DataFrame, Array]:
    """The cells asked for (m rows), and the contrasts (m, p) that give their means."""
    design = fit.design
    X = design.new_rows(grid).all_columns
    averaged = [name for name in grid.columns if name not in names]
    share = _frequencies(fit, grid, averaged) if weights == "proportional" else np.ones(len(grid))
    everything = [np.arange(len(grid))]
    members = list(grid.groupby(names, sort=False, observed=True).indices.values()) if names else everything
    cells = grid.loc[[rows[0] for rows in members], names].reset_index(drop=True)
    full = np.array([np.average(X[rows], axis=0, weights=share[rows]) for rows in members])
    return cells, np.where(_estimable(design, full)[:, None], full[:, design.kept], np.nan)


def _estimable(design: Design, full: Array) -> Flags:
    """Which combinations of all columns, dropped ones included, the data determine."""
    if not design.dropped:
        return np.ones(len(full), dtype=bool)
    triangle = np.linalg.qr(design.new_rows(design.frame).all_columns, mode="r")
    axes = np.linalg.svd(triangle)[2]
    free = axes[len(design.x_names) :].T  # moving coefficients this way moves no fitted value
    return np.asarray(np.abs(full @ free).max(axis=1) < 1e-8 * np.abs(full).max())


def _frequencies(fit: Fit, grid: pd.DataFrame, names: list[str]) -> Array:
    """How often the levels of some predictors occur together in the data; numeric ones do not count."""
    counted = [name for name in names if grid[name].nunique() > 1]
    if not counted:
        return np.ones(len(grid))
    counts = dict(fit.design.frame[counted].value_counts())
    keys = [tuple(row) for row in grid[counted].itertuples(index=False)]
    return np.array([float(counts.get(key, 0.0)) for key in keys])


# ---- tables ----


def _estimates(fit: Fit, L: Array, ddf: str) -> tuple[Array, Array, Array]:
    """Estimate, standard error and degrees of freedom of each contrast."""
    known = np.isfinite(L).all(axis=1)
    out = np.full((3, len(L)), np.nan)
    table = contrast_tests(fit, L[known], ddf)
    out[:, known] = table[["estimate", "std_error", "df"]].to_numpy().T
    return out[0], out[1], out[2]


def _means(fit: Fit, cells: pd.DataFrame, L: Array, ddf: str, kind: str, level: float) -> pd.DataFrame:
    estimate, std_error, df = _estimates(fit, L, ddf)
    estimate = estimate + fit.design.offset.mean()
    half = std_error * stats.t.ppf((1 + level) / 2, df)
    ends = np.array([estimate - half, estimate + half])
    if kind == "response" and fit.family is not None:
        std_error = std_error * np.abs(fit.family.mu_eta(estimate))
        estimate = fit.family.linkinv(estimate)
        ends = np.sort(fit.family.linkinv(ends), axis=0)  # a link may turn the order round
    columns = {
        "estimate": estimate,
        "std_error": std_error,
        "df": df,
        "conf_low": ends[0],
        "conf_high": ends[1],
    }
    return Table(cells.assign(**columns), notes=_notes(fit))


def _contrasts(
    fit: Fit,
    cells: pd.DataFrame,
    wanted: list[str],
    within: list[str],
    contrasts: str | Mapping[str, Sequence[float]],
    L: Array,
    adjust: str | None,
    ddf: str,
    kind: str,
) -> pd.DataFrame:
    adjust = adjust or ("tukey" if contrasts == "pairwise" else "holm")
    if adjust == "tukey" and contrasts != "pairwise":
        raise ModelError("adjust='tukey' is for all pairs; use 'holm' or 'bonferroni' for other contrasts")
    labels = [" ".join(label(value) for value in row) for row in cells[wanted].itertuples(index=False)]
    groups = (
        cells.groupby(within, sort=False, observed=True).indices.values()
        if within
        else [np.arange(len(cells))]
    )
    tables = []
    for members in groups:
        named = _coefficients(contrasts, [labels[i] for i in members])
        K = np.array(list(named.values()), dtype=float)
        estimate, std_error, df = _estimates(fit, K @ L[members], ddf)
        statistic = estimate / std_error
        columns = {
            **{name: cells[name].iloc[members[0]] for name in within},
            "contrast": list(named),
            "estimate": estimate,
            "std_error": std_error,
            "df": df,
            "statistic": statistic,
            "p_value": _adjusted(statistic, df, adjust, len(members)),
        }
        tables.append(pd.DataFrame(columns))
    table = Table(pd.concat(tables, ignore_index=True))
    notes = _notes(fit)
    if adjust != "none" and max(len(part) for part in tables) > 1:
        notes.append(f"P-values adjusted for {len(tables[0])} comparisons: {adjust}.")
    if kind == "response" and fit.family is not None and fit.family.link.name in ("log", "logit"):
        table["estimate"] = np.exp(table["estimate"])
        table["std_error"] *= table["estimate"]
        what = "odds ratios" if fit.family.link.name == "logit" else "ratios"
        notes.append(f"Estimates are {what}; tests are on the {fit.family.link.name} scale.")
    table.attrs["notes"] = notes
    return table


def _notes(fit: Fit) -> list[str]:
    return singular_notes(fit) if isinstance(fit, MixedFit) else []


def _coefficients(contrasts: str | Mapping[str, Sequence[float]], labels: list[str]) -> dict[str, Array]:
    """Names of the contrasts, and one coefficient for each mean."""
    m = len(labels)
    eye = np.eye(m)
    if not isinstance(contrasts, str):
        for name, given in contrasts.items():
            if len(given) != m:
                raise ModelError(f"the contrast {name!r} has {len(given)} coefficients for {m} means")
        return {name: np.asarray(given, dtype=float) for name, given in contrasts.items()}
    if contrasts not in CONTRASTS:
        known = ", ".join(repr(name) for name in CONTRASTS)
        raise ModelError(f"contrasts must be one of {known} or a dict of coefficients, not {contrasts!r}")
    if m < 2:
        raise ModelError("there is only one mean, so there is nothing to contrast")
    if contrasts == "effects":
        return {f"{labels[i]} effect": eye[i] - 1 / m for i in range(m)}
    pairs = {
        "pairwise": list(combinations(range(m), 2)),
        "trt_vs_ctrl": [(i, 0) for i in range(1, m)],
        "consecutive": [(i, i - 1) for i in range(1, m)],
    }[contrasts]
    return {f"{labels[i]} - {labels[j]}": eye[i] - eye[j] for i, j in pairs}


def _adjusted(statistic: Array, df: Array, adjust: str, n_means: int) -> Array:
    """Two-sided p-values, adjusted for their number."""
    if adjust == "tukey":
        from scipy.stats import studentized_range

        return np.asarray(studentized_range.sf(np.abs(statistic) * np.sqrt(2), n_means, df))
    p = np.asarray(2 * stats.t.sf(np.abs(statistic), df))
    m = len(p)
    if adjust == "bonferroni":
        return np.minimum(p * m, 1.0)
    if adjust == "sidak":
        return np.asarray(-np.expm1(m * np.log1p(-p)))
    if adjust == "holm":
        order = np.argsort(p)
        out = np.empty(m)
        out[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(m, 0, -1)), 1.0)
        return out
    return p
