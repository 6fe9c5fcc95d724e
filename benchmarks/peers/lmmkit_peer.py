"""One case fitted by lmmkit, from formula and DataFrame: seconds, objective, memory, as JSON."""

import json
import resource
import sys
import time

import pandas as pd

import lmmkit as lk

path, formula, family, factors, repeats = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
data = pd.read_csv(path)
for factor in filter(None, factors.split(",")):
    data[factor] = data[factor].astype(str).astype("category")


def fit() -> object:
    return lk.lmer(formula, data) if family == "gaussian" else lk.glmer(formula, data, family)


model, seconds = fit(), []
for _ in range(repeats):
    model = None  # one fit in memory at a time
    begin = time.perf_counter()
    model = fit()
    seconds.append(time.perf_counter() - begin)
result = {
    "seconds": seconds,
    "objective": float(-2 * model.loglik),
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}
if family == "gaussian":
    y = model.design.y
    begin = time.perf_counter()
    for _ in range(repeats):
        model.refit(y)
    result["refit"] = (time.perf_counter() - begin) / repeats
print(json.dumps(result))
