"""Does the set-up work? `python -m lmmkit.course.doctor` (or `make doctor`) says so in plain words.

Each check looks at the thing itself: it starts the kernel that a notebook would start, reads every data set,
fits a model whose answer is known. A check that fails says what to do.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from .neighbours import PAGE, traps

OLDEST_PYTHON = (3, 11)
WIDGETS = ("ipywidgets", "widgetsnbextension", "jupyterlab_widgets", "anywidget")
WIDGET_EXTENSION = Path("@jupyter-widgets", "jupyterlab-manager", "package.json")

# REML criterion of Reaction ~ Days + (Days | Subject) on the sleepstudy data, as R's lme4 gives it.
KNOWN_CRITERION = 1743.6283


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    check : str
        What was looked at.
    well : bool
        Whether all is as it should be.
    says : str
        What was found, in a sentence.
    remedy : str
        What to do; empty when all is well.
    """

    check: str
    well: bool
    says: str
    remedy: str = ""

    def __str__(self) -> str:
        line = f"{'ok ' if self.well else '!! '} {self.check:<9} {self.says}"
        return line if self.well else f"{line}\n              What to do: {self.remedy}"


def examine() -> Iterator[Finding]:
    """Make every check, in the order in which a failure explains the next.

    Yields
    ------
    Finding
        One for each check, as soon as it is made; a check that cannot be made is a failed one.
    """
    checks = {
        "Python": check_python,
        "packages": check_packages,
        "kernel": check_kernel,
        "widgets": check_widgets,
        "data": check_data,
        "fit": check_fit,
        "progress": check_progress,
        "others": check_others,
    }
    yield from (guarded(name, check) for name, check in checks.items())


def guarded(name: str, check: Callable[[], Finding]) -> Finding:
    """The finding of a check; one that breaks down is a finding too."""
    try:
        return check()
    except ModuleNotFoundError as error:
        says = f"the course's packages are not all installed: there is no {error.name}."
        return Finding(
            name, False, says, "python -m pip install 'lmmkit[course]', or install as the README says"
        )
    except Exception as error:
        return Finding(name, False, f"the check itself stopped: {type(error).__name__}: {error}", reinstall())


def home() -> Path | None:
    """The folder of the course: the clone, or where the student's zip was unpacked; None where neither is."""
    around = (Path(__file__).resolve().parents[2], Path.cwd(), *Path.cwd().parents)
    return next((folder for folder in around if (folder / "requirements.lock").is_file()), None)


def has_make() -> bool:
    """Whether this is a clone with its Makefile; the students' zip has none."""
    folder = home()
    return folder is not None and (folder / "Makefile").is_file()


def reinstall() -> str:
    """How to set the course up anew."""
    conda = "with conda: conda env update --prune --file environment.yml"
    if has_make():
        return f"make clean, then make lab; {conda}"
    return f"remove the folder .venv, then install again as the README says; {conda}"


def check_python() -> Finding:
    """Whether Python is new enough."""
    found = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        return Finding(
            "Python",
            False,
            f"this is Python {found}; lmmkit needs {wanted} or newer.",
            "install a newer Python, then: make clean, make lab PYTHON=python3.12"
            if has_make()
            else "install a newer Python, remove the folder .venv, and begin again as the README says",
        )
    return Finding("Python", True, f"{found}, in {sys.prefix}")


def check_packages() -> Finding:
    """Whether what lmmkit asks for is installed, and whether it is what lmmkit was tested with."""
    from packaging.requirements import Requirement

    asked = [Requirement(text) for text in metadata.requires("lmmkit") or []]
    needed = [wanted for wanted in asked if not wanted.marker or wanted.marker.evaluate({"extra": "course"})]
    tested = pins()
    wrong, other = [], []
    for wanted in needed:
        found = installed(wanted.name)
        if found is None:
            wrong.append(f"{wanted.name} is not installed")
        elif not wanted.specifier.contains(found, prereleases=True):
            wrong.append(f"{wanted.name} is {found}, but lmmkit needs {wanted.specifier}")
        elif found != tested.get(wanted.name, found):
            other.append(f"{wanted.name} {found} (tested with {tested[wanted.name]})")
    if wrong:
        return Finding("packages", False, "; ".join(wrong) + ".", reinstall())
    says = f"all {len(needed)} that the course asks for are here"
    return Finding(
        "packages",
        True,
        f"{says}; in range, yet not the tested version: {', '.join(other)}" if other else says,
    )


