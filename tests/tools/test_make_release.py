"""The students' zip holds what they need, and neither a line nor a number of a solution."""

import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import nbformat
import pytest

from lmmkit.course import written
from tests.leaks import (
    exercise_questions,
    leaks,
    secret_lines,
    secret_numbers,
    shows,
    solution_sources,
    texts,
)
from tools.build_notebooks import ROOT
from tools.jupyter_settings import PLACES
from tools.make_release import write_release
from tools.pack_answers import ANSWERS, pack

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
            elif not name.endswith((".whl", ".png", ".pdf", "/")):
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


def test_everybody_may_read_all_of_it(release):
    assert {entry.external_attr >> 16 for entry in release.infolist()} == {0o644}


def test_no_command_is_named_that_needs_a_makefile(release, readable):
    """Students have none; a page that says how it was written, or lies inside the wheel, is not for them to run."""
    told = {
        name: readable[name]
        for name in release.namelist()
        if name.endswith((".ipynb", ".md")) and "LEDGER" not in name
    }
    assert [name for name, text in told.items() if re.search(r"`make \w", text)] == []
    assert any("rows, synthetic" in text for text in told.values())


def test_nothing_has_been_run(release):
    for name in release.namelist():
        if name.endswith(".ipynb"):
            cells = nbformat.reads(release.read(name).decode("utf-8"), as_version=4).cells
            assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells), (
                name
            )


def test_no_link_is_dead(release):
    names = {name.split("/", 1)[1] for name in release.namelist()}
    assert dead_links(release, names) == []


def dead_links(release, names):
    dead = []
    for name in release.namelist():
        if name.endswith((".ipynb", ".md")):
            text = release.read(name).decode("utf-8")
            if name.endswith(".ipynb"):
                cells = nbformat.reads(text, as_version=4).cells
                text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
            folder = Path(name.split("/", 1)[1]).parent
            for target in re.findall(r"\]\((?!\w+:|#)([^)#]+)", text):
                if os.path.normpath(folder / target) not in names:
                    dead.append((name, target))
    return dead


def test_the_wheel_brings_the_settings_and_the_librarys_own_does_not(wheel):
    assert {name.partition(".data/data/")[2] for name in wheel.namelist() if ".data/" in name} == set(
        PLACES.values()
    )
    assert "shared-data" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_lessons_and_exercises_can_be_left_out(tmp_path):
    release = zipfile.ZipFile(write_release(tmp_path, frozenset({"14", "ex06", "capstoneowls"})))
    names = {name.split("/", 1)[1] for name in release.namelist()}
    gone = {"lessons/14_variance_partitioning.ipynb", "exercises/14_variance_partitioning.ipynb",
            "exercises/06_pooling.ipynb", "exercises/capstone_owls.ipynb"}  # fmt: skip
    assert not gone & names and {"lessons/06_pooling.ipynb", "lessons/15_power.ipynb"} <= names
    assert dead_links(release, names) == []
    (name,) = [name for name in release.namelist() if name.endswith(".whl")]
    wheel = zipfile.ZipFile(io.BytesIO(release.read(name)))
    answers = json.loads(written.unpack(wheel.read(f"{ANSWERS.as_posix()}/{written.FILE}").decode("utf-8")))
    assert not {"ex06.q7", "ex14.q8", "capstoneowls.q10"} & answers.keys() and "ex07.q8" in answers
    modules = {Path(path).stem for path in wheel.namelist()}
    assert not {"lesson_14", "exercise_14"} & modules and {"exercise_06", "capstone_owls"} <= modules
    with pytest.raises(SystemExit, match="there is no 99 to leave out"):
        write_release(tmp_path, frozenset({"99"}))


