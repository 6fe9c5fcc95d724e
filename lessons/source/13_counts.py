# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=55 needs="random intercepts (04), replicates that are none (08), how to check a model (12)"
# # 13. Counts, and yes or no
#
# **You will be able to**
#
# - fit a Poisson mixed model to counts, and read it in ratios, the right way round;
# - say what is counted when each donor gives many cells;
# - recognise overdispersion and cure it in two ways, and tell it from extra zeros;
# - fit yes/no outcomes, and read odds ratios and probabilities.
#
# **Data** `ticks`, `herds` (simulated: we know the truth) and `scrna` (synthetic).

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt

# %% [markdown]
# ## The question
#
# Five people with a disease and five without give a piece of tissue. A machine picks fifty cells from each piece. In each cell it
# counts the copies of one gene, the *transcripts*. Is the gene busier in the disease?

# %% covers="000-s35"
cells = lk.load_data("scrna")
donors = cells.groupby(["disease", "sample"], observed=True)["counts"].agg(["size", "sum", "mean", "var"])
donors = donors.set_axis(["cells", "transcripts", "mean", "var"], axis=1).reset_index()
donors.groupby("disease", observed=True).head(2).round(2)

# %% tags=["picture"]
# Picture: the cells of two donors, and the mean of each of the ten
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 2.5), layout="constrained")
bins = np.arange(cells["counts"].max() + 2) - 0.5
for name, status, colour, style in (("s4", "disease", lesson.TREATED, "-"), ("s6", "no disease", lesson.CONTROL, "--")):
    mine = cells.loc[cells["sample"] == name, "counts"]
    left.hist(mine, bins, histtype="step", color=colour, ls=style, lw=2, label=f"donor {name}, {status}")
left.set_xlabel("transcripts in a cell")
left.set_ylabel("cells")
left.legend()
of = {status: donors.loc[donors["disease"] == status, "mean"] for status in ("D", "ND")}
for place, (status, marker, colour) in enumerate((("D", "s", lesson.TREATED), ("ND", "o", lesson.CONTROL))):
    right.plot(np.linspace(-0.12, 0.12, len(of[status])) + place, of[status], marker, color=colour, ms=9)
right.set_xticks([0, 1], ["disease", "no disease"])
right.set_xlim(-0.6, 1.6)
right.set_ylim(0)
right.set_ylabel("mean in a cell,\none mark per donor")
lesson.show(
    "Left: the counts of a diseased donor reach far to the right, those of a healthy donor stay near zero. Right:"
    f" the five diseased donors have means from {of['D'].min():.1f} to {of['D'].max():.1f}, the five healthy ones"
    f" from {of['ND'].min():.1f} to {of['ND'].max():.1f}; the two clouds do not overlap."
)

# %% [markdown]
# Left: the cells of two donors, one ill and one not. Right: one mark per donor. On the right the two clouds do not overlap. By how
# much do ill and healthy donors differ, and how sure may we be?
#
# ## Why not the model we have?
#
# Counts are not heights. They are whole numbers, and they stop at zero. And the larger they are on average, the more they scatter: look at
# the columns `mean` and `var` above. A model with normal residuals knows none of this. Let such a model invent new data. Here it
# has learned from ticks, counted on young hedgehogs. We shall meet them again below.

# %%
ticks = lk.load_data("ticks")
ticks["height"] = (ticks["altitude"] - 300) / 100
naive = lk.lmer("ticks ~ year + height + (1 | park) + (1 | litter)", ticks)
invented = naive.simulate(100, seed=1)
print(f"hedgehogs with fewer than zero ticks: {(invented < 0).to_numpy().mean():.0%}")

# %% [markdown] mends="x002-3"
# You may read that mixed models replace the analysis of variance when the outcome is not continuous. In truth the model of
# this course so far, the *linear* mixed model, is for continuous outcomes. Counts and yes/no need the **generalised linear mixed model**,
# GLMM for short. You may also read that mixed models take care of missing values. They do, but only if what you know
# (the time, the group, the earlier values) explains why a value is missing.
#
# The GLMM changes two things.
#
# - The *family*: given its mean, a count comes from a **Poisson** distribution. Its variance equals its mean.
# - The *link*: the straight line describes the logarithm of the mean. So the mean is always positive, and effects multiply.
#
# All else stays. There are fixed effects, and the donors have normal deviations, now on the log scale:
#
# $$\text{counts}_{ij} \sim \text{Poisson}(\mu_{ij}),\qquad \log \mu_{ij} = \beta_0 + \beta_1\,\text{ND}_j + b_j,\qquad
# b_j \sim N(0, \tau^2)$$
#
# In R: `glmer(counts ~ disease + (1 | sample), data = cells, family = "poisson")`.

