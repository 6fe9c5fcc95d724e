"""The zip that students get: lessons, exercises, data, environment and a wheel of lmmkit; nothing that answers.

`make release` writes `dist/lmmkit-course-VERSION.zip`. Notebooks are in it without outputs. `WITHOUT="14 15 ex06"`
leaves out lessons 14 and 15 with their exercises, and exercise 6, which is to be marked. `WHEELS=1` packs all that
has to be installed, so that no network is needed (for machines of this kind, with this Python).

The wheel has to judge answers on the student's own machine, so it has to hold what judges them. It holds it
packed: compressed and encoded, unpacked by Python when a question is asked. That keeps the answers from the eye,
and from a search through the files. It does not keep them from somebody who is determined: who can run a
program can unpack it, too. Marks that count rest on other things: on data of each student's own
(`make nbgrader OWN_DATA=1`), and on what is written in words.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path

import nbformat

from lmmkit.course import written
from tools.jupyter_settings import HERE, PLACES
from tools.pack_answers import ANSWERS
from tools.student_version import chapter_of, regular
from tools.timetable import timetable
from tools.working_copy import as_bytes, student_files

ROOT = Path(__file__).resolve().parent.parent
#: What goes in as it is, as patterns below the root. Sources, solutions, tests and tools stay out.
CONTENTS = (
    "LICENSE",
    "CITATION.cff",
    "requirements.lock",
    "lessons/LICENSE.md",
    "lessons/LEDGER.md",
    "data/*.csv",
    "data/*.md",
    "data/datapackage.json",
    "docs/images/*.png",
)
READABLE = 0o644 << 16  # by everybody: a teacher may unpack the zip for a whole class
TO_ADD = (
    b"\n## To add a data set"  # from here on the page of the data speaks of tools that students do not have
)
LINK = re.compile(r"\[([^\]]+)\]\((?!\w+:|#)([^)#]+)(#[^)]*)?\)")


#: What a wheel is built from; the hook packs the answers.
WHEEL_CONTENTS = (
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "lmmkit",
    "data",
    "tools/pack_answers.py",
    "tools/package_page.py",
)


def build_wheel(folder: Path, without: frozenset[str] = frozenset()) -> Path:
    """Build the wheel of lmmkit, its answers packed, into a folder, with what is installed here."""
    with tempfile.TemporaryDirectory() as scratch:
        tree = copy_sources(Path(scratch) / "lmmkit", without)
        run_python("build", "--wheel", "--no-isolation", "--outdir", str(folder), str(tree))
    return next(folder.glob("lmmkit-*.whl"))


def run_python(*command: str) -> None:
    """Run a module of Python's, or stop with what it says."""
    run = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"python -m {command[0]} failed:\n" + (run.stderr or run.stdout)[-2000:])


