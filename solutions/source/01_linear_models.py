# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 1. Linear models and the promise they make
#
# Two warm-ups and eight tasks on lesson 1, from recall to judgement; about 45 minutes. Put your answers where the three
# dots are and run the cell. You get a verdict at once, and a hint if you need one.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, plt

# %%
sleep = lk.load_data("sleepstudy")
pupils = lk.load_data("schools")
pupils["room"] = pupils["school"].astype(str) + " " + pupils["class"].astype(str)
pupils.head(4)

# %% [markdown]
# `sleep` holds the tired drivers of lesson 0. `pupils` holds the test scores of pupils, and how many hours a week they do
# homework. (The pupils are simulated.) Classes are called `c1`, `c2` and so on *in every school*, so that we have made a
# column `room`, which is unique.
#
# ## Warm-up: a tired driver
#
# From lesson 0. Fit the mixed model of the drivers once more. Which reaction time, in milliseconds, does the average driver
# have on *day {{w1.day}}*? Two digits are enough.

# %% tags=["solution"] task="w1"
drivers = lk.lmer("Reaction ~ Days + (Days | Subject)", sleep)
answer_w1 = drivers.fixef["(Intercept)"] + 5 * drivers.fixef["Days"]
### OWN drivers = lk.lmer("Reaction ~ Days + (Days | Subject)", sleep)
### OWN answer_w1 = drivers.fixef["(Intercept)"] + own_numbers("ex01.w1").day * drivers.fixef["Days"]

# %%
check("ex01.w1", answer_w1)

# %% [markdown]
# ## Warm-up: what differs
#
# From lesson 0. What does `(Days | Subject)` let differ from driver to driver: `"the start"`, `"the slope"`, `"both"` or
# `"the residual"`?

# %% tags=["solution"] task="w2"
answer_w2 = "both"

# %%
check("ex01.w2", answer_w2)

# %% [markdown]
# ## 1. Four pictures
#
# Four linear models have been fitted to the daily gain in mass of chicks from six nests. Here are the residuals against the
# fitted values, with the nest as colour and shape. Each picture breaks one promise. Name them in the order A to D: a list of
# `"linearity"`, `"independence"`, `"equal spread"` and `"normality"`.

# %% tags=["picture"]
# Picture: residuals of four models, A to D
rng = np.random.default_rng(12)
fitted, noise, nest = rng.uniform(0, 10, 120), rng.normal(size=120), rng.integers(0, 6, 120)
drawn = [
    -1.3 * np.cos(fitted * np.pi / 5) + 0.5 * noise,
    0.2 * fitted * noise,
    np.exp(0.9 * noise) - 1.5,
    np.array([1.5, -1.5, 0.4, -0.4, 0.9, -0.9])[nest] + 0.35 * noise,
]
COLOURS = (lesson.BLUE, lesson.RED, lesson.GREEN, lesson.ORANGE, lesson.GREY, "black")
LOOKS = list(zip(COLOURS, "os^vDP", strict=True))
fig, axes = plt.subplots(2, 2, figsize=(9.5, 5.6), sharex=True, layout="constrained")
for ax, letter, place in zip(axes.flat, "ABCD", np.random.default_rng(48).permutation(4), strict=True):
    for which, (colour, marker) in enumerate(LOOKS):
        ax.plot(fitted[nest == which], drawn[place][nest == which], marker, color=colour, ms=5, alpha=0.8)
    ax.axhline(0, color="black", lw=1)
    ax.set_title(letter, loc="left")
fig.supxlabel("fitted gain (g a day)")
fig.supylabel("residual (g a day)")
lesson.show(
    f"Four pictures of {len(fitted)} residuals against fitted values, A to D, the nest as colour. One promise is broken in each."
)

# %% tags=["solution"] task="q1"
answer_1 = ["independence", "normality", "linearity", "equal spread"]

# %%
check("ex01.q1", answer_1)

