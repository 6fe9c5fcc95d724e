# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 3. Fixed or random?
#
# Two warm-ups and eight tasks on lesson 3, from recall to judgement; about 45 minutes. Put your answers where the three
# dots are and run the cell. You get a verdict at once, and a hint if you need one.

# %%
from lmmkit.course.start import check, explorers, lk, np

# %%
words = lk.load_data("words")
cores = lk.load_data("herbivory")
pupils = lk.load_data("schools")
pupils["room"] = pupils["school"].astype(str) + " " + pupils["class"].astype(str)
pupils.head(3)

# %% [markdown]
# (All data on this page are simulated. `pupils` are those of exercise 1.)
#
# ## Warm-up: how well is it known?
#
# From lesson 1. Fit a straight line, `score ~ hours`, to all pupils. What is the standard error of its slope? Two digits are
# enough.

# %% tags=["solution"] task="w1"
answer_w1 = lk.lm("score ~ hours", pupils).se["hours"]

# %%
check("ex03.w1", answer_w1)

# %% [markdown]
# ## Warm-up: three hospitals
#
# From lesson 2. In each of three hospitals, patients with the new drug do better. Taken all together, patients with the new
# drug do worse. What is this called: `"interaction"`, `"Simpson's paradox"`, `"overfitting"` or `"least squares"`?

# %% tags=["solution"] task="w2"
answer_w2 = "Simpson's paradox"

# %%
check("ex03.w2", answer_w2)

# %% [markdown]
# ## 1. Two studies on the ground
#
# Close lesson 3 for a while, and classify every variable anew: `"fixed"`, `"random"`, or `"residual"` where a level has a single
# row, so that its effect is what the model leaves over.
#
# - **Deer and soil.** Is there less nitrogen where deer come? Four plots are fenced, four are open (`treatment`). The eight
#   plots have names (`plot`), and the ten soil cores that are taken from each are numbered anew in every plot (`core`; we mean the
#   single piece of soil, not its number).
# - **Halved fields.** Twelve meadows (`field`) are halved; on one half plan A is followed, on the other plan B
#   (`management`), and plant species are counted in each half.
# - **The heiress.** She has inherited just these twelve meadows, and will never own another. She wants to know which of
#   *them* has most species, and by how many. What is the field for her (`field of the heiress`)?
#
# Answer with a dictionary:
#
# ```python
# {"treatment": "...", "plot": "...", "core": "...",
#  "management": "...", "field": "...", "field of the heiress": "..."}
# ```

# %% tags=["solution"] task="q1"
answer_1 = {"treatment": "fixed", "plot": "random", "core": "residual",
            "management": "fixed", "field": "random", "field of the heiress": "fixed"}

# %%
check("ex03.q1", answer_1)

# %% [markdown]
# ## 2. Two studies with fur and feathers
#
# The same for these two, `"fixed"`, `"random"` or `"residual"`:
#
# - **Implants.** Owl chicks get a hormone or a placebo (`implant`), two chicks each in every `nest`. Each `chick` is weighed at
#   four ages, in days (`age`), to see whether the hormone slows its growth.
# - **Marmots.** Ten marmots (`animal`) are watched on twenty days (`day`), at four hours (`time`: morning, noon, afternoon,
#   evening). Each day has a mean `temperature`. How active are they, and when?
#
# ```python
# {"implant": "...", "nest": "...", "chick": "...", "age": "...",
#  "animal": "...", "day": "...", "time": "...", "temperature": "..."}
# ```

# %% tags=["solution"] task="q2"
answer_2 = {"implant": "fixed", "nest": "random", "chick": "random", "age": "fixed",
            "animal": "random", "day": "random", "time": "fixed", "temperature": "fixed"}

# %%
check("ex03.q2", answer_2)

# %% [markdown]
# ## 3. Whose replicate?
#
# How well a fixed effect is known depends on how many units there are of the kind that it was *given to*. That unit is the
# smallest thing that could have got another level by itself. For each of these, which unit is it? Answer with a list of
# four, in this order.
#
# 1. the fence of the first study: `"plot"`, `"core"` or `"treatment"`
# 2. the management of the second: `"field"`, `"plant"` or `"half"` (of a field)
# 3. the implant of the third: `"nest"`, `"weighing"` or `"chick"`
# 4. the temperature of the fourth: `"animal"`, `"day"` or `"observation"`

# %% tags=["solution"] task="q3"
answer_3 = ["plot", "half", "chick", "day"]

# %%
check("ex03.q3", answer_3)

# %% [markdown]
# ## 4. New data: complete the model
#
# A fifth study. Thirty subjects are to recognise words, twenty-four of them; before some words a related one was shown
# (`condition`). The outcome `rt` is the time in milliseconds.

# %%
words.head(3)

# %% [markdown]
# What is found should hold for readers and for words (`item`) in general, so that next time there would be other subjects and other
# words. Fit the model that says so, with random intercepts only. Each of the two groupings gets a bracket of its own. The
# model is half written: take away the `#`, and fill in the dots.

# %% tags=["solution"] task="q4"
### GIVEN # model = lk.lmer("rt ~ ... + (1 | ...) + (1 | ...)", words)
model = lk.lmer("rt ~ condition + (1 | subject) + (1 | item)", words)

# %%
check("ex03.q4", model)

