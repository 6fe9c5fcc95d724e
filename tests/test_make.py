"""What `make` does, tried with a Python that only pretends.

A set-up that was killed, or that failed, leaves nothing broken behind; and the pages tell those who have no make the
same steps.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from pygments.lexers import PowerShellLexer
from pygments.token import Error

ROOT = Path(__file__).resolve().parent.parent
# Stands for python3 and for .venv/bin/python: does what it is asked in a log, and waits where a file `wait` says so.
PRETENDER = """#!/bin/sh
echo "$@" >> "{log}"
case "$*" in
  *"-m venv --clear"*)
    rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python; cp "$0" .venv/bin/jupyter
    [ "$(cat wait 2>/dev/null)" = venv ] && { echo in venv >> "{log}"; sleep 60; }
    touch .venv/has_pip ;;
  *"-m pip --version"*) [ -e .venv/has_pip ] ;;
  *"pip"*install*)
    [ "$(cat wait 2>/dev/null)" = pip ] && { echo in pip >> "{log}"; sleep 60; }
    [ "$(cat wait 2>/dev/null)" = fail ] && exit 1
    exit 0 ;;
esac
"""

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


@pytest.fixture
def course(tmp_path):
    """A folder with the Makefile, what it depends on, and a Python that pretends."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "tools" / "jupyter", tmp_path / "tools" / "jupyter")
    shutil.copy(ROOT / "tools" / "jupyter_settings.py", tmp_path / "tools")
    python = tmp_path / "python"
    python.write_text(PRETENDER.replace("{log}", str(tmp_path / "log")))
    python.chmod(0o755)
    return tmp_path


def start(course):
    return subprocess.Popen(
        ["make", f"PYTHON={course / 'python'}", "lab"],
        cwd=course,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def make_lab(course):
    """Run `make lab` to its end; returns what Python was asked since."""
    (course / "log").write_text("")
    run = start(course)
    said, _ = run.communicate(timeout=60)
    return run.returncode, (course / "log").read_text(), said


def kill_while(course, place):
    """Kill a `make lab` with all its children while it is in this place."""
    (course / "wait").write_text(place)
    run = start(course)
    give_up = time.monotonic() + 30
    while f"in {place}" not in ((course / "log").read_text() if (course / "log").exists() else ""):
        assert time.monotonic() < give_up and run.poll() is None, run.communicate()[0]
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    (course / "wait").unlink()


def test_a_first_make_lab_says_what_it_does_and_the_second_does_it_no_more(course):
    code, asked, said = make_lab(course)
    assert code == 0, said
    assert "two to five minutes" in said
    assert [said.index(f"{step} of 3: ") for step in (1, 2, 3)] == sorted(
        said.index(f"{step} of 3: ") for step in (1, 2, 3)
    )
    assert "-m venv --clear .venv" in asked and "lab --ServerApp.root_dir" in asked
    assert asked.index("tools.working_copy") < asked.index("lab --ServerApp")
    code, asked, _ = make_lab(course)
    assert code == 0 and "venv" not in asked.replace("my_course", "") and "install" not in asked


@pytest.mark.parametrize("place", ["venv", "pip"])
def test_a_set_up_that_was_killed_begins_again_from_nothing(course, place):
    kill_while(course, place)
    code, asked, said = make_lab(course)
    assert code == 0, said
    assert "-m venv --clear .venv" in asked
    assert (course / ".venv" / ".course").exists() and not (course / ".venv" / ".unfinished").exists()


def test_a_set_up_that_failed_keeps_what_it_has(course):
    assert make_lab(course)[0] == 0
    os.utime(course / "requirements.lock", (time.time() + 5, time.time() + 5))
    (course / "wait").write_text("fail")
    assert make_lab(course)[0] != 0
    (course / "wait").unlink()
    code, asked, _ = make_lab(course)
    assert code == 0 and "venv --clear" not in asked and "install" in asked


def test_clean_leaves_the_students_work(course):
    work = course / "my_course" / "lessons" / "06_pooling.ipynb"
    work.parent.mkdir(parents=True)
    work.write_text("mine")
    for room in ("lmmkit", "tests", "data"):
        (course / room).mkdir()
    subprocess.run(["make", "clean"], cwd=course, check=True, capture_output=True)
    assert work.read_text() == "mine"


# ---------------------------------------------------------------- without make


def commands(page, language, heading):
    """The commands of a page's block: the words of each line, with the program's name and nothing of its place."""
    text = (ROOT / page).read_text(encoding="utf-8")
    block = next(
        found[2]
        for found in re.finditer(r"```(\w+)\n(.*?)```", text, re.DOTALL)
        if found[1] == language and heading in found[2]
    )
    return block, [
        words(line.replace("\\", "/")) for line in block.splitlines() if not line.startswith(("git", "cd"))
    ]


def words(line):
    """One command, without what is only about where it runs and how much it says."""
    program, *rest = shlex.split(line, comments=True)
    quiet = {"--quiet", "--disable-pip-version-check", "--clear", "-3", "--allow-root"}
    rest = [re.sub(r"(root_dir=).*(my_course)$", r"\1\2", word) for word in rest if word not in quiet]
    return [re.sub(r"^py$", "python", Path(program).name), *rest]


def steps(course):
    """What `make lab` asks of Python and Jupyter, as commands."""
    code, asked, said = make_lab(course)
    assert code == 0, said
    lines = [
        line for line in asked.splitlines() if not line.startswith("-c ") and "pip --version" not in line
    ]
    return [words(f"{'jupyter' if line.startswith('lab ') else 'python'} {line}") for line in lines]


@pytest.mark.parametrize("page", ["README.md", "docs/run.md"])
def test_powershell_does_what_make_does(course, page):
    block, told = commands(page, "powershell", "py -3")
    broken = [text for kind, text in PowerShellLexer().get_tokens(block) if kind in Error]
    # Windows PowerShell knows neither && nor a backslash at the end of a line, and runs no file below a plain folder/.
    assert not broken and not re.search(r"&&|\\$|\$\(|^\S+/", block, re.MULTILINE)
    assert told == steps(course)


@pytest.mark.parametrize("page", ["README.md", "docs/run.md"])
def test_conda_does_what_make_does(course, page):
    _, told = commands(page, "sh", "conda env create")
    assert told[:2] == [["conda", "env", "create", "-f", "environment.yml"], ["conda", "activate", "lmmkit"]]
    assert told[2:] == [step for step in steps(course) if "venv" not in step and "pip" not in step]
