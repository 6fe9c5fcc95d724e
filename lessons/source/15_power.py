# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=45 needs="tests and degrees of freedom (11), what a replicate is (08)"
# # 15. Power: simulate before you collect
#
# **You will be able to**
#
# - write down a study before it exists, simulate it, and count how often it finds what it looks for;
# - decide between more mice and more weighings per mouse;
# - draw a power curve with `lk.power`, and say how sure of it you are;
# - explain why a pilot study's significant effect is a bad guess for the real one.
#
# **Data** simulated in the lesson, and `sleepstudy` (real: Belenky and colleagues, 2003).
# **Lectures** 003 "Other considerations". You will want lessons 8 and 11 behind you.

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
    GREY,
    RED,
    in_words,
    key_points,
    lecture_vs_truth,
    use_course_look,
)

use_course_look()

# %% [markdown] covers="003-30"
# ## The question
#
# A colleague wants to feed mice a rich diet, and asks: how many mice do I need, and how often should I weigh each? It is the best
# question that anybody asks a statistician, because it comes *before* the mice.
#
# **Power** is the probability that a study finds an effect that is there. It depends on the size of the effect, on the noise (that
# between mice and that within), on the design, and on the test. Too little, and the mice died for nothing. Much too much,
# and some of them did.
#
# The third lecture mentions it on its last page, together with glmer for responses that are not normal: power of mixed models has to be
# simulated. So let us. The recipe has four lines: invent the truth; draw data from it; analyse them as you will analyse the real
# ones; repeat, and count.
#
# ## By hand
#
# The truth first. A mouse weighs about twenty-five grams; mice differ, and so do weighings of one mouse:
#
# $$\text{weight}_{ij} = \beta_0 + \beta_1\,\text{rich}_i + b_i + \varepsilon_{ij},\qquad b_i\sim N(0,\tau^2),\;
# \varepsilon_{ij}\sim N(0,\sigma^2).$$

# %%
TAU, SIGMA = 1.5, 1.0  # grams: between mice, within a mouse


def study(mice, weighings, effect, rng):
    """Simulated weights of so many mice, half of them on the rich diet."""
    mouse = np.repeat(np.arange(mice), weighings)
    rich = mouse % 2 == 1
    own = rng.normal(0, TAU, mice)[mouse]
    weight = 25 + effect * rich + own + rng.normal(0, SIGMA, mice * weighings)
    return pd.DataFrame(
        {"mouse": [f"m{m:02d}" for m in mouse], "diet": np.where(rich, "rich", "plain"), "weight": weight}
    )


def analyse(data):
    """Estimate and p-value of the diet's effect."""
    row = lk.lmer("weight ~ diet + (1 | mouse)", data).coef_table().loc["dietrich"]
    return row["estimate"], row["p_value"]


def forget(data):
    """The same from a model that has forgotten the mice: a t-test of all weighings."""
    rich, plain = (data.loc[data["diet"] == diet, "weight"] for diet in ("rich", "plain"))
    return rich.mean() - plain.mean(), stats.ttest_ind(rich, plain).pvalue


def repeat(times, mice, weighings, effect, seed, how=analyse):
    rng = np.random.default_rng(seed)
    rows = [how(study(mice, weighings, effect, rng)) for _ in range(times)]
    return pd.DataFrame(rows, columns=["estimate", "p_value"])


print(study(12, 3, 2.0, np.random.default_rng(1)).head(7).to_string(index=False))

# %% [markdown]
# First a world in which the diet does *nothing*. An honest test with a threshold of five per cent should find an effect in about five
# studies out of a hundred.
#
# **Predict, then run.** How often will the model that forgets the mice, and takes each weighing for a mouse of its own, find an effect: `"less"`
# often than promised, `"more"` often, or `"as promised"`?

# %%
your_wolf = ...
check("15.q1", your_wolf)

