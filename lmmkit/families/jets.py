"""Functions of a few linear predictors that carry their partial derivatives along, up to the third order.

A model with several parts (mean, dispersion, extra zeros) needs the derivatives of one log density in all of
its linear predictors. A family writes its log density once, as a formula of jets, and the rules for sums,
products and chains do the rest (forward differentiation; Griewank and Walther 2008, *Evaluating Derivatives*,
chapter 13).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations, combinations_with_replacement
from typing import Any

import numpy as np

from ..numerics.arrays import Array, Flags

__all__ = ["Jet", "Key", "exp", "log", "softplus"]

#: Which partial derivative: the numbers of the predictors, in order; ``()`` is the value itself.
Key = tuple[int, ...]


@cache
def _keys(variables: tuple[int, ...], order: int, focus: tuple[int, ...] | None) -> tuple[Key, ...]:
    """All derivatives of first to highest order in some predictors; of the third ones those that are in focus."""
    keys = (key for k in range(1, order + 1) for key in combinations_with_replacement(variables, k))
    return tuple(key for key in keys if focus is None or len(key) < 3 or sum(i in focus for i in key) > 1)


@cache
def _splits(key: Key) -> tuple[tuple[Key, Key], ...]:
    """All ways to give each differentiation of a product to one of its two factors."""
    places = range(len(key))
    return tuple(
        (tuple(key[i] for i in chosen), tuple(key[i] for i in places if i not in chosen))
        for size in range(len(key) + 1)
        for chosen in combinations(places, size)
    )


class Jet:
    """A function of linear predictors, one value per row, with its partial derivatives.

    Parameters
    ----------
    parts : dict
        Derivative -> array of shape (n,); ``()`` is the value, ``(0, 1)`` the mixed second derivative in
        predictors 0 and 1. What is not there is zero.
    order : int
        Highest derivatives that are carried along.
    focus : tuple of int, optional
        Of the third derivatives carry only those that differentiate at least twice in these predictors.

    Examples
    --------
    >>> x, y = Jet.variable(np.array([2.0]), 0), Jet.variable(np.array([5.0]), 1)
    >>> product = x * x * y
    >>> float(product[0][0]), float(product[0, 1][0]), float(product[0, 0, 1][0])
    (20.0, 4.0, 2.0)
    """

    __slots__ = ("_variables", "focus", "order", "parts")
    __array_ufunc__ = None  # NumPy leaves sums and products with arrays to this class

    def __init__(self, parts: dict[Key, Array], order: int = 3, focus: tuple[int, ...] | None = None) -> None:
        self.parts, self.order, self.focus = parts, order, focus
        self._variables: tuple[int, ...] | None = None

    @classmethod
    def variable(
        cls, values: Array, number: int, order: int = 3, focus: tuple[int, ...] | None = None
    ) -> Jet:
        """Predictor number so-and-so itself."""
        return cls({(): values, (number,): np.ones_like(values)}, order, focus)

    @classmethod
    def constant(cls, values: Array, order: int = 3) -> Jet:
        """What does not depend on any predictor."""
        return cls({(): values}, order)

    @property
    def value(self) -> Array:
        """The function itself, shape (n,)."""
        return self.parts[()]

    @property
    def variables(self) -> tuple[int, ...]:
        """The predictors on which it depends."""
        if self._variables is None:
            self._variables = tuple(sorted([key[0] for key in self.parts if len(key) == 1]))
        return self._variables

    def __getitem__(self, key: int | Key) -> Array:
        wanted = (key,) if isinstance(key, int) else tuple(sorted(key))
        part = self.parts.get(wanted)
        return np.zeros_like(self.value) if part is None else part

    def through(self, outer: Callable[[Array], Sequence[Array]] | Sequence[Array]) -> Jet:
        """A function of this one (Faà di Bruno's formula).

        Parameters
        ----------
        outer : sequence of arrays, or callable
            The function and its derivatives at :attr:`value`; a callable gets that.
        """
        f = outer(self.value) if callable(outer) else outer
        u = self.parts.get
        out: dict[Key, Array] = {(): f[0]}
        for key in _keys(self.variables, self.order, self.focus):
            out[key] = _chained(f, u, key)
        return self._like(out)

    def _like(self, parts: dict[Key, Array]) -> Jet:
        return Jet(parts, self.order, self.focus)

    def take(self, rows: Flags) -> Jet:
        """The same for some rows."""
        return self._like({key: part[rows] for key, part in self.parts.items()})

    def plus_at(self, rows: Flags, other: Jet) -> Jet:
        """This one, and in some rows another one added to it."""
        out = {key: part.copy() for key, part in self.parts.items()}
        for key, part in other.parts.items():
            if key not in out:
                out[key] = np.zeros_like(self.value)
            out[key][rows] += part
        return self._like(out)

    def __add__(self, other: Any) -> Jet:
        if not isinstance(other, Jet):
            return self._like({**self.parts, (): self.value + other})
        out = dict(self.parts)
        for key, part in other.parts.items():
            out[key] = out[key] + part if key in out else part
        return Jet(out, self.order, self.focus or other.focus)

    __radd__ = __add__

    def __neg__(self) -> Jet:
        return self._like({key: -part for key, part in self.parts.items()})

    def __sub__(self, other: Any) -> Jet:
        if not isinstance(other, Jet):
            return self + -other
        out = dict(self.parts)
        for key, part in other.parts.items():
            out[key] = out[key] - part if key in out else -part
        return Jet(out, self.order, self.focus or other.focus)

    def __rsub__(self, other: Any) -> Jet:
        return -self + other

    def __mul__(self, other: Any) -> Jet:
        if not isinstance(other, Jet):
            return self._like({key: part * other for key, part in self.parts.items()})
        a, b = self.parts, other.parts
        both = tuple(sorted({*self.variables, *other.variables}))
        focus = self.focus or other.focus
        out: dict[Key, Array] = {(): self.value * other.value}
        for key in _keys(both, self.order, focus):
            products = [a[left] * b[right] for left, right in _splits(key) if left in a and right in b]
            if products:
                out[key] = sum(products[1:], start=products[0])
        return Jet(out, self.order, focus)

    __rmul__ = __mul__


def _chained(f: Sequence[Array], u: Callable[[Key], Array | None], key: Key) -> Array:
    """One partial derivative of ``f(u)``; `u` gives those of the inner function, None for zero."""
    first = [u((i,)) for i in key]
    if len(key) == 1:
        return _sum([_product(f[1], first[0])], f[0])
    if len(key) == 2:
        return _sum([_product(f[2], *first), _product(f[1], u(key))], f[0])
    i, j, k = key
    pairs = [(u((i, j)), first[2]), (u((i, k)), first[1]), (u((j, k)), first[0])]
    terms = [_product(f[3], *first), *(_product(f[2], *pair) for pair in pairs), _product(f[1], u(key))]
    return _sum(terms, f[0])


def _product(*factors: Array | None) -> Array | None:
    product: Array | None = None
    for factor in factors:
        if factor is None:
            return None
        product = factor if product is None else product * factor
    return product


def _sum(terms: Sequence[Array | None], like: Array) -> Array:
    present = [term for term in terms if term is not None]
    return sum(present[1:], start=present[0]) if present else np.zeros_like(like)


def exp(x: Jet) -> Jet:
    """``e`` to the power of it."""
    value = np.exp(x.value)
    return x.through((value, value, value, value))


def log(x: Jet) -> Jet:
    """Its natural logarithm."""
    r = 1 / x.value
    return x.through((np.log(x.value), r, -r * r, 2 * r**3))


def softplus(x: Jet) -> Jet:
    """``log(1 + exp(x))``, without overflow."""
    small = np.exp(-np.abs(x.value))
    value = np.log1p(small) + np.maximum(x.value, 0.0)
    if not x.variables:
        return Jet.constant(value, x.order)
    whole = 1 + small
    p = np.where(x.value > 0, 1.0, small) / whole
    q = small / (whole * whole)
    return x.through((value, p, q, q * (1 - 2 * p)) if x.order > 2 else (value, p, q))
