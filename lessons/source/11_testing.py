# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=55 needs="a t-test and a p-value (01), random slopes (05), REML and ML (10)"
# # 11. Testing and intervals: is it real?
#
# **You will be able to**
#
# - say why `lmer` prints no p-values, and count the observations that a t-value really rests on;
# - test a fixed effect by likelihood ratio, and say why never from REML fits;
# - choose between Satterthwaite, Kenward–Roger and the bootstrap;
# - give an interval, by profile or bootstrap, for an effect and for a standard deviation;
# - test whether a variance is zero.
#
# **Data** `protein_years` (synthetic; it reproduces the lecture's tables).
# **Lectures** 000 slides 32 to 34. You will want lessons 9 and 10 behind you.

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
    RED,
    in_words,
    key_points,
    lecture_vs_truth,
    table_text,
    use_course_look,
)

use_course_look()
protein = lk.load_data("protein_years")

# %% [markdown] asks="q000-32"
# ## The question
#
# In lesson 9 six people came to give blood, once a year, and a protein in it seemed to rise. Seemed: five people climb and
# one sinks. Had other people come, might the average have stood still? **Is year a significant predictor of the
# protein?**
#
# Here is the model again, in lme4's own dress.

# %% covers="000-s32"
rise = lk.lmer("Value ~ Year + (Year | Sample)", protein)
print(rise.summary(ddf="none"))

# %% [markdown]
# An estimate, a standard error, their ratio. No p-value, no stars. Why?
#
# ## How many observations?
#
# A t-value alone says nothing; it must be held against what chance makes of it, and that depends on how well the
# standard error is known. A standard error from three observations is a guess; one from three thousand is a fact. So the
# t distribution has *degrees of freedom*, and for the t of `Year` we must know how many.
#
# **Predict, then run.** The table has thirty rows, of six people. How many degrees of freedom would you give the t
# of `Year`?

# %%
your_df = ...
check("11.q1", your_df)

# %% [markdown]
# Think of what the estimate *is*. Every person has a slope; the fixed effect is the mean of a population of slopes. Ten
# more visits of the same people would fix their slopes to a hair and bring not one further slope. So let us do the
# simplest thing a statistician can do: six slopes, one from each person, and a t-test against zero.

# %%
own = pd.Series(
    {name: np.polyfit(p["Year"], p["Value"], 1)[0] for name, p in protein.groupby("Sample", observed=True)}
)
simple = stats.ttest_1samp(own, 0)
fig, ax = plt.subplots(figsize=(8, 3.4))
ax.axvline(0, color=GREY, lw=1)
ax.plot(own, np.arange(len(own)), "o", color=BLUE, ms=9)
ax.errorbar(own.mean(), -1, xerr=own.sem() * stats.t.ppf(0.975, 5), fmt="D", color="black", capsize=6, ms=9)
ax.set_yticks([-1, *range(len(own))], ["mean", *own.index])
ax.set_xlabel("own slope (ng/mL a year)")
ax.set_ylabel("person")
plt.show()

# %% [markdown]
# One circle per person, the diamond is their mean with its 95% interval. Six numbers, of which the mean uses up one.

# %%
in_words(
    f"The t-test on {len(own)} slopes: mean {own.mean():.4f}, t = {simple.statistic:.3f} on {simple.df}"
    f" degrees of freedom, p = {simple.pvalue:.4f}.",
    f"The mixed model: {rise.fixef['Year']:.4f}, t = {rise.fixef['Year'] / rise.se['Year']:.3f}. The same,"
    " for everybody came every year.",
    f"With {rise.nobs - 2} degrees of freedom, from {rise.nobs} rows, or with a normal distribution, the same t"
    f" would have had p = {2 * stats.t.sf(simple.statistic, rise.nobs - 2):.4f} or"
    f" {2 * stats.norm.sf(simple.statistic):.4f}.",
)

