"""Packs what knows answers into every wheel of lmmkit: a build hook of hatchling, with Python's own library only.

A wheel that is installed from the repository, on a hub, say, would otherwise hand out the answers in clear. They are
compressed and encoded, unpacked by Python when a question is asked: kept from the eye and from a search through the
files, not from somebody who is determined. An editable install keeps the sources as they are.
"""

from __future__ import annotations

import ast
import base64
import tempfile
import textwrap
import zlib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ANSWERS = Path("lmmkit/course/answers")


class PackAnswers(BuildHookInterface):
    """Puts packed copies of the answers into the wheel, in place of the files, which the wheel leaves out."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before the wheel is written; `version` is `editable` or `standard`."""
        folder = Path(self.root) / ANSWERS
        if version == "editable" or not folder.is_dir():
            return
        self._scratch = tempfile.TemporaryDirectory()
        for path in sorted(folder.iterdir()):
            if path.suffix in (".py", ".json"):
                packed = Path(self._scratch.name) / path.name
                packed.write_text(packed_text(path), encoding="utf-8")
                build_data["force_include"][str(packed)] = (ANSWERS / path.name).as_posix()

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Called when the wheel is written."""
        if hasattr(self, "_scratch"):
            self._scratch.cleanup()


def packed_text(path: Path) -> str:
    """A file of the answers as it stands in a wheel."""
    text = path.read_text(encoding="utf-8")
    if path.name.startswith("_"):
        return text
    return pack(text) if path.suffix == ".py" else encoded(text)


def encoded(text: str) -> str:
    """Text that no eye and no search through files can read; `lmmkit.course.written.unpack` reads it.

    Examples
    --------
    >>> from lmmkit.course.written import unpack
    >>> unpack(encoded("Nests share a mother."))
    'Nests share a mother.'
    """
    return base64.b85encode(zlib.compress(text.encode("utf-8"), 9)).decode("ascii")


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
    lines = "\n".join(f'    b"{line}"' for line in textwrap.wrap(encoded(module), 100))
    return (
        f'"""{docstring}"""\n\n'
        "# Packed, so that no answer is met by accident. To be told whether yours is right, ask check().\n"
        "import base64\nimport zlib\n\n"
        f"exec(zlib.decompress(base64.b85decode(\n{lines}\n)))\n"
    )
