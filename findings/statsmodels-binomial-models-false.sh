#!/usr/bin/env bash
# A binomial model of glm or gee whose response is True and False, or yes and no, models the first level: the
# slope has the wrong sign for who thinks of True. logit refuses such a response.
# Guess: glm takes the first level (so it is); for gee and logit none written down.
# What helps: make the response 0 and 1: data["y"].astype(int).
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install statsmodels==0.15.0 pandas==2.3.3
run <<'PROGRAM'
import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf

x = np.linspace(-2, 2, 40)
y = (x + np.tile([-1.0, 1.0, 0.5, -0.5], 10)) > 0
data = pd.DataFrame({"x": x, "true": y, "yes": np.where(y, "yes", "no"), "one": y.astype(int), "g": np.arange(40) % 8})
binomial = sm.families.Binomial()
for name in ("one", "true", "yes"):
    slopes = [smf.glm(f"{name} ~ x", data, family=binomial).fit().params["x"]]
    slopes += [smf.gee(f"{name} ~ x", "g", data, family=binomial).fit().params["x"]]
    try:
        slopes += [smf.logit(f"{name} ~ x", data).fit(disp=0).params["x"]]
    except ValueError:
        slopes += ["refused"]
    print(name, *(slope if isinstance(slope, str) else round(slope, 2) for slope in slopes))
PROGRAM
expect <<'SEEN'
one 2.34 2.34 2.34
true -2.34 -2.34 refused
yes -2.34 -2.34 refused
SEEN
