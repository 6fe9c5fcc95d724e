"""`print(fit)` and `fit.summary()`: the text that lme4 and lmerTest print, line by line.

Two things differ from R. A formula is shown as written (R shows ``(x || g)`` expanded), and instead of the
optimiser's code there stand the sentences of ``fit.messages``.
"""

from __future__ import annotations

import math
import textwrap
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..fitted.mixed import MixedFit
from ..fitted.parts import component_fit, part_names
from ..formatting.r_text import (
    NARROW,
    WIDTH,
    abbreviate,
    deparse,
    fill,
    format_numbers,
    format_pvalues,
    matrix_lines,
    stars,
    vector_lines,
    zap_small,
)
from ..inference.coef_tests import Ddf, checked_ddf, coef_table

__all__ = ["Summary", "coef_lines", "print_lines"]

Statistic = Literal["t", "z"]

DIGITS = 4  # max(3, getOption("digits") - 3)
COR_MAX = 12  # getOption("lme4.summary.cor.max")
HEADS = {
    "zero_inflation": "Zero-inflation model (logit):",
    "dispersion": "Dispersion model (log):",
    "shape": "Shape (logit of power - 1):",
}
LEGEND = "Signif. codes:  0 ‘***’ 0.001 ‘**’ 0.01 ‘*’ 0.05 ‘.’ 0.1 ‘ ’ 1"
METHODS = {
    "satterthwaite": "Satterthwaite's method",
    "kenward_roger": "Kenward-Roger's method",
    "kenward_roger_observed": "Kenward-Roger's method with observed information",
    "between_within": "between-within degrees of freedom",
    "containment": "containment degrees of freedom",
    "residual": "residual degrees of freedom",
}


class Summary:
    """The long printed form of a fitted model.

    Parameters
    ----------
    fit : MixedFit
        The model to be told.
    ddf : str
        As in :meth:`MixedModel.coef_table`; ``"none"`` leaves out the p-values, as lme4 does without
        lmerTest.

    Attributes
    ----------
    coefficients : DataFrame
        The table of fixed effects in full precision, as :meth:`MixedModel.coef_table` gives it.

    Notes
    -----
    As ``summary(fit)`` of lmerTest, and of lme4 for a GLMM and for ``ddf="none"``.

    Examples
    --------
    >>> import lmmkit as lk
    >>> sleepstudy = lk.load_data("sleepstudy")
    >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", sleepstudy)
    >>> print(fit.summary(ddf="none"))
    Linear mixed model fit by REML ['lmerMod']
    Formula: Reaction ~ Days + (1 | Subject)
       Data: sleepstudy
    <BLANKLINE>
    REML criterion at convergence: 1786.5
    <BLANKLINE>
    Scaled residuals:
        Min      1Q  Median      3Q     Max
    -3.2257 -0.5529  0.0109  0.5188  4.2506
    <BLANKLINE>
    Random effects:
     Groups   Name        Variance Std.Dev.
     Subject  (Intercept) 1378.2   37.12
     Residual              960.5   30.99
    Number of obs: 180, groups:  Subject, 18
    <BLANKLINE>
    Fixed effects:
                Estimate Std. Error t value
    (Intercept) 251.4051     9.7467   25.79
    Days         10.4673     0.8042   13.02
    <BLANKLINE>
    Correlation of Fixed Effects:
         (Intr)
    Days -0.371
    """

    def __init__(self, fit: MixedFit, ddf: Ddf = "satterthwaite") -> None:
        self._fit = fit
        self._ddf = checked_ddf(ddf)
        self.coefficients = coef_table(fit, ddf)

    def lines(self) -> list[str]:
        """The text, line by line.

        Returns
        -------
        list of str
            As printed.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
        >>> fit.summary().lines()[0]
        "Linear mixed model fit by REML. t-tests use Satterthwaite's method ["
        """
        fit = self._fit
        lines = [*_heading(fit, self._ddf), "", *_criterion(fit, 1), ""]
        if fit.has_rows:
            lines += ["Scaled residuals:", *_quantiles(fit.row_residuals("scaled")), ""]
        lines += [*_random(fit, ("Variance", "Std.Dev.")), *_sizes(fit), ""]
        if len(self.coefficients):
            # As lme4 heads them: a gamma model's statistics are t values, and their p-values normal tails. With
            # several parts as glmmTMB heads them.
            statistic: Statistic = "t" if fit.has_scale and not fit.has_parts else "z"
            tail: Statistic = "t" if "df" in self.coefficients else "z"
            table = coef_lines(self.coefficients, statistic, tail)
            head = "Conditional model:" if fit.has_parts else "Fixed effects:"
            lines += [head, *table, *self._correlations()]
        else:
            lines += ["No fixed effect coefficients"]
        return lines + self._parts() + _messages(fit)

    def _parts(self) -> list[str]:
        """The coefficients of the other parts, as glmmTMB prints them."""
        lines: list[str] = []
        for name, part in _other_parts(self._fit).items():
            lines += ["", HEADS[name], *coef_lines(coef_table(part), "z", "z")]
        return lines

    def _correlations(self) -> list[str]:
        p = len(self.coefficients)
        if p > COR_MAX:
            return ["", f"Correlation matrix not shown, as p = {p} > {COR_MAX}; see vcov."]
        if p < 2:
            return []
        cov = self._fit.vcov.to_numpy()
        sd = np.sqrt(np.diag(cov))
        texts = [f"{round(value, 3) + 0.0:.3f}" for value in (cov / np.outer(sd, sd)).ravel()]
        width = max(map(len, texts))
        rows = [[texts[i * p + j].rjust(width) if j < i else "" for j in range(p - 1)] for i in range(1, p)]
        names = list(self.coefficients.index)
        index, columns = abbreviate(names, 11), abbreviate(names, 6)
        return ["", "Correlation of Fixed Effects:", *matrix_lines(rows, columns[:-1], index[1:])]

    def __repr__(self) -> str:
        return "\n".join(self.lines())


