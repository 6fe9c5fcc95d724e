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
# - do it for thousands of genes at once, measured or counted, and read the picture that comes out;
# - say what a share is *not*: certain when there are few levels, or true for another model.
#
# **Data** `genexpr`, `genexpr_info` (synthetic; the first ten samples and the first gene have the numbers of a printed example).

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt, stats

# %% [markdown]
# ## The question
#
# A laboratory measures the activity of genes: in some people, in several tissues, over several batches of work. The numbers
# differ from sample to sample. *Why?* Because people differ? Because liver is not muscle? Or because somebody used a new box of
# chemicals on the second day? Before you study a disease in ten thousand genes, you want to know where the variation
# sits. (An owl keeper asks the same: is a chick heavy because of its nest, its age, or the scales?)
#
# Here are the first ten samples.

# %% covers="002-7"
info, genes = lk.load_data("genexpr_info"), lk.load_data("genexpr")
info.head(10)

# %% tags=["fold"]
# In words: how much was measured
levels = ", ".join(f"{column} has {info[column].nunique()} levels" for column in ("Individual", "Tissue", "Batch"))
lesson.in_words(f"{genes.shape[0]} genes were measured in {len(info)} samples. {levels}.")

# %% tags=["picture"] covers="002-9"
# Picture: the first gene, by person and by tissue
one = info.assign(gene1=genes.loc["gene1"].to_numpy())
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), width_ratios=[3, 1], sharey=True, layout="constrained")
by_person = one.groupby("Individual", observed=True)["gene1"]
order = by_person.mean().sort_values()
for place, person in enumerate(order.index):
    mine = one.loc[one["Individual"] == person, "gene1"]
    axes[0].plot(np.full(len(mine), place), mine, "o", color=lesson.BLUE, ms=4, alpha=0.7)
    axes[0].plot(place, mine.mean(), "_", color="black", ms=12, mew=2)
for place, (_, mine) in enumerate(one.groupby("Tissue", observed=True)):
    jitter = np.linspace(-0.25, 0.25, len(mine))
    axes[1].plot(place + jitter, mine["gene1"], "s", color=lesson.RED, ms=4, alpha=0.7)
    axes[1].plot(place, mine["gene1"].mean(), "_", color="black", ms=24, mew=2)
axes[0].set_xticks([])
axes[0].set_xlabel("individuals, sorted by their mean")
axes[0].set_ylabel("expression of gene1 (log2 CPM)")
axes[1].set_xticks(range(3), one["Tissue"].cat.categories)
axes[1].set_xlabel("tissue")
lesson.show(
    f"Left: {len(order)} columns of dots, one per person, with means from {order.min():.1f} to {order.max():.1f}; within a column the SD is"
    f" {by_person.std().median():.1f} in the median. Right: the same dots by tissue, with means"
    f" {', '.join(f'{mean:.1f}' for mean in one.groupby('Tissue', observed=True)['gene1'].mean())}."
)

# %% [markdown]
# Left: one column of dots for each person, with a bar at the mean. Right: the same samples by tissue.
#
# **Predict, then run.** Which will have the largest share of this gene's variance: `"individual"`, `"tissue"`, `"age"` or
# `"residuals"`?

# %%
your_source = ...
check("14.q1", your_source)

# %% covers="002-11"
fit = lk.lmer("gene1 ~ Age + (1 | Individual) + (1 | Tissue)", one, reml=False)
fit.variance_partition().map("{:.6e}".format).to_frame("share")

# %% [markdown] covers="002-6"
# People differ by far more than their own samples do; the three tissues overlap nearly completely. The model puts numbers to it. Each source gets
# a term. People and tissues are random intercepts; age is a number, and has a slope:
#
# $$y_{i} = \beta_0 + \beta_1\,\text{Age}_i + b_{\text{person}(i)} + c_{\text{tissue}(i)} + \varepsilon_i$$
#
# $b$, $c$ and $\varepsilon$ are draws with the variances $\sigma^2_{\text{person}}$, $\sigma^2_{\text{tissue}}$ and $\sigma^2$.
#
# That is the recipe of variancePartition, a package for R that calls `lme4::lmer` for each gene: numbers are fixed, and all
# categories are random. It uses maximum likelihood, and so do we here. In R:
# `fit <- lmer(geneExpr[1, ] ~ Age + (1 | Individual) + (1 | Tissue), info, REML = FALSE); calcVarPart(fit)`. (The shares were compared with the
# variances of `lmer`. variancePartition itself was not run.)
#
# ## Where do the numbers come from?
#
# Each random term contributes its variance, the residual its own. A *fixed* term contributes the variance of what it adds to the fitted
# values: $\operatorname{var}(\beta_1\,\text{Age}_i)$ over the samples. Add them up, and divide. (Several fixed terms may overlap: they are scaled so that
# together they have the variance of the whole fixed part.)

