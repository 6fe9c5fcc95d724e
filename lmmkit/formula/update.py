"""Changing a formula: R's `update`, and `.` for all other columns."""

from collections.abc import Iterable
from typing import Any

from ..errors import FormulaError
from .algebra import expand
from .functions import columns_of
from .parse import DoubleBar, Formula, parse
from .syntax import one_line, read
from .tree import Binary, Name, Node, Unary, quote, walk, write

__all__ = ["expand_dot", "like_conditional", "update"]


def expand_dot(formula: Formula, columns: Iterable[Any]) -> Formula:
    """Replace `.` in the fixed part by every column but the response, offsets and grouping factors."""
    if not any(isinstance(node, Name) and node.name == "." for node in walk(read(formula.fixed))):
        return formula
    groups = [factor for bar in formula.bars for factor in bar.factors]
    elsewhere = [text for text in (formula.response, *formula.offsets, *groups) if text]
    taken = {name for text in elsewhere for name in columns_of(read(text))}
    others = [name for name in map(str, columns) if name not in taken]
    if not others:
        raise FormulaError("'.' stands for all other columns, but the data have no other columns")
    for name in others:
        if not name or "`" in name:
            raise FormulaError(
                f"'.' stands for all other columns, but a formula cannot write the column name {name!r}; "
                "rename that column or leave it out of the data"
            )
    text = write(read(formula.text), lambda node: _dot(node, f"({' + '.join(map(quote, others))})"))
    return parse(text, one_sided=not formula.response, double_bar=formula.double_bar)


def like_conditional(text: str, formula: Formula) -> str:
    """The formula of another part, in which `.` stands for the conditional part without its offsets, as in glmmTMB.

    Parameters
    ----------
    text : str
        One-sided.
    formula : Formula
        Of the conditional part.

    Examples
    --------
    >>> like_conditional("~ . - x", parse("y ~ x + z + offset(e) + (1 | g)"))
    '~(1 + x + z + (1 | g)) - x'
    """
    tree = read(text) if isinstance(text, str) and text.strip() else None
    if tree is None or not any(isinstance(node, Name) and node.name == "." for node in walk(tree)):
        return text
    terms = " + ".join([formula.fixed, *(bar.term for bar in formula.bars)])
    return write(tree, lambda node: _dot(node, f"({terms})"))


def _dot(node: Node, replacement: str) -> str | None:
    return replacement if isinstance(node, Name) and node.name == "." else None


def update(old: str, new: str, double_bar: DoubleBar = "split") -> str:
    """Change a formula as R's `update` does: in `new`, `.` stands for what was there.

    Terms with `||` are read as `double_bar` says (see `parse`) and written out.

    Raises
    ------
    FormulaError
        When either text is not a formula, or the outcome is none.

    Examples
    --------
    >>> update("y ~ x + z + (1 | g)", ". ~ . - z")
    'y ~ 1 + x + (1 | g)'
    >>> update("y ~ x + (x | g)", "log(.) ~ . - (x | g) + (1 | g)")
    'log(y) ~ 1 + x + (1 | g)'
    """
    before, tree = read(old), read(new)
    if not (isinstance(before, Binary) and before.op == "~"):
        raise FormulaError(f"the formula '{one_line(old)}' has no response to update")
    if isinstance(tree, Unary) and tree.op == "~":
        left = write(before.left)
        right = tree.operand
    elif isinstance(tree, Binary) and tree.op == "~":
        was = write(before.left)
        if isinstance(before.left, (Binary, Unary)) and not isinstance(tree.left, Name):
            was = f"({was})"
        left = write(tree.left, lambda node: _dot(node, was))
        right = tree.right
    else:
        raise FormulaError(f"the change '{one_line(new)}' has no '~'; write one such as '. ~ . - x'")
    text = f"{left} ~ {write(right, lambda node: _dot(node, f'({write(before.right)})'))}"
    return _simplify(parse(text, double_bar=double_bar))


def _simplify(formula: Formula) -> str:
    """The formula with its fixed part written out term by term."""
    fixed = expand(formula.fixed)
    terms = ["1" if fixed.intercept else "0", *(term.label for term in fixed.terms)]
    offsets = [f"offset({inner})" for inner in formula.offsets]
    bars = [bar.term for bar in formula.bars]
    return f"{formula.response} ~ {' + '.join([*terms, *offsets, *bars])}"
