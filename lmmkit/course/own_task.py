"""Tasks of a graded course in which each student has numbers, or a list of options, of their own.

The notebook shows a text with the student's numbers by :func:`own_task`, and by :func:`own_list` the words that an
answer is made of, numbered in the student's own order; the student then answers by these numbers. Where nobody has
signed in, all is as in the exercise for self-study.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from lmmkit.course import own_data
from lmmkit.course.check import find
from lmmkit.course.question import Question
from lmmkit.errors import DataError


class Shown(str):
    """Markdown that shows itself at the end of a cell."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        return str(self)


def own_numbers(key: str) -> SimpleNamespace:
    """The numbers that the student who has signed in has in a task.

    Parameters
    ----------
    key : str
        The question.

    Returns
    -------
    types.SimpleNamespace
        A number for each name.

    Raises
    ------
    DataError
        If there is no such question.

    Examples
    --------
    >>> own_numbers("ex06.w1")
    namespace(between=3, within=4)
    """
    return own_data.own_numbers(key, _question(key).own)


def computed(key: str, formula: Callable[[Any], Any]) -> Callable[[], Any]:
    """What a question computes from the numbers that the student has in it.

    Parameters
    ----------
    key : str
        The question.
    formula : callable
        Takes the numbers.

    Examples
    --------
    >>> computed("ex06.w1", lambda own: own.between + own.within)()
    7
    """
    return lambda: formula(own_numbers(key))


def own_task(chapter: str, text: str) -> Shown:
    """The text of a task with the student's numbers in it.

    Parameters
    ----------
    chapter : str
        Such as ``"ex06"``.
    text : str
        Markdown; ``{{w1.between}}`` is the place of a number.

    Examples
    --------
    >>> own_task("ex06", "The SD between lakes is {{w1.between}} cm.")
    The SD between lakes is 3 cm.
    """
    return Shown(own_data.with_numbers(text, lambda task: own_numbers(f"{chapter}.{task}")))


def own_list(key: str) -> Shown:
    """The words that an answer is made of, numbered in the student's own order.

    Parameters
    ----------
    key : str
        The question.

    Raises
    ------
    DataError
        If there is no such question.

    Examples
    --------
    >>> own_list("ex06.q1")
    Nobody has signed in: answer with the words themselves.
    """
    words = _question(key).words
    order = own_data.own_order(key, len(words))
    if not order:
        return Shown("Nobody has signed in: answer with the words themselves.")
    lines = [f"- **{number}** {words[place]}" for number, place in enumerate(order, 1)]
    return Shown(
        "\n".join(["*Your own list. Write its numbers where the task wants these words:*", "", *lines])
    )


def numbered(key: str, answer: Any) -> Any:
    """An answer in words, as the student who has signed in has to write it: by the numbers of the own list.

    Parameters
    ----------
    key : str
        The question.
    answer : object
        A word of the list, or a list or dictionary of such words.

    Raises
    ------
    DataError
        If there is no such question, or a word is not in its list.

    Examples
    --------
    >>> numbered("ex06.q1", "complete")
    'complete'
    """
    words = _question(key).words
    order = own_data.own_order(key, len(words))
    if not order:
        return answer
    if isinstance(answer, Mapping):
        return {name: numbered(key, word) for name, word in answer.items()}
    if isinstance(answer, (list, tuple)):
        return [numbered(key, word) for word in answer]
    if answer not in words:
        raise DataError(f"{answer!r} is not in the list of {key}: {', '.join(words)}")
    return 1 + order.index(words.index(answer))


def _question(key: str) -> Question:
    question = find(key)
    if question is None:
        raise DataError(f"there is no question {key!r}")
    return question
