#!/usr/bin/env bash
# nb-clean clean takes all metadata of the cells out, those of nbgrader too: an assignment of 5 points has no points
# and no locked cell any more, and nbgrader validate calls it a success. nbstripout leaves them.
# Guess: nothing is marked any more, and validate is content; so it is.
# What helps: nb-clean clean --preserve-cell-metadata, or nbstripout.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install nb-clean==5.0.0 nbstripout==0.9.1 nbgrader==0.9.6 ipykernel==7.4.0
run <<'PROGRAM'
import json
import subprocess
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook


def cell(source, name, **what):
    marks = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
    return new_code_cell(source, metadata={"nbgrader": {**marks, "grade_id": name, **what}})


def points(path):
    cells = json.loads(Path(path).read_text())["cells"]
    return sum(one["metadata"].get("nbgrader", {}).get("points", 0) for one in cells)


cells = [cell("x = 2", "answer", solution=True), cell("assert x == 1", "test", grade=True, locked=True, points=5)]
kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python"}}
for name, command in {
    "untouched": None,
    "nbstripout": ["nbstripout"],
    "nb-clean": ["nb-clean", "clean"],
    "nb-clean, preserved": ["nb-clean", "clean", "--preserve-cell-metadata"],
}.items():
    nbformat.write(new_notebook(cells=cells, metadata=kernel), "ps1.ipynb")
    if command:
        command = [f"env/bin/{command[0]}", *command[1:], *(["--"] if "--preserve" in command[-1] else []), "ps1.ipynb"]
        subprocess.run(command, check=True, capture_output=True)
    print(f"{name}: {points('ps1.ipynb')} points")
done = subprocess.run(["env/bin/nbgrader", "validate", "ps1.ipynb"], capture_output=True, text=True)
print("validate, kept:", done.stdout.splitlines()[0] if done.stdout else "nothing")
subprocess.run(["env/bin/nb-clean", "clean", "ps1.ipynb"], check=True, capture_output=True)
done = subprocess.run(["env/bin/nbgrader", "validate", "ps1.ipynb"], capture_output=True, text=True)
print("validate, cleaned:", done.stdout.splitlines()[0] if done.stdout else "nothing")
PROGRAM
expect <<'SEEN'
untouched: 5 points
nbstripout: 5 points
nb-clean: 0 points
nb-clean, preserved: 5 points
validate, kept: VALIDATION FAILED ON 1 CELL(S)! If you submit your assignment as it is, you WILL NOT
validate, cleaned: Success! Your notebook passes all the tests.
SEEN
