"""lme4 2.1's numbers for structured covariances (tests/reference/lme4_2), each at the best of many starts."""

import json
from functools import cache
from pathlib import Path

import pandas as pd

import lmmkit as lk

REFERENCE = Path(__file__).parent / "reference" / "lme4_2"
_CONTENTS = json.loads((REFERENCE / "reference.json").read_text())
CASES = {case["id"]: case for case in _CONTENTS["cases"]}
PROBES = _CONTENTS["probes"]


@cache
def load(name):
    """One of the data sets, its factors with R's levels."""
    path = REFERENCE / f"{name}.csv"
    data = pd.read_csv(path if path.exists() else f"{path}.gz")
    for column, levels in _CONTENTS["columns"][name].items():
        data[column] = pd.Categorical.from_codes(_codes(data[column], levels), categories=levels)
    return data


def _codes(column, levels):
    """Level numbers; pandas reads levels that are numbers as such."""
    place = {level: number for number, level in enumerate(levels)}
    if column.dtype.kind in "if":
        place |= {float(level): number for level, number in place.items()}
        return [place[float(value)] for value in column]
    return [place[str(value)] for value in column]


@cache
def fitted(name):
    """A case's model, fitted here."""
    case = CASES[name]
    options = {"double_bar": "diag"} if case["doublevert"] == "diag_special" else {}
    formula, data = case["formula"], load(case["data"])
    if name == "mach_diag_sum":
        options["contrasts"] = {"Machine": "sum"}  # for the fixed part only
    if case["kind"] == "lmer":
        return lk.lmer(formula, data, reml=case["REML"], **options)
    return lk.glmer(formula, data, case["family"], n_agq=case["nAGQ"] or 1, **options)
