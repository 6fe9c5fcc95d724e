# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=55 needs="how a factor becomes coefficients (01), why groups must not be forgotten (02)"
# # 3. Fixed or random?
#
# **You will be able to**
#
# - say what makes an effect fixed or random, and decide it from the design of a study;
# - draw the four pictures: common line, random intercepts, random slopes, both;
# - classify the variables of four field studies, and see what a wrong choice costs;
# - judge whether there are enough levels;
# - separate a slope within groups from a slope between them.
#
# **Data** `happiness`, `herbivory`, `management`, `implants`, `behaviour` (simulated),
# `plasma_age` and others that you know (synthetic: they give the results that lectures print).
#
# Run every cell from top to bottom. Where you meet three dots, decide on an answer before you run on.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt

# %% [markdown] covers="001-9 003-5 004-3 004-4 004-5 004-6" mends="x004-8"
# ## The question
#
# You have weighed the chicks of fifteen owl nests. Half of the chicks got a hormone, half a placebo. *Hormone* and *nest*
# are both categories. A computer sees no difference between them. You do. If you repeated the study next year, you would
# use the same hormone and the same placebo, but **other nests**. That is the idea, all of it:
#
# - an effect is **fixed** when its levels are the very ones you want to know about. You estimate each of them;
# - an effect is **random** when its levels are a sample. They stand for a population from which others might have come.
#   You estimate *how much they vary*, and from that you can predict each of them, too.
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
# The first three rows decide. The last two are rough rules. You may also read that nobody takes an interest in each
# random level. In truth one may well: in the breeding value of a bull, or in the best of twenty schools. `ranef()`
# predicts them all.

# %% [markdown] covers="000-s6"
# ## Four pictures
#
# Recall the university, its six departments and the video meetings. What may differ between departments? Where
# people start, how fast happiness falls with the hours, both, or neither. In symbols, for person $i$ of department $j$:
#
# $$y_{ij} = (\beta_0 + b_{0j}) + (\beta_1 + b_{1j})\,x_{ij} + \varepsilon_{ij}$$
#
# Four models are what is left when both, one, the other or none of $b_{0j}$ and $b_{1j}$ are left out. Each formula
# says in its bracket what varies, and after the bar by which *grouping factor*.

# %% covers="000-s6 000-s11 003-6"
happy = lk.load_data("happiness")
models = {
    "common line": lk.lm("happiness ~ zoom_hours", happy),
    "random intercepts": lk.lmer("happiness ~ zoom_hours + (1 | department)", happy),
    "random slopes": lk.lmer("happiness ~ zoom_hours + (0 + zoom_hours | department)", happy),
    "both": lk.lmer("happiness ~ zoom_hours + (zoom_hours | department)", happy),
}

# %% tags=["picture"] covers="000-s6 000-s7 000-s8 000-s9 000-s10 000-s11 003-6 003-7"
# Picture: six departments, four models
COLOURS = (lesson.BLUE, lesson.RED, lesson.GREEN, lesson.PINK, lesson.ORANGE, lesson.SKY)
fig, axes = plt.subplots(2, 2, figsize=(9.5, 4.3), sharex=True, sharey=True, layout="constrained")
hours = np.array([0.0, 10.0])
starts, falls = {}, {}
for ax, (title, fit) in zip(axes.flat, models.items(), strict=True):
    groups = zip(COLOURS, "os^DvP", happy.groupby("department", observed=True), strict=True)
    drawn = []
    for colour, marker, (name, mine) in groups:
        ax.plot(mine["zoom_hours"], mine["happiness"], marker, color=colour, ms=4, alpha=0.5, label=name)
        drawn.append(fit.predict(pd.DataFrame({"zoom_hours": hours, "department": name})).to_numpy())
        ax.plot(hours, drawn[-1], color=colour, lw=2)
    starts[title] = np.ptp([line[0] for line in drawn])
    falls[title] = np.ptp([line[1] - line[0] for line in drawn])
    ax.set_title(title)
fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=6, fontsize=11)
fig.supxlabel("hours of video meetings")
fig.supylabel("happiness (points)")
lesson.show(
    "Four pictures of six lines. "
    + "; ".join(f"{title}: starts differ by {starts[title]:.1f}, falls by {falls[title]:.1f}" for title in models)
    + " points."
)

# %% [markdown]
# Colour and shape are the department. Top left, one line for all (the six lie on top of each other). Top right,
# lines of one steepness that start at different heights. Bottom left, all lines fan out from one start. Bottom right,
# each has a start and a steepness of its own. R's lme4 takes the same formulas, as in
# `lmer(happiness ~ zoom_hours + (1 | department), data = happy)`. How do the departments differ in the second model?

# %% mends="x000-2"
models["random intercepts"].ranef()["department"]["(Intercept)"].round(2).to_frame("shift").T

# %% [markdown] mends="x000-2 x003-1"
# You may read that random effects vary *within* groups. In truth they vary **between** groups, and everybody in a group
# shares the group's: six numbers for sixty-six people. You may also read that random effects are categorical variables.
# What is categorical is the grouping factor. Its effects are random draws, one per level, and they may be slopes of a
# number, as in the third model.

# %% [markdown] covers="000-s13 000-s14" asks="q000-13 q000-14"
# ## When would you want which?
#
# - **a** Owl chicks are ringed at different ages and weights in forty nests. The same food is offered to all, and chicks
#   digest it alike.
# - **b** Bean plants grow from seed. On the day of sowing their height is zero, every plant's, and no ruler is needed to
#   know it. They grow at different speeds.
# - **c** Pupils come to school knowing more or less, and learn faster or slower.
#
# **Your turn.** Which study suits a **random intercept and a fixed slope**: `"a"`, `"b"` or `"c"`?

# %%
your_intercept_study = ...
check("03.q1", your_intercept_study)

# %% [markdown]
# **Your turn.** And which a **fixed intercept and a random slope**?

# %%
your_slope_study = ...
check("03.q2", your_slope_study)

# %% [markdown] asks="q000-13 q000-14" covers="000-s12" mends="x000-3"
# The nests are the first, the beans the second; pupils need both to vary. A common start that is known without error is
# rare. If you are not *sure* of it, allow intercepts to differ.
#
# Beware of starts that are only *made* zero. Say that each patient's pain is written down as the *change* since the first
# visit: zero for everyone on that day. But the first visit was measured with error, like all the others. A patient who
# happened to score too high on that day has a change that is too low at *every* later visit. What all rows of a patient
# share is a random intercept, and its standard deviation is that of the error of one measurement.
#
# Why not always let everything vary? You may read that this is the most flexible choice, and therefore the best. In truth
# flexibility has to be paid for with groups. From few groups, two variances and a correlation are hardly known. The fit
# then often ends at the edge of what is possible, with a correlation of plus or minus one. It is called *singular* (lesson 5).

# %% covers="000-s12" mends="x000-3"
tries = {
    "five mouse strains": lk.lmer("Weight ~ Dose + (Dose | Strain)", lk.load_data("mouse")),
    "two genders": lk.lmer("Value ~ Dose + (Dose | Gender)", lk.load_data("clinic")),
    "three cohorts": lk.lmer("Disease ~ Biomarker + (Biomarker | Cohort)", lk.load_data("biomarker")),
    "six departments": models["both"],
}
sd_of = {name: round(fit.varcorr.frame["sdcor"].iloc[2], 2) for name, fit in tries.items()}
rows = {name: [sd_of[name], fit.is_singular] for name, fit in tries.items()}
pd.DataFrame(rows, ["correlation", "singular"]).T

