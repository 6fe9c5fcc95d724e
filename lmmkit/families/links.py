"""Links: how the mean of a response and its linear predictor are tied, with the derivatives a fit needs."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.special import expit, log_ndtr, logit, ndtr, ndtri

from ..numerics.arrays import Array

#: A function of ``eta`` and its derivatives, lowest order first.
Derivatives = tuple[Array, Array, Array, Array]


class Link:
    """How the mean ``mu`` and the linear predictor ``eta`` of a row are tied.

    Attributes
    ----------
    name : str
        R's name of the link.
    """

    name: ClassVar[str]

    def link(self, mu: Array) -> Array:
        """Linear predictor for a mean."""
        raise NotImplementedError

    def inverse(self, eta: Array) -> Array:
        """Mean for a linear predictor."""
        raise NotImplementedError

    def mu_eta(self, eta: Array) -> Array:
        """Derivative of the mean with respect to the linear predictor."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ProbabilityLink(Link):
    """A link for probabilities: ``mu = F(eta)`` for a distribution function ``F``."""

    def log_cdf(self, eta: Array) -> Derivatives:
        """``log F`` and its derivatives."""
        raise NotImplementedError

    def log_sf(self, eta: Array) -> Derivatives:
        """``log (1 - F)`` and its derivatives."""
        raise NotImplementedError

    def bernoulli(self, y: Array, eta: Array) -> Derivatives:
        """``y log F + (1 - y) log (1 - F)`` and its derivatives."""
        pairs = zip(self.log_cdf(eta), self.log_sf(eta), strict=True)
        # A certain outcome has no share in the other one's log probability, which may be -inf.
        first, *rest = (np.where(y > 0, y * a, 0.0) + np.where(y < 1, (1 - y) * b, 0.0) for a, b in pairs)
        return (first, *rest)  # type: ignore[return-value]

    def information(self, eta: Array) -> tuple[Array, Array]:
        """Expected information of one trial, ``f^2 / (F (1 - F))``, and its derivative."""
        _, a1, a2, _ = self.log_cdf(eta)
        _, b1, b2, _ = self.log_sf(eta)
        return -a1 * b1, -(a2 * b1 + a1 * b2)


def _mirrored(derivatives: Derivatives) -> Derivatives:
    """Derivatives of ``g(-eta)`` from those of ``g`` taken at ``-eta``."""
    g0, g1, g2, g3 = derivatives
    return g0, -g1, g2, -g3


def logistic(eta: Array) -> tuple[Array, Array, Array]:
    """``p = 1 / (1 + exp(-eta))``, ``1 - p`` and ``log(1 - p)``, accurate in both tails.

    One exponential and one logarithm; SciPy's `expit` and `log_expit` take ten times as long.
    """
    small = np.exp(-np.abs(eta))
    large = 1 / (1 + small)
    low = small * large
    upwards = eta >= 0
    p, q = np.where(upwards, large, low), np.where(upwards, low, large)
    return p, q, np.minimum(-eta, 0.0) - np.log1p(small)


class Logit(ProbabilityLink):
    """``eta = log(mu / (1 - mu))``."""

    name = "logit"

    def link(self, mu: Array) -> Array:
        return np.asarray(logit(mu))

    def inverse(self, eta: Array) -> Array:
        return np.asarray(expit(eta))

    def mu_eta(self, eta: Array) -> Array:
        return np.asarray(expit(eta) * expit(-eta))

    def log_cdf(self, eta: Array) -> Derivatives:
        q, p, log_p = logistic(-eta)
        return log_p, q, -p * q, -p * q * (q - p)

    def log_sf(self, eta: Array) -> Derivatives:
        return _mirrored(self.log_cdf(-eta))

    def bernoulli(self, y: Array, eta: Array) -> Derivatives:
        p, q, log_q = logistic(eta)
        spread = -p * q
        return y * eta + log_q, y - p, spread, spread * (q - p)


class Probit(ProbabilityLink):
    """``eta = Phi^-1(mu)``, the standard normal quantile."""

    name = "probit"

    def link(self, mu: Array) -> Array:
        return np.asarray(ndtri(mu))

    def inverse(self, eta: Array) -> Array:
        return np.asarray(ndtr(eta))

    def mu_eta(self, eta: Array) -> Array:
        return np.asarray(np.exp(-0.5 * eta**2) / np.sqrt(2 * np.pi))

    def log_cdf(self, eta: Array) -> Derivatives:
        value = log_ndtr(eta)
        hazard = np.exp(-0.5 * eta**2 - 0.5 * np.log(2 * np.pi) - value)
        second = -hazard * (eta + hazard)
        return value, hazard, second, -second * (eta + hazard) - hazard * (1 + second)

    def log_sf(self, eta: Array) -> Derivatives:
        return _mirrored(self.log_cdf(-eta))


