"""Things to touch: one explorer for each idea of the course.

``explorers.simpson()`` shows the panel, ``explorers.simpson(groups=3)`` the panel in that state, and
``explorers.simpson.result(groups=3)`` the numbers behind it, in plain Python.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lmmkit.course.explorers.explorer import Explorer

__all__ = [
    "counts",
    "diagnostics",
    "likelihood",
    "model_builder",
    "nested_crossed",
    "pooling",
    "pseudoreplication",
    "random_effects",
    "random_or_fixed",
    "shrinkage",
    "simpson",
    "structures",
    "tests",
    "variance_partition",
]


def __getattr__(name: str) -> Explorer[Any]:
    """The explorer of that name, its file read when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"there is no explorer {name!r}; there are {', '.join(__all__)}")
    explorer: Explorer[Any] = import_module(f"{__name__}._{name}").EXPLORER
    globals()[name] = explorer
    return explorer


def __dir__() -> list[str]:
    return list(__all__)
