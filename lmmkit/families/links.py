"""Links: how the mean of a response and its linear predictor are tied, with the derivatives a fit needs."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..numerics.arrays import Array

#: A function of ``eta`` and its derivatives, lowest order first.
Derivatives = tuple[Array, Array, Array, Array]


class Link:
    """How the mean ``mu`` and the linear predictor ``eta`` of a row are tied.

    Attributes
    ----------
    name : str
        R's name of the link.

    Examples
    --------
    >>> from lmmkit.families import Binomial
    >>> Binomial("probit").link
    Probit()
    """

    name: ClassVar[str]

    def link(self, mu: Array) -> Array:
        """Linear predictor for a mean.

        Parameters
        ----------
        mu : array of any shape
            Means, in the units of the response.

        Returns
        -------
        array of that shape
            On the scale of the link.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families.mean_links import Log
        >>> Log().link(np.array([1.0]))
        array([0.])
        """
        raise NotImplementedError

    def inverse(self, eta: Array) -> Array:
        """Mean for a linear predictor.

        Parameters
        ----------
        eta : array of any shape
            Linear predictors.

        Returns
        -------
        array of that shape
            Means, in the units of the response.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families.mean_links import Log
        >>> Log().inverse(np.array([0.0]))
        array([1.])
        """
        raise NotImplementedError

    def mu_eta(self, eta: Array) -> Array:
        """Derivative of the mean with respect to the linear predictor.

        Parameters
        ----------
        eta : array of any shape
            Linear predictors.

        Returns
        -------
        array of that shape
            Change of the mean for each unit of ``eta``.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families.probability_links import Logit
        >>> Logit().mu_eta(np.array([0.0]))
        array([0.25])
        """
        raise NotImplementedError

    def working(self, y: Array, eta: Array) -> Array:
        """Working residuals ``(y - mu) / mu'(eta)``.

        Parameters
        ----------
        y, eta : array of the same shape
            Responses, and linear predictors.

        Returns
        -------
        array of that shape
            On the scale of the linear predictor.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families.probability_links import Logit
        >>> Logit().working(np.array([1.0, 1.0]), np.array([0.0, 800.0]))
        array([2., 1.])
        """
        with np.errstate(all="ignore"):
            return np.asarray((y - self.inverse(eta)) / self.mu_eta(eta))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
