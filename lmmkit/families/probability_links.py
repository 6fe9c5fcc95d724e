"""Links for probabilities: logit, probit, complementary log-log, cauchit."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, log_ndtr, logit, ndtr, ndtri

from ..numerics.arrays import Array
from .links import Derivatives, Link


class ProbabilityLink(Link):
    """A link for probabilities: ``mu = F(eta)`` for a distribution function ``F``.

    Examples
    --------
    >>> isinstance(Cloglog(), ProbabilityLink)
    True
    """

    def log_cdf(self, eta: Array) -> Derivatives:
        """Log of the probability, ``log F``, and its derivatives.

        Parameters
        ----------
        eta : array of any shape
            Linear predictors.

        Returns
        -------
        tuple of four arrays of that shape
            The function and its first, second and third derivative in ``eta``.

        Examples
        --------
        >>> import numpy as np
        >>> Logit().log_cdf(np.array([0.0]))[1]
        array([0.5])
        """
        raise NotImplementedError

    def log_sf(self, eta: Array) -> Derivatives:
        """Log of the other probability, ``log (1 - F)``, and its derivatives.

        Parameters
        ----------
        eta : array of any shape
            Linear predictors.

        Returns
        -------
        tuple of four arrays of that shape
            The function and its first, second and third derivative in ``eta``.

        Examples
        --------
        >>> import numpy as np
        >>> Logit().log_sf(np.array([0.0]))[1]
        array([-0.5])
        """
        raise NotImplementedError

    def bernoulli(self, y: Array, eta: Array) -> Derivatives:
        """Log density of a proportion, ``y log F + (1 - y) log (1 - F)``, and its derivatives.

        Parameters
        ----------
        y, eta : array of the same shape
            Proportions of hits, and linear predictors.

        Returns
        -------
        tuple of four arrays of that shape
            The function and its first, second and third derivative in ``eta``.

        Examples
        --------
        >>> import numpy as np
        >>> Logit().bernoulli(np.array([1.0]), np.array([0.0]))[1]
        array([0.5])
        """
        pairs = zip(self.log_cdf(eta), self.log_sf(eta), strict=True)
        # A certain outcome has no share in the other one's log probability, which may be -inf.
        first, *rest = (np.where(y > 0, y * a, 0.0) + np.where(y < 1, (1 - y) * b, 0.0) for a, b in pairs)
        return (first, *rest)  # type: ignore[return-value]

    def working(self, y: Array, eta: Array) -> Array:
        # What is left of a certain outcome has a limit in units of the slope, though both round to zero.
        with np.errstate(all="ignore"):
            hit, miss = -1 / self.log_sf(eta)[1], 1 / self.log_cdf(eta)[1]
            return np.where(y > 0, y * hit, 0.0) - np.where(y < 1, (1 - y) * miss, 0.0)

    def information(self, eta: Array) -> tuple[Array, Array]:
        """Expected information of one trial, ``f^2 / (F (1 - F))``, and its derivative.

        Parameters
        ----------
        eta : array of any shape
            Linear predictors.

        Returns
        -------
        tuple of two arrays of that shape
            The information, and its derivative in ``eta``.

        Examples
        --------
        >>> import numpy as np
        >>> Logit().information(np.array([0.0]))[0]
        array([0.25])
        """
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
    """Log odds of a probability, ``eta = log(mu / (1 - mu))``.

    Examples
    --------
    >>> import numpy as np
    >>> Logit().inverse(np.array([0.0]))
    array([0.5])
    """

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

    def information(self, eta: Array) -> tuple[Array, Array]:
        small = np.exp(-np.abs(eta))
        large = 1 / (1 + small)
        low = small * large
        return large * low, large * low * np.where(eta >= 0, low - large, large - low)

    def bernoulli(self, y: Array, eta: Array) -> Derivatives:
        # In terms of the smaller probability, so that what is left of a certain outcome keeps all its digits.
        mirrored = -eta
        small = np.exp(np.minimum(eta, mirrored))
        low = small / (1 + small)
        above, beyond = y - np.signbit(mirrored), low - 1
        slope, spread = above + np.copysign(low, eta), low * beyond
        skew = spread * np.copysign(low + beyond, mirrored)
        return above * eta - np.log1p(small), slope, spread, skew


class Probit(ProbabilityLink):
    """Standard normal quantile of a probability, ``eta = Phi^-1(mu)``.

    Examples
    --------
    >>> import numpy as np
    >>> Probit().inverse(np.array([0.0]))
    array([0.5])
    """

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
    """Complementary log-log of a probability, ``eta = log(-log(1 - mu))``.

    Examples
    --------
    >>> import numpy as np
    >>> Cloglog().inverse(np.array([0.0])).round(4)
    array([0.6321])
    """

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
        none = x < 1e-300
        value, first = np.where(none, eta, value), np.where(none, 1.0, first)
        small = -x / 2 - x**2 / 12 + x**4 / 720 - x**6 / 30240
        ratio = np.where(x < 0.05, small, 1 - x - first)  # second / first, where 1 - x - first would cancel
        ratio = np.where(first > 0, ratio, 0.0)
        second = first * ratio
        return value, first, second, second * ratio - first * (np.where(first > 0, x, 0.0) + second)

    def log_sf(self, eta: Array) -> Derivatives:
        x = -np.exp(eta)
        return x, x, x, x


class Cauchit(ProbabilityLink):
    """Cauchy quantile of a probability, ``eta = tan(pi (mu - 1/2))``: heavier tails than the logit.

    Examples
    --------
    >>> import numpy as np
    >>> Cauchit().inverse(np.array([1.0]))
    array([0.75])
    """

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
