# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=40 needs="random slopes (05), shrinkage (06)"
# # 9. Repeated measures: the same person, year after year
#
# **You will be able to**
#
# - draw a line for each individual before you fit anything;
# - fit a line for each individual, and say what the average line means;
# - tell a predicted slope from a tested one;
# - ask whether a straight line is enough, and whether the days have memory;
# - give time its memory in the model, and say what each structure assumes.
#
# **Data** `protein_years` (synthetic; it reproduces the tables of a lecture), `sleepstudy` (real).

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt

# %% [markdown] covers="000-s30" asks="q000-30"
# ## The question
#
# Six people give blood once a year, and a protein is measured in it. Does it rise as the years go by? Here are all the
# data, a row for each person.

# %%
protein = lk.load_data("protein_years")
protein.pivot(index="Sample", columns="Year", values="Value").round(1)

# %% [markdown]
# The five values of one person belong together: whoever is high in one year tends to be high in the next. Such data are
# grouped data. The group is a person, and inside a group the order of the rows matters.
#
# Draw them first. Do not draw the mean of each year, which hides who rises and who falls; draw the people.

# %% tags=["picture"]
# Picture: six people, one line each
fig, ax = plt.subplots(figsize=(7, 3.5))
for (name, person), marker in zip(protein.groupby("Sample", observed=True), "os^DvP", strict=True):
    ax.plot(person["Year"], person["Value"], "-", marker=marker, label=name)
ax.set(xlabel="year", ylabel="protein (ng/mL)", xticks=sorted(protein["Year"].unique()))
ax.set_ylim(top=74)
ax.legend(title="person", ncol=6, fontsize=11, loc="upper center")
change = protein.pivot(index="Sample", columns="Year", values="Value")
change = (change[5] - change[1]).sort_values()
lesson.show(
    f"Six lines over five years. They begin between {protein['Value'][protein['Year'] == 1].min():.0f} and"
    f" {protein['Value'][protein['Year'] == 1].max():.0f} ng/mL. {change.index[0]} falls by {-change.iloc[0]:.1f},"
    f" {change.index[1]} rises by {change.iloc[1]:.1f}, the others by {change.iloc[2]:.1f} to {change.iloc[-1]:.1f}."
)

# %% [markdown]
# Most climb, one sinks, and they start at different heights.
#
# **Your turn.** Would you let `"intercepts"`, `"slopes"` or `"both"` differ between these people?

# %%
your_choice = ...
check("09.q1", your_choice)

# %% [markdown]
# ## A line each, and the average line
#
# For visit $i$ of person $j$:
#
# $$\text{Value}_{ij} = (\beta_0 + b_{0j}) + (\beta_1 + b_{1j})\,\text{Year}_{ij} + \varepsilon_{ij}$$
#
# $\beta_0 + \beta_1\,\text{Year}$ is the average line. The pair $(b_{0j}, b_{1j})$ says how person $j$ differs from it. It is drawn from one
# normal distribution for all persons, with two standard deviations and a correlation. $\varepsilon_{ij}$ is fresh noise at
# every visit. In R: `lmer(Value ~ Year + (Year | Sample), data = protein)`.

# %%
growth = lk.lmer("Value ~ Year + (Year | Sample)", protein)
print(growth.summary(ddf="none"))

# %% [markdown]
# (*At convergence* means: where the search for the best fit has ended; lesson 10 walks along.) Read two numbers first. `Year` under *Fixed effects* is the average slope, in ng/mL a year. `Year` under *Random effects* says how much the slopes
# of people differ: its SD is nearly as large as the average itself. And these are the six lines:

# %%
growth.coef()["Sample"].round(2)

# %% tags=["picture"]
# Picture: each person's own regression, and the mixed model's line
fig, ax = plt.subplots(figsize=(7, 3.5))
year = np.array([protein["Year"].min(), protein["Year"].max()])
apart = []
for name, line in growth.coef()["Sample"].iterrows():
    own = lk.lm("Value ~ Year", protein[protein["Sample"] == name]).fixef
    apart.append(abs(own["Year"] - line["Year"]))
    ax.plot(year, line["(Intercept)"] + line["Year"] * year, "-", color=lesson.BLUE, alpha=0.6, lw=5)
    ax.plot(year, own["(Intercept)"] + own["Year"] * year, "--", color="black", lw=1.6)
