"""HTML tables without colours of their own: light and dark themes both suit."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

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
