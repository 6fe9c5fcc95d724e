"""Variance fractions of many responses as a table that tells how their fits went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..formatting.noted_table import Table
from ..formatting.wording import plural
from ..numerics.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Said of a fit that has left out samples for the sake of their weights.
NO_WEIGHT = "without weight"


@dataclass(frozen=True, eq=False)
class FitStatus:
    """How the fit of each response went, as an attribute that tables share: pandas neither copies nor compares it.

    Attributes
    ----------
    table : DataFrame
        A row for each response: ``n_obs objective sigma singular converged failed message``.
    """

    table: pd.DataFrame

    def __deepcopy__(self, memo: dict[int, Any]) -> FitStatus:
        return self


class VariancePartition(Table):
    """Variance fractions: a row for each response, a column for each term, ``Residuals`` last.

    Parameters
    ----------
    data : anything that makes a DataFrame
        The fractions, from 0 to 1; each row adds up to 1.
    status : DataFrame, optional
        How the fit of each row went; kept in ``attrs["status"]``, so that it survives rounding and selecting.
    **options
        Handed to DataFrame.

    Attributes
    ----------
    status : DataFrame
        For the same rows: ``n_obs objective sigma singular converged failed message``.

    Examples
    --------
    >>> import lmmkit as lk
    >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
    >>> parts = lk.variance_partition(genes[:3], "~ Age + (1 | Individual) + (1 | Tissue)", samples)
    >>> parts.sum(axis=1).round(6).tolist()
    [1.0, 1.0, 1.0]
    """

    def __init__(
        self, data: Any = None, *args: Any, status: pd.DataFrame | None = None, **options: Any
    ) -> None:
        super().__init__(data, *args, **options)
        if status is not None:
            self.attrs["status"] = FitStatus(status)

    @property
    def _constructor(self) -> Callable[..., VariancePartition]:
        return VariancePartition

    @property
    def status(self) -> pd.DataFrame:
        """How the fit of each of these rows went; a failed one has no fractions, but its row stays.

        Raises
        ------
        DataError
            When the rows are not those of one call, as in a table put together by ``pandas.concat``.
        """
        known = self.attrs.get("status")
        if known is None or not self.index.isin(known.table.index).all():
            raise DataError("this table was put together from others; ask each of them for its .status")
        table: pd.DataFrame = known.table
        return table if self.index.equals(table.index) else table.loc[self.index]

    @property
    def notes(self) -> list[str]:
        """What a reader of the table should know."""
        known = self.attrs.get("status")
        if known is None or not self.index.isin(known.table.index).all():
            return []
        return status_notes(self.status)

    def violin(self, ax: Axes | None = None) -> Axes:
        """Draw a violin for each term: how its share is spread over the responses.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure otherwise.

        Returns
        -------
        matplotlib.axes.Axes
            Shares in percent, a violin with a box inside for each term.

        Notes
        -----
        As ``plotVarPart`` of variancePartition.

        Examples
        --------
        >>> import lmmkit as lk
        >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
        >>> parts = lk.variance_partition(genes[:3], "~ Age + (1 | Individual) + (1 | Tissue)", samples)
        >>> parts.violin().get_ylabel()
        'variance explained (%)'
        """
        from ..plots.variance_fractions import violin

        return violin(self, ax)

    def bars(self, ax: Axes | None = None) -> Axes:
        """Draw a stacked bar for each response, the first at the top.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure otherwise.

        Returns
        -------
        matplotlib.axes.Axes
            Shares in percent.

        Notes
        -----
        As ``plotPercentBars`` of variancePartition. For a few rows: ``parts.head(10).bars()``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
        >>> parts = lk.variance_partition(genes[:3], "~ Age + (1 | Individual) + (1 | Tissue)", samples)
        >>> parts.bars().get_xlabel()
        'variance explained (%)'
        """
        from ..plots.variance_fractions import bars

        return bars(self, ax)


def tell_lost_weights(status: pd.DataFrame, weights: Array, values: Array) -> None:
    """Say in the table of the fits how many samples were left out because their weight is missing or zero.

    Parameters
    ----------
    status : DataFrame
        Changed in place.
    weights, values : arrays of shape (B, n)
    """
    lost = (np.isnan(weights) & ~np.isnan(values)).sum(axis=1)
    told = [f"{plural(int(n), 'sample')} {NO_WEIGHT} (missing or zero) left out" if n else "" for n in lost]
    status["message"] = ["; ".join(filter(None, both)) for both in zip(status["message"], told, strict=True)]


def status_notes(status: pd.DataFrame) -> list[str]:
    """Sentences about responses whose fit needs a second look."""
    notes, total = [], len(status)
    singular = int(status["singular"].sum())
    failed, lost = int(status["failed"].sum()), int((~status["converged"] & ~status["failed"]).sum())
    if singular:
        notes.append(f"{singular} of {total} fits are singular: some variance is zero, or a correlation ±1.")
    if lost:
        notes.append(f"{lost} of {total} searches did not converge; see .status.")
    if lightened := int(status["message"].str.contains(NO_WEIGHT).sum()):
        notes.append(f"In {lightened} of {total} fits samples {NO_WEIGHT} were left out; see .status.")
    if failed:
        notes.append(f"{failed} of {total} responses could not be fitted; .status tells why.")
    return notes
