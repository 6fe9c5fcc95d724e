# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 14. Variance partitioning
#
# Two warm-ups from earlier lessons and eight tasks on lesson 14; about fifty minutes. Put your answers where the three dots are and
# run the cell. You get a verdict at once, and a hint when you need one. Two digits are enough for any number.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, pd, plt

# %%
owls = lk.load_data("implants")
owls.head()

# %% [markdown]
# `implants` has the body mass (g) of barn owl chicks, four in each nest, on four days after an implant that was set under their
# skin: corticosterone (C) or a placebo (P). Each chick has a number of its own. (The data are simulated, as are all of this exercise.)
#
# ## Warm-up a, from lesson 10
#
# Two fits of one model, by REML and by maximum likelihood. Which one usually has the *smaller* variance between nests: `"REML"`, `"ML"`, `"neither"`
# or `"it depends on the units"`?

# %% tags=["solution"] task="w1"
warm_a = "ML"

# %%
check("ex14.w1", warm_a)

# %% [markdown]
# ## Warm-up b, from lesson 7
#
# In each of {{w2.nests:word}} nests the chicks are numbered 1 to {{w2.chicks}} anew. How many chicks does `(1 | nest / chick)` see?

# %% tags=["solution"] task="w2"
warm_b = 12 * 4
### OWN warm_b = own_numbers("ex14.w2").nests * own_numbers("ex14.w2").chicks

# %%
check("ex14.w2", warm_b)

# %% [markdown]
# ## 1. By hand
#
# In another study, chicks of the same age were weighed twice each. Between nests the standard deviation was {{q1.nest}} g, between chicks of a nest {{q1.chick}} g,
# and between two weighings of one chick {{q1.rest}} g. Which share of the variance sits between nests?

# %% tags=["solution"] task="q1"
answer_1 = 3**2 / (3**2 + 2**2 + 1**2)
### OWN n = own_numbers("ex14.q1")
### OWN answer_1 = n.nest**2 / (n.nest**2 + n.chick**2 + n.rest**2)

# %%
check("ex14.q1", answer_1)

# %% [markdown]
# ## 2. Complete a model
#
# Now to `owls`. Where does the variation in `mass` sit? Fit the model with `day` and `implant` as fixed effects, and random intercepts
# for nests and for chicks within nests; by maximum likelihood, as variancePartition does. The beginning is given.

# %% tags=["solution"] task="q2"
### GIVEN # model = lk.lmer("mass ~ day + ... + (1 | ...)", owls, reml=...)
model = lk.lmer("mass ~ day + implant + (1 | nest / chick)", owls, reml=False)

# %%
check("ex14.q2", model)

# %% [markdown]
# ## 3. The share of a fixed effect
#
# Which share of the variance belongs to `day`? (There is a method for it. If you like to see the machinery, do it by hand.)

# %% tags=["solution"] task="q3"
answer_3 = model.variance_partition()["day"]

# %%
check("ex14.q3", answer_3)

# %% [markdown]
# ## 4. Leave it out
#
# In the lesson the height of a person was left out of a model, and its share went to `Individual`. Predict: if you leave out `day`, who
# will have most of its share? `"nest"`, `"chick"`, `"implant"` or `"residuals"`

# %% tags=["solution"] task="q4"
answer_4 = "residuals"

# %%
check("ex14.q4", answer_4)

# %% [markdown]
# See for yourself, and compare the row of the chicks, too:

# %% tags=["fold"]
# Table: the shares with day and without
both = {}
if model is not ... and answer_4 is not ...:
    dayless = lk.lmer("mass ~ implant + (1 | nest / chick)", owls, reml=False)
    both = {"with day": model.variance_partition(), "without": dayless.variance_partition()}
pd.DataFrame(both).round(3)

# %% [markdown]
# Not only the residual has changed. An estimated variance between chicks is what their means scatter *beyond* what the residual explains; the residual has
# grown so much that nothing is left for chicks, and less for nests.
#
# ## 5. Who forgot the reagents?
#
# Two hundred genes again, or your share of them, with the design of the lesson. Partition the variance of them all by
#
# `~ Age + Height + (1 | Individual) + (1 | Tissue) + (1 | Batch)`
#
# into a table called `shares`, and give the *name* of the gene that depends most on the laboratory's batch, as text.

