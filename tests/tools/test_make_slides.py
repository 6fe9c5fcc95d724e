"""What of a lesson becomes a slide."""

import re

import nbformat
import pytest

from tools.build_notebooks import ROOT
from tools.make_slides import MOST_SLIDES, question, slides_of

LESSONS = sorted((ROOT / "lessons").glob("[0-9][0-9]_*.ipynb"))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_deck_has_all_pictures_and_questions_of_its_lesson_and_is_short(path):
    notebook = nbformat.read(path, as_version=4)
    slides = slides_of(notebook)
    drawn = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    asked = [cell for cell in notebook.cells if cell.cell_type == "markdown" and question(cell.source)]
    bodies = [slide.body for slide in slides]
    assert len(slides) <= MOST_SLIDES
    assert sum("<img alt=" in body for body in bodies if "<figure>" in body) == len(drawn)
    assert sum('class="words question' in body for body in bodies) == len(asked)
    assert slides[-1].title == "Key points" and bodies[-1].count("<li>") >= 3
    texts = [
        re.sub(r'"data:[^"]*"|<code>.*?</code>|<pre.*?</pre>', "", body, flags=re.DOTALL) for body in bodies
    ]
    assert not [text for text in texts if re.search(r"\]\(|\$|\*\*", text)]
    assert all(slide.notes for slide in slides if "<figure>" in slide.body)


def test_a_question_brings_the_table_it_asks_about():
    slides = slides_of(nbformat.read(ROOT / "lessons" / "02_simpson.ipynb", as_version=4))
    men = next(slide.body for slide in slides if "Which slope do men have" in slide.body)
    assert "<table" in men and "Dose" in men and men.index("<table") < men.index("Which slope")


def test_a_long_printout_stands_before_its_question():
    slides = slides_of(nbformat.read(ROOT / "lessons" / "04_random_intercepts.ipynb", as_version=4))
    place = next(
        place for place, slide in enumerate(slides) if "placebo" in slide.body and "question" in slide.body
    )
    assert "Fixed Effects:" in slides[place - 1].body and "<pre" in slides[place - 1].body
