"""A page for everything public in lmmkit, made from its docstrings."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import lmmkit as lk
from lmmkit.course import explorers
from tools.public_places import PLACES


def write_api(folder: Path) -> None:
    """Write the pages of the reference, and their contents.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    functions = {
        place.removeprefix("lmmkit."): place for place, kind in PLACES.items() if place.count(".") == 1
    }
    classes = {
        place.rpartition(".")[2]: place
        for place, kind in PLACES.items()
        if place.count(".") > 1 and kind != "explorer"
    }
    families = {name: place for name, place in classes.items() if place.startswith("lmmkit.families.")}
    results = {name: place for name, place in classes.items() if name not in families}
    parts = {
        "Functions": functions,
        "What they return": results,
        "Families and links": families,
        "Explorers": {name: name for name in dir(explorers)},
    }
    said = "Everything public in lmmkit, each with what it takes and gives, and an example that runs."
    meta = ["---", "myst:", "  html_meta:", f'    "description": "{said}"', "---", ""]
    lines = [*meta, "# Reference", "", said, ""]
    for title, members in parts.items():
        lines += [f"## {title}", "", "| name | what it is |", "| --- | --- |"]
        for name, place in sorted(members.items(), key=lambda row: row[0].lower()):
            said = page(folder, title, name, place)
            lines.append(f"| [`{name}`]({name}.rst) | {said} |")
        lines += ["", "```{toctree}", ":hidden:", "", *sorted(members, key=str.lower), "```", ""]
    (folder / "index.md").write_text("\n".join(lines), encoding="utf-8")


def page(folder: Path, part: str, name: str, place: str) -> str:
    """Write one page; returns the first line of its docstring."""
    if part == "Explorers":
        explorer = getattr(explorers, name)
        said = explorer.title
        shown = [f"    {line}" for line in (explorer.__doc__ or "").splitlines()]
        body = [f"``explorers.{name}``", "", "::", "", *shown]
    else:
        module, _, attribute = place.rpartition(".")
        found = getattr(lk if module == "lmmkit" else import_module(module), attribute)
        said = without_roles((inspect.getdoc(found) or "").splitlines()[0])
        body = [f".. currentmodule:: {module}", ""]
        if inspect.isclass(found):
            # Members of bases that are not ours, such as DataFrame's, stay out.
            others = [base.__name__ for base in found.__mro__ if not base.__module__.startswith("lmmkit")]
            body += [
                f".. autoclass:: {attribute}",
                "   :members:",
                f"   :inherited-members: {', '.join(others)}",
            ]
        else:
            body += [f".. autofunction:: {attribute}"]
    description = said.replace("`", "")
    text = [".. meta::", f"   :description: {name}: {description}", "", name, "=" * len(name), "", *body, ""]
    (folder / f"{name}.rst").write_text("\n".join(text), encoding="utf-8")
    return said


def without_roles(text: str) -> str:
    """A sentence of a docstring as Markdown: the marks of code stay, what Sphinx makes of them goes.

    Examples
    --------
    >>> without_roles("As made by :func:`lmmkit.lmer` and :meth:`~lmmkit.Ranef.frame`.")
    'As made by `lmmkit.lmer` and `lmmkit.Ranef.frame`.'
    """
    return re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
