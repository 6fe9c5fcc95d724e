# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] covers="002-1 002-2" minutes=40 needs="how a line is fitted, and what a residual is (01)"
# # 2. Simpson's paradox: which slope do you mean?
#
# **You will be able to**
#
# - recognise a slope that turns round once groups are seen, and say what it is called;
# - take a slope of all rows apart into a slope within groups and a slope between them;
# - tell Simpson's paradox from an interaction;
# - explain why two or three groups are a fixed effect and not a random one.
#
# **Data** `simpson` (simulated), `biomarker` and `clinic` (synthetic: they give results that a lecture prints, but no
# patient stands behind them).
#
# Run every cell from top to bottom. Where you meet three dots, decide on an answer before you run on.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt

# %% [markdown]
# ## Should owls stay at home?
#
# Five valleys, a hundred owls in each. For every owl somebody wrote down how long it hunted (`V1`) and how much it caught
# (`V2`). Their unit is the spread within a valley (one standard deviation), and their zero means nothing. `Group` is the
# valley. (The owls are simulated.)

# %% covers="003-10"
owls = lk.load_data("simpson")
print(f"{len(owls)} rows, {owls.shape[1]} columns, {owls['Group'].nunique()} groups")
owls.head(4)

# %% [markdown]
# Surely who hunts longer catches more? We fit a straight line to all five hundred owls.

# %% covers="003-10"
m1 = lk.lm("V2 ~ V1", owls)
m1.coef_table()[["estimate", "std_error", "p_value"]].round(4)

# %% tags=["picture"]
# Picture: five hundred owls and one line
reach = np.array([owls["V1"].min(), owls["V1"].max()])
pooled_line = m1.fixef["(Intercept)"] + m1.fixef["V1"] * reach
fig, ax = plt.subplots(figsize=(8, 3.2))
ax.plot(owls["V1"], owls["V2"], ".", color=lesson.GREY, ms=6, alpha=0.6)
ax.plot(reach, pooled_line, "--", color="black", lw=3)
ax.set_xlabel("V1, time spent hunting (SDs of a valley)")
ax.set_ylabel("V2, catch (SDs of a valley)")
lesson.show(
    f"A broad cloud of {len(owls)} grey dots, in which five stripes can be seen. The dashed line through it falls by "
    f"{-m1.fixef['V1']:.2f} per unit of hunting."
)

# %% [markdown]
# Each dot is an owl. The line goes *down*, and its p-value is tiny. Should owls stay at home?
#
# **Predict, then run.** Now take one valley by itself. In which direction does its own line go: `"up"` or `"down"`?

# %%
your_direction = ...
check("02.q1", your_direction)

# %%
by_valley = owls.groupby("Group", observed=True)
own = {valley: lk.lm("V2 ~ V1", mine).fixef["V1"] for valley, mine in by_valley}
pd.Series(own).round(3).to_frame("slope of the valley's own line").T

# %% [markdown]
# Up, in every valley! To draw this with one model we give each valley a level of its own and let all share one
# slope. Five valleys are a few of many, so here the levels are *random effects*: draws from a
# normal distribution whose spread is estimated. (What that means, and when it is wise, is told in the next two
# lessons. For now read `(1 | Group)` as "a level for each group".)
#
# $$V2_{ij} = \beta_0 + b_j + \beta_1 V1_{ij} + \varepsilon_{ij},\qquad b_j \sim N(0,\tau^2),\quad
# \varepsilon_{ij}\sim N(0,\sigma^2)$$
#
# In R: `lmer(V2 ~ V1 + (1 | Group), data = owls)`. A fitted model can print much more than we need today; lesson 4 reads
# all of it, line by line. Two small tables are enough here: the spread of the valleys' levels (`Std.Dev.` of `Group`), and
# the slope of `V1` in the column `estimate`.

# %% covers="003-11"
m2 = lk.lmer("V2 ~ V1 + (1 | Group)", owls)
print(m2.varcorr)
m2.coef_table(ddf="none").round(4)

# %% [markdown]
# The slope is positive. Where do the five valleys lie, relative to their common middle?

# %% covers="003-12"
levels = m2.ranef()["Group"]["(Intercept)"]
(levels.round(6) + 0.0).to_frame("level of the valley").T  # + 0.0 makes 0.0 of -0.0

