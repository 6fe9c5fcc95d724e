"""Other ends of the parameters' ranges, at which a model with several parts may have another minimum.

The same counts vary because their groups differ, because they vary, or because some are extra zeros. So an end that
has taken one of these to its limit is no proof that the others could not do better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..families.family import Family
from ..numerics.arrays import Array
from ..structures.structure import Structure
from .part_places import FAR_OUT

__all__ = ["Opinion", "Spread", "other_ends"]

#: Standard deviations of random effects, in units of the search, where there are to be some, or hardly any; and how
#: much less dispersed the rows may then be, on the logarithmic scale.
SOME, NEXT_TO_NONE, LESS = (0.3, 1.0), 0.01, 1.5
#: Which sign of the logarithm of the dispersion means less of it.
TOWARDS_LESS = {
    "negative_binomial": 1.0,
    "truncated_negative_binomial": 1.0,
    "beta_binomial": 1.0,
    "beta": 1.0,
    "negative_binomial_1": -1.0,
    "gamma": -1.0,
    "inverse_gaussian": -1.0,
    "tweedie": -1.0,
}


class Opinion(NamedTuple):
    """A place, in words why, and whether the other parameters have far to go from there."""

    why: str
    x: Array
    far: bool


class Spread(NamedTuple):
    """The dispersion, if it is estimated: its columns, which of ``x`` are theirs, its logarithm in every row."""

    Q: Array
    own: slice
    eta: Array


def other_ends(
    x: Array, terms: Sequence[tuple[slice, Structure]], family: Family, spread: Spread | None
) -> Iterator[Opinion]:
    """The same point with a standard deviation or the dispersion at the other end.

    Parameters
    ----------
    x : array
        The end of a search.
    terms : sequence of (slice, Structure)
    family : Family
    spread : Spread or None
    """
    for own, structure in terms:
        if structure.k != 1:
            continue
        if abs(float(x[own][0])) >= SOME[0]:
            moved = x.copy()
            moved[own] = structure.from_sds(np.array([NEXT_TO_NONE]))
            yield Opinion("next to no random effects", moved, False)
            continue
        for size in SOME:
            moved = x.copy()
            moved[own] = structure.from_sds(np.array([size]))
            yield Opinion("some random effects", moved, True)
        if spread is not None and family.name in TOWARDS_LESS:
            less = spread.eta + LESS * TOWARDS_LESS[family.name]
            yield Opinion("some random effects, less dispersion", _at(moved, spread, less), True)
    if spread is not None and family.name in FAR_OUT:
        far = FAR_OUT[family.name]
        if (np.sign(far) * spread.eta).min() < abs(far):
            everywhere = np.full(len(spread.eta), far)
            yield Opinion(f"{family.dispersion_name} far out", _at(x, spread, everywhere), False)


def _at(x: Array, spread: Spread, eta: Array) -> Array:
    """The same point with the dispersion moved to, or near, another one."""
    moved = x.copy()
    moved[spread.own] += np.linalg.lstsq(spread.Q, eta - spread.eta, rcond=None)[0]
    return moved
