"""`print(fit)` and `fit.summary()` of `lm` and `glm`: the text that R prints, line by line.

What R ≥ 4.3 prints, that is, without the deviance residuals of a glm.
"""

from __future__ import annotations

import math
import textwrap
from html import escape
from typing import Any

import numpy as np

from ..families.family import Family
from ..formatting.r_text import (
    CUTOFF,
    NARROW,
    deparse,
    format_numbers,
    format_pvalues,
    vector_lines,
    zap_small,
)
from ..inference.coef_tests import Ddf
from .summary import DIGITS, Statistic, coef_lines

__all__ = ["LinearSummary", "call_lines", "print_lines"]

# R's own default links are not named in a call.
R_LINKS = {"binomial": "logit", "poisson": "log", "gamma": "inverse", "negative_binomial": "log"}
R_NAMES = {"gamma": "Gamma"}


class LinearSummary:
    """The long printed form of a model without random effects.

    Parameters
    ----------
    fit : LinearModel or GeneralizedLinearModel
        The model to be told.
    ddf : {"residual", "satterthwaite", "kenward_roger", "none"}
        As in :meth:`~lmmkit.models.fixed_effects.FixedEffectsModel.coef_table`.

    Attributes
    ----------
    coefficients : DataFrame
        The table of coefficients in full precision.

    Notes
    -----
    As R's ``summary.lm`` and ``summary.glm``.

    Examples
    --------
    >>> import lmmkit as lk
    >>> mouse = lk.load_data("mouse")
    >>> print(lk.lm("Weight ~ Dose", mouse).summary())  # doctest: +NORMALIZE_WHITESPACE
    <BLANKLINE>
    Call:
    lm(formula = Weight ~ Dose, data = mouse)
    <BLANKLINE>
    Residuals:
        Min      1Q  Median      3Q     Max
    -5.6239 -1.5714 -0.3714  2.1863  4.8653
    <BLANKLINE>
    Coefficients:
                Estimate Std. Error t value Pr(>|t|)
    (Intercept)  26.9636     0.9371   28.77  < 2e-16 ***
    Dose         -2.4387     0.2949   -8.27 8.63e-11 ***
    ---
    Signif. codes:  0 ‘***’ 0.001 ‘**’ 0.01 ‘*’ 0.05 ‘.’ 0.1 ‘ ’ 1
    <BLANKLINE>
    Residual standard error: 2.711 on 48 degrees of freedom
    Multiple R-squared:  0.5876,	Adjusted R-squared:  0.579
    F-statistic:  68.4 on 1 and 48 DF,  p-value: 8.627e-11
    <BLANKLINE>
    """

    def __init__(self, fit: Any, ddf: Ddf = "residual") -> None:
        self._fit = fit
        self.coefficients = fit.coef_table(ddf)

    def lines(self) -> list[str]:
        """The text, line by line.

        Returns
        -------
        list of str
            As printed.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.lm("Weight ~ Dose", lk.load_data("mouse")).summary().lines()[1]
        'Call:'
        """
        fit = self._fit
        lines = ["", "Call:", *call_lines(fit), ""]
        if fit.call.function == "lm":
            lines += [*_residuals(fit), ""]
        lines += [_coefficient_heading(fit), *self._coefficients(), ""]
        lines += _fit_of_glm(fit) if fit.call.function == "glm" else _fit_of_lm(fit)
        return [*lines, *_messages(fit), ""]

    def _coefficients(self) -> list[str]:
        """The table without the df, which all rows share."""
        letter: Statistic = "t" if self._fit.has_scale else "z"
        return coef_lines(self.coefficients.drop(columns="df", errors="ignore"), letter, letter)

    def __repr__(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines())


