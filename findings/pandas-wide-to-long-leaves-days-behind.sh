#!/usr/bin/env bash
# wide_to_long makes rows of the columns y1 and y2; y2.5 stays a column beside them, so that a day of each subject
# is missing in the long table. With ya and yb the long table is empty. Nothing is said.
# Guess: y2.5 stays a column, nothing said; so it is (for ya and yb the guess was an empty table).
# What helps: suffix=r"[\d.]+" or suffix=r"\w+", or melt.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install pandas==3.1.1
run <<'PROGRAM'
import warnings

import pandas as pd

wide = pd.DataFrame({"subject": ["a", "b"], "y1": [1.0, 2], "y2": [3.0, 4], "y2.5": [5.0, 6]})
letters = wide.set_axis(["subject", "ya", "yb", "yc"], axis=1)
with warnings.catch_warnings():
    warnings.simplefilter("error")
    for name, table, more in (
        ("y1, y2, y2.5", wide, {}),
        ("the same, suffix", wide, {"suffix": r"[\d.]+"}),
        ("ya, yb, yc", letters, {}),
    ):
        long = pd.wide_to_long(table, "y", "subject", "day", **more)
        print(f"{name}: {len(long)} rows, columns {list(long.columns)}")
PROGRAM
expect <<'SEEN'
y1, y2, y2.5: 4 rows, columns ['y2.5', 'y']
the same, suffix: 6 rows, columns ['y']
ya, yb, yc: 0 rows, columns ['ya', 'yb', 'yc', 'y']
SEEN
