# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=50 needs="residuals (01), random effects and their predictions (06)"
# # 12. Checking the model
#
# **You will be able to**
#
# - list what a linear mixed model takes for granted, and say which of it matters most;
# - draw the four pictures and say what each break looks like in them;
# - find what the four pictures cannot show: a missing variable, neighbours that are alike;
# - ask which field, brood or person decides the result.
#
# **Data** `owl_cort` (synthetic; it reproduces the lecture's tables), `fields` (simulated, with a trap in it),
# `protein_years` (synthetic).
# **Lectures** 000 slides 31 and 37; 003 "assumptions" and "other considerations"; 004 "assessment of model assumptions".

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.nonparametric.smoothers_lowess import lowess

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
    use_course_look,
)

use_course_look()

# %% [markdown] covers="000-s31 003-29"
# ## The question
#
# A model never refuses. Give it the stress hormone of young barn owls and it will return estimates, standard errors and
# stars, whether or not any of it makes sense. How would we know?
#
# What does a linear mixed model take for granted?
#
# 1. **The shape is right**: the mean is the linear formula, with no bend and no forgotten variable.
# 2. **Groups are named**: whatever is left over after fixed and random effects is independent, from row to row and group to group.
# 3. **Equal spread**: residuals scatter alike, for small and large fitted values, in every group.
# 4. **Random effects are centred and unrelated to the predictors**: broods that happen to be heavy are not just those that got the placebo.
# 5. **Normality**, of the residuals and of the random effects.
#
# The list is in order of importance. Most people check it in the opposite order.
#
# ## Four pictures
#
# Everything we can see, we see in the residuals, $\hat\varepsilon_{ij} = y_{ij} - \hat y_{ij}$. They should be centred about zero, and nothing that the *fixed* part of
# the model could predict should be left in them. Four pictures show them from four sides, and a dozen lines of code draw them:

# %% covers="004-27"


def four_pictures(fit, group, title, unit):
    """Residuals, their spread and their distribution, and the distribution of the random intercepts."""
    fitted, residuals = fit.fitted.to_numpy(), fit.resid().to_numpy()
    intercepts = fit.ranef()[group].iloc[:, 0].to_numpy()
    fig, axes = plt.subplots(2, 2, figsize=(9.5, 7.4), layout="constrained")
    for ax, y, name in (
        (axes[0, 0], residuals, f"residual ({unit})"),
        (axes[0, 1], np.sqrt(np.abs(residuals)), f"√|residual| (√{unit})"),
    ):
        ax.plot(fitted, y, "o", color=BLUE, ms=4, alpha=0.6)
        ax.plot(*lowess(y, fitted).T, "-", color=RED)
        ax.set_xlabel(f"fitted value ({unit})")
        ax.set_ylabel(name)
    axes[0, 0].axhline(0, color=GREY, ls="--", lw=1)
    for ax, values, name in (
        (axes[1, 0], residuals, f"residual ({unit})"),
        (axes[1, 1], intercepts, f"random effect ({unit})"),
    ):
        (theory, ordered), (slope, start, _) = stats.probplot(values)
        ax.plot(theory, ordered, "o", color=BLUE, ms=4)
        ax.plot(theory, start + slope * theory, "--", color=RED)
        ax.set_xlabel("normal quantile")
        ax.set_ylabel(name)
    for ax, name in zip(axes.flat, ("1 residuals", "2 their sizes", "3 in order", "4 groups"), strict=True):
        ax.set_title(name)
    fig.suptitle(title, x=0.01, ha="left")


# %% [markdown]
# In R the lecture writes `scatter.smooth(fitted(mod), resid(mod))`, `qqnorm(resid(mod))` and `qqnorm(ranef(mod)$Ring[,1])`: the same four.
#
# Now the owls. First with the hormone as it was measured, in nanograms:

# %% covers="004-28 004-29 004-30 004-31 004-32"
owls = lk.load_data("owl_cort")
raw = lk.lmer("totCort ~ Implant + days + Implant:days + (1 | Ring)", owls)
four_pictures(raw, "Ring", "hormone as measured", "ng/mL")
plt.show()

# %% [markdown]
# **Predict, then read on.** Which of the four pictures is made to show *unequal spread*, and nothing else? Answer `1`, `2`, `3` or `4`.

# %%
your_picture = ...
check("12.q1", your_picture)

