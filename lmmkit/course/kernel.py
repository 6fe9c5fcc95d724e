"""What a kernel of the course knows before any cell has run: how to say that a name is not known *yet*.

Loaded as an IPython extension by the course's own set-up. It imports nothing heavy, for every kernel starts with it.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

#: What the first code cell of a notebook names; everything else comes from cells of its own.
FIRST_CELL = frozenset(
    {"check", "explorers", "lesson", "lk", "model_answer", "np", "pd", "plt", "show_progress"}
)


def load_ipython_extension(shell: Any) -> None:
    """Let a name that is not known be told in words.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    """
    shell.set_custom_exc((NameError,), explain)


def explain(
    shell: Any, kind: type[NameError], error: NameError, trace: TracebackType, tb_offset: int | None = None
) -> None:
    """Show the error, and below it what to do."""
    words = what_to_do(error.name)
    if words:
        error.add_note(words)
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


def what_to_do(name: str | None) -> str:
    """What helps when a name is not known; empty where nothing is known of it.

    Examples
    --------
    >>> what_to_do("check")
    "'check' is not known yet. Run the first code cell of this notebook, then this one again."
    >>> what_to_do("perch")
    "'perch' is not known yet. If a cell above gives it, run that one first: menu Run, Run All Above Selected Cell."
    """
    if not name:
        return ""
    if name in FIRST_CELL:
        return f"'{name}' is not known yet. Run the first code cell of this notebook, then this one again."
    return (
        f"'{name}' is not known yet. If a cell above gives it, run that one first: menu Run, "
        "Run All Above Selected Cell."
    )