# %% tags=["picture"] covers="003-13"
# Picture: the same owls with the valley as colour, and a line for each
COLOURS = (lesson.BLUE, lesson.RED, lesson.GREEN, lesson.PINK, lesson.ORANGE)
LOOKS = list(zip(COLOURS, "os^Dv", strict=True))
fig, ax = plt.subplots(figsize=(8, 3.8))
for (colour, marker), (name, mine) in zip(LOOKS, by_valley, strict=True):
    ends = np.array([mine["V1"].min(), mine["V1"].max()])
    ax.plot(mine["V1"], mine["V2"], marker, color=colour, ms=4, alpha=0.5)
    ax.plot(
        ends,
        m2.fixef["(Intercept)"] + levels[name] + m2.fixef["V1"] * ends,
        color=colour,
        lw=3,
        label=name,
    )
ax.plot(reach, pooled_line, "--", color="black", label="all together")
ax.set_xlabel("V1, time spent hunting (SDs of a valley)")
ax.set_ylabel("V2, catch (SDs of a valley)")
ax.set_ylim(top=4)
ax.legend(ncols=3, loc="upper right", fontsize=11)
lesson.show(
    f"Five coloured stripes side by side, each with a line that rises by {m2.fixef['V1']:.2f}; each lies lower than the one "
    f"on its left. The dashed line across them falls by {-m1.fixef['V1']:.2f}."
)

# %% [markdown]
# Colour and shape are the valley. Solid lines are the mixed model's, dashed is the line that knew of no valleys. Inside
# every valley longer hunting goes with a larger catch. But in valleys with few mice owls hunt longer, on average, and catch
# less. The dashed line compares poor valleys with rich ones. It is read as if it compared owls that hunt little with
# owls that hunt long. A pattern that turns round when groups are seen is called **Simpson's paradox**.
#
# The residuals show it, too:

# %% tags=["picture"] covers="003-14"
# Picture: the residuals of both models, with the valley as colour
fig, axes = plt.subplots(1, 2, figsize=(9.5, 2.9), layout="constrained")
spread = {}
for ax, fit, title in zip(axes, [m1, m2], ["lm: no valleys", "lmer: valleys"], strict=True):
    for (colour, marker), (_, rows) in zip(LOOKS, by_valley, strict=True):
        ax.plot(fit.fitted[rows.index], fit.resid()[rows.index], marker, color=colour, ms=4, alpha=0.6)
    ax.axhline(0, color="black", lw=1)
    ax.set_title(title)
    ax.set_xlabel("fitted catch (SDs of a valley)")
    spread[title] = fit.resid().std()
axes[0].set_ylabel("residual (SDs of a valley)")
lesson.show(
    f"Left, five steep streaks of residuals with a standard deviation of {spread['lm: no valleys']:.1f}. Right, a flat band "
    f"without pattern, with one of {spread['lmer: valleys']:.1f}."
)

# %% [markdown]
# Left, every valley is a steep streak: whoever knows the valley, and how long an owl hunted, knows the residual well.
# Right, the residuals are a shapeless band, as they should be. (Each picture has its own scale: those on the right are
# far smaller.)
#
# ## Taking a slope apart
#
# How can a line go down where every part of it goes up? The slope of all rows together (the *pooled* slope) is an average
# of two slopes: one **within** groups, and one **between** them, through the groups' means. The weight $w$ is the share of
# the predictor's variation that lies between groups:
#
# $$\hat\beta_{\text{pooled}} = w\,\hat\beta_{\text{between}} + (1 - w)\,\hat\beta_{\text{within}},\qquad
# w = \frac{\sum_j n_j(\bar x_j - \bar x)^2}{\sum_{ij}(x_{ij}-\bar x)^2}$$

# %%
means = by_valley[["V1", "V2"]].transform("mean")  # each owl gets its valley's mean
between = lk.lm("V2 ~ V1", means).fixef["V1"]
within = lk.lm("V2 ~ 0 + V1", owls[["V1", "V2"]] - means).fixef["V1"]
w = means["V1"].var() / owls["V1"].var()
print(f"within {within:+.3f}   between {between:+.3f}   weight w {w:.3f}")
print(f"weighted {w * between + (1 - w) * within:+.4f}   lm {m1.fixef['V1']:+.4f}")

# %% [markdown]
# The two numbers of the last line agree to every digit.
#
# **Predict, then run.** Suppose the owls of all five valleys hunted equally long on average. Which slope would the
# pooled line then have: `"within"`, `"between"` or `"half of each"`?

