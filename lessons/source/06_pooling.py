# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] covers="003-20" minutes=45 needs="random intercepts (04) and random slopes (05)"
# # 6. Pooling: whom do you believe?
#
# **You will be able to**
#
# - say what complete, no and partial pooling do, and draw the three lines for one person;
# - predict which groups a mixed model pulls hardest, and why;
# - compute the weight of a group's own mean by hand, and find the same number in a fit;
# - spot an analysis that calls itself "no pooling" and is not.
#
# **Data** `sleepstudy` (real: Belenky and colleagues, 2003), `sleepstudy_plus` (the
# same with two people who hardly took part), `groups20` (simulated).
# **Lectures** 003 from "Partial pooling" to "what's the point?"; 004 "Complete, partial and no pooling".
#
# Run every cell from top to bottom. Where you meet three dots, stop and commit yourself before you run on:
# a guess that was wrong teaches more than a number that was read.

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
    use_course_look,
)

use_course_look()

# %% [markdown]
# ## The question
#
# An owl box holds one chick, and you have weighed it once. Next door there are eight chicks, weighed many times.
# How heavy is a typical chick in each box? For the full box you would simply take the mean. For the single chick
# the mean is one number, from one bird, on one windy night: you would rather lean on what you know about
# owls. How much should you lean? That is the whole of this lesson.
#
# We begin with people. Lorry drivers slept three hours a night, and every day somebody measured how fast
# they reacted. To the real study two made-up drivers are added (by Mahr, see the end): one came twice, the other once.

# %% covers="003-21"
sleep, plus = lk.load_data("sleepstudy"), lk.load_data("sleepstudy_plus")
print(
    f"{sleep.shape[0]} rows, {sleep.shape[1]} columns, {sleep['Subject'].nunique()} drivers; the first of"
    " them:"
)
print(sleep.head(10).to_string())
print("added rows:")
print(plus.tail(3).to_string())
print("rows per driver:")
print(plus.groupby("Subject", observed=True).size().to_string())

# %% [markdown]
# ## One line for everybody
#
# **Complete pooling** forgets who is who. One intercept, one slope, everybody the same.

# %% covers="003-22 003-23"
complete = lk.lm("Reaction ~ Days", plus)
print(complete.fixef.round(2).to_string())

# %% [markdown]
# ## One line each
#
# **No pooling** forgets that the others exist. Each person gets a line from their own days only. For the
# driver who came once there *is* no such line: through one point you can draw any slope you like.

# %%
rows = []
for subject, mine in plus.groupby("Subject", observed=True):
    if mine["Days"].nunique() > 1:
        intercept, slope = lk.lm("Reaction ~ Days", mine).fixef
        rows.append((subject, intercept, slope))
own = pd.DataFrame(rows, columns=["Subject", "intercept", "slope"]).set_index("Subject")
print(own.loc[["308", "309", "374"]].round(2).to_string())
print(
    "people without a line of their own:",
    sorted(set(plus["Subject"].astype(str)) - set(own.index.astype(str))),
)

# %% [markdown]
# ## Something in between
#
# **Partial pooling** is what a mixed model does. The drivers are a sample from a population of drivers; their
# intercepts and slopes scatter around a common line; and how much they scatter is estimated from the data.
#
# $$\text{Reaction}_{ij} = (\beta_0 + b_{0j}) + (\beta_1 + b_{1j})\,\text{Days}_{ij} + \varepsilon_{ij},
# \qquad \begin{pmatrix} b_{0j}\\ b_{1j}\end{pmatrix} \sim N(0, \Sigma),\quad \varepsilon_{ij}\sim N(0,\sigma^2)$$

# %% covers="003-26 003-27"
partial = lk.lmer("Reaction ~ Days + (Days | Subject)", plus)
print(partial)

