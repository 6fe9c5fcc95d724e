# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] covers="000-s1 001-1 003-1" minutes=40 needs="what a mean is, and the equation of a straight line"
# # 1. Linear models and the promise they make
#
# **You will be able to**
#
# - read intercept and slope off a fitted line, and predict with them;
# - name the four assumptions of a linear model, and the picture that shows each;
# - see when rows are not independent, and what that costs;
# - choose the kind of model with four questions.
#
# **Data** `happiness` and `plasma_age` (both synthetic: made to give the results that two lectures print; no person
# stands behind them).
#
# Run every cell from top to bottom. Where you meet three dots, decide on an answer before you run on.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt, stats

# %% [markdown]
# ## What does an hour of meetings cost?
#
# Sixty-six people from a university spent a day with video meetings. Some had none, some sat through ten hours.
# In the evening each of them said how happy they were, on a scale from 0 to 15.

# %% covers="000-s4 001-2"
happy = lk.load_data("happiness")
happy.head(3)

# %% [markdown]
# **How much happiness does one hour cost?** A straight line is the simplest answer with a number in it. The *intercept* is
# where it starts, at no hours at all. The *slope* is what one more hour does.
#
# $$\text{happiness}_i = \beta_0 + \beta_1\,\text{hours}_i + \varepsilon_i,\qquad \varepsilon_i \sim N(0, \sigma^2)$$
#
# In words: the happiness of person $i$ is a common start, plus a common price for every hour, plus whatever is
# peculiar to this person. Happiness is called the *outcome* (or response), the hours are the *predictor*. $\varepsilon$ is
# called the *error*. It is the distance of a person from the line, and nobody has made a mistake.
#
# In the code, read the wavy line `~` as "depends on". The intercept comes along by itself. In R one writes
# `lm(happiness ~ zoom_hours, data = happy)`.

# %% covers="000-s4 001-2"
line = lk.lm("happiness ~ zoom_hours", happy)
line.fixef.round(2).to_frame("estimate")

# %% [markdown]
# **Predict, then run.** Somebody has five hours of meetings ahead. What does the line say of their evening? Work it
# out in your head, from the two numbers above.

# %%
your_happiness = ...
check("01.q1", your_happiness)

# %%
five = line.predict(pd.DataFrame({"zoom_hours": [5]})).iloc[0]
print(f"after five hours: {five:.1f} points")

# %% tags=["picture"]
# Picture: sixty-six people, and the line
start, cost = line.fixef
hours = np.array([0.0, 10.0])
fig, ax = plt.subplots(figsize=(8, 3.8))
ax.plot(happy["zoom_hours"], happy["happiness"], "o", color=lesson.GREY, ms=5, alpha=0.7, label="one person")
ax.plot(hours, start + cost * hours, "--", color="black", lw=3, label="one line for all")
ax.plot([0, 5, 5], [five, five, 0], ":", color=lesson.RED)
ax.plot(5, five, "D", color=lesson.RED, ms=8, label="after five hours")
ax.set_ylim(0, 15)
ax.set_xlabel("hours of video meetings")
ax.set_ylabel("happiness (points)")
ax.legend(loc="upper right", ncols=3, fontsize=11)
lesson.show(
    f"A cloud of {len(happy)} dots. A dashed line falls from {start:.0f} points at no hours to "
    f"{start + 10 * cost:.0f} at ten; a diamond marks {five:.1f} points at five hours."
)

# %% [markdown]
# Each dot is one person. Many dots are far from the line, and we shall soon ask whether they are far *together*.
#
# ## Does "fixed" mean "the same for everybody"?
#
# Our line gives one price per hour to all. The word for such a coefficient is *fixed effect*. You may read that a fixed
# effect is one that is the same in all groups. In truth "fixed" means only that it is *not random*: it is a number that we
# want to know. It may well differ between groups, if you write an *interaction*. In a formula, `*` means "both
# predictors, and let the effect of one depend on the other". Here every department gets a price of its own:

