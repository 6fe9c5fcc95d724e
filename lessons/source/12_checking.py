# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=45 needs="residuals and QQ plots (01), shrinkage (06), standard errors of few groups (11)"
# # 12. Checking the model
#
# **You will be able to**
#
# - list what a linear mixed model takes for granted, and say what of it matters most;
# - draw the four pictures, and say what each break looks like in them;
# - find what the four pictures cannot show;
# - ask which field, brood or person decides the result.
#
# **Data** `owl_cort` (synthetic; it has the numbers of a printed example), `fields` (simulated, with a trap in it), `protein_years` (synthetic).

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt, stats

# %% [markdown] covers="000-s31 003-29"
# ## The question
#
# A model never refuses. Give it the stress hormone of young barn owls, and it returns estimates and standard errors, whether or
# not they make sense. How would we know?
#
# What does a linear mixed model take for granted?
#
# 1. **The shape is right**: the mean is the linear formula, with no bend and no forgotten variable.
# 2. **Groups are named**: what is left over after fixed and random effects is independent, from row to row and group to group.
# 3. **Equal spread**: residuals scatter alike, for small and large fitted values, in every group.
# 4. **Random effects are centred and unrelated to the predictors**: the heavy broods are not just those that got the placebo.
# 5. **Normality**, of the residuals and of the random effects.
#
# The list is in order of importance. Most people check it in the opposite order.
#
# ## Four pictures
#
# All that we can see, we see in the residuals, $\hat\varepsilon_{ij} = y_{ij} - \hat y_{ij}$. They should be centred about zero, and nothing that the
# *fixed* part of the model could predict should be left in them. Look at them from four sides. Here are the owls, with the hormone
# as it was measured, in nanograms.

# %% covers="004-27"
owls = lk.load_data("owl_cort")
raw = lk.lmer("totCort ~ Implant + days + Implant:days + (1 | Ring)", owls)


# %% tags=["picture"] covers="004-28 004-29 004-30 004-31 004-32"
# Picture: the four pictures of the hormone as it was measured
def four_pictures(fit):
    """Residuals, their sizes and their quantiles, and the quantiles of the random effects."""
    _, axes = plt.subplots(2, 2, figsize=(9.5, 6), layout="constrained")
    draw = (fit.plot.residuals, fit.plot.scale_location, fit.plot.qq, fit.plot.ranef_qq)
    titles = ("1 residuals", "2 their sizes", "3 residuals in order", "4 birds in order")
    for ax, one, name in zip(axes.flat, draw, titles, strict=True):
        one(ax=ax)
        ax.set_title(name)
        if ax.get_legend():
            ax.get_legend().remove()
    unit = "log of ng/mL" if fit is not raw else "ng/mL"
    for ax in axes[0]:
        ax.set_xlabel(f"fitted hormone ({unit})")
    axes[1, 0].set_ylabel("scaled residual")
    axes[1, 1].set_ylabel("scaled random effect")


def spread_ratio(fit):
    """SD of the residuals in the upper half of the fitted values over that in the lower half."""
    upper = fit.fitted > fit.fitted.median()
    return fit.resid()[upper].std() / fit.resid()[~upper].std()


four_pictures(raw)
right = raw.fitted > 25
lesson.show(
    f"1: two clouds of residuals, {(~right).sum()} points on the left and {right.sum()} on the right; the right one is"
    f" {raw.resid()[right].std() / raw.resid()[~right].std():.1f} times as tall. 2: the line of their sizes climbs. 3: the points leave the"
    " grey band at both ends. 4: the birds leave it at the upper end."
)

# %% [markdown]
# - **1** has residuals against fitted values. They should lie about zero without a bend.
# - **2** has their sizes (the root of them, without the sign) against fitted values.
# - **3** has the residuals in order, against the quantiles of a normal distribution. The grey band is what chance may do.
# - **4** has the same for the random effects, one point per bird.
#
# In R: `scatter.smooth(fitted(mod), resid(mod))`, `qqnorm(resid(mod))` and `qqnorm(ranef(mod)$Ring[,1])`.
#
# **Your turn.** Which of the four pictures is made to show *unequal spread*, and nothing else? Answer `1`, `2`, `3` or `4`.

