# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 9. Repeated measures
#
# Two warm-ups from earlier lessons, then eight tasks on lesson 9, from recall to judgement; about forty-five minutes. Put
# your answers where the three dots are and run the cell: you get a verdict at once, and a hint when you need one.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, plt, stats

# %% [markdown]
# ## Warm-up 1: eggs and hens (lesson 8)
#
# Two feeds are tried, each on {{w1.hens:word}} hens. Of each hen {{w1.eggs:word}} eggs are weighed. You compare the feeds by a t-test of the
# hens' *mean* egg weights, with equal variances. How many degrees of freedom does the test have?

# %% tags=["solution"] task="w1"
answer_w1 = 2 * 6 - 2
### OWN answer_w1 = 2 * own_numbers("ex09.w1").hens - 2

# %%
check("ex09.w1", answer_w1)

# %% [markdown]
# ## Warm-up 2: two eggs of one hen (lesson 4)
#
# Egg weights have a variance of {{w2.between}} g² between hens, and of {{w2.within}} g² within a hen. What is the correlation of two eggs of the same hen?

# %% tags=["solution"] task="w2"
answer_w2 = 6 / (6 + 10)
### OWN n = own_numbers("ex09.w2")
### OWN answer_w2 = n.between / (n.between + n.within)

# %%
check("ex09.w2", answer_w2)

# %% [markdown]
# ## Drivers who sleep too little
#
# `sleepstudy` (real data): the reaction times (ms) of lorry drivers who slept three hours a night. Days 0 and 1 were training, and the test of day 2
# was taken before the first short night. So `sleep` begins with day 2, and counts in `lost` the short nights since.

# %%
drivers = lk.load_data("sleepstudy")
sleep = drivers[drivers["Days"] >= 2].assign(lost=lambda rows: rows["Days"] - 2).reset_index(drop=True)
sleep.head()

# %% [markdown]
# ## 1. Voles
#
# Fifteen voles are weighed every week for two months. They start from different weights and grow at different rates. Which random part belongs
# to `weight ~ week + ...`?
#
# `"(1 | week)"`, `"(1 | vole)"`, `"(week | vole)"`, `"(vole | week)"` or `"(0 + week | vole)"`

# %% tags=["solution"] task="q1"
answer_1 = "(week | vole)"

# %%
check("ex09.q1", answer_1)

# %% [markdown]
# ## 2. Fit it
#
# Fit such a model, by REML, to the reaction times in `sleep`, with `lost` as the time (the next tasks look for it by this name). The
# first half is written.

# %% tags=["solution"] task="q2"
### GIVEN # model = lk.lmer("Reaction ~ lost + (...)", sleep)
model = lk.lmer("Reaction ~ lost + (lost | Subject)", sleep)

# %%
check("ex09.q2", model)

# %%
if model is not ...:
    print(model)

# %% [markdown]
# ## 3. How surely do drivers slow down?
#
# Give the 95% interval, lower end first, for the *mean* slowing of drivers by one short night. Take estimate, standard error and degrees of
# freedom (`df`) from `model.coef_table()`, and the quantile of *t* from `stats.t.ppf`.

# %% tags=["solution"] task="q3"
row = model.coef_table().loc["lost"]
reach = stats.t.ppf(0.975, row["df"]) * row["std_error"]
answer_3 = [row["estimate"] - reach, row["estimate"] + reach]

# %%
check("ex09.q3", answer_3)

# %% [markdown]
# ## 4. Other data, other groups: cattle of three breeds
#
# In `ex33` (a synthetic stand-in), infected cattle were followed for weeks; `PCV` is the share of red cells in their blood. Do the *breeds* lose them at
# different rates? In the builder, choose the data `ex33` and the random part `(0 + time | animal_id)`. Take the fixed part
# `time + breed`, then `time * breed`: the second is compared with the first. Write down the *p*-value of that comparison (two decimals will do).

# %%
explorers.model_builder()

