"""A coarse look at the whole criterion, to see in which valleys a search should begin.

The criterion may have several minima: where a slope has no fixed part, where group means lie on a line, where
a predictor stays far from zero. A grid over the standard deviations of the random effects shows them: every
point that is lower than its neighbours begins a valley.

What depends on ``theta`` alone is worked out once for all points of the grid. With the leading grouping factor
swept out by ``M = T (T'G T + I)^-1 T'`` and ``L`` the Cholesky factor of what is left, a response costs

    r2 = y'y - (lead'y)' M lead'y - |L^-1 Lambda' ([rest Q]'y - [rest Q]'lead M lead'y)|^2,

a few small products for the whole grid.
"""

from __future__ import annotations

from functools import cache, cached_property
from itertools import product
from typing import NamedTuple, TypeVar

import numpy as np
from scipy.sparse import csr_array

from ..crossprod.layout import Layout, Sums
from ..numerics.arrays import Array, Flags, Index
from ..numerics.small import cholesky_of_each, pivots
from ..structures.structure import Structure
from ..structures.unstructured import Unstructured
from .level_blocks import distinct_blocks
from .theta import Terms

Values = TypeVar("Values", Array, Index)

__all__ = [
    "ENDS",
    "FAR_ENDS",
    "Grid",
    "Parts",
    "beyond",
    "dense_parts",
    "grid_thetas",
    "products",
    "ring_thetas",
    "swept",
    "valleys",
]

#: Smallest and largest standard deviation of an effect, relative to the residuals', in whitened units.
ENDS = (0.05, 100.0)
#: And where a search has ended beyond them.
FAR_ENDS = (0.05, 3e4)
#: Points along each axis, by the number of axes; and where the criterion must be evaluated at each, one by one.
FINE = {1: 16, 2: 9, 3: 7, 4: 5}
COARSE = {1: 8, 2: 5, 3: 4, 4: 3}
#: Correlations that a pair of effects is tried with.
CORRELATIONS = (-0.98, 0.0, 0.98)
#: And places between their bounds that the correlations of structured terms are tried at, both edges included.
PLACES = (-0.98, -0.6, 0.0, 0.5, 0.9, 0.999)
#: The same where standard deviations take three axes or more, of few points and of many.
FEWER_PLACES = {False: (0.0,), True: (-0.6, 0.0, 0.9)}
#: Numbers that a grid may hold, and multiplications that it may cost: a few evaluations of the criterion.
MOST_NUMBERS = 2_000_000
MOST_WORK = 10_000_000
#: How much more of these it may be where each point would be evaluated alone otherwise.
SAVED = 8
#: Responses whose values are computed together.
SIDE_BY_SIDE = 128


class Parts(NamedTuple):
    """``Z'Z`` of a small design as dense arrays.

    Attributes
    ----------
    lead : array of shape (q, k, k)
        ``lead'lead``.
    cross : array of shape (q, k, R + p)
        ``lead'[rest Q]``.
    other : array of shape (R + p, R + p)
        ``[rest Q]'[rest Q]``.
    """

    lead: Array
    cross: Array
    other: Array


def dense_parts(layout: Layout, sums: Sums, p: int) -> Parts:
    """The sums of a design with ``D = [Q y]``, of which the first ``p`` columns are taken."""
    width = layout.width
    cross = np.zeros((layout.lead.q, layout.lead.k, width))
    if layout.dense:
        cross[...] = sums.cross
    else:
        cross[layout.cross_level, :, layout.cross_column] = sums.cross
    rest = np.zeros((0, 0))
    if width and isinstance(sums.rest, csr_array):  # one matrix already
        rest = np.asarray(sums.rest.toarray())
    elif width:
        whole = layout.pieces.matrix(sums.rest)
        rest = np.asarray(whole if isinstance(whole, np.ndarray) else whole.toarray())
    other = np.empty((width + p, width + p))
    other[:width, :width], other[width:, width:] = rest, sums.dd[:p, :p]
    other[:width, width:], other[width:, :width] = sums.rest_d[:, :p], sums.rest_d[:, :p].T
    return Parts(sums.lead, np.concatenate([cross, sums.lead_d[..., :p]], axis=2), other)


