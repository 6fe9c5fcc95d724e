# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=35 needs="random slopes (05), shrinkage (06)"
# # 9. Repeated measures: the same person, year after year
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
from lmmkit.course.lesson import (
    BLUE,
    GREY,
    RED,
    in_words,
    key_points,
    lecture_vs_truth,
    table_text,
    use_course_look,
)

use_course_look()
protein = lk.load_data("protein_years")

# %% [markdown] covers="000-s30" asks="q000-30"
# ## The question
#
# Six people give blood every year, and in the blood a protein is measured. Does it rise as the years go by? The five values of one
# person belong together: whoever is high in one year tends to be high in the next. Longitudinal data are grouped data in
# which the group is a person and the order matters.
#
# Draw first. Not the mean per year, which hides everything; the people.

# %%
fig, ax = plt.subplots()
markers = ["o", "s", "^", "D", "v", "P"]
for (name, person), marker in zip(protein.groupby("Sample", observed=True), markers, strict=True):
    ax.plot(person["Year"], person["Value"], "-", marker=marker, label=name)
ax.set_xlabel("year")
ax.set_ylabel("protein (ng/mL)")
ax.set_xticks(sorted(protein["Year"].unique()))
ax.set_ylim(top=74)
ax.legend(title="person", ncol=6, fontsize=11, loc="upper center")
plt.show()

# %% [markdown]
# One line per person. Most climb, one sinks, and they start at different heights.
#
# **Your turn.** Would you let `"intercepts"`, `"slopes"` or `"both"` differ between these people?

# %%
your_choice = ...
check("09.q1", your_choice)

# %% [markdown]
# ## A line each, and the average line
#
# For visit $i$ of person $j$:
#
# $$\text{Value}_{ij} = (\beta_0 + b_{0j}) + (\beta_1 + b_{1j})\,\text{Year}_{ij} + \varepsilon_{ij}$$
#
# The pair $(b_{0j}, b_{1j})$ is drawn from one normal distribution for all persons, with two standard deviations and a
# correlation; $\varepsilon_{ij}$ is fresh noise at every visit. In R: `lmer(Value ~ Year + (Year | Sample), data = protein)`.

# %%
growth = lk.lmer("Value ~ Year + (Year | Sample)", protein)
print(growth.summary())

# %%
print(growth.coef()["Sample"].round(3).to_string())

# %% [markdown]
# Is a straight line enough? Ask the residuals, person by person, or let the line bend and see whether the bend is larger than its
# error.

# %%
bent = lk.lmer("Value ~ Year + I(Year^2) + (Year | Sample)", protein)
table = bent.coef_table()
print(table_text(table))
in_words(
    f"The bend is {table.loc['I(Year^2)', 'estimate']:.3f} with a standard error of"
    f" {table.loc['I(Year^2)', 'std_error']:.3f} (p = {table.loc['I(Year^2)', 'p_value']:.2f}): nothing"
    " in these five years speaks against a straight line.",
)

# %%
fig, ax = plt.subplots()
year = np.array([protein["Year"].min(), protein["Year"].max()])
for name, line in growth.coef()["Sample"].iterrows():
    person = protein[protein["Sample"] == name]
    own = lk.lm("Value ~ Year", person).fixef
    ax.plot(year, line["(Intercept)"] + line["Year"] * year, "-", color=BLUE, lw=5, alpha=0.45)
    ax.plot(year, own.iloc[0] + own.iloc[1] * year, "--", color=RED, lw=1.6)
ax.plot(protein["Year"], protein["Value"], ".", color=GREY)
ax.plot([], [], "--", color=RED, label="own regression")
ax.plot([], [], "-", color=BLUE, lw=5, alpha=0.45, label="mixed model")
ax.set_xlabel("year")
ax.set_ylabel("protein (ng/mL)")
ax.set_xticks(sorted(protein["Year"].unique()))
ax.legend()
plt.show()

