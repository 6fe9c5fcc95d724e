# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] covers="002-1 002-2" minutes=50 needs="how a line is fitted, and what a residual is (01)"
# # 2. Simpson's paradox: which slope do you mean?
#
# **You will be able to**
#
# - recognise a slope that turns round once groups are seen, and say what it is called;
# - take a pooled slope apart into a slope within groups and a slope between them;
# - tell Simpson's paradox from an interaction;
# - explain why two or three groups are a fixed effect and not a random one.
#
# **Data** `simpson` (simulated), `biomarker` and `clinic` (synthetic: they give the lecture's
# printed results, but no patient stands behind them).
# **Lectures** 000 clinic and biomarker; 002 what mixed models are, and Simpson's paradox; 003 "random intercept model,
# example".
#
# Run every cell from top to bottom. Where you meet three dots, commit yourself before you run on.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.check import check
from lmmkit.course.lesson import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    RED,
    in_words,
    key_points,
    lecture_vs_truth,
    table_text,
    use_course_look,
)

use_course_look()
LOOKS = [(BLUE, "o"), (RED, "s"), (GREEN, "^"), (PINK, "D"), (ORANGE, "v")]

# %% [markdown]
# ## The question
#
# Five valleys, a hundred owls in each. For every owl somebody wrote down how long it hunted and how much it caught.
# Surely who hunts longer catches more? We plot the five hundred owls, and the line goes *down*. Should owls stay at
# home?
#
# The data are simulated, as in the lecture: two variables `V1` (say, time spent hunting) and `V2` (say, catch), and a `Group`
# (the valley). Their unit is the spread within a valley (one standard deviation), and their zero means nothing.

# %% covers="003-10"
owls = lk.load_data("simpson")
print(f"{len(owls)} rows, {owls.shape[1]} columns, {owls['Group'].nunique()} groups")
print(owls.head(4).to_string())
m1 = lk.lm("V2 ~ V1", owls)
print(table_text(m1.coef_table(), 4))

# %%
fig, ax = plt.subplots()
reach = np.array([owls["V1"].min(), owls["V1"].max()])
ax.plot(owls["V1"], owls["V2"], ".", color=GREY, ms=6, alpha=0.6)
ax.plot(reach, m1.fixef["(Intercept)"] + m1.fixef["V1"] * reach, "--", color="black", lw=3)
ax.set_xlabel("V1, time spent hunting (SDs of a valley)")
ax.set_ylabel("V2, catch (SDs of a valley)")
plt.show()

# %% [markdown]
# Each dot is an owl; the line is the one straight line that fits them best.
#
# **Predict, then run.** Now take one valley by itself. In which direction does its own line go: `"up"` or `"down"`?

# %%
your_direction = ...
check("02.q1", your_direction)

# %% [markdown]
# We give every valley a level of its own. Five valleys are a few of many, so here the levels are *random*: draws from a
# normal distribution whose spread is estimated. (What that means, and when it is wise, is the business of the next two
# lessons. For now read `(1 | Group)` as "a level for each group".)
#
# $$V2_{ij} = \beta_0 + b_j + \beta_1 V1_{ij} + \varepsilon_{ij},\qquad b_j \sim N(0,\tau^2),\quad
# \varepsilon_{ij}\sim N(0,\sigma^2)$$

# %% covers="003-11"
m2 = lk.lmer("V2 ~ V1 + (1 | Group)", owls)
print(m2.summary(ddf="none"))

# %% [markdown]
# In R: `lmer(V2 ~ V1 + (1 | Group), data = my.data)`.
#
# Where do the five valleys lie, relative to their common middle?

# %% covers="003-12"
levels = m2.ranef()["Group"]["(Intercept)"]
print((levels.round(6) + 0.0).to_string())  # adding zero turns -0.0 into 0.0

