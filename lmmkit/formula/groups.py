"""The grouping side of a random-effects term: `g`, `a:b`, and `a/b` for groups within groups."""

from dataclasses import dataclass

from .functions import check_value, columns_of
from .syntax import fail
from .tree import Binary, Name, Node, Paren, write


@dataclass(frozen=True)
class Group:
    """One grouping factor: the columns it crosses, its text in a formula, and lme4's name for it."""

    factors: tuple[str, ...]
    text: str
    name: str


def nested_groups(text: str, node: Node) -> list[Group]:
    """`a/b` -> `b:a` and `a`; `a/b/c` -> `c:(b:a)`, `b:a` and `a`, as lme4 names them."""
    bare = node
    while isinstance(bare, Paren):
        bare = bare.inner
    if not (isinstance(bare, Binary) and bare.op == "/"):
        return [_crossed(text, node)]
    outer = nested_groups(text, bare.left)
    around, inner = outer[0], _crossed(text, bare.right)
    crossed = len(around.factors) > 1 and not around.text.startswith("(")
    joined = f"{inner.text}:({around.text})" if crossed else f"{inner.text}:{around.text}"
    return [Group(inner.factors + around.factors, joined, joined), *outer]


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
    if isinstance(node, Binary) and node.op in ("+", "*", "/", "|", "||"):
        hint = {"+": "(1 | a) + (1 | b)", "*": "(1 | a) + (1 | b) + (1 | a:b)", "/": "(1 | a/b)"}
        message = f"'{node.op}' cannot stand here between grouping factors"
        raise fail(text, node.pos, f"{message}; write {hint.get(node.op, '(1 | g)')}")
    check_value(text, node)
    if not columns_of(node):
        raise fail(text, node.pos, "the grouping factor must be a column of the data")
