# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=55 needs="random intercepts (04), how to check a model (12)"
# # 13. Counts, and yes or no
#
# **You will be able to**
#
# - fit a Poisson mixed model to counts and read it in rate ratios, with the sign the right way round;
# - say why five hundred cells of ten donors are ten replicates, and what pseudobulk does about it;
# - recognise overdispersion and cure it in two ways;
# - fit yes/no outcomes, and read odds ratios and probabilities.
#
# **Data** `scrna` (synthetic; it reproduces the lecture's tables), `ticks` and `herds` (both simulated,
# so that we know the truth).
# **Lectures** 000 slides 35 and 36; 002 "when to fit". You will want lessons 8 and 11 behind you.

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
    GREY,
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
# Five people with a disease and five without give a piece of tissue. From each, a machine picks cells one by one and counts
# the transcripts of a gene. Is the gene busier in the disease? Let us look at two of the donors, and then at all.

# %% covers="000-s35"
cells = lk.load_data("scrna")
per_donor = cells.groupby(["disease", "sample"], observed=True)["counts"].agg(["size", "sum", "mean", "var"])
print(per_donor.rename(columns={"size": "cells", "sum": "transcripts"}).round(2).to_string())

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
bins = np.arange(cells["counts"].max() + 2) - 0.5
for name, status, colour, style in (("s4", "disease", RED, "-"), ("s6", "no disease", BLUE, "--")):
    mine = cells.loc[cells["sample"] == name, "counts"]
    left.hist(mine, bins, histtype="step", color=colour, ls=style, lw=2, label=f"donor {name}, {status}")
left.set_xlabel("transcripts in a cell")
left.set_ylabel("cells")
left.legend()
for place, (status, marker, colour) in enumerate((("D", "o", RED), ("ND", "s", BLUE))):
    means = per_donor.loc[status, "mean"]
    right.plot(np.linspace(-0.12, 0.12, len(means)) + place, means, marker, color=colour, ms=9)
right.set_xticks([0, 1], ["disease", "no disease"])
right.set_xlim(-0.6, 1.6)
right.set_ylim(0)
right.set_xlabel("donor")
right.set_ylabel("mean transcripts in a cell")
plt.show()

# %% [markdown]
# On the left the cells of two donors, one ill and one not; on the right one mark per donor. On the right the two clouds do not overlap. By how much do
# ill and healthy donors differ, and how sure may we be?
#
# ## Why not the model we have?
#
# Counts are not heights. They are whole numbers, they stop at zero, and the larger they are on average, the more they scatter: look
# at the columns `mean` and `var` above. A model with normal residuals knows none of this. What it does, when we let it invent new
# data, can be embarrassing:

# %% mends="x002-3"
ticks = lk.load_data("ticks")
ticks["height"] = (ticks["altitude"] - 300) / 100
naive = lk.lmer("ticks ~ year + height + (1 | park) + (1 | litter)", ticks)
imagined = naive.simulate(100, seed=1).to_numpy()
lecture_vs_truth(
    "002, when to use mixed models",
    "mixed models in place of ANOVA for outcomes that are not continuous (an arrow then points to GLMM), or"
    " when values are missing",
    "for counts and yes/no it is the generalised linear mixed model, GLMM; and missing values do no harm only"
    " as long as what is known (time, group, earlier values) explains why they are missing",
    f"a linear mixed model of ticks on hedgehogs, met below, imagines {100 * (imagined < 0).mean():.0f}% of"
    " hedgehogs with fewer than zero ticks",
)

# %% [markdown]
# The repair has two parts. The *family*: given its mean, a count comes from a Poisson distribution, whose variance equals its mean. The
# *link*: the linear formula describes the logarithm of the mean, so the mean is always positive, and effects multiply instead of add.
# Everything else stays: fixed effects, and normal deviations of the donors, on the log scale.
#
# $$\text{counts}_{ij} \sim \text{Poisson}(\mu_{ij}),\qquad \log \mu_{ij} = \beta_0 + \beta_1\,\text{ND}_j + b_j,\qquad
# b_j \sim N(0, \tau^2)$$

# %% covers="000-s36"
gene = lk.glmer("counts ~ disease + (1 | sample)", cells, family="poisson")
print(gene.summary())

