"""Estimated marginal means: predictions of the fixed part, averaged evenly over what is not asked for.

A mean is the average of predictions over the cells of the reference grid, so it does not depend on how many
rows a cell has (Searle, Speed and Milliken 1980, *The American Statistician* 34:216-221).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..design.values import label
from ..errors import ModelError
from ..fitted.fit import Fit
from ..fitted.mixed import MixedFit
from ..fitted.parts import Component, one_part
from ..formatting.noted_table import Table
from ..formatting.wording import listed
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.arrays import Array
from ..numerics.r_names import answered
from .coef_tests import Ddf, checked_ddf, contrast_tests
from .comparisons import OF_INTERVALS, Adjust, adjusted, checked_adjust, coefficients, critical, kind_of
from .overall_means import overall_grid
from .reference_grid import ReferenceGrid, rows_of_groups, split_specs
from .response_scale import ResponseScale
from .satterthwaite import singular_notes

__all__ = [
    "Asked", "contrast_table", "emmeans", "estimates", "grid_notes", "mean_table", "named_contrasts", "total_sd",
]  # fmt: skip

OWN = ("estimate", "std_error", "df", "conf_low", "conf_high", "contrast", "statistic", "p_value")


@answered
def emmeans(
    fit: Fit,
    specs: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    contrasts: str | Mapping[str, Sequence[float]] | None = None,
    *,
    interaction: str | Sequence[str] | None = None,
    adjust: Adjust | None = None,
    ddf: Ddf | None = None,
    at: Mapping[str, Any] | None = None,
    weights: Literal["equal", "proportional"] = "equal",
    kind: Literal["link", "response"] = "link",
    level: float = 0.95,
    conf_int: bool = False,
    offset: float | None = None,
    bias_adjust: bool = False,
    sigma: float | None = None,
    component: Component | Literal["response"] = "conditional",
) -> pd.DataFrame:
    """Estimated marginal means, or contrasts between them.

    Parameters
    ----------
    fit : fitted model
        Of `lmer`, `glmer`, `lm` or `glm`.
    specs : str or list of str
        The predictors for whose combinations means are wanted, or a formula: ``"~ a | b"`` for a within b,
        ``"pairwise ~ a * b"`` for contrasts at once.
    by : str or list of str, optional
        Further predictors; contrasts are made within each of their combinations.
    contrasts : str or dict, optional
        ``"pairwise"``, ``"reverse_pairwise"``, ``"trt_vs_ctrl"`` (each against the first), ``"trt_vs_last"``,
        ``"consecutive"`` (each against the one before), ``"mean_change"`` (the mean of those after against that of
        those up to each), ``"effects"`` (each against the mean of all), ``"deleted_effects"`` (against that of the
        others), ``"poly"`` (linear, quadratic …, over levels taken as evenly spaced), or names with one
        coefficient per mean. Without it the means themselves are returned.
    interaction : str or list of str, optional
        Contrasts of contrasts: such a name for each of `specs`, or one for all. They are not adjusted unless
        `adjust` says so.
    adjust : {"tukey", "holm", "bonferroni", "sidak", "fdr", "none"}, optional
        For the p-values of contrasts, over those with the same `by`. ``"tukey"``, for all pairs, is the
        default for them; ``"holm"`` for the other contrasts. ``"fdr"`` is Benjamini and Hochberg's.
    ddf : str, optional
        Denominator degrees of freedom of a linear mixed model, as in its ``coef_table``,
        ``"satterthwaite"`` by default; ``"none"`` takes normal quantiles. A GLMM has those anyway, and a
        model without random effects n - p.
    at : dict, optional
        Other values for predictors in the grid: ``{"Days": [0, 9]}``.
    weights : {"equal", "proportional"}
        How cells are averaged: all alike, or by how often the levels averaged over occur in the data.
    kind : {"link", "response"}
        ``"link"`` is the scale of the linear predictor. ``"response"`` undoes the link and the response's own
        function, as in ``log(y) ~ x``, where it can be undone; contrasts are then ratios of what stands in
        the logarithm (of odds for a logit), and differences on the scale of the predictor otherwise.
    level : float
        Coverage of the intervals.
    conf_int : bool
        Intervals of contrasts as well (means always have them), adjusted as their p-values are; by Bonferroni's
        method where that makes none (Holm, false discovery rate).
    offset : float, optional
        In place of the offset's mean over the rows: 0 turns counts into rates per unit.
    bias_adjust : bool
        With ``kind="response"``: estimate the mean of the response over the random effects (and, for a
        response such as ``log(y)``, over the residuals), not the response of a typical group; by a series to
        second order, as R's emmeans.
    sigma : float, optional
        For that: the standard deviation of what the linear predictor leaves out. By default it is that of all
        random effects together (and the residuals, where the response has a function of its own).
    component : {"conditional", "zero_inflation", "dispersion", "response"}
        The part of a model with several that is averaged. ``"response"`` averages the means of the response,
        extra zeros included, over the predictors of all parts; a change of scale is then not needed.

    Returns
    -------
    DataFrame
        Means: a column for each of `specs` and `by`, then ``estimate std_error df conf_low conf_high``.
        Contrasts: the columns of `by`, ``contrast`` (for interaction contrasts one column for each of
        `specs`), then ``estimate std_error df statistic p_value``, with `conf_int` ``conf_low conf_high``.
        ``df`` is infinite where quantiles are normal. NaN where the data leave a mean open; ``.notes`` says so.

    Raises
    ------
    ModelError
        For a predictor that is not in the fixed part, and for unknown contrasts, adjustments or options.

    Notes
    -----
    Agrees with R's emmeans. R takes an offset at the mean of the variables in it. A factor whose levels each
    meet one level of another only is taken as nested in it.

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
    overall = isinstance(component, str) and component == "response"
    fit = fit if overall else one_part(fit, component)
    asked = Asked.of(fit, specs, by, contrasts, interaction, adjust, ddf, level, conf_int)
    shift = fit.design.mean_offset if offset is None else arguments.number("offset", offset)
    kind = arguments.one_of("kind", kind, ("link", "response"))
    bias_adjust = arguments.flag("bias_adjust", bias_adjust)
    scale = ResponseScale.of(fit) if kind == "response" and not overall else None
    spread = _spread(fit, scale, bias_adjust, sigma)
    last = asked.within + asked.wanted[::-1]
    if overall:
        means, grid = overall_grid(fit, last, at, shift)
        asked, shift = replace(asked, fit=means), 0.0
    else:
        grid = ReferenceGrid.of(fit, last, at)
    asked = asked.within_nests(grid)
    cells, rows = grid.averages(asked.within + asked.wanted[::-1], weights)
    notes = grid_notes(fit, grid, asked, rows)
    if asked.contrasts is None and asked.interaction is None:
        found = estimates(asked.fit, grid.estimable(rows), asked.ddf)
        table = mean_table(asked, cells, found, shift, scale, spread)
    else:
        table = contrast_table(asked, cells, grid, rows, scale)
    table.attrs["notes"] = [*notes, *table.attrs.get("notes", [])]
    return table


