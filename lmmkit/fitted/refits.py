"""A linear mixed model fitted to many responses of its own rows, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np

from ..errors import DataError, ModelError
from ..likelihood.fit_lmm import estimate_at
from ..likelihood.many_criterion import ManyCriterion
from ..likelihood.many_search import ManyOptima, fit_responses
from ..numerics.arrays import Array, Flags
from .mixed import MixedFit
from .new_response import refit

if TYPE_CHECKING:
    from .fit import Fit

F = TypeVar("F", bound="Fit")

__all__ = ["Refits", "refit_or_none"]


class Refits:
    """What the refits of one model have in common.

    Parameters
    ----------
    fit : MixedFit
        A linear one.
    """

    def __init__(self, fit: MixedFit) -> None:
        self.fit = fit
        self._many = ManyCriterion(fit.design, fit.is_reml)

    @classmethod
    def of(cls, fit: Fit) -> Self | None:
        """Of a linear mixed model whose design is small enough, without structured terms; None for others."""
        if not isinstance(fit, MixedFit) or fit.family is not None or not fit.design.terms:
            return None
        refits = cls(fit)
        many = refits._many
        return refits if not fit.criterion.structured and many.suits and many.grid is not None else None

    @property
    def at_once(self) -> int:
        """So many responses are best fitted at a time."""
        return self._many.chunk

    @property
    def n_parameters(self) -> int:
        """Covariance parameters, sigma and fixed effects."""
        return self._many.m + 1 + self._many.p

    def fits(self, Y: Array) -> tuple[Flags, ManyOptima | None]:
        """Which of the responses (B, n) can be fitted, and the fits of those; as ``fit.refit`` would fit each."""
        return fit_responses(self._many, Y)

    def models(self, Y: Array) -> list[MixedFit | None]:
        """The refits as models; None where there is none."""
        fitted, optima = self.fits(Y)
        models: list[MixedFit | None] = [None] * len(Y)
        if optima is None:
            return models
        for row, theta, converged in zip(
            np.flatnonzero(fitted), optima.points.theta, optima.converged, strict=True
        ):
            criterion = self.fit.criterion.with_response(Y[row])
            try:
                estimate = estimate_at(criterion, theta, bool(converged))
            except np.linalg.LinAlgError:
                continue
            call = self.fit.call.with_response(Y[row])
            models[row] = type(self.fit)(estimate, call, criterion)
        return models


def refit_or_none(fit: F, y: Array) -> F | None:
    """The model fitted to another response, None where it cannot be."""
    try:
        return refit(fit, y)
    except (DataError, ModelError, np.linalg.LinAlgError):
        return None