class Cloglog(ProbabilityLink):
    """``eta = log(-log(1 - mu))``, the complementary log-log link."""

    name = "cloglog"

    def link(self, mu: Array) -> Array:
        return np.asarray(np.log(-np.log1p(-mu)))

    def inverse(self, eta: Array) -> Array:
        return np.asarray(-np.expm1(-np.exp(eta)))

    def mu_eta(self, eta: Array) -> Array:
        return np.asarray(np.exp(eta - np.exp(eta)))

    def log_cdf(self, eta: Array) -> Derivatives:
        x = np.exp(eta)
        # log(1 - exp(-x)) without loss on either side of x = log 2.
        value = np.where(x < 0.69, np.log(-np.expm1(-x)), np.log1p(-np.exp(-np.maximum(x, 0.5))))
        first = np.where(x < 700, x / np.expm1(np.minimum(x, 700)), 0.0)
        small = -x / 2 - x**2 / 12 + x**4 / 720 - x**6 / 30240
        ratio = np.where(x < 0.05, small, 1 - x - first)  # second / first, where 1 - x - first would cancel
        ratio = np.where(first > 0, ratio, 0.0)
        second = first * ratio
        return value, first, second, second * ratio - first * (np.where(first > 0, x, 0.0) + second)

    def log_sf(self, eta: Array) -> Derivatives:
        x = -np.exp(eta)
        return x, x, x, x


class Cauchit(ProbabilityLink):
    """``eta = tan(pi (mu - 1/2))``, the Cauchy quantile: heavier tails than the logit."""

    name = "cauchit"

    def link(self, mu: Array) -> Array:
        return np.asarray(np.tan(np.pi * (np.asarray(mu) - 0.5)))

    def inverse(self, eta: Array) -> Array:
        return np.asarray(np.arctan2(1.0, -eta) / np.pi)

    def mu_eta(self, eta: Array) -> Array:
        return np.asarray(1 / (np.pi * (1 + eta**2)))

    def log_cdf(self, eta: Array) -> Derivatives:
        cdf, density = self.inverse(eta), self.mu_eta(eta)
        bend = -2 * eta / (1 + eta**2)
        first = density / cdf
        second = first * (bend - first)
        third = second * (bend - first) + first * (2 * (eta**2 - 1) / (1 + eta**2) ** 2 - second)
        return np.log(cdf), first, second, third

    def log_sf(self, eta: Array) -> Derivatives:
        return _mirrored(self.log_cdf(-eta))


class MeanLink(Link):
    """A link for positive means; where ``eta`` gives no positive mean, the logarithm is ``-inf``."""

    def mean(self, eta: Array) -> Derivatives:
        """``mu`` and its derivatives."""
        raise NotImplementedError

    def log_mean(self, eta: Array) -> Derivatives:
        """``log mu`` and its derivatives."""
        raise NotImplementedError

    def reciprocal(self, eta: Array) -> Derivatives:
        """``1 / mu`` and its derivatives."""
        raise NotImplementedError

    def inverse(self, eta: Array) -> Array:
        return self.mean(eta)[0]

    def mu_eta(self, eta: Array) -> Array:
        return self.mean(eta)[1]


def _log_or_minus_inf(eta: Array) -> Array:
    return np.log(eta, out=np.full(np.shape(eta), -np.inf), where=np.asarray(eta) > 0)


class Log(MeanLink):
    """``eta = log mu``."""

    name = "log"

    def link(self, mu: Array) -> Array:
        return np.asarray(np.log(mu))

    def mean(self, eta: Array) -> Derivatives:
        mu = np.exp(eta)
        return mu, mu, mu, mu

    def log_mean(self, eta: Array) -> Derivatives:
        zero = np.zeros_like(eta)
        return eta, zero + 1.0, zero, zero

    def reciprocal(self, eta: Array) -> Derivatives:
        r = np.exp(-eta)
        return r, -r, r, -r


class Sqrt(MeanLink):
    """``eta = sqrt mu``."""

    name = "sqrt"

    def link(self, mu: Array) -> Array:
        return np.asarray(np.sqrt(mu))

    def mean(self, eta: Array) -> Derivatives:
        zero = np.zeros_like(eta)
        return eta**2, 2 * eta, zero + 2.0, zero

    def log_mean(self, eta: Array) -> Derivatives:
        return 2 * _log_or_minus_inf(eta), 2 / eta, -2 / eta**2, 4 / eta**3

    def reciprocal(self, eta: Array) -> Derivatives:
        return eta**-2, -2 * eta**-3, 6 * eta**-4, -24 * eta**-5


class Identity(MeanLink):
    """``eta = mu``."""

    name = "identity"

    def link(self, mu: Array) -> Array:
        return np.asarray(mu, dtype=float)

    def mean(self, eta: Array) -> Derivatives:
        zero = np.zeros_like(eta)
        return eta, zero + 1.0, zero, zero

    def log_mean(self, eta: Array) -> Derivatives:
        return _log_or_minus_inf(eta), 1 / eta, -(eta**-2), 2 * eta**-3

    def reciprocal(self, eta: Array) -> Derivatives:
        return 1 / eta, -(eta**-2), 2 * eta**-3, -6 * eta**-4


class Inverse(MeanLink):
    """``eta = 1 / mu``."""

    name = "inverse"

    def link(self, mu: Array) -> Array:
        return np.asarray(1 / np.asarray(mu, dtype=float))

    def mean(self, eta: Array) -> Derivatives:
        return 1 / eta, -(eta**-2), 2 * eta**-3, -6 * eta**-4

    def log_mean(self, eta: Array) -> Derivatives:
        return -_log_or_minus_inf(eta), -1 / eta, eta**-2, -2 * eta**-3

    def reciprocal(self, eta: Array) -> Derivatives:
        zero = np.zeros_like(eta)
        return eta, zero + 1.0, zero, zero