# %% [markdown]
# ## 2. Complete the model
#
# How does the score depend on the hours? A pupil does five hours a week and has fifty points in the test. What is the
# *residual* of this pupil? The line and the residual are half written: take away the `#`, and fill in the dots.

# %% tags=["solution"] task="q2"
### GIVEN # line = lk.lm("score ~ ...", pupils)
### GIVEN # answer_2 = 50 - (line.fixef["(Intercept)"] + ...)
line = lk.lm("score ~ hours", pupils)
answer_2 = 50 - (line.fixef["(Intercept)"] + 5 * line.fixef["hours"])

# %%
check("ex01.q2", answer_2)

# %% [markdown]
# ## 3. From a blank cell
#
# Now a model that knows the classrooms: the score by the hours, with one common slope, and a level of its own for each
# `room`. Fit it as an ordinary linear model.

# %% tags=["solution"] task="q3"
with_rooms = lk.lm("score ~ hours + room", pupils)

# %%
check("ex01.q3", with_rooms)

# %% [markdown]
# ## 4. Do they err together?
#
# If pupils were independent, the mean residual of one classroom would hardly differ from that of the next. Take `line`, the
# straight line of task 2. Compute the mean residual in each `room`, and give the *standard deviation* of these means.

# %% tags=["solution"] task="q4"
answer_4 = line.resid().groupby(pupils["room"]).mean().std()

# %%
check("ex01.q4", answer_4)

# %% [markdown]
# And this is what independent pupils would give, with rooms as large as these:

# %% tags=["fold"]
# Table: what pupils who are put into rooms by chance would give
room = pupils["room"].factorize()[0]
if line is not ...:
    cards, deck = line.resid().to_numpy(), np.random.default_rng(1)
    dealt = [np.bincount(room, deck.permutation(cards)) / np.bincount(room) for _ in range(200)]
    low, high = np.quantile(np.std(dealt, axis=1, ddof=1), [0.025, 0.975])
    print(f"residuals put into rooms by chance, 200 times: from {low:.2f} to {high:.2f} points")

# %% [markdown]
# ## 5. With the sliders
#
# Nothing is to be found in this explorer's studies, as it opens. Set the *technical replicates* to ten. In how many per cent
# of the studies does `lm` on all rows find something all the same? A friend says: more samples will put that right. Set the
# *samples per arm* to twenty, and read again. Write both percentages into a list, in this order, such as `[12.3, 45.6]`.

# %%
explorers.pseudoreplication()

# %% tags=["solution"] task="q5"
answer_5 = [
    100 * explorers.pseudoreplication.result(tech=10, bio=samples).analyses[0].false_positives
    for samples in (4, 20)
]

# %%
check("ex01.q5", answer_5)

# %% [markdown]
# ## 6. New data: find the mistake
#
# In sparrowhawks the female is nearly twice as heavy as the male. A colleague wants to estimate by how much. He looks at the
# masses of all his birds, tests them for normality, and says: "Two humps, and *p* is tiny. I must not fit `mass ~ sex`."

# %% tags=["picture"]
# Picture: the masses of 120 sparrowhawks
rng = np.random.default_rng(7)
sex = np.repeat(["female", "male"], 60)
mass = np.where(sex == "female", 285.0, 155.0) + rng.normal(0, 16, 120)  # made-up birds
fig, ax = plt.subplots(figsize=(7, 3.4))
ax.hist(mass, bins=24, color=lesson.GREY)
ax.set_xlabel("mass (g)")
ax.set_ylabel("sparrowhawks")
lesson.show(
    f"A histogram with two humps, one around {mass[sex == 'male'].mean():.0f} g and one around "
    f"{mass[sex == 'female'].mean():.0f} g."
)

# %% [markdown]
# What is wrong with that?
#
# - **a** Nothing: with two humps only a test of ranks is left.
# - **b** Two humps show that the birds are not independent; he needs a mixed model.
# - **c** He has tested all masses together, and the model promises normality only within each sex, that is, of the residuals.
# - **d** With sixty birds of each sex a test for normality is useless, since it always rejects.

