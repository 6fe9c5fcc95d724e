# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=55 needs="a random intercept and its printout (04), an interaction (01)"
# # 5. Random slopes: when the effect itself differs
#
# **You will be able to**
#
# - read and write `(x | g)`, `(0 + x | g)`, `(x || g)` and say which picture each one draws;
# - recognise a singular fit, and say what a correlation of minus one means;
# - centre a predictor, and say what that does to the intercept's spread and to the correlation;
# - decide whether slopes vary enough to bother.
#
# **Data** `mouse`, `ex33`, `owl_wing`, `plasma_age`: all four synthetic, made so that they
# reproduce the lectures' printed tables (the real animals belong to other people).
# **Lectures** 000 slides 19 and 20; 001 "Random slope"; 003 "ex33"; 004 "Random intercepts and slope".

# %%
import matplotlib.pyplot as plt
import numpy as np

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.check import check
from lmmkit.course.lesson import BLUE, GREY, RED, in_words, key_points, lecture_vs_truth, use_course_look

use_course_look()

# %% [markdown] asks="q000-19"
# ## The question
#
# Five strains of mice are given rising doses of a drug, and lose weight. In lesson 4 we let the strains *start* at
# different weights. But one strain may also *respond* more than another: the same dose, a steeper fall. How do we ask
# for the effect of the dose when the effect itself is not one number?
#
# As before. The five slopes are draws from a population of slopes; the model estimates the mean of
# that population, which is the fixed effect, and its spread, which is the random one.
#
# $$\text{Weight}_{ij} = (\beta_0 + b_{0j}) + (\beta_1 + b_{1j})\,\text{Dose}_{ij} + \varepsilon_{ij},\qquad
# (b_{0j}, b_{1j}) \sim N(0, \Sigma)$$
#
# $\Sigma$ holds two standard deviations *and a correlation*: perhaps strains that start heavy also fall faster.

# %% covers="000-s19"
mouse = lk.load_data("mouse")
slopes = lk.lmer("Weight ~ Dose + (Dose | Strain)", mouse)
print(slopes)

# %% covers="000-s20"
print(slopes.coef()["Strain"].round(6).to_string())

# %% [markdown]
# In R: `lmer(Weight ~ Dose + (Dose | Strain), data = mouse_data)` and `coef(lmm2)`.
#
# Below are the five lines, drawn on to the right (thin) far beyond the doses that were given.

# %%
fig, ax = plt.subplots()
dose, beyond = np.array([mouse["Dose"].min(), mouse["Dose"].max()]), np.array([1.0, 20.0])
styles = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))]
markers = ["o", "s", "^", "D", "v"]
for (strain, line), style, marker in zip(slopes.coef()["Strain"].iterrows(), styles, markers, strict=True):
    mice = mouse[mouse["Strain"] == strain]
    (drawn,) = ax.plot(dose, line["(Intercept)"] + line["Dose"] * dose, ls=style, label=strain)
    ax.plot(beyond, line["(Intercept)"] + line["Dose"] * beyond, color=drawn.get_color(), lw=0.8)
    ax.plot(mice["Dose"], mice["Weight"], marker, color=drawn.get_color(), ms=5, alpha=0.7)
ax.axhline(0, color=GREY, lw=0.8, ls=":")
ax.set_xlabel("dose (mg/kg a day)")
ax.set_ylabel("weight (g)")
ax.legend(title="strain", ncol=2)
plt.show()
apart = slopes.ranef()["Strain"]
meeting = (-apart["(Intercept)"] / apart["Dose"]).mean()
print(f"The five lines meet at a dose of {meeting:.0f} mg/kg a day.")

# %% [markdown]
# Each strain has its own line; heavy strains fall a little faster, so the lines draw together. They meet in one point, at
# a dose of about 17, where the weights would be negative: no line of a real mouse goes there.
#
# ## A correlation of minus one
#
# The printout says `Corr -1.00`, and the lecture passes it by in silence. It should not. Divide each strain's deviation in
# slope by its deviation in intercept:

# %% mends="x000-8"
deviations = slopes.ranef()["Strain"]
ratio = deviations["Dose"] / deviations["(Intercept)"]
print(deviations.assign(ratio=ratio).round(6).to_string())
lecture_vs_truth(
    "000, slides 19 and 21",
    "correlation -1.00 and a warning are printed without a word",
    "the fit is singular: it lies on the boundary, where intercept and slope are one random variable,"
    " not two",
    f"is_singular is {slopes.is_singular}; in all five strains the slope's deviation is {ratio.mean():.6f}"
    " times the intercept's",
)

# %% [markdown]
# Five strains cannot tell a correlation of minus one from a correlation of minus a half; the likelihood happened to be
# highest at the edge. A singular fit is not a crash. It is the model saying: *of what I was asked for, these data do not show all.* Either there is
# next to nothing to be found, or the groups are too few to show it.
#
# **Your turn.** How many *different* numbers does this fit need to describe the spread of the five strains'
# lines (count standard deviations and correlations that are really free)?

# %%
your_count = ...
check("05.q1", your_count)

# %% [markdown]
# ## Four ways to write it
#
# - `(1 | g)`: intercepts vary, slopes are all the same.
# - `(0 + x | g)`: slopes vary, intercepts are all the same.
# - `(x || g)`: both vary, and their correlation is set to zero.
# - `(x | g)`, which is short for `(1 + x | g)`: both vary, and their correlation is estimated.
#
# Use the sliders and see each of them. Which one makes all lines pass through one point?

# %%
explorers.random_effects()

# %% [markdown]
# `(0 + x | g)` does: all lines pass through one point where `x` is zero. So does a correlation of plus or minus one, but there the point lies
# elsewhere, as with the mice.

# %% [markdown]
# ## One intercept for all: parasites in cattle
#
# Lecture 003 follows twelve infected animals and the share of red cells in their blood (PCV, in per cent). It
# lets only the slope vary: `(0 + time | animal_id)`.

# %% covers="003-15 003-16"
cattle = lk.load_data("ex33")
slope_only = lk.lmer("PCV ~ time + (0 + time | animal_id)", cattle)
print(slope_only.summary())

# %% [markdown]
# That forces every animal to be exactly average on the day of infection. Sometimes that is right: plants that grow from
# seed all begin with no height. But it is a strong statement about the one day that `time` calls zero.

# %% mends="x003-7"
both = lk.lmer("PCV ~ time + (time | animal_id)", cattle)
lecture_vs_truth(
    "003, ex33",
    "the slope of time varies by animal, with (0 + time | animal_id)",
    "that is what it says, but it also gives all animals one intercept, and it leaves out the breed; "
    "compare with (time | animal_id) before you believe it",
    f"every animal starts at {slope_only.fixef['(Intercept)']:.2f}; with free intercepts, the REML criterion"
    f" goes from {slope_only.reml_criterion:.2f} to {both.reml_criterion:.2f}: on this stand-in for the real"
    " cattle, nothing speaks against the common start",
)

# %% covers="003-17" mends="x003-8"
fig, ax = plt.subplots()
time = np.array([cattle["time"].min(), cattle["time"].max()])
for _, line in slope_only.coef()["animal_id"].iterrows():
    ax.plot(time, line["(Intercept)"] + line["time"] * time, color=BLUE, lw=1.3)
ax.plot(cattle["time"], cattle["PCV"], "o", color=GREY, ms=3)
ax.plot(time, slope_only.fixef["(Intercept)"] + slope_only.fixef["time"] * time, "--", color="black", lw=3)
ax.set_xlabel("time (days)")
ax.set_ylabel("PCV (%)")
plt.show()
simpson_rows = len(lk.load_data("simpson"))
lecture_vs_truth(
    "003, the plot of ex33",
    "predictions of the ex33 model are bound to my.data, under the title 'Random intercept model'",
    "it must be cbind(ex33, ...), and the model has random slopes",
    f"my.data has {simpson_rows} rows, the model predicts {len(slope_only.fitted)}: R stops with an error",
)

# %% [markdown]
# All blue lines, one for each animal, leave from one point and fan out; dashed is the average animal.
#
# **Predict, then run.** With `(0 + x | g)`, which of these would change the fitted lines: measuring `x` in other
# *units*, or moving its *zero*? Answer `"units"`, `"zero"`, `"both"` or `"neither"`.

# %%
your_choice = ...
check("05.q2", your_choice)