# %% [markdown] covers="001-10 001-11 001-12 001-13 003-8" asks="q001-2 q003-1"
# (R agrees, but not at once for the cohorts: `lmer`'s default search stops early there, warns, and shows
# another correlation. With `lmerControl(optimizer = "bobyqa")` it finds the same fit as we do.)
#
# ## Is it not simply a categorical variable?
#
# In lesson one the four clinics were a predictor of an ordinary linear model. Now we could write `(1 | group)`. *That*
# there are clinics is a fact of the design, and you take the grouping from the design, not from the look of the
# data. What is left to decide is whether the clinic's level is
#
# - **fixed**: four parameters, one for each clinic. You may compare clinic one with clinic two;
# - **random**: two parameters, the mean of clinics and the variance between them. You may speak of clinics in general.

# %% asks="q001-2 q003-1"
plasma = lk.load_data("plasma_age")
as_fixed = lk.lm("conc ~ age + group", plasma)
as_random = lk.lmer("conc ~ age + (1 | group)", plasma)
patients = pd.DataFrame({"age": plasma["age"].mean(), "group": list("1234")})  # one in each clinic
table = pd.DataFrame({"fixed": as_fixed.predict(patients), "random": as_random.predict(patients)})
table.index = [f"clinic {name}" for name in "1234"]
table.loc["slope of age"] = as_fixed.fixef["age"], as_random.fixef["age"]
table.loc["its standard error"] = as_fixed.se["age"], as_random.se["age"]
table.round(3)

# %% tags=["fold"] mends="x001-1 x001-2"
# In words: how far the levels moved, and how sure their spread is
means = plasma.groupby("group", observed=True)[["age", "conc"]].mean()
unpulled = means["conc"] - as_random.fixef["age"] * means["age"]  # each clinic by itself, at the common slope
pull = (as_random.coef()["group"]["(Intercept)"] - unpulled).abs().max()
low, high = as_random.confint(parm="sd_(Intercept)|group").iloc[0]
lesson.in_words(
    f"Every level has come closer to the others, by up to {(table['random'] - table['fixed']).iloc[:4].abs().max():.1f} "
    f"µmol/L. Most of that is due to the slope, which is not quite the same; at one and the same slope it is {pull:.1f}.",
    f"The SD between clinics is {as_random.varcorr.frame['sdcor'].iloc[0]:.0f}, with a 95% interval from {low:.0f} to"
    f" {high:.0f}; that within them is {as_random.sigma:.0f}.",
)

# %% [markdown] asks="q001-2 q003-1" mends="x001-1 x001-2"
# So: is it the same? Nearly, here. The levels agree closely, for each clinic has ten patients and clinics differ
# a lot. But the second column was made otherwise. It knows that clinics are draws from *one* distribution, it
# pulls them a little towards each other, and it has something to say about a fifth clinic that nobody has visited. You may
# read that with random effects only a variance is estimated. In truth each level is predicted as well, as you see.
#
# And which of the two, for four clinics? If they are *the* four clinics of your city: fixed. If they stand for clinics
# in general: random, by the question. But with four levels the standard deviation is barely known. Say so, or take them as
# fixed, which is as good.

# %% [markdown]
# ## The slope that is a mixture
#
# Something in that table should worry you. The common slope is not quite the same in the two columns. In lesson two a
# pooled slope turned out to be a mixture of a slope *within* groups and a slope *between* them. Here the random intercept
# makes the mixture lean heavily towards "within", but a mixture it remains. For the model assumes that **the groups' levels
# have nothing to do with the predictor**. Where that is so, both slopes are the same and may be mixed. Here it is not so:
# clinics with older patients have higher levels.
#
# The cure is simple, and known under the name of **Mundlak**: give the model the group's mean as a predictor of its own.
# `age_within` is a patient's age compared with their own clinic, `clinic_age` the clinic's average.
#
# $$\text{conc}_{ij} = \beta_0 + \beta_W\,(\text{age}_{ij} - \overline{\text{age}}_j) + \beta_B\,\overline{\text{age}}_j + b_j +
# \varepsilon_{ij}$$

