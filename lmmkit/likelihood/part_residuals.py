"""Whether a model of measurements has come to reproduce some of them, which the likelihood rewards without end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..design.design import Design
from ..families.family import Family
from ..numerics.arrays import Array, Flags, Index
from .parts import DISPERSION, SHAPE, ZERO_INFLATION, PartRows

__all__ = ["exact_rows", "spread_levels"]

#: Families of measurements, and the part of their variance below which nothing is left of the residuals.
MEASUREMENTS, ENDLESS = ("gaussian", "gamma", "inverse_gaussian", "beta", "tweedie"), 1e-10
#: So much more may the model take their variance to be, on its way there.
BEHIND = 1e4


def spread_levels(design: Design) -> Index | None:
    """To which of the groups of rows with one dispersion each row belongs; None where there is one, or are many.

    Parameters
    ----------
    design : Design
        With the designs of the other parts in its ``components``.
    """
    if DISPERSION not in design.components:
        return None
    part = design.components[DISPERSION]
    _, codes = np.unique(np.column_stack([part.X, part.offset]), axis=0, return_inverse=True)
    return codes.ravel() if 0 < codes.max() < len(codes) / 2 else None


def exact_rows(
    rows: PartRows, family: Family, etas: Sequence[Array], levels: Index | None
) -> tuple[Flags, bool]:
    """Rows of which next to no residual is left, and whether these are all rows.

    Parameters
    ----------
    rows : PartRows
    family : Family
    etas : sequence of arrays (n,)
        Linear predictors of the parts, at the conditional modes.
    levels : array (n,) or None
        As :func:`spread_levels` gives it.
    """
    y, none = rows.y, np.zeros(len(rows.y), bool)
    if family.name not in MEASUREMENTS or (ZERO_INFLATION in rows.names and family.has_zeros):
        return none, False
    seen = y != 0 if ZERO_INFLATION in rows.names else ~none
    mu = family.linkinv(etas[0])
    squares = (y - mu) ** 2
    if np.mean(squares[seen]) < ENDLESS * np.var(y[seen]):
        return seen, True
    if levels is None:
        return none, False
    if SHAPE in rows.names:
        family = family.with_shape(float(etas[rows.names.index(SHAPE)][0]))
    own = family.at_rows(etas[rows.names.index(DISPERSION)]).row_variance(mu, None)
    unit = family.with_dispersion(1.0).row_variance(np.append(mu, y[seen].mean()), None)
    limit = ENDLESS * np.var(y[seen]) / unit[-1]
    number = np.maximum(np.bincount(levels, seen), 1)
    left, taken = (np.bincount(levels, seen * part / unit[:-1]) / number for part in (squares, own))
    exact = (left < limit) & (taken < BEHIND * limit)
    return np.asarray(exact[levels] & seen), False
