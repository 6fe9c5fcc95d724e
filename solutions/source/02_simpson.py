# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 2. Simpson's paradox: which slope do you mean?
#
# Eight tasks on lesson 2, from recall to judgement; about forty minutes. Put your answers where the three dots are and
# run the cell: you get a verdict at once, and a hint when you need one.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.check import check
from lmmkit.course.lesson import BLUE, GREEN, RED, table_text, use_course_look

use_course_look()
mice = lk.load_data("mouse")
mice.head(3)

# %% [markdown]
# `mouse` holds the weight (g) of mice from five strains, and the dose of a drug (mg/kg) that each of them got. (No mouse was harmed: they
# are synthetic, and so is everything else on this page.)
#
# ## 1. Four pictures
#
# Three groups each time, as colour and shape. The dashed line knows nothing of groups; the solid ones are fitted to one group each.
# Which picture shows Simpson's paradox? `"A"`, `"B"`, `"C"` or `"D"`

# %%
rng = np.random.default_rng(6)
inside, noise = rng.uniform(-1.2, 1.2, (3, 20)), 0.35 * rng.normal(size=(3, 20))
steps = np.array([[-1.0], [0.0], [1.0]])
clouds = [
    (inside + 1.3 * steps, 5 + 0.8 * inside - 1.1 * steps + noise),
    (inside, 5 + (0.3 + 0.9 * steps) * inside + noise),
    (inside, 5 + 0.8 * inside - 1.3 * steps + noise),
    (inside + 1.3 * steps, 5 + 0.8 * (inside + 1.3 * steps) + noise),
]
fig, axes = plt.subplots(2, 2, figsize=(9.5, 6.5), layout="constrained")
for ax, letter, place in zip(axes.flat, "ABCD", np.random.default_rng(29).permutation(4), strict=True):
    x, y = clouds[place]
    for mine, others, (colour, marker) in zip(x, y, [(BLUE, "o"), (RED, "s"), (GREEN, "^")], strict=True):
        ax.plot(mine, others, marker, color=colour, ms=5, alpha=0.6)
        ends = np.array([mine.min(), mine.max()])
        ax.plot(ends, np.polyval(np.polyfit(mine, others, 1), ends), color=colour, lw=3)
    ends = np.array([x.min(), x.max()])
    ax.plot(ends, np.polyval(np.polyfit(x.ravel(), y.ravel(), 1), ends), "--", color="black", lw=2.5)
    ax.set_title(letter, loc="left")
fig.supxlabel("predictor")
fig.supylabel("outcome")
plt.show()

# %% tags=["solution"] task="q1"
answer_1 = "C"

# %%
check("ex02.q1", answer_1)

# %% [markdown]
# ## 2. The paradox needs no line
#
# Two types of nest box for tits, with a round and with a square hole, hang in a wood and on farmland. From some of them a brood has
# fledged, from others not.

# %%
boxes = pd.DataFrame(
    {
        "hole": ["round", "round", "square", "square"],
        "place": ["wood", "farmland", "wood", "farmland"],
        "boxes": [30, 90, 96, 24],
        "fledged": [27, 54, 84, 12],
    }
)
print(boxes.to_string(index=False))

# %% [markdown]
# Taken all together, square holes look better. Make the comparison fair. Suppose that *both* types had been hung half in the wood
# and half on the farmland, with the success that each has had in each place. What would the difference square − round be, in percentage points?

# %% tags=["solution"] task="q2"
success = (boxes["fledged"] / boxes["boxes"]).groupby(boxes["hole"]).mean()
answer_2 = 100 * (success["square"] - success["round"])

# %%
check("ex02.q2", answer_2)

# %% [markdown]
# ## 3. Fit it
#
# To the mice. Model the weight by the dose, with one common slope, and give each strain a level of its own. Take the strains as *fixed*: these five
# are the ones that the laboratory breeds.

# %% tags=["solution"] task="q3"
model = lk.lm("Weight ~ Dose + Strain", mice)

# %%
check("ex02.q3", model)

# %% [markdown]
# ## 4. How much is mixed in?
#
# The line that ignores strains falls more steeply. Its slope is `w` parts "between strains" and `1 − w` parts "within". Compute
# `w`, the share of the variation of the dose that lies between strains.

# %% tags=["solution"] task="q4"
strain_dose = mice.groupby("Strain", observed=True)["Dose"].transform("mean")
answer_4 = ((strain_dose - mice["Dose"].mean()) ** 2).mean() / mice["Dose"].var(ddof=0)

# %%
check("ex02.q4", answer_4)

# %%
if model is not ... and answer_4 is not ...:
    middle = mice.groupby("Strain", observed=True)[["Dose", "Weight"]].transform("mean")
    between, within = lk.lm("Weight ~ Dose", middle).fixef["Dose"], model.fixef["Dose"]
    mixed = answer_4 * between + (1 - answer_4) * within
    pooled = lk.lm("Weight ~ Dose", mice).fixef["Dose"]
    print(
        f"between {between:.3f}   within {within:.3f}   mixed with your w {mixed:.3f}   pooled {pooled:.3f}"
    )

