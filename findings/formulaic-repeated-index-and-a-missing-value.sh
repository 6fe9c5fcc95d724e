#!/usr/bin/env bash
# In a table whose index has labels twice, one missing value stops model_matrix: the length of values does not
# match the length of index. patsy leaves the row out.
# Guess: one row is left out.
# What helps: data = data.reset_index(drop=True).
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install formulaic==1.2.2 patsy==1.0.3 pandas==3.1.1
run <<'PROGRAM'
import formulaic
import pandas as pd
import patsy

data = pd.DataFrame({"x": [1.0, None, 3.0, 4.0]})
for index in ([0, 1, 2, 3], [0, 1, 0, 1]):
    table = data.set_axis(index)
    try:
        said = f"{len(formulaic.model_matrix('x', table))} rows"
    except ValueError as error:
        said = f"ValueError {error}"
    print(f"index {index}: formulaic {said}; patsy {len(patsy.dmatrix('x', table))} rows")
PROGRAM
expect <<'SEEN'
index [0, 1, 2, 3]: formulaic 3 rows; patsy 3 rows
index [0, 1, 0, 1]: formulaic ValueError Length of values (3) does not match length of index (2); patsy 3 rows
SEEN
