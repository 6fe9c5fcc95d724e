# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] covers="003-2 003-3 000-s2 004-2" minutes=15 needs="a t-test, and the equation of a straight line, $y = a + bx$"
# # Start here
#
# A barn owl has five chicks. You weigh each of them eight times, forty weighings in all. Are these forty pieces of
# evidence? If you think "not quite", this course is for you. It is about data that come in families, and about the models
# that know it.
#
# **You will be able to**
#
# - run a notebook, and help yourself when something goes wrong;
# - fit a first mixed model and find its most important number;
# - move a slider and say what happened;
# - have an answer checked.
#
# **Data** `sleepstudy` (real: Belenky and colleagues, 2003).
#
# You need no R. If you come from R, you will feel at home: the formulas are lme4's, and so are the numbers.

# %% [markdown]
# ## How a notebook works
#
# A notebook is a page of *cells*. Click into the grey cell below and press **Shift + Enter**. It runs, and the
# next one is selected. Cells remember what earlier cells did, so run them from top to bottom. If things get mixed up,
# choose **Kernel ▸ Restart Kernel and Run All Cells** in the menu. Nothing that you wrote is lost.
#
# The first cell of every lesson loads what the lesson needs. `lk` is the library of the course.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, plt, show_progress

# %% [markdown]
# ## Eighteen tired drivers
#
# Eighteen lorry drivers were allowed three hours of sleep a night. Every day their reaction time was measured, in a
# series of tests. (The tests of days 0, 1 and 2 came before the first short night.) A row of the table is one driver on one
# day: the average of that day's tests, in milliseconds (ms).

# %%
sleep = lk.load_data("sleepstudy")
sleep.head()

# %% [markdown]
# `Subject` is a driver's number. `lk.data_info("sleepstudy")` tells where the data come from; try it later. First we look
# at them. Some cells, such as the next one, show only their first line. They draw a picture. If you want to see how,
# click on the three dots.

# %% tags=["picture"]
# Picture: six of the eighteen drivers, each with a line of their own
chosen = ["308", "309", "330", "335", "337", "370"]
fig, axes = plt.subplots(2, 3, figsize=(9, 5), sharex=True, sharey=True, layout="constrained")
steepness = {}
for ax, name in zip(axes.flat, chosen, strict=True):
    mine = sleep[sleep["Subject"] == name]
    slope, start = np.polyfit(mine["Days"], mine["Reaction"], 1)
    steepness[name] = slope
    ax.plot(mine["Days"], mine["Reaction"], "o", color=lesson.GREY, ms=5)
    ax.plot([0, 9], [start, start + 9 * slope], color=lesson.RED)
    ax.set_title(f"driver {name}")
    ax.set_xticks([0, 3, 6, 9])
fig.supxlabel("day of the study")
fig.supylabel("reaction time (ms)")
lesson.show(
    f"Six small pictures, reaction time against day. The lines rise by up to {max(steepness.values()):.1f} ms a day; "
    f"that of driver {min(steepness, key=steepness.get)} has a slope of {min(steepness.values()):.1f}."
)

# %% [markdown]
# Most of them become slower from day to day. But drivers differ. Some begin quicker than others, and some hardly slow down.
#
# ## One fit
#
# How much slower does a driver get from one day to the next? We ask for the average line, and let every driver have a line
# of their own at the same time. Read the formula aloud: *Reaction depends on Days; intercept (the start of the line) and
# slope of Days vary by Subject.*

# %%
fit = lk.lmer("Reaction ~ Days + (Days | Subject)", sleep)
print(fit.explain())

# %% [markdown]
# This is a *mixed model*, in plain words. The *levels* of `Subject` are the eighteen drivers, and
# they are its groups: what differs *between groups* differs between drivers. Some words have lessons of
# their own: *standard deviation*,
# *standard error* and *residual* come in lesson 1, *fixed effects* and *random effects* in lesson 3, *REML* in
# lesson 4. Blue words lead to the glossary, where you can look them up. What the model says can be drawn:

