# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=45 needs="random intercepts (04), between and within groups (03)"
# # 8. Replicates: how many mice is a mouse measured ten times?
#
# **You will be able to**
#
# - tell technical from biological replicates, and say which of them is a sample size;
# - compute a standard error in two right ways and in a wrong one, and see when the right ones agree;
# - recognise pseudoreplication in somebody else's degrees of freedom;
# - say what an estimated variance of zero does and does not mean.
#
# **Data** `enzyme` (synthetic; it reproduces the lecture's tables).
# **Lectures** 000 slides 22 to 24; 002 "Option 1: aggregate"; 004.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import ttest_ind

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.check import check
from lmmkit.course.lesson import (
    GREEN,
    RED,
    in_words,
    key_points,
    lecture_vs_truth,
    table_text,
    use_course_look,
)

use_course_look()
enzyme = lk.load_data("enzyme")

# %% [markdown] asks="q000-22"
# ## The question
#
# You take liver from a mouse and measure an enzyme in it, ten times, because the assay is noisy. Then you do the same with
# four more mice. Fifty numbers. You wish to know whether the enzyme goes with a disease score. Is that a study of fifty,
# or of five?
#
# Repeating the *assay* tells you more about that liver: a **technical replicate**. Another *mouse* tells you more
# about mice: a **biological replicate**. Ask what you would have to draw again to repeat the study. If the answer is "mice", then mice
# are what you count.

# %%
counts = enzyme.groupby("Sample", observed=True).size()
print(counts.to_string())

# %% mends="x000-12"
lecture_vs_truth(
    "000, slide 22",
    "ten samples with five technical replicates each",
    "the tables that follow are of five samples with ten replicates each (slide 24 prints the number)",
    f"{enzyme['Sample'].nunique()} samples, {int(counts.iloc[0])} rows each",
)

# %% [markdown]
# ## All rows, as if they were mice
#
# Slide 22 regresses the phenotype on the activity with all fifty rows.

# %% covers="000-s22"
slide22 = lk.lm("Value2 ~ Value", enzyme)
print(slide22.summary())

# %% mends="x000-10"
lecture_vs_truth(
    "000, slide 22",
    "the code names one object (enz), the printed call another (d)",
    "code and output come from different runs; trust the printed call",
    f"with the table at hand the printed numbers come out: slope {slide22.fixef.iloc[1]:.5f}, "
    f"R² {slide22.r_squared:.4f}",
)

# %% [markdown]
# The next slide says that it collapses the technical replicates, that is, averages each sample's rows.

# %% covers="000-s23"
slide23 = lk.lm("Enzyme ~ Pheno", enzyme)
print(slide23.summary())

# %% [markdown]
# **Predict, then run.** After averaging each sample, how many residual degrees of freedom should a straight line have?

# %%
your_df = ...
check("08.q1", your_df)

# %%
means = enzyme.groupby("Sample", observed=True)[["Enzyme", "Pheno"]].mean()
collapsed = lk.lm("Enzyme ~ Pheno", means)
print(collapsed.summary())

# %% mends="x000-13"
lecture_vs_truth(
    "000, slide 23",
    "the technical replicates are collapsed",
    "nothing was averaged: the table has as many degrees of freedom as the one before",
    f"printed {slide23.df_resid} residual df; real averages have {collapsed.df_resid}, and p becomes"
    f" {collapsed.coef_table()['p_value'].iloc[1]:.3f} instead of"
    f" {slide23.coef_table()['p_value'].iloc[1]:.1e}",
)

# %% [markdown]
# Do the two answer one question? The score, too, was taken with every row, and it differs from row to row of one sample. So it can be
# taken apart, as in lesson 3: into the mean of the sample, and the row's distance from it.

# %%
mean_score = enzyme.groupby("Sample", observed=True)["Pheno"].transform("mean")
apart = enzyme.assign(score_between=mean_score, score_within=enzyme["Pheno"] - mean_score)
share_within = (apart["score_within"] ** 2).sum() / ((enzyme["Pheno"] - enzyme["Pheno"].mean()) ** 2).sum()
within_samples = lk.lm("Enzyme ~ score_within + Sample", apart)
in_words(
    f"{share_within:.0%} of the score's spread lies within samples. There the slope is"
    f" {within_samples.fixef['score_within']:.2f}, between the means {collapsed.fixef['Pheno']:.2f}; the slope of"
    f" all rows, {slide23.fixef['Pheno']:.2f}, is a mixture of the two, and mostly the first.",
    "The first says that a row with a high score has a high activity, within one sample. It says nothing of"
    " mice. The question was about mice, and the means answer it.",
)