# %% mends="x001-6"
plasma["clinic_age"] = plasma.groupby("group", observed=True)["age"].transform("mean")
plasma["age_within"] = plasma["age"] - plasma["clinic_age"]
apart = lk.lmer("conc ~ age_within + clinic_age + (1 | group)", plasma)
b_w, b_b = apart.fixef["age_within"], apart.fixef["clinic_age"]
weight = (b_b - as_random.fixef["age"]) / (b_b - b_w)
left_over = apart.varcorr.frame["sdcor"].iloc[0]
print(f"within {b_w:.3f}   between {b_b:+.3f}   SD of clinics that is left {left_over:.1f}")
print(f"random intercept alone {as_random.fixef['age']:.4f}, of which within has a weight of {weight:.1%}")

# %% [markdown] mends="x001-6"
# You may read that the effect of age is the random-intercept slope. In truth that is a weighted mean of two slopes; report
# both if they differ. (The clinics' average ages explain their levels so well that no variance between clinics is left: with
# four clinics, that is easy.)
#
# **Predict, then run.** If you write `conc ~ age + clinic_age + (1 | group)` instead, `age` keeps the slope within. Which
# coefficient will `clinic_age` have then? (It becomes what a clinic's average adds *at the same age*.) Two digits are enough.

# %%
your_context = ...
check("03.q3", your_context)

# %%
lk.lmer("conc ~ age + clinic_age + (1 | group)", plasma).fixef.round(3).to_frame("estimate").T

# %% [markdown] mends="x003-2"
# With many rows per group *and* groups that differ a lot, as here, the mixture is nearly pure, and little harm is done. With
# *few* rows per group, or groups that differ little, it can be bad. Five hundred nests, three chicks each. Within a nest a
# chick that begs more gets more, with a slope of one. And nests with hungry parents beg more and get less. You may read that
# leaving out such a random effect biases the slope, so put it in. True, but does `(1 | nest)` cure it?

# %% tags=["fold"] mends="x003-2"
# Data: five hundred nests, three chicks each
rng = np.random.default_rng(5)
nest = np.repeat(np.arange(500), 3)
hunger = rng.normal(size=500)[nest]
begging = hunger + rng.normal(size=1500)
food = begging - 2 * hunger + rng.normal(size=500)[nest] + rng.normal(size=1500)
chicks = pd.DataFrame({"nest": nest.astype(str), "begging": begging, "food": food})

# %% mends="x003-2"
chicks["nest_mean"] = chicks.groupby("nest")["begging"].transform("mean")
slopes = {
    "nests ignored": lk.lm("food ~ begging", chicks),
    "(1 | nest)": lk.lmer("food ~ begging + (1 | nest)", chicks),
    "with the mean": lk.lmer("food ~ begging + nest_mean + (1 | nest)", chicks),
}
found = pd.Series({name: fit.fixef["begging"] for name, fit in slopes.items()})
found.round(2).to_frame("slope, in truth 1").T

# %% [markdown] covers="004-7 004-9 004-11 004-13" asks="q004-2"
# No. Alone it is only a part of the cure, for it assumes that there is no such connection. The nest's mean brings the truth back.
#
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
# time, temperature, day, animal. For example `["treatment", "plot"]`.

# %%
your_random = ...
check("03.q4", your_random)

# %% [markdown] covers="004-8 004-10 004-12 004-14" asks="q004-2"
# Our classification:
#
# | study | fixed | random | why |
# | --- | --- | --- | --- |
# | deer | treatment | plot | we chose to fence; these plots stand for others; cores of a plot share its soil |
# | halved fields | management | field | A against B is the question; fields were met; halves share a field |
# | implants | implant | nest, chick | hormone against placebo is the question; weighings share a chick, chicks a nest |
# | marmots | time, temperature | day, animal | four hours were chosen, temperature is a number with a slope |
#
# (`day` means two things here. For the chicks it is a number, the days since the implant, with a slope. For the marmots it
# is a label: which of the twenty days.) Next we fit each of them with and without its random effects.

