# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] covers="000-s1 001-1 002-1 003-1 004-1" minutes=60 needs="the whole way from formula (05) through tests (11) and checks (12) to power (15)"
# # 16. Choosing and reporting: from a question to a sentence in a paper
#
# **You will be able to**
#
# - carry an analysis from the question to the paragraph that reports it, in eight steps;
# - say which random effects a design asks for, and which question would make the same groups fixed;
# - find the mistake that a good-looking p-value hides;
# - check a manuscript (your own first) against a list.
#
# **Data** `forest` and `fields` (simulated: stand-ins for data sets of the lecture that may not
# be shipped; other trees, other plots, own stories) and `owl_cort` (synthetic; it reproduces the lecture's tables).
# **Lectures** the last pages of all of them: 000 slide 38; 003 "Summary"; 004 exercises 2 and 3, "What we have learned",
# "Practice at home". Their title pages promised mixed models for biologists; time to keep the promise.

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
    RED,
    in_words,
    key_points,
    lecture_vs_truth,
    table_text,
    use_course_look,
)

use_course_look()

# %% [markdown] covers="000-s38 003-31 004-41"
# ## What five lectures agree on
#
# They come from five places and were made for five audiences, and their last pages say nearly the same.
#
# - A linear model has one effect of each predictor, for everybody. A mixed model adds groups that deviate from it, and
#   estimates how far they do.
# - Groups may differ in where they start (intercepts), in how they respond (slopes), or in both.
# - Because the groups share a distribution, thin groups borrow from the others: partial pooling.
# - What is true within groups may be hidden, or turned round, in the heap.
# - Everything carries over to counts and to yes/no answers, with another family and a link.
#
# In symbols, for a tree $i$ that stands in group $g$:
#
# $$y_i \sim N(\mu_i, \sigma^2),\qquad \mu_i = \beta_0 + \beta_1 x_i + b_{g},\qquad b_g \sim N(0, \sigma_b^2).$$
#
# The $\beta$ are fixed effects, the two $\sigma$ are the variance components, the $b_g$ are random effects. You know all of that
# by now. This lesson is about the part that no formula does for you.

# %% [markdown] covers="004-33" asks="q004-5"
# ## Step 1. The question, before the data
#
# Write it in one sentence, with a full stop. *Are trees shorter where the ground is steeper?* Trees creep down into a dry
# valley; somebody walked transects from ridge to river, marked plots on each, measured the slope of the plot and then
# the height of every tree on it.
#
# The sentence already tells you most of the model. The **response** is the height of a tree. The **predictor** is the slope of a
# plot. The **groups** are what the measuring went through to get to a tree: section of the valley, transect, plot.
#
# ## Step 2. Look
#
# Read the data, count what there is, and look for holes. This is half of the work, and most of the surprises.

# %%
forest = lk.load_data("forest")
broken = int(forest["height"].isna().sum())
print("rows:", len(forest), " heights missing:", broken)
forest = forest.dropna(subset=["height"])
print(
    forest.groupby(["section", "transect"], observed=True)
    .agg(
        plots=("plot", "nunique"),
        trees=("height", "size"),
        slope=("slope", "mean"),
        height=("height", "mean"),
    )
    .round(1)
    .to_string()
)
print("plots are called", ", ".join(forest["plot"].cat.categories), "on every transect")

# %% [markdown]
# Three things to write into your notebook. A few trees have no height (tops that broke off): they leave the analysis, and
# the paper will say so. The plots' numbers begin again on every transect: plot 1 here and plot 1 there have nothing in
# common but the paint. And the slope belongs to the *plot*: all trees of a plot share it.
#
# **Predict, then run.** How many different plots with at least one measured tree are there: how many pieces of evidence
# do we have about slopes? (`forest` is the table without the missing heights.)

# %%
your_plots = ...
check("16.q1", your_plots)

