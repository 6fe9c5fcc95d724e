# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] covers="000-s1 001-1 003-1" minutes=45 needs="what a mean is, and the equation of a straight line"
# # 1. Linear models and the promise they make
#
# **You will be able to**
#
# - read intercept and slope off a fitted line, and predict with them;
# - name the four assumptions of a linear model, and the picture that shows each;
# - see when independence breaks, and what a broken promise costs;
# - choose the family of model with four questions.
#
# **Data** `happiness` and `plasma_age` (both synthetic; `plasma_age` gives the lecture's
# printed results to the digit, but its patients are invented).
# **Lectures** 000 on linear models and their limits; 001 up to "linear mixed models"; 003 "when a linear model is not
# enough"; 004, the opening questions.
#
# Run every cell from top to bottom. Where you meet three dots, commit yourself before you run on.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.check import check
from lmmkit.course.lesson import (
    BLUE,
    GREEN,
    GREY,
    PINK,
    RED,
    in_words,
    key_points,
    lecture_vs_truth,
    use_course_look,
)

use_course_look()

# %% [markdown]
# ## The question
#
# Sixty-six people from a university spent a day with video meetings: some were spared, some sat through ten hours.
# In the evening each of them said how happy they were. **How much happiness does one hour cost?**
#
# A straight line is the simplest answer with a number in it. The *intercept* is where it starts, at no hours at all.
# The *slope* is what one more hour does.
#
# $$\text{happiness}_i = \beta_0 + \beta_1\,\text{hours}_i + \varepsilon_i,\qquad \varepsilon_i \sim N(0, \sigma^2)$$
#
# In words: the happiness of person $i$ is a common start, plus a common price for every hour, plus whatever is
# peculiar to this person. Happiness is called the *outcome* here, the hours are the *predictor*. $\varepsilon$ is called
# the *error*: it is the distance of a person from the line, and nobody's mistake.

# %% covers="000-s4 001-2"
happy = lk.load_data("happiness")
line = lk.lm("happiness ~ zoom_hours", happy)
print(line.fixef.round(2).to_string())

# %% [markdown]
# **Predict, then run.** Somebody has five hours of meetings ahead. What does the line say of their evening? Work it
# out in your head, from the two numbers above.

# %%
your_happiness = ...
check("01.q1", your_happiness)

# %%
five = line.predict(pd.DataFrame({"zoom_hours": [5]})).iloc[0]
start, cost = line.fixef
in_words(
    f"People without any meeting are expected at {start:.0f} points in the evening, and each hour costs {-cost:.1f}.",
    f"After five hours: {start:.0f} − {-cost:.1f} × 5 = {five:.1f}.",
)

# %%
fig, ax = plt.subplots()
hours = np.array([0.0, 10.0])
ax.plot(happy["zoom_hours"], happy["happiness"], "o", color=GREY, ms=5, alpha=0.7, label="one person")
ax.plot(hours, start + cost * hours, "--", color="black", lw=3, label="lm: one line for all")
ax.plot([0, 5, 5], [five, five, 0], ":", color=RED)
ax.plot(5, five, "D", color=RED, ms=8, label="after five hours")
ax.set_ylim(0, 15)
ax.set_xlabel("hours of video meetings")
ax.set_ylabel("happiness (points, 0 to 15)")
ax.legend(loc="upper right", ncols=3, fontsize=11)
plt.show()

# %% [markdown]
# Each dot is one person; the dashed line is the best common line; the diamond is the prediction for five hours. Many
# dots are far from the line, and we shall soon ask whether they are far *together*.
#
# The code was `lk.lm("happiness ~ zoom_hours", happy)`. Read the wavy line as "depends on"; the intercept comes along by
# itself. In R it is `lm(happiness ~ zoom_hours, data = happy)`.
#
# ## Does "fixed" mean "the same for everybody"?
#
# Our line gives one price per hour to all. The word for such a coefficient is *fixed effect*, and it is easily
# misunderstood. Let every department have its own price: in a formula `*` means "both, and let them interact".