# %% [markdown]
# In R this is `lmer(Reaction ~ 1 + Days + (1 + Days | Subject), data = my.data)`: the same words, the same numbers.
#
# **Predict, then run.** The fit gives every driver a line of their own. Before you look: will the
# partial-pooling slope of driver 308 be `"steeper"` or `"flatter"` than 308's own line?

# %%
your_guess = ...
check("06.q1", your_guess)

# %%
lines = partial.coef()["Subject"]
names = ["308", "309", "335", "373", "374", "337"]
fig, axes = plt.subplots(2, 3, figsize=(9.5, 6), sharex=True, sharey=True, layout="constrained")
days = np.array([0.0, 9.0])
for ax, name in zip(axes.flat, names, strict=True):
    mine = plus[plus["Subject"].astype(str) == name]
    ax.plot(mine["Days"], mine["Reaction"], "o", color=GREY, ms=5)
    ax.plot(days, complete.fixef.iloc[0] + complete.fixef.iloc[1] * days, "--", color="black", lw=1.5, label="complete")
    if name in own.index.astype(str):
        ax.plot(
            days, own.loc[name, "intercept"] + own.loc[name, "slope"] * days, ":", color=RED, lw=2.5, label="none"
        )
    ax.plot(
        days,
        lines.loc[name, "(Intercept)"] + lines.loc[name, "Days"] * days,
        "-",
        color=BLUE,
        label="partial",
    )
    ax.set_title(f"driver {name}")
axes[0, 0].legend(fontsize=10)
fig.supxlabel("day of the study")
fig.supylabel("reaction time (ms)")
plt.show()

# %% [markdown] asks="q003-3" mends="x003-11"
# Each panel is one driver; dashed is the line for everybody, dotted the driver's own, solid the mixed model's.
# Where there are ten days the solid line stays close to the driver's own. Where there is one, or two, its slope is
# nearly the crowd's: it has little else to go by.
#
# (What was the weird `%+%` on the slides? It is ggplot2's way of giving an old plot new data: `p %+% new_data`.
# The last slide of the series writes `p %>% all.pools` instead, which would *call* the data like a function, and fails.)

# %%
shift = lines.loc[own.index, "Days"] - own["slope"]
in_words(
    f"Driver 308's own slope is {own.loc['308', 'slope']:.2f} ms a day; the mixed model says"
    f" {lines.loc['308', 'Days']:.2f}.",
    f"Driver 374, with two days, would have {own.loc['374', 'slope']:.2f}; the mixed model says "
    f"{lines.loc['374', 'Days']:.2f}, close to the average {partial.fixef['Days']:.2f}.",
    f"Driver 373, with a single day, gets the slope {lines.loc['373', 'Days']:.2f}: borrowed, all of it.",
)

# %% [markdown]
# ## The weight, by hand
#
# Take the simplest case: only a mean for each group, no slope. The mixed model's estimate for group $j$ is a
# weighted average of the group's own mean and the common one, and the weight of its own mean is
#
# $$w_j = \frac{n_j}{n_j + \sigma^2/\tau^2}$$
#
# with $n_j$ observations, variance $\sigma^2$ within groups and $\tau^2$ between them. Many observations: believe the
# group. Noisy observations: believe the crowd. Groups that differ a lot: believe the group again.
# The simulated `groups20` has fish from twenty lakes; in two of them a single fish was caught.

# %% covers="004-17 004-18 004-19"
groups = lk.load_data("groups20")
fit = lk.lmer("length ~ 1 + (1 | group)", groups)
tau2, sigma2 = fit.varcorr.frame["vcov"].iloc[0], fit.sigma**2
table = groups.groupby("group", observed=True)["length"].agg(["size", "mean"])
table["weight"] = table["size"] / (table["size"] + sigma2 / tau2)
table["by hand"] = table["weight"] * table["mean"] + (1 - table["weight"]) * fit.fixef["(Intercept)"]
table["lmer"] = fit.coef()["group"]["(Intercept)"]
print(table.sort_values("size").round(3).to_string())

