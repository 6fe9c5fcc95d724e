"""Yes or no, and hits out of trials (R and glmmTMB: ``binomial``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from scipy.special import gammaln, xlog1py, xlogy

from ..errors import DataError, ModelError
from ..numerics.arrays import Array
from .family import Family, Information, first_offender, refuse_constant
from .jets import Jet
from .links import Derivatives, Link
from .probability_links import Cauchit, Cloglog, Logit, Probit


class Binomial(Family):
    """Yes or no, or a number of hits in a known number of trials.

    Parameters
    ----------
    link : {"logit", "probit", "cloglog", "cauchit"} or Link, optional
        How the probability depends on the linear predictor; ``"logit"`` when left out.
    information : {"expected", "observed"}, optional
        See :class:`Family`; the default, ``"expected"``, gives lme4's numbers.

    Raises
    ------
    ModelError
        For an unknown link.

    Notes
    -----
    The response is 0/1, or a proportion whose weight is its number of trials. Agrees with R's ``binomial()``
    and ``glmmTMB(family = binomial)``. McCullagh and Nelder (1989), *Generalized Linear Models*, chapter 4.

    Examples
    --------
    >>> from lmmkit.families import Binomial
    >>> Binomial(link="probit")
    Binomial(link='probit')
    >>> Binomial().linkinv(0.0)
    array(0.5)
    """

    name = "binomial"
    has_zeros = True
    canonical = "logit"
    links: ClassVar[dict[str, type[Link]]] = {
        "logit": Logit, "probit": Probit, "cloglog": Cloglog, "cauchit": Cauchit,
    }  # fmt: skip

    def __init__(
        self,
        link: Literal["logit", "probit", "cloglog", "cauchit"] | Link | None = None,
        information: Information | None = None,
    ) -> None:
        super().__init__(link, information)

    def variance(self, mu: Array) -> Array:
        return mu * (1 - mu)

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        if weights is None:
            return (rng.random(np.shape(mu)) < mu).astype(float)
        trials = np.round(weights)
        if np.abs(trials - weights).max(initial=0.0) > 1e-3:
            raise ModelError("a binomial response can only be simulated when its weights are whole trials")
        return np.where(trials > 0, rng.binomial(trials.astype(int), mu) / np.maximum(trials, 1), 0.0)

    def constant_rows(self, y: Array, weights: Array | None = None, trials: Array | None = None) -> Array:
        if weights is None:
            return np.zeros_like(y)
        trials = weights if trials is None else trials
        hits = trials * y
        rows = gammaln(trials + 1) - gammaln(hits + 1) - gammaln(trials - hits + 1)
        counts = np.divide(weights, trials, out=np.zeros_like(rows), where=trials > 0)
        return np.asarray(counts * rows)

    def row_variance(self, mu: Array, trials: Array | None) -> Array:
        with np.errstate(divide="ignore"):
            return np.asarray(mu * (1 - mu) / (1.0 if trials is None else trials))

    def log_density(self, y: Array, trials: Array | None, predictors: Sequence[Jet]) -> Jet:
        (eta,) = predictors
        single = eta.through(self.link.bernoulli(y, eta.value))
        if trials is None:
            return single
        hits = trials * y
        return trials * single + (gammaln(trials + 1) - gammaln(hits + 1) - gammaln(trials - hits + 1))

    def _density(self, y: Array, eta: Array) -> Derivatives:
        return self.link.bernoulli(y, eta)

    def _information(self, eta: Array) -> tuple[Array, Array]:
        return self.link.information(eta)

    def _saturated(self, y: Array) -> Array:
        return np.asarray(xlogy(y, y) + xlogy(1 - y, 1 - y))

    def _deviance(self, y: Array, mu: Array) -> Array:
        return np.asarray(2 * (xlogy(y, y) - xlogy(y, mu) + xlogy(1 - y, 1 - y) - xlog1py(1 - y, -mu)))

    def start_mean(self, y: Array, weights: Array | None = None) -> Array:
        trials = 1.0 if weights is None else weights
        return np.asarray((trials * y + 0.5) / (trials + 1.0))

    def check_response(self, y: Array, weights: Array | None, name: str) -> None:
        outside = ~((y >= 0) & (y <= 1))
        if outside.any():
            raise DataError(
                f"a binomial response must lie between 0 and 1, but '{name}' has {first_offender(outside, y)}; "
                "give 0/1, a two-level factor, cbind(hits, misses), or a proportion with weights= the trials"
            )
        hits = y if weights is None else y * weights
        part = (np.abs(hits - np.round(hits)) > 1e-3) & (y > 0) & (y < 1)
        if part.any() and weights is None:
            raise DataError(
                f"'{name}' is a proportion ({first_offender(part, y)}), and how much it tells depends on its "
                "number of trials; give weights= the column of trials, or write cbind(hits, misses)"
            )
        if part.any():
            row = int(np.argmax(part))
            raise DataError(
                f"'{name}' times its weight must be a whole number of hits, but row {row + 1} has "
                f"{y[row]:g} of {weights[row]:g} trials; check that weights= is the column of trials"  # type: ignore[index]
            )
        meaning = {0.0: "a failure (0)", 1.0: "a success (1)"}
        refuse_constant(y, weights, name, meaning, "there is nothing to explain")
