"""Log gamma functions of jets, and differences of them that would cancel if each were computed alone."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from scipy.special import digamma, gammaln, zeta

from ..numerics.arrays import Array, Index
from .jets import Jet

__all__ = ["LARGE", "log_gamma", "log_rising"]

#: From here on the difference of two log gamma functions is taken from their asymptotic series.
LARGE = 30.0


def log_gamma(x: Jet) -> Jet:
    """Logarithm of the gamma function, with polygamma functions as derivatives."""
    return x.through(_log_gamma(x.value, x.order if x.variables else 0))


def _log_gamma(x: Array, order: int) -> list[Array]:
    """The function and as many derivatives; a constant is computed once."""
    if len(x) and (x == x[0]).all():
        return [np.broadcast_to(part, x.shape) for part in _log_gamma_of(x[:1], order)]
    return _log_gamma_of(x, order)


def _log_gamma_of(x: Array, order: int) -> list[Array]:
    functions: list[Any] = [gammaln, digamma, partial(zeta, 2.0), lambda x: -2 * zeta(3.0, x)]
    return [function(x) for function in functions[: order + 1]]


def log_rising(log_start: Jet, steps: Array) -> Jet:
    """``log Gamma(s + steps) - log Gamma(s)`` for ``s = exp(log_start)``, accurate for a huge ``s``.

    Parameters
    ----------
    log_start : Jet
    steps : array of shape (n,)
        Counts.
    """
    t, order = log_start.value, log_start.order if log_start.variables else 0
    if not len(t) or (t != t[0]).any():
        return log_start.through(_rising(t, steps, order))
    places: Index = steps.astype(np.intp)  # most counts come up again and again
    if steps.max() < 2 * len(steps) and (places == steps).all():
        few = np.arange(steps.max() + 1)
    else:
        few, places = np.unique(steps, return_inverse=True)
    return log_start.through([part[places] for part in _rising(np.full(len(few), t[0]), few, order)])


def _rising(t: Array, steps: Array, order: int) -> list[Array]:
    """The difference and its derivatives in the logarithm ``t`` of the start."""
    s = np.exp(np.minimum(t, 700.0))
    large = s >= LARGE
    safe = np.where(large, 1.0, s)
    ends, starts = _log_gamma_of(safe + steps, order), _log_gamma_of(safe, order)
    parts = [end - start for end, start in zip(ends, starts, strict=True)]
    if large.any():
        big = np.where(large, s, LARGE)
        parts = [
            np.where(large, b, a) for a, b in zip(parts, _rising_from_large(big, steps, order), strict=True)
        ]
    scaled = [part * s**k for k, part in enumerate(parts)]
    if order > 2:
        scaled[3] += scaled[1] + 3 * scaled[2]
    if order > 1:
        scaled[2] += scaled[1]
    return scaled


def _rising_from_large(s: Array, steps: Array, order: int) -> list[Array]:
    """By Stirling's series, exact to 1e-13 from 30 on; differences of powers in their stable form."""
    end, ratio = s + steps, np.log1p(steps / s)
    value = (s - 0.5) * ratio + steps * np.log(end) - steps + _stirling(end) - _stirling(s)
    first = ratio + _digamma_rest(end) - _digamma_rest(s)
    second = -steps / (s * end) + _trigamma_rest(end) - _trigamma_rest(s)
    third = steps * (s + end) / (s * end) ** 2 + _tetragamma_rest(end) - _tetragamma_rest(s)
    return [value, first, second, third][: order + 1]


def _stirling(x: Any) -> Any:
    return 1 / (12 * x) - 1 / (360 * x**3) + 1 / (1260 * x**5)


def _digamma_rest(x: Any) -> Any:
    return -1 / (2 * x) - 1 / (12 * x**2) + 1 / (120 * x**4) - 1 / (252 * x**6)


def _trigamma_rest(x: Any) -> Any:
    return 1 / (2 * x**2) + 1 / (6 * x**3) - 1 / (30 * x**5) + 1 / (42 * x**7)


def _tetragamma_rest(x: Any) -> Any:
    return -1 / x**3 - 1 / (2 * x**4) + 1 / (6 * x**6) - 1 / (6 * x**8)
