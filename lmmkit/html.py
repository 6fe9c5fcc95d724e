"""A fitted model as tables in a notebook, without colours of their own: light and dark themes both suit."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from .rformat import format_numbers, format_pvalues

if TYPE_CHECKING:
    from .result import MixedModel

LINE = "1px solid color-mix(in srgb, currentColor 35%, transparent)"
TABLE = "border-collapse: collapse; margin: 0.3em 0 0.9em 0; font-variant-numeric: tabular-nums;"
CAPTION = "text-align: left; caption-side: top; font-weight: bold; padding: 0.2em 0; color: inherit;"
CELL = "color: inherit; padding: 0.2em 0.8em; border: none; background: transparent;"


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, text_columns: int = 1, caption: str = ""
) -> str:
    """An HTML table of text cells.

    Parameters
    ----------
    columns : sequence of str
    rows : sequence of sequences of str
    text_columns : int
        How many columns, from the left, hold names (set left; numbers are set right).
    caption : str
        Set above the table.

    Returns
    -------
    str

    Examples
    --------
    >>> "<td" in table(["term", "estimate"], [["Days", "10.47"]])
    True
    """
    line = f"border-bottom: {LINE};"
    heads = "".join(_cell("th", text, j < text_columns, line) for j, text in enumerate(columns))
    body = "".join(f"<tr style='background: transparent;'>{_cells(row, text_columns)}</tr>" for row in rows)
    title = f"<caption style='{CAPTION}'>{escape(caption)}</caption>" if caption else ""
    head = f"<thead><tr style='background: transparent;'>{heads}</tr></thead>"
    return f"<table style='{TABLE} {line}'>{title}{head}<tbody>{body}</tbody></table>"


def _cells(row: Sequence[str], text_columns: int) -> str:
    return "".join(_cell("td", text, j < text_columns) for j, text in enumerate(row))


def _cell(tag: str, text: str, is_name: bool, style: str = "") -> str:
    align = "left" if is_name else "right"
    scope = " scope='col'" if tag == "th" else ""
    return f"<{tag}{scope} style='{CELL} text-align: {align}; {style}'>{escape(text.strip())}</{tag}>"


def model(fit: MixedModel) -> str:
    """What a notebook shows for a fitted model: how it was fitted, fixed effects, random effects, messages.

    Parameters
    ----------
    fit : MixedModel

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
    groups = ", ".join(f"{size} levels of {group}" for group, size in fit.ngroups.items())
    lines.append(escape(f"{fit.nobs} rows, {groups}"))
    header = "<br>".join(lines)
    columns, rows = fit.varcorr.cells(digits=4, show=("Variance", "Std.Dev."))
    random = table(columns, rows, text_columns=2, caption="Random effects")
    notes = "".join(f"<li>{escape(text)}</li>" for text in fit.messages)
    notes = f"<ul style='max-width: 46em;'>{notes}</ul>" if notes else ""
    return f"<div>{header}{_fixed(fit)}{random}{_criteria(fit)}{notes}</div>"


def _fixed(fit: MixedModel) -> str:
    """Fixed effects with standard errors; p-values only where they cost nothing (`summary` has the rest)."""
    coefficients = fit.coef_table(ddf="none")
    if coefficients.empty:
        return "<p>No fixed effects.</p>"
    both = format_numbers(coefficients[["estimate", "std_error"]].to_numpy().ravel(), 4)
    statistic = format_numbers(np.round(coefficients["statistic"], 3), 4)
    columns = ["term", "estimate", "std. error", "t" if fit.has_scale else "z"]
    cells = [list(coefficients.index), both[0::2], both[1::2], statistic]
    if "p_value" in coefficients:
        columns.append("p")
        cells.append(format_pvalues([float(p) for p in coefficients["p_value"]]))
    rows = [list(row) for row in zip(*cells, strict=True)]
    return table(columns, rows, caption="Fixed effects")


def _criteria(fit: MixedModel) -> str:
    names, values = ["AIC", "BIC", "log-likelihood"], [fit.aic, fit.bic, fit.loglik]
    if fit.is_reml:
        names, values = [*names, "REML criterion"], [*values, fit.reml_criterion]
    else:
        names, values = [*names, "deviance"], [*values, fit.deviance]
    texts = [f"{value:.1f}" for value in values]
    return table(names, [texts], text_columns=0)
