"""Measurements with normal errors (R and glmmTMB: ``gaussian``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ..errors import DataError
from ..numerics.arrays import Array
from .jets import Jet, exp
from .joint import JointFamily
from .links import Link
from .mean_links import Identity, Log

HALF_LOG_2PI = 0.9189385332046727


class Gaussian(JointFamily):
    """Measurements whose errors are normal; with ``dispersion=`` their standard deviation may differ by row.

    Parameters
    ----------
    link : {"identity", "log"} or Link, optional
        How the mean depends on the linear predictor; ``"identity"`` when left out. With ``"log"`` effects
        multiply while the errors still add.
    dispersion : float, optional
        ``sigma``, the residual standard deviation; estimated when left out.

    Raises
    ------
    ModelError
        For an unknown link or a dispersion that is not positive.

    Notes
    -----
    Maximum likelihood, as ``glmmTMB(family = gaussian)``. The dispersion formula is about ``log(sigma)``, as
    nlme's ``varIdent`` and glmmTMB since 1.1.9; before, glmmTMB's coefficients were those of
    ``log(sigma^2)``, twice as large. Pinheiro and Bates (2000), *Mixed-Effects Models in S and S-PLUS*,
    section 5.2.

    Examples
    --------
    >>> from lmmkit.families import Gaussian
    >>> Gaussian(link="log").linkinv(0.0)
    array(1.)
    """

    name = "gaussian"
    canonical = "identity"
    dispersion_name = "sigma"
    links: ClassVar[dict[str, type[Link]]] = {"identity": Identity, "log": Log}

    @property
    def effect_name(self) -> str | None:
        """What ``exp(coefficient)`` is called, or None when it has no name of its own."""
        return "ratio of means" if self.link.name == "log" else None

    @property
    def sigma(self) -> float:
        """Residual standard deviation; 1.0 while it is to be estimated."""
        return float(self._known)

    def variance(self, mu: Array) -> Array:
        return np.zeros_like(mu) + np.square(self._known)

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        return np.asarray(mu + self._known * rng.standard_normal(np.shape(mu)))

    def log_density(self, y: Array, trials: Array | None, predictors: Sequence[Jet]) -> Jet:
        eta, log_sigma = predictors
        error = y - eta.through(self.link.mean)
        return -0.5 * (error * error) * exp(-2.0 * log_sigma) - log_sigma - HALF_LOG_2PI

    def start_mean(self, y: Array, weights: Array | None = None) -> Array:
        return np.asarray(y if self.link.name == "identity" else np.maximum(y, 0.1 * np.abs(y).mean() + 1e-3))

    def check_response(self, y: Array, weights: Array | None, name: str) -> None:
        if y.min() == y.max():
            raise DataError(f"every value of '{name}' is {y[0]:g}, so there is nothing to explain")