def swept(lead: Array, root: Array, counts: Array | None = None) -> tuple[Array, Array]:
    """The leading factor swept out, for many covariances at once.

    Parameters
    ----------
    lead : array of shape (q, k, k)
        ``G_l``, the leading factor's own blocks.
    root : array of shape (B, k, k)
        Relative covariance factors ``T``.
    counts : array of shape (q,), optional
        How many levels have each block.

    Returns
    -------
    tuple
        ``M = T (T'G T + I)^-1 T'`` per level, (B, q, k, k), and ``sum_l log |T'G_l T + I|``, (B,). Where that
        overflows they are NaN or infinite.
    """
    k = lead.shape[1]
    if k == 1:
        sigma = root**2
        spread = 1.0 + sigma[:, :, 0] * lead[:, 0, 0]  # (B, q)
        return (sigma[:, :, 0] / spread)[:, :, None, None], _summed(np.log(spread), counts)
    if k == 2:
        # (S^-1 + G)^-1 by the adjugates of 2 x 2 matrices.
        first, second = root[:, :, 0], root[:, :, 1]
        sigma = first[:, :, None] * first[:, None, :] + second[:, :, None] * second[:, None, :]
        size = (root[:, 0, 0] * root[:, 1, 1] - root[:, 0, 1] * root[:, 1, 0]) ** 2
        adjugate = lead.reshape(-1, 4)[:, [3, 1, 2, 0]] * (1.0, -1.0, -1.0, 1.0)
        determinant = lead[:, 0, 0] * lead[:, 1, 1] - lead[:, 0, 1] ** 2
        flat = sigma.reshape(-1, 4)
        spread = 1.0 + flat @ lead.reshape(-1, 4).T + size[:, None] * determinant
        numerator = flat[:, None, :] + size[:, None, None] * adjugate
        return (numerator / spread[:, :, None]).reshape(*spread.shape, 2, 2), _summed(np.log(spread), counts)
    inside = root.transpose(0, 2, 1)[:, None] @ lead @ root[:, None] + np.eye(k)
    sign, size = np.linalg.slogdet(inside)
    middle = np.linalg.inv(np.where(np.isfinite(inside), inside, np.eye(k)))
    swept = root[:, None] @ middle @ root.transpose(0, 2, 1)[:, None]
    return swept, _summed(np.where(sign > 0, size, np.inf), counts)


def _summed(of_levels: Array, counts: Array | None) -> Array:
    """Sums over the levels, (B,), of (B, q)."""
    return np.asarray(of_levels.sum(axis=1) if counts is None else of_levels @ counts)


@cache
def grid_thetas(
    structures: tuple[Structure, ...], fine: bool = True, ends: tuple[float, float] = ENDS
) -> tuple[Array, tuple[int, ...]]:
    """The points of the grid, whitened, and the number of them along each of its axes.

    Parameters
    ----------
    structures : tuple of Structure
        Of each term's covariance.
    fine : bool
        Many points or few.
    ends : (float, float)
        Smallest and largest standard deviation of an effect.

    Returns
    -------
    tuple
        Points (G, m), and the shape whose product is G.

    Notes
    -----
    Up to three effects, in terms of one or two, have an axis each, unless they have one standard deviation for
    all; otherwise the effects of a term share one, and beyond four terms all do. A single pair of effects is
    tried with several correlations, and so are terms whose structure has a single one, all at the same place
    between its bounds.

    Examples
    --------
    >>> from lmmkit.structures.known import structure_of
    >>> scalar, pair = structure_of("us", 1, False), structure_of("us", 2, False)
    >>> grid_thetas((scalar, scalar))[1]
    (9, 9)
    >>> grid_thetas((pair,))[1]
    (9, 9, 3)
    >>> grid_thetas((structure_of("cs", 2, True),))[1]
    (16, 6)
    """
    ks = tuple(structure.k for structure in structures)
    effects, terms = sum(ks), len(ks)
    if effects <= 3 and max(ks) <= 2:
        firsts = [not structure.homogeneous or i == 0 for structure in structures for i in range(structure.k)]
        axis = np.cumsum(firsts) - 1
    elif terms <= 4:
        axis = np.repeat(np.arange(terms), ks)
    else:
        axis = np.zeros(effects, dtype=int)
    number = int(axis[-1]) + 1
    sds = np.geomspace(*ends, (FINE if fine else COARSE)[number])
    places: tuple[float | None, ...] = (None,)
    if any(structure.has_rho for structure in structures):
        places = (PLACES if fine else (PLACES[1], PLACES[-2])) if number < 3 else FEWER_PLACES[fine]
    elif ks == (2,) and isinstance(structures[0], Unstructured):
        places = CORRELATIONS
    along_axes = [np.array(at)[axis] for at in product(sds, repeat=number)]
    points = [_theta(structures, own, place) for own in along_axes for place in places]
    shape = (len(sds),) * number + ((len(places),) if len(places) > 1 else ())
    return np.array(points), shape


