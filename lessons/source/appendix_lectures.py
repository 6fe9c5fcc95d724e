# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Appendix: beside the five lectures
#
# This page is for classes that hear the five lectures which the course goes along with. It lists small slips of the
# slides and handouts: a missing seed, a mixed-up name, two tables in the wrong order. They matter to somebody who sits
# with the slides in hand. They do not teach statistics; what does is told in the lessons. If you do not know the lectures,
# you need nothing of this.
#
# Each entry names the lecture and the slide, says what stands there, and what is right. Where something can be computed,
# a cell computes it. The order is that of the lessons.

# %%
from lmmkit.course.start import lk, np, pd

# %% [markdown]
# ## To lesson 2, Simpson's paradox
#
# [The lesson](02_simpson.ipynb).

# %% [markdown] mends="x003-6"
# **003, Simpson data.** The slide simulates its data without a seed, and prints a random effect of `1.477107e-10` for the
# middle group. *In truth* nobody can have the same rows again without the seed, but everybody can have the same fit.
# Means, variances and correlation are exact in every draw. The effect of the middle group is zero. Its printed
# digits are what rounding left over.

# %%
rows = {}
for seed in (1, 2, 3):
    fit = lk.lmer("V2 ~ V1 + (1 | Group)", lk.simulate_simpson(seed=seed))
    rows[f"seed {seed}"] = {
        "variance": fit.varcorr.frame["vcov"].iloc[0],
        "residual": fit.sigma**2,
        "slope": fit.fixef["V1"],
        "standard error": fit.se["(Intercept)"],
        "middle group": np.abs(fit.ranef()["Group"]["(Intercept)"].iloc[2]),
    }
pd.DataFrame(rows).T.round(5)

# %% [markdown]
# Three seeds give three sets of rows, and one fit.
