"""What anybody builds from the repository gives no answer away: the wheel has them packed, the sdist not at all."""

import subprocess
import sys
import tarfile
import zipfile

import pytest

from tests.leaks import secret_lines, solution_sources
from tools.build_notebooks import ROOT
from tools.pack_answers import ANSWERS, packed_text


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The wheel and the sdist as `python -m build` makes them from the repository."""
    folder = tmp_path_factory.mktemp("built")
    command = [
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--wheel",
        "--sdist",
        "--outdir",
        folder,
        ROOT,
    ]
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]
    return folder


@pytest.mark.slow
def test_the_wheel_has_every_answer_packed(built):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        found = {
            name: wheel.read(name).decode("utf-8") for name in wheel.namelist() if ANSWERS.as_posix() in name
        }
    files = [path for path in (ROOT / ANSWERS).iterdir() if path.suffix in (".py", ".json")]
    assert len(files) > 20
    assert found == {f"{ANSWERS.as_posix()}/{path.name}": packed_text(path) for path in files}


@pytest.mark.slow
def test_the_sdist_has_no_answer_and_no_solution(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = [member.name.split("/", 1)[-1] for member in sdist.getmembers()]
        texts = "\n".join(
            sdist.extractfile(member).read().decode("utf-8")
            for member in sdist.getmembers()
            if member.name.endswith((".py", ".md", ".toml"))
        )
    assert "lmmkit/models/lmer.py" in names and "data/sleepstudy.csv" in names
    assert not [name for name in names if name.startswith(("solutions", "tests", "lessons", "exercises"))]
    assert [name for name in names if name.startswith(ANSWERS.as_posix())] == [
        f"{ANSWERS.as_posix()}/__init__.py"
    ]
    lines = {line for source in solution_sources() for line in secret_lines(source) if len(line.split()) > 6}
    assert len(lines) > 50 and [line for line in lines if line in texts] == []