# %% covers="000-s3" mends="x000-1"
own_price = lk.lm("happiness ~ zoom_hours * department", happy)
base = own_price.fixef["zoom_hours"]
slopes = {
    name: base + own_price.fixef.get(f"zoom_hours:department{name}", 0.0)
    for name in happy["department"].cat.categories
}
print(pd.Series(slopes, name="happiness per hour").round(2).to_string())
lecture_vs_truth(
    "000, slide 3",
    "a generalised linear model assumes that an effect is the same in all samples, "
    "and this is what is meant by fixed",
    "a fixed effect is a parameter that is not random; it may well differ between groups, if you write "
    "an interaction. What these models do assume is that observations are independent, "
    "and that is what repeated measures break",
    f"one plain lm, fixed effects only, and an hour costs between {-max(slopes.values()):.2f} and "
    f"{-min(slopes.values()):.2f} points, depending on the department",
)

# %% [markdown] covers="001-3"
# ## Four promises
#
# *Least squares* (the line with the smallest sum of squared distances) can be drawn through any cloud of dots. Beside
# the slope stand a *standard error*, how far the slope would scatter if the study were done again and again, and a
# *p-value*. For these to mean what they say, the data have to keep four promises:
#
# | promise | in plain words | where you see it broken |
# | --- | --- | --- |
# | **linearity** | the mean follows the line | residuals against fitted values: a bend |
# | **independence** | knowing one residual tells you nothing about the next | residuals by group: groups stick together |
# | **equal spread** | the scatter is as wide on the left as on the right | residuals against fitted values: a funnel |
# | **normality** | the residuals follow a bell curve | a QQ plot (sorted residuals against those of a bell curve): dots leave the line |
#
# A *residual* is what is left: the observed value minus the line. The promises are about residuals, not about
# the raw data. They do not weigh the same: normality matters for p-values from few rows, and hardly for the standard
# errors. The second is the one that people forget, and no ordinary plot shows it unless you know the groups.
#
# ## Plasma and age
#
# To the clinics, then. Forty patients, ten from each of four clinics, a blood sample each. Does the plasma concentration
# of some substance rise with age?

# %% covers="001-4"
plasma = lk.load_data("plasma_age")
m0 = lk.lm("conc ~ age", plasma)
print(m0.summary())

# %%
in_words(
    f"With every year the concentration is {m0.fixef['age']:.1f} µmol/L higher, "
    f"and p is {m0.coef_table().loc['age', 'p_value']:.5f}.",
    f"Age alone accounts for {m0.r_squared:.0%} of the variance. Shall we publish?",
)

# %%
fig, ax = plt.subplots()
ages = np.array([plasma["age"].min(), plasma["age"].max()])
ax.plot(plasma["age"], plasma["conc"], "o", color=GREY, ms=6)
ax.plot(ages, m0.fixef.iloc[0] + m0.fixef["age"] * ages, "--", color="black", lw=3)
ax.set_xlabel("age (years)")
ax.set_ylabel("plasma concentration (µmol/L)")
plt.show()

# %% [markdown] asks="q001-1"
# Forty patients, one rising line. Look hard at the cloud, and think of where the patients come from, before you go on.
#
# **Predict, then run.** Are the assumptions fulfilled? Which one is in the deepest trouble: `"linearity"`,
# `"independence"`, `"equal spread"` or `"normality"`?

# %%
your_promise = ...
check("01.q2", your_promise)

# %% [markdown] covers="001-5"
# Here are the residuals, looked at in three ways.

# %% covers="001-5"
STYLES = {"1": (BLUE, "o"), "2": (RED, "s"), "3": (GREEN, "^"), "4": (PINK, "D")}


