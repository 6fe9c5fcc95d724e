"""What a caller may give: each function takes an argument's name and value, and gives the value back, checked.

An argument that makes no sense is refused here, by one sentence, before NumPy, pandas or joblib meet it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np
import pandas as pd

from ..errors import ModelError
from .arrays import Array

__all__ = [
    "axes", "fitted", "flag", "function", "level", "name", "names", "number", "numbers", "one_in_model",
    "one_of", "seed", "seed_sequence", "shown", "whole", "workers",
]  # fmt: skip

MOST = float(np.finfo(float).max)
ROMAN = {"i": 1, "ii": 2, "iii": 3}


def shown(value: Any) -> str:
    """A value as it stands in a sentence: numbers and short texts themselves, of anything else its type.

    Examples
    --------
    >>> shown("a"), shown(-1), shown([1, 2])
    ("'a'", '-1', 'an object of type list')
    """
    if value is None or isinstance(value, (bool, int, float, str, bytes, np.generic)):
        text = repr(value.item() if isinstance(value, np.generic) else value)
        return text if len(text) <= 40 else text[:36] + " ..."
    return f"an object of type {type(value).__name__}"


def _real(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def number(
    name: str, value: Any, low: float = -np.inf, high: float = np.inf, wanted: str = "a number"
) -> float:
    """A finite number between two ends, which it may not reach.

    Raises
    ------
    ModelError
        For anything else.

    Examples
    --------
    >>> number("alpha", 0.05, 0, 1)
    0.05
    """
    if _real(value):
        if abs(value) <= MOST and low < value < high:
            return float(value)
        if np.isfinite(low) and np.isfinite(high):
            raise ModelError(f"{name} must lie between {low:g} and {high:g}, not {shown(value)}")
    hint = "; write it without quotes" if isinstance(value, (str, bytes)) else ""
    raise ModelError(f"{name} must be {wanted}, not {shown(value)}{hint}")


def level(value: Any, name: str = "level") -> float:
    """A confidence level, between 0 and 1.

    Examples
    --------
    >>> level(0.9)
    0.9
    """
    if _real(value) and 1 < value < 100:
        raise ModelError(
            f"{name} must lie between 0 and 1, not {shown(value)}; write {value / 100:g} for {value:g} %"
        )
    return number(name, value, 0, 1)


def whole(name: str, value: Any, low: int = 1) -> int:
    """A whole number, not below `low`; 3.0 counts as 3.

    Examples
    --------
    >>> whole("n_sim", 100), whole("n_sim", 1e3)
    (100, 1000)
    """
    if not _real(value) or not abs(value) <= 1e15 or value != int(value) or value < low:
        raise ModelError(f"{name} must be a whole number from {low}, not {shown(value)}")
    return int(value)


def workers(value: Any) -> int:
    """A number of worker processes: a whole one, -1 for one per core; None is one.

    In a browser it is one, whatever is asked: there are no processes, and results do not depend on their number.

    Examples
    --------
    >>> workers(None), workers(-1)
    (1, -1)
    """
    if value is None:
        return 1
    counted = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not counted or not 0 < abs(value) < 10_000:
        raise ModelError(f"n_jobs must be a whole number from 1, or -1 for one per core, not {shown(value)}")
    return 1 if sys.platform == "emscripten" else int(value)


def flag(name: str, value: Any) -> bool:
    """True or False.

    Examples
    --------
    >>> flag("reml", False)
    False
    """
    if not isinstance(value, (bool, np.bool_)):
        raise ModelError(f"{name} must be True or False, not {shown(value)}")
    return bool(value)


def one_of(name: str, value: Any, choices: Sequence[Any], aliases: Mapping[str, Any] | None = None) -> Any:
    """One of some words or numbers, given as Python or R spell it.

    Case does not count, and ``-``, ``.`` and a space count as ``_``: ``"Kenward-Roger"`` is
    ``"kenward_roger"``. A number may be written as text, in Roman figures as well: ``"III"`` is 3.

    Parameters
    ----------
    name : str
    value : object
    choices : sequence of str, int or None
    aliases : mapping, optional
        Other words -> the choice that they mean.

    Raises
    ------
    ModelError
        For anything else.

    Examples
    --------
    >>> one_of("ddf", "Kenward-Roger", ["satterthwaite", "kenward_roger"])
    'kenward_roger'
    >>> one_of("type", "III", [1, 2, 3])
    3
    """
    if value is None and None in choices:
        return None
    if isinstance(value, str):
        if value in choices:  # the usual case
            return value
        word = value.strip().lower()
        for mark in "-. ":
            word = word.replace(mark, "_")
        known = {str(choice): choice for choice in choices if choice is not None}
        known |= {roman: figure for roman, figure in ROMAN.items() if figure in choices}
        known |= aliases or {}
        if word in known:
            return known[word]
    elif _real(value):
        for choice in choices:
            if not isinstance(choice, str) and choice == value:
                return choice
    raise ModelError(f"{name} must be one of {', '.join(map(repr, choices))}, not {shown(value)}")


def seed(value: Any) -> Any:
    """A seed: nothing, a whole number from 0 or several, or a generator or seed sequence of NumPy.

    Examples
    --------
    >>> seed(None), seed(1)
    (None, 1)
    """
    if value is None or isinstance(
        value, (np.random.Generator, np.random.SeedSequence, np.random.BitGenerator)
    ):
        return value
    several = isinstance(value, (list, tuple)) and len(value) > 0
    for part in value if several else [value]:
        if not isinstance(part, (int, np.integer)) or isinstance(part, bool) or part < 0:
            raise ModelError(f"seed must be a whole number from 0, not {shown(part)}; or leave it out")
    return value


def seed_sequence(value: Any) -> np.random.SeedSequence:
    """A seed from which others can be spawned."""
    value = seed(value)
    if isinstance(value, np.random.SeedSequence):
        return value
    if isinstance(value, np.random.Generator):
        value = value.bit_generator
    if isinstance(value, np.random.BitGenerator):
        found = value.seed_seq
        assert isinstance(found, np.random.SeedSequence)
        return found
    return np.random.SeedSequence(value)


def name(argument: str, value: Any) -> str:
    """A single name.

    Examples
    --------
    >>> name("by", "Subject")
    'Subject'
    """
    if not isinstance(value, str):
        raise ModelError(f"{argument} must be a name, not {shown(value)}")
    return value


def one_in_model(value: Any, known: Sequence[str], what: str) -> str:
    """A name that the model has, such as one of its grouping factors.

    Examples
    --------
    >>> one_in_model("Subject", ["Subject"], "grouping factor")
    'Subject'
    """
    if not isinstance(value, str) or value not in known:
        raise ModelError(f"{shown(value)} is not a {what} of this model; it has {', '.join(known) or 'none'}")
    return value


def names(name: str, value: Any) -> list[str]:
    """A name or several, as a list.

    Examples
    --------
    >>> names("specs", "Dose"), names("specs", ("Dose", "Strain"))
    (['Dose'], ['Dose', 'Strain'])
    """
    several = [value] if isinstance(value, str) else value
    if isinstance(several, (list, tuple, pd.Index)) and all(isinstance(part, str) for part in several):
        return list(several)
    raise ModelError(f"{name} must be a name or a list of names, not {shown(value)}")


def numbers(name: str, value: Any) -> Array:
    """A sequence of numbers, or one, as a one-dimensional array."""
    try:
        found = np.atleast_1d(np.asarray(value, dtype=float))
    except (TypeError, ValueError, OverflowError):
        found = np.empty((0, 0))
    if value is None or isinstance(value, (str, bytes)) or found.ndim != 1:
        raise ModelError(f"{name} must be a list of numbers, not {shown(value)}")
    return found


def fitted(name: str, value: Any, mixed: bool = False) -> Any:
    """A fitted model; with `mixed`, one that has random effects."""
    if not (hasattr(value, "design") and hasattr(value, "call") and hasattr(value, "fixef")):
        makers = "lk.lmer or lk.glmer" if mixed else "lk.lmer, lk.glmer, lk.lm or lk.glm"
        raise ModelError(f"{name} must be a fitted model, as made by {makers}, not {shown(value)}")
    if mixed and not hasattr(value, "ranef"):
        raise ModelError(
            f"{name} has no random effects; this is for a mixed model, as made by lk.lmer or lk.glmer"
        )
    return value


def function(name: str, value: Any) -> Any:
    """Something that can be called."""
    if not callable(value) or isinstance(value, type):
        raise ModelError(f"{name} must be a function of a fitted model, not {shown(value)}")
    return value


def axes(value: Any, name: str = "ax") -> Any:
    """Axes of matplotlib to draw into, or None for new ones."""
    if value is not None and not (hasattr(value, "plot") and hasattr(value, "get_figure")):
        raise ModelError(f"{name} must be axes of matplotlib, as from plt.subplots(), not {shown(value)}")
    return value
