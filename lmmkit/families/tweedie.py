"""Amounts that can be exactly zero: sums of a random number of gamma amounts (glmmTMB: ``tweedie``)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any, ClassVar, Literal, Self

import numpy as np
from scipy.special import digamma, expit, gammaln, polygamma

from ..errors import DataError, ModelError
from ..numerics import arguments
from ..numerics.arrays import Array
from .counts import poisson_counts
from .family import first_offender
from .jets import Jet, Key, exp, softplus
from .joint import JointFamily
from .links import Link
from .mean_links import Log

__all__ = ["Tweedie"]

#: How many standard deviations of the number of summands the series reaches.
REACH = 9.0
#: Logarithm of what an amount is multiplied by, from which a mean is too near zero to be computed with.
FARTHEST = 300.0
#: Longest series; a smaller dispersion is refused.
MOST_TERMS = 20_000


class Tweedie(JointFamily):
    """Amounts from zero upwards, zero with a probability of its own: rainfall, biomass in a net, claims.

    Parameters
    ----------
    link : {"log"} or Link, optional
        How the mean depends on the linear predictor.
    dispersion : float, optional
        ``phi``, with ``Var(y) = phi mu^power``; estimated when left out.
    power : float, optional
        Between 1 (Poisson-like) and 2 (gamma-like); estimated when left out.

    Raises
    ------
    ModelError
        For an unknown link, a dispersion that is not positive, or a power not between 1 and 2.

    Notes
    -----
    Agrees with ``glmmTMB(family = tweedie)``. The density is the series of Dunn and Smyth (2005), *Statistics
    and Computing* 15(4).

    Examples
    --------
    >>> import numpy as np
    >>> from lmmkit.families import Tweedie
    >>> Tweedie(dispersion=2.0, power=1.5).variance(np.array([4.0]))
    array([16.])
    """

    name = "tweedie"
    has_zeros = True
    dispersion_name = "phi"
    shape_name = "power"
    links: ClassVar[dict[str, type[Link]]] = {"log": Log}

    def __init__(
        self,
        link: Literal["log"] | Link | None = None,
        dispersion: float | None = None,
        power: float | None = None,
    ) -> None:
        super().__init__(link, dispersion)
        self.power = (
            None if power is None else arguments.number("power", power, 1.0, wanted="between 1 and 2")
        )
        if self.power is not None and not self.power < 2:
            raise ModelError(f"power must be between 1 and 2, not {arguments.shown(power)}")
        self._last: tuple[Array, Array, Array, dict[Key, Array]] | None = None

    def _arguments(self) -> dict[str, Any]:
        known = {} if self.power is None else {"power": self.power}
        given = super()._arguments()
        return {"link": given.pop("link"), **known, **given}

    @property
    def shape(self) -> float | None:
        return None if self.power is None else float(np.log(self.power - 1) - np.log(2 - self.power))

    def with_shape(self, value: float) -> Self:
        other = copy(self)
        other.power = float(1 + np.clip(expit(value), 1e-12, 1 - 1e-12))
        return other

    def _predictors(self, eta: Jet) -> list[Jet]:
        shape = np.full(eta.value.shape, self.shape or 0.0)
        return [*super()._predictors(eta), Jet.constant(shape)]

    @property
    def _power(self) -> float:
        return 1.5 if self.power is None else self.power

    def variance(self, mu: Array) -> Array:
        return np.asarray(self._known * mu**self._power)

    def zero_probability(self, mu: Array, trials: Array | None = None) -> Array:
        p = self._power
        return np.exp(-(mu ** (2 - p)) / (self._known * (2 - p)))

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        mu, p = np.asarray(mu, dtype=float), self._power
        number = poisson_counts(mu ** (2 - p) / (self._known * (2 - p)), rng)
        scale = self._known * (p - 1) * mu ** (p - 1)
        shape = np.minimum(
            np.maximum(number, 1.0) * (2 - p) / (p - 1), 1e300
        )  # an endless one is never drawn
        sums = rng.gamma(shape) * scale
        return np.where(number > 0, sums, 0.0)

    def log_density(self, y: Array, trials: Array | None, predictors: Sequence[Jet]) -> Jet:
        eta, log_phi, shape = predictors
        log_s, log_rest = -softplus(-shape), -softplus(shape)  # log(p - 1) and log(2 - p)
        s, rest = exp(log_s), exp(log_rest)
        rate = exp(rest * eta - log_phi - log_rest)  # mean number of summands
        nearer = -(s * eta) - log_phi - log_s
        # Farther out the derivatives overflow before the value does, and a search has nothing to go by.
        away = np.where(nearer.value < FARTHEST, y, np.nan) * exp(nearer)
        series = self._series(y, log_phi.value, shape.value)
        number = {own: jet.variables[0] for own, jet in enumerate((log_phi, shape)) if jet.variables}
        parts = {
            tuple(sorted(number[own] for own in key)): part
            for key, part in series.items()
            if {*key} <= {*number}
        }
        return Jet(parts, eta.order) - rate - away

    def _series(self, y: Array, log_phi: Array, shape: Array) -> dict[Key, Array]:
        """``log W - log y`` (0 where y is), and its first and second derivatives in log phi (0) and shape (1).

        It does not depend on the mean, so no third derivative of it is ever asked for.
        """
        if self._last is not None:
            before = self._last
            if all(np.array_equal(a, b) for a, b in zip(before[:3], (y, log_phi, shape), strict=True)):
                return before[3]
        rows = (y > 0) & np.isfinite(log_phi) & np.isfinite(shape)
        few = _series(y[rows], log_phi[rows], shape[rows])
        out = {key: np.zeros_like(y) for key in few}
        for key, part in few.items():
            out[key][rows] = part
        self._last = (y, log_phi, shape, out)
        return out

    def start_mean(self, y: Array, weights: Array | None = None) -> Array:
        return y + 0.1 * y.mean()

    def check_response(self, y: Array, weights: Array | None, name: str) -> None:
        if (y < 0).any():
            offender = first_offender(y < 0, y)
            raise DataError(f"a tweedie response cannot be negative, but '{name}' has {offender}")
        if y.min() == y.max():
            raise DataError(f"every value of '{name}' is {y[0]:g}, so there is nothing to explain")


def _series(y: Array, log_phi: Array, shape: Array) -> dict[Key, Array]:
    """The logarithm of Dunn and Smyth's series over y, by its largest terms, and its derivatives."""
    a, s = np.exp(-shape), expit(shape)
    log_s, log_rest = np.log(s), np.log1p(-s)
    peak = np.exp((1 - s) * np.log(y) - log_phi - log_rest)  # number of summands with the largest term
    width = REACH * np.sqrt(peak / (1 + a)) + REACH
    low = np.maximum(1.0, np.floor(peak - width))
    length = int(min(np.ceil((peak + width - low).max(initial=1.0)) + 1, MOST_TERMS))
    j = low[:, None] + np.arange(length)
    inner = (a * (np.log(y) - log_s - log_phi))[:, None]
    aj, column = a[:, None] * j, (slice(None), None)
    terms = j * (inner - (log_phi + log_rest)[column]) - gammaln(j + 1) - gammaln(aj)
    top = terms.max(axis=1, keepdims=True)
    share = np.exp(terms - top)
    total = share.sum(axis=1, keepdims=True)
    share /= total
    di = digamma(aj)
    to_phi = -j * (1 + a)[column]
    own, q = s[column], 1 - s[column]
    to_shape = j * (-inner - a[column] * q + own) + aj * di
    curve = (
        j * (inner + 2 * a[column] * q + a[column] * own * q + own * q) - aj * di - aj**2 * polygamma(1, aj)
    )

    def mean(values: Array) -> Array:
        return np.asarray((share * values).sum(axis=1))

    first, second = mean(to_phi), mean(to_shape)
    return {
        (): (top + np.log(total))[:, 0] - np.log(y),
        (0,): first,
        (1,): second,
        (0, 0): mean(to_phi**2) - first**2,
        (0, 1): mean(aj + to_phi * to_shape) - first * second,
        (1, 1): mean(curve + to_shape**2) - second**2,
    }
