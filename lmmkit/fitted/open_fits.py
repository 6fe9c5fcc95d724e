"""Fits without a best value of the residual variance, which nothing can be tested or bounded by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..formatting.noted_table import Table
from ..numerics.arrays import Array
from .mixed import MixedFit

if TYPE_CHECKING:
    from .fit import Fit

__all__ = ["bounded", "limits_note"]


def limits_note(fit: Fit) -> list[str]:
    """Why a fit has no confidence limits; nothing where it has.

    Parameters
    ----------
    fit : MixedFit or FixedFit

    Returns
    -------
    list of str
        One sentence, or none.
    """
    if not isinstance(fit, MixedFit) or not fit.estimate.is_open:
        return []
    why = "the likelihood rises without end"
    if not fit.estimate.endless:
        why = "the residual variance cannot be told from that of a random effect"
    return [
        f"No limits: {why}, so the standard errors are those of one point among many; .messages tell more."
    ]


def bounded(fit: Fit, table: pd.DataFrame, low: Array, high: Array) -> pd.DataFrame:
    """Predictions with their limits; where the fit has none they are missing, and a sentence says why.

    Parameters
    ----------
    fit : MixedFit or FixedFit
    table : DataFrame
    low, high : arrays of shape (m,)
    """
    notes = limits_note(fit)
    if not notes:
        return table.assign(conf_low=low, conf_high=high)
    return Table(table.assign(conf_low=np.nan, conf_high=np.nan), notes=notes)
