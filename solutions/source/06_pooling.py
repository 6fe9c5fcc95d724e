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
# Two short tasks to warm up, six on lesson 6, one in your own words, and new data at the end; about 45 minutes. Put your answers
# where the three dots are and run the cell: you get a verdict at once, and a hint when you need one.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, plt

# %%
perch = lk.load_data("groups20")
perch.head(3)

# %% [markdown]
# `groups20` holds the length (cm) of perch from twenty lakes; in some lakes a single fish was caught, in one two hundred. (The
# data are simulated.)
#
# ## Warm-up: two spreads
#
# From lesson 4. In some other lakes the SD between lakes is {{w1.between}} cm and the SD of fish within a lake is {{w1.within}} cm. Which share of the variance
# lies between lakes? (A number between 0 and 1, two digits.)

# %% tags=["solution"] task="w1"
answer_w1 = 3**2 / (3**2 + 4**2)
### OWN n = own_numbers("ex06.w1")
### OWN answer_w1 = n.between**2 / (n.between**2 + n.within**2)

# %%
check("ex06.w1", answer_w1)

# %% [markdown]
# ## Warm-up: which formula?
#
# From lesson 5. Perch of many lakes are measured at several ages. Lakes differ in how long the fish are *and* in how fast they grow; the
# two may be correlated. Which random part says so?
#
# - **a** `(1 | lake)`
# - **b** `(0 + age | lake)`
# - **c** `(age || lake)`
# - **d** `(age | lake)`

# %% tags=["solution"] task="w2"
answer_w2 = "d"

# %%
check("ex06.w2", answer_w2)

# %% [markdown]
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
# Between lakes the variance is {{q2.between}}, within a lake {{q2.within}}. What weight does the mixed model give to the mean of a lake with
# {{q2.fish:word}} fish? (Two digits.)

# %% tags=["solution"] task="q2"
answer_2 = 3 / (3 + 16 / 12)
### OWN n = own_numbers("ex06.q2")
### OWN answer_2 = n.fish / (n.fish + n.within / n.between)

# %%
check("ex06.q2", answer_2)

# %% [markdown]
# ## 3. Complete the model
#
# Fit the mixed model of `length` with nothing but a random intercept for the lake (column `group`), by REML. Take away the `#`, and fill
# in what is missing.

# %% tags=["solution"] task="q3"
### GIVEN # model = lk.lmer("length ~ 1 + (...)", perch)
model = lk.lmer("length ~ 1 + (1 | group)", perch)

# %%
check("ex06.q3", model)

# %% [markdown]
# ## 4. Who moved most?
#
# For which lake is the distance between its own mean and the model's estimate the largest? Give its name. (This cell is blank: own means
# come from `groupby`, the model's estimates from `coef`.)

# %% tags=["solution"] task="q4"
lake_means = perch.groupby("group", observed=True)["length"].mean()
distance = (lake_means - model.coef()["group"]["(Intercept)"]).abs()
answer_4 = str(distance.idxmax())

# %%
check("ex06.q4", answer_4)

# %% [markdown]
# ## 5. Three quarters
#
# In the explorer, set the smallest group to two, the largest to two hundred, and move the ratio of the variances (between over within). At
# which ratio does the own mean of a group with two observations count *three quarters*? The number above each bar is this weight.
# Write the ratio down, to one decimal.

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
# the club: what is wrong with the list, what you would print instead, and what you would say about the lake at the top. (A double
# click opens the cell below.)

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

# %% tags=["picture"]
# Picture: the lakes once more, once you have a model
if model is not ...:
    estimates = model.coef()["group"]["(Intercept)"].sort_values()
    fish, places = perch["group"].value_counts(), np.arange(len(estimates))
    means = perch.groupby("group", observed=True)["length"].mean()[estimates.index]
    half = 1.96 * model.sigma / np.sqrt(fish[estimates.index])
    fig, ax = plt.subplots(figsize=(9, 5.5))
    ax.hlines(places, means - half, means + half, color=lesson.GREY, lw=1)
    ax.plot(means, places, "o", color=lesson.RED, mfc="white", label="own mean, with a 95% interval")
    ax.plot(estimates, places, "s", color=lesson.BLUE, label="mixed model")
    ax.set_yticks(places, [f"{lake} ({fish[lake]} fish)" for lake in estimates.index], fontsize=10)
    ax.set_xlabel("mean length (cm)")
    ax.legend(loc="lower right")
    lesson.show(
        f"Twenty lakes, sorted by the mixed model's estimate. Intervals of own means reach from {half.min():.1f} cm on each side for "
        f"{fish.max()} fish to {half.max():.1f} cm for a single fish."
    )

# %% [markdown]
# ## 8. New data: fifteen owl nests
#
# In `implants` four chicks of each of fifteen barn owl nests were weighed. `day12` has their last weights. Fit a mixed model of `mass` with
# a common mean and a random intercept for the `nest`. What *weight* does the model give to the mean of a nest, against the mean of all?
# (Two digits. These data are simulated, too.)

# %%
implants = lk.load_data("implants")
day12 = implants[implants["day"] == 12]
day12.head(3)

# %% tags=["solution"] task="q8"
tau2, sigma2 = lk.lmer("mass ~ 1 + (1 | nest)", day12).varcorr.frame["vcov"]
answer_8 = 4 / (4 + sigma2 / tau2)

# %%
check("ex06.q8", answer_8)