def copy_sources(tree: Path, without: frozenset[str] = frozenset()) -> Path:
    """Copy what the wheel is built from, without the answers of lessons and exercises that are left out."""
    tree.mkdir()
    for name in WHEEL_CONTENTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (tree / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    for module in (tree / ANSWERS).glob("[!_]*.py"):
        kind, _, number = module.stem.partition("_")
        if number in without and kind in ("lesson", "exercise"):
            module.unlink()
    (tree / ANSWERS / written.FILE).write_text(answers_without(without), encoding="utf-8")
    carry_settings(tree)
    return tree


def answers_without(without: frozenset[str]) -> str:
    """The model answers to written tasks, but for those of exercises that are left out: they are to be marked."""
    exercises = [name for name in student_files(ROOT) if name.startswith("exercises/")]
    gone = {chapter_of(name.removesuffix(".ipynb")) for name in exercises if is_left_out(name, without)}
    known = json.loads((ROOT / ANSWERS / written.FILE).read_text(encoding="utf-8"))
    return json.dumps({key: answer for key, answer in known.items() if key.partition(".")[0] not in gone})


def carry_settings(tree: Path) -> None:
    """Let the wheel bring the course's settings for Jupyter with it; the library's own wheel does not."""
    shutil.copytree(HERE, tree / "settings", ignore=shutil.ignore_patterns("__pycache__"))
    lines = "".join(f'"settings/{name}" = "{place}"\n' for name, place in PLACES.items())
    with (tree / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[tool.hatch.build.targets.wheel.shared-data]\n{lines}")


def members(without: frozenset[str] = frozenset()) -> dict[str, bytes]:
    """What the release holds besides README, environment and wheels, by place."""
    found = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for pattern in CONTENTS
        for path in sorted(ROOT.glob(pattern))
    }
    found |= {
        name: content for name, content in student_files(ROOT).items() if not is_left_out(name, without)
    }
    found["data/README.md"] = found["data/README.md"].partition(TO_ADD)[0]
    return {name: living_links(name, content, found.keys()) for name, content in found.items()}


def is_left_out(name: str, without: frozenset[str]) -> bool:
    """Whether a notebook is one of those to leave out.

    Examples
    --------
    >>> [is_left_out("exercises/06_pooling.ipynb", frozenset({name})) for name in ("06", "ex06", "ex", "07")]
    [True, True, True, False]
    >>> is_left_out("lessons/06_pooling.ipynb", frozenset({"ex06", "ex"}))
    False
    """
    room, _, stem = name.removesuffix(".ipynb").rpartition("/")
    if room == "exercises" and without & {"ex", stem, chapter_of(stem)}:
        return True
    return stem[:2].isdigit() and stem[:2] in without


def living_links(name: str, content: bytes, names: Iterable[str]) -> bytes:
    """A page without links to what is not in the release; a step that only leads there is gone."""
    if not name.endswith((".ipynb", ".md")):
        return content
    there = set(names) | {"README.md"}
    folder = Path(name).parent

    def keep(link: re.Match[str]) -> str:
        target = (folder / link[2]).as_posix()
        while "/../" in f"/{target}":
            target = re.sub(r"(^|/)[^/.]+/\.\./", r"\1", target, count=1)
        return link[0] if target in there else link[1]

    def living(text: str) -> str:
        lines = text.split("\n")
        kept = [(line, LINK.sub(keep, line)) for line in lines]
        return "\n".join(
            new for old, new in kept if old == new or not re.match(r"- [\w ]+: \[", old) or "](" in new
        )

    if name.endswith(".md"):
        return living(content.decode("utf-8")).encode("utf-8")
    notebook = nbformat.reads(content.decode("utf-8"), as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = living(cell.source)
    return as_bytes(regular(notebook.cells))


def written_for(wheel: str, offline: bool = False) -> dict[str, str]:
    """What is said otherwise to students than in the repository: how to begin, with the wheel of this name."""
    readme = (ROOT / "tools" / "release" / "README.md").read_text(encoding="utf-8")
    environment = (ROOT / "environment.yml").read_text(encoding="utf-8")
    install = "install --no-index --find-links wheels -c" if offline else "install -c"
    return {
        "README.md": readme.replace("WHEEL", wheel).replace("install -c", install),
        "environment.yml": environment.replace("-e .[course]", f"./{wheel}[course]"),
    }


def write_release(folder: Path, without: frozenset[str] = frozenset(), offline: bool = False) -> Path:
    """Write the zip into a folder.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    without : set of str
        What to leave out: `14` a lesson with its exercise, `ex06` an exercise, `ex` all of them.
    offline : bool
        Pack the wheels of all that has to be installed as well.

    Returns
    -------
    Path
        The zip.

    Raises
    ------
    SystemExit
        If something is to be left out that is not there.
    """
    refuse_unknown(without)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        wheel = build_wheel(Path(scratch), without)
        release = folder / f"lmmkit-course-{wheel.name.split('-')[1]}.zip"
        contents = members(without) | {wheel.name: wheel.read_bytes()}
        contents |= {name: text.encode() for name, text in written_for(wheel.name, offline).items()}
        if offline:
            contents |= {f"wheels/{path.name}": path.read_bytes() for path in wheels_for(wheel)}
        with zipfile.ZipFile(release, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in contents.items():
                entry = zipfile.ZipInfo(f"{release.stem}/{name}", date_time=time.localtime()[:6])
                entry.external_attr = READABLE
                archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return release


def refuse_unknown(without: frozenset[str]) -> None:
    """Stop when something is to be left out that is not there."""
    known = {"ex"}
    for name in student_files(ROOT):
        room, _, stem = name.removesuffix(".ipynb").rpartition("/")
        known |= {stem, chapter_of(stem)} if room == "exercises" else {stem[:2]}
    if without - known:
        raise SystemExit(
            f"there is no {min(without - known)} to leave out; write 14 or ex06, or ex for all exercises"
        )


def wheels_for(wheel: Path) -> list[Path]:
    """The wheels of all that the course installs, fetched at the pinned versions."""
    folder = wheel.parent / "wheels"
    lock = str(ROOT / "requirements.lock")
    run_python("pip", "download", "--quiet", "-c", lock, "--dest", str(folder), f"{wheel}[course]")
    return sorted(path for path in folder.iterdir() if path.name != wheel.name)


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write the zip that students get.")
    parser.add_argument("--without", default="", help="what to leave out, such as '14 15 ex06', or 'ex'")
    parser.add_argument("--wheels", action="store_true", help="pack all that has to be installed as well")
    options = parser.parse_args(argv)
    without = frozenset(options.without.split())
    print(write_release(ROOT / "dist", without, options.wheels).relative_to(ROOT))
    if without:
        page = timetable((ROOT / "INSTRUCTORS.md").read_text(encoding="utf-8"), without)
        (ROOT / "dist" / "INSTRUCTORS.md").write_text(page, encoding="utf-8")
        print("dist/INSTRUCTORS.md: the timetables without them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