# %%
your_picture = ...
check("12.q1", your_picture)

# %% [markdown]
# Read them again. One: there are two clouds, and the right one (birds with the hormone, on day 2) is far taller than the left one. Two: so
# the line of the sizes climbs. Three: at both ends the points leave the line, because a few residuals are far too large for a normal
# distribution. Four: so do the birds, at the upper end.
#
# Hormones act by factors: one bird has twice what another has. What multiplies becomes a sum on the log scale.

# %%
logged = lk.lmer("log(totCort) ~ Implant + days + Implant:days + (1 | Ring)", owls)

# %% tags=["picture"] covers="004-32"
# Picture: the four pictures of the logarithm of the hormone
four_pictures(logged)
lesson.show(
    "1: the two clouds are alike in height; the line through them climbs a little. 2: the line of the sizes is nearly level: the upper half scatters"
    f" {spread_ratio(logged):.2f} times as much as the lower half. 3 and 4: nearly all points lie in the grey band along the line."
)

# %% [markdown]
# Now the spread is level, and the points follow the dashed line. But the first picture seems to climb! Do not add a curve yet. Fitted
# values contain the random effects, and these are *shrunken*: the model pulls a high bird towards the mean, and what
# it takes away stays in the bird's residuals. So residuals rise with the random effects in every mixed model, the true one included. How much is right? Ask
# the model: let it invent data, fit them, and look.

# %%
invented = logged.simulate(40, seed=5)
again = [logged.refit(invented[column]) for column in invented]

# %% tags=["fold"]
# In words: how much climb, spread and skewness the true model gives
def climb(fit):
    """Correlation of the residuals with the random effects that are in the fitted values."""
    return np.corrcoef(fit.resid(), fit.fitted - fit.predict(re_form="~0"))[0, 1]


def spread_at(fit):
    """SD of the residuals below and above the median fitted value."""
    upper = fit.fitted > fit.fitted.median()
    return fit.resid()[~upper].std(), fit.resid()[upper].std()


by_chance, ratios = [climb(fit) for fit in again], [spread_ratio(fit) for fit in again]
lesson.in_words(
    f"Residuals and random effects correlate with {climb(logged):.2f} in the owls, and with {min(by_chance):.2f} to"
    f" {max(by_chance):.2f} in {len(again)} data sets for which the model is true: this climb is no fault.",
    f"Residual SD for small and for large fitted values: {spread_at(raw)[0]:.1f} and {spread_at(raw)[1]:.1f} ng/mL; after the"
    f" logarithm {spread_at(logged)[0]:.2f} and {spread_at(logged)[1]:.2f}, a ratio of {spread_ratio(logged):.2f}, where the true"
    f" model gives {min(ratios):.2f} to {max(ratios):.2f}.",
    f"The residuals' skewness falls from {raw.resid().skew():.2f} to {logged.resid().skew():.2f}; for {len(owls)} normal numbers"
    f" chance alone gives up to ±{1.96 * np.sqrt(6 / len(owls)):.2f}.",
)

# %% [markdown] mends="x003-14 x003-13"
# You may read: if the variances are not equal, take a generalised mixed model with another family. In truth another family helps only if
# *its* variance fits. A gamma's SD grows in proportion to its mean, and with a log link it would do here nearly what the logarithm does. If effects
# multiply, logs keep the model linear. Else let the variance depend on something (R: `weights=` in nlme,
# `dispformula=` in glmmTMB; known precisions go into `weights=` of `lmer`).
#
# You may also read that the data should be *bivariate normal*. In truth nothing is asked of the predictors, and nothing of the
# response by itself: see `Implant`, which has two values, as `days` has. It is the residuals that should be normal, and the random effects.
#
# All four pictures at once, with a list of what to look at: `fit.plot.diagnostics()`.
#
# ## Break it yourself
#
# One break at a time, on data made for the purpose.
#
# **Predict, then run.** There is one break that none of the four pictures shows, as they were drawn above. Which: `"curvature"`,
# `"unequal variance"`, `"heavy tails"` or `"dependence"`?