# %% [markdown]
# That settles it for six people who never missed a visit. But if some do miss visits, or if crossed groups are not balanced,
# the ratio in general follows no t distribution exactly, and nobody has a formula. The authors of lme4 preferred to
# print nothing rather than something that is right only sometimes.

# %% mends="x000-21"
lecture_vs_truth(
    "000, slides 32 to 34",
    "a mixed model does not provide tests of its effects",
    "lme4 leaves the p-values out by choice, because the null distribution of t is not known exactly; there"
    " are at least four ways to test, each one line long: likelihood ratio, parametric bootstrap,"
    " Satterthwaite, Kenward-Roger",
    f"all four follow in this lesson; one of them gives p = {rise.coef_table().loc['Year', 'p_value']:.4f}",
)

# %% [markdown]
# Do not take my word for the shape of that distribution. Take the model *without* a common trend, let it invent three hundred
# studies of six people, fit each, and collect the t-values: what chance makes when there is nothing.

# %%
flat = lk.lmer("Value ~ (Year | Sample)", protein)
invented = flat.simulate(300, seed=4)
t_values = []
for column in invented:
    again = rise.refit(invented[column])
    t_values.append(again.fixef["Year"] / again.se["Year"])
t_values = np.array(t_values)

fig, ax = plt.subplots()
grid = np.linspace(-6, 6, 300)
ax.hist(
    t_values, bins=np.linspace(-6, 6, 37), density=True, color=GREY, alpha=0.5, label="studies without trend"
)
ax.plot(grid, stats.norm.pdf(grid), "--", color=RED, label="normal")
ax.plot(grid, stats.t.pdf(grid, 5), "-", color=BLUE, label="t, five degrees of freedom")
ax.axvline(rise.fixef["Year"] / rise.se["Year"], color="black", lw=1.5, ls=":", label="our six people")
ax.set_xlabel("t of Year")
ax.set_ylabel("density")
ax.legend(fontsize=11, loc="upper left")
plt.show()

# %%
normal_limit, t_limit = stats.norm.ppf(0.975), stats.t.ppf(0.975, 5)
in_words(
    f"Beyond the normal's limits of ±{normal_limit:.2f}, which should leave out 5%, lie "
    f"{100 * np.mean(np.abs(t_values) > normal_limit):.1f}% of the studies.",
    f"Beyond the limits of t with five degrees of freedom, ±{t_limit:.2f}, lie "
    f"{100 * np.mean(np.abs(t_values) > t_limit):.1f}%.",
)

# %% [markdown]
# The bars have heavier tails than the dashed normal curve; the solid t curve follows them.
#
# ## Compare two models
#
# Another idea: fit the model with `Year` and without, and ask how much likelihood is lost. Twice the difference of
# the log likelihoods is, when the effect is truly absent and there are *many* groups, a draw from a $\chi^2$ distribution with as many
# degrees of freedom as parameters were added:
#
# $$\chi^2 = 2\,\bigl(\log L_{\text{with}} - \log L_{\text{without}}\bigr)$$

# %%
print(lk.anova(flat, rise))

# %% [markdown]
# In R: `anova(flat, rise)`. Read the last line: both fits were by REML, and they were refitted by ML first. The lecture uses
# another function, `lrtest`, which takes the fits as they come. We can imitate it with the two log likelihoods:

# %% covers="000-s33" mends="x000-22 x000-23"
chisq = 2 * (rise.loglik - flat.loglik)
as_printed = pd.DataFrame(
    {"#Df": [flat.npar, rise.npar], "LogLik": [flat.loglik, rise.loglik]}, index=["without", "with"]
)
as_printed["Df"] = as_printed["#Df"].diff()
as_printed["Chisq"] = as_printed["LogLik"].diff() * 2
as_printed["p"] = stats.chi2.sf(as_printed["Chisq"], as_printed["Df"])
print("as printed on slide 33, from two REML fits; NOT a valid test")
print(table_text(as_printed, 4))
lecture_vs_truth(
    "000, slide 33, the library",
    "library(lrtest)",
    "lrtest is a function in package lmtest; lme4's own anova() needs no further package, and refits",
    f"from REML fits chi2 = {chisq:.4f}; lk.anova, as R's anova, gives"
    f" {lk.anova(flat, rise)['chisq'].iloc[1]:.4f} from ML fits",
)

