# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=60 needs="how a factor becomes coefficients (01), why groups must not be forgotten (02)"
# # 3. Fixed or random?
#
# **You will be able to**
#
# - say what makes an effect fixed or random, and decide it from the design of a study;
# - draw the four pictures: common line, random intercepts, random slopes, both;
# - classify the variables of four field studies, and see what a wrong choice costs;
# - judge whether there are enough levels;
# - separate a slope within groups from a slope between them (group-mean centring).
#
# **Data** `happiness`, `herbivory`, `management`, `implants`, `behaviour` (simulated),
# `plasma_age` and others that you know (synthetic stand-ins with the lectures' printed results).
# **Lectures** 000 what random effects are; 001 fixed and random effects; 002 three options, and ANOVA; 003 kinds of mixed
# models; 004 fixed vs random, four examples and the first exercise.
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
    ORANGE,
    PINK,
    RED,
    SKY,
    in_words,
    key_points,
    lecture_vs_truth,
    table_text,
    use_course_look,
)

use_course_look()
LOOKS = [(BLUE, "o"), (RED, "s"), (GREEN, "^"), (PINK, "D"), (ORANGE, "v"), (SKY, "P")]

# %% [markdown] covers="001-9 003-5 004-3 004-4 004-5 004-6"
# ## The question
#
# You have weighed the chicks of fifteen owl nests. Half of the chicks got a hormone, half a placebo. *Hormone* and *nest* are
# both categories; a computer sees no difference between them. You do. If you repeated the study next year, you would
# use the same hormone and the same placebo, but **other nests**.
#
# That is the idea, all of it:
#
# - an effect is **fixed** when its levels are the very ones you want to know about. You estimate each of them;
# - an effect is **random** when its levels are a sample, and stand for a population from which others might have come.
#   You estimate *how much they vary*, and predict each of them on the way.
#
# A model with both is called *mixed*. The usual signs:
#
# | | rather fixed | rather random |
# | --- | --- | --- |
# | how the levels came about | chosen, set by us | met, drawn, happened to be there |
# | repeat the study | the same levels | other levels |
# | what we want to say | *this* differs from *that* | something about all that might have come |
# | how many there are | few | many |
# | do their names tell you something | high is more than low | nest fourteen is just a nest |
#
# The first three rows decide. The last two are rules of thumb.

# %% [markdown] covers="000-s6"
# ## Four pictures
#
# Recall the university, its six departments and the video meetings. What may differ between departments? Where
# people start, how fast happiness falls with the hours, both, or neither.

# %% covers="000-s6 000-s7 000-s8 000-s9 000-s10 000-s11 003-6 003-7"
happy = lk.load_data("happiness")
models = {
    "fixed effects only": lk.lm("happiness ~ zoom_hours", happy),
    "random intercepts": lk.lmer("happiness ~ zoom_hours + (1 | department)", happy),
    "random slopes": lk.lmer("happiness ~ zoom_hours + (0 + zoom_hours | department)", happy),
    "random intercepts and slopes": lk.lmer("happiness ~ zoom_hours + (zoom_hours | department)", happy),
}
fig, axes = plt.subplots(2, 2, figsize=(9.5, 7), sharex=True, sharey=True, layout="constrained")
hours = np.array([0.0, 10.0])
for ax, (title, fit) in zip(axes.flat, models.items(), strict=True):
    for (colour, marker), (name, mine) in zip(LOOKS, happy.groupby("department", observed=True), strict=True):
        ax.plot(mine["zoom_hours"], mine["happiness"], marker, color=colour, ms=4, alpha=0.5, label=name)
        ends = pd.DataFrame({"zoom_hours": hours, "department": name})
        ax.plot(hours, fit.predict(ends), color=colour, lw=2)
    ax.set_title(title)
fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=6, fontsize=11)
fig.supxlabel("hours of video meetings")
fig.supylabel("happiness (points)")
plt.show()

