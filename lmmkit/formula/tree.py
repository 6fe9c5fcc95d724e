"""The tree that a formula's text becomes, and how it is written back as R's `deparse` writes it."""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")
ARITHMETIC = ("+", "-", "*", "/", "^", "%%", "%/%")
#: Operators that R writes without spaces around them.
CLOSE = ("^", ":", "/", "%%", "%/%")
PLAIN_NAME = re.compile(r"(?:[^\W\d]|\.(?!\d))[\w.]*")
TRUTH = ("TRUE", "FALSE", "True", "False")
CONSTANTS = {"pi": math.pi}


@dataclass(frozen=True)
class Node:
    """One node of the tree; `pos` is where it starts in the text (ignored when nodes are compared)."""

    pos: int = field(compare=False)


@dataclass(frozen=True)
class Name(Node):
    """A column: `Days`, `total.fruits` or `` `my col` ``."""

    name: str


@dataclass(frozen=True)
class Literal(Node):
    """A number, a string, `TRUE` or `FALSE`."""

    value: float | str | bool


@dataclass(frozen=True)
class Constant(Literal):
    """A number with a name: `pi`, where it stands inside a function."""

    name: str


@dataclass(frozen=True)
class FunctionCall(Node):
    """`function(args)`; each argument is a pair (keyword or None, value)."""

    function: str
    args: tuple[tuple[str | None, Node], ...]


@dataclass(frozen=True)
class Unary(Node):
    """`-x`, `+x` or `!x`."""

    op: str
    operand: Node


@dataclass(frozen=True)
class Binary(Node):
    """`left op right`."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Paren(Node):
    """`(inner)`: kept, because a random-effects term is known by its brackets."""

    inner: Node


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below this one, left to right."""
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, FunctionCall):
        return tuple(value for _, value in node.args)
    if isinstance(node, Unary):
        return (node.operand,)
    if isinstance(node, Paren):
        return (node.inner,)
    return ()


def is_membership(node: Node) -> bool:
    """Whether this is `x %in% c(1, 2)`, a value, rather than `a %in% b`, one factor within another."""
    if not (isinstance(node, Binary) and node.op == "%in%"):
        return False
    right = node.right
    while isinstance(right, Paren):
        right = right.inner
    return isinstance(right, Literal) or (isinstance(right, FunctionCall) and right.function == "c")


def is_comparison(node: Node) -> bool:
    """Whether this is true or false in each row: `x > 3`, `x %in% c(1, 2)`."""
    return (isinstance(node, Binary) and node.op in COMPARISONS) or is_membership(node)


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, parents first, left to right."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def number(value: float) -> str:
    """A number as R writes it, the shorter of fixed and scientific in 15 significant digits: `2`, `0.5`, `1e+05`."""
    exact = Decimal(f"{value:.15g}").normalize()
    mantissa, exponent = exact.scaleb(-exact.adjusted()), exact.adjusted()
    fixed = f"{value:.{max(0, len(exact.as_tuple().digits) - 1 - exponent)}f}"
    scientific = f"{mantissa:f}e{exponent:+03d}"
    return fixed if len(fixed) <= len(scientific) else scientific


def quote(name: str) -> str:
    """A column name as a formula needs it: in backticks unless it is a plain name."""
    return name if PLAIN_NAME.fullmatch(name) and name not in TRUTH else f"`{name}`"


def write(node: Node, atom: Callable[[Node], str | None] = lambda node: None) -> str:
    """Write a tree as R's `deparse` does; `atom` may replace a node by text of its own."""
    replaced = atom(node)
    if replaced is not None:
        return replaced
    if isinstance(node, Name):
        return quote(node.name)
    if isinstance(node, Constant):
        return node.name
    if isinstance(node, Literal):
        if isinstance(node.value, bool):
            return str(node.value).upper()
        if isinstance(node.value, str):
            return f"'{node.value}'" if '"' in node.value else f'"{node.value}"'
        return number(node.value)
    if isinstance(node, FunctionCall):
        inside = _columns_in_backticks(atom)
        args = [f"{key} = {write(v, inside)}" if key else write(v, inside) for key, v in node.args]
        return f"{node.function}({', '.join(args)})"
    if isinstance(node, Unary):
        return f"{node.op}{write(node.operand, atom)}"
    if isinstance(node, Paren):
        return f"({write(node.inner, atom)})"
    assert isinstance(node, Binary)
    return _write_chain(node, atom)


def _columns_in_backticks(atom: Callable[[Node], str | None]) -> Callable[[Node], str | None]:
    """Inside a function a column called `pi` needs backticks, for without them it is the number."""

    def inside(node: Node) -> str | None:
        is_column = isinstance(node, Name) and node.name in CONSTANTS
        return atom(node) or (f"`{node.name}`" if is_column else None)  # type: ignore[attr-defined]

    return inside


def _write_chain(node: Binary, atom: Callable[[Node], str | None]) -> str:
    """`a + b + c + ...`: down the left spine in a loop, for a sum may have thousands of terms."""
    spine: list[Binary] = []
    left: Node = node
    while isinstance(left, Binary) and atom(left) is None:
        spine.append(left)
        left = left.left
    pieces = [write(left, atom)]
    for link in reversed(spine):
        pieces += [link.op if link.op in CLOSE else f" {link.op} ", write(link.right, atom)]
    return "".join(pieces)
