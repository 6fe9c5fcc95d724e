"""Calibrated data sets: check the committed ones, or find others that print the same.

python data/synthesis/calibrate.py                  every printed figure of every committed file: still there?
python data/synthesis/calibrate.py mouse            another fifty mice with the lecture's printed tables
python data/synthesis/calibrate.py mouse --seed 7 --out mice.csv
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

from method.find import DATA, find, verify  # noqa: E402

NAMES = sorted(path.stem for path in (HERE / "calibrated").glob("[a-z]*.py"))


def script(name: str) -> ModuleType:
    return importlib.import_module(f"calibrated.{name}")


def committed(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / f"{name}.csv", dtype=dict.fromkeys(("Brood", "Ring"), str))


def worst_miss(name: str, data: pd.DataFrame | None = None) -> float:
    """The largest miss of a data set's figures, in half units of the last digit: below 1 it prints as they do."""
    source, data = script(name), committed(name) if data is None else data
    if hasattr(source, "worst_miss"):
        return float(source.worst_miss(data))
    return float(verify(source.setting(), data)["miss"].abs().max())


def another(name: str, seed: int | None = None, starts: int = 5) -> tuple[pd.DataFrame, float]:
    """A new data set with the same printed figures, and its largest miss.

    A walk may lose its way, and which one does hangs on the last digits of a machine's arithmetic: then it begins again
    from the next seed.
    """
    first = script(name).SEED if seed is None else seed
    for number in range(first, first + starts):
        data, miss = search_from(name, number)
        if miss < 1:
            break
    return data, miss


def search_from(name: str, seed: int) -> tuple[pd.DataFrame, float]:
    """One search, from one seed."""
    source = script(name)
    if hasattr(source, "find"):
        return source.find(seed)
    if name == "simpson":
        data = source.make(seed)
        return data, worst_miss(name, data)
    return find(source.setting(), seed)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", choices=NAMES, help="find another data set of this name")
    parser.add_argument("--seed", type=int, help="where the search starts")
    parser.add_argument("--out", type=Path, help="a file for what is found")
    asked = parser.parse_args()
    if asked.name is None:
        misses = {name: worst_miss(name) for name in NAMES}
        for name, miss in misses.items():
            print(
                f"{name:<14} largest miss {miss:.3f} half units: {'as printed' if miss < 1 else 'NOT AS PRINTED'}"
            )
        return int(max(misses.values()) >= 1)
    data, miss = another(asked.name, asked.seed)
    if asked.out:
        data.to_csv(asked.out, index=False)
    print(f"{'found' if miss < 1 else 'not found (try another seed)'}: largest miss {miss:.3f} half units")
    return int(miss >= 1)


if __name__ == "__main__":
    sys.exit(main())
