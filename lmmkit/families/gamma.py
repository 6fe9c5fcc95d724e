"""Positive amounts (R and glmmTMB: ``Gamma``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from scipy.special import digamma, gammaln

from ..errors import DataError
from ..numerics.arrays import Array
from .family import Family, Information, first_offender
from .gamma_functions import log_gamma
from .jets import Jet, exp
from .links import Derivatives, Link
from .mean_links import Identity, Inverse, Log
from .rows import Nuisance


class Gamma(Family):
    """Positive amounts whose standard deviation is proportional to their mean: waiting times, concentrations.

    Parameters
    ----------
    link : {"log", "inverse", "identity"} or Link, optional
        How the mean depends on the linear predictor. R's own default is ``inverse``; here it is ``log``, with
        which effects multiply and no mean can turn negative.
    dispersion : float, optional
        ``phi``, the squared coefficient of variation; estimated when left out.
    information : {"observed", "expected"}, optional
        See :class:`Family`; the default is ``"observed"``.

    Raises
    ------
    ModelError
        For an unknown link or a dispersion that is not positive.

    Notes
    -----
    ``Var(y) = phi mu^2``, and ``phi`` is a parameter of the likelihood like any other: the fit is the maximum
    of the Laplace approximation over all parameters, and agrees with ``glmmTMB(family = Gamma(...))``. lme4's
    ``glmer`` does something else: it leaves ``phi`` out of the criterion and plugs an estimate into the
    reported log-likelihood, so its estimates and log-likelihood differ and are not maximum likelihood. Nor is
    what its ``VarCorr`` prints since version 2, the relative parameter theta, a standard deviation of the
    effects: where that is .5 and ``phi`` .04, lme4 gives .72 (20 groups of 50 rows) or 1.25 (200 groups of 5),
    glmmTMB .45 and .50. They come together only where ``phi`` is near one. McCullagh and Nelder (1989),
    *Generalized Linear Models*, chapter 8.

    Examples
    --------
    >>> from lmmkit.families import Gamma
    >>> Gamma(link="inverse")
    Gamma(link='inverse')
    """

    name = "gamma"
    canonical = "inverse"
    default_information = "observed"
    dispersion_name = "phi"
    links: ClassVar[dict[str, type[Link]]] = {"log": Log, "inverse": Inverse, "identity": Identity}

    def __init__(
        self,
        link: Literal["log", "inverse", "identity"] | Link | None = None,
        dispersion: float | None = None,
        information: Information | None = None,
    ) -> None:
        super().__init__(link, information, dispersion)

    @property
    def label(self) -> str:
        """Family and link as lme4 prints them, ``Gamma  ( log )``."""
        return f"Gamma  ( {self.link.name} )"

    @property
    def effect_name(self) -> str | None:
        """What ``exp(coefficient)`` is called, or None when it has no name of its own."""
        return "ratio of means" if self.link.name == "log" else None

    @property
    def sigma(self) -> float:
        """Square root of the dispersion: the standard deviation of the response divided by its mean."""
        return float(np.sqrt(self._known))

    def variance(self, mu: Array) -> Array:
        return mu**2

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        return rng.gamma(1 / self._known, self._known * np.asarray(mu))

    def _density(self, y: Array, eta: Array) -> Derivatives:
        pairs = zip(self.link.reciprocal(eta), self.link.log_mean(eta), strict=True)
        density, first, second, third = ((-y * a - b) / self._known for a, b in pairs)
        return density, first, second, third

    def row_variance(self, mu: Array, trials: Array | None) -> Array:
        return np.asarray(self._known * mu**2)

    def log_density(self, y: Array, trials: Array | None, predictors: Sequence[Jet]) -> Jet:
        eta, log_phi = predictors
        shape = exp(-log_phi)
        away = y * eta.through(self.link.reciprocal) + eta.through(self.link.log_mean) + log_phi
        impossible = np.where(self.link.inverse(eta.value) > 0, 0.0, -np.inf)
        return shape * (np.log(y) - away) - log_gamma(shape) - np.log(y) + impossible

    def _information(self, eta: Array) -> tuple[Array, Array]:
        _, first, second, _ = self.link.log_mean(eta)
        return first**2 / self._known, 2 * first * second / self._known

    def _constant(self, y: Array) -> Array:
        shape = 1 / self._known
        return np.asarray(shape * np.log(shape) - gammaln(shape) + (shape - 1) * np.log(y))

    def _saturated(self, y: Array) -> Array:
        return -(1 + np.log(y)) / self._known

    def _deviance(self, y: Array, mu: Array) -> Array:
        return 2 * ((y - mu) / mu - np.log(y / mu))

    def _nuisance(self, y: Array, eta: Array) -> Nuisance:
        value, score, second, _ = self._density(y, eta)
        shape = 1 / self._known
        own = -shape * (np.log(shape) + 1 - digamma(shape) + np.log(y))
        weight = -second if self.information == "observed" else self._information(eta)[0]
        return Nuisance(own - value, -score, -weight)

    def start_mean(self, y: Array, weights: Array | None = None) -> Array:
        return np.asarray(y)

    def check_response(self, y: Array, weights: Array | None, name: str) -> None:
        if (y <= 0).any():
            raise DataError(
                f"a gamma response must be positive, but '{name}' has {first_offender(y <= 0, y)}; "
                "zeros need another model (counts: poisson or negative_binomial; amounts, by lk.glmer: tweedie, or "
                "zero_inflation='~ 1')"
            )
        if y.min() == y.max():
            raise DataError(f"every value of '{name}' is {y[0]:g}, so there is nothing to explain")
