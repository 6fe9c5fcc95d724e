# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=45 needs="random intercepts (04), between and within groups (03)"
# # 8. Replicates: how many mice is a mouse measured six times?
#
# **You will be able to**
#
# - tell technical from biological replicates, and say which of them is a sample size;
# - compute a standard error in two right ways and in a wrong one, and see when the right ones agree;
# - recognise pseudoreplication in somebody else's degrees of freedom;
# - say what an estimated variance of zero does and does not mean.
#
# **Data** ten simulated mice; `enzyme` (synthetic; it reproduces the tables of a lecture).

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt, stats

# %% [markdown] asks="q000-22"
# ## The question
#
# You take a piece of liver from a mouse and measure an enzyme in it, six times, because the assay is noisy. Then you do the same with
# nine more mice. Five of the ten have got a treatment. That makes sixty numbers. Is it a study of sixty, or of ten?
#
# We simulate such a study, so that we know the truth: the treatment adds 3 U/L, mice differ with an SD of 2, and the assay has an SD of 1.
# Here it is, a row for each mouse.

# %%
rng = np.random.default_rng(38)
mouse = np.repeat(np.arange(10), 6)
treated, number = (mouse >= 5).astype(int), [1, 2, 3, 4, 5, 6] * 10
assays = pd.DataFrame({"mouse": [f"m{i}" for i in mouse], "treated": treated, "assay": number})
assays["activity"] = 20 + 3 * treated + 2 * rng.standard_normal(10)[mouse] + rng.standard_normal(60)
assays.pivot(index=["treated", "mouse"], columns="assay", values="activity").round(1)

# %% tags=["picture"]
# Picture: sixty dots in ten clumps
fig, ax = plt.subplots(figsize=(8, 4.2))
for treated, colour, marker, name in [(0, lesson.CONTROL, "o", "control"), (1, lesson.TREATED, "s", "treated")]:
    rows = assays[assays["treated"] == treated]
    ax.plot(rows["mouse"], rows["activity"], marker, color=colour, alpha=0.6, label=name)
own_means = assays.groupby("mouse")["activity"].mean()
ax.plot(own_means.index, own_means, "_", color="black", ms=26, mew=2.5, label="mean of the mouse")
ax.set(xlabel="mouse", ylabel="enzyme activity (U/L)")
ax.set_ylim(top=31.5)
ax.legend(ncol=3, loc="upper left")
spread = assays.groupby("mouse")["activity"].std().mean()
lesson.show(
    f"Ten columns of six dots each. The means of the mice run from {own_means.min():.1f} to {own_means.max():.1f} U/L;"
    f" the six dots of a mouse scatter around its mean with an SD of about {spread:.1f}."
)

# %% [markdown]
# Six dots of one mouse lie close together. One more *assay* tells you more about that liver: it is a **technical replicate**. One more *mouse*
# tells you more about mice: it is a **biological replicate**. Ask what you would have to draw again to repeat the study. If the
# answer is "mice", then mice are what you count.
#
# ## Two right ways and a wrong one
#
# Does the treatment change the activity? Three analyses: a linear model of all sixty rows, a linear model of the mean of each mouse, and the mixed
# model, which keeps all rows and says whose they are:
#
# $$\text{activity}_{ij} = \beta_0 + \beta_1\,\text{treated}_j + b_j + \varepsilon_{ij},\qquad b_j\sim N(0,\tau^2),\;
# \varepsilon_{ij}\sim N(0,\sigma^2).$$
#
# $\tau^2$ is the variance between mice, $\sigma^2$ that of the assay; $i$ counts the assays of mouse $j$. In R:
# `lmer(activity ~ treated + (1 | mouse), data = assays)`.
#
# **Predict, then run.** How many residual degrees of freedom has the comparison of the two groups when each mouse is averaged first? (Rows,
# less one for each mean that is estimated.)

# %%
your_df = ...
check("08.q1", your_df)

# %%
means = assays.groupby("mouse")[["activity", "treated"]].mean()
fits = {
    "all rows as mice": lk.lm("activity ~ treated", assays),
    "means": lk.lm("activity ~ treated", means),
    "mixed model": lk.lmer("activity ~ treated + (1 | mouse)", assays),
}
pd.concat({name: fit.coef_table().loc[["treated"]] for name, fit in fits.items()}).droplevel(1).round(4)

