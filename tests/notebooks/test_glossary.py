"""No word of the trade before its meaning: a lesson explains it, or links to the glossary where it is first used."""

import re

import nbformat
import pytest

from tools import cheat_sheet, glossary
from tools.build_notebooks import ROOT
from tools.lesson_page import Shelf, lesson_page, numbered

TERMS = glossary.read(ROOT)
LESSONS = numbered(ROOT / "lessons" / "source")


def first(pattern, text):
    found = re.search(pattern, text)
    return found.start() if found else None


def test_there_are_forty_terms_each_explained_by_a_lesson():
    assert len(TERMS) >= 40
    named = re.findall(
        r"\(lessons/(\d\d)_\w+\.ipynb\)", (ROOT / "INSTRUCTORS.md").read_text(encoding="utf-8")
    )
    assert {term.lesson for term in TERMS} <= {stem[:2] for stem in Shelf(ROOT).lessons} | set(named)
    forms = [form.casefold() for term in TERMS for form in set(map(str.casefold, term.forms))]
    assert len(forms) == len(set(forms))
    for term in TERMS:
        assert 6 <= len(term.text.split()) <= 60 and term.text.endswith("."), term.name


def test_fixed_does_not_mean_the_same_for_all():
    """Lesson 1 puts that right: an interaction lets a fixed effect differ between groups."""
    said = {term.name: term.text for term in TERMS}
    for name in ("fixed effect", "mixed model"):
        assert "same for all" not in said[name] and "same in all" not in said[name]


def test_no_term_is_explained_by_itself():
    for term in TERMS:
        assert not re.search(rf"^{re.escape(term.name)}\b", term.text), f"{term.name} is explained by itself"


@pytest.mark.parametrize("source", LESSONS, ids=lambda path: path.stem)
def test_no_term_is_used_before_its_link(source):
    cells = [cell.source for cell in lesson_page(source).cells if cell.cell_type == "markdown"]
    page = "\n\n".join(cells).partition(glossary.READING)[0]
    running = glossary.prose(page)
    for term in TERMS:
        link = first(re.escape(f"(glossary.ipynb#{term.anchor})"), page)
        uses = [start for found, start, _ in glossary.uses(running, TERMS) if found is term]
        assert not uses or (link is not None and link < uses[0]), term.name
        assert page.count(f"(glossary.ipynb#{term.anchor})") <= 1


@pytest.mark.parametrize("source", LESSONS, ids=lambda path: path.stem)
def test_no_term_is_printed_before_it_is_explained_or_linked(source):
    cells = nbformat.read(ROOT / "lessons" / f"{source.stem}.ipynb", as_version=4).cells
    for number, cell in enumerate(cells):
        if "show_progress(" in cell.source:  # prints the titles of lessons, which are names
            continue
        printed = "\n".join(
            output.get("text", "") or output.get("data", {}).get("text/plain", "")
            for output in cell.get("outputs", [])
        )
        told = "\n".join(cell.source for cell in cells[: number + 2] if cell.cell_type == "markdown")
        for term in {term.name: term for term, *_ in glossary.uses(printed, TERMS)}.values():
            linked = f"(glossary.ipynb#{term.anchor})" in told
            assert term.lesson <= source.stem[:2] or linked, f"cell {number} prints {term.name!r}"


@pytest.mark.parametrize(
    "source", [source for source in LESSONS if source.stem < "04"], ids=lambda path: path.stem
)
def test_the_whole_printout_of_a_mixed_model_waits_for_the_lesson_that_reads_it(source):
    for cell in nbformat.read(ROOT / "lessons" / f"{source.stem}.ipynb", as_version=4).cells:
        for output in cell.get("outputs", []):
            assert not re.search("Scaled residuals|Correlation of Fixed Effects|REML criterion", str(output))


def test_links_lead_to_headings():
    headings = set(re.findall(r"^### (.+)$", "\n".join(cell.source for cell in
                   glossary.page(TERMS, Shelf(ROOT).lessons).cells), re.MULTILINE))  # fmt: skip
    for source in LESSONS:
        page = "\n".join(cell.source for cell in lesson_page(source).cells)
        for anchor in re.findall(r"\(glossary\.ipynb#([^)]+)\)", page):
            assert anchor in {heading.replace(" ", "-") for heading in headings}


def test_the_cheat_sheet_uses_only_terms_that_are_explained():
    words = " ".join(
        text for rows in cheat_sheet.read(ROOT).values() for row in rows for text in row.values()
    )
    for word in ("ICC", "Satterthwaite", "Kenward-Roger", "profile", "complete pooling", "power"):
        assert word in words and any(word in term.forms for term in TERMS)
