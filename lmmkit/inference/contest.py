"""Tests of any hypothesis about the fixed effects: `fit.contest(L)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..fitted.mixed import MixedFit
from ..formatting.noted_table import Table
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.arrays import Array
from .coef_tests import Ddf, contrast_tests, joint_test
from .satterthwaite import singular_notes

if TYPE_CHECKING:
    from ..fitted.fit import Fit

__all__ = ["contest", "contrast_rows"]


def contest(
    fit: Fit,
    L: Any,
    rhs: Any = 0,
    *,
    ddf: Ddf = "satterthwaite",
    joint: bool = True,
    level: float = 0.95,
) -> pd.DataFrame:
    """Tests of ``L beta = rhs`` for any fit: `fit.contest`."""
    joint, level = arguments.flag("joint", joint), arguments.level(level)
    rows, names = contrast_rows(fit.design.x_names, L)
    values = _right_side(rhs, len(rows))
    notes = singular_notes(fit) if isinstance(fit, MixedFit) else []
    if not joint:
        table = contrast_tests(fit, rows, ddf).set_axis(names)
        table["statistic"] = (table["estimate"] - values) / table["std_error"]
        table["p_value"] = 2 * stats.t.sf(np.abs(table["statistic"]), table["df"])
        half = table["std_error"] * stats.t.ppf((1 + level) / 2, table["df"])
        return Table(
            table.assign(conf_low=table["estimate"] - half, conf_high=table["estimate"] + half), notes=notes
        )
    origin, *_ = np.linalg.lstsq(rows, values, rcond=None)
    if np.abs(rows @ origin - values).max() > 1e-8 * max(1.0, float(np.abs(values).max())):
        raise ModelError("rhs contradicts itself: contrasts that follow from others have other values")
    found = joint_test(fit, rows, ddf, fit.beta - origin)
    return Table([found], columns=["num_df", "den_df", "statistic", "p_value"], notes=notes)


def contrast_rows(known: list[str], L: Any) -> tuple[Array, pd.Index]:
    """The contrasts (r, p) of these coefficients, and their names."""
    if isinstance(L, (list, tuple)) and L and all(isinstance(row, Mapping) for row in L):
        L = pd.DataFrame([dict(row) for row in L])
    if isinstance(L, Mapping):
        nested = any(isinstance(row, Mapping) for row in L.values())
        if nested and not all(isinstance(row, Mapping) for row in L.values()):
            raise ModelError(
                "L mixes names of coefficients and of contrasts; give one dict for each contrast"
            )
        L = pd.DataFrame(list(L.values()), index=list(L)) if nested else pd.DataFrame([dict(L)])
    if isinstance(L, pd.DataFrame):
        for name in L.columns:
            if name not in known:
                raise ModelError(
                    f"there is no coefficient {arguments.shown(name)}; the model has {', '.join(known)}"
                )
        L = L.reindex(columns=known).fillna(0.0)
    index = L.index if isinstance(L, pd.DataFrame) else None
    try:
        rows = np.atleast_2d(np.asarray(L, dtype=float))
    except (TypeError, ValueError, OverflowError):
        raise ModelError(f"L must be numbers, one row for each contrast, not {arguments.shown(L)}") from None
    if rows.ndim != 2 or rows.shape[1] != len(known):
        raise ModelError(f"L has {rows.shape[-1]} columns for {len(known)} coefficients: {', '.join(known)}")
    if not np.isfinite(rows).all() or not rows.any(axis=1).all():
        raise ModelError("each row of L must hold finite numbers, not all zero")
    return rows, pd.RangeIndex(len(rows)) if index is None else index


def _right_side(rhs: Any, count: int) -> Array:
    try:
        values = np.asarray(rhs, dtype=float).ravel()
        if np.asarray(rhs).dtype.kind in "SU":
            raise TypeError
    except (TypeError, ValueError, OverflowError):
        raise ModelError(
            f"rhs must be a number, or one for each contrast, not {arguments.shown(rhs)}"
        ) from None
    if len(values) not in (1, count) or not np.isfinite(values).all():
        raise ModelError(f"rhs must be a finite number, or {count} of them, one for each contrast")
    return np.broadcast_to(values, (count,)).copy()
