#!/usr/bin/env bash
# A column of polars' type Enum, which only lists its words, becomes an ordered factor in pandas; one of polars'
# type Categorical does not. Models in R's language make polynomial contrasts of the first.
# Guess: without order, its levels as listed.
# What helps: data["dose"].cat.as_unordered() after to_pandas().
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install polars==2.1.0 pandas==3.1.1 pyarrow==26.0.1
run <<'PROGRAM'
import polars as pl

for kind in (pl.Enum(["placebo", "low"]), pl.Categorical):
    dose = pl.DataFrame({"dose": ["low", "placebo"]}, schema={"dose": kind}).to_pandas()["dose"]
    name = "Enum" if isinstance(kind, pl.Enum) else "Categorical"
    print(f"{name}: ordered {dose.cat.ordered}, levels", *dose.cat.categories)
PROGRAM
expect <<'SEEN'
Enum: ordered True, levels placebo low
Categorical: ordered False, levels low placebo
SEEN
