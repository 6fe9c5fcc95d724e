"""Formula text -> `Formula(response, fixed, bars, offsets)`. No data are seen here.

The reader in `syntax.py` turns the text into a tree. This module checks every call in it, takes the
random-effects terms and the offsets out of the sum on the right, and writes the parts back as text.
`(x || g)` and `(1 | a/b)` are expanded as lme4's `expandDoubleVerts` and `findbars` do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lmmkit.algebra import expand
from lmmkit.errors import FormulaError
from lmmkit.syntax import (
    COMPARISONS,
    Binary,
    Call,
    Literal,
    Name,
    Node,
    Paren,
    Unary,
    children,
    fail,
    quote,
    read,
    suggest,
    walk,
    write,
)

__all__ = ["Bar", "Formula", "parse", "update"]


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
    """

    lhs: str
    factors: tuple[str, ...]
    text: str
    group: str


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
    """

    text: str
    response: str
    fixed: str
    bars: tuple[Bar, ...]
    offsets: tuple[str, ...]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Signature:
    """The arguments a function of the language takes, in order; the first `required` must be given."""

    args: tuple[str, ...]
    required: int = 1
    literal: bool = True  # must every argument after the first be a plain number, string or TRUE/FALSE?


FUNCTIONS = {
    "I": Signature(("x",)),
    "C": Signature(("x", "contr", "base")),
    "factor": Signature(("x", "levels")),
    "log": Signature(("x", "base")),
    "log2": Signature(("x",)),
    "log10": Signature(("x",)),
    "log1p": Signature(("x",)),
    "exp": Signature(("x",)),
    "sqrt": Signature(("x",)),
    "abs": Signature(("x",)),
    "poly": Signature(("x", "degree", "raw")),
    "bs": Signature(("x", "df", "knots", "degree", "intercept", "Boundary.knots")),
    "ns": Signature(("x", "df", "knots", "intercept", "Boundary.knots")),
    "scale": Signature(("x", "center", "scale")),
    "center": Signature(("x",)),
    "offset": Signature(("x",)),
    "cbind": Signature(("hits", "misses"), required=2, literal=False),
}
CONTRASTS = ("treatment", "sum", "helmert", "poly")
ARITHMETIC = ("+", "-", "*", "/", "^")


def parse(text: str, *, one_sided: bool = False) -> Formula:
    """Read a model formula in lme4's language.

    Parameters
    ----------
    text : str
        Such as `"Reaction ~ Days + (Days | Subject)"`.
    one_sided : bool
        Accept only a formula without a response, such as `"~ Age + (1 | Individual)"`.

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
    response, right = _sides(text, one_sided)
    parts = _take_apart(text, right)
    return Formula(
        text=text.strip(),
        response="" if response is None else write(response),
        fixed=parts.fixed(),
        bars=tuple(parts.bars),
        offsets=tuple(parts.offsets),
    )


def _sides(text: str, one_sided: bool) -> tuple[Node | None, Node]:
    """The checked response (None when there is none) and the right-hand side."""
    if not isinstance(text, str):
        raise FormulaError(
            f"a formula is text such as 'y ~ x + (1 | g)', not an object of type {type(text).__name__}"
        )
    if not text.strip():
        raise FormulaError("the formula is empty; write one such as 'y ~ x + (1 | g)'")
    tree = read(text)
    tildes = [node for node in walk(tree) if isinstance(node, (Binary, Unary)) and node.op == "~"]
    if not tildes:
        raise FormulaError(f"the formula '{text.strip()}' has no '~'; write 'response ~ terms'")
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
    if isinstance(node, Call) and node.function == "cbind":
        _check_call(text, node)
        for child in children(node):
            _check_value(text, child)
        return
    if not any(isinstance(part, (Name, Call)) for part in walk(node)):
        raise fail(text, node.pos, "the response must name a column of the data")
    _check_value(text, node)


# ---- what may stand inside a function or a response: values ----