# %% [markdown]
# Dashed is each person's own regression, the broad line the mixed model's for the same person. They nearly coincide: the assay is so
# precise that there is little noise to shrink away.
#
# ## "Some have an effect, some do not"
#
# So says the lecture under its picture. It is tempting: one person falls, and one hardly climbs. But these are six draws from one
# population of slopes, and a population does not fall into those with and those without.

# %% mends="x000-20"
slopes = growth.coef()["Sample"]["Year"]
sd_slope = growth.varcorr.frame["sdcor"].iloc[1]
parallel = lk.lmer("Value ~ Year + (1 | Sample)", protein)
test = lk.anova(parallel, growth, refit=False)
lecture_vs_truth(
    "000, slide 30",
    "some samples have an effect and some do not",
    "slopes differ, by more or by less; a random slope describes how much, and does not sort people into two"
    " kinds",
    f"slopes run from {slopes.min():.2f} to {slopes.max():.2f} around {growth.fixef['Year']:.2f}, with a"
    f" standard deviation of {sd_slope:.2f}; that slopes differ at all is supported with p ="
    f" {test['p_value'].iloc[1]:.1e}",
)

# %%
sleep = lk.load_data("sleepstudy")
drivers = lk.lmer("Reaction ~ Days + (Days | Subject)", sleep)
fig, axes = plt.subplots(1, 2, figsize=(10, 5), layout="constrained")
for ax, model, group, time in [(axes[0], growth, "Sample", "Year"), (axes[1], drivers, "Subject", "Days")]:
    bars = pd.DataFrame({"slope": model.coef()[group][time], "sd": model.ranef_sd()[group][time]})
    bars = bars.sort_values("slope")
    names = bars.index.astype(str)
    ax.errorbar(bars["slope"], names, xerr=1.96 * bars["sd"], fmt="o", color=BLUE, capsize=3, lw=1.5)
    ax.axvline(model.fixef[time], ls="--", color="black", lw=1.5)
    ax.axvline(0, ls=":", color="black", lw=1.5)
axes[0].set(xlabel="slope (ng/mL a year)", ylabel="person", title="protein")
axes[1].set(xlabel="slope (ms a day)", ylabel="driver", title="reaction time")
axes[1].tick_params(axis="y", labelsize=9)
plt.show()

# %%
crossing = (bars["slope"] - 1.96 * bars["sd"] < 0) & (bars["slope"] + 1.96 * bars["sd"] > 0)
own_slopes = {
    name: lk.lm("Reaction ~ Days", sleep[sleep["Subject"] == name]).fixef["Days"] for name in bars.index[crossing]
}
in_words(
    f"Of the six people no bar reaches the dotted line; of the eighteen drivers {crossing.sum()} do.",
    "Their own regressions have slopes of "
    + " and ".join(f"{slope:+.1f}" for slope in own_slopes.values())
    + " ms a day; the model predicts "
    + " and ".join(f"{bars.loc[name, 'slope']:+.1f}" for name in own_slopes)
    + ". (It is intercept and slope together that are pulled towards the others, see lesson 6.)",
)

# %% [markdown]
# Each bar is where a slope lies with 95% probability, given the fit; dashed is the average slope, dotted is none. The assay is precise, and of
# each of the six we know whether they rise or fall. Reaction times are not: a bar that crosses the dotted line does not make a driver
# "without effect", but one of whom we know too little.
#
# **Your turn.** To make each person's bar shorter, what helps most: more `"people"` or more `"years"`?

# %%
your_help = ...
check("09.q2", your_help)

# %% [markdown]
# ## The price of forgetting
#
# What if we had ignored that five rows are one person?

# %%
forgetful = lk.lm("Value ~ Year", protein)
half = pd.DataFrame(
    {
        "slope": [forgetful.fixef["Year"], parallel.fixef["Year"], growth.fixef["Year"]],
        "std_error": [forgetful.se["Year"], parallel.se["Year"], growth.se["Year"]],
    },
    index=["lm, people ignored", "random intercept", "random slope"],
)
print(half.round(4).to_string())

# %% [markdown]
# All three find the same slope, for everybody was measured every year. They disagree about how well it is known.
#
# **Your turn.** Which of the three standard errors would *not* become small, however many years you followed the same six people?
# Answer `"lm"`, `"random intercept"` or `"random slope"`.