# %% [markdown]
# One: there are two clouds, and the right one (birds with the hormone, on day 2) is far taller than the left one. Two: so the line of the spread climbs. Three:
# at both ends the points leave the line, because a few residuals are far too large for a normal distribution. Four: so do the birds, at the upper end.
#
# Hormones act by factors: one bird has twice what another has. What multiplies becomes a sum on the log scale, and this is the model that
# the lecture fits:

# %% covers="004-32"
logged = lk.lmer("log(totCort) ~ Implant + days + Implant:days + (1 | Ring)", owls)
four_pictures(logged, "Ring", "log of the hormone", "log ng/mL")
plt.show()

# %% [markdown]
# Now the spread is level, and the points follow the dashed line. But the first picture seems to climb! Do not reach for a curve yet. Fitted
# values contain the random effects, and these are *shrunken* (lesson 6): the model pulls a high bird towards the mean, and what it takes away stays in
# its residuals. So residuals rise with the random effects in every mixed model, the true one included. How much is right? Ask the model: let it invent data, fit
# them, and look.


# %%
def spread_ratio(fit):
    """SD of the residuals in the upper half of the fitted values over that in the lower half."""
    upper = fit.fitted > fit.fitted.median()
    return fit.resid()[upper].std() / fit.resid()[~upper].std()


def climb(fit):
    """Correlation of the residuals with the random effects that are in the fitted values."""
    return np.corrcoef(fit.resid(), fit.fitted - fit.predict(re_form="~0"))[0, 1]


invented = logged.simulate(40, seed=5)
again = [logged.refit(invented[column]) for column in invented]
by_chance = [climb(fit) for fit in again]
ratios = [spread_ratio(fit) for fit in again]
in_words(
    f"Residuals and random effects correlate with {climb(logged):.2f} in the owls, and with"
    f" {min(by_chance):.2f} to {max(by_chance):.2f} in {len(by_chance)} data sets for which the model is"
    " true: this climb is no fault.",
    f"Among large fitted values the residuals of the raw model scatter {spread_ratio(raw):.1f} times as"
    f" widely as among small ones; after the logarithm, {spread_ratio(logged):.2f} times, where the true model gives"
    f" {min(ratios):.2f} to {max(ratios):.2f}.",
    f"Their skewness goes from {stats.skew(raw.resid()):.2f} to {stats.skew(logged.resid()):.2f}; for"
    f" {len(owls)} normal numbers chance alone gives up to ±{1.96 * np.sqrt(6 / len(owls)):.2f}.",
)

# %% [markdown]
# You need not draw them by hand again: every fit has `fit.plot.residuals()`, `fit.plot.scale_location()`, `fit.plot.qq()` and
# `fit.plot.ranef_qq()`, and `fit.plot.diagnostics()` for all four. The quantiles come with a band, to answer whether chance could do
# the same:

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
for ax, fit, name in zip(axes, (raw, logged), ("hormone in ng/mL", "log of the hormone"), strict=True):
    fit.plot.qq(ax=ax)
    ax.set_title(name)
plt.show()

# %% [markdown]
# On the left the points leave the grey band at both ends, on the right all but the lowest keep to it.

# %% [markdown] covers="003-30"
# What if no transformation helps? Then the *spread* must be modelled, too. (And power analysis, which the lecture mentions in the same breath, is lesson 15: it
# is done by simulation.)

# %% mends="x003-14"
halves = {}
for name, fit in (("raw", raw), ("log", logged)):
    upper = fit.fitted > fit.fitted.median()
    halves[name] = fit.resid()[~upper].std(), fit.resid()[upper].std()
lecture_vs_truth(
    "003, other considerations",
    "if the variances are not equal, consider a generalised mixed model with another family",
    "another family helps if *its* variance fits: a gamma's SD grows in proportion to its mean, and with a log"
    " link it would do here nearly what the logarithm does. If effects multiply, logs keep the model linear; else"
    " let the variance depend on something (R: weights= in nlme, dispformula= in glmmTMB; known precisions go into"
    " weights= of lmer)",
    f"residual SD {halves['raw'][0]:.1f} and {halves['raw'][1]:.1f} ng/mL for small and large fitted values;"
    f" after the logarithm {halves['log'][0]:.2f} and {halves['log'][1]:.2f}, still a linear mixed model",
)