# %%
your_hidden = ...
check("12.q2", your_hidden)

# %% tags=["fold"]
# Table: signs of a break, with ! when larger than chance makes them
healthy = {"curvature": 0.0, "spread": 0.0, "tails": 0.0, "outlier": 0.0, "dependence": 0.0}
breaks = {"all well": {}, "curvature": {"curvature": 0.5}, "unequal variance": {"spread": 0.7}, "heavy tails": {"tails": 0.9},
          "outlying group": {"outlier": 0.8}, "dependence": {"dependence": 0.8}}
signs = {name: explorers.diagnostics.result(**{**healthy, **state}).signs for name, state in breaks.items()}
pd.DataFrame(
    {name: {sign.name: f"{sign.value:.2f}{' !' if sign.suspicious else ''}" for sign in seen} for name, seen in signs.items()}
).T

# %% [markdown]
# Each row is a break. The first four columns measure a picture each. The last, *neighbours*, measures what no picture of points shows:
# how much each residual resembles the one before. One break can set off two signs: a bend that was left in makes neighbours alike, and unequal spread makes the tails of all residuals together
# heavy.
#
# The last break leaves the first four columns as they should be. You see it if you join the residuals in the order of *time*, or put them on a *map*. And
# it does harm: for a predictor that changes slowly from row to row, standard errors come out too small, as if there were more rows than there are.
#
# Try it. Set one break, find the pictures that change, then draw new data with the seed: does it show every time? The first picture of
# the panel joins its points in the order in which they were taken.

# %%
explorers.diagnostics(spread=0.7)

# %% [markdown]
# ## A field by the river
#
# Do fertile soils have fewer plant species? In seven fields along a river, eighteen plots each, somebody counted species and measured nitrate.

# %%
fields = lk.load_data("fields")
meadow = lk.lmer("species ~ nitrate + (1 | field)", fields)
meadow.coef_table().round(3)

# %% tags=["picture"]
# Picture: residuals of the meadow, and the seven fields in order
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.2), layout="constrained")
meadow.plot.residuals(ax=axes[0])
meadow.plot.ranef_qq(ax=axes[1])
for ax, name in zip(axes, ("1 residuals", "4 fields in order"), strict=True):
    ax.set_title(name)
    if ax.get_legend():
        ax.get_legend().remove()
axes[1].set_ylabel("scaled random effect")
lesson.show(
    f"Left: {len(fields)} residuals about zero, with a bend at the left end, where few points lie, and a cloud that is flatter at the"
    " right end."
    f" Right: {meadow.ngroups['field']} points in the grey band along the line."
)

# %% [markdown]
# Nothing alarming at first sight. The bend of the first picture hangs on a handful of plots at its left end. The residuals are somewhat
# smaller at its right end; keep that in mind. (Seven points cannot say anything about normality, whatever they look like.)
#
# **Predict, then run.** Which column of the data should you plot the residuals against next: `"nitrate"`, `"species"` or `"distance"` (from
# the river)?

# %%
your_column = ...
check("12.q3", your_column)

# %% tags=["picture"]
# Picture: the residuals against the distance, and on a map
from statsmodels.nonparametric.smoothers_lowess import lowess

