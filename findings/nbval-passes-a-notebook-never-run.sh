#!/usr/bin/env bash
# A notebook without outputs passes nbval as if all had been compared: a cell that was never run counts as
# right, whatever it prints today. With its number of execution the same cell fails.
# Guess: it fails: the outputs of today are not stored.
# What helps: check that each code cell has an execution_count.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install nbval==0.11.0 nbformat==5.11.1 ipykernel==7.4.0 pytest==9.2.0
run <<'PROGRAM'
import subprocess
import sys

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

metadata = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python"}}
for count in (None, 1):
    cell = new_code_cell("print(6 * 7)", execution_count=count)
    nbformat.write(new_notebook(cells=[cell], metadata=metadata), "page.ipynb")
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "page.ipynb"]
    code = subprocess.run(command, capture_output=True, check=False).returncode
    print(f"execution_count {count}: {'passed' if code == 0 else 'failed'}")
PROGRAM
expect <<'SEEN'
execution_count None: passed
execution_count 1: failed
SEEN