# %%
your_slope = ...
check("02.q2", your_slope)

# %%
equal = owls.assign(V1=owls["V1"] - means["V1"])  # now every valley hunts zero on average
print(f"pooled slope {lk.lm('V2 ~ V1', equal).fixef['V1']:+.3f}")

# %% [markdown] covers="002-4"
# Now with your own hands. Press **Show the groups**, and set the slope between the groups to the slope within: the paradox
# is gone, and no model would have been needed to avoid it. Then turn the slope between down, step by step. When does the
# pooled slope leave the slope within, and when does it turn round?

# %%
explorers.simpson()

# %% [markdown]
# The pooled slope leaves the slope within at once, since most of the variation of `x` lies between these groups. It turns
# round when the slope between has come to about zero. The mixed model's slope is a mixture as well. It stays near the slope within as long as
# the fit finds that groups differ, and falls back on the pooled slope where it finds no difference between them (lesson 3).
#
# ## A biomarker and three cohorts
#
# Now to a clinic. Sixty patients; a blood marker that should rise with the severity of a disease. A line through
# all of them:

# %% covers="000-s27"
patients = lk.load_data("biomarker")
pooled = lk.lm("Disease ~ Biomarker", patients)
pooled.coef_table()[["estimate", "std_error", "p_value"]].round(4)

# %% [markdown]
# The marker lowers the score, says the table, with p = 0.043. Then somebody remembers that the patients
# came from three cohorts, and adds the cohort as a predictor.

# %%
by_cohort = lk.lm("Disease ~ Biomarker + Cohort", patients)
fits = {"all together": pooled, "within cohorts": by_cohort}
pd.Series({name: fit.fixef["Biomarker"] for name, fit in fits.items()}).round(2).to_frame("slope").T

# %% [markdown] asks="q000-28" mends="x000-19"
# The slope turns round. What is such a pattern called? You know the name by now: Simpson's paradox. Where the
# groups are neighbourhoods or hospitals, to take the slope between them for one within them is called ecological bias, or
# aggregation bias.
#
# **Predict, then run.** There is a third slope, the one *between* the three cohorts. From the two that are printed, what can be
# said of it? It is `"positive"`, `"negative"`, or `"not known"`.

# %%
your_sign = ...
check("02.q3", your_sign)

# %%
cohort_means = patients.groupby("Cohort", observed=True)[["Biomarker", "Disease"]].mean()
between = lk.lm("Disease ~ Biomarker", cohort_means).fixef["Biomarker"]
print(f"between cohorts {between:+.2f} per unit")
cohort_means.round(2)

# %% tags=["picture"]
# Picture: three cohorts, a level for each and one common slope
fig, ax = plt.subplots(figsize=(8, 3.2))
for (colour, marker), (name, mine) in zip(LOOKS, patients.groupby("Cohort", observed=True), strict=False):
    ends = np.array([mine["Biomarker"].min(), mine["Biomarker"].max()])
    level = by_cohort.fixef["(Intercept)"] + by_cohort.fixef.get(f"Cohort{name}", 0.0)
    ax.plot(mine["Biomarker"], mine["Disease"], marker, color=colour, ms=6, label=f"cohort {name}")
    ax.plot(ends, level + by_cohort.fixef["Biomarker"] * ends, color=colour, lw=3)
ends = np.array([patients["Biomarker"].min(), patients["Biomarker"].max()])
ax.plot(ends, pooled.predict(pd.DataFrame({"Biomarker": ends})), "--", color="black", label="all together")
ax.set_xlabel("biomarker (U/mL)")
ax.set_ylabel("severity of disease (score)")
ax.legend(loc="upper right", ncols=2, fontsize=11)
ax.set_ylim(top=patients["Disease"].max() + 2.4)
lesson.show(
    f"Three clouds with parallel lines that rise by {by_cohort.fixef['Biomarker']:.2f}; the cohort with the highest marker "
    f"has the lowest scores. The dashed line of all patients falls by {-pooled.fixef['Biomarker']:.2f}."
)

# %% [markdown]
# Dashed: all sixty. Solid: a level for each cohort and one common slope, which rises.
#
# For a report we *centre* the marker: we subtract its mean. The intercept then belongs to a patient of cohort A with an
# average marker, and not to one with a marker of zero, which nobody has. And we ask if cohorts need slopes of their own.

