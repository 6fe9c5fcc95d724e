#!/usr/bin/env bash
# A test cell of 3 points whose last line is a comparison gets 3 points when it shows False; a negative
# number gets 3 as well, np.float64(0.5) too, but 2 gets 2.
# Guess: all points for False as for True, no points for 0 (so it is); for -1 none written down.
# What helps: end a test with assert, never with a comparison.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install nbgrader==0.9.6
run <<'PROGRAM'
from nbformat.v4 import new_code_cell, new_output
from nbgrader.utils import compute_checksum, determine_grade

for shown in ("False", "True", "-1", "np.float64(0.5)", "0.5", "0", "2"):
    cell = new_code_cell("answer == 4")
    cell.metadata.nbgrader = {
        "grade": True, "solution": False, "locked": True, "task": False, "points": 3,
        "grade_id": "test", "schema_version": 3, "cell_type": "code",
    }
    cell.metadata.nbgrader["checksum"] = compute_checksum(cell)
    cell.outputs = [new_output("execute_result", data={"text/plain": shown}, execution_count=1)]
    print(f"the cell shows {shown}: {determine_grade(cell)[0]} of 3 points")
PROGRAM
expect <<'SEEN'
the cell shows False: 3.0 of 3 points
the cell shows True: 3.0 of 3 points
the cell shows -1: 3.0 of 3 points
the cell shows np.float64(0.5): 3.0 of 3 points
the cell shows 0.5: 0.5 of 3 points
the cell shows 0: 0.0 of 3 points
the cell shows 2: 2.0 of 3 points
SEEN
