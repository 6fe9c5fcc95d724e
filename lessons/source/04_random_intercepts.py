# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=55 needs="a standard deviation and a standard error (01), fixed and random effects (03)"
# # 4. Random intercepts
#
# **You will be able to**
#
# - write a random-intercept model in words, in symbols and in a formula;
# - read a fitted model: fixed effects, variance components, `ranef`, `coef`;
# - say what share of the variance lies between groups;
# - compare residuals before and after, and report an effect on a log scale in plain words.
#
# **Data** `mouse`, `plasma_age`, `owl_cort` (synthetic: they give the lectures' printed
# results, but neither mice nor owls stand behind them).
# **Lectures** 000 formulas and mice; 001 model with a random intercept, to the end; 003 random intercept models, and the
# summary; 004 fitting a linear mixed model.
#
# Run every cell from top to bottom. Where you meet three dots, commit yourself before you run on.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

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
    use_course_look,
)

use_course_look()
LOOKS = [(BLUE, "o"), (RED, "s"), (GREEN, "^"), (PINK, "D"), (ORANGE, "v")]

# %% [markdown] asks="q000-16"
# ## The question
#
# A new drug may make mice lose weight. Fifty mice get one to five milligrams of it a day, for each kilogram that they weigh.
# But mice come in *strains*: some are stout by birth, some are slight, and here there are five. **What does a milligram more
# do to the weight of a mouse?**
#
# We begin with what we know, a straight line.

# %% covers="000-s16"
mice = lk.load_data("mouse")
line = lk.lm("Weight ~ Dose", mice)
print(line.summary())

# %% [markdown]
# Clear enough, it seems. But fifty mice of five strains are not fifty independent mice, and you have learnt in lesson one
# where to look: at the residuals, sorted by group.
#
# ## A model with a level for each strain
#
# In words: *the weight of a mouse is a common start, plus its strain's own deviation from that start, plus a common effect
# of the dose, plus what is peculiar to this mouse.* In symbols, for mouse $i$ of strain $j$:

# %% [markdown] covers="001-14 003-9" asks="q000-17"
# $$\text{Weight}_{ij} = \beta_0 + b_j + \beta_1\,\text{Dose}_{ij} + \varepsilon_{ij},\qquad
# b_j \sim N(0, \tau^2),\quad \varepsilon_{ij} \sim N(0, \sigma^2)$$
#
# - $\beta_0$ and $\beta_1$ are **fixed effects**: the average strain's start, and the price of a milligram more;
# - $b_j$ is the **random intercept** of strain $j$: one number for all its mice;
# - $\tau$ is the standard deviation *between* strains, $\sigma$ the one of mice *within* a strain.
#
# The five $b_j$ are not five parameters. The model knows of them only that they scatter around zero with a standard deviation
# $\tau$, and it is $\tau$ that is estimated. That is how to model different starting weights: with `(1 | Strain)`.
# Read the bar as "given" or "for each": an intercept (that is what `1` stands for) for each strain.

# %% [markdown]
# **Predict, then run.** What will become of the residual standard deviation, compared with the straight line: will it be
# `"smaller"`, `"larger"` or `"the same"`?

# %%
your_residual = ...
check("04.q1", your_residual)

# %% covers="000-s17" asks="q000-17"
fit = lk.lmer("Weight ~ Dose + (1 | Strain)", mice)
print(fit)

# %% [markdown]
# In R: `library(lme4)`, then `lmer(Weight ~ Dose + (1 | Strain), data = mouse_data)`. (The *criterion* is what the fit has made as
# small as it could: of two models of the same data, with the same fixed effects, the one with the smaller criterion is closer to the data.)

# %% asks="q000-16"
wald = fit.coef_table().loc["Dose"]
plain = line.coef_table().loc["Dose"]
in_words(
    f"The residual SD was {line.sigma:.3f} g and is {fit.sigma:.3f} g: most of the noise was strains.",
    f"Each mg/kg a day costs a mouse {-wald['estimate']:.2f} g (standard error {wald['std_error']:.2f}); "
    f"the line had said {-plain['estimate']:.2f} ({plain['std_error']:.2f}).",
    "So that is the effect of the drug, taken within strains. The line had mistaken a part of the strains' "
    "differences for an effect of the drug, since the slighter strains happened to get more of it.",
)

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 4.4), sharey=True, layout="constrained")
doses = np.array([1.0, 5.0])
for ax, model, title in zip(
    axes, [line, fit], ["lm: one line", "lmer: a level for each strain"], strict=True
):
    for (colour, marker), (strain, mine) in zip(LOOKS, mice.groupby("Strain", observed=True), strict=True):
        ax.plot(mine["Dose"], mine["Weight"], marker, color=colour, ms=5, alpha=0.7, label=strain)
        ends = pd.DataFrame({"Dose": doses, "Strain": strain})
        if model is fit:
            ax.plot(doses, fit.predict(ends), color=colour, lw=2)
    ax.plot(doses, model.fixef.iloc[0] + model.fixef["Dose"] * doses, "--", color="black", lw=2.5)
    ax.set_title(title)
    ax.set_xlabel("dose (mg/kg a day)")
