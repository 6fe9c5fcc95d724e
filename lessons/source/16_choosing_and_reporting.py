# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] covers="000-s1 001-1 002-1 003-1 004-1" minutes=55 needs="the whole way from formula (05) through tests (11) and checks (12) to power (15)"
# # 16. Choosing and reporting: from a question to a sentence in a paper
#
# **You will be able to**
#
# - carry an analysis from the question to the paragraph that reports it, in eight steps;
# - say which random effects a design asks for, and which question would make the same groups fixed;
# - find the mistake that a small p-value hides;
# - check a manuscript (your own first) against a list.
#
# **Data** `forest` and `fields` (simulated) and `owl_cort` (synthetic; it has the numbers of a printed example).

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt, stats

# %% [markdown] covers="000-s38 003-31 004-41"
# ## What you know by now
#
# - A linear model knows of no groups but those that you make predictors. A mixed model adds groups that deviate from the
#   average, and estimates how far they do.
# - Groups may differ in where they start (intercepts), in how they respond (slopes), or in both.
# - Because the groups share a distribution, groups with few rows borrow from the others: partial pooling.
# - What is true within groups may be hidden, or turned round, when all rows are put together.
# - The same ideas carry over to counts and to yes/no answers, with another family and a link.
#
# This lesson is about the part that no formula does for you.

# %% [markdown] covers="004-33" asks="q004-5"
# ## Step 1. The question, before the data
#
# Write it in one sentence. *Are trees shorter where the ground is steeper?* Somebody walked along straight lines (*transects*) from the ridge to the
# river of a dry valley, marked plots on each, measured the slope of the plot, and then the height of every tree on it.
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
forest = forest.dropna(subset=["height"])
sections = forest.groupby("section", observed=True)
mean = {"trees": ("height", "size"), "slope": ("slope", "mean"), "height": ("height", "mean")}
sections.agg(transects=("transect", "nunique"), **mean).round(1)

# %% tags=["fold"]
# In words: what is missing
everything = lk.load_data("forest").drop_duplicates(["transect", "plot"])
kept = set(zip(forest["transect"], forest["plot"], strict=True))
lost = everything[[pair not in kept for pair in zip(everything["transect"], everything["plot"], strict=True)]]
lesson.in_words(
    f"{broken} trees have no height: their tops broke off. They leave the analysis, and the paper will say so.",
    f"One of {len(everything)} plots has gone with them: plot {lost['plot'].iloc[0]} of {lost['transect'].iloc[0]} had a"
    f" single tree, and that one had no top. With {lost['slope'].iloc[0]:.0f} degrees it was the steepest plot of the valley (the"
    f" next has {forest['slope'].max():.0f}). When what is missing goes with the predictor, say so.",
    f"On every transect the plots are called {', '.join(forest['plot'].cat.categories)}.",
)

# %% [markdown]
# So plot 1 here and plot 1 there have nothing in common but the number. And the slope belongs to the *plot*: all trees of a plot share it.
#
# **Your turn.** How many different plots with at least one measured tree are there: how many pieces of evidence
# do we have about slopes? (`forest` is now the table without the missing heights.)

# %%
your_plots = ...
check("16.q1", your_plots)

# %% tags=["picture"]
# Picture: height against slope, one line per transect
fig, ax = plt.subplots(figsize=(8, 3.6))
looks = {"lower": (lesson.BLUE, "o"), "middle": (lesson.ORANGE, "s"), "upper": (lesson.GREEN, "^")}
own = {}
for (section, name), trees in forest.groupby(["section", "transect"], observed=True):
    colour, marker = looks[section]
    ax.plot(trees["slope"], trees["height"], marker, color=colour, ms=3, alpha=0.35)
    line = lk.lm("height ~ slope", trees).fixef
    own[name] = line["slope"]
    ends = np.array([trees["slope"].min(), trees["slope"].max()])
    ax.plot(ends, line["(Intercept)"] + line["slope"] * ends, color=colour, lw=1.6)
    ax.plot(trees["slope"].mean(), trees["height"].mean(), marker, color=colour, ms=9, mec="black")
for section, (colour, marker) in looks.items():
    ax.plot([], [], marker + "-", color=colour, label=section)