# %% [markdown]
# Colour and shape are the department. Top left, one line for all (the six lie on top of each other). Top right,
# lines of one steepness that start at different heights. Bottom left, all lines fan out from one start. Bottom right,
# each has a start and a steepness of its own. In symbols, for person $i$ of department $j$:
#
# $$y_{ij} = (\beta_0 + b_{0j}) + (\beta_1 + b_{1j})\,x_{ij} + \varepsilon_{ij}$$
#
# and the four pictures are what is left when both, one, the other or none of $b_{0j}$ and $b_{1j}$ are struck out.
#
# - common line, nothing varies: `happiness ~ zoom_hours`
# - random intercepts, $b_{0j}$ varies: `happiness ~ zoom_hours + (1 | department)`
# - random slopes, $b_{1j}$ varies: `happiness ~ zoom_hours + (0 + zoom_hours | department)`
# - both vary: `happiness ~ zoom_hours + (zoom_hours | department)`
#
# R's lme4 takes the same formulas: `lmer(happiness ~ zoom_hours + (1 | department), data = happy)`.

# %% mends="x000-2"
shifts = models["random intercepts"].ranef()["department"]["(Intercept)"]
print(shifts.round(2).to_string())
people = happy.assign(shift=happy["department"].astype(str).map(shifts))
values = people.groupby("department", observed=True)["shift"].nunique()
lecture_vs_truth(
    "000, slide 6",
    "random effects are effects that can vary within groups",
    "they vary between groups, and everybody in a group shares the group's",
    f"{len(happy)} people, {len(shifts)} random intercepts, and within a department "
    f"{values.max()} value for all its {len(happy) // len(shifts)} people",
)

# %% mends="x003-1"
steepness = models["random slopes"].coef()["department"]["zoom_hours"]
lecture_vs_truth(
    "003, mixed-effects models",
    "random effects are categorical variables that act on the response in a consistent way",
    "what is categorical is the grouping factor (nest, person, department). Its effects are random draws, one"
    " per level, and may be intercepts or slopes of a continuous variable",
    "in the third picture the random effects belong to slopes of hours, a continuous variable: the slopes go from "
    f"{steepness.min():+.2f} ({steepness.idxmin()}) to {steepness.max():+.2f} ({steepness.idxmax()}) points per"
    " hour",
)

# %% [markdown]
# Play: which sliders give which of the four pictures? Set one spread to zero, then the other.

# %%
explorers.random_effects()

# %% [markdown]
# With both spreads at zero all groups have one line. A spread of intercepts alone gives parallel lines, a spread of slopes
# alone a fan from one point, and both together give lines that differ in start and steepness.

# %% [markdown] covers="000-s13 000-s14" asks="q000-13 q000-14"
# ## When would you want which?
#
# **Your turn.** Which study suits a **random intercept and a fixed slope**, and which a **fixed intercept and a
# random slope**? Answer `"a"`, `"b"` or `"c"`.
#
# - **a** Owl chicks are ringed at different ages and weights in forty nests. The same food is offered to all, and chicks
#   digest it alike.
# - **b** Bean plants grow from seed. On the day of sowing their height is zero, every plant's, and no ruler is needed to
#   know it. They grow at different speeds.
# - **c** Pupils come to school knowing more or less, and learn faster or slower.

# %%
your_intercept_study = ...
check("03.q1", your_intercept_study)

# %%
your_slope_study = ...
check("03.q2", your_slope_study)

# %% [markdown] asks="q000-13 q000-14"
# Our answers. Random intercept with a fixed slope: **a**. Nests differ in how heavy chicks are to begin with, but a gram of food
# is a gram of food: lines that are parallel, at different heights. So it is with mouse strains that weigh more or less
# and react alike to a drug, or with thermometers that are read in different rooms but obey one physics.
#
# Fixed intercept with a random slope: **b**. All start at the same place, and the start is known without error. So it is
# with a reaction that begins with no product. It is rare: if you are not *sure* of a common start, allow intercepts
# to differ. And **c** needs both.
#
# Beware of starts that are only *made* zero. Say that each patient's pain is written down as the *change* since the first visit:
# zero for everyone on that day. But the first visit was measured with error, like all the others. A patient who happened to score too
# high on that day has a change that is too low at *every* later visit. What all rows of a patient share is
# a random intercept, and its standard deviation is that of the error of one measurement.