def three_pictures(fit):
    """Residuals against fitted values, against the normal distribution, and against age by clinic."""
    left = fit.resid().to_numpy()
    _, axes = plt.subplots(1, 3, figsize=(11, 4), layout="constrained")
    axes[0].plot(fit.fitted, left, "o", color=GREY, ms=5)
    axes[0].axhline(0, color="black", lw=1)
    axes[0].set_xlabel("fitted value (µmol/L)")
    axes[0].set_ylabel("residual (µmol/L)")
    (theory, sample), (slope, level, _) = stats.probplot(left)
    axes[1].plot(theory, sample, "o", color=GREY, ms=5)
    axes[1].plot(theory, level + slope * theory, color="black", lw=1)
    axes[1].set_xlabel("normal quantile")
    axes[1].set_ylabel("residual (µmol/L)")
    for clinic, (colour, marker) in STYLES.items():
        mine = (plasma["group"].astype(str) == clinic).to_numpy()
        axes[2].plot(plasma["age"][mine], left[mine], marker, color=colour, ms=6, label=f"clinic {clinic}")
    axes[2].axhline(0, color="black", lw=1)
    axes[2].set_xlabel("age (years)")
    axes[2].set_ylabel("residual (µmol/L)")
    axes[2].legend(fontsize=9, ncols=2, loc="upper right")
    axes[2].set_ylim(top=1.5 * left.max())
    plt.show()


three_pictures(m0)

# %% [markdown]
# Left: residuals against fitted values. Middle: a QQ plot. Right: the same residuals against age, with the clinic that
# drew the blood as colour and shape. The bell curve is fair, there is no bend and no funnel. But on the right the
# residuals come in four falling streaks: tell me the clinic and the age, and I can tell you of most patients whether
# they lie above the line or below. The forty patients are not forty independent witnesses.

# %%
residuals = plasma.assign(residual=m0.resid())
print("clinic  mean residual  residual's slope on age")
for clinic, mine in residuals.groupby("group", observed=True):
    trend = np.polyfit(mine["age"], mine["residual"], 1)[0]
    print(f"{clinic:>6} {mine['residual'].mean():+14.1f} {trend:+24.2f}")

# %% [markdown]
# ## With and without the clinic
#
# The remedy that needs no new idea: make the clinic a predictor. Every clinic gets a level of its own, and all share one slope
# for age.

# %% covers="001-6"
m1 = lk.lm("conc ~ age + group", plasma)
print(m1.summary())

# %% [markdown]
# The sign has turned! And the four clinics are there as *differences from the first*: that is how R, and
# we, code a factor unless told otherwise.
#
# **Predict, then run.** The line of clinic three: at which concentration does it start, at age zero? (Nobody
# is zero years old here; an intercept may lie far from all data.)

# %%
your_intercept = ...
check("01.q3", your_intercept)

# %%
fig, ax = plt.subplots()
for clinic, (colour, marker) in STYLES.items():
    mine = plasma[plasma["group"].astype(str) == clinic]
    ends = np.array([mine["age"].min(), mine["age"].max()])
    level = m1.fixef["(Intercept)"] + m1.fixef.get(f"group{clinic}", 0.0)
    ax.plot(mine["age"], mine["conc"], marker, color=colour, ms=6, alpha=0.8, label=f"clinic {clinic}")
    ax.plot(ends, level + m1.fixef["age"] * ends, color=colour, lw=3)
ax.plot(ages, m0.fixef.iloc[0] + m0.fixef["age"] * ages, "--", color="black", label="all together")
ax.set_xlabel("age (years)")
ax.set_ylabel("plasma concentration (µmol/L)")
ax.set_ylim(top=260)
ax.legend(loc="upper left", ncols=3, fontsize=11)
plt.show()

# %% [markdown]
# Solid lines: one level per clinic, one common slope, and it falls. Dashed: the line that knew of no clinics. Clinics
# with older patients happen to have higher levels, and the first model took the difference between *clinics* for an
# effect of *age*. (This has a name, and lesson two is about it.)

# %%
three_pictures(m1)

# %%
t0, t1 = m0.coef_table(), m1.coef_table()
in_words(
    f"Without the clinic: {t0.loc['age', 'estimate']:+.2f} per year "
    f"(standard error {t0.loc['age', 'std_error']:.2f}), R² {m0.r_squared:.2f}.",
    f"With it: {t1.loc['age', 'estimate']:+.2f} ({t1.loc['age', 'std_error']:.2f}), R² {m1.r_squared:.2f}.",
    f"The residual standard deviation falls from {m0.sigma:.1f} to {m1.sigma:.1f}, "
    f"and it has cost three degrees of freedom: {m0.df_resid:.0f} became {m1.df_resid:.0f}.",
)