# %%
fig, ax = plt.subplots()
looks = {"lower": (BLUE, "o"), "middle": (ORANGE, "s"), "upper": (GREEN, "^")}
for (section, _), trees in forest.groupby(["section", "transect"], observed=True):
    colour, marker = looks[section]
    ax.plot(trees["slope"], trees["height"], marker, color=colour, ms=3, alpha=0.35)
    own = lk.lm("height ~ slope", trees).fixef
    ends = np.array([trees["slope"].min(), trees["slope"].max()])
    ax.plot(ends, own["(Intercept)"] + own["slope"] * ends, color=colour, lw=1.6)
    ax.plot(trees["slope"].mean(), trees["height"].mean(), marker, color=colour, ms=9, mec="black")
for section, (colour, marker) in looks.items():
    ax.plot([], [], marker + "-", color=colour, label=section)
ax.set_xlabel("slope of the plot (degrees)")
ax.set_ylabel("height of the tree (m)")
ax.legend(title="section", loc="upper right")
plt.show()

# %% [markdown]
# Small marks are trees; each line is one transect, drawn for itself; the large marks are the transects' means. Every line falls.
# Have a look at the large marks, too, and keep them in mind.

# %%
everything = lk.load_data("forest").drop_duplicates(["transect", "plot"])
kept = set(zip(forest["transect"], forest["plot"], strict=True))
lost = everything[[pair not in kept for pair in zip(everything["transect"], everything["plot"], strict=True)]]
in_words(
    f"One of {len(everything)} plots has gone altogether: plot {lost['plot'].iloc[0]} of"
    f" {lost['transect'].iloc[0]} had a single tree, and that one had no top. With"
    f" {lost['slope'].iloc[0]:.0f} degrees it was the steepest plot of the valley (the next has"
    f" {forest['slope'].max():.0f}).",
    "When what is missing goes with the predictor, say so: the data then say little about the steepest ground.",
)

# %% [markdown]
# ## Step 3. What could the model be?
#
# Groups first. A tree stands in a plot, a plot on a transect, a transect in a section. There are twelve transects, and they are a
# sample of all that could have been walked: random. Plots, in the same way. The three sections are all there are, and below about five
# levels a variance is poorly estimated anyway: fixed.
#
# **Predict, then run.** Which random part counts the plots correctly? Answer `"(1 | plot)"`, `"(1 | transect) + (1 | plot)"`
# or `"(1 | transect/plot)"`.

# %%
your_random = ...
check("16.q2", your_random)

# %%
for part in ["(1 | plot)", "(1 | transect) + (1 | plot)", "(1 | transect/plot)"]:
    fit = lk.lmer(f"height ~ slope + section + {part}", forest)
    row = fit.coef_table().loc["slope"]
    levels = ", ".join(f"{count} of {group}" for group, count in fit.ngroups.items())
    print(f"{part:28s} groups: {levels}")
    print(f"{'':28s} slope {row['estimate']:7.4f}, standard error {row['std_error']:.4f}")

# %% [markdown]
# The first says that there are six plots in the world, and sees next to nothing. The second sees the effect but is too sure of it:
# look at its standard error. Only the third has the number of plots that you have just counted.
#
# ## Step 4. What could be a problem?
#
# Nobody dealt out slopes to plots by lot. Steep transects may differ from flat ones in many ways: soil, moisture, wind.
# So there are two questions in our one sentence, and they need not have the same answer.
#
# - *Within* a transect: are trees shorter on its steeper plots?
# - *Between* transects: do steeper transects carry shorter trees?
#
# A model with `slope` alone mixes the two. Split the predictor into the transect's mean and the deviation from it (lesson 3
# gave the trick its name, Mundlak's), and each gets a coefficient of its own.
#
# **Predict, then run.** Look at the picture again. Which sign will the coefficient of the *transects' mean* slope have:
# `"positive"` or `"negative"`?

# %%
your_sign = ...
check("16.q3", your_sign)