# %% mends="x003-13"
lecture_vs_truth(
    "003, assumptions",
    "the data should be bivariate normal within groups",
    "nothing is asked of the predictors, and nothing of the response by itself; the residuals should be"
    " normal, and so should the random effects",
    f"Implant takes {owls['Implant'].nunique()} values and days {owls['days'].nunique()}, which no normal"
    f" distribution does, and no harm is done; the log model's residuals have a skewness of"
    f" {stats.skew(logged.resid()):.2f}, no more than chance gives",
)

# %% [markdown]
# ## Break it yourself
#
# One break at a time, on data made for the purpose.
#
# **Predict, then run.** There is one break that none of the four pictures shows, as they were drawn above. Which? `"curvature"`, `"unequal variance"`, `"heavy tails"` or
# `"dependence"`?

# %%
your_hidden = ...
check("12.q2", your_hidden)

# %% [markdown]
# In the panel, set one break, find the pictures that change (it may be two), then draw new data and see whether it shows every time. The
# panel joins the points of its first picture in the order in which they were taken.

# %%
explorers.diagnostics(spread=0.7)

# %%
breaks = {
    "all well": {},
    "curvature": {"curvature": 0.5},
    "unequal variance": {"spread": 0.7},
    "heavy tails": {"tails": 0.9},
    "outlying group": {"outlier": 0.8},
    "dependence": {"dependence": 0.8},
}
healthy = {"curvature": 0.0, "spread": 0.0, "tails": 0.0, "outlier": 0.0, "dependence": 0.0}
signs = {
    name: {
        sign.name: f"{sign.value:.2f}{' !' if sign.suspicious else ''}"
        for sign in explorers.diagnostics.result(**{**healthy, **state}).signs
    }
    for name, state in breaks.items()
}
print("signs of a break (with ! when larger than chance makes them)")
print(pd.DataFrame(signs).T.to_string())

# %% [markdown]
# Each row is a break. The first four columns measure a picture each; the last, *neighbours*, measures what no picture of points shows: how much each residual
# resembles the one before. One break can set off two signs: a bend that was left in makes neighbours alike, and unequal spread makes the tails of all residuals together
# heavy. The last break leaves the first four columns as they should be: every residual by itself is fine, only each resembles the one before. You see it by
# joining residuals in the order of *time*, or by putting them on a *map*. And it is not harmless: for a predictor that changes slowly from row to row, standard errors come out
# too small, as if there were more rows than there are.
#
# ## A field by the river
#
# Do fertile soils have fewer plant species? In seven fields along a river, eighteen plots each, somebody counted species and measured nitrate. Fields are groups;
# so far, so good.

# %%
fields = lk.load_data("fields")
meadow = lk.lmer("species ~ nitrate + (1 | field)", fields)
print(meadow)

# %%
four_pictures(meadow, "field", "species on nitrate", "species")
plt.show()

# %% [markdown]
# Nothing alarming. The bend of the first picture hangs on a handful of plots at its left end. (Seven points in the last picture cannot say anything about normality, whatever they look like.)
#
# **Predict, then run.** Which column of the data should you plot the residuals against next: `"nitrate"`, `"species"` or `"distance"` (from the river)?

# %%
your_column = ...
check("12.q3", your_column)

# %%
residuals = meadow.resid()
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
left.plot(fields["distance"], residuals, "o", color=BLUE, ms=5, alpha=0.7)
left.plot(*lowess(residuals, fields["distance"]).T, "-", color=RED)
left.axhline(0, color=GREY, ls="--", lw=1)
left.set_xlabel("distance from the river (m)")
left.set_ylabel("residual (species)")
for sign, marker, colour, name in ((1, "^", RED, "above"), (-1, "v", BLUE, "below")):
    here = np.sign(residuals) == sign
    right.scatter(
        fields.loc[here, "east"],
        fields.loc[here, "distance"],
        s=12 * np.abs(residuals[here]),
        marker=marker,
        color=colour,
        alpha=0.7,
        label=name,
    )
right.set_xlabel("position along the river (m)")
right.set_ylabel("distance from the river (m)")
fig.legend(title="more or fewer species than fitted:", loc="outside upper right", ncols=2, fontsize=11)
plt.show()

