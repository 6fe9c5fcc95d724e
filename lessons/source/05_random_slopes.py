# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=45 needs="a random intercept and its printout (04), an interaction (01)"
# # 5. Random slopes: when the effect itself differs
#
# **You will be able to**
#
# - read and write `(x | g)`, `(0 + x | g)` and `(x || g)`, and say which picture each one draws;
# - say what zero means for an intercept, and why we centre a predictor;
# - decide whether a slope should be random;
# - recognise a singular fit, and say what a correlation of minus one means.
#
# **Data** `ex33`, `owl_wing`, `plasma_age`, `mouse`: all made for this course, so that they give the printed
# results of some lectures. No real animal stands behind them.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, plt

# %% [markdown] covers="003-15" asks="q000-19"
# ## Twelve cattle, and what a parasite does to them
#
# Twelve cattle were infected with a parasite that destroys red blood cells. For five weeks, somebody measured the share of
# red cells in their blood (`PCV`, in per cent). It falls. **How fast?** There need not be one answer: one animal may
# resist better than another. So the *effect of time itself* differs.
#
# On the day of the infection nothing has happened yet. Let us suppose that all animals start alike on that day (we
# shall check it), and let each have a slope of its own. In a formula, that is `(0 + time | animal_id)`: the `0` takes the
# intercept away, and `time` stands for a slope for each animal.

# %% covers="003-15"
cattle = lk.load_data("ex33")
fan = lk.lmer("PCV ~ time + (0 + time | animal_id)", cattle)
cattle.head(3)

# %% tags=["picture"] covers="003-17"
# Picture: twelve cattle as measured, and the model's lines
days = np.array([0, cattle["time"].max()])
slopes = fan.coef()["animal_id"]["time"]
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
for animal, rows in cattle.groupby("animal_id", observed=True):
    left.plot(rows["time"], rows["PCV"], ".-", color=lesson.GREY, lw=0.8, ms=5)
    right.plot(days, fan.fixef.iloc[0] + slopes[animal] * days, color=lesson.BLUE, lw=1.5)
right.plot(days, fan.fixef.iloc[0] + fan.fixef["time"] * days, "--", color="black", lw=3.5)
left.set(title="as measured", xlabel="time since infection (days)", ylabel="red cells (PCV, %)")
right.set(title="the model: a fan", xlabel="time since infection (days)")
lesson.show(
    "Left: twelve noisy lines that fall. Right: the model's twelve straight lines, which leave one point at "
    f"{fan.fixef.iloc[0]:.1f}% and fan out, with slopes from {slopes.min():.2f} to {slopes.max():.2f} percentage points a day."
)

# %% [markdown]
# Left, each animal's own measurements, joined. Right, the model: twelve lines that leave one point and fan out; dashed
# is the average animal. You can read the printout since lesson 4 (*at convergence* is where the search has ended). What is new is
# one word: under `Name` stands `time`, where there was `(Intercept)`.

# %% covers="003-16"
print(fan.summary(ddf="none"))

# %% tags=["fold"]
# In words: a population of slopes
mean, sd = fan.fixef["time"], fan.varcorr.frame["sdcor"].iloc[0]
lesson.in_words(
    f"The average animal loses {-mean:.2f} percentage points a day. The animals' slopes scatter around that with an SD of {sd:.2f}: "
    f"about two thirds of all such animals lose between {-mean - sd:.2f} and {-mean + sd:.2f} a day.",
)

# %% [markdown]
# So a random slope says: *the effect is a population of effects*. Its mean is the fixed effect; its spread is the random one.
#
# **Predict, then run.** With `(0 + x | g)`, which of these would change the fitted lines: to measure `x` in other
# *units*, or to move its *zero*? Answer `"units"`, `"zero"`, `"both"` or `"neither"`.

# %%
your_choice = ...
check("05.q1", your_choice)

# %%
for x in (cattle["time"] / 7, cattle["time"] - 10):
    other = lk.lmer("PCV ~ x + (0 + x | animal_id)", cattle.assign(x=x))
    largest = abs(other.fitted - fan.fitted).max()
    print("largest change of a fitted value:", round(largest, 2))

# %% [markdown]
# First weeks instead of days, then a clock that starts ten days later. A common start is a strong statement about the one point that
# `x` calls zero.
#
# You may read `(0 + time | animal_id)` as "the slope of time differs by animal". In truth it says that, *and* that all animals
# start alike. So compare it with `(time | animal_id)`, which frees the start:

# %% mends="x003-7"
free = lk.lmer("PCV ~ time + (time | animal_id)", cattle)
print(f"criterion with a common start: {fan.reml_criterion:.2f}")
print(f"criterion with a free start:   {free.reml_criterion:.2f}")

# %% [markdown] covers="004-34 004-35" asks="q004-6"
# A free start lowers the criterion by almost nothing. Here nothing speaks against the common start. (The fit with free
# starts is *singular*; what that means comes at the end of this lesson.)
#
# ## How fast do owls grow?
#
# Next, the wings of young barn owls. Some birds had an implant with the stress hormone corticosterone (`C`), some a placebo
# (`P`). **Does the hormone slow their growth?** Nearly every bird was measured two or three times, and each has its own start *and*
# its own pace. For measurement $i$ of bird $j$, with $\text{P}_j = 1$ for placebo birds:
#
# $$\text{Wing}_{ij} = (\beta_0 + b_{0j}) + (\beta_1 + b_{1j})\,\text{Age}_{ij} + \beta_2\,\text{P}_j +
# \beta_3\,\text{Age}_{ij}\,\text{P}_j + \varepsilon_{ij}$$
#
# The pair $(b_{0j}, b_{1j})$ comes from $N(0, \Sigma)$. $\Sigma$ holds two standard deviations *and a correlation*: perhaps birds that start high grow more slowly. Growth is
# the slope, so $\beta_3$ answers the question. In the formula, `(Age | Ring)` stands for both intercept and slope.

# %% covers="004-36"
owls = lk.load_data("owl_wing")
wing = lk.lmer("Wing ~ Age * Implant + (Age | Ring)", owls, reml=False)
wing.coef_table(ddf="none").round(4)

# %%
print(wing.varcorr)

# %% tags=["fold"]
# In words: what the hormone does
fixed, difference = wing.fixef, wing.coef_table("none").loc["Age:ImplantP"]
lesson.in_words(
    f"A bird with the hormone grows {fixed['Age']:.2f} mm a day, one with placebo {fixed['Age'] + difference['estimate']:.2f} mm. "
    f"The difference has a standard error of {difference['std_error']:.2f} mm a day: the hormone does slow growth "
    f"(t = {difference['statistic']:.1f}).",
    f"Birds of one kind differ in their pace by a standard deviation of {wing.varcorr.frame['sdcor'].iloc[1]:.2f} mm a day.",
)

# %% [markdown]
# ## What zero means
#
# But look at the intercept: a wing of *less* than nothing, a spread of about 15 mm between birds, and a correlation of nearly
# minus one. Let us draw the lines back to age zero.

# %% tags=["picture"] covers="004-37 004-38"
# Picture: the birds, and their lines drawn back to age zero
lines = wing.coef()["Ring"]
placebo = owls.groupby("Ring", observed=True)["Implant"].first().astype(str).reindex(lines.index) == "P"
start = lines["(Intercept)"] + placebo * lines["ImplantP"]
pace = lines["Age"] + placebo * lines["Age:ImplantP"]
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
ages, back = np.array([owls["Age"].min(), owls["Age"].max()]), np.array([0, owls["Age"].max()])
for ring in lines.index:
    for ax, x in ((left, ages), (right, back)):
        ax.plot(x, start[ring] + pace[ring] * x, color=lesson.GREY, lw=0.5)
    ages_of_bird = owls.loc[owls["Ring"].astype(str) == str(ring), ["Age", "Wing"]]
    left.plot(*ages_of_bird.to_numpy().T, "." if placebo[ring] else "+", color=lesson.GREY, ms=5)
kinds = ((1, lesson.CONTROL, "--", "placebo, average"), (0, lesson.TREATED, "-", "corticosterone, average"))
for kind, colour, dash, name in kinds:
    level = fixed["(Intercept)"] + kind * fixed["ImplantP"]
    slope = fixed["Age"] + kind * fixed["Age:ImplantP"]
    for ax, x in ((left, ages), (right, back)):
        ax.plot(x, level + slope * x, dash, color=colour, lw=3.5, label=name)
