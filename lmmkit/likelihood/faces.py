"""A look at the faces of structured covariances: some effects without variance, the correlation near a bound.

Where each effect has a standard deviation of its own and all share one correlation, the criterion has valleys next
to many of these faces: leaving out an effect that does not fit in lets the others correlate as the data want. The
points of a grid in which all effects are alike do not show them. So the criterion is looked at where effects are as
variable as moments have them, some multiplied by next to nothing, and at several correlations: a way down from the
lowest point of each correlation ends in the valleys that there are.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

from ..numerics.arrays import Array, Index
from ..structures.structure import Structure
from .level_blocks import distinct_blocks
from .search import Place
from .theta import Terms

__all__ = ["Faces", "has_faces"]

#: Places between their bounds that correlations are looked at.
PLACES = (-0.98, -0.6, 0.0, 0.5, 0.9, 0.98)
#: The least place, at which some effects together may have no variance.
LOWEST = (-1.0,)
#: Multiples of the standard deviations by moments, where all effects are there and where some are not.
SIZES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
SOME_SIZES = ((0.3, 1.0, 3.0), (0.3, 1.0), (1.0,))
#: The same where effects may leave next to nothing to the residuals, and where they do so by being at a bound.
LARGE, AT_BOUND = (30.0,), (3.0,)
#: Multiplications that it may cost to sweep out the leading factor at all points: about 15 ms.
MOST_WORK = 1.2e6
#: What is left of an effect that is left out.
NEXT_TO_NONE = 0.05


def has_faces(structure: Structure) -> bool:
    """Whether a structure has one correlation and more than two standard deviations."""
    return structure.has_rho and structure.n_sds > 2


@cache
def _shares(k: int, most: int) -> Array:
    """What is left of each effect, the least variable first, where some are left out: (sets, k), at least one stays.

    Each alone, the less variable ones together, and then others.
    """
    alone = [(i,) for i in range(k)]
    together = [tuple(range(number)) for number in range(2, k)]
    others = [chosen for number in range(2, k) for chosen in combinations(range(k), number)][:most]
    sets = list(dict.fromkeys([*alone, *together, *others]))[: max(most, 2 * k - 2)]
    shares = np.ones((len(sets), k))
    for row, chosen in zip(shares, sets, strict=True):
        row[list(chosen)] = NEXT_TO_NONE
    return shares


class Faces(NamedTuple):
    """Points to look at.

    Attributes
    ----------
    thetas : array of shape (G, m)
        Whitened.
    kinds : array of shape (G,)
        Points of the same number have the same correlations; numbers after these are of effects that leave little.
    """

    thetas: Array
    kinds: Index

    @classmethod
    def of(
        cls, terms: Terms, moments: Array, lead: Array, large: bool = False, fixed: int = 0
    ) -> Faces | None:
        """Points around estimates by moments; None where a look at a few would be expensive.

        Parameters
        ----------
        terms : Terms
        moments : array of shape (m,)
        lead : array of shape (q, k, k)
            The leading factor's own blocks.
        large : bool
            Whether effects may leave next to nothing to the residuals, for which large ones are looked at apart.
        fixed : int
            Number of fixed effects. With the ratios of the standard deviations they may make the one sum of effects
            that has no variance zero in every group, if groups are no more than these.
        """
        structures = terms.structures
        points = MOST_WORK / (len(distinct_blocks(lead)[0]) * lead.shape[1] ** 3)
        all_there = [np.ones((1, s.k)) for s in structures]
        blocks = [_points(terms, moments, SIZES, all_there)]
        of_large, even = list[Array](), _more_alike(terms, moments) if large else moments
        for t, structure in enumerate(structures):
            if not has_faces(structure):
                continue
            sizes, most = _affordable(structure.k, points / len(PLACES), large)
            if not most:
                return None
            shares = all_there.copy()
            shares[t] = _by_size(_shares(structure.k, most), structure, moments[terms.of_term[t]])
            blocks.append(_points(terms, moments, sizes, shares))
            if large:
                of_large += [_points(terms, sds, LARGE, shares) for sds in (moments, even)]
        if large and len(lead) < lead.shape[1] + fixed:
            of_large.append(_points(terms, moments, AT_BOUND, all_there, LOWEST))
        kinds = [np.broadcast_to(np.arange(len(PLACES))[:, None], own.shape[:-1]).ravel() for own in blocks]
        for number, own in enumerate(of_large):
            kinds.append(np.full(own.size // len(moments), len(PLACES) + number))
        thetas = [own.reshape(-1, len(moments)) for own in blocks + of_large]
        return cls(np.concatenate(thetas), np.concatenate(kinds))

    @property
    def points(self) -> tuple[Array, tuple[int, ...]]:
        """As a grid takes them."""
        return self.thetas, (len(self.thetas),)

    def places(self, values: Array) -> list[Place]:
        """The lowest point of each kind, given the criterion (G,) at all; the lowest first."""
        order = np.argsort(values)
        order = order[np.isfinite(values[order])]
        firsts = np.sort(np.unique(self.kinds[order], return_index=True)[1])
        why = "some effects next to none, or all"
        return [
            Place(why, self.thetas[g], value=float(values[g]) if self.kinds[g] < len(PLACES) else None)
            for g in order[firsts].tolist()
        ]


def _affordable(k: int, points: float, large: bool) -> tuple[tuple[float, ...], int]:
    """Sizes, and the number of sets of effects to leave out, for so many points at each place."""
    left, all_of_them = points - len(SIZES), 2**k - 2
    for sizes in SOME_SIZES:
        most = min(int(left / (len(sizes) + large)), all_of_them)
        if most == all_of_them or (most >= 4 * k and len(sizes) < len(SOME_SIZES[0])):
            return sizes, most
    return sizes, most if most >= k else 0


def _by_size(shares: Array, structure: Structure, moments: Array) -> Array:
    """Shares whose first column is of the least variable effect, in the order of the effects."""
    out = np.empty_like(shares)
    out[:, np.argsort(_sds(structure, moments))] = shares
    return out


def _sds(structure: Structure, theta: Array) -> Array:
    return np.sqrt(np.diagonal(structure.covariance(structure.par(theta))))


def _more_alike(terms: Terms, moments: Array) -> Array:
    """Moments with the effects of each term half as different, on a logarithmic scale."""
    even = moments.copy()
    for own, structure in terms.by_term:
        if structure.has_rho:
            sds = _sds(structure, moments[own])
            even[own] = structure.from_sds(np.sqrt(sds * np.sqrt((sds**2).mean())))
    return even


def _points(
    terms: Terms,
    moments: Array,
    sizes: tuple[float, ...],
    shares: list[Array],
    places: tuple[float, ...] = PLACES,
) -> Array:
    """All sizes, places and shares of the effects, (sets, k) or (1, k) for each term: (sizes, places, sets, m)."""
    shape = (len(sizes), len(places), max(len(own) for own in shares))
    size, place = np.array(sizes)[:, None, None, None], np.array(places)[:, None]
    points = np.empty((*shape, len(moments)))
    for (own, structure), share in zip(terms.by_term, shares, strict=True):
        if structure.has_rho:
            sds = size * share * _sds(structure, moments[own])
            points[..., own] = structure.from_sds(np.broadcast_to(sds, (*shape, structure.k)), place)
        else:
            scaled = np.array([structure.scaled(moments[own], one) for one in sizes])
            points[..., own] = scaled[:, None, None]
    return points
