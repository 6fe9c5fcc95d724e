"""Means of the response of a model with several parts: what is counted, extra zeros included, as if it were a fit.

Each combination of predictors has one mean. The means take the place of coefficients, with the covariance that the
delta method gives them, so that marginal means and contrasts of them are computed as those of any fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import ModelError
from ..fitted.mixed import MixedFit
from ..fitted.parts import component_fit, part_names
from ..fitted.row_distribution import RowDistribution
from ..likelihood.parts import CONDITIONAL, SHAPE
from ..numerics.arrays import Array
from .reference_grid import ReferenceGrid

__all__ = ["overall_grid"]

#: Step of the differences that carry errors of linear predictors to the mean.
STEP = 1e-4


def overall_grid(
    fit: Any, last: Sequence[str], at: Mapping[str, Any] | None, shift: float
) -> tuple[MixedFit, ReferenceGrid]:
    """The reference grid over the predictors of all parts, with means of the response in place of coefficients.

    Parameters
    ----------
    fit : MixedFit
        With several parts.
    last : sequence of str
        Predictors that vary fastest.
    at : mapping, optional
        Other values for predictors.
    shift : float
        The offset of the conditional part.

    Returns
    -------
    means : MixedFit
        Its coefficients are the means, one for each row of the grid, random effects zero.
    grid : ReferenceGrid

    Raises
    ------
    ModelError
        When the model has no parts, or the data lack combinations of its predictors.

    Notes
    -----
    ``component="response"`` of emmeans for glmmTMB.
    """
    if not getattr(fit, "has_parts", False):
        raise ModelError("component='response' is for a model with several parts; use kind='response'")
    views = {name: component_fit(fit, name) for name in part_names(fit) if name != SHAPE}
    grid = ReferenceGrid.of(fit, last, at, parts=[view.design for view in views.values()])
    if any(view.design.dropped for view in views.values()):
        raise ModelError(
            "the data lack combinations of the predictors, so means of the response are not all known"
        )
    constant = np.ones((len(grid.frame), 1))
    rows = {
        name: view.design.new_rows(grid.frame).X
        if name in (CONDITIONAL, *fit.design.components)
        else constant
        for name, view in views.items()
    }
    etas = {name: rows[name] @ view.beta for name, view in views.items()}
    etas[CONDITIONAL] = etas[CONDITIONAL] + shift
    m = len(grid.frame)
    for name, known in fit.rows.etas.items():  # what has no coefficients is the same in every row
        etas.setdefault(name, np.full(m, known[0]))
    own = {
        CONDITIONAL: slice(0, len(fit.beta)),
        **{name: part.own for name, part in fit.estimate.parts.items()},
    }
    assert fit.estimate.cov_parts is not None
    J = np.zeros((m, len(fit.estimate.cov_parts)))
    for name, X in rows.items():
        ends = [
            RowDistribution(fit.rows.family, {**etas, name: etas[name] + side * STEP}, None).mean
            for side in (1, -1)
        ]
        J[:, own[name]] = ((ends[0] - ends[1]) / (2 * STEP))[:, None] * X
    means = _as_coefficients(
        fit, RowDistribution(fit.rows.family, etas, None).mean, J @ fit.estimate.cov_parts @ J.T
    )
    return means, replace(grid, fit=means, X=np.eye(m))


def _as_coefficients(fit: MixedFit, means: Array, cov: Array) -> MixedFit:
    """A fit that has means, normally distributed, for coefficients."""
    m = len(means)
    design = replace(
        fit.design,
        X=np.eye(m),
        x_names=[str(i) for i in range(m)],
        dropped=[],
        kept=list(range(m)),
        components={},
    )
    estimate = replace(
        fit.estimate,
        design=design,
        beta=means,
        cov_unscaled=cov,
        sigma=1.0,
        parts={},
        cov_parts=None,
        warnings=[],
    )
    return type(fit)(estimate, fit.call)