# %% covers="000-s3" mends="x000-1"
own_price = lk.lm("happiness ~ zoom_hours * department", happy)
departments = happy["department"].cat.categories
extra = [own_price.fixef.get(f"zoom_hours:department{name}", 0) for name in departments]
per_hour = own_price.fixef["zoom_hours"] + np.array(extra)
pd.Series(per_hour, departments).round(2).to_frame("happiness per hour").T

# %% tags=["fold"] mends="x000-1"
# In words: the cheapest and the dearest hour
lesson.in_words(
    f"One plain lm, fixed effects only, and an hour costs between {-max(per_hour):.2f} and "
    f"{-min(per_hour):.2f} points, depending on the department."
)

# %% [markdown] covers="001-3"
# What a linear model does need is something else. Knowing one person's distance from the line must tell you nothing about
# the next person's.
#
# ## Four promises
#
# A line can be drawn through any cloud of dots. `lm` takes the line with the smallest sum of squared distances, measured straight up or
# down (*least squares*). It also prints how sure each coefficient is. The *standard error* says how far the slope would scatter
# if the study were done again and again. The *p-value* says how often a slope at least as far from zero would come about if there
# were none. For these numbers to mean what they say, the data have to keep four promises:
#
# | promise | in plain words | where you see it broken |
# | --- | --- | --- |
# | **linearity** | the mean follows the line | residuals against fitted values: a bend |
# | **independence** | one residual tells nothing about the next | residuals by group: groups stick together |
# | **equal spread** | the scatter is as wide on the left as on the right | residuals against fitted values: a funnel |
# | **normality** | the residuals follow a bell curve | a QQ plot (residuals against those of a bell curve): dots leave the line |
#
# A *residual* is what is left: the observed value minus the line. The promises are about residuals, not about
# the raw data. They do not weigh the same. Normality matters for p-values from few rows, and hardly for standard
# errors. The second promise is the one that people forget. No ordinary plot shows it unless you know the groups.
#
# ## Plasma and age
#
# Forty patients, ten from each of four clinics, gave a blood sample each. Does the concentration of some
# substance in the plasma rise with age?

# %%
plasma = lk.load_data("plasma_age")
plasma.head(3)

# %% tags=["picture"]
# Picture: forty patients, and the common line
ages = np.array([plasma["age"].min(), plasma["age"].max()])
slope, level = np.polyfit(plasma["age"], plasma["conc"], 1)
fig, ax = plt.subplots(figsize=(8, 3.6))
ax.plot(plasma["age"], plasma["conc"], "o", color=lesson.GREY, ms=6)
ax.plot(ages, level + slope * ages, "--", color="black", lw=3)
ax.set_xlabel("age (years)")
ax.set_ylabel("plasma concentration\n(µmol/L)")
lesson.show(
    f"A cloud of {len(plasma)} dots, ages {ages[0]:.0f} to {ages[1]:.0f}, with a line that rises by {slope:.1f} a year."
)

# %% [markdown]
# The printout of a fit in full looks as in R. `Estimate` has the intercept and the slope, `Std. Error` the standard errors,
# `Pr(>|t|)` the p-values. *Degrees of freedom* are the rows less the coefficients: forty less two.

# %% covers="001-4"
m0 = lk.lm("conc ~ age", plasma)
print(m0.summary())

# %% tags=["fold"]
# In words: what the table says
lesson.in_words(
    f"With every year the concentration is {m0.fixef['age']:.1f} µmol/L higher "
    f"({lesson.p_value(m0.coef_table().loc['age', 'p_value'])}).",
    f"Age alone accounts for {m0.r_squared:.0%} of the variance (R-squared). Shall we publish?",
)

# %% [markdown] asks="q001-1"
# Look hard at the cloud, and think of where the patients come from. The next cell shows the residuals in three ways.
#
# **Predict, then run.** Are the assumptions fulfilled? Which one is in the deepest trouble: `"linearity"`,
# `"independence"`, `"equal spread"` or `"normality"`?

# %%
your_promise = ...
check("01.q2", your_promise)