# %%
nothing = repeat(200, mice=12, weighings=4, effect=0, seed=15)
forgetful = repeat(200, mice=12, weighings=4, effect=0, seed=15, how=forget)
in_words(
    f"With no effect at all, in {len(nothing)} studies of 12 mice: the mixed model finds one in "
    f"{(nothing['p_value'] < 0.05).mean():.1%} of them, the model that forgets the mice in "
    f"{(forgetful['p_value'] < 0.05).mean():.1%}.",
    "Power is worth something only for a test that keeps its promise. A test that always says yes has power"
    " one.",
)

# %% [markdown]
# Now the diet adds two grams.

# %%
two_grams = repeat(200, mice=12, weighings=4, effect=2, seed=16)
hits = int((two_grams["p_value"] < 0.05).sum())
low, high = stats.binomtest(hits, len(two_grams)).proportion_ci()
fig, ax = plt.subplots()
bins = np.linspace(0, 1, 21)
ax.hist(nothing["p_value"], bins, color=GREY, alpha=0.7, label="no effect")
ax.hist(two_grams["p_value"], bins, histtype="step", color=BLUE, lw=2, label="effect of two grams")
ax.axvline(0.05, color="black", ls="--", label="p = 0.05")
ax.set_xlabel("p-value of the diet")
ax.set_ylabel("studies")
ax.legend()
plt.show()
in_words(
    f"{hits} of {len(two_grams)} studies find the two grams: a power of {hits / len(two_grams):.0%}, "
    f"with a 95% interval from {low:.0%} to {high:.0%}."
)

# %% [markdown]
# Grey are the studies without an effect, spread evenly but for chance; the outline are those with one, piled up on the left. What stands to the left of the
# dashed line is found.
#
# The simulated power is itself an estimate. If the true power is $\pi$ and you simulate $S$ studies, its standard error is
# $\sqrt{\pi(1-\pi)/S}$.
#
# **Predict, then run.** The true power is 0.8, and you simulate a hundred studies. What is the standard error of what you find?

# %%
your_error = ...
check("15.q2", your_error)

# %% [markdown]
# ## Is there no formula?
#
# For this study there is. Each mouse has the same number of weighings, the diet is a matter of whole mice, and so the mixed model's test is
# the t-test of the mice's means (lesson 8; the rare fit that finds no variance between mice is the exception). The difference of the two diets then has the variance
#
# $$\operatorname{var}(\hat\beta_1) = \frac{4}{M}\left(\tau^2 + \frac{\sigma^2}{n}\right)$$
#
# for $M$ mice in all and $n$ weighings of each, and the power comes from a t distribution that is not centred at zero.

# %%


def standard_error(mice, weighings):
    return np.sqrt(4 / mice * (TAU**2 + SIGMA**2 / weighings))


def exact_power(mice, weighings, effect):
    df = mice - 2
    limit = stats.t.ppf(0.975, df)
    shift = effect / standard_error(mice, weighings)
    return stats.nct.sf(limit, df, shift) + stats.nct.cdf(-limit, df, shift)


lecture_vs_truth(
    "003, other considerations",
    "power of mixed models needs direct simulation rather than mere theory",
    "true of most designs: unequal groups, lost visits, counts. In balanced designs there is an exact theory,"
    " and then it is a check of your simulation, for nothing",
    f"12 mice, 4 weighings, two grams: {hits / len(two_grams):.3f} by simulation (95% interval {low:.3f} to"
    f" {high:.3f}), {exact_power(12, 4, 2.0):.3f} by theory",
)

# %% [markdown]
# **Predict, then run.** Look at the formula. With $\tau = \sigma = 1$ and sixteen mice, you weigh each mouse again and again,
# for ever. Which standard error can you never get below?

# %%
your_floor = ...
check("15.q3", your_floor)

