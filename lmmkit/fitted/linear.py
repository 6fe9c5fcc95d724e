"""The numbers of a linear model without random effects."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .fixed import FixedFit, statsmodels
from .messages import without_residuals

if TYPE_CHECKING:
    from ..design.design import Design
    from .call import Call

#: Residual sum of squares, relative to the response's own, that is rounding and nothing else.
EXACT = 1e-24


class LinearFit(FixedFit):
    """A (weighted) least-squares fit; the base of `LinearModel`.

    Parameters
    ----------
    design : Design
    call : Call
    """

    family = None

    def __init__(self, design: Design, call: Call) -> None:
        super().__init__(design, call)
        rows, self._working_weights = self.counts, design.row_weights
        target = design.y - design.offset
        if design.X.shape[1] == 0:
            self.beta, self.cov_unscaled = np.zeros(0), np.zeros((0, 0))
            return
        WLS = statsmodels("regression.linear_model").WLS
        X = design.X[rows]
        unit = np.exp2(np.frexp(np.abs(X).max(axis=0))[1])  # powers of two round nothing
        fit = WLS(target[rows], X / unit, weights=self._working_weights[rows]).fit()
        self.beta = fit.params / unit
        self.cov_unscaled = fit.normalized_cov_params / unit[:, None] / unit

    @property
    def has_scale(self) -> bool:
        """True: sigma is estimated."""
        return True

    @property
    def npar(self) -> int:
        """Number of parameters: the coefficients and sigma."""
        return len(self.beta) + 1

    @cached_property
    def deviance(self) -> float:
        """Residual sum of squares, weighted (R: ``deviance``); -2 log-likelihood is ``-2 * fit.loglik``."""
        residuals = self._resid("pearson")
        return float(residuals @ residuals)

    @cached_property
    def is_exact(self) -> bool:
        """Whether the fixed effects reproduce the response, so that only rounding is left of the residuals."""
        target = self.design.y - self.design.offset
        return self.deviance <= EXACT * float(self.design.row_weights @ target**2)

    @cached_property
    def messages(self) -> list[str]:
        """What a reader of this fit should know, and what to do."""
        return [*super().messages, *without_residuals(self.is_exact, self.df_resid)]

    @cached_property
    def sigma(self) -> float:
        """Residual standard error; NaN when no degrees of freedom are left, or no residuals."""
        measured = self.df_resid > 0 and not self.is_exact
        return float(np.sqrt(self.deviance / self.df_resid)) if measured else np.nan

    @cached_property
    def loglik(self) -> float:
        """Log-likelihood at the maximum, where the variance is the deviance divided by n (R: ``logLik``)."""
        if self.is_exact:
            return np.inf
        n = self.nobs
        log_weights = np.log(self.design.row_weights[self.counts]).sum()
        return float(0.5 * (log_weights - n * (np.log(2 * np.pi * self.deviance / n) + 1)))

    @cached_property
    def model_ss(self) -> float:
        """Sum of squares that the model explains, about the mean if there is an intercept."""
        weights = self.design.row_weights
        explained = self._mu - self.design.offset
        if self.has_intercept:
            explained = explained - np.average(explained, weights=weights)
        return float(weights @ explained**2)
