"""What distributions of counts without zeros share: truncation at zero."""

from __future__ import annotations

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


class TruncatedFamily(CountFamily, JointFamily):
    """Counts of which only those above zero are seen, or the part above zero of a hurdle model.

    Examples
    --------
    >>> from lmmkit.families import TruncatedPoisson
    >>> isinstance(TruncatedPoisson(), TruncatedFamily)
    True
    """

    has_zeros = False

    def zero_of_untruncated(self, mu: Array) -> Array:
        """Probability of zero before the truncation.

        Parameters
        ----------
        mu : array of any shape
            Means before the truncation.

        Returns
        -------
        array of that shape
            Between 0 and 1.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import TruncatedPoisson
        >>> TruncatedPoisson().zero_of_untruncated(np.array([0.0]))
        array([1.])
        """
        raise NotImplementedError

    def untruncated_variance(self, mu: Array) -> Array:
        """Variance before the truncation.

        Parameters
        ----------
        mu : array of any shape
            Means before the truncation.

        Returns
        -------
        array of that shape
            In squared counts.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import TruncatedPoisson
        >>> TruncatedPoisson().untruncated_variance(np.array([2.0]))
        array([2.])
        """
        raise NotImplementedError

    def response_mean(self, mu: Array) -> Array:
        return np.asarray(mu / (1 - self.zero_of_untruncated(mu)))

    def variance(self, mu: Array) -> Array:
        mean = self.response_mean(mu)
        squares = (self.untruncated_variance(mu) + mu**2) / (1 - self.zero_of_untruncated(mu))
        return np.asarray(squares - mean**2)

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
