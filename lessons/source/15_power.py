# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=40 needs="tests and degrees of freedom (11), what a replicate is (08)"
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

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt, stats

# %% [markdown] covers="003-30"
# ## The question
#
# A colleague wants to feed mice a rich diet, and asks: how many mice do I need, and how often should I weigh each? It is the best
# question that anybody can ask, because it comes *before* the mice.
#
# **Power** is the probability that a study finds an effect that is there. It depends on the size of the effect, on the noise (that
# between mice and that within), on the design, and on the test. With too little of it, the mice died for nothing. With far more than is
# needed, some of them did.
#
# The recipe has four lines: invent the truth; draw data from it; analyse them as you will analyse the real
# ones; repeat, and count.
#
# ## By hand
#
# The truth first. A mouse weighs about twenty-five grams. Mice differ (standard deviation $\tau$), and so do weighings of one mouse ($\sigma$).
# For weighing $i$ of mouse $j$:
#
# $$\text{weight}_{ij} = \beta_0 + \beta_1\,\text{rich}_j + b_j + \varepsilon_{ij},\qquad b_j\sim N(0,\tau^2),\;
# \varepsilon_{ij}\sim N(0,\sigma^2).$$

# %%
TAU, SIGMA = 1.5, 1.0  # grams: between mice, within a mouse


def study(mice, weighings, effect, rng):
    """Simulated weights of so many mice, half of them on the rich diet."""
    mouse = np.repeat(np.arange(mice), weighings)
    rich = mouse % 2 == 1
    own = rng.normal(0, TAU, mice)[mouse]
    weight = 25 + effect * rich + own + rng.normal(0, SIGMA, mice * weighings)
    diet = np.where(rich, "rich", "plain")
    return pd.DataFrame({"mouse": [f"m{m:02d}" for m in mouse], "diet": diet, "weight": weight})


study(12, 3, 2.0, np.random.default_rng(1)).head(4).round(2)

# %% [markdown]
# Two analyses: one that knows the mice, and one that takes each weighing for a mouse of its own, a t-test of all weighings.
# (`stats` holds the classical tests and distributions; it is the module `scipy.stats`.)

# %%
def analyse(data):
    """Estimate and p-value of the diet's effect by the mixed model."""
    row = lk.lmer("weight ~ diet + (1 | mouse)", data).coef_table().loc["dietrich"]
    return row["estimate"], row["p_value"]


def forget(data):
    """The same by a t-test that has forgotten the mice."""
    rich, plain = (data.loc[data["diet"] == diet, "weight"] for diet in ("rich", "plain"))
    return rich.mean() - plain.mean(), stats.ttest_ind(rich, plain).pvalue


def repeat(times, mice, weighings, effect, seed, how=analyse):
    rng = np.random.default_rng(seed)
    rows = [how(study(mice, weighings, effect, rng)) for _ in range(times)]
    return pd.DataFrame(rows, columns=["estimate", "p_value"])


# %% [markdown]
# First a world in which the diet does *nothing*. An honest test with a threshold of five per cent should find an effect in about five
# studies out of a hundred.
#
# **Predict, then run.** How often will the analysis that forgets the mice find an effect: `"less"` often than promised, `"more"` often, or
# `"as promised"`?

# %%
your_rate = ...
check("15.q1", your_rate)

# %%
nothing = repeat(200, mice=12, weighings=4, effect=0, seed=15)
forgetful = repeat(200, mice=12, weighings=4, effect=0, seed=15, how=forget)
both = {"mixed model": nothing, "forgets the mice": forgetful}
found = {name: (table["p_value"] < 0.05).mean() for name, table in both.items()}
pd.Series(found).to_frame("share of studies with p < 0.05")

# %% [markdown]
# Power is worth something only for a test that keeps its promise. A test that always says yes has power one. Now the diet adds two grams.

# %%
two_grams = repeat(200, mice=12, weighings=4, effect=2, seed=16)
hits = int((two_grams["p_value"] < 0.05).sum())
low, high = stats.binomtest(hits, len(two_grams)).proportion_ci()
print(f"power {hits / len(two_grams):.3f}, 95% interval from {low:.3f} to {high:.3f}")

