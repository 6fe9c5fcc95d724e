"""The log density of rows: a subclass says what one row of weight 1 is, weighting and summing are done here.

A family gives the log density of one row as a function of its linear predictor ``eta``, with three
derivatives: the first two find the conditional modes, the third enters the gradient of the Laplace objective.
Prior weights multiply the log density of their row; for a binomial proportion the weight is the number of
trials.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np

from ..errors import ModelError
from ..numerics.arrays import Array
from .links import Derivatives


class Nuisance(NamedTuple):
    """Derivatives with respect to the logarithm of the dispersion parameter, one value per row.

    Attributes
    ----------
    density : array of shape (n,)
        Of the log density.
    score : array of shape (n,)
        Of its first derivative in ``eta``.
    weight : array of shape (n,)
        Of the information used as weight (see :attr:`Family.information`).
    """

    density: Array
    score: Array
    weight: Array


class RowLikelihood:
    """What the fitter and the deviance ask of a family, weighted; see :class:`lmmkit.families.Family`."""

    name: ClassVar[str]

    def derivatives(self, y: Array, eta: Array, weights: Array | None = None) -> Derivatives:
        """Log density of each row without :meth:`constant`, and three derivatives in ``eta``, all weighted.

        Points outside the domain of the link have ``-inf`` or NaN; that is for the caller to judge.

        Parameters
        ----------
        y, eta : array of shape (n,)
            Responses and their linear predictors.
        weights : array of shape (n,), optional
            Prior weights.

        Returns
        -------
        tuple of four arrays of shape (n,)
            Log density, first, second and third derivative.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import Poisson
        >>> Poisson().derivatives(np.array([3.0]), np.array([0.0]))[1]
        array([2.])
        """
        density, first, second, third = self._density(y, eta)
        if weights is None:
            return density, first, second, third
        return density * weights, first * weights, second * weights, third * weights

    def expected_information(self, eta: Array, weights: Array | None = None) -> tuple[Array, Array]:
        """Expected information of each row about its ``eta``, and its derivative there, both weighted.

        Parameters
        ----------
        eta : array of shape (n,)
            Linear predictors.
        weights : array of shape (n,), optional
            Prior weights.

        Returns
        -------
        tuple of two arrays of shape (n,)
            The expected information (the weight of IRLS) and its derivative in ``eta``.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import Poisson
        >>> Poisson().expected_information(np.array([0.0]))
        (array([1.]), array([1.]))
        """
        information, slope = self._information(eta)
        return (information, slope) if weights is None else (information * weights, slope * weights)

    def constant(self, y: Array, weights: Array | None = None, trials: Array | None = None) -> float:
        """The part of the log-likelihood that does not depend on ``eta``.

        Parameters
        ----------
        y : array of shape (n,)
            Responses.
        weights : array of shape (n,), optional
            Prior weights.
        trials : array of shape (n,), optional
            Numbers of trials of a binomial response, if they are not the weights: a row whose weight is twice its
            number of trials counts twice.

        Returns
        -------
        float
            Summed over the rows.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import Poisson
        >>> round(Poisson().constant(np.array([3.0])), 4)  # -log(3!)
        -1.7918
        """
        return float(self.constant_rows(y, weights, trials).sum())

    def constant_rows(self, y: Array, weights: Array | None = None, trials: Array | None = None) -> Array:
        """Each row's part of :meth:`constant`.

        Parameters
        ----------
        y, weights, trials : arrays of shape (n,)
            As in :meth:`constant`; further axes, for many responses, are taken as they come.

        Returns
        -------
        array of that shape
            Weighted.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import Poisson
        >>> Poisson().constant_rows(np.array([2.0, 3.0])).round(4)
        array([-0.6931, -1.7918])
        """
        rows = self._constant(y)
        return rows if weights is None else weights * rows

    def saturated(self, y: Array, weights: Array | None = None, trials: Array | None = None) -> float:
        """Log-likelihood at ``mu = y``.

        Parameters
        ----------
        y : array of shape (n,)
            Responses.
        weights, trials : array of shape (n,), optional
            As in :meth:`constant`.

        Returns
        -------
        float
            Summed over the rows; no model with this family reaches a higher value.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import Binomial
        >>> Binomial().saturated(np.array([0.0, 1.0]))
        0.0
        """
        return _total(self._saturated(y), weights) + self.constant(y, weights, trials)

    def nuisance(self, y: Array, eta: Array, weights: Array | None = None) -> Nuisance:
        """The derivatives with respect to the log dispersion.

        Parameters
        ----------
        y, eta : array of shape (n,)
            Responses and their linear predictors.
        weights : array of shape (n,), optional
            Prior weights.

        Returns
        -------
        Nuisance
            Derivatives of the log density, of its score and of the information, one value per row.

        Raises
        ------
        ModelError
            For a family without a dispersion parameter.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import Gamma
        >>> Gamma(dispersion=0.5).nuisance(np.array([1.0]), np.array([0.0])).score
        array([-0.])
        """
        rows = self._nuisance(y, eta)
        return rows if weights is None else Nuisance(*(part * weights for part in rows))

    def deviance_parts(self, y: Array, mu: Array, weights: Array | None = None) -> Array:
        """Each row's share of the deviance: twice the drop in log density from ``mu = y`` to ``mu``.

        Parameters
        ----------
        y, mu : array of shape (n,)
            Responses and their means.
        weights : array of shape (n,), optional
            Prior weights.

        Returns
        -------
        array of shape (n,)
            In units of :attr:`sigma` squared: for the gamma it is not yet divided by the dispersion, as in R.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import Poisson
        >>> Poisson().deviance_parts(np.array([0.0, 2.0]), np.array([0.5, 2.0]))
        array([1., 0.])
        """
        with np.errstate(all="ignore"):
            rows = self._deviance(y, mu)
        return np.asarray(rows if weights is None else weights * rows)

    def deviance_residuals(self, y: Array, mu: Array, weights: Array | None = None) -> Array:
        """Signed square roots of :meth:`deviance_parts`.

        Parameters
        ----------
        y, mu : array of shape (n,)
            Responses and their means.
        weights : array of shape (n,), optional
            Prior weights.

        Returns
        -------
        array of shape (n,)
            Negative where the response is below its mean.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import Poisson
        >>> Poisson().deviance_residuals(np.array([0.0, 2.0]), np.array([0.5, 2.0]))
        array([-1.,  0.])
        """
        return np.sign(y - mu) * np.sqrt(np.maximum(self.deviance_parts(y, mu, weights), 0.0))

    # --- one row of weight 1, for a subclass to say ---------------------------------------------------------

    def _density(self, y: Array, eta: Array) -> Derivatives:
        """Log density without :meth:`_constant`, and three derivatives in ``eta``."""
        raise NotImplementedError

    def _information(self, eta: Array) -> tuple[Array, Array]:
        """Expected information about ``eta``, and its derivative."""
        raise NotImplementedError

    def _constant(self, y: Array) -> Array:
        """The part of the log density that does not depend on ``eta``."""
        raise NotImplementedError

    def _saturated(self, y: Array) -> Array:
        """Log density at ``mu = y``, without :meth:`_constant`."""
        raise NotImplementedError

    def _deviance(self, y: Array, mu: Array) -> Array:
        """Share of the deviance."""
        raise NotImplementedError

    def _nuisance(self, y: Array, eta: Array) -> Nuisance:
        """Derivatives with respect to the log dispersion."""
        raise self._has_no_dispersion()

    def _has_no_dispersion(self) -> ModelError:
        return ModelError(f"the {self.name} family has no dispersion parameter")


def _total(rows: Array, weights: Array | None) -> float:
    return float((rows if weights is None else weights * rows).sum())