axes[0].set_ylabel("weight (g)")
axes[1].legend(ncols=2, fontsize=11)
plt.show()

# %% [markdown]
# Colour and shape are the strain. Left, the dashed line through all fifty mice. Right, five parallel lines, and dashed
# the fixed effects: the line of a strain in the middle.

# %% covers="003-14"
fig, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
for ax, model, title in zip(axes, [line, fit], ["before", "after"], strict=True):
    for x, ((colour, marker), (_, mine)) in enumerate(
        zip(LOOKS, mice.groupby("Strain", observed=True), strict=True)
    ):
        left = model.resid().loc[mine.index]
        ax.plot(np.full(len(left), x), left, marker, color=colour, ms=6, alpha=0.7)
        ax.hlines(left.mean(), x - 0.35, x + 0.35, color=colour, lw=3)
    ax.axhline(0, color="black", lw=1)
    ax.set_xticks(range(5), mice["Strain"].cat.categories)
    ax.set_title(title)
    ax.set_xlabel("strain")
axes[0].set_ylabel("residual (g)")
plt.show()

# %% [markdown]
# Residuals by strain, with their means as bars. Before: four of the five strains lie wholly above or wholly below the line. After:
# every strain sits around zero.
#
# ## What share of the variance is the strain's?
#
# Two variances, $\tau^2$ and $\sigma^2$. The share of the first is the **intraclass correlation**, also the
# correlation of two mice of one strain, whatever their doses, once these are allowed for:
#
# $$\text{ICC} = \frac{\tau^2}{\tau^2 + \sigma^2}$$
#
# **Predict, then run.** The fit printed standard deviations. Work out the share.

# %%
your_icc = ...
check("04.q2", your_icc)

# %%
print(fit.varcorr)
tau2, sigma2 = fit.varcorr.frame["vcov"]
in_words(
    f"Variances, not standard deviations: {tau2:.3f} / ({tau2:.3f} + {sigma2:.3f}) ="
    f" {tau2 / (tau2 + sigma2):.3f}.",
    f"Two mice of one strain at one dose still differ by {np.sqrt(2 * sigma2):.1f} g (the SD of their difference); "
    f"two mice of different strains by {np.sqrt(2 * (tau2 + sigma2)):.1f} g.",
)

# %% [markdown]
# ## Three tables that belong together
#
# `fixef` is the average strain, `ranef` the deviations from it, and `coef` the sum: each strain's own line.

# %% covers="000-s18"
deviations = fit.ranef()["Strain"]["(Intercept)"]
own = fit.coef()["Strain"]
print(fit.fixef.round(6).to_string())
print()
print(own.assign(deviation=deviations, sum=fit.fixef["(Intercept)"] + deviations).round(6).to_string())

# %% [markdown]
# The first column and the last agree: *coefficient = fixed effect + random effect*. The column of slopes is the same
# five times over, since we have asked for random intercepts only.

# %% mends="x000-7"
with_fixed = lk.lm("Weight ~ Dose + Strain", mice)
low, high = fit.confint(parm="sd_(Intercept)|Strain").iloc[0]
lecture_vs_truth(
    "000, slide 17",
    "different starting weights are modelled by making the strain, with five levels, a random factor",
    "that is one way; if these are the five strains of interest, a fixed factor is just as sound, "
    "and an SD from five levels is poorly known",
    f"a mg/kg costs {-fit.fixef['Dose']:.3f} g with random and {-with_fixed.fixef['Dose']:.3f} g with fixed"
    f" strains; the SD between strains is {fit.varcorr.frame['sdcor'].iloc[0]:.2f} g, with an interval from"
    f" {low:.2f} to {high:.2f}",
)

# %% [markdown] covers="000-s15"
# ## What may stand left of the bar
#
# The full language comes in lesson five, but the forms are quickly told. For a predictor `x` and a grouping factor `z`:
#
# - `(1 | z)`: random intercepts;
# - `(0 + x | z)`: random slopes, and one intercept for all;
# - `(x | z)`: random intercepts *and* slopes, with a correlation; the same as `(1 + x | z)`;
# - `(x || z)`: both, without a correlation.