# %% [markdown] mends="x000-14 x002-1"
# All three find the same difference, near the true one of 3. The linear model of all rows takes sixty assays for sixty mice. Its standard error is too small, and its *t* too large. This mistake is called pseudoreplication.
# The other two agree to the last digit.
#
# You may read that replicates must be averaged before a linear regression is allowed, or, in another place, that data should never be
# averaged. In truth averaging is exactly right if the predictor is a property of the *mouse* (treated or not) and every mouse has equally
# many rows (the study is balanced): then it is the mixed model's own test. With unequal replicates, or for an effect *within* mice, the mixed model
# is the better one. And there is one exception: when the variance between mice is estimated as zero, the mixed model
# falls back on all rows, and the means do not. We shall meet it below.
#
# ## What it costs to be wrong
#
# Suppose that the treatment does nothing, and that mice differ far more than assays. We simulate forty thousand such studies. A regression on "treated or
# not" is the t-test of two groups, so each study needs two t-tests only, one of all rows and one of the means.
#
# **Predict, then run.** In how many of them does the regression on all rows find an effect, with *p* below five per cent: `"about 5 % of the time"`, `"more often"` or `"less often"`?

# %%
your_rate = ...
check("08.q3", your_rate)

# %%
studies = 20 + 2 * rng.standard_normal((40_000, 10, 1)) + rng.standard_normal((40_000, 10, 6))
control, treated = studies[:, :5], studies[:, 5:]
p_rows = stats.ttest_ind(control.reshape(40_000, 30), treated.reshape(40_000, 30), axis=1).pvalue
p_means = stats.ttest_ind(control.mean(axis=2), treated.mean(axis=2), axis=1).pvalue
rates = pd.Series({"all rows": 100 * (p_rows < 0.05).mean(), "means": 100 * (p_means < 0.05).mean()})
rates.to_frame("studies with p < 0.05 (%)").round(1)

# %% [markdown]
# The means are wrong as often as the five per cent promise. All rows do not: in two studies of five they find an effect that is not there.
#
# Now with the sliders. The panel opens with no true effect, and with samples (mice) that
# differ. Let them differ less and less, down to nothing. When does counting all rows keep its promise?

# %%
explorers.pseudoreplication()

# %% [markdown]
# Only when samples do not differ at all: then rows are independent, and there is nothing to forget.
#
# **Predict, then run.** You can pay for a hundred assays. Mice differ as much as assays do. For the mean of all mice, which plan has the
# smaller standard error: `"5 mice x 20"` or `"50 mice x 2"`?

# %%
your_plan = ...
check("08.q2", your_plan)

# %%
tau = sigma = 1.0
plans = pd.DataFrame({"assays each": [20, 10, 5, 2, 1]}, index=pd.Index([5, 10, 20, 50, 100], name="mice"))
plans["standard error"] = np.sqrt(tau**2 / plans.index + sigma**2 / 100)
plans.round(3)

# %% [markdown]
# ## Somebody else's degrees of freedom
#
# Now a printout of a lecture. Five samples were measured ten times each. With every row there are the activity of the enzyme (`Enzyme`, in
# U/L) and a score of a disease (`Pheno`). Does the enzyme go with the score? Two rows of each sample:

# %%
enzyme = lk.load_data("enzyme")[["Sample", "Enzyme", "Pheno"]]
enzyme.groupby("Sample", observed=True).head(2).set_index("Sample").round(1)

# %% tags=["picture"]
# Picture: fifty rows, and the means of the five samples
fig, ax = plt.subplots(figsize=(8, 4.2))
colours = [lesson.BLUE, lesson.RED, lesson.GREEN, lesson.PINK, lesson.ORANGE]
for (name, rows), marker, colour in zip(enzyme.groupby("Sample", observed=True), "os^Dv", colours, strict=True):
    ax.plot(rows["Pheno"], rows["Enzyme"], marker, color=colour, alpha=0.6, label=name)
    ax.plot(rows["Pheno"].mean(), rows["Enzyme"].mean(), marker, color=colour, ms=15, mec="black", mew=1.5)
ax.set(xlabel="disease score", ylabel="enzyme activity (U/L)")
ax.legend(title="sample", loc="lower right")
far = enzyme.groupby("Sample", observed=True)["Pheno"].mean()
lesson.show(
    f"Fifty small dots rise to the right, from a score of {enzyme['Pheno'].min():.0f} to {enzyme['Pheno'].max():.0f}. The"
    f" five large symbols, the means of the samples, lie close together, between {far.min():.1f} and {far.max():.1f}."
)

