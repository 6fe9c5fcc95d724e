"""What a page of the course must keep to; `python -m tools.lesson_report` measures it."""

import re
from pathlib import Path

from nbformat import NotebookNode

from lmmkit.course.check import find
from tools.student_version import FOLDED_TAGS, read_source, tags

START = re.compile(r"from lmmkit\.course\.start import [\w, ]+")
P_BY_HAND = re.compile(r"""p_value['"]\](?:\.iloc\[\d\])?:\.(?:\d[eg]|[5-9]f)\}""")  # 5e-11, or 0.00001
PREDICT, TURN = "**Predict, then run.**", "**Your turn.**"

#: Screens of 900 px that a lesson may be long when its folded cells are folded.
MAX_SCREENS = 12.0
#: Boxes that a lesson may have, and the share of its words that may stand in them.
MAX_BOXES = 3
MAX_BOX_WORDS = 0.12
#: Share of the visible lines of code that are data, models, or questions to models.
MIN_MODEL_CODE = 0.80
#: Letters of a line of code that are seen in a window of 1300 px, and of a folded cell's caption in one of 800 px.
LINE, CAPTION = 108, 72


def source_faults(source: Path) -> list[str]:
    """Where the source of a lesson does not keep to what CONTRIBUTING says of a page, in words."""
    cells = read_source(source).cells
    found = [
        f"the title cell does not say {name}="
        for name in ("minutes", "needs")
        if name not in cells[0].metadata
    ]
    first = next((cell.source for cell in cells if cell.cell_type == "code"), "")
    if not START.match(first.strip()):
        found.append("the first code cell does not begin with the one line that imports")
    for number, cell in enumerate(cells):
        found += [f"cell {number}: {fault}" for fault in _faults(cells, number, cell)]
    return found


def _faults(cells: list[NotebookNode], number: int, cell: NotebookNode) -> list[str]:
    if cell.cell_type != "code":
        return ["a link into the glossary is made by the build"] if "(glossary.ipynb#" in cell.source else []
    found = []
    if "plt.show()" in cell.source:
        found.append("a picture ends in lesson.show('what is to be seen')")
    if "to_string()" in cell.source:
        found.append("a table is shown as such, not printed")
    if P_BY_HAND.search(cell.source):
        found.append("a p-value in a sentence is written by lesson.p_value")
    if re.search(r"\b(key_points|lecture_vs_truth)\(", cell.source) and "box" not in tags(cell):
        found.append('a box has the tag "box"')
    found += _cut_off(cell)
    asked = re.search(r'^check\("([\w.]+)"', cell.source, re.MULTILINE)
    return found + (_question_faults(asked[1], cells, number) if asked else [])


def _cut_off(cell: NotebookNode) -> list[str]:
    """Lines of code, or a caption, that a window cuts off."""
    lines = cell.source.splitlines()
    if tags(cell) & FOLDED_TAGS:
        return [f"the caption has more than {CAPTION} letters"] if len(lines[0]) > CAPTION else []
    return [f"a line of code has more than {LINE} letters"] if max(map(len, lines), default=0) > LINE else []


def _question_faults(key: str, cells: list[NotebookNode], number: int) -> list[str]:
    """Whether a question is announced as what it is: a prediction, or one with nothing to run."""
    text = next((cell.source for cell in reversed(cells[:number]) if cell.cell_type == "markdown"), "")
    after = next((cell for cell in cells[number + 1 :]), None)
    question = find(key)
    if question is None:
        return [f"there is no question {key}"]
    if PREDICT in text:
        runs = after is not None and after.cell_type == "code" and "check(" not in after.source
        found = [] if runs else [f"{key}: after a prediction comes the cell that is run"]
        return found + (
            [] if question.then else [f"{key}: a prediction says in then= what to run and look at"]
        )
    if TURN in text:
        return [f"{key}: a question with nothing to run has no then="] if question.then else []
    return [f"{key}: its text says neither {PREDICT} nor {TURN}"]
