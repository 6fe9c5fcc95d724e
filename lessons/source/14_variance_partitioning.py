# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=45 needs="variance components and the ICC (04), nested and crossed groups (07)"
# # 14. Variance partitioning: one gene, then thousands
#
# **You will be able to**
#
# - say which share of a gene's variation sits between people, between tissues, and in the rest;
# - compute these shares by hand from a fitted model, fixed effects included;
# - do it for thousands of genes at once, and read the picture that comes out;
# - say what a share is *not*: certain when there are few levels, or true for another model.
#
# **Data** `genexpr`, `genexpr_info` (synthetic: a stand-in for the example data of a package; the
# samples' first ten rows and the first gene reproduce what the lecture prints).
# **Lectures** 002 from "The variancePartition package" to "Reproduce with lme4".

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

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
# A laboratory measures the activity of genes: in some people, in several tissues, over several batches of work. The numbers
# differ from sample to sample. *Why?* Because people differ? Because liver is not muscle? Or because somebody used a new box of
# reagents on the second day? Before you chase a disease through ten thousand genes, you want to know where the variation
# sits. (An owl keeper would ask the same: is a chick heavy because of its nest, its age, or the scales?)
#
# Here is who and what was measured.

# %% covers="002-7"
info = lk.load_data("genexpr_info")
genes = lk.load_data("genexpr")
print(info.head(10).to_string(index=False))
print(f"... {len(info)} samples in all")
for column in ["Individual", "Tissue", "Batch"]:
    print(f"{column} has {info[column].nunique()} levels")
print(f"{genes.shape[0]} genes, measured in {genes.shape[1]} samples")

# %% [markdown]
# ## One gene: look
#
# Take the first gene. Draw its expression by person, then by tissue.

# %% covers="002-9"
one = info.assign(gene1=genes.loc["gene1"].to_numpy())
fig, axes = plt.subplots(1, 2, figsize=(9.5, 4.4), width_ratios=[3, 1], sharey=True, layout="constrained")
order = one.groupby("Individual", observed=True)["gene1"].mean().sort_values().index
for place, person in enumerate(order):
    mine = one.loc[one["Individual"] == person, "gene1"]
    axes[0].plot(np.full(len(mine), place), mine, "o", color=BLUE, ms=4, alpha=0.7)
    axes[0].plot(place, mine.mean(), "_", color="black", ms=12, mew=2)
for place, (_, mine) in enumerate(one.groupby("Tissue", observed=True)):
    jitter = np.linspace(-0.25, 0.25, len(mine))
    axes[1].plot(place + jitter, mine["gene1"], "s", color=RED, ms=4, alpha=0.7)
    axes[1].plot(place, mine["gene1"].mean(), "_", color="black", ms=24, mew=2)
axes[0].set_xticks([])
axes[0].set_xlabel("individuals, sorted by their mean")
axes[0].set_ylabel("expression of gene1 (log2 CPM)")
axes[1].set_xticks(range(3), one["Tissue"].cat.categories)
axes[1].set_xlabel("tissue")
plt.show()

# %% [markdown]
# Left: one column of dots for each person, with a bar at the mean. Right: the same samples by tissue.
#
# **Predict, then run.** Which will have the largest share of this gene's variance: `"individual"`, `"tissue"`, `"age"` or
# `"residuals"`?

# %%
your_source = ...
check("14.q1", your_source)

# %% [markdown] covers="002-6"
# ## One gene: the model
#
# People differ by far more than their own samples do; the three tissues overlap nearly completely. A model puts numbers to it. Each source gets a term. People and tissues are random intercepts; age is a number, and has a slope:
#
# $$y_{i} = \beta_0 + \beta_1\,\text{Age}_i + b_{\text{person}(i)} + c_{\text{tissue}(i)} + \varepsilon_i,\qquad
# b\sim N(0,\sigma^2_{\text{person}}),\; c\sim N(0,\sigma^2_{\text{tissue}}),\; \varepsilon\sim N(0,\sigma^2).$$
#
# That is the recipe of variancePartition, a package for R that calls `lme4::lmer` for each gene: numbers are fixed, and all
# categories are random. (Give it no random effect, and it turns to `lm` and shares out sums of squares instead.) By default it uses
# maximum likelihood, and so do we here. In R:
#
# `fit <- lmer(geneExpr[1, ] ~ Age + (1 | Individual) + (1 | Tissue), info, REML = FALSE); calcVarPart(fit)`
#
# (The shares below were compared with `lmer`'s variances. `calcVarPart` belongs to variancePartition, which is not among the packages that this course is checked with; its lines are quoted, not run.)