# %% [markdown] covers="000-s5 001-7 001-8 003-4 004-15"
# The streaks are gone: this model knows where the levels are, and in which direction age goes within a clinic.
#
# ## Where do groups come from?
#
# Everywhere, once you look:
#
# - the same owl is weighed again and again (*repeated measures*), perhaps over years (*longitudinal*);
# - chicks sit in nests, nests in woods; pupils in classes, classes in schools (*hierarchy*);
# - one tissue sample is pipetted five times (*technical replicates*);
# - five hundred cells come from ten donors (*subsamples*; to count them as five hundred donors is *pseudoreplication*);
# - half of the plates were run on a rainy Monday (*batches*, *blocks*).
#
# What they share: two rows of one group are, as a rule, more alike than two rows of different groups. Ignoring it can do
# three kinds of damage. You have seen the first, a **misleading slope**. The others are **wrong standard errors** and
# **false alarms**, and we now count the alarms.
#
# Eight owl nests; four get a food supplement, four do not. Ten chicks in each are weighed. The supplement is
# a *placebo*: it does nothing at all. Nests differ, though (some parents hunt better), as much as chicks within a
# nest do. We run the usual comparison of two means on the eighty chicks, and do the whole study two thousand times.
#
# **Predict, then run.** A test at the five per cent level should give a false alarm once in twenty studies. How often does this one? Choose
# `"one in twenty"`, `"one in ten"`, `"one in four"` or `"nearly one in two"`.

# %%
your_alarms = ...
check("01.q4", your_alarms)

# %%
rng = np.random.default_rng(8)
studies, nests, chicks = 2000, 8, 10
nest_effect = rng.normal(0, 1, (studies, nests, 1))
mass = nest_effect + rng.normal(0, 1, (studies, nests, chicks))
fed, unfed = mass[:, :4].reshape(studies, -1), mass[:, 4:].reshape(studies, -1)
p_chicks = stats.ttest_ind(fed, unfed, axis=1).pvalue
p_nests = stats.ttest_ind(mass[:, :4].mean(2), mass[:, 4:].mean(2), axis=1).pvalue
in_words(
    f"Eighty chicks taken as eighty witnesses: p < 0.05 in {np.mean(p_chicks < 0.05):.0%} of the studies, "
    "with nothing to find.",
    f"Eight nest means, four against four: p < 0.05 in {np.mean(p_nests < 0.05):.0%} of them.",
)

# %%
fig, ax = plt.subplots()
bins = np.linspace(0, 1, 21)
ax.hist(p_chicks, bins, color=RED, alpha=0.75, label="chicks taken as independent")
ax.hist(p_nests, bins, histtype="step", color=GREEN, lw=3, label="nest means")
ax.axhline(studies / 20, color="black", ls=":", label="what an honest test gives")
ax.set_xlabel("p-value (nothing to find)")
ax.set_ylabel("studies (of two thousand)")
ax.legend()
plt.show()

# %% [markdown]
# If nothing is to be found, all p-values should be equally frequent: the dotted line. The open histogram keeps
# to it. The filled one has a tower on the left, below 0.05, where "significant" results are.
#
# Now change the design yourself. The top bar on the right is the share of false alarms of `lm` on all rows. Add
# replicates first, then add samples. Does either of the two calm the false alarms?

# %%
explorers.pseudoreplication()

# %% [markdown]
# Neither does. More replicates make them worse. More samples hardly help, because the analysis goes on taking each
# replicate for a sample. What helps is another analysis: the means of the samples, or a mixed model (lesson 8).

# %% [markdown] asks="q004-1"
# ## Four questions before any model
#
# 1. **What is the question?** Which quantity should respond to which?
# 2. **What kind of response?** Continuous with bell-shaped residuals, or a count, or a yes and no?
# 3. **Which predictors?** One, several, numbers, categories?
# 4. **Are there groups?** Do some rows share an owl, a nest, a clinic, a plate? Those are candidates for *random
#    effects*, which begin in lesson three.
#
# The second and the fourth choose the family:

