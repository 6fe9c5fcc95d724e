# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 5. Random slopes
#
# Two short tasks to warm up, seven on lesson 5, and one in your own words; about 45 minutes. Put your answers where the three
# dots are and run the cell: you get a verdict at once, and a hint when you need one.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, plt, stats

# %%
happy = lk.load_data("happiness")
drivers = lk.load_data("sleepstudy")
happy.head(3)

# %% [markdown]
# `happiness` holds people of six university departments: the hours that they spent in video meetings that day, and how happy they
# were in the evening, in points. (The data are simulated.)
#
# ## Warm-up: how much is the department?
#
# From lesson 4. Fit `happiness ~ zoom_hours + (1 | department)` to `happy`. Which share of the variance that the hours leave
# unexplained lies between departments? (A number between 0 and 1.)

# %% tags=["solution"] task="w1"
levels = lk.lmer("happiness ~ zoom_hours + (1 | department)", happy)
of_departments, of_people = levels.varcorr.frame["vcov"]
answer_w1 = of_departments / (of_departments + of_people)

# %%
check("ex05.w1", answer_w1)

# %% [markdown]
# ## Warm-up: which slope?
#
# From lesson 2. In some other study, people of one department who meet longer are less happy, in every department. But departments with
# more meetings are happier ones. You want to tell one person what an hour more goes with. Which slope do you look at: `"within"`,
# `"between"`, `"all points together"` or `"none"`?

# %% tags=["solution"] task="w2"
answer_w2 = "within"

# %%
check("ex05.w2", answer_w2)

# %% [markdown]
# ## 1. Other starts, one slope
#
# Four studies. The predictor is printed in italics.
#
# - **candles**: twenty candles are made at exactly the same length; each is lit, and its length taken every ten *minutes*. The wind
#   differs from place to place.
# - **scales**: ten bathroom scales, each put to zero a little carelessly, weigh the same seven stones of known *weight*.
# - **owls**: chicks of twelve broods are weighed at several *ages* between two and five weeks.
# - **fields**: eight fields; each has one plot, which is given one of eight *amounts* of fertiliser.
#
# In which study would you expect a random intercept and a fixed slope, `x + (1 | g)`? Answer with the study's name.

# %% tags=["solution"] task="q1"
answer_1 = "scales"

# %%
check("ex05.q1", answer_1)

# %% [markdown]
# ## 2. One start, other slopes
#
# And in which of the four a fixed intercept and a random slope, `x + (0 + x | g)`?

# %% tags=["solution"] task="q2"
answer_2 = "candles"

# %%
check("ex05.q2", answer_2)

# %% [markdown]
# ## 3. Complete the model
#
# Fit, by REML, how `happiness` depends on `zoom_hours`, when departments differ both in where they start and in what an hour does to
# them, and the two may be correlated. Take away the `#`, and fill in the brackets.

# %% tags=["solution"] task="q3"
### GIVEN # model = lk.lmer("happiness ~ zoom_hours + (... | ...)", happy)
model = lk.lmer("happiness ~ zoom_hours + (zoom_hours | department)", happy)

# %%
check("ex05.q3", model)

