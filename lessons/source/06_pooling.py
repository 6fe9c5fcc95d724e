# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] covers="003-20" minutes=40 needs="random intercepts (04) and random slopes (05)"
# # 6. Pooling: whom do you believe?
#
# **You will be able to**
#
# - say what complete, no and partial pooling do, and draw the three lines for one person;
# - predict which groups a mixed model pulls hardest, and why;
# - compute the weight of a group's own mean by hand, and find the same number in a fit;
# - say why a list of raw group means has small groups at its ends.
#
# **Data** `sleepstudy_plus` (eighteen real drivers, from Belenky and colleagues, 2003, and two made-up ones), `groups20`
# (simulated).

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt

# %% [markdown]
# ## One chick or eight
#
# An owl box holds one chick, and you have weighed it once. Next door there are eight chicks, weighed many times.
# How heavy is a typical chick in each box? For the full box you would simply take the mean. For the single chick
# the mean is one number, from one bird, on one windy night. There you would rather lean on what you know about
# owls. *How much should you lean?* That is this lesson.
#
# We begin with people. Lorry drivers slept three hours a night, and every day somebody measured how fast they reacted.
# Each driver is known by a number. Two made-up drivers are added (by Mahr, see the end): 374 came twice, 373 once.

# %% covers="003-21"
plus = lk.load_data("sleepstudy_plus")
print(len(plus), "rows,", plus["Subject"].nunique(), "drivers")
plus.tail(3)

# %% [markdown]
# ## One line for everybody, or one line each
#
# **Complete pooling** forgets who is who: one intercept and one slope for all. **No pooling** forgets that the others exist:
# each driver gets a line from their own days only.

# %% covers="003-22 003-23"
complete = lk.lm("Reaction ~ Days", plus)
own = {}
for name, mine in plus.groupby("Subject", observed=True):
    if len(mine) > 1:
        own[name] = lk.lm("Reaction ~ Days", mine).fixef
own = pd.DataFrame(own).T

# %% tags=["picture"]
# Picture: three drivers, the line for everybody and their own
NAMES, DAYS = ["308", "374", "373"], np.array([0.0, 9.0])


def draw(pooled=None):
    """One panel a driver: points, complete pooling, no pooling, and partial pooling where it is given."""
    _, axes = plt.subplots(1, 3, figsize=(10, 3.7), sharex=True, sharey=True, layout="constrained")
    for ax, name in zip(axes, NAMES, strict=True):
        mine = plus[plus["Subject"].astype(str) == name]
        ax.plot(mine["Days"], mine["Reaction"], "o", color=lesson.GREY, ms=6)
        kinds = [(complete.fixef, "--", "black", "complete")]
        kinds += [(own.loc[name], ":", lesson.RED, "none")] if name in own.index else []
        kinds += [(pooled.loc[name], "-", lesson.BLUE, "partial")] if pooled is not None else []
        for line, dash, colour, label in kinds:
            ax.plot(DAYS, line.iloc[0] + line.iloc[1] * DAYS, dash, color=colour, lw=2.5, label=label)
        ax.set(title=f"driver {name}", xlabel="day of the study")
    axes[0].set_ylabel("reaction time (ms)")
    axes[0].legend(fontsize=11)


draw()
lesson.show(
    f"Three panels. The line for everybody rises by {complete.fixef['Days']:.1f} ms a day. Driver 308, with ten days, has an own "
    f"line of {own.loc['308', 'Days']:.1f} ms a day; driver 374, with two days, one of {own.loc['374', 'Days']:.1f}; driver 373 "
    "has a single day and no own line."
)

# %% [markdown]
# Dashed is the line for everybody, dotted the driver's own. Driver 373 came once, and has none: through one point you can
# draw any slope you like. And would you believe the dotted line of 374?
#
# ## Something in between
#
# **Partial pooling** is what a mixed model does. The drivers are a sample from a population of drivers. Their
# intercepts and slopes scatter around a common line, and how much they scatter is estimated from the data.
#
# $$\text{Reaction}_{ij} = (\beta_0 + b_{0j}) + (\beta_1 + b_{1j})\,\text{Days}_{ij} + \varepsilon_{ij}$$
#
# The pair $(b_{0j}, b_{1j})$ comes from $N(0, \Sigma)$, as in lesson 5, and $\varepsilon_{ij}$ from $N(0,\sigma^2)$.

