"""Counts whose variance equals their mean (R and glmmTMB: ``poisson``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from scipy.special import gammaln, xlogy

from ..numerics.arrays import Array
from .counts import CountFamily, poisson_counts
from .family import Information
from .jets import Jet, exp
from .links import Derivatives, Link
from .mean_links import Identity, Log, Sqrt


class Poisson(CountFamily):
    """Counts whose variance equals their mean.

    Parameters
    ----------
    link : {"log", "sqrt", "identity"} or Link, optional
        How the mean depends on the linear predictor; ``"log"`` when left out.
    information : {"expected", "observed"}, optional
        See :class:`Family`; the default, ``"expected"``, gives lme4's numbers.

    Raises
    ------
    ModelError
        For an unknown link.

    Notes
    -----
    Agrees with R's ``poisson()`` and ``glmmTMB(family = poisson)``. McCullagh and Nelder (1989), *Generalized
    Linear Models*, chapter 6.

    Examples
    --------
    >>> from lmmkit.families import Poisson
    >>> Poisson(link="sqrt").linkinv(3.0)
    array(9.)
    """

    name = "poisson"
    canonical = "log"
    links: ClassVar[dict[str, type[Link]]] = {"log": Log, "sqrt": Sqrt, "identity": Identity}

    def __init__(
        self,
        link: Literal["log", "sqrt", "identity"] | Link | None = None,
        information: Information | None = None,
    ) -> None:
        super().__init__(link, information)

    def variance(self, mu: Array) -> Array:
        return np.asarray(mu)

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        return poisson_counts(np.asarray(mu, dtype=float), rng)

    def _density(self, y: Array, eta: Array) -> Derivatives:
        if isinstance(self.link, Log):
            mu = np.exp(eta)
            return y * eta - mu, y - mu, -mu, -mu
        means = self.link.mean(eta)
        with np.errstate(invalid="ignore"):  # 0 times the logarithm of 0
            logs = [np.where(y > 0, y * a, 0.0) for a in self.link.log_mean(eta)]
        density, first, second, third = (a - b for a, b in zip(logs, means, strict=True))
        return np.where(means[0] < 0, -np.inf, density), first, second, third

    def _information(self, eta: Array) -> tuple[Array, Array]:
        if isinstance(self.link, Sqrt):  # 0/0 at eta = 0 otherwise
            return np.full_like(eta, 4.0), np.zeros_like(eta)
        mu, first, second, _ = self.link.mean(eta)
        return first**2 / mu, first * (2 * second - first**2 / mu) / mu

    def log_density(self, y: Array, trials: Array | None, predictors: Sequence[Jet]) -> Jet:
        (eta,) = predictors
        if isinstance(self.link, Log):
            return y * eta - exp(eta) - gammaln(y + 1)
        mean = eta.through(self.link.mean)
        logs = [np.where(y > 0, part, 0.0) for part in self.link.log_mean(eta.value)]
        impossible = np.where(mean.value < 0, -np.inf, -gammaln(y + 1))
        return y * eta.through(logs) - mean + impossible

    def _constant(self, y: Array) -> Array:
        return -gammaln(y + 1)

    def _saturated(self, y: Array) -> Array:
        return xlogy(y, y) - y

    def _deviance(self, y: Array, mu: Array) -> Array:
        return 2 * (xlogy(y, y) - xlogy(y, mu) - (y - mu))
