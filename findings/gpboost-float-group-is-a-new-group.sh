#!/usr/bin/env bash
# A model fitted with groups 1, 2, 3 as whole numbers takes the group 2.0 of new rows for a new one: it
# predicts the mean of all groups, and says nothing. A merge with missing rows makes whole numbers to
# decimals.
# Guess: 2.0 is the group 2.
# What helps: give the groups as text: data["group"].astype(int).astype(str).
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install gpboost==1.8.0 numpy==2.4.6 pandas==2.3.3
run <<'PROGRAM'
import gpboost as gpb
import numpy as np

groups = np.repeat([1, 2, 3, 4, 5], 8)
y = groups * 10.0 + np.tile([-1.0, 1.0], 20)
model = gpb.GPModel(group_data=groups, likelihood="gaussian", num_parallel_threads=1)
model.fit(y=y, X=np.ones((40, 1)))
for name, new in (("2", np.array([2])), ("2.0", np.array([2.0])), ("'2'", np.array(["2"]))):
    predicted = model.predict(X_pred=np.ones((1, 1)), group_data_pred=new)["mu"][0]
    print(f"group {name}: {predicted:.1f}")
PROGRAM
expect <<'SEEN'
group 2: 20.0
group 2.0: 30.0
group '2': 20.0
SEEN