# %% tags=["picture"] covers="001-5"
# Picture: the residuals, seen in three ways
STYLES = {"1": (lesson.BLUE, "o"), "2": (lesson.RED, "s"), "3": (lesson.GREEN, "^"), "4": (lesson.PINK, "D")}


def three_pictures(fit):
    """Draw the residuals in three ways; return the slope of each clinic's residuals on age."""
    left = fit.resid().to_numpy()
    _, axes = plt.subplots(1, 3, figsize=(9.5, 3.6), layout="constrained", sharey=True)
    axes[0].plot(fit.fitted, left, "o", color=lesson.GREY, ms=5)
    axes[0].set_xlabel("fitted value (µmol/L)")
    axes[0].set_ylabel("residual (µmol/L)")
    (theory, sample), (slope, level, _) = stats.probplot(left)
    axes[1].plot(theory, sample, "o", color=lesson.GREY, ms=5)
    axes[1].plot(theory, level + slope * theory, color="black", lw=1)
    axes[1].set_xlabel("quantile of a bell curve")
    trends = []
    for clinic, (colour, marker) in STYLES.items():
        mine = (plasma["group"].astype(str) == clinic).to_numpy()
        axes[2].plot(plasma["age"][mine], left[mine], marker, color=colour, ms=6, label=f"clinic {clinic}")
        trends.append(np.polyfit(plasma["age"][mine], left[mine], 1)[0])
    axes[2].set_xlabel("age (years)")
    axes[2].legend(fontsize=9, ncols=2, loc="upper right")
    axes[2].set_ylim(top=1.5 * left.max())
    for ax in axes[[0, 2]]:
        ax.axhline(0, color="black", lw=1)
    return trends


trends = three_pictures(m0)
lesson.show(
    "Left, a shapeless band of residuals; in the middle, dots along the line of a bell curve; right, four streaks that "
    f"fall with age, by {-max(trends):.1f} to {-min(trends):.1f} µmol/L a year."
)

# %% [markdown] covers="001-5"
# Left and middle: no bend, no funnel, and the bell curve is fair. But on the right the residuals come in four falling
# streaks, one for each clinic. Tell me the clinic and the age, and I can tell you of most patients whether they lie above
# the line or below. The forty patients are not forty independent witnesses.
#
# ## With and without the clinic
#
# The remedy needs no new idea: make the clinic a predictor. Every clinic gets a level of its own, and all share one slope
# for age.

# %% covers="001-6"
m1 = lk.lm("conc ~ age + group", plasma)
print(m1.summary())

# %% [markdown]
# The sign has turned! And the four clinics are there as *differences from the first*. R does the same with a factor (a
# predictor that is a category) unless told otherwise.
#
# **Predict, then run.** The line of clinic three: at which concentration does it start, at age zero? Two digits are
# enough. (Nobody is zero years old here. An intercept may lie far from all data.)

# %%
your_intercept = ...
check("01.q3", your_intercept)

# %%
born = pd.DataFrame({"age": [0, 0], "group": ["1", "3"]}, index=["clinic 1", "clinic 3"])
m1.predict(born).round(1).to_frame("at age zero")

# %% tags=["picture"]
# Picture: a level for each clinic, and one common slope
fig, ax = plt.subplots(figsize=(8, 4))
for clinic, (colour, marker) in STYLES.items():
    mine = plasma[plasma["group"].astype(str) == clinic]
    ends = np.array([mine["age"].min(), mine["age"].max()])
    level = m1.fixef["(Intercept)"] + m1.fixef.get(f"group{clinic}", 0.0)
    ax.plot(mine["age"], mine["conc"], marker, color=colour, ms=6, alpha=0.8, label=f"clinic {clinic}")
    ax.plot(ends, level + m1.fixef["age"] * ends, color=colour, lw=3)
ax.plot(ages, m0.fixef.iloc[0] + m0.fixef["age"] * ages, "--", color="black", label="all together")
ax.set_xlabel("age (years)")
ax.set_ylabel("plasma concentration\n(µmol/L)")
ax.set_ylim(top=260)
ax.legend(loc="upper left", ncols=3, fontsize=11)
lesson.show(
    f"Four short parallel lines that fall by {-m1.fixef['age']:.1f} a year, the higher the older the clinic's patients; "
    f"across them a dashed line that rises by {m0.fixef['age']:.1f} a year."
)

