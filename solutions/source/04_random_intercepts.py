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
# Two short tasks to warm up, seven on lesson 4, and one in your own words; about 45 minutes. Put your answers where the three
# dots are and run the cell: you get a verdict at once, and a hint when you need one.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt

# %%
pupils = lk.load_data("schools")
first = pupils[pupils["class"] == "c1"].reset_index(drop=True)
owls = lk.load_data("owl_cort")
first.head(3)

# %% [markdown]
# Pupils of twelve schools, their homework (hours a week) and their score in a test. For now `first` has one class of each
# school, `c1`. Later the owls of lesson 4 come back. (All of them are made up for this course.)
#
# ## Warm-up: two numbers of one line
#
# From lesson 1. Fit a straight line, `score ~ hours`, to `first`, with `lk.lm`. How well is its slope known? Give the standard
# error, to two digits.

# %% tags=["solution"] task="w1"
straight = lk.lm("score ~ hours", first)
answer_w1 = straight.se["hours"]

# %%
check("ex04.w1", answer_w1)

# %% [markdown]
# ## Warm-up: what is random here?
#
# From lesson 3. Young owls in 40 nests get one of three diets, which you chose; you weigh males and females. For which
# column is a random intercept the natural choice: `"diet"`, `"nest"`, `"sex"` or `"weight"`?

# %% tags=["solution"] task="w2"
answer_w2 = "nest"

# %%
check("ex04.w2", answer_w2)

# %% [markdown]
# ## 1. In a formula
#
# Mice of five strains get rising doses of a drug. "The strains start from different weights, and one mg/kg more takes the same
# weight off each of them." Which formula says so?
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
# ## 2. Complete the model
#
# Schools start from different levels; an hour of homework is worth the same in each. Fit that to `first`, with schools as a
# sample of schools. The model is half written: take away the `#`, and fill in what stands in the brackets.

# %% tags=["solution"] task="q2"
### GIVEN # model = lk.lmer("score ~ hours + (... | ...)", first)
model = lk.lmer("score ~ hours + (1 | school)", first)

# %%
check("ex04.q2", model)

# %% [markdown]
# ## 3. Schools or pupils?
#
# Which share of the variance that the hours leave unexplained lies between schools? (A number between 0 and 1.)

# %% tags=["solution"] task="q3"
between, within = model.varcorr.frame["vcov"]
answer_3 = between / (between + within)

# %%
check("ex04.q3", answer_3)

# %% [markdown]
# ## 4. Known and unknown
#
# A pupil does five hours of homework a week. Which score does your model expect if the pupil goes to school `sch07`, and which if it is a
# school that is *not in the data*? Give both, in this order.

# %% tags=["solution"] task="q4"
newcomers = pd.DataFrame({"hours": [5, 5], "school": ["sch07", "elsewhere"]})
answer_4 = model.predict(newcomers, allow_new_levels=True).to_list()

# %%
check("ex04.q4", answer_4)

# %% tags=["picture"]
# Picture: a line for each school, once you have a model
if model is not ...:
    ends = np.array([0.0, first["hours"].max()])
    slope = model.fixef["hours"]
    fig, ax = plt.subplots()
    for start in model.coef()["school"]["(Intercept)"]:
        ax.plot(ends, start + slope * ends, color=lesson.GREY, lw=1)
    best = first[first["school"] == "sch07"]
    ax.plot(best["hours"], best["score"], "o", color=lesson.BLUE, ms=6, label="pupils of sch07")
    start = model.coef()["school"].loc["sch07", "(Intercept)"]
    ax.plot(ends, start + slope * ends, color=lesson.BLUE, lw=3, label="sch07")
    ax.plot(ends, model.fixef.iloc[0] + slope * ends, "--", color="black", lw=3, label="average school")
    ax.set(xlabel="homework (hours a week)", ylabel="score (points)")
    ax.legend(loc="lower right")
    above = "above" if start > model.fixef.iloc[0] else "below"
    lesson.show(
        f"{len(model.coef()['school'])} parallel lines that rise; the line of sch07 lies {above} the average school's."
    )