# %% tags=["picture"]
# Picture: p-values of studies without and with an effect
fig, ax = plt.subplots(figsize=(8, 3.4))
bins = np.linspace(0, 1, 21)
ax.hist(nothing["p_value"], bins, color=lesson.GREY, alpha=0.7, label="no effect")
ax.hist(two_grams["p_value"], bins, histtype="step", color=lesson.BLUE, lw=2, label="effect of two grams")
ax.axvline(0.05, color="black", ls="--", label="p = 0.05")
ax.set_xlabel("p-value of the diet")
ax.set_ylabel("studies")
ax.legend()
lesson.show(
    f"Two histograms of p-values. Without an effect they are spread evenly, {(nothing['p_value'] < 0.05).sum()} of {len(nothing)} below"
    f" 0.05; with two grams they pile up on the left, {hits} of {len(two_grams)} below 0.05."
)

# %% [markdown]
# Grey are the studies without an effect, spread evenly but for chance. The outline are those with one, piled up on the left. What stands to the left of the
# dashed line is found.
#
# The simulated power is itself an estimate. If the true power is $\pi$ and you simulate $S$ studies, its standard error is
# $\sqrt{\pi(1-\pi)/S}$.
#
# **Your turn.** The true power is 0.8, and you simulate a hundred studies. What is the standard error of what you find?

# %%
your_error = ...
check("15.q2", your_error)

# %% [markdown]
# ## Is there no formula?
#
# You may read that the power of mixed models needs simulation rather than theory. In truth that holds for most designs: unequal groups, lost visits, counts. In
# balanced designs there is an exact theory, and then it is a check of your simulation, for nothing.
#
# This study is balanced. Each mouse has the same number of weighings, and the diet is a matter of whole mice. So the mixed model's test is
# the t-test of the mice's means (lesson 8; the rare fit that finds no variance between mice is the exception). The difference of the two diets has the variance
#
# $$\operatorname{var}(\hat\beta_1) = \frac{4}{M}\left(\tau^2 + \frac{\sigma^2}{n}\right)$$
#
# for $M$ mice in all and $n$ weighings of each, and the power comes from a t distribution that is not centred at zero.

# %%
def exact_power(effect, standard_error, df):
    """Power of a t-test: the chance that t lies beyond its limits."""
    limit, shift = stats.t.ppf(0.975, df), effect / standard_error
    return stats.nct.sf(limit, df, shift) + stats.nct.cdf(-limit, df, shift)


def power_of(mice, weighings, effect, tau=TAU, sigma=SIGMA):
    """The same for our study of diets."""
    return exact_power(effect, np.sqrt(4 / mice * (tau**2 + sigma**2 / weighings)), mice - 2)


print(f"power of 12 mice, weighed 4 times, for two grams: {power_of(12, 4, 2.0):.3f}")

# %% [markdown]
# Compare it with the simulated power and its interval.
#
# **Your turn.** Look at the formula. With $\tau = \sigma = 1$ and sixteen mice, you weigh each mouse again and again,
# without end. Which standard error can you never get below?

# %%
your_floor = ...
check("15.q3", your_floor)

# %% [markdown]
# ## More mice or more weighings?
#
# `lk.power` does the counting for you. It takes a fitted model, here that of a small pilot study, and its estimates for the
# truth. You say which effect you want to find, and along what the study should grow.

# %%
pilot = lk.lmer("weight ~ diet + (1 | mouse)", study(12, 4, 2.0, np.random.default_rng(12)))
effect = {"dietrich": 2.0}
more_mice = lk.power(pilot, effect, 200, along={"mouse": [12, 24, 36]}, seed=1, progress=False)
more_mice.table.round(3)

# %% [markdown]
# So many mice, each weighed four times. (In R, package simr does this; these lines follow its manual and were not run:
# `fixef(fit)["dietrich"] <- 2`, then `powerCurve(extend(fit, along = "mouse", n = 36), test = fixed("dietrich", "t"), along = "mouse",
# breaks = c(12, 24, 36))`.) Now the other way: twelve mice, weighed more and more often.
#
# **Predict, then run.** Which buys more power for the same number of weighings: more `"mice"` or more `"weighings"` of each?