# %% covers="000-s12" mends="x000-3"
tries = {
    "five mouse strains": lk.lmer("Weight ~ Dose + (Dose | Strain)", lk.load_data("mouse")),
    "two genders": lk.lmer("Value ~ Dose + (Dose | Gender)", lk.load_data("clinic")),
    "three cohorts": lk.lmer("Disease ~ Biomarker + (Biomarker | Cohort)", lk.load_data("biomarker")),
    "six departments": models["random intercepts and slopes"],
}
for name, fit in tries.items():
    verdict = "singular" if fit.is_singular else "fine"
    print(f"{name:20} correlation {fit.varcorr.frame['sdcor'].iloc[2]:+.2f}  {verdict}")
lecture_vs_truth(
    "000, slide 12",
    "letting everything vary is the most flexible choice, and therefore to be preferred",
    "flexibility has to be paid for with groups. From few groups, two variances and a correlation are hardly"
    " known, and the fit often ends on the boundary of what is possible: it is called singular",
    f"{sum(fit.is_singular for fit in tries.values())} of the lecture's own data sets give a singular fit,"
    " with a correlation of exactly plus or minus one; six departments are enough here",
)

# %% [markdown]
# (R agrees, but not at once for the cohorts: `lmer`'s default search stops early there, warns, and shows
# another correlation. With `lmerControl(optimizer = "bobyqa")` it finds the same fit as we do.)

# %% [markdown] covers="001-10 001-11 001-12 001-13 003-8" asks="q001-2 q003-1"
# ## Is it not simply a categorical variable?
#
# In lesson one the four clinics were a predictor of an ordinary linear model. Now we could write `(1 | group)`. First of all:
# *that* there are clinics is a fact of the design, and you take the grouping from the design, not from the look of the
# data. What is left to decide is whether the clinic's level (not the slope of age, which we take to be common) is
#
# - **fixed**: four parameters, one for each clinic. You may compare clinic one with clinic two. It costs degrees of
#   freedom;
# - **random**: two parameters, the mean of clinics and the variance between them. You may speak of clinics in general.

# %% asks="q001-2 q003-1"
plasma = lk.load_data("plasma_age")
as_fixed = lk.lm("conc ~ age + group", plasma)
as_random = lk.lmer("conc ~ age + (1 | group)", plasma)
average_age = plasma["age"].mean()
base = as_fixed.fixef["(Intercept)"]
level = pd.Series({g: base + as_fixed.fixef.get(f"group{g}", 0.0) for g in "1234"})
drawn = as_random.coef()["group"]["(Intercept)"]
table = pd.DataFrame(
    {
        "fixed": level + as_fixed.fixef["age"] * average_age,
        "random": drawn + as_random.fixef["age"] * average_age,
    }
).rename(index="clinic {} at the mean age".format)
table.loc["slope of age"] = [as_fixed.fixef["age"], as_random.fixef["age"]]
table.loc["its standard error"] = [as_fixed.se["age"], as_random.se["age"]]
table.loc["parameters for the clinics"] = [4, 2]
print(table.map("{:.3f}".format).to_string())
print()
print(as_random.varcorr)

# %%
means = plasma.groupby("group", observed=True)[["age", "conc"]].mean()
unpulled = means["conc"] - as_random.fixef["age"] * means["age"]  # each clinic by itself, at the common slope
pull = (drawn - unpulled).abs().max()
in_words(
    f"Every level has come closer to the others, by up to {(table['random'] - table['fixed']).iloc[:4].abs().max():.1f} "
    f"µmol/L. Most of that is due to the slope, which is not quite the same; at one and the same slope it is {pull:.1f}.",
)

