"""Shares between 0 and 1 (glmmTMB: ``beta_family``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ..errors import DataError
from ..numerics.arrays import Array
from .family import first_offender
from .gamma_functions import log_gamma
from .jets import Jet, exp
from .joint import JointFamily
from .links import Link
from .probability_links import Cauchit, Cloglog, Logit, Probit


class Beta(JointFamily):
    """Shares strictly between 0 and 1 that are not counts out of a number: cover, time budgets, purity.

    Parameters
    ----------
    link : {"logit", "probit", "cloglog", "cauchit"} or Link, optional
        How the mean depends on the linear predictor; ``"logit"`` when left out.
    dispersion : float, optional
        ``phi``, the precision: ``Var(y) = mu (1 - mu) / (1 + phi)``; estimated when left out.

    Raises
    ------
    ModelError
        For an unknown link or a dispersion that is not positive.

    Notes
    -----
    Agrees with ``glmmTMB(family = beta_family)``. Ferrari and Cribari-Neto (2004), *Journal of Applied
    Statistics* 31(7).

    Examples
    --------
    >>> import numpy as np
    >>> from lmmkit.families import Beta
    >>> Beta(dispersion=3.0).variance(np.array([0.5]))
    array([0.0625])
    """

    name = "beta"
    dispersion_name = "phi"
    links: ClassVar[dict[str, type[Link]]] = {
        "logit": Logit, "probit": Probit, "cloglog": Cloglog, "cauchit": Cauchit,
    }  # fmt: skip

    @property
    def effect_name(self) -> str | None:
        """What ``exp(coefficient)`` is called, or None when it has no name of its own."""
        return "odds ratio" if self.link.name == "logit" else None

    def variance(self, mu: Array) -> Array:
        return np.asarray(mu * (1 - mu) / (1 + self._known))

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        y = rng.beta(np.maximum(mu * self._known, 1e-300), np.maximum((1 - mu) * self._known, 1e-300))
        return np.clip(y, np.finfo(float).tiny, 1 - np.finfo(float).epsneg)  # rounding can reach the ends

    def log_density(self, y: Array, trials: Array | None, predictors: Sequence[Jet]) -> Jet:
        eta, log_phi = predictors
        a = exp(log_phi + eta.through(self.link.log_cdf))
        b = exp(log_phi + eta.through(self.link.log_sf))
        gammas = log_gamma(exp(log_phi)) - log_gamma(a) - log_gamma(b)
        return gammas + (a - 1.0) * np.log(y) + (b - 1.0) * np.log1p(-y)

    def start_mean(self, y: Array, weights: Array | None = None) -> Array:
        return np.clip(y, 0.01, 0.99)

    def check_response(self, y: Array, weights: Array | None, name: str) -> None:
        outside = ~((y >= 0) & (y <= 1))
        if outside.any():
            raise DataError(
                f"a beta response must lie between 0 and 1, but '{name}' has {first_offender(outside, y)}; "
                "divide percentages by 100"
            )
        ends = (y == 0) | (y == 1)
        if ends.any():
            own = (
                "shares of exactly 0 can have a part of their own (zero_inflation='~ 1'), shares of exactly 1 cannot "
                "(where there are no zeros, model the rest, 1 less the share)"
                if (y == 1).any()
                else "shares of exactly 0 can have a part of their own (zero_inflation='~ 1')"
            )
            raise DataError(
                f"a beta response must lie strictly between 0 and 1, but '{name}' has {first_offender(ends, y)}; "
                f"{own}, and where the shares are hits out of trials, the binomial or beta_binomial family takes "
                "them as they are"
            )
        if y.min() == y.max():
            raise DataError(f"every value of '{name}' is {y[0]:g}, so there is nothing to explain")
