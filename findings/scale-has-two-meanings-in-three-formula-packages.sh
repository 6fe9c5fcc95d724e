#!/usr/bin/env bash
# scale(x) divides by the root of the mean square in patsy and formulae, by R's standard deviation (n - 1)
# in formulaic.
# Guess: n - 1 in formulaic and formulae (wrong for formulae), n in patsy.
# What helps: write (x - x.mean()) / x.std() into a column of its own.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install patsy==1.0.3 formulaic==1.2.2 formulae==0.9.0
run <<'PROGRAM'
import formulae
import formulaic
import numpy as np
import pandas as pd
import patsy

data = pd.DataFrame({"y": [1.0, 2.0, 4.0, 3.0], "x": [0.0, 1.0, 2.0, 3.0]})
print("by hand, as in R:", round((data["x"].iloc[0] - data["x"].mean()) / data["x"].std(), 4))
print("patsy:", round(np.asarray(patsy.dmatrix("scale(x)", data))[0, 1], 4))
print("formulaic:", round(formulaic.model_matrix("scale(x)", data).iloc[0, 1], 4))
print("formulae:", round(np.asarray(formulae.design_matrices("y ~ scale(x)", data).common.design_matrix)[0, 1], 4))
PROGRAM
expect <<'SEEN'
by hand, as in R: -1.1619
patsy: -1.3416
formulaic: -1.1619
formulae: -1.3416
SEEN