# %% [markdown]
# Two chi-squares for one question. Which is right? A fair test cannot depend on whether we count time in years or in
# months. So let us count it in other units.
#
# **Predict, then run.** Time in months makes the numbers in the column `Year` twelve times as large. What becomes of the chi-square
# from *REML* fits: `"up"`, `"down"` or `"same"`?

# %%
your_direction = ...
check("11.q2", your_direction)

# %%
rows = {}
for unit, factor in {"decades": 0.1, "years": 1, "months": 12, "days": 365}.items():
    other = protein.assign(Year=protein["Year"] * factor)
    large = lk.lmer("Value ~ Year + (Year | Sample)", other)
    small = lk.lmer("Value ~ (Year | Sample)", other)
    rows[unit] = 2 * (large.loglik - small.loglik), lk.anova(small, large)["chisq"].iloc[1]
units = pd.DataFrame.from_dict(rows, orient="index", columns=["chi2 from REML", "chi2 from ML"])
print(units.round(4).to_string())

# %% mends="x000-23"
ml_test = lk.anova(flat, rise)
lecture_vs_truth(
    "000, slide 33, the test",
    "the likelihood-ratio test of two REML fits with and without Year rejects the null hypothesis with p ="
    " 0.01169",
    "the restricted likelihoods of two models with different fixed effects are about different data (what"
    " each fixed part leaves over) and cannot be compared; refit by ML",
    f"the REML chi-square of {chisq:.4f} becomes {units.loc['decades'].iloc[0]:.2f} in decades and"
    f" {units.loc['days'].iloc[0]:.2f}, negative, in days; the ML chi-square is"
    f" {ml_test['chisq'].iloc[1]:.4f} in every unit, with p = {ml_test['p_value'].iloc[1]:.4f}",
)

# %% [markdown]
# `lk.anova` will not even let you:

# %%
try:
    lk.anova(flat, rise, refit=False)
except lk.ModelError as refusal:
    print(refusal)

# %% [markdown]
# The ML test is honest about the units. Yet it leans on *many groups*, and six is not many. What that costs, you will see below.
#
# ## Degrees of freedom, approximately
#
# If the exact degrees of freedom have no formula, an approximate one may do. Satterthwaite's idea, from nineteen
# forty-six: a variance that is known with $\nu$ degrees of freedom has itself a variance of $2\,\text{variance}^2/\nu$. We
# know how uncertain the squared standard error is (from the curvature of the likelihood), so solve for $\nu$:
#
# $$\nu = \frac{2\,(\text{se}^2)^2}{\operatorname{Var}(\text{se}^2)}$$
#
# Package lmerTest does this for R, under the same name `lmer`. Here it is the default of `summary`:

# %% covers="000-s34"
print(rise.summary())

# %% mends="x000-24 x000-25 x000-26"
table = rise.coef_table()
lecture_vs_truth(
    "000, slide 34",
    "the conclusion is drawn with p = .01; the degrees of freedom are printed as 4.9999 and 4.9996; the"
    " package is called lmertest",
    "the .01 was carried over from the slide before; this table says 0.0356. With six people and no missing"
    " visit the degrees of freedom are exactly five, and the odd digits are the noise of a numerical"
    " derivative. The package is lmerTest",
    f"p = {table.loc['Year', 'p_value']:.4f}; df {table['df'].iloc[0]:.4f} and {table['df'].iloc[1]:.4f}; and"
    f" the t-test on six slopes, which nobody doubts, gave {simple.pvalue:.4f}",
)