# %%
plots = forest.drop_duplicates(["transect", "plot"])
forest["transect_slope"] = (
    forest["transect"].map(plots.groupby("transect", observed=True)["slope"].mean()).astype(float)
)
forest["slope_within"] = forest["slope"] - forest["transect_slope"]
heap = lk.lm("height ~ slope", forest)
mixed = lk.lmer("height ~ slope + section + (1 | transect/plot)", forest)
split = lk.lmer("height ~ slope_within + transect_slope + section + (1 | transect/plot)", forest)
print(table_text(lk.anova(mixed, split, names=["slope", "slope split"])))
print()
print(table_text(lk.kr_modcomp(split, mixed)))

# %% [markdown]
# The large marks *rise*, while every line falls: that is the whole story. The first table asks whether the split is worth a parameter, by a likelihood ratio. That test
# trusts in many groups, and here are twelve transects: its p-value is too small. The second asks the same by Kenward and Roger's F test, which counts the groups: believe that one. The split
# is wanted all the same.

# %% [markdown]
# ## Step 5. The model
#
# For tree $i$ on plot $p$ of transect $t$, which crosses section $s$:
#
# $$\text{height}_{tpi} = \beta_0 + \beta_W(\text{slope}_{tp} - \overline{\text{slope}}_t) + \beta_B\,\overline{\text{slope}}_t
# + \gamma_{s} + a_t + b_{tp} + \varepsilon_{tpi}$$
#
# with $a_t \sim N(0, \sigma_T^2)$, $b_{tp} \sim N(0, \sigma_P^2)$ and $\varepsilon_{tpi} \sim N(0, \sigma^2)$. In R, after the
# same two columns are made: `lmer(height ~ slope_within + transect_slope + section + (1 | transect/plot), data = forest)`.

# %%
print(split.summary())

# %%
within, between = split.coef_table().loc["slope_within"], split.coef_table().loc["transect_slope"]
in_words(
    f"All trees on one heap: {heap.fixef['slope']:+.3f} m per degree (p ="
    f" {heap.coef_table().loc['slope', 'p_value']:.1g}). Steep ground makes tall trees?",
    f"Within a transect: {within['estimate']:+.3f} m per degree (p = {within['p_value']:.1g}): steeper plots"
    " carry shorter trees.",
    f"Between transects: {between['estimate']:+.3f} m per degree, with {between['df']:.0f} degrees of freedom"
    f" (p = {between['p_value']:.2f}): twelve transects cannot say much, and what they say is the opposite.",
    f"The standard error of the within effect, {within['std_error']:.3f}, belongs to {within['df']:.0f}"
    f" degrees of freedom: it knows that there are plots, not {len(forest)} independent trees.",
)

# %% [markdown]
# ## Step 6. Can it be believed?
#
# Four pictures (lesson 12 says what each break looks like), and one question: does a single transect carry the result?

# %%
residual, fitted = np.asarray(split.resid()), np.asarray(split.fitted)
effects = split.ranef()
fig, axes = plt.subplots(2, 2, figsize=(9.5, 7), layout="constrained")
for ax, x, label in [
    (axes[0, 0], fitted, "fitted height (m)"),
    (axes[0, 1], forest["slope_within"], "slope minus transect's mean (degrees)"),
]:
    ax.plot(x, residual, "o", ms=3, color=BLUE, alpha=0.5)
    ax.axhline(0, color=GREY, ls="--")
    ax.set_xlabel(label)
    ax.set_ylabel("residual (m)")
for ax, values, colour, marker, label in [
    (axes[1, 0], residual, BLUE, "o", "residuals"),
    (axes[1, 1], effects["plot:transect"]["(Intercept)"].to_numpy(), BLUE, "o", "plots"),
    (axes[1, 1], effects["transect"]["(Intercept)"].to_numpy(), ORANGE, "s", "transects"),
]:
    (theory, ordered), (slope, start, _) = stats.probplot(values)
    ax.plot(theory, ordered, marker, ms=4, color=colour, label=label)
    ax.plot(theory, start + slope * theory, "--", color=GREY)
    ax.set_xlabel("normal quantiles")
    ax.set_ylabel("residual (m)" if label == "residuals" else "random effect (m)")