# %% [markdown]
# In R: `glmer(counts ~ disease + (1 | sample), data = tab, family = "poisson")`.
#
# **Predict, then run.** How many times as busy is the gene in the disease (`D`) as without (`ND`)? Use the table.

# %%
your_ratio = ...
check("13.q1", your_ratio)

# %% mends="x000-27"
beta = gene.fixef["diseaseND"]
low, high = gene.confint(method="wald").loc["diseaseND"]
lecture_vs_truth(
    "000, slide 36, effect of disease",
    "Beta = 1.1, and exp(1.1) -> 3: a 3-fold change in disease",
    "the coefficient is diseaseND, no disease against disease, and negative; turn its sign to compare disease"
    " with no disease",
    f"diseaseND = {beta:.5f}; exp({beta:.5f}) = {np.exp(beta):.3f} is ND against D; turned round,"
    f" exp({-beta:.5f}) = {np.exp(-beta):.2f}, interval {np.exp(-high):.2f} to {np.exp(-low):.2f}; with the"
    f" rounded {-beta:.1f} it would be {np.exp(round(-beta, 1)):.3f}",
)

# %% [markdown]
# A coefficient on the log scale becomes a **rate ratio** by `exp`, and so do the ends of its interval. (Not its standard error.)
#
# ## Ten donors, five hundred cells
#
# The z-value is enormous. Should it be? The disease is a property of the *donor*. Suppose we sequenced a million cells of
# the same ten people: we would know these ten as never before, and the eleventh as little as ever. The cells are
# **pseudoreplicates**, like the repeated enzyme assays of lesson 8. The random intercept is there to say so.
#
# But here it has nothing to say: its variance is zero for all purposes.
#
# **Your turn.** How many independent replicates does a test of disease have in this study, the two groups together?

# %%
your_replicates = ...
check("13.q2", your_replicates)

# %% [markdown]
# **Pseudobulk** has one number for each donor, the sum over all the cells. The log of the number of cells goes in as
# an *offset*, a term whose coefficient is held at one, so that we model transcripts *per cell*. Here are four analyses side by side.

# %%
bulk = per_donor.reset_index().rename(columns={"size": "cells", "sum": "transcripts"})
pseudobulk = lk.glmer("transcripts ~ disease + offset(log(cells)) + (1 | sample)", bulk, family="poisson")
all_cells = lk.glm("counts ~ disease", cells, family="poisson")
log_means = lk.lm("log(mean) ~ disease", bulk)
four = {
    "GLM, cells as replicates": (all_cells, len(cells)),
    "GLMM of cells": (gene, len(cells)),
    "GLMM of pseudobulk": (pseudobulk, len(bulk)),
    "t-test of ten log means": (log_means, len(bulk)),
}
side = pd.DataFrame(
    {
        name: {
            "rows": rows,
            "estimate": fit.fixef["diseaseND"],
            "std_error": fit.se["diseaseND"],
            "df": log_means.df_resid if fit is log_means else np.inf,
        }
        for name, (fit, rows) in four.items()
    }
).T
print(side.astype({"rows": int}).round({"estimate": 5, "std_error": 5}).to_string())
print()
print(gene.confint(parm="sd_(Intercept)|sample").round(3).to_string())

# %% [markdown]
# Second and third row agree to every digit shown: given the donors, a sum of Poisson counts holds all that the cells know. So pseudobulk loses nothing,
# and five hundred rows become ten. The interval at the bottom is for the standard deviation between donors: it begins at zero, and does not end there.

# %% mends="x000-28"
total = int(cells.loc[cells["disease"] == "D", "counts"].sum())
variance = gene.varcorr.frame["vcov"].iloc[0]
t_p = log_means.coef_table().loc["diseaseND", "p_value"]
upper = gene.confint(parm="sd_(Intercept)|sample").iloc[0, 1]
lecture_vs_truth(
    "000, slide 36, the variance of sample",
    "a variance of 1.121e-05 between samples, and the p-values, are printed without a word",
    "the variance is zero for every purpose (its third digit is where the search stopped), so these cells"
    " behave as if they were independent; but there are only ten donors, five of each kind, and a z-test on"
    " 500 cells is too sure of itself",
    f"variance {variance:.2e}; the standard error of the intercept, {gene.se['(Intercept)']:.5f}, is hardly"
    f" more than 1/sqrt({total}) = {1 / np.sqrt(total):.5f}, what {total} independent transcripts give."
    f" Donors may differ by an SD of up to {upper:.3f} for all we know. A t-test on ten donors still finds"
    f" the disease (p = {t_p:.1e}), and it has {log_means.df_resid:.0f} degrees of freedom",
)

