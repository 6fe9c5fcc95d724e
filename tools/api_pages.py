"""A page for everything public in lmmkit, made from its docstrings."""

from __future__ import annotations

import inspect
from pathlib import Path

import lmmkit as lk
from lmmkit.course import explorers
from tests.test_docstrings import PLACES


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
    classes = {place.rpartition(".")[2]: place for place, kind in PLACES.items() if place.count(".") > 1}
    families = {name: place for name, place in classes.items() if place.startswith("lmmkit.families.")}
    results = {name: place for name, place in classes.items() if name not in families}
    parts = {
        "Functions": functions,
        "What they return": results,
        "Families and links": families,
        "Explorers": {name: name for name in dir(explorers)},
    }
    lines = [
        "# Reference",
        "",
        "Everything public in lmmkit, each with what it takes and gives, and an example that runs.",
        "",
    ]
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
        said = getattr(explorers, name).title
        body = [
            f"``explorers.{name}``",
            "",
            "::",
            "",
            *(f"    {line}" for line in getattr(explorers, name).__doc__.splitlines()),
        ]
    else:
        module, _, attribute = place.rpartition(".")
        found = getattr(lk, name) if module == "lmmkit" else _import(place)
        said = inspect.getdoc(found).splitlines()[0]
        kind = "autoclass" if inspect.isclass(found) else "autofunction"
        body = [f".. currentmodule:: {module}", "", f".. {kind}:: {attribute}"]
        if kind == "autoclass":
            body += ["   :members:", "   :inherited-members: " + _builtin_bases(found)]
    description = said.replace("\n", " ").replace("`", "")
    text = [".. meta::", f"   :description: {name}: {description}", "", name, "=" * len(name), "", *body, ""]
    (folder / f"{name}.rst").write_text("\n".join(text), encoding="utf-8")
    return said


def _import(place: str) -> object:
    module, _, attribute = place.rpartition(".")
    return getattr(__import__(module, fromlist=[attribute]), attribute)


def _builtin_bases(found: type) -> str:
    """Bases whose members are not ours, such as DataFrame's."""
    names = [base.__name__ for base in found.__mro__ if not base.__module__.startswith("lmmkit")]
    return ", ".join(names)