# %% tags=["solution"] task="q4"
built = explorers.model_builder.result
same = built(data="ex33", response="PCV", fixed="time + breed", random="(0 + time | animal_id)").fit
differ = built(data="ex33", response="PCV", fixed="time * breed", random="(0 + time | animal_id)").fit
answer_4 = lk.anova(same, differ)["p_value"].iloc[1]

# %%
check("ex09.q4", answer_4)

# %% [markdown]
# ## 5. Memory, or a slope left out?
#
# This function gives the correlation of each residual with the same driver's next one:


# %%
def memory(fit):
    rows = sleep.assign(residual=fit.resid())
    following = rows.groupby("Subject", observed=True)["residual"].shift(-1)
    return rows["residual"].corr(following)


if model is not ...:
    print(f"with random slopes: {memory(model):.2f}")

# %% [markdown]
# What does it give for the model in which drivers differ in their intercepts only? Fit it to `sleep` first, and call it `parallel`.

# %% tags=["solution"] task="q5"
parallel = lk.lmer("Reaction ~ lost + (1 | Subject)", sleep)
answer_5 = memory(parallel)

# %%
check("ex09.q5", answer_5)

# %% [markdown]
# Are these two numbers large or small? That depends on what drivers *without* memory would give. So here are two hundred studies that are simulated from
# your model of task 2, in which every day's noise is fresh. Both models are fitted to each of them. (It takes some seconds.)

# %% tags=["picture"]
# Picture: memory in studies that have none, and in the drivers
if model is not ... and parallel is not ...:
    fresh = model.simulate(200, seed=6)
    told = []
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharex=True, sharey=True, layout="constrained")
    for ax, fit, name in zip(axes, (parallel, model), ("intercepts only", "random slopes"), strict=True):
        none = np.array([memory(fit.refit(fresh[study])) for study in fresh])
        low, high = np.quantile(none, [0.025, 0.975])
        told.append(f"{name}: {memory(fit):+.2f}; without memory 95% lie between {low:+.2f} and {high:+.2f}")
        ax.hist(none, bins=np.arange(-0.55, 0.55, 0.05), color=lesson.GREY)
        ax.axvline(memory(fit), color=lesson.RED, lw=3)
        ax.set_title(name)
    fig.supxlabel("correlation of neighbouring residuals (grey: simulated, no memory; line: the drivers)", fontsize=12)
    axes[0].set_ylabel("studies")
    print("\n".join(told))
    lesson.show(f"Two heaps of grey bars, each with a line for the drivers. {'. '.join(told)}.")

# %% [markdown]
# Two things to learn. A slope that was left out looks like memory: with intercepts only, the grey studies lie mostly above zero, though their days are independent, and
# the drivers' larger number is nothing unusual there. And small is not none: with random slopes the grey studies lie below zero, and the drivers' number, next
# to zero, is larger than nearly all of them or all. Some memory remains. (With rows of your own it may stand less clearly apart: read what
# your cell has printed.)

# %% [markdown]
# ## 6. Give the nights a memory
#
# Now leave the slopes of drivers out, and give each driver an effect for every night instead: neighbouring nights are correlated by $\rho$,
# nights two steps apart by $\rho^2$, and so on. Fit this to `sleep` by REML, with `lost` in the fixed part as before, and call it `nights`.
# By this model, what is the correlation between a driver's effects of two nights that are *three* steps apart?

# %%
sleep["night"] = sleep["lost"].astype(str)

# %% tags=["solution"] task="q6"
nights = lk.lmer("Reaction ~ lost + ar1(0 + night | Subject)", sleep)
answer_6 = nights.varcorr.components[0].rho ** 3

# %%
check("ex09.q6", answer_6)

# %% tags=["fold"]
# In words: two ways for drivers to differ, and one that promises too much
if nights is not ... and model is not ... and parallel is not ...:
    told = {"slopes that differ": model, "nights with a memory": nights, "intercepts only": parallel}
    for name, fit in told.items():
        print(f"{name}: AIC {fit.aic:.0f}, mean slowing {fit.fixef['lost']:.1f} ± {fit.se['lost']:.2f} ms a night")