axes[1, 1].legend(loc="upper left")
plt.show()

# %%
formula = "height ~ slope_within + transect_slope + section + (1 | transect/plot)"
left_out = {
    name: lk.lmer(formula, forest[forest["transect"] != name]).coef_table()
    for name in forest["transect"].cat.categories
}
each = pd.DataFrame(
    {
        name: {
            "within": table.loc["slope_within", "estimate"],
            "between": table.loc["transect_slope", "estimate"],
            "p_value": table.loc["transect_slope", "p_value"],
        }
        for name, table in left_out.items()
    }
).T
surest, least_sure = each["p_value"].idxmin(), each["p_value"].idxmax()
print("without one transect: effect within, effect between, p of the effect between")
print(table_text(each))
in_words(
    "Above: no curve, no funnel, points along the lines. Nothing there to worry about.",
    f"Does a single transect carry the result? Not the one within transects: whichever is left out, it stays between"
    f" {each['within'].min():+.3f} and {each['within'].max():+.3f}. The one between them does hang on single"
    f" transects: without {surest} it is {each.loc[surest, 'between']:+.3f} (p ="
    f" {each.loc[surest, 'p_value']:.2f}), without {least_sure} {each.loc[least_sure, 'between']:+.3f} (p ="
    f" {each.loc[least_sure, 'p_value']:.2f}). Its sign is always the same.",
)

# %% [markdown]
# ## Step 7. How large, and how sure?
#
# A p-value says that something is there. A reader wants to know how much, in units that mean something, with an interval.

# %%
interval = split.confint()
print(interval.round(3).to_string())
shares = split.variance_partition()
print("shares of the variance")
print(shares.round(3).to_string())
reach = stats.t.ppf(0.975, between["df"]) * between["std_error"]
in_words(
    f"Within transects: {interval.loc['slope_within', 'conf_low']:+.3f} to"
    f" {interval.loc['slope_within', 'conf_high']:+.3f} m per degree, and the t-test's interval is nearly the same.",
    f"Between transects the profile says {interval.loc['transect_slope', 'conf_low']:+.3f} to"
    f" {interval.loc['transect_slope', 'conf_high']:+.3f}, which leaves out zero; the t-test on"
    f" {between['df']:.0f} degrees of freedom says {between['estimate'] - reach:+.3f} to"
    f" {between['estimate'] + reach:+.3f}, which does not. The profile is one of maximum likelihood, and too"
    " narrow with so few groups. When two methods disagree, say so, and believe the one that counts the"
    " groups.",
)

# %% [markdown]
# ## Step 8. The paragraph
#
# A stranger with your table must be able to fit your model again from your words. That is the test. All numbers below come from
# the fit, by way of the cell that prints them: copying by hand is where good analyses go to die.

