"""A DataFrame that tells what a reader of it should know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import pandas as pd

__all__ = ["Table"]


class Table(pd.DataFrame):
    """A DataFrame with sentences under it, which are printed and shown in notebooks.

    Parameters
    ----------
    data : anything that makes a DataFrame
    notes : sequence of str
        Plain sentences; kept in ``attrs["notes"]``, so that they survive rounding and selecting.
    **options
        Handed to DataFrame.

    Examples
    --------
    >>> Table({"p_value": [0.01]}, index=["Days"], notes=["Two-sided."])
          p_value
    Days     0.01
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
        with pd.option_context("display.width", 110, "display.max_columns", None):
            return "\n".join([super().__repr__(), *self.notes])

    def _repr_html_(self) -> str | None:
        table = super()._repr_html_()  # type: ignore[misc]
        return (table or "") + "".join(f"<p>{escape(note)}</p>" for note in self.notes)