# %% covers="002-11"
fit = lk.lmer("gene1 ~ Age + (1 | Individual) + (1 | Tissue)", one, reml=False)
print(fit)
print()
print(fit.variance_partition().map("{:.6e}".format).to_string())

# %% [markdown]
# Where do these four numbers come from? Each random term contributes its variance, the residual its own, and a *fixed* term
# contributes the variance of what it adds to the fitted values: $\operatorname{var}(\beta_1\,\text{Age}_i)$ over the samples.
# Add them up, and divide. (Several fixed terms may overlap: they are scaled so that together they have the variance of the whole fixed part.)
#
# **Predict, then run.** Take the standard deviations from the printout, and let age contribute nothing (it nearly does).
# What is the share of `Tissue`? Three digits will do.

# %%
your_share = ...
check("14.q2", your_share)

# %%
sds = fit.varcorr.frame.set_index("grp")["sdcor"]
parts = pd.Series(
    {
        "Individual": sds["Individual"] ** 2,
        "Tissue": sds["Tissue"] ** 2,
        "Age": np.var(fit.fixef["Age"] * one["Age"]),
        "Residuals": fit.sigma**2,
    }
)
print(pd.DataFrame({"variance": parts, "share": parts / parts.sum()}).map("{:.6e}".format).to_string())

# %% mends="x002-6"
with_batch = lk.lmer("gene1 ~ Age + (1 | Individual) + (1 | Tissue) + (1 | Batch)", one, reml=False)
shares, shares_batch = fit.variance_partition(), with_batch.variance_partition()
unbiased = np.var(fit.fixef["Age"] * one["Age"], ddof=1)
lecture_vs_truth(
    "002, the call to lme4",
    "the design has a batch, and the call that reproduces the fractions leaves it out",
    "shares are shares of the model that was fitted; another model, other shares. (Age counts with the variance"
    " of what it adds, with divisor n.)",
    f"residuals have {shares['Residuals']:.4f} without batch and {shares_batch['Residuals']:.4f} with it, batch"
    f" has {shares_batch['Batch']:.4f}. Age's variance is {parts['Age']:.4e}, and would be {unbiased:.4e} with"
    " divisor n - 1",
)

# %% mends="x002-7"
by_reml = lk.lmer("gene1 ~ Age + (1 | Individual) + (1 | Tissue)", one)
reml_sds = by_reml.varcorr.frame.set_index("grp")["sdcor"]
lecture_vs_truth(
    "002, a wrapper for lme4",
    "variancePartition calls lmer, and that is that",
    "it calls lmer with REML = FALSE, and maximum likelihood makes variances between groups a little too"
    " small (lesson 10)",
    f"between individuals the standard deviation is {sds['Individual']:.3f} by ML and"
    f" {reml_sds['Individual']:.3f} by REML; between tissues {sds['Tissue']:.3f} and"
    f" {reml_sds['Tissue']:.3f}. The individuals' share moves from {shares['Individual']:.3f} to"
    f" {by_reml.variance_partition()['Individual']:.3f}",
)

# %% [markdown]
# ## How sure is a share?
#
# A share looks like a fact. It is an estimate, and the fewer levels a factor has, the wilder it is. The panel below makes genes
# whose shares *you* set, and shows what a fit finds in them. Take three tissues, then eight; look at the marks on the right, one for each gene.

# %%
explorers.variance_partition(tissues=3)

# %% mends="x002-2"
interval = fit.confint(parm="theta_")
low, high = interval.loc["sd_(Intercept)|Tissue"]
as_fixed = lk.lmer("gene1 ~ Age + Tissue + (1 | Individual)", one)
lecture_vs_truth(
    "002, the quotation",
    "categorical variables should (almost) always be random, to be on the safe side",
    "random everywhere makes shares of variance comparable. For estimates and tests, sex, disease or time point,"
    " with few levels that you chose, are better fixed: below about five levels a variance is poorly estimated",
    f"the standard deviation between the {info['Tissue'].nunique()} tissues is {sds['Tissue']:.3f}, with a"
    f" 95% interval from {low:.3f} to {high:.3f}: its variance might be {(high / low) ** 2:.0f} times as"
    " large at one end as at the other. As fixed effects, tissues B and C differ from A by"
    f" {as_fixed.fixef['TissueB']:.2f} and {as_fixed.fixef['TissueC']:.2f}, with standard errors of"
    f" {as_fixed.se['TissueB']:.2f} and {as_fixed.se['TissueC']:.2f}",
)