ax.plot(protein["Year"], protein["Value"], ".", color=lesson.GREY)
ax.plot([], [], "--", color="black", lw=1.6, label="own regression")
ax.plot([], [], "-", color=lesson.BLUE, alpha=0.6, lw=5, label="mixed model")
ax.set(xlabel="year", ylabel="protein (ng/mL)", xticks=sorted(protein["Year"].unique()))
ax.legend()
lesson.show(
    "Six broad blue lines of the mixed model, each with a dashed black line of the person's own regression on it."
    f" The two slopes of a person differ by {max(apart):.2f} ng/mL a year at most."
)

# %% [markdown]
# Dashed is each person's own regression, the broad line is the mixed model's for the same person. They nearly coincide: the assay is so
# precise that there is little noise to shrink away.
#
# Is a straight line enough? Let the line bend, and see whether the bend is larger than its standard error. (`df` are degrees of freedom by Satterthwaite's
# method, which lesson 11 explains.)

# %%
bent = lk.lmer("Value ~ Year + I(Year^2) + (Year | Sample)", protein)
bent.coef_table().round(3)

# %% tags=["fold"]
# In words: how large the bend is
row = bent.coef_table().loc["I(Year^2)"]
lesson.in_words(
    f"The bend is {row['estimate']:.3f}, with a standard error of {row['std_error']:.3f} ({lesson.p_value(row['p_value'])}):"
    " nothing in these five years speaks against a straight line."
)

# %% [markdown] mends="x000-20"
# ## With an effect, and without?
#
# You may read under such a picture that *some samples have an effect, and some do not*. It is tempting: one person falls, and one hardly
# climbs. In truth these are six draws from one population of slopes. A random slope says by how much slopes differ; it does not sort people into
# two kinds. See how well the slope of each person is known, and compare with another study: the reaction times of
# eighteen lorry drivers who slept too little, on ten days.

# %%
sleep = lk.load_data("sleepstudy")
drivers = lk.lmer("Reaction ~ Days + (Days | Subject)", sleep)

# %% tags=["picture"]
# Picture: predicted slopes of persons and of drivers, with 95% bars
fig, axes = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
for ax, model, group, time in [(axes[0], growth, "Sample", "Year"), (axes[1], drivers, "Subject", "Days")]:
    bars = pd.DataFrame({"slope": model.coef()[group][time], "sd": model.ranef_sd()[group][time]}).sort_values("slope")
    ax.errorbar(bars["slope"], bars.index.astype(str), xerr=1.96 * bars["sd"], fmt="o", color=lesson.BLUE, capsize=3, lw=1.5)
    ax.axvline(model.fixef[time], ls="--", color="black", lw=1.5)
    ax.axvline(0, ls=":", color="black", lw=1.5)
axes[0].set(xlabel="slope (ng/mL a year)", ylabel="person", title="protein")
axes[1].set(xlabel="slope (ms a day)", ylabel="driver", title="reaction time")
axes[1].tick_params(axis="y", labelsize=9)
crossing = bars[(bars["slope"] - 1.96 * bars["sd"]) * (bars["slope"] + 1.96 * bars["sd"]) < 0]
lesson.show(
    f"Left: six slopes from {growth.coef()['Sample']['Year'].min():.2f} to {growth.coef()['Sample']['Year'].max():.2f}, with"
    " short bars that stay away from zero. Right: eighteen slopes"
    f" from {bars['slope'].min():.1f} to {bars['slope'].max():.1f}, with long bars; {len(crossing)} of them cross zero."
)

# %% tags=["fold"]
# In words: which bars reach the dotted line, and what that means
own = [lk.lm("Reaction ~ Days", sleep[sleep["Subject"] == name]).fixef["Days"] for name in crossing.index]
parallel = lk.lmer("Value ~ Year + (1 | Sample)", protein)
test = lk.anova(parallel, growth, refit=False)
sd_slope = growth.varcorr.frame["sdcor"].iloc[1]
lesson.in_words(
    f"Of the six people no bar reaches the dotted line; of the eighteen drivers {len(crossing)} do. Their own"
    f" regressions have slopes of {' and '.join(f'{slope:+.1f}' for slope in own)} ms a day; the model predicts"
    f" {' and '.join(f'{slope:+.1f}' for slope in crossing['slope'])}. (Intercept and slope are pulled together, see lesson 6.)",
    f"The slopes of people have a mean of {growth.fixef['Year']:.2f} and an SD of {sd_slope:.2f}."
    f" That they differ at all is supported with {lesson.p_value(test['p_value'].iloc[1])}.",
)