# %% covers="003-13"
fig, ax = plt.subplots()
for (colour, marker), (name, mine) in zip(LOOKS, owls.groupby("Group", observed=True), strict=True):
    ends = np.array([mine["V1"].min(), mine["V1"].max()])
    ax.plot(mine["V1"], mine["V2"], marker, color=colour, ms=4, alpha=0.5)
    own = m2.fixef["(Intercept)"] + levels[name] + m2.fixef["V1"] * ends
    ax.plot(ends, own, color=colour, lw=3, label=name)
ax.plot(reach, m1.fixef["(Intercept)"] + m1.fixef["V1"] * reach, "--", color="black", label="all together")
ax.set_xlabel("V1, time spent hunting (SDs of a valley)")
ax.set_ylabel("V2, catch (SDs of a valley)")
ax.set_ylim(top=4)
ax.legend(ncols=3, loc="upper right")
plt.show()

# %% [markdown]
# Colour and shape are the valley; solid lines the mixed model's, dashed the line that knew of no valleys. Inside every
# valley longer hunting goes with a larger catch. But in valleys with few mice owls hunt longer, on average, and catch
# less. The dashed line compares poor valleys with rich ones, and is read as if it compared owls that hunt little with owls that hunt long.
#
# The residuals give it away:

# %% covers="003-14"
fig, axes = plt.subplots(1, 2, figsize=(9.5, 4.2), layout="constrained")
for ax, fit, title in zip(axes, [m1, m2], ["lm: no valleys", "lmer: valleys"], strict=True):
    for (colour, marker), (_, rows) in zip(LOOKS, owls.groupby("Group", observed=True), strict=True):
        ax.plot(fit.fitted[rows.index], fit.resid()[rows.index], marker, color=colour, ms=4, alpha=0.6)
    ax.axhline(0, color="black", lw=1)
    ax.set_title(title)
    ax.set_xlabel("fitted catch (SDs of a valley)")
axes[0].set_ylabel("residual (SDs of a valley)")
plt.show()

# %% [markdown]
# Left, every valley is a steep streak: whoever knows the valley, and how long an owl hunted, knows the residual well. Right, the residuals are a
# shapeless band, as they should be.

# %% mends="x003-6"
fits = [lk.lmer("V2 ~ V1 + (1 | Group)", lk.simulate_simpson(seed=seed)) for seed in (1, 2, 3)]
for seed, fit in enumerate(fits, 1):
    variance = fit.varcorr.frame["vcov"].iloc[0]
    middle = fit.ranef()["Group"]["(Intercept)"].iloc[2]
    print(
        f"seed {seed}: variance {variance:.4f}, residual {fit.sigma**2:.4f}, "
        f"slope {fit.fixef['V1']:.5f}, se {fit.se['(Intercept)']:.5f}, middle group {abs(middle):.6f}"
    )
lecture_vs_truth(
    "003, Simpson data",
    "data are simulated without a seed, and for G_3 a random effect of 1.477107e-10 is printed",
    "without a seed the rows cannot be had again, but the fit can: means, variances and correlation are exact"
    " in every draw. The effect of the middle group is zero; its printed digits are rounding noise",
    "three seeds, the same variances, slope and standard error each time, and the middle group at zero",
)

# %% [markdown]
# ## Taking a slope apart
#
# How can a line go down where every part of it goes up? The pooled slope is an average of two slopes: one **within**
# groups, and one **between** them, through the groups' means. The weights are the shares of the predictor's variation
# that lie within and between:
#
# $$\hat\beta_{\text{pooled}} = w\,\hat\beta_{\text{between}} + (1 - w)\,\hat\beta_{\text{within}},\qquad
# w = \frac{\sum_j n_j(\bar x_j - \bar x)^2}{\sum_{ij}(x_{ij}-\bar x)^2}$$

