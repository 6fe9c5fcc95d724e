"""The one line with which every notebook begins."""

import importlib

import pytest

import lmmkit as lk
from tests.leaks import solution_sources
from tools.build_notebooks import ROOT
from tools.page_rules import START

PAGES = [*sorted((ROOT / "lessons" / "source").glob("[0-9]*.py")), *solution_sources()]


def test_it_gives_the_names_that_all_know():
    start = importlib.import_module("lmmkit.course.start")
    assert start.lk is lk and start.np is importlib.import_module("numpy")
    assert start.stats is importlib.import_module("scipy.stats")
    assert not hasattr(start, "owls")


@pytest.mark.parametrize("source", PAGES, ids=lambda source: f"{source.parent.parent.name}-{source.stem}")
def test_no_other_line_of_a_page_imports_scipys_tests(source):
    code = [line for line in source.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    (names,) = [line.partition(" import ")[2] for line in code if START.match(line)]
    assert not [line for line in code if line.startswith(("from scipy import stats", "from scipy.stats"))]
    assert any("stats." in line for line in code) == ("stats" in names.split(", "))