@dataclass(frozen=True)
class Asked:
    """What was asked for, checked."""

    fit: Fit
    wanted: list[str]
    within: list[str]
    contrasts: str | Mapping[str, Sequence[float]] | None
    interaction: list[str] | None
    adjust: str | None
    ddf: Ddf
    level: float
    conf_int: bool

    @classmethod
    def of(
        cls,
        fit: Any,
        specs: Any,
        by: Any,
        contrasts: Any,
        interaction: Any,
        adjust: Any,
        ddf: Any,
        level: Any,
        conf_int: Any = False,
    ) -> Asked:
        """Check the arguments of `emmeans` and `emtrends`."""
        arguments.fitted("fit", fit)
        adjust = checked_adjust(adjust)
        level = arguments.level(level)
        wanted, within, named = split_specs(specs, by)
        contrasts = contrasts if named is None else named
        for name in [*wanted, *within]:
            if name in OWN:
                raise ModelError(f"the table has a column '{name}' of its own; rename that predictor")
        kinds = None
        if interaction is not None:
            kind_names = arguments.names("interaction", interaction)
            given = kind_names * len(wanted) if isinstance(interaction, str) else kind_names
            if len(given) != len([name for name in wanted if name not in within]):
                raise ModelError(
                    f"interaction names {len(given)} kinds of contrasts for {len(wanted)} predictors"
                )
            kinds = [str(kind_of(each)) for each in given]
        checked = None if contrasts is None else kind_of(contrasts)
        if kinds is None and checked is not None and adjust == "tukey" and not _all_pairs(checked):
            raise ModelError(
                "adjust='tukey' is for all pairs; use 'holm' or 'bonferroni' for other contrasts"
            )
        wanted = [name for name in wanted if name not in within]
        return cls(
            fit,
            wanted,
            within,
            checked,
            kinds,
            adjust,
            checked_ddf("satterthwaite" if ddf is None else ddf),
            level,
            arguments.flag("conf_int", conf_int),
        )

    def within_nests(self, grid: ReferenceGrid) -> Asked:
        """The same with the factors in which some of what is asked for is nested."""
        wanted = [name for name in grid.with_nests(self.wanted) if name not in self.within]
        return replace(self, wanted=wanted)