ax.set_xlabel("slope of the plot (degrees)")
ax.set_ylabel("height of the tree (m)")
ax.legend(title="section", loc="center left", bbox_to_anchor=(1, 0.5))
lesson.show(
    f"{len(forest)} small marks, the trees; {len(own)} lines, one per transect, all of which fall (by {-max(own.values()):.2f} to"
    f" {-min(own.values()):.2f} m per degree); and {len(own)} large marks, the means of the transects, which rise from left to right."
)

# %% [markdown]
# Small marks are trees. Each line is one transect, drawn for itself. The large marks are the transects' means. Every line falls.
# Look at the large marks, too, and remember them.
#
# ## Step 3. What could the model be?
#
# Groups first. A tree stands in a plot, a plot on a transect, a transect in a section. The twelve transects are a
# sample of all that could have been walked: random. So are the plots. The three sections are all there are, and below about five
# levels a variance is poorly estimated anyway: fixed.
#
# **Predict, then run.** Which random part counts the plots correctly? Answer `"(1 | plot)"`, `"(1 | transect) + (1 | plot)"`
# or `"(1 | transect/plot)"`.

# %%
your_random = ...
check("16.q2", your_random)

# %%
rows = {}
for part in ["(1 | plot)", "(1 | transect) + (1 | plot)", "(1 | transect/plot)"]:
    fit = lk.lmer(f"height ~ slope + section + {part}", forest)
    levels = ", ".join(f"{count} of {group}" for group, count in fit.ngroups.items())
    rows[part] = [levels, round(fit.fixef["slope"], 3), round(fit.se["slope"], 3)]
pd.DataFrame(rows, index=["groups", "slope", "std_error"]).T

# %% [markdown]
# The first says that there are six plots in the world, and sees almost nothing. The second sees the effect but is too sure of it:
# look at its standard error. Only the third has the number of plots that you have just counted.
#
# ## Step 4. What could be a problem?
#
# Nobody gave slopes to plots by chance. Steep transects may differ from flat ones in many ways: soil, moisture, wind.
# So there are two questions in our one sentence, and they need not have the same answer.
#
# - *Within* a transect: are trees shorter on its steeper plots?
# - *Between* transects: do steeper transects carry shorter trees?
#
# A model with `slope` alone mixes the two. As in lesson 3, split the predictor into the transect's mean and the deviation from it.
#
# **Predict, then run.** Look at the picture again. Which sign will the coefficient of the *transects' mean* slope have:
# `"positive"` or `"negative"`?

# %%
your_sign = ...
check("16.q3", your_sign)

# %%
plots = forest.drop_duplicates(["transect", "plot"])
mean_slope = plots.groupby("transect", observed=True)["slope"].mean()
forest["transect_slope"] = forest["transect"].map(mean_slope).astype(float)
forest["slope_within"] = forest["slope"] - forest["transect_slope"]
formula = "height ~ slope_within + transect_slope + section + (1 | transect/plot)"
split = lk.lmer(formula, forest)
split.coef_table().round(3)

# %% [markdown]
# The large marks *rise*, while every line falls: that is the whole story. Is the split worth a parameter? Ask twice, by a likelihood
# ratio and by Kenward and Roger's F test.

# %%
mixed = lk.lmer("height ~ slope + section + (1 | transect/plot)", forest)
by_ratio, by_f = lk.anova(mixed, split).iloc[1], lk.kr_modcomp(split, mixed).iloc[0]
p_values = {"likelihood ratio": by_ratio["p_value"], "Kenward-Roger": by_f["p_value"]}
pd.Series(p_values).to_frame("p-value").round(4)

# %% [markdown]
# The likelihood ratio trusts in many groups, and here are twelve transects: its p-value is too small. Believe the second. The split is wanted all the same.
#
# ## Step 5. The model
#
# For tree $i$ on plot $p$ of transect $t$, which crosses section $s$:
#
# $$\text{height}_{tpi} = \beta_0 + \beta_W(\text{slope}_{tp} - \overline{\text{slope}}_t) + \beta_B\,\overline{\text{slope}}_t
# + \gamma_{s} + a_t + b_{tp} + \varepsilon_{tpi}$$
#
# with $a_t \sim N(0, \sigma_T^2)$, $b_{tp} \sim N(0, \sigma_P^2)$ and $\varepsilon_{tpi} \sim N(0, \sigma^2)$. In R, with the
# same two columns: `lmer(height ~ slope_within + transect_slope + section + (1 | transect/plot), data = forest)`.

