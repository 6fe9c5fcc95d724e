"""What a question is: how its answer is found, which mistakes it knows, and what it hints at.

An answer is recomputed wherever it can be, so that no key needs to be kept; where it must be compared (a
letter, a word), only a salted hash of it is here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lmmkit.course.reading import Given, as_numbers, chosen, describe, given, normalise
from lmmkit.course.same_model import same_model, what_differs

Recompute = Callable[[], Any]


@dataclass(frozen=True)
class Judgement:
    """What a question says of one answer: right or wrong, and a sentence.

    With `form`, only the form is wrong (text where a number is wanted, per cent where a share is): the answer is
    not counted as a try, and uses up no hint.
    """

    correct: bool
    message: str
    form: bool = False


def slip(message: str) -> Judgement:
    """The verdict on an answer whose form alone is wrong."""
    return Judgement(False, message, form=True)


class Slip(str):
    """What the test of a :class:`Truth` returns when only the form of an answer is wrong."""


@dataclass(frozen=True)
class Question:
    """The part that all kinds of question share.

    Attributes
    ----------
    hints : tuple of str
        Up to three, shown one at a time.
    praise : str
        What is said of a right answer: the reason why it is right.
    then : str
        What to run next, and what to look at there; said after a right answer.
    points : int
        What it counts.
    own : mapping of str to sequence of float
        Numbers of the task that differ between students of a graded course: for each name what it can be, first
        what everybody else has. In the notebook and in sentences ``{{w1.name}}`` stands for it.
    """

    hints: tuple[str, ...] = ()
    praise: str = ""
    then: str = ""
    points: int = 1
    own: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """The words that an answer is made of, where they are given; a student may have them in another order."""
        return ()

    def judge(self, key: str, value: Any) -> Judgement:
        """Right or wrong, and why."""
        raise NotImplementedError(f"question {key} has no kind")  # pragma: no cover

    def right(self, before: str = "") -> Judgement:
        """The verdict on a right answer; what stands before the praise is about its form."""
        return Judgement(True, " ".join(part for part in (before, self.praise) if part))

    def solution(self, key: str) -> str:
        """The answer in words, for a reader who has tried and asks to be shown."""
        raise NotImplementedError(f"question {key} has no kind")  # pragma: no cover


@dataclass(frozen=True)
class Number(Question):
    """A number, compared to about three digits; two are enough when they are the answer rounded.

    Attributes
    ----------
    truth : callable
        Computes the answer.
    mistakes : mapping of str to callable
        Known misconceptions: the sentence that names one, and how the wrong number comes about.
    others : callable, optional
        Gives a mapping of names to the other numbers that can be read in the same place, such as
        `printed_numbers(fit)`: an answer that is one of them is told its name.
    tolerance : float
        Relative to the answer.
    absolute : float
        Or this far from it, whichever is wider.
    digits : int
        How many a rounded answer must have.
    """

    truth: Recompute = float
    mistakes: Mapping[str, Recompute] | None = None
    others: Callable[[], Mapping[str, float]] | None = None
    tolerance: float = 5e-3
    absolute: float = 0.0
    digits: int = 2

    def judge(self, key: str, value: Any) -> Judgement:
        number = given(value)
        if number is None:
            return slip(f"a single number is wanted here, not {describe(value)}")
        truth = float(self.truth())
        if self._near(number.value, truth) or (number.percent and self._near(number.value / 100, truth)):
            return self.right()
        known = [(sentence, float(wrong())) for sentence, wrong in (self.mistakes or {}).items()]
        for sentence, wrong in known:
            if self._near(number.value, wrong):
                return Judgement(False, sentence, form=self._near(wrong, 100 * truth))
        if number.digits >= self.digits:
            if number.means(truth) or (number.percent and _scaled(number, -2).means(truth)):
                return self.right(f"(With more digits it is {truth:.4g}.)")
            for sentence, wrong in known:
                if number.means(wrong):
                    return Judgement(False, sentence)
        return next(self._diagnoses(number, truth, known))

    def solution(self, key: str) -> str:
        return f"{float(self.truth()):.4g}"

    def _near(self, number: float, target: float) -> bool:
        return bool(abs(number - target) <= max(self.tolerance * abs(target), self.absolute))

    def _agrees(self, number: Given, target: float) -> bool:
        return self._near(number.value, target) or (number.digits >= self.digits and number.means(target))

    def _diagnoses(self, number: Given, truth: float, known: list[tuple[str, float]]) -> Iterator[Judgement]:
        """What a wrong number may be, the surest first."""
        for label, other in (self.others() if self.others else {}).items():
            if self._agrees(number, other) and not self._near(other, truth):
                yield Judgement(False, f"that is {label}; something else is asked for")
        if abs(truth) <= 1 and self._agrees(_scaled(number, -2), truth):
            yield slip("as per cent that is right, but a share is wanted here: divide it by 100")
        for sentence, wrong in known if abs(truth) <= 1 else ():
            if 0 < abs(wrong) <= 1 and self._agrees(_scaled(number, -2), wrong):
                yield Judgement(False, sentence)
        if abs(number.value) <= 1 and self._agrees(_scaled(number, 2), truth):
            yield slip("as a share that is right, but per cent are wanted here: multiply it by 100")
        if truth != 0 and self._agrees(Given(-number.value, number.decimals, number.digits), truth):
            yield Judgement(False, "the size is right, the sign is not")
        yield from (Judgement(False, sentence) for sentence in _relations(number, truth, self._near))
        if 0 < number.digits < self.digits and number.means(truth):
            yield slip(f"as far as it goes that is right; give at least {self.digits} digits")
        if truth != 0 and 0.9 < number.value / truth < 1.1:
            yield Judgement(False, "not far off, but another number: it is no matter of digits")
        yield Judgement(False, "not this number yet")


def _scaled(number: Given, power: int) -> Given:
    """The number times a power of ten."""
    return Given(number.value * 10.0**power, number.decimals - power, number.digits)


def _relations(number: Given, truth: float, near: Callable[[float, float], bool]) -> Iterator[str]:
    """Sentences for a number that is the answer upside down, squared, or on another scale."""
    if number.digits < 3 or truth == 0 or 0.95 < abs(truth) < 1.05:
        return  # with two digits, or near one, too many numbers would do by chance
    value = number.value
    if near(value, 1 / truth):
        yield "that is the answer upside down: the two parts of the ratio have changed places"
    if near(value, truth**2):
        yield "that is the square of the answer: a variance where a standard deviation is asked for?"
    if truth > 0 and near(value, truth**0.5):
        yield "that is the square root of the answer: a standard deviation where a variance is asked for?"
    if truth > 0 and near(value, float(np.log(truth))):
        yield "that is the logarithm of the answer: go back to the scale that is asked for"
    if abs(truth) < 50 and near(value, float(np.exp(truth))):
        yield "that is the answer taken to the power of e: the logarithm itself is asked for"


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
            return slip(f"{len(wanted)} numbers are wanted here, not {describe(value)}")
        if len(numbers) != len(wanted):
            there = "there is 1" if len(numbers) == 1 else f"there are {len(numbers)}"
            return slip(f"{len(wanted)} numbers are wanted here, and {there}")
        if self._near(numbers, wanted):
            return self.right()
        for sentence, wrong in (self.mistakes or {}).items():
            other = as_numbers(wrong())
            if other is not None and len(other) == len(numbers) and self._near(numbers, other):
                return Judgement(False, sentence)
        rounded = np.array(list(map(_rounded, numbers, wanted)))
        if (rounded | ~self._is_off(numbers, wanted)).all():
            return self.right()
        if self._near(numbers / 100, wanted):
            return slip("as per cent these are right, but shares are wanted here: divide by 100")
        if self._near(-numbers, wanted) or self._near(np.sort(-numbers), np.sort(wanted)):
            return Judgement(False, "the sizes are right, the signs are not")
        if self._near(np.sort(numbers), np.sort(wanted)):
            return Judgement(False, "the numbers are right, their order is not")
        return Judgement(
            False,
            f"{int(self._is_off(numbers, wanted).sum())} of the {len(wanted)} numbers are not right yet",
        )

    def solution(self, key: str) -> str:
        numbers = as_numbers(self.truth())
        assert numbers is not None
        return ", ".join(f"{number:.4g}" for number in numbers)

    def _near(self, numbers: np.ndarray, wanted: np.ndarray) -> bool:
        return not self._is_off(numbers, wanted).any()

    def _is_off(self, numbers: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """Which numbers are wrong."""
        return np.asarray(np.abs(numbers - wanted) > self.tolerance * np.abs(wanted).max(initial=1e-12))


def _rounded(number: float, wanted: float) -> bool:
    """Whether one number of several is the wanted one, rounded or cut off to two digits or more."""
    found = given(number)
    return found is not None and found.digits >= 2 and found.means(wanted)


@dataclass(frozen=True)
class Choice(Question):
    """One of several options; case, spaces, dashes, brackets and plurals do not matter, and a part may do.

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

    @property
    def words(self) -> tuple[str, ...]:
        return self.options

    def judge(self, key: str, value: Any) -> Judgement:
        if isinstance(value, (bool, np.bool_)):
            value = "yes" if value else "no"
        elif isinstance(value, (int, np.integer)):
            value = str(value)  # 20 for "20 in 100"
        option = chosen(value, self.options) if isinstance(value, str) else None
        if option is None:
            return slip(f"choose one of {', '.join(repr(option) for option in self.options)}")
        if self._is_right(key, option):
            return self.right()
        return Judgement(
            False, (self.because or {}).get(option, "not this one; think again about what is asked")
        )

    def solution(self, key: str) -> str:
        return next(repr(option) for option in self.options if self._is_right(key, option))

    def _is_right(self, key: str, option: str) -> bool:
        if self.truth is not None:
            return normalise(option) == normalise(self.truth())
        return digest(key, option) == self.digest


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
            return slip(f"a fitted model is wanted here (what lk.lmer returns), not {describe(value)}")
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
        return Judgement(False, f"a fitted model, but not the one asked for{what_differs(value, truth)}")

    def solution(self, key: str) -> str:
        call = self.truth().call
        return f'lk.{call.function}("{call.formula}", ...)'


@dataclass(frozen=True)
class Truth(Question):
    """Any other answer, judged by a function.

    Attributes
    ----------
    test : callable
        Takes the answer; returns None when it is right, else a sentence that says what is wrong, as a
        :class:`Slip` when only its form is.
    mistakes : mapping of str to callable
        Known wrong answers, each under the sentence that the test gives for it.
    answer : callable
        Gives a right answer in words; for questions of lessons, which are answered on request.
    made_of : tuple of str
        The words that the answer is made of, if it is a list or dictionary of given words.
    """

    test: Callable[[Any], str | None] = str
    mistakes: Mapping[str, Recompute] | None = None
    answer: Callable[[], str] = str
    made_of: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        return self.made_of

    def judge(self, key: str, value: Any) -> Judgement:
        complaint = self.test(value)
        if complaint is None:
            return self.right()
        return Judgement(False, str(complaint), form=isinstance(complaint, Slip))

    def solution(self, key: str) -> str:
        return self.answer()


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
