"""Empirical Bayes: the residual variances of many responses, drawn towards what is usual among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, polygamma

from ..errors import ModelError
from ..numerics.arrays import Array

__all__ = ["Squeezed"]

#: Variances below this part of the median count as this large, so that logarithms stay finite.
SMALLEST = 1e-5


@dataclass(frozen=True)
class Squeezed:
    """Moderated variances.

    Attributes
    ----------
    variances : array of shape (B,)
    prior_variance, prior_df : float
        The usual variance, and how many degrees of freedom it is worth; infinite where the variances differ no more
        than by chance.
    df : array of shape (B,)
        Degrees of freedom of each variance by itself.

    Examples
    --------
    >>> found = Squeezed.of(np.array([1.0, 2.0, 9.0, 0.2]), np.full(4, 5.0))
    >>> found.variances.round(3).tolist()
    [0.967, 1.708, 6.893, 0.374]
    """

    variances: Array
    prior_variance: float
    prior_df: float
    df: Array

    @classmethod
    def of(cls, variances: Array, df: Array) -> Squeezed:
        """Moderate variances, each a scaled chi-square of its own degrees of freedom.

        Parameters
        ----------
        variances, df : arrays of shape (B,)
            NaN where a response could not be fitted.

        Raises
        ------
        ModelError
            With fewer than two variances.

        Notes
        -----
        As ``limma::squeezeVar``: the moments of the logarithms of the variances (Smyth 2004, section 6.2).
        """
        known = np.isfinite(variances) & (df > 0) & np.isfinite(df)
        if known.sum() < 2:
            raise ModelError("it takes two fitted responses or more to tell what residual variance is usual")
        s, d = variances[known], df[known]
        s = np.maximum(s, SMALLEST * np.median(s))
        centred = np.log(s) - digamma(d / 2) + np.log(d / 2)
        excess = centred.var(ddof=1) - polygamma(1, d / 2).mean()
        if excess > 0:
            prior_df = 2 * _trigamma_inverse(float(excess))
            prior = float(np.exp(centred.mean() + digamma(prior_df / 2) - np.log(prior_df / 2)))
            moderated = (prior_df * prior + df * variances) / (prior_df + df)
        else:
            prior_df, prior = np.inf, float(s.mean())
            moderated = np.where(np.isnan(variances), np.nan, prior)
        return cls(moderated, prior, prior_df, df)

    def total_df(self, df: Array) -> Array:
        """Degrees of freedom of t tests that had `df`: with those of the prior, but no more than all together.

        Parameters
        ----------
        df : array of shape (B,)
        """
        return np.asarray(np.minimum(df + self.prior_df, np.nansum(self.df)))

    def in_words(self) -> str:
        """What was done."""
        worth = "any number of" if np.isinf(self.prior_df) else f"{self.prior_df:.3g}"
        usual = f"{self.prior_variance:.4g}, which is worth {worth} degrees of freedom"
        return f"Residual variances are drawn towards {usual}."


def _trigamma_inverse(y: float) -> float:
    """Where the trigamma function has this value."""
    low, high = np.sqrt(1 / y) / 2 if y > 1e7 else 1e-4, 2 / y + 2
    return float(brentq(lambda x: float(polygamma(1, x)) - y, low, high, xtol=1e-12, rtol=1e-13))