# %% [markdown]
# Slopes that differ and nights with a memory describe these drivers about equally well, and know the mean slowing equally badly. With intercepts only, any
# two nights of a driver are equally alike: that model fits worse, and its standard error promises too much.

# %% [markdown]
# ## 7. Find the mistake
#
# A colleague averages all drivers night by night, puts a line through the means, and writes: *"Lost sleep explains nearly all of the variation
# in reaction times."*

# %%
nightly = sleep.groupby("lost")["Reaction"].mean().reset_index()
of_means, of_rows = lk.lm("Reaction ~ lost", nightly), lk.lm("Reaction ~ lost", sleep)
for name, fit in (("means", of_means), ("rows", of_rows)):
    print(f"{name}: slope {fit.fixef['lost']:.2f} ms a night, R² {fit.r_squared:.2f}")

# %% tags=["picture"]
# Picture: the nightly means, and the drivers behind them
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
left.plot(nightly["lost"], nightly["Reaction"], "o", color=lesson.RED)
for _, driver in sleep.groupby("Subject", observed=True):
    right.plot(driver["lost"], driver["Reaction"], "-", color=lesson.GREY, lw=1)
for ax in (left, right):
    ax.plot(nightly["lost"], of_means.fitted, "--", color="black")
    ax.set_xlabel("short nights")
left.set_title("the colleague's means")
right.set_title("the drivers")
left.set_ylabel("reaction time (ms)")
lesson.show(
    f"Left: {len(nightly)} nightly means close to a line that rises by {of_means.fixef['lost']:.1f} ms a night. Right: the"
    f" same line among those of {sleep['Subject'].nunique()} drivers, which lie up to"
    f" {sleep.groupby('lost')['Reaction'].agg(np.ptp).max():.0f} ms apart on one night."
)

# %% [markdown]
# On the left the nightly means, on the right a line for each driver; dashed is the line through the means. What is wrong?
#
# - **a** A regression needs more points than there are nights; with more of them R² would be right.
# - **b** The means should be weighted by the number of drivers behind them; then R² would fall to that of the rows.
# - **c** Averaging flattens the line: the slope of the means is too small.
# - **d** Averaging has taken the drivers out before anything was explained; that R² is about means, and nobody reacts like a mean.
# - **e** Nothing: R² is close to one, and averaging only takes the noise away.

# %% tags=["solution"] task="q7"
answer_7 = "d"

# %%
check("ex09.q7", answer_7)

# %% [markdown]
# ## 8. In your own words
#
# A student wants to know how fast young hares of a region gain weight. She can weigh hares two hundred times in all, and has planned ten hares, twenty weighings each.
# Write her four or five sentences: what you would change and why (what limits the mean growth rate?), what she should draw first, which model she
# should fit, and how she will see whether a straight line is enough.

# %% [markdown] tags=["written"] task="q8" points=4
# I would take more hares and weigh each less often, say forty hares and five times: the mean growth rate of the region is known no better than the
# number of hares allows, since each brings a slope of its own, and the twentieth weighing of a hare tells almost nothing new about the
# others. Two weighings would be too few, for then nobody could see a bend, or tell the noise from the differences between hares. First draw a line for each hare, not the mean of each week. Then fit
# weight ~ age + (age | hare), with age centred, and report the mean slope with its standard error as well as the SD of the slopes.
# Add a squared age, or look at the residuals against age: if they run in an arch, the line is not enough.

# %% [markdown] tags=["rubric"] task="q8"
# One point for each:
#
# - more hares with fewer weighings, because slopes differ between hares and their number bounds the
#   standard error (not merely "more data")
# - individual lines as the first picture
# - random intercept *and* slope by hare
# - a check of the bend by a squared term or the residuals against age