# %%
your_purchase = ...
check("15.q4", your_purchase)

# %%
grow = {"observations": [48, 96, 144]}
more_weighings = lk.power(pilot, effect, 200, along=grow, seed=2, progress=False)
more_weighings.table.round(3)

# %% tags=["picture"]
# Picture: power against the number of weighings, both ways
fig, ax = plt.subplots(figsize=(8, 3.6))
ways = (
    (more_mice.table, more_mice.table["mouse"] * 4, lesson.BLUE, "o-", "more mice, weighed four times"),
    (more_weighings.table, more_weighings.table["observations"], lesson.RED, "s--", "twelve mice, weighed more often"),
)
for table, rows, colour, style, label in ways:
    spread = [table["power"] - table["conf_low"], table["conf_high"] - table["power"]]
    ax.errorbar(rows, table["power"], yerr=spread, fmt=style, color=colour, capsize=4, label=label)
ax.axhline(0.8, color=lesson.GREY, ls=":")
ax.set_ylim(0, 1.03)
ax.set_xlabel("weighings in all")
ax.set_ylabel("power")
ax.legend(loc="lower right")
lesson.show(
    "Two lines of power against weighings. "
    + " ".join(
        f"With {label}: {', '.join(f'{power:.2f}' for power in table['power'])} at {', '.join(map(str, rows))} weighings."
        for table, rows, _, _, label in ways
    )
)

# %% [markdown]
# Both lines spend the same number of weighings. Circles spend them on new mice and climb past the dotted line, which marks the customary four
# in five; squares spend them on the old ones and stay nearly where they were. Repeating a measurement removes the noise *within* a mouse, and most of the
# noise was between.
#
# That is so because a diet is given to whole mice. Had every mouse both diets, half of its weighings on each, mice would cancel out of the comparison. Here is the
# power to find half a gram, for twelve such mice:

# %%
within = {}
for n in (4, 8, 16):  # weighings of each mouse; the difference within mice has only their noise
    within[f"{n} weighings"] = exact_power(0.5, np.sqrt(4 * SIGMA**2 / (12 * n)), 12 * n - 12 - 1)
pd.Series(within).to_frame("power").T.round(2)

# %% [markdown]
# Now measurements do buy power (if all mice respond alike; the next section is about what happens when they do not).
#
# ## A random slope
#
# Sleepy drivers again. Each driver has a slope of their own. How many drivers does it take to find that reaction slows by five
# milliseconds a day, about half of what was seen?

# %%
sleep = lk.load_data("sleepstudy")
drivers = lk.lmer("Reaction ~ Days + (Days | Subject)", sleep)
parallel = lk.lmer("Reaction ~ Days + (1 | Subject)", sleep)
numbers = {"Subject": [6, 12, 18]}
curve = lk.power(drivers, {"Days": 5.0}, 80, along=numbers, seed=3, progress=False)
hopeful = lk.power(parallel, {"Days": 5.0}, 80, along=numbers, seed=3, progress=False)
powers = {"slopes differ": curve.table["power"], "slopes assumed equal": hopeful.table["power"]}
pd.DataFrame(powers).set_axis([f"{n} drivers" for n in numbers["Subject"]]).round(2)

# %% [markdown]
# The second column is from a model that has forgotten that drivers differ in their slopes. A power
# analysis is as good as the truth that you invent: leave out a source of variation, and the study looks wonderful until it is done.
#
# Every driver came on all ten days, so theory can check the first column: the test is that of the drivers' own slopes, whose variance is
# $\tau_1^2 + \sigma^2 / S_{xx}$. Here $S_{xx}$ is the sum of squares of the days about their mean.