right.axvline(owls["Age"].mean(), color="black", lw=1, ls=":")
right.text(owls["Age"].mean() + 0.6, -30, "mean age", fontsize=12)
right.axhline(0, color="black", lw=0.8)
right.axvspan(*ages, color=lesson.SKY, alpha=0.15)
left.set(xlabel="age (days)", ylabel="wing length (mm)", title="as measured")
right.set(xlabel="age (days)", xlim=(0, 46), title="drawn back to age zero")
left.legend(loc="upper left")
lesson.show(
    f"Left: {len(lines)} birds in grey and two thick average lines; placebo begins a little lower and ends a little higher. "
    f"Right: the same lines drawn back to age zero, though the youngest bird was {ages[0]} days old. At age zero they spread "
    f"from {start.min():.0f} to {start.max():.0f} mm."
)

# %% [markdown]
# Thick are the two averages, grey the birds. On the right, nobody measured what lies left of the blue field: the
# youngest bird was more than two weeks old.
# The intercept is read where age is zero. There, of course, a bird that grows fast must come from further down: that is
# the correlation. It says nothing of owls. So let us move the zero to the mean age. That is called **centring**.
#
# **Predict, then run.** Which of these will centring leave as it is: `"slope sd"`, `"intercept sd"` or `"correlation"`?

# %%
your_constant = ...
check("05.q2", your_constant)

# %% mends="x004-12"
owls["age_c"] = owls["Age"] - owls["Age"].mean()
wing_c = lk.lmer("Wing ~ age_c * Implant + (age_c | Ring)", owls, reml=False)
print(wing_c.varcorr)
print(f"mean age: {owls['Age'].mean():.1f} days")
print(f"log-likelihood: {wing.loglik:.3f} before, {wing_c.loglik:.3f} after")

# %% [markdown]
# The same model, the same likelihood, the same lines; only the place where we read their spread has moved. You may read a
# correlation of $-0.90$ as a finding about owls. In truth it is about where age has its zero; centred, it is $-0.39$.
#
# ## Is it worth it?
#
# There is no law that says which slopes must be random. Two questions help. *Could* the effect differ between groups, for
# a reason that you would defend? And does the predictor change *within* groups, so that each group has a slope to show? If both
# are true, keep the random slope, even where its test says nothing. If slopes really differ, a model with one slope makes
# the standard error too small; if they do not, the random slope costs a little certainty.
#
# **Your turn.** Each owl has one implant. Could you add a random slope for `Implant` by `Ring`: `"yes"` or `"no"`?

# %%
your_verdict = ...
check("05.q3", your_verdict)

# %% [markdown]
# You may also ask how clearly the data show different slopes. First the owls, then the plasma concentration of forty patients
# in four clinics, which falls with age.

# %% covers="001-16"
one_pace = lk.lmer("Wing ~ age_c * Implant + (1 | Ring)", owls, reml=False)
same, own = (model.se["age_c:ImplantP"] for model in (one_pace, wing_c))
print(f"owls: {lesson.p_value(lk.anova(one_pace, wing_c)['p_value'].iloc[1])}")
print(f"standard error: {same:.3f} with one pace for all, {own:.3f} with own paces")

# %% covers="001-17" mends="x001-3 x001-4"
plasma = lk.load_data("plasma_age")
plasma["age_c"] = plasma["age"] - plasma["age"].mean()
parallel = lk.lmer("conc ~ age_c + (1 | group)", plasma)
fanned = lk.lmer("conc ~ age_c + (age_c | group)", plasma)
compared = lk.anova(parallel, fanned, refit=False)
one, four = parallel.se["age_c"], fanned.se["age_c"]
print(f"clinics: {lesson.p_value(compared['p_value'].iloc[1])}")
print(f"standard error: {one:.2f} with one slope for all, {four:.2f} with four")

# %% [markdown]
# The owls clearly differ in their pace. Four clinics do not show that slopes differ, nor that they are equal. In both, the model
# with one slope claims to know more. You may see a random slope added and its correlation printed without a word. In truth it should be
# said how well the data show it, what it changes, and where $x$ has its zero.
#
# ## Four pictures
#
# - `(1 | g)`: intercepts vary, slopes are all the same.
# - `(0 + x | g)`: slopes vary, intercepts are all the same.
# - `(x || g)`: both vary, and their correlation is set to zero.
# - `(x | g)`, short for `(1 + x | g)`: both vary, and their correlation is estimated.
#
# Use the sliders and see each of them. Which ones make all lines pass through one point?

