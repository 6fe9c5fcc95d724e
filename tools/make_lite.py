"""The course in a browser without a server: `make lite` writes `dist/lite/`, files that any web server can show.

JupyterLite brings the notebooks' page, Pyodide the Python that runs in it. The site carries lmmkit's wheel and every
wheel of pure Python that Pyodide does not have; when a kernel starts, Pyodide and its own wheels (NumPy, SciPy,
pandas, Matplotlib, statsmodels) come from where Pyodide keeps them, unless `--pyodide` names a folder that has them.
Each notebook begins with a cell that installs lmmkit there.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.make_release import build_wheel
from tools.student_version import regular
from tools.working_copy import as_bytes, student_files

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "tools" / "lite"
#: Of the course's packages, those that a browser has no use for: it brings the page and the kernel itself, and has
#: neither processes nor threads.
NOT_IN_BROWSER = {"ipykernel", "joblib", "jupyterlab", "threadpoolctl"}
#: What JupyterLite's kernel stands in for.
KERNEL = {
    "ipykernel",
    "ipython",
    "jupyterlab-widgets",
    "pexpect",
    "psutil",
    "traitlets",
    "widgetsnbextension",
}
#: Asks pip for wheels of pure Python, whatever machine this is.
PURE = ["--platform", "any", "--implementation", "py", "--abi", "none", "--python-version", "3.14"]
SAID = (
    "The next cell installs lmmkit in this page. It takes a minute, once each time that the page is opened."
)


def pyodide() -> dict[str, dict[str, str]]:
    """What JupyterLite's Pyodide brings: its `packages` by name, with their versions, and its Python."""
    known: dict[str, dict[str, str]] = json.loads((HERE / "pyodide.json").read_text(encoding="utf-8"))
    return known


def asked() -> list[str]:
    """The packages of the course that a browser installs, by name, lmmkit first."""
    course = map(Requirement, project()["optional-dependencies"]["course"])
    return ["lmmkit", *(need.name for need in course if need.name not in NOT_IN_BROWSER)]


def project() -> dict[str, Any]:
    """What pyproject.toml says of lmmkit."""
    told: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return told


def closure() -> dict[str, list[Requirement]]:
    """Every package that these need in a browser, by name, with all that is asked of it."""
    where = {"sys_platform": "emscripten", "platform_system": "Emscripten", "os_name": "posix", "extra": ""}
    where["python_full_version"] = str(pyodide()["python"])
    where["python_version"] = ".".join(where["python_full_version"].split(".")[:2])
    found: dict[str, list[Requirement]] = {}
    waiting = [Requirement(name) for name in asked()]
    while waiting:
        need = waiting.pop()
        name = canonicalize_name(need.name)
        known = name in found
        found.setdefault(name, []).append(need)
        if not known and name not in KERNEL:
            told = project()["dependencies"] if name == "lmmkit" else metadata.requires(name) or []
            lines = map(Requirement, told)
            waiting += [line for line in lines if not line.marker or line.marker.evaluate(where)]
    return found


def own_wheels() -> list[str]:
    """The packages whose wheels the site carries: pure Python that Pyodide does not have."""
    return sorted(name for name in closure() if name not in {*pyodide()["packages"], *KERNEL, "lmmkit"})


def contents(folder: Path) -> None:
    """Write the student's notebooks, with a cell that installs lmmkit above the first one."""
    install = f"%pip install -q {' '.join(asked())}"
    for name, content in student_files(ROOT).items():
        if name.endswith(".ipynb"):
            notebook = nbformat.reads(content.decode("utf-8"), as_version=4)
            first = next(
                (place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code"), None
            )
            if first is not None:
                notebook.cells[first:first] = [new_markdown_cell(SAID), new_code_cell(install)]
            content = as_bytes(regular(notebook.cells))
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def wheels(folder: Path) -> list[Path]:
    """Put lmmkit's wheel, its answers packed, and those of `own_wheels` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    pins = [f"{name}=={metadata.version(name)}" for name in own_wheels()]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--only-binary", ":all:", *PURE, "--dest", str(folder), *pins], check=True)
    build_wheel(folder)
    return sorted(folder.glob("*.whl"))


def write_lite(target: Path, jupyter: Path, core: Path | None = None) -> None:
    """Build the site.

    Parameters
    ----------
    target : Path
        Emptied first.
    jupyter : Path
        The `jupyter` of the environment that has JupyterLite.
    core : Path, optional
        An archive of Pyodide to carry as well.

    Raises
    ------
    subprocess.CalledProcessError
        When pip or JupyterLite cannot.
    """
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        contents(work / "contents")
        packed = wheels(work / "wheels")
        command = [
            str(jupyter),
            "lite",
            "build",
            "--contents",
            str(work / "contents"),
            "--output-dir",
            str(target),
        ]
        command += [f"--piplite-wheels={wheel}" for wheel in packed]
        command += [f"--pyodide={core}"] if core else []
        run = subprocess.run([*command, "--apps", "lab", "--apps", "notebooks", "--apps", "tree"],
                             cwd=work, capture_output=True, text=True)  # fmt: skip
        if run.returncode != 0:
            print((run.stdout + run.stderr)[-3000:], file=sys.stderr)
            run.check_returncode()


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write the course for a browser without a server.")
    parser.add_argument("--jupyter", type=Path, default=ROOT / ".venv-lite" / "bin" / "jupyter")
    parser.add_argument("--folder", type=Path, default=ROOT / "dist" / "lite")
    parser.add_argument("--pyodide", type=Path, help="an archive of Pyodide that the site is to carry")
    options = parser.parse_args(argv)
    write_lite(options.folder, options.jupyter, options.pyodide)
    print(f"the course is in {options.folder}; show it with: python -m http.server -d {options.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