# %% [markdown] asks="q001-2 q003-1"
# So: is it the same? Nearly, here. The levels agree closely, for each clinic has ten patients and clinics differ
# a lot. But the second column was made otherwise. It knows that clinics are draws from *one* distribution, it
# pulls them a little towards each other, and it has something to say about a fifth clinic that nobody has visited.
#
# And which of the two, for four clinics? If they are *the* four clinics of your city: fixed. If they stand for clinics at large: random
# in spirit, but four are few, so say how little you know about their spread:

# %% mends="x001-1 x001-2"
interval = as_random.confint(parm="sd_(Intercept)|group")
low, high = interval.loc["sd_(Intercept)|group"]
lecture_vs_truth(
    "001, fixed and random effects",
    "with random effects the group effects are not estimated, only their variance is; and four clinics are"
    " made random without further ado",
    "they are no parameters, but they are predicted (as conditional modes), and the lecture prints them"
    " itself in the end. With four levels the standard deviation is barely known, and a fixed group is as"
    " good",
    f"the SD between clinics is {as_random.varcorr.frame['sdcor'].iloc[0]:.1f}, with a 95% interval from"
    f" {low:.0f} to {high:.0f}; the slopes of age are {as_fixed.fixef['age']:.2f} (fixed) and"
    f" {as_random.fixef['age']:.2f} (random)",
)

# %% mends="x003-3"
sd_between, sd_within = as_random.varcorr.frame["sdcor"]
means = as_random.coef()["group"]["(Intercept)"]
lecture_vs_truth(
    "003, is that not just a categorical variable",
    "the effects of the categories are variations within a category, and their variance is the one within the"
    " group",
    "it is the variance between groups; the variance within them is that of the residuals",
    f"between clinics the model has an SD of {sd_between:.1f} (and the four predicted levels scatter with "
    f"{means.std():.1f}); within them {sd_within:.1f}",
)

# %% [markdown]
# ## The slope that is a mixture
#
# Something in that table should worry you. The common slope is not quite the same in the two columns. In lesson two a
# pooled slope turned out to be a mixture of a slope *within* groups and a slope *between* them. Here the random intercept makes
# the mixture lean heavily towards "within", but a mixture it remains. For the model assumes that **the groups' levels have
# nothing to do with the predictor**, and where that is so, both slopes are the same and may be mixed. Here it is not so: clinics with older patients have higher levels.
#
# The cure is simple, and known under the name of **Mundlak**: give the model the group's mean as a predictor of its own.
#
# $$\text{conc}_{ij} = \beta_0 + \beta_W\,(\text{age}_{ij} - \overline{\text{age}}_j) + \beta_B\,\overline{\text{age}}_j + b_j +
# \varepsilon_{ij}$$

# %%
plasma["clinic_age"] = plasma.groupby("group", observed=True)["age"].transform("mean")
plasma["age_within"] = plasma["age"] - plasma["clinic_age"]
parted = lk.lmer("conc ~ age_within + clinic_age + (1 | group)", plasma)
print(parted.coef_table(ddf="none").round(4).to_string())
print()
print(parted.varcorr)

# %% [markdown]
# `age_within` is a patient's age compared with their own clinic; `clinic_age` the clinic's average. The clinics' average
# ages explain their levels so well that no variance between clinics is left: with four clinics, no great feat.
#
# **Predict, then run.** If you write `conc ~ age + clinic_age + (1 | group)` instead, `age` keeps the slope within. Which coefficient
# will `clinic_age` have then? (It becomes what a clinic's average adds *at the same age*.)

# %%
your_context = ...
check("03.q3", your_context)