# %% tags=["picture"]
# Picture: eighteen lines, one for each driver, and the average line
fig, ax = plt.subplots()
lines, days = fit.coef()["Subject"], np.array([0.0, 9.0])
for intercept, slope in lines.to_numpy():
    ax.plot(days, intercept + slope * days, ":", color=lesson.BLUE, lw=1.4)
ax.plot(sleep["Days"], sleep["Reaction"], ".", color=lesson.GREY, ms=5)
ax.plot(
    days, fit.fixef["(Intercept)"] + fit.fixef["Days"] * days, "--", color="black", lw=4, label="average driver"
)
ax.set_xlabel("day of the study")
ax.set_ylabel("reaction time (ms)")
ax.legend(loc="upper left")
lesson.show(
    f"A fan of {len(lines)} dotted lines. The thick average line rises from {fit.fixef['(Intercept)']:.0f} ms on day 0 "
    f"to {fit.fixef['(Intercept)'] + 9 * fit.fixef['Days']:.0f} ms on day 9."
)

# %% [markdown]
# Each dotted line is one driver. The thick line is the average of drivers like these.
#
# ## One check
#
# Lessons stop now and then and ask you something. Put your answer where the three dots are and run the cell. You get
# a verdict at once, and a hint if you need one. After three tries you may write `"show me"`. Nobody else sees it.
#
# **Your turn.** By how many milliseconds does the average driver slow down per day? Look for it in the words above. Two
# digits are enough.

# %%
your_answer = ...
check("00.q1", your_answer)

# %% [markdown]
# ## One slider
#
# Below is an *explorer*, a picture with sliders. Drag one, or type into the number box beside it, or use the
# arrow keys. Here you decide how much families differ: in where they start and in how they grow. Set the spread
# of slopes to zero. What do the lines do?

# %%
explorers.random_effects()

# %% [markdown]
# With no spread of slopes all lines are parallel. That is called a *random intercept* model, and it is where
# lesson 4 begins.
#
# (You see no sliders, only a picture? Then this page is not running. Open it in JupyterLab, as the README says, and run all its
# cells. If there are still none, `python -m lmmkit.course.doctor` in a terminal tells you what is wrong.)

# %% tags=["fold"]
# In words: what you have done so far
lesson.in_words(
    f"You have fitted a mixed model to {fit.nobs} rows from {fit.ngroups['Subject']} drivers.",
    f"The average driver starts at {fit.fixef['(Intercept)']:.0f} ms and gets slower by"
    f" {fit.fixef['Days']:.1f} ms a day. The drivers' own slopes scatter around this average with a standard"
    f" deviation of {fit.varcorr.frame['sdcor'].iloc[1]:.1f} ms a day.",
)

# %% [markdown]
# ## Where to go from here
#
# | if you | then |
# | --- | --- |
# | have time for the whole story | go on with [lesson 1](01_linear_models.ipynb) and take them in order |
# | know regression well | begin with [lesson 3](03_fixed_or_random.ipynb), fixed or random |
# | are in a class today | open the exercise of the same number; each lesson ends with a link to it |
# | have data of your own | [lesson 16](16_choosing_and_reporting.ipynb), choosing and reporting, then `lk.lmer` |
# | would rather play | [the explorers](explorers.ipynb), all on one page |
# | sit with the slides of the five lectures | [the appendix](appendix_lectures.ipynb), beside the lessons |
#
# Your progress is kept in one small file in the course's folder, and nowhere else. A dot is a question:

# %%
show_progress()

# %% tags=["box"]
# Box: three points to take with you
lesson.key_points(
    "Shift + Enter runs a cell; run from top to bottom; restart when in doubt.",
    "A mixed model gives the average line and how much lines differ, at once.",
    "Decide on an answer before you run on.",
)

# %% [markdown]
# ## Further reading
#
# - Belenky, G., and others (2003). Patterns of performance degradation and restoration during sleep restriction and
#   subsequent recovery. *Journal of Sleep Research* 12, 1–12.
# - Bates, D., Mächler, M., Bolker, B., and Walker, S. (2015). Fitting linear mixed-effects models using lme4.
#   *Journal of Statistical Software* 67(1).