# %% [markdown]
# **Kenward and Roger** go one step further: with few groups the standard error itself is a little too small, because it treats
# the variances as known. They enlarge it, and choose the degrees of freedom to match. Where nobody missed a visit nothing
# changes. So let three people move away early:

# %%
moved = protein["Sample"].isin(["s1", "s2"]) & (protein["Year"] > 2)
moved |= (protein["Sample"] == "s3") & (protein["Year"] > 3)
patchy = lk.lmer("Value ~ Year + (Year | Sample)", protein[~moved])
beside = pd.concat(
    {
        name: fit.coef_table(ddf=ddf).loc["Year"]
        for name, fit, ddf in (
            ("complete, Satterthwaite", rise, "satterthwaite"),
            ("complete, Kenward-Roger", rise, "kenward_roger"),
            ("patchy, Satterthwaite", patchy, "satterthwaite"),
            ("patchy, Kenward-Roger", patchy, "kenward_roger"),
        )
    },
    axis=1,
).T
print(table_text(beside, 4))

# %% [markdown]
# In the two lower rows the degrees of freedom are no longer whole, and the two methods no longer agree. Neither is *the* truth;
# they are two good
# approximations. If a conclusion changes with the one that you take, it is not a firm one.
#
# ## Or let chance speak for itself
#
# The **parametric bootstrap** needs no distribution from a book. Let the smaller model invent studies, fit both models to each,
# and count how often chance alone makes the likelihood ratio as large as ours.

# %%
boot = lk.pb_modcomp(rise, flat, n_sim=2000, seed=1, progress=False)
print(table_text(boot, 4))
reference = np.array(boot.attrs["reference"])
fig, ax = plt.subplots()
grid = np.linspace(0.05, 14, 300)
ax.hist(
    reference,
    bins=np.linspace(0, 14, 29),
    density=True,
    color=GREY,
    alpha=0.5,
    label="invented without trend",
)
ax.plot(grid, stats.chi2.pdf(grid, 1), "--", color=RED, label=r"$\chi^2$ with one degree of freedom")
ax.axvline(boot["statistic"].iloc[0], color="black", ls=":", lw=1.5, label="our six people")
ax.set_yscale("log")
ax.set_ylim(8e-4, 4)
ax.set_xlabel("likelihood ratio")
ax.set_ylabel("density (logarithmic)")
ax.legend()
plt.show()

# %% [markdown]
# Bars are what chance does with six people, the dashed line what the book promises for many. Look at the right: there the bars are higher
# than the line, so large likelihood ratios are more frequent than the book says.
#
# ## All side by side

# %%
as_large = int((reference >= boot["statistic"].iloc[0]).sum())
limits = stats.binomtest(as_large, len(reference)).proportion_ci(method="exact")
answers = pd.Series(
    {
        "normal distribution (Wald z)": 2 * stats.norm.sf(rise.fixef["Year"] / rise.se["Year"]),
        "likelihood ratio from REML (invalid)": stats.chi2.sf(chisq, 1),
        "likelihood ratio from ML": ml_test["p_value"].iloc[1],
        "parametric bootstrap": boot.loc["PBtest", "p_value"],
        "Satterthwaite": table.loc["Year", "p_value"],
        "Kenward-Roger": lk.kr_modcomp(rise, flat)["p_value"].iloc[0],
        "t-test on six slopes": simple.pvalue,
    }
)
print(answers.round(4).to_string())
in_words(
    "Is year a significant predictor? Yes, at the usual 5%, but not by much.",
    f"The protein rises by {rise.fixef['Year']:.4f} a year (what the slide calls ~1.5), t ="
    f" {table.loc['Year', 'statistic']:.3f}, df = {table.loc['Year', 'df']:.0f}, p ="
    f" {table.loc['Year', 'p_value']:.4f}; not .01.",
    f"In {as_large} of the {len(reference)} invented studies the likelihood ratio was as large as ours: a p-value"
    f" between {limits.low:.3f} and {limits.high:.3f} (95% interval of a share). The bootstrap knows that people"
    " are six, and it agrees with t on five degrees of freedom, not with the χ².",
)

