"""What was asked for, so that it can be printed and asked again with changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ..numerics.arrays import Array


@dataclass(frozen=True)
class Call:
    """What was asked for, so that it can be printed and asked again with changes.

    Attributes
    ----------
    function : str
        ``"lmer"`` or ``"glmer"``.
    formula : str
        As written.
    data : DataFrame
        As given.
    data_name : str or None
        The caller's name for it.
    options : dict
        The other arguments.
    response : ndarray or None
        The response of a refit, which is not in the data.
    """

    function: str
    formula: str
    data: pd.DataFrame = field(repr=False)
    data_name: str | None
    options: dict[str, Any]
    response: Array | None = field(default=None, repr=False)
