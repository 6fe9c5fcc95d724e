"""The measures of a page, on a page whose measures are known."""

import base64
import struct

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import page_rules
from tools.build_notebooks import ROOT
from tools.lesson_report import code_lines, height, lessons, measure, output_height, page, reading_ease

FOLDED = {"jupyter": {"source_hidden": True}}


def picture(wide, high, alt=""):
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", wide, high) + bytes(60)
    data = {"image/png": base64.b64encode(head).decode(), "text/plain": "a picture"}
    return new_output("display_data", data=data, metadata={"image/png": {"alt": alt}} if alt else {})


def box(text):
    return new_output("display_data", data={"text/plain": text, "text/html": f"<div><p>{text}</p></div>"})


@pytest.fixture
def lesson(tmp_path):
    cells = [
        new_markdown_cell("# 6. Pooling\n\nFour words stand here.", metadata={"minutes": 45}),
        new_code_cell("import numpy as np\nfit = lk.lmer(f, d)\nfit"),
        new_code_cell(
            "# Picture: six drivers\nplt.plot()", metadata=FOLDED, outputs=[picture(800, 460, "Six")]
        ),
        new_code_cell("lesson.key_points('two words')", metadata=FOLDED, outputs=[box("two words")]),
        new_code_cell("your_guess = ...\ncheck('06.q1', your_guess)"),
    ]
    path = tmp_path / "06_pooling.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_a_lesson_is_measured(lesson):
    found = measure(lesson)
    assert (found.name, found.words, found.minutes) == ("06_pooling", 8, 45)
    assert (found.boxes, found.box_words) == (1, 0.25)
    assert found.model_code == 2 / 3
    assert (found.pictures, found.described) == (1, 1)
    assert found.screens == pytest.approx(sum(map(height, nbformat.read(lesson, 4).cells)) / 900)
    assert found.reckoned == pytest.approx(8 / 200 + 3 / 6 + 0.5 + 1.5)
    assert "| 06_pooling | 45 | 3 | 8 |" in page([found])


def test_each_rule_that_is_broken_is_named(lesson):
    notebook = nbformat.read(lesson, 4)
    notebook.cells[0].metadata = {}
    notebook.cells[2].outputs = [picture(800, 460)] * 30
    notebook.cells += [new_code_cell(notebook.cells[3].source, outputs=[box("two words")]) for _ in range(3)]
    nbformat.write(notebook, lesson)
    faults = " | ".join(measure(lesson).faults())
    for word in (
        "screens, 12",
        "33% model code",
        "4 boxes",
        "% of the words",
        "30 of 30 pictures",
        "minutes=",
    ):
        assert word in faults
    notebook.cells[0].metadata = {"minutes": 15}
    nbformat.write(notebook, lesson)
    assert "15 minutes are promised, 18 are reckoned" in measure(lesson).faults()


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("table = d.groupby('g').size()\n\n# a remark\ntable", (2, 0)),
        ("for ax in axes:\n    m = d.mean()\n    ax.plot(m)", (2, 1)),
        ("with context():\n    plt.plot()", (0, 2)),
        ("def twice(x):\n    return 2 * x", (2, 0)),
        ("lesson.in_words(\n    'a'\n)", (0, 3)),
        ("guess = ...\ncheck('06.q1', guess)", (0, 0)),
    ],
)
def test_lines_of_code_are_the_models_or_the_pages(code, lines):
    assert code_lines(new_code_cell(code)) == lines
    assert code_lines(new_code_cell(code, metadata=FOLDED)) == (0, 0)


def test_heights_follow_the_rule():
    assert height(new_code_cell("a = 1\nb = 2", metadata=FOLDED)) == 30
    assert height(new_code_cell("a = 1\nb = 2")) == 24 + 34
    assert height(new_markdown_cell("# A\n\n" + "word " * 44)) == 12 + 45 + 14 + 2 * 21
    assert output_height(picture(500, 300)) == 312
    assert output_height(picture(2000, 300)) == 162
    assert output_height(new_output("stream", text="one\ntwo\n")) == 12 + 34


def test_long_words_and_long_sentences_are_hard():
    easy = "Owls eat mice. Mice eat corn."
    hard = "Heteroscedasticity notwithstanding, multicollinearity necessitates reconsideration of parameterisations"
    assert reading_ease(easy) > 90 > 0 > reading_ease(hard)
    assert reading_ease("") == 100


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_a_lesson_keeps_the_rules_of_a_page(path):
    assert measure(path).faults() == []
    assert page_rules.source_faults(ROOT / "lessons" / "source" / f"{path.stem}.py") == []


GOOD = """\
# %% [markdown] minutes=45 needs="nothing"
# # 6. Pooling

# %%
from lmmkit.course.start import check, lesson, lk, plt

# %% [markdown]
# **Your turn.** A weight?

# %%
your_weight = ...
check("06.q2", your_weight)

# %% tags=["picture"]
# Picture: one line that rises
plt.plot([1, 2])
lesson.show("One line that rises to the right.")
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("", "", None),
        (' needs="nothing"', "", "does not say needs="),
        (
            "from lmmkit.course.start import check, lesson, lk, plt",
            "import lmmkit as lk",
            "one line that imports",
        ),
        ("**Your turn.**", "Well:", "06.q2: its text says neither"),
        ("**Your turn.**", "**Predict, then run.**", "06.q2: a prediction says in then="),
        ("06.q2", "06.q99", "there is no question 06.q99"),
        ('lesson.show("One line that rises to the right.")', "plt.show()", "a picture ends in lesson.show"),
        ("plt.plot([1, 2])", "print(table.to_string())", "a table is shown as such"),
        ('tags=["picture"]\n', "\nlesson.key_points('a')\n", 'a box has the tag "box"'),
        (
            "plt.plot([1, 2])",
            "lesson.in_words(f\"p = {row['p_value']:.1e}\")",
            "is written by lesson.p_value",
        ),
        ("A weight?", "A [weight](glossary.ipynb#weight)?", "is made by the build"),
        ("your_weight = ...", f"your_weight = ...  # {'owl ' * 24}", "a line of code has more than 108"),
        ("that rises\nplt", f"that rises{' and rises' * 5}\nplt", "the caption has more than 72"),
        ("\n# %% tags=", "\n# %% [markdown]\n# text\n\n# %% tags=", None),
    ],
)
def test_each_convention_that_is_not_kept_is_named(tmp_path, old, new, fault):
    source = tmp_path / "06_pooling.py"
    source.write_text(GOOD.replace(old, new) if old else GOOD)
    faults = page_rules.source_faults(source)
    assert faults == [] if fault is None else any(fault in one for one in faults), faults