# %%
patients["marker"] = patients["Biomarker"] - patients["Biomarker"].mean()
report = lk.lm("Disease ~ marker + Cohort", patients)
extra = lk.lm("Disease ~ marker * Cohort", patients).anova().loc["marker:Cohort"]
report.coef_table()[["estimate", "std_error", "p_value"]].round(3)

# %% tags=["fold"]
# In words: what may be reported
lesson.in_words(
    f"Within a cohort, one more unit of the marker goes with {report.fixef['marker']:+.2f} points of disease "
    f"(standard error {report.se['marker']:.2f}).",
    f"Do cohorts need slopes of their own? F = {extra['statistic']:.2f}, {lesson.p_value(extra['p_value'])}: nothing here asks for"
    " them.",
)

# %% [markdown] asks="q000-26"
# ## A drug, women and men
#
# Fifty women and fifty men of a clinic get a drug, in fifty doses, one woman and one man at each. How much weight do they gain? The picture first:
# dots and lines for women and men, and the line of all together.

# %%
clinic = lk.load_data("clinic")
gain = lk.lm("Value ~ Dose", clinic)
fixed = lk.lm("Value ~ Dose * Gender", clinic)

# %% tags=["picture"] asks="q000-26"
# Picture: weight gain against dose, women and men
fig, ax = plt.subplots(figsize=(8, 3.2))
doses = np.array([clinic["Dose"].min(), clinic["Dose"].max()])
names = {"F": "women", "M": "men"}
for (colour, marker), (name, mine) in zip(LOOKS, clinic.groupby("Gender", observed=True), strict=False):
    ax.plot(mine["Dose"], mine["Value"], marker, color=colour, ms=6, alpha=0.7, label=names[name])
    ends = pd.DataFrame({"Dose": doses, "Gender": name})
    ax.plot(doses, fixed.predict(ends), color=colour, lw=3)
ax.plot(doses, gain.predict(pd.DataFrame({"Dose": doses})), "--", color="black", label="all together")
ax.set_xlabel("dose (g/day)")
ax.set_ylabel("weight gain (g)")
ax.set_ylim(top=310)
ax.legend(ncols=3, loc="upper left", fontsize=11)
first, last = (fixed.predict(pd.DataFrame({"Dose": doses, "Gender": name})) for name in "FM")
lesson.show(
    f"From the lowest to the highest dose the line of women goes from {first.iloc[0]:.0f} to {first.iloc[1]:.0f} g, that of "
    f"men from {last.iloc[0]:.0f} to {last.iloc[1]:.0f} g; the dashed line lies between them."
)

# %% [markdown]
# Round dots and the flat line are women, squares and the steep line men. Dashed is the line of everybody:

# %% covers="000-s25"
gain.coef_table()[["estimate", "std_error", "p_value"]].round(4)

# %% [markdown]
# More drug, more weight, and *p* is small. But this average slope describes nobody. For women the drug does nothing that
# these data could show, for men it does a lot.
#
# This is *not* Simpson's paradox. There the groups differ in level, and the predictor goes with the
# level. Here women and men get the same doses, and their *slopes* differ: an **interaction**.

# %%
fixed.coef_table()[["estimate", "std_error", "p_value"]].round(2)

# %% [markdown]
# **Predict, then run.** Which slope do men have, in grams per unit of dose? Two numbers of the table are needed. Two digits
# are enough.

# %%
your_men = ...
check("02.q4", your_men)

# %%
men = clinic[clinic["Gender"] == "M"]
lk.lm("Value ~ Dose", men).fixef.round(2).to_frame("men alone").T

# %% [markdown]
# You may see gender taken as a *random effect*, as if F and M had been drawn from a large population of genders:

# %% covers="000-s26" mends="x000-16"
two_drawn = lk.lmer("Value ~ Dose + (Dose | Gender)", clinic)
print(two_drawn.varcorr)

# %% tags=["fold"]
# In words: what became of the dose
t_lm = gain.coef_table().loc["Dose", "statistic"]
t_drawn = two_drawn.coef_table(ddf="none").loc["Dose", "statistic"]
women, men_too = two_drawn.coef()["Gender"]["Dose"]
lesson.in_words(
    f"The slopes of women and men, {women:.0f} and {men_too:.0f}, are much the same as before. But the standard error of their mean has grown from"
    f" {gain.se['Dose']:.0f} to {two_drawn.se['Dose']:.0f}, and t of Dose has fallen from {t_lm:.2f} to {t_drawn:.2f}.",
)

