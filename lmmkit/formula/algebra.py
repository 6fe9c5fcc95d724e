"""Fixed-part text -> terms: R's algebra of `+ - * : / %in% ^`, ending in R's order and R's names.

The algebra itself is formulaic's. Each variable (a column or a call, as `log(x)`) is handed over under a
neutral name `v0, v1, ...`, so no name in the data can clash with formulaic's own syntax. Back come sets of
variables, which are then sorted as R's `terms()` sorts them: terms by degree of interaction, variables by
first appearance.
"""

from dataclasses import dataclass
from functools import lru_cache

from formulaic.parser import DefaultFormulaParser  # type: ignore[import-untyped]

from ..errors import FormulaError
from .syntax import read
from .tree import (
    Binary,
    FunctionCall,
    Literal,
    Name,
    Node,
    Paren,
    Unary,
    children,
    is_comparison,
    walk,
    write,
)

MOST_TERMS = 20_000
_PARSER = DefaultFormulaParser(include_intercept=False)


@dataclass(frozen=True)
class Term:
    """One term: the variables whose product it is, as indices into `Terms.variables`."""

    variables: tuple[int, ...]
    label: str


@dataclass(frozen=True)
class Terms:
    """An expanded formula side.

    Attributes
    ----------
    intercept : bool
        Is there a constant column?
    variables : tuple of Node
        The distinct columns and calls, in order of appearance.
    names : tuple of str
        Their texts, as R writes them.
    terms : tuple of Term
        In R's order, without the intercept.
    """

    intercept: bool
    variables: tuple[Node, ...]
    names: tuple[str, ...]
    terms: tuple[Term, ...]


@lru_cache(maxsize=256)  # a fit expands each side more than once
def expand(side: str) -> Terms:
    """Expand text such as `"1 + a * b"`, as `parse` writes it, into terms.

    Examples
    --------
    >>> [term.label for term in expand("1 + b + a:b + a").terms]
    ['b', 'a', 'b:a']
    """
    intercept, _, rest = side.partition(" ")
    if not rest:
        return Terms(intercept == "1", (), (), ())
    rest = rest.removeprefix("+ ")
    tree = with_colons(read(rest))
    if _at_most(tree) > MOST_TERMS:
        message = f"the fixed part multiplies out to more than {MOST_TERMS} terms, repeats included"
        raise FormulaError(f"{message}; leave out some '*' or '^'")
    numbering = _Numbering()
    try:
        found = _PARSER.get_terms(write(tree, numbering))
    except TypeError:  # as for (a - a)/b
        raise FormulaError(
            f"in the fixed part '{rest}' the '-' inside a bracket takes every term of it away"
        ) from None
    sets = [tuple(sorted(int(factor.expr[1:]) for factor in term.factors)) for term in found]
    sets.sort(key=len)
    names = tuple(numbering.nodes)
    terms = tuple(Term(indices, ":".join(names[i] for i in indices)) for indices in sets)
    return Terms(intercept == "1", tuple(numbering.nodes.values()), names, terms)


def with_colons(node: Node) -> Node:
    """`a %in% b`, levels of a within those of b, is `a:b`; what is no algebra of terms stays as it is."""
    if not any(isinstance(part, Binary) and part.op == "%in%" for part in walk(node)):
        return node
    if isinstance(node, Paren):
        return Paren(node.pos, with_colons(node.inner))
    if not isinstance(node, Binary) or is_comparison(node):
        return node
    op = ":" if node.op == "%in%" else node.op
    return Binary(node.pos, op, with_colons(node.left), with_colons(node.right))


def _at_most(node: Node) -> int:
    """How many terms a tree multiplies out to, repeats included."""
    chain: list[Binary] = []
    while isinstance(node, (Paren, Unary)) or (isinstance(node, Binary) and not is_comparison(node)):
        if isinstance(node, Binary):
            chain.append(node)
        node = children(node)[0]
    total = 1
    for link in reversed(chain):  # a loop along the left, for a sum may be long
        if link.op == "^":
            total = (total + 1) ** _useful_power(link) - 1
        else:
            more = _at_most(link.right)
            total = {"*": total + more + total * more, ":": total * more}.get(link.op, total + more)
        total = min(total, MOST_TERMS + 1)
    return total


def _useful_power(node: Binary) -> int:
    """The exponent, but no more than the number of terms that are multiplied."""
    exponent = node.right
    while isinstance(exponent, Paren):
        exponent = exponent.inner
    assert isinstance(exponent, Literal)
    return min(int(exponent.value), max(_at_most(node.left), 1))


class _Numbering:
    """Called on each node while a tree is written: puts `v3` for the fourth distinct variable."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.numbers: dict[str, str] = {}

    def __call__(self, node: Node) -> str | None:
        if isinstance(node, (Name, FunctionCall)) or is_comparison(node):
            text = write(node)
            self.nodes.setdefault(text, node)
            return self.numbers.setdefault(text, f"v{len(self.numbers)}")
        if isinstance(node, Binary) and node.op == "^":
            return self.power(node)
        return None

    def power(self, node: Binary) -> str:
        """`(a + b)^9` as `(a + b) ** 2`: more factors than there are terms add nothing."""
        return f"({write(node.left, self)}) ** {_useful_power(node)}"
