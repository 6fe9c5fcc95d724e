# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 6. Pooling
#
# Seven tasks on lesson 6, from recall to judgement; about forty minutes. Put your answers where the three dots are and
# run the cell: you get a verdict at once, and a hint when you need one.

# %%
import matplotlib.pyplot as plt

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.check import check
from lmmkit.course.lesson import BLUE, RED, use_course_look

use_course_look()
perch = lk.load_data("groups20")
perch.head()

# %% [markdown]
# `groups20` holds the length (cm) of perch from twenty lakes; in some lakes a single fish was caught, in one two hundred. (The
# data are simulated.)
#
# ## 1. In a word
#
# Which of the three poolings gives a lake with one fish the same estimate as every other lake? `"complete"`, `"no"`,
# `"partial"` or `"none of them"`

# %% tags=["solution"] task="q1"
answer_1 = "complete"

# %%
check("ex06.q1", answer_1)

# %% [markdown]
# ## 2. A weight by hand
#
# Between lakes the variance is twelve, within a lake sixteen. What weight does the mixed model give to the mean of a lake with
# three fish?

# %% tags=["solution"] task="q2"
answer_2 = 3 / (3 + 16 / 12)

# %%
check("ex06.q2", answer_2)

# %% [markdown]
# ## 3. Fit it
#
# Fit the mixed model of `length` with nothing but a random intercept for the lake (column `group`), by REML.

# %% tags=["solution"] task="q3"
model = lk.lmer("length ~ 1 + (1 | group)", perch)

# %%
check("ex06.q3", model)

# %% [markdown]
# ## 4. Who moved most?
#
# For which lake is the distance between its own mean and the model's estimate the largest? Give its name.

# %% tags=["solution"] task="q4"
own = perch.groupby("group", observed=True)["length"].mean()
distance = (own - model.coef()["group"]["(Intercept)"]).abs()
answer_4 = str(distance.idxmax())

# %%
check("ex06.q4", answer_4)

# %% [markdown]
# ## 5. With the handles
#
# Set the smallest group to two, the largest to two hundred, and move the ratio of the variances (between over within). At
# which ratio does the own mean of a group with two observations count *three quarters*? The number above each bar is this weight.
# Write the ratio down.

# %%
explorers.pooling()

# %% tags=["solution"] task="q5"
# n / (n + 1 / ratio) = 3/4 for n = 2, so 1 / ratio is a third of n
answer_5 = 3 / 2

# %%
check("ex06.q5", answer_5)

# %% [markdown]
# ## 6. Find the mistake
#
# A colleague wants "no pooling" and fits `lk.lmer("length ~ 0 + (1 | group)", perch)`. What do this model's estimates do to small
# lakes? `"leave them alone"`, `"pull them to the mean of all lakes"`, `"pull them to the largest lake"` or `"pull them to zero"`

# %% tags=["solution"] task="q6"
answer_6 = "pull them to zero"

# %%
check("ex06.q6", answer_6)

# %% [markdown]
# ## 7. In your own words
#
# The angling club wants to print a list of lakes by the mean length of their perch, longest first. Write three sentences to
# the club: what is wrong with the list, what you would print instead, and what you would say about the lake at the top.

# %% [markdown] tags=["written"] task="q7" points=3
# Near both ends of your list stand lakes in which hardly a fish was caught, because the mean of one fish is as likely to be
# very long as very short. I would print the mixed model's estimates, which lean on the average of all lakes
# where there are few fish, each with its uncertainty. The lake at the top of your list may well be a good one, but it was judged
# by a single fish: I would wait for the next season before I bought a permit.

# %% [markdown] tags=["rubric"] task="q7"
# One point for each:
#
# - extremes come from small samples
# - shrunken estimates (or an interval) instead of raw means
# - a cautious statement about the top lake that mentions its number of fish

# %% [markdown]
# Look at it once more:

# %%
estimates = model.coef()["group"]["(Intercept)"].sort_values() if model is not ... else None
if estimates is not None:
    fish, places = perch["group"].value_counts(), range(len(estimates))
    fig, ax = plt.subplots(figsize=(8, 5.5))
    ax.plot(perch.groupby("group", observed=True)["length"].mean()[estimates.index], places, "o", color=RED, mfc="none",
            label="own mean")  # fmt: skip
    ax.plot(estimates, places, "s", color=BLUE, label="mixed model")
    ax.set_yticks(places, [f"{lake} ({fish[lake]} fish)" for lake in estimates.index], fontsize=10)
    ax.set_xlabel("estimated mean length (cm)")
    ax.legend(loc="lower right")
    plt.show()
