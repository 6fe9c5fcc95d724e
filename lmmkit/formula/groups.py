"""The grouping side of a random-effects term: `g`, `a:b`, `a/b` for groups within groups, and R's other sums."""

from dataclasses import dataclass

from .algebra import expand, with_colons
from .functions import check_value, columns_of
from .syntax import fail, read
from .tree import Binary, Literal, Name, Node, Paren, walk, write

#: What stands between grouping factors.
OPERATORS = ("+", "*", "/", ":", "%in%", "^")


@dataclass(frozen=True)
class Group:
    """One grouping factor: the columns it crosses, its text in a formula, and lme4's name for it."""

    factors: tuple[str, ...]
    text: str
    name: str


def grouping_factors(text: str, node: Node) -> list[Group]:
    """The factors that a grouping side stands for, each the group of a term of its own.

    Notes
    -----
    `a/b` -> `b:a` and `a`; `a/b/c` -> `c:(b:a)`, `b:a` and `a`, as lme4 names them. All else multiplies out as
    R's `terms()` does: `a + b` -> `a`, `b`; `a*b` -> `a`, `b`, `a:b`; `a %in% b` -> `a:b`.
    """
    node = with_colons(node)
    bare = _bare(node)
    if isinstance(bare, Binary) and bare.op == "+":
        found = [*grouping_factors(text, bare.left), *grouping_factors(text, bare.right)]
        return list({group.name: group for group in found}.values())
    if not (isinstance(bare, Binary) and bare.op == "/"):
        return _multiplied(text, node)
    _check_nesting(text, bare)
    outer = grouping_factors(text, bare.left)
    around = outer[0].text
    if not _is_plain(bare.right, (":",)):
        return [*_multiplied(text, Binary(bare.pos, ":", bare.right, read(around))), *outer]
    inner = _crossed(text, bare.right)
    crossed = len(outer[0].factors) > 1 and not around.startswith("(")
    joined = f"{inner.text}:({around})" if crossed else f"{inner.text}:{around}"
    return [Group(inner.factors + outer[0].factors, joined, joined), *outer]


def _check_nesting(text: str, node: Binary) -> None:
    """`a/b` nests what is plain on its left, and no further `/` on its right."""
    if not _is_plain(node.left, ("/", ":")):
        left = write(node.left)
        message = f"'/' cannot stand here between grouping factors: it is not clear what lies within {left}"
        raise fail(text, node.pos, f"{message}; write each grouping factor as a term of its own")
    for part in walk(node.right):
        if isinstance(part, Binary) and part.op == "/":
            message = "'/' cannot stand here between grouping factors"
            raise fail(text, part.pos, f"{message}; write (1 | a/b/c) for levels within levels")


def _multiplied(text: str, node: Node) -> list[Group]:
    """R's `terms()`: one factor for each term."""
    if _is_plain(node, (":",)):
        return [_crossed(text, node)]
    _check_leaves(text, node)
    return [_crossed(text, read(term.label)) for term in expand(f"1 + {write(node)}").terms]


def _is_plain(node: Node, operators: tuple[str, ...]) -> bool:
    """Whether columns and values are joined by nothing but these operators."""
    bare = _bare(node)
    if not (isinstance(bare, Binary) and bare.op in OPERATORS):
        return True
    return bare.op in operators and all(_is_plain(side, operators) for side in (bare.left, bare.right))


def _bare(node: Node) -> Node:
    while isinstance(node, Paren):
        node = node.inner
    return node


def _check_leaves(text: str, node: Node) -> None:
    """Every column or value between the operators can be a grouping factor."""
    bare = _bare(node)
    if isinstance(bare, Binary) and bare.op == "/":
        message = "'/' cannot stand here between grouping factors"
        raise fail(text, bare.pos, f"{message}; write (1 | a/b) as a term of its own")
    if isinstance(bare, Binary) and bare.op == "^":
        _check_power(text, bare)
        _check_leaves(text, bare.left)
    elif isinstance(bare, Binary) and bare.op in OPERATORS:
        _check_leaves(text, bare.left)
        _check_leaves(text, bare.right)
    else:
        _check_group(text, bare)


def _check_power(text: str, node: Binary) -> None:
    power = _bare(node.right)
    if not (isinstance(power, Literal) and isinstance(power.value, float) and power.value in range(1, 100)):
        raise fail(text, power.pos, "between grouping factors, '^' takes a whole number, as in (a + b)^2")


def _crossed(text: str, node: Node) -> Group:
    """`a:b` as one grouping factor."""
    factors = []
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, Paren):
            stack.append(part.inner)
        elif isinstance(part, Binary) and part.op == ":":
            stack += [part.right, part.left]
        else:
            _check_group(text, part)
            factors.append(write(part))
    return Group(tuple(factors), write(node), node.name if isinstance(node, Name) else write(node))


def _check_group(text: str, node: Node) -> None:
    if isinstance(node, Binary) and node.op in ("|", "||", "-"):
        message = f"'{node.op}' cannot stand here between grouping factors"
        raise fail(text, node.pos, f"{message}; write {'(1 | g)' if node.op != '-' else '(1 | a) + (1 | b)'}")
    check_value(text, node)
    if not columns_of(node):
        raise fail(text, node.pos, "the grouping factor must be a column of the data")
