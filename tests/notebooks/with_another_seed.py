"""Run one file of claims on a data set that is drawn anew: `python with_another_seed.py NAME SEED FILE`.

SEED is a number, or "its own" for the seed of the data set. Ends with pytest's exit code, and prints what
pytest printed.
"""

import importlib.util
import sys
import tempfile
from pathlib import Path

import pytest

from lmmkit import datasets

ROOT = Path(__file__).resolve().parents[2]


def drawn(name, seed):
    """The table of a simulated data set with this seed."""
    path = ROOT / "data" / "synthesis" / "simulated" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if seed != "its own":
        module.SEED = int(seed)
    return module.make()


def main(name, seed, claims):
    """Put the table in the place of the stored one, and test the claims."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for file in (ROOT / "data").glob("*.*"):
            (folder / file.name).write_bytes(file.read_bytes())
        drawn(name, seed).to_csv(folder / f"{name}.csv", index=False)
        datasets._folder = lambda: folder
        return pytest.main(
            ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=short", "--maxfail=1", claims]
        )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
