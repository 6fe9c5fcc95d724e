"""The students' zip holds what they need, and no line of a solution."""

import zipfile

import nbformat
import pytest

from tools.build_notebooks import ROOT
from tools.make_release import write_release


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return zipfile.ZipFile(write_release(tmp_path_factory.mktemp("release")))


@pytest.mark.slow
def test_what_a_student_needs_is_there(release):
    names = {name.split("/", 1)[1] for name in release.namelist()}
    assert {"README.md", "environment.yml", "lessons/00_start_here.ipynb", "data/sleepstudy.csv"} <= names
    assert {path.name for path in (ROOT / "exercises").glob("*.ipynb")} <= {
        name.split("/")[-1] for name in names
    }
    assert sum(name.endswith(".whl") for name in names) == 1


@pytest.mark.slow
def test_nothing_that_answers_is_there(release):
    outside_wheel = [name for name in release.namelist() if not name.endswith((".whl", ".png"))]
    assert not [
        name for name in outside_wheel if "solutions" in name or "/source/" in name or "tests" in name
    ]
    texts = "\n".join(release.read(name).decode("utf-8") for name in outside_wheel if "/exercises/" in name)
    for path in (ROOT / "solutions").glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if set(cell.metadata.get("tags", [])) & {"solution", "written", "rubric", "hidden"}:
                for line in filter(None, map(str.strip, cell.source.splitlines())):
                    assert line not in texts