# %% covers="000-s36"
gene = lk.glmer("counts ~ disease + (1 | sample)", cells, family="poisson")
print(gene.summary())

# %% [markdown]
# **Predict, then run.** How many times as busy is the gene in the disease (`D`) as without it (`ND`)? Use the table, and give three
# digits.

# %%
your_ratio = ...
check("13.q1", your_ratio)

# %%
estimate, (low, high) = gene.fixef["diseaseND"], gene.confint(method="wald").loc["diseaseND"]
logs = {"ND against D": [estimate, low, high], "D against ND": [-estimate, -high, -low]}
logs = pd.DataFrame(logs, index=["log ratio", "lower", "upper"]).T
logs.join(np.exp(logs).set_axis(["ratio", "ratio lower", "ratio upper"], axis=1)).round(3)

# %% [markdown] mends="x000-27"
# `exp` turns a coefficient on the log scale into a **rate ratio**, and so it does with the ends of the interval (but not with the
# standard error). You may read that the effect of disease is *plus* 1.1. In truth the coefficient is called
# `diseaseND`: it is no disease against disease, and negative. Turn its sign, and you compare disease with no disease. Look which
# level a coefficient names before you say what rises.
#
# ## Ten donors, many cells
#
# The z-value is huge. Should it be? The disease belongs to the *donor*. Suppose we counted a million cells of the same
# ten people. We would know these ten very well, and the eleventh no better than before. The cells are
# **pseudoreplicates**, like the repeated enzyme assays of lesson 8. The random intercept is there to say so. Here, though, it has
# nothing to say: its variance is zero for all purposes.
#
# **Your turn.** How many independent replicates does a test of disease have in this study, the two groups together?

# %%
your_replicates = ...
check("13.q2", your_replicates)

# %% [markdown]
# **Pseudobulk** makes one number of each donor: the sum over all its cells. The log of the number of cells goes in as an *offset*. That is
# a predictor whose coefficient is held at one, so that we model transcripts *per cell*. Here are four analyses side by side.

# %%
all_cells = lk.glm("counts ~ disease", cells, family="poisson")
pseudobulk = lk.glmer("transcripts ~ disease + offset(log(cells)) + (1 | sample)", donors, family="poisson")
log_means = lk.lm("log(mean) ~ disease", donors)
four = {"cells as replicates": all_cells, "GLMM of cells": gene, "GLMM of pseudobulk": pseudobulk,
        "t-test of ten log means": log_means}
rows = {name: [fit.nobs, fit.fixef["diseaseND"], fit.se["diseaseND"]] for name, fit in four.items()}
pd.DataFrame(rows, index=["rows", "estimate", "std_error"]).T.astype({"rows": int}).round(5)

# %% [markdown]
# The second and third row agree to every digit shown: given the donors, a sum of Poisson counts holds all that the cells know. So
# pseudobulk loses nothing, and five hundred rows become ten. Now look at the variance between donors.

# %% tags=["fold"]
# In words: the t-test of ten means, and what a variance of zero means
variance = gene.varcorr.frame["vcov"].iloc[0]
total = int(cells.loc[cells["disease"] == "D", "counts"].sum())
lower, upper = gene.confint(parm="sd_(Intercept)|sample").iloc[0]
test = log_means.coef_table().loc["diseaseND"]
lesson.in_words(
    f"The t-test of ten log means still finds the disease: t = {test['statistic']:.1f} on {log_means.df_resid:.0f} degrees of"
    f" freedom, {lesson.p_value(test['p_value'])}.",
    f"The variance between donors is estimated as {variance:.2e}. That is zero; its digits only show where the search"
    f" stopped. So the standard error of the intercept, {gene.se['(Intercept)']:.5f}, is hardly more than"
    f" 1/sqrt({total}) = {1 / np.sqrt(total):.5f}, what {total} independent transcripts give.",
    f"But from ten donors we cannot know that donors are all alike. The 95% interval of their SD runs from {lower:.0f} to"
    f" {upper:.3f}: it begins at zero, and does not end there.",
)