# %%
reach_within = stats.t.ppf(0.975, within["df"]) * within["std_error"]
low, high = within["estimate"] - reach_within, within["estimate"] + reach_within
sd = split.varcorr.frame.set_index("grp")["sdcor"]
r2 = split.r2()
in_words(
    f"Methods. We modelled the height of {split.nobs} trees on {split.ngroups['plot:transect']} plots of"
    f" {split.ngroups['transect']} transects by a linear mixed model, fitted by REML (lmmkit {lk.__version__})."
    f" {broken} trees with broken tops were left out, and with one of them its plot, the steepest of all. The"
    " fixed effects were the section of the valley and the slope of the plot, split into its transect's mean and the"
    " deviation from it (we decided on the split after having looked at the data); transects, and plots within"
    " transects, had random intercepts. We report t-tests and 95% intervals with Satterthwaite's degrees of freedom;"
    " residuals and random effects were checked by eye, and each transect was left out in turn.",
    f"Results. Within transects, trees were {-10 * within['estimate']:.1f} m shorter for every ten degrees of"
    f" slope (95% interval {-10 * high:.1f} to {-10 * low:.1f} m; t({within['df']:.0f}) ="
    f" {within['statistic']:.2f}, p"
    f" {'< 0.001' if within['p_value'] < 0.001 else '= ' + format(within['p_value'], '.3f')}). Steeper"
    f" transects did not carry shorter trees; if anything, taller ones ({10 * between['estimate']:+.1f} m for"
    f" ten degrees, 95% interval {10 * (between['estimate'] - reach):+.1f} to"
    f" {10 * (between['estimate'] + reach):+.1f} m; t({between['df']:.0f}) = {between['statistic']:.2f}, p ="
    f" {between['p_value']:.2f}), which hung on single transects (p from {each['p_value'].min():.2f} to"
    f" {each['p_value'].max():.2f}). Between the sections no difference was clear (p ="
    f" {split.coef_table().loc['sectionmiddle', 'p_value']:.2f} and"
    f" {split.coef_table().loc['sectionupper', 'p_value']:.2f} against the lower one). The standard deviation was {sd['transect']:.1f} m between transects, {sd['plot:transect']:.1f} m between"
    f" plots of a transect and {sd['Residual']:.1f} m between trees of a plot (marginal R²"
    f" {r2['marginal']:.2f}, conditional R² {r2['conditional']:.2f}).",
)

# %% [markdown]
# Look at what is *not* there: no "the effect was highly significant", no causes (nobody moved a tree), no third decimal of
# something known to the first.
#
# ### When would transects be fixed?
#
# When the question is about *these* ones, by name: "How much taller are trees on T03 than on T11, on equally steep ground?" is not about a population
# of transects. Then we want each transect's mean at one slope for all (here the mean slope), and pay a coefficient for each. (Whatever varies only between transects,
# such as section, cannot be asked about any more: the coefficients have taken it. And to *rank* the twelve, random effects do well: they are less
# deceived by thin groups, lesson 6.)

# %%
fixed = lk.lmer("height ~ slope + transect + (1 | transect:plot)", forest)
means = lk.emmeans(fixed, "transect")
print(means.round(2).to_string(index=False))
steepest = forest.groupby("transect", observed=True)["slope"].mean().idxmax()
on_steepest = forest.loc[forest["transect"] == steepest]
in_words(
    f"These are heights at a slope of {forest['slope'].mean():.1f} degrees. {steepest} is steeper"
    f" ({on_steepest['slope'].mean():.1f} degrees on average), so its trees are {on_steepest['height'].mean():.1f} m"
    f" tall, and would be {means.loc[means['transect'] == steepest, 'estimate'].iloc[0]:.1f} m on such ground.",
    f"With fixed transects the slope's effect is {fixed.fixef['slope']:+.4f}, hardly another than the"
    f" within-effect above, {within['estimate']:+.4f}: both compare plots of one transect only."
)

# %% [markdown] covers="004-42" asks="q004-7"
# ## A second walk: species and nitrate
#
# Fertiliser feeds a few greedy plants, and they crowd out the rest. Do meadows with more nitrate in the soil carry fewer
# species? The plots lie in seven fields along a river. Go through the steps again, faster.
#
# **Look.** One row a plot; nitrate is skewed to the right, as concentrations are; species are counts, but large ones, far
# from zero, so that a normal model is a fair start. **Take into account** that plots come in fields.

# %%
fields = lk.load_data("fields")
print(fields.describe().loc[["count", "mean", "std", "min", "max"]].round(1).to_string())
first = lk.lmer("species ~ nitrate + (1 | field)", fields)
print()
print(table_text(first.coef_table()))

# %% [markdown]
# A strong effect and a tiny p-value: is it ready to print? Step 6 is still missing. The residuals look harmless against the
# fitted values. But plots lie somewhere, and *somewhere* is a variable as well.

