"""A mixed model fitted to many responses of its own rows, side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ..design.design import Design
from ..errors import DataError, ModelError
from ..likelihood import many_glmm_fit
from ..likelihood.fit_glmm import estimate_of
from ..likelihood.fit_lmm import estimate_at
from ..likelihood.glmm import GlmmCriterion
from ..likelihood.many_criterion import ManyCriterion
from ..likelihood.many_glmm import ManyGlmmCriterion
from ..likelihood.many_glmm_fit import Numbers
from ..likelihood.many_search import ManyOptima, fit_responses
from ..numerics.arrays import Array, Flags
from .mixed import MixedFit
from .new_response import refit

if TYPE_CHECKING:
    from .fit import Fit

F = TypeVar("F", bound="Fit")

__all__ = ["GeneralizedRefits", "LinearRefits", "refit_or_none", "refits_of"]

#: Families of one scale, whose dispersion, if any, is no parameter that people read.
COUNTS = ("binomial", "poisson", "negative_binomial")


def refits_of(fit: Fit) -> LinearRefits | GeneralizedRefits | None:
    """How a model is fitted to many responses at once; None where each must be fitted by itself.

    Its design must be small enough, and no term structured. Of generalised models those with the Laplace approximation
    for counts and shares are fitted so.
    """
    if not isinstance(fit, MixedFit) or not fit.design.terms or fit.has_parts:
        return None
    if any(term.structure.tag != "us" for term in fit.design.terms):
        return None
    refits = LinearRefits(fit) if fit.family is None else _generalized(fit)
    return refits if refits is not None and refits.suit else None


def _generalized(fit: MixedFit) -> GeneralizedRefits | None:
    family, options = fit.call.options["family"], fit.call.options
    plain = family.name in COUNTS and options["n_agq"] == 1 and options.get("optimize") is not False
    return GeneralizedRefits(fit) if plain else None


class LinearRefits:
    """What the refits of one linear model have in common.

    Parameters
    ----------
    fit : MixedFit
        A linear one.
    """

    def __init__(self, fit: MixedFit) -> None:
        self.fit = fit
        self._many = ManyCriterion(fit.design, fit.is_reml)

    @property
    def suit(self) -> bool:
        """Whether the design is small enough."""
        return self._many.suits and self._many.grid is not None

    @property
    def at_once(self) -> int:
        """So many responses are best fitted at a time."""
        return self._many.chunk

    def parameters(self, Y: Array) -> Array:
        """Standard deviations, correlations, sigma and fixed effects of each, (B, r); NaN where a refit fails."""
        fitted, optima = self.fits(Y)
        out = np.full((len(Y), self._many.m + 1 + self._many.p), np.nan)
        if optima is not None:
            values = np.column_stack([*optima.readings(), optima.sigma, optima.beta])
            out[fitted] = np.where(np.isfinite(optima.objective)[:, None], values, np.nan)
        return out

    def objectives(self, Y: Array) -> Array:
        """The criterion of each, (B,); NaN where a refit fails."""
        fitted, optima = self.fits(Y)
        out = np.full(len(Y), np.nan)
        if optima is not None:
            out[fitted] = np.where(np.isfinite(optima.objective), optima.objective, np.nan)
        return out

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


class GeneralizedRefits:
    """What the refits of one generalised model have in common.

    Parameters
    ----------
    fit : MixedFit
        For counts or shares.
    design : Design, optional
        In place of the model's own: of the same rows.
    """

    def __init__(self, fit: MixedFit, design: Design | None = None) -> None:
        self.fit = fit
        self._many = ManyGlmmCriterion(design or fit.design, fit.call.options["family"])

    @property
    def suit(self) -> bool:
        """Whether the design is small enough, and the family has one mode only."""
        return self._many.suits

    @property
    def at_once(self) -> int:
        """So many responses are best fitted at a time."""
        return self._many.chunk

    def numbers(self, Y: Array, covariances: bool = False) -> Numbers:
        """The fits of responses (B, n) as they are drawn: of ``cbind(hits, misses)`` the hits."""
        sides = 2 if covariances else 0
        return many_glmm_fit.fit_responses(self._many, self._shares(Y), self._many.design.weights, sides)

    def _shares(self, Y: Array) -> Array:
        trials = self._many.design.trials
        return Y if trials is None else np.divide(Y, trials, out=np.zeros_like(Y), where=trials > 0)

    def parameters(self, Y: Array) -> Array:
        """Standard deviations, correlations and fixed effects of each, (B, r); NaN where a refit fails."""
        numbers = self.numbers(Y)
        spreads = [structure.reading(numbers.par[:, own]) for own, structure in self._many.by_term]
        return np.where(numbers.failed[:, None], np.nan, np.column_stack([*spreads, numbers.beta]))

    def objectives(self, Y: Array) -> Array:
        """The criterion of each, (B,); NaN where a refit fails."""
        numbers = self.numbers(Y)
        return np.where(numbers.failed, np.nan, numbers.objective)

    def models(self, Y: Array) -> list[MixedFit | None]:
        """The refits as models; None where there is none."""
        numbers, models = self.numbers(Y), list[MixedFit | None]()
        for given, y, x, converged in zip(Y, self._shares(Y), numbers.x, numbers.converged, strict=True):
            if np.isnan(x).any():
                models.append(refit_or_none(self.fit, given))
                continue
            criterion = GlmmCriterion(replace(self._many.design, y=y), self._many.family, 1)
            try:
                estimate = estimate_of(criterion, x, bool(converged))
            except np.linalg.LinAlgError:
                models.append(None)
                continue
            models.append(type(self.fit)(estimate, self.fit.call.with_response(y)))
        return models


def refit_or_none(fit: F, y: Array) -> F | None:
    """The model fitted to another response, None where it cannot be."""
    try:
        return refit(fit, y)
    except (DataError, ModelError, np.linalg.LinAlgError):
        return None