# %% tags=["fold"]
# In words: what the model says, beside a model without groups
together = lk.lm("height ~ slope", forest)
within, between = split.coef_table().loc["slope_within"], split.coef_table().loc["transect_slope"]
lesson.in_words(
    f"All trees together, without groups: {together.fixef['slope']:+.3f} m per degree"
    f" ({lesson.p_value(together.coef_table().loc['slope', 'p_value'])}). Steep ground makes tall trees?",
    f"Within a transect: {within['estimate']:+.3f} m per degree ({lesson.p_value(within['p_value'])}): steeper plots carry shorter"
    " trees.",
    f"Between transects: {between['estimate']:+.3f} m per degree, with {between['df']:.0f} degrees of freedom"
    f" ({lesson.p_value(between['p_value'])}): twelve transects cannot say much, and what they say is the opposite.",
    f"The standard error of the within effect, {within['std_error']:.3f}, belongs to {within['df']:.0f} degrees of freedom: it"
    f" knows that there are plots, not {len(forest)} independent trees.",
)

# %% [markdown]
# ## Step 6. Can it be believed?
#
# Look at four pictures (lesson 12), and ask: does a single transect carry the result?

# %% tags=["picture"]
# Picture: residuals in three ways, and the random effects in order
fig, axes = plt.subplots(2, 2, figsize=(9.5, 4.5), layout="constrained")
split.plot.residuals(ax=axes[0, 0])
axes[0, 0].set_xlabel("fitted height (m)")
axes[0, 1].plot(forest["slope_within"], split.resid(), "o", ms=3, color=lesson.BLUE, alpha=0.5)
axes[0, 1].axhline(0, color=lesson.GREY, ls="--")
axes[0, 1].set(xlabel="slope minus transect's mean (degrees)", ylabel="residual (m)")
split.plot.qq(ax=axes[1, 0])
split.plot.ranef_qq(ax=axes[1, 1])
for ax, name in zip(axes.flat, ("residuals", "residuals on the slope", "residuals in order", "groups in order"), strict=True):
    ax.set_title(name)
axes[1, 0].set_ylabel("scaled residual")
axes[1, 1].set_ylabel("scaled random effect")
bend = np.polyfit(forest["slope_within"], split.resid(), 2)[0]
lesson.show(
    "No bend and no funnel in the two upper pictures; the points of the two lower ones lie along their lines. A parabola through"
    f" the residuals on the slope would bend by {bend:.4f} m per squared degree. The residuals' skewness is {split.resid().skew():.2f}."
)

# %% tags=["fold"]
# In words: what happens when each transect is left out in turn
left_out = {name: lk.lmer(formula, forest[forest["transect"] != name]).coef_table() for name in forest["transect"].cat.categories}
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
lesson.in_words(
    "Above: no curve, no funnel, points along the lines. Nothing there to worry about.",
    f"Does a single transect carry the result? Not the one within transects: whichever is left out, it stays between"
    f" {each['within'].min():+.3f} and {each['within'].max():+.3f}. The one between them does hang on single transects:"
    f" without {surest} it is {each.loc[surest, 'between']:+.3f} ({lesson.p_value(each.loc[surest, 'p_value'])}), without {least_sure}"
    f" {each.loc[least_sure, 'between']:+.3f} ({lesson.p_value(each.loc[least_sure, 'p_value'])}). Its sign is always the same.",
)

# %% [markdown]
# ## Step 7. How large, and how sure?
#
# A p-value says that something is there. A reader wants to know how much, in units that mean something, with an interval.
# `stats.t.ppf` says how many standard errors it reaches to each side.

# %%
both = split.coef_table().loc[["slope_within", "transect_slope"]]
reach = stats.t.ppf(0.975, both["df"]) * both["std_error"]
by_t = pd.DataFrame({"t low": both["estimate"] - reach, "t high": both["estimate"] + reach})
profile = split.confint().loc[both.index].set_axis(["profile low", "profile high"], axis=1)
by_t.join(profile).round(3)

# %% [markdown]
# Within transects the two intervals are nearly the same. Between transects the profile leaves out zero, and the t interval does not. The profile is
# one of maximum likelihood, and too sure of itself with few groups. Report the other.
#
# ## Step 8. The paragraph
#
# Here is what goes into the paper. Every number comes from the fit, by way of the cell that prints it. Numbers that are copied by hand are where
# errors begin.

