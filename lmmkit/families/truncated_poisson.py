"""Poisson counts above zero (glmmTMB: ``truncated_poisson``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from scipy.special import gammaln

from ..numerics.arrays import Array
from .counts import poisson_counts
from .jets import Jet, exp
from .links import Link
from .mean_links import Log
from .truncated import TruncatedFamily, minus_log_positive


class TruncatedPoisson(TruncatedFamily):
    """Poisson counts of which the zeros are never seen; with ``zero_inflation=`` a hurdle model.

    Parameters
    ----------
    link : {"log"} or Link, optional
        How the mean before the truncation depends on the linear predictor.

    Raises
    ------
    ModelError
        For an unknown link.

    Notes
    -----
    Agrees with ``glmmTMB(family = truncated_poisson)``: coefficients are about ``mu``, the mean that the
    counts would have with their zeros; the mean of what is seen is ``mu / (1 - exp(-mu))``. Mullahy (1986),
    *Journal of Econometrics* 33(3).

    Examples
    --------
    >>> import numpy as np
    >>> from lmmkit.families import TruncatedPoisson
    >>> TruncatedPoisson().response_mean(np.array([1.0])).round(3)
    array([1.582])
    """

    name = "truncated_poisson"
    links: ClassVar[dict[str, type[Link]]] = {"log": Log}

    def __init__(self, link: Literal["log"] | Link | None = None) -> None:
        super().__init__(link)

    def untruncated(self, mu: Array) -> tuple[Array, Array]:
        return mu, np.ones_like(mu)

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        # The waiting time to the first event, given that it comes in time, and then the events after it.
        first = -np.log1p(rng.random(np.shape(mu)) * np.expm1(-mu))
        return 1.0 + poisson_counts(mu - np.minimum(first, mu), rng)

    def log_density(self, y: Array, trials: Array | None, predictors: Sequence[Jet]) -> Jet:
        (eta,) = predictors
        mu = exp(eta)
        return y * eta - mu + minus_log_positive(mu) - gammaln(y + 1)