# %% [markdown] mends="x000-28"
# You may read such an output without a word on the variance, and with a p-value from five hundred cells. In truth there
# are ten donors. Report that.
#
# Real donors do differ. The explorer below invents donors whose rates scatter. Set the *fold change* to 1, so that the disease does
# nothing, and see how often each analysis finds an effect.
#
# **Predict, then run.** Donors differ, and you take *more cells* from each. Does the analysis of all cells find an effect that is not there more often
# (`"up"`), less often (`"down"`), or as often as before (`"same"`)?

# %%
your_direction = ...
check("13.q3", your_direction)

# %% tags=["fold"]
# Table: share of studies with p < 0.05 though the disease does nothing
wrong = {f"{number} cells": explorers.counts.result(fold=1.0, cells=number).wrong for number in (5, 20, 100, 300)}
pd.DataFrame(wrong).round(3)

# %%
explorers.counts()

# %% [markdown]
# Every further cell makes the wrong analysis surer of its mistake. The t-test of ten means stays where it should be. And the
# GLMM? It knows the donors. But its z takes the variance between them for known, as if ten donors could tell it exactly. Let
# us count its mistakes, too.

# %% tags=["fold"]
# In words: how often the GLMM finds a disease that does nothing
rng = np.random.default_rng(13)
study = pd.DataFrame({"donor": [f"d{i}" for i in range(10)], "ill": np.repeat([0, 1], 5)})
studies, limit = 300, 2.306  # of a t-test with 8 degrees of freedom
found = {"z": 0, "t": 0, "means": 0}
for _ in range(studies):
    study["n"] = rng.poisson(50 * np.exp(0.4 * rng.standard_normal(10)))
    glmm = lk.glmer("n ~ ill + (1 | donor)", study, family="poisson").coef_table().loc["ill"]
    found["z"] += glmm["p_value"] < 0.05
    found["t"] += abs(glmm["statistic"]) > limit
    found["means"] += lk.lm("log(n) ~ ill", study).coef_table().loc["ill", "p_value"] < 0.05
share = {name: f"{hits / studies:.0%}" for name, hits in found.items()}
lesson.in_words(
    f"Of {studies} studies without an effect, the z-test of the GLMM finds one in {share['z']}, the t-test of log means"
    f" in {share['means']}.",
    "With few donors a z-value is too sure of itself, the GLMM's, too. Compared with a t distribution that has as many"
    f" degrees of freedom as donors less groups, it is wrong in {share['t']}: less often, but still more than the 5% that"
    " are promised, for by maximum likelihood the donors come out too much alike (lesson 10). With few donors test the means.",
)

# %% [markdown]
# ## When counts vary more than Poisson
#
# Back to the hedgehogs. Ticks like it warm. Hoglets of many litters in many parks were counted over three years, at various altitudes. Our
# `height` is the altitude in hundreds of metres above or below three hundred metres, so that zero is a place with hedgehogs in it.

# %%
poisson = lk.glmer("ticks ~ year + height + (1 | park) + (1 | litter)", ticks, family="poisson")
poisson.coef_table().round(3)

# %%
lk.dispersion_test(poisson)

# %% [markdown]
# A Poisson count has the variance of its mean, no more, and no parameter with which it could have more. Brothers in one nest, however,
# differ: one sleeps on the damp side. **Overdispersion** is the scatter that remains when all that you put into the model is not enough. Ignore it, and
# standard errors of whatever varies at that level, here from hoglet to hoglet, are too small.
#
# There are two cures:
#
# - an **observation-level random effect**, `(1 | hoglet)`: each hoglet has its own log rate, normally scattered;
# - the **negative binomial** family: each hoglet has its own rate, from a gamma distribution. The variance of a count is then
#   $\mu + \mu^2/k$. The model estimates $k$.
#
# **Your turn.** A negative binomial count has mean four and $k$ two. What is its variance?

# %%
your_variance = ...
check("13.q4", your_variance)

