"""The lowest versions that pyproject.toml promises, as pins for pip: ``python -m tools.lowest``.

Of the extras, those packages are pinned that the library itself can use; notebooks and widgets have tests of their
own, with the versions in requirements.lock.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
# what only the notebooks' page, not the library, is made of
NOT_THE_LIBRARY = {"ipykernel", "jupyterlab"}


def pins(project: dict[str, list[str] | dict[str, list[str]]]) -> list[str]:
    """Each dependency at its lower bound, as ``name==version``.

    Parameters
    ----------
    project : dict
        The ``[project]`` table of pyproject.toml.

    Examples
    --------
    >>> pins({"dependencies": ["numpy>=1.26", "formulaic>=1.2,<2"], "optional-dependencies": {"course": []}})
    ['numpy==1.26', 'formulaic==1.2']
    """
    extras = project["optional-dependencies"]
    assert isinstance(extras, dict)
    lowest = []
    for line in [*project["dependencies"], *extras["course"]]:
        requirement = Requirement(line)
        if requirement.name in NOT_THE_LIBRARY:
            continue
        bounds = [bound.version for bound in requirement.specifier if bound.operator == ">="]
        if not bounds:
            raise SystemExit(f"pyproject.toml names no lowest version of {requirement.name}")
        lowest.append(f"{requirement.name}=={bounds[0]}")
    return lowest


if __name__ == "__main__":
    print("\n".join(pins(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"])))