# %% tags=["fold"]
# In words: the paragraph for the paper
reach_within, reach = reach["slope_within"], reach["transect_slope"]
low, high = within["estimate"] - reach_within, within["estimate"] + reach_within
sd = split.varcorr.frame.set_index("grp")["sdcor"]
r2 = split.r2()
lesson.in_words(
    f"Methods. We modelled the height of {split.nobs} trees on {split.ngroups['plot:transect']} plots of"
    f" {split.ngroups['transect']} transects by a linear mixed model, fitted by REML (lmmkit {lk.__version__})."
    f" {broken} trees with broken tops were left out, and with one of them its plot, the steepest of all. The"
    " fixed effects were the section of the valley and the slope of the plot, split into its transect's mean and the"
    " deviation from it (we decided on the split after having looked at the data); transects, and plots within"
    " transects, had random intercepts. We report t-tests and 95% intervals with Satterthwaite's degrees of freedom;"
    " residuals and random effects were checked by eye, and each transect was left out in turn.",
    f"Results. Within transects, trees were {-10 * within['estimate']:.1f} m shorter for every ten degrees of"
    f" slope (95% interval {-10 * high:.1f} to {-10 * low:.1f} m; t({within['df']:.0f}) ="
    f" {within['statistic']:.2f},"
    f" {lesson.p_value(within['p_value'])}). Steeper"
    f" transects did not carry shorter trees; if anything, taller ones ({10 * between['estimate']:+.1f} m for"
    f" ten degrees, 95% interval {10 * (between['estimate'] - reach):+.1f} to"
    f" {10 * (between['estimate'] + reach):+.1f} m; t({between['df']:.0f}) = {between['statistic']:.2f},"
    f" {lesson.p_value(between['p_value'])}), which hung on single transects (from {lesson.p_value(each['p_value'].min())} to"
    f" {lesson.p_value(each['p_value'].max())}). Between the sections no difference was clear"
    f" ({lesson.p_value(split.coef_table().loc['sectionmiddle', 'p_value'])} and"
    f" {lesson.p_value(split.coef_table().loc['sectionupper', 'p_value'])} against the lower one). The standard deviation was {sd['transect']:.1f} m between transects, {sd['plot:transect']:.1f} m between"
    f" plots of a transect and {sd['Residual']:.1f} m between trees of a plot (marginal R²"
    f" {r2['marginal']:.2f}, conditional R² {r2['conditional']:.2f}).",
)

# %% [markdown]
# Look at what is *not* there: no "the effect was highly significant", no causes (nobody moved a tree), no third decimal of
# something known to the first. You may read that REML is for random effects and ML for fixed effects. In truth ML is for *comparing* different fixed effects (tests, AIC,
# profiles), and the model that you report is fitted by REML. See what ML would say of the slope between twelve transects:

# %% tags=["fold"]
# Table: standard errors by REML and by ML
ml = split.update(reml=False)
pd.DataFrame({"REML": split.se, "ML": ml.se}).loc[["transect_slope"]].rename_axis("standard error of").round(3)

# %% [markdown]
# ### When would transects be fixed?
#
# When the question is about *these* ones, by name: "How much taller are trees on T03 than on T11, on equally steep ground?" is not about a population
# of transects. Then we want each transect's mean at one slope for all (here the mean slope), and pay a coefficient for each.

# %%
fixed = lk.lmer("height ~ slope + transect + (1 | transect:plot)", forest)
means = lk.emmeans(fixed, "transect")
means[means["transect"].isin(["T03", "T11"])].round(2)

# %% [markdown]
# The slope's effect is hardly another than the within effect above, for both compare plots of one transect only. What varies only between
# transects, such as the section, cannot be asked about any more: the coefficients have taken it. And to *rank* the twelve, random effects do well: they
# are less deceived by groups with few rows (lesson 6).

# %% [markdown] covers="004-42" asks="q004-7"
# ## A second walk: species and nitrate
#
# Do meadows with more nitrate in the soil carry fewer species? You know the fields along the river from lesson 12. Go through the steps again, faster.
# **Look**: one row a plot; species are counts, but large ones, far from zero, so that a normal model is a fair start. **Groups**: plots come in fields.

# %%
fields = lk.load_data("fields")
first = lk.lmer("species ~ nitrate + (1 | field)", fields)
print(f"{first.nobs} plots")
first.coef_table().round(3)