# %% covers="000-s23"
of_slide = lk.lm("Enzyme ~ Pheno", enzyme)
print(of_slide.summary())

# %% [markdown] mends="x000-13"
# Above such a printout you may read that the technical replicates were *collapsed*, that is, averaged. In truth nothing was averaged. A printout
# tells you what was counted: residual degrees of freedom are rows less coefficients.
#
# **Your turn.** How many rows went into this fit?

# %%
your_rows = ...
check("08.q4", your_rows)

# %% [markdown]
# Real averages leave five rows:

# %%
collapsed = lk.lm("Enzyme ~ Pheno", enzyme.groupby("Sample", observed=True).mean())
tables = {name: fit.coef_table().loc[["Pheno"]] for name, fit in [("rows", of_slide), ("means", collapsed)]}
pd.concat(tables).droplevel(1).round(3)

# %% [markdown]
# Do the two answer one question? The score, too, was taken with every row, and it differs from row to row of one sample. So it can be
# taken apart, as in lesson 3: into the mean of the sample, and the row's distance from it.

# %%
mean_score = enzyme.groupby("Sample", observed=True)["Pheno"].transform("mean")
apart = enzyme.assign(score_between=mean_score, score_within=enzyme["Pheno"] - mean_score)
within_samples = lk.lm("Enzyme ~ score_within + Sample", apart)
share_within = apart["score_within"].pow(2).sum() / (enzyme["Pheno"] - enzyme["Pheno"].mean()).pow(2).sum()

# %% tags=["fold"]
# In words: the slope within samples, and the slope between them
lesson.in_words(
    f"{share_within:.0%} of the score's variation (its sum of squares) lies within samples. There the slope is"
    f" {within_samples.fixef['score_within']:.2f}, between the means {collapsed.fixef['Pheno']:.2f}; the slope of"
    f" all rows, {of_slide.fixef['Pheno']:.2f}, is a mixture of the two, and mostly the first.",
    "The first says that a row with a high score has a high activity, within one sample. It says nothing of how"
    " samples differ. The question was about samples, and the means answer it.",
)

# %% [markdown]
# ## A variance of zero
#
# And the mixed model? Its slope is a mixture, too: a random intercept lets samples lie higher or
# lower, but takes no slope apart. Look at the variance of `Sample`. (*At convergence* means: where the
# search for the best fit has ended; lesson 10 walks along.)

# %% covers="000-s24"
mixed = lk.lmer("Enzyme ~ Pheno + (1 | Sample)", enzyme)
print(mixed.summary(ddf="none"))

# %% [markdown] mends="x000-15"
# Here is the exception. You may see a variance of zero printed without a word. In truth the estimate lies on the boundary: no variance was *found* between
# five samples, which is not the same as none being there. The mixed model then is the linear model of all rows, with the same slope and
# the same standard error, and it says nothing about whether the design was right. When you know that samples were what you drew, keep to the degrees of freedom of the
# means.
#
# How large could the spread between samples be, and still give such data? A profile interval answers: it holds the SD at one value after
# another, and sees how much worse the deviance, the misfit, becomes (lesson 11).

# %%
interval = mixed.confint(parm="sd_(Intercept)|Sample")
interval.round(2)

# %% tags=["fold"]
# In words: what five samples know of their spread
lesson.in_words(
    f"Standard deviations between samples from {interval['conf_low'].iloc[0]:.1f} to"
    f" {interval['conf_high'].iloc[0]:.1f} U/L go with the data (95% interval), beside an assay noise of"
    f" {mixed.sigma:.1f} U/L.",
    "Five samples know their spread badly: say how badly.",
)

# %% tags=["box"]
# Box: what to keep of this lesson
lesson.key_points(
    "Count what you would have to draw again: biological replicates.",
    "Technical replicates make each unit's value better, not the units more.",
    "Look at the residual degrees of freedom; they tell you what an analysis counted.",
    "A variance estimated as zero means that none was found; the design does not change with it.",
    "Balanced replicates and a predictor of the unit: means and mixed model agree exactly, unless the variance"
    " between units is estimated as zero.",
)

# %% [markdown]
# ## Further reading
#
# - Hurlbert, S. H. (1984). Pseudoreplication and the design of ecological field experiments. *Ecological Monographs* 54, 187–211.
# - Lazic, S. E. (2010). The problem of pseudoreplication in neuroscientific studies: is it affecting your analysis? *BMC
#   Neuroscience* 11, 5.