# %% [markdown]
# **Predict, then run.** Four tests; the fewer groups, the more they disagree. With *two* groups in each of two treatments, and nothing
# to find, which of them claims an effect far too often? Answer `"likelihood ratio"`, `"Satterthwaite"`,
# `"Kenward-Roger"` or `"bootstrap"`.

# %%
your_sinner = ...
check("11.q3", your_sinner)

# %% [markdown]
# The panel has the answer on its right: a curve that runs above the straight line has p < 0.05 too often. Take the
# groups up to fifteen and the curves draw together.

# %%
explorers.tests(groups=2)

# %%
states = {f"{groups} groups": explorers.tests.result(groups=groups) for groups in (2, 4, 15)}
rates = {name: {method: state.rate(method) for method in state.null} for name, state in states.items()}
print("share of studies without an effect that have p < 0.05")
print(pd.DataFrame(rates).round(3).to_string())

# %% [markdown]
# Which to report, then? For a linear mixed model: Kenward–Roger or Satterthwaite by default, also for several effects at once
# (an F test: `lk.kr_modcomp(large, small)`); the bootstrap when a reader may doubt
# them, or when no formula exists; the likelihood ratio when groups are many. And
# decide before you look, since choosing the smallest of several p-values is a test of patience, not of a hypothesis.
#
# ## Intervals say more
#
# A p-value answers whether; an interval answers how much. Three ways lead to one:
#
# - **Wald**: estimate plus and minus two standard errors. Quick, symmetrical, only for fixed effects.
# - **profile**: fix a parameter at some value, refit everything else, and keep all values that the likelihood does not rule out.
# - **bootstrap**: let the fitted model invent studies, refit, take the middle of what comes out.
#
# **Predict, then run.** The slopes of our six people have an estimated standard deviation, printed above. Which end of its profile
# interval will lie further from the estimate, the `"upper"` or the `"lower"`?

# %%
your_end = ...
check("11.q4", your_end)

# %%
wald = rise.confint(method="wald")
profile = rise.confint()
boot_ci = rise.confint(method="boot", n_sim=200, seed=2, progress=False)
exact = simple.confidence_interval()  # of the t-test on six slopes
print(pd.concat({"Wald": wald, "profile": profile, "bootstrap": boot_ci}, axis=1).round(3).to_string())

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
looks = (("Wald", wald, RED, "s"), ("profile", profile, BLUE, "o"), ("bootstrap", boot_ci, GREEN, "^"))
sd_year = float(rise.varcorr.frame["sdcor"].iloc[1])
for ax, name, estimate, label in (
    (axes[0], "Year", rise.fixef["Year"], "mean slope (ng/mL a year)"),
    (axes[1], "sd_Year|Sample", sd_year, "SD of the slopes (ng/mL a year)"),
):
    for place, (_, interval, colour, marker) in enumerate(looks):
        low, high = interval.loc[name]
        ax.plot([low, high], [-place, -place], color=colour)
        ax.plot([low, high], [-place, -place], marker, color=colour, ms=8)
    ax.axvline(estimate, color="black", ls=":", lw=1.5)
    ax.set_yticks([0, -1, -2, -3], [*(name for name, *_ in looks), "t-test on slopes"])
    ax.set_ylim(-3.5, 0.5)
    ax.set_xlabel(label)
axes[0].plot(exact, [-3, -3], "D-", color=GREY, ms=8)
axes[1].tick_params(labelleft=False)
plt.show()

# %% [markdown]
# Dotted is the estimate. On the left, diamonds mark the interval of the t-test on six slopes, which is exact in these complete data:
# all others are too short, for each of them forgets in its own way that six people are few. (`rise.coef_table()` has what
# you need for the wide one: estimate, standard error, degrees of freedom.) On the right, the intervals of a standard deviation lean
# to one side: small spreads are ruled out by six lines that visibly differ, large ones hardly. No Wald interval is drawn there,
# because a symmetrical interval does not fit a quantity with a floor.