# %% covers="003-26 003-27"
partial = lk.lmer("Reaction ~ Days + (Days | Subject)", plus)
print(partial.fixef.round(2).to_dict())
print(partial.varcorr)

# %% [markdown]
# (In R: `lmer(Reaction ~ 1 + Days + (1 + Days | Subject), data = plus)`.)
#
# **Predict, then run.** The fit gives every driver a line. Will the partial-pooling slope of driver 308 be `"steeper"` or
# `"flatter"` than 308's own?

# %%
your_guess = ...
check("06.q1", your_guess)

# %% tags=["picture"] asks="q003-3"
# Picture: the same three drivers, with the mixed model's lines
lines = partial.coef()["Subject"]
draw(lines)
lesson.show(
    f"The same three panels with the mixed model's line. Its slope is {lines.loc['308', 'Days']:.1f} ms a day for driver 308, near the "
    f"own line; {lines.loc['374', 'Days']:.1f} for 374 and {lines.loc['373', 'Days']:.1f} for 373, near the line for everybody."
)

# %% [markdown]
# Solid is the mixed model. With ten days it stays close to the driver's own line. With one or two days, its slope is
# nearly the crowd's: it has little else to go by.

# %% tags=["fold"]
# In words: what each of the three gets
lesson.in_words(
    f"Driver 308's own slope is {own.loc['308', 'Days']:.2f} ms a day; the mixed model says {lines.loc['308', 'Days']:.2f}.",
    f"Driver 374, with two days, would have {own.loc['374', 'Days']:.2f}; the mixed model says "
    f"{lines.loc['374', 'Days']:.2f}, close to the average {partial.fixef['Days']:.2f}.",
    f"Driver 373, with a single day, gets the slope {lines.loc['373', 'Days']:.2f}: borrowed, all of it.",
)

# %% [markdown]
# This move from a group's own data towards the average is called **shrinkage**. The result, `ranef`, is what papers call a
# **BLUP** (best linear unbiased prediction) and lme4 a *conditional mode*.
#
# You may read that the lines are pulled towards the complete-pooling line. In truth they are pulled towards the mixed model's own
# fixed effects. The two are close here, since nearly all drivers came equally often:

# %% mends="x003-12"
centres = {"one line for all": complete.fixef, "fixed effects": partial.fixef}
pd.DataFrame(centres).T.round(2)

# %% [markdown]
# ## The weight, by hand
#
# Take the simplest case: only a mean for each group, no slope. The mixed model's estimate for group $j$ is a
# weighted average of the group's own mean and the common one. The weight of its own mean is
#
# $$w_j = \frac{n_j}{n_j + \sigma^2/\tau^2}$$
#
# with $n_j$ observations, variance $\sigma^2$ within groups and $\tau^2$ between them. Many observations: believe the
# group. Noisy observations: believe the crowd. Groups that differ a lot: believe the group again. `groups20` has the
# length of perch, a fish, from twenty lakes; in two of them a single fish was caught.

# %% covers="004-17 004-18 004-19"
perch = lk.load_data("groups20")
fit = lk.lmer("length ~ 1 + (1 | group)", perch)
tau2, sigma2 = fit.varcorr.frame["vcov"]
lakes = perch.groupby("group", observed=True)["length"].agg(["size", "mean"])
lakes["weight"] = lakes["size"] / (lakes["size"] + sigma2 / tau2)
common = fit.fixef["(Intercept)"]
lakes["by hand"] = lakes["weight"] * lakes["mean"] + (1 - lakes["weight"]) * common
lakes["lmer"] = fit.coef()["group"]["(Intercept)"]
lakes.sort_values("size").iloc[[0, 1, 2, 10, 18, 19]].round(3)

# %% [markdown]
# The last two columns agree to every digit shown: the weight formula *is* what the fit does.
#
# **Your turn.** A group has five observations, and the variance between groups is as large as the variance
# within. What weight does its own mean get, to two digits?

# %%
your_weight = ...
check("06.q2", your_weight)