# %% mends="x001-6"
b_w, b_b = parted.fixef["age_within"], parted.fixef["clinic_age"]
mixture = as_random.fixef["age"]
lecture_vs_truth(
    "001, the random-intercept model",
    f"the effect of age is {mixture:.4f}",
    "that is a weighted mean of two slopes, within clinics and between them; report both if they differ",
    f"within {b_w:.3f}, between {b_b:+.3f}; the random-intercept slope gives"
    f" {(b_b - mixture) / (b_b - b_w):.1%} of the weight to within",
)

# %% [markdown]
# With many rows per group *and* groups that differ a lot, as here, the mixture is nearly pure, and little harm is done. With
# *few* rows per group, or groups that differ little, it can be bad. Five hundred nests, three chicks each; within a nest a chick that begs more gets more, with a slope of
# one; and nests with hungry parents beg more and get less.

# %% mends="x003-2"
rng = np.random.default_rng(5)
nest = np.repeat(np.arange(500), 3)
hunger = rng.normal(size=500)
begging = hunger[nest] + rng.normal(size=nest.size)
food = begging - 2 * hunger[nest] + rng.normal(size=500)[nest] + rng.normal(size=nest.size)
chicks = pd.DataFrame({"nest": nest.astype(str), "begging": begging, "food": food})
chicks["nest_mean"] = chicks.groupby("nest")["begging"].transform("mean")
chicks["begging_within"] = chicks["begging"] - chicks["nest_mean"]
slopes = {
    "lm, nests ignored": lk.lm("food ~ begging", chicks).fixef["begging"],
    "(1 | nest)": lk.lmer("food ~ begging + (1 | nest)", chicks).fixef["begging"],
    "with the mean": lk.lmer("food ~ begging + nest_mean + (1 | nest)", chicks).fixef["begging"],
    "nests fixed": lk.lm("food ~ 0 + begging_within", chicks).fixef.iloc[0],
}
print(pd.Series(slopes, name="slope").round(3).to_string())
lecture_vs_truth(
    "003, mixed-effects models",
    "leaving out random effects that are correlated with a predictor biases the results, so put them in",
    "true, but (1 | g) alone is no cure, for it assumes that there is no such correlation: add the groups'"
    " means, or make the groups fixed",
    f"the truth is 1; ignoring nests gives {slopes['lm, nests ignored']:.2f}, a random intercept "
    f"{slopes['(1 | nest)']:.2f}, with the nest's mean added {slopes['with the mean']:.2f}",
)

# %% [markdown] covers="004-7 004-9 004-11 004-13" asks="q004-2"
# ## Four days in the field
#
# Four studies. Read them, and decide for each of the variables in **bold**.
#
# 1. Do deer change the soil? Eight plots, four fenced against deer and four open (**treatment**); ten soil cores from each
#    **plot**.
# 2. Does management change the number of plant species? Twelve fields, each halved: **management** A on one half, B on
#    the other half of the **field**.
# 3. Does a corticosterone **implant** slow owl chicks down? In each of fifteen **nests** two chicks get the hormone, two a
#    placebo; each **chick** is weighed four times.
# 4. Do weather and hour change how active marmots are? Ten **animals**, watched at four **times** of the **day**,
#    twenty days; each day has its mean **temperature**.
#
# **Your turn.** List the names of the random ones among: treatment, plot, management, field, implant, nest, chick,
# time, temperature, day, animal.

# %%
your_random = ...  # for example ["treatment", "plot"]
check("03.q4", your_random)

# %% [markdown] covers="004-8 004-10 004-12 004-14" asks="q004-2"
# Our classification:
#
# | study | fixed | random | why |
# | --- | --- | --- | --- |
# | deer | treatment | plot | we chose to fence; these plots stand for others; cores of a plot share its soil |
# | halved fields | management | field | A against B is the question; fields were met; halves share a field |
# | implants | implant | nest, chick | hormone against placebo is the question; weighings share a chick, chicks a nest |
# | marmots | time, temperature | day, animal | four hours were chosen, temperature is a number with a slope; a day's weather is more than its temperature |
#
# (`day` means two things here. For the chicks it is a number, the days since the implant, with a slope. For the marmots it is a label:
# which of the twenty days.)
#
# Next we fit each of them with and without its random effects, and look at the effect in question.

