#!/usr/bin/env bash
# A subject called 007 on the command line (-p) reaches the notebook as the number 7, and a name nan as a
# float.
# Guess: text with a leading zero stays text.
# What helps: use -r, which keeps text as it is.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install papermill==2.7.0 nbformat==5.11.1
run <<'PROGRAM'
import subprocess
import sys

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

cell = new_code_cell("subject = '001'", metadata={"tags": ["parameters"]})
metadata = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python"}}
nbformat.write(new_notebook(cells=[cell], metadata=metadata), "in.ipynb")
for flag, value in (("-p", "007"), ("-p", "nan"), ("-p", "1e5"), ("-r", "007")):
    command = [sys.executable, "-m", "papermill", "in.ipynb", "out.ipynb", flag, "subject", value, "--prepare-only"]
    subprocess.run(command, check=True, capture_output=True)
    injected = nbformat.read("out.ipynb", 4).cells[1].source.splitlines()[-1]
    print(f"{flag} subject {value}: {injected}")
PROGRAM
expect <<'SEEN'
-p subject 007: subject = 7
-p subject nan: subject = float('nan')
-p subject 1e5: subject = 100000.0
-r subject 007: subject = "007"
SEEN
