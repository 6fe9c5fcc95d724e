"""Model answers to the tasks that are answered in words: shown after the reader has written, with boxes to tick."""

from __future__ import annotations

import base64
import html
import json
import re
import textwrap
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from lmmkit.errors import DataError

#: Made from the solutions by `make notebooks`; packed in the wheel that students get.
FILE = "written.json"


@dataclass(frozen=True)
class ModelAnswer:
    """A model answer and what earns the points; shows itself, folded, at the end of a cell.

    Attributes
    ----------
    key : str
    text : str
        The answer, as Markdown.
    points : tuple of str
        What to look for in one's own answer, one line a point.
    """

    key: str
    text: str
    points: tuple[str, ...]

    def __repr__(self) -> str:
        lines = [f"{self.key}: a model answer", *textwrap.wrap(self.text, 100)]
        return "\n".join([*lines, "In yours, is there", *(f"  [ ] {point}" for point in self.points)])

    def _repr_html_(self) -> str:
        boxes = "".join(
            f"<label style='display:block;margin:4px 0'><input type='checkbox'> {_inline(point)}</label>"
            for point in self.points
        )
        paragraphs = "".join(f"<p>{_inline(part)}</p>" for part in self.text.split("\n\n"))
        return (
            "<details style='border-left:5px solid #56B4E9;padding:4px 12px;max-width:52em'>"
            "<summary>Written yours? Open a model answer.</summary>"
            f"{paragraphs}<p><b>Tick what stands in yours:</b></p>{boxes}</details>"
        )


def _inline(text: str) -> str:
    """Markdown's code and emphasis as HTML; all else as the text that it is."""
    text = html.escape(" ".join(text.split()), quote=False)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text)


def written_answer(key: str) -> ModelAnswer:
    """The model answer of this task.

    Raises
    ------
    DataError
        If no task of this name is answered in words.
    """
    known = read_answers()
    if key not in known:
        raise DataError(f"no task {key!r} is answered in words; there are {', '.join(known)}")
    text, points = known[key]["text"], known[key]["points"]
    return ModelAnswer(key, str(text), tuple(points))


@cache
def read_answers() -> dict[str, dict[str, Any]]:
    """All model answers by task, from the file beside the questions, packed or not."""
    raw = files("lmmkit.course.answers").joinpath(FILE).read_text(encoding="utf-8")
    known: dict[str, dict[str, Any]] = json.loads(raw if raw.startswith("{") else unpack(raw))
    return known


def unpack(packed: str) -> str:
    """The text that the wheel's build has packed.

    Examples
    --------
    >>> unpack(base64.b85encode(zlib.compress(b"Nests share a mother.")).decode())
    'Nests share a mother.'
    """
    return zlib.decompress(base64.b85decode(packed)).decode("utf-8")