residuals = meadow.resid()
smooth = lowess(residuals, fields["distance"])
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.plot(fields["distance"], residuals, "o", color=lesson.BLUE, ms=5, alpha=0.7)
left.plot(*smooth.T, "-", color=lesson.RED)
left.axhline(0, color=lesson.GREY, ls="--", lw=1)
left.set_xlabel("distance from the river (m)")
left.set_ylabel("residual (species)")
for sign, marker, colour, name in ((1, "o", lesson.BLUE, "more"), (-1, "v", lesson.RED, "fewer")):
    here = np.sign(residuals) == sign
    east, distance = fields.loc[here, "east"], fields.loc[here, "distance"]
    right.scatter(east, distance, s=12 * np.abs(residuals[here]), marker=marker, color=colour, alpha=0.7, label=name)
right.set_xlabel("position along the river (m)")
right.set_ylabel("distance from the river (m)")
fig.legend(title="more or fewer species than fitted:", loc="outside upper right", ncols=2, fontsize=11)
near, far = smooth[:5, 1].mean(), smooth[-5:, 1].mean()
lesson.show(
    f"Left: the residuals run in a curve: {near:+.1f} species at the river, at most {smooth[:, 1].max():+.1f} in between, {far:+.1f} far"
    " away. Right: on the map, plots with more and with fewer species than fitted stand in bands along the river."
)

# %% [markdown]
# On the left the residuals run in a curve along a variable that the model does not know. On the right the same on a map: circles where
# there are more species than fitted, triangles where there are fewer. They stand in bands along the river. Are neighbours alike? To know how alike they
# would be by chance, shuffle the residuals of each field among its plots.

# %% tags=["fold"]
# Table: correlation of the residuals of two plots, by their distance
place = fields[["east", "distance"]].to_numpy()
apart = np.sqrt(((place[:, None] - place[None]) ** 2).sum(axis=2))
r = residuals.to_numpy()
rng = np.random.default_rng(12)
shuffled = [residuals.groupby(fields["field"]).transform(rng.permutation).to_numpy() for _ in range(200)]
alike = {}
for near, far in ((0, 30), (30, 60), (60, 100), (100, 200)):
    first, second = np.where((apart > near) & (apart <= far))
    chance = np.quantile([np.corrcoef(d[first], d[second])[0, 1] for d in shuffled], [0.025, 0.975])
    pairs = len(first) // 2  # every pair is met twice
    alike[f"{near} to {far} m"] = [pairs, np.corrcoef(r[first], r[second])[0, 1], *chance]
alike = pd.DataFrame(alike, index=["pairs", "correlation", "by chance from", "to"]).T
alike.astype({"pairs": int}).round(2)

# %% [markdown]
# Plots thirty to sixty metres apart have residuals that are far more alike than chance makes them. So there is a forgotten variable,
# the distance from the river. It is related to nitrate, which is in the model:

# %%
fields[["nitrate", "distance"]].corr().round(2)

# %% [markdown]
# That is the worst of breaks, the first of the list. It makes the *estimate* wrong, and not only its standard error: part of what
# the model says of nitrate may be the river's doing. (When two predictors are very strongly related, their effects are hard to tell apart. That is
# *multicollinearity*. Leaving one out does not solve it, it only hides it.) What to do about this river is the capstone of the fields.
#
# ## Who decides?
#
# Leave out one field and fit again: how far do the estimates move? `influence` asks this of every row, or of every group. *Cook's distance* is
# the movement of all estimates together, in units of their uncertainty. *DFBETAS* is the movement of one estimate, in standard errors. (`refit=True` really fits
# again, seven times here. Without it $\theta$ is held where it was, and a formula answers at once: good enough for many rows, a first look
# for few groups.)

# %%
by_row, by_field = meadow.influence(), meadow.influence(by="field", refit=True)
by_field[["cooksd", "dfbetas_nitrate"]].round(3)

