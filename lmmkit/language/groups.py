"""The grouping side of a random-effects term: `g`, `a:b`, and `a/b` for groups within groups."""

from lmmkit.language.functions import check_value
from lmmkit.language.syntax import fail
from lmmkit.language.tree import Binary, Literal, Name, Node, Paren, quote, write


def nested_groups(text: str, node: Node) -> list[tuple[tuple[str, ...], str]]:
    """`a/b` -> (`b:a`, `a`), each as its grouping expressions and the name lme4 gives it."""
    while isinstance(node, Paren):
        node = node.inner
    if isinstance(node, Binary) and node.op == "/":
        outer = nested_groups(text, node.left)
        inner_factors, inner = _interaction(text, node.right)
        outer_factors, name = outer[0]
        shown = f"({name})" if len(outer_factors) > 1 else _group_text(name)
        return [((*inner_factors, *outer_factors), f"{_group_text(inner)}:{shown}"), *outer]
    return [_interaction(text, node)]


def _interaction(text: str, node: Node) -> tuple[tuple[str, ...], str]:
    """`a:b` -> (("a", "b"), "a:b")."""
    factors: list[str] = []

    def collect(part: Node) -> None:
        if isinstance(part, Paren):
            collect(part.inner)
        elif isinstance(part, Binary) and part.op == ":":
            collect(part.left)
            collect(part.right)
        else:
            _check_group(text, part)
            factors.append(write(part))

    collect(node)
    return tuple(factors), node.name if isinstance(node, Name) else write(node)


def _group_text(name: str) -> str:
    """A lone column's name is shown bare; inside `a:b` it needs its backticks."""
    return name if any(mark in name for mark in ":()") else quote(name)


def _check_group(text: str, node: Node) -> None:
    if isinstance(node, Binary) and node.op in ("+", "*", "|", "||"):
        hint = {"+": "(1 | a) + (1 | b)", "*": "(1 | a) + (1 | b) + (1 | a:b)"}.get(node.op, "(1 | g)")
        raise fail(text, node.pos, f"'{node.op}' cannot stand between grouping factors; write {hint}")
    if isinstance(node, Literal):
        raise fail(text, node.pos, "the grouping factor must be a column of the data")
    check_value(text, node)