# %% [markdown] covers="004-34 004-35" asks="q004-6"
# ## How fast do owls grow?
#
# Now the wings of barn owl nestlings. Some carried an implant with the stress hormone corticosterone, some a placebo.
# Does the hormone slow their growth? Nearly every bird was measured two or three times; each has its own start and its own pace:
#
# $$\text{Wing}_{ij} = (\beta_0 + b_{0j}) + (\beta_1 + b_{1j})\,\text{Age}_{ij} + \beta_2\,\text{P}_j +
# \beta_3\,\text{Age}_{ij}\,\text{P}_j + \varepsilon_{ij}$$
#
# $\text{P}$ is one for placebo birds. Growth is the slope, so the answer to the question is $\beta_3$.

# %% covers="004-36"
owls = lk.load_data("owl_wing")
wing = lk.lmer("Wing ~ Age + Implant + Age:Implant + (Age | Ring)", owls, reml=False)
print(wing)

# %% covers="004-37 004-38" mends="x004-14"
fixed, own = wing.fixef, wing.ranef()["Ring"]
implant = owls.groupby("Ring", observed=True)["Implant"].first().astype(str)
fig, ax = plt.subplots()
age = np.array([owls["Age"].min(), owls["Age"].max()])
for ring, b in own.iterrows():
    placebo = implant[implant.index.astype(str) == str(ring)].iloc[0] == "P"
    start = fixed["(Intercept)"] + b["(Intercept)"] + placebo * fixed["ImplantP"]
    pace = fixed["Age"] + b["Age"] + placebo * fixed["Age:ImplantP"]
    ax.plot(age, start + pace * age, "--" if placebo else "-", color=BLUE if placebo else RED, lw=0.6, alpha=0.6)
mean_c = fixed["(Intercept)"] + fixed["Age"] * age
mean_p = mean_c + fixed["ImplantP"] + fixed["Age:ImplantP"] * age
ax.plot(age, mean_p, "--", color=BLUE, lw=4, label="placebo: birds, and their average")
ax.plot(age, mean_c, "-", color=RED, lw=4, label="corticosterone")
ax.set_xlabel("age (days)")
ax.set_ylabel("wing length (mm)")
ax.legend()
plt.show()
lecture_vs_truth(
    "004, the code of the growth picture",
    "the two columns of the slide have run into each other, so the call to abline is scrambled",
    "intercept = fixef[1] + ranef[i, 1] and slope = fixef[2] + ranef[i, 2]; for placebo birds fixef[3] and"
    " fixef[4] are added",
    "the picture above is drawn in this way, a line per bird",
)

# %%
table = wing.coef_table()
in_words(
    f"A bird with the hormone grows {fixed['Age']:.2f} mm a day, one with placebo "
    f"{fixed['Age'] + fixed['Age:ImplantP']:.2f} mm.",
    f"The difference, {fixed['Age:ImplantP']:.2f} mm a day, has a standard error of "
    f"{table.loc['Age:ImplantP', 'std_error']:.2f}: the hormone does slow growth "
    f"(t = {table.loc['Age:ImplantP', 'statistic']:.1f}).",
    "Birds of one kind differ in their pace by a standard deviation of"
    f" {wing.varcorr.frame['sdcor'].iloc[1]:.2f} mm a day.",
)

# %% [markdown]
# ## What zero means
#
# A start spread of fourteen millimetres, with wings that average *less* than nothing at hatching? And a correlation of
# nearly minus one? Nobody measured an owl on day zero: the youngest were more than two weeks old. The intercept is where the lines *would*
# be if they were drawn back to age zero, and there, of course, birds that grow fast must have come
# from further down.
#
# So let us move the zero to the middle of the ages.
#
# **Predict, then run.** Which of these will centring `Age` leave as it is? Answer `"slope sd"`, `"intercept sd"` or
# `"correlation"`.

# %%
your_constant = ...
check("05.q3", your_constant)

