"""``check("06.q1", value)``: an honest answer within a second, which never raises."""

from __future__ import annotations

import html
import pkgutil
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from lmmkit.course import answers, progress
from lmmkit.course.own_data import own_numbers, own_order, with_numbers
from lmmkit.course.question import Judgement, Question, slip
from lmmkit.course.reading import given, is_endless, normalise, plain_text
from lmmkit.course.written import ModelAnswer, written_answer
from lmmkit.formatting.colours import GREEN, RED, SKY

_SIGNS = {"right": ("✔", GREEN), "wrong": ("✘", RED), "open": ("…", SKY)}

#: The answer that asks for the answer, and after how many tries it is given.
SHOW, ENOUGH = "show me", 3


@dataclass(frozen=True)
class Verdict:
    """What came of one answer; shows itself at the end of a cell.

    Attributes
    ----------
    key : str
    state : str
        ``right``, ``wrong`` or ``open`` (not answered yet).
    message : str
        Why, in a sentence.
    hint : str
        One more hint, where there is one.
    then : str
        What to run next and look at, after a right answer.
    points : int
        What the answer has earned.
    note : str
        What is to be said besides, of the file that keeps the progress.
    """

    key: str
    state: str
    message: str
    hint: str = ""
    then: str = ""
    points: int = 0
    note: str = ""

    def __bool__(self) -> bool:
        return self.state == "right"

    def must_be_right(self) -> Verdict:
        """The verdict itself when it is right, an error else: for a test that a wrong answer must fail.

        Raises
        ------
        WrongAnswer
            With what the verdict says.
        """
        if not self:
            raise WrongAnswer(self)
        return self

    def __repr__(self) -> str:
        text = f"{_SIGNS[self.state][0]} {self.key}: {self.message}"
        return "\n".join([text, *(f"  {label}: {words}" for label, words in self._more())])

    def _repr_html_(self) -> str:
        sign, colour = _SIGNS[self.state]
        more = "".join(f"<br><em>{label}:</em> {html.escape(words)}" for label, words in self._more())
        return (
            f"<div style='border-left:5px solid {colour};padding:4px 12px;margin:4px 0'>"
            f"<b>{sign} {html.escape(self.key)}</b> {html.escape(self.message)}{more}</div>"
        )

    def _more(self) -> list[tuple[str, str]]:
        lines = (("Hint", self.hint), ("Next", _ended(self.then)), ("Note", self.note))
        return [(label, words) for label, words in lines if words]


class WrongAnswer(AssertionError):
    """An answer that is not right; a notebook shows the sentence, and no traceback."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.message)
        self.verdict = verdict

    def _render_traceback_(self) -> list[str]:
        return [repr(self.verdict)]


def check(key: str, value: Any = ...) -> Verdict:
    """Check an answer.

    Parameters
    ----------
    key : str
        The question, for example ``"06.q1"`` in a lesson or ``"ex06.q1"`` in an exercise.
    value : object
        The answer; ``...`` means that there is none yet.

    Returns
    -------
    Verdict
        Never an error: what cannot be understood is a wrong answer with a plain sentence.

    Examples
    --------
    >>> check("00.q1", ...)
    … 00.q1: not answered yet: put your answer where the three dots are, and run the cell again
    """
    question = find(key)
    if question is None:
        name = key if isinstance(key, str) else "?"
        return Verdict(name, "wrong", "there is no such question; compare the name with the text above")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a wrong model warns of is not for the reader of a verdict
            verdict = _check(key, question, value)
            return replace(verdict, note=progress.take_notice())
    except Exception as trouble:
        return Verdict(key, "wrong", f"this answer could not be checked ({type(trouble).__name__}); "
                       "look at its type: print it, and compare with what is asked")  # fmt: skip


def _check(key: str, question: Question, value: Any) -> Verdict:
    if isinstance(value, str):
        value = plain_text(str.__str__(value))  # plain text, whose == is text's own
    if value is ... or (isinstance(value, str) and not value.strip(" .…")):
        return Verdict(
            key, "open", "not answered yet: put your answer where the three dots are, and run the cell again"
        )
    if isinstance(value, str) and normalise(value) == SHOW:
        return _shown(key, question)
    if is_endless(value):
        return Verdict(key, "open", "that has no end, or a very far one; make a list of what is asked for")
    judgement = _judged(key, question, value)
    said = _filled(judgement.message, key, question)
    if judgement.form:
        return Verdict(key, "open", f"{said} (this is not counted as a try)")
    tries = progress.record(key, judgement.correct)
    if judgement.correct:
        message = f"right. {said}" if said else "right."
        return Verdict(key, "right", message, then=question.then, points=question.points)
    hints = question.hints
    hint = _filled(hints[min(tries, len(hints)) - 1], key, question) if hints else ""
    if tries >= ENOUGH and _can_be_shown(key, question):
        hint = f'{_ended(hint)} Or write "{SHOW}" as your answer, and you are told.'.strip()
    return Verdict(key, "wrong", said, hint)


def _filled(text: str, key: str, question: Question) -> str:
    """A sentence with the student's own numbers in it."""
    return with_numbers(text, lambda task: own_numbers(key, question.own))


