"""The course's data sets: load one, and read what is known about it.

The tables are plain CSV files; `datapackage.json` beside them is their dictionary (a frictionless data
package), and decides types and factor levels. In a clone both lie in `data/`, in an installed lmmkit inside
the package.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .errors import DataError
from .numerics import arguments
from .numerics.r_names import answered

__all__ = ["DataInfo", "data_info", "data_names", "load_data"]

_PACKAGE = "datapackage.json"


@answered
def load_data(name: str) -> pd.DataFrame:
    """One of the course's data sets.

    Parameters
    ----------
    name : str
        For instance `"mouse"`; `lk.data_info()` lists them all.

    Returns
    -------
    pandas.DataFrame
        A fresh copy. Numbers are `int64` or `float64`, factors are categoricals with the levels in the
        lectures' order (not `ordered`, which would mean polynomial contrasts). Tables with a row per gene
        have the gene as index.

    Raises
    ------
    DataError
        If there is no such data set, or its file does not agree with its dictionary any more: a column is
        missing or renamed, a number cannot be read, a level is unknown, rows are lost or added.

    Notes
    -----
    The tables are CSV files; types, levels and the order of levels stand in a data dictionary beside them
    (`datapackage.json`, a Frictionless Data Package).

    Examples
    --------
    >>> import lmmkit as lk
    >>> mouse = lk.load_data("mouse")
    >>> mouse.shape
    (50, 3)
    >>> list(lk.load_data("owl_cort")["days"].cat.categories)
    ['before', '2', '20']
    >>> lk.load_data("mouze")
    Traceback (most recent call last):
        ...
    lmmkit.errors.DataError: there is no data set 'mouze'; did you mean 'mouse'? lk.data_info() lists them all
    """
    folder = _folder()
    return _read(_entry(name, folder), folder)


@answered
def data_info(name: str | None = None) -> DataInfo | pd.DataFrame:
    """What is known about a data set: source, columns with units, licence, true parameters, caveats.

    The file is read as well, so that a damaged one is reported here too.

    Parameters
    ----------
    name : str, optional
        A data set. Without a name: a table of all of them.

    Returns
    -------
    DataInfo or pandas.DataFrame
        The description of one data set, or the list of all (index name; rows, title, synthetic, lecture).

    Raises
    ------
    DataError
        As `load_data`.

    Notes
    -----
    All of it stands in the data dictionary (`datapackage.json`). The true parameters of a synthetic set are in
    `.truth`; they are not printed, so that a guess can come first.

    Examples
    --------
    >>> import lmmkit as lk
    >>> info = lk.data_info("mouse")
    >>> info.rows, info.synthetic, info["license"]
    (50, True, 'CC0-1.0')
    >>> info.columns.loc["Weight", "unit"]
    'g'
    >>> bool(lk.data_info().loc["sleepstudy", "synthetic"])
    False
    """
    folder = _folder()
    if name is None:
        return _overview(folder)
    entry = _entry(name, folder)
    _read(entry, folder)
    return _describe(entry)


def data_names() -> list[str]:
    """Names of all data sets, in the dictionary's order.

    Examples
    --------
    >>> from lmmkit.datasets import data_names
    >>> data_names()[0]
    'mouse'
    """
    return list(_entries(_folder()))


@dataclass(frozen=True, repr=False, eq=False)
class DataInfo:
    """The description of one data set; `info.rows` and `info["rows"]` are the same.

    Attributes
    ----------
    name, title, description : str
        What it is called, in one line, and in a few.
    rows : int
        Number of rows.
    columns : pandas.DataFrame
        One row per column of the table: `type`, `unit`, `levels` (of a factor, else None), `description`.
    synthetic : bool
        False if somebody measured it.
    source, license : str
        Where it comes from, and under which terms it may be copied.
    lecture : str
        Which lecture or lesson it serves.
    models : list of str
        Formulas it is meant for.
    caveats : list of str
        What to know before trusting it.
    truth : dict
        The parameters a synthetic set was drawn with; empty if they are not known (real or calibrated data).
    trap : str
        What the data were made to teach. Neither truth nor trap is shown unasked: try first.

    Examples
    --------
    >>> import lmmkit as lk
    >>> info = lk.data_info("sleepstudy")
    >>> info.rows, info["synthetic"]
    (180, False)
    """

    name: str
    title: str
    description: str
    rows: int
    columns: pd.DataFrame
    synthetic: bool
    source: str
    license: str
    lecture: str
    models: list[str]
    caveats: list[str]
    truth: dict[str, Any]
    trap: str

    def __getitem__(self, key: str) -> Any:
        if key not in self.__dataclass_fields__:
            raise KeyError(key)
        return getattr(self, key)

    def keys(self) -> list[str]:
        """List the names of the attributes, so that `dict(info)` works.

        Returns
        -------
        list of str
            In the order in which they are described.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.data_info("mouse").keys()[:2]
        ['name', 'title']
        """
        return list(self.__dataclass_fields__)

    def _facts(self) -> list[tuple[str, str]]:
        """The short facts, as label and text."""
        kind = "synthetic (simulated)" if self.synthetic else "real measurements"
        facts = [("rows", str(self.rows)), ("kind", kind), ("source", self.source), ("license", self.license)]
        facts.append(("lecture", self.lecture))
        facts += [("model", model) for model in self.models]
        facts += [("beware", caveat) for caveat in self.caveats]
        return (
            [*facts, ("truth", "known; after you have tried, look at .truth and .trap")]
            if self.truth
            else facts
        )

    def _column_rows(self) -> list[tuple[str, str, str]]:
        """The columns as (name, type and unit, description)."""
        rows = []
        for name, column in self.columns.iterrows():
            kind = column["type"] + (f" ({column['unit']})" if column["unit"] else "")
            levels = f" [{_shorten(column['levels'])}]" if isinstance(column["levels"], list) else ""
            rows.append((str(name), kind, column["description"] + levels))
        return rows

    def __repr__(self) -> str:
        facts, columns = self._facts(), self._column_rows()
        wide = [max(len(row[i]) for row in columns) for i in (0, 1)]
        lines = [f"{self.name}: {self.title}", "", self.description, ""]
        lines += [f"  {a:<{wide[0]}}  {b:<{wide[1]}}  {c}" for a, b, c in columns]
        return "\n".join([*lines, "", *(f"{label + ':':<9}{text}" for label, text in facts)])

    def _repr_html_(self) -> str:
        left = "<td style='text-align:left'>"
        cells = "".join(
            f"<tr>{left}<code>{escape(a)}</code></td>{left}{escape(b)}</td>{left}{escape(c)}</td></tr>"
            for a, b, c in self._column_rows()
        )
        facts = "".join(f"<li><b>{escape(label)}</b>: {escape(text)}</li>" for label, text in self._facts())
        return (
            f"<p><b>{escape(self.name)}</b>: {escape(self.title)}</p><p>{escape(self.description)}</p>"
            f"<table><thead><tr><th>column</th><th>type</th><th>meaning</th></tr></thead>{cells}</table><ul>{facts}</ul>"
        )


def _folder() -> Path:
    """Where the CSV files are: inside an installed package, or beside it in a clone."""
    here = Path(__file__).resolve().parent
    places = (here / "data", here.parent / "data")
    for place in places:
        if (place / _PACKAGE).is_file():
            return place
    raise DataError(
        f"the data sets are missing: no {_PACKAGE} in {places[0]} or {places[1]}; install lmmkit again, "
        "or restore the folder 'data' of your copy"
    )


@cache
def _entries(folder: Path) -> dict[str, dict[str, Any]]:
    """The dictionary's entry of each data set, by name."""
    try:
        package = json.loads((folder / _PACKAGE).read_text(encoding="utf-8"))
        return {entry["name"]: entry for entry in package["resources"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"the dictionary of the data sets, {folder / _PACKAGE}, cannot be read ({error}); "
            "restore it from a fresh copy"
        ) from None


def _entry(name: str, folder: Path) -> dict[str, Any]:
    """The dictionary's entry of one data set."""
    entries = _entries(folder)
    if isinstance(name, str) and name in entries:
        return entries[name]
    close = get_close_matches(name.lower() if isinstance(name, str) else "", list(entries), n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'? " if close else ""
    raise DataError(f"there is no data set {arguments.shown(name)}; {hint}lk.data_info() lists them all")


def _read(entry: dict[str, Any], folder: Path) -> pd.DataFrame:
    """The table, with the dictionary's types and levels; whatever does not agree is an error."""
    path, fields = folder / entry["path"], entry["schema"]["fields"]
    try:
        text = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise _damaged(path, "the file is missing") from None
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise _damaged(path, f"the file cannot be read as a table ({error})") from None
    _check_columns(text, [field["name"] for field in fields], path)
    if len(text) != entry["rows"]:
        raise _damaged(path, f"it has {len(text)} rows and should have {entry['rows']}")
    frame = pd.DataFrame({field["name"]: _convert(text[field["name"]], field, path) for field in fields})
    key = entry["schema"].get("primaryKey")
    return frame.set_index(key) if key else frame


def _check_columns(text: pd.DataFrame, names: list[str], path: Path) -> None:
    missing = [name for name in names if name not in text.columns]
    extra = [str(name) for name in text.columns if name not in names]
    if missing:
        found = f" (but has a column '{extra[0]}')" if extra else ""
        raise _damaged(path, f"it has no column '{missing[0]}'{found}")
    if extra:
        raise _damaged(path, f"it has a column '{extra[0]}' that does not belong there")


def _convert(text: pd.Series, field: dict[str, Any], path: Path) -> pd.Series:
    """One column of text as the dictionary's type."""
    required = field["constraints"]["required"]
    if required and (text == "").any():
        raise _damaged(path, f"column '{field['name']}' is empty in line {_line(text == '')}")
    if field["type"] == "string":
        if field["constraints"].get("unique"):
            return text.astype(object)
        levels = field["constraints"].get("enum") or sorted(text.unique(), key=natural_key)
        unknown = ~text.isin(levels)
        if unknown.any():
            raise _damaged(
                path,
                f"column '{field['name']}' holds {text[unknown].iloc[0]!r} in line {_line(unknown)}, "
                f"and should hold one of {_shorten(levels)}",
            )
        return pd.Series(pd.Categorical(text, categories=levels))
    numbers = pd.to_numeric(text.where(text != "", "nan"), errors="coerce")
    wrong = (numbers.isna() & (text != "")) | np.isinf(numbers)
    if field["type"] == "integer":
        wrong |= numbers.notna() & (numbers % 1 != 0)
    if wrong.any():
        kind = "a whole number" if field["type"] == "integer" else "a number"
        value = text[wrong].iloc[0]
        raise _damaged(
            path, f"column '{field['name']}' holds {value!r} in line {_line(wrong)}, which is not {kind}"
        )
    return numbers.astype("int64" if field["type"] == "integer" and required else "float64")


def _damaged(path: Path, what: str) -> DataError:
    return DataError(f"data file {path.name} is damaged: {what}; restore it from a fresh copy ({path})")


def _line(wrong: pd.Series) -> int:
    """Line of the file (the header is line 1) of the first row marked."""
    return int(np.flatnonzero(wrong.to_numpy())[0]) + 2


def natural_key(label: str) -> list[tuple[bool, int, str]]:
    """Sorts labels as people do: s2 before s10, numbers before words."""
    parts = re.findall(r"\d+|\D+", label)
    return [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]


def _describe(entry: dict[str, Any]) -> DataInfo:
    """A dictionary entry as an object."""
    fields = entry["schema"]["fields"]
    kinds = {"string": "factor", "integer": "integer", "number": "number"}
    columns = pd.DataFrame(
        {
            "type": ["label" if f["constraints"].get("unique") else kinds[f["type"]] for f in fields],
            "unit": [f.get("unit", "") for f in fields],
            "levels": pd.Series([f["constraints"].get("enum") for f in fields], dtype=object).to_numpy(),
            "description": [f["description"] for f in fields],
        },
        index=pd.Index([f["name"] for f in fields], name="column"),
    )
    return DataInfo(
        name=entry["name"],
        title=entry["title"],
        description=entry["description"],
        rows=entry["rows"],
        columns=columns,
        synthetic=entry["synthetic"],
        source=entry["sources"][0]["title"],
        license=entry["licenses"][0]["name"],
        lecture=entry["lecture"],
        models=list(entry["models"]),
        caveats=list(entry["caveats"]),
        truth=dict(entry["truth"]),
        trap=entry["trap"],
    )


def _overview(folder: Path) -> pd.DataFrame:
    """All data sets, one a row."""
    entries = _entries(folder).values()
    columns = ("rows", "title", "synthetic", "lecture")
    index = pd.Index([entry["name"] for entry in entries], name="name")
    return pd.DataFrame({column: [entry[column] for entry in entries] for column in columns}, index=index)


def _shorten(levels: list[str], most: int = 8) -> str:
    """Levels in a row, the middle left out when there are many."""
    if len(levels) <= most:
        return ", ".join(levels)
    return ", ".join([*levels[:3], "…", levels[-1]])