# %% asks="q004-2"
studies = {
    "herbivory": ("nitrogen ~ treatment", "(1 | plot)", "treatmentexcluded"),
    "management": ("species ~ management", "(1 | field)", "managementB"),
    "implants": ("mass ~ day * implant", "(1 | nest) + (day | chick)", "day:implantP"),
    "behaviour": ("activity ~ time + temperature", "(1 | animal) + (1 | day)", "temperature"),
}
rows, fitted = [], {}
for name, (fixed_part, random_part, term) in studies.items():
    data = lk.load_data(name)
    fitted[name] = lk.lmer(f"{fixed_part} + {random_part}", data)
    with_groups = fitted[name].coef_table().loc[term]
    ignored = lk.lm(fixed_part, data).coef_table().loc[term]
    for label, row in {"ignored": ignored, "random": with_groups}.items():
        rows.append([f"{name}: {term}", label, *row[["estimate", "std_error", "p_value"]]])
header = ["study and effect", "groups", "estimate", "std_error", "p_value"]
print(table_text(pd.DataFrame(rows, columns=header).set_index("study and effect")))

# %% [markdown]
# The estimates are the same, since these four studies are balanced. What we believe about them is not. And the change is *not*
# always in one direction:
#
# - **deer** and **temperature**: these belong to plots and to days. Ignoring the groups took cores for plots and hours
#   for days, and the standard error came out far too small;
# - **management** and **growth under the implant**: these are compared *within* a field or a nest. Ignoring the groups left their
#   differences in the noise, and the standard error came out far too large.
#
# **Predict, then run.** In the deer study, how many degrees of freedom has the test of treatment? Eighty cores, eight
# plots, two treatments.

# %%
your_df = ...
check("03.q5", your_df)

# %%
for name, (*_, term) in studies.items():
    row = fitted[name].coef_table().loc[term]
    print(f"{name + ': ' + term:31} {row['df']:5.1f} df from {fitted[name].nobs} rows")

# %% [markdown]
# Six, for the deer: eight plots less two means. The days' temperatures are twenty less two; the fields' differences are twelve less
# one; and the sixty chicks' slopes are sixty less two. In balanced studies like these, degrees of freedom can be counted; lesson 11 tells
# where they come from elsewhere.

# %% [markdown] covers="002-3"
# ## Three options: average, split, or model
#
# With grouped data one can average each group and go on as before; or analyse every group by itself; or fit a mixed model.
# The first has a bad name, and does not always deserve it.

# %% covers="002-3" mends="x002-1"
cores = lk.load_data("herbivory")
plot_means = cores.groupby(["treatment", "plot"], observed=True)["nitrogen"].mean().reset_index()
averaged = lk.lm("nitrogen ~ treatment", plot_means).coef_table().loc["treatmentexcluded"]
modelled = fitted["herbivory"].coef_table().loc["treatmentexcluded"]
columns = ["estimate", "std_error", "df", "p_value"]
print(pd.DataFrame({"plot means": averaged[columns], "mixed model": modelled[columns]}).round(6).to_string())
lecture_vs_truth(
    "002, three options",
    "aggregating the data is rejected outright",
    "for balanced data and a treatment of whole groups, the analysis of the group means is exact; what it"
    " cannot do without help is use predictors that vary within a group, or weigh groups of unequal size",
    f"eight plot means give t = {averaged['statistic']:.4f}, "
    f"the mixed model of eighty cores t = {modelled['statistic']:.4f}",
)