def beyond(terms: Terms, theta: Array) -> Flags:
    """Whether some effect is larger than the grid looks at, for each ``theta`` of (B, m)."""
    sizes = [np.abs(T).max(axis=(1, 2)) for T in terms.many_roots(theta)[0]]
    return np.asarray(np.max(sizes, axis=0) > ENDS[1])


@cache
def ring_thetas() -> tuple[Array, tuple[int, ...]]:
    """Singular covariances of a pair of effects, correlations of plus and minus one: angles and sizes.

    Examples
    --------
    >>> ring_thetas()[1]
    (24, 10)
    """
    angles = np.pi * (np.arange(24) - 12) / 24
    sizes = np.geomspace(*ENDS, 10)
    points = [
        (size * np.cos(angle), size * np.sin(angle), 0.01 * size) for angle, size in product(angles, sizes)
    ]
    return np.array(points), (len(angles), len(sizes))


def _theta(structures: tuple[Structure, ...], sds: Array, place: float | None) -> Array:
    """Effects with these standard deviations; ``place`` is that of the correlations, where there are any."""
    stops = np.cumsum([structure.k for structure in structures])
    parts = np.split(sds, stops[:-1])
    return np.concatenate(
        [structure.from_sds(own, place) for structure, own in zip(structures, parts, strict=True)]
    )


