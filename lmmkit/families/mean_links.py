"""Links for means of counts and amounts: log, square root, identity, inverse."""

from __future__ import annotations

import numpy as np

from ..numerics.arrays import Array
from .links import Derivatives, Link


class MeanLink(Link):
    """A link for positive means; where ``eta`` gives no positive mean, the logarithm is ``-inf``.

    Examples
    --------
    >>> isinstance(Sqrt(), MeanLink)
    True
    """

    def mean(self, eta: Array) -> Derivatives:
        """Mean, ``mu``, and its derivatives.

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
        >>> Log().mean(np.array([0.0]))[1]
        array([1.])
        """
        raise NotImplementedError

    def log_mean(self, eta: Array) -> Derivatives:
        """Log of the mean, ``log mu``, and its derivatives.

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
        >>> Log().log_mean(np.array([0.0]))[1]
        array([1.])
        """
        raise NotImplementedError

    def reciprocal(self, eta: Array) -> Derivatives:
        """Reciprocal of the mean, ``1 / mu``, and its derivatives.

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
        >>> Log().reciprocal(np.array([0.0]))[1]
        array([-1.])
        """
        raise NotImplementedError

    def inverse(self, eta: Array) -> Array:
        return self.mean(eta)[0]

    def mu_eta(self, eta: Array) -> Array:
        return self.mean(eta)[1]


def _log_or_minus_inf(eta: Array) -> Array:
    return np.log(eta, out=np.full(np.shape(eta), -np.inf), where=np.asarray(eta) > 0)


class Log(MeanLink):
    """Logarithm of the mean, ``eta = log mu``.

    Examples
    --------
    >>> import numpy as np
    >>> Log().inverse(np.array([0.0]))
    array([1.])
    """

    name = "log"

    def link(self, mu: Array) -> Array:
        return np.asarray(np.log(mu))

    def mean(self, eta: Array) -> Derivatives:
        mu = np.exp(eta)
        return mu, mu, mu, mu

    def working(self, y: Array, eta: Array) -> Array:
        mu = np.exp(eta)
        with np.errstate(all="ignore"):
            return np.where(y == 0, -1.0, (y - mu) / mu)

    def log_mean(self, eta: Array) -> Derivatives:
        zero = np.zeros_like(eta)
        return eta, zero + 1.0, zero, zero

    def reciprocal(self, eta: Array) -> Derivatives:
        r = np.exp(-eta)
        return r, -r, r, -r


class Sqrt(MeanLink):
    """Square root of the mean, ``mu = eta^2``: below zero the mean rises again.

    Examples
    --------
    >>> import numpy as np
    >>> Sqrt().inverse(np.array([3.0]))
    array([9.])
    """

    name = "sqrt"

    def link(self, mu: Array) -> Array:
        return np.asarray(np.sqrt(mu))

    def mean(self, eta: Array) -> Derivatives:
        zero = np.zeros_like(eta)
        return eta**2, 2 * eta, zero + 2.0, zero

    def log_mean(self, eta: Array) -> Derivatives:
        return 2 * _log_or_minus_inf(np.abs(eta)), 2 / eta, -2 / eta**2, 4 / eta**3

    def reciprocal(self, eta: Array) -> Derivatives:
        return eta**-2, -2 * eta**-3, 6 * eta**-4, -24 * eta**-5


class Identity(MeanLink):
    """The mean itself, ``eta = mu``.

    Examples
    --------
    >>> import numpy as np
    >>> Identity().inverse(np.array([3.0]))
    array([3.])
    """

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
    """Reciprocal of the mean, ``eta = 1 / mu``.

    Examples
    --------
    >>> import numpy as np
    >>> Inverse().inverse(np.array([4.0]))
    array([0.25])
    """

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
