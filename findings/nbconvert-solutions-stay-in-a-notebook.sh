#!/usr/bin/env bash
# The option --TagRemovePreprocessor.remove_cell_tags=solution takes the cells with solutions out of a page and out of
# a script; with --to notebook they are all still there. It ends with 0 and says nothing.
# Guess: the solution is still in the notebook; so it is.
# What helps: --TagRemovePreprocessor.enabled=True as well, and a look at what is handed out.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install nbconvert==7.17.2
run <<'PROGRAM'
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

cell = new_code_cell("x = 42  # the answer", metadata={"tags": ["solution"]})
nbformat.write(new_notebook(cells=[cell, new_code_cell("x = ...")]), "course.ipynb")
remove = "--TagRemovePreprocessor.remove_cell_tags=solution"
for name, *more in (["html"], ["python"], ["notebook"], ["notebook", "--TagRemovePreprocessor.enabled=True"]):
    command = [sys.executable, "-m", "nbconvert", "--to", name, remove, *more, "course.ipynb", "--stdout"]
    done = subprocess.run(command, capture_output=True, text=True)
    found = "there" if "the answer" in done.stdout else "gone"
    print(name, *more, f"exit status {done.returncode}, {len(done.stdout) > 0}, the solution is {found}", sep=": ")
PROGRAM
expect <<'SEEN'
html: exit status 0, True, the solution is gone
python: exit status 0, True, the solution is gone
notebook: exit status 0, True, the solution is there
notebook: --TagRemovePreprocessor.enabled=True: exit status 0, True, the solution is gone
SEEN