# %% asks="q004-2"
studies = {
    "herbivory": ("nitrogen ~ treatment", "(1 | plot)", "treatmentexcluded"),
    "management": ("species ~ management", "(1 | field)", "managementB"),
    "implants": ("mass ~ day * implant", "(1 | nest) + (day | chick)", "day:implantP"),
    "behaviour": ("activity ~ time + temperature", "(1 | animal) + (1 | day)", "temperature"),
}
rows, fitted = {}, {}
for name, (fixed_part, random_part, term) in studies.items():
    data = lk.load_data(name)
    fitted[name] = lk.lmer(f"{fixed_part} + {random_part}", data)
    ignored = lk.lm(fixed_part, data)
    both = [ignored.fixef[term], fitted[name].fixef[term], ignored.se[term], fitted[name].se[term]]
    rows[f"{name}: {term}"] = both
header = ["estimate, groups ignored", "groups random", "std. error, ignored", "random"]
pd.DataFrame(rows, header).T.round(3)

# %% [markdown]
# The estimates are the same, since these four studies are balanced (each unit has as many rows as the others). What we
# believe about them is not. And the change is *not* always in one direction:
#
# - **deer** and **temperature**: these belong to plots and to days. Ignoring the groups took cores for plots and hours
#   for days, and the standard error came out far too small;
# - **management** and **growth under the implant**: these are compared *within* a field or a nest. Ignoring the groups
#   left their differences in the noise, and the standard error came out far too large.
#
# **Predict, then run.** In the deer study, how many degrees of freedom has the test of treatment? Eighty cores, eight
# plots, two treatments. (Degrees of freedom: the independent pieces of information less the means that are estimated.)

# %%
your_df = ...
check("03.q5", your_df)

# %%
df = {name: fitted[name].coef_table().loc[term, "df"] for name, (*_, term) in studies.items()}
rows = {name: fitted[name].nobs for name in studies}
pd.DataFrame({"degrees of freedom": df, "rows": rows}).round().astype(int).T

# %% [markdown] covers="002-3" mends="x002-1 x002-4 x002-5"
# Six, for the deer: eight plots less two means. The days' temperatures are twenty less two; the fields' differences are
# twelve less one; and the sixty chicks' slopes are sixty less two. In balanced studies like these, degrees of freedom can be
# counted. Lesson 11 tells where they come from elsewhere.
#
# ## Three options: average, split, or model
#
# With grouped data one can average each group and go on as before; or analyse every group by itself; or fit a mixed model.
# You may read that averaging is wrong, and that ANOVA is something else than a mixed model. Let us see.

# %% covers="002-3 002-5" mends="x002-1 x002-4 x002-5"
cores, fields = lk.load_data("herbivory"), lk.load_data("management")
plot_means = cores.groupby(["treatment", "plot"], observed=True)["nitrogen"].mean().reset_index()
pairs = fields.pivot(index="field", columns="management", values="species")
pairs["difference"] = pairs["B"] - pairs["A"]
fits = {
    "deer: eight plot means, lm": (lk.lm("nitrogen ~ treatment", plot_means), "treatmentexcluded"),
    "deer: eighty cores, lmer": (fitted["herbivory"], "treatmentexcluded"),
    "fields: paired t-test": (lk.lm("difference ~ 1", pairs), "(Intercept)"),
    "fields: field fixed, lm": (lk.lm("species ~ management + field", fields), "managementB"),
    "fields: field random, lmer": (fitted["management"], "managementB"),
}
columns = ["estimate", "std_error", "statistic", "p_value"]
rows = {name: fit.coef_table().loc[[term], columns] for name, (fit, term) in fits.items()}
pd.concat(rows).droplevel(1).round(3)

# %% [markdown] mends="x002-1 x002-4 x002-5"
# In truth, for balanced data and a treatment of whole groups, the analysis of the group means is exact. What it cannot do
# without help is use predictors that vary within a group, or weigh groups of unequal size. The classical
# repeated-measures ANOVA, and the paired t-test, *are* mixed models of balanced data. And you may read that a variable with many
# categories must be random for the results to be valid. In truth fixed fields give the same answer here. They cost degrees of freedom,
# and leave no room for effects of whole groups: fixed plots would leave nothing of the fence.