@pytest.mark.timeout(1800)
def test_with_the_wheels_inside_no_network_is_needed(tmp_path):
    if not index_can_be_reached(tmp_path):
        pytest.skip("no index of packages can be reached, and the wheels come from one")
    zipfile.ZipFile(write_release(tmp_path, offline=True)).extractall(tmp_path)
    folder = next(tmp_path.glob("lmmkit-course-*/"))
    *install, _ = commands_of(folder)
    environment = fresh_environment(tmp_path) | {
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_EXTRA_INDEX_URL": "",
    }
    for line in install:
        subprocess.run(line, shell=True, cwd=folder, env=environment, check=True)
    said = subprocess.check_output(
        [folder / ".venv" / "bin" / "python", "-m", "lmmkit.course.doctor"],
        cwd=folder,
        env=environment,
        text=True,
    )
    assert "All is well" in said and "make" not in said


def index_can_be_reached(folder):
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder / "probe", "filelock"]
    return subprocess.run(command).returncode == 0


def fresh_environment(folder):
    """Only what a student's terminal has: no settings of ours, and python3 is the Python of these tests."""
    (folder / "bin").mkdir()
    (folder / "bin" / "python3").symlink_to(sys.executable)
    ours = ("PYTHON", "JUPYTER", "LMMKIT", "IPYTHON")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return environment | {"PATH": f"{folder / 'bin'}:{environment['PATH']}"}


def commands_of(folder):
    block = re.search(r"```sh\n(.+?)```", (folder / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    return block[1].strip().splitlines()


@pytest.mark.timeout(1800)
def test_the_readme_is_right_line_by_line(release, tmp_path):
    """In a fresh environment the zip's own commands open a page from which an exercise can be reached."""
    if not index_can_be_reached(tmp_path):
        pytest.skip("no index of packages can be reached, and the README installs from one")
    release.extractall(tmp_path)
    folder = tmp_path / release.namelist()[0].split("/")[0]
    *install, lab = commands_of(folder)
    environment = fresh_environment(tmp_path)
    for line in install:
        subprocess.run(line, shell=True, cwd=folder, env=environment, check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    flags = f" --no-browser --port={port} --IdentityProvider.token=t --allow-root"
    server = subprocess.Popen(f"exec {lab}{flags}", shell=True, cwd=folder, env=environment)
    try:
        address = f"http://127.0.0.1:{port}"
        assert (
            opened(f"{address}/?token=t", server)
            .url.split("?")[0]
            .endswith("/lab/tree/lessons/00_start_here.ipynb")
        )
        served = json.load(opened(f"{address}/api/contents/exercises/06_pooling.ipynb?token=t", server))
        assert any("check(" in cell["source"] for cell in served["content"]["cells"])
    finally:
        server.terminate()
        server.wait(30)


def opened(url, server):
    give_up = time.monotonic() + 120
    while True:
        try:
            return urllib.request.urlopen(url, timeout=10)
        except urllib.error.HTTPError:
            raise
        except OSError:
            assert server.poll() is None and time.monotonic() < give_up, "the server does not answer"
            time.sleep(0.5)


def test_no_solution_source_test_or_tool_is_there(readable):
    for name in readable:
        folders = name.split("/")[:-1]
        assert not set(folders) & {"solutions", "source", "tests", "tools", "nbgrader"}, name


def test_the_appendix_is_there_without_outputs(release):
    (name,) = [name for name in release.namelist() if name.endswith("lessons/appendix_lectures.ipynb")]
    notebook = nbformat.reads(release.read(name).decode("utf-8"), as_version=4)
    assert len(notebook.cells) > 3 and not any(cell.get("outputs") for cell in notebook.cells)


def test_no_line_of_a_solution_is_anywhere(readable):
    for name, text in readable.items():
        longest_code = 10 if "/lessons/" in name else 6
        found = leaks(text, exercise="/exercises/" in name, longest_code=longest_code)
        assert found == set(), name


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
    packed = wheel.read(name).decode("utf-8")
    assert not packed.startswith("{")
    assert json.loads(written.unpack(packed)) == json.loads((ROOT / name).read_text(encoding="utf-8"))


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
