#!/usr/bin/env bash
# A column of dates written with pyreadr.write_rds is text in R, and text again when it is read: a plot or a model
# takes each day for a level. A factor keeps its levels, True and False stay.
# Guess: the factor and True and False become text, the dates were not asked; it is the other way round.
# What helps: write as.POSIXct(day) in R, pd.to_datetime(data["day"]) in Python; or a Parquet file.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install pyreadr==0.5.8 rdata==1.1.0 pandas==3.1.1
run <<'PROGRAM'
import warnings

import pandas as pd
import pyreadr
import rdata

data = pd.DataFrame({
    "dose": pd.Categorical(["placebo", "low", "high"], categories=["placebo", "low", "high"]),
    "ill": [True, False, None],
    "day": pd.to_datetime(["2026-01-02", "2026-01-03", "2026-01-04"]),
})
with warnings.catch_warnings():
    warnings.simplefilter("error")
    pyreadr.write_rds("data.rds", data)
vectors = rdata.parser.parse_file("data.rds").object.value
for name, vector in zip(data, vectors):
    print(f"{name}: {data[name].dtype} is written as {vector.info.type.name}")
print("levels:", list(rdata.read_rds("data.rds")["dose"].cat.categories))
print("day, read again:", pyreadr.read_r("data.rds")[None]["day"].iloc[0].__class__.__name__)
PROGRAM
expect <<'SEEN'
dose: category is written as INT
ill: object is written as LGL
day: datetime64[us] is written as STR
levels: ['placebo', 'low', 'high']
day, read again: str
SEEN