# %%
means = owls.groupby("Group", observed=True)[["V1", "V2"]].transform("mean")
share = ((means["V1"] - owls["V1"].mean()) ** 2).sum() / ((owls["V1"] - owls["V1"].mean()) ** 2).sum()
between = lk.lm("V2 ~ V1", means).fixef["V1"]
within = lk.lm("V2 ~ 0 + V1", owls[["V1", "V2"]] - means).fixef["V1"]
print(f"within {within:+.3f}   between {between:+.3f}   share of V1 between the valleys {share:.3f}")
print(f"weighted {share * between + (1 - share) * within:+.4f}   lm {m1.fixef['V1']:+.4f}")

# %% [markdown]
# The two numbers of the last line agree to every digit.
#
# **Predict, then run.** Suppose the owls of all five valleys hunted equally long on average. Which slope would the
# pooled line then have: `"within"`, `"between"` or `"half of each"`?

# %%
your_slope = ...
check("02.q2", your_slope)

# %% [markdown] covers="002-4"
# Your turn. Set the slope between the groups to the slope within: the paradox is gone, and no model would have
# been needed to avoid it. Then turn the slope between down, step by step. When does the pooled slope leave the slope within, and when does it turn round?

# %%
explorers.simpson()

# %% [markdown]
# It leaves it at once, since most of the variation of `x` lies between these groups, and it turns round when the slope between has come to about zero. The mixed model's
# slope is a mixture as well. It stays near the slope within as long as the fit finds that groups differ, and falls back on the pooled slope where it finds no difference
# between them (lesson 3).

# %% [markdown]
# ## A biomarker and three cohorts
#
# Back to the clinic. Sixty patients; a blood marker that should go with the severity of a disease. The plain regression
# first.

# %% covers="000-s27"
patients = lk.load_data("biomarker")
pooled = lk.lm("Disease ~ Biomarker", patients)
print(pooled.summary())

# %% [markdown]
# The marker lowers the score, says the table, with a star. Then somebody remembers that the patients
# came from three cohorts.

# %%
by_cohort = lk.lm("Disease ~ Biomarker + Cohort", patients)
fig, ax = plt.subplots()
for (colour, marker), (name, mine) in zip(LOOKS, patients.groupby("Cohort", observed=True), strict=False):
    ends = np.array([mine["Biomarker"].min(), mine["Biomarker"].max()])
    level = by_cohort.fixef["(Intercept)"] + by_cohort.fixef.get(f"Cohort{name}", 0.0)
    ax.plot(mine["Biomarker"], mine["Disease"], marker, color=colour, ms=6, label=f"cohort {name}")
    ax.plot(ends, level + by_cohort.fixef["Biomarker"] * ends, color=colour, lw=3)
reach = np.array([patients["Biomarker"].min(), patients["Biomarker"].max()])
ax.plot(reach, pooled.predict(pd.DataFrame({"Biomarker": reach})), "--", color="black", label="all together")
ax.set_xlabel("biomarker (U/mL)")
ax.set_ylabel("severity of disease (score)")
ax.legend(loc="upper right", ncols=2, fontsize=11)
ax.set_ylim(top=patients["Disease"].max() + 1.2)
plt.show()

# %% [markdown] asks="q000-28"
# Dashed: all sixty. Solid: a level for each cohort and one common slope, which rises.
#
# **Your turn.** The pattern turns round inside the cohorts. What is this phenomenon called?
# `"regression to the mean"`, `"Simpson's paradox"`, `"overfitting"` or `"shrinkage"`?

# %%
your_name = ...
check("02.q3", your_name)

# %% asks="q000-28" mends="x000-19"
lecture_vs_truth(
    "000, slide 28",
    "asks for the name of the phenomenon, and leaves it at that",
    "Simpson's paradox; where groups are neighbourhoods or hospitals, also called ecological or aggregation"
    " bias",
    f"all together {pooled.fixef['Biomarker']:+.3f} per unit, within cohorts"
    f" {by_cohort.fixef['Biomarker']:+.3f}",
)

