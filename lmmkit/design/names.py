"""Names that are not taken: for columns and rows of ours that stand beside those of the user."""

from __future__ import annotations

from collections.abc import Collection, Sequence

__all__ = ["free_name", "make_unique"]


def free_name(name: str, taken: Collection[object], mark: str = ".") -> str:
    """A name of ours, with a mark before it as often as it is taken.

    Examples
    --------
    >>> free_name("sigma", ["(Intercept)", "sigma"])
    '.sigma'
    """
    while name in taken:
        name = mark + name
    return name


def make_unique(names: Sequence[str]) -> list[str]:
    """Names with numbers behind those that were there before, as R's ``make.unique``.

    Examples
    --------
    >>> make_unique(["g", "g", "g.1"])
    ['g', 'g.2', 'g.1']
    """
    taken, seen, out = set(names), set(), []
    for name in names:
        number = 0
        unique = name
        while unique in seen or (number and unique in taken):
            number += 1
            unique = f"{name}.{number}"
        seen.add(unique)
        out.append(unique)
    return out