# %% covers="000-s15" mends="x000-5"
forms = ["(1 | Strain)", "(0 + Dose | Strain)", "(Dose | Strain)", "(1 + Dose | Strain)", "(Dose || Strain)"]
fits = {form: lk.lmer(f"Weight ~ Dose + {form}", mice) for form in forms}
for form, model in fits.items():
    estimates = ", ".join(model.ranef()["Strain"].columns)
    print(
        f"{form:20} effects: {estimates:18} parameters: {len(model.theta)}  REML {model.reml_criterion:.4f}"
    )
lecture_vs_truth(
    "000, slide 15",
    "(x|z) is called a random effect of x, and (0 + x|z) a random slope",
    "(x|z) means (1 + x|z): a random intercept, a random slope and their correlation. (0 + x|z) has random "
    "slopes, but forces all groups through one intercept; (x||z) has both, uncorrelated",
    "(Dose | Strain) and (1 + Dose | Strain) end at the same criterion, "
    f"{fits['(Dose | Strain)'].reml_criterion:.4f}; a common intercept fits much worse, "
    f"{fits['(0 + Dose | Strain)'].reml_criterion:.4f}",
)

# %% mends="x000-6 x000-4"
h = mice.copy()
again = lk.lmer("Weight ~ Dose + (Dose | Strain)", h)
lecture_vs_truth(
    "000, slides 15 to 21",
    "lmer is said to be in a package lme; and of one and the same fit the call says mouse_data, the printout"
    " Data: h",
    "lmer is in lme4 (lme is a function, of package nlme). The printout names whatever the table was called"
    " when the model was fitted; the name changes nothing",
    f"fitted to mice {fits['(Dose | Strain)'].reml_criterion:.4f}, fitted to a copy called h"
    f" {again.reml_criterion:.4f}",
)

# %% [markdown]
# Build a few models yourself. The explorer says each of them as a formula, as an equation and in English. Add a random
# slope: is it worth it?

# %%
explorers.model_builder()

# %%
gain = fits["(1 | Strain)"].reml_criterion - fits["(Dose | Strain)"].reml_criterion
in_words(
    f"For the mice it is not. A random slope and its correlation are two parameters more, and they lower the criterion by {gain:.1f} "
    "only. (By chance alone, these two lower it by one or two.) The fit is singular as well; lesson 5 begins there.",
)

# %% [markdown]
# ## The clinics again
#
# The same model, other data: plasma concentration, age, and four clinics. Now the long print, `summary`. (We leave out the degrees of
# freedom and p-values here, as lme4 does; lesson eleven tells why.)

# %% covers="001-15"
plasma = lk.load_data("plasma_age")
mm = lk.lmer("conc ~ age + (1 | group)", plasma)
print(mm.summary(ddf="none"))

# %% [markdown]
# From top to bottom: the criterion that was minimised; the residuals, in units of $\sigma$; the random effects, as variance and
# as its square root, the standard deviation (two ways to say one thing, not an estimate and its error!); the fixed effects, with
# standard errors; and how the estimates of the fixed effects depend on each other.

# %% covers="001-18" mends="x001-5"
print(mm.fixef.round(6).to_string())
print()
print(mm.ranef()["group"].round(5).to_string())
lecture_vs_truth(
    "001, predicting random effects",
    "two tables are shown, and the command for the second only",
    "the first is fixef(mm), the second ranef(mm); a clinic's own coefficients are their sum, coef(mm)",
    f"clinic 1: {mm.fixef['(Intercept)']:.3f} {mm.ranef()['group'].iloc[0, 0]:+.3f} = "
    f"{mm.coef()['group'].iloc[0, 0]:.3f}",
)

# %% [markdown]
# **Predict, then run.** What is the intercept of clinic two's own line?

# %%
your_clinic = ...
check("04.q3", your_clinic)

