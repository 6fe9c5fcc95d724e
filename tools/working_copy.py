"""The student's own copy of the course, `my_course/`: `make lab` opens it, and git does not see it.

It holds the lessons and exercises without outputs, so that a prediction is a prediction. Whenever it is brought up
to date, a notebook that the student has not touched is replaced by the newer one; a touched one stays as it is, and
the newer one is laid beside it under another name. Whoever deletes a notebook gets a fresh one.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.student_version import without_outputs

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "my_course"
#: What was delivered, by file: the sums of all versions, so that an untouched file is known as one.
RECORD = ".delivered.json"
PROGRESS = ".lmmkit_progress.json"
ROOMS = ("lessons", "exercises")


def student_files(root: Path = ROOT) -> dict[str, bytes]:
    """What a student works with, by place: notebooks without outputs, and the cheat sheet to print."""
    found = {
        f"{room}/{path.name}": page(path) for room in ROOMS for path in sorted((root / room).glob("*.ipynb"))
    }
    found |= {f"lessons/{path.name}": path.read_bytes() for path in sorted((root / "lessons").glob("*.pdf"))}
    return found


def page(path: Path) -> bytes:
    """A stored notebook as the student opens it."""
    return as_bytes(without_outputs(nbformat.read(path, as_version=4)))


def as_bytes(notebook: NotebookNode) -> bytes:
    """A notebook's file."""
    text: str = nbformat.writes(notebook, version=4, indent=1, sort_keys=True, ensure_ascii=False)
    return (text.rstrip("\n") + "\n").encode()


def update(root: Path = ROOT) -> list[str]:
    """Bring the student's copy up to date; returns a sentence for each thing that the student should know."""
    folder = root / FOLDER
    record = read_record(folder)
    said = []
    for name, content in student_files(root).items():
        file, mark = folder / name, checksum(content)
        if not file.exists() or checksum(file.read_bytes()) in record.get(name, []):
            put(folder, record, name, content)
        elif mark not in [*record.get(name, []), checksum(file.read_bytes())]:
            beside = free_name(folder, record, name)
            put(folder, record, beside, content)
            record.setdefault(name, []).append(mark)  # delivered once, even if not in its place
            said.append(
                f"{name} is newer in the course, but you have worked in yours: the new one is {beside}"
            )
    write_record(folder, record)
    if (root / PROGRESS).exists() and not (folder / PROGRESS).exists():
        shutil.copy(root / PROGRESS, folder / PROGRESS)
    return said


def put(folder: Path, record: dict[str, list[str]], name: str, content: bytes) -> None:
    """Write a file whole, and note it before: who is interrupted has the older file, known as untouched."""
    if (folder / name).exists() and (folder / name).read_bytes() == content:
        return
    record.setdefault(name, []).append(checksum(content))
    write_record(folder, record)
    write_whole(folder / name, content)


def free_name(folder: Path, record: dict[str, list[str]], name: str) -> str:
    """A name beside a file, for its newer version: one that is free, or holds an untouched older version."""
    stem, dot, ending = name.rpartition(".")
    for candidate in _numbered(f"{stem}_new", f"{dot}{ending}"):
        file = folder / candidate
        if not file.exists() or checksum(file.read_bytes()) in record.get(candidate, []):
            return candidate
    raise AssertionError("there is always a next number")  # pragma: no cover


def _numbered(stem: str, ending: str) -> Iterator[str]:
    yield f"{stem}{ending}"
    number = 2
    while True:
        yield f"{stem}_{number}{ending}"
        number += 1


def checksum(content: bytes) -> str:
    """What a version is known by. Of a notebook, its cells and whether they were run: opening one changes the rest."""
    try:
        cells = json.loads(content)["cells"]
        rows = [[cell["cell_type"], "".join(cell["source"]), bool(cell.get("outputs"))] for cell in cells]
        content = json.dumps(rows).encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        pass  # no notebook: every byte counts
    return hashlib.sha256(content).hexdigest()[:16]


def read_record(folder: Path) -> dict[str, list[str]]:
    """What was delivered so far; nothing when that is not known, and then every file counts as the student's own."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def write_record(folder: Path, record: dict[str, list[str]]) -> None:
    """Keep what was delivered."""
    write_whole(folder / RECORD, json.dumps(record, indent=1, sort_keys=True).encode())


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that it is never seen half written."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.part")
    draft.write_bytes(content)
    draft.replace(file)


def main(root: Path = ROOT) -> int:
    """Bring the copy up to date, and say what the student should know."""
    for sentence in update(root):
        print(sentence)
    return 0


if __name__ == "__main__":
    sys.exit(main())