# %% [markdown]
# ## More mice or more weighings?
#
# `lk.power` does the counting for you. It takes a fitted model, here that of a small pilot, and its estimates for the
# truth; you say which effect you want to find, and along what the study should grow. In R, package simr does this (its lines are written from its manual
# and were not run here):
#
# `fixef(fit)["dietrich"] <- 2`
#
# `powerCurve(extend(fit, along = "mouse", n = 36), test = fixed("dietrich", "t"), along = "mouse", breaks = c(12, 24, 36))`

# %%
pilot_data = study(12, 4, 2.0, np.random.default_rng(12))
pilot = lk.lmer("weight ~ diet + (1 | mouse)", pilot_data)
print(pilot.varcorr)
more_mice = lk.power(pilot, {"dietrich": 2.0}, 200, along={"mouse": [12, 24, 36]}, seed=1, progress=False)
print()
print(more_mice)

# %% [markdown]
# So many mice, each weighed four times. Now the other way: twelve mice, weighed more and more often.
#
# **Predict, then run.** Which buys more power for the same number of weighings: more `"mice"` or more `"weighings"` of each?

# %%
your_purchase = ...
check("15.q4", your_purchase)

# %%
more_weighings = lk.power(
    pilot, {"dietrich": 2.0}, 200, along={"observations": [48, 96, 144]}, seed=2, progress=False
)
fig, ax = plt.subplots()
for table, rows, colour, style, label in [
    (more_mice.table, more_mice.table["mouse"] * 4, BLUE, "o-", "more mice, weighed four times"),
    (
        more_weighings.table,
        more_weighings.table["observations"],
        RED,
        "s--",
        "twelve mice, weighed more often",
    ),
]:
    spread = [table["power"] - table["conf_low"], table["conf_high"] - table["power"]]
    ax.errorbar(rows, table["power"], yerr=spread, fmt=style, color=colour, capsize=4, label=label)
ax.axhline(0.8, color=GREY, ls=":")
ax.set_ylim(0, 1.03)
ax.set_xlabel("weighings in all")
ax.set_ylabel("power")
ax.legend(loc="lower right")
plt.show()

# %% [markdown]
# Both lines spend the same number of weighings. Circles spend them on new mice and climb past the dotted line, which marks the customary four
# in five; squares spend them on the old ones and stay nearly where they were. Repeating a measurement removes the noise *within* a mouse, and most of the
# noise was between. (Where a mouse is dear and a weighing is cheap, put prices into the formula: there is an optimum.)
#
# That is so because a diet is given to whole mice. Had every mouse both diets, half of its weighings on each, mice would cancel out of the comparison:

# %%
for weighings in (4, 8, 16):
    error = np.sqrt(4 * SIGMA**2 / (12 * weighings))  # of the difference within mice
    df = 12 * weighings - 12 - 1
    power = stats.nct.sf(stats.t.ppf(0.975, df), df, 0.5 / error)
    print(f"both diets in each of 12 mice, {weighings:2d} weighings of each: power {power:.2f} for half a gram")

# %% [markdown]
# Here measurements do buy power (if all mice respond alike; the next section is about what happens when they do not).
#
# ## A random slope
#
# Sleepy drivers again. Each driver has a slope of their own, and we ask how many drivers it takes to find that reaction slows by five
# milliseconds a day, about half of what was seen.

# %%
sleep = lk.load_data("sleepstudy")
drivers = lk.lmer("Reaction ~ Days + (Days | Subject)", sleep)
curve = lk.power(drivers, {"Days": 5.0}, 80, along={"Subject": [6, 12, 18]}, seed=3, progress=False)
print(curve)

# %%
parallel = lk.lmer("Reaction ~ Days + (1 | Subject)", sleep)
rosy = lk.power(parallel, {"Days": 5.0}, 80, along={"Subject": [6, 12, 18]}, seed=3, progress=False)
fig, ax = plt.subplots()
ax.plot(
    curve.table["Subject"], curve.table["power"], "o-", color=BLUE, label="drivers differ in their slopes"
)
ax.fill_between(
    curve.table["Subject"], curve.table["conf_low"], curve.table["conf_high"], color=BLUE, alpha=0.15
)
ax.plot(rosy.table["Subject"], rosy.table["power"], "s--", color=RED, label="slopes assumed equal")
ax.axhline(0.8, color=GREY, ls=":")
ax.set_ylim(0, 1.03)
ax.set_xlabel("drivers")
ax.set_ylabel("power to find 5 ms a day")
ax.legend(loc="lower right")
plt.show()

