"""The tables of calls in docs/: rows to run, and the names that they use."""

import re
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parents[1] / "docs"


class Row(NamedTuple):
    theirs: str
    ours: str


def text(page: str) -> str:
    return (DOCS / page).read_text("utf-8")


def blocks(page: str) -> list[str]:
    """The Python code of a page."""
    return re.findall(r"```python\n(.*?)```", text(page), re.DOTALL)


def rows(page: str) -> list[Row]:
    """The rows of a page's tables of three columns: two calls and a remark."""
    found = []
    for line in text(page).splitlines():
        if not line.startswith("| `"):
            continue
        cells = [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        assert len(cells) == 3, line
        calls = [re.fullmatch("`([^`]+)`", cell) for cell in cells[:2]]
        assert all(calls), line
        found.append(Row(*(call[1] for call in calls)))
    return found