# %% [markdown]
# A strong effect and a tiny p-value: is it ready to print? Step 6 is still missing. In lesson 12 the residuals, drawn on a map, were above
# the model near the water, and below it on the dry side. Neighbours are alike, beyond what their field explains: the residuals are **not independent**.
#
# **How can it be solved?** Ask what the distance from the river stands for. The soil dries out uphill, and uphill there
# is also more nitrate. So put the distance into the model, with a bend: `poly(distance, 2)` is a straight line and a bend, made so that they do
# not overlap. (Their coefficients are not in species per metre; only what they add up to is of interest.)
#
# **Predict, then run.** What will that do to the effect of nitrate? Answer `"larger"`, `"smaller"` or `"same"` (in size).

# %%
your_nitrate = ...
check("16.q4", your_nitrate)

# %%
second = lk.lmer("species ~ nitrate + poly(distance, 2) + (1 | field)", fields)
both = {"without distance": first, "with distance": second}
rows = {name: [fit.fixef["nitrate"], fit.se["nitrate"]] for name, fit in both.items()}
pd.DataFrame(rows, index=["nitrate", "std_error"]).T.round(3)

# %% tags=["fold"]
# In words: how alike neighbours are now
place = fields[["east", "distance"]].to_numpy(float)
apart = np.sqrt(((place[:, None] - place[None]) ** 2).sum(axis=2))
i, j = np.where(np.triu((apart > 0) & (apart <= 60)))


def likeness(fit):
    """Correlation of the residuals of plots that lie up to 60 m apart."""
    r = np.asarray(fit.resid())
    z = (r - r.mean()) / r.std()
    return float((z[i] * z[j]).mean())


before, after = first.coef_table().loc["nitrate"], second.coef_table().loc["nitrate"]
lesson.in_words(
    f"The residuals of plots up to 60 m apart now correlate by {likeness(second):.2f}, where it was {likeness(first):.2f}.",
    f"Dry soil has fewer species, and nitrate had to answer for it: for {-10 * before['estimate']:.1f} species per 10 mg/kg. With"
    f" the distance in the model it is {-10 * after['estimate']:.1f} (standard error {10 * after['std_error']:.1f}),"
    f" {after['estimate'] / before['estimate']:.0%} of what was said before.",
)

# %% [markdown]
# Where no variable explains the pattern, the residuals themselves can be given a correlation that fades with distance (in R,
# nlme's `corSpatial`, or glmmTMB's `exp()`). Better still is sampling that crosses the gradient on purpose.

# %% [markdown] covers="004-43" asks="q004-8"
# ## At home: a line per owl, a line per brood
#
# The owls of the hormone trial once more: stress hormone in the blood before, two and twenty days after an implant, of
# siblings who share a nest. You may meet a model in which birds have random intercepts and their nests have none. In truth the nest must have its say. See how
# much of the spread between birds belongs to it:

# %%
owls = lk.load_data("owl_cort")
nest = lk.lmer("log(totCort) ~ Implant * days + (1 | Brood/Ring)", owls)

# %% tags=["fold"]
# In words: the nest's part of the spread
nest_sd = nest.varcorr.frame.set_index("grp")["sdcor"]
alone = lk.lmer("log(totCort) ~ Implant * days + (1 | Ring)", owls).varcorr.frame["sdcor"].iloc[0]
lesson.in_words(
    f"The standard deviation is {nest_sd['Brood']:.3f} between broods and {nest_sd['Ring:Brood']:.3f} between the birds of a brood;"
    f" in a model without broods it is {alone:.3f} between birds."
)

# %% [markdown]
# Now draw the fitted model, once with a line for each bird and once with a line for each brood. Both pictures are
# predictions. What changes is which random effects may speak: all of them, or only the brood's.
#
# **Predict, then run.** Take the lines of the birds with one implant. Will any two of them cross? Answer `"yes"` or `"no"`, and say why to
# yourself before you run.

# %%
your_cross = ...
check("16.q5", your_cross)