def _check_value(text: str, node: Node) -> None:
    """Refuse everything but columns, literals, arithmetic, comparisons and the named functions."""
    if isinstance(node, Call):
        if node.function in ("offset", "cbind"):
            where = "as a term of its own" if node.function == "offset" else "as the response"
            raise fail(text, node.pos, f"{node.function}() can only stand {where}")
        _check_call(text, node)
        inner: Sequence[Node] = children(node)[:1]
    else:
        inner = children(node)
    if isinstance(node, Binary) and node.op not in (*ARITHMETIC, *COMPARISONS, "&", "|"):
        raise fail(text, node.right.pos, _why_not_value(node.op))
    if isinstance(node, Name) and node.name == ".":
        raise fail(text, node.pos, "'.' (all other columns) can only stand as a term of its own")
    for child in inner:
        _check_value(text, child)


def _why_not_value(op: str) -> str:
    if op in ("&&", "||"):
        return f"'{op}' cannot stand here; '{op[0]}' compares row by row"
    return f"'{op}' has no meaning here: values are made by arithmetic and comparisons"


def _check_call(text: str, node: Call) -> None:
    """The function must be one of the language, with arguments it takes."""
    name = node.function
    if name not in FUNCTIONS:
        hint = suggest(name.rsplit(".", 1)[-1], FUNCTIONS) or f"; the functions are {', '.join(FUNCTIONS)}"
        raise fail(text, node.pos, f"{name}() is not a function a formula may call{hint}")
    signature = FUNCTIONS[name]
    given = arguments(node, text)
    missing = [arg for arg in signature.args[: signature.required] if arg not in given]
    if missing:
        raise fail(text, node.pos, f"{name}() needs its argument {missing[0]}")
    if name == "C" and "contr" in given:
        contrast_name(given["contr"], text)
    elif signature.literal:
        for key, value in list(given.items()):
            if key != signature.args[0]:
                literal(value, text)


def arguments(node: Call, text: str = "") -> dict[str, Node]:
    """Match a call's arguments to the names in its signature, keywords first, as R does."""
    names = FUNCTIONS[node.function].args
    given: dict[str, Node] = {}
    for key, value in node.args:
        if key is None:
            continue
        if key not in names:
            takes = ", ".join(names)
            raise fail(text, value.pos, f"{node.function}() has no argument '{key}'; it takes {takes}")
        if key in given:
            raise fail(text, value.pos, f"{node.function}() is given '{key}' twice")
        given[key] = value
    free = [name for name in names if name not in given]
    positional = [value for key, value in node.args if key is None]
    if len(positional) > len(free):
        limit = len(names)
        count = f"{limit} argument{'s' if limit > 1 else ''}"
        raise fail(text, positional[len(free)].pos, f"{node.function}() takes at most {count}")
    return given | dict(zip(free, positional, strict=False))


def literal(node: Node, text: str = "") -> float | str | bool | list[float | str | bool]:
    """The value of a plain number, string, TRUE/FALSE, or `c()` of such."""
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Unary) and node.op == "-" and isinstance(node.operand, Literal):
        value = node.operand.value
        if not isinstance(value, (str, bool)):
            return -value
    if isinstance(node, Call) and node.function == "c":
        values = [literal(value, text) for value in children(node)]
        return [value for value in values if not isinstance(value, list)]
    raise fail(text, node.pos, "a plain number, string, TRUE or FALSE was expected here")


def contrast_name(node: Node, text: str = "") -> str:
    """`sum`, `contr.sum` or `"sum"` -> `sum`."""
    written = node.name if isinstance(node, Name) else node.value if isinstance(node, Literal) else ""
    name = str(written).removeprefix("contr.")
    if name not in CONTRASTS:
        raise fail(text, node.pos, f"the contrasts are {', '.join(CONTRASTS)}{suggest(name, CONTRASTS)}")
    return name


# ---- the right-hand side: a sum of terms ----


@dataclass
class _Parts:
    """What the right-hand side holds, gathered from left to right."""

    text: str
    terms: list[tuple[str, str]]  # (sign, term text)
    bars: list[Bar]
    offsets: list[str]
    intercept: bool = True

    def fixed(self) -> str:
        first = "1" if self.intercept else "0"
        return "".join([first, *(f" {sign} {term}" for sign, term in self.terms)])


