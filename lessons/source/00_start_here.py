# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] covers="003-2 003-3 000-s2 004-2" minutes=15 needs="how to run a cell of a notebook: Shift and Enter"
# # Start here
#
# A barn owl has six chicks. You weigh each of them every other day. Are forty weighings forty pieces of evidence?
# If your heart says "not quite", this course is for you: it is about data that come in families, and about the
# models that know it.
#
# **You will be able to**
#
# - run a notebook, and get out of trouble when it misbehaves;
# - fit a first mixed model and find its most important number;
# - move a slider and say what happened;
# - have an answer checked.
#
# **Data** `sleepstudy` (real: Belenky and colleagues, 2003).
#
# You need a t-test and the equation of a straight line, $y = a + bx$. You need no R. If you come from R you
# will feel at home: the formulas are lme4's, and so are the numbers.

# %% [markdown]
# ## How a notebook works
#
# A notebook is a page of *cells*. Click into the grey cell below and press **Shift + Enter**: it runs, and the
# next one is selected. That is all there is to it. Cells remember what earlier cells did, so run them from top to
# bottom. When things get muddled, choose **Kernel ▸ Restart Kernel and Run All Cells** in the menu; nothing you wrote
# is lost.

# %%
print("Hoo.")

# %% [markdown]
# Now for some data. Eighteen lorry drivers were allowed three hours of sleep a night, and every day their reaction time
# was measured, in a series of tests. A row is one driver on one day: the average of that day's tests.

# %%
import matplotlib.pyplot as plt
import numpy as np

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.check import check, show_progress
from lmmkit.course.lesson import BLUE, GREY, in_words, key_points, use_course_look

use_course_look()
sleep = lk.load_data("sleepstudy")
sleep.head()

# %%
lk.data_info("sleepstudy")

# %% [markdown]
# ## One fit
#
# How much slower does a driver get from one day of the study to the next? Drivers differ: some are quick to begin with,
# some hardly slow down. So we let every driver have a line of their own, and ask for the average line at the same time.
# Read the formula aloud: *Reaction depends on Days, and intercept and slope of Days vary by Subject.*

# %%
fit = lk.lmer("Reaction ~ Days + (Days | Subject)", sleep)
print(fit)

# %% [markdown]
# Ask it in plain words what it is:

# %%
print(fit.explain())

# %% [markdown]
# And look at it: every grey dotted line is one driver, the solid one the average of drivers like these.

# %%
fig, ax = plt.subplots()
lines, days = fit.coef()["Subject"], np.array([0.0, 9.0])
for intercept, slope in lines.to_numpy():
    ax.plot(days, intercept + slope * days, ":", color=GREY, lw=1.4)
ax.plot(sleep["Days"], sleep["Reaction"], ".", color=GREY, ms=5)
ax.plot(days, fit.fixef["(Intercept)"] + fit.fixef["Days"] * days, color=BLUE, lw=4, label="average driver")
ax.set_xlabel("day of the study")
ax.set_ylabel("reaction time (ms)")
ax.legend(loc="upper left")
plt.show()

# %% [markdown]
# ## One check
#
# Lessons stop now and then and ask you something. Put your answer where the three dots are and run the cell. You get
# an answer at once, and a hint when you need one; nobody else sees it.
#
# **By how many milliseconds does the average driver slow down per day?** Look for it in what the fit printed.

# %%
your_answer = ...
check("00.q1", your_answer)

# %% [markdown]
# ## One slider
#
# Below is an *explorer*, a picture with handles. Drag one, or type into the number box beside it, or use the
# arrow keys. Here you decide how much families differ, in where they start and in how they grow. Set the spread
# of slopes to zero: what do the lines do?

# %%
explorers.random_effects()

# %% [markdown]
# With no spread of slopes all lines are parallel. That is called a *random intercept* model, and it is where
# lesson 4 begins.
#
# (No handles, only a picture? Then this page is not running. Open it in JupyterLab with `make lab`, and run all its
# cells. If there are still none, `python -m lmmkit.course.doctor` in a terminal tells you what is wrong.)

# %%
in_words(
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
# | have time for the whole story | go on with lesson 1 and take them in order |
# | know regression well | begin with lesson 3, fixed or random |
# | are sitting a lab today | open the exercise of the same number in `exercises` |
# | have data of your own | lesson 16, choosing and reporting, then `lk.lmer` |
# | would rather play | [the explorers](explorers.ipynb), all on one page |
#
# Your progress is kept in one small file in the course's folder, and nowhere else. A dot is a question:

# %%
show_progress()

# %%
key_points(
    "Shift + Enter runs a cell; run from top to bottom; restart when in doubt.",
    "A mixed model with random slopes describes the average line and how much lines differ, at once.",
    "Commit yourself to an answer before you run on.",
)

# %% [markdown]
# ## Further reading
#
# - Belenky, G., and others (2003). Patterns of performance degradation and restoration during sleep restriction and
#   subsequent recovery. *Journal of Sleep Research* 12, 1–12.
# - Bates, D., Mächler, M., Bolker, B., and Walker, S. (2015). Fitting linear mixed-effects models using lme4.
#   *Journal of Statistical Software* 67(1).
