"""What a reader wrote, read kindly: numbers given as text or per cent, words with other dashes, brackets or plurals."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

#: More numbers than any question asks for; what is longer is not read at all.
MOST = 100_000
_SIGNS = str.maketrans({"‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "×": "x", "·": "*", "÷": "/",
                        "’": "'", "‘": "'", "“": '"', "”": '"', "²": "^2", "\u00a0": " "})  # fmt: skip
_WORDS = {
    word: number
    for number, word in enumerate(
        re.findall(
            r"\w+",
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen twenty",
        )
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d+)?|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)
_UNIT = re.compile(
    r"(?<=[\d.])\s*(?:ms|mm|cm|m|g|kg|mg|g/kg|mg/kg|mg/l|ng/ml|u/l|°c|days?|years?|points?)$", re.IGNORECASE
)
_FRACTION = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Given:
    """One number as it was given.

    Attributes
    ----------
    value : float
    decimals : int
        Digits behind the point that were written.
    digits : int
        Digits that say something, zeros in front left out: 3 for 0.0415, 2 for 15.
    percent : bool
        Whether a per cent sign was written.
    """

    value: float
    decimals: int
    digits: int
    percent: bool = False

    def means(self, truth: float) -> bool:
        """Whether the truth, rounded or cut off to the digits that were written, is this number."""
        unit = 10.0**-self.decimals
        rounded = abs(self.value - truth) <= 0.5 * unit * (1 + 1e-9)
        cut = abs(self.value) <= abs(truth) < abs(self.value) + unit * (1 - 1e-9)
        return rounded or (cut and self.value * truth > 0)


def plain_text(text: str) -> str:
    """Text with one kind of dash, quote and multiplication sign.

    Examples
    --------
    >>> plain_text("Kenward–Roger, 50 × 2")
    'Kenward-Roger, 50 x 2'
    """
    return unicodedata.normalize("NFC", text).translate(_SIGNS)


def normalise(text: str) -> str:
    """Lower case, single spaces, no surrounding quotes or final stop."""
    return " ".join(str(text).lower().split()).strip(" .'\"`")


# ---------------------------------------------------------------- numbers


def given(value: Any) -> Given | None:
    """The one finite number in a value, with the digits that it was given to; None where there is none.

    Examples
    --------
    >>> given("8 %")
    Given(value=8.0, decimals=0, digits=1, percent=True)
    >>> given("−6,2").value, given([1.5]).digits, given("five").value, given("5 mice")
    (-6.2, 2, 5.0, None)
    >>> given("10.5 ms").value, given("4/5").value
    (10.5, 0.8)
    """
    if isinstance(value, str):
        text = plain_text(value).strip(" .\"'`()[]")
        percent = text.endswith("%") or text.lower().endswith(" per cent")
        text = re.sub(r"\s*(%|per cent)$", "", text, flags=re.IGNORECASE)
        if text.lower() in _WORDS:
            number = _WORDS[text.lower()]
            return Given(float(number), 0, len(str(number)), percent)
        fraction = _FRACTION.fullmatch(text)
        if fraction and float(fraction[2]) != 0:
            return _as_written(repr(float(fraction[1]) / float(fraction[2])), percent)
        text = _UNIT.sub("", text)
        return _as_written(text.replace(",", "."), percent) if _NUMBER.fullmatch(text) else None
    numbers = as_numbers(value)
    return None if numbers is None or len(numbers) != 1 else _as_written(repr(float(numbers[0])))


def _as_written(text: str, percent: bool = False) -> Given | None:
    value = float(text)
    if not np.isfinite(value):
        return None
    mantissa, _, exponent = text.lower().removesuffix(".0").partition("e")
    whole, _, fraction = mantissa.lstrip("+-").partition(".")
    digits = len((whole + fraction).lstrip("0"))
    return Given(value, len(fraction) - int(exponent or 0), digits, percent)


def as_number(value: Any) -> float | None:
    """The one finite number in a value, or None; text is read, too."""
    found = given(value)
    return None if found is None else found.value


def as_numbers(value: Any, like: Any = None) -> np.ndarray | None:
    """The finite numbers in a value as a vector, or None; a Series is put in the order of ``like``."""
    if isinstance(value, str):
        value = [part for part in re.split(r"[;\s]+|,\s+|,(?=\d+\.)", value.strip(" ()[]")) if part]
    if isinstance(value, Mapping):
        value = pd.Series(dict(value))
    if isinstance(value, pd.Series) and isinstance(like, pd.Series) and set(like.index) == set(value.index):
        value = value.loc[like.index]
    if is_endless(value):
        return None
    if isinstance(value, list | tuple) and value and all(isinstance(item, str) for item in value):
        read = [given(item) for item in value]
        value = [one.value for one in read if one is not None] if None not in read else value
    try:
        array = np.asarray(value)
        # Dates, truth values and complex numbers could be cast, and are no answers.
        if array.dtype == object and not all(_is_real(item) for item in array.flat):
            return None
        numbers = array.astype(float).ravel() if array.dtype.kind in "iufO" else np.array([])
    except (TypeError, ValueError, OverflowError):
        return None
    return numbers if numbers.size and numbers.size < MOST and np.isfinite(numbers).all() else None


def listed(value: Any) -> Any:
    """What stands between the commas of a text, as a list; anything else as it is.

    Examples
    --------
    >>> listed("plot, half; chick"), listed(["plot"]), listed("plot")
    (['plot', 'half', 'chick'], ['plot'], 'plot')
    """
    if not isinstance(value, str) or len(value) > 300:
        return value
    parts = [part.strip(" \"'") for part in re.split(r"[,;]", value.strip(" ()[]")) if part.strip(" \"'")]
    return parts if len(parts) > 1 else value


def is_endless(value: Any) -> bool:
    """Whether a value has no length that can be known, or more items than any answer: it must not be run through.

    Examples
    --------
    >>> import itertools
    >>> is_endless(itertools.count()), is_endless(range(10**12)), is_endless([1, 2]), is_endless("owl")
    (True, True, False, False)
    """
    if isinstance(value, (str, bytes, Mapping, np.ndarray, pd.Series, pd.DataFrame)):
        return False
    steps, sized = hasattr(type(value), "__iter__"), hasattr(type(value), "__len__")
    if steps and not sized:
        return True
    if not steps and not hasattr(type(value), "__getitem__"):
        return False
    try:
        # A class may say of its length what it likes; and what is only asked for items 0, 1, 2 says nothing of it.
        told = len(value) if sized else MOST
        return (sized and told >= MOST) or len(list(islice(value, told + 1))) > told
    except OverflowError:
        return True
    except Exception:  # it cannot be run through at all
        return False


def _is_real(item: Any) -> bool:
    """Whether an item is a real number, not True or False."""
    return isinstance(item, Real) and not isinstance(item, (bool, np.bool_))


# ---------------------------------------------------------------- words


def chosen(value: str, options: Sequence[str]) -> str | None:
    """The option that is meant, or None where it is none, or could be two.

    The same without spaces, commas, brackets or plurals; a letter for the option at its place; a part of one
    option's words, or one option's words among others; a word of the same stem.

    Examples
    --------
    >>> chosen("(1|nest/chick)", ["(1 | nest / chick)", "(1 | chick)"])
    '(1 | nest / chick)'
    >>> options = ["complete", "no", "partial", "towards zero"]
    >>> chosen("complete pooling", options), chosen("zero", options), chosen("(b)", options)
    ('complete', 'towards zero', 'no')
    >>> chosen("no partial pooling", options), chosen("not complete", options)
    (None, None)
    >>> chosen("line B", ["A", "B"]), chosen("a mouse", ["A", "B"]), chosen("linear", ["linearity", "normality"])
    ('B', None, 'linearity')
    >>> chosen("one in two", ["1 in 2", "1 in 20"]), chosen("20 %", ["5 in 100", "20 in 100"])
    ('1 in 2', '20 in 100')
    >>> chosen("(1|b)+(1|a)", ["(1 | a) + (1 | b)", "(1 | a/b)"])
    '(1 | a) + (1 | b)'
    """
    if len(value) > 300:
        return None
    wanted = _key(value)
    same = [option for option in options if _key(option) == wanted] or [
        option for option in options if "|" in option and _terms(option) == _terms(value)
    ]
    if len(same) == 1:
        return same[0]
    letter = re.fullmatch(r"(?:[a-z]+\s+)?\W*([a-z])\W*", value.strip().lower())
    if letter:
        return _by_letter(letter[1], options)
    if "|" in value or "~" in value:
        return None  # a part of a formula is another formula
    words = _words(value)
    near = [option for option in options if len(option) > 1 and _overlap(words, _words(option))]
    if not near and len(words) == 1:
        near = [option for option in options if _same_stem(value.lower(), option.lower())]
    if len(near) != 1 or (words - _words(near[0])) & {"not", "no", "never", "neither", "nor", "except"}:
        return None
    return near[0]


def _same_stem(word: str, other: str) -> bool:
    """Whether two words differ in their endings only, as linear and linearity do."""
    stem = max(6, min(len(word), len(other)) - 2)
    return word.isalpha() and other.isalpha() and len(word[:stem]) == stem and word[:stem] == other[:stem]


def _by_letter(letter: str, options: Sequence[str]) -> str | None:
    """The option that is this letter, or stands at its place."""
    same = [option for option in options if option.lower() == letter]
    place = ord(letter) - ord("a")
    if same or any(len(option) == 1 for option in options):
        return same[0] if same else None
    return options[place] if place < len(options) else None


def _overlap(words: set[str], option: set[str]) -> bool:
    """Whether one of two sets of words holds the other, and none is empty."""
    return bool(words and option) and (words <= option or option <= words)


def _key(text: str) -> str:
    """What is left of an answer when its form is taken away; signs of a formula stay."""
    text = plain_text(text).lower().removeprefix("lk.").replace("%", " in 100")
    text = re.sub(r"[a-z]+", lambda word: str(_WORDS.get(word[0], _singular(word[0]))), text)
    text = re.sub(r"[\s,.;'\"`]+", "", text)
    text = re.sub(r"\(1\+(?=[a-z])", "(", text)  # (1 + x | g) is (x | g)
    return text.strip("()[]") or text


def _terms(text: str) -> list[str]:
    """The terms in brackets of a random part, whatever their order."""
    return sorted(_key(term) for term in re.split(r"\+(?![^()]*\))", text))


def _words(text: str) -> set[str]:
    words = re.findall(r"[a-z]+|\d+(?:\.\d+)?|[+*/:%<>=]+", plain_text(text).lower().replace("'s", ""))
    return {_singular(word) for word in words} - {"the", "a", "an", "it", "is", "lk", "of", "to"}


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


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
    if is_endless(value):
        return "something without an end"
    if isinstance(value, Sequence):
        return f"a list of {len(value)}"
    if isinstance(value, (int, float, np.number)):
        return "a number" if np.isfinite(float(value)) else "a value that is not a finite number"
    return f"something of type {type(value).__name__}"