# %% tags=["picture"]
# Picture: Cook's distance of each plot and of each field
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3), layout="constrained")
left.vlines(np.arange(len(by_row)), 0, by_row["cooksd"], color=lesson.BLUE, lw=1)
left.plot(np.arange(len(by_row)), by_row["cooksd"], "o", color=lesson.BLUE, ms=3)
left.set(xlabel="plot", ylabel="Cook's distance", title="leaving out a plot")
right.vlines(by_field.index.astype(str), 0, by_field["cooksd"], color=lesson.RED, lw=2)
right.plot(by_field.index.astype(str), by_field["cooksd"], "s", color=lesson.RED, ms=8)
right.set(xlabel="field", ylabel="Cook's distance", title="leaving out a field")
lesson.show(
    f"Left: {len(by_row)} short lines, the longest {by_row['cooksd'].max():.2f}. Right: {len(by_field)} lines; the longest,"
    f" {by_field['cooksd'].max():.2f}, is that of field {by_field['cooksd'].idxmax()}."
)

# %% [markdown]
# The two scales differ: no plot weighs much, but one field does. In grouped data it is groups that you should leave out, for the rows of a group go
# together.
#
# **Predict, then run.** By how much will the slope of nitrate change, once the field that matters most is gone? Guess. Then fit that model,
# and hand it in: `your_model = lk.lmer(..., fields[...])`.

# %%
your_model = ...
check("12.q4", your_model)

# %%
most = by_field["cooksd"].idxmax()
without = lk.lmer("species ~ nitrate + (1 | field)", fields[fields["field"] != most])
both = {"all fields": meadow, f"without {most}": without}
slopes = {name: [fit.fixef["nitrate"], fit.se["nitrate"]] for name, fit in both.items()}
pd.DataFrame(slopes, index=["slope of nitrate", "std_error"]).T.round(3)

# %% [markdown]
# An influential group is no error, and no reason to throw it out. It is a reason to say so, and to find out what is different
# about it.

# %% [markdown] covers="000-s37 003-30" mends="x000-29"
# ## How many groups, and what else?
#
# You may read that random effects can only be had for categorical variables. In truth the *grouping* must be categorical. What varies between
# groups may be the slope of a number, as that of the year in lesson 11.
#
# You may read that two or three groups will do. Suppose you knew the mean of every group *exactly*, so that the only uncertainty
# lies in which groups you happened to catch. The standard deviation of $k$ numbers then has a known distribution:

# %% mends="x000-30"
number = np.array([2, 3, 5, 6, 10, 20, 50])
limits = np.sqrt(stats.chi2.ppf([[0.025], [0.975]], number - 1) / (number - 1))
pd.DataFrame(limits, columns=number, index=["from", "to"]).rename_axis("groups", axis=1).round(2)

# %% [markdown]
# The table has the estimated SD between groups as a multiple of the true one, in nineteen of twenty studies. With two groups, it says almost nothing. The usual
# advice is at least five or six groups, better ten or more.
#
# You may read that all to check is a straight line and normal residuals of constant variance. In truth the random effects are
# to be checked, too. They should be unrelated to the predictors, and the groups independent of each other. Ask with the split of lesson 3: does the
# slope between fields differ from that within?

# %% mends="x000-31"
means = fields.assign(field_mean=fields.groupby("field", observed=True)["nitrate"].transform("mean"))
split = lk.lmer("species ~ nitrate + field_mean + (1 | field)", means)
split.coef_table().round(3)

# %% [markdown]
# The row `field_mean` is the difference. Seven fields give no sign of one, which proves nothing either way. And the groups? Look at the map: fields
# that touch are not strangers. What if the residuals depend on time or place? Then the *dependence* must be modelled, too, or the missing variable
# found.
#
# **Your turn.** Your residuals fail a test of normality, with three thousand rows. All pictures look fine. Must you transform the
# response, `"yes"` or `"no"`?

# %%
your_verdict = ...
check("12.q5", your_verdict)

# %% tags=["box"]
# Box: what to take home
lesson.key_points(
    "Shape and independence first, then spread, normality last.",
    "Four pictures: residuals, their sizes, their quantiles, the groups' quantiles.",
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