# %% covers="002-5" mends="x002-4"
fields = lk.load_data("management")
wide = fields.pivot(index="field", columns="management", values="species")
paired = stats.ttest_rel(wide["B"], wide["A"])
lmm = fitted["management"].coef_table().loc["managementB"]
lecture_vs_truth(
    "002, mixed models and ANOVA",
    "ANOVA is for categorical covariates, mixed models are something else, and one chooses between them",
    "they are no alternatives: the classical repeated-measures ANOVA, and the paired t-test, are mixed models"
    " of balanced data",
    f"paired t-test: t = {paired.statistic:.4f} on {paired.df:.0f} df, p = {paired.pvalue:.6f}; "
    f"lmer with (1 | field): t = {lmm['statistic']:.4f} on {lmm['df']:.0f} df, p = {lmm['p_value']:.6f}",
)

# %% mends="x002-5"
many = lk.lm("species ~ management + field", fields)
fixed_row = many.coef_table().loc["managementB"]
lecture_vs_truth(
    "002, variancePartition",
    "variables with many categories must be random for the results to be statistically valid",
    "fixed effects stay valid for the groups at hand; they cost degrees of freedom, and leave no room for"
    " effects of whole groups (fixed plots would swallow the fence)",
    f"fields as {fields['field'].nunique() - 1} fixed parameters: {fixed_row['estimate']:.3f} (standard error"
    f" {fixed_row['std_error']:.3f}); random: {lmm['estimate']:.3f} ({lmm['std_error']:.3f})",
)

# %% [markdown]
# ## How many levels?
#
# "At least five" is what you will hear. But a standard deviation does not begin to exist at five. Here are estimated
# spreads between groups with their intervals (by profile likelihood, lesson eleven), from four levels to many.