# %% tags=["solution"] task="q6"
answer_6 = "c"

# %%
check("ex01.q6", answer_6)

# %% [markdown]
# ## 7. Which family?
#
# For each study ask the four questions (what is asked, what kind of response, which predictors, any groups?), and choose
# `"lm"`, `"lmer"`, `"glm"` or `"glmer"`. Answer with a list of four, in the order of the studies.
#
# - **a** Does wing length (mm) grow with age? One chick is taken out of each of fifty nests, measured once, and put back.
# - **b** Does an egg hatch more often when its nest is warm? Three hundred eggs in sixty nests; each hatched or did not.
# - **c** Do hedgehogs cool down on cold nights? Twenty hedgehogs wear a thermometer, which is read every hour.
# - **d** Are there more voles where the grass is high? Forty meadows far from each other, one night of trapping in each, and
#   the number of voles caught.

# %% tags=["solution"] task="q7"
answer_7 = ["lm", "glmer", "lmer", "glm"]

# %%
check("ex01.q7", answer_7)

# %% [markdown]
# ## 8. In your own words
#
# Back to the pupils and your straight line. Here are its residuals in three pictures.

# %% tags=["picture"]
# Picture: the residuals of your line, seen in three ways
if line is not ...:
    means = np.bincount(room, line.resid()) / np.bincount(room)
    rank = means.argsort().argsort()
    fig, axes = plt.subplots(1, 3, figsize=(9.5, 3.8), sharey=True, layout="constrained")
    axes[0].plot(line.fitted, line.resid(), "o", color=lesson.GREY, ms=4, alpha=0.5)
    axes[0].set_xlabel("fitted value (points)")
    axes[0].set_ylabel("residual (points)")
    axes[1].hist(line.resid(), bins=25, orientation="horizontal", color=lesson.GREY)
    axes[1].set_xlabel("pupils")
    axes[2].plot(rank[room], line.resid(), "o", color=lesson.GREY, ms=4, alpha=0.5)
    axes[2].plot(np.sort(rank), np.sort(means), "-", color=lesson.RED, lw=3)
    axes[2].set_xlabel("classrooms, by their mean (line)")
    axes[2].set_xticks([])
    for ax in axes:
        ax.axhline(0, color="black", lw=1)
    lesson.show(
        "Left, an even band of residuals. In the middle one hump. Right, the classrooms in the order of their mean residual, "
        f"which goes from {means.min():.1f} to {means.max():.1f} points."
    )

# %% [markdown]
# Are the assumptions fulfilled? Go through all four, say for each where you see it, and close with what the broken promise
# does to the line's standard errors and what you would do about it. (Four or five sentences. Double-click the cell below to
# write. Rooms that are sorted by their mean must rise a little; task 4 tells you how much chance alone gives.)

# %% [markdown] tags=["written"] task="q8" points=3
# The band in the left picture neither bends nor opens like a funnel, so that linearity and equal spread are in order. In the
# middle the residuals pile up in one even hump, close to a bell curve: normality is in order, too. Independence is not. In some
# classrooms most pupils lie above the line, in others most lie below it, and the means of the rooms differ about twice as much as
# chance alone would make them. The line counts each
# pupil as a witness, while the pupils of a room repeat in part what one teacher has done. So its standard errors cannot be
# trusted, least of all for anything that belongs to whole rooms. I would give each room a level of its own, as a predictor or
# (there are many rooms) as a random effect.

# %% [markdown] tags=["rubric"] task="q8"
# One point for each:
#
# - linearity and equal spread from the left picture, and normality from the middle one, each named
# - independence as the broken promise, with the evidence of the rooms (task 4 or the right picture)
# - the consequence (standard errors, p-values, false alarms), and a remedy that uses the rooms
#
# No point for an answer that judges normality by the scores themselves.
