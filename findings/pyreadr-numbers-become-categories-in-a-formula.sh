#!/usr/bin/env bash
# R's whole numbers with one missing value come from pyreadr as objects, and a formula of patsy then fits one
# coefficient for each number; nothing is said.
# Guess: none written down; one slope was expected.
# What helps: data["count"] = pd.to_numeric(data["count"]).
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install pyreadr==0.5.8 pandas==3.1.1 patsy==1.0.3 numpy==2.4.6
run <<'PROGRAM'
import base64
from pathlib import Path

import pandas as pd
import patsy
import pyreadr

# Written by R 4.2.2: saveRDS(data.frame(count = c(1L, 2L, NA, 4L, 5L)), "data.rds", version = 2, compress = FALSE)
Path("data.rds").write_bytes(base64.b64decode(
    "WAoAAAACAAQCAgACAwAAAAMTAAAAAQAAAA0AAAAFAAAAAQAAAAKAAAAAAAAABAAAAAUAAAQCAAAAAQAEAAkAAAAFbmFtZXMAAAAQ"
    "AAAAAQAEAAkAAAAFY291bnQAAAQCAAAAAQAEAAkAAAAFY2xhc3MAAAAQAAAAAQAEAAkAAAAKZGF0YS5mcmFtZQAABAIAAAABAAQA"
    "CQAAAAlyb3cubmFtZXMAAAANAAAAAoAAAAD////7AAAA/g=="
))
data = pyreadr.read_r("data.rds")[None]
print("count:", data["count"].dtype)
print("one by one:", *patsy.dmatrix("count", data).design_info.column_names)
data["count"] = pd.to_numeric(data["count"])
print("as numbers:", *patsy.dmatrix("count", data).design_info.column_names)
PROGRAM
expect <<'SEEN'
count: object
one by one: Intercept count[T.2] count[T.4] count[T.5]
as numbers: Intercept count
SEEN
