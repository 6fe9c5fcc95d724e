"""A fitted model as tables in a notebook."""

from __future__ import annotations

from html import escape

import numpy as np

from ..fitted.mixed import MixedFit
from ..formatting.html import table
from ..formatting.r_text import format_numbers, format_pvalues
from ..inference.coef_tests import coef_table


def model(fit: MixedFit) -> str:
    """What a notebook shows for a fitted model: how it was fitted, fixed effects, random effects, messages.

    Parameters
    ----------
    fit : MixedFit

    Returns
    -------
    str
        HTML.
    """
    from .summary import title

    lines = [
        f"<strong>{escape(title(fit).strip())}</strong>",
        f"<code>{escape(fit.design.formula.text)}</code>",
    ]
    if fit.family is not None:
        lines.append(escape(fit.family.label.replace("  ( ", " (").replace(" )", ")")))
    groups = [f"{size} levels of {group}" for group, size in fit.ngroups.items()]
    lines.append(escape(", ".join([f"{fit.nobs} rows", *groups])))
    header = "<br>".join(lines)
    columns, rows = fit.varcorr.cells(digits=4, show=("Variance", "Std.Dev."))
    random = table(columns, rows, text_columns=2, caption="Random effects") if rows else ""
    notes = "".join(f"<li>{escape(text)}</li>" for text in fit.messages)
    notes = f"<ul style='max-width: 46em;'>{notes}</ul>" if notes else ""
    return f"<div>{header}{_fixed(fit)}{random}{_criteria(fit)}{notes}</div>"


def _fixed(fit: MixedFit) -> str:
    """Fixed effects with standard errors; p-values only where they cost nothing (`summary` has the rest)."""
    coefficients = coef_table(fit, "none")
    if coefficients.empty:
        return "<p>No fixed effects.</p>"
    both = format_numbers(coefficients[["estimate", "std_error"]].to_numpy().ravel(), 4)
    statistic = format_numbers(np.round(coefficients["statistic"], 3), 4)
    columns = ["term", "estimate", "std. error", "t" if fit.has_scale and not fit.has_parts else "z"]
    cells = [list(coefficients.index), both[0::2], both[1::2], statistic]
    if "p_value" in coefficients:
        columns.append("p")
        cells.append(format_pvalues([float(p) for p in coefficients["p_value"]]))
    rows = [list(row) for row in zip(*cells, strict=True)]
    return table(columns, rows, caption="Fixed effects")


def _criteria(fit: MixedFit) -> str:
    names, values = ["AIC", "BIC", "log-likelihood"], [fit.aic, fit.bic, fit.loglik]
    if fit.is_reml:
        names, values = [*names, "REML criterion"], [*values, fit.reml_criterion]
    else:
        names, values = [*names, "deviance"], [*values, fit.deviance]
    texts = [f"{value:.1f}" for value in values]
    return table(names, [texts], text_columns=0)