class Grid:
    """The criterion of a small design on a coarse grid, for any response.

    Parameters
    ----------
    terms : Terms
        The random-effects terms.
    parts : Parts
    reml : bool
    nu : int or None
        Which criterion, and its degrees of freedom; None where the residual variance is known to be one.
    points : (array of shape (G, m), tuple of int), optional
        The points and the number of them along each axis; by default those of :func:`grid_thetas`.

    Attributes
    ----------
    thetas : array of shape (G, m)
        Whitened.
    shape : tuple of int
        Numbers of points along the axes.
    """

    def __init__(
        self,
        terms: Terms,
        parts: Parts,
        reml: bool,
        nu: int | None,
        points: tuple[Array, tuple[int, ...]] | None = None,
    ) -> None:
        self.thetas, self.shape = grid_thetas(tuple(terms.structures)) if points is None else points
        self.reml, self.nu, self.parts, self._layout = reml, nu, parts, terms.layout
        self._roots = terms.many_roots(self.thetas)[1]
        lead, self._kind = distinct_blocks(parts.lead)
        self._alike = len(lead) == 1
        counts = None if len(lead) == len(self._kind) else np.bincount(self._kind).astype(float)
        with np.errstate(all="ignore"):
            self._M, self._lead_logdet = swept(lead, self._roots[0], counts)

    @staticmethod
    def suits(terms: Terms, p: int, few: tuple[Array, tuple[int, ...]] | None = None) -> bool:
        """Whether it costs no more than a few evaluations of the criterion; of few points, than as many of them."""
        lead = terms.layout.lead
        points = len((few or grid_thetas(tuple(terms.structures)))[0])
        w, rows = terms.layout.width + p, lead.q * lead.k
        numbers = points * (w * (w + rows) + rows * lead.k)
        work = (points + 10) * (rows * lead.k * w**2 + 2 * w**3)
        return numbers <= MOST_NUMBERS and work <= MOST_WORK * (SAVED if few else 1)

    @classmethod
    def of(cls, terms: Terms, sums: Sums, p: int, reml: bool, nu: int | None) -> Grid | None:
        """The grid of a design, or None where it would be expensive."""
        return cls(terms, dense_parts(terms.layout, sums, p), reml, nu) if cls.suits(terms, p) else None

    def _systems(self, parts: Parts) -> Array:
        """What is left of ``[rest Q]`` or ``[rest Q y]`` at every point, (G, w, w)."""
        G, R, w = len(self.thetas), self._layout.width, len(parts.other)
        table = self._products(parts.cross)
        system = parts.other - (self._M.reshape(G, -1) @ table).reshape(G, w, w)
        if R:
            system = _times_roots(system, self._roots, self._layout).transpose(0, 2, 1)
            system = _times_roots(system, self._roots, self._layout)
            system[:, range(R), range(R)] += 1.0
        return system

    def _logdet(self, squares: Array) -> Array:
        """The log determinant at every point, (G,), for the squared diagonals of the factors, (G, w)."""
        columns = self.parts.other.shape[0] if self.reml else self._layout.width
        return np.asarray(self._lead_logdet + np.log(squares[:, :columns]).sum(axis=1))

    def _products(self, cross: Array) -> Array:
        """:func:`products`, summed over levels that have the same block."""
        kinds = self._M.shape[1]
        if kinds == len(cross):
            return products(cross)
        return np.concatenate([_summed_products(cross[self._kind == kind]) for kind in range(kinds)])

    def value(self, parts: Parts) -> Array:
        """The criterion of a single response at every point, up to a constant.

        Parameters
        ----------
        parts : Parts
            Of ``[rest Q y]``.

        Returns
        -------
        array of shape (G,)
            Infinite where the criterion overflows.
        """
        with np.errstate(all="ignore"):
            squares = pivots(self._systems(parts))
            usable = np.asarray((squares > 0).all(axis=1))
            return self._criterion(self._logdet(squares), squares[:, -1], usable)

    def values(self, lead: Array, rest: Array, q_y: Array, y_y: Array) -> Array:
        """The same for many responses.

        Parameters
        ----------
        lead, rest, q_y, y_y : arrays of shape (B, q, k), (B, R), (B, p) and (B,)
            Sums of the responses.

        Returns
        -------
        array of shape (B, G)
        """
        own = np.concatenate([rest, q_y], axis=1)
        out = np.empty((len(lead), len(self.thetas)))
        for start in range(0, len(lead), SIDE_BY_SIDE):
            some = slice(start, start + SIDE_BY_SIDE)
            out[some] = self._values_of_few(lead[some], own[some], y_y[some])
        return out

    def _values_of_few(self, lead: Array, own: Array, y_y: Array) -> Array:
        """The same for so few, (B, G), that what is computed stays near the processor."""
        white, logdet, usable = self._of_design
        features, explained = self._by_lead(lead)
        halves = (white @ np.concatenate([own.T, features])).reshape(len(logdet), own.shape[1], len(lead))
        explained += np.square(halves, out=halves).sum(axis=1)
        with np.errstate(all="ignore"):
            return self._criterion(logdet, y_y[:, None] - explained.T, usable)

    def _criterion(self, logdet: Array, r2: Array, usable: Flags) -> Array:
        value = logdet + (r2 if self.nu is None else self.nu * np.log(r2))
        return np.where(usable & np.isfinite(value), value, np.inf)

    @cached_property
    def _of_design(self) -> tuple[Array, Array, Flags]:
        """``L^-1 Lambda'`` beside what it makes of the leading factor, the log determinant, and what is usable.

        The first is (G (R + p), R + p + F): times ``[rest Q]'y`` and the F features of :meth:`_by_lead` it is
        ``L^-1 Lambda' ([rest Q]'y - [rest Q]'lead M lead'y)``.
        """
        with np.errstate(all="ignore"):
            systems = self._systems(self.parts)
            lower, broken = cholesky_of_each(systems)
            logdet = self._logdet(lower.diagonal(axis1=1, axis2=2) ** 2)
            transposed = [root.transpose(0, 2, 1) for root in self._roots]
            white = _times_roots(np.asarray(np.linalg.inv(lower)), transposed, self._layout)
            both = np.concatenate([white, -self._through_lead(white)], axis=2)
        return both.reshape(both.shape[0] * both.shape[1], both.shape[2]), logdet, ~broken

    def _through_lead(self, white: Array) -> Array:
        """``white [rest Q]'lead M`` by the features of :meth:`_by_lead`, (G, R + p, F)."""
        (q, k, w), G = self.parts.cross.shape, len(self.thetas)
        if self._alike:
            M = self._M.reshape(G, 1, k * k, 1)
            return np.asarray((M * white[:, :, None, :]).reshape(G, w, k * k * w))
        # All points side by side: a product per level is fast, one per level and point is not.
        of_level = self._M[:, self._kind].transpose(1, 0, 2, 3).reshape(q, G * k, k) @ self.parts.cross
        return np.asarray(white @ of_level.reshape(q, G, k, w).transpose(1, 3, 0, 2).reshape(G, w, q * k))

    def _by_lead(self, lead: Array) -> tuple[Array, Array]:
        """What the criterion needs of ``lead'y``, (F, B), and ``y'lead M lead'y``, (G, B), of responses (B, q, k).

        Where all levels have one block, the features are sums over the levels; else ``lead'y`` itself.
        """
        (B, q, k), (G, w) = lead.shape, (len(self.thetas), self.parts.cross.shape[2])
        if self._alike:
            pairs = self.parts.cross.reshape(q, k * w).T @ lead.transpose(1, 0, 2).reshape(q, B * k)
            features = pairs.reshape(k, w, B, k).transpose(0, 3, 1, 2).reshape(k * k * w, B)
            return features, self._M.reshape(G, k * k) @ (lead.transpose(0, 2, 1) @ lead).reshape(B, -1).T
        squares = (lead[..., :, None] * lead[..., None, :]).reshape(B, -1)
        return lead.reshape(B, q * k).T, self._M[:, self._kind].reshape(G, -1) @ squares.T