# %% mends="x000-11"
def r2(fit, y):
    return 1 - (fit.resid() ** 2).sum() / ((y - y.mean()) ** 2).sum()


swapped = lk.lm("Value ~ Value2", enzyme)
r2_22, r2_23, r2_swap = (
    r2(slide22, enzyme["Value2"]),
    r2(slide23, enzyme["Enzyme"]),
    r2(swapped, enzyme["Value"]),
)
lecture_vs_truth(
    "000, slides 22 and 23",
    "one analysis, then the same with collapsed data",
    "response and predictor have changed places, and the phenotype is not the same column either",
    f"swapping alone leaves R² as it was ({r2_22:.4f} both ways, {r2_swap:.4f}); the slides print {r2_22:.4f}"
    f" and {r2_23:.4f}",
)

# %% [markdown]
# ## The mixed model
#
# It keeps all rows and says whose they are:
#
# $$\text{Enzyme}_{ij} = \beta_0 + \beta_1\,\text{Pheno}_{ij} + b_i + \varepsilon_{ij},\qquad b_i\sim N(0,\tau^2),\;
# \varepsilon_{ij}\sim N(0,\sigma^2).$$
#
# $\tau^2$ is the variance between samples, $\sigma^2$ that of the assay. In R:
# `lmer(Enzyme ~ Pheno + (1 | Sample), data = enzyme)`. Its slope is a mixture, too: a random intercept lets samples lie higher or
# lower, but takes no slope apart.

# %% covers="000-s24"
mixed = lk.lmer("Enzyme ~ Pheno + (1 | Sample)", enzyme)
print(mixed.summary(ddf="none"))

# %% mends="x000-15"
lecture_vs_truth(
    "000, slide 24",
    "a variance of zero for Sample is printed without comment",
    "the estimate lies on the boundary; the mixed model then is the linear model, and says nothing about"
    " whether the design was right. No variance was found between five samples; that is not the same as none"
    " being there",
    f"slope {mixed.fixef.iloc[1]:.4f} against lm's {slide23.fixef.iloc[1]:.4f}, standard error"
    f" {mixed.se.iloc[1]:.4f} against {slide23.se.iloc[1]:.4f}",
)

# %% [markdown]
# How large could the spread between samples be, and still give such data? A profile interval answers (lesson 11 explains it).

# %%
interval = mixed.confint(parm="sd_(Intercept)|Sample")
print(interval.round(2).to_string())
in_words(
    f"Standard deviations between samples from {interval['conf_low'].iloc[0]:.1f} to"
    f" {interval['conf_high'].iloc[0]:.1f} U/L go with the data (95% interval), beside an assay noise of"
    f" {mixed.sigma:.1f} U/L.",
    "Five samples know their spread badly: say how badly, or make samples fixed.",
)

# %% [markdown]
# **Predict, then run.** You can pay for a hundred assays. Mice differ as much as assays do. For the mean of all mice, which plan has the
# smaller standard error: `"5 mice x 20"` or `"50 mice x 2"`?

# %%
your_plan = ...
check("08.q2", your_plan)

# %%
tau = sigma = 1.0
plans = pd.DataFrame({"mice": [5, 10, 20, 50, 100]})
plans["assays each"] = 100 // plans["mice"]
plans["standard error"] = np.sqrt(tau**2 / plans["mice"] + sigma**2 / 100)
print(plans.round(3).to_string(index=False))

# %% [markdown]
# ## When averaging is exactly right
#
# Averaging has a bad name: it "throws data away". But if the predictor is a property of the *sample* (treated or not) and the
# replicates are balanced, the analysis of the means gives the mixed model's test to the last digit. There is one exception: when the
# variance between samples is estimated as zero, the mixed model falls back on all rows, and the means do not. Let us make ten mice, five
# of them treated, six assays each.

