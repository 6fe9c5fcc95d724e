"""docs/hub.md: its image is made of what a release has, its figures are there for every lesson, its links lead on."""

import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from lmmkit.course.check import check
from tools.make_release import members

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "hub.md").read_text(encoding="utf-8")
IMAGE = (ROOT / "tools" / "hub" / "Dockerfile").read_text(encoding="utf-8")
STEPS = [
    line.partition(" ")[::2]
    for line in IMAGE.replace("\\\n", " ").splitlines()
    if line.strip() and not line.startswith("#")
]


def between(mark):
    return re.search(rf"<!-- {mark}: begin -->\n(.*?)\n<!-- {mark}: end -->", PAGE, re.DOTALL)[1].splitlines()


def test_each_step_of_the_image_is_one_that_docker_knows():
    known = {"FROM", "RUN", "WORKDIR", "COPY", "USER", "ENV", "CMD"}
    assert STEPS[0] == ("FROM", "python:3.11-slim")
    assert {name for name, _ in STEPS} <= known
    assert all(value.strip() for _, value in STEPS)
    assert [name for name, _ in STEPS].count("CMD") == 1 and STEPS[-1] == ("CMD", '["jupyterhub-singleuser"]')


@pytest.fixture(scope="module")
def names():
    """What is in the students' zip."""
    return set(members())


def test_what_the_image_copies_is_in_the_zip(names):
    copied = [word for name, value in STEPS if name == "COPY" for word in value.split()[:-1]]
    assert copied == ["requirements.lock", "lmmkit-*.whl", "lessons", "exercises"]
    assert "requirements.lock" in names
    assert any(name.startswith("lessons/") for name in names) and any(
        name.startswith("exercises/") for name in names
    )


def test_everything_is_installed_by_the_lock():
    installs = [value for name, value in STEPS if name == "RUN" and "pip install" in value]
    assert len(installs) == 2 and all("-c requirements.lock" in value for value in installs)
    assert '[course]"' in installs[0]


@pytest.mark.slow
def test_pip_understands_the_lines_that_install(tmp_path):
    """In a fresh environment, without fetching what they need in turn; a dummy stands for the wheel."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    (tmp_path / "requirements.lock").write_bytes((ROOT / "requirements.lock").read_bytes())
    (line,) = [value for name, value in STEPS if name == "RUN" and "nbgitpuller" in value]
    command = line.replace("python -m pip install", f'"{python}" -m pip install --dry-run --no-deps --quiet')
    run = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    if "Could not find a version" in run.stderr and "from versions: none" in run.stderr:
        pytest.skip("no package index can be reached here")
    assert run.returncode == 0, run.stderr


def test_progress_is_kept_where_the_image_says(tmp_path, monkeypatch):
    variables = dict(word.split("=") for name, value in STEPS if name == "ENV" for word in value.split())
    assert variables["LMMKIT_PROGRESS"] == "/home/student"
    shared, own = tmp_path / "shared", tmp_path / "home"
    shared.mkdir()
    own.mkdir()
    monkeypatch.chdir(shared)
    monkeypatch.setenv("LMMKIT_PROGRESS", str(own))
    check("ex06.q1", "no")
    assert len(list(own.iterdir())) >= 1 and list(shared.iterdir()) == []


def test_there_is_a_figure_for_each_lesson():
    rows = [line.split("|")[1].strip() for line in between("memory")[2:]]
    lessons = {path.stem for path in (ROOT / "lessons" / "source").glob("*.py")}
    assert lessons <= set(rows)
    assert re.search(r"^\| 30 \|", "\n".join(between("class")), re.MULTILINE)


def test_the_link_opens_a_notebook_that_is_there(names):
    (path,) = re.findall(r"urlpath=lab/tree/<name>/(\S+)", PAGE)
    assert path in names
