"""What a student must not be able to read: lines of solutions, and the numbers that are asked for."""

import re
from functools import cache

import nbformat
import numpy as np

from lmmkit.course import check as checking
from lmmkit.course.question import Choice, Model, Truth, as_numbers
from tools.build_notebooks import ROOT
from tools.student_version import read_source, tags

SECRET = {"solution", "written", "rubric", "hidden"}


def secret_lines(source):
    """Lines of a source that answer, or tell how answers are marked, and that no other cell gives away."""
    cells = read_source(source).cells
    given = "\n".join(cell.source for cell in cells if not tags(cell) & SECRET)
    lines = {
        line.strip()
        for cell in cells
        if tags(cell) & SECRET
        for line in cell.source.splitlines()
        if sum(map(str.isalnum, line)) >= 4
    }
    return {line for line in lines if line not in given}


@cache
def secrets():
    """All lines of solutions that answer: those in words, and those of code."""
    words, code = set(), set()
    for source in solution_sources():
        written = "\n".join(cell.source for cell in read_source(source).cells if cell.cell_type == "markdown")
        for line in secret_lines(source):
            (words if line in written else code).add(line)
    return words, code


def leaks(text, *, exercise=False, longest_code=10):
    """The secret lines that a text gives away.

    An exercise may hold none. Elsewhere single words mean nothing, and since lessons teach what exercises ask for,
    a line of code of up to `longest_code` words may stand in both; a line of a model answer or of a rubric may not.
    """
    words, code = secrets()
    if exercise:
        return {line for line in words | code if line in text}
    found = {line for line in words if len(line.split()) > 2 and line in text}
    return found | {line for line in code if len(line.split()) > longest_code and line in text}


def texts(notebook):
    """Everything in a notebook that can be read: cells, outputs, metadata; unescaped, without pictures."""
    found = []

    def walk(node):
        if isinstance(node, dict):
            for key, value in node.items():
                found.append(str(key))
                if not str(key).startswith("image/"):
                    walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)
        else:
            found.append(str(node))

    walk(nbformat.from_dict(notebook))
    return "\n".join(found)


def secret_numbers(key, question):
    """A right answer's numbers as they may be printed: four significant digits, rounded or cut off."""
    if isinstance(question, (Choice, Truth)):
        return set()
    truth = question.truth()
    numbers = [*truth.fixef, truth.loglik] if isinstance(question, Model) else as_numbers(truth)
    return {text for number in numbers for text in _four_digits(abs(float(number)))}


def _four_digits(number):
    """Empty for numbers that have fewer than four digits, such as 0.75, which say nothing."""
    if not np.isfinite(number) or number == 0 or float(f"{number:.3g}") == float(f"{number:.12g}"):
        return set()
    places = max(0, 3 - int(np.floor(np.log10(number))))
    rounded = f"{number:.{places}f}"
    cut = f"{int(number * 10**places) / 10**places:.{places}f}"
    return {text for text in (rounded, cut) if len(text.replace(".", "").strip("0")) >= 4}


def shows(text, number):
    """Whether a number stands in a text, by itself or as the beginning of a longer one."""
    return number in text and re.search(rf"(?<![\d.]){re.escape(number)}", text) is not None


def exercise_questions():
    """Key and question of all that is asked outside the lessons."""
    return {
        f"{code}.{name}": question
        for code, module in checking.chapters().items()
        if not module.startswith("lesson_")
        for name, question in checking.questions_of(module).items()
    }


def solution_sources():
    return sorted((ROOT / "solutions" / "source").glob("*.py"))
