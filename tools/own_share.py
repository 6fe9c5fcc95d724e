"""How much of each exercise is a student's own in a graded course with OWN_DATA: `python -m tools.own_share`.

The right answers of twenty students are computed, and each is judged as if every other student had copied it. A
question counts as a student's own when more than half of these copies are wrong. Models are left out of the last two
columns: nobody copies a fitted model, one copies the code, and code is right for everybody. The table stands in
INSTRUCTORS.md, between two marks; this program renews it.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from lmmkit.course.check import chapters, questions_of
from lmmkit.course.own_data import VARIABLE, own_order
from lmmkit.course.question import Choice, Model, Number, Numbers, Question
from lmmkit.course.reading import normalise
from tools.build_notebooks import ROOT
from tools.student_version import chapter_of, read_source, tags

STUDENTS = tuple(f"student{number:02d}" for number in range(1, 21))
#: So many fits of a model are enough to see that rows make a difference to it.
FEW = 3
PAGE = ROOT / "INSTRUCTORS.md"
BEGIN, END = "<!-- own share: begin -->", "<!-- own share: end -->"


@dataclass(frozen=True)
class Share:
    """What of an exercise is a student's own.

    Attributes
    ----------
    points, own : int
        Of its checked tasks, and those of tasks whose answer differs between students.
    copied, copied_own : int
        The same without tasks that are answered by a model.
    lost : float
        The share of these that somebody loses, on average, who copies every answer.
    """

    points: int
    own: int
    copied: int
    copied_own: int
    lost: float


def share_of_exercise(code: str) -> Share:
    """The share of one exercise, given its code, such as ``ex06``."""
    questions = questions_of(chapters()[code])
    wrong = {name: share_of_wrong_copies(f"{code}.{name}", question) for name, question in questions.items()}
    differ = {name: question.points * (wrong[name] > 0.5) for name, question in questions.items()}
    copied = [name for name, question in questions.items() if not isinstance(question, Model)]
    points = sum(questions[name].points for name in copied)
    return Share(
        points=sum(question.points for question in questions.values()),
        own=sum(differ.values()),
        copied=points,
        copied_own=sum(differ[name] for name in copied),
        lost=sum(questions[name].points * wrong[name] for name in copied) / points,
    )


def share_of_wrong_copies(key: str, question: Question) -> float:
    """The share of pairs of students in which one's right answer is wrong for the other."""
    answers = []
    for name in STUDENTS[: FEW if isinstance(question, Model) else None]:
        with signed_in(name):
            answers.append(right_answer(key, question))
    return float(
        np.mean([not would_do(question, key, one, other) for one, other in combinations(answers, 2)])
    )


@contextmanager
def signed_in(name: str) -> Iterator[None]:
    """As this student, for a while."""
    before = os.environ.get(VARIABLE, "")
    os.environ[VARIABLE] = name
    try:
        yield
    finally:
        os.environ[VARIABLE] = before


def right_answer(key: str, question: Question) -> Any:
    """What the student who has signed in has to write; of a model what the data have made of it."""
    if isinstance(question, Number | Numbers):
        return question.truth()
    if isinstance(question, Model):
        return float(question.truth().loglik)
    if question.words:
        place = {
            normalise(question.words[word]): number
            for number, word in enumerate(own_order(key, len(question.words)))
        }
        return [place[word] for word in right_words(key, question)]
    return None  # a name that the data decide; it is counted as everybody's


def right_words(key: str, question: Question) -> list[str]:
    """The words of the right answer, in order."""
    if isinstance(question, Choice):
        return [normalise(question.solution(key)[1:-1])]
    chapter, _, task = key.partition(".")
    (source,) = [
        path for path in (ROOT / "solutions" / "source").glob("*.py") if chapter_of(path.stem) == chapter
    ]
    (cell,) = [
        cell
        for cell in read_source(source).cells
        if cell.metadata.get("task") == task and "solution" in tags(cell)
    ]
    (statement,) = ast.parse(cell.source).body
    answer = ast.literal_eval(statement.value)
    return [normalise(word) for word in (answer.values() if isinstance(answer, dict) else answer)]


def would_do(question: Question, key: str, copy: Any, own: Any) -> bool:
    """Whether a copied answer is right for somebody whose own right answer is another."""
    if isinstance(question, Number):
        return replace(question, truth=lambda: own, mistakes=None, others=None).judge(key, copy).correct
    if isinstance(question, Numbers):
        return replace(question, truth=lambda: own, mistakes=None).judge(key, copy).correct
    return bool(copy == own)


def row(source: Path) -> str:
    """The row of one exercise, given its source."""
    share = share_of_exercise(chapter_of(source.stem))
    name = source.stem.replace("_", " ") if source.stem.startswith("capstone") else str(int(source.stem[:2]))
    return (
        f"| {name} | {share.points} | {share.own} ({share.own / share.points:.0%}) | {share.copied} | "
        f"{share.copied_own} ({share.copied_own / share.copied:.0%}) | {share.lost:.0%} |"
    )


def table() -> str:
    """A row for each exercise."""
    head = "| Exercise | Points checked | A student's own | Without models | A student's own | Lost by copying all |"
    rows = [row(source) for source in sorted((ROOT / "solutions" / "source").glob("*.py"))]
    return "\n".join([head, "| --- | --- | --- | --- | --- | --- |", *rows])


def with_table(page: str, rows: str) -> str:
    """The page with this table between its marks."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{rows}\n{END}{rest.partition(END)[2]}"


def main() -> int:
    """Renew the table in INSTRUCTORS.md."""
    rows = table()
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
