#!/usr/bin/env bash
# fit() takes any keyword, drops those it does not know, and says nothing: weights=, nAGQ= and reml= in small
# letters change no number, while R's lmer would weigh the rows or refuse. It needs R with lme4 and lmerTest.
# Guess: none for the unknown word; for weights, a fit with weights.
# What helps: REML= in capitals; for shares of counts write cbind(hits, misses). There is no way to give weights.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install pymer4==0.8.2 rpy2==3.5.17 pandas==2.2.3 numpy==1.26.4
run <<'PROGRAM'
import numpy as np
import pandas as pd
from pymer4.models import Lmer

rng = np.random.default_rng(1)
group = np.repeat(np.arange(8), 6)
data = pd.DataFrame({"g": [f"g{i}" for i in group], "x": np.tile(np.arange(6.0), 8)})
data["y"] = 2 + data["x"] + rng.normal(size=8)[group] + rng.normal(size=48)
model = Lmer("y ~ x + (1 | g)", data=data)
model.fit(summarize=False)
plain = model.logLike
options = {"REML": False, "reml": False, "weights": np.arange(1.0, 49.0), "nAGQ": 9, "anything": "else"}
for name, value in options.items():
    model.fit(summarize=False, **{name: value})
    print(f"{name}=: {'as without it' if np.isclose(model.logLike, plain) else 'another fit'}")
PROGRAM
expect <<'SEEN'
REML=: another fit
reml=: as without it
weights=: as without it
nAGQ=: as without it
anything=: as without it
SEEN