# %% [markdown] mends="x000-16 x000-17"
# The standard error of `Dose` is several times larger, because it now belongs to the mean slope of a *population of
# genders*, known from two of them. The correlation of level and slope is −1 only because two points always lie on one
# line. In truth these two genders are the very ones that we want to compare: write `Dose * Gender`.
#
# You may also read that both models have the same fixed effects. Here they have, because women and men had exactly the
# same doses. It is not a rule. Leave out the men with the highest doses:

# %% mends="x000-17"
fewer = clinic[(clinic["Gender"] == "F") | (clinic["Dose"] <= 0.45)]
again = lk.lmer("Value ~ Dose + (Dose | Gender)", fewer)
both = {"lm": lk.lm("Value ~ Dose", fewer).fixef, "lmer": again.fixef}
pd.DataFrame(both).round(1).T

# %% [markdown] asks="q000-26" mends="x002-2"
# ## Why two or three groups to compare are fixed
#
# You may read that categories should (almost) always be random: sex, disease and time point, too. That is a rule for one aim, to split
# a variance into shares (lesson 14). When a few chosen levels are to be compared, they are fixed. There is a second reason:
# the spread of a population is hardly known from two or three draws.
#
# Groups differ with a true standard deviation of one. We draw some groups, measure each of them perfectly, and compute
# the standard deviation of their levels, twenty thousand times.
#
# **Predict, then run.** You draw *two* groups. In how many studies is the estimate less than a quarter of the truth:
# `"1 in 100"`, `"5 in 100"`, `"20 in 100"` or `"50 in 100"`?

# %%
your_share = ...
check("02.q5", your_share)

# %%
rng = np.random.default_rng(3)
draws = {k: rng.normal(size=(20_000, k)) for k in (2, 3, 5, 10, 30)}
spreads = {k: drawn.std(axis=1, ddof=1) for k, drawn in draws.items()}
few = {f"{k} groups": np.mean(s < 0.25) for k, s in spreads.items()}
pd.Series(few).round(3).to_frame("below a quarter").T

# %% tags=["picture"] mends="x002-2"
# Picture: how far estimates of a spread scatter, for 2 to 30 groups
fig, ax = plt.subplots(figsize=(8, 3))
parts = ax.violinplot([s[s < 3] for s in spreads.values()], widths=0.85, showextrema=False)
for body in parts["bodies"]:
    body.set(facecolor=lesson.SKY, alpha=1)
for x, s in enumerate(spreads.values(), 1):
    ax.vlines(x, *np.quantile(s, [0.025, 0.975]), color="black", lw=2)
ax.axhline(1, color="black", ls="--", label="true SD between groups")
ax.set_xticks(range(1, len(spreads) + 1), list(spreads))
ax.set_ylim(0, 3)
ax.set_xlabel("groups drawn")
ax.set_ylabel("estimated SD")
ax.legend()
lesson.show(
    "Five shapes that become narrower from left to right around a true value of 1. With two groups the middle 95% go from "
    f"{np.quantile(spreads[2], 0.025):.2f} to {np.quantile(spreads[2], 0.975):.2f}, with thirty from "
    f"{np.quantile(spreads[30], 0.025):.2f} to {np.quantile(spreads[30], 0.975):.2f}."
)

# %% [markdown]
# Each shape is the distribution of the estimate; the bar inside it holds 95 % of all studies. With two groups an
# estimate near zero is nothing unusual, with thirty it is seldom far from the truth.

# %% tags=["box"]
# Box: four points to take with you
lesson.key_points(
    "A pooled slope mixes the slope within groups and the slope between them.",
    "Where it has the other sign than the slope within, that is Simpson's paradox. Colour the groups before you believe a line.",
    "Slopes that differ between groups are an interaction, which is something else.",
    "Below about five groups their variance is poorly known; two or three that you want to compare are fixed effects.",
)

# %% [markdown]
# ## Further reading
#
# - Simpson, E. H. (1951). The interpretation of interaction in contingency tables. *Journal of the Royal Statistical
#   Society, Series B* 13, 238–241.
# - Robinson, W. S. (1950). Ecological correlations and the behavior of individuals. *American Sociological Review* 15,
#   351–357.
# - Kievit, R. A., Frankenhuis, W. E., Waldorp, L. J., and Borsboom, D. (2013). Simpson's paradox in psychological science:
#   a practical guide. *Frontiers in Psychology* 4, 513.