# %%
slope_noise = rise.sigma**2 / ((np.arange(5) - 2) ** 2).sum()  # what five visits leave uncertain of one slope
exact_sd = np.sqrt(5 * own.var() / stats.chi2.ppf([0.975, 0.025], 5) - slope_noise)
in_words(
    f"From six slopes and a χ² with five degrees of freedom, the SD of the slopes lies between {exact_sd[0]:.2f} and"
    f" {exact_sd[1]:.2f}. Profile ({profile.loc['sd_Year|Sample'].iloc[0]:.2f} to"
    f" {profile.loc['sd_Year|Sample'].iloc[1]:.2f}) and bootstrap"
    f" ({boot_ci.loc['sd_Year|Sample'].iloc[0]:.2f} to {boot_ci.loc['sd_Year|Sample'].iloc[1]:.2f}) both end too low,"
    " the bootstrap more so.",
    "The profile is that of the ML fit, whose standard deviations are smaller than those of REML (dotted); the"
    " bootstrap repeats the bias of estimates from few groups instead of putting it right.",
)

# %% [markdown]
# ## Is a variance zero?
#
# Do people differ at all? Do slopes vary? Here zero is not just another value but the *edge* of what is possible, since no variance is
# negative. For a *single* variance the likelihood ratio is exactly zero in about half of all studies without one, and a $\chi^2$ from the
# book gives p-values that are too large. A random slope brings a correlation as well (two parameters): then the ratio is
# seldom zero, but $\chi^2$ with two degrees of freedom still gives p-values that are too large. `lk.rand_test` simulates instead (exactly,
# where a model has a single random intercept):

# %%
parallel = lk.lmer("Value ~ Year + (1 | Sample)", protein)
print(lk.rand_test(rise, n_sim=100, seed=1, progress=False).to_string(float_format="%.4g"))
print()
print(lk.rand_test(parallel, seed=1).to_string(float_format="%.4g"))

# %% [markdown]
# Both variances are here to stay. The smallest p-value that $n$ simulations can give is $1/(n + 1)$, and both simulated p-values above are
# just that; do not read more into them.
#
# **Your turn.** A test of a single variance by the book's $\chi^2$ gives a p-value of eight per cent. Roughly, what is the p-value once we remember that
# a variance cannot be negative?

# %%
your_p = ...
check("11.q5", your_p)

# %%
key_points(
    "If an effect belongs to the groups, or differs from group to group, its t rests on the groups, not on rows.",
    "lme4 prints no p-values because the exact distribution is unknown, not because there is nothing to"
    " test.",
    "Likelihood-ratio tests of fixed effects need ML fits; from REML fits they change with the unit of x.",
    "With few groups, likelihood ratios and normal distributions claim too much; use Kenward-Roger,"
    " Satterthwaite or a bootstrap.",
    "Report an interval. For standard deviations, by profile or bootstrap.",
    "A variance of zero lies on the edge: halve the p-value of a single one, or simulate.",
)

# %% [markdown]
# ## Further reading
#
# - Luke, S. G. (2017). Evaluating significance in linear mixed-effects models in R. *Behavior Research Methods* 49, 1494–1502.
# - Kuznetsova, A., Brockhoff, P. B., and Christensen, R. H. B. (2017). lmerTest package: tests in linear mixed effects models. *Journal of
#   Statistical Software* 82(13).
# - Halekoh, U., and Højsgaard, S. (2014). A Kenward–Roger approximation and parametric bootstrap methods for tests in linear mixed
#   models: the R package pbkrtest. *Journal of Statistical Software* 59(9).
# - Kenward, M. G., and Roger, J. H. (1997). Small sample inference for fixed effects from restricted maximum likelihood.
#   *Biometrics* 53, 983–997.