# %% tags=["picture"]
# Picture: a line for each department, once you have a model
if model is not ...:
    print(model.varcorr)
    fig, ax = plt.subplots()
    hours = np.array([happy["zoom_hours"].min(), happy["zoom_hours"].max()])
    lines = model.coef()["department"]
    for (name, line), style in zip(
        lines.iterrows(), ["-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (1, 1))], strict=True
    ):
        ax.plot(hours, line["(Intercept)"] + line["zoom_hours"] * hours, ls=style, label=name)
    ax.set(xlabel="time in video meetings (hours)", ylabel="happiness (points)")
    ax.legend(ncol=2)
    slopes = lines["zoom_hours"]
    lesson.show(
        f"Six lines, with slopes from {slopes.min():.2f} to {slopes.max():.2f} points an hour, that first draw together and then fan out."
    )

# %% [markdown]
# ## 4. Departments nobody has asked
#
# The six departments stand for all departments there are. Their slopes are normal, with the fixed effect as mean and the SD that your
# model has found. So in which share of *all* departments do longer meetings go with *more* happiness? (A number between 0 and 1, two digits.
# `stats.norm.cdf(z)` is the share of a normal distribution that lies below `z` standard deviations.)

# %% tags=["solution"] task="q4"
sd_of_slopes = model.varcorr.frame["sdcor"].iloc[1]
answer_4 = stats.norm.cdf(model.fixef["zoom_hours"] / sd_of_slopes)

# %%
check("ex05.q4", answer_4)

# %% [markdown]
# ## 5. New data, a blank cell
#
# To `drivers`: eighteen lorry drivers slept too little for a week, and on ten days their reaction time was measured. (These data are
# real.) Drivers differ in how fast they are on day zero, and in what a day more does to them; the two may be correlated. Fit that, by
# REML. Look at the columns first.

# %% tags=["solution"] task="q5"
drivers_model = lk.lmer("Reaction ~ Days + (Days | Subject)", drivers)

# %%
check("ex05.q5", drivers_model)

# %% [markdown]
# ## 6. One point for all lines
#
# In the explorer, set the SD of intercepts to 3, the SD of slopes to 0.8, the residual SD to 0 and the correlation to −1. All lines now
# pass through one point, though both intercepts and slopes differ. At which `x`? (Read it off to one decimal, or think: two numbers on
# the sliders decide it.)

# %%
explorers.random_effects()

# %% tags=["solution"] task="q6"
answer_6 = 3 / 0.8  # an intercept of 3z and a slope of -0.8z cancel each other there

# %%
check("ex05.q6", answer_6)

# %% [markdown]
# ## 7. Find the mistake
#
# A colleague writes: *"An hour of meetings costs people half a point of happiness, in any department you care to ask; the standard error of
# that cost is tiny."* This is the model behind it:

# %%
colleague = lk.lmer("happiness ~ zoom_hours + (1 | department)", happy)
colleague.coef_table(ddf="none").round(4)

# %% [markdown]
# What is wrong?
#
# - **a** The model was fitted by REML; with `reml=False` the standard error would be honest.
# - **b** With only six departments, `department` should have been a fixed effect, `happiness ~ zoom_hours + department`; the standard
#   error of the slope would then be honest.
# - **c** The slopes differ, but the model believes in one; so every person counts as new evidence on it, where only every department does.
# - **d** The estimate of the slope itself is badly biased, since the random slopes were left out.
# - **e** Nothing is wrong. The random intercept has taken care of the departments.

# %% tags=["solution"] task="q7"
answer_7 = "c"

# %%
check("ex05.q7", answer_7)

# %% [markdown]
# ## 8. In your own words
#
# Give two examples from your own field, or from your kitchen: one in which a random intercept with a fixed slope is appropriate, and
# one in which a fixed intercept with a random slope is. For each, name response, predictor and group, and say in a sentence *why* the part
# that you keep fixed does not vary. (No scales and no candles, please. A double click opens the cell below.)

# %% [markdown] tags=["written"] task="q8" points=4
# Random intercept, fixed slope: twelve thermometers of one make stand in one water bath, which is brought to ten known temperatures.
# Response: reading; predictor: true temperature; group: thermometer. Each sits in its frame a little too high or too low, but the thread of
# mercury is equally wide in all of them, so a degree more shows as a degree more on each.
#
# Fixed intercept, random slope: twenty mice run in wheels, and a counter shows the metres run so far, read every minute. Response:
# metres; predictor: minutes since the start; group: mouse. At minute zero nobody has run a metre, but mice
# run at different speeds.

# %% [markdown] tags=["rubric"] task="q8"
# One point for each:
#
# - one example with a response, a predictor that varies within groups, and a group that fit the formula
# - a second example of that kind
# - the reason for the first: physics, design or definition makes the slope the same for all groups
# - the reason for the second: the value at *zero of the predictor* is the same for all, not merely an
#   average start
#
# No point for "the groups are similar".
