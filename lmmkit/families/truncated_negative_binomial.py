"""Negative binomial counts above zero (glmmTMB: ``truncated_nbinom2``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ..numerics.arrays import Array
from .counts import poisson_counts
from .jets import Jet, exp, softplus
from .links import Link
from .mean_links import Log
from .negative_binomial import NegativeBinomial
from .truncated import TruncatedFamily, minus_log_positive

#: Rounds in which counts of zero are drawn again, before the rest becomes ones.
ROUNDS = 200


class TruncatedNegativeBinomial(TruncatedFamily):
    """Negative binomial counts of which the zeros are never seen; with ``zero_inflation=`` a hurdle model.

    Parameters
    ----------
    link : {"log"} or Link, optional
        How the mean before the truncation depends on the linear predictor.
    dispersion : float, optional
        ``theta``, as in :class:`NegativeBinomial`; estimated when left out.

    Raises
    ------
    ModelError
        For an unknown link or a dispersion that is not positive.

    Notes
    -----
    Agrees with ``glmmTMB(family = truncated_nbinom2)``. Grogger and Carson (1991), *Journal of Applied
    Econometrics* 6(3).

    Examples
    --------
    >>> import numpy as np
    >>> from lmmkit.families import TruncatedNegativeBinomial
    >>> TruncatedNegativeBinomial(dispersion=1.0).response_mean(np.array([1.0]))
    array([2.])
    """

    name = "truncated_negative_binomial"
    dispersion_name = "theta"
    links: ClassVar[dict[str, type[Link]]] = {"log": Log}

    def untruncated(self, mu: Array) -> tuple[Array, Array]:
        return self._known * np.log1p(mu / self._known), 1 + mu / self._known

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        mu = np.asarray(mu, dtype=float)
        theta = np.broadcast_to(self._known, mu.shape)
        y, again = np.zeros(mu.shape), np.ones(mu.shape, bool)
        for _ in range(ROUNDS):
            y[again] = poisson_counts(rng.gamma(theta[again], mu[again] / theta[again]), rng)
            again = y == 0
            if not again.any():
                break
        return np.maximum(y, 1.0)

    def log_density(self, y: Array, trials: Array | None, predictors: Sequence[Jet]) -> Jet:
        eta, log_theta = predictors
        minus_log_zero = exp(log_theta) * softplus(eta - log_theta)
        whole = NegativeBinomial().log_density(y, trials, predictors)
        return whole + minus_log_positive(minus_log_zero)
