#!/usr/bin/env bash
# One file of R, two readers, two tables. pyreadr takes the order from a factor and gives whole numbers with a
# missing one as objects, of which a formula of patsy makes a coefficient for each number; rdata keeps both and
# gives dates as numbers of days, with a warning only. Neither stops.
# Guess: pyreadr keeps the order and gives floats; rdata keeps order and numbers (so it is). For dates: none.
# What helps: data["dose"].cat.as_ordered(), pd.to_numeric(data["count"]), pd.to_datetime(data["day"], unit="D").
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install pyreadr==0.5.8 rdata==1.1.0 pandas==3.1.1 patsy==1.0.3 numpy==2.4.6
run <<'PROGRAM'
import base64
from pathlib import Path

import pandas as pd
import patsy
import pyreadr
import rdata

# Written by R 4.2.2: saveRDS(data.frame(dose = factor(c("low", "high", "mid"), c("low", "mid", "high"), ordered = TRUE),
#   count = c(1L, NA, 3L), day = as.Date(c("2020-01-01", "2020-02-01", NA))), "data.rds", version = 2)
Path("data.rds").write_bytes(base64.b64decode(
    "H4sIAAAAAAAAA3VPSwrCMBAd09jSgiJ4D8/QhYdwG5rUFtoG0mhxpWfxRl249A5eQGO+BQuGZN7LMDPvzSEDAAQYIU"
    "CRptHWBH1XDmHhEYEusn8Mqca4YWfW9JptbIXLRg0fAm1r6imu6mM1618WDelDO/LJhAvKBAt9cUkKyYVmH/0mRzew"
    "x7hcG8zHh03l4zM3eH2ZmNydIlJeJCjjPZHMzfx11JGWzRfClPdsssxPnQzrUXL5I5BRIsmuFHrcTCIVfNgFGbMPMs"
    "aVUm/j5wtgTkAmjAEAAA=="
))
for name, data in {"pyreadr": pyreadr.read_r("data.rds")[None], "rdata": rdata.read_rds("data.rds")}.items():
    dose, count = data["dose"].cat, data["count"]
    print(f"{name}: dose ordered {dose.ordered}; count {count.dtype}; first day {data['day'].tolist()[0]}")
    plain = count.dropna().astype(object if count.dtype == object else float)
    print("   formula:", *patsy.dmatrix("count", pd.DataFrame({"count": plain})).design_info.column_names)
PROGRAM
expect <<'SEEN'
pyreadr: dose ordered False; count object; first day 2020-01-01
   formula: Intercept count[T.3]
rdata: dose ordered True; count Int32; first day 18262.0
   formula: Intercept count
SEEN
