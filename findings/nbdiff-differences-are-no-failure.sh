#!/usr/bin/env bash
# nbdiff ends with 0 when the notebooks differ, where diff ends with 1: a check by its exit status never
# fails.
# Guess: 1 when they differ, as diff.
# What helps: look whether it printed something: test -z "$(nbdiff a.ipynb b.ipynb)".
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install nbdime==4.0.4 nbformat==5.11.1
run <<'PROGRAM'
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

for name, source in (("a", "x = 1"), ("b", "x = 2")):
    nbformat.write(new_notebook(cells=[new_code_cell(source, id="one")]), f"{name}.ipynb")
nbdiff = shutil.which("nbdiff", path=str(Path(sys.executable).parent))
for pair in (("a", "a"), ("a", "b")):
    files = [f"{name}.ipynb" for name in pair]
    codes = [subprocess.run([tool, *files], capture_output=True, check=False).returncode for tool in ("diff", nbdiff)]
    print(f"{pair[0]} and {pair[1]}: diff {codes[0]}, nbdiff {codes[1]}")
PROGRAM
expect <<'SEEN'
a and a: diff 0, nbdiff 0
a and b: diff 1, nbdiff 0
SEEN
