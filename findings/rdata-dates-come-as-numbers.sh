#!/usr/bin/env bash
# A Date of R comes as the number of days since 1970, with a warning only; order and missing whole numbers
# are right.
# Guess: the order and the missing number come right (so it is); for dates none written down.
# What helps: pd.to_datetime(data["day"], unit="D").
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install rdata==1.1.0 pandas==3.1.1
run <<'PROGRAM'
import base64
from pathlib import Path

import pandas as pd
import rdata
# Written by R 4.2.2: saveRDS(data.frame(dose = factor(c("low", "high", "mid"), c("low", "mid", "high"), ordered = TRUE),
#   count = c(1L, NA, 3L), day = as.Date(c("2020-01-01", "2020-02-01", NA))), "data.rds", version = 2)
Path("data.rds").write_bytes(base64.b64decode(
    "H4sIAAAAAAAAA3VPSwrCMBAd09jSgiJ4D8/QhYdwG5rUFtoG0mhxpWfxRl249A5eQGO+BQuGZN7LMDPvzSEDAAQYIU"
    "CRptHWBH1XDmHhEYEusn8Mqca4YWfW9JptbIXLRg0fAm1r6imu6mM1618WDelDO/LJhAvKBAt9cUkKyYVmH/0mRzew"
    "x7hcG8zHh03l4zM3eH2ZmNydIlJeJCjjPZHMzfx11JGWzRfClPdsssxPnQzrUXL5I5BRIsmuFHrcTCIVfNgFGbMPMs"
    "aVUm/j5wtgTkAmjAEAAA=="
))
data = rdata.read_rds("data.rds")
print("levels:", *data["dose"].cat.categories, "ordered:", data["dose"].cat.ordered)
print("count:", data["count"].dtype, data["count"].tolist())
print("day:", data["day"].dtype, data["day"].tolist())
print("mended:", pd.to_datetime(data["day"], unit="D").iloc[0].date())
PROGRAM
expect <<'SEEN'
levels: low mid high ordered: True
count: Int32 [1, <NA>, 3]
day: float64 [18262.0, 18293.0, nan]
mended: 2020-01-01
SEEN
