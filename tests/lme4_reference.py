"""lme4's numbers (tests/reference/lme4_reference.json, from make_reference.R) and their data."""

import json
from functools import cache
from pathlib import Path

import pandas as pd

REFERENCE = Path(__file__).parent / "reference"
_CONTENTS = json.loads((REFERENCE / "lme4_reference.json").read_text())
CASES = {case["id"]: case for case in _CONTENTS["cases"]}
EXTRA = _CONTENTS["extra"]

# Columns of numbers that are factors in R; the ordered ones have polynomial contrasts.
FACTORS = {
    "cake": ["recipe", "temperature"],
    "cbpp": ["herd", "period"],
    "grouseticks": ["INDEX", "YEAR", "BROOD", "LOCATION"],
    "InstEval": ["s", "d", "service", "dept"],
    "sleepstudy": ["Subject"],
}
ORDERED = {"InstEval": ["studage", "lectage"]}


@cache
def load(name):
    """One of the data sets, with R's factors."""
    path = REFERENCE / "data" / f"{name}.csv"
    data = pd.read_csv(path if path.exists() else f"{path}.gz")
    for column in FACTORS.get(name, []):
        data[column] = data[column].astype(str)
    for column in ORDERED.get(name, []):
        data[column] = data[column].astype("category").cat.as_ordered()
    return data
