"""Tails and quantiles of the distributions that tests and intervals need, under their names in ``scipy.stats``.

They are made of ``scipy.special`` alone: importing all of ``scipy.stats`` would take longer than many a fit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special
from scipy.optimize import brentq


class norm:
    """The standard normal distribution."""

    @staticmethod
    def sf(x: ArrayLike) -> Any:
        """Upper tail."""
        return special.ndtr(-np.asarray(x, dtype=float))

    @staticmethod
    def ppf(p: ArrayLike) -> Any:
        """Quantile."""
        return special.ndtri(np.asarray(p, dtype=float))


class t:
    """Student's t distribution; infinite degrees of freedom make it normal."""

    @staticmethod
    def sf(x: ArrayLike, df: ArrayLike) -> Any:
        """Upper tail.

        Examples
        --------
        >>> round(float(t.sf(2.0, 10)), 6)  # R: pt(2, 10, lower.tail = FALSE)
        0.036694
        """
        return special.stdtr(np.asarray(df, dtype=float), -np.asarray(x, dtype=float))

    @staticmethod
    def ppf(p: ArrayLike, df: ArrayLike) -> Any:
        """Quantile."""
        p, df = np.asarray(p, dtype=float), np.asarray(df, dtype=float)
        # stdtrit has +inf at 0, and in older SciPy no value at 1
        finite = np.select([p == 0, p == 1], [-np.inf, np.inf], special.stdtrit(df, p))
        return np.where(np.isinf(df), special.ndtri(p), finite)[()]


class chi2:
    """The chi-squared distribution."""

    @staticmethod
    def sf(x: ArrayLike, df: ArrayLike) -> Any:
        """Upper tail; 1 below zero."""
        return special.chdtrc(np.asarray(df, dtype=float), np.maximum(x, 0.0))


class f:
    """The F distribution; infinite denominator degrees of freedom make it a chi-squared over its own."""

    @staticmethod
    def sf(x: ArrayLike, num_df: ArrayLike, den_df: ArrayLike) -> Any:
        """Upper tail; 1 below zero."""
        x = np.maximum(x, 0.0)
        num_df, den_df = np.asarray(num_df, dtype=float), np.asarray(den_df, dtype=float)
        limit = special.chdtrc(num_df, x * num_df)
        return np.where(np.isinf(den_df), limit, special.fdtrc(num_df, den_df, x))[()]


class studentized_range:
    """Tukey's distribution: the range of k normal values over an independent estimate of their SD."""

    @staticmethod
    def sf(x: ArrayLike, k: int, df: ArrayLike) -> Any:
        """Upper tail, to full accuracy however small; infinite degrees of freedom mean that the SD is known.

        Notes
        -----
        With the smallest value at z, the range of k values exceeds r with probability
        ``k ∫ phi(z) (a^(k-1) - (a - b)^(k-1)) dz``, where ``a`` and ``b`` are the normal upper tails beyond z
        and z + r. This is averaged over the distribution of log s. Both integrands are smooth and fall off on
        either side, where the trapezoidal rule is exact to rounding.

        Examples
        --------
        >>> round(float(studentized_range.sf(3.5, 3, 20)), 6)  # R: ptukey(3.5, 3, 20, lower.tail = FALSE)
        0.055892
        """
        x, df = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(df, dtype=float))
        tails = [_range_tail(float(q), k, float(nu)) for q, nu in zip(x.ravel(), df.ravel(), strict=True)]
        return np.array(tails).reshape(x.shape)[()]

    @staticmethod
    def ppf(p: float, k: int, df: ArrayLike) -> Any:
        """Quantile, where the upper tail is 1 - p.

        Examples
        --------
        >>> round(float(studentized_range.ppf(0.95, 3, 20)), 6)  # R: qtukey(0.95, 3, 20)
        3.577935
        """
        df = np.asarray(df, dtype=float)
        found = {nu: _range_quantile(p, k, nu) for nu in set(df.ravel().tolist())}
        return np.array([found[nu] for nu in df.ravel().tolist()]).reshape(df.shape)[()]


def _range_tail(q: float, k: int, df: float) -> float:
    """Upper tail of the studentized range at one value."""
    if not np.isfinite(q) or np.isnan(df):
        return float("nan") if np.isnan(q) or np.isnan(df) else 0.0
    if q <= 0:
        return 1.0
    if np.isinf(df):
        return float(_normal_range_tail(np.array([q]), k)[0])
    peak, width = -0.5 * np.log1p(q**2 / (2 * df)), 1 / np.sqrt(2 * df)
    u = np.linspace(peak - max(12 * width, 45 / df), peak + 12 * width, 400)
    constant = np.log(2) + df / 2 * np.log(df / 2) - special.gammaln(df / 2)
    density = np.exp(constant + df * u - df / 2 * np.exp(2 * u))  # of log s, where df s² is chi-squared
    values = density * _normal_range_tail(q * np.exp(u), k)
    return float(min(values.sum() * (u[1] - u[0]), 1.0))


def _range_quantile(p: float, k: int, df: float) -> float:
    """Quantile of the studentized range."""
    if np.isnan(df):
        return float("nan")
    high = 10.0
    while _range_tail(high, k, df) > 1 - p:
        high *= 4
    return float(brentq(lambda q: _range_tail(q, k, df) - (1 - p), 0.0, high, xtol=1e-12, rtol=1e-13))


def _normal_range_tail(r: Any, k: int) -> Any:
    """Probability that the range of k standard normal values exceeds r, shape as r (m,)."""
    z = np.arange(-46.0, 9.0, 0.25)
    a, b = special.ndtr(-z), special.ndtr(-(z + np.minimum(r, 76.0)[:, None]))
    with np.errstate(divide="ignore", under="ignore"):
        beyond = -(a ** (k - 1)) * np.expm1((k - 1) * np.log1p(-b / a))
    phi = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return np.where(r < 76.0, k * (beyond @ phi) * 0.25, 0.0)


def exact_proportion(found: int, n: int, level: float) -> tuple[float, float]:
    """Clopper and Pearson's interval for a proportion of which ``found`` of ``n`` were seen.

    Examples
    --------
    >>> low, high = exact_proportion(7, 10, 0.95)  # R: binom.test(7, 10)$conf.int
    >>> round(low, 7), round(high, 7)
    (0.3475471, 0.9332605)
    """
    tail = (1 - level) / 2
    low = float(special.betaincinv(found, n - found + 1, tail)) if found else 0.0
    high = float(special.betaincinv(found + 1, n - found, 1 - tail)) if found < n else 1.0
    return low, high
