"""Counts: Poisson and negative binomial (R: ``poisson``, glmmTMB: ``nbinom2``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from scipy.special import digamma, gammaln, xlogy

from ..errors import DataError, ModelError
from ..numerics.arrays import Array
from .family import Family, Information, first_offender, refuse_constant
from .gamma_functions import LARGE, log_rising
from .jets import Jet, exp, softplus
from .links import Derivatives, Link
from .mean_links import Identity, Log, Sqrt
from .probability_links import logistic
from .rows import Nuisance

#: Counts up to which gamma functions are summed up from their steps.
FEW = 60
LARGEST_COUNT = 2.0**53  # beyond it a float cannot tell a count from the next


class CountFamily(Family):
    """What all distributions of counts share: where the search starts, and which responses are refused."""

    has_zeros = True

    def start_mean(self, y: Array, weights: Array | None = None) -> Array:
        return y + 0.1

    def check_response(self, y: Array, weights: Array | None, name: str) -> None:
        kind = self.name.replace("_", " ")
        if (y < 0).any():
            offender = first_offender(y < 0, y)
            raise DataError(f"a {kind} response cannot be negative, but '{name}' has {offender}")
        broken = np.abs(y - np.round(y)) > 1e-7 * np.maximum(1.0, y)
        if broken.any():
            raise DataError(
                f"a {kind} response must be whole counts, but '{name}' has {first_offender(broken, y)}; for rates "
                "give the counts and offset(log(exposure)), for continuous amounts try the gamma family"
            )
        refuse_constant(y, weights, name, {0.0: "0"}, "its mean cannot be estimated (the log of 0)")


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
    Agrees with R's ``poisson()``.

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
    approximation: ``NegativeBinomial(information="expected")`` gives its numbers.

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


def poisson_counts(mu: Array, rng: np.random.Generator) -> Array:
    """Poisson counts; beyond the whole numbers that a float tells apart, their normal limit."""
    small = mu < LARGEST_COUNT
    counts = rng.poisson(np.where(small, mu, 0.0)).astype(float)
    if small.all():
        return counts
    with np.errstate(invalid="ignore"):
        large = np.where(np.isinf(mu), np.inf, mu + np.sqrt(mu) * rng.standard_normal(mu.shape))
    return np.where(small, counts, large)
