"""Makes every data set of this repository that is not a measurement, and the dictionary of all of them.

    python data/synthesis/make_all.py          write data/*.csv, datapackage.json, the tables of README.md
    python data/synthesis/make_all.py --check  write nothing; say what would change

A simulated set is drawn anew from its seed. A calibrated one, found by a search, is verified instead: every figure
that its lecture prints is computed from the file. `calibrate.py` finds another one (see README.md).
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

import calibrate  # noqa: E402
import dictionary  # noqa: E402

DATA = HERE.parent


def simulated() -> list[str]:
    """Names of the simulated sets: one script each."""
    return sorted(path.stem for path in (HERE / "simulated").glob("[a-z]*.py"))


def as_csv(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, lineterminator="\n")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; say what would change")
    check = parser.parse_args().check
    changed = []

    def put(path: Path, text: str) -> None:
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            changed.append(path.name)
            if not check:
                path.write_text(text, encoding="utf-8")

    genexpr = importlib.import_module("calibrated.genexpr")
    truths = {"genexpr": genexpr.TRUTH}
    for name, table in genexpr.make().items():
        put(DATA / f"{name}.csv", as_csv(table))
    for name in simulated():
        script = importlib.import_module(f"simulated.{name}")
        put(DATA / f"{name}.csv", as_csv(script.make()))
        truths[name] = script.TRUTH
    package = dictionary.datapackage(truths)
    put(DATA / "datapackage.json", dictionary.as_json(package))
    put(DATA / "README.md", dictionary.readme(package))
    print(
        ("would change: " if check else "written: ") + ", ".join(changed)
        if changed
        else "all data are as made"
    )
    misses = {name: calibrate.worst_miss(name) for name in calibrate.NAMES}
    for name, miss in misses.items():
        verdict = "prints as the lecture does" if miss < 1 else f"misses a figure by {miss:.3g} half units"
        print(f"{name}: {verdict}")
    return int((check and bool(changed)) or max(misses.values()) >= 1)


if __name__ == "__main__":
    sys.exit(main())
