# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 4. Random intercepts
#
# Eight tasks on lesson 4, from recall to judgement; about forty minutes. Put your answers where the three dots are and
# run the cell: you get a verdict at once, and a hint when you need one.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.check import check
from lmmkit.course.lesson import GREY, RED, use_course_look

use_course_look()
pupils = lk.load_data("schools")
first = pupils[pupils["class"] == "c1"].reset_index(drop=True)
owls = lk.load_data("owl_cort")
print(f"{len(first)} pupils in {first['school'].nunique()} schools, one class of each")
first.head(3)

# %% [markdown]
# Pupils again, their homework (hours a week) and their score in a test. For now we take the first class of every school. Later the owl nestlings
# of lesson 4 come back. (All of them are synthetic.)
#
# ## 1. In a formula
#
# Mice of five strains get rising doses of a drug. "The strains start from different weights, and a milligram takes the same off each of
# them." Which formula says so?
#
# - **a** `Weight ~ Dose + (Dose | Strain)`
# - **b** `Weight ~ Dose + (0 + Dose | Strain)`
# - **c** `Weight ~ Dose + (1 | Strain)`
# - **d** `Weight ~ 1 + (1 | Strain)`

# %% tags=["solution"] task="q1"
answer_1 = "c"

# %%
check("ex04.q1", answer_1)

# %% [markdown]
# ## 2. Fit it
#
# To the pupils of `first`. Schools start from different levels; an hour of homework is worth the same in each. Fit that, with schools as a sample
# of schools.

# %% tags=["solution"] task="q2"
model = lk.lmer("score ~ hours + (1 | school)", first)

# %%
check("ex04.q2", model)

# %% [markdown]
# ## 3. Whose doing?
#
# Which share of the variance that the hours leave unexplained lies between schools?

# %% tags=["solution"] task="q3"
between_schools, within_schools = model.varcorr.frame["vcov"]
answer_3 = between_schools / (between_schools + within_schools)

# %%
check("ex04.q3", answer_3)

# %% [markdown]
# ## 4. Known and unknown
#
# A pupil does five hours of homework a week. Which score does your model expect if the pupil goes to school `sch07`, and which if it is a school that
# is *not in the data*? Give both, in this order.

# %% tags=["solution"] task="q4"
newcomers = pd.DataFrame({"hours": [5, 5], "school": ["sch07", "elsewhere"]})
answer_4 = model.predict(newcomers, allow_new_levels=True).to_list()

# %%
check("ex04.q4", answer_4)

# %%
if model is not ...:
    ends = np.array([0.0, first["hours"].max()])
    fig, ax = plt.subplots()
    for start in model.coef()["school"]["(Intercept)"]:
        ax.plot(ends, start + model.fixef["hours"] * ends, color=GREY, lw=1)
    best = first[first["school"] == "sch07"]
    ax.plot(best["hours"], best["score"], "o", color=RED, ms=6, label="pupils of sch07")
    start = model.coef()["school"].loc["sch07", "(Intercept)"]
    ax.plot(ends, start + model.fixef["hours"] * ends, color=RED, lw=3, label="sch07")
    ax.plot(
        ends, model.fixef.iloc[0] + model.fixef["hours"] * ends, "--", color="black", lw=3, label="fixed effects"
    )
    ax.set_xlabel("homework (hours a week)")
    ax.set_ylabel("score (points)")
    ax.legend(loc="lower right")
    plt.show()

# %% [markdown]
# The picture shows, once you have a model, one thin line for each school, and the line of a school in the middle, dashed.
#
# ## 5. With the handles
#
# Set the *SD of slopes* to zero, the *SD of intercepts* to 3, the *residual SD* to 1, and take *three groups*. From now on nothing changes but which three groups
# happened to be drawn: type the *seeds* from 1 to 6. Which is the smallest standard deviation of the intercepts that the fit finds, and which the largest? Write down both, in this order.

# %%
explorers.random_effects()

# %% tags=["solution"] task="q5"
handles = {"sd_intercept": 3.0, "sd_slope": 0.0, "sigma": 1.0, "groups": 3}
found = [explorers.random_effects.result(**handles, seed=seed).found for seed in range(1, 7)]
answer_5 = [pick(each["SD of intercepts"] for each in found) for pick in (min, max)]

# %%
check("ex04.q5", answer_5)

# %% [markdown]
# ## 6. How does the implant act?
#
# To the owls. Fit `log(totCort) ~ Implant * days + (1 | Ring)` to `owls`. On *day two*, how many *times* as much corticosterone has a nestling with the
# hormone implant (`C`) as one with the placebo (`P`), if the two are alike otherwise (the same random effect)?

# %% tags=["solution"] task="q6"
hormone = lk.lmer("log(totCort) ~ Implant * days + (1 | Ring)", owls)
answer_6 = np.exp(-(hormone.fixef["ImplantP"] + hormone.fixef["ImplantP:days2"]))

# %%
check("ex04.q6", answer_6)

# %% [markdown]
# ## 7. Find the mistake, and mend it
#
# Now all classes of all schools. A colleague wants every *class* to have a level of its own. Look at what the printout says of the groups.

# %%
print(lk.lmer("score ~ hours + (1 | class)", pupils))

# %% [markdown]
# Fit what was meant: the same fixed effects, and one random intercept for each class, nothing else. (You may make a new column, or say it in the
# formula.)

# %% tags=["solution"] task="q7"
mended = lk.lmer("score ~ hours + (1 | school:class)", pupils)

# %%
check("ex04.q7", mended)

# %%
if mended is not ...:
    print(mended.varcorr)
    print(mended.ngroups.to_string())

# %% [markdown]
# ## 8. In your own words
#
# Back to one class of each school. Here is your model.

# %%
if model is not ...:
    print(model.summary(ddf="none"))

# %% [markdown]
# A colleague reads the line of the schools, and says: "The variance between schools, give or take its error in the column beside it, is several times as large as that
# error. So schools differ significantly." First say what is wrong with that. Then tell the head teachers, who have never heard of a variance, what the model says of
# homework, and how much schools differ. (Four or five sentences, numbers included.)

# %% [markdown] tags=["written"] task="q8" points=3
# The second number is not the error of the first: it is its square root, the same spread in points instead of squared points. The ratio of the two is the standard deviation
# once more, and no test of anything; for one we would need an interval of the standard deviation, or a comparison of models.
#
# To the head teachers: Pupils of one school who differ by one hour of homework a week differ, on average, by nearly one and a half points (give or take a standard error of a fifth of a point), which
# need not mean that the homework is the cause. Schools differ as well: about two thirds of them lie within four or five points of the average school, which
# is as much as goes with a difference of about three hours of homework. Two fifths of what the hours leave open is the school; the larger part is the pupil.
# And with twelve schools, none of this is known to the last digit.

# %% [markdown] tags=["rubric"] task="q8"
# One point for each:
#
# - the standard deviation is the square root of the variance, and not its standard error
# - the slope in plain words, with its unit and its uncertainty
# - the spread between schools on the scale of points (or as a share of the variance, task 3), said so that
#   a head teacher understands it
#
# Nobody loses a point for leaving the matter of causes out, but it deserves praise.
