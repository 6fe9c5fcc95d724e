"""How names, numbers and p-values stand in a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence


def listed(names: Sequence[str]) -> str:
    """Names as prose.

    Examples
    --------
    >>> listed(["Days"]), listed(["Days", "Age", "sex"])
    ('Days', 'Days, Age and sex')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def plural(count: int, noun: str) -> str:
    """A number of things.

    Examples
    --------
    >>> plural(1, "level"), plural(2, "level")
    ('1 level', '2 levels')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def number(value: float) -> str:
    """Four significant digits, without an exponent as far as that is readable.

    Examples
    --------
    >>> number(251.40510), number(0.0012345), number(123456.7), number(3.2e-9)
    ('251.4', '0.001234', '123457', '3.2e-09')
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:.0f}"
    size = math.floor(math.log10(abs(value)))
    return f"{value:.4g}" if not -5 < size < 7 else f"{value:.{max(0, 3 - size)}f}"


def rounded(value: float, digits: int = 2) -> str:
    """So many decimals, with a true minus sign, and never a minus zero.

    Examples
    --------
    >>> rounded(-1.234), rounded(-0.001)
    ('−1.23', '0.00')
    """
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def p_digits(p: float) -> str:
    """A p-value in the cell of a table: three decimals, and what would be 0.000 as ``<0.001``.

    Examples
    --------
    >>> p_digits(0.0341), p_digits(1e-12), p_digits(0.0)
    ('0.034', '<0.001', '<0.001')
    """
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def p_value(p: float) -> str:
    """A p-value in a sentence.

    Examples
    --------
    >>> p_value(0.0341), p_value(0.0)
    ('p = 0.034', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