# %% [markdown]
# Each bar is where a slope lies with 95% probability, given the fit. Dashed is the average slope, dotted is none. The assay is precise, and of
# each of the six we know whether they rise or fall. Reaction times are not precise. A bar that crosses the dotted line does not make a driver
# "without effect", but one of whom we know too little.
#
# **Your turn.** To make each person's bar shorter, what helps most: more `"people"` or more `"years"`?

# %%
your_help = ...
check("09.q2", your_help)

# %% [markdown]
# ## The price of forgetting
#
# What if we had ignored that five rows are one person? Three models of the same data:

# %%
def three_models(data):
    """The slope and its standard error: without people, with their intercepts, with slopes, too."""
    fits = {
        "lm, people ignored": lk.lm("Value ~ Year", data),
        "random intercept": lk.lmer("Value ~ Year + (1 | Sample)", data),
        "random slope": lk.lmer("Value ~ Year + (Year | Sample)", data),
    }
    rows = {name: {"slope": fit.fixef["Year"], "std_error": fit.se["Year"]} for name, fit in fits.items()}
    return pd.DataFrame(rows).T


three_models(protein).round(3)

# %% [markdown]
# All three find the same slope, for everybody was measured every year. They disagree about how well it is known.
#
# Now suppose that we follow the same six people for twenty years, or for eighty. We let their lines go on, and add fresh noise at every visit.
#
# **Predict, then run.** Which of the three standard errors does *not* become small, however many years you follow the same six people?
# Answer `"lm"`, `"random intercept"` or `"random slope"`.

# %%
your_row = ...
check("09.q3", your_row)

# %%
errors = {5: three_models(protein)["std_error"]}
for years in (20, 80):
    names = protein["Sample"].unique()
    visits = pd.DataFrame([(name, year) for name in names for year in range(1, years + 1)])
    visits.columns = ["Sample", "Year"]
    noise = np.random.default_rng(9).normal(0, growth.sigma, len(visits))
    errors[years] = three_models(visits.assign(Value=growth.predict(visits) + noise))["std_error"]
pd.DataFrame(errors).rename_axis(columns="standard error, years:").round(3)

# %% [markdown]
# Ignoring people adds their differences to the noise. Giving each a start of their own but one common slope claims too much: the slope of the
# *population* can be known no better than the slopes of six people allow. So the last row is the one to report.
#
# Better measurements would not help either. They would tell more about each line; the lines differ as before. For the average slope more
# groups are needed.
#
# ## Do the days have memory?
#
# A random slope says that whatever a person does beyond their line is fresh noise every time. Perhaps a good day is followed by a good day.
# So look at the residuals of neighbouring days. Here we take the drivers, who have ten days each.

# %%
def neighbours(model):
    """The residuals of each day but the last, and those of the day after."""
    of_driver = model.resid().groupby(sleep["Subject"], observed=True)
    first, second = of_driver.apply(lambda r: r.iloc[:-1]), of_driver.apply(lambda r: r.iloc[1:])
    return first.to_numpy(), second.to_numpy()


def lag1(model):
    """The correlation of neighbouring residuals."""
    return np.corrcoef(*neighbours(model))[0, 1]


print(f"correlation of neighbouring residuals: {lag1(drivers):.2f}")

# %% [markdown]
# Is that much or little? It depends on what a world *without* memory gives. To see it, we simulate the study from the fitted model,
# in which every day's noise is fresh. We fit the simulated study, and do so two hundred times.
#
# **Predict, then run.** Where will most of these two hundred correlations lie: `"below zero"`, `"around zero"` or `"above zero"`? Think of what a
# fitted line does to the residuals of a driver.

# %%
your_place = ...
check("09.q4", your_place)

# %%
studies = drivers.simulate(200, seed=9)
without_memory = np.array([lag1(drivers.refit(studies[name])) for name in studies])
low, high = np.quantile(without_memory, [0.025, 0.975])

