"""The parts of a model with several linear predictors, and the log density of its rows in all of them.

The parts are the conditional mean, the extra zeros, the dispersion and the shape, in this order and as far as
a model has them. Extra zeros come with probability ``p``, whose logit is their linear predictor:

    f(0) = p + (1 - p) f_family(0),        f(y) = (1 - p) f_family(y),

and where the family itself gives no zeros (truncated counts, amounts, shares) this is a hurdle model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..design.design import Design, RandomTerm
from ..families.family import Family
from ..families.jets import Jet, softplus
from ..numerics.arrays import Array

__all__ = ["CONDITIONAL", "DISPERSION", "SHAPE", "ZERO_INFLATION", "Part", "PartRows", "Stack", "parts_of"]

CONDITIONAL, ZERO_INFLATION, DISPERSION, SHAPE = "conditional", "zero_inflation", "dispersion", "shape"


@dataclass(frozen=True)
class Part:
    """One linear predictor.

    Attributes
    ----------
    name : str
    X : array of shape (n, p)
    x_names : list of str
    offset : array of shape (n,)
    terms : list of RandomTerm
    """

    name: str
    X: Array
    x_names: list[str]
    offset: Array
    terms: list[RandomTerm]

    @classmethod
    def of(cls, name: str, design: Design) -> Part:
        """The part that a formula describes."""
        return cls(name, design.X, design.x_names, design.offset, design.terms)

    @classmethod
    def single(cls, name: str, n: int, known: float | None) -> Part:
        """A parameter that is the same in every row: an intercept, or a known value."""
        if known is None:
            return cls(name, np.ones((n, 1)), ["(Intercept)"], np.zeros(n), [])
        return cls(name, np.empty((n, 0)), [], np.full(n, known), [])

    def basis(self) -> tuple[Array, Array]:
        """Orthogonal columns of mean square one, and the triangle R with ``X = Q R``."""
        n, p = self.X.shape
        if p == 1 and (self.X[0] == self.X).all() and self.X[0, 0] > 0:
            return np.ones((n, 1)), self.X[:1]  # exactly constant, so that what depends on it is, too
        Q, R = np.linalg.qr(self.X)
        return Q * np.sqrt(n), R / np.sqrt(n)


def parts_of(design: Design, family: Family) -> list[Part]:
    """All linear predictors of a model, the conditional one first."""
    n, given = len(design.y), design.components
    parts = [Part.of(CONDITIONAL, design)]
    if ZERO_INFLATION in given:
        parts.append(Part.of(ZERO_INFLATION, given[ZERO_INFLATION]))
    if DISPERSION in given:
        parts.append(Part.of(DISPERSION, given[DISPERSION]))
    elif family.dispersion_name is not None:
        known = None if family.dispersion is None else float(np.log(family.dispersion))
        parts.append(Part.single(DISPERSION, n, known))
    if family.shape_name is not None:
        parts.append(Part.single(SHAPE, n, family.shape))
    return parts


@dataclass(frozen=True)
class PartRows:
    """The responses, and how they are distributed given all linear predictors.

    Attributes
    ----------
    y : array of shape (n,)
    trials : array of shape (n,) or None
        Numbers of trials of a binomial response.
    counts : array of shape (n,) or None
        How often each row counts.
    family : Family
    names : tuple of str
        The parts, in order.
    """

    y: Array
    trials: Array | None
    counts: Array | None
    family: Family
    names: tuple[str, ...]

    @classmethod
    def of(cls, design: Design, y: Array, family: Family, parts: Sequence[Part]) -> PartRows:
        """Those of a design."""
        counts, trials = design.weights, None
        if family.name in ("binomial", "beta_binomial"):
            trials = design.row_trials
            if counts is not None and trials is not None:
                counts = np.divide(counts, trials, out=np.zeros_like(counts), where=trials > 0)
                counts = None if (counts == 1).all() else counts
        return cls(y, trials, counts, family, tuple(part.name for part in parts))

    def at(
        self, etas: Sequence[Array], seeds: Sequence[int], order: int, focus: tuple[int, ...] | None = None
    ) -> Jet:
        """Log density of each row with its derivatives in some of the linear predictors.

        Parameters
        ----------
        etas : sequence of arrays (n,)
            One per part.
        seeds : sequence of int
            The parts in which to differentiate.
        order : int
            Highest derivatives.
        focus : tuple of int, optional
            Of the third derivatives only those that differentiate at least twice in these parts.
        """
        with np.errstate(all="ignore"):
            jets = [
                Jet.variable(eta, i, order, focus) if i in seeds else Jet.constant(eta, order)
                for i, eta in enumerate(etas)
            ]
            density = self._with_zeros(jets) if ZERO_INFLATION in self.names else self._of_family(jets)
            return density if self.counts is None else density * self.counts

    @cached_property
    def _zeros(self) -> Array:
        """1 where the response is zero, else 0."""
        return (self.y == 0).astype(float)

    def _of_family(self, jets: Sequence[Jet]) -> Jet:
        return self.family.log_density(self.y, self.trials, jets)

    def _with_zeros(self, jets: Sequence[Jet]) -> Jet:
        mean, zeros, *rest = jets
        if not self.family.has_zeros:
            zero = self.y == 0
            some = replace(self, y=np.where(zero, self.y[~zero][0], self.y))
            density = some._of_family([mean, *rest]) * (~zero).astype(float)
            return density.plus_at(zero, zeros.take(zero)) - softplus(zeros)
        density = self._of_family([mean, *rest])
        # log(p + (1-p) f) = log f + log(1 + exp(logit p - log f)) + log(1-p)
        return density + softplus(zeros - density, self._zeros) - softplus(zeros)


class Stack:
    """Rows that make one diagonal weight per row of a quadratic form in the two linear predictors with effects.

    With ``a x^2 + 2 b x y + c y^2 = (a - b) x^2 + (c - b) y^2 + b (x + y)^2``, each row becomes three: one with
    the random effects of the first part, one with those of the second, one with both. Everything that sums
    cross-products over rows then works as for one predictor. With effects in a single part nothing changes.

    Parameters
    ----------
    parts : list of Part
    """

    def __init__(self, parts: list[Part]) -> None:
        # Without any random effects the conditional part stands for one with none.
        self.random = [number for number, part in enumerate(parts) if part.terms] or [0]
        self.n = len(parts[0].offset)
        self.paired = len(self.random) == 2
        self.terms = [
            self._stacked(term, place)
            for place, number in enumerate(self.random)
            for term in parts[number].terms
        ]
        self.length = 3 * self.n if self.paired else self.n

    def _stacked(self, term: RandomTerm, place: int) -> RandomTerm:
        if not self.paired:
            return term
        none = np.zeros_like(term.Z)
        pieces = [term.Z, none, term.Z] if place == 0 else [none, term.Z, term.Z]
        return replace(term, codes=np.tile(term.codes, 3), Z=np.concatenate(pieces))

    def join(self, values: Sequence[Array]) -> Array:
        """One array (n,) or (n, p) per part with effects -> rows of the stack, for sums over levels."""
        if not self.paired:
            return values[0]
        return np.concatenate([*values, np.zeros_like(values[0])])

    def cut(self, rows: Array) -> list[Array]:
        """Rows of the stack -> one array (n,) per part with effects."""
        return [rows[: self.n], rows[self.n : 2 * self.n]] if self.paired else [rows]

    def weights(self, jet: Jet) -> Array:
        """Minus the second derivatives, as one weight per row of the stack."""
        if not self.paired:
            (r,) = self.random
            return -jet[r, r]
        r, s = self.random
        between = jet[r, s]
        return np.concatenate([between - jet[r, r], between - jet[s, s], -between])

    def convex_weights(self, jet: Jet) -> Array:
        """The same with the part taken away that curves upwards."""
        if not self.paired:
            (r,) = self.random
            return np.maximum(-jet[r, r], 0.0)
        r, s = self.random
        a, b, c = -jet[r, r], -jet[r, s], -jet[s, s]
        middle, half = (a + c) / 2, np.hypot((a - c) / 2, b)
        high, low = np.maximum(middle + half, 0.0), np.maximum(middle - half, 0.0)
        # the projection has the same axes: P = low I + (high - low) (M - lowest I) / (highest - lowest)
        share = np.divide(high - low, 2 * half, out=np.zeros_like(half), where=half > 0)
        a, b, c = low + share * (a - middle + half), share * b, low + share * (c - middle + half)
        return np.concatenate([a - b, c - b, b])

    def covariances(self, leverages: Array) -> dict[tuple[int, int], Array]:
        """Variances of the stack's rows given the data -> covariances of the parts' linear predictors."""
        if not self.paired:
            (r,) = self.random
            return {(r, r): leverages}
        r, s = self.random
        own, other, both = leverages.reshape(3, self.n)
        return {(r, r): own, (s, s): other, (r, s): (both - own - other) / 2}
