"""What a question is: how its answer is found, which mistakes it knows, and what it hints at.

An answer is recomputed wherever it can be, so that no key needs to be kept; where it must be compared (a
letter, a word), only a salted hash of it is here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

Recompute = Callable[[], Any]


@dataclass(frozen=True)
class Judgement:
    """What a question says of one answer: right or wrong, and a sentence."""

    correct: bool
    message: str


@dataclass(frozen=True)
class Question:
    """The part that all kinds of question share.

    Attributes
    ----------
    hints : tuple of str
        Up to three, shown one at a time.
    praise : str
        What is said of a right answer: the reason why it is right.
    points : int
        What it counts.
    """

    hints: tuple[str, ...] = ()
    praise: str = ""
    points: int = 1

    def judge(self, key: str, value: Any) -> Judgement:
        """Right or wrong, and why."""
        raise NotImplementedError(f"question {key} has no kind")  # pragma: no cover

    def right(self) -> Judgement:
        """The verdict on a right answer."""
        return Judgement(True, self.praise)


@dataclass(frozen=True)
class Number(Question):
    """A number, compared to about three digits unless told otherwise.

    Attributes
    ----------
    truth : callable
        Computes the answer.
    mistakes : mapping of str to callable
        Known misconceptions: the sentence that names one, and how the wrong number comes about.
    tolerance : float
        Relative to the answer.
    absolute : float
        Or this far from it, whichever is wider.
    """

    truth: Recompute = float
    mistakes: Mapping[str, Recompute] | None = None
    tolerance: float = 5e-3
    absolute: float = 0.0

    def judge(self, key: str, value: Any) -> Judgement:
        number = as_number(value)
        if number is None:
            return Judgement(False, f"a single number is wanted here, not {describe(value)}")
        truth = float(self.truth())
        if self._near(number, truth):
            return self.right()
        for sentence, wrong in (self.mistakes or {}).items():
            if self._near(number, float(wrong())):
                return Judgement(False, sentence)
        return Judgement(False, _size_of_miss(number, truth))

    def _near(self, number: float, target: float) -> bool:
        return bool(abs(number - target) <= max(self.tolerance * abs(target), self.absolute))


@dataclass(frozen=True)
class Numbers(Question):
    """Several numbers at once: a list, an array, a Series or one-row table, in the order asked for.

    Attributes
    ----------
    truth : callable
        Computes a sequence, or a Series whose labels are then used where the answer has them, too.
    mistakes : mapping of str to callable
        As for :class:`Number`.
    tolerance : float
        Relative to the largest of the numbers.
    """

    truth: Recompute = list
    mistakes: Mapping[str, Recompute] | None = None
    tolerance: float = 5e-3

    def judge(self, key: str, value: Any) -> Judgement:
        truth = self.truth()
        numbers = as_numbers(value, like=truth)
        wanted = as_numbers(truth)
        assert wanted is not None
        if numbers is None:
            return Judgement(False, f"{len(wanted)} numbers are wanted here, not {describe(value)}")
        if len(numbers) != len(wanted):
            return Judgement(False, f"{len(wanted)} numbers are wanted here, and there are {len(numbers)}")
        if self._near(numbers, wanted):
            return self.right()
        for sentence, wrong in (self.mistakes or {}).items():
            other = as_numbers(wrong())
            if other is not None and len(other) == len(numbers) and self._near(numbers, other):
                return Judgement(False, sentence)
        off = np.abs(numbers - wanted) > self.tolerance * np.abs(wanted).max(initial=1e-12)
        return Judgement(False, f"{int(off.sum())} of the {len(wanted)} numbers are not right yet")

    def _near(self, numbers: np.ndarray, wanted: np.ndarray) -> bool:
        return bool(np.all(np.abs(numbers - wanted) <= self.tolerance * np.abs(wanted).max(initial=1e-12)))


@dataclass(frozen=True)
class Choice(Question):
    """One of several options, named by a letter or a word; case and spaces do not matter.

    Attributes
    ----------
    options : tuple of str
        What may be chosen.
    digest : str
        The salted hash of the right option, from :func:`digest`.
    because : mapping of str to str
        Why a wrong option is wrong.
    truth : callable, optional
        Computes the right option where the data decide; then no hash is kept.
    """

    options: tuple[str, ...] = ()
    digest: str = ""
    because: Mapping[str, str] | None = None
    truth: Recompute | None = None

    def judge(self, key: str, value: Any) -> Judgement:
        chosen = normalise(value) if isinstance(value, str) else None
        if isinstance(value, (bool, np.bool_)):
            chosen = "yes" if value else "no"
        if chosen not in [normalise(option) for option in self.options]:
            return Judgement(False, f"choose one of {', '.join(repr(option) for option in self.options)}")
        if self._is_right(key, str(chosen)):
            return self.right()
        reasons = {normalise(option): reason for option, reason in (self.because or {}).items()}
        return Judgement(False, reasons.get(str(chosen), "not this one; think again about what is asked"))

    def _is_right(self, key: str, chosen: str) -> bool:
        if self.truth is not None:
            return chosen == normalise(self.truth())
        return digest(key, chosen) == self.digest


@dataclass(frozen=True)
class Model(Question):
    """A fitted model, however it was written: it is right if it is the same model of the same data.

    Attributes
    ----------
    truth : callable
        Fits the model.
    mistakes : mapping of str to callable
        Known wrong models.
    """

    truth: Recompute = object
    mistakes: Mapping[str, Recompute] | None = None

    def judge(self, key: str, value: Any) -> Judgement:
        if not hasattr(value, "loglik") or not hasattr(value, "fixef"):
            return Judgement(
                False, f"a fitted model is wanted here (what lk.lmer returns), not {describe(value)}"
            )
        truth = self.truth()
        if same_model(value, truth):
            return self.right()
        for sentence, wrong in (self.mistakes or {}).items():
            if same_model(value, wrong()):
                return Judgement(False, sentence)
        if value.nobs != truth.nobs:
            return Judgement(
                False,
                f"fitted to {value.nobs} rows, but {truth.nobs} are wanted; check the data",
            )
        return Judgement(
            False, "a fitted model, but not the one asked for; compare the formulas term by term"
        )


def same_model(a: Any, b: Any) -> bool:
    """Whether two fits are the same model of the same rows: likelihood, parameters, fitted values."""
    if type(a) is not type(b) or a.nobs != b.nobs or a.npar != b.npar:
        return False
    if abs(float(a.loglik) - float(b.loglik)) > 1e-4 * max(1.0, abs(float(b.loglik))):
        return False
    ours, theirs = np.sort(np.asarray(a.fitted, dtype=float)), np.sort(np.asarray(b.fitted, dtype=float))
    return bool(np.allclose(ours, theirs, rtol=1e-3, atol=1e-3 * float(theirs.std()) + 1e-9))


@dataclass(frozen=True)
class Truth(Question):
    """Any other answer, judged by a function.

    Attributes
    ----------
    test : callable
        Takes the answer; returns None when it is right, else a sentence that says what is wrong.
    mistakes : mapping of str to callable
        Known wrong answers, each under the sentence that the test gives for it.
    """

    test: Callable[[Any], str | None] = str
    mistakes: Mapping[str, Recompute] | None = None

    def judge(self, key: str, value: Any) -> Judgement:
        complaint = self.test(value)
        return self.right() if complaint is None else Judgement(False, complaint)


def digest(key: str, answer: str) -> str:
    """The salted hash of an answer in words.

    Parameters
    ----------
    key : str
        The question, which is the salt.
    answer : str

    Returns
    -------
    str
        Sixteen hexadecimal digits.

    Examples
    --------
    >>> digest("00.q1", "An Owl") == digest("00.q1", " an owl ")
    True
    >>> digest("00.q1", "an owl") == digest("00.q2", "an owl")
    False
    """
    text = f"lmmkit|{key}|{normalise(answer)}"
    return hashlib.pbkdf2_hmac("sha256", text.encode(), b"mice and owls", 2000).hex()[:16]


def normalise(text: str) -> str:
    """Lower case, single spaces, no surrounding quotes or final stop."""
    return " ".join(str(text).lower().split()).strip(" .'\"`")


def as_number(value: Any) -> float | None:
    """The one finite number in a value, or None."""
    numbers = as_numbers(value)
    return float(numbers[0]) if numbers is not None and len(numbers) == 1 else None


def as_numbers(value: Any, like: Any = None) -> np.ndarray | None:
    """The finite numbers in a value as a vector, or None; a Series is put in the order of ``like``."""
    if isinstance(value, Mapping):
        value = pd.Series(dict(value))
    if isinstance(value, pd.Series) and isinstance(like, pd.Series) and set(like.index) == set(value.index):
        value = value.loc[like.index]
    try:
        array = np.asarray(value)
        # Text, dates, truth values and complex numbers could be cast, and are no answers.
        if array.dtype == object and not all(_is_real(item) for item in array.flat):
            return None
        numbers = array.astype(float).ravel() if array.dtype.kind in "iufO" else np.array([])
    except (TypeError, ValueError, OverflowError):
        return None
    return numbers if numbers.size and numbers.size < 100_000 and np.isfinite(numbers).all() else None


def _is_real(item: Any) -> bool:
    """Whether an item is a real number, not True or False."""
    return isinstance(item, Real) and not isinstance(item, (bool, np.bool_))


def describe(value: Any) -> str:
    """A value's kind in words, never its whole content."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, pd.DataFrame):
        return f"a table of {value.shape[0]} rows and {value.shape[1]} columns"
    if isinstance(value, (pd.Series, np.ndarray)):
        return f"{np.size(value)} values"
    if isinstance(value, (bool, np.bool_)):
        return "True or False"
    if isinstance(value, Sequence):
        return f"a list of {len(value)}"
    if isinstance(value, (int, float, np.number)):
        return "a number" if np.isfinite(float(value)) else "a value that is not a finite number"
    return f"something of type {type(value).__name__}"


def _size_of_miss(number: float, truth: float) -> str:
    """A nudge that does not give the answer away."""
    if truth != 0 and abs(number + truth) <= 5e-3 * abs(truth):
        return "the size is right, the sign is not"
    if truth != 0 and 0.9 < number / truth < 1.1:
        return "close, but not to the digits asked for; give at least three"
    return "not this number yet"
