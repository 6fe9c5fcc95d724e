"""What several explorers ask of a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lmmkit.inference.coef_tests import Ddf
    from lmmkit.models.mixed import MixedModel


class Coefficient(NamedTuple):
    """One row of a coefficient table; `df` is infinite for a z test."""

    estimate: float
    se: float
    df: float
    p: float


def coefficient(fit: MixedModel, name: str, ddf: Ddf = "satterthwaite") -> Coefficient:
    """The row `name` of the coefficient table."""
    row = fit.coef_table(ddf=ddf).loc[name].to_dict()
    return Coefficient(row["estimate"], row["std_error"], row.get("df", float("inf")), row["p_value"])