# %% tags=["picture"]
# Picture: neighbouring residuals, and 200 studies without memory
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
left.plot(*neighbours(drivers), "o", color=lesson.GREY, alpha=0.5)
left.set(xlabel="residual one day (ms)", ylabel="residual the next day (ms)")
right.hist(without_memory, bins=15, color=lesson.GREY, label="simulated, no memory")
right.axvline(lag1(drivers), color=lesson.RED, lw=3, label="the drivers")
right.set(xlabel="correlation of neighbouring residuals", ylabel="studies (of two hundred)")
right.set_ylim(top=46)
right.legend(loc="upper left")
lesson.show(
    "Left: a cloud of residuals without a clear direction. Right: the correlations of the simulated studies, around"
    f" {without_memory.mean():.2f}, and the drivers' {lag1(drivers):.2f} to the right of all of them."
)

# %% tags=["fold"]
# In words: the drivers beside studies without memory
lesson.in_words(
    f"The correlation of neighbouring residuals is {lag1(drivers):+.2f}. That looks like almost nothing.",
    f"But without memory it would be about {without_memory.mean():.2f} (95% of the simulated studies lie between {low:.2f} and "
    f"{high:.2f}), and {(without_memory >= lag1(drivers)).sum()} of the 200 simulated studies reach what the drivers show. The days do have memory.",
)

# %% [markdown]
# Why below zero? A line has been fitted to each driver, so that a driver's residuals add up to nearly
# zero: a high one must be made good by low ones.
#
# The cloud on the left does not show the memory: a few wild days of two drivers stretch the picture. That is why a number needs its reference: what is small
# beside zero is large beside what no memory looks like.
#
# ## What correlation in time means
#
# What would help is a model with memory. Give each driver an effect for *every* day, and say how these effects hang together. `ar1(0 + day | Subject)`
# says: neighbouring days are correlated by $\rho$, days two steps apart by $\rho^2$, and so on. The `0 +` makes one column for each day.
# Is it worth its parameters? The model with the smaller AIC is expected to predict better.

# %%
sleep["day"] = sleep["Days"].astype(str)
with_memory = lk.lmer("Reaction ~ Days + (Days | Subject) + ar1(0 + day | Subject)", sleep)
with_memory.varcorr

# %% tags=["fold"]
# In words: what the model with memory finds
lesson.in_words(
    f"From one day to the next the correlation is {with_memory.varcorr.components[1].rho:.2f}. The average slope was "
    f"{drivers.fixef['Days']:.2f} ± {drivers.se['Days']:.2f} and is now {with_memory.fixef['Days']:.2f} ± {with_memory.se['Days']:.2f}.",
    f"AIC says that memory is worth its two parameters: {drivers.update(reml=False).aic:.0f} without, {with_memory.update(reml=False).aic:.0f} with it.",
)

# %% [markdown]
# The correlation of 1 between intercept and slope stands at its edge: memory explains some of what slopes explained before, and the data can hardly tell
# the two apart.
#
# There are other ways to be correlated. Drag the correlation from zero towards one, and see what becomes of the animals' lines. Then let the
# times be *equally alike*: which structure now claims to know the slope worse than it is known?

# %%
explorers.structures()

# %% [markdown]
# AR(1) does, and where times fade, compound symmetry claims to know it better than it is known. Now for the drivers. We put the days into five pairs, so
# that each driver has two values in each.
#
# | structure | says of two effects of one driver | parameters for five times |
# | --- | --- | --- |
# | `cs(0 + pair \| Subject, hom = TRUE)` | equally alike, however far apart (compound symmetry) | 2 |
# | `ar1(0 + pair \| Subject)` | less alike, the farther apart | 2 |
# | `(0 + pair \| Subject)` | every two have a correlation of their own (unstructured) | 15 |

