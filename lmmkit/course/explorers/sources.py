"""What the model builder offers for a data set: responses, covariates, grouping factors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from lmmkit.course.explorers.tables import frame
from lmmkit.datasets import data_info
from lmmkit.errors import DataError

NONE = "none (lm)"
_MOST = 6  # covariates of a kind, so that the lists stay short enough to read
_LEVELS = 12  # of a factor among the fixed effects


@dataclass(frozen=True)
class Source:
    """What a data set offers: responses, covariates (numbers first), grouping factors from coarse to fine."""

    responses: tuple[str, ...]
    numbers: tuple[str, ...]
    factors: tuple[str, ...]
    groups: tuple[str, ...]

    def fixed(self, response: str = "") -> tuple[str, ...]:
        """Fixed parts on offer: nothing, each covariate, each pair with and without interaction."""
        names = [name for name in self.numbers + self.factors if name != inside(response)]
        pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
        return ("1", *names, *(f"{a} + {b}" for a, b in pairs), *(f"{a} * {b}" for a, b in pairs))

    def random(self, fixed: str = "1", response: str = "") -> tuple[str, ...]:
        """Random parts on offer: a factor that is fixed already cannot be random as well."""
        used = terms(fixed)
        groups = tuple(name for name in self.groups if name not in used)
        if not groups:
            return (NONE,)
        parts = [NONE, *(f"(1 | {g})" for g in groups)]
        if len(self.groups) > 1 and len(groups) == len(self.groups) == 2:
            parts += [f"(1 | {'/'.join(groups)})", " + ".join(f"(1 | {g})" for g in groups)]
        numbers = [x for x in self.numbers if x != inside(response)]
        sloped = [x for x in numbers if x in used][:1] or numbers[:1]
        for x in sloped:
            parts += [f"(0 + {x} | {groups[-1]})", f"({x} || {groups[-1]})", f"({x} | {groups[-1]})"]
        return tuple(parts)

    def first(self) -> dict[str, str]:
        """Where a panel of these data starts."""
        response = self.responses[0]
        fixed = self.fixed(response)
        start = fixed[1] if len(fixed) > 1 else "1"
        random = self.random(start, response)
        return {"response": response, "fixed": start, "random": random[1] if len(random) > 1 else NONE}


SOURCES = {
    "mouse": Source(("Weight", "log(Weight)"), ("Dose",), (), ("Strain",)),
    "sleepstudy": Source(("Reaction", "log(Reaction)"), ("Days",), (), ("Subject",)),
    "protein_years": Source(("Value",), ("Year",), (), ("Sample",)),
    "plasma_age": Source(("conc",), ("age",), (), ("group",)),
    "biomarker": Source(("Disease",), ("Biomarker",), (), ("Cohort",)),
    "clinic": Source(("Value",), ("Dose",), ("Gender",), ("Gender",)),
    "ex33": Source(("PCV",), ("time",), ("breed",), ("animal_id",)),
    "owl_wing": Source(("Wing",), ("Age",), ("Implant",), ("Brood", "Ring")),
    "owl_cort": Source(("log(totCort)", "totCort"), ("Age",), ("Implant", "days"), ("Brood", "Ring")),
}


def inside(response: str) -> str:
    """The column in a response: that of ``log(Weight)`` is Weight."""
    found = re.fullmatch(r"log\((.*)\)", response)
    return found[1] if found else response


@cache
def unit(data: str | None, name: str) -> str:
    """The unit of a column of the course's data; empty where it has none."""
    units: dict[str, Any] = {} if data is None else data_info(data)["columns"]["unit"].to_dict()
    found = units.get(name)
    return found if isinstance(found, str) else ""


def with_unit(data: str | None, name: str) -> str:
    """A column's name, or its logarithm's, with the unit, unless the name says it.

    Examples
    --------
    >>> with_unit("mouse", "Dose"), with_unit("mouse", "log(Weight)"), with_unit("sleepstudy", "Days")
    ('Dose (mg/kg)', 'log of Weight (g)', 'Days')
    """
    column = inside(name)
    found = unit(data, column)
    if not found or found == column.lower():
        return name
    return f"{name} ({found})" if column == name else f"log of {column} ({found})"


def terms(fixed: str) -> set[str]:
    """The columns of a fixed part."""
    return {term.strip() for term in re.split(r"[+*]", fixed)}


def quoted(name: str) -> str:
    """A column's name as formulas have it."""
    return name if name.isidentifier() else f"`{name}`"


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column)) and not pd.api.types.is_bool_dtype(column)


def _is_text(column: pd.Series) -> bool:
    labels = isinstance(column.dtype, pd.CategoricalDtype | pd.BooleanDtype)
    return labels or bool(pd.api.types.is_string_dtype(column) or pd.api.types.is_bool_dtype(column))


def of_table(table: Any) -> tuple[pd.DataFrame, Source, int]:
    """The complete rows of a reader's table, what it offers, and how many rows were left out.

    Numbers are responses and covariates; text, and whole numbers that come again and again, are groups; text of
    few levels is a covariate as well.

    Raises
    ------
    DataError
        When it has no numbers to explain.
    """
    given = frame(table)
    given.columns = [str(name) for name in given.columns]
    if given.columns.has_duplicates:
        twice = given.columns[given.columns.duplicated()][0]
        raise DataError(f"the table has several columns called {twice!r}; give each its own name")
    rows = given.replace([np.inf, -np.inf], np.nan).dropna().reset_index(drop=True)
    if len(rows) < 3:
        raise DataError(f"the table has {len(rows)} complete rows; a model needs more")
    numbers, factors, groups, whole = [], [], [], []
    for name in rows.columns:
        column, levels = rows[name], rows[name].nunique()
        if levels < 2:
            continue
        if _is_number(column):
            numbers.append(name)
            if 2 < levels <= len(rows) / 2 and (column == column.round()).all():
                whole.append(name)
        elif _is_text(column):
            rows[name] = column.astype(str)
            if levels <= _LEVELS:
                factors.append(name)
            if 2 < levels < len(rows):
                groups.append(name)
    if not numbers:
        raise DataError("the table has no column of numbers that differ, so there is no response to model")
    groups = sorted(groups or whole, key=lambda name: rows[name].nunique())
    source = Source(
        tuple(map(quoted, numbers)), tuple(map(quoted, numbers[:_MOST])), tuple(map(quoted, factors[:_MOST])),
        tuple(map(quoted, groups[:_MOST])),
    )  # fmt: skip
    return rows, source, len(given) - len(rows)
