"""What every covariance structure can do: the ground on which the classes of this room stand."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..numerics.arrays import Array, Flags

__all__ = ["LENGTHS", "Structure"]

#: Standard deviations, relative to the residuals', that an effect without variance is tried with.
LENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0)


@dataclass(frozen=True)
class Structure(ABC):
    """How the covariance ``Sigma = sigma^2 T T'`` of one group's ``k`` effects depends on a few parameters.

    There are two sets of them. ``par`` is what a user sees, standard deviations relative to ``sigma`` and a
    correlation, as lme4 searches them. ``x`` is what the search moves: without bounds, and such that the
    criterion is smooth in it at the bounds of ``par``. Arrays of either may have leading axes.

    Parameters
    ----------
    k : int
        Effects per group.
    homogeneous : bool
        Whether all effects have the same standard deviation.

    Attributes
    ----------
    tag : str
        As a formula spells it.
    title : str
        In words.
    has_rho : bool
        Whether the last parameter is a single correlation.
    homogeneous_by_default : bool or None
        What the structure is without ``hom =``; None where that cannot be chosen.
    """

    k: int
    homogeneous: bool = False

    tag: ClassVar[str]
    title: ClassVar[str]
    homogeneous_by_default: ClassVar[bool | None] = None
    has_rho: ClassVar[bool] = False

    @property
    @abstractmethod
    def size(self) -> int:
        """Number of parameters."""

    @abstractmethod
    def names(self, effects: Sequence[str]) -> list[str]:
        """Names of the entries of ``par``, as lme4 has them without the group's name."""

    @property
    @abstractmethod
    def n_sds(self) -> int:
        """Number of standard deviations among the parameters as people read them."""

    @abstractmethod
    def labels(self, effects: Sequence[str]) -> list[str]:
        """Names of standard deviations, then correlations, as ``confint`` has them: ``sd_x``, ``cor_rho``."""

    @abstractmethod
    def reading(self, par: Array) -> Array:
        """Their values (..., r); standard deviations relative to ``sigma``, NaN for a correlation of nothing."""

    @property
    @abstractmethod
    def bounds(self) -> tuple[Array, Array]:
        """Smallest and largest value of each entry of ``par``."""

    # ---- from one to the other ----

    @abstractmethod
    def factor(self, par: Array) -> Array:
        """The lower triangle ``T`` (..., k, k) of the parameters (..., m)."""

    @abstractmethod
    def par(self, x: Array) -> Array:
        """Parameters as users see them, from those of the search."""

    @abstractmethod
    def search(self, par: Array) -> Array:
        """The inverse of :meth:`par`."""

    @abstractmethod
    def in_units(self, par: Array, units: Array) -> Array:
        """``par`` when ``Z`` is divided by the lower triangle ``units`` (k, k), that is for ``units @ T``."""

    def par_in_units(self, x: Array, units: Array) -> Array:
        """:meth:`in_units` of what the search has."""
        return self.in_units(self.par(x), units)

    @abstractmethod
    def unit_free(self, par: Array, squares: Array) -> Array:
        """``par`` for predictors of mean square one, given the mean squares (k,) that they have."""

    @abstractmethod
    def theta(self, T: Array) -> Array:
        """The distinct entries of ``T`` by columns: lme4's ``getME(fit, "theta")``."""

    @abstractmethod
    def theta_names(self, effects: Sequence[str]) -> list[str]:
        """Their names without the group's name."""

    def entry_of_sd(self, sd: float) -> tuple[float, float, float]:
        """The entry of ``x`` of a standard deviation, and its derivatives by the logarithm of that."""
        return sd, sd, sd

    def root(self, x: Array) -> Array:
        """``T`` at a point of the search."""
        return self.factor(self.par(x))

    # ---- what the search asks ----

    @abstractmethod
    def units(self, mean_crossproduct: Array) -> Array:
        """Units of the effects in which the search is easy: a lower triangle ``A`` that ``T`` may be multiplied by.

        Parameters
        ----------
        mean_crossproduct : array of shape (k, k)
            Mean over the rows of ``z z'``.
        """

    @abstractmethod
    def from_sds(self, sds: Array, place: float | Array | None = None) -> Array:
        """``x`` of effects with these standard deviations (k,); of many with (..., k) where all share a correlation.

        Parameters
        ----------
        sds : array of shape (k,) or (..., k)
        place : float or array, optional
            Where the correlation stands between its smallest value, -1, and its largest, 1; by default it is 0.
        """

    @abstractmethod
    def gradient(self, x: Array, T: Array, slope: Array) -> Array:
        """Derivative (..., m) by ``x`` of what has the derivative ``slope`` (..., k, k) by ``Sigma``."""

    @abstractmethod
    def second_order(self, x: Array, T: Array, slope: Array) -> Array:
        """``<slope, d2 Sigma / dx dx>``, (..., m, m)."""

    @abstractmethod
    def directions(self, x: Array, T: Array, score: Array) -> Array:
        """``dSigma/dx_i`` times each level's score (..., levels, k): shape (..., levels, k, m)."""

    @abstractmethod
    def slopes(self, x: Array, T: Array) -> Array:
        """``dSigma/dx``, (..., m, k, k)."""

    @abstractmethod
    def scaled(self, x: Array, share: float) -> Array:
        """The same with all standard deviations multiplied by a number."""

    @abstractmethod
    def near_covariance(self, covariance: Array) -> Array | None:
        """Parameters of the search (m,) whose covariance is (k, k) or near to it; None at an edge or beyond."""

    def near_covariances(self, covariances: Array) -> Array:
        """The same for many of them, (B, k, k): (B, m), NaN at an edge or beyond."""
        nothing = np.full(self.size, np.nan)
        found = [self.near_covariance(own) for own in covariances]
        return np.array([nothing if one is None else one for one in found]).reshape(-1, self.size)

    @abstractmethod
    def settled(self, x: Array) -> Array:
        """The same with zero for standard deviations that change no fitted value visibly."""

    @abstractmethod
    def lifted(self, x: Array, T: Array, size: float, lacking: float) -> Array:
        """Off the edge, (B, m): with a variance of ``size`` squared in the directions in which there is none."""

    @abstractmethod
    def near_edge(self, x: Array, T: Array, lacking: float) -> bool:
        """Whether a point (m,) is so near an edge that :meth:`beside` has anything to say."""

    @abstractmethod
    def beside(self, x: Array, T: Array, slope: Array, lacking: float, tolerance: float) -> Iterator[Array]:
        """Points of the search off the edge that promise, to first order in ``Sigma``, to be lower."""

    def may_leave(self, slopes: Array, tolerance: float) -> Flags:
        """Where the derivatives (B, k, k) by ``Sigma`` do not rule out that :meth:`beside` finds anything."""
        return np.ones(len(slopes), dtype=bool)

    def elsewhere(self, x: Array) -> Iterator[tuple[str, Array]]:
        """Where else than at points (..., m) the criterion may have a valley, and in words why."""
        yield from ()

    def grown(self, x: Array) -> Iterator[Array]:
        """The same point (m,) with one standard deviation much larger, each in turn, where there is a correlation."""
        yield from ()

    @abstractmethod
    def nudged(self, x: Array, size: float) -> Array:
        """One point (m,) off all edges: no standard deviation below ``size``."""

    @abstractmethod
    def at_edge(self, par: Array, tolerance: float) -> Flags:
        """Whether some parameter stands at its bound, so that the covariance is singular: (...)."""

    # ---- what inference asks ----

    @abstractmethod
    def tangents(self, x: Array, T: Array) -> Array:
        """A basis (r, k, k) of the directions in which ``Sigma`` can move, also from its edge."""

    @abstractmethod
    def tangent_rates(self, x: Array, T: Array) -> Array:
        """``dSigma/dx`` in terms of the tangents, (r, m)."""

    @abstractmethod
    def hull(self) -> Array:
        """A basis (h, k, k) of the smallest linear space that has all its covariances."""

    @property
    @abstractmethod
    def fills_hull(self) -> bool:
        """Whether every covariance in that space is one of its own."""

    def own_pairs(self) -> Flags:
        """For each pair of effects, down the columns, whether the structure's single correlation is theirs."""
        return np.zeros(self.k * (self.k - 1) // 2, dtype=bool)

    def contains(self, other: Structure) -> bool:
        """Whether it can be what the other is, for the same effects."""
        if self.fills_hull:
            return np.linalg.matrix_rank(_flat(self.hull(), other.hull())) == len(self.hull())
        kind = type(other) is type(self) or other.tag == "diag"
        return kind and (other.homogeneous or not self.homogeneous)

    def is_line(self, direction: Array) -> bool:
        """Whether ``direction direction'`` is one of its covariances, that is effects which are all multiples of one.

        Examples
        --------
        >>> from lmmkit.structures.known import structure_of
        >>> even, rising = np.ones(3), np.arange(3.0)
        >>> [structure_of("cs", 3, hom).is_line(way) for hom in (True, False) for way in (even, rising)]
        [True, False, True, True]
        >>> structure_of("diag", 3, False).is_line(even)
        False
        """
        sds = np.abs(direction)
        edges = [[bound[-1]] for bound in self.bounds] if self.has_rho else [[]]
        wanted = np.outer(direction, direction)
        return any(
            _close(self.covariance(np.array([*sds[: self.n_sds], *rho])), wanted, 1e-10) for rho in edges
        )

    def of_covariance(self, covariance: Array) -> Array | None:
        """``par`` whose covariance this is, up to rounding; None where it does not have the structure's pattern.

        Examples
        --------
        >>> from lmmkit.structures.known import structure_of
        >>> structure_of("ar1", 3, True).of_covariance(np.array([[4, 2, 1], [2, 4, 2], [1, 2, 4.0]]))
        array([2. , 0.5])
        """
        sds = np.sqrt(covariance.diagonal())
        par = sds[: self.n_sds]
        if self.has_rho:
            products = sds[:-1] * sds[1:]
            i = int(products.argmax())
            rho = covariance[i, i + 1] / products[i] if products[i] > 0 else 0.0
            low, high = (bound[-1] for bound in self.bounds)
            par = np.append(par, min(max(rho, low), high))
        return par if _close(self.covariance(par), covariance, 1e-6) else None

    def simpler(self) -> list[Structure]:
        """Those with fewer parameters that it is tested against."""
        return []

    def covariance(self, par: Array) -> Array:
        """``T T'``, (..., k, k)."""
        T = self.factor(par)
        return np.asarray(T @ np.swapaxes(T, -1, -2))


def _close(one: Array, other: Array, share: float) -> bool:
    """Whether two covariances differ by less than a share of the largest variance."""
    return bool(np.allclose(one, other, rtol=0, atol=share * float(np.abs(other).max())))


def _flat(*bases: Array) -> Array:
    """Matrices of several bases as rows."""
    return np.concatenate([basis.reshape(len(basis), -1) for basis in bases])