# %% [markdown]
# The last two columns agree to every digit shown: the weight formula *is* what the fit does.
#
# **Your turn.** A group has five observations, and the variance between groups is as large as the variance
# within. What weight does its own mean get?

# %%
your_weight = ...
check("06.q2", your_weight)

# %%
fig, ax = plt.subplots()
order = table.sort_values("size")
x = np.arange(len(order))
ax.axhline(groups["length"].mean(), ls=":", color="black", lw=1.5, label="complete pooling (mean of all fish)")
ax.axhline(fit.fixef["(Intercept)"], ls="--", color=BLUE, lw=1.5, label="the model's common mean")
ax.vlines(x, order["mean"], order["lmer"], color=GREY, lw=1)
ax.plot(x, order["mean"], "o", color=RED, mfc="none", label="no pooling (own mean)")
ax.plot(x, order["lmer"], "s", color=BLUE, label="partial pooling")
ax.set_xticks(x, order["size"].astype(int), rotation=90)
ax.set_xlabel("fish caught in the lake")
ax.set_ylabel("estimated mean length (cm)")
ax.set_ylim(top=37)
ax.legend(loc="upper right", ncols=2, fontsize=10)
plt.show()

# %% [markdown]
# Open circles are the lakes' own means, filled squares the mixed model's; the grey stalks are the shrinkage. They are
# longest on the left, where lakes have few fish, and vanish on the right. Every stalk points to the *model's* common mean (blue), which weighs lakes. It
# is not the mean of all fish (dotted), in which the lakes with many fish count most.

# %% [markdown]
# **Predict, then run.** As the variance between groups goes to zero, partial pooling becomes which of the other two:
# `"complete"` or `"none"`?

# %%
your_limit = ...
check("06.q3", your_limit)

# %% [markdown]
# Now take the sliders yourself. Drag the variance ratio down to zero and watch the squares: which reach the line first, and
# which last? Then drag it up as far as it goes. The bars on the right know the truth, because these data are made: at which
# ratio does partial pooling come nearest to it?

# %%
explorers.pooling()

# %% [markdown]
# A mean is one number. A line is two, an intercept and a slope, and a mixed model draws them towards the common line as a
# *pair*. Below, each driver is one dot. Drag the pooling from none to the mixed model's, which is 0.5, and on to complete
# pooling. Which dots move far? And why do some slopes come to lie *further* from the common slope than they were?

# %%
explorers.shrinkage()

# %% [markdown]
# ## When "no pooling" is not
#
# The lecture builds its no-pooling lines with a mixed model from which the fixed effects were taken away.
# It looks plausible, for nothing common is left. But the random effects are still draws from a normal
# distribution, and now that distribution is centred on zero.

# %% covers="003-24 003-25" mends="x003-10"
so_called = lk.lmer("Reaction ~ 0 + (Days | Subject)", plus)
pulled = so_called.coef()["Subject"]
compare = pd.DataFrame(
    {
        "own intercept": own["intercept"],
        "so-called intercept": pulled["(Intercept)"],
        "own slope": own["slope"],
        "so-called slope": pulled["Days"],
    }
).loc[["308", "373", "374"]]
print(compare.round(2).to_string())

# %% [markdown]
# **Predict, then run.** Towards which point does this model pull the *pair* of a driver's intercept and slope? Answer
# `"the average driver"`, `"zero"` (both of them zero) or `"nothing"`.

# %%
your_direction = ...
check("06.q4", your_direction)

