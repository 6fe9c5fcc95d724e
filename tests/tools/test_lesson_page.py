"""What the build adds to a page: head, foot, and links into the glossary."""

import re

import pytest

from tools import glossary
from tools.lesson_page import Shelf, exercise_page, lesson_page
from tools.student_version import BuildError

TITLE = "# %% [markdown]{}\n# # {}. {}\n#\n# **You will be able to** say what shrinkage is.\n"
TERMS = """
[[term]]
name = "shrinkage"
also = ["shrunken"]
lesson = "02"
text = "A move towards the average."

[[term]]
name = "effect"
lesson = "01"
text = "A change."

[[term]]
name = "random effect"
also = ["random effects"]
lesson = "02"
text = "A draw."

[[term]]
name = "ML"
lesson = "01"
text = "Maximum likelihood."
"""


@pytest.fixture
def root(tmp_path):
    for room in ("lessons", "solutions"):
        (tmp_path / room / "source").mkdir(parents=True)
    for number, name in (("01", "lines"), ("02", "groups"), ("03", "slopes")):
        text = TITLE.format("", int(number), name.title())
        (tmp_path / "lessons" / "source" / f"{number}_{name}.py").write_text(text)
    (tmp_path / "solutions" / "source" / "02_groups.py").write_text(TITLE.format("", "Exercise 2", "Groups"))
    (tmp_path / "lessons" / "source" / "glossary.toml").write_text(TERMS)
    return tmp_path


def write(root, text, name="02_groups"):
    path = root / "lessons" / "source" / f"{name}.py"
    path.write_text(text)
    return path


def text_of(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def test_the_head_says_how_long_it_takes_and_what_must_be_known(root):
    title = TITLE.format(' minutes=45 needs="a straight line (01)"', 2, "Groups")
    head = lesson_page(write(root, title)).cells[1].source
    assert head == (
        "**Time** about 45 minutes.\n\n"
        "**What you need to know** a straight line ([lesson 1](01_lines.ipynb))."
    )


@pytest.mark.parametrize("number", ["09", "02", "03"])
def test_only_what_comes_before_can_be_needed(root, number):
    with pytest.raises(BuildError, match=f"lesson {number} cannot be needed"):
        lesson_page(write(root, TITLE.format(f' needs="a line ({number})"', 2, "Groups")))


def test_a_lesson_that_was_taken_out_leaves_no_link(root):
    (root / "lessons" / "source" / "01_lines.py").unlink()
    head = (
        lesson_page(write(root, TITLE.format(' needs="a straight line (01)"', 2, "Groups"))).cells[1].source
    )
    assert head == "**What you need to know** a straight line (lesson 1, which is not in this course)."
    terms = glossary.read(root)
    shown = "\n".join(cell.source for cell in glossary.page(terms, Shelf(root).lessons).cells)
    assert all(f"### {term.name}" in shown for term in terms) and "01_lines" not in shown


def test_the_foot_of_a_lesson_shows_the_way(root):
    *_, progress, foot = lesson_page(root / "lessons" / "source" / "02_groups.py").cells
    assert progress.source.endswith('show_progress("02")')
    assert progress.metadata.jupyter.source_hidden
    assert re.findall(r"\[(.+?)\]\((.+?)\)", foot.source) == [
        ("exercise 2", "../exercises/02_groups.ipynb"),
        ("lesson 3, Slopes", "03_slopes.ipynb"),
        ("lesson 1, Lines", "01_lines.ipynb"),
        ("glossary", "glossary.ipynb"),
        ("cheat sheet", "cheat_sheet.ipynb"),
    ]
    assert "Read on" not in text_of(lesson_page(root / "lessons" / "source" / "03_slopes.py"))
    assert "Go back" not in text_of(lesson_page(root / "lessons" / "source" / "01_lines.py"))


def test_the_foot_of_an_exercise_shows_the_way(root):
    *_, progress, foot = exercise_page(root / "solutions" / "source" / "02_groups.py").cells
    assert progress.source.endswith('show_progress("ex02")')
    assert "(../lessons/03_slopes.ipynb)" in foot.source and "(../lessons/02_groups.ipynb)" in foot.source


def test_the_first_use_of_a_term_is_a_link(root):
    page = text_of(
        lesson_page(
            write(
                root,
                TITLE.format("", 2, "Shrunken random effects")
                + "\n# %% [markdown]\n# ## Shrinkage\n#\n# `shrinkage` and $shrinkage$: shrunken Random\n"
                "# effects have an effect. ml is no ML, an\n# [effect](x.ipynb) is no link.\n",
            )
        )
    )
    assert page.startswith("# 2. Shrunken random effects")
    assert "say what [shrinkage](glossary.ipynb#shrinkage) is" in page
    assert "`shrinkage` and $shrinkage$: shrunken [Random\neffects](glossary.ipynb#random-effect)" in page
    assert (
        "have an [effect](glossary.ipynb#effect). ml is no [ML](glossary.ipynb#ML), an\n[effect](x.ipynb)"
        in page
    )


def test_a_term_inside_a_longer_one_is_not_linked(root):
    terms = glossary.read(root)
    found = [(term.name, start) for term, start, _ in glossary.uses("A random effect is an effect.", terms)]
    assert found == [("random effect", 2), ("effect", 22)]


def test_the_page_of_the_glossary_has_each_term_under_its_anchor(root):
    terms = glossary.read(root)
    page = glossary.page(terms, Shelf(root).lessons)
    headings = re.findall(r"^### (.+)$", text_of(page), re.MULTILINE)
    assert headings == sorted([term.name for term in terms], key=str.casefold)
    assert {heading.replace(" ", "-") for heading in headings} == {term.anchor for term in terms}
    assert "([Lesson 2, Groups](02_groups.ipynb))" in text_of(page)
