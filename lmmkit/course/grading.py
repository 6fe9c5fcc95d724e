"""For those who mark: the tests of a graded course ask here, not the notebook."""

from __future__ import annotations

from typing import Any

from lmmkit.course.check import check


def assert_right(key: str, value: Any) -> None:
    """Pass when an answer is right.

    Parameters
    ----------
    key : str
        The question, for example ``"ex06.q1"``.
    value : object
        The answer.

    Raises
    ------
    WrongAnswer
        An AssertionError, when it is wrong or missing; the message is what ``check`` says of it.

    Examples
    --------
    >>> assert_right("ex06.q2", 3 / (3 + 12 / 16))
    Traceback (most recent call last):
        ...
    lmmkit.course.check.WrongAnswer: the ratio is upside down: the variance within is divided by the one between
    """
    check(key, value).must_be_right()