# %% [markdown]
# Circles are simulated from the model in which slopes differ (the band is the interval of the simulation); squares from one that has forgotten it. A power
# analysis is as good as the truth that you invent: leave out a source of variation, and the study looks wonderful until it is done.
#
# Every driver came on all ten days, so theory can check this, too: the test is that of the drivers' own slopes, whose variance is
# $\tau_1^2 + \sigma^2 / S_{xx}$, where $S_{xx}$ is the sum of squares of the days about their mean.

# %%
slope_sd = drivers.varcorr.frame["sdcor"].iloc[1]
days = np.arange(10)
one_slope = np.sqrt(slope_sd**2 + drivers.sigma**2 / ((days - days.mean()) ** 2).sum())
rows = []
for number in (6, 12, 18):
    limit, shift = stats.t.ppf(0.975, number - 1), 5 / (one_slope / np.sqrt(number))
    rows.append((number, stats.nct.sf(limit, number - 1, shift) + stats.nct.cdf(-limit, number - 1, shift)))
by_theory = pd.DataFrame(rows, columns=["drivers", "power by theory"])
by_theory["by simulation"] = curve.table["power"].to_numpy()
print(by_theory.round(2).to_string(index=False))

# %% [markdown]
# ## When only simulation will do
#
# Now suppose that drivers miss days: of all measurements only six in ten are taken, by chance more of one driver than of another. The slopes are then not
# equally well known, the design is not balanced, and there is no formula. The simulation does not mind:

# %%
missed = sleep.sample(frac=0.6, random_state=15).sort_index()
taken = missed.groupby("Subject", observed=True).size()
with_gaps = lk.lmer("Reaction ~ Days + (Days | Subject)", missed)
print(f"{len(missed)} of {len(sleep)} measurements, from {taken.min()} to {taken.max()} of a driver")
print(lk.power(with_gaps, {"Days": 5.0}, 80, along={"Subject": [6, 12, 18]}, seed=3, progress=False))

# %% [markdown]
# (The truth is now what these measurements say of the drivers.) The same holds for counts, for yes and no, for groups of very different size: if you can invent such data, you can plan with
# them.
#
# ## The pilot's promise
#
# Why did we say two grams, and not what the pilot had found? Because somebody plans the large study only when the small one was
# significant. Take small studies of a diet that adds *one* gram, and look only at those that found it.
#
# **Predict, then run.** Among the significant ones, is the estimated effect on average `"too large"`, `"too small"` or `"about right"`?

# %%
your_winner = ...
check("15.q5", your_winner)

# %%
small = repeat(200, mice=8, weighings=3, effect=1, seed=17)
lucky = small[small["p_value"] < 0.05]
fig, ax = plt.subplots()
bins = np.linspace(-4, 6, 41)
ax.hist(small["estimate"], bins, color=GREY, alpha=0.6, label="all studies")
ax.hist(lucky["estimate"], bins, color=RED, hatch="//", edgecolor="white", label="significant ones")
ax.axvline(1, color="black", ls="--")
ax.set_xlabel("estimated effect of the diet (g)")
ax.set_ylabel("studies")
ax.legend()
plt.show()
in_words(
    f"The mean estimate of all {len(small)} studies is {small['estimate'].mean():.2f} g; the truth is one.",
    f"{len(lucky)} were significant. Those that found the diet fattening say"
    f" {lucky.loc[lucky['estimate'] > 0, 'estimate'].mean():.2f} g on average, and"
    f" {int((lucky['estimate'] < 0).sum())} found that it makes mice thinner.",
    "Planning with that number would give"
    f" {exact_power(12, 3, lucky.loc[lucky['estimate'] > 0, 'estimate'].mean()):.0%} power with 12 mice on"
    f" paper, and {exact_power(12, 3, 1.0):.0%} in the mouse house.",
)