# %%
fig, axes = plt.subplots(1, 2, figsize=(9.5, 4.4), layout="constrained")
residual = np.asarray(first.resid())
trend = np.poly1d(np.polyfit(fields["distance"], residual, 2))
walk = np.linspace(fields["distance"].min(), fields["distance"].max(), 100)
axes[0].plot(fields["distance"], residual, "o", color=BLUE, ms=4)
axes[0].plot(walk, trend(walk), color=RED)
axes[0].axhline(0, color=GREY, ls="--")
axes[0].set_xlabel("distance from the river (m)")
axes[0].set_ylabel("residual (species)")
for sign, colour, marker, name in [(1, RED, "^", "more species than fitted"), (-1, BLUE, "v", "fewer")]:
    here = np.sign(residual) == sign
    axes[1].scatter(
        fields["east"][here],
        fields["distance"][here],
        s=12 * np.abs(residual[here]) + 3,
        color=colour,
        marker=marker,
        alpha=0.7,
        label=name,
    )
axes[1].set_xlabel("position along the river (m)")
axes[1].set_ylabel("distance from the river (m)")
fig.legend(loc="outside upper right", ncols=2, fontsize=11)
plt.show()

# %% [markdown]
# Left: the residuals bend and fall along the distance from the river. Right: a map; triangles point up where plots have more species than the model
# expects, down where they have fewer, and larger marks are larger residuals. The ups keep to the water, the downs to the dry side.
# Neighbours are alike, beyond what their field explains: the residuals are **not independent**.

# %%
place = fields[["east", "distance"]].to_numpy(float)
apart = np.sqrt(((place[:, None] - place[None]) ** 2).sum(axis=2))


def likeness(fit, nearest, farthest):
    """Correlation of the residuals of plots that lie between so many metres apart."""
    r = np.asarray(fit.resid())
    z = (r - r.mean()) / r.std()
    i, j = np.where(np.triu((apart > nearest) & (apart <= farthest)))
    return float((z[i] * z[j]).mean())


print(
    f"plots up to 60 m apart: {likeness(first, 0, 60):.2f}; 60 to 120 m: {likeness(first, 60, 120):.2f}; "
    f"120 to 250 m: {likeness(first, 120, 250):.2f}"
)

# %% [markdown]
# **How can it be solved?** Ask what the distance stands for. The soil dries out uphill, and uphill there
# is also more nitrate. So put the distance into the model, with a bend: `poly(distance, 2)` is a straight line and a bend, made so that they do not overlap. (Their
# coefficients are not in species per metre; only what they add up to is of interest.)
#
# **Predict, then run.** What will that do to the effect of nitrate? Answer `"larger"`, `"smaller"` or `"same"` (in size).

# %%
your_nitrate = ...
check("16.q4", your_nitrate)

# %%
second = lk.lmer("species ~ nitrate + poly(distance, 2) + (1 | field)", fields)
print(table_text(second.coef_table()))
before, after = first.coef_table().loc["nitrate"], second.coef_table().loc["nitrate"]
in_words(
    f"The residuals of plots up to 60 m apart now correlate by {likeness(second, 0, 60):.2f}, where it was"
    f" {likeness(first, 0, 60):.2f}.",
    f"Dry soil has fewer species, and nitrate had to answer for it: for {-10 * before['estimate']:.1f} species per"
    f" 10 mg/kg. With the distance in the model it is {-10 * after['estimate']:.1f} (standard error"
    f" {10 * after['std_error']:.1f}), {after['estimate'] / before['estimate']:.0%} of what was said before.",
)

# %% [markdown]
# Where no variable explains the pattern, the residuals themselves can be given a correlation that fades with distance (in R,
# nlme's `corSpatial`, or glmmTMB's `exp()`); lmmkit does not fit that. Sampling that respects the river would have been cheaper.

