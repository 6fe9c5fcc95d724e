# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=35 needs="random slopes (05), shrinkage (06)"
# # 9. Repeated measures: the same mouse, year after year
#
# **You will be able to**
#
# - draw individual lines before fitting anything;
# - fit a line per individual and say what the average line means;
# - tell a shrunken slope from a tested one;
# - ask whether a straight line is enough, and whether time has memory.
#
# **Data** `protein_years` (synthetic; it reproduces the lecture's tables), `sleepstudy` (real).
# **Lectures** 000 slide 30; 003 on repeated measures.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.check import check
from lmmkit.course.lesson import BLUE, GREY, RED, in_words, key_points, lecture_vs_truth, use_course_look

use_course_look()
protein = lk.load_data("protein_years")

# %% [markdown] covers="000-s30" asks="q000-30"
# ## The question
#
# Six people give blood every year, and in the blood a protein is measured. Does it rise as the years go by? The five values of one
# person are like brothers: whoever is high in the first year will be high in the third. Longitudinal data are grouped data in
# which the group is a person and the order matters.
#
# Draw first. Not the mean per year, which hides everything; the people.

# %%
fig, ax = plt.subplots()
markers = ["o", "s", "^", "D", "v", "P"]
for (name, person), marker in zip(protein.groupby("Sample", observed=True), markers, strict=True):
    ax.plot(person["Year"], person["Value"], "-", marker=marker, label=name)
ax.set_xlabel("year")
ax.set_ylabel("protein (units)")
ax.set_xticks(sorted(protein["Year"].unique()))
ax.legend(title="person", ncol=2)
plt.show()

# %% [markdown]
# One line per person. Most climb, one sinks, and they start at different heights.
#
# **Predict, then run.** Would you let `"intercepts"`, `"slopes"` or `"both"` differ between these people?

# %%
your_choice = ...
check("09.q1", your_choice)

# %% [markdown]
# ## A line each, and the average line
#
# $$\text{Value}_{ij} = (\beta_0 + b_{0i}) + (\beta_1 + b_{1i})\,\text{Year}_{ij} + \varepsilon_{ij}$$
#
# In R: `lmer(Value ~ Year + (Year | Sample))`.

# %%
growth = lk.lmer("Value ~ Year + (Year | Sample)", protein)
print(growth.summary())

# %%
print(growth.coef()["Sample"].round(3).to_string())

# %% [markdown]
# Is a straight line enough? Ask the residuals, person by person, or let the line bend and see whether the bend earns its keep.

# %%
bent = lk.lmer("Value ~ Year + I(Year^2) + (Year | Sample)", protein)
table = bent.coef_table()
print(table.round(4).to_string())
in_words(
    f"The bend is {table.loc['I(Year^2)', 'estimate']:.3f} with a standard error of"
    f" {table.loc['I(Year^2)', 'std_error']:.3f} (p = {table.loc['I(Year^2)', 'p_value']:.2f}): within these"
    " years a straight line will do.",
)

# %%
fig, ax = plt.subplots()
year = np.array([protein["Year"].min(), protein["Year"].max()])
for name, line in growth.coef()["Sample"].iterrows():
    person = protein[protein["Sample"] == name]
    own = lk.lm("Value ~ Year", person).fixef
    ax.plot(year, own.iloc[0] + own.iloc[1] * year, ":", color=RED, lw=1.6)
    ax.plot(year, line["(Intercept)"] + line["Year"] * year, "-", color=BLUE, lw=1.6)
ax.plot(protein["Year"], protein["Value"], ".", color=GREY)
ax.plot([], [], ":", color=RED, label="own regression")
ax.plot([], [], "-", color=BLUE, label="mixed model")
ax.set_xlabel("year")
ax.set_ylabel("protein (units)")
ax.set_xticks(sorted(protein["Year"].unique()))
ax.legend()
plt.show()

# %% [markdown]
# Dotted is each person's own regression, solid the mixed model's line for the same person. They nearly coincide: the assay is so
# precise that there is little noise to shrink away.
#
# ## "Some have an effect, some do not"
#
# So says the lecture under its picture. It is tempting: some slopes are near zero. But these are six draws from one population, seen
# through noise.

# %% mends="x000-20"
slopes = growth.coef()["Sample"]["Year"]
sd_slope = growth.varcorr.frame["sdcor"].iloc[1]
parallel = lk.lmer("Value ~ Year + (1 | Sample)", protein)
test = lk.anova(parallel, growth, refit=False)
lecture_vs_truth(
    "000, slide 30",
    "some samples have an effect and some do not",
    "slopes differ, and the predictions of them are shrunken; 'has an effect' is not something that a random"
    " slope decides for one person",
    f"slopes run from {slopes.min():.2f} to {slopes.max():.2f} around {growth.fixef['Year']:.2f}, with a"
    f" standard deviation of {sd_slope:.2f}; that slopes differ at all is supported with p ="
    f" {test['p_value'].iloc[1]:.1e}",
)