# %%
formula = "ticks ~ year + height + (1 | park) + (1 | litter)"
own_rate = lk.glmer(f"{formula} + (1 | hoglet)", ticks, family="poisson")
negative = lk.glmer(formula, ticks, family="negative_binomial")
no_groups = lk.glm("ticks ~ year + height", ticks, family="poisson")
models = {"Poisson, no groups": no_groups, "Poisson": poisson, "Poisson + hoglet": own_rate,
          "negative binomial": negative}
rows = {name: [fit.fixef["height"], fit.se["height"], fit.aic] for name, fit in models.items()}
pd.DataFrame(rows, index=["height", "its SE", "AIC"]).T.round(3)

# %% tags=["picture"]
# Picture: simulated residuals, Poisson and negative binomial
fig, panels = plt.subplots(1, 2, figsize=(9, 2.5), sharey=True, layout="constrained")
line, said = np.linspace(0, 1, 200), []
for ax, (name, fit) in zip(panels, (("Poisson", poisson), ("negative binomial", negative)), strict=True):
    simulated = lk.simulate_residuals(fit, conditional=True, seed=1)
    shares, n = np.sort(simulated.residuals), len(ticks)
    reach = 1.36 / np.sqrt(n)  # Kolmogorov and Smirnov's 95% band
    ax.fill_between(line, line - reach, line + reach, color="0.88", lw=0)
    ax.plot((np.arange(n) + 0.5) / n, shares, ".", ms=4, color=lesson.BLUE)
    ax.plot([0, 1], [0, 1], color=lesson.GREY, lw=1)
    ax.set(title=name, xlabel="expected share", ylim=(0, 1))
    off = np.abs(shares - (np.arange(n) + 0.5) / n)
    said.append(f"{name}: at most {off.max():.2f} from the diagonal, the band is {reach:.2f} wide to each side, p of the"
                f" uniformity test {simulated.uniformity.p_value:.3f}")
panels[0].set_ylabel("share of simulated counts\nbelow the hoglet's own")
lesson.show("Sorted shares against the diagonal; left they make an S, right they follow it. " + "; ".join(said) + ".")

# %% [markdown]
# Each hoglet's residual is the share of simulated counts below its own. If the model were right, these shares would spread evenly from zero to
# one, and the dots would follow the diagonal. In the left panel they make an S: too many hoglets at both ends, with fewer or more
# ticks than the model allows. In the right panel the dots are back inside the grey band. The AIC falls, too.
#
# Look at the standard error of `height`. Without groups it was several times too small. Once litters were in the model it changed little: altitude is a
# property of the litter, so for altitude it was the *litters* that mattered. Now toss a coin for each hoglet. How sure is each
# model of the coin's effect?

# %%
tossed = ticks.assign(coin=np.random.default_rng(13).integers(0, 2, len(ticks)))
families = ("poisson", "negative_binomial")
with_coin = {family: lk.glmer(f"{formula} + coin", tossed, family=family).se for family in families}
pd.DataFrame(with_coin).loc[["height", "coin"]].rename_axis("standard error of").round(3)

# %% [markdown]
# What overdispersion does to a standard error depends on where the predictor varies. What do we tell the keepers of the parks?

# %% tags=["fold"]
# In words: what a hundred metres do, and what a typical litter is
interval = np.exp(negative.confint(method="wald").loc["height"])
ratio = np.exp(negative.fixef["height"])
middle = pd.DataFrame({"year": ["2021"], "height": [0.0]})
typical = negative.predict(middle, re_form="~0", kind="response").iloc[0]
spread = float(negative.varcorr.frame["vcov"].sum())
lesson.in_words(
    f"A hundred metres up, the expected number of ticks is multiplied by {ratio:.2f} ({interval.iloc[0]:.2f} to"
    f" {interval.iloc[1]:.2f}): {1 - ratio:.0%} fewer.",
    f"A typical litter in a typical park, at 300 metres and in the first year, is expected to have {typical:.1f} ticks a"
    f" hoglet. The mean over all litters and parks is larger, {typical * np.exp(spread / 2):.1f}: the few litters with"
    " very many ticks weigh more than the many with few.",
)

# %% [markdown]
# ## Too many zeros?
#
# Many hoglets have no tick at all. *Too many*? Where the mean is small, zeros are common. So ask how many the model expects.