# %% [markdown]
# On the left the residuals run in a curve along a variable that the model does not know. On the right the same on a map: triangles point up where the model is
# too low, down where it is too high, and they stand in bands along the river. Are neighbours alike? How alike they would be by chance, we see when the residuals
# of each field are dealt out anew among its plots:

# %%
place = fields[["east", "distance"]].to_numpy()
apart = np.sqrt(((place[:, None] - place[None]) ** 2).sum(axis=2))
r = residuals.to_numpy()
rng = np.random.default_rng(12)
dealt = [residuals.groupby(fields["field"]).transform(rng.permutation).to_numpy() for _ in range(200)]
alike = {}
for near, far in ((0, 30), (30, 60), (60, 100), (100, 200)):
    first, second = np.where((apart > near) & (apart <= far))
    chance = np.quantile([np.corrcoef(d[first], d[second])[0, 1] for d in dealt], [0.025, 0.975])
    alike[f"{near} to {far} m"] = {
        "pairs": len(first) // 2,  # every pair is met twice
        "correlation": np.corrcoef(r[first], r[second])[0, 1],
        "by chance from": chance[0],
        "to": chance[1],
    }
print(pd.DataFrame(alike).T.astype({"pairs": int}).round(2).to_string())
in_words(
    "Plots thirty to sixty metres apart have residuals that correlate with"
    f" {alike['30 to 60 m']['correlation']:.2f}, far more than chance makes; beyond a hundred metres,"
    f" {alike['100 to 200 m']['correlation']:.2f}.",
    f"Nitrate and distance from the river correlate with {fields['nitrate'].corr(fields['distance']):.2f}:"
    " part of what the model says of nitrate may be the river's doing.",
)

# %% [markdown]
# A forgotten variable that is related to one in the model is the worst of breaks, the first of the list: it makes the *estimate* wrong and not
# only its standard error. (When two predictors are very strongly related, which is called *multicollinearity*, their effects are hard to tell apart; leaving one out does not
# solve that, it only hides it.) What to do about this river is a capstone of its own, the one of the fields.
#
# ## Who decides?
#
# Leave out one field and fit again: how far do the estimates move? `influence` asks this of every row, or of every group. *Cook's distance* is the movement of all estimates together,
# in units of their uncertainty; *DFBETAS* is the movement of one estimate, in standard errors. (`refit=True` really fits again, seven times here. Without it $\theta$ is held where it
# was, and a formula answers at once: good enough for many rows, a first look for few groups.)

# %%
by_field = meadow.influence(by="field", refit=True)
print(by_field[["cooksd", "dfbetas_nitrate"]].round(3).to_string())

# %%
by_row = meadow.influence()
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
left.vlines(np.arange(len(by_row)), 0, by_row["cooksd"], color=BLUE, lw=1)
left.plot(np.arange(len(by_row)), by_row["cooksd"], "o", color=BLUE, ms=3)
left.set_xlabel("plot")
left.set_ylabel("Cook's distance")
left.set_title("leaving out a plot")
right.vlines(by_field.index.astype(str), 0, by_field["cooksd"], color=RED, lw=2)
right.plot(by_field.index.astype(str), by_field["cooksd"], "s", color=RED, ms=8)
right.set_xlabel("field")
right.set_ylabel("Cook's distance")
right.set_title("leaving out a field")
plt.show()

# %% [markdown]
# Mind the two scales: no plot weighs much, but one field does. In grouped data it is groups that you should leave out, for their rows stick together.
#
# **Predict, then run.** Fit the model without the field that matters most, and hand it in: `your_model = lk.lmer(..., fields[...])`.

# %%
your_model = ...
check("12.q4", your_model)

# %%
most = by_field["cooksd"].idxmax()
without = lk.lmer("species ~ nitrate + (1 | field)", fields[fields["field"] != most])
in_words(
    f"Without field {most} the slope of nitrate is {without.fixef['nitrate']:.3f} instead of"
    f" {meadow.fixef['nitrate']:.3f}; its standard error was {meadow.se['nitrate']:.3f}.",
    "An influential group is no error, and no reason to throw it out. It is a reason to say so, and to find"
    " out what is different about it.",
)

# %% [markdown] covers="000-s37"
# ## Limits
#
# The list of assumptions of the first lecture is short, and three things on it need a word more.

