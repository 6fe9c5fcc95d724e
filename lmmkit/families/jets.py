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

#: A derivative: one value per row, or one for all rows.
Slope = Array | float
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
        predictors 0 and 1. What is not there is zero, and a derivative that is the same in every row may be a
        single number.
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

    def __init__(self, parts: dict[Key, Any], order: int = 3, focus: tuple[int, ...] | None = None) -> None:
        self.parts: dict[Key, Any] = parts  # the value is an array, the others are slopes
        self.order, self.focus = order, focus
        self._variables: tuple[int, ...] | None = None

    @classmethod
    def variable(
        cls, values: Array, number: int, order: int = 3, focus: tuple[int, ...] | None = None
    ) -> Jet:
        """Predictor number so-and-so itself."""
        return cls({(): values, (number,): 1.0}, order, focus)

    @classmethod
    def constant(cls, values: Array, order: int = 3) -> Jet:
        """What does not depend on any predictor."""
        return cls({(): values}, order)

    @property
    def value(self) -> Array:
        """The function itself, shape (n,)."""
        value: Array = self.parts[()]
        return value

    @property
    def variables(self) -> tuple[int, ...]:
        """The predictors on which it depends."""
        if self._variables is None:
            self._variables = tuple(sorted([key[0] for key in self.parts if len(key) == 1]))
        return self._variables

    def __getitem__(self, key: int | Key) -> Array:
        wanted = (key,) if isinstance(key, int) else tuple(sorted(key))
        part = self.parts.get(wanted)
        if part is None or type(part) is float:
            return np.full(self.value.shape, part or 0.0)
        return np.asarray(part)

    def through(self, outer: Callable[[Array], Sequence[Array]] | Sequence[Array]) -> Jet:
        """A function of this one (Faà di Bruno's formula).

        Parameters
        ----------
        outer : sequence of arrays, or callable
            The function and its derivatives at :attr:`value`; a callable gets that.
        """
        f = outer(self.value) if callable(outer) else outer
        u = self.parts.get
        out: dict[Key, Any] = {(): f[0]}
        for key in _keys(self.variables, self.order, self.focus):
            part = _chained(f, u, key)
            if part is not None:
                out[key] = part
        return self._like(out)

    def _like(self, parts: dict[Key, Any]) -> Jet:
        return Jet(parts, self.order, self.focus)

    def take(self, rows: Flags) -> Jet:
        """The same for some rows."""
        parts = self.parts.items()
        return self._like({key: part if type(part) is float else part[rows] for key, part in parts})

    def plus_at(self, rows: Flags, other: Jet) -> Jet:
        """This one, and in some rows another one added to it."""
        out = dict(self.parts)
        for key, part in other.parts.items():
            out[key] = np.array(self[key])
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
        out: dict[Key, Any] = {(): self.value * other.value}
        for key in _keys(both, self.order, focus):
            products = [_times(a[left], b[right]) for left, right in _splits(key) if left in a and right in b]
            if products:
                out[key] = sum(products[1:], start=products[0])
        return Jet(out, self.order, focus)

    __rmul__ = __mul__


def _chained(f: Sequence[Array], u: Callable[[Key], Slope | None], key: Key) -> Slope | None:
    """One partial derivative of ``f(u)``; `u` gives those of the inner function, None for zero."""
    if len(key) == 1:
        return _product(f[1], u(key))
    if len(key) == 2:
        return _sum(_product(f[2], u(key[:1]), u(key[1:])), _product(f[1], u(key)))
    i, j, k = key
    first, second, third = u((i,)), u((j,)), u((k,))
    return _sum(
        _product(f[3], first, second, third),
        _product(f[2], u((i, j)), third),
        _product(f[2], u((i, k)), second),
        _product(f[2], u((j, k)), first),
        _product(f[1], u(key)),
    )


def _product(outer: Array, *factors: Slope | None) -> Array | None:
    """An array times slopes; None where one of them is zero."""
    scale = 1.0
    for factor in factors:
        if factor is None:
            return None
        if type(factor) is float:
            scale *= factor
        else:
            outer = outer * factor
    return outer if scale == 1 else outer * scale


def _times(a: Slope, b: Slope) -> Slope:
    if type(a) is float:
        return b if a == 1 else a * b
    return a if type(b) is float and b == 1 else a * b


def _sum(*terms: Slope | None) -> Slope | None:
    total: Slope | None = None
    for term in terms:
        if term is not None:
            total = term if total is None else total + term
    return total


def exp(x: Jet) -> Jet:
    """``e`` to the power of it."""
    value = np.exp(x.value)
    return x.through((value, value, value, value))


def log(x: Jet) -> Jet:
    """Its natural logarithm."""
    r = 1 / x.value
    return x.through((np.log(x.value), r, -r * r, 2 * r**3))


def softplus(x: Jet, where: Array | None = None) -> Jet:
    """``log(1 + exp(x))``, without overflow; with `where`, an array of zeros and ones, nothing in some rows."""
    small = np.exp(-np.abs(x.value))
    value = np.log1p(small) + np.maximum(x.value, 0.0)
    if not x.variables:
        return Jet.constant(value if where is None else value * where, x.order)
    whole = 1 + small
    p = np.where(x.value > 0, 1.0, small) / whole
    q = small / (whole * whole)
    outer = (value, p, q, q * (1 - 2 * p)) if x.order > 2 else (value, p, q)
    return x.through(outer if where is None else [part * where for part in outer])