# %%
fit.varcorr.frame[["grp", "sdcor"]].round(4)

# %% [markdown]
# **Predict, then run.** Take the standard deviations of this table, and let age contribute nothing (it nearly does).
# What is the share of `Tissue`? Give it as 0.0…, with two digits after the zeros.

# %%
your_share = ...
check("14.q2", your_share)

# %%
sds = fit.varcorr.frame.set_index("grp")["sdcor"]
of_age = np.var(fit.fixef["Age"] * one["Age"])
parts = {"Individual": sds["Individual"] ** 2, "Tissue": sds["Tissue"] ** 2}
parts |= {"Age": of_age, "Residuals": fit.sigma**2}
parts = pd.Series(parts)
pd.DataFrame({"variance": parts, "share": parts / parts.sum()}).map("{:.6e}".format)

# %% [markdown] mends="x002-6 x002-7"
# You may take these shares for properties of the gene. In truth they are shares of *the model that was fitted*. Another model has other shares: here
# is one with the batch, and the first one by REML. (Maximum likelihood makes variances between groups a little too small, lesson 10.)

# %%
batch = lk.lmer("gene1 ~ Age + (1 | Individual) + (1 | Tissue) + (1 | Batch)", one, reml=False)
reml = lk.lmer("gene1 ~ Age + (1 | Individual) + (1 | Tissue)", one)
three = {"as above": fit, "with Batch": batch, "by REML": reml}
pd.DataFrame({name: model.variance_partition() for name, model in three.items()}).T.round(4)

# %% [markdown]
# ## How sure is a share?
#
# A share looks like a fact. It is an estimate, and the fewer levels a factor has, the wilder it is. The explorer below makes genes
# whose shares *you* set, and shows what a fit finds in them. Take three tissues, then eight; look at the marks on the right, one for each gene.

# %%
explorers.variance_partition(tissues=3)

# %% [markdown] mends="x002-2"
# You may read that categories should (almost) always be random, to be careful. In truth random terms make *shares* comparable. For estimates
# and tests, sex, disease or time point, with few levels that you chose, are better fixed: below about five levels a variance is poorly estimated. See the
# three tissues, both ways:

# %%
as_fixed = lk.lmer("gene1 ~ Age + Tissue + (1 | Individual)", one)
as_fixed.coef_table().loc[["TissueB", "TissueC"]].round(3)

# %% tags=["fold"]
# In words: how well the spread of three tissues is known
low, high = fit.confint(parm="theta_").loc["sd_(Intercept)|Tissue"]
lesson.in_words(
    f"As a random effect, the standard deviation between the {info['Tissue'].nunique()} tissues is {sds['Tissue']:.3f}, with a 95%"
    f" interval from {low:.3f} to {high:.3f}: its variance might be {(high / low) ** 2:.0f} times as large at one end as at the other."
    " As fixed effects, two of them have a difference from the first, with a standard error, and nobody need know how tissues in general"
    " differ."
)

# %% [markdown] covers="002-8"
# ## Two hundred genes
#
# Now all of them, with the batch. The design is the same for each gene, so lmmkit works out once what can be worked out once. In R:
# `fitExtractVarPartModel(geneExpr, ~ Age + (1 | Individual) + (1 | Tissue) + (1 | Batch), info)`.

# %%
form = "~ Age + (1 | Individual) + (1 | Tissue) + (1 | Batch)"
partition = lk.variance_partition(genes, form, info, progress=False)
partition = partition[["Individual", "Tissue", "Batch", "Age", "Residuals"]]
partition.median().round(3).to_frame("median share").T

# %% tags=["picture"]
# Picture: the shares of all genes, and ten genes one by one
fig, axes = plt.subplots(1, 2, figsize=(9.5, 4.2))
partition.violin(axes[0])
axes[0].tick_params(axis="x", rotation=30)
partition.head(10).bars(axes[1])
middle = partition.quantile([0.25, 0.75])
lesson.show(
    "Left: one violin per term; the middle half of the genes has shares "
    + ", ".join(f"of {term} from {middle[term].iloc[0]:.2f} to {middle[term].iloc[1]:.2f}" for term in partition)
    + ". Right: ten genes, each a bar of five colours that add up to one."
)