# %% [markdown]
# ## The lecture's own fit, and a flat ridge
#
# The lecture lets both level and slope vary between the three cohorts, as random effects. We cannot get its printed table
# by fitting: a good optimiser does not stop there. But we can *go* there. A mixed model's random part is described
# by a few numbers called `theta`, and `optimize=False` evaluates the model at those we name.

# %% covers="000-s28 000-s29"
FORMULA = "Disease ~ Biomarker + (Biomarker | Cohort)"
printed = lk.lmer(FORMULA, patients, start=[1.207703175, 0.014691126, 0.002973204], optimize=False)
print(printed.summary(ddf="none"))
print(printed.coef()["Cohort"].to_string(float_format="{:.7f}".format))

# %%
best = lk.lmer(FORMULA, patients)
print(best)

# %% [markdown]
# The fit that we get by searching is singular. And here is a third one, which nobody would have found by searching: a standard
# deviation of the intercepts nearly three times as large as the printed one, and a correlation of *minus* one. And yet the three are almost equally
# good. Here they are side by side, with one more row: how much cohorts differ at the *average* marker, instead of at a marker of zero, where nobody ever was.

# %%
centre = np.array([1.0, patients["Biomarker"].mean()])
far = lk.lmer(FORMULA, patients, start=[3.5, -0.0145, 0.0], optimize=False)
columns = {}
for title, fit in {"printed": printed, "optimum": best, "a third": far}.items():
    frame = fit.varcorr.frame
    v0, v1, cov = frame["vcov"].iloc[:3]
    ranef = fit.ranef()["Cohort"]
    columns[title] = {
        "REML criterion": fit.reml_criterion,
        "SD of cohorts at marker zero": frame["sdcor"].iloc[0],
        "SD of slopes": frame["sdcor"].iloc[1],
        "correlation": frame["sdcor"].iloc[2],
        "SD of cohorts at the average marker": np.sqrt(centre @ [[v0, cov], [cov, v1]] @ centre),
        "slope's deviation / intercept's, cohort A": (
            ranef["Biomarker"].iloc[0] / ranef["(Intercept)"].iloc[0]
        ),
        "slope's deviation / intercept's, cohort C": (
            ranef["Biomarker"].iloc[2] / ranef["(Intercept)"].iloc[2]
        ),
        "common slope": fit.fixef["Biomarker"],
    }
table = pd.DataFrame(columns)
print(table.map("{:.5f}".format).to_string())

# %% mends="x000-18"
gap = table.loc["REML criterion", "printed"] - table.loc["REML criterion", "optimum"]
lecture_vs_truth(
    "000, slide 28",
    f"intercepts and slopes of three cohorts vary with SDs {printed.varcorr.frame['sdcor'].iloc[0]:.5f} and"
    f" {printed.varcorr.frame['sdcor'].iloc[1]:.5f} and a correlation of"
    f" {printed.varcorr.frame['sdcor'].iloc[2]:.2f}",
    "the search had stopped on a flat ridge. Three cohorts cannot tell level from slope when the marker's"
    " zero is far outside the data; centre the marker, and with three cohorts make them fixed",
    f"the optimum lies {gap:.4f} lower, at a correlation of {best.varcorr.frame['sdcor'].iloc[2]:+.0f}, and a fit with one of"
    f" {far.varcorr.frame['sdcor'].iloc[2]:+.0f} only {table.loc['REML criterion', 'a third'] - table.loc['REML criterion', 'optimum']:.3f}"
    " above it: whatever is said about level and slope, cohorts differ by about 1.6 points at the average marker",
)

# %% [markdown]
# What should be reported is the fixed version, with a centred marker, so that the intercept is a patient with an average
# marker:

