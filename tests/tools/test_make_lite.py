"""The course in a browser without a server: every package can be had there, and nothing needs what a browser lacks."""

import subprocess
import sys
from importlib import metadata

import nbformat
import pytest

from tests.leaks import secret_lines, solution_sources, texts
from tools.build_notebooks import ROOT
from tools.make_lite import (
    KERNEL,
    NOT_IN_BROWSER,
    asked,
    closure,
    contents,
    own_wheels,
    pyodide,
)

# ---------------------------------------------------------------- what a browser can have


@pytest.mark.parametrize("name", sorted(set(closure()) - {"lmmkit"}))
def test_every_dependency_is_pyodides_or_pure(name):
    theirs = pyodide()["packages"].get(name)
    if theirs is not None:
        assert all(need.specifier.contains(theirs) for need in closure()[name]), (name, theirs)
    elif name not in KERNEL:
        wheel = metadata.distribution(name).read_text("WHEEL") or ""
        assert name in own_wheels()
        # psygnal has compiled wheels beside a pure one; pip is asked for the pure one (PURE).
        assert "py3-none-any" in wheel or name == "psygnal"


def test_what_the_browser_does_without_is_imported_by_no_module_at_its_top():
    """Joblib and threadpoolctl are asked for inside the functions that can use them, and nowhere else."""
    assert {"joblib", "threadpoolctl"} <= NOT_IN_BROWSER and not NOT_IN_BROWSER & set(asked())
    for path in (ROOT / "lmmkit").rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.startswith(("import ", "from ")) and line.split()[1].split(".")[0]
                    in NOT_IN_BROWSER | {"multiprocessing", "subprocess", "concurrent"}], path  # fmt: skip


TAKEN_AWAY = """
import sys, warnings
import numpy, scipy.stats, scipy.optimize, pandas, matplotlib.pyplot, seaborn, ipywidgets, anywidget, statsmodels.api
import multiprocessing, os, subprocess, threading

def missing(*args, **kwargs):
    raise RuntimeError("a browser has no processes and no threads")

threading.Thread.start = subprocess.Popen.__init__ = multiprocessing.Process.start = os.fork = missing
for name in ("joblib", "threadpoolctl", "filelock", "fcntl", "resource"):
    for known in [known for known in sys.modules if known.split(".")[0] == name]:
        del sys.modules[known]
    sys.modules[name] = None
sys.platform = "emscripten"
warnings.simplefilter("error")
"""
ASKED = """
from lmmkit.course.start import check, explorers, lk
sleep = lk.load_data("sleepstudy")
fit = lk.lmer("Reaction ~ Days + (Days | Subject)", sleep)
ticks = lk.glmer("ticks ~ year + (1 | litter)", lk.load_data("ticks"), family="poisson")
print(fit.reml_criterion, ticks.loglik)
print(fit.bootstrap(6, seed=1, n_jobs=2).replicates.sum().sum())
print(lk.power(fit, "Days", n_sim=4, seed=1, n_jobs=2))
panel = explorers.tests()
panel.set(groups=3)
panel._run()
print(panel._count.value, panel.readout.value)
print(repr(check("00.q1", "red")))
"""


@pytest.mark.slow
def test_the_course_gives_the_same_without_processes_and_threads(tmp_path):
    """What Emscripten lacks is taken away, and Python says that it is Emscripten: the answers are the same."""

    def answers(code):
        environment = {"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path), "MPLBACKEND": "agg"}
        command = [sys.executable, "-c", code]
        run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr[-2000:]
        return run.stdout, run.stderr

    said, complaints = answers(TAKEN_AWAY + ASKED)
    assert (said, "") == (answers(ASKED)[0], complaints)
    assert said.startswith("1743.628271")


# ---------------------------------------------------------------- the site


def test_the_notebooks_are_the_students_with_a_cell_that_installs(tmp_path):
    contents(tmp_path)
    pages = sorted(tmp_path.rglob("*.ipynb"))
    assert len(pages) > 35
    secret = {line for source in solution_sources() for line in secret_lines(source)}
    for path in pages:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert not code or code[0].source.startswith("%pip install -q lmmkit ")
        assert not any(cell.outputs for cell in code)
        if path.parent.name == "exercises":
            assert not {line for line in texts(notebook).splitlines() if line.strip() in secret}
