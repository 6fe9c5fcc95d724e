"""What distributions of counts without zeros share: truncation at zero."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from ..errors import DataError
from ..numerics.arrays import Array
from .counts import CountFamily
from .family import first_offender
from .jets import Jet
from .joint import JointFamily

__all__ = ["TruncatedFamily", "minus_log_positive"]


def minus_log_positive(m: Jet) -> Jet:
    """``-log(1 - exp(-m))``: what truncation adds to a log density whose probability of zero is ``exp(-m)``."""
    gone = np.exp(-m.value)
    left = -np.expm1(-m.value)
    first = -gone / left
    return m.through((-np.log(left), first, gone / left**2, first * (1 + gone) / left**2))


class TruncatedFamily(CountFamily, JointFamily, ABC):
    """Counts of which only those above zero are seen, or the part above zero of a hurdle model.

    Examples
    --------
    >>> from lmmkit.families import TruncatedPoisson
    >>> isinstance(TruncatedPoisson(), TruncatedFamily)
    True
    """

    has_zeros = False

    @abstractmethod
    def untruncated(self, mu: Array) -> tuple[Array, Array]:
        """Negative log probability of zero, and the variance as a multiple of the mean, before the truncation.

        Parameters
        ----------
        mu : array of any shape
            Means before the truncation.

        Returns
        -------
        tuple of two arrays of that shape
            Both above or at zero, the second in counts.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import TruncatedPoisson
        >>> TruncatedPoisson().untruncated(np.array([0.0]))
        (array([0.]), array([1.]))
        """

    def response_mean(self, mu: Array) -> Array:
        return np.asarray(mu + self._lift(mu))

    def variance(self, mu: Array) -> Array:
        lift, spread = self._lift(mu), self.untruncated(mu)[1]
        return np.asarray((mu + lift) * np.maximum(spread - lift, 0.0))

    def _lift(self, mu: Array) -> Array:
        """How far the truncation lifts the mean: ``mu / (exp(m) - 1)`` at a probability ``exp(-m)`` of zero."""
        mu = np.asarray(mu, dtype=float)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            lift = mu / np.expm1(self.untruncated(mu)[0])
        return np.where(mu < np.finfo(float).tiny, 1.0, np.where(np.isinf(mu), 0.0, lift))

    def check_response(self, y: Array, weights: Array | None, name: str) -> None:
        super().check_response(y, weights, name)
        kind = self.name.replace("_", " ")
        if (y == 0).any():
            raise DataError(
                f"a {kind} response has no zeros, but '{name}' has {first_offender(y == 0, y)}; give "
                "zero_inflation='~ 1' for a hurdle model, or take the family without truncation"
            )
        if (y == 1).all():
            raise DataError(
                f"every value of '{name}' is 1, so the mean of a {kind} cannot be estimated; check the column"
            )