def _all_pairs(contrasts: Any) -> bool:
    return contrasts in ("pairwise", "reverse_pairwise") if isinstance(contrasts, str) else False


def _spread(fit: Fit, scale: ResponseScale | None, adjust: bool, sigma: float | None) -> float | None:
    """Standard deviation of what the linear predictor leaves out; None without a bias adjustment."""
    if not adjust:
        if sigma is not None:
            raise ModelError("sigma is for bias_adjust=True")
        return None
    if scale is None:
        raise ModelError("bias_adjust=True needs kind='response'")
    if sigma is not None:
        return arguments.number("sigma", sigma)
    return total_sd(fit)


def total_sd(fit: Fit) -> float:
    """Standard deviation around the fixed part: that of all random effects, on average over the rows, and residuals.

    Parameters
    ----------
    fit : fitted model
        With a `family` the residuals do not count.
    """
    variance = fit.sigma**2 if fit.family is None else 0.0
    if isinstance(fit, MixedFit):
        for term, factor in zip(fit.design.terms, fit.estimate.factors, strict=True):
            variance += fit.sigma**2 * float((factor * (term.mean_squares @ factor)).sum())
    return float(np.sqrt(variance))


def estimates(fit: Fit, L: Array, ddf: Ddf) -> tuple[Array, Array, Array]:
    """Estimate, standard error and degrees of freedom of each contrast; NaN where it has no number."""
    known = np.isfinite(L).all(axis=1)
    out = np.full((3, len(L)), np.nan)
    table = contrast_tests(fit, L[known], ddf)
    out[:, known] = table[["estimate", "std_error", "df"]].to_numpy().T
    return out[0], out[1], out[2]


def grid_notes(
    fit: Fit, grid: ReferenceGrid, asked: Asked, rows: Array, what: str = "Means", var: str = ""
) -> list[str]:
    """What a reader of means or trends should know about how they came about."""
    names = [*asked.wanted, *asked.within]
    notes = grid.nest_notes(names)
    if names:
        notes += grid.interaction_note(names, what, var)
    lacking = int((~np.isfinite(grid.estimable(rows)).all(axis=1)).sum())
    if lacking:
        notes.append(
            f"{lacking} of {len(rows)} {what.lower()} cannot be estimated: the data lack combinations of the "
            f"predictors ({listed(fit.design.dropped)} {'was' if len(fit.design.dropped) == 1 else 'were'} "
            "dropped from the model)."
        )
    return notes + (singular_notes(fit) if isinstance(fit, MixedFit) else [])


def mean_table(
    asked: Asked,
    cells: pd.DataFrame,
    found: tuple[Array, Array, Array],
    shift: float = 0.0,
    scale: ResponseScale | None = None,
    spread: float | None = None,
) -> Table:
    """Means with their intervals, on the scale of the predictor or of the response."""
    estimate, std_error, df = found
    eta = estimate + shift
    half = std_error * stats.t.ppf((1 + asked.level) / 2, df)
    ends, notes = np.array([eta - half, eta + half]), []
    if scale is not None and scale.steps:
        ends = _carried(scale, eta, ends, spread)
        if spread is None:
            std_error, eta = std_error * np.abs(scale.slope(eta)), scale.inverse(eta)
        else:
            eta, slope = scale.adjusted(eta, spread)
            std_error = std_error * np.abs(slope)
            notes.append(
                "Nothing varies around the linear predictor here, so there is no bias to adjust for."
                if spread == 0
                else "Adjusted for bias: means of the response where the linear predictor varies with a standard "
                f"deviation of {spread:.4g}."
            )
        notes.append(f"Estimates and limits are carried back from the {scale.scale} scale.")
    else:
        eta = estimate + shift
    if scale is not None and scale.left:
        notes.append(f"{scale.left}() cannot be undone, so the estimates are of {scale.response}.")
    columns = {"estimate": eta, "std_error": std_error, "df": df, "conf_low": ends[0], "conf_high": ends[1]}
    return Table(cells[[*asked.wanted, *asked.within]].assign(**columns), notes=notes)


