"""A DataFrame that tells what a reader of it should know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import pandas as pd

from .wording import p_digits

__all__ = ["P_COLUMNS", "Table", "with_p_values"]

#: Columns that hold p-values, whatever a table calls them.
P_COLUMNS = frozenset(
    {"p", "p_value", "p_chisq", "adj_p_value", "Pr(>F)", "Pr(>|t|)", "Pr(>|z|)", "Pr(>Chisq)"}
)

#: Columns of which one stands beside p-values; a row called p beside none of these is a model's or a predictor's.
BESIDE_P = frozenset({"estimate", "statistic", "chisq", "lrt", "F value", "Chisq", "t value", "z value"})


class Table(pd.DataFrame):
    """A DataFrame with sentences under it, which are printed and shown in notebooks.

    P-values are shown with three decimals, tiny ones as ``<0.001``; the column itself holds them in full.

    Parameters
    ----------
    data : array, dict or DataFrame
        Anything that makes a DataFrame.
    *args
        Handed to DataFrame.
    notes : sequence of str
        Plain sentences; kept in ``attrs["notes"]``, so that they survive rounding and selecting.
    **options
        Handed to DataFrame.

    Examples
    --------
    >>> Table({"p_value": [0.0123, 3e-9]}, index=["Days", "Age"], notes=["Two-sided."])
         p_value
    Days   0.012
    Age   <0.001
    Two-sided.
    """

    def __init__(self, data: Any = None, *args: Any, notes: Sequence[str] = (), **options: Any) -> None:
        super().__init__(data, *args, **options)  # type: ignore[call-arg]
        if notes:
            self.attrs["notes"] = list(notes)

    @property
    def _constructor(self) -> Callable[..., Table]:
        return Table

    @property
    def notes(self) -> list[str]:
        """The sentences under the table."""
        return list(self.attrs.get("notes", []))

    def __repr__(self) -> str:
        wide = ("display.width", 110, "display.max_columns", None, "display.max_colwidth", None)
        with pd.option_context(*wide):  # a name that is cut off, as that of a long term, names nothing
            return "\n".join([repr(with_p_values(self)), *self.notes])

    def to_string(self, *args: Any, **options: Any) -> Any:
        """Make text, as a DataFrame does, with p-values as they are shown.

        Parameters
        ----------
        *args, **options
            Handed to ``DataFrame.to_string``.

        Returns
        -------
        str, or None when it is written to a buffer
            Tiny p-values as ``<0.001``; the notes are not part of it.

        Examples
        --------
        >>> print(Table({"p_value": [3e-9]}, index=["Age"]).to_string())
            p_value
        Age  <0.001
        """
        return with_p_values(self).to_string(*args, **options)

    def to_html(self, *args: Any, **options: Any) -> Any:
        """Make an HTML table, as a DataFrame does, with p-values as they are shown.

        Parameters
        ----------
        *args, **options
            Handed to ``DataFrame.to_html``.

        Returns
        -------
        str, or None when it is written to a buffer
            Tiny p-values as ``<0.001``; the notes are not part of it.

        Examples
        --------
        >>> "&lt;0.001" in Table({"p_value": [3e-9]}, index=["Age"]).to_html()
        True
        """
        return with_p_values(self).to_html(*args, **options)

    def to_markdown(self, *args: Any, **options: Any) -> Any:
        """Make a Markdown table, as a DataFrame does, with p-values as they are shown.

        Parameters
        ----------
        *args, **options
            Handed to ``DataFrame.to_markdown``.

        Returns
        -------
        str, or None when it is written to a buffer
            Tiny p-values as ``<0.001``; the notes are not part of it.

        Notes
        -----
        As in pandas, it needs the package tabulate.

        Examples
        --------
        >>> print(Table({"p_value": [3e-9]}, index=["Age"]).to_markdown())
        |     | p_value   |
        |:----|:----------|
        | Age | <0.001    |
        """
        return with_p_values(self).to_markdown(*args, **options)

    def _repr_html_(self) -> str | None:
        with pd.option_context("display.max_colwidth", None):
            table = with_p_values(self)._repr_html_()  # type: ignore[operator]
        return (table or "") + "".join(f"<p>{escape(note)}</p>" for note in self.notes)


def with_p_values(table: pd.DataFrame) -> pd.DataFrame:
    """The same table to look at: p-values as text, never as zero, also where the table lies on its side."""
    shown = pd.DataFrame(table)
    on_its_side = not P_COLUMNS & set(shown.columns) and bool(BESIDE_P & set(shown.index))
    for place, name in enumerate(shown.index):
        if on_its_side and isinstance(name, str) and name in P_COLUMNS:
            shown = shown.astype(object)
            shown.iloc[place] = [p_digits(p) if _is_number(p) else p for p in shown.iloc[place]]
    for place, name in enumerate(shown.columns):
        if name in P_COLUMNS and pd.api.types.is_numeric_dtype(shown.dtypes.iloc[place]):
            values = shown.iloc[:, place]
            shown.isetitem(place, values.map(p_digits, na_action="ignore").to_numpy(dtype=object))
    return shown


def _is_number(value: Any) -> bool:
    return isinstance(value, float) and not pd.isna(value)
