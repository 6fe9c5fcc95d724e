"""A student's own share of a data set, and own numbers in a task, so that copied answers are wrong answers.

A graded course can give each student nine rows in ten, numbers of their own in tasks that are worked out by hand, and
lists of options in an order of their own. The student signs in at the top of a notebook, and all of it is drawn with
a seed made from the name. Whoever marks the notebook has already signed in for them, by the name that it was handed
in under, and then the name that stands in the notebook has no say: a notebook that was worked out on somebody else's
rows is run, and judged, on the student's own.

What this stops is copying answers; `tools.own_share` measures how far. It does not stop copying code.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from lmmkit.datasets import load_data
from lmmkit.errors import DataError

#: Names the student; unset or empty means that everybody has the whole data set.
VARIABLE = "LMMKIT_STUDENT"
#: The share of the rows that a student gets.
SHARE = 0.9
#: A student's number in a text: the task, the number's name, and whether it is written as a word.
PLACE = re.compile(r"\{\{(\w+)\.(\w+)(?::(word|Word))?\}\}")
SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]


#: The name that the notebook is marked under, once it is known.
_marked_as: str | None = None


def sign_in(name: Any, *, final: bool = False) -> str:
    """Say who works in this notebook: from here on, ``own_data`` gives this student's rows.

    Parameters
    ----------
    name : str
        The student's id, just as the course knows it; capitals and spaces around it do not matter.
        ``...`` means that nobody has signed in yet.
    final : bool
        For marking: this name holds until Python stops, whatever a notebook says later.

    Returns
    -------
    str
        A sentence that says whose data these are.

    Raises
    ------
    DataError
        If the name is not a text with at least one letter or digit.

    Examples
    --------
    >>> sign_in(...)
    'Nobody has signed in: these are the whole data sets. Put your student id where the dots are.'
    """
    global _marked_as
    if final:
        _marked_as = _regular(name)
        return f"Marked as {_marked_as}."
    if _marked_as is not None:
        return f"Marked as {_marked_as}, whatever name stands here."
    if name is ...:
        return "Nobody has signed in: these are the whole data sets. Put your student id where the dots are."
    os.environ[VARIABLE] = _regular(name)
    return f"Signed in as {os.environ[VARIABLE]}: the data sets are your own nine rows in ten."


def _regular(name: Any) -> str:
    """A student's id without capitals and spaces around it."""
    if not isinstance(name, str) or not any(map(str.isalnum, name)):
        raise DataError(f"a student id in quotes is wanted here, as in sign_in('ab123'), not {name!r}")
    return name.strip().lower()


def student() -> str:
    """Whose rows `own_data` gives; empty when nobody has signed in, and all have all rows."""
    return os.environ.get(VARIABLE, "").strip().lower() if _marked_as is None else _marked_as


def own_data(name: str) -> pd.DataFrame:
    """Load a data set, or the rows of it that belong to the student who has signed in.

    Signing in is done by :func:`sign_in`, or for a whole session by the environment variable
    ``LMMKIT_STUDENT``.

    Parameters
    ----------
    name : str
        As for :func:`lmmkit.load_data`.

    Returns
    -------
    pandas.DataFrame
        All rows where nobody has signed in; else nine in ten of them, drawn with a seed made from the
        student's id and the data set's name, in the original order. No level of a factor loses all of its
        rows; a column that names each row anew, such as a plot's number, is no factor.

    Raises
    ------
    DataError
        If there is no such data set.

    Examples
    --------
    >>> len(own_data("sleepstudy"))
    180
    """
    frame = load_data(name)
    return share_of(frame, seed_of(f"{student()} {name}")) if student() else frame


def seed_of(text: str) -> int:
    """A seed made from a text, the same on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def share_of(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Nine in ten of the rows, drawn at random, but never the last row of a level."""
    rng = np.random.default_rng(seed)
    keep = np.zeros(len(frame), dtype=bool)
    keep[rng.permutation(len(frame))[: round(SHARE * len(frame))]] = True
    for column in frame.select_dtypes(include=["category", "object"]):
        if frame[column].is_unique:
            continue
        lost = ~frame[column].isin(frame[column].to_numpy()[keep])
        keep |= lost.to_numpy()
    share = frame.iloc[np.flatnonzero(keep)].copy()
    for column in share.select_dtypes(include="category"):
        if share[column].is_unique:
            share[column] = share[column].cat.remove_unused_categories()
    numbered = isinstance(frame.index, pd.RangeIndex)  # other tables, such as genexpr, have names in it
    return share.reset_index(drop=True) if numbered else share


def own_numbers(key: str, choices: Mapping[str, Sequence[float]]) -> SimpleNamespace:
    """The numbers that a student has in a task.

    Parameters
    ----------
    key : str
        The question, for example ``"ex06.w1"``.
    choices : mapping of str to sequence of float
        For each number's name what it can be; the first is what it is where nobody has signed in.

    Returns
    -------
    types.SimpleNamespace
        One number for each name.

    Examples
    --------
    >>> own_numbers("ex06.w1", {"between": (3, 2, 5), "within": (4, 6)})
    namespace(between=3, within=4)
    """
    if not student():
        return SimpleNamespace(**{name: values[0] for name, values in choices.items()})
    rng = np.random.default_rng(seed_of(f"{student()} {key}"))
    return SimpleNamespace(
        **{name: values[int(rng.integers(len(values)))] for name, values in choices.items()}
    )


def own_order(key: str, n: int) -> list[int]:
    """In which order a student has the options of a task; empty where all have them as they are printed.

    Parameters
    ----------
    key : str
        The question. Those of lessons are nobody's own.
    n : int
        How many options there are.

    Examples
    --------
    >>> own_order("ex06.q1", 4)
    []
    """
    if n < 2 or not student() or key[:1].isdigit():
        return []
    order: list[int] = np.random.default_rng(seed_of(f"{student()} {key}")).permutation(n).tolist()
    return order


def with_numbers(text: str, numbers_of: Callable[[str], SimpleNamespace]) -> str:
    """A text with numbers in their places.

    Parameters
    ----------
    text : str
        With places such as ``{{w1.between}}``; ``{{w1.between:word}}`` writes small numbers as words, and ``:Word``
        with a capital.
    numbers_of : callable
        Gives the numbers of a task, here ``w1``.

    Examples
    --------
    >>> with_numbers("{{w1.n:Word}} ({{w1.n}}) nests", lambda task: SimpleNamespace(n=12))
    'Twelve (12) nests'
    """

    def written(place: re.Match[str]) -> str:
        number = getattr(numbers_of(place[1]), place[2])
        word = SMALL[number] if place[3] and number in range(len(SMALL)) else f"{number:g}"
        return word.capitalize() if place[3] == "Word" else word

    return PLACE.sub(written, text)
