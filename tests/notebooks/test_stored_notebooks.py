"""Every notebook in the repository is what its source gives, has been run, and warns of nothing.

nbval compares the outputs themselves (`make test` runs it on the same files); it would pass a notebook that
was never run, so that is refused here.
"""

import json

import jupytext
import nbformat
import pytest

from tools import make_pages
from tools.build_notebooks import ROOMS, ROOT, exercise_target, sources, stored_differences, target

SOURCES = sources(ROOT, [])


def name(source):
    return source.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("source", SOURCES, ids=name)
def test_the_stored_notebook_is_what_its_source_gives(source):
    assert stored_differences(source) == []


@pytest.mark.parametrize("source", SOURCES, ids=name)
def test_every_cell_has_been_run_in_order_and_warns_of_nothing(source):
    notebook = nbformat.read(target(source), as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        assert not [output for output in cell.outputs if output.get("name") == "stderr"], cell.source
        raised = [output.evalue for output in cell.outputs if output.output_type == "error"]
        assert not raised or "raises-exception" in cell.metadata.get("tags", []), (cell.source, raised)
    assert "widgets" not in notebook.metadata


@pytest.mark.parametrize("path", make_pages.pages(), ids=str)
def test_a_page_that_is_made_is_what_its_sources_give(path):
    assert (ROOT / path).read_bytes() == make_pages.pages()[path], "make notebooks"


def test_no_notebook_is_without_a_source():
    built = {target(source) for source in SOURCES} | {exercise_target(source) for source in SOURCES}
    built |= {ROOT / page for page in make_pages.pages()}
    stored = {path for room in (*ROOMS, "exercises") for path in (ROOT / room).glob("*.ipynb")}
    assert stored <= built


@pytest.mark.parametrize("source", SOURCES, ids=name)
def test_no_line_changes_on_the_way_from_text_to_notebook(source):
    """jupytext takes a last line `cat` for a command, and cuts a text at unusual ends of lines."""
    text = source.read_text(encoding="utf-8")
    written = set(text.split("\n"))
    for cell in jupytext.reads(text, fmt="py:percent").cells:
        if cell.cell_type == "code":
            assert not [line for line in cell.source.split("\n") if line not in written]


def test_no_two_cells_have_one_id():
    """In the file itself: nbformat gives the second of two another id when it reads them."""
    for path in (path for room in (*ROOMS, "exercises") for path in (ROOT / room).glob("*.ipynb")):
        ids = [cell["id"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
        assert len(set(ids)) == len(ids), path


@pytest.mark.parametrize("source", SOURCES, ids=name)
def test_a_changed_picture_is_noticed_by_its_words(source):
    """nbval compares no pictures; it does compare the words beside them, whose numbers are computed."""
    for cell in nbformat.read(target(source), as_version=4).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                words = output.metadata["image/png"]["alt"].split()
                said = " ".join(output.data["text/plain"].replace("\n", " ").split())
                assert len(words) >= 5
                assert " ".join(words[-5:]).rstrip(".") in said
