"""The lessons cover the five lectures, and say no number that they have not computed."""

import itertools
import re

import nbformat
import pytest

from lmmkit.course import explorers
from tools import make_coverage
from tools.build_notebooks import ROOT
from tools.make_coverage import NUMBER, PAGE, figures_not_shown, lessons, measure, page

LESSONS = [path for path in lessons(ROOT) if path.parent.name == "lessons"]
GALLERY = ROOT / "lessons" / "explorers.ipynb"
CALL = re.compile(r"explorers\.(\w+)\(.*\)")
# What a number in a text may be without being a result: a formula, code, a heading's or a list's own number, the
# name of a lesson or a slide, a year, minutes of a reader's time, a level of confidence.
NOT_RESULTS = re.compile(
    r"\[(lessons? )?\d+\]\(\d\d_\w+\.ipynb\)|"
    r"\$\$.*?\$\$|\$[^$]*\$|```.*?```|`[^`]*`|^#+ \d+\.|^\s*\d+\. |\b(19|20)\d\d\b|\b95 ?%|\babout \d+ minutes"
    r"|\b(lessons?|lectures?|slides?|sections?|exercises?|drivers?|subjects?|figures?|eqs?\.?|chapters?|questions?)"
    r" s?\d+([–, -]+(and )?s?\d+)*|\b00[0-4]\b|\|.*\||\(x\d+-\d+\)",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)


NAMED = re.findall(r"\(lessons/(\d\d_\w+)\.ipynb\)", (ROOT / "INSTRUCTORS.md").read_text(encoding="utf-8"))
whole_course = pytest.mark.skipif(
    any(not (ROOT / "lessons" / "source" / f"{name}.py").exists() for name in NAMED),
    reason="a lesson was taken out of this course, and with it what only that lesson covers",
)


@pytest.fixture(scope="module")
def coverage():
    return measure()


@whole_course
@pytest.mark.parametrize("kind", ["covers", "asks", "mends"])
def test_nothing_of_the_lectures_is_left_out(kind, coverage):
    assert [row["id"] for row in coverage.missing[kind]] == []


def test_cells_name_only_what_exists(coverage):
    assert coverage.unknown == []


@whole_course
def test_every_figure_stands_in_a_lesson_that_covers_its_section():
    assert figures_not_shown() == []


@whole_course
def test_the_page_is_up_to_date(coverage):
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(coverage)


def test_a_gap_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(make_coverage, "lessons", lambda root: LESSONS[:1])
    assert len(measure().missing["covers"]) > 50
    assert len(figures_not_shown()) > 500


@pytest.mark.parametrize("path", [*LESSONS, GALLERY], ids=lambda path: path.stem)
def test_every_number_in_the_text_was_computed(path):
    notebook = nbformat.read(path, as_version=4)
    computed = computed_numbers(notebook)
    unfounded = []
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        prose = cell.source.split("## Further reading")[0]
        for number in NUMBER.findall(NOT_RESULTS.sub(" ", prose)):
            digits = len(number.split(".")[1]) if "." in number else 0
            if not any(abs(value - float(number)) <= 0.5 * 10**-digits for value in computed):
                unfounded.append((number, prose[:60]))
    assert unfounded == []


def test_the_appendix_goes_through_the_lessons_in_order_and_leads_to_each():
    text = (ROOT / "lessons" / "source" / "appendix_lectures.py").read_text(encoding="utf-8")
    parts = re.split(r"^# ## To lesson (\d+), .*$", text, flags=re.MULTILINE)
    numbers = [int(number) for number in parts[1::2]]
    assert numbers == sorted(set(numbers)) and numbers
    for number, part in zip(numbers, parts[2::2], strict=True):
        assert re.match(rf"\s*#\s*# \[The lesson\]\({number:02}_\w+\.ipynb\)", part), number
        assert "mends=" in part, number


def test_the_gallery_shows_every_explorer_and_leads_to_a_lesson_that_has_it():
    source = ROOT / "lessons" / "source"
    cells = re.split(r"^# %%", (source / "explorers.py").read_text(encoding="utf-8"), flags=re.MULTILINE)
    shown = []
    for before, cell in itertools.pairwise(cells):
        call = re.fullmatch(r"\s*explorers\.(\w+)\(.*\)\s*", cell)
        if call:
            shown.append(call[1])
            links = re.findall(r"\]\((\d\d_\w+)\.ipynb\)", before)
            assert links, call[1]
            for lesson in links:
                if not (source / f"{lesson}.py").exists() and lesson in NAMED:
                    continue  # taken out of this course
                text = (source / f"{lesson}.py").read_text(encoding="utf-8")
                assert f"explorers.{call[1]}(" in text, (call[1], lesson)
    assert sorted(shown) == sorted(explorers.__all__)


def test_every_panel_of_the_gallery_leaves_a_picture():
    calls = [cell for cell in nbformat.read(GALLERY, as_version=4).cells if CALL.fullmatch(cell.source)]
    assert calls
    for cell in calls:
        assert any("image/png" in output.get("data", {}) for output in cell.outputs), cell.source


def computed_numbers(notebook):
    """Every number that an output shows or that code names."""
    texts = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            texts.append(cell.source)
            for output in cell.outputs:
                texts.append(output.get("text", ""))
                texts += [text for kind, text in output.get("data", {}).items() if kind.startswith("text/")]
    return {float(number) for number in NUMBER.findall("\n".join(texts).replace("−", "-"))}
