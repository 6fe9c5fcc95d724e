"""A search for the coefficients of a generalised linear model that cannot run away.

Iteratively reweighted least squares takes whole steps: with a large offset, a link that is not monotone or one
that bounds the predictor they may leave the means that are possible, or jump to and fro. Here every step goes
uphill.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..families.family import Family
from ..numerics.arrays import Array
from ..numerics.trust_region import Search, Trial, minimise, polish

__all__ = ["GlmRows", "natural_unit"]


def natural_unit(family: Family, eta: Array) -> float:
    """How far the linear predictor moves in a step of one: where the link bounds it, a part of its own size."""
    bounded = family.link.name in ("sqrt", "identity", "inverse")
    return (0.3 * float(np.median(np.abs(eta))) or 1.0) if bounded else 1.0


class GlmRows:
    """Response, weights and family of the rows that count.

    Parameters
    ----------
    y, weights : arrays of shape (n,)
    family : Family
        At a known dispersion.
    """

    def __init__(self, y: Array, weights: Array, family: Family) -> None:
        self.y, self.weights, self.family = y, weights, family

    def deviance(self, eta: Array) -> float:
        """-2 log-likelihood but for a constant; infinite where a mean is impossible."""
        with np.errstate(all="ignore"):
            value = -2 * float(self.family.derivatives(self.y, eta, self.weights)[0].sum())
        return value if np.isfinite(value) else np.inf

    def search(self, Q: Array, offset: Array, start: Array, last_digits: bool = False) -> Search:
        """Minimise the deviance over the coefficients of some columns.

        Parameters
        ----------
        Q : array of shape (n, p)
            Orthogonal columns of about the natural unit's size.
        offset : array of shape (n,)
        start : array of shape (p,)
            Where every mean is possible.
        last_digits : bool
            Go on until the coefficients have settled, not only the deviance.
        """

        def trial(at: Array) -> Trial:
            eta = offset + Q @ at

            def curvature() -> Array:
                weight = self.family.expected_information(eta, self.weights)[0]
                return np.asarray(2 * (Q.T * weight) @ Q)

            def gradient() -> Array:
                return -2 * Q.T @ self.family.derivatives(self.y, eta, self.weights)[1]

            return Trial(self.deviance(eta), gradient, curvature)

        with np.errstate(all="ignore"):
            found = minimise(trial, start, tolerance=1e-10)
            if last_digits:
                last = replace(found)
                polish(trial, last, trial(found.x).curvature())
                found = last if np.isfinite(last.value) else found
                # Before the edge of what is possible the deviance still falls: no maximum.
                slope = trial(found.x).gradient()
                found.converged = bool(np.abs(slope).max(initial=0.0) < 1e-5 * len(self.y))
        return found