def installed(name: str) -> str | None:
    """The version of a package, None when it is not there."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def pins() -> dict[str, str]:
    """The tested versions, from requirements.lock in the clone or where the student works; else none."""
    folder = home()
    if folder is None:
        return {}
    lines = (folder / "requirements.lock").read_text(encoding="utf-8").splitlines()
    parts = [line.partition("==") for line in lines]
    return {name: version for name, equals, version in parts if equals}


def check_kernel() -> Finding:
    """Whether a notebook's kernel is the Python that serves it, with the same packages."""
    import lmmkit

    names = ("sys.prefix", "lmmkit.__version__", *(f"metadata.version({name!r})" for name in WIDGETS))
    here = [sys.prefix, lmmkit.__version__, *(str(installed(name)) for name in WIDGETS)]
    code = f"import sys, lmmkit; from importlib import metadata; print({', '.join(names)}, sep='|')"
    there = ask_kernel(code).strip().split("|")
    if there == here:
        return Finding(
            "kernel", True, f"starts, in the same Python, with lmmkit {here[1]} and ipywidgets {here[2]}"
        )
    if len(there) != len(here):
        says = f"the kernel cannot load lmmkit and the widgets: {there[-1] or 'it says nothing'}."
    elif there[0] != here[0]:
        says = f"notebooks would run in {there[0]}, not in {here[0]}."
    else:
        says = f"the kernel sees {', '.join(there[1:])}, the server {', '.join(here[1:])}."
    return Finding(
        "kernel", False, says, f"in JupyterLab choose Kernel > Change Kernel > Python 3; else {reinstall()}"
    )


def ask_kernel(code: str) -> str:
    """What the kernel of a new notebook prints when it runs this code."""
    from jupyter_client.manager import start_new_kernel

    said: list[str] = []

    def listen(message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] == "stream":
            said.append(content["text"])
        elif message["msg_type"] == "error":
            said.append(f"{content['ename']}: {content['evalue']}")

    manager, client = start_new_kernel(
        kernel_name="python3", startup_timeout=60, extra_arguments=["--log-level=ERROR"]
    )
    try:
        client.execute_interactive(code, timeout=60, output_hook=listen)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return "".join(said)


def check_widgets() -> Finding:
    """Whether the page gets the half of the widgets that belongs to the kernel's half."""
    from jupyter_core.paths import jupyter_path

    missing = [name for name in WIDGETS if installed(name) is None]
    if missing:
        return Finding(
            "widgets", False, f"{' and '.join(missing)} cannot be found; sliders will not show.", reinstall()
        )
    places = [Path(folder) for folder in jupyter_path("labextensions")]
    serving = next((folder for folder in places if (folder / WIDGET_EXTENSION).is_file()), None)
    if serving is None:
        return Finding("widgets", False, "JupyterLab has no extension for sliders.", reinstall())
    if not serving.is_relative_to(sys.prefix):
        return Finding(
            "widgets",
            False,
            f"JupyterLab would take its sliders from another installation, {serving}.",
            f"remove {serving / WIDGET_EXTENSION.parent}, or set JUPYTER_PREFER_ENV_PATH=1 before starting JupyterLab",
        )
    return Finding("widgets", True, "JupyterLab's sliders and the kernel's are of one installation")


def check_data() -> Finding:
    """Whether every data set can be read and agrees with its description."""
    from lmmkit.datasets import data_names, load_data

    rows = {name: len(load_data(name)) for name in data_names()}
    return Finding("data", True, f"{len(rows)} data sets read, {sum(rows.values())} rows")


def check_fit() -> Finding:
    """Whether a model whose answer is known gets that answer."""
    import lmmkit as lk

    start = time.perf_counter()
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    seconds = time.perf_counter() - start
    found = float(fit.reml_criterion)
    if abs(found - KNOWN_CRITERION) < 1e-3:
        return Finding("fit", True, f"sleepstudy's REML criterion is {found:.4f}, as in R ({seconds:.2f} s)")
    says = f"sleepstudy's REML criterion came out as {found:.4f}; it should be {KNOWN_CRITERION}."
    return Finding("fit", False, says, f"{reinstall()}; if that does not help, report it with this page")


def check_progress() -> Finding:
    """Whether what a student has done can be kept."""
    from lmmkit.course import progress

    file = progress.path()
    if file is None:
        return Finding("progress", True, f"is not kept, as {progress.VARIABLE}=off wants it")
    writable = os.access(file if file.exists() else file.parent, os.W_OK)
    if writable and os.access(file.parent, os.W_OK):
        return Finding("progress", True, f"is kept in {file}")
    says = (
        f"nothing can be written to {file.parent}: what you have done is forgotten when a notebook is closed."
    )
    return Finding("progress", False, says, "work in a folder of your own")


def check_others() -> Finding:
    """Which other packages for mixed models are here, and where their numbers differ; never a failure."""
    lines = list(traps(installed))
    if not lines:
        return Finding("others", True, "no other package for mixed models is here")
    indent = "\n" + " " * 14
    return Finding(
        "others", True, indent.join(["where numbers differ from lmmkit's:", *lines, f"More: {PAGE}"])
    )


def main() -> int:
    """Print the findings; the exit code is 1 when something is wrong, else 0."""
    findings = []
    for finding in examine():
        print(finding, flush=True)
        findings.append(finding)
    wrong = [finding.check for finding in findings if not finding.well]
    if wrong:
        print(f"\n{len(wrong)} of {len(findings)} checks failed. Begin with the first, {wrong[0]}.")
    else:
        print(
            f"\nAll is well. To begin: {'make lab' if has_make() else 'start JupyterLab as the README says'}"
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
