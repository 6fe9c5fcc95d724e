"""What has been done so far: one local file, so that a visit begins where the last one ended."""

from __future__ import annotations

import html
import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

#: Where progress is kept; the environment variable of this name overrides, ``off`` keeps nothing.
VARIABLE = "LMMKIT_PROGRESS"
FILE = ".lmmkit_progress.json"


def path() -> Path | None:
    """The file, or None when nothing is to be kept."""
    wanted = os.environ.get(VARIABLE, "")
    if wanted.lower() == "off":
        return None
    return Path(wanted) if wanted else Path.cwd() / FILE


def load() -> dict[str, dict[str, Any]]:
    """What is known of each question, ``{"ex04.q2": {"tries": 3, "right": true}}``; empty without a file."""
    file = path()
    try:
        known = json.loads(file.read_text(encoding="utf-8")) if file else {}
    except (OSError, ValueError):
        return {}
    return (
        {key: entry for key, entry in known.items() if isinstance(entry, dict)}
        if isinstance(known, dict)
        else {}
    )


def record(key: str, right: bool) -> int:
    """Count one attempt; returns how many there have been. A question once right stays right."""
    known = load()
    entry = known.setdefault(key, {"tries": 0, "right": False})
    entry["tries"] = int(entry.get("tries", 0)) + 1
    entry["right"] = bool(entry.get("right")) or right
    file = path()
    if file is not None:
        try:
            draft = file.with_suffix(".part")
            draft.write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")
            draft.replace(file)  # never half a file
        except OSError:
            pass  # a read-only folder must not stop anybody from learning
    return int(entry["tries"])


class Progress:
    """A table of what is done, chapter by chapter; shows itself at the end of a cell.

    Parameters
    ----------
    totals : dict of str to int
        Number of questions per chapter.
    """

    def __init__(self, totals: dict[str, int]) -> None:
        self.totals = totals
        self.done: dict[str, int] = defaultdict(int)
        for key, entry in load().items():
            self.done[key.split(".")[0]] += bool(entry.get("right"))

    def __repr__(self) -> str:
        rows = [
            f"{chapter:<6} {self.done[chapter]:>2} of {total:>2}" for chapter, total in self.totals.items()
        ]
        return "\n".join(rows)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:left'>{html.escape(chapter)}</td><td>"
            f"<meter min='0' max='{total}' value='{self.done[chapter]}' style='width:12em'></meter></td>"
            f"<td>{self.done[chapter]} of {total}</td></tr>"
            for chapter, total in self.totals.items()
        )
        return f"<table><tr><th>chapter</th><th>done</th><th></th></tr>{rows}</table>"
