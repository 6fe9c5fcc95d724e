"""Writes the dictionary of the data: `datapackage.json` for programs, the tables of `README.md` for people.

Titles, units and caveats come from `catalogue.toml`, the number of rows from the file itself, the true
parameters from the script that drew them.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lmmkit.datasets import natural_key

HERE = Path(__file__).resolve().parent
DATA = HERE.parent
BEGIN, END = "<!-- begin dictionary: written by synthesis/make_all.py -->", "<!-- end dictionary -->"
MOST_LEVELS = 30  # a factor with more is described by the values in its file
Entry = dict[str, Any]


def catalogue() -> Entry:
    return tomllib.loads((HERE / "catalogue.toml").read_text(encoding="utf-8"))


def datapackage(truths: Mapping[str, Entry]) -> Entry:
    """The whole dictionary; `truths` are the parameters of the simulated sets, by name."""
    known = catalogue()
    return {
        "name": "lmmkit-course-data",
        "title": "Data sets of the lmmkit course",
        "profile": "tabular-data-package",
        "licenses": [{"name": "CC0-1.0", **known["licenses"]["CC0-1.0"]}],
        "resources": [
            resource(name, table, known, truths.get(name, {})) for name, table in known["tables"].items()
        ],
    }


def resource(name: str, table: Entry, known: Entry, truth: Entry) -> Entry:
    """One data set's entry."""
    values = pd.read_csv(DATA / f"{name}.csv", dtype=str, keep_default_na=False)
    refuse_incomplete(name, table, known)
    source = known["sources"].get(table["source"], {"title": table["source"]})
    license = table.get("license", "CC0-1.0")
    caveats = ([source["caveat"]] if "caveat" in source else []) + table.get("caveats", [])
    schema: Entry = {"fields": list(fields(table["columns"], values)), "missingValues": [""]}
    if "index" in table:
        schema["primaryKey"] = table["index"]
    return {
        "name": name,
        "path": f"{name}.csv",
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "title": table["title"],
        "description": one_line(table["description"]),
        "synthetic": table.get("synthetic", True),
        "rows": len(values),
        "lecture": table["lecture"],
        "models": table["models"],
        "caveats": [one_line(caveat) for caveat in caveats],
        "trap": one_line(table.get("trap", "")),
        "truth": truth,
        "sources": [{"title": one_line(source["title"])}],
        "licenses": [{"name": license, **known["licenses"][license]}],
        "schema": schema,
    }


#: What every section says; and, of data that we have not simulated, whose they are.
REQUIRED = ("title", "lecture", "source", "description", "models", "columns")
REQUIRED_OF_OTHERS = ("synthetic", "license")


def refuse_incomplete(name: str, table: Entry, known: Entry) -> None:
    """Stop when a section lacks something: nobody's data are given away by default.

    Raises
    ------
    SystemExit
        With one sentence that names what is missing.
    """
    wanted = REQUIRED if table.get("source") in known["sources"] else REQUIRED + REQUIRED_OF_OTHERS
    missing = [key for key in wanted if key not in table]
    if missing:
        raise SystemExit(
            f"catalogue.toml, [tables.{name}]: {', '.join(missing)} is missing; a section says {', '.join(wanted)}"
            + ("" if wanted is REQUIRED else " (measured data: synthetic = false, and a license from [licenses])")
        )
    if table.get("license", "CC0-1.0") not in known["licenses"]:
        there = ", ".join(known["licenses"])
        raise SystemExit(
            f"catalogue.toml, [tables.{name}]: there is no license {table['license']!r}; there are {there}"
        )


def fields(columns: Mapping[str, Entry], values: pd.DataFrame) -> Iterator[Entry]:
    """The columns' entries; `s1-100` stands for s1, s2, …, s100."""
    for name, column in columns.items():
        span = re.fullmatch(r"(\D+)(\d+)-(\d+)", name)
        names = [f"{span[1]}{i}" for i in range(int(span[2]), int(span[3]) + 1)] if span else [name]
        for each in names:
            yield field(each, column, values[each])


def field(name: str, column: Entry, values: pd.Series) -> Entry:
    """One column's entry."""
    constraints: Entry = {"required": not column.get("missing", False)}
    if "levels" in column:
        levels = column["levels"] or sorted(values.unique(), key=natural_key)
        if len(levels) <= MOST_LEVELS:
            constraints["enum"] = levels
    elif "unit" not in column:
        constraints["unique"] = True
    kind = column.get("type", "number") if "unit" in column else "string"
    unit = {"unit": column["unit"]} if "unit" in column else {}
    return {"name": name, "type": kind, **unit, "description": column["about"], "constraints": constraints}


def one_line(text: str) -> str:
    return " ".join(text.split())


def as_json(package: Entry) -> str:
    return json.dumps(package, indent=1, ensure_ascii=False) + "\n"


def readme(package: Entry) -> str:
    """data/README.md, its dictionary replaced by that of the package."""
    before, rest = (DATA / "README.md").read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    lines = ["| set | rows | kind | lecture | what it is |", "| --- | ---: | --- | --- | --- |"]
    for entry in package["resources"]:
        name, kind = entry["name"], "synthetic" if entry["synthetic"] else "real"
        lines.append(
            f"| [{name}](#{name}) | {entry['rows']} | {kind} | {entry['lecture']} | {entry['title']} |"
        )
    sections = [section(entry) for entry in package["resources"]]
    return before + "\n\n".join([BEGIN, "\n".join(lines), *sections, END]) + after


def section(entry: Entry) -> str:
    """One data set for people."""
    license = entry["licenses"][0]
    parts = [
        f"### {entry['name']}",
        f"**{entry['title']}.** {entry['description']}",
        f"`{entry['path']}`, {entry['rows']} rows, {'synthetic' if entry['synthetic'] else 'real'}. "
        f"Source: {entry['sources'][0]['title']}. License: {license['name']} ({license['title']}). "
        f"Lecture: {entry['lecture']}.",
        "\n".join(["| column | type | unit | what it is |", "| --- | --- | --- | --- |", *rows(entry)]),
    ]
    if entry["models"]:
        parts.append("Models: " + ", ".join(f"`{model}`" for model in entry["models"]) + ".")
    if entry["caveats"]:
        parts.append("\n".join(f"- {caveat}" for caveat in entry["caveats"]))
    if entry["truth"]:
        truth = "; ".join(f"{key} {plain(value)}" for key, value in entry["truth"].items())
        told = f"True parameters: {truth}. {entry['trap']}".rstrip()
        parts.append(f"<details><summary>The truth (after you have tried)</summary>{told}</details>")
    return "\n\n".join(parts)


def rows(entry: Entry) -> list[str]:
    """The columns of one table as rows of Markdown; a hundred alike are one row."""
    columns = entry["schema"]["fields"]
    if len(columns) > 50:
        columns = [columns[0], {**columns[1], "name": f"{columns[1]['name']} … {columns[-1]['name']}"}]
    return [row(column) for column in columns]


def row(column: Entry) -> str:
    limits = column["constraints"]
    kind = "label" if "unique" in limits else "factor" if column["type"] == "string" else column["type"]
    what = column["description"]
    if "enum" in limits:
        levels = limits["enum"]
        shown = levels if len(levels) <= 6 else [*levels[:2], "…", levels[-1]]
        what += f" ({', '.join(shown)})"
    if not limits["required"]:
        what += "; may be missing"
    return f"| {column['name']} | {kind} | {column.get('unit', '')} | {what} |"


def plain(value: Any) -> str:
    """A true parameter for the eye."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(plain(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