# %% mends="x003-15"
simpson = lk.lmer("V2 ~ V1 + (1 | Group)", lk.load_data("simpson"))
cases = {
    "clinics": (as_random, "group"),
    "valleys": (simpson, "Group"),
    "mouse strains": (lk.lmer("Weight ~ Dose + (1 | Strain)", lk.load_data("mouse")), "Strain"),
    "plots": (fitted["herbivory"], "plot"),
    "fields": (fitted["management"], "field"),
    "lakes": (lk.lmer("length ~ 1 + (1 | group)", lk.load_data("groups20")), "group"),
    "drivers": (lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy")), "Subject"),
}
intervals = {}
for name, (fit, group) in cases.items():
    row = fit.confint(parm=f"sd_(Intercept)|{group}").iloc[0]
    intervals[name] = (fit.ngroups[group], fit.varcorr.frame["sdcor"].iloc[0], *row)
levels = pd.DataFrame.from_dict(intervals, orient="index", columns=["levels", "SD", "low", "high"])
levels = levels.sort_values("levels", kind="stable")
print(levels.round(2).to_string())

# %%
fig, ax = plt.subplots()
place = np.arange(len(levels))
ax.vlines(place, levels["low"] / levels["SD"], levels["high"] / levels["SD"], color=BLUE, lw=4)
ax.axhline(1, color="black", ls="--", label="the estimate")
ax.set_xticks(place, [f"{n}\n{k}" for n, k in levels["levels"].items()], fontsize=11)
ax.set_ylim(bottom=0)
ax.set_ylabel("95% interval of an SD / estimate")
ax.set_xlabel("grouping factor, and how many levels it has")
ax.legend()
plt.show()

# %% [markdown]
# Each bar is the interval of a standard deviation between groups, divided by its estimate. With four or five levels it
# spans from half to twice; it narrows slowly, and nothing special happens at any number.

# %% mends="x003-15"
variance = simpson.varcorr.frame["vcov"].iloc[0]
lecture_vs_truth(
    "003, mixed-effects models",
    "a random effect must have at least five levels for the model to work properly",
    "it is a rule of thumb for how well the variance is known; with fewer the model still runs, and with five"
    " it is known badly. Ten and more are better",
    f"the lecture's own example has five groups: variance {variance:.2f}, with a standard error of about "
    f"{variance * np.sqrt(2 / 4):.1f}",
)

# %% [markdown]
# ## Practise on twelve studies
#
# The explorer tells twelve short stories. Choose one, choose a variable, and say what it is; it answers, and tells you
# what so many levels are worth.

# %%
explorers.random_or_fixed()

# %% mends="x004-8"
lecture_vs_truth(
    "004, fixed vs random effects",
    "random effects have uninformative levels, are many, and we take no interest in the effect of each",
    "rules of thumb. The design and the target of inference decide, and one may well want each level's "
    "effect: the breeding value of a bull, the ranking of schools",
    "ranef() and coef() give them for all random levels: field "
    f"{fitted['management'].ranef()['field']['(Intercept)'].idxmax()} is the richest of the twelve, "
    f"{fitted['management'].ranef()['field']['(Intercept)'].max():+.1f} species above the average field",
)

# %% covers="004-15" mends="x004-9"
frame = fitted["implants"].varcorr.frame
nest_sd = frame.loc[(frame["grp"] == "nest") & frame["var2"].isna(), "sdcor"].iloc[0]
chick_sd = frame.loc[(frame["grp"] == "chick") & frame["var2"].isna(), "sdcor"].iloc[0]
total = nest_sd**2 + chick_sd**2 + fitted["implants"].sigma ** 2
lecture_vs_truth(
    "004, random effects",
    "random effects group the data in ways that we are not interested in; they have to be accounted for",
    "accounted for, yes, whether the study is an experiment or not. But the variation may be the very thing "
    "that we are after: heritability, repeatability, how different hospitals are",
    f"owl chicks at the day of the implant: {nest_sd**2 / total:.0%} of the variance of mass lies between"
    f" nests, {chick_sd**2 / total:.0%} between chicks of a nest. That is a finding, not a nuisance",
)

# %% [markdown] covers="004-16" asks="q004-3"
# ## Your own study
#
# Take a study of yours, or one you have read, and write down every variable. For each, ask:
#
# 1. is it a number or a category? (A number gets a slope. Only categories can be grouping factors.)
# 2. if I did it again, would I use the same levels?
# 3. do I want to compare these levels, or to know how much such levels differ?
# 4. do several rows share a level, so that they are not independent?
# 5. how many levels are there?
#
# "Other levels", "how much they differ", "yes" and "many": random. Here is an example, filled in. *Do barn owls in woodland bring
# other prey than barn owls on farmland? Thirty nests, two observers, pellets collected once a month, weighed.*
#
# | variable | number? | again the same levels? | compare or spread? | rows share it? | so |
# | --- | --- | --- | --- | --- | --- |
# | habitat | no | yes, woodland and farmland | compare | yes | fixed |
# | month | no (or a curve) | yes | compare | yes | fixed |
# | nest | no | no | spread | yes, its pellets | random |
# | observer | no | maybe not | spread, in spirit | yes | fixed: there are only two |
# | pellet weight | yes | | | | the response |
#
# One variable can be both, in two analyses: a study that *compares* thirty named nests would make them fixed, and lose the
# right to speak of owls in general.

# %%
key_points(
    "Fixed: these levels are the question. Random: these levels stand for others like them.",
    "Random effects vary between groups and are shared within a group; intercepts, slopes or both may vary.",
    "Effects of whole groups need groups as replicates; effects within groups gain from knowing the groups.",
    "Below about five levels a variance between groups is poorly known: treat them as fixed, or say how uncertain it is.",
    "A random intercept assumes that levels and predictor are unrelated; add the group's mean if they are"
    " not.",
)

# %% [markdown]
# ## Further reading
#
# - Mundlak, Y. (1978). On the pooling of time series and cross section data. *Econometrica* 46, 69–85.
# - Bell, A., and Jones, K. (2015). Explaining fixed effects: random effects modeling of time-series cross-sectional and
#   panel data. *Political Science Research and Methods* 3, 133–153.
# - Harrison, X. A., and others (2018). A brief introduction to mixed effects modelling and multi-model inference in
#   ecology. *PeerJ* 6, e4794.
# - Gelman, A. (2005). Analysis of variance: why it is more important than ever. *Annals of Statistics* 33, 1–53.
