"""One linear case with a single grouping factor fitted by statsmodels."""

import json
import re
import resource
import sys
import time
import warnings

import pandas as pd
import statsmodels.formula.api as smf

warnings.simplefilter("ignore")
path, formula, repeats = sys.argv[1], sys.argv[2], int(sys.argv[5])
data = pd.read_csv(path)
left, group = re.search(r"\(([^|]+)\|([^)]+)\)", formula).groups()
fixed = formula[: formula.index("(")].rstrip(" +")


def fit() -> object:
    return smf.mixedlm(fixed, data, groups=group.strip(), re_formula="~" + left).fit(reml=True)


model, seconds = fit(), []
for _ in range(repeats):
    begin = time.perf_counter()
    model = fit()
    seconds.append(time.perf_counter() - begin)
megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "objective": float(-2 * model.llf), "megabytes": megabytes}))