# %% [markdown]
# Left: for each term, how its share is spread over all genes (the box inside marks the middle half). Right: ten genes, one bar each. Some
# genes belong to the person, others to the tissue; batch matters in some, age in fewer. (The five medians printed above add up to less than one: the gene in the middle for
# one term is not in the middle for another.)

# %% tags=["fold"]
# In words: the genes at the ends
lesson.in_words(
    f"The gene that is most a matter of tissue is {partition['Tissue'].idxmax()}, with {partition['Tissue'].max():.0%} of its variance between"
    f" tissues. The gene that is most a matter of the person is {partition['Individual'].idxmax()}, with"
    f" {partition['Individual'].max():.0%}.",
    f"In {(partition['Batch'] > 0.1).sum()} of {len(partition)} genes the batch has more than a tenth: talk to the laboratory.",
)

# %% [markdown]
# ## Is it true?
#
# These genes were simulated, so we know what went in. Each dot is a gene; on the line, the estimate is the truth.

# %% tags=["picture"]
# Picture: the shares found against those the genes were made with
truth = lk.load_data("genexpr_truth")
fig, axes = plt.subplots(1, 3, figsize=(9.5, 3.3), sharex=True, sharey=True, layout="constrained")
said = []
LOOKS = {"Individual": (lesson.BLUE, "o"), "Tissue": (lesson.RED, "s"), "Batch": (lesson.GREEN, "^")}
for ax, (term, (colour, marker)) in zip(axes, LOOKS.items(), strict=True):
    found = partition.loc[truth.index, term]
    ax.plot([0, 1], [0, 1], "--", color=lesson.GREY, lw=1.3)
    ax.plot(truth[term], found, marker, color=colour, ms=3, alpha=0.6)
    ax.set_title(term)
    said.append(f"{term}: typically {(found - truth[term]).abs().mean():.2f} off, at most {(found - truth[term]).abs().max():.2f}")
fig.supxlabel("share that the gene was made with")
fig.supylabel("share found")
lesson.show("Three panels of dots around the diagonal. " + "; ".join(said) + ".")

# %% [markdown]
# Tissue and batch come back well, although they have few levels (the truth here is the share *in these very samples*). The share
# of the individual wanders more, and in some genes it is far too large. Why? Look at the formula: something that was in the first table is not in it.
# Here is the gene that is worst:

# %%
with_height = "~ Age + Height + (1 | Individual) + (1 | Tissue) + (1 | Batch)"
taller = lk.variance_partition(genes, with_height, info, progress=False)
worst = (partition.loc[truth.index, "Individual"] - truth["Individual"]).idxmax()
three = {"truth": truth, "without Height": partition, "with Height": taller}
columns = ["Individual", "Height", "Age", "Tissue", "Batch", "Residuals"]
pd.DataFrame({name: table.loc[worst] for name, table in three.items()}).T[columns].astype(float).round(3)

# %% [markdown]
# Height is a property of a person. Leave it out, and the person gets its share: nothing is lost, but it moves.
#
# **Predict, then run.** Two thousand "genes" that are nothing but noise: no person, tissue or batch has any effect. Will the
# estimated share of `Individual` be zero in all of them? Answer `"yes"` or `"no"`.

# %%
your_noise = ...
check("14.q3", your_noise)

# %%
noise = pd.DataFrame(np.random.default_rng(14).normal(size=(2000, len(info))), columns=info["ID"])
nothing = lk.variance_partition(noise, form, info, progress=False)
rows = {"mean": nothing.mean(), "95% are below": nothing.quantile(0.95)}
rows["are zero"] = (nothing < 1e-6).mean()
pd.DataFrame(rows).round(3)

# %% [markdown]
# A variance cannot be negative, so that noise can only push it up from zero. A small share is not a finding: compare it with what noise alone
# would give, in *your* design.

# %% [markdown] covers="002-10"
# ## Which variables say the same?
#
# Shares can only be told apart when the variables can. For every pair, *canonical correlation* asks how well one set of columns predicts
# the other: not at all at zero, perfectly at one.

# %%
canonical = lk.cancorr_pairs("~ Individual + Tissue + Batch + Age + Height", info)
canonical.round(2)

