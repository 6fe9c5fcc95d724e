"""The students' zip holds what they need, and neither a line nor a number of a solution."""

import io
import os
import re
import subprocess
import sys
import zipfile

import nbformat
import pytest

from lmmkit.course import written
from tests.leaks import exercise_questions, secret_lines, secret_numbers, shows, solution_sources, texts
from tools.build_notebooks import ROOT
from tools.make_release import ANSWERS, pack, write_release

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return zipfile.ZipFile(write_release(tmp_path_factory.mktemp("release")))


@pytest.fixture(scope="module")
def wheel(release):
    (name,) = [name for name in release.namelist() if name.endswith(".whl")]
    return zipfile.ZipFile(io.BytesIO(release.read(name)))


@pytest.fixture(scope="module")
def readable(release, wheel):
    """Every text in the zip and in the wheel inside it, by name."""
    found = {}
    for archive in (release, wheel):
        for name in archive.namelist():
            if name.endswith(".ipynb"):
                found[name] = texts(nbformat.reads(archive.read(name).decode("utf-8"), as_version=4))
            elif not name.endswith((".whl", ".png", "/")):
                found[name] = archive.read(name).decode("utf-8")
    return found


def test_what_a_student_needs_is_there(release):
    names = {name.split("/", 1)[1] for name in release.namelist()}
    assert {"README.md", "environment.yml", "lessons/00_start_here.ipynb", "data/sleepstudy.csv"} <= names
    assert {f"exercises/{path.name}" for path in (ROOT / "exercises").glob("*.ipynb")} <= names


def test_what_students_are_told_is_there(release):
    names = {name.split("/", 1)[1] for name in release.namelist()}
    top = release.namelist()[0].split("/")[0]
    readme = release.read(f"{top}/README.md").decode("utf-8")
    (wheel,) = [name for name in names if name.endswith(".whl")]
    assert readme.count(f"./{wheel}[course]") == 2 and "WHEEL" not in readme
    assert set(re.findall(r"\]\(([^)#]+)\)", readme)) <= names
    assert f"- ./{wheel}[course]" in release.read(f"{top}/environment.yml").decode("utf-8")


def test_no_solution_source_test_or_tool_is_there(readable):
    for name in readable:
        folders = name.split("/")[:-1]
        assert not set(folders) & {"solutions", "source", "tests", "tools", "nbgrader"}, name


def test_no_line_of_a_solution_is_anywhere(readable):
    lines = {line for source in solution_sources() for line in secret_lines(source)}
    assert len(lines) > 50
    for name, text in readable.items():
        # Lessons teach what exercises ask for, and all is written in one language: elsewhere, a short line or a
        # line of code may stand in both; a sentence may not.
        shortest = 0 if "/exercises/" in name else 10 if "/lessons/" in name else 6
        assert [line for line in lines if len(line.split()) > shortest and line in text] == [], name


def test_no_question_keeps_its_answers_in_clear(wheel):
    modules = list((ROOT / ANSWERS).glob("[!_]*.py"))
    assert len(modules) >= 20
    for module in modules:
        clear = module.read_text(encoding="utf-8")
        packed = wheel.read(f"{ANSWERS.as_posix()}/{module.name}").decode("utf-8")
        assert packed == pack(clear)
        for line in clear.splitlines()[1:]:
            assert sum(map(str.isalnum, line)) < 4 or line.strip() not in packed
    name = f"{ANSWERS.as_posix()}/{written.FILE}"
    assert written.unpack(wheel.read(name).decode("utf-8")) == (ROOT / name).read_text(encoding="utf-8")


def test_no_number_that_an_exercise_asks_for_is_anywhere(readable):
    # Lessons show their own numbers, the ledger those of the lectures, and the data are full of numbers; the
    # library under the course was written before the exercises, and knows nothing of them.
    searched = {
        name: text
        for name, text in readable.items()
        if "/exercises/" in name or "/course/" in name or name.endswith((".md", ".yml"))
        if "/lessons/" not in name
    }
    for key, question in exercise_questions().items():
        for number in secret_numbers(key, question):
            assert [name for name, text in searched.items() if shows(text, number)] == [], (key, number)


def test_the_wheel_checks_answers_where_nothing_else_is(release, tmp_path):
    release.extractall(tmp_path)
    (wheel,) = tmp_path.rglob("*.whl")
    site = tmp_path / "site"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        site,
        wheel,
    ]
    subprocess.run(install, check=True)
    (tmp_path / "elsewhere").mkdir()
    program = (
        "import lmmkit; from lmmkit.course.check import check\n"
        "print(lmmkit.__file__)\n"
        "print(check('ex06.q2', 3 / (3 + 16 / 12)))\n"
        "print(check('ex06.q2', 3 / (3 + 12 / 16)))\n"
        "print(check('ex06.q6', 'leave them alone').points)\n"
        "print(len(lmmkit.load_data('sleepstudy')))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(site), "PYTHONIOENCODING": "utf-8"},
        cwd=tmp_path / "elsewhere",
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    said = run.stdout.splitlines()
    assert said[0].startswith(str(site))
    assert said[1].startswith("✔ ex06.q2: right.")
    assert "upside down" in said[2]
    assert said[-2:] == ["0", "180"]


def test_the_search_finds_what_stands_in_a_solution():
    numbers = {number for key, asked in exercise_questions().items() for number in secret_numbers(key, asked)}
    solutions = {
        path: texts(nbformat.read(path, as_version=4)) for path in (ROOT / "solutions").glob("*.ipynb")
    }
    assert sum(any(shows(text, number) for text in solutions.values()) for number in numbers) >= 20
    for source in solution_sources():
        text = solutions[source.parent.parent / f"{source.stem}.ipynb"]
        assert all(line in text for line in secret_lines(source))
