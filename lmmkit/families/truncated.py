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
        """Probability of zero, and variance, before the truncation.

        Parameters
        ----------
        mu : array of any shape
            Means before the truncation.

        Returns
        -------
        tuple of two arrays of that shape
            Between 0 and 1, and in squared counts.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import TruncatedPoisson
        >>> TruncatedPoisson().untruncated(np.array([0.0]))
        (array([1.]), array([0.]))
        """

    def response_mean(self, mu: Array) -> Array:
        return np.asarray(mu / (1 - self.untruncated(mu)[0]))

    def variance(self, mu: Array) -> Array:
        zero, spread = self.untruncated(mu)
        return np.asarray((spread + mu**2) / (1 - zero) - (mu / (1 - zero)) ** 2)

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