# %% [markdown] covers="004-43" asks="q004-8"
# ## At home: a line per owl, a line per brood
#
# The owls of the hormone trial once more: stress hormone in the blood before, two and twenty days after an implant, of
# siblings who share a nest. Draw the fitted model, once with a line for each bird and once with a line for each brood.
#
# Both pictures are predictions. What changes is which random effects may speak: all of them, or only the brood's.

# %%
owls = lk.load_data("owl_cort")
nest = lk.lmer("log(totCort) ~ Implant * days + (1 | Brood/Ring)", owls)
days = ["before", "2", "20"]
birds = owls.drop_duplicates("Ring")[["Brood", "Ring", "Implant"]]
grid = birds.merge(pd.DataFrame({"days": pd.Categorical(days, categories=days)}), how="cross")
grid["bird"] = nest.predict(grid)
grid["brood"] = nest.predict(grid, re_form="~ (1 | Brood)")
grid["average"] = nest.predict(grid, re_form="~ 0")

# %% [markdown]
# **Predict, then run.** Take the lines of the birds with one implant. Will any two of them cross? Answer `"yes"` or `"no"`, and say why to
# yourself before you run.

# %%
your_cross = ...
check("16.q5", your_cross)

# %%
fig, axes = plt.subplots(2, 2, figsize=(9.5, 7), sharex=True, sharey=True, layout="constrained")
for row, (column, unit, title) in enumerate(
    [("bird", "Ring", "a line per bird"), ("brood", "Brood", "a line per brood")]
):
    for ax, (implant, name, colour) in zip(
        axes[row], [("C", "corticosterone", RED), ("P", "placebo", BLUE)], strict=True
    ):
        mine = grid[grid["Implant"] == implant]
        for _, line in mine.drop_duplicates([unit, "days"]).groupby(unit, observed=True):
            ax.plot(days, line[column], color=colour, lw=0.6, alpha=0.6)
        ax.plot(days, mine["average"].iloc[:3], "o--", color="black", lw=2)
        ax.set_title(f"{name}: {title}", fontsize=12)
fig.supxlabel("days after the implant")
fig.supylabel("log of corticosterone (ng/mL)")
plt.show()

# %% [markdown]
# Above, every thin line is a bird; below, a brood; dashed is the average. The broods keep closer to the average because only part of the
# differences between birds comes from the nest.

# %%
nest_sd = nest.varcorr.frame.set_index("grp")["sdcor"]
alone = lk.lmer("log(totCort) ~ Implant * days + (1 | Ring)", owls)
lecture_vs_truth(
    "004, the owls of the first model",
    "birds have random intercepts, their nests have none",
    "siblings share a nest, so the nest must have its say; the picture per brood needs it in any case",
    f"with (1 | Brood/Ring) the standard deviation is {nest_sd['Brood']:.3f} between broods and"
    f" {nest_sd['Ring:Brood']:.3f} between the birds of a brood; without broods,"
    f" {alone.varcorr.frame['sdcor'].iloc[0]:.3f} between birds",
)

# %% [markdown]
# ## Build your own
#
# Here are the course's data sets, and all parts that a model is made of. Change *one* part at a time: read the formula, the equation
# and the sentence, and see whether the larger model is worth its parameters. Can you get one that is refused, and say
# why?

# %%
explorers.model_builder(data="owl_wing", response="Wing", fixed="Age * Implant", random="(Age | Ring)")

# %%
lecture_vs_truth(
    "004, what we have learned",
    "REML is for random effects, ML for fixed effects",
    "ML is for likelihoods of different fixed effects: likelihood-ratio tests, AIC, profiles. The model you report"
    " is fitted by REML, with Satterthwaite's or Kenward and Roger's degrees of freedom",
    "step 4 compared two models by ML (anova refitted them itself), step 8 reported REML: its standard error"
    f" for the slope between transects is {between['std_error']:.3f}, that of ML would be"
    f" {split.update(reml=False).se['transect_slope']:.3f}, because transects are few",
)