# %%
info = lk.load_data("genexpr_info")
genes = lk.load_data("genexpr")[info["ID"]]

# %% tags=["solution"] task="q5"
form = "~ Age + Height + (1 | Individual) + (1 | Tissue) + (1 | Batch)"
shares = lk.variance_partition(genes, form, info, progress=False)
answer_5 = shares["Batch"].idxmax()

# %%
check("ex14.q5", answer_5)

# %% tags=["picture"]
# Picture: the eight genes with the most batch, and all shares
if shares is not ...:
    fig, axes = plt.subplots(1, 2, figsize=(9.5, 4.4), layout="constrained")
    in_order = shares[["Individual", "Tissue", "Batch", "Age", "Height", "Residuals"]]
    in_order.sort_values("Batch", ascending=False).head(8).bars(axes[0])
    in_order.violin(axes[1])
    axes[1].tick_params(axis="x", rotation=35)
    medians = ", ".join(f"{term} {share:.2f}" for term, share in shares.median().items())
    lesson.show(
        f"Left: eight genes as bars, batch from {shares['Batch'].nlargest(8).min():.2f} to {shares['Batch'].max():.2f}. Right: a violin"
        f" for each term; the medians are {medians}."
    )

# %% [markdown]
# Left are the eight genes that one would repeat in a single batch; right all of them.
#
# ## 6. With the sliders
#
# Open the explorer and set *Genes* to 8. All of them are made with a tissue's share of 20%. The sentence below the picture says how far the found
# shares run: write down, in per cent, the *highest* share of tissue with 2 tissues, and then the highest with 8.

# %%
explorers.variance_partition()

# %% tags=["solution"] task="q6"
answer_6 = [100 * explorers.variance_partition.result(tissues=n, count=8).found[:, 1].max() for n in (2, 8)]

# %%
check("ex14.q6", answer_6)

# %% [markdown]
# ## 7. Find the mistake
#
# A colleague partitions the test scores of pupils, and writes: "classes hardly matter". Classes are called c1, c2, … in every school.

# %%
pupils = lk.load_data("schools")
claim = lk.lmer("score ~ hours + (1 | school) + (1 | class)", pupils, reml=False)
claim.variance_partition().round(3).to_frame("share")

# %% [markdown]
# What is wrong? Put it right (by maximum likelihood again), and give the share that sits between classes of a school.

# %% tags=["solution"] task="q7"
right = lk.lmer("score ~ hours + (1 | school / class)", pupils, reml=False)
answer_7 = right.variance_partition()["class:school"]

# %%
check("ex14.q7", answer_7)

# %% [markdown]
# ## 8. In your own words
#
# A newspaper has seen your picture of two hundred genes, with the column `Individual`, and prints: "A quarter of what our genes do is
# inherited, says science". Write three or four sentences to the editor. What *is* this quarter a share of? What else, beside
# inheritance, is in it? And would the share be the same in another study?

# %% [markdown] tags=["written"] task="q8" points=3
# Your quarter is the share of the variance between samples that goes with the person the sample is from, for the gene in the middle of our list; some
# genes have nearly nothing of it, others nearly all. It holds all that stays the same in one person and differs between persons: inheritance, but also
# diet, illness, home, and whatever we did not put into the model. And it is a share of the variation in *our* samples: with more tissues, a narrower choice of people,
# or a tidier laboratory the whole would be another, and so would its parts. We have measured how alike the samples of a person are; to say what
# is inherited one needs relatives.

# %% [markdown] tags=["rubric"] task="q8"
# One point for each:
#
# - a share of the variance (between samples, of a typical gene), not of "what genes do"
# - at least one other cause that is constant within a person (environment, age, health, an omitted
#   variable)
# - a share belongs to a model and to a sampling design, and does not carry over