# %%
explorers.random_effects()

# %% [markdown]
# `(0 + x | g)` does, where `x` is zero. So does a correlation of plus or minus one, but there the point lies elsewhere. That
# sounds odd. It happens, as you will see now.
#
# ## A correlation of minus one
#
# Back to the mice of lesson 4: five strains, rising doses of a drug. Some strains may also *respond* more than others.

# %% covers="000-s19"
mice = lk.load_data("mouse")
strains = lk.lmer("Weight ~ Dose + (Dose | Strain)", mice)
print(strains)

# %% [markdown]
# `Corr -1.00`, and a message. Such a fit is called **singular**. Look at the lines of the strains, and at their deviations from the average
# line: divide the one of the slope by the one of the intercept.

# %% covers="000-s20" mends="x000-8"
apart = strains.ranef()["Strain"]
table = strains.coef()["Strain"]
table["ratio"] = apart["Dose"] / apart["(Intercept)"]
table.round(6)

# %% tags=["picture"]
# Picture: five strains, their lines drawn on to where they meet
fig, ax = plt.subplots(figsize=(9, 4.8))
dose, beyond = np.array([1.0, 5.0]), np.array([1.0, 19.5])
meeting = (-apart["(Intercept)"] / apart["Dose"]).mean()
for (strain, line), style, mark in zip(
    table.iterrows(), ["-", "--", "-.", ":", (0, (5, 1, 1, 1))], "os^Dv", strict=True
):
    rows = mice[mice["Strain"] == strain]
    (drawn,) = ax.plot(dose, line["(Intercept)"] + line["Dose"] * dose, ls=style, lw=2.5, label=strain)
    ax.plot(beyond, line["(Intercept)"] + line["Dose"] * beyond, color=drawn.get_color(), lw=0.9)
    ax.plot(rows["Dose"], rows["Weight"], mark, color=drawn.get_color(), ms=5, alpha=0.6)
height = strains.fixef["(Intercept)"] + strains.fixef["Dose"] * meeting
ax.plot(meeting, height, "o", color="black", ms=13, mfc="none", mew=2)
ax.annotate(
    f"they meet at {meeting:.0f} mg/kg",
    (meeting, height),
    (11.5, 8),
    arrowprops={"arrowstyle": "->"},
    fontsize=13,
)
ax.axvspan(1, 5, color=lesson.SKY, alpha=0.15)
ax.text(1.1, -12, "doses that\nwere given", fontsize=12)
ax.axhline(0, color=lesson.GREY, lw=0.8, ls=":")
ax.set(xlabel="dose (mg/kg a day)", ylabel="weight (g)", ylim=(-15, 31))
ax.legend(title="strain", ncol=5, loc="upper right")
lesson.show(
    f"Five falling lines that draw together, one a strain. Drawn on beyond the doses that were given, they meet in one point, at a dose of "
    f"{meeting:.1f} mg/kg and a weight of {height:.1f} g."
)

# %% [markdown]
# The ratio is the same in all five strains. So intercept and slope are not two random numbers but one: heavy strains fall a
# little faster, by a fixed rule. The lines draw together and meet in one point, at a dose of about 17, where the weights would
# be negative. No real mouse goes there.
#
# You may see a correlation of $-1.00$ and its warning printed without a word. In truth the fit lies on the boundary of what
# is possible. Five strains cannot tell a correlation of minus one from one of minus a half; the likelihood happened to be highest at the
# edge. A singular fit is not a crash. It says: *of what I was asked for, these data do not show all.* Either there is next to
# nothing to find, or the groups are too few to show it. Then take out the correlation first, `(x || g)`, then the slope, and say so.
#
# **Your turn.** How many *different* numbers does this singular fit need to describe the spread of the five lines? Count the standard
# deviations and correlations that are really free; leave out the residual.

# %%
your_count = ...
check("05.q4", your_count)

# %% tags=["box"]
# Box: key points
lesson.key_points(
    "A random slope says that an effect is a population of effects; its mean is the fixed effect.",
    "(x | g): intercept, slope and their correlation; (0 + x | g): one common intercept; (x || g): no correlation.",
    "Intercept spread and correlation depend on where x has its zero; centre x.",
    "Random slopes need a predictor that varies within groups.",
    "A correlation of plus or minus one is a singular fit: the data do not show all that was asked for.",
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
