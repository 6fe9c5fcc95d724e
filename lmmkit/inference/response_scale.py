"""From the linear predictor to the response as it was measured: the inverse of the link and of the response's
own function, as in ``log(y) ~ x``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from ..fitted.fit import Fit
from ..formula.functions import arguments, literal
from ..formula.syntax import read
from ..formula.tree import Binary, FunctionCall, Literal, Node, Paren, Unary, write
from ..numerics.arrays import Array

__all__ = ["ResponseScale"]

Function = Callable[[Array], Array]


@dataclass(frozen=True)
class _Step:
    """One function undone: its inverse, and the derivative of that."""

    inverse: Function
    slope: Function


@dataclass(frozen=True)
class ResponseScale:
    """The way from the linear predictor to the response.

    Attributes
    ----------
    steps : list
        Functions to be undone, outermost first.
    scale : str
        What the linear predictor predicts, as written: ``log(milk)``, or the link's name.
    response : str
        What it is on the response scale: ``milk``.
    base : float or None
        A difference ``d`` of linear predictors is the ratio ``base ** d`` on the scale of `ratio_of`.
    ratio_of : str
    left : str
        A function of the response that cannot be undone; empty if there is none.
    """

    steps: list[_Step]
    scale: str
    response: str
    base: float | None
    ratio_of: str
    left: str

    @classmethod
    def of(cls, fit: Fit) -> ResponseScale:
        """Find it for a fit."""
        undone, inner, logarithm = _undo(read(fit.design.response), fit)
        family, steps = fit.family, list(undone)
        scale, left = fit.design.response, inner.function if isinstance(inner, FunctionCall) else ""
        if family is not None and family.link.name != "identity":
            steps = [_Step(family.linkinv, family.mu_eta), *undone]
            scale = family.link.name
            ratio = {"log": "", "logit": "odds"}.get(scale)
            logarithm = None if ratio is None or undone else (math.e, ratio)
        base, ratio_of = logarithm or (None, "")
        return cls(steps, scale, write(inner), base, ratio_of, "" if left == "cbind" else left)

    def inverse(self, eta: Array) -> Array:
        """The response for a linear predictor."""
        with np.errstate(all="ignore"):
            for step in self.steps:
                eta = step.inverse(eta)
        return np.asarray(eta)

    def slope(self, eta: Array) -> Array:
        """Derivative of :meth:`inverse`."""
        total = np.ones_like(eta)
        with np.errstate(all="ignore"):
            for step in self.steps:
                total = total * step.slope(eta)
                eta = step.inverse(eta)
        return total

    def adjusted(self, eta: Array, sd: float) -> tuple[Array, Array]:
        """Mean of the response when the predictor varies around `eta` with a standard deviation, to second
        order, and its derivative.
        """
        h = 1e-3 * np.maximum(1.0, np.abs(eta))
        away = {k: self.slope(eta + k * h) for k in (-2, -1, 0, 1, 2)}
        bend = (8 * (away[1] - away[-1]) - (away[2] - away[-2])) / (12 * h)
        twist = (16 * (away[1] + away[-1]) - (away[2] + away[-2]) - 30 * away[0]) / (12 * h**2)
        return self.inverse(eta) + sd**2 / 2 * bend, away[0] + sd**2 / 2 * twist


def _undo(node: Node, fit: Fit) -> tuple[list[_Step], Node, tuple[float, str] | None]:
    """Functions undone, what is left inside, and base and inside of a logarithm that stands outermost."""
    steps: list[_Step] = []
    logarithm: tuple[float, str] | None = None
    while True:
        while isinstance(node, Paren) or (isinstance(node, FunctionCall) and node.function == "I"):
            node = node.inner if isinstance(node, Paren) else arguments(node)["x"]
        found = _logarithm(node) or _function(node, fit) or _arithmetic(node)
        if found is None:
            return steps, node, logarithm
        step, inner, base = found
        if base is not None and not steps:
            assert isinstance(node, FunctionCall)
            of_odds = node.function == "qlogis" or _odds_of(arguments(node)["x"]) is not None
            logarithm = base, "odds" if of_odds else write(inner)
        steps.append(step)
        node = inner


#: A step, what it leads to, and the base if what it undoes is a logarithm.
Undone = tuple[_Step, Node, float | None]


def _logarithm(node: Node) -> Undone | None:
    if not isinstance(node, FunctionCall) or node.function not in ("log", "log1p", "log2", "log10", "qlogis"):
        return None
    given = arguments(node)
    inner = given["x"]
    odds_of = inner if node.function == "qlogis" else _odds_of(inner)
    if node.function in ("log", "qlogis") and "base" not in given and odds_of is not None:
        return _Step(expit, lambda x: expit(x) * expit(-x)), odds_of, math.e
    base = {"log2": 2.0, "log10": 10.0}.get(node.function, math.e)
    if "base" in given:
        named = literal(given["base"])
        assert isinstance(named, float)
        base = named
    if node.function == "log1p":
        inner = Binary(node.pos, "+", inner, Literal(node.pos, 1.0))
    rate = np.log(base)
    return _Step(lambda x: np.exp(rate * x), lambda x: rate * np.exp(rate * x)), inner, base


def _odds_of(node: Node) -> Node | None:
    """The ``p`` of ``p / (1 - p)``."""
    if not isinstance(node, Binary) or node.op != "/" or not isinstance(node.right, Paren):
        return None
    return node.left if write(node.right.inner) == f"1 - {write(node.left)}" else None


def _function(node: Node, fit: Fit) -> Undone | None:
    if not isinstance(node, FunctionCall):
        return None
    inner = arguments(node).get("x", node)
    if node.function == "exp":
        return _Step(lambda x: np.log(np.maximum(x, 0.0)), lambda x: 1 / x), inner, None
    if node.function == "sqrt":
        return _Step(lambda x: np.maximum(x, 0.0) ** 2, lambda x: 2 * np.maximum(x, 0.0)), inner, None
    if node.function == "asin":
        return _Step(lambda x: np.sin(np.clip(x, -np.pi / 2, np.pi / 2)), np.cos), inner, None
    if node.function in ("scale", "center"):
        shift: Any = fit.design.transforms[write(node)]
        return _linear(float(shift.sd), float(shift.mean)), inner, None
    return None


def _arithmetic(node: Node) -> Undone | None:
    """Arithmetic with a number."""
    if isinstance(node, Unary) and node.op in ("-", "+"):
        return _linear(-1.0 if node.op == "-" else 1.0, 0.0), node.operand, None
    if not isinstance(node, Binary):
        return None
    left, right = _constant(node.left), _constant(node.right)
    if (left is None) == (right is None):
        return None
    inner = node.left if left is None else node.right
    number = float(right if left is None else left)  # type: ignore[arg-type]
    steps: dict[tuple[str, bool], Callable[[], _Step]] = {
        ("+", True): lambda: _linear(1.0, -number),
        ("+", False): lambda: _linear(1.0, -number),
        ("-", True): lambda: _linear(1.0, number),
        ("-", False): lambda: _linear(-1.0, number),
        ("*", True): lambda: _linear(1 / number, 0.0),
        ("*", False): lambda: _linear(1 / number, 0.0),
        ("/", True): lambda: _linear(number, 0.0),
        ("/", False): lambda: _Step(lambda x: number / x, lambda x: -number / x**2),
        ("^", True): lambda: _root(number),
        ("^", False): lambda: _Step(
            lambda x: np.log(np.maximum(x, 0.0)) / np.log(number), lambda x: 1 / (x * np.log(number))
        ),
    }
    made = steps.get((node.op, left is None))
    return None if made is None or number == 0 else (made(), inner, None)


def _linear(factor: float, shift: float) -> _Step:
    return _Step(lambda x: factor * x + shift, lambda x: np.full_like(x, factor))


def _root(power: float) -> _Step:
    """Undoes ``y^power`` of a positive y."""
    return _Step(
        lambda x: np.maximum(x, 0.0) ** (1 / power),
        lambda x: np.maximum(x, 0.0) ** (1 / power - 1) / power,
    )


def _constant(node: Node) -> float | None:
    """The value of a piece that is a number, possibly with a sign or in brackets."""
    if isinstance(node, Paren):
        return _constant(node.inner)
    if isinstance(node, Unary) and node.op in ("-", "+"):
        inner = _constant(node.operand)
        return inner if inner is None or node.op == "+" else -inner
    if isinstance(node, Binary):
        sides = _constant(node.left), _constant(node.right)
        if None in sides:
            return None
        a, b = (float(side) for side in sides if side is not None)
        operations = {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else np.nan, "^": a**b}
        return operations.get(node.op)
    return float(node.value) if isinstance(node, Literal) and not isinstance(node.value, str) else None