# %% asks="q004-1"
fig, ax = plt.subplots(figsize=(9.5, 4.6))
ax.set(xlim=(0, 10), ylim=(0, 6))
ax.axis("off")
ASK = {"boxstyle": "round,pad=0.5", "fc": "white", "ec": GREY}


def box(x, y, text, colour=None):
    """A question, or with a colour an answer."""
    style = ASK if colour is None else {"boxstyle": "square,pad=0.5", "fc": "white", "ec": colour, "lw": 2.5}
    ax.text(x, y, text, ha="center", va="center", bbox=style, fontsize=12)


def arrow(start, end, label):
    """From one box to the next, with the answer beside it."""
    ax.annotate("", xy=end, xytext=start, arrowprops={"arrowstyle": "->", "color": GREY, "lw": 1.5})
    middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    ax.text(*middle, label, ha="center", va="center", fontsize=11, backgroundcolor="white")


box(5, 5.4, "what kind of response?")
box(2.5, 3.2, "do rows share groups?")
box(7.5, 3.2, "do rows share groups?")
box(1.1, 0.8, "linear model\nlk.lm", "black")
box(3.7, 0.8, "linear mixed model\nlk.lmer", BLUE)
box(6.3, 0.8, "generalised lm\nlk.glm", "black")
box(8.9, 0.8, "generalised mixed\nlk.glmer", BLUE)
arrow((4.3, 4.95), (2.7, 3.7), "continuous")
arrow((5.7, 4.95), (7.3, 3.7), "count, yes or no")
arrow((2.2, 2.75), (1.2, 1.45), "no")
arrow((2.8, 2.75), (3.6, 1.45), "yes")
arrow((7.2, 2.75), (6.4, 1.45), "no")
arrow((7.8, 2.75), (8.8, 1.45), "yes")
plt.show()

# %% [markdown]
# The tree has two forks: the kind of response, then the presence of groups. Its four leaves are the four functions
# that this course uses (blue: those for data with groups). Here it is, walked down for six studies:
#
# | question | response | predictors | groups | so |
# | --- | --- | --- | --- | --- |
# | are taller owls heavier, one owl per nest? | mass, continuous | height | none | `lk.lm` |
# | what does an hour of meetings cost? | happiness, continuous | hours | six departments | `lk.lmer` |
# | does the substance change with age? | concentration, continuous | age | forty clinics | `lk.lmer` |
# | does a hormone slow the growth of owl chicks? | wing length, continuous | age, implant | chick, nest | `lk.lmer` |
# | do taller owls lay more eggs, one clutch each? | eggs, count | height | none | `lk.glm` |
# | does disease change the activity of a gene? | molecules, count | disease | donor | `lk.glmer` |
#
# With only *four* clinics, as above, a plain `lk.lm` with the clinic as predictor is the usual choice. Below about five
# groups, a mixed model can hardly know how much groups differ (lesson 3).
#
# **Your turn.** You count how often each owl chick calls in a night, several nights per chick, several chicks per nest, to
# learn whether hungry chicks call more. Which function: `"lm"`, `"lmer"`, `"glm"` or `"glmer"`?

# %%
your_function = ...
check("01.q5", your_function)

# %%
key_points(
    "Intercept: where the line starts. Slope: what one more unit does. "
    "Fixed effects may differ between groups, by an interaction.",
    "Linearity, independence, equal spread, normality: promises about residuals.",
    "Groups break independence; colour the residuals by group to see it.",
    "Ignoring groups can turn a slope round, and it can make false alarms common.",
    "The kind of response and the groups choose between lm, lmer, glm and glmer.",
)

# %% [markdown]
# ## Further reading
#
# - Hurlbert, S. H. (1984). Pseudoreplication and the design of ecological field experiments. *Ecological Monographs*
#   54, 187–211.
# - Gelman, A., and Hill, J. (2007). *Data Analysis Using Regression and Multilevel/Hierarchical Models*, chapters 3 and 4.
# - Lazic, S. E. (2010). The problem of pseudoreplication in neuroscientific studies: is it affecting your analysis?
#   *BMC Neuroscience* 11, 5.