# %%
your_row = ...
check("09.q3", your_row)

# %% [markdown]
# Ignoring people adds their differences to the noise. Giving them levels but one common slope claims too much: the slope of the
# *population* can be known no better than the slopes of six people allow. The last row is the one to report.

# %% [markdown]
# ## Does time have memory?
#
# A random slope says that whatever a person does beyond their line is fresh noise every time. Perhaps a good day is followed by a good day.
# Look at the residuals of neighbouring days, here of the sleep study, where each driver has ten of them.
#
# But with what shall we compare their correlation? Not with zero. A line has been fitted to each driver, so that a driver's residuals add up to nearly
# zero: a high one must be made good by low ones. To see what a world *without* memory gives, we simulate the study from the fitted model,
# where every day's noise is fresh, fit it again, and do so two hundred times.

# %%
def neighbours(model):
    """The residuals of each day but the last, and those of the day after."""
    left = model.resid().groupby(sleep["Subject"], observed=True)
    return left.apply(lambda r: r.iloc[:-1]).to_numpy(), left.apply(lambda r: r.iloc[1:]).to_numpy()


def lag1(model):
    """The correlation of neighbouring residuals."""
    return np.corrcoef(*neighbours(model))[0, 1]


studies = drivers.simulate(200, seed=9)
without_memory = np.array([lag1(drivers.refit(studies[name])) for name in studies])
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
left.plot(*neighbours(drivers), "o", color=GREY, alpha=0.5)
left.set_xlabel("residual one day (ms)")
left.set_ylabel("residual the next day (ms)")
right.hist(without_memory, bins=15, color=GREY, label="simulated, no memory")
right.axvline(lag1(drivers), color=RED, lw=3, label="the drivers")
right.set_xlabel("correlation of neighbouring residuals")
right.set_ylabel("studies (of two hundred)")
right.set_ylim(top=46)
right.legend(loc="upper left")
plt.show()

# %%
low, high = np.quantile(without_memory, [0.025, 0.975])
in_words(
    f"The correlation of neighbouring residuals is {lag1(drivers):+.2f}. That looks like next to nothing.",
    f"But without memory it would be about {without_memory.mean():.2f} (95% of the simulated studies lie between {low:.2f} and "
    f"{high:.2f}), and {(without_memory >= lag1(drivers)).sum()} of the 200 simulated studies reach what the drivers show. The days do have memory.",
)

# %% [markdown]
# The cloud on the left does not show it: a few wild days of two drivers stretch the picture. That is why a number needs its reference: what is small
# beside zero is large beside what no memory looks like.
#
# What would help is a model in which neighbouring residuals are correlated. In R, package nlme has one:
# `lme(Reaction ~ Days, random = ~ Days | Subject, correlation = corAR1(), data = sleepstudy)`. It finds a correlation of about a half from one day
# to the next. The average slope and its standard error hardly change here; the next day's reaction time of a driver could be foretold
# better. lmmkit has no such residuals, and older versions of lme4 neither.
#
# Now for what limits the average slope. In this family of lines slopes differ. Let the *residual SD* go down to its smallest value: do the lines
# come closer to each other?

# %%
explorers.random_effects(sd_slope=0.8)

# %% [markdown]
# They do not. Better measurements would tell more about each line; the lines differ as before. For the average slope more groups are
# needed.

# %%
key_points(
    "Draw people, not yearly means.",
    "With time inside people, let both intercept and slope vary unless the data refuse.",
    "The average slope is known no better than the number of people allows.",
    "Predicted slopes are shrunken and uncertain; they do not sort people into with and without effect.",
    "Look for curvature and for memory in the residuals, and compare with what a model without them gives.",
)

# %% [markdown]
# ## Further reading
#
# - Singer, J. D., and Willett, J. B. (2003). *Applied Longitudinal Data Analysis*. Oxford University Press.
# - Laird, N. M., and Ware, J. H. (1982). Random-effects models for longitudinal data. *Biometrics* 38, 963–974.