def _take_apart(text: str, right: Node) -> _Parts:
    """Sort the terms of the sum into fixed terms, random-effects terms, offsets and the intercept."""
    parts = _Parts(text, [], [], [])
    for sign, node in _summands(right):
        bar = _as_bar(node)
        if isinstance(node, Literal):
            parts.intercept = _intercept(text, sign, node)
        elif bar is not None:
            _take_bar(parts, sign, bar)
        elif isinstance(node, Call) and node.function == "offset":
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
        elif isinstance(node, Paren) and _is_sum(node.inner) and sign == "+":
            stack.append((sign, node.inner))
        elif isinstance(node, Paren) and isinstance(node.inner, (Literal, Paren)):
            stack.append((sign, node.inner))
        else:
            found.append((sign, node))
    return found


def _is_sum(node: Node) -> bool:
    return isinstance(node, (Binary, Unary)) and node.op in ("+", "-")


def _intercept(text: str, sign: str, node: Literal) -> bool:
    """`1` keeps the intercept, `0` and `- 1` drop it."""
    if isinstance(node.value, (str, bool)) or node.value not in (0, 1):
        raise fail(
            text, node.pos, "on its own, only 0 or 1 can stand in a sum of terms; use I() to do arithmetic"
        )
    return (node.value == 1) == (sign == "+")


def _take_offset(parts: _Parts, sign: str, node: Call) -> None:
    if sign == "-":
        raise fail(parts.text, node.pos, "an offset cannot be taken away with '-'")
    _check_call(parts.text, node)
    inner = arguments(node)["x"]
    _check_value(parts.text, inner)
    parts.offsets.append(write(inner))


def _check_terms(text: str, node: Node) -> None:
    """Refuse what is not an algebra of terms: + - * : / ^ over columns and function calls."""
    if isinstance(node, Binary) and node.op in ("|", "||"):
        raise fail(text, node.pos, "a random-effects term needs brackets of its own: + (1 | g)")
    if isinstance(node, (Binary, Unary)) and node.op in COMPARISONS or isinstance(node, Call):
        if isinstance(node, Call) and node.function == "offset":
            raise fail(text, node.pos, "offset() can only stand as a term of its own")
        _check_value(text, node)
    elif isinstance(node, Literal):
        raise fail(text, node.pos, "a plain number or string is not a term; use I() to do arithmetic")
    elif isinstance(node, Binary) and node.op == "^":
        _check_power(text, node)
    elif isinstance(node, Binary):
        if node.op not in ("+", "-", "*", ":", "/"):
            raise fail(text, node.right.pos, f"'{node.op}' has no meaning between terms")
        _check_terms(text, node.left)
        _check_terms(text, node.right)
    elif isinstance(node, Unary):
        raise fail(text, node.pos, f"'{node.op}' cannot stand here; use I() to do arithmetic")
    elif isinstance(node, Paren):
        if _as_bar(node) is not None:
            raise fail(text, node.pos, "a random-effects term can only be added, as in y ~ x + (1 | g)")
        _check_terms(text, node.inner)


def _check_power(text: str, node: Binary) -> None:
    power = node.right
    while isinstance(power, Paren):
        power = power.inner
    whole = isinstance(power, Literal) and isinstance(power.value, float) and power.value in range(1, 100)
    if not whole:
        message = "between terms, '^' takes a whole number and makes interactions; for a power write I(x^2)"
        raise fail(text, power.pos, message)
    _check_terms(text, node.left)


# ---- random-effects terms ----


def _as_bar(node: Node) -> Binary | None:
    """The `x | g` inside brackets, if this is a random-effects term."""
    while isinstance(node, Paren):
        node = node.inner
        if isinstance(node, Binary) and node.op in ("|", "||"):
            return node
    return None


def _take_bar(parts: _Parts, sign: str, bar: Binary) -> None:
    """Expand one random-effects term and add it; `- (1 | g)` takes an earlier one away, as `update` needs."""
    bars = _expand_bar(parts.text, bar)
    if sign == "+":
        parts.bars += bars
        return
    for gone in bars:
        if gone not in parts.bars:
            message = f"the term ({gone.text}) is not in the formula, so it cannot be taken away"
            raise fail(parts.text, bar.pos, message)
        parts.bars.remove(gone)


