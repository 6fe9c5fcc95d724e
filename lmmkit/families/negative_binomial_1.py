"""Counts whose variance is a multiple of their mean (glmmTMB: ``nbinom1``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy.special import gammaln

from ..numerics.arrays import Array
from .counts import CountFamily, poisson_counts
from .gamma_functions import log_rising
from .jets import Jet, exp, softplus
from .joint import JointFamily
from .links import Link
from .mean_links import Log


class NegativeBinomial1(CountFamily, JointFamily):
    """Counts that vary more than a Poisson, in proportion to their mean: ``Var(y) = mu (1 + phi)``.

    Parameters
    ----------
    link : {"log"} or Link, optional
        How the mean depends on the linear predictor.
    dispersion : float, optional
        ``phi``, the excess over a Poisson: 0 is Poisson. Estimated when left out.

    Raises
    ------
    ModelError
        For an unknown link or a dispersion that is not positive.

    Notes
    -----
    Agrees with ``glmmTMB(family = nbinom1)``. Hardin and Hilbe (2007), *Generalized Linear Models and
    Extensions*.

    Examples
    --------
    >>> import numpy as np
    >>> from lmmkit.families import NegativeBinomial1
    >>> NegativeBinomial1(dispersion=0.5).variance(np.array([4.0]))
    array([6.])
    """

    name = "negative_binomial_1"
    dispersion_name = "phi"
    links: ClassVar[dict[str, type[Link]]] = {"log": Log}

    def variance(self, mu: Array) -> Array:
        return np.asarray(mu * (1 + self._known))

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        return poisson_counts(rng.gamma(mu / np.asarray(self._known)) * self._known, rng)

    def log_density(self, y: Array, trials: Array | None, predictors: Sequence[Jet]) -> Jet:
        eta, log_phi = predictors
        log_size, log_one_plus_phi = eta - log_phi, softplus(log_phi)
        rising = log_rising(log_size, y)
        return rising + y * (log_phi - log_one_plus_phi) - exp(log_size) * log_one_plus_phi - gammaln(y + 1)