# %% [markdown]
# ## 5. Three groups only
#
# In the explorer, set the *SD of slopes* to zero, the *SD of intercepts* to 3, the *residual SD* to 1, and take *three groups*. From now on
# nothing changes but which three groups happen to be drawn: type the *seeds* from 1 to 6. Which is the smallest SD of the intercepts that the
# fit finds, and which the largest? Write down both, in this order.

# %%
explorers.random_effects()

# %% tags=["solution"] task="q5"
setting = {"sd_intercept": 3.0, "sd_slope": 0.0, "sigma": 1.0, "groups": 3}
found = [explorers.random_effects.result(**setting, seed=seed).found for seed in range(1, 7)]
answer_5 = [pick(each["SD of intercepts"] for each in found) for pick in (min, max)]

# %%
check("ex04.q5", answer_5)

# %% [markdown]
# ## 6. A model from a blank cell
#
# To the owls. Model the *logarithm* of `totCort`, by `Implant`, `days` and their interaction, with a level for each `Ring`. From it: on
# *day 2*, how many *times* as much corticosterone has a bird with the hormone implant (`C`) as one with the placebo (`P`), if the two are
# alike otherwise?

# %% tags=["solution"] task="q6"
hormone = lk.lmer("log(totCort) ~ Implant * days + (1 | Ring)", owls)
answer_6 = np.exp(-(hormone.fixef["ImplantP"] + hormone.fixef["ImplantP:days2"]))

# %%
check("ex04.q6", answer_6)

# %% [markdown]
# ## 7. More data, and a mistake
#
# Now `pupils`: all classes of all schools. A colleague wants every *class* to have a level of its own. Look at what the printout says
# of the groups.

# %%
print(lk.lmer("score ~ hours + (1 | class)", pupils))

# %% [markdown]
# Fit what was meant: the same fixed effects, and one random intercept for each class, nothing else. (You may make a new column, or
# say it in the formula.)

# %% tags=["solution"] task="q7"
mended = lk.lmer("score ~ hours + (1 | school:class)", pupils)

# %%
check("ex04.q7", mended)

# %% tags=["fold"]
# Table: the groups of your model
if mended is not ...:
    print(mended.varcorr)
    print(mended.ngroups.to_dict())

# %% [markdown]
# ## 8. In your own words
#
# Back to one class of each school. Here is your model.

# %% tags=["fold"]
# Printout: your model of one class of each school
if model is not ...:
    print(model.summary(ddf="none"))

# %% [markdown]
# A colleague reads the line of the schools, and says: "The variance between schools is several times as large as its error in the
# next column. So schools differ significantly." First say what is wrong with that. Then tell the head teachers, who have never heard
# of a variance, what the model says of homework, and how much schools differ. (Four or five sentences, with numbers. A double click
# opens the cell below.)

# %% [markdown] tags=["written"] task="q8" points=3
# The second number is not the error of the first: it is its square root, the same spread in points instead of squared points. The ratio of
# the two is the standard deviation once more, and no test of anything; for one we would need an interval of the standard deviation, or a
# comparison of models.
#
# To the head teachers: Pupils of one school who differ by one hour of homework a week differ, on average, by nearly one and a half points,
# with a standard error of a fifth of a point. That need not mean that the homework is the cause. Schools differ as well: about two thirds of
# them lie within four or five points of the average school, which is as much as goes with a difference of about three hours of homework. Two
# fifths of what the hours leave open is the school; the larger part is the pupil. And twelve schools are few, so all of this is rough.

# %% [markdown] tags=["rubric"] task="q8"
# One point for each:
#
# - the standard deviation is the square root of the variance, and not its standard error
# - the slope in plain words, with its unit and its uncertainty
# - the spread between schools on the scale of points (or as a share of the variance, task 3), said so that
#   a head teacher understands it
#
# Nobody loses a point for leaving the matter of causes out, but it deserves praise.
