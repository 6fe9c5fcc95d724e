"""One linear case fitted by gpboost: random intercepts only; without formulas, its table is made first."""

import json
import re
import resource
import sys
import time

import gpboost
import numpy as np
import pandas as pd

path, formula, _, factors, repeats = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
data = pd.read_csv(path)
response, right = (part.strip() for part in formula.split("~"))
groups = re.findall(r"\(1 \| (\w+)\)", right)
fixed = [name for name in re.sub(r"\([^)]*\)", "", right).replace("+", " ").split() if name != "1"]
columns = [np.ones((len(data), 1))]
if fixed:
    named = {name: str for name in fixed if name in factors.split(",")}
    columns.append(pd.get_dummies(data[fixed].astype(named), drop_first=True).to_numpy(float))
X = np.hstack(columns)
y, codes = data[response].to_numpy(float), data[groups].astype(str).to_numpy()


def fit() -> gpboost.GPModel:
    model = gpboost.GPModel(group_data=codes, likelihood="gaussian")
    model.fit(y=y, X=X, params={"trace": False})
    return model


model, seconds = fit(), []
for _ in range(repeats):
    begin = time.perf_counter()
    model = fit()
    seconds.append(time.perf_counter() - begin)
# gpboost maximises the likelihood, not the restricted one, so its objective cannot stand beside the others'.
megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "objective": None, "megabytes": megabytes}))
