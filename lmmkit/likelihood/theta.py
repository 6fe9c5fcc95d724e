"""The covariance parameters of all random-effects terms, in the units in which they are searched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ..crossprod.factors import GroupingFactor, factors_of
from ..crossprod.layout import Layout
from ..design.design import Design
from ..errors import ModelError
from ..numerics.arrays import Array, Flags
from ..numerics.small import nearly_singular
from ..numerics.trust_region import Search, Trial
from ..partitions.design import SummedDesign
from ..partitions.layout import SummedLayout
from ..structures.triangle import Whitening
from ..structures.unstructured import Unstructured
from .search import LOWER, Joins, Place

__all__ = ["Terms", "checked_par"]

#: A singular value of ``T`` below this is next to none.
LACKING = 1e-2
#: Standard deviation that it is given where the search tries again from off the edge.
LIFT = 0.3
#: How much higher than an end a point may be from which the search looks for another valley.
HARDLY_WORSE = 2.0
#: Smallest standard deviation, relative to the residuals', of a start for another correlation.
MODERATE = 0.1
#: Standard deviation, relative to the residuals', from which structured effects may leave nothing to those.
FAR = 300.0
#: How much larger than all others a term's effects are where a search begins at those.
FEW_TIMES = 3.0
#: How much higher than an end, and how far from it, a point may be of which it is told that the way down leads
#: there; and by which part of it the quadratic model may miss the rise.
CLOSE, NEARBY, AS_FORETOLD = 1.0, 0.5, 0.2


class Terms:
    """Where each term's parameters stand in ``theta``, and how they act; what every criterion shares.

    Parameters
    ----------
    design : Design
    scale : array of shape (n,)
        Multiplies each row of the left sides.
    unit : float
        Root mean square of the whitened columns.

    Attributes
    ----------
    structures : list of Structure
        Of each term's covariance.
    ks : list of int
        Effects per level of each term.
    of_term : list of slice
        Each term's part of ``theta``.
    by_term : list of (slice, Structure)
        The same with the term's structure.
    whitenings : list of Whitening
    layout : Layout
        The blocks of the whitened columns' cross-products.
    owned : list of (int, int, slice)
        Grouping factor, term, and which of the factor's columns are the term's.
    """

    worth_a_try = HARDLY_WORSE
    sparse = False  # whether a criterion can do with a sparse Schur complement
    knows_ends = False  # whether the curvature at the end of a search is the Hessian, and ways down join

    def __init__(self, design: Design, scale: Array, unit: float = 1.0) -> None:
        self.design = design
        self.structures = [term.structure for term in self.design.terms]
        self.ks = [structure.k for structure in self.structures]
        starts = [0, *accumulate(structure.size for structure in self.structures)]
        self.of_term = [slice(*ends) for ends in pairwise(starts)]
        self.by_term = list(zip(self.of_term, self.structures, strict=True))
        if isinstance(design, SummedDesign):
            self.whitenings = [Whitening(matrix) for matrix in design.units]
            self.layout: Layout = SummedLayout(design.summed.blocks, sparse=self.sparse)
        else:
            self.whitenings, columns = [], []
            for term in self.design.terms:
                Z = term.Z * scale[:, None]
                whitening = Whitening(term.structure.units(Z.T @ Z / (len(scale) * unit**2)))
                self.whitenings.append(whitening)
                columns.append(Z @ whitening.matrix)
            factors = factors_of(self.design.terms, columns) or [GroupingFactor.without_effects(len(scale))]
            self.layout = Layout(factors, sparse=self.sparse)
        self.owned = [(f, t, s) for f, factor in enumerate(self.layout.factors) for t, s in factor.terms]

    def trial(self, x: Array) -> Trial:
        """The criterion at a point."""
        raise NotImplementedError

    @property
    def n_theta(self) -> int:
        """Number of covariance parameters."""
        return self.of_term[-1].stop if self.of_term else 0

    def split(self, theta: Array) -> list[Array]:
        """One lower triangle per term."""
        return [structure.root(theta[own]) for own, structure in self.by_term]

    def roots(self, factors: list[Array]) -> list[Array]:
        """One relative covariance factor per grouping factor, block diagonal in its terms."""
        if len(factors) == len(self.layout.factors):  # each has one term
            return [factors[t] for _, t, _ in self.owned]
        roots = [np.zeros((factor.k, factor.k)) for factor in self.layout.factors]
        for f, t, own in self.owned:
            roots[f][own, own] = factors[t]
        return roots

    def many_roots(self, theta: Array) -> tuple[list[Array], list[Array]]:
        """Lower triangles (B, k, k) per term, and block-diagonal ones per grouping factor, for (B, m)."""
        terms = [structure.root(theta[:, own]) for own, structure in self.by_term]
        if len(terms) == len(self.layout.factors):  # each has one term
            return terms, [terms[t] for _, t, _ in self.owned]
        roots = [np.zeros((len(theta), factor.k, factor.k)) for factor in self.layout.factors]
        for f, t, own in self.owned:
            roots[f][:, own, own] = terms[t]
        return terms, roots

    def settled(self, theta: Array) -> Array:
        """``theta`` with zero for what is so small that it changes no fitted value visibly."""
        settled = [structure.settled(theta[..., own]) for own, structure in self.by_term]
        return np.concatenate([theta[..., :0], *settled], axis=-1)

    def to_par(self, theta: Array) -> list[Array]:
        """Parameters in the units of the data and lme4's order, one array (..., m) per term."""
        settled = self.settled(theta)
        return [
            structure.par_in_units(settled[..., own], whitening.matrix)
            for (own, structure), whitening in zip(self.by_term, self.whitenings, strict=True)
        ]

    def to_original(self, theta: Array) -> list[Array]:
        """Relative covariance factors in the units of the data, lme4's convention, one per term."""
        return [
            structure.factor(par) for structure, par in zip(self.structures, self.to_par(theta), strict=True)
        ]

    def from_original(self, par: Array) -> Array:
        """Whitened ``theta`` for parameters in lme4's units."""
        with np.errstate(over="ignore", invalid="ignore"):
            parts = [
                structure.search(structure.in_units(par[own], whitening.inverse))
                for (own, structure), whitening in zip(self.by_term, self.whitenings, strict=True)
            ]
        return np.concatenate([par[:0], *parts])

    @cached_property
    def has_slopes(self) -> bool:
        """Whether some term has more than an intercept."""
        return any(term.has_slopes for term in self.design.terms)

    @cached_property
    def structured(self) -> bool:
        """Whether some term has another structure than ``us``."""
        return any(not isinstance(structure, Unstructured) for structure in self.structures)

    @cached_property
    def fills_hulls(self) -> bool:
        """Whether the covariances of every term are all of a linear space, as Fisher scoring takes them to be."""
        return all(structure.fills_hull for structure in self.structures)

    def identity(self) -> Array:
        """``T = I`` in whitened units: random effects as variable as the residuals."""
        ones = [structure.from_sds(np.ones(structure.k)) for structure in self.structures]
        return np.concatenate([np.empty(0), *ones])

    @property
    def seen_coarsely(self) -> bool:
        """Whether a grid has few points along each effect, or none along its correlations."""
        vectors = [structure for structure in self.structures if structure.k > 1]
        seen_well = all(structure.has_rho for structure in vectors)  # their correlation has an axis
        return sum(self.ks) > 2 and self.has_slopes and not seen_well

    def shielded(self, theta: Array) -> Flags:
        """Whether some terms have vanished and others not, which may shield them, for each of (B, m)."""
        if len(self.ks) == 1 or not self.has_slopes:
            return np.zeros(len(theta), dtype=bool)
        gone = np.array([np.abs(T).max(axis=(1, 2)) < LACKING for T in self.many_roots(theta)[0]])
        return np.asarray(gone.any(axis=0) & ~gone.all(axis=0))

    def directions(self, theta: Array, factors: list[Array], scores: list[Array]) -> list[Array]:
        """``dSigma/dtheta_i`` times the scores: (levels, k, m) per factor."""
        if len(self.owned) == 1:  # all of it is the one term's
            return [self.structures[0].directions(theta, factors[0], scores[0])]
        m = self.n_theta
        out = [np.zeros((*score.shape, m)) for score in scores]
        for f, t, own in self.owned:
            part, structure = self.of_term[t], self.structures[t]
            out[f][:, own, part] = structure.directions(theta[part], factors[t], scores[f][:, own])
        return out

    def covariance_slopes(self, theta: Array, factors: list[Array]) -> list[Array]:
        """``dSigma/dtheta_i`` of each grouping factor, (..., m, k, k), at points (..., m)."""
        shape = theta.shape
        out = [np.zeros((*shape, factor.k, factor.k)) for factor in self.layout.factors]
        for f, t, own in self.owned:
            part = self.of_term[t]
            out[f][..., part, own, own] = self.structures[t].slopes(theta[..., part], factors[t])
        return out

    def spread(self, per_factor: list[Array]) -> tuple[Array, Array]:
        """Split per-factor columns into the leading factor's and the rest's."""
        m = per_factor[0].shape[2]
        rest = [part.reshape(-1, m) for part in per_factor[1:]]
        return per_factor[0], np.concatenate(rest) if rest else np.zeros((0, m))

    def second_order(self, theta: Array, factors: list[Array], slopes: list[Array]) -> Array:
        """``<slope, d2 Sigma>``: couples parameters of the same term."""
        if len(self.owned) == 1:
            return self.structures[0].second_order(theta, factors[0], slopes[0])
        m = self.n_theta
        hessian = np.zeros((m, m))
        for f, t, own in self.owned:
            part, structure = self.of_term[t], self.structures[t]
            hessian[part, part] = structure.second_order(theta[part], factors[t], slopes[f][own, own])
        return hessian

    def nearer_zero(self, x: Array, share: float) -> Array:
        """The same point with the standard deviations of ``theta``, its first entries, multiplied by ``share``."""
        if share == 1:
            return x
        m = self.n_theta
        scaled = [structure.scaled(x[own], share) for own, structure in self.by_term]
        return np.concatenate([*scaled, x[m:]])

    def further_opinions(self, search: Search) -> list[Place]:
        """Places worth a try beside each lower end: where structured terms may be otherwise and hardly fit worse."""
        places: list[Place] = []
        tried = [Place(why, x) for why, x in self.otherwise(search.x)]
        for place in sorted(self.evaluated(tried), key=lambda one: one.value or 0.0):
            is_first = place.why not in [other.why for other in places]
            if (place.value or 0.0) < search.value + (self.worth_a_try if is_first else HARDLY_WORSE):
                places.append(place._replace(value=None))
        return places

    def evaluated(self, places: Sequence[Place]) -> list[Place]:
        """With the value at each."""
        trials = [self.trial(place.x) for place in places]
        return [
            one._replace(trial=trial, value=trial.value) for one, trial in zip(places, trials, strict=True)
        ]

    def otherwise(self, x: Array) -> Iterator[tuple[str, Array]]:
        """The same points (..., m) with one structured term otherwise, and in words how."""
        for (own, structure), term in zip(self.by_term, self.design.terms, strict=True):
            for why, moved in structure.elsewhere(x[..., own]):
                other = x.copy()
                other[..., own] = moved
                yield f"{why} in {term.bar.term}", other
        if not self.knows_ends or len(self.structures) == 1:
            return
        for (own, structure), term in zip(self.by_term, self.design.terms, strict=True):
            if np.abs(structure.root(x[..., own])).max() > LACKING:
                other = x.copy()
                other[..., own] = structure.scaled(x[..., own], 0.01)
                yield f"next to none of {term.bar.term}", other

    def joins(self, ends: Sequence[Search]) -> Joins | None:
        """What tells that a point belongs to an end, as the quadratic model there foretells its value."""
        known = [
            (end, self._folded(end.x), end.curvature)
            for end in ends
            if self.knows_ends and end.converged and end.curvature is not None
        ]

        def end_of(x: Array, value: float) -> Search | None:
            for end, at, curvature in known:
                rise, away = value - end.value, self._folded(x) - at
                if rise > CLOSE or np.abs(away).max(initial=0.0) > NEARBY:
                    continue
                if abs(rise - 0.5 * float(away @ curvature @ away)) < AS_FORETOLD * rise + LOWER:
                    return end
            return None

        return end_of if known else None

    def _folded(self, x: Array) -> Array:
        """Of all points with the same structured covariances the one without signs of its own."""
        out = x.copy()
        for own, structure in self.by_term:
            if not isinstance(structure, Unstructured):
                out[own] = structure.search(structure.par(x[own]))
        return out

    def second_opinions(self, search: Search) -> list[Place]:
        """Other places worth a try: a singular vector-valued term is where criteria have several minima."""
        theta, rest = search.x[: self.n_theta], search.x[self.n_theta :]
        others = self.elsewhere(theta)
        if any(len(T) > 1 and nearly_singular(T, LACKING) for T in self.split(theta)):
            others |= {why: other[0] for why, other in self.beside_singular(theta[None]).items()}
        return [Place(why, np.concatenate([other, rest])) for why, other in others.items()]

    def elsewhere(self, theta: Array) -> dict[str, Array]:
        """Starts at both ends of the correlations, where structured terms leave nothing to the residuals.

        Then there may be a valley of moderate effects besides.
        """
        if not any(structure.has_rho for structure in self.structures):
            return {}
        if not any(np.abs(T).max() > FAR for T in self.split(theta)):
            return {}
        places = {"near the smallest correlations": -0.9, "near the largest correlations": 0.97}
        found = {why: self.turned(theta, place) for why, place in places.items()}
        return {**found, "small effects": self.nearer_zero(self.identity(), 0.3)}

    def turned(self, theta: Array, place: float) -> Array:
        """Moderate variances, and structured terms with their correlation at a place between its bounds."""
        shrunk = self.nearer_zero(theta, 1 / max(1.0, *(float(np.abs(T).max()) for T in self.split(theta))))
        for own, structure in self.by_term:
            if not isinstance(structure, Unstructured):
                sds = np.sqrt(np.diag(structure.covariance(structure.par(shrunk[own]))))
                shrunk[own] = structure.from_sds(np.maximum(sds, MODERATE), place)
        return shrunk

    def without_each(self, x: Array) -> list[Place]:
        """Next to none of each term that has some, so that terms that have vanished may take its place."""
        parts = self.split(x[: self.n_theta])
        vanished = [bool(np.abs(T).max() < LACKING) for T in parts]
        lifted = x.copy()
        for (own, structure), gone in zip(self.by_term, vanished, strict=True):
            if gone:
                lifted[own] = structure.from_sds(np.full(structure.k, LIFT))
        places = []
        for (own, structure), term, gone in zip(self.by_term, self.design.terms, vanished, strict=True):
            if not gone:
                at = lifted.copy()
                at[own] = structure.scaled(at[own], 0.01)
                places.append(Place(f"next to none of {term.bar.term}", at))
        return places

    def most_of_each(self, x: Array) -> list[Place]:
        """Each term but the one of the largest effects, in turn, with effects a few times larger than those."""
        sizes = [float(np.abs(T).max()) for T in self.split(x[: self.n_theta])]
        largest, places = max(sizes), []
        for (own, structure), term, size in zip(self.by_term, self.design.terms, sizes, strict=True):
            if size < largest:
                at = x.copy()
                at[own] = structure.from_sds(np.full(structure.k, FEW_TIMES * largest))
                places.append(Place(f"most of it of {term.bar.term}", at))
        return places

    def vector_singular(self, theta: Array) -> Flags:
        """Whether some term of several effects is singular, for each of (B, m)."""
        flags = np.zeros(len(theta), dtype=bool)
        for T in self.many_roots(theta)[0]:
            flags |= _singular(T)
        return flags

    def beside_singular(self, theta: Array) -> dict[str, Array]:
        """Starts beside a singular covariance of several effects, each (B, m): without it, and lifted off zero."""
        without, off_zero = theta.copy(), theta.copy()
        for (own, structure), T in zip(self.by_term, self.many_roots(theta)[0], strict=True):
            singular = _singular(T)
            if singular.any():
                chosen = theta[singular, own]
                off_zero[singular, own] = structure.lifted(chosen, T[singular], LIFT, LACKING)
                without[singular, own] = structure.scaled(chosen, 0.0)
        return {"without the singular terms": without, "off the edge of the singular terms": off_zero}

    def beside(self, search: Search, tolerance: float) -> Iterator[Array]:
        """Points a little way off the edge of the possible covariances, where that leads downhill.

        At the edge the criterion is level in ``theta`` though not in ``Sigma``: each structure knows its own.
        """
        point = search.state
        for f, t, own in self.owned:
            part, structure, T = self.of_term[t], self.structures[t], point.factors[t]
            if not structure.near_edge(search.x[part], T, LACKING):
                continue  # slopes are expensive in a large design
            slope = point.slopes[f][own, own]
            for moved in structure.beside(search.x[part], T, slope, LACKING, tolerance):
                x = search.x.copy()
                x[part] = moved
                yield x


def _singular(T: Array) -> Flags:
    """Whether an effect is next to none or a sum of others, where there are several, for T of (B, k, k)."""
    if T.shape[1] == 1:
        return np.zeros(len(T), dtype=bool)
    return np.asarray(np.linalg.svd(T, compute_uv=False)[:, -1] < LACKING)


def checked_par(terms: Terms, start: Any) -> Array:
    """Covariance parameters that a user gives, as an array.

    Parameters
    ----------
    terms : Terms
    start : sequence of float

    Raises
    ------
    ModelError
        If there are too many or too few, or if they are no finite numbers.
    """
    wanted = terms.n_theta
    try:
        par = np.asarray(start, dtype=float).ravel()
    except (TypeError, ValueError):
        raise ModelError(f"start must be {wanted} numbers, the theta of this model") from None
    if len(par) != wanted or not np.isfinite(par).all():
        raise ModelError(
            f"start has {len(par)} values, but theta of this model has {wanted}; give {wanted} finite "
            "numbers in lme4's order (each term's lower triangle, column by column; of a structured term the "
            "standard deviations over sigma, then the correlation)"
        )
    return par