# %% [markdown]
# ## How many levels?
#
# "At least five" is what you will hear. But a standard deviation does not begin to exist at five. Here are estimated
# spreads between groups with their 95 % intervals (lesson 11 tells how), from four levels to many.

# %% tags=["picture"] mends="x003-15"
# Picture: 95% intervals of a spread, divided by the estimate
cases = {
    "clinics": (as_random, "group"),
    "valleys": (lk.lmer("V2 ~ V1 + (1 | Group)", lk.load_data("simpson")), "Group"),
    "strains": (lk.lmer("Weight ~ Dose + (1 | Strain)", lk.load_data("mouse")), "Strain"),
    "plots": (fitted["herbivory"], "plot"),
    "fields": (fitted["management"], "field"),
    "drivers": (lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy")), "Subject"),
    "lakes": (lk.lmer("length ~ 1 + (1 | group)", lk.load_data("groups20")), "group"),
}
ends = {
    f"{name}\n{fit.ngroups[group]}": fit.confint(parm=f"sd_(Intercept)|{group}").iloc[0]
    / fit.varcorr.frame["sdcor"].iloc[0]
    for name, (fit, group) in cases.items()
}
fig, ax = plt.subplots(figsize=(8, 2.7))
for place, (low, high) in enumerate(ends.values()):
    ax.vlines(place, low, high, color=lesson.BLUE, lw=4)
ax.axhline(1, color="black", ls="--", label="the estimate")
ax.set_xticks(range(len(ends)), list(ends), fontsize=11)
ax.set_ylim(bottom=0)
ax.set_ylabel("interval / estimate")
ax.set_xlabel("groups, and how many there are")
ax.legend()
first, *_, last = ends.values()
lesson.show(
    f"Seven vertical bars around 1. For the four clinics the bar goes from {first.iloc[0]:.1f} to {first.iloc[1]:.1f} times "
    f"the estimate, for the twenty lakes from {last.iloc[0]:.1f} to {last.iloc[1]:.1f}."
)

# %% [markdown] mends="x003-15"
# With four or five levels the interval spans from half to twice the estimate. It narrows slowly, and nothing special happens
# at any number. You may read that a random effect needs five levels to work properly. In truth that is a rough rule for how well
# the variance is known. With fewer the model still runs, with five it is known badly, and ten and more are better.
#
# The explorer tells twelve short stories. Choose one, choose a variable, and say what it is. It answers, and tells you
# what so many levels are worth.

# %%
explorers.random_or_fixed()

# %% [markdown] covers="004-15" mends="x004-9"
# You may read that random effects are something that we are not interested in, and only have to account for. In truth the
# variation may be the very thing that we are after: heritability, repeatability, how different hospitals are. Take the owl
# chicks:

# %% covers="004-15" mends="x004-8 x004-9"
frame = fitted["implants"].varcorr.frame
start = frame[frame["var2"].isna() & (frame["var1"] != "day")].set_index("grp")["vcov"]
(100 * start / start.sum()).round(0).to_frame("per cent of the variance at day 0").T

# %% [markdown] covers="004-16" asks="q004-3"
# Most of it lies between nests. That is a finding, and no disturbance.
#
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
# "Other levels", "how much they differ", "yes" and "many": random. An example, filled in: *Do barn owls in
# woodland bring other prey than barn owls on farmland? Thirty nests, two observers.*
#
# | variable | number? | again the same levels? | compare or spread? | so |
# | --- | --- | --- | --- | --- |
# | habitat | no | yes, woodland and farmland | compare | fixed |
# | nest | no | no | spread | random |
# | observer | no | maybe not | spread, if there were more | fixed: there are only two |
#
# One variable can be both, in two analyses. A study that *compares* thirty named nests would make them fixed, and lose the
# right to speak of owls in general.

# %% tags=["box"]
# Box: five points to take with you
lesson.key_points(
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
