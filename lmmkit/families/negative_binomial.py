"""Counts whose variance grows with the square of their mean (glmmTMB: ``nbinom2``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from scipy.special import digamma, gammaln, xlogy

from ..errors import ModelError
from ..numerics.arrays import Array
from .counts import CountFamily, poisson_counts
from .family import Information
from .gamma_functions import LARGE, log_rising
from .jets import Jet, exp, softplus
from .links import Derivatives, Link
from .mean_links import Log
from .probability_links import logistic
from .rows import Nuisance

#: Counts up to which gamma functions are summed up from their steps.
FEW = 60


class NegativeBinomial(CountFamily):
    """Counts that vary more than a Poisson: ``Var(y) = mu + mu^2 / theta``.

    Parameters
    ----------
    theta : float, optional
        The size parameter; small is very overdispersed, infinity is Poisson. Estimated when left out.
    link : {"log"} or Link, optional
        How the mean depends on the linear predictor.
    information : {"observed", "expected"}, optional
        See :class:`Family`; the default is ``"observed"``.

    Raises
    ------
    ModelError
        For an unknown link or a ``theta`` that is not positive.

    Notes
    -----
    ``theta`` is a parameter of the likelihood like any other, and the fit agrees with
    ``glmmTMB(family = nbinom2)``. lme4's ``glmer.nb`` has the expected information in the Laplace
    approximation: ``NegativeBinomial(information="expected")`` gives its numbers. Lawless (1987), *Canadian
    Journal of Statistics* 15(3).

    Examples
    --------
    >>> import numpy as np
    >>> from lmmkit.families import NegativeBinomial
    >>> NegativeBinomial(theta=2.0).variance(np.array([4.0]))
    array([12.])
    """

    name = "negative_binomial"
    default_information = "observed"
    dispersion_name = "theta"
    dispersion_argument = "theta"
    links: ClassVar[dict[str, type[Link]]] = {"log": Log}

    def __init__(
        self,
        theta: float | None = None,
        link: Literal["log"] | Link | None = None,
        information: Information | None = None,
    ) -> None:
        if isinstance(theta, str):
            raise ModelError(f"theta must be a positive number or None, not {theta!r}; write link={theta!r}")
        super().__init__(link, information, theta)

    def _arguments(self) -> dict[str, Any]:
        known = {} if self.theta is None else {"theta": self.theta}
        return {**known, "link": self.link.name, "information": self.information}

    @property
    def theta(self) -> float | None:
        """The size parameter, None while it is to be estimated."""
        return self.dispersion

    @property
    def label(self) -> str:
        """Family and link as lme4 prints them, ``Negative Binomial(2.19)  ( log )``."""
        theta = "" if self.theta is None else f"{round(self.theta, 4):g}"
        return f"Negative Binomial({theta})  ( {self.link.name} )"

    def variance(self, mu: Array) -> Array:
        return mu + mu**2 / self._known

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        return poisson_counts(rng.gamma(self._known, np.asarray(mu) / self._known), rng)

    def _excess(self, eta: Array) -> tuple[Array, Array, Array]:
        """``log(1 + mu/theta)``, and the shares of ``mu`` and of ``theta`` in ``mu + theta``."""
        p, q, log_q = logistic(eta - np.log(self._known))
        return -log_q, p, q

    def _density(self, y: Array, eta: Array) -> Derivatives:
        size = y + self._known
        log_ratio, p, q = self._excess(eta)
        second = -size * p * q
        return y * eta - size * log_ratio, y - size * p, second, second * (q - p)

    def _information(self, eta: Array) -> tuple[Array, Array]:
        _, p, q = self._excess(eta)
        return self._known * p, self._known * p * q

    def log_density(self, y: Array, trials: Array | None, predictors: Sequence[Jet]) -> Jet:
        eta, log_theta = predictors
        away = eta - log_theta
        rising = log_rising(log_theta, y)
        return rising + y * away - (exp(log_theta) + y) * softplus(away) - gammaln(y + 1)

    def _constant(self, y: Array) -> Array:
        return _log_rising_ratio(self._known, y) - gammaln(y + 1)

    def _saturated(self, y: Array) -> Array:
        return xlogy(y, y) - (y + self._known) * np.log1p(y / self._known)

    def _deviance(self, y: Array, mu: Array) -> Array:
        theta = self._known
        return 2 * (xlogy(y, y) - xlogy(y, mu) - (y + theta) * np.log1p((y - mu) / (mu + theta)))

    def _nuisance(self, y: Array, eta: Array) -> Nuisance:
        theta = self._known
        log_ratio, p, q = self._excess(eta)
        size = y + theta
        # d/dtheta of log Gamma(y+theta) - log Gamma(theta) - y log theta + y eta - (y+theta) log(1+mu/theta)
        density = theta * (_rising_slope(theta, y) - log_ratio) - y + size * p
        score = -theta * p + size * p * q
        weight = theta * p**2 if self.information == "expected" else p * q * (theta - size * (q - p))
        return Nuisance(density, score, weight)


def _log_rising_ratio(theta: Array | float, y: Array) -> Array:
    """``log Gamma(theta + y) - log Gamma(theta) - y log(theta)`` without cancellation for large ``theta``."""
    if y.max(initial=0.0) <= FEW:
        return _summed(y, lambda j: np.log1p(j / theta))

    def near(theta: Any) -> Any:
        return gammaln(theta + y) - gammaln(theta) - y * np.log(theta)

    def series(theta: Any) -> Any:
        main = (theta + y - 0.5) * np.log1p(y / theta) - y
        return main + _stirling(theta + y) - _stirling(theta)

    return _by_size(theta, near, series)


def _rising_slope(theta: Array | float, y: Array) -> Array:
    """``digamma(theta + y) - digamma(theta)`` without cancellation for large ``theta``."""
    if y.max(initial=0.0) <= FEW:
        return _summed(y, lambda j: 1 / (theta + j))

    def rest(x: Any) -> Any:
        return -1 / (2 * x) - 1 / (12 * x**2) + 1 / (120 * x**4) - 1 / (252 * x**6)

    def series(theta: Any) -> Any:
        return np.log1p(y / theta) + rest(theta + y) - rest(theta)

    return _by_size(theta, lambda small: digamma(small + y) - digamma(small), series)


def _summed(y: Array, part: Callable[[Array], Array]) -> Array:
    """The sum of a function over ``j = 0, 1, ..., y - 1``: for small counts cheaper than a gamma function."""
    steps = np.arange(y.max(initial=0.0), dtype=float)
    sums = part(steps if y.ndim == 1 else steps[:, None])
    table = (
        np.concatenate([np.zeros_like(sums[:1]), np.cumsum(sums, axis=0)]) if len(sums) else np.zeros(y.shape)
    )
    if table.ndim == 1 or table.shape[1] == 1:
        return np.asarray(table.reshape(-1)[y.astype(int)])
    return np.take_along_axis(table, y.astype(int), axis=0)


def _by_size(theta: Array | float, near: Callable[[Any], Any], series: Callable[[Any], Any]) -> Array:
    """One formula for a ``theta`` below 30, another beyond."""
    small = np.less(theta, LARGE)
    if small.all():
        return np.asarray(near(theta))
    if not small.any():
        return np.asarray(series(theta))
    return np.where(small, near(np.where(small, theta, 1.0)), series(np.where(small, LARGE, theta)))


def _stirling(x: Any) -> Any:
    """The correction to Stirling's formula, exact to 1e-14 from x = 30."""
    return 1 / (12 * x) - 1 / (360 * x**3) + 1 / (1260 * x**5)