# %% [markdown]
# Where the table has a one, one of the two can be computed from the other. Tissue and
# batch are nearly free of everything else, which is good design.
#
# **Predict, then run.** Could you estimate the effect of `Age` with `Individual` as a *fixed* factor in the same model? Answer
# `"yes"` or `"no"`.

# %%
your_both = ...
check("14.q4", your_both)

# %%
both = lk.lm("gene1 ~ Individual + Age", one)
both.coef_table().tail(3).round(3)

# %% tags=["fold"]
# In words: what the fit says of it
lesson.in_words(*both.messages)

# %% [markdown]
# Whoever knows the person knows the age, so nothing is left for it. (Not the other way round: two people may have one age.) With people *random*, age
# can be estimated again: the model compares people of different ages, and knows that there are only so many
# people. So the same many fits also give a test for each gene, and thousands of tests want a correction:

# %%
tests = lk.fit_many(genes, form, info, progress=False).tests("Age")
best = tests.sort_values("p_value").head(4)
best[["estimate", "std_error", "df", "p_value", "adj_p_value"]].map("{:.3g}".format)

# %% tags=["fold"]
# In words: how many genes change with age
lesson.in_words(
    f"{(tests['p_value'] < 0.05).sum()} of {len(tests)} genes have p < 0.05; at a false discovery rate of 5%,"
    f" {(tests['adj_p_value'] < 0.05).sum()} remain. Degrees of freedom are near {tests['df'].median():.0f}: people, not samples."
)

# %% [markdown]
# ## Counts, gene by gene
#
# Single cells are counted, not measured. Add up the cells of each sample, as lesson 13 did, and each gene is one count per sample. A
# sample with more cells has more of everything: the logarithm of its total is the offset. The same function then fits a Poisson or
# a negative binomial model to each gene. Here are three hundred genes, made up: sixteen donors, four samples each. In the first thirty
# genes the disease multiplies the rate by $e$. In the others it does nothing.

# %%
rng, changed = np.random.default_rng(14), np.arange(300) < 30
samples = pd.DataFrame({"donor": np.repeat([f"d{i:02d}" for i in range(16)], 4)})
samples["disease"] = np.repeat(["no", "yes"], 32)
samples["total"] = rng.integers(20_000, 120_000, len(samples))
log_rate = rng.normal(-8.5, 0.7, (300, 1)) + np.outer(changed, samples["disease"] == "yes")
log_rate += np.repeat(rng.normal(0, 0.4, (300, 16)), 4, axis=1)
counts = rng.poisson(np.exp(log_rate) * rng.gamma(5, 0.2, log_rate.shape) * samples["total"].to_numpy())

counted = "~ disease + offset(log(total)) + (1 | donor)"
many = lk.fit_many(counts, counted, samples, family="negative_binomial", progress=False)
disease = many.tests("diseaseyes")
disease[["estimate", "std_error", "statistic", "p_value", "adj_p_value"]].head(3).map("{:.3g}".format)

# %% [markdown]
# The p-values come from the normal distribution, as in all such models. It knows nothing of how many donors there are (lesson 11). With
# sixteen of them, two means leave fourteen degrees of freedom. Look at what the correction promises, and at what it holds.

# %% tags=["fold"]
# In words: what the list of genes is worth
by_t = 2 * stats.t.sf(disease["statistic"].abs(), len(samples["donor"].unique()) - 2)
lists = {"normal": disease["adj_p_value"] < 0.05, "t": stats.false_discovery_control(by_t) < 0.05}
wrong = {name: int((found & ~changed).sum()) for name, found in lists.items()}
lesson.in_words(
    f"At a false discovery rate of 5% the list has {lists['normal'].sum()} genes. In {wrong['normal']} of them nothing happens:"
    f" {wrong['normal'] / lists['normal'].sum():.0%}, not 5%. With fourteen degrees of freedom it has {lists['t'].sum()} genes,"
    f" {wrong['t']} of them wrong. (The 5% are a promise about the average over many studies.) A correction for many tests is no"
    " better than the tests."
)

# %% tags=["box"]
# Box: what to take home
lesson.key_points(
    "A share is a variance over the sum of all: random terms by their variance, fixed terms by the variance of what they add.",
    "Shares are of the model fitted: leave a variable out, and a relative takes what it had.",
    "Few levels, wild shares. For a test, make them fixed; for shares, say how uncertain they are.",
    "Noise has shares, too. Know what your design gives for nothing.",
    "First see which variables can be told apart at all.",
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