# %% mends="x000-14 x002-1"
rng = np.random.default_rng(8)
mouse = np.repeat(np.arange(10), 6)
assay = pd.DataFrame({"mouse": [f"m{i:02d}" for i in mouse], "treated": (mouse >= 5).astype(int)})
assay["activity"] = 20 + 3 * assay["treated"] + 2 * rng.standard_normal(10)[mouse] + rng.standard_normal(60)
averages = assay.groupby("mouse")[["activity", "treated"]].mean()
rows = {
    "all rows as mice": lk.lm("activity ~ treated", assay).coef_table().iloc[1],
    "means": lk.lm("activity ~ treated", averages).coef_table().iloc[1],
    "mixed model": lk.lmer("activity ~ treated + (1 | mouse)", assay).coef_table().iloc[1],
}
three = pd.DataFrame(rows).T.astype(float)
print(table_text(three[["estimate", "std_error", "df", "statistic", "p_value"]], 6))
lecture_vs_truth(
    "000, slide 23, and 002, option 1",
    "collapse in order to be allowed linear regression (000); never aggregate (002)",
    "for balanced replicates and a predictor of the sample, the means and the mixed model give the same test"
    " (unless the variance between samples is estimated as zero); with unequal replicates, or for an effect"
    " within samples, the mixed model is the better one",
    f"t = {three.loc['means', 'statistic']:.4f} from the means and"
    f" {three.loc['mixed model', 'statistic']:.4f} from the mixed model, on {three.loc['means', 'df']:.0f}"
    f" and {three.loc['mixed model', 'df']:.0f} degrees of freedom; treating assays as mice claims"
    f" {three.loc['all rows as mice', 'statistic']:.2f} on {three.loc['all rows as mice', 'df']:.0f}",
)

# %% [markdown]
# And the exception? The same mice and assays again, but mice hardly differ:

# %%
for seed in range(100):
    draw = np.random.default_rng(seed)
    alike = assay.assign(activity=20 + 0.1 * draw.standard_normal(10)[mouse] + draw.standard_normal(60))
    of_rows = lk.lmer("activity ~ treated + (1 | mouse)", alike)
    if of_rows.is_singular:
        break
rows = {
    "means": lk.lm("activity ~ treated", alike.groupby("mouse")[["activity", "treated"]].mean()),
    "mixed model": of_rows,
}
exception = pd.DataFrame({name: fit.coef_table().iloc[1] for name, fit in rows.items()}).T.astype(float)
print(table_text(exception[["estimate", "std_error", "df", "statistic", "p_value"]]))
in_words(
    f"No variance between mice was found, so the mixed model counts assays: {exception['df'].iloc[1]:.0f} degrees"
    f" of freedom instead of {exception['df'].iloc[0]:.0f}. When you know that mice were what you drew, keep to"
    " the means' degrees of freedom."
)

# %% [markdown]
# ## What it costs to be wrong
#
# **Predict, then run.** With no effect at all, and mice that differ far more than assays, the regression on all rows at a level of
# five per cent is wrong: `"about 5 % of the time"`, `"more often"` or `"less often"`?

# %%
your_rate = ...
check("08.q3", your_rate)

# %% [markdown]
# Forty thousand studies of nothing will tell. A regression on "treated or not" is the t-test of two groups, so each study needs two t-tests
# only, one of all rows and one of the means:

# %%
simulations = 40_000
mice = 20 + 2 * rng.standard_normal((simulations, 10, 1))
studies = mice + rng.standard_normal((simulations, 10, 6))
control, treated = studies[:, :5], studies[:, 5:]
p_rows = ttest_ind(control.reshape(simulations, -1), treated.reshape(simulations, -1), axis=1).pvalue
p_means = ttest_ind(control.mean(axis=2), treated.mean(axis=2), axis=1).pvalue
rates = pd.Series({"all rows": 100 * (p_rows < 0.05).mean(), "means": 100 * (p_means < 0.05).mean()})
fig, ax = plt.subplots(figsize=(8, 3), layout="constrained")
ax.barh(rates.index, rates, color=[RED, GREEN], hatch="/")
ax.axvline(5, color="black", ls="--")
ax.text(5.6, 1.42, "promised: 5%")
ax.set_xlabel("studies of nothing with p < 0.05 (%)")
plt.show()
in_words(
    f"Of {simulations:,} studies of nothing, {rates['all rows']:.1f}% were significant with all rows,"
    f" {rates['means']:.1f}% with means."
)

# %% [markdown]
# The dashed line is the five per cent that was promised. Now with the sliders: the panel opens with no true effect and samples (mice) that
# differ. Let them differ less and less, down to nothing. When does counting all rows keep its promise?

# %%
explorers.pseudoreplication()

# %% [markdown]
# Only when samples do not differ at all: then rows are independent, and there is nothing to forget.

# %%
key_points(
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