# %%
sds = growth.ranef_sd()["Sample"]["Year"]
caterpillar = pd.DataFrame({"slope": slopes, "sd": sds}).sort_values("slope")
fig, ax = plt.subplots(figsize=(8, 3.6))
ax.errorbar(
    caterpillar["slope"],
    caterpillar.index.astype(str),
    xerr=1.96 * caterpillar["sd"],
    fmt="o",
    color=BLUE,
    capsize=4,
)
ax.axvline(growth.fixef["Year"], ls="--", color=RED)
ax.axvline(0, ls=":", color="black")
ax.set_xlabel("slope (units a year)")
ax.set_ylabel("person")
plt.show()

# %% [markdown]
# Each bar is where a person's slope lies with 95% probability, given the fit; dashed is the average slope, dotted is none. A bar
# that crossed the dotted line would not make a person "without effect", but one about whom we know too little.
#
# **Predict, then run.** To make each person's bar shorter, what helps most: more `"people"` or more `"years"`?

# %%
your_help = ...
check("09.q2", your_help)

# %% [markdown]
# ## The price of forgetting
#
# What if we had ignored that people are people?

# %%
forgetful = lk.lm("Value ~ Year", protein)
half = pd.DataFrame(
    {
        "slope": [forgetful.fixef["Year"], parallel.fixef["Year"], growth.fixef["Year"]],
        "std_error": [forgetful.se["Year"], parallel.se["Year"], growth.se["Year"]],
    },
    index=["rows as people", "random intercept", "random slope"],
)
print(half.round(4).to_string())

# %% [markdown]
# All three find the same slope, for everybody was measured every year. They disagree about how well it is known. Ignoring people
# adds their differences to the noise. Giving them levels but one common slope claims too much, since the slope of the *population* can be
# known no better than six slopes allow. The last row is the honest one.
#
# **Predict, then run.** Which of the three standard errors would *not* become small, however many years you followed the same six people?
# Answer `"rows as people"`, `"random intercept"` or `"random slope"`.

# %%
your_row = ...
check("09.q3", your_row)

# %% [markdown]
# ## Does time have memory?
#
# A random slope says that whatever a person does beyond their line is fresh noise every year. Perhaps a good year is followed by a good year.
# Look at the residuals of neighbouring years, here of the sleep study, where each person has ten mornings:

# %%
sleep = lk.load_data("sleepstudy")
fit = lk.lmer("Reaction ~ Days + (Days | Subject)", sleep)
wide = pd.DataFrame(
    {"r": fit.resid(), "Subject": sleep["Subject"].to_numpy(), "Days": sleep["Days"].to_numpy()}
).pivot(index="Subject", columns="Days", values="r")
today, tomorrow = wide.iloc[:, :-1].to_numpy().ravel(), wide.iloc[:, 1:].to_numpy().ravel()
lag1 = np.corrcoef(today, tomorrow)[0, 1]
fig, ax = plt.subplots(figsize=(5.4, 4.6))
ax.plot(today, tomorrow, "o", color=BLUE, alpha=0.5)
ax.axhline(0, color=GREY, lw=1)
ax.axvline(0, color=GREY, lw=1)
ax.set_xlabel("residual one morning (ms)")
ax.set_ylabel("residual the next (ms)")
plt.show()
in_words(
    f"The correlation of neighbouring residuals is {lag1:.2f}: little memory beyond the lines (and fitted"
    " lines alone push it below zero)."
)

# %% [markdown]
# A cloud without direction is good news. A cloud along the diagonal would call for a model with correlated residuals, which lme4 and lmmkit do
# not fit (nlme and glmmTMB do).

# %%
explorers.random_effects(sd_slope=0.8)

# %%
key_points(
    "Draw people, not yearly means.",
    "With time inside people, let both intercept and slope vary unless the data refuse.",
    "The average slope is known no better than the number of people allows.",
    "Predicted slopes are shrunken and uncertain; they do not sort people into with and without effect.",
    "Look for curvature and for memory in the residuals.",
)

# %% [markdown]
# ## Further reading
#
# - Singer, J. D., and Willett, J. B. (2003). *Applied Longitudinal Data Analysis*. Oxford University Press.
# - Laird, N. M., and Ware, J. H. (1982). Random-effects models for longitudinal data. *Biometrics* 38, 963–974.
