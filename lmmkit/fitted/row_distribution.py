"""How the responses of a model with several parts are distributed, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from ..likelihood.parts import CONDITIONAL, DISPERSION, SHAPE, ZERO_INFLATION
from ..numerics.arrays import Array

if TYPE_CHECKING:
    from ..design.design import Design
    from ..families.family import Family
    from ..likelihood.estimate import Estimate

__all__ = ["RowDistribution", "distribution_of"]


@dataclass(frozen=True)
class RowDistribution:
    """How the responses of some rows are distributed, given the linear predictors of all parts.

    Attributes
    ----------
    family : Family
    etas : mapping
        Part -> linear predictor (n,).
    trials : array of shape (n,) or None
        Of a binomial response.
    """

    family: Family
    etas: Mapping[str, Array]
    trials: Array | None

    @cached_property
    def own(self) -> Family:
        """The family with each row's dispersion."""
        family = self.family.at_rows(self.etas.get(DISPERSION))
        return family.with_shape(float(self.etas[SHAPE][0])) if SHAPE in self.etas else family

    @cached_property
    def mu(self) -> Array:
        """What the conditional linear predictor is about."""
        return self.own.linkinv(self.etas[CONDITIONAL])

    @cached_property
    def conditional_mean(self) -> Array:
        """Mean of the responses that are no extra zeros."""
        return self.own.response_mean(self.mu)

    @cached_property
    def extra(self) -> Array:
        """Probability of an extra zero."""
        zeros = self.etas.get(ZERO_INFLATION)
        return np.zeros(len(self.mu)) if zeros is None else np.asarray(expit(zeros))

    @property
    def mean(self) -> Array:
        """Mean of the response."""
        return np.asarray((1 - self.extra) * self.conditional_mean)

    @property
    def variance(self) -> Array:
        """Variance of the response."""
        own = self.own.row_variance(self.mu, self.trials)
        return np.asarray((1 - self.extra) * (own + self.extra * self.conditional_mean**2))

    @property
    def zero(self) -> Array:
        """Probability of a response of zero, from either source."""
        return np.asarray(self.extra + (1 - self.extra) * self.own.zero_probability(self.mu, self.trials))

    def draw(self, rng: np.random.Generator) -> Array:
        """One response for each row; of hits out of trials the proportion."""
        y = self.own.simulate(self.mu, self.trials, rng)
        if ZERO_INFLATION not in self.etas:
            return y
        return np.where(rng.random(len(y)) < self.extra, 0.0, y)


def distribution_of(design: Design, estimate: Estimate, family: Family) -> RowDistribution:
    """That of the rows of a fit, at the conditional modes of all random effects.

    Parameters
    ----------
    design : Design
    estimate : Estimate
    family : Family
        As asked for.
    """
    etas = {CONDITIONAL: estimate.fitted_eta, **{name: part.eta for name, part in estimate.parts.items()}}
    trials = design.row_trials if family.name in ("binomial", "beta_binomial") else None
    return RowDistribution(family, etas, trials)