# %% mends="x003-4 x003-5"
own_age = plasma.groupby("group", observed=True)["age"].mean().reset_index()
at_own_age = mm.predict(own_age, interval="confidence")
error = ((at_own_age["conf_high"] - at_own_age["conf_low"]) / (2 * 1.96)).max()
print(mm.varcorr.frame[["grp", "var1", "vcov", "sdcor"]].round(3).to_string(index=False))
lecture_vs_truth(
    "003, random intercept models",
    "the group effect is normal with a variance tau of the group, a value that is fitted for each group; and"
    " as random effects are draws around zero, there are no estimates of them",
    "there is one tau for all groups, estimated once, and the variance is tau squared. The effects of the"
    " groups are predicted from it and the data; the lecture's next slide prints them",
    f"four clinics, one SD of {mm.varcorr.frame['sdcor'].iloc[0]:.3f} (variance"
    f" {mm.varcorr.frame['vcov'].iloc[0]:.2f}), and four predictions: the level of each clinic, at the mean age of its"
    f" patients, with a standard error of about {error:.1f}",
)

# %% [markdown] covers="004-20"
# ## Owls under stress
#
# Now for a study of more than a hundred groups. Barn owl nestlings were given an implant that releases the stress hormone
# corticosterone (`C`), or a placebo (`P`). Blood was taken before, two days after and twenty days after. **How does the
# implant affect the concentration of the hormone?**
#
# Nestlings wear rings with a number. Most were caught more than once, so that measurements come in groups: `Ring`.
# Hormones tend to rise and fall by *factors* (twice as much, half as much), so we take the logarithm: a difference of logarithms is a ratio.

# %%
owls = lk.load_data("owl_cort")
print(owls.head(4).to_string())
print()
print(owls.groupby(["Implant", "days"], observed=True)["Ring"].size().unstack().to_string())
print(
    "nestlings caught once, twice, three times:",
    owls["Ring"].value_counts().value_counts().sort_index().tolist(),
)

# %% covers="004-21"
owl_formula = "log(totCort) ~ Implant + days + Implant:days + (1 | Ring)"
reml = lk.lmer(owl_formula, owls)
reml.equation()

# %% mends="x004-1"
lecture_vs_truth(
    "004, the model in symbols",
    "the indicators in the model's equation are for days 3 and 21",
    "the days are 2 and 20, in the data and in the fit",
    f"levels of days: {', '.join(owls['days'].cat.categories)}",
)

# %% [markdown]
# `Implant:days` is the interaction, and it is the question: does the hormone go another way with the implant than with
# the placebo?

# %% covers="004-22" asks="q004-4"
print(reml)

# %% [markdown]
# The reference is a `C` nestling before the implant. **Predict, then run.** By how much does the log concentration of a
# *placebo* nestling change from before to day two? (Two of the numbers above are needed.)

# %%
your_placebo = ...
check("04.q4", your_placebo)

# %% covers="004-25" asks="q004-4"
grid = owls[["Implant", "days"]].drop_duplicates().sort_values(["Implant", "days"]).reset_index(drop=True)
means = grid.join(reml.predict(grid, re_form="~0", interval="confidence"))
fig, ax = plt.subplots()
place = {day: x for x, day in enumerate(owls["days"].cat.categories)}
for _, mine in owls.groupby("Ring", observed=True):
    ax.plot(mine["days"].astype(str).map(place), mine["totCort"], "-", color=GREY, lw=0.7, alpha=0.35)
for shift, (implant, colour, marker) in zip([-0.05, 0.05], [("C", RED, "o"), ("P", BLUE, "s")], strict=True):
    mine = means[means["Implant"].astype(str) == implant]
    x = mine["days"].astype(str).map(place).astype(float) + shift
    y = np.exp(mine["fit"])
    bars = [y - np.exp(mine["conf_low"]), np.exp(mine["conf_high"]) - y]
    name = {"C": "corticosterone", "P": "placebo"}[implant]
    ax.errorbar(x, y, bars, color=colour, marker=marker, ms=8, lw=2.5, capsize=4, label=name)
ax.set_yscale("log")
ax.set_yticks([1, 3, 10, 30, 100], [1, 3, 10, 30, 100])
ax.set_xticks(list(place.values()), ["before", "day 2", "day 20"])
ax.set_xlabel("blood sample")
ax.set_ylabel("corticosterone (ng/mL)")
ax.legend()
plt.show()

# %% [markdown]
# Grey lines are single nestlings, those that were caught at least twice. The large symbols are what the model takes for typical, with
# confidence intervals: means of logarithms, turned back, which is a *geometric mean*. The vertical scale is logarithmic.