# %% [markdown]
# ## Common mistakes
#
# | the mistake | how it looks | lesson |
# | --- | --- | --- |
# | counting measurements instead of units | a huge `n`, a tiny p-value, and three mice | 1, 8 |
# | labels that start again in every group, taken as they are | too few levels in the printout | 7 |
# | a random factor with fewer than about five levels, without a word on it | a variance of zero, or an absurd one | 2, 3 |
# | one coefficient for within and between | an effect that changes sign when groups enter | 3 |
# | a fixed slope although groups respond differently | a standard error that is too small | 5 |
# | a singular fit passed over in silence | a correlation of minus one | 5 |
# | random slopes of a predictor that is constant within groups | a refusal, or nonsense | 5 |
# | a likelihood ratio test of fixed effects from REML fits | a p-value that means nothing | 10, 11 |
# | a predictor with its zero far outside the data | intercepts' spread and correlations that describe no animal | 5 |
# | averages of counts on the log scale | zeros with a made-up number added | 13 |
# | residuals not looked at | the river | 12 |
# | comparing models that were fitted to different rows | missing values in one predictor only | exercise 10 |
# | ranking groups by their raw means | thin groups at both ends | 6 |
# | choosing the model that gives the wanted p-value | nobody sees it; that is the trouble | everywhere |

# %% [markdown]
# ## The checklist
#
# **Before the data**
#
# - The question is one sentence; response, predictors and units of observation are named.
# - The design is drawn: what is nested in what, what is crossed, at which level each predictor varies.
# - The power was simulated (lesson 15), and the analysis was written down.
#
# **The model**
#
# - Every grouping that the sampling went through is in the model, or it is said why not.
# - Below about five levels: fixed, or it is said how uncertain the variance is. A sample of many: random. A predictor that varies within groups: a random slope was considered.
# - Predictors are centred where that gives the zero a meaning; within and between are separated where groups chose their own values.
# - The family suits the response; offsets and weights are said.
#
# **The fit**
#
# - No warning is unread: convergence, singularity, dropped columns, dropped rows.
# - The numbers of groups in the printout are those of the design.
# - Residuals were drawn against fitted values, every predictor, time and place; random effects against the normal.
# - Every group was left out once; what hangs on one is said.
#
# **The paper**
#
# - The formula, in words or in symbols; ML or REML; software with version.
# - Numbers of observations *and of groups at each level*; what was left out, and why.
# - Estimates with intervals in units that mean something; variance components; the test, its degrees of freedom.
# - What was planned, and what was found along the way.
# - The data and the script, where others can get at them.

# %%
key_points(
    "The sampling writes the random part, the question writes the fixed part.",
    "A predictor may do one thing within groups and another between them: split it and see.",
    "A small p-value is no check; residuals against time and place are.",
    "The same groups are random for a question about the population and fixed for a question about"
    " themselves.",
    "Report so that a stranger could fit your model: formula, groups at each level, estimates, intervals,"
    " variances.",
)

# %% [markdown] covers="004-44"
# ## Thanks
#
# The lectures end with thanks, and so do we: to those who made them and let others learn from them, and to the many who wrote
# the methods and programs they teach. Where we put something right, it was on the shoulders of people who went first.
#
# ## Further reading
#
# - Bolker, B. M., and others (2009). Generalized linear mixed models: a practical guide for ecology and evolution. *Trends in
#   Ecology & Evolution* 24, 127–135.
# - Harrison, X. A., and others (2018). A brief introduction to mixed effects modelling and multi-model inference in ecology.
#   *PeerJ* 6, e4794.
# - Meteyard, L., and Davies, R. A. I. (2020). Best practice guidance for linear mixed-effects models in psychological science.
#   *Journal of Memory and Language* 112, 104092.
# - Zuur, A. F., and Ieno, E. N. (2016). A protocol for conducting and presenting results of regression-type analyses. *Methods in
#   Ecology and Evolution* 7, 636–645.