# %% mends="x004-12"
centred = owls.assign(age_c=owls["Age"] - owls["Age"].mean())
wing_c = lk.lmer("Wing ~ age_c + Implant + age_c:Implant + (age_c | Ring)", centred, reml=False)
print(wing_c.varcorr)
lecture_vs_truth(
    "004, the growth model",
    "the correlation of intercept and slope is -0.90",
    "that is a property of where age has its zero; centred, the same model says something about owls. (A"
    " default search by lme4 also stops a little early here and warns; the printed table is the true"
    " optimum.)",
    f"the mean age is {owls['Age'].mean():.1f} days; centred there, the intercepts' SD is"
    f" {wing_c.varcorr.frame['sdcor'].iloc[0]:.2f} mm and the correlation"
    f" {wing_c.varcorr.frame['sdcor'].iloc[2]:.2f}; the deviance is {wing.deviance:.4f} before and"
    f" {wing_c.deviance:.4f} after",
)

# %% [markdown]
# The same model, the same likelihood, the same lines; only the place where we read the spread of the lines has moved.

# %% [markdown] covers="001-16"
# ## Is it worth it?
#
# The clinics of lecture 001: plasma concentration falls with age, in four clinics that start at different levels. The
# lecture adds a random slope for age and moves on. Let us first look.

# %% covers="001-17"
plasma = lk.load_data("plasma_age")
parallel = lk.lmer("conc ~ age + (1 | group)", plasma)
fanned = lk.lmer("conc ~ age + (1 + age | group)", plasma)
print(fanned.summary())

# %% mends="x001-3 x001-4"
gain = parallel.reml_criterion - fanned.reml_criterion
comparison = lk.anova(parallel, fanned, refit=False)
centred_age = plasma.assign(age_c=plasma["age"] - plasma["age"].mean())
fanned_c = lk.lmer("conc ~ age_c + (1 + age_c | group)", centred_age)
lecture_vs_truth(
    "001, random slope",
    "a random slope is added, and its correlation of -0.67 printed, without a test",
    "say how well the data show such slopes, and what they change; and the correlation depends on where age has its zero",
    f"the criterion falls from {parallel.reml_criterion:.1f} to {fanned.reml_criterion:.1f}, by {gain:.1f}"
    f" for two parameters (p = {comparison['p_value'].iloc[1]:.2f}): four clinics do not show that slopes differ, nor"
    f" that they are equal. The standard error of age is {parallel.se['age']:.2f} with one slope and"
    f" {fanned.se['age']:.2f} with four. With age centred at"
    f" {plasma['age'].mean():.1f} the correlation is {fanned_c.varcorr.frame['sdcor'].iloc[2]:.2f}",
)

# %% [markdown]
# There is no law that says which slopes must be random. Two questions help. *Could* the effect differ between groups, for
# a reason you would defend in a seminar? And is the predictor measured *within* groups, so that each group has a slope
# to show? If both are true, keep the random slope, even where its test says nothing. If slopes really differ, a model with one slope makes the
# standard error too small; if they do not, the random slope costs a little certainty. A singular fit is another matter: there the data
# refuse it, and you take out the correlation first (`x || g`), then the slope, and say so.
#
# **Your turn.** In the owl data each bird has one implant. Could you add a random slope for `Implant` by `Ring`?
# Answer `"yes"` or `"no"`.

# %%
your_verdict = ...
check("05.q4", your_verdict)

# %%
key_points(
    "A random slope says that an effect is a population of effects; its mean is the fixed effect.",
    "(x | g) means intercept, slope and their correlation; (0 + x | g) one common intercept; (x || g) no"
    " correlation.",
    "A correlation of plus or minus one is a singular fit: the data do not show all that was asked for.",
    "Intercept spread and correlation depend on where x has its zero; centre x.",
    "Random slopes need a predictor that varies within groups.",
)

# %% [markdown]
# ## Further reading
#
# - Barr, D. J., Levy, R., Scheepers, C., and Tily, H. J. (2013). Random effects structure for confirmatory hypothesis testing:
#   keep it maximal. *Journal of Memory and Language* 68, 255–278.
# - Matuschek, H., Kliegl, R., Vasishth, S., Baayen, H., and Bates, D. (2017). Balancing type I error and power in linear mixed
#   models. *Journal of Memory and Language* 94, 305–315.
# - Schielzeth, H., and Forstmeier, W. (2009). Conclusions beyond support: overconfident estimates in mixed models.
#   *Behavioral Ecology* 20, 416–420.