# %% asks="q004-4"
b = reml.fixef
rise, fall = np.exp(b["days2"]), np.exp(b["days2"] + b["ImplantP:days2"])
sd_ring, _ = reml.varcorr.frame["sdcor"]
in_words(
    f"Two days after a corticosterone implant the hormone is {rise:.1f} times what it was; after a placebo, "
    f"{fall:.2f} times: no change to speak of.",
    f"By day twenty the two hardly differ any more: {np.exp(b['days20']):.2f} times what it was with corticosterone, "
    f"{np.exp(b['days20'] + b['ImplantP:days20']):.2f} times with placebo.",
    f"Nestlings differ: two of them, drawn at random, by a factor of about {np.exp(sd_ring * np.sqrt(2)):.1f}"
    " in what is typical for them (one standard deviation of the difference).",
)

# %% [markdown]
# ## Two fits, two sets of digits
#
# Variances can be estimated by **REML** (the default) or by **ML**. REML allows for the fact that the fixed effects were
# estimated, too, as you do when you divide by $n - 1$ instead of $n$. Lesson ten looks inside.
#
# **Predict, then run.** Which of the two gives the larger variances here, as it usually does: `"REML"` or `"ML"`?

# %%
your_larger = ...
check("04.q5", your_larger)

# %% covers="004-23"
ml = lk.lmer(owl_formula, owls, reml=False)
print(ml)
both = pd.DataFrame({"REML": reml.fixef, "ML": ml.fixef})
print()
print(both.round(5).to_string())
print()
print(ml.ranef()["Ring"].head(5).to_string(float_format="{:.9f}".format))

# %% covers="004-24"
print(ml.coef()["Ring"].head(5).T.to_string(float_format="{:.8f}".format))

# %% [markdown]
# These are the lines of the first five nestlings, one in each column. Only the intercepts differ.

# %% mends="x004-2 x004-3 x004-4"
short = both["ML"].loc[["ImplantP", "days20", "ImplantP:days2"]]
without = lk.lm("log(totCort) ~ Implant * days", owls)
lecture_vs_truth(
    "004, fitting a linear mixed model",
    "a REML table, followed by fixef, ranef and coef of mod; -0.084, 0.262 and -1.720 are among the fixed"
    " effects; the other kind of fit is headed LM",
    "the tables after the first belong to the ML fit (always say which model you show), the three numbers "
    "were cut off, not rounded, and the other kind is ML, maximum likelihood, not a linear model",
    f"ImplantP is {reml.fixef['ImplantP']:.5f} by REML and {ml.fixef['ImplantP']:.8f} by ML; rounded, the"
    f" three are {short.iloc[0]:.3f}, {short.iloc[1]:.3f} and {short.iloc[2]:.3f}; the residual SD is"
    f" {reml.sigma:.4f} by REML, {ml.sigma:.4f} by ML, and a linear model without rings has"
    f" {without.sigma:.4f}",
)

# %% [markdown]
# And are rings all that these owls share? Nestlings have siblings. They share a nest, parents, and the mice that
# the parents bring.

# %% mends="x004-10"
nested = lk.lmer("log(totCort) ~ Implant * days + (1 | Brood/Ring)", owls)
print(nested.varcorr)
frame = nested.varcorr.frame
brood = frame.loc[frame["grp"] == "Brood", "sdcor"].iloc[0]
ring = frame.loc[frame["grp"] == "Ring:Brood", "sdcor"].iloc[0]
lecture_vs_truth(
    "004, the model",
    "(1 | Ring) alone",
    "nestlings of a brood are not independent either: (1 | Brood/Ring), which is the business of lesson"
    " seven",
    f"in our stand-in for the data, the SD of {sd_ring:.3f} between rings parts into {brood:.3f} between the "
    f"{nested.ngroups['Brood']} broods and {ring:.3f} between rings of a brood: the larger part was the nest",
)

# %% covers="003-31"
key_points(
    "(1 | g) gives every group its own level: one number shared by all its rows.",
    "Estimated are the fixed effects and two variances; the groups' own levels are predicted from them.",
    "coef = fixef + ranef; ICC = variance between / total variance.",
    "After the fit, the residuals of each group scatter around zero.",
    "Rows of small groups borrow from the others: that is partial pooling, lesson six.",
    "Say whether a fit is REML or ML, and on which scale an effect is.",
)

# %% [markdown]
# ## Further reading
#
# - Laird, N. M., and Ware, J. H. (1982). Random-effects models for longitudinal data. *Biometrics* 38, 963–974.
# - Nakagawa, S., and Schielzeth, H. (2010). Repeatability for Gaussian and non-Gaussian data: a practical guide for
#   biologists. *Biological Reviews* 85, 935–956.
# - Bates, D., Mächler, M., Bolker, B., and Walker, S. (2015). Fitting linear mixed-effects models using lme4.
#   *Journal of Statistical Software* 67(1).
