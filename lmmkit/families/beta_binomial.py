"""Hits out of trials that vary more than the binomial allows (glmmTMB: ``betabinomial``)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import gammaln

from ..errors import DataError
from ..numerics.arrays import Array
from .binomial import Binomial
from .gamma_functions import log_rising
from .jets import Jet
from .joint import JointFamily


class BetaBinomial(JointFamily):
    """Hits out of trials, where the trials of one row have something in common (litters, plates, plots).

    Parameters
    ----------
    link : {"logit", "probit", "cloglog", "cauchit"} or Link, optional
        How the probability depends on the linear predictor; ``"logit"`` when left out.
    dispersion : float, optional
        ``phi``, the precision: the probabilities of the rows vary like a beta distribution with mean ``mu``
        and variance ``mu (1 - mu) / (1 + phi)``, and infinity is binomial. Estimated when left out.

    Raises
    ------
    ModelError
        For an unknown link or a dispersion that is not positive.

    Notes
    -----
    Agrees with ``glmmTMB(family = betabinomial)``. Each row needs its number of trials:
    ``cbind(hits, misses)``, or a proportion with `weights`. Crowder (1978), *Applied Statistics* 27(1).

    Examples
    --------
    >>> from lmmkit.families import BetaBinomial
    >>> BetaBinomial(link="probit")
    BetaBinomial(link='probit')
    """

    name = "beta_binomial"
    has_zeros = True
    dispersion_name = "phi"
    links = Binomial.links

    @property
    def effect_name(self) -> str | None:
        """What ``exp(coefficient)`` is called, or None when it has no name of its own."""
        return "odds ratio" if self.link.name == "logit" else None

    def variance(self, mu: Array) -> Array:
        return np.asarray(mu * (1 - mu) / (1 + self._known))

    def row_variance(self, mu: Array, trials: Array | None) -> Array:
        n = 1.0 if trials is None else trials
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(mu * (1 - mu) / n * (1 + (n - 1) / (1 + self._known)))

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        a, b = (np.maximum(share * self._known, 1e-300) for share in (mu, 1 - np.asarray(mu)))
        return Binomial().simulate(rng.beta(a, b), weights, rng)

    def log_density(self, y: Array, trials: Array | None, predictors: Sequence[Jet]) -> Jet:
        eta, log_phi = predictors
        n = np.ones_like(y) if trials is None else trials
        hits, misses = np.round(n * y, 9), np.round(n * (1 - y), 9)
        yes = log_rising(log_phi + eta.through(self.link.log_cdf), hits)
        no = log_rising(log_phi + eta.through(self.link.log_sf), misses)
        ways = gammaln(n + 1) - gammaln(hits + 1) - gammaln(misses + 1)
        return yes + no - log_rising(log_phi, n) + ways

    def start_mean(self, y: Array, weights: Array | None = None) -> Array:
        return Binomial().start_mean(y, weights)

    def check_response(self, y: Array, weights: Array | None, name: str) -> None:
        Binomial().check_response(y, weights, name)
        if weights is None or (weights <= 1).all():
            raise DataError(
                f"every row of '{name}' is a single trial, which tells nothing about the spread between rows; "
                "give cbind(hits, misses), or take the binomial family"
            )