# %%
patients["marker"] = patients["Biomarker"] - patients["Biomarker"].mean()
report = lk.lm("Disease ~ marker + Cohort", patients)
print(table_text(report.coef_table(), 4))
extra = lk.lm("Disease ~ marker * Cohort", patients)
in_words(
    f"Within a cohort, one more unit of the marker goes with {report.fixef['marker']:+.2f} points of disease "
    f"(standard error {report.se['marker']:.2f}).",
    f"Do cohorts need slopes of their own? F = {extra.anova().loc['marker:Cohort', 'statistic']:.2f}, "
    f"p = {extra.anova().loc['marker:Cohort', 'p_value']:.2f}: nothing here asks for them.",
)

# %% [markdown]
# ## A drug, women and men
#
# A hundred patients of a clinic, at fifty different doses; how much weight do they gain?

# %% covers="000-s25"
clinic = lk.load_data("clinic")
gain = lk.lm("Value ~ Dose", clinic)
print(gain.summary())

# %% [markdown] asks="q000-26"
# More drug, more weight, and *p* is small. What if we look at women and men separately?

# %% asks="q000-26"
fixed = lk.lm("Value ~ Dose * Gender", clinic)
fig, ax = plt.subplots()
doses = np.array([clinic["Dose"].min(), clinic["Dose"].max()])
names = {"F": "women", "M": "men"}
for (colour, marker), (name, mine) in zip(LOOKS, clinic.groupby("Gender", observed=True), strict=False):
    ax.plot(mine["Dose"], mine["Value"], marker, color=colour, ms=6, alpha=0.7, label=names[name])
    ends = pd.DataFrame({"Dose": doses, "Gender": name})
    ax.plot(doses, fixed.predict(ends), color=colour, lw=3)
ax.plot(doses, gain.predict(pd.DataFrame({"Dose": doses})), "--", color="black", label="all together")
ax.set_xlabel("dose (g/day)")
ax.set_ylabel("weight gain (g)")
ax.legend()
plt.show()
print(table_text(fixed.coef_table()))

# %% [markdown]
# Round dots and the flat line are women, squares and the steep line men; dashed is everybody.
# For women the drug does nothing that these data could show, for men it does a lot. The average slope describes nobody.
#
# This is *not* Simpson's paradox. There the groups differ in level, and the predictor goes with the
# level. Here women and men get the same doses, and their *slopes* differ: an **interaction**.
#
# **Predict, then run.** Which slope do men have, in grams per unit of dose? Two numbers of the table are needed.

# %%
your_men = ...
check("02.q4", your_men)

# %% [markdown]
# The lecture makes gender a random effect instead, as if F and M had been drawn from an urn full of genders:

# %% covers="000-s26"
urn = lk.lmer("Value ~ Dose + (Dose | Gender)", clinic)
print(urn.summary(ddf="none"))
print(urn.coef()["Gender"].round(5).to_string())

# %% [markdown]
# The slopes by gender are much the same. But look what became of `Dose`: its standard error is several times larger,
# for now it is the mean slope of a *population of genders*, known from two of them.
#
# **Predict, then run.** How many degrees of freedom has a variance that is estimated from two levels?

# %%
your_df = ...
check("02.q5", your_df)

# %% mends="x000-16"
t_lm = gain.coef_table().loc["Dose", "statistic"]
t_urn = urn.coef_table(ddf="none").loc["Dose", "statistic"]
low, high = np.sqrt(1 / stats.chi2.ppf([0.975, 0.025], 1))
inter = fixed.coef_table().loc["Dose:GenderM"]
lecture_vs_truth(
    "000, slides 25 and 26",
    "gender, with two levels, is a random factor; its intercepts and slopes correlate at exactly −1",
    "write Dose * Gender: two genders are the two we want to compare, not a sample. A variance from two"
    " levels has one degree of freedom, and two points always lie on a line, hence the −1",
    f"t of Dose falls from {t_lm:.2f} to {t_urn:.2f} only because it is now said of a population of genders;"
    f" the fixed interaction is plain to see (t = {inter['statistic']:.2f}); an SD from one degree of freedom"
    f" may be anything from {low:.2f} to {high:.0f} times its estimate",
)