# %% [markdown]
# Real donors do differ. Let them: the panel invents donors whose rates scatter, and shows how often each analysis finds a disease that does
# nothing.
#
# **Predict, then run.** If donors differ and you sequence *more cells* from each, does the all-cells analysis find an effect that is not there more often
# (`"up"`), less often (`"down"`), or as often as before (`"same"`)?

# %%
your_direction = ...
check("13.q3", your_direction)

# %%
explorers.counts()

# %%
wrong = pd.DataFrame(
    {f"{number} cells": explorers.counts.result(cells=number).wrong for number in (5, 20, 100, 300)}
)
print("share of studies with p < 0.05 though the disease does nothing")
print(wrong.round(3).to_string())

# %% [markdown]
# Every further cell makes the wrong analysis surer of its mistake. The t-test of ten means stays where it should be. And the GLMM? It knows the donors, but its z takes the variance between
# them as if ten donors had told it exactly. Let us count, on pseudobulk (fifty cells a donor, no disease effect):

# %%
rng = np.random.default_rng(13)
donors = pd.DataFrame({"donor": [f"d{i}" for i in range(10)], "ill": np.repeat([0, 1], 5)})
studies, glmm_hits, with_t, t_hits = 300, 0, 0, 0
for _ in range(studies):
    donors["n"] = rng.poisson(50 * np.exp(0.4 * rng.standard_normal(10)))
    z_test = lk.glmer("n ~ ill + (1 | donor)", donors, family="poisson").coef_table()
    t_test = lk.lm("log(n) ~ ill", donors).coef_table()
    glmm_hits += z_test.loc["ill", "p_value"] < 0.05
    with_t += abs(z_test.loc["ill", "statistic"]) > stats.t.ppf(0.975, len(donors) - 2)
    t_hits += t_test.loc["ill", "p_value"] < 0.05
in_words(
    f"Of {studies} studies without an effect, the GLMM's z-test finds one in {100 * glmm_hits / studies:.0f}%, the"
    f" t-test of log means in {100 * t_hits / studies:.0f}%.",
    "With few donors a z-value is too sure of itself, the GLMM's, too. Held against a t distribution with as many"
    f" degrees of freedom as donors less groups, it would be {100 * with_t / studies:.0f}%. Do that, or test the"
    " means.",
)

# %% [markdown]
# ## When counts vary more than Poisson
#
# Young hedgehogs carry ticks, and ticks like it warm. In `ticks` hoglets of many litters in many parks were counted over three years, at various altitudes. We measure
# altitude in hundreds of metres above or below three hundred, so that zero is a place with hedgehogs in it.

# %%
poisson = lk.glmer("ticks ~ year + height + (1 | park) + (1 | litter)", ticks, family="poisson")
print(poisson)
print()
print(lk.dispersion_test(poisson))

# %% [markdown]
# A Poisson count has the variance of its mean, no more, and no parameter with which it could have more. Brothers in one nest, however, differ: one
# sleeps on the damp side. **Overdispersion** is what is left when all that you put into the model is not enough. Ignore it, and standard errors of whatever varies at that level,
# here from hoglet to hoglet, are too small.
#
# The picture below replaces each hoglet's residual by the share of simulated counts below its own. If the model were right, these shares would spread evenly
# from zero to one.

# %%
lk.simulate_residuals(poisson, conditional=True, seed=1).plot()
plt.show()

# %% [markdown]
# In the left panel the dots make an S: too many hoglets at both ends, with fewer or more ticks than the model allows. Two cures:
#
# - an **observation-level random effect**, `(1 | hoglet)`: each hoglet has its own log rate, normally scattered;
# - the **negative binomial** family: each has its own rate, from a gamma distribution. Its variance is $\mu + \mu^2/k$, with $k$ estimated.
#
# **Predict, then run.** A negative binomial has mean four and $k$ two. What is its variance?

