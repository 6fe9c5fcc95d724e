"""R's rules for putting numbers, names and tables into text, so that a printed model reads like lme4's.

Only what `print` and `summary` of a fitted model need: `format`, `format.pval`, `abbreviate`, the layout of
character matrices and named vectors, `cat(fill = TRUE)` and `deparse` of a formula. Blanks at the end of a
line, which R leaves there, are dropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ..formula.syntax import read
from ..formula.tree import Binary, Node, Paren, write

WIDTH = 80  # of a line, as R's getOption("width")
NARROW = 72  # of a line of our own words: a notebook in a narrow window does not break it
CUTOFF = 60  # where R's deparse starts a new line


def format_numbers(values: Iterable[float], digits: int = 7) -> list[str]:
    """Format numbers together, as R's ``format(x, digits)``.

    All get the same number of decimals: as many as the neediest needs to show `digits` significant digits.
    Where fixed notation would be wider than scientific, all are written scientifically.

    Parameters
    ----------
    values : iterable of float
    digits : int
        Significant digits to show at least.

    Returns
    -------
    list of str
        Right-justified to a common width.

    Examples
    --------
    >>> format_numbers([612.1, 35.07, 654.9], 4)
    ['612.10', ' 35.07', '654.90']
    >>> format_numbers([1e-10, 1.0], 3)
    ['1e-10', '1e+00']
    """
    numbers = [float(value) + 0.0 for value in values]  # no negative zero
    finite = [x for x in numbers if math.isfinite(x)]
    parts = [_scientific(x, digits) for x in finite]
    decimals = max((max(0, shown - exponent - 1) for exponent, shown in parts), default=0)
    mantissa = max((shown for _, shown in parts), default=1) - 1
    fixed = [f"{x:.{decimals}f}" for x in finite]
    scientific = [f"{x:.{mantissa}e}" for x in finite]
    shorter = max(map(len, fixed), default=0) <= max(map(len, scientific), default=0)
    texts = iter(fixed if shorter else scientific)
    return justify([next(texts) if math.isfinite(x) else _not_finite(x) for x in numbers], right=True)


def _scientific(x: float, digits: int) -> tuple[int, int]:
    """Decimal exponent of x rounded to `digits`, and how many of these digits are not trailing zeros."""
    if x == 0:
        return 0, 1
    mantissa, _, exponent = f"{abs(x):.{digits - 1}e}".partition("e")
    return int(exponent), max(1, len(mantissa.replace(".", "").rstrip("0")))


def _not_finite(x: float) -> str:
    return "NA" if math.isnan(x) else "Inf" if x > 0 else "-Inf"


def justify(texts: Sequence[str], right: bool) -> list[str]:
    """Pad texts to a common width."""
    width = max(map(len, texts), default=0)
    return [text.rjust(width) if right else text.ljust(width) for text in texts]


def format_pvalues(values: Sequence[float], digits: int = 3, eps: float = 2.220446e-16) -> list[str]:
    """Format p-values, as R's ``format.pval``: the tiny ones as ``< 2e-16``.

    Examples
    --------
    >>> format_pvalues([0.5, 0.0123456, 3e-9, 0.0])
    ['0.5000', '0.0123', '3e-09', '<2e-16']
    """
    values = [float(p) for p in values]
    common = [p for p in values if p >= 1e-4]
    small = [p for p in values if eps <= p < 1e-4]
    texts = dict(zip(common, format_numbers(common, digits), strict=True))
    texts |= dict(zip(small, format_numbers(small, digits), strict=True))
    keep = max(1, digits - 2)
    widest = max((len(text) for text in texts.values()), default=0)
    gap = "" if keep == 1 and widest <= 6 else " "
    below = f"<{gap}{format_numbers([eps], keep)[0]}"
    return ["NA" if math.isnan(p) else texts.get(p, below) for p in values]


def stars(p: float) -> str:
    """Significance stars of ``printCoefmat``, padded to three characters."""
    for limit, mark in ((0.001, "***"), (0.01, "** "), (0.05, "*  "), (0.1, ".  ")):
        if p <= limit:
            return mark
    return "   "


def zap_small(values: np.ndarray, digits: int) -> np.ndarray:
    """R's ``zapsmall``: round away what is nothing beside the largest value."""
    largest = float(np.abs(values).max(initial=0.0))
    return np.round(values, max(0, round(digits - math.log10(largest))) if largest > 0 else digits)