# %% mends="x000-17"
fewer = clinic.drop(clinic[(clinic["Gender"] == "M") & (clinic["Dose"] > 0.45)].index)
plain, mixed = lk.lm("Value ~ Dose", fewer), lk.lmer("Value ~ Dose + (Dose | Gender)", fewer)
print(clinic.groupby("Gender", observed=True)["Dose"].agg(["size", "mean"]).round(4).to_string())
lecture_vs_truth(
    "000, slide 26",
    f"the mixed model has the fixed effects of lm, {urn.fixef['(Intercept)']:.2f} and"
    f" {urn.fixef['Dose']:.2f}",
    "they agree because women and men had exactly the same doses; it is not a rule",
    f"leave out the men with the highest doses, and lm says {plain.fixef['Dose']:.1f}, the mixed model "
    f"{mixed.fixef['Dose']:.1f}",
)

# %% [markdown]
# ## Why two or three groups are fixed
#
# Here is what an estimated spread is worth. Groups differ with a true standard deviation of one. We draw some groups,
# measure each of them perfectly, and compute the standard deviation of their levels, many thousand times.

# %%
rng = np.random.default_rng(3)
counts = [2, 3, 5, 10, 30]
spreads = [rng.normal(size=(20_000, k)).std(axis=1, ddof=1) for k in counts]
fig, ax = plt.subplots()
parts = ax.violinplot([s[s < 3] for s in spreads], widths=0.85, showextrema=False)
for body in parts["bodies"]:
    body.set(facecolor=BLUE, alpha=0.45)
for x, s in enumerate(spreads, 1):
    ax.vlines(x, *np.quantile(s, [0.025, 0.975]), color=BLUE, lw=2)
ax.axhline(1, color=RED, ls="--", label="true SD between groups")
ax.set_xticks(range(1, len(counts) + 1), counts)
ax.set_ylim(0, 3)
ax.set_xlabel("groups drawn")
ax.set_ylabel("estimated SD between groups")
ax.legend()
plt.show()

# %% [markdown]
# Each shape is the distribution of the estimate, the bar inside it holds ninety-five per cent. With two groups an estimate
# near zero is nothing unusual, with thirty it is never far from the truth.

# %% mends="x002-2"
for k, s in zip(counts, spreads, strict=True):
    low, high = np.quantile(s, [0.025, 0.975])
    print(f"{k:>3} groups: estimates from {low:.2f} to {high:.2f}, one in twenty outside")
lecture_vs_truth(
    "002, the variancePartition package",
    "categorical variables should almost always be random effects, sex, disease status and time point"
    " included",
    "that is a rule for one aim: to split variance into shares on one scale. When a few chosen levels are to"
    " be compared (sex, disease, tissue), they are fixed; a variance from two or three levels is hardly"
    " known",
    f"with two groups the estimated SD is below a quarter of the truth in {np.mean(spreads[0] < 0.25):.0%} of"
    f" all draws, with three in {np.mean(spreads[1] < 0.25):.0%}",
)

# %%
key_points(
    "A pooled slope mixes the slope within groups and the slope between them; they can have opposite signs.",
    "That is Simpson's paradox. Colour the groups before you believe a line.",
    "Slopes that differ between groups are an interaction, which is something else.",
    "Below about five groups their variance is poorly known; two or three groups are fixed effects.",
    "Centre a predictor whose zero is far from the data, before you read an intercept or a correlation.",
)

# %% [markdown]
# ## Further reading
#
# - Simpson, E. H. (1951). The interpretation of interaction in contingency tables. *Journal of the Royal Statistical
#   Society, Series B* 13, 238–241.
# - Robinson, W. S. (1950). Ecological correlations and the behavior of individuals. *American Sociological Review* 15,
#   351–357.
# - Kievit, R. A., Frankenhuis, W. E., Waldorp, L. J., and Borsboom, D. (2013). Simpson's paradox in psychological science:
#   a practical guide. *Frontiers in Psychology* 4, 513.