# %% [markdown] covers="002-8"
# ## Two hundred genes
#
# Now all of them, with the batch. The design is the same for each gene, so lmmkit works out once what can be worked out once. In R
# this is `fitExtractVarPartModel(geneExpr, ~ Age + (1 | Individual) + (1 | Tissue) + (1 | Batch), info)`.

# %%
form = "~ Age + (1 | Individual) + (1 | Tissue) + (1 | Batch)"
partition = lk.variance_partition(genes, form, info, progress=False)
partition = partition[["Individual", "Tissue", "Batch", "Age", "Residuals"]]
print(partition.head(8).round(3).to_string())
print()
print("median share:", partition.median().round(3).to_dict())
print("\n".join(partition.notes))

# %%
fig, axes = plt.subplots(1, 2, figsize=(9.5, 4.6))
partition.violin(axes[0])
axes[0].tick_params(axis="x", rotation=30)
partition.head(10).bars(axes[1])
plt.show()

# %% [markdown]
# Left: for each term, how its share is spread over all genes (the box inside marks the middle half). Right: ten genes, one bar each. Some
# genes belong to the person, others to the tissue; batch matters in some, age in fewer. (The five medians printed above add up to less than one: the gene in the middle for
# one term is not in the middle for another.)
#
# Which gene is the most tissue-bound? And which the most personal?

# %%
most = partition["Tissue"].idxmax()
fits = lk.fit_many(genes, form, info, reml=False, ddf="none", progress=False)
fig, ax = plt.subplots()
fits.stratified(most, "Tissue", ax)
ax.set_ylabel(f"expression of {most} (log2 CPM)")
ax.set_xlabel("tissue")
plt.show()

# %%
in_words(
    f"{most} by tissue: {partition.loc[most, 'Tissue']:.0%} of its variance lies between tissues, and its"
    " boxes stand on different floors.",
    f"The most personal gene is {partition['Individual'].idxmax()}, with {partition['Individual'].max():.0%}"
    " between individuals.",
    f"In {(partition['Batch'] > 0.1).sum()} of {len(partition)} genes the batch has more than a tenth: worth"
    " a word with the laboratory.",
)

# %% [markdown]
# ## Is it true?
#
# These genes were simulated, so we know what went in. Each dot is a gene; on the line, the estimate is the truth.

# %%
truth = lk.load_data("genexpr_truth")
fig, axes = plt.subplots(1, 3, figsize=(9.5, 3.6), sharex=True, sharey=True, layout="constrained")
for ax, term in zip(axes, ["Individual", "Tissue", "Batch"], strict=True):
    ax.plot([0, 1], [0, 1], "--", color=GREY, lw=1.3)
    ax.plot(truth[term], partition.loc[truth.index, term], "o", color=BLUE, ms=3, alpha=0.6)
    ax.set_title(term)
fig.supxlabel("share that the gene was made with")
fig.supylabel("share found")
plt.show()

# %% [markdown]
# Tissue and batch come back well, although they have few levels (the truth here is the share *in these very samples*). The share
# of the individual wanders more, and in some genes it is far too large. Why? Look at the formula: something that was in the table is not in it.

# %%
taller = lk.variance_partition(
    genes, "~ Age + Height + (1 | Individual) + (1 | Tissue) + (1 | Batch)", info, progress=False
)
gap = (partition.loc[truth.index, "Individual"] - truth["Individual"]).idxmax()
columns = ["Individual", "Height", "Age", "Tissue", "Batch", "Residuals"]
print(
    pd.DataFrame(
        {
            "truth": truth.loc[gap, columns],
            "without Height": partition.loc[gap].reindex(columns),
            "with Height": taller.loc[gap, columns],
        }
    )
    .round(3)
    .to_string(na_rep="")
)

# %% [markdown]
# Height is a property of a person. Leave it out, and the person gets its share: nothing is lost, but it moves. A share belongs to a
# model.
#
# **Predict, then run.** Two thousand "genes" that are nothing but noise: no person, tissue or batch has any effect. Will the
# estimated share of `Individual` be zero in all of them? Answer `"yes"` or `"no"`.