# %% mends="x000-29"
protein = lk.load_data("protein_years")
years = lk.lmer("Value ~ Year + (Year | Sample)", protein)
lecture_vs_truth(
    "000, slide 37",
    "random effects can only be had for categorical variables",
    "the grouping must be categorical; what varies between groups may be the slope of a continuous variable",
    f"Year is a number, and its random slope over {years.ngroups['Sample']} people has a standard deviation"
    f" of {years.varcorr.frame['sdcor'].iloc[1]:.4f}",
)

# %% [markdown]
# How many groups are enough? Suppose that we knew the mean of every group *exactly*, so that the only uncertainty lies in which groups we happened to catch. The standard deviation of
# $k$ numbers then has a known distribution:

# %% mends="x000-30"
number = np.array([2, 3, 5, 6, 10, 20, 50])
limits = np.sqrt(stats.chi2.ppf([[0.025], [0.975]], number - 1) / (number - 1)).T
table = pd.DataFrame(limits, index=pd.Index(number, name="groups"), columns=["from", "to"])
print("estimated SD between groups, as a multiple of the true one (19 of 20 studies)")
print(table.round(2).to_string())
lecture_vs_truth(
    "000, slide 37",
    "ideally the categories number more than 2 or 3",
    "the usual advice is at least five or six, better ten or more; the same lecture uses two genders, three"
    " cohorts and five strains",
    f"with {number[0]} groups the SD comes out anywhere from {limits[0, 0]:.2f} to {limits[0, 1]:.2f} times"
    f" the truth, with {number[1]} from {limits[1, 0]:.2f} to {limits[1, 1]:.2f}, with {number[2]} from"
    f" {limits[2, 0]:.2f} to {limits[2, 1]:.2f}, with {number[4]} from {limits[4, 0]:.2f} to"
    f" {limits[4, 1]:.2f}",
)

# %% mends="x000-31"
field_means = fields.groupby("field", observed=True)["nitrate"].mean()
related = stats.pearsonr(meadow.ranef()["field"].iloc[:, 0], field_means)
split = lk.lmer(
    "species ~ nitrate + field_mean + (1 | field)",
    fields.assign(field_mean=fields.groupby("field", observed=True)["nitrate"].transform("mean")),
)
lecture_vs_truth(
    "000, slide 37",
    "the assumptions are a linear relationship, and normal residuals of constant variance",
    "there are more: random effects are normal and unrelated to the predictors, and groups are independent of"
    " each other",
    "picture 4 above looks at the first; for the second, the fields' random effects and their mean nitrate"
    f" correlate with {related.statistic:.2f}, which over {meadow.ngroups['field']} fields proves nothing either way"
    f" (p = {related.pvalue:.2f}); lesson 3's split asks better (does the slope between fields differ from that"
    f" within? p = {split.coef_table().loc['field_mean', 'p_value']:.2f}); for the third, look at the map: fields"
    " that touch are not strangers",
)

# %% [markdown]
# **Your turn.** Your residuals fail a test of normality, with three thousand rows; all pictures look fine. Must you transform the response, `"yes"` or `"no"`?

# %%
your_verdict = ...
check("12.q5", your_verdict)

# %%
key_points(
    "Shape and independence first, then spread, normality last.",
    "Four pictures: residuals, their spread, their quantiles, the groups' quantiles.",
    "Residuals also against every variable that is not in the model, against time, and on a map.",
    "Look for influence by group; report what hangs on one.",
    "Unequal spread calls for logs, for a family whose variance fits, or for a model of the variance.",
    "Below about five groups an SD is poorly estimated: make groups fixed, or say how uncertain it is.",
)

# %% [markdown]
# ## Further reading
#
# - Schielzeth, H., and others (2020). Robustness of linear mixed-effects models to violations of distributional assumptions. *Methods in Ecology and
#   Evolution* 11, 1141–1152.
# - Nieuwenhuis, R., te Grotenhuis, M., and Pelzer, B. (2012). influence.ME: tools for detecting influential data in mixed effects models. *The R Journal* 4(2), 38–47.
# - Loy, A., and Hofmann, H. (2014). HLMdiag: a suite of diagnostics for hierarchical linear models in R. *Journal of Statistical Software* 56(5).
# - McCulloch, C. E., and Neuhaus, J. M. (2011). Misspecifying the shape of a random effects distribution: why getting it wrong may not matter. *Statistical
#   Science* 26, 388–402.
