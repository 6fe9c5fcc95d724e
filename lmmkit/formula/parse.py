"""Formula text -> `Formula(response, fixed, bars, offsets)`. No data are seen here.

The reader in `syntax.py` turns the text into a tree. This module checks every call in it, takes the
random-effects terms and the offsets out of the sum on the right, and writes the parts back as text.
`(x || g)` and `(1 | a/b)` are expanded as lme4's `expandDoubleVerts` and `findbars` do.
"""

import typing
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from ..errors import FormulaError
from .algebra import expand
from .functions import arguments, check_call, check_value, columns_of
from .groups import grouping_factors
from .syntax import fail, one_line, read, suggest
from .tags import TaggedBar, is_tagged, tagged_bar, written_term
from .tree import (
    COMPARISONS,
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

__all__ = ["Bar", "DoubleBar", "Formula", "parse", "require_bars"]

DoubleBar = typing.Literal["split", "diag"]


@dataclass(frozen=True)
class Bar:
    """One random-effects term, after `||` and `/` have been expanded.

    Attributes
    ----------
    lhs : str
        Left side with its intercept spelled out: `"1 + Days"` or `"0 + Days"`.
    factors : tuple of str
        The grouping expressions; `("class", "school")` for `class:school`.
    text : str
        The term as lme4 prints it: `"Days | Subject"`.
    group : str
        The grouping factor's name as lme4 prints it: `"class:school"`.
    tag : str
        The structure of the effects' covariance: `"us"`, `"diag"`, `"cs"` or `"ar1"`.
    homogeneous : bool
        Whether it has one standard deviation for all effects.
    """

    lhs: str
    factors: tuple[str, ...]
    text: str
    group: str
    tag: str = "us"
    homogeneous: bool = False

    @property
    def term(self) -> str:
        """The term as a formula has it: `"(Days | Subject)"`, `"cs(Days | Subject)"`."""
        return written_term(self.tag, self.text, self.homogeneous)


@dataclass(frozen=True)
class Formula:
    """A formula taken apart.

    Attributes
    ----------
    text : str
        The formula as it was written.
    response : str
        Left of the `~`; `""` for a one-sided formula.
    fixed : str
        The fixed part, without random-effects terms and offsets; its intercept is spelled out.
    bars : tuple of Bar
        The random-effects terms, in the order written.
    offsets : tuple of str
        What stands inside each `offset()`.
    double_bar : str
        What `||` was read as.
    """

    text: str
    response: str
    fixed: str
    bars: tuple[Bar, ...]
    offsets: tuple[str, ...]
    double_bar: DoubleBar = "split"

    def __str__(self) -> str:
        return self.text

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column of the data that the formula names, in order of appearance, each once."""
        groups = [factor for bar in self.bars for factor in bar.factors]
        texts = [self.response, self.fixed, *self.offsets, *(bar.lhs for bar in self.bars), *groups]
        names = [name for text in texts if text for name in columns_of(read(text))]
        return tuple(dict.fromkeys(names))


def parse(text: str, *, one_sided: bool = False, double_bar: DoubleBar = "split") -> Formula:
    """Read a model formula in lme4's language.

    Parameters
    ----------
    text : str
        Such as `"Reaction ~ Days + (Days | Subject)"`.
    one_sided : bool
        Accept only a formula without a response, such as `"~ Age + (1 | Individual)"`.
    double_bar : {"split", "diag"}
        Read `(x || g)` as `(1 | g) + (0 + x | g)`, in which the levels of a factor stay correlated, or as
        `diag(x | g)`; lme4's option `lme4.doublevert.default`.

    Returns
    -------
    Formula

    Raises
    ------
    FormulaError
        When the text is not a formula, or calls something that formulas may not call. Nothing is evaluated.

    Notes
    -----
    Agrees with lme4's `findbars`, `nobars`, `expandDoubleVerts` and with R's `deparse`.

    Examples
    --------
    >>> f = parse("score ~ ses + offset(log(n)) + (ses | school/class)")
    >>> f.response, f.fixed, f.offsets
    ('score', '1 + ses', ('log(n)',))
    >>> [bar.text for bar in f.bars]
    ['ses | class:school', 'ses | school']
    """
    if not isinstance(text, str):
        raise FormulaError(
            f"a formula is text such as 'y ~ x + (1 | g)', not an object of type {type(text).__name__}"
        )
    return _parsed(text, one_sided, _double_bar(double_bar))


@lru_cache(maxsize=256)
def _parsed(text: str, one_sided: bool, double_bar: DoubleBar) -> Formula:
    """The same for checked arguments; a formula never changes, so each text is read once."""
    response, right = _sides(text, one_sided)
    parts = _take_apart(text, _bracketed(text, right), double_bar)
    shown, fixed = "" if response is None else write(response), parts.fixed()
    if shown in expand(fixed).names:
        raise FormulaError(f"the response '{shown}' also stands on the right of '~'")
    return Formula(
        text=text.strip(),
        response=shown,
        fixed=fixed,
        bars=tuple(parts.bars),
        offsets=tuple(parts.offsets),
        double_bar=parts.double_bar,
    )


def require_bars(formula: Formula) -> None:
    """Refuse a formula without random effects, where a mixed model is asked for.

    Raises
    ------
    FormulaError
    """
    if not formula.bars:
        message = f"the formula '{one_line(formula)}' has no random-effects term such as (1 | g)"
        raise FormulaError(f"{message}; for a model without one use lm or glm")


def _sides(text: str, one_sided: bool) -> tuple[Node | None, Node]:
    """The checked response (None when there is none) and the right-hand side."""
    if not text.strip():
        raise FormulaError("the formula is empty; write one such as 'y ~ x + (1 | g)'")
    tree = read(text)
    tildes = [node for node in walk(tree) if isinstance(node, (Binary, Unary)) and node.op == "~"]
    if not tildes:
        how = "'~ terms'" if one_sided else "'response ~ terms'"
        raise FormulaError(f"the formula '{one_line(text)}' has no '~'; write {how}")
    if len(tildes) > 1 or tildes[0] is not tree:
        where = text.index("~", text.index("~") + 1) if len(tildes) > 1 else text.index("~")
        raise fail(text, where, "a formula has exactly one '~', between the response and the terms")
    if isinstance(tree, Unary):
        if not one_sided:
            raise fail(text, tree.pos, "the response is missing on the left of '~'")
        return None, tree.operand
    assert isinstance(tree, Binary)
    if one_sided:
        raise fail(text, tree.pos, "this formula is one-sided: leave out the response on the left of '~'")
    _check_response(text, tree.left)
    return tree.left, tree.right


def _check_response(text: str, node: Node) -> None:
    """The response is one value expression, or cbind() of two."""
    if isinstance(node, FunctionCall) and node.function == "cbind":
        check_call(text, node)
        for child in children(node):
            check_value(text, child)
        return
    if not any(isinstance(part, (Name, FunctionCall)) for part in walk(node)):
        raise fail(text, node.pos, "the response must name a column of the data")
    check_value(text, node)


# ---- the right-hand side: a sum of terms ----


@dataclass
class _Parts:
    """What the right-hand side holds, gathered from left to right."""

    text: str
    double_bar: DoubleBar
    terms: list[tuple[str, str]] = field(default_factory=list)  # (sign, term text)
    bars: list[Bar] = field(default_factory=list)
    offsets: list[str] = field(default_factory=list)
    intercept: bool = True

    def fixed(self) -> str:
        first = "1" if self.intercept else "0"
        return "".join([first, *(f" {sign} {term}" for sign, term in self.terms)])


def _take_apart(text: str, right: Node, double_bar: DoubleBar) -> _Parts:
    """Sort the terms of the sum into fixed terms, random-effects terms, offsets and the intercept."""
    parts = _Parts(text, double_bar)
    for sign, node in _summands(right):
        bar = _as_bar(text, node)
        if isinstance(node, Literal):
            parts.intercept = _intercept(text, sign, node)
        elif bar is not None:
            _take_bar(parts, sign, bar)
        elif isinstance(node, FunctionCall) and node.function == "offset":
            _take_offset(parts, sign, node)
        elif isinstance(node, Binary) and node.op in COMPARISONS:
            raise fail(text, node.pos, "a comparison needs brackets of its own: (x > 3)")
        else:
            _check_terms(text, node)
            parts.terms.append((sign, write(node)))
    return parts


def _summands(node: Node) -> list[tuple[str, Node]]:
    """The terms joined by + and -, left to right, each with its sign; brackets around a sum are opened."""
    found: list[tuple[str, Node]] = []
    stack = [("+", node)]
    while stack:
        sign, node = stack.pop()
        if isinstance(node, Binary) and node.op in ("+", "-"):
            stack += [("+" if sign == node.op else "-", node.right), (sign, node.left)]
        elif isinstance(node, Unary) and node.op in ("+", "-"):
            stack.append(("+" if sign == node.op else "-", node.operand))
        elif isinstance(node, Paren) and _opens(node.inner, sign):
            stack.append((sign, node.inner))
        else:
            found.append((sign, node))
    return found


def _opens(inner: Node, sign: str) -> bool:
    """Whether brackets change nothing here: around a number, more brackets, or a sum that is added.

    In `a + (b - a)` they do change something: as in R, `a` is taken from within the brackets only.
    """
    if isinstance(inner, (Literal, Paren)):
        return True
    if sign == "-" or not (isinstance(inner, (Binary, Unary)) and inner.op in ("+", "-")):
        return False
    return not any(sign == "-" and not isinstance(node, Literal) for sign, node in _summands(inner))


def _intercept(text: str, sign: str, node: Literal) -> bool:
    """`1` keeps the intercept, `0` and `- 1` drop it."""
    if isinstance(node.value, (str, bool)) or node.value not in (0, 1):
        raise fail(
            text, node.pos, "on its own, only 0 or 1 can stand in a sum of terms; use I() to do arithmetic"
        )
    return (node.value == 1) == (sign == "+")


def _take_offset(parts: _Parts, sign: str, node: FunctionCall) -> None:
    if sign == "-":
        raise fail(parts.text, node.pos, "an offset cannot be taken away with '-'")
    check_call(parts.text, node)
    inner = arguments(node)["x"]
    check_value(parts.text, inner)
    parts.offsets.append(write(inner))


def _check_terms(text: str, node: Node) -> None:
    """Refuse what is not an algebra of terms: + - * : / %in% ^ over columns and function calls."""
    stack = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, Binary) and node.op in ("|", "||"):
            raise fail(text, node.pos, "a random-effects term needs brackets of its own: + (1 | g)")
        if isinstance(node, Literal):
            raise fail(text, node.pos, "a plain number or string is not a term; use I() to do arithmetic")
        if isinstance(node, Unary):
            raise fail(text, node.pos, f"'{node.op}' cannot stand here; use I() to do arithmetic")
        if _as_bar(text, node) is not None:
            raise fail(text, node.pos, "a random-effects term can only be added, as in y ~ x + (1 | g)")
        if isinstance(node, FunctionCall) and node.function == "offset":
            raise fail(text, node.pos, "offset() can only stand as a term of its own")
        if isinstance(node, FunctionCall) or is_comparison(node):
            check_value(text, node)
        elif isinstance(node, Binary) and node.op == "^":
            _check_power(text, node)
            stack.append(node.left)
        elif isinstance(node, Binary) and node.op not in ("+", "-", "*", ":", "/", "%in%"):
            raise fail(text, node.right.pos, f"'{node.op}' has no meaning between terms")
        else:
            stack.extend(children(node))


def _check_power(text: str, node: Binary) -> None:
    power = node.right
    while isinstance(power, Paren):
        power = power.inner
    whole = isinstance(power, Literal) and isinstance(power.value, float) and power.value in range(1, 100)
    if not whole:
        message = "between terms, '^' takes a whole number and makes interactions; for a power write I(x^2)"
        raise fail(text, power.pos, message)


# ---- random-effects terms ----


def _double_bar(given: str) -> DoubleBar:
    """The reading of `||`, lme4's spelling accepted."""
    if given in ("diag", "diag_special"):
        return "diag"
    if given != "split":
        hint = suggest(str(given), ("split", "diag"))
        raise FormulaError(f"double_bar must be 'split' or 'diag', not {given!r}{hint}")
    return "split"


def _bracketed(text: str, right: Node) -> Node:
    """`y ~ 1 | g`, where the bar is all that stands on the right, as `y ~ (1 | g)`."""
    if not (isinstance(right, Binary) and right.op in ("|", "||")):
        return right
    if isinstance(right.left, Binary) and right.left.op not in (":", "%in%"):
        left, group = write(right.left), write(right.right)
        message = f"without brackets all of '{left}' would vary between the levels of {group}"
        raise fail(
            text, right.pos, f"{message}: a random-effects term needs brackets of its own: + (1 | {group})"
        )
    return Paren(right.pos, right)


def _as_bar(text: str, node: Node) -> TaggedBar | None:
    """The `x | g` inside brackets or a tag, if this is a random-effects term."""
    while isinstance(node, Paren):
        node = node.inner
        if isinstance(node, Binary) and node.op in ("|", "||"):
            return TaggedBar(node, "us", False)
    return tagged_bar(text, node) if isinstance(node, FunctionCall) and is_tagged(node) else None


def _take_bar(parts: _Parts, sign: str, bar: TaggedBar) -> None:
    """Expand one random-effects term and add it; `- (1 | g)` takes an earlier one away, as `update` needs."""
    bars = _expand_bar(parts, bar)
    if sign == "+":
        parts.bars += bars
        return
    for gone in bars:
        if gone not in parts.bars:
            message = f"the term {gone.term} is not in the formula, so it cannot be taken away"
            raise fail(parts.text, bar.bar.pos, message)
        parts.bars.remove(gone)


def _expand_bar(parts: _Parts, tagged: TaggedBar) -> list[Bar]:
    """lme4's order: first `||` over the left side, then the grouping side, whose factors have the tag each."""
    text, (bar, tag, homogeneous) = parts.text, tagged
    if isinstance(bar.left, Binary) and bar.left.op in ("|", "||"):
        raise fail(text, bar.right.pos, "a random-effects term has a single bar and one grouping factor")
    left = _take_apart(text, bar.left, parts.double_bar)
    if left.bars or left.offsets:
        raise fail(text, bar.left.pos, "a random-effects term or an offset cannot stand inside another term")
    if any(isinstance(node, Name) and node.name == "." for node in walk(bar.left)):
        raise fail(text, bar.left.pos, "'.' cannot stand in a random-effects term; name its columns")
    if not (left.terms or left.intercept):
        raise fail(text, bar.left.pos, "this random-effects term has nothing that varies between groups")
    sides = [(left.fixed(), write(bar.left))]
    if bar.op == "||" and parts.double_bar == "split":
        sides = _split_sides(left)
    elif bar.op == "||":
        tag = "diag"
    groups = grouping_factors(text, bar.right)
    return [
        Bar(lhs, g.factors, f"{shown} | {g.text}", g.name, tag, homogeneous)
        for lhs, shown in sides
        for g in groups
    ]


def _split_sides(left: _Parts) -> list[tuple[str, str]]:
    """`1 + x + f` -> `1`, `0 + x`, `0 + f`: uncorrelated terms."""
    terms = [f"0 + {term.label}" for term in expand(left.fixed()).terms]
    sides = ["1", *terms] if left.intercept else terms
    return [(side, side) for side in sides]