# %%
your_variance = ...
check("13.q4", your_variance)

# %%
own_rate = lk.glmer(
    "ticks ~ year + height + (1 | park) + (1 | litter) + (1 | hoglet)", ticks, family="poisson"
)
negative = lk.glmer("ticks ~ year + height + (1 | park) + (1 | litter)", ticks, family="negative_binomial")
no_groups = lk.glm("ticks ~ year + height", ticks, family="poisson")
models = {
    "Poisson, no groups": no_groups,
    "Poisson": poisson,
    "Poisson + hoglet": own_rate,
    "negative binomial": negative,
}
print(
    pd.DataFrame(
        {
            name: {
                "height": fit.fixef["height"],
                "its SE": fit.se["height"],
                "year2022": fit.fixef["year2022"],
                "AIC": fit.aic,
                "dispersion": lk.dispersion_test(fit).ratio,
            }
            for name, fit in models.items()
        }
    )
    .T.round(3)
    .to_string()
)
print("what the simulation was told:", lk.data_info("ticks").truth["fixef (log ticks)"])

# %%
lk.simulate_residuals(negative, conditional=True, seed=1).plot()
plt.show()

# %% [markdown]
# The dots are back inside the grey band, and no test objects. (The dispersion ratio of the last two models is below one, because their random effects have been fitted to the very counts they are
# compared with; below is what the ratio would be if the model were true.) The standard error of `height` changed little once litters were in the model: altitude is a
# property of the litter, so it was the *litters* that mattered for it. Without any groups it was several times too small. And for something that differs from hoglet to hoglet?
# Let us toss a coin for each, which has nothing to do with ticks, and ask both models how sure they are of its effect:

# %%
invented = negative.simulate(12, seed=1)
if_true = [lk.dispersion_test(negative.refit(invented[column])).ratio for column in invented]
tossed = ticks.assign(coin=np.random.default_rng(13).integers(0, 2, len(ticks)))
formula = "ticks ~ year + height + coin + (1 | park) + (1 | litter)"
of_coin = {
    family: lk.glmer(formula, tossed, family=family).se for family in ("poisson", "negative_binomial")
}
in_words(
    f"Dispersion ratio of the negative binomial {lk.dispersion_test(negative).ratio:.2f}; in {len(if_true)} data sets"
    f" for which it is true, {min(if_true):.2f} to {max(if_true):.2f}.",
    f"Standard error of the coin: {of_coin['poisson']['coin']:.3f} by the Poisson model,"
    f" {of_coin['negative_binomial']['coin']:.3f} by the negative binomial. Of altitude:"
    f" {of_coin['poisson']['height']:.3f} and {of_coin['negative_binomial']['height']:.3f}.",
    "What overdispersion does to a standard error depends on where the predictor varies.",
)

# %%
interval = negative.confint(method="wald").loc["height"]
middle = pd.DataFrame({"year": ["2021"], "height": [0.0]})
typical = negative.predict(middle, re_form="~0", kind="response").iloc[0]
spread = float((negative.varcorr.frame["vcov"]).sum())
in_words(
    f"A hundred metres up, ticks are multiplied by {np.exp(negative.fixef['height']):.2f} "
    f"({np.exp(interval.iloc[0]):.2f} to {np.exp(interval.iloc[1]):.2f}): "
    f"{100 * (1 - np.exp(negative.fixef['height'])):.0f}% fewer.",
    f"A typical litter in a typical park, at 300 metres and in the first year, is expected to have {typical:.1f}"
    f" ticks a hoglet. The mean over all litters and parks is larger, {typical * np.exp(spread / 2):.1f}: the few"
    " litters with very many ticks weigh more than the many with few (multiply by exp of half the variance).",
)

# %% [markdown]
# ## Yes or no
#
# A vet looks after dairy herds, and every season counts the cows with an infected udder. A new milking robot promises healthier cows. Each
# row of `herds` has so many cows examined and so many infected; some visits did not take place.
#
# A cow is infected or not. The family is **binomial**, the link is the *logit*, the log of the odds:
#
# $$\text{infected}_{ij} \sim \text{Binomial}(\text{cows}_{ij},\, p_{ij}),\qquad \log\frac{p_{ij}}{1-p_{ij}} = \beta_0 + \ldots + b_j$$
#
# In the formula the response has two columns, hits and misses.

