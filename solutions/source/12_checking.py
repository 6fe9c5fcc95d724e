# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 12. Checking the model
#
# Two warm-ups from earlier lessons and eight tasks on lesson 12; about fifty minutes. Put your answers where the three dots are and
# run the cell. You get a verdict at once, and a hint when you need one. Two digits are enough for any number.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, pd, plt

# %%
chicks = lk.load_data("implants")
chicks.head()

# %% [markdown]
# `implants`: in fifteen nests two owl chicks were given a hormone implant (`C`) and two a placebo (`P`). All were weighed (`mass` in g) every
# four `day`s. Chicks' numbers are unique over nests. (The data are simulated.) Does the hormone slow their growth, and may we believe the
# model that says so?
#
# ## Warm-up a, from lesson 6
#
# Nest A has one chick, nest B has eight. The mean of each lies 40 grams above the average nest. Which nest's prediction is pulled further towards the average:
# `"A"`, `"B"`, `"both alike"` or `"neither"`?

# %% tags=["solution"] task="w1"
warm_a = "A"

# %%
check("ex12.w1", warm_a)

# %% [markdown]
# ## Warm-up b, from lesson 9
#
# {{w2.people:Word}} people are measured on {{w2.days:word}} days, and each has a line of its own in the model. On how many degrees of freedom does the t of the average
# slope rest, about?

# %% tags=["solution"] task="w2"
warm_b = 10 - 1
### OWN warm_b = own_numbers("ex12.w2").people - 1

# %%
check("ex12.w2", warm_b)

# %% [markdown]
# ## 1. What is not asked
#
# Which of these does a linear mixed model *not* take for granted?
#
# - *A*: residuals that follow a normal distribution
# - *B*: a response that follows a normal distribution
# - *C*: random effects that follow a normal distribution
# - *D*: residuals that scatter alike for light and heavy chicks

# %% tags=["solution"] task="q1"
answer_1 = "B"

# %%
check("ex12.q1", answer_1)

# %% [markdown]
# ## 2. Complete a first model
#
# Fit `mass` with `day`, `implant` and their interaction, and with random intercepts for nests and for chicks within nests. REML. The
# beginning is given.

# %% tags=["solution"] task="q2"
### GIVEN # first = lk.lmer("mass ~ ... + (1 | ...)", chicks)
first = lk.lmer("mass ~ day * implant + (1 | nest/chick)", chicks)

# %%
check("ex12.q2", first)

# %% [markdown]
# None of the usual four pictures shows the residuals of one chick together. This one does:

# %% tags=["picture"]
# Picture: the residuals of each chick over time
if first is not ...:
    residual = first.resid()
    fig, ax = plt.subplots(figsize=(8, 3.6))
    for _, rows in chicks.groupby("chick", observed=True):
        ax.plot(rows["day"], residual[rows.index], "o-", color=lesson.BLUE, lw=0.7, ms=4)
    ax.axhline(0, color=lesson.GREY, ls="--")
    ax.set_xticks(sorted(chicks["day"].unique()))
    ax.set_xlabel("day")
    ax.set_ylabel("residual (g)")
    at = residual.groupby(chicks["day"]).std()
    lesson.show(
        f"One line per chick, its residuals over time. Their spread is {at.iloc[0]:.0f} g on the first day, {at.min():.0f} g at its"
        f" smallest and {at.iloc[-1]:.0f} g on the last; lines that begin high end low."
    )

# %% [markdown]
# A line is a chick: its residuals over time.
#
# ## 3. Measure it
#
# How many times as large as on day 4 is the *standard deviation* of this model's residuals on day 12?

# %% tags=["solution"] task="q3"
spread = first.resid().groupby(chicks["day"]).std()
answer_3 = spread[12] / spread[4]

# %%
check("ex12.q3", answer_3)

# %% [markdown]
# ## 4. Mend it
#
# Lines that start high end low, and the other way round: in the picture an hourglass. Something about chicks is missing from the
# random part. Put it in, correlated with what is there already; leave nests with an intercept only.

# %% tags=["solution"] task="q4"
model = lk.lmer("mass ~ day * implant + (1 | nest) + (day | chick)", chicks)

# %%
check("ex12.q4", model)

