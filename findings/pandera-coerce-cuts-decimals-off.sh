#!/usr/bin/env bash
# A column declared int with coerce=True takes 1.7 and makes 1 of it: nothing is refused.
# Guess: none written down; an error was expected.
# What helps: check that the value equals its rounded value before it is coerced.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install pandera==0.35.0 pandas==3.1.1
run <<'PROGRAM'
import pandas as pd
import pandera.pandas as pa

data = pd.DataFrame({"count": [1.7, 2.2, -0.9]})
print("coerce=True:", pa.DataFrameSchema({"count": pa.Column(int, coerce=True)}).validate(data)["count"].tolist())
try:
    pa.DataFrameSchema({"count": pa.Column(int)}).validate(data)
except pa.errors.SchemaError as error:
    print("without:", str(error).splitlines()[0])
PROGRAM
expect <<'SEEN'
coerce=True: [1, 2, 0]
without: expected series 'count' to have type int64, got float64
SEEN