def matrix_lines(
    rows: Sequence[Sequence[str]],
    columns: Sequence[str],
    index: Sequence[str] | None = None,
    *,
    right: bool = False,
) -> list[str]:
    """Lay out a character matrix as R prints one: columns in blocks that fit the width.

    Parameters
    ----------
    rows : sequence of sequences of str
    columns : sequence of str
        Column headings.
    index : sequence of str, optional
        Row names, left-justified; none by default.
    right : bool
        Right-justify the cells.

    Examples
    --------
    >>> print("\\n".join(matrix_lines([["1.5", "a"], ["10", "b"]], ["x", "y"], ["u", "vv"], right=True)))
         x y
    u  1.5 a
    vv  10 b
    """
    names = justify(["", *(index if index is not None else [""] * len(rows))], right=False)
    cells = [justify([head, *(row[j] for row in rows)], right) for j, head in enumerate(columns)]
    lines: list[str] = []
    first = 0
    while first < len(cells):
        width, last = len(names[0]), first
        while last < len(cells) and (last == first or width + 1 + len(cells[last][0]) <= WIDTH):
            width += 1 + len(cells[last][0])
            last += 1
        block = zip(names, *cells[first:last], strict=True)
        lines += [" ".join(line).rstrip() for line in block]
        first = last
    return lines


def vector_lines(names: Sequence[str], values: Sequence[str], gap: int = 1) -> list[str]:
    """Lay out a named vector as R prints one.

    Examples
    --------
    >>> vector_lines(["Min", "Max"], ["-1.25", "2.50"])
    ['  Min   Max', '-1.25  2.50']
    """
    width = max(map(len, [*names, *values]), default=0)
    per_line = max(1, WIDTH // (width + gap))
    lines = []
    for first in range(0, len(names), per_line):
        for texts in (names, values):
            lines.append((" " * gap).join(text.rjust(width) for text in texts[first : first + per_line]))
    return lines


def fill(items: Sequence[str], sep: str = " ") -> list[str]:
    """``cat(..., fill = TRUE)``: items on one line, a new line where the next would not fit."""
    lines = [items[0]]
    for item in items[1:]:
        if len(lines[-1]) + len(sep) + len(item) > WIDTH:
            lines.append(item)
        else:
            lines[-1] += sep + item
    return lines


def abbreviate(names: Sequence[str], minlength: int) -> list[str]:
    """Shorten names as R's ``abbreviate``, keeping them distinct.

    Examples
    --------
    >>> abbreviate(["(Intercept)", "period2", "nutrient"], 6)
    ['(Intr)', 'perid2', 'nutrnt']
    """
    unique = list(dict.fromkeys(name.strip(" ") for name in names))
    short = [_abbreviated(name, minlength) for name in unique]
    while len(set(short)) < len(short):
        repeated = {text for i, text in enumerate(short) if text in short[:i]}
        minlength += 1
        pairs = zip(unique, short, strict=True)
        short = [_abbreviated(name, minlength) if text in repeated else text for name, text in pairs]
    chosen = dict(zip(unique, short, strict=True))
    return [chosen[name.strip(" ")] for name in names]


def _abbreviated(name: str, minlength: int) -> str:
    """Drop lower-case vowels, then lower-case letters, then anything; from the right, word ends first."""
    letters = list(name)

    def last(i: int) -> bool:
        return not letters[i - 1].isspace() and (i + 1 == len(letters) or letters[i + 1].isspace())

    def inside(i: int) -> bool:
        return not letters[i - 1].isspace()

    def vowel(i: int) -> bool:
        return letters[i] in "aeiou"

    def lower(i: int) -> bool:
        return letters[i].islower()

    def other(i: int) -> bool:
        return not letters[i].isspace()

    passes: list[tuple[Callable[[int], bool], Callable[[int], bool]]] = [
        (vowel, last), (vowel, inside), (lower, last), (lower, inside), (other, inside),
    ]  # fmt: skip
    for kind, place in passes:
        for i in range(len(letters) - 1, 0, -1):
            if sum(not letter.isspace() for letter in letters) <= minlength:
                break
            if kind(i) and place(i):
                del letters[i]
    text = "".join(letters)
    return text if len(text) <= minlength else "".join(text.split())


def deparse(formula: str, start: str = "") -> list[str]:
    """A formula's text with R's spacing, broken into lines where R's ``deparse`` breaks it.

    Parameters
    ----------
    formula : str
    start : str
        What stands before it on its first line, as in ``lm(formula = y ~ x``.

    Examples
    --------
    >>> deparse("y~x+(x|g)")
    ['y ~ x + (x | g)']
    """
    lines, indent = [start], 0

    def put(text: str) -> None:
        lines[-1] += text

    def walk(node: Node) -> None:
        nonlocal indent
        if isinstance(node, Paren):
            put("(")
            walk(node.inner)
            put(")")
        elif isinstance(node, Binary) and f" {node.op} " in write(node):
            walk(node.left)
            put(f" {node.op} ")
            broken = len(lines[-1]) > CUTOFF
            if broken:
                indent += 1
                lines.append("    " * indent)
            walk(node.right)
            indent -= broken
        else:
            put(write(node))

    walk(read(formula))
    return lines