def valleys(values: Array, shape: tuple[int, ...], most: int) -> Index:
    """The points of a grid that are lower than all their neighbours, the lowest first.

    Parameters
    ----------
    values : array of shape (B, G)
        The criterion of each of B responses.
    shape : tuple of int
        Numbers of points along the axes.
    most : int
        So many at most.

    Returns
    -------
    array of shape (B, most)
        Numbers of grid points; -1 where there is none.

    Examples
    --------
    >>> valleys(np.array([[3.0, 1.0, 2.0, 0.5]]), (4,), 3)
    array([[ 3,  1, -1]])
    """
    grids = values.reshape(-1, *shape)
    lowest = ((grids <= _lowest_around(grids)) & np.isfinite(grids)).reshape(values.shape)
    if most and (lowest.sum(axis=1) == 1).all():  # what follows tells equal points apart
        found = np.full((len(values), most), -1)
        found[:, 0] = lowest.argmax(axis=1)
        return found
    order = np.argsort(values, axis=1, kind="stable")
    rank, row = np.empty_like(order), np.arange(len(order))[:, None]
    rank[row, order] = np.arange(order.shape[1])  # no two are equal
    around = _lowest_around(rank.reshape(-1, *shape)).reshape(rank.shape)
    none = order.shape[1]
    ranks = np.sort(np.where(np.isfinite(values) & (rank == around), rank, none), axis=1)[:, :most]
    return np.asarray(np.where(ranks < none, order[row, np.minimum(ranks, none - 1)], -1))


def _lowest_around(grids: Values) -> Values:
    """The lowest number among each point of a grid and its neighbours, along diagonals too, (B, *shape)."""
    lowest = grids.copy()
    for axis in range(1, grids.ndim):
        along = lowest.swapaxes(0, axis)  # a view
        first, second = along[:-1], along[1:]
        pairs = np.minimum(first, second)
        np.minimum(first, pairs, out=first)
        np.minimum(second, pairs, out=second)
    return lowest


def products(cross: Array) -> Array:
    """Products of the entries of ``lead'[rest Q]`` within each level, (q k k, (R + p)^2)."""
    q, k, width = cross.shape
    return np.einsum("qai,qbj->qabij", cross, cross).reshape(q * k * k, width * width)


def _summed_products(cross: Array) -> Array:
    """:func:`products` summed over the levels, (k k, (R + p)^2)."""
    q, k, width = cross.shape
    flat = cross.reshape(q, k * width)
    return (flat.T @ flat).reshape(k, width, k, width).transpose(0, 2, 1, 3).reshape(k * k, width * width)


def _times_roots(matrix: Array, roots: list[Array], layout: Layout) -> Array:
    """``matrix @ diag(Lambda of the rest, I)`` on the last axis, (G, r, R + p)."""
    out = matrix.copy()
    for f, factor in enumerate(layout.rest):
        own = slice(int(layout.starts[f]), int(layout.starts[f + 1]))
        part = matrix[..., own].reshape(*matrix.shape[:2], factor.q, factor.k)
        out[..., own] = (part @ roots[1 + f][:, None]).reshape(*matrix.shape[:2], -1)
    return out