# %%
lk.simulate_residuals(poisson, conditional=True, seed=1).zero_inflation

# %% [markdown]
# So the Poisson model lacks zeros. A **zero-inflated** model says: some hoglets have no tick *whatever* their litter and their
# year. With probability $\pi$ a hoglet is such a one. Otherwise its count is Poisson, and may be zero, too. `zero_inflation="~ 1"`
# gives all hoglets the same $\pi$.
#
# **Predict, then run.** The negative binomial has no part for zeros. Will the zero-inflated Poisson model have a *lower* AIC than
# the negative binomial, `"yes"` or `"no"`?

# %%
your_better = ...
check("13.q5", your_better)

# %%
inflated = lk.glmer(formula, ticks, family="poisson", zero_inflation="~ 1")
both_parts = lk.glmer(formula, ticks, family="negative_binomial", zero_inflation="~ 1")

# %% tags=["fold"]
# Table: hoglets without a tick, seen and expected, and the AIC
models = {"Poisson": poisson, "zero-inflated Poisson": inflated, "negative binomial": negative,
          "zero-inflated negative binomial": both_parts}
rows = {}
for name, fit in models.items():
    simulated = lk.simulate_residuals(fit, conditional=True, seed=1)
    expected = (simulated.simulations == 0).sum().mean()
    rows[name] = [(ticks["ticks"] == 0).sum(), expected, fit.aic]
pd.DataFrame(rows, index=["zeros", "expected zeros", "AIC"]).T.round(1)

# %% tags=["fold"]
# In words: what the zero-inflated model says, and why it is wrong here
share = inflated.predict(kind="zero_probability").iloc[0]
still = lk.dispersion_test(inflated, "simulation", seed=1)
lesson.in_words(
    f"The zero-inflated Poisson model takes {share:.1%} of the hoglets for such that never have a tick. Its counts still vary"
    f" {still.ratio:.1f} times as much as it expects.",
    f"The negative binomial expects {rows['negative binomial'][1]:.0f} zeros without any part for them, and its AIC is lower by"
    f" {inflated.aic - negative.aic:.0f}. Giving it such a part as well changes its AIC by"
    f" {both_parts.aic - negative.aic:+.1f}: nothing is gained.",
)

# %% [markdown]
# Many zeros were a sign of hoglets that *differ*, not of hoglets that never have ticks. So first ask whether counts vary more than
# Poisson, and only then whether zeros are left over. A part for zeros needs a story: who are they that cannot have any? (Here
# nobody: the counts were simulated, each hoglet with a rate of its own.)
#
# ## Yes or no
#
# A vet looks after dairy herds. Every season she counts the cows with an infected udder. A new milking robot promises healthier
# cows. Each row of `herds` has so many cows examined, and so many infected.

# %% tags=["picture"]
# Picture: the share of infected cows, one mark per herd
herds = lk.load_data("herds")
sums = herds.groupby(["milking", "herd"], observed=True)[["infected", "cows"]].sum()
infected = sums["infected"] / sums["cows"]
fig, ax = plt.subplots(figsize=(8, 2.4))
for place, (kind, marker, colour) in enumerate((("parlour", "o", lesson.CONTROL), ("robot", "s", lesson.TREATED))):
    values = np.sort(infected.loc[kind])
    ax.plot(values, place + np.linspace(-0.2, 0.2, len(values)), marker, color=colour, ms=8)
    ax.plot([values.mean()] * 2, [place - 0.35, place + 0.35], "-", color=lesson.GREY, lw=3)
ax.set_yticks([0, 1], ["parlour", "robot"])
ax.set_xlim(0)
ax.set_xlabel("share of examined cows that were infected, by herd (bar: mean of the herds)")
of = infected.groupby("milking", observed=True).agg(["min", "max", "mean", "size"])
lesson.show(
    "Two rows of marks, one mark per herd. "
    + " ".join(
        f"{kind}: {one['size']:.0f} herds, from {one['min']:.0%} to {one['max']:.0%}, mean {one['mean']:.0%}."
        for kind, one in of.iterrows()
    )
)