# %% tags=["fold"]
# Table: the condition, with groups ignored and seen
if model is not ...:
    ignored = lk.lm("rt ~ condition", words).coef_table().loc["conditionprimed"]
    seen = model.coef_table().loc["conditionprimed"]
    print(
        f"groups ignored: a related word saves {-ignored['estimate']:.0f} ms (SE {ignored['std_error']:.1f})"
    )
    print(f"groups seen:    a related word saves {-seen['estimate']:.0f} ms (SE {seen['std_error']:.1f})")

# %% [markdown]
# The standard error has become *smaller*, since every subject and every word was met in both conditions: the condition is
# compared within them.
#
# ## 5. With the sliders
#
# Choose the study *mice of five strains* and the variable *strain*. How many times its estimate may the standard deviation
# between strains be, at most, if there are *three* levels in the data, and if there are *twelve*? The sentence below the
# picture tells you (upper ends of a 95% interval). Write down both, in this order, as they stand there.

# %%
explorers.random_or_fixed()

# %% tags=["solution"] task="q5"
answer_5 = [
    explorers.random_or_fixed.result(story="mice of five strains", variable="strain", levels=levels).sd_high
    for levels in (3, 12)
]

# %%
check("ex03.q5", answer_5)

# %% [markdown]
# ## 6. Find the mistake
#
# A colleague analyses the deer. "Plots differ, so I have to put them in, and fixed effects need no assumptions":

# %%
print(lk.lm("nitrogen ~ plot + treatment", cores))

# %% [markdown]
# "Once plots are taken into account, nothing is left for the deer to explain. They do no harm." What has gone wrong?
#
# - **a** Each plot is either fenced or open, so that eight free levels can imitate any effect of the fence. The model cannot see it.
# - **b** The order is to blame: with `treatment + plot` the effect of the fence would have been estimated properly.
# - **c** Nothing: an effect of zero is an effect of zero.
# - **d** Ten cores a plot are too few to estimate eight levels and a treatment.

# %% tags=["solution"] task="q6"
answer_6 = "a"

# %%
check("ex03.q6", answer_6)

# %% [markdown]
# ## 7. From a blank cell: within a room, between rooms
#
# The pupils again, in their classrooms (`room`). Fit *one* mixed model of the `score`, with a random intercept of the room, that
# splits the slope of `hours` in two: the slope between two pupils *of one room* who differ by an hour, and the slope between
# *two rooms* whose mean hours differ by one. Call the model `split`, with the two slopes in this order, and give both as
# `answer_7`, a list of two.

# %% tags=["solution"] task="q7"
pupils["room_hours"] = pupils.groupby("room")["hours"].transform("mean")
pupils["own_hours"] = pupils["hours"] - pupils["room_hours"]
split = lk.lmer("score ~ own_hours + room_hours + (1 | room)", pupils)
answer_7 = split.fixef.iloc[1:].to_list()

# %%
check("ex03.q7", answer_7)

# %% tags=["fold"]
# Table: the difference of the two slopes
if split is not ...:
    apart = split.fixef.iloc[2] - split.fixef.iloc[1]
    error = (np.array([-1, 1]) @ split.vcov.iloc[1:, 1:] @ np.array([-1, 1])) ** 0.5
    print(f"between minus within: {apart:+.2f}, with a standard error of {error:.2f}")

# %% [markdown]
# The difference is smaller than two of its standard errors: here the two slopes may well be one and the same, and a plain random
# intercept may mix them.
#
# ## 8. Your own study
#
# Take a study of yours, or one that you have read or would love to do. In one sentence, say what it asks. Then list its
# variables (five or more) in a table, and say of each whether it is the response, fixed or random, and why. At least one has to be
# random and one has to be a case that could be argued either way: argue it. Close with the formula. (Double-click the cell
# below to write.)

# %% [markdown] tags=["written"] task="q8" points=3
# *Do blackbirds sing at a higher pitch where traffic is loud?* We recorded males in several parks of four cities, on some mornings each.
#
# | variable | what it is | why |
# | --- | --- | --- |
# | pitch (kHz) | response | a number; what should react |
# | noise at the perch (dB) | fixed | a number with a slope, and the question |
# | hour after sunrise | fixed | a number; birds sing otherwise late in the morning, and we want to allow for it |
# | male | random | other males next time; his songs resemble each other |
# | park | random | parks were met, not chosen; its birds learn from each other |
# | city | argued | see below |
#
# Cities could be random: we mean cities in general, and next time would go elsewhere. But there are four, a spread known from
# four is hardly known, and we would like to name them in the discussion. So city is fixed, and we claim nothing about a
# fifth. Since loud parks may have other birds anyway, I would add the park's mean noise, to tell the slope within a park from
# the slope between parks.
#
# `pitch ~ noise + park_noise + hour + city + (1 | park/male)`

# %% [markdown] tags=["rubric"] task="q8"
# One point for each:
#
# - a question, a response, and fixed effects that answer it (numbers are given slopes, not made grouping
#   factors)
# - random effects justified by the design (other levels next time, rows that share a level), not only by
#   "there are many"
# - an argued case that weighs both sides (number of levels, target of inference, levels tied to a
#   treatment), with a formula that agrees with the table
#
# Accept either verdict in the argued case.
