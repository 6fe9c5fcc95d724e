"""The zip that students get: lessons, exercises, data, environment and a wheel of lmmkit; nothing that answers.

`make release` writes `dist/lmmkit-course-VERSION.zip`.

The wheel has to judge answers on the student's own machine, so it has to hold what judges them. It holds it
packed: compressed and encoded, unpacked by Python when a question is asked. That keeps the answers from the eye,
and from a search through the files. It does not keep them from somebody who is determined: who can run a
program can unpack it, too. Marks that count rest on other things: on data of each student's own
(`make nbgrader OWN_DATA=1`), and on what is written in words.
"""

from __future__ import annotations

import ast
import base64
import shutil
import subprocess
import sys
import tempfile
import textwrap
import zipfile
import zlib
from pathlib import Path

from lmmkit.course import written

ROOT = Path(__file__).resolve().parent.parent
#: What goes in, as patterns below the root. Sources, solutions, tests and tools stay out.
CONTENTS = (
    "LICENSE",
    "CITATION.cff",
    "requirements.lock",
    "lessons/*.ipynb",
    "lessons/LICENSE.md",
    "lessons/LEDGER.md",
    "exercises/*.ipynb",
    "data/*.csv",
    "data/*.md",
    "data/datapackage.json",
    "docs/images/*.png",
)


#: What a wheel is built from.
WHEEL_CONTENTS = ("pyproject.toml", "README.md", "LICENSE", "lmmkit", "data")
ANSWERS = Path("lmmkit/course/answers")


def build_wheel(folder: Path) -> Path:
    """Build the wheel of lmmkit, its answers packed, into a folder, with what is installed here."""
    with tempfile.TemporaryDirectory() as scratch:
        tree = copy_packed(Path(scratch) / "lmmkit")
        command = [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(folder),
            str(tree),
        ]
        run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit("the wheel could not be built:\n" + (run.stderr or run.stdout)[-2000:])
    return next(folder.glob("lmmkit-*.whl"))


def copy_packed(tree: Path) -> Path:
    """Copy what the wheel is built from, and pack the modules that know answers."""
    tree.mkdir()
    for name in WHEEL_CONTENTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tree / name)
    for module in (tree / ANSWERS).glob("[!_]*.py"):
        module.write_text(pack(module.read_text(encoding="utf-8")), encoding="utf-8")
    model_answers = tree / ANSWERS / written.FILE
    model_answers.write_text(written.pack(model_answers.read_text(encoding="utf-8")), encoding="utf-8")
    return tree


def pack(module: str) -> str:
    """A module that keeps its docstring in clear, and unpacks the rest of itself when it is imported.

    Parameters
    ----------
    module : str
        Python source.

    Returns
    -------
    str
        Python source that does the same.

    Examples
    --------
    >>> packed = pack("'Questions of exercise 06, pooling.'\\nsecret = 42\\n")
    >>> "Questions of exercise 06" in packed, "secret" in packed
    (True, False)
    >>> names = {}
    >>> exec(packed, names)
    >>> names["secret"]
    42
    """
    docstring = ast.get_docstring(ast.parse(module)) or ""
    code = base64.b85encode(zlib.compress(module.encode("utf-8"), 9)).decode("ascii")
    lines = "\n".join(f'    b"{line}"' for line in textwrap.wrap(code, 100))
    return (
        f'"""{docstring}"""\n\n'
        "# Packed, so that no answer is met by accident. To be told whether yours is right, ask check().\n"
        "import base64\nimport zlib\n\n"
        f"exec(zlib.decompress(base64.b85decode(\n{lines}\n)))\n"
    )


def members() -> list[Path]:
    """The files of the release, in order."""
    return [path for pattern in CONTENTS for path in sorted(ROOT.glob(pattern))]


def written_for(wheel: str) -> dict[str, str]:
    """What is said otherwise to students than in the repository: how to begin, with the wheel of this name."""
    readme = (ROOT / "tools" / "release" / "README.md").read_text(encoding="utf-8")
    environment = (ROOT / "environment.yml").read_text(encoding="utf-8")
    return {
        "README.md": readme.replace("WHEEL", wheel),
        "environment.yml": environment.replace("-e .[course]", f"./{wheel}[course]"),
    }


def write_release(folder: Path) -> Path:
    """Write the zip into a folder.

    Parameters
    ----------
    folder : Path
        Made if it is not there.

    Returns
    -------
    Path
        The zip.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        wheel = build_wheel(Path(scratch))
        version = wheel.name.split("-")[1]
        release = folder / f"lmmkit-course-{version}.zip"
        top = release.stem
        with zipfile.ZipFile(release, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in members():
                archive.write(path, f"{top}/{path.relative_to(ROOT).as_posix()}")
            archive.write(wheel, f"{top}/{wheel.name}")
            for name, text in written_for(wheel.name).items():
                archive.writestr(f"{top}/{name}", text)
    return release


if __name__ == "__main__":
    print(write_release(ROOT / "dist").relative_to(ROOT))