# %%
away = (pulled.loc[own.index, "Days"].abs() > own["slope"].abs()).sum()
frame = so_called.varcorr.frame
in_words(
    f"The pair is pulled, and not each number by itself: {away} of {len(own)} slopes have moved *away* from zero.",
    f"That is because the model now finds intercepts with an SD of {frame['sdcor'].iloc[0]:.0f} ms around zero, and a correlation of "
    f"{frame['sdcor'].iloc[2]:.2f} between intercept and slope. Whoever has an intercept of 250 ms must then have a slope of about "
    f"{frame['sdcor'].iloc[2] * frame['sdcor'].iloc[1] / frame['sdcor'].iloc[0] * 250:.0f} ms a day: a common slope has come in all the same.",
)

# %% mends="x003-10"
lecture_vs_truth(
    "003, no pooling",
    "a mixed model without fixed effects gives every subject an independent line",
    "it gives partial pooling towards a line of zeros; independent lines come from one lm per subject, "
    "or lm with Subject + Subject:Days",
    f"driver 308 moves from ({own.loc['308', 'intercept']:.2f}, {own.loc['308', 'slope']:.2f}) to "
    f"({pulled.loc['308', '(Intercept)']:.2f}, {pulled.loc['308', 'Days']:.2f}); and driver 373, with one "
    f"observation, is given a slope of {pulled.loc['373', 'Days']:.2f}, which no honest no-pooling could"
    " know",
)

# %% mends="x003-12"
no_common = lk.lm("Reaction ~ 0 + Subject + Subject:Days", plus[plus["Subject"].astype(str) != "373"])
lecture_vs_truth(
    "003, what's the point",
    "partial pooling pulls the separate lines towards the complete-pooling line",
    "it pulls them towards the mixed model's own fixed-effect line",
    f"the fixed effects are ({partial.fixef.iloc[0]:.2f}, {partial.fixef.iloc[1]:.2f}), the single line of lm"
    f" is ({complete.fixef.iloc[0]:.2f}, {complete.fixef.iloc[1]:.2f}); close here, since the study is nearly"
    " balanced",
)

# %% [markdown] covers="003-28" asks="q003-2"
# ## Why should we care?
#
# Because somebody will rank the groups. Hospitals by deaths, schools by marks, genes by fold change: at the top and
# at the bottom of such a list small groups are easily found, since their means scatter widely just because they are small. Partial
# pooling takes back as much as the model takes for noise. It does so for all groups at once and has to be told
# nothing but the model.

# %%
ranks = table.assign(
    rank_before=table["mean"].rank(ascending=False).astype(int),
    rank_after=table["lmer"].rank(ascending=False).astype(int),
).sort_values("rank_before")
shown = ranks[["size", "mean", "rank_before", "lmer", "rank_after"]].round(1)
print(pd.concat([shown.head(3), shown.tail(3)]).to_string())
winner = ranks.iloc[0]
in_words(
    f"The winner, {ranks.index[0]}, has {winner['size']:.0f} fish. Pooled, it falls from rank 1 to rank {winner['rank_after']:.0f}; at the top stands "
    f"{ranks['rank_after'].idxmin()} with {ranks.loc[ranks['rank_after'].idxmin(), 'size']:.0f} fish.",
)

# %%
spread = table.assign(small=table["size"] <= table["size"].median())
summary = (
    spread.groupby("small")[["mean", "lmer"]].std().rename(index={True: "smaller half", False: "larger half"})
)
print("SD of the estimates, no pooling and partial pooling")
print(summary.round(2).to_string())

# %% mends="x004-7"
lecture_vs_truth(
    "004, no pooling",
    "no pooling gives each group a residual variance of its own",
    "no pooling of means usually keeps one residual variance; a group with one observation has no variance of"
    " its own",
    f"the smallest group here has {int(table['size'].min())} observation",
)

# %%
key_points(
    "Complete pooling ignores the groups, no pooling ignores the crowd; a mixed model weighs the two.",
    "A group's own mean counts more the more observations it has and the more groups really differ.",
    "Intercept and slope are pulled as a pair, towards the model's fixed effects; without fixed effects, towards (0, 0).",
    "Rankings of raw group means put small groups at the ends, just for being small.",
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
