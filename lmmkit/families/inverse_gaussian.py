"""Positive amounts with a long right tail (R: ``inverse.gaussian``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ..errors import DataError
from ..numerics.arrays import Array
from .family import first_offender
from .gaussian import HALF_LOG_2PI
from .jets import Jet, exp
from .joint import JointFamily
from .links import Link
from .mean_links import Identity, Inverse, Log

#: Means nearer to infinity are taken for this.
MOST = 1e300


class InverseGaussian(JointFamily):
    """Positive amounts whose variance grows with the cube of the mean: times until something happens.

    Parameters
    ----------
    link : {"log", "inverse", "identity"} or Link, optional
        How the mean depends on the linear predictor; ``"log"`` when left out.
    dispersion : float, optional
        ``phi``, with ``Var(y) = phi mu^3``; estimated when left out.

    Raises
    ------
    ModelError
        For an unknown link or a dispersion that is not positive.

    Notes
    -----
    The density is that of R's ``statmod::dinvgauss``; ``phi`` is estimated by maximum likelihood together with
    everything else (lme4's ``glmer`` leaves it out of the criterion; glmmTMB does not have the family).

    Examples
    --------
    >>> import numpy as np
    >>> from lmmkit.families import InverseGaussian
    >>> InverseGaussian(dispersion=0.5).variance(np.array([2.0]))
    array([4.])
    """

    name = "inverse_gaussian"
    dispersion_name = "phi"
    links: ClassVar[dict[str, type[Link]]] = {"log": Log, "inverse": Inverse, "identity": Identity}

    @property
    def effect_name(self) -> str | None:
        """What ``exp(coefficient)`` is called, or None when it has no name of its own."""
        return "ratio of means" if self.link.name == "log" else None

    def variance(self, mu: Array) -> Array:
        return np.asarray(self._known * mu**3)

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        # Michael, Schucany and Haas (1976), as a factor of the mean: so nothing cancels where the mean is far above
        # the shape, as it does in NumPy's own numbers.
        mean = np.minimum(mu, MOST)
        with np.errstate(over="ignore"):
            half = (
                0.5 * np.maximum(mean, 0.0) * np.asarray(self._known) * rng.standard_normal(mean.shape) ** 2
            )
            factor = 1 + half + np.sqrt(half) * np.sqrt(half + 2)
            below = rng.random(mean.shape) * (factor + 1) <= factor
            return np.where(below, mean / factor, mean * factor)

    def log_density(self, y: Array, trials: Array | None, predictors: Sequence[Jet]) -> Jet:
        eta, log_phi = predictors
        r = eta.through(self.link.reciprocal)
        distance = (r * r) * y - 2.0 * r + 1 / y
        # a mean below zero, which some links can give, is impossible
        impossible = np.where(r.value > 0, 0.0, -np.inf)
        return -0.5 * distance * exp(-log_phi) - 0.5 * log_phi - (1.5 * np.log(y) + HALF_LOG_2PI) + impossible

    def start_mean(self, y: Array, weights: Array | None = None) -> Array:
        return np.asarray(y)

    def check_response(self, y: Array, weights: Array | None, name: str) -> None:
        if (y <= 0).any():
            raise DataError(
                f"an inverse gaussian response must be positive, but '{name}' has {first_offender(y <= 0, y)}"
            )
        if y.min() == y.max():
            raise DataError(f"every value of '{name}' is {y[0]:g}, so there is nothing to explain")
