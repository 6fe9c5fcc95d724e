"""Tails and quantiles of the distributions that tests and intervals need, under their names in ``scipy.stats``.

They are made of ``scipy.special`` alone: importing all of ``scipy.stats`` would take longer than many a fit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special


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