def print_lines(fit: Any) -> list[str]:
    """The short printed form, as R's ``print.lm`` and ``print.glm``."""
    call = call_lines(fit)
    glm = fit.call.function == "glm"
    lines = ["", f"Call:  {call[0]}", *call[1:], ""] if glm else ["", "Call:", *call, ""]
    lines += ["Coefficients:", *vector_lines(fit.design.x_names, format_numbers(fit.fixef, DIGITS), gap=2)]
    if fit.call.function == "glm":
        null, deviance, aic = (_signif(x) for x in (fit.null_deviance, fit.deviance, fit.aic))
        lines += [
            "",
            f"Degrees of Freedom: {fit.df_null} Total (i.e. Null);  {fit.df_resid} Residual",
            *_left_out(fit),
        ]
        lines += [f"Null Deviance:\t    {null} ", f"Residual Deviance: {deviance} \tAIC: {aic}"]
    return [*lines, *_messages(fit)] if glm else [*lines, *_messages(fit), ""]


def call_lines(fit: Any) -> list[str]:
    """The call in R's words, broken into lines where R's ``deparse`` breaks it."""
    call = fit.call
    rest = []
    if "family" in call.options:
        rest.append(f"family = {_family_text(call.options['family'])}")
    if call.data_name is not None:
        rest.append(f"data = {call.data_name}")
    rest += [
        f"{name} = {value}"
        for name, value in call.options.items()
        if name in ("weights", "offset") and isinstance(value, str)
    ]
    lines = deparse(call.formula, start=f"{call.function}(formula = ")
    for argument in rest:
        lines[-1] += ", "
        if len(lines[-1]) > CUTOFF:
            lines.append("    ")
        lines[-1] += argument
    lines[-1] += ")"
    return lines


def _family_text(family: Family) -> str:
    name = R_NAMES.get(family.name, family.name)
    return name if family.link.name == R_LINKS[family.name] else f'{name}(link = "{family.link.name}")'


def _residuals(fit: Any) -> list[str]:
    """Five numbers, or all residuals when there are few."""
    counted = fit.design.row_weights > 0
    values = fit.row_residuals("pearson")[counted]
    weighted = fit.design.weights is not None and np.ptp(fit.design.weights) > 0
    heading = f"{'Weighted ' if weighted else ''}Residuals:"
    if fit.df_resid > 5:
        quantiles = zap_small(np.quantile(values, [0, 0.25, 0.5, 0.75, 1]), DIGITS + 1)
        return [
            heading,
            *vector_lines(["Min", "1Q", "Median", "3Q", "Max"], format_numbers(quantiles, DIGITS)),
        ]
    if fit.df_resid > 0:
        names = fit.design.frame.index[counted]
        return [heading, *vector_lines([str(name) for name in names], format_numbers(values, DIGITS))]
    return [heading, f"ALL {len(values)} residuals are 0: no residual degrees of freedom!"]


def _coefficient_heading(fit: Any) -> str:
    dropped = len(fit.design.dropped)
    return f"Coefficients: ({dropped} not defined because of singularities)" if dropped else "Coefficients:"


def _fit_of_lm(fit: Any) -> list[str]:
    sigma = _signif(fit.sigma)
    lines = [f"Residual standard error: {sigma} on {fit.df_resid} degrees of freedom", *_left_out(fit)]
    test = fit.f_test
    if test["num_df"] > 0 and fit.df_resid > 0:
        p_value = format_pvalues([test["p_value"]], DIGITS)[0]
        lines += [
            f"Multiple R-squared:  {fit.r_squared:>5.4g},\tAdjusted R-squared:  {fit.adj_r_squared:>5.4g}",
            f"F-statistic: {test['statistic']:>5.4g} on {test['num_df']:.0f} and {fit.df_resid} DF,  "
            f"p-value: {p_value}",
        ]
    return lines


