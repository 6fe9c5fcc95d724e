# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 11. Testing and intervals
#
# Two warm-ups from earlier lessons and eight tasks on lesson 11; about fifty minutes. Put your answers where the three dots are and
# run the cell. You get a verdict at once, and a hint when you need one. Two digits are enough for any number.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, plt, stats

marmots = lk.load_data("behaviour")
marmots.head()

# %% [markdown]
# `behaviour`: ten marmots were watched four times a day, on twenty days. Written down are the minutes of the hour that they were active,
# and the mean temperature (°C) of the day. (The data are simulated.) Do marmots stay in bed when it is hot?
#
# ## Warm-up a, from lesson 7
#
# All marmots were watched on all days. How do the two groupings stand to each other: `"nested"`, `"crossed"`, `"the same"` or `"split plot"`?

# %% tags=["solution"] task="w1"
warm_a = "crossed"

# %%
check("ex11.w1", warm_a)

# %% [markdown]
# ## Warm-up b, from lesson 10
#
# You compare a model with `temperature` with one without it, by their likelihoods. How must the two be fitted: by `"ML"`, by `"REML"`, by
# `"either"`, or `"the larger by REML, the smaller by ML"`?

# %% tags=["solution"] task="w2"
warm_b = "ML"

# %%
check("ex11.w2", warm_b)

# %% [markdown]
# ## 1. By hand
#
# Two models are fitted by maximum likelihood. The smaller has five parameters and a log likelihood of -412.6, the larger
# {{q1.parameters:word}} and {{q1.larger}}. Nothing is at an edge. What is the p-value of the likelihood-ratio test?

# %% tags=["solution"] task="q1"
answer_1 = stats.chi2.sf(2 * (-409.1 + 412.6), 7 - 5)
### OWN n = own_numbers("ex11.q1")
### OWN answer_1 = stats.chi2.sf(2 * (n.larger + 412.6), n.parameters - 5)

# %%
check("ex11.q1", answer_1)

# %% [markdown]
# ## 2. Before you fit
#
# How many degrees of freedom would you give the t of `temperature`? Think of what the line along the temperature is
# drawn through.

# %% tags=["solution"] task="q2"
answer_2 = marmots["day"].nunique() - 2

# %%
check("ex11.q2", answer_2)

# %% [markdown]
# ## 3. Complete a model
#
# Fit the model of `activity` with the `time` of day and the `temperature` as fixed effects, without interaction. Every marmot has a
# level of its own, and so has every day: both are samples, and all marmots were watched on all days. REML. The beginning is given.

# %% tags=["solution"] task="q3"
### GIVEN # model = lk.lmer("activity ~ time + ... + (1 | ...)", marmots)
model = lk.lmer("activity ~ time + temperature + (1 | animal) + (1 | day)", marmots)

# %%
check("ex11.q3", model)

# %% [markdown]
# ## 4. How much, and how sure?
#
# Give the 95% interval for the effect of one degree, from the estimate, its standard error and the t distribution with
# Satterthwaite's degrees of freedom: `[low, high]`, in minutes an hour per degree.

# %% tags=["solution"] task="q4"
row = model.coef_table().loc["temperature"]
reach = stats.t.ppf(0.975, row["df"]) * row["std_error"]
answer_4 = [row["estimate"] - reach, row["estimate"] + reach]

# %%
check("ex11.q4", answer_4)

# %% [markdown]
# ## 5. Find the mistake
#
# Ben is more certain than you. Here is his table.

# %%
ben = lk.lmer("activity ~ time + temperature + (1 | animal)", marmots)
ben.coef_table().round(3)

# %% [markdown]
# What is wrong with his p-value of the temperature?
#
# - *A*: it comes from a REML fit, and t-tests need ML.
# - *B*: marmots of a day share more than its temperature, and his model does not know it.
# - *C*: ten marmots would need to be a fixed effect.
# - *D*: no p-value can be that small; the program has lost its digits.

# %% tags=["solution"] task="q5"
answer_5 = "B"

# %%
check("ex11.q5", answer_5)

# %% tags=["picture"]
# Picture: activity against temperature, rows and means of days
days = marmots.groupby("day", observed=True)[["temperature", "activity"]].mean()
line = stats.linregress(days["temperature"], days["activity"])
fig, ax = plt.subplots(figsize=(8, 3.6))
ax.plot(marmots["temperature"], marmots["activity"], ".", color=lesson.BLUE, alpha=0.15)
ax.plot(days["temperature"], days["activity"], "o", color=lesson.BLUE, ms=9, label="a day")
ax.axline(
    (15, line.intercept + 15 * line.slope), slope=line.slope, color=lesson.RED, lw=2, label="line through the days"
)
ax.set_xlabel("mean temperature of the day (°C)")
ax.set_ylabel("activity (min/h)")
ax.legend()
lesson.show(
    f"{len(marmots)} pale dots in columns, one column per day, from {days['temperature'].min():.0f} to"
    f" {days['temperature'].max():.0f} °C, and {len(days)} circles, the means of the days. The line through the circles falls by"
    f" {-line.slope:.1f} minutes per degree; the circles scatter around it, above and below."
)

# %% [markdown]
# Dots are what was written down, circles the means of days. Look at the circles when you think about tasks 2 and 5.
#
# ## 6. A simulated p-value
#
# Somebody lets the model without temperature invent {{q6.sets}} data sets. In {{q6.large:word}} of them the likelihood ratio is as large as
# the observed one, or larger. Which p-value should be reported?

# %% tags=["solution"] task="q6"
answer_6 = (3 + 1) / (199 + 1)
### OWN answer_6 = (own_numbers("ex11.q6").large + 1) / (own_numbers("ex11.q6").sets + 1)

# %%
check("ex11.q6", answer_6)

# %% [markdown]
# ## 7. With the sliders
#
# The panel compares two arms. Leave the size of a group at five and the SD between groups at 0.8, and look at the error rates in the
# sentence below the picture. From how many groups *per arm* on does the likelihood ratio claim an effect in fewer than 9% of
# the studies that have none?

# %%
explorers.tests(groups=2)

# %% tags=["solution"] task="q7"
answer_7 = next(n for n in range(2, 16) if explorers.tests.result(groups=n).rate("likelihood ratio") < 0.09)

# %%
check("ex11.q7", answer_7)

# %% [markdown]
# ## 8. In your own words
#
# Report the effect of temperature for a journal, in one sentence with all that a reader needs. Then answer, in two or three more, the editor who writes:
# "With eight hundred observations, why is your standard error four times as large as Ben's?"

# %% [markdown] tags=["written"] task="q8" points=3
# For every degree that a day was warmer, marmots were active for 0.81 minutes an hour less (95% interval 0.37 to 1.25; linear mixed model with
# random intercepts for ten animals and twenty days, t = -3.9 on 18 degrees of freedom by Satterthwaite, p = 0.001).
#
# The temperature was measured once a day, so it is twenty days, not eight hundred hours, that speak about it; days also differ for
# other reasons, rain or an eagle, which all marmots of a day share. Ben's model takes each hour for a new day and counts those
# reasons as evidence about temperature. His estimate is the same, but he is surer of it than he may be.

# %% [markdown] tags=["rubric"] task="q8"
# One point for each:
#
# - the estimate with unit, direction and interval
# - the test with its degrees of freedom (about 18), its p-value and the random effects of the model
# - temperature varies between days only, so that days (or what marmots of a day share) count, not rows
#
# Students with data of their own have slightly other figures.