# %% [markdown]
# Herds differ hugely within both kinds. Now the model. A cow is infected or not: the family is **binomial**. The link is the *logit*, the log of
# the odds. In the formula the response has two columns, hits and misses:
#
# $$\text{infected}_{ij} \sim \text{Binomial}(\text{cows}_{ij},\, p_{ij}),\qquad \log\frac{p_{ij}}{1-p_{ij}} = \beta_0 + \ldots + b_j$$

# %%
response = "cbind(infected, cows - infected)"
careless = lk.glm(f"{response} ~ season + milking", herds, family="binomial")
careful = lk.glmer(f"{response} ~ season + milking + (1 | herd)", herds, family="binomial")
both = {"glm": careless, "glmer": careful}
robots = {name: fit.coef_table().loc[["milkingrobot"]] for name, fit in both.items()}
pd.concat(robots).droplevel(1).round(4)

# %% [markdown]
# The row `glm` takes every cow for a replicate, the row `glmer` every herd.
#
# **Your turn.** On this evidence, would you tell the farmer that the robot prevents infections, `"yes"` or `"no"`?

# %%
your_advice = ...
check("13.q6", your_advice)

# %% [markdown]
# It is the story of the cells again: two dozen herds cannot tell. (They were simulated, and the robot's true effect is none.) The seasons are another
# matter. Most herds are seen in every season, so the seasons are compared within herds.

# %%
new = pd.DataFrame({"season": ["spring", "summer", "autumn", "winter"], "milking": "parlour"})
new["probability"] = careful.predict(new, re_form="~0", kind="response").to_numpy()
new["odds"] = new["probability"] / (1 - new["probability"])
new["odds ratio"] = new["odds"] / new["odds"].iloc[0]
new.round(3)

# %% tags=["fold"]
# In words: odds, and probabilities
summer = np.exp(careful.fixef["seasonsummer"])
low, high = np.exp(careful.confint(method="wald").loc["seasonsummer"])
spring_p, summer_p = new["probability"].iloc[:2]
lesson.in_words(
    f"In summer the odds of infection are {summer:.2f} times those in spring ({low:.2f} to {high:.2f}).",
    f"In a typical parlour herd that is {summer_p:.1%} instead of {spring_p:.1%}, {summer_p / spring_p:.2f} times the"
    " probability: an odds ratio is not a ratio of probabilities.",
)

# %% [markdown]
# ## How the fit is found
#
# For normal data the random effects can be summed over on paper. For counts they cannot: the likelihood is an integral that must be
# approximated. `glmer` uses Laplace's method: near its peak, a smooth function looks like a normal curve. Where groups know little (few
# cows, yes/no), more points are better. With a single random intercept you can ask for them:

# %%
finer = lk.glmer(f"{response} ~ season + milking + (1 | herd)", herds, family="binomial", n_agq=9)

# %% tags=["fold"]
# Table: the two ways of approximating
fits = {"Laplace": careful, "nine points": finer}
rows = {name: [fit.fixef["milkingrobot"], fit.varcorr.frame["sdcor"].iloc[0]] for name, fit in fits.items()}
pd.DataFrame(rows, index=["milkingrobot", "SD of herds"]).round(4)

# %% [markdown]
# Hardly a difference: Laplace was good enough.

# %% tags=["box"]
# Box: what to take home
lesson.key_points(
    "Counts: Poisson with a log link. Yes/no: binomial with a logit. exp of a coefficient is a rate ratio or an odds"
    " ratio.",
    "Cells, cows and hoglets are not donors, herds and litters: put the group in, or sum over it.",
    "Poisson has no room for extra variation: test the dispersion. The cures are a random effect per row, or the"
    " negative binomial.",
    "Predictions without random effects are for a typical group, not the mean over groups.",
)

# %% [markdown]
# ## Further reading
#
# - Bolker, B. M., and others (2009). Generalized linear mixed models: a practical guide for ecology and evolution. *Trends in Ecology and
#   Evolution* 24, 127–135.
# - Elston, D. A., Moss, R., Boulinier, T., Arrowsmith, C., and Lambin, X. (2001). Analysis of aggregation, a worked example: numbers of
#   ticks on red grouse chicks. *Parasitology* 122, 563–569.
# - Harrison, X. A. (2014). Using observation-level random effects to model overdispersion in count data in ecology and evolution.
#   *PeerJ* 2, e616.