# %% tags=["picture"]
# Picture: twenty lakes, and how far the model moves each of them
order = lakes.sort_values("size")
x = np.arange(len(order))
fig, ax = plt.subplots(figsize=(9.5, 4.6))
ax.axhline(perch["length"].mean(), ls="--", color="black", lw=1.5, label="mean of all fish (complete pooling)")
ax.axhline(fit.fixef["(Intercept)"], ls=":", color=lesson.BLUE, lw=2, label="the model's common mean")
ax.vlines(x, order["mean"], order["lmer"], color=lesson.GREY, lw=1)
ax.plot(x, order["mean"], "o", color=lesson.RED, mfc="none", label="own mean (no pooling)")
ax.plot(x, order["lmer"], "s", color=lesson.BLUE, label="mixed model (partial pooling)")
ax.set_xticks(x, order["size"].astype(int), rotation=90)
ax.set(xlabel="fish caught in the lake", ylabel="estimated mean length (cm)")
ax.set_ylim(top=38)
ax.legend(loc="upper right", ncols=2, fontsize=11)
moved = (order["mean"] - order["lmer"]).abs()
lesson.show(
    f"Twenty lakes from left to right, from 1 fish to {order['size'].max()}. Lakes with one fish move by up to {moved.max():.1f} cm towards the "
    f"model's mean of {fit.fixef['(Intercept)']:.1f} cm; the lake with most fish moves by {moved.iloc[-1]:.2f} cm."
)

# %% [markdown]
# The grey stalks are the shrinkage. They are longest on the left, where lakes have few fish, and vanish on the right. Every
# stalk points to the *model's* common mean (dotted), which weighs lakes. It is not the mean of all fish (dashed), in which
# the lakes with many fish count most.
#
# Now move it yourself. In the explorer below, the squares are partial pooling, the bars below are the weights, and the bars on
# the right know the truth, because these data are made. Drag the variance ratio down to zero, then up as far as it goes. Which
# squares reach the line first, and which last? At which ratio does partial pooling come nearest to the truth?
#
# **Predict, then run.** As the variance between groups goes to zero, partial pooling becomes which of the other two:
# `"complete"` or `"none"`?

# %%
your_limit = ...
check("06.q3", your_limit)

# %%
explorers.pooling()

# %% [markdown]
# The squares of the smallest groups reach the line first, those of the largest last. And partial pooling comes nearer to the
# truth than the other two over most of the slider. Near zero it does not: there it becomes complete pooling.
#
# ## Two numbers at once
#
# A mean is one number. A line is two, an intercept and a slope, and a mixed model draws them towards the common line as a
# *pair*. Below, each driver is one dot in the plane of intercepts and slopes. Drag the pooling from none to the mixed
# model's, which is 0.5, and on to complete pooling. Which dots move far? And why do some slopes come to lie *further* from the
# common slope than they were?

# %%
explorers.shrinkage()

# %% [markdown]
# Driver 374, with two days, moves far. Five of the nineteen slopes end further from the common slope than they began, because
# intercept and slope are drawn as a pair, and not each by itself.
#
# ## When "no pooling" is not
#
# You may see lines for each driver made by a mixed model from which the fixed effects were taken away, and called "no
# pooling". It looks plausible, for nothing common is left. In truth the random effects are still draws from one normal
# distribution.
#
# **Predict, then run.** Towards which point does this model pull the *pair* of a driver's intercept and slope? Answer
# `"the average driver"`, `"zero"` (both of them zero) or `"nothing"`.

# %%
your_direction = ...
check("06.q4", your_direction)

# %% covers="003-24 003-25" mends="x003-10"
so_called = lk.lmer("Reaction ~ 0 + (Days | Subject)", plus)
pulled = so_called.coef()["Subject"]
both = pd.concat([own, pulled], axis=1, keys=["own line", "so-called"])
both.loc[["308", "373", "374"]].round(2)

# %% tags=["fold"]
# In words: how the common slope comes back
away = (pulled.loc[own.index, "Days"].abs() > own["Days"].abs()).sum()
sd0, sd1, corr = so_called.varcorr.frame["sdcor"].iloc[:3]
lesson.in_words(
    f"The centre of the normal distribution is now (0, 0). The pair is pulled, and not each number by itself: {away} of {len(own)} slopes have moved away from zero.",
    f"The model finds intercepts with an SD of {sd0:.0f} ms around zero, and a correlation of {corr:.2f} between intercept and slope. "
    f"Whoever has an intercept of 250 ms must then have a slope of about {corr * sd1 / sd0 * 250:.0f} ms a day: a common slope has "
    f"come in all the same. Even driver 373, with one day, gets a slope of {pulled.loc['373', 'Days']:.2f}.",
)