# %%
your_noise = ...
check("14.q3", your_noise)

# %%
noise = pd.DataFrame(np.random.default_rng(14).normal(size=(2000, len(info))), columns=info["ID"])
nothing = lk.variance_partition(noise, form, info, progress=False)
table = pd.DataFrame(
    {
        "mean share": nothing.mean(),
        "95% of genes below": nothing.quantile(0.95),
        "share of genes at zero": (nothing < 1e-6).mean(),
    }
)
print(table.round(3).to_string())

# %% [markdown]
# A variance cannot be negative, so that noise can only push it up from zero. A small share is not a finding: compare it with what noise alone
# would give, in *your* design.

# %% [markdown] covers="002-10"
# ## Which variables say the same?
#
# Shares can only be told apart when the variables can. For every pair, canonical correlation asks how well one set of columns predicts
# the other: nothing at zero, everything at one.

# %%
canonical = lk.cancorr_pairs("~ Individual + Tissue + Batch + Age + Height", info)
fig, ax = plt.subplots(figsize=(6.2, 5), layout="constrained")
image = ax.imshow(canonical, vmin=0, vmax=1, cmap="Blues")
for i in range(len(canonical)):
    for j in range(len(canonical)):
        value = canonical.iloc[i, j]
        ax.text(
            j,
            i,
            f"{value:.2f}",
            ha="center",
            va="center",
            fontsize=12,
            color="white" if value > 0.6 else "black",
        )
ax.set_xticks(range(len(canonical)), canonical.columns, rotation=30)
ax.set_yticks(range(len(canonical)), canonical.index)
ax.spines[:].set_visible(False)
fig.colorbar(image, label="canonical correlation")
plt.show()

# %% [markdown]
# In a dark cell, one of the two can be computed from the other, or nearly so. Tissue and
# batch are nearly free of everything else, which is good design.
#
# **Predict, then run.** Could you estimate the effect of `Age` with `Individual` as a *fixed* factor in the same model? Answer
# `"yes"` or `"no"`.

# %%
your_both = ...
check("14.q4", your_both)

# %%
eaten = lk.lm("gene1 ~ Individual + Age", one)
print("\n".join(eaten.messages) or "no message")
print(
    "coefficients:",
    len(eaten.fixef),
    " of them Age:",
    int("Age" in eaten.fixef.index and bool(np.isfinite(eaten.fixef["Age"]))),
)

# %% [markdown]
# Whoever knows the person knows the age, so nothing is left for it. (Not the other way round: two people may have one age.) With people *random*, age has its say again: the model compares people of different ages, and knows that there are only so many
# people. So the same many fits also give a test for each gene, and thousands of tests want a correction:

# %%
tests = lk.fit_many(genes, form, info, progress=False).tests("Age")
print(tests.sort_values("p_value").head(5).to_string(float_format="{:.4g}".format))
in_words(
    f"{(tests['p_value'] < 0.05).sum()} of {len(tests)} genes have p < 0.05; at a false discovery rate of 5%,"
    f" {(tests['adj_p_value'] < 0.05).sum()} remain. Degrees of freedom are near {tests['df'].median():.0f}:"
    " people, not samples.",
)

# %%
key_points(
    "A share is a variance over the sum of all: random terms by their variance, fixed terms by the variance"
    " of what they add.",
    "Shares are of the model fitted: leave a variable out, and a relative takes what it had.",
    "Few levels, wild shares: below about five levels a variance is poorly estimated. For a test, make them"
    " fixed; for shares, say how uncertain they are.",
    "Noise has shares, too. Know what your design gives for nothing.",
    "Before sharing out, see which variables can be told apart at all.",
)

# %% [markdown]
# ## Further reading
#
# - Hoffman, G. E., and Schadt, E. E. (2016). variancePartition: interpreting drivers of variation in complex gene expression
#   studies. *BMC Bioinformatics* 17, 483.
# - Hoffman, G. E., and Roussos, P. (2021). Dream: powerful differential expression analysis for repeated measures designs.
#   *Bioinformatics* 37, 192–201.
# - Nakagawa, S., and Schielzeth, H. (2010). Repeatability for Gaussian and non-Gaussian data: a practical guide for biologists.
#   *Biological Reviews* 85, 935–956.