# %%
sleep["pair"] = (sleep["Days"] // 2).astype(str)
structures = {
    "cs": "cs(0 + pair | Subject, hom = TRUE)",
    "ar1": "ar1(0 + pair | Subject)",
    "unstructured": "(0 + pair | Subject)",
}
fits = {name: lk.lmer(f"Reaction ~ Days + {term}", sleep, reml=False) for name, term in structures.items()}
rows = {name: [fit.npar, fit.aic, fit.fixef["Days"], fit.se["Days"]] for name, fit in fits.items()}
pd.DataFrame(rows, index=["parameters", "AIC", "slope", "std_error"]).T.round(2)

# %% tags=["picture"]
# Picture: correlations of the five pairs of days, by three structures
fig, axes = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained")
for ax, (name, fit) in zip(axes, fits.items(), strict=True):
    cor = fit.varcorr.components[0].cor
    ax.imshow(cor, vmin=0, vmax=1, cmap="Blues")
    for i in range(5):
        for j in range(5):
            ax.text(j, i, f"{cor[i, j]:.2f}", ha="center", va="center", color="white" if cor[i, j] > 0.6 else "black")
    ax.set(title=name, xticks=range(5), yticks=range(5), xlabel="pair of days")
axes[0].set_ylabel("pair of days")
corner = {name: fit.varcorr.components[0].cor[0, 4] for name, fit in fits.items()}
lesson.show(
    f"Three tables of correlations. With cs all are {corner['cs']:.2f}. With ar1 they fade from the diagonal to"
    f" {corner['ar1']:.2f} in the corner. Unstructured they go up and down, and the corner is {corner['unstructured']:.2f}."
)

# %% [markdown]
# How to choose? Look at the rightmost table first, where the data may say what they like: do the numbers fade with distance? Then the fading structure is near
# the truth with few parameters.

# %% tags=["fold"]
# In words: what the unstructured table says of fading
free = fits["unstructured"].varcorr.components[0].cor
by_step = [np.diag(free, step).mean() for step in (1, 2, 3, 4)]
lesson.in_words(
    "From its diagonal outwards, the numbers of the unstructured table are on average"
    f" {', '.join(f'{cor:.2f}' for cor in by_step[:-1])} and {by_step[-1]:.2f}: they fade, though not smoothly.",
    f"So ar1 is near. AIC puts it {fits['cs'].aic - fits['ar1'].aic:.0f} before cs, and hardly prefers the unstructured one"
    f" (by {fits['ar1'].aic - fits['unstructured'].aic:.0f}) with its {fits['unstructured'].npar - fits['ar1'].npar} parameters more."
    + (f" Its fit is singular: {fits['unstructured'].ngroups['Subject']} drivers are few for so many numbers."
       if fits["unstructured"].is_singular else ""),
)

# %% [markdown]
# With few groups or many times the unstructured one has too much to learn. Structures on the same fixed effects are
# compared by AIC; where one contains the other, `lk.anova` tests it. `ar1` takes every step for equally long: with unequal gaps it is not what you mean.
#
# Now other data: ten marmots, watched four times a day for twenty days. An unstructured matrix has a variance for each day and a correlation for each
# pair of days, far too many for ten marmots. Do their days have a memory?

# %%
marmots = lk.load_data("behaviour")
rivals = ["ar1(0 + day | animal)", "cs(0 + day | animal, hom = TRUE)", "(1 | animal) + (1 | animal:day)",
          "(1 | animal) + ar1(0 + day | animal)", "(1 | animal) + (1 | day)"]
by_term = {term: lk.lmer(f"activity ~ time + temperature + {term}", marmots, reml=False) for term in rivals}
pd.DataFrame({term: {"parameters": fit.npar, "AIC": fit.aic} for term, fit in by_term.items()}).T.round(1)

# %% [markdown]
# They have none: days far apart are as alike as neighbours, and beside a level of its own (fourth row) memory gains a marmot nothing. The second and the
# third row are the same model. A marmot with a level of its own, and days that
# differ within it, *is* compound symmetry. And the last row beats them all: what a day brings, it brings to all marmots, as weather does. So first ask
# what the animals share; no structure inside one animal can know it.

# %% tags=["box"]
# Box: what to keep of this lesson
lesson.key_points(
    "Draw people, not yearly means.",
    "With time inside people, let both intercept and slope vary. If that fit is singular, simplify it, and say so.",
    "The average slope is known no better than the number of people allows.",
    "Predicted slopes are shrunken and uncertain; they do not sort people into with and without effect.",
    "Look for curvature and for memory in the residuals, and compare with what a model without them gives.",
    "ar1() gives time its memory, cs() makes all times equally alike, and without a tag every correlation is free.",
)

# %% [markdown]
# ## Further reading
#
# - Singer, J. D., and Willett, J. B. (2003). *Applied Longitudinal Data Analysis*. Oxford University Press.
# - Laird, N. M., and Ware, J. H. (1982). Random-effects models for longitudinal data. *Biometrics* 38, 963–974.