# %% tags=["fold"]
# Table: the row day:implantP of both models
beside = {"first": first, "mended": model}
rows = {name: fit.coef_table().loc[["day:implantP"]] for name, fit in beside.items() if fit is not ...}
pd.concat(rows).droplevel(1).round(4) if rows else None

# %% [markdown]
# Compare the two standard errors. Without the check you would have been surer than you may be.
#
# ## 5. Who decides?
#
# Leave out each nest in turn (`influence`). By how many standard errors does the coefficient `day:implantP` of the mended model move at most,
# in size?

# %% tags=["solution"] task="q5"
moves = model.influence(by="nest")["dfbetas_day:implantP"]
answer_5 = moves.abs().max()

# %%
check("ex12.q5", answer_5)

# %% [markdown]
# ## 6. With the sliders
#
# A break that is there need not show. Set *Heavy tails* to 0.6, all else to zero, and draw new data with the seeds 1 to 8. In how many of the
# eight does the sentence under the picture name the tails?

# %%
explorers.diagnostics(tails=0.6, seed=1)

# %% tags=["solution"] task="q6"
drawn = [explorers.diagnostics.result(tails=0.6, seed=seed).signs for seed in range(1, 9)]
answer_6 = sum(sign.suspicious for signs in drawn for sign in signs if sign.name == "tails")

# %%
check("ex12.q6", answer_6)

# %% [markdown]
# ## 7. Find the mistake
#
# Somebody has copied the table by hand and mistyped one mass. It is a mass that an owl chick may well have, only not this one on
# this day. Whose is it? Give the chick, for example `"c01"`. (Pretend that the original is lost: comparing with `chicks` would be easy, and
# no practice.)

# %% tags=["picture"]
# Picture: all masses as copied
from lmmkit.course.answers.exercise_12 import copied_by_hand

copy = copied_by_hand(chicks)
fig, ax = plt.subplots(figsize=(8, 3.5))
ax.hist(copy["mass"], bins=30, color=lesson.BLUE, alpha=0.6)
ax.set_xlabel("mass (g), as copied")
ax.set_ylabel("rows")
lesson.show(
    f"A histogram of {len(copy)} masses from {copy['mass'].min():.0f} to {copy['mass'].max():.0f} g; no bar stands apart from the others."
)

# %% [markdown]
# No bar stands apart.

# %% tags=["solution"] task="q7"
again = lk.lmer("mass ~ day * implant + (1 | nest) + (day | chick)", copy)
strange = again.resid().abs().idxmax()
answer_7 = copy["chick"][strange]

# %%
check("ex12.q7", answer_7)

# %% tags=["picture"]
# Picture: the chick of your answer among all others
if model is not ... and answer_7 is not ...:
    fig, ax = plt.subplots(figsize=(8, 3.6))
    for name, rows in copy.groupby("chick", observed=True):
        look = {"color": lesson.RED, "lw": 2, "zorder": 3} if name == answer_7 else {"color": lesson.GREY, "lw": 0.5}
        ax.plot(rows["day"], rows["mass"], "o-", ms=3, **look)
    ax.set_xticks(sorted(copy["day"].unique()))
    ax.set_xlabel("day")
    ax.set_ylabel("mass (g), as copied")
    mine = copy.loc[copy["chick"] == answer_7, "mass"]
    lesson.show(
        f"One line per chick. The thick line of {answer_7} goes from {mine.iloc[-2]:.0f} to {mine.iloc[-1]:.0f} g on the last day, while"
        " the others rise."
    )

# %% [markdown]
# ## 8. In your own words
#
# Suppose that the original were really lost. Write three or four sentences to your field assistant and into the paper: what you would do
# about the strange mass, in which order, and what you would *not* do.

# %% [markdown] tags=["written"] task="q8" points=3
# Please look for that chick in the field book, should it turn up: on its last day it seems to have lost weight that no other chick lost,
# and I suspect a mistyped number.
# If the book says otherwise, I correct the table and write down that I did. If the book agrees, or is lost, the mass stays in, for
# a large residual is no proof of an error; I fit the model with and without it, and the paper gives both if they differ. I will not delete it
# because it is inconvenient, and I look for slips in both groups alike, whatever they do to the effect of the hormone.

# %% [markdown] tags=["rubric"] task="q8"
# One point for each:
#
# - go back to the source first (field book, balance, neighbours in time)
# - if it cannot be settled, keep it, or show the results with and without, and say so
# - never delete a row for its residual, or its consequence, alone