def _judged(key: str, question: Question, value: Any) -> Judgement:
    """What the question says of an answer, which a student with a list of their own has given by its numbers."""
    order = own_order(key, len(question.words))
    if not order:
        return question.judge(key, value)
    try:
        value = _in_words(value, [question.words[place] for place in order])
    except ValueError as fault:
        return slip(str(fault))
    return question.judge(key, value)


def _in_words(value: Any, words: list[str]) -> Any:
    """The words of a list at the numbers that were given, alone or in a list or dictionary."""
    if isinstance(value, Mapping):
        return {name: _in_words(one, words) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_in_words(one, words) for one in value]
    number = None if isinstance(value, (bool, np.bool_)) else given(value)
    if number is None or number.value not in range(1, len(words) + 1):
        raise ValueError(f"write the number, 1 to {len(words)}, that stands before the word in your own list")
    return words[int(number.value) - 1]


def _ended(sentence: str) -> str:
    """A sentence with its full stop, where another one follows."""
    return f"{sentence}." if sentence and sentence[-1] not in ".?!" else sentence


def _can_be_shown(key: str, question: Question) -> bool:
    """Whether a question gives its answer away: those of lessons do, those of exercises do not."""
    return key[:2].isdigit() and bool(question.solution(key))


def _shown(key: str, question: Question) -> Verdict:
    """The answer, for who has tried often enough."""
    if not _can_be_shown(key, question):
        return Verdict(key, "open", "the answers to exercises are not shown; try, and take the hints")
    tries = progress.tries(key)
    if tries < ENOUGH:
        return Verdict(key, "open", f"after {ENOUGH} tries of your own the answer is shown; so far {tries}")
    return Verdict(
        key, "open", f"the answer is {question.solution(key)}. {question.praise}", then=question.then
    )


def find(key: Any) -> Question | None:
    """The question of this name, or None."""
    chapter, _, name = key.partition(".") if isinstance(key, str) else ("", "", "")
    module = chapters().get(chapter)
    return None if module is None else questions_of(module).get(name)


def questions_of(module: str) -> dict[str, Question]:
    """The questions in a module of ``lmmkit.course.answers``, by name."""
    questions: dict[str, Question] = _load(module).QUESTIONS
    return questions


def _load(module: str) -> ModuleType:
    return import_module(f"{answers.__name__}.{module}")


def chapters() -> dict[str, str]:
    """Chapter codes and the modules of ``lmmkit.course.answers`` that hold their questions."""
    codes = {}
    for found in pkgutil.iter_modules(answers.__path__):
        kind, _, number = found.name.partition("_")
        codes[{"lesson": "", "exercise": "ex"}.get(kind, kind) + number] = found.name
    return dict(sorted(codes.items()))


def show_progress(chapter: str = "") -> progress.Progress:
    """How many questions of each lesson, exercise and capstone are done.

    Parameters
    ----------
    chapter : str, optional
        Only this lesson and its exercise: ``"06"`` (or ``"ex06"``); all of them when nothing is said.

    Returns
    -------
    Progress
        Shows itself at the end of a cell: a row a chapter, a dot a question.
    """
    row = chapter.removeprefix("ex")
    return progress.Progress(
        {
            code: progress.Chapter(code, _title(module), len(questions_of(module)))
            for code, module in chapters().items()
            if row in ("", code.removeprefix("ex"))
        }
    )


def model_answer(key: str) -> ModelAnswer:
    """A model answer to a task that is answered in words, folded until the reader opens it.

    Parameters
    ----------
    key : str
        The task, for example ``"ex06.q7"``.

    Returns
    -------
    ModelAnswer

    Raises
    ------
    DataError
        If no task of this name is answered in words.
    """
    return written_answer(key)


def _title(module: str) -> str:
    """A chapter's title, from the first line of its questions: ``Questions of exercise 06, pooling.``"""
    first = (_load(module).__doc__ or "").partition("\n")[0]
    found = re.search(r"(?:, | on )(.+?)(?: \(.*)?\.$", first)
    title = found[1] if found else module
    return title[0].upper() + title[1:]
