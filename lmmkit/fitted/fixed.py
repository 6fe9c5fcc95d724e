"""The numbers of a model without random effects: what `lm` and `glm` share."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ..errors import ModelError
from ..numerics.arrays import Array, Flags
from .fit import Fit
from .messages import counted_days, dropped_columns, omitted_rows, ordered_pairs, twin_levels

if TYPE_CHECKING:
    from ..design.design import Design
    from .call import Call


class FixedFit(Fit):
    """A least-squares or maximum-likelihood fit of fixed effects alone.

    Parameters
    ----------
    design : Design
        Response and model matrix.
    call : Call
        What was asked for.
    """

    _working_weights: Array  # (n,): of the (last) weighted least-squares fit

    def __init__(self, design: Design, call: Call) -> None:
        self.design, self.call = design, call

    @classmethod
    def of(cls, design: Design, call: Call) -> Self:
        """The model of a design, fitted as the call asks."""
        return cls(design, call)

    @property
    def counts(self) -> Flags:
        """Which rows have a weight above zero, boolean (n,)."""
        return np.asarray(self.design.row_weights > 0)

    @property
    def nobs(self) -> int:
        """Number of rows that count: used, and of weight above zero."""
        return int(self.counts.sum())

    @property
    def df_resid(self) -> int:
        """Residual degrees of freedom, n - p."""
        return self.nobs - len(self.beta)

    @property
    def has_intercept(self) -> bool:
        """Whether there is an intercept."""
        return "(Intercept)" in self.design.x_names

    @cached_property
    def _eta(self) -> Array:
        return np.asarray(self.design.X @ self.beta + self.design.offset)

    @cached_property
    def leverage(self) -> Array:
        """Diagonal of the hat matrix, (n,)."""
        X = self.design.X
        return np.asarray(self._working_weights * np.einsum("ij,jk,ik->i", X, self.cov_unscaled, X))

    def _studentized(self) -> Array:
        """R's ``rstudent``: each residual over its standard error in a fit without the row."""
        left = np.where(self.leverage < 1 - 1e-12, 1 - self.leverage, np.nan)
        pearson = self._resid("pearson")
        deviance = pearson if self.family is None else self._resid("deviance")
        length = np.sign(deviance) * np.sqrt(deviance**2 + self.leverage * pearson**2 / left)
        if self.family is not None and self.family.name in ("binomial", "poisson"):
            return np.asarray(length)
        others = (deviance**2).sum() - deviance**2 / left
        return np.asarray(length / np.sqrt(others / (self.df_resid - 1)))

    @cached_property
    def messages(self) -> list[str]:
        """What a reader of this fit should know, and what to do."""
        return [
            *omitted_rows(self),
            *dropped_columns(self),
            *counted_days(self),
            *ordered_pairs(self),
            *twin_levels(self),
        ]


def statsmodels(module: str) -> Any:
    """A module of statsmodels, loaded when a model is fitted.

    Raises
    ------
    ModelError
        When statsmodels is not installed.
    """
    try:
        return import_module(f"statsmodels.{module}")
    except ModuleNotFoundError:
        raise ModelError(
            "lm and glm are fitted by statsmodels, which is not installed; try: pip install 'lmmkit[lm]'"
        ) from None
