"""The way down to the best parameters of a GLMM, and the end of it where a negative binomial's theta goes to infinity.

Where counts vary no more than a Poisson's, the objective falls as ``c / theta`` for ever, by less than rounding tells.
So theta is not followed there: far out it is taken farther at once and held, and the others end at their minimum.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from ..families.family import Family
from ..numerics.arrays import Array
from ..numerics.trust_region import Search, Trial, minimise

__all__ = ["SEARCH", "downhill", "far_out"]

#: The differenced Hessian takes over where this search stops; what takes longer runs off to infinity.
SEARCH: dict[str, Any] = {"tolerance": 1e-9, "max_evaluations": 300, "learning": 8, "near": 1.0}
#: Theta, in units of the largest mean, at which it is no longer followed, and the one that stands for infinity: the
#: variances are then those of a Poisson to six and to ten digits.
FAR, INFINITE = 1e6, 1e10


class WithDispersion(Protocol):
    """A criterion whose last parameter is the logarithm of the dispersion."""

    def trial(self, x: Array) -> Trial:
        """Value and derivatives at a point; endless where :func:`far_out` says so."""


def far_out(family: Family, eta: Array) -> bool:
    """Whether theta is so large that it is no longer followed.

    Parameters
    ----------
    family : Family
        At its dispersion.
    eta : array (n,)
        Linear predictor.
    """
    return (
        family.name == "negative_binomial"
        and family.dispersion is not None
        and family.dispersion > FAR * _largest(family, eta)
    )


def _largest(family: Family, eta: Array) -> float:
    return max(1.0, float(family.linkinv(eta).max()))


def downhill(criterion: WithDispersion, x: Array, first: Trial | None = None) -> Search:
    """One way down, with theta held where it goes to infinity.

    Parameters
    ----------
    criterion : WithDispersion
    x : array
        Where it begins.
    first : Trial, optional
        The criterion there, if it is known.
    """
    search = minimise(criterion.trial, x, **SEARCH, first=first)
    if not np.isfinite(search.value) or not far_out(search.state.search.rows.family, search.state.mode.eta):
        return search
    end = _at_infinity(criterion, search)
    if not end.converged:  # theta went too far in one step, and comes back
        end = minimise(lambda x: criterion.trial(x)._replace(endless=False), search.x, **SEARCH)
    end.evaluations += search.evaluations
    end.trail = search.trail + end.trail
    return end


def _at_infinity(criterion: WithDispersion, search: Search) -> Search:
    """The best other parameters where theta stands for infinity; not converged where the objective rises to there."""
    far = np.log(INFINITE * _largest(search.state.search.rows.family, search.state.mode.eta))

    def trial(rest: Array) -> Trial:
        one = criterion.trial(np.append(rest, far))
        return Trial(one.value, lambda: one.gradient()[:-1], lambda: one.curvature()[:-1, :-1], one.state)

    others = minimise(trial, search.x[:-1], **SEARCH)
    end = minimise(criterion.trial, np.append(others.x, far), max_evaluations=1)
    end.evaluations += others.evaluations
    end.converged = others.converged and end.value <= search.value and bool(end.gradient[-1] <= 0)
    return end
