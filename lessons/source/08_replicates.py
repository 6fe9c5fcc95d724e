# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 8. Replicates: how many mice is a mouse measured five times?
#
# **You will be able to**
#
# - tell technical from biological replicates, and say which of them is a sample size;
# - compute the right standard error three ways, and see when they agree;
# - recognise pseudoreplication in somebody else's degrees of freedom;
# - say what an estimated variance of zero does and does not mean.
#
# **Time** about 45 minutes. **Data** `enzyme` (synthetic; it reproduces the lecture's tables).
# **Lectures** 000 slides 22 to 24; 002 "Option 1: aggregate"; 004.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.check import check
from lmmkit.course.lesson import BLUE, RED, in_words, key_points, lecture_vs_truth, use_course_look

use_course_look()
enzyme = lk.load_data("enzyme")

# %% [markdown] asks="q000-22"
# ## The question
#
# You take liver from a mouse and measure an enzyme in it, ten times over, because the assay is noisy. Then you do the same with
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
# $\tau^2$ is the variance between samples, $\sigma^2$ that of the assay. In R: `lmer(Enzyme ~ Pheno + (1 | Sample))`.

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
# How large could the variance between samples be, and still give such data? A profile interval answers (lesson 11 explains it).

# %%
interval = mixed.confint(parm="sd_(Intercept)|Sample")
print(interval.round(2).to_string())
in_words(
    f"Anything from {interval['conf_low'].iloc[0]:.1f} to {interval['conf_high'].iloc[0]:.1f} goes with the"
    f" data, beside an assay noise of {mixed.sigma:.1f}.",
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
# replicates are balanced, the analysis of the means gives the mixed model's test to the last digit. Let us make ten mice, five
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
print(three[["estimate", "std_error", "df", "statistic", "p_value"]].round(6).to_string())
lecture_vs_truth(
    "000, slide 23, and 002, option 1",
    "collapse in order to be allowed linear regression (000); never aggregate (002)",
    "for balanced replicates and a predictor of the sample, the means and the mixed model give the same test;"
    " with unequal replicates, or a predictor that varies within samples, the mixed model is the better one",
    f"t = {three.loc['means', 'statistic']:.4f} from the means and"
    f" {three.loc['mixed model', 'statistic']:.4f} from the mixed model, on {three.loc['means', 'df']:.0f}"
    f" and {three.loc['mixed model', 'df']:.0f} degrees of freedom; treating assays as mice claims"
    f" {three.loc['all rows as mice', 'statistic']:.2f} on {three.loc['all rows as mice', 'df']:.0f}",
)

# %% [markdown]
# ## What it costs to be wrong
#
# Take the handles. Set the true effect to zero and let mice differ. How often does each analysis cry wolf?

# %%
explorers.pseudoreplication()

# %% [markdown]
# **Predict, then run.** With no effect at all, and mice that differ far more than assays, the regression on all rows at a level of
# five per cent is wrong: `"about 5 % of the time"`, `"more often"` or `"less often"`?

# %%
your_rate = ...
check("08.q3", your_rate)

# %%
wrong, right = 0, 0
simulations = 200
for _ in range(simulations):
    assay["activity"] = 20 + 2 * rng.standard_normal(10)[mouse] + rng.standard_normal(60)
    wrong += lk.lm("activity ~ treated", assay).coef_table()["p_value"].iloc[1] < 0.05
    averages = assay.groupby("mouse")[["activity", "treated"]].mean()
    right += lk.lm("activity ~ treated", averages).coef_table()["p_value"].iloc[1] < 0.05
rates = pd.Series({"all rows": 100 * wrong / simulations, "means": 100 * right / simulations})
fig, ax = plt.subplots(figsize=(8, 3))
ax.barh(rates.index, rates, color=[RED, BLUE], hatch="/")
ax.axvline(5, color="black", ls="--")
ax.set_xlabel("false alarms (%)")
plt.show()
in_words(
    f"Of {simulations} studies of nothing, {rates['all rows']:.0f}% were significant with all rows,"
    f" {rates['means']:.0f}% with means."
)

# %% [markdown]
# The dashed line is the five per cent that was promised.

# %%
key_points(
    "Count what you would have to draw again: biological replicates.",
    "Technical replicates make each unit's value better, not the units more.",
    "Look at the residual degrees of freedom; they tell you what an analysis counted.",
    "A variance estimated as zero means that none was found; the design does not change with it.",
    "Balanced replicates and a predictor of the unit: means and mixed model agree exactly.",
)

# %% [markdown]
# ## Further reading
#
# - Hurlbert, S. H. (1984). Pseudoreplication and the design of ecological field experiments. *Ecological Monographs* 54, 187–211.
# - Lazic, S. E. (2010). The problem of pseudoreplication in neuroscientific studies: is it affecting your analysis? *BMC
#   Neuroscience* 11, 5.