def _expand_bar(text: str, bar: Binary) -> list[Bar]:
    """lme4's order: first `||` over the left side, then `/` over the grouping side."""
    if isinstance(bar.left, Binary) and bar.left.op in ("|", "||"):
        raise fail(text, bar.right.pos, "a random-effects term has a single '|', with one grouping factor behind it")
    left = _take_apart(text, bar.left)
    if left.bars or left.offsets:
        raise fail(text, bar.left.pos, "a random-effects term or an offset cannot stand inside another term")
    if not (left.terms or left.intercept):
        raise fail(text, bar.left.pos, "this random-effects term has nothing that varies between groups")
    sides = _split_sides(bar.left, left) if bar.op == "||" else [(left.fixed(), write(bar.left))]
    groups = _nested(text, bar.right)
    return [Bar(lhs, factors, f"{shown} | {name}", name) for lhs, shown in sides for factors, name in groups]


def _split_sides(node: Node, left: _Parts) -> list[tuple[str, str]]:
    """`1 + x + f` -> `1`, `0 + x`, `0 + f`: uncorrelated terms."""
    terms = [f"0 + {term.label}" for term in expand(left.fixed()).terms]
    sides = ["1", *terms] if left.intercept else terms
    return [(side, side) for side in sides]


def _nested(text: str, node: Node) -> list[tuple[tuple[str, ...], str]]:
    """`a/b` -> (`b:a`, `a`), each as its grouping expressions and the name lme4 gives it."""
    while isinstance(node, Paren):
        node = node.inner
    if isinstance(node, Binary) and node.op == "/":
        outer = _nested(text, node.left)
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
        raise fail(text, node.pos, "the grouping factor must be a column of the data, not a number or a string")
    _check_value(text, node)


# ---- changing a formula ----


def expand_dot(formula: Formula, columns: Iterable[str]) -> Formula:
    """Replace `.` in the fixed part by all columns that the formula does not name elsewhere."""
    fixed = read(formula.fixed)
    if not any(isinstance(node, Name) and node.name == "." for node in walk(fixed)):
        return formula
    used = formula_columns(formula)
    others = [quote(name) for name in columns if name not in used]
    if not others:
        raise FormulaError("'.' stands for all other columns, but the data have no other columns")
    return replace(formula, fixed=write(fixed, lambda node: _dot(node, f"({' + '.join(others)})")))


def _dot(node: Node, replacement: str) -> str | None:
    return replacement if isinstance(node, Name) and node.name == "." else None


def formula_columns(formula: Formula) -> list[str]:
    """Every column the formula names, in order of appearance, each once."""
    groups = [factor for bar in formula.bars for factor in bar.factors]
    texts = [formula.response, formula.fixed, *formula.offsets, *(bar.lhs for bar in formula.bars), *groups]
    names = [name for text in texts if text for name in columns_of(read(text))]
    return list(dict.fromkeys(names))


def columns_of(node: Node) -> list[str]:
    """The columns a tree names; the contrast named in `C(f, sum)` is not one."""
    if isinstance(node, Call):
        inner = children(node) if node.function == "cbind" else (arguments(node)["x"],)
        return [name for child in inner for name in columns_of(child)]
    if isinstance(node, Name):
        return [node.name]
    found: list[str] = []
    stack = list(reversed(children(node)))
    while stack:
        part = stack.pop()
        if isinstance(part, (Name, Call)):
            found += columns_of(part)
        else:
            stack.extend(reversed(children(part)))
    return [name for name in found if name != "."]


def update(old: str, new: str) -> str:
    """Change a formula as R's `update` does: in `new`, `.` stands for what was there.

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
        raise FormulaError(f"the formula '{old}' has no response to update")
    if isinstance(tree, Unary) and tree.op == "~":
        left = write(before.left)
        right = tree.operand
    elif isinstance(tree, Binary) and tree.op == "~":
        left = write(tree.left, lambda node: _dot(node, write(before.left)))
        right = tree.right
    else:
        raise FormulaError(f"the change '{new}' has no '~'; write one such as '. ~ . - x'")
    text = f"{left} ~ {write(right, lambda node: _dot(node, f'({write(before.right)})'))}"
    return _simplify(parse(text))


def _simplify(formula: Formula) -> str:
    """The formula with its fixed part written out term by term."""
    fixed = expand(formula.fixed)
    terms = ["1" if fixed.intercept else "0", *(term.label for term in fixed.terms)]
    offsets = [f"offset({inner})" for inner in formula.offsets]
    bars = [f"({bar.text})" for bar in formula.bars]
    return f"{formula.response} ~ {' + '.join([*terms, *offsets, *bars])}"