# %% tags=["picture"]
# Picture: the fitted lines, one per bird and one per brood
days = ["before", "2", "20"]
birds = owls.drop_duplicates("Ring")[["Brood", "Ring", "Implant"]]
grid = birds.merge(pd.DataFrame({"days": pd.Categorical(days, categories=days)}), how="cross")
grid["bird"] = nest.predict(grid)
grid["brood"] = nest.predict(grid, re_form="~ (1 | Brood)")
grid["average"] = nest.predict(grid, re_form="~ 0")
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.2), sharey=True, layout="constrained")
for ax, column, unit in zip(axes, ("bird", "brood"), ("Ring", "Brood"), strict=True):
    for implant, name, colour in (("C", "corticosterone", lesson.TREATED), ("P", "placebo", lesson.CONTROL)):
        mine = grid[grid["Implant"] == implant]
        for _, line in mine.drop_duplicates([unit, "days"]).groupby(unit, observed=True):
            ax.plot(days, line[column], color=colour, lw=0.5)
        style = "o-" if implant == "C" else "s--"
        ax.plot(days, mine["average"].iloc[:3], style, color=colour, lw=3, mec="black", label=name)
    ax.set_title(f"a line per {column}")
    ax.set_xlabel("days after the implant")
axes[0].set_ylabel("log of corticosterone (ng/mL)")
axes[0].legend(fontsize=11)
wide = {column: grid.loc[grid["days"] == "2", column].sub(grid.loc[grid["days"] == "2", "average"]).std() for column in ("bird", "brood")}
lesson.show(
    "Two panels of thin lines around two thick ones, the averages of corticosterone (high on day 2) and of placebo. Left a line per"
    f" bird, with an SD of {wide['bird']:.2f} around the averages; right a line per brood, with {wide['brood']:.2f}. Within an implant"
    " all lines are parallel."
)

# %% [markdown]
# The broods keep closer to the average because only part of the differences between birds comes from the nest.
#
# ## Build your own
#
# Here are the course's data sets, and all parts that a model is made of. Change *one* part at a time: read the formula, the equation
# and the sentence, and see whether the larger model is worth its parameters.

# %%
explorers.model_builder(data="owl_wing", response="Wing", fixed="Age * Implant", random="(Age | Ring)")

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
# | a singular fit that nobody mentions | a correlation of minus one | 5 |
# | a likelihood ratio test of fixed effects from REML fits | a p-value that means nothing | 10, 11 |
# | a predictor with its zero far outside the data | intercepts that describe no animal | 5 |
# | residuals not looked at | the river | 12 |
# | comparing models that were fitted to different rows | missing values in one predictor only | exercise 10 |
# | ranking groups by their raw means | groups with few rows at both ends | 6 |
# | choosing the model that gives the wanted p-value | nobody sees it | everywhere |
#
# ## The checklist
#
# - **Before the data.** The question is one sentence. The design is drawn: what is nested, what is crossed, at which level each predictor varies. The
#   power was simulated (lesson 15), and the analysis was written down.
# - **The model.** Every grouping that the sampling went through is in it, or it is said why not. Groups of fewer than about five levels are fixed, or it is said how uncertain
#   the variance is. Within and between are separated where groups chose their own values. The family suits the response.
# - **The fit.** No warning is unread. The numbers of groups are those of the design. Residuals were drawn against fitted values, every predictor, time
#   and place. Every group was left out once.
# - **The paper.** The formula; ML or REML; software with version. Numbers of observations *and of groups at each level*; what was left out, and why. Estimates with
#   intervals; variance components; the test with its degrees of freedom. What was planned, and what was found along the way. The data and the script.

# %% tags=["box"]
# Box: what to take home
lesson.key_points(
    "The sampling writes the random part, the question writes the fixed part.",
    "A predictor may do one thing within groups and another between them: split it and see.",
    "A small p-value is no check; residuals against time and place are.",
    "The same groups are random for a question about the population and fixed for a question about themselves.",
    "Report so that a stranger could fit your model: formula, groups at each level, estimates, intervals, variances.",
)

# %% [markdown] covers="004-44"
# ## Further reading
#
# Thanks to those who made the lectures that this course goes along with, and to the many who wrote the methods and programs.
#
# - Bolker, B. M., and others (2009). Generalized linear mixed models: a practical guide for ecology and evolution. *Trends in
#   Ecology & Evolution* 24, 127–135.
# - Harrison, X. A., and others (2018). A brief introduction to mixed effects modelling and multi-model inference in ecology.
#   *PeerJ* 6, e4794.
# - Meteyard, L., and Davies, R. A. I. (2020). Best practice guidance for linear mixed-effects models in psychological science.
#   *Journal of Memory and Language* 112, 104092.
# - Zuur, A. F., and Ieno, E. N. (2016). A protocol for conducting and presenting results of regression-type analyses. *Methods in
#   Ecology and Evolution* 7, 636–645.
