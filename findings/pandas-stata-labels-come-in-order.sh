#!/usr/bin/env bash
# Every labelled column of a Stata file becomes an ordered factor, whatever it was before: a factor without
# order, written and read again, comes back with one; a formula in R's language then makes polynomial contrasts.
# Guess: read_stata gives ordered columns (so it is), also for what was written without an order.
# What helps: pd.read_stata(path, order_categoricals=False).
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install pandas==3.1.1
run <<'PROGRAM'
import pandas as pd

data = pd.DataFrame({"sex": pd.Categorical(["f", "m", "f"], categories=["m", "f"])})
data.to_stata("data.dta", write_index=False)
read = pd.read_stata("data.dta")
plain = pd.read_stata("data.dta", order_categoricals=False)
print("written, ordered:", data["sex"].cat.ordered)
print("read, ordered:", read["sex"].cat.ordered, *read["sex"].cat.categories)
print("with order_categoricals=False, ordered:", plain["sex"].cat.ordered)
PROGRAM
expect <<'SEEN'
written, ordered: False
read, ordered: True m f
with order_categoricals=False, ordered: False
SEEN