def print_lines(fit: MixedFit) -> list[str]:
    """The short printed form of a fitted model, as lme4's ``print``."""
    lines = [*_heading(fit), *_criterion(fit, 4)]
    lines += [*_random(fit), *_sizes(fit)]
    fixef = fit.fixef
    if len(fixef):
        lines += ["Fixed Effects:", *_coefficients(fixef)]
    else:
        lines += ["No fixed effect coefficients"]
    for name, part in _other_parts(fit).items():
        lines += [HEADS[name], *_coefficients(part.fixef)]
    return lines + _messages(fit)


def _coefficients(values: pd.Series) -> list[str]:
    return vector_lines(list(values.index), format_numbers(values, DIGITS), gap=2)


def _random(fit: MixedFit, *columns: Any) -> list[str]:
    """Standard deviations and correlations, of the conditional part and of the extra zeros."""
    lines = []
    if fit.design.terms:
        lines = ["Random effects:", *fit.varcorr.lines(DIGITS, *columns)]
    elif fit.has_scale:
        lines = [f"Residual standard deviation: {format_numbers([fit.sigma], DIGITS)[0]}"]
    for name, part in _other_parts(fit).items():
        if part.design.terms:
            head = HEADS[name].split(" (")[0].removesuffix(":")
            lines += [f"Random effects, {head.lower()}:", *part.varcorr.lines(DIGITS, *columns)]
    return lines


def _other_parts(fit: MixedFit) -> dict[str, MixedFit]:
    """The parts beside the conditional one, as fits of their own; not a residual standard deviation."""
    names = part_names(fit)[1:] if fit.has_parts else []
    return {name: component_fit(fit, name) for name in names if not (name == "dispersion" and fit.has_scale)}


def title(fit: MixedFit) -> str:
    """What was fitted and how, as lme4's ``methTitle``."""
    if fit.family is None:
        return f"Linear mixed model fit by {'REML' if fit.is_reml else 'maximum likelihood '}"
    if not fit.is_mixed:
        return "Generalized linear model fit by maximum likelihood"
    points = fit.estimate.n_agq
    how = "Laplace Approximation" if points == 1 else f"Adaptive Gauss-Hermite Quadrature, nAGQ = {points}"
    return f"Generalized linear mixed model fit by maximum likelihood ({how})"


def _heading(fit: MixedFit, ddf: Ddf = "none") -> list[str]:
    """Title, family, formula, data and weights."""
    text, tag = title(fit), "lmerMod" if fit.family is None else "glmerMod"
    if fit.family is None and ddf in METHODS:
        text, tag = f"{text}. t-tests use {METHODS[ddf]}", "lmerModLmerTest"
    if not fit.is_mixed:
        lines = [text]
    elif len(text) + 5 + len(tag) > WIDTH:
        wrapped = textwrap.wrap(text, WIDTH - 3, subsequent_indent="  ", break_on_hyphens=False)
        lines = fill([*wrapped, " [", tag, "]"], sep="")
    else:
        lines = [f"{text} ['{tag}']"]
    if fit.family is not None:
        lines.append(f" Family: {fit.family.label}")
    lines += fill(["Formula:", *deparse(fit.call.formula)])
    for name, label in (("zero_inflation", "Zero inflation:"), ("dispersion", "Dispersion:")):
        if fit.call.options.get(name) is not None:
            lines += fill([label, *deparse(fit.call.options[name])])
    if fit.call.data_name is not None:
        lines.append(f"   Data: {fit.call.data_name}")
    for name, label in (("weights", "Weights"), ("offset", " Offset")):
        if isinstance(fit.call.options[name], str):
            lines.append(f"{label}: {fit.call.options[name]}")
    return [line.rstrip() for line in lines]