# %%
herds = lk.load_data("herds")
careless = lk.glm("cbind(infected, cows - infected) ~ season + milking", herds, family="binomial")
careful = lk.glmer(
    "cbind(infected, cows - infected) ~ season + milking + (1 | herd)", herds, family="binomial"
)
print(careful)
print()
print("milkingrobot, cows as replicates and herds as replicates")
print(
    pd.concat(
        {name: fit.coef_table().loc["milkingrobot"] for name, fit in (("glm", careless), ("glmer", careful))},
        axis=1,
    )
    .T.round(4)
    .to_string()
)

# %% [markdown]
# **Your turn.** On this evidence, would you tell the farmer that the robot prevents infections, `"yes"` or `"no"`?

# %%
your_advice = ...
check("13.q5", your_advice)

# %%
by_herd = herds.groupby(["milking", "herd"], observed=True)[["infected", "cows"]].sum()
share = by_herd["infected"] / by_herd["cows"]
fig, ax = plt.subplots(figsize=(8, 3.6))
for place, (kind, marker, colour) in enumerate((("parlour", "s", BLUE), ("robot", "o", RED))):
    values = np.sort(share.loc[kind])
    ax.plot(values, place + np.linspace(-0.2, 0.2, len(values)), marker, color=colour, ms=8)
    ax.plot([values.mean()] * 2, [place - 0.35, place + 0.35], "-", color=GREY, lw=3)
ax.set_yticks([0, 1], ["parlour", "robot"])
ax.set_ylabel("milking")
ax.set_xlim(0)
ax.set_xlabel("share of examined cows that were infected, by herd")
plt.show()

# %% [markdown]
# One mark per herd, the bars are the means of the herds. Herds differ hugely within both kinds; two dozen herds cannot tell. (They were simulated, and the robot's true effect is none.)
#
# ## Odds, and probabilities

# %%
summer = np.exp(careful.fixef["seasonsummer"])
odds_low, odds_high = np.exp(careful.confint(method="wald").loc["seasonsummer"])
new = pd.DataFrame({"season": ["spring", "summer", "autumn", "winter"], "milking": "parlour"})
new["p"] = careful.predict(new, re_form="~0", kind="response").to_numpy()
print(new.round(3).to_string(index=False))
in_words(
    f"In summer the odds of infection are {summer:.2f} times those in spring ({odds_low:.2f} to"
    f" {odds_high:.2f}).",
    f"In a typical parlour herd that is {100 * new['p'].iloc[1]:.1f}% instead of"
    f" {100 * new['p'].iloc[0]:.1f}%, {new['p'].iloc[1] / new['p'].iloc[0]:.2f} times the probability: an"
    " odds ratio is not a ratio of probabilities.",
)

# %% [markdown]
# ## What the fitter does here
#
# For normal data the random effects can be integrated out on paper. For counts they cannot, and the likelihood is an integral that must be
# approximated. `glmer` uses Laplace's method: near its peak, a smooth function looks like a normal curve. Where there is little information per
# group (few cows, yes/no), more points are better; with a single random intercept, ask for them:

# %%
finer = lk.glmer(
    "cbind(infected, cows - infected) ~ season + milking + (1 | herd)", herds, family="binomial", n_agq=9
)
print(pd.DataFrame({"Laplace": careful.fixef, "nine points": finer.fixef}).round(4).to_string())
print(
    "SD of herds:",
    round(careful.varcorr.frame["sdcor"].iloc[0], 4),
    "and",
    round(finer.varcorr.frame["sdcor"].iloc[0], 4),
)

# %% [markdown]
# Hardly a difference: Laplace was good enough.

# %%
key_points(
    "Counts: Poisson with a log link; yes/no: binomial with a logit. exp of a coefficient is a rate or odds"
    " ratio.",
    "Look which level a coefficient names before you say what rises.",
    "Cells, cows and hoglets are not donors, herds and litters: put the group in, or sum over it.",
    "Poisson has no room for extra variation: test the dispersion, then a random effect per row or the"
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
# - Zimmerman, K. D., Espeland, M. A., and Langefeld, C. D. (2021). A practical solution to pseudoreplication bias in single-cell studies.
#   *Nature Communications* 12, 738.