# %% [markdown] mends="x004-7"
# For an honest no pooling, fit one `lm` for each group, or one for all with `0 + Subject + Subject:Days`, which gives the same lines.
# You may read that no pooling gives each group a residual variance of its own. In truth only the separate fits do, and a group
# with one row has none; the one fit for all has one residual variance for all.

# %% [markdown] covers="003-28" asks="q003-2"
# ## Why should we care?
#
# Because somebody will rank the groups. Hospitals by deaths, schools by marks, genes by fold change: at the top and
# at the bottom of such a list small groups are easily found. Their means scatter widely just because they are small. Partial
# pooling takes back as much as the model takes for noise. It does so for all groups at once, and has to be told
# nothing but the model. Here is the list of the lakes.

# %%
lakes["rank before"] = lakes["mean"].rank(ascending=False).astype(int)
lakes["rank after"] = lakes["lmer"].rank(ascending=False).astype(int)
ranked = lakes.sort_values("rank before").drop(columns=["weight", "by hand"])
pd.concat([ranked.head(3), ranked.tail(3)]).round(1)

# %% tags=["picture"]
# Picture: the list of lakes before and after pooling
winner, after = lakes["mean"].idxmax(), lakes["lmer"].idxmax()
fig, ax = plt.subplots(figsize=(8.5, 5))
for lake, row in lakes.iterrows():
    few = row["size"] <= 2
    look = {"color": lesson.RED if few else lesson.GREY, "lw": 3 if few else 1.2}
    ax.plot([0, 1], [row["mean"], row["lmer"]], "o-", **look)
    if few or lake == after:
        ax.text(
            1.03,
            row["lmer"],
            f"{lake}, {row['size']:.0f} fish",
            va="center",
            fontsize=11,
            color=look["color"],
        )
ax.axhline(fit.fixef["(Intercept)"], ls=":", color=lesson.BLUE, lw=2)
ax.set_xticks([0, 1], ["own mean", "mixed model"])
ax.set(xlim=(-0.15, 1.45), ylabel="mean length of the perch (cm)")
lesson.show(
    f"Twenty lines from each lake's own mean to the model's estimate. Lakes with one or two fish, in red, move by "
    f"{moved[order['size'] <= 2].mean():.1f} cm on average, the others by {moved[order['size'] > 2].mean():.1f} cm. "
    f"{winner} falls from rank 1 to rank {lakes.loc[winner, 'rank after']}."
)

# %% tags=["fold"]
# In words: what becomes of the winner
lesson.in_words(
    f"The winner, {winner}, has {lakes.loc[winner, 'size']} fish. Pooled, it falls from rank 1 to rank {lakes.loc[winner, 'rank after']}; "
    f"at the top stands {after} with {lakes.loc[after, 'size']} fish.",
)

# %% tags=["box"]
# Box: key points
lesson.key_points(
    "Complete pooling ignores the groups, no pooling ignores the crowd; a mixed model weighs the two.",
    "A group's own mean counts more the more observations it has and the more groups really differ.",
    "Intercept and slope are pulled as a pair, towards the model's fixed effects; without fixed effects, towards (0, 0).",
    "Rankings of raw group means tend to put small groups at the ends, just for being small.",
)

# %% [markdown]
# ## Further reading
#
# - Belenky, G., and others (2003). Patterns of performance degradation and restoration during sleep restriction and
#   subsequent recovery. *Journal of Sleep Research* 12, 1–12.
# - Gelman, A., and Hill, J. (2007). *Data Analysis Using Regression and Multilevel/Hierarchical Models*, chapter 12.
# - Mahr, T. (2017). Plotting partial pooling in mixed-effects models.
#   <https://www.tjmahr.com/plotting-partial-pooling-in-mixed-effects-models/> (with the two made-up drivers).
# - Efron, B., and Morris, C. (1977). Stein's paradox in statistics. *Scientific American* 236, 119–127.