def _criterion(fit: MixedFit, digits: int) -> list[str]:
    """The REML criterion, or the table of AIC and its relatives."""
    if fit.is_reml:
        return [f"REML criterion at convergence: {format_numbers([round(fit.reml_criterion, digits)])[0]}"]
    values = [round(value, digits) for value in (fit.aic, fit.bic, fit.loglik, fit.deviance, fit.df_resid)]
    texts = [*format_numbers(values)[:4], str(fit.df_resid)]
    return vector_lines(["AIC", "BIC", "logLik", "deviance", "df.resid"], texts)


def _quantiles(residuals: np.ndarray) -> list[str]:
    values = zap_small(np.quantile(residuals, [0, 0.25, 0.5, 0.75, 1]), DIGITS + 1)
    return vector_lines(["Min", "1Q", "Median", "3Q", "Max"], format_numbers(values, DIGITS))


def _sizes(fit: MixedFit) -> list[str]:
    sizes = dict(fit.ngroups)
    for part in _other_parts(fit).values():
        sizes |= part.ngroups
    if not sizes:
        return [f"Number of obs: {fit.nobs}"]
    groups = "; ".join(f"{group}, {size}" for group, size in sizes.items())
    return fill([f"Number of obs: {fit.nobs}, groups: ", groups])


def _messages(fit: MixedFit) -> list[str]:
    wrapper = textwrap.TextWrapper(
        NARROW, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False
    )
    lines = [line for text in fit.messages for line in wrapper.wrap(text)]
    return ["", "Messages:", *lines] if lines else []


def coef_lines(table: pd.DataFrame, statistic: Statistic, tail: Statistic, digits: int = DIGITS) -> list[str]:
    """A table of coefficients as R's ``printCoefmat`` prints it, stars included.

    Parameters
    ----------
    table : DataFrame
        Columns ``estimate std_error``, then ``df`` if there is one, ``statistic``, and ``p_value`` if
        there is one.
    statistic, tail : {"t", "z"}
        What the statistic is called, and the distribution whose tails are the p-values.
    digits : int
        Significant digits.
    """
    tested = "p_value" in table
    heads = {"estimate": "Estimate", "std_error": "Std. Error", "df": "df"}
    wide = [name for name in heads if name in table]
    cells = {heads[name]: texts for name, texts in _joint(table[wide], digits).items()}
    values = table["statistic"].to_numpy(dtype=float)
    cells[f"{statistic} value"] = format_numbers(np.round(values, max(1, min(5, digits - 1))), digits)
    if not tested:
        return matrix_lines(
            list(zip(*cells.values(), strict=True)), list(cells), list(table.index), right=True
        )
    p_values = [float(p) for p in table["p_value"]]
    cells[f"Pr(>|{tail}|)"] = format_pvalues(p_values, digits - 1)
    starred = any(p < 0.1 for p in p_values)
    if starred:
        cells[""] = [stars(p) for p in p_values]
    lines = matrix_lines(list(zip(*cells.values(), strict=True)), list(cells), list(table.index), right=True)
    return [*lines, "---", LEGEND] if starred else lines


def _joint(table: pd.DataFrame, digits: int) -> dict[str, list[str]]:
    """Estimates, standard errors and df with a common number of decimals."""
    values = table.to_numpy(dtype=float)
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    decimals = 1
    if len(sizes):
        smallest, largest = (math.floor(math.log10(size)) for size in (sizes.min(), sizes.max()))
        decimals = max(1, digits - 1 - smallest, digits - 1 - largest)
    flat = format_numbers(np.round(values, decimals).ravel(), digits)
    texts = np.array(flat, dtype=object).reshape(values.shape)
    shown = np.array([float(text.replace("NA", "nan")) for text in flat]).reshape(values.shape)
    lost = (values == 0) != (shown == 0)
    if lost.any():
        texts[lost] = format_numbers(values[lost], max(1, digits - 1))
    return {name: list(texts[:, j]) for j, name in enumerate(table.columns)}
