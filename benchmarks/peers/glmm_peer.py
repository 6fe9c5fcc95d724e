"""One case fitted by glmm (a Rust library), the tests of its coefficients left out."""

import json
import resource
import sys
import time

import glmm
import pandas as pd

path, formula, family, factors, repeats = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
data = pd.read_csv(path)
for factor in filter(None, factors.split(",")):
    data[factor] = data[factor].astype(str)
if data.columns.isin(["r2"]).any():
    data["r2"] = (data["r2"] == "Y").astype(int)


def fit() -> object:
    if family == "gaussian":
        return glmm.fit(data, formula, reml=True, satterthwaite=False)
    return glmm.fit(data, formula, family)


model, seconds = fit(), []
for _ in range(repeats):
    model = None  # one fit in memory at a time
    begin = time.perf_counter()
    model = fit()
    seconds.append(time.perf_counter() - begin)
megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "objective": float(-2 * model.loglik), "megabytes": megabytes}))