# %% [markdown]
# The dashed line is the truth; hatched are the studies one would have read about. To be significant, a small study must be lucky, and luck inflates.
# So ask for the smallest effect that would *matter*, and let the pilot tell the noise.
#
# And how well does it tell the noise? Twelve mice do not know their own spread:

# %%
interval = pilot.confint(parm="theta_")
rows = []
for label, tau in [
    ("lower end", interval.iloc[0, 0]),
    ("pilot", pilot.varcorr.frame["sdcor"].iloc[0]),
    ("upper end", interval.iloc[0, 1]),
]:
    se = np.sqrt(4 / 24 * (tau**2 + pilot.sigma**2 / 4))
    limit = stats.t.ppf(0.975, 22)
    rows.append((label, tau, stats.nct.sf(limit, 22, 2 / se)))
print("24 mice, 4 weighings, two grams; the pilot's SD between mice with the ends of its 95% interval")
columns = ["", "SD between mice (g)", "power"]
print(pd.DataFrame(rows, columns=columns).round(2).to_string(index=False))

# %% [markdown]
# Show that table to your colleague, not one number.
#
# ## The test itself
#
# Four tests of one difference, side by side, with few groups. On the right, the panel counts how often each finds something when there is nothing. Set few
# groups per arm: which one would you rather not plan with?

# %%
explorers.tests(groups=4, size=4, sd_group=1.5)

# %% [markdown]
# The likelihood ratio: it finds too much, and a test that breaks its promise has no power worth planning with.
#
# ## Before you collect: a list
#
# - Say the smallest effect that matters, in its unit.
# - Write the model of the analysis, with every source of variation that you know of.
# - Take the noise from a pilot or from others' studies, with its interval.
# - Simulate with no effect first: the test must keep its promise.
# - Simulate the effect for several sizes, and along what you can really buy: groups, if the effect is one of groups.
# - Allow for loss: mice die, owls fly away.
# - Afterwards, do not compute the power from the effect that you found. It says what the p-value said; the interval of the effect says more.

# %%
seen = []
for p_value in [0.5, 0.2, 0.05, 0.01]:
    distance, limit = stats.t.isf(p_value / 2, 10), stats.t.isf(0.025, 10)
    seen.append((p_value, stats.nct.sf(limit, 10, distance) + stats.nct.cdf(-limit, 10, distance)))
print("twelve mice; power 'observed' afterwards, from nothing but the p-value")
print(pd.DataFrame(seen, columns=["p_value", "power"]).round(2).to_string(index=False))

# %%
key_points(
    "Power by simulation: invent the truth, draw, analyse, count; first without an effect.",
    "For a treatment of whole groups, groups buy power, and more measurements of the same groups soon buy none;"
    " for one that changes within groups, measurements do, too.",
    "Leave out a source of variation, and the power looks better than it is.",
    "Plan for the smallest effect that matters, not for what a lucky pilot found.",
    "A simulated power has a standard error, an invented truth has a larger one: show a range.",
)

# %% [markdown]
# ## Further reading
#
# - Green, P., and MacLeod, C. J. (2016). SIMR: an R package for power analysis of generalized linear mixed models by simulation.
#   *Methods in Ecology and Evolution* 7, 493–498.
# - Gelman, A., and Carlin, J. (2014). Beyond power calculations: assessing type S (sign) and type M (magnitude) errors.
#   *Perspectives on Psychological Science* 9, 641–651.
# - Hoenig, J. M., and Heisey, D. M. (2001). The abuse of power: the pervasive fallacy of power calculations for data analysis. *The
#   American Statistician* 55, 19–24.
