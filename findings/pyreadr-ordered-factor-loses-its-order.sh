#!/usr/bin/env bash
# An ordered factor of R comes as a category without order, so that "dose < high" cannot be asked; whole
# numbers with a missing one come as objects.
# Guess: the order stays; NA becomes NaN in a column of floats.
# What helps: set the order again: data["dose"].cat.as_ordered().
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install pyreadr==0.5.8 pandas==3.1.1
run <<'PROGRAM'
import base64
from pathlib import Path

import pyreadr
# Written by R 4.2.2: saveRDS(data.frame(dose = factor(c("low", "high", "mid"), c("low", "mid", "high"), ordered = TRUE),
#   count = c(1L, NA, 3L), day = as.Date(c("2020-01-01", "2020-02-01", NA))), "data.rds", version = 2)
Path("data.rds").write_bytes(base64.b64decode(
    "H4sIAAAAAAAAA3VPSwrCMBAd09jSgiJ4D8/QhYdwG5rUFtoG0mhxpWfxRl249A5eQGO+BQuGZN7LMDPvzSEDAAQYIU"
    "CRptHWBH1XDmHhEYEusn8Mqca4YWfW9JptbIXLRg0fAm1r6imu6mM1618WDelDO/LJhAvKBAt9cUkKyYVmH/0mRzew"
    "x7hcG8zHh03l4zM3eH2ZmNydIlJeJCjjPZHMzfx11JGWzRfClPdsssxPnQzrUXL5I5BRIsmuFHrcTCIVfNgFGbMPMs"
    "aVUm/j5wtgTkAmjAEAAA=="
))
data = pyreadr.read_r("data.rds")[None]
print("levels:", *data["dose"].cat.categories, "ordered:", data["dose"].cat.ordered)
print("count:", data["count"].dtype, data["count"].tolist())
print("day:", data["day"].tolist()[0])
PROGRAM
expect <<'SEEN'
levels: low mid high ordered: False
count: object [1, nan, 3]
day: 2020-01-01
SEEN
