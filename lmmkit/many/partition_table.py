"""Variance fractions of many responses as a table that tells how their fits went."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class VariancePartition(pd.DataFrame):
    """Variance fractions: a row for each response, a column for each term, ``Residuals`` last.

    Attributes
    ----------
    status : DataFrame
        For the same rows: ``n_obs objective sigma singular converged failed message``.
    """

    _metadata = ["_status"]  # noqa: RUF012 (pandas wants a list)
    _status: pd.DataFrame

    @property
    def _constructor(self) -> Callable[..., VariancePartition]:
        return VariancePartition

    @property
    def status(self) -> pd.DataFrame:
        """How the fit of each of these rows went; a failed one has no fractions, but its row stays."""
        return self._status.loc[self.index]

    @property
    def notes(self) -> list[str]:
        """What a reader of the table should know."""
        known = getattr(self, "_status", None)
        if known is None or not self.index.isin(known.index).all():
            return []
        return status_notes(known.loc[self.index])

    def __repr__(self) -> str:
        with pd.option_context("display.width", 110, "display.max_columns", None):
            return "\n".join([super().__repr__(), *self.notes])

    def _repr_html_(self) -> str | None:
        table = super()._repr_html_()  # type: ignore[misc]
        return (table or "") + "".join(f"<p>{note}</p>" for note in self.notes)

    def violin(self, ax: Axes | None = None) -> Axes:
        """A violin for each term; see :func:`lmmkit.plots.variance_fractions.violin`."""
        from ..plots.variance_fractions import violin

        return violin(self, ax)

    def bars(self, ax: Axes | None = None) -> Axes:
        """A stacked bar for each response; see :func:`lmmkit.plots.variance_fractions.bars`."""
        from ..plots.variance_fractions import bars

        return bars(self, ax)


def status_notes(status: pd.DataFrame) -> list[str]:
    """Sentences about responses whose fit needs a second look."""
    notes, total = [], len(status)
    singular = int(status["singular"].sum())
    failed, lost = int(status["failed"].sum()), int((~status["converged"] & ~status["failed"]).sum())
    if singular:
        notes.append(f"{singular} of {total} fits are singular: some variance is zero, or a correlation ±1.")
    if lost:
        notes.append(f"{lost} of {total} searches did not converge; see .status.")
    if failed:
        notes.append(f"{failed} of {total} responses could not be fitted; .status tells why.")
    return notes