# %% [markdown]
# Solid: one level per clinic, one common slope, and it falls. Dashed: the line that knew of no clinics. Clinics
# with older patients happen to have higher levels. The first model took the difference between *clinics* for an
# effect of *age*. (This has a name, and lesson two is about it.) What has become of the streaks?

# %% tags=["picture"]
# Picture: the same three pictures, for the model with clinics
trends = three_pictures(m1)
lesson.show(
    "Three pictures of residuals. On the right the four clinics now lie on top of each other around zero; their slopes on "
    f"age go from {min(trends):+.1f} to {max(trends):+.1f} µmol/L a year."
)

# %% tags=["fold"]
# In words: the two models side by side
t0, t1 = m0.coef_table(), m1.coef_table()
lesson.in_words(
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
# - some of the plates were run on Monday, the others on Tuesday (*batches*, *blocks*).
#
# What they share: two rows of one group are, as a rule, more alike than two rows of different groups. Ignoring it can do
# three kinds of damage. You have seen the first, a **misleading slope**. The others are **wrong standard errors** and
# **false alarms**, and we now count the alarms.
#
# Eight owl nests. Four get a food supplement, four do not. Ten chicks in each are weighed. The supplement is
# a *placebo*: it does nothing at all. Nests differ, though (some parents hunt better), as much as chicks within a
# nest do. We compare the two means of the eighty chicks with a t-test, and do the whole study two thousand times. (`stats` holds the
# classical tests and distributions; it is the module `scipy.stats`.)
#
# **Predict, then run.** A test at the five per cent level should give a false alarm once in twenty studies. How often does
# this one? Choose `"one in twenty"`, `"one in ten"`, `"one in four"` or `"nearly one in two"`.

# %%
your_alarms = ...
check("01.q4", your_alarms)

# %%
rng = np.random.default_rng(8)
nest_effect = rng.normal(0, 1, (2000, 8, 1))
mass = nest_effect + rng.normal(0, 1, (2000, 8, 10))  # studies, nests, chicks
fed, unfed = mass[:, :4], mass[:, 4:]
p_chicks = stats.ttest_ind(fed.reshape(2000, 40), unfed.reshape(2000, 40), axis=1).pvalue
p_nests = stats.ttest_ind(fed.mean(2), unfed.mean(2), axis=1).pvalue
alarms = pd.Series({"eighty chicks": np.mean(p_chicks < 0.05), "eight nest means": np.mean(p_nests < 0.05)})
alarms.round(3).to_frame("share of studies with p < 0.05")

# %% tags=["picture"]
# Picture: the p-values of two thousand studies with nothing to find
fig, ax = plt.subplots(figsize=(8, 3.6))
bins = np.linspace(0, 1, 21)
ax.hist(p_chicks, bins, color=lesson.RED, alpha=0.75, label="chicks taken as independent")
ax.hist(p_nests, bins, histtype="step", color=lesson.GREEN, lw=3, label="nest means")
ax.axhline(100, color="black", ls=":", label="what an honest test gives")
ax.set_xlabel("p-value (nothing to find)")
ax.set_ylabel("studies (of 2000)")
ax.legend()
lesson.show(
    f"Two histograms of p-values. That of nest means is flat. That of chicks has a tower of "
    f"{np.sum(p_chicks < 0.05)} studies below 0.05, where 100 are expected."
)

# %% [markdown]
# If there is nothing to find, all p-values should be equally frequent: the dotted line. The open histogram keeps
# to it. The filled one has a tower on the left, below 0.05, where "significant" results are.
#
# Now change the design yourself. Two treatments are compared, A and B; each is an *arm* of the study. The top bar on the right is
# the share of false alarms of `lm` on all rows. Add replicates first, then add samples. Which of the two makes false alarms rarer?

# %%
explorers.pseudoreplication()

# %% [markdown] asks="q004-1"
# Neither does. More replicates make them worse. More samples hardly help, because the analysis goes on taking each
# replicate for a sample. What helps is another analysis: the means of the samples, or a mixed model (lesson 8).
#
# ## Four questions before any model
#
# 1. **What is the question?** Which quantity should respond to which?
# 2. **What kind of response?** Continuous with bell-shaped residuals, or a count, or a yes and no?
# 3. **Which predictors?** One, several, numbers, categories?
# 4. **Are there groups?** Do some rows share an owl, a nest, a clinic, a plate? Those are candidates for *random
#    effects*, which begin in lesson three.
#
# The second and the fourth choose the kind of model:

# %% tags=["picture"] asks="q004-1"
# Picture: a tree with two forks, and four functions
fig, ax = plt.subplots(figsize=(9.5, 4))
ax.set(xlim=(0, 10), ylim=(0, 6))
ax.axis("off")
ASK = {"boxstyle": "round,pad=0.5", "fc": "white", "ec": lesson.GREY}


def box(x, y, text, colour=None):
    """A question, or with a colour an answer."""
    style = ASK if colour is None else {"boxstyle": "square,pad=0.5", "fc": "white", "ec": colour, "lw": 2.5}
    ax.text(x, y, text, ha="center", va="center", bbox=style, fontsize=12)


def arrow(start, end, label):
    """From one box to the next, with the answer beside it."""
    ax.annotate("", xy=end, xytext=start, arrowprops={"arrowstyle": "->", "color": lesson.GREY, "lw": 1.5})
    middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    ax.text(*middle, label, ha="center", va="center", fontsize=11, backgroundcolor="white")


box(5, 5.4, "what kind of response?")
box(2.5, 3.2, "do rows share groups?")
box(7.5, 3.2, "do rows share groups?")
box(1.1, 0.8, "linear model\nlk.lm", "black")
box(3.7, 0.8, "linear mixed model\nlk.lmer", lesson.BLUE)
box(6.3, 0.8, "generalised lm\nlk.glm", "black")
box(8.9, 0.8, "generalised mixed\nlk.glmer", lesson.BLUE)
arrow((4.3, 4.95), (2.7, 3.7), "continuous")
arrow((5.7, 4.95), (7.3, 3.7), "count, yes or no")
arrow((2.2, 2.75), (1.2, 1.45), "no")
arrow((2.8, 2.75), (3.6, 1.45), "yes")
arrow((7.2, 2.75), (6.4, 1.45), "no")
arrow((7.8, 2.75), (8.8, 1.45), "yes")
lesson.show(
    "A tree. A continuous response leads to lm without groups and to lmer with groups; a count, or yes and no, "
    "leads to glm without groups and to glmer with groups."
)

# %% [markdown] asks="q004-1"
# Here it is, walked down for six studies:
#
# | question | response | groups | so |
# | --- | --- | --- | --- |
# | are taller owls heavier, one owl per nest? | mass, continuous | none | `lk.lm` |
# | what does an hour of meetings cost? | happiness, continuous | six departments | `lk.lmer` |
# | does the substance change with age? | concentration, continuous | forty clinics | `lk.lmer` |
# | does a hormone slow the growth of owl chicks? | wing length, continuous | chick, nest | `lk.lmer` |
# | do taller owls lay more eggs, one clutch each? | eggs, count | none | `lk.glm` |
# | does disease change the activity of a gene? | molecules, count | donor | `lk.glmer` |
#
# With only *four* clinics, as above, a plain `lk.lm` with the clinic as predictor is the usual choice. Below about five
# groups, a mixed model can hardly know how much groups differ (lesson 3).
#
# **Your turn.** You count how often each owl chick calls in a night, several nights per chick, several chicks per nest, to
# learn whether hungry chicks call more. Which function: `"lm"`, `"lmer"`, `"glm"` or `"glmer"`?

# %%
your_function = ...
check("01.q5", your_function)

# %% tags=["box"]
# Box: five points to take with you
lesson.key_points(
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