# %%
slope_sd, days = drivers.varcorr.frame["sdcor"].iloc[1], np.arange(10)
one_slope = np.sqrt(slope_sd**2 + drivers.sigma**2 / ((days - days.mean()) ** 2).sum())
theory = {f"{n} drivers": exact_power(5, one_slope / np.sqrt(n), n - 1) for n in numbers["Subject"]}
pd.Series(theory).to_frame("power by theory").T.round(2)

# %% [markdown]
# ## When only simulation will do
#
# Now suppose that drivers miss days: of all measurements only six in ten are taken, by chance more of one driver than of another. The slopes are then not
# equally well known, the design is not balanced, and there is no formula. The simulation does not mind:

# %%
missed = sleep.sample(frac=0.6, random_state=15).sort_index()
with_gaps = lk.lmer("Reaction ~ Days + (Days | Subject)", missed)
lk.power(with_gaps, {"Days": 5.0}, 80, along=numbers, seed=3, progress=False).table.round(3)

# %% [markdown]
# (The truth is now what these measurements say of the drivers.) The same holds for counts, for yes and no, for groups of very different size: if you can
# invent such data, you can plan with them.
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
both = pd.DataFrame({"all studies": small["estimate"], "significant ones": lucky["estimate"]})
both.agg(["count", "mean", "min", "max"]).T.round(2)

# %% tags=["picture"]
# Picture: the estimates of all studies and of the significant ones
fig, ax = plt.subplots(figsize=(8, 3.2))
bins = np.linspace(-4, 6, 41)
ax.hist(small["estimate"], bins, color=lesson.GREY, alpha=0.6, label="all studies")
ax.hist(lucky["estimate"], bins, color=lesson.RED, hatch="//", edgecolor="white", label="significant ones")
ax.axvline(1, color="black", ls="--")
ax.set_xlabel("estimated effect of the diet (g)")
ax.set_ylabel("studies")
ax.legend()
lesson.show(
    f"A histogram of {len(small)} estimates around the true effect of one gram. The {len(lucky)} significant ones stand at its ends, nearly"
    f" all of them on the right: their mean is {lucky['estimate'].mean():.1f} g, {(lucky['estimate'] < 0).sum()} are negative."
)

# %% tags=["fold"]
# In words: a plan made with what the lucky ones say
said = lucky.loc[lucky["estimate"] > 0, "estimate"].mean()
lesson.in_words(
    f"Those that found the diet fattening say {said:.2f} g on average; {int((lucky['estimate'] < 0).sum())} found that it makes mice"
    " thinner. The truth is one gram.",
    f"Planning with {said:.2f} g gives {power_of(12, 3, said):.0%} power with 12 mice on paper, and {power_of(12, 3, 1.0):.0%} in the mouse"
    " house.",
)

# %% [markdown]
# To be significant, a small study must be lucky, and luck makes the estimate too large.
# So ask for the smallest effect that would *matter*, and let the pilot tell the noise.
#
# And how well does it tell the noise? Twelve mice do not know their own spread well. Here is the power of 24 mice for two grams, with the pilot's SD between mice and
# with the ends of its 95% interval:

# %%
interval = pilot.confint(parm="theta_")
taus = [interval.iloc[0, 0], pilot.varcorr.frame["sdcor"].iloc[0], interval.iloc[0, 1]]
rows = {"SD between mice": taus, "power": [power_of(24, 4, 2, tau, pilot.sigma) for tau in taus]}
pd.DataFrame(rows, index=["lower end", "pilot", "upper end"]).round(2)

# %% [markdown]
# Show that table to your colleague, not one number.
#
# ## The test itself
#
# Four tests of one difference, side by side, with few groups. On the right, the explorer counts how often each finds something when there is nothing. Set few
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
# - Afterwards, do not compute the power from the effect that you found. It says what the p-value said; the interval of the effect says more. See what
#   twelve mice would get:

# %%
t_found = {p: stats.t.isf(p / 2, 10) for p in (0.5, 0.2, 0.05, 0.01)}
afterwards = {f"p = {p}": exact_power(t, 1, 10) for p, t in t_found.items()}
pd.Series(afterwards).to_frame("power, from nothing but p").T.round(2)

# %% tags=["box"]
# Box: what to take home
lesson.key_points(
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