def _carried(scale: ResponseScale, eta: Array, ends: Array, spread: float | None) -> Array:
    """Limits on the scale of the response, in order; infinite behind a pole such as that of 1/y at zero."""
    middle = scale.inverse(eta)
    moved = scale.inverse(ends)
    beyond = np.sign(moved) * np.sign(middle) < 0
    crossed = beyond & ~((moved.min(axis=0) <= middle) & (middle <= moved.max(axis=0)))
    moved = np.where(crossed, np.sign(middle) * np.inf, moved)
    if spread is not None:
        moved = np.where(crossed, moved, scale.adjusted(ends, spread)[0])
    return np.sort(moved, axis=0)  # a function may turn the order round


def contrast_table(
    asked: Asked, cells: pd.DataFrame, grid: ReferenceGrid, rows: Array, scale: ResponseScale | None = None
) -> Table:
    """Contrasts between means or trends, within each combination of `by`."""
    within = asked.within
    groups = rows_of_groups(cells, within)
    default = "none" if asked.interaction else "tukey" if _all_pairs(asked.contrasts) else "holm"
    adjust = asked.adjust or default
    ratio = scale is not None and scale.base is not None
    tables = []
    for members in groups:
        names, K = named_contrasts(asked, cells.iloc[members], ratio)
        estimate, std_error, df = estimates(asked.fit, grid.estimable(K @ rows[members]), asked.ddf)
        statistic = estimate / std_error
        columns = {
            **{name: cells[name].iloc[members[0]] for name in within},
            **names,
            "estimate": estimate,
            "std_error": std_error,
            "df": df,
            "statistic": statistic,
            "p_value": adjusted(statistic, df, adjust, len(members)),
        }
        if asked.conf_int:
            half = std_error * critical(asked.level, df, adjust, len(members))
            columns |= {"conf_low": estimate - half, "conf_high": estimate + half}
        tables.append(pd.DataFrame(columns))
    table, notes = Table(pd.concat(tables, ignore_index=True)), []
    if adjust != "none" and max(len(part) for part in tables) > 1:
        notes.append(f"P-values adjusted for {len(tables[0])} comparisons: {adjust}.")
        if asked.conf_int:
            way = adjust if adjust in OF_INTERVALS else "bonferroni"
            notes.append(f"Intervals hold all at once with a probability of {asked.level:g}: {way}.")
    if scale is not None and scale.steps:
        notes.append(_on_response_scale(table, scale))
    table.attrs["notes"] = notes
    return table


def _on_response_scale(table: Table, scale: ResponseScale) -> str:
    """Turn differences of logarithms into ratios, in place; a sentence about it."""
    if scale.base is None:
        return (
            f"Differences, standard errors and tests are on the {scale.scale} scale; a difference there has no "
            f"counterpart of its own on that of {scale.response}."
        )
    rate = np.log(scale.base)
    for name in {"estimate", "conf_low", "conf_high"} & set(table.columns):
        table[name] = np.exp(rate * table[name])
    table["std_error"] *= rate * table["estimate"]
    what = {"": "ratios", "odds": "odds ratios"}.get(scale.ratio_of, f"ratios of {scale.ratio_of}")
    return f"Estimates are {what}; tests are on the {scale.scale} scale."


def named_contrasts(asked: Asked, cells: pd.DataFrame, ratio: bool) -> tuple[dict[str, list[str]], Array]:
    """Columns that name the contrasts, and their coefficients (contrasts, means)."""
    texts = {name: [label(value) for value in cells[name]] for name in asked.wanted}
    if asked.interaction is None:
        assert asked.contrasts is not None
        labels = [" ".join(row) for row in zip(*texts.values(), strict=True)] if texts else [""]
        named = coefficients(asked.contrasts, labels, ratio)
        return {"contrast": list(named)}, np.array(list(named.values()))
    sets = []
    for name, kind in zip(asked.wanted, asked.interaction, strict=True):
        sets.append(coefficients(kind, list(dict.fromkeys(texts[name])), ratio))
    # The cells vary fastest in the first predictor, and so do the contrasts.
    product = reduce(lambda slow, fast: np.kron(fast, slow), [np.array(list(s.values())) for s in sets])
    if product.shape[1] != len(cells):
        raise ModelError("interaction contrasts need every combination of the predictors' levels")
    columns, sizes = {}, [len(each) for each in sets]
    for i, (name, kind) in enumerate(zip(asked.wanted, asked.interaction, strict=True)):
        inner, outer = int(np.prod(sizes[:i])), int(np.prod(sizes[i + 1 :]))
        columns[f"{name}_{kind}"] = [text for text in sets[i] for _ in range(inner)] * outer
    return columns, product