# %% [markdown]
# No paradox here, since both slopes have one sign. And yet strains creep into the slope of the dose: the paradox is only the loudest case of
# something that happens all the time.
#
# ## 5. With the handles
#
# Set the explorer to *two groups* and a slope of *1.5 within* them, and leave noise, points and seed as they are. Put the slope between
# the groups at zero and turn it down, a tenth at a time. At which value does the *pooled* line fall for the first time?

# %%
explorers.simpson()

# %% tags=["solution"] task="q5"
turned = [round(-0.1 * tenths, 1) for tenths in range(15)]
pooled_slopes = [explorers.simpson.result(groups=2, within=1.5, between=b).pooled[1] for b in turned]
answer_5 = next(b for b, slope in zip(turned, pooled_slopes, strict=True) if slope < 0)

# %%
check("ex02.q5", answer_5)

# %% [markdown]
# ## 6. Find the mistake
#
# A colleague has twelve valleys with forty owls each, and knows of every owl how long it hunts and how much it catches. He has heard of
# pseudoreplication, takes the mean of each valley, and fits a line through twelve honest points:

# %%
rng = np.random.default_rng(4)
valley = np.repeat(np.arange(12), 40)
hours = 6 + rng.normal(size=12)[valley]
mice_about = 18 - 2 * hours + rng.normal(0, 0.7, 12)[valley]
hours = hours + rng.normal(0, 0.6, valley.size)
catch = mice_about + 0.8 * hours + rng.normal(size=valley.size)
owls = pd.DataFrame({"valley": valley, "hours": hours, "catch": catch})
valleys = owls.groupby("valley").mean()
print(table_text(lk.lm("catch ~ hours", valleys).coef_table()[["estimate", "std_error", "p_value"]]))

# %% [markdown]
# "No owl is counted twice, and there is no doubt: an owl that hunts longer catches less." What is the mistake?
#
# - **a** Twelve points are too few for a line.
# - **b** The means should have been weighted by the number of owls.
# - **c** Means of groups must never be analysed.
# - **d** The line says something about valleys, and he says it about an owl.

# %% tags=["solution"] task="q6"
answer_6 = "d"

# %%
check("ex02.q6", answer_6)

# %% [markdown]
# ## 7. Three people, three slopes
#
# The same owls. Each of these wants one of three slopes: `"within"`, `"between"` or `"pooled"`. Answer with a list of three, in the order
# a, b, c.
#
# - **a** A trust wants to buy the valley with the largest catch per owl. Of each valley it knows nothing but how long its owls hunt on average.
# - **b** Of one of these owls we know how long it hunted; the label with its valley has come off. We want the best guess of its catch.
# - **c** An owl wonders if it should hunt longer. It will not move house.

# %% tags=["solution"] task="q7"
answer_7 = ["between", "pooled", "within"]

# %%
check("ex02.q7", answer_7)

# %% [markdown]
# ## 8. In your own words
#
# An owl hospital has tried a new treatment. It was not drawn by lot: the vets decided who got it. Some owls arrived in a bad state, some in a fair one. On the third day all
# were weighed, and had gained or lost.

# %%
by_arrival = pd.DataFrame(
    {
        "treated": ["yes", "yes", "no", "no"],
        "state on arrival": ["fair", "bad", "fair", "bad"],
        "owls": [20, 80, 100, 20],
        "survived": [19, 40, 90, 6],
    }
)
by_weight = pd.DataFrame(
    {
        "treated": ["yes", "yes", "no", "no"],
        "weight on day 3": ["gained", "lost", "gained", "lost"],
        "owls": [60, 40, 100, 20],
        "survived": [55, 4, 93, 3],
    }
)
everybody = by_arrival.groupby("treated", sort=False)[["owls", "survived"]].sum().reset_index()
for table in (everybody, by_arrival, by_weight):
    shares = table.assign(share=(table["survived"] / table["owls"]).map("{:.0%}".format))
    print(shares.to_string(index=False), end="\n\n")

# %% [markdown]
# Taken all together, treated owls do worse. By their state on arrival, they do better. By their weight on day three, worse again. Does the treatment help? Say which of the
# three tables you believe, why the first is misleading, and why you may not simply split by whatever you have measured. (Four or five
# sentences.)

# %% [markdown] tags=["written"] task="q8" points=3
# I believe the second table: the treatment helps. In the first, treated owls are mostly those that arrived in a bad state, and such owls
# die more often whatever one does, so it compares ill owls with well ones. The state on arrival was there *before* the vets decided and had a hand in who was treated;
# owls of one state can fairly be compared. The weight on day three came *after* the treatment, and may be the very way in which it works:
# who splits by it compares treated owls that did badly in spite of the treatment with untreated ones that did so without, and takes a part of the effect away. A table by
# anything that the treatment has changed does not answer the question, even if its sign has turned round. Best would be to draw lots next time.

# %% [markdown] tags=["rubric"] task="q8"
# One point for each:
#
# - the table by state on arrival is chosen, and read rightly (in both rows treated owls survive more often)
# - the reason behind the first table: owls in a bad state were treated more, and die more
# - the weight is a consequence of the treatment, so that splitting by it is wrong
#
# "Always split" or "always believe the finer table" loses the third point.
