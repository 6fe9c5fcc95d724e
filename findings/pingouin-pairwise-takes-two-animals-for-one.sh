#!/usr/bin/env bash
# Eight animals in each of two groups, numbered 1 to 8 in both: pairwise_tests takes animal 1 of one group and animal 1
# of the other for one animal, and compares the times with 7 degrees of freedom where there are 15. It says nothing;
# mixed_anova refuses the same table.
# Guess: pairwise_tests says nothing, mixed_anova stops; so it is.
# What helps: give each animal a name of its own: data["group"] + data["animal"].astype(str).
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install pingouin==0.7.0 pandas==3.1.1
run <<'PROGRAM'
import itertools

import numpy as np
import pandas as pd
import pingouin

cells = itertools.product(["control", "treated"], range(1, 9), ["t1", "t2"])
data = pd.DataFrame(cells, columns=["group", "animal", "time"])
data["y"] = np.sin(np.arange(32.0) ** 2) + (data["time"] == "t2")
own = data.assign(animal=data["group"] + data["animal"].astype(str))
columns = {"dv": "y", "within": "time", "between": "group", "subject": "animal"}
for name, table in (("1 to 8 in both groups", data), ("names of their own", own)):
    line = pingouin.pairwise_tests(table, **columns).query("Contrast == 'time'").iloc[0]
    print(f"{name}: t {line['T']:.3f}, df {line['dof']:.0f}")
try:
    pingouin.mixed_anova(data, **columns)
except ValueError as error:
    print("mixed_anova:", str(error).split(":")[0])
PROGRAM
expect <<'SEEN'
1 to 8 in both groups: t -4.070, df 7
names of their own: t -4.888, df 15
mixed_anova: Subject IDs cannot overlap between groups
SEEN
