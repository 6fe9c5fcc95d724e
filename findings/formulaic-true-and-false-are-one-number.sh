#!/usr/bin/env bash
# Without an intercept a column of True and False gives one coefficient in formulaic (the line of False goes
# through zero), in patsy and R two; x:treated gives one slope, there two.
# Guess: a category with two levels in both.
# What helps: write C(treated).
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install formulaic==1.2.2 patsy==1.0.3 pandas==3.1.1
run <<'PROGRAM'
import formulaic
import pandas as pd
import patsy

data = pd.DataFrame({"treated": [False, True] * 3, "x": [1.0, 2, 3, 4, 5, 7]})
for formula in ("0 + treated", "x:treated", "0 + C(treated)"):
    print(formula)
    print("  formulaic:", *formulaic.model_matrix(formula, data).columns)
    print("  patsy:    ", *patsy.dmatrix(formula, data).design_info.column_names)
PROGRAM
expect <<'SEEN'
0 + treated
  formulaic: treated
  patsy:     treated[False] treated[True]
x:treated
  formulaic: Intercept x:treated
  patsy:     Intercept x:treated[False] x:treated[True]
0 + C(treated)
  formulaic: C(treated)[False] C(treated)[True]
  patsy:     C(treated)[False] C(treated)[True]
SEEN
