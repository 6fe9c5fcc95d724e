"""How work arrives: files as Moodle and Canvas name them, and notebooks as all sorts of programs save them."""

import json
import re
import unicodedata
import warnings
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.plugins import FileNameCollectorPlugin

#: What an editor puts before a text to tell its encoding.
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
#: How some other files begin.
OTHERS = {b"PK\x03\x04": "a zip or a document of a word processor", b"%PDF": "a PDF", b"<": "a web page"}
#: Files that no student has written, and archives, whose contents lie beside them.
SKIPPED = re.compile(r"__MACOSX|\.ipynb_checkpoints|[/\\]\.[^/\\]*$|\.(zip|gz|tar|bz2|xz)$", re.IGNORECASE)


def read(path: Path) -> NotebookNode:
    """The notebook in a file, also one with a byte-order mark, without ids or metadata, or of another format.

    Raises
    ------
    ValueError
        If it is none; the message says what it is, as far as it can be seen.
    """
    content = path.read_bytes()
    if not content.strip():
        raise ValueError("the file is empty")
    for start, what in OTHERS.items():
        if content.lstrip().startswith(start):
            raise ValueError(f"the file is {what}, not a notebook")
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        found = completed(json.loads(content.decode(encoding)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of missing ids, which it gives
            return nbformat.reads(json.dumps(found), as_version=4)
    except Exception as error:  # whatever it is, it is no notebook
        raise ValueError(f"the file is not a notebook ({type(error).__name__})") from None


def completed(found: Any) -> dict[str, Any]:
    """What was in the file, with the parts that every notebook has; an unknown format is taken for the newest."""
    if not isinstance(found, dict) or "nbformat" not in found:
        raise TypeError("no notebook")
    if found["nbformat"] > nbformat.current_nbformat:
        found |= {"nbformat": nbformat.current_nbformat, "nbformat_minor": nbformat.current_nbformat_minor}
    found.setdefault("metadata", {})
    for cell in found.get("cells", []):
        cell.setdefault("metadata", {})
        if cell["cell_type"] == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)
    return found


class Reader(NotebookExporter):
    """Reads what was handed in as `read` does."""

    def from_file(self, file_stream: Any, resources: Any = None, **more: Any) -> tuple[NotebookNode, Any]:
        return self.from_notebook_node(read(Path(file_stream.name)), resources=resources, **more)


class Collector(FileNameCollectorPlugin):
    """Takes each file to the student whose name its own begins with; no file is left behind without a word.

    A notebook with the assignment's name somewhere in its own is taken for it. Of two such notebooks of one student,
    the one that is called so exactly counts; other files keep their names, and `marks.py` tells of them. Students of
    the same name, and those whom the platform calls only "Participant", are told apart by its numbers.
    """

    valid_ext = ("",)

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        found = self._match(submitted_file)
        if not found or SKIPPED.search(submitted_file):
            return None
        student, number = who(found)
        if len(self._files[student]) > 1:
            names, student = self._files[student][number], f"{student} {number}"
        else:
            (names,) = self._files[student].values()
        return {"student_id": student, "file_id": self._called(student, found["file_id"], names)}

    def _called(self, student: str, name: str, names: set[str]) -> str:
        """What a file is called in the folder of the student, who has handed in files of these names."""
        assignment = self.parent.coursedir.assignment_id
        right = f"{assignment}.ipynb"
        like = name.lower().endswith(".ipynb") and assignment in re.sub(r"[\W_]+", "_", name).lower()
        if like and right not in names and (student, right) not in self._taken:
            name = right
        stem, _, ending = name.rpartition(".")
        number = 1
        while (student, name) in self._taken:
            number += 1
            name = f"{stem} ({number}).{ending}"
        self._taken.add((student, name))
        return name

    @cached_property
    def _taken(self) -> set[tuple[str, str]]:
        return set()

    @cached_property
    def _files(self) -> dict[str, dict[str, set[str]]]:
        """The files of each name, by the platform's number of the student; there are several if students share it."""
        folder = Path(self.parent._format_collect_path(self.parent.extracted_directory))
        files: dict[str, dict[str, set[str]]] = {}
        for path in folder.rglob("*"):
            if path.is_file() and (found := re.match(self.named_regexp, str(path))):
                student, number = who(found.groupdict())
                files.setdefault(student, {}).setdefault(number, set()).add(found["file_id"])
        return files


def who(found: dict[str, str]) -> tuple[str, str]:
    """The student's name and the platform's number.

    Examples
    --------
    >>> who({"student_id": "Zoe\u0308 Kay", "number": "12"})  # the e and its dots are two characters
    ('Zoë Kay', '12')
    """
    return unicodedata.normalize("NFC", found["student_id"]).strip(), found.get("number", "")
