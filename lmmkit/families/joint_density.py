"""What a model with several parts asks of a family: its log density in all linear predictors, and its moments."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import ClassVar, Self

import numpy as np

from ..errors import ModelError
from ..numerics.arrays import Array
from .jets import Jet

__all__ = ["JointDensity"]


class JointDensity:
    """A response distribution whose parameters may all differ from row to row.

    Attributes
    ----------
    dispersion_name, shape_name : str or None
        What these parameters are called, None where there is none.
    has_zeros : bool
        Whether zero is one of the responses with a probability of its own.
    """

    name: ClassVar[str]
    dispersion_name: ClassVar[str | None] = None
    shape_name: ClassVar[str | None] = None
    has_zeros: ClassVar[bool] = False
    _dispersion: float | None

    def linkfun(self, mu: Array | float) -> Array:
        raise NotImplementedError

    def variance(self, mu: Array) -> Array:
        raise NotImplementedError

    @property
    def _known(self) -> float:
        """The dispersion parameter to compute with: 1 while it is to be estimated."""
        return 1.0 if self._dispersion is None else self._dispersion

    def log_density(self, y: Array, trials: Array | None, predictors: Sequence[Jet]) -> Jet:
        """Log density of each row, all constants included, with its derivatives.

        Parameters
        ----------
        y : array of shape (n,)
            Responses; of hits out of trials the proportion.
        trials : array of shape (n,) or None
            Numbers of trials; None where each row is a single one.
        predictors : sequence of Jet
            The linear predictor of the mean; then, where there is one, that of the dispersion, its
            logarithm; then that of the shape.

        Returns
        -------
        Jet
            One value per row.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import Poisson
        >>> from lmmkit.families.jets import Jet
        >>> jet = Poisson().log_density(np.array([3.0]), None, [Jet.variable(np.array([0.0]), 0)])
        >>> float(jet[0][0])
        2.0
        """
        raise NotImplementedError

    @property
    def shape(self) -> float | None:
        """The shape parameter on the scale of its predictor, None when there is none or it is to be estimated."""
        return None

    def with_shape(self, value: float) -> Self:
        """The same family at a given shape parameter.

        Parameters
        ----------
        value : float
            On the scale of its linear predictor.

        Returns
        -------
        Family
            A new one; the family that is asked stays as it is.

        Raises
        ------
        ModelError
            For a family without one.

        Examples
        --------
        >>> from lmmkit.families import Tweedie
        >>> Tweedie().with_shape(0.0)
        Tweedie(link='log', power=1.5)
        """
        raise ModelError(f"the {self.name} family has no shape parameter")

    def at_rows(self, log_dispersion: Array | None) -> Self:
        """The same family with a dispersion of its own for each row.

        Parameters
        ----------
        log_dispersion : array of shape (n,) or None
            None for a family without a dispersion parameter.

        Returns
        -------
        Family
            To ask about these rows.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import Beta
        >>> Beta().at_rows(np.log([1.0, 3.0])).variance(np.array([0.5, 0.5]))
        array([0.125 , 0.0625])
        """
        other = copy(self)
        if log_dispersion is not None:
            other._dispersion = np.exp(np.clip(log_dispersion, -300, 300))  # type: ignore[assignment]
        return other

    def response_mean(self, mu: Array) -> Array:
        """Mean of the response where ``mu`` is what the linear predictor is about.

        Parameters
        ----------
        mu : array of any shape
            As :meth:`linkinv` gives it, in the units of the response.

        Returns
        -------
        array of that shape
            The same, but for truncated counts.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import Poisson
        >>> Poisson().response_mean(np.array([1.5]))
        array([1.5])
        """
        return np.asarray(mu)

    def row_variance(self, mu: Array, trials: Array | None) -> Array:
        """Variance of each row's response, dispersion included.

        Parameters
        ----------
        mu : array of shape (n,)
            As :meth:`linkinv` gives it, in the units of the response.
        trials : array of shape (n,) or None
            Of a binomial response, which is then a proportion.

        Returns
        -------
        array of shape (n,)
            In squared units of the response.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import Poisson
        >>> Poisson().row_variance(np.array([1.5]), None)
        array([1.5])
        """
        return np.asarray(self.variance(mu))

    def zero_probability(self, mu: Array, trials: Array | None = None) -> Array:
        """Probability of a response of exactly zero.

        Parameters
        ----------
        mu : array of shape (n,)
            As :meth:`linkinv` gives it, in the units of the response.
        trials : array of shape (n,), optional
            Of a binomial response.

        Returns
        -------
        array of shape (n,)
            Between 0 and 1.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import Poisson
        >>> Poisson().zero_probability(np.array([1.0])).round(4)
        array([0.3679])
        """
        if not self.has_zeros:
            return np.zeros(np.shape(mu))
        mu = np.asarray(mu, dtype=float)
        predictors = [Jet.constant(self.linkfun(mu))]
        if self.dispersion_name is not None:
            predictors.append(Jet.constant(np.broadcast_to(np.log(self._known), mu.shape)))
        with np.errstate(all="ignore"):
            found = np.exp(self.log_density(np.zeros(mu.shape), trials, predictors).value)
        found = np.where(np.isnan(found) & ~np.isnan(mu), 0.0, found)  # of a mean at the upper end
        return np.where(mu < np.finfo(float).tiny, 1.0, found)