def _fit_of_glm(fit: Any) -> list[str]:
    name = R_NAMES.get(fit.family.name, fit.family.name)
    if fit.family.name == "negative_binomial":
        name = f"Negative Binomial({_round(float(fit.family.dispersion or 0.0), 4)})"
    deviances = format_numbers([fit.null_deviance, fit.deviance], DIGITS + 1)
    dfs = [str(fit.df_null), str(fit.df_resid)]
    width = max(map(len, dfs))
    rows = zip(("    Null", "Residual"), deviances, dfs, strict=True)
    lines = [f"(Dispersion parameter for {name} family taken to be {format_numbers([fit.sigma**2])[0]})", ""]
    lines += [
        f"{label} deviance: {value}  on {df.rjust(width)}  degrees of freedom" for label, value, df in rows
    ]
    lines += [*_left_out(fit), f"AIC: {format_numbers([fit.aic], DIGITS + 1)[0]}", ""]
    lines += [f"Number of Fisher Scoring iterations: {fit.n_iter}"]
    if fit.family.name == "negative_binomial" and fit.estimates_dispersion:
        theta, se = float(fit.family.dispersion or 0.0), fit.theta_se
        places = max(2 - math.floor(math.log10(se)), 0)
        lines += [
            "",
            "",
            f"              Theta:  {theta:.{places}f}",
            f"          Std. Err.:  {se:.{places}f}",
            "",
        ]
        lines += [f" 2 x log-likelihood:  {2 * fit.loglik:.3f}"]
    return lines


def html(fit: Any) -> str:
    """What a notebook shows: what was fitted, the coefficients, how well it fits, messages."""
    from ..formatting.html import table

    glm = fit.call.function == "glm"
    lines = [f"<strong>{'Generalized linear' if glm else 'Linear'} model</strong>"]
    lines.append(f"<code>{escape(fit.design.formula.text)}</code>")
    if fit.family is not None:
        lines.append(escape(fit.family.label.replace("  ( ", " (").replace(" )", ")")))
    lines.append(f"{fit.nobs} rows")
    coefficients = fit.coef_table()
    both = format_numbers(coefficients[["estimate", "std_error"]].to_numpy().ravel(), DIGITS)
    letter = "t" if fit.has_scale else "z"
    cells = zip(
        list(coefficients.index),
        both[0::2],
        both[1::2],
        format_numbers(np.round(coefficients["statistic"], 3), DIGITS),
        format_pvalues([float(p) for p in coefficients["p_value"]]),
        strict=True,
    )
    terms = table(["term", "estimate", "std. error", letter, "p"], list(cells), caption="Coefficients")
    glance = fit.glance().iloc[0].drop(["nobs", "statistic", "p_value", "df"], errors="ignore")
    labels = {
        "adj_r_squared": "adjusted R²",
        "r_squared": "R²",
        "loglik": "log-likelihood",
        "df_residual": "df",
    }
    heads = [labels.get(str(name), str(name).replace("_", " ")) for name in glance.index]
    heads = [head.upper() if head in ("aic", "bic") else head for head in heads]
    quality = table(heads, [[f"{value:.4g}" for value in glance]], text_columns=0)
    notes = "".join(f"<li>{escape(text)}</li>" for text in fit.messages)
    notes = f"<ul style='max-width: 46em;'>{notes}</ul>" if notes else ""
    return f"<div>{'<br>'.join(lines)}{terms}{quality}{notes}</div>"


def _left_out(fit: Any) -> list[str]:
    gone = fit.design.n_omitted
    return [f"  ({gone} observation{'s' if gone > 1 else ''} deleted due to missingness)"] if gone else []


def _messages(fit: Any) -> list[str]:
    wrapper = textwrap.TextWrapper(
        NARROW, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False
    )
    lines = [line for text in fit.messages for line in wrapper.wrap(text)]
    return ["", "Messages:", *lines] if lines else []


def _signif(x: float, digits: int = DIGITS) -> str:
    """R's ``format(signif(x, digits))``."""
    return format_numbers([float(f"{x:.{digits}g}")])[0]


def _round(x: float, places: int) -> str:
    """R's ``format(round(x, places))``."""
    return format_numbers([round(x, places)])[0]
