# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 8. Replicates
#
# Two warm-ups from earlier lessons, then eight tasks on lesson 8, from recall to judgement; about forty-five minutes. Put
# your answers where the three dots are and run the cell: you get a verdict at once, and a hint when you need one.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, plt, stats

# %% [markdown]
# ## Warm-up 1: foxes and winters (lesson 7)
#
# Forty foxes were caught and weighed over six winters, most foxes in several winters, and many foxes in every winter. Which random part belongs to
# `weight ~ sex + ...`?
#
# `"(1 | fox)"`, `"(1 | fox/winter)"`, `"(1 | winter/fox)"` or `"(1 | fox) + (1 | winter)"`

# %% tags=["solution"] task="w1"
answer_w1 = "(1 | fox) + (1 | winter)"

# %%
check("ex08.w1", answer_w1)

# %% [markdown]
# ## Warm-up 2: a lake and its perch (lesson 6)
#
# The mean lengths of perch differ between lakes with a variance of {{w2.between}} cm²; perch of one lake differ with a variance of {{w2.within}} cm². In one lake {{w2.fish:word}} perch were
# caught. With which weight, between 0 and 1, does the lake's own mean go into the mixed model's estimate for this lake?

# %% tags=["solution"] task="w2"
answer_w2 = 6 / (6 + 12 / 3)
### OWN n = own_numbers("ex08.w2")
### OWN answer_w2 = n.fish / (n.fish + n.within / n.between)

# %%
check("ex08.w2", answer_w2)

# %% [markdown]
# ## Deer and soil
#
# `herbivory`: eight plots where deer live. Four were fenced, so that deer were excluded, and four left to be grazed. From each plot ten soil
# cores were taken, and their nitrogen (g/kg) was measured. (The data are simulated.)

# %%
soil = lk.load_data("herbivory")
soil.head()

# %% [markdown]
# ## 1. Which of them is a replicate?
#
# Four studies, each with the claim that it wants to make. In which is the thing repeated a *biological* replicate, so that more of
# it makes the claim itself surer?
#
# - **wells**: one blood sample a mouse, pipetted into three wells. Claim: treated mice have less cortisol.
# - **pots**: in one greenhouse at 20 °C and one at 25 °C, thirty pots of cress each. Claim: warmth makes cress grow faster.
# - **litters**: fifteen mother mice on each of two diets, and one pup of each weighed. Claim: the mother's diet makes pups heavier.
# - **photos**: each owl's wing photographed and measured five times. Claim: male owls have longer wings.

# %% tags=["solution"] task="q1"
answer_1 = "litters"

# %%
check("ex08.q1", answer_1)

# %% [markdown]
# ## 2. A standard error by hand
#
# Suppose that the variance between plots of one treatment is 0.12, and between cores of one plot 0.07. With {{q2.plots:word}} plots a treatment and
# {{q2.cores:word}} cores a plot: what is the standard error of the *difference* between the means of the two treatments?

# %% tags=["solution"] task="q2"
answer_2 = np.sqrt(2 * (0.12 / 4 + 0.07 / 40))
### OWN n = own_numbers("ex08.q2")
### OWN answer_2 = np.sqrt(2 * (0.12 / n.plots + 0.07 / (n.plots * n.cores)))

# %%
check("ex08.q2", answer_2)

# %% [markdown]
# ## 3. Means first
#
# Average the cores of each plot, and compare the treatments by a linear model (`lk.lm`) of these means. Call the model `of_means`. The averaging is half written.

# %% tags=["solution"] task="q3"
### GIVEN # plot_means = soil.groupby([..., ...], observed=True)["nitrogen"].mean().reset_index()
plot_means = soil.groupby(["treatment", "plot"], observed=True)["nitrogen"].mean().reset_index()
of_means = lk.lm("nitrogen ~ treatment", plot_means)

# %%
check("ex08.q3", of_means)

# %% tags=["picture"]
# Picture: the difference with its 95% interval, by two analyses
looks = [("cores as plots", lk.lm("nitrogen ~ treatment", soil), lesson.RED, "s"), ("means of plots", of_means, lesson.GREEN, "D")]
fig, ax = plt.subplots(figsize=(8, 2.8), layout="constrained")
told = []
for row, (name, fit, colour, marker) in enumerate(looks):
    if fit is not ...:
        found = fit.coef_table().loc["treatmentexcluded"]
        reach = stats.t.ppf(0.975, found["df"]) * found["std_error"]
        ax.errorbar(found["estimate"], row, xerr=reach, fmt=marker, color=colour, capsize=6)
        told.append(f"{name}: SE {found['std_error']:.3f}, df {found['df']:.0f}, {lesson.p_value(found['p_value'])}")
ax.axvline(0, ls=":", color="black")
ax.set_yticks([0, 1], ["cores as plots", "means of plots"])
ax.set_ylim(1.6, -0.6)
ax.set_xlabel("nitrogen, excluded minus grazed (g/kg)")
print("\n".join(told))
lesson.show(f"Bars of the difference, one for each analysis, beside a dotted line at zero. {'. '.join(told)}.")

# %% [markdown]
# The bars are 95% intervals; the second appears when your model is there. One of them leaves out zero, the other does not.
#
# ## 4. What are so many cores worth?
#
# Fit the mixed model of `nitrogen` on `treatment` with a random intercept for the plot, and compute from its variances the intraclass
# correlation, ρ. With *m* cores a plot (take *m* = rows / plots), *n* cores say as much about a treatment as *n* / (1 + (*m* − 1) ρ)
# independent ones. How many is that here?

# %% tags=["solution"] task="q4"
mixed = lk.lmer("nitrogen ~ treatment + (1 | plot)", soil)
between, within = mixed.varcorr.frame["vcov"]
m = len(soil) / soil["plot"].nunique()
answer_4 = len(soil) / (1 + (m - 1) * between / (between + within))

# %%
check("ex08.q4", answer_4)

# %% [markdown]
# ## 5. With the sliders
#
# Let there be no true difference, four samples an arm, an SD of 1 between samples and of 0.6 within. Push the technical replicates to
# twenty. In how many per cent of studies does `lm` on all rows now find a difference that is not there?

# %%
explorers.pseudoreplication()

# %% tags=["solution"] task="q5"
panel = explorers.pseudoreplication.result(bio=4, tech=20, sd_bio=1.0, sd_tech=0.6, effect=0.0)
answer_5 = 100 * panel.analyses[0].false_positives

# %%
check("ex08.q5", answer_5)

# %% [markdown]
# ## 6. Find the mistake
#
# A colleague has heard of mixed models, and writes: *"I let the cores be random, and their variance is hardly there. So the cores are
# independent, and I may count them all."* Cores are numbered from 1 upwards in each plot.

# %%
colleague = lk.lmer("nitrogen ~ treatment + (1 | core)", soil)
print(colleague.varcorr)
colleague.coef_table().round(4)

# %% [markdown]
# What is wrong?
#
# - **a** Ten cores are too few to estimate a variance from; with more cores a plot it would not have come out so small.
# - **b** Core 1 of one plot has nothing to do with core 1 of the next; what cores share is their plot, and the plot is not in the model.
# - **c** The term should be `(1 | plot/core)`, so that plots and cores each have an effect.
# - **d** `core` is a number, so that it must stand in the fixed part.
# - **e** Nothing: a variance near zero shows that the rows are independent.

# %% tags=["solution"] task="q6"
answer_6 = "b"

# %%
check("ex08.q6", answer_6)

# %% [markdown]
# ## 7. The next study
#
# A fence, or the walk to a plot without one, costs 30 euros, and each core measured there 1 euro more. Variances are those of task 2: 0.12 between plots,
# 0.07 between cores. Whatever you spend in all: how many cores should you take from each plot, so that the mean of a treatment
# gets the smallest standard error for the money? (A whole number.)

# %% tags=["solution"] task="q7"
cores = np.arange(1, 31)
variance_for_a_euro = (0.12 + 0.07 / cores) * (30 + cores)
answer_7 = cores[variance_for_a_euro.argmin()]

# %%
check("ex08.q7", answer_7)

# %% [markdown]
# ## 8. In your own words
#
# You review a paper. Two diets, two cages on each diet, ten voles in a cage; the food is put into the cage. The authors report: *"Voles on the
# rich diet were heavier (t-test, n = 40, p = 0.003)."* Write three or four sentences to the editor: what was replicated and how often, what
# a right analysis of these data would have for degrees of freedom, and what the authors could do.

# %% [markdown] tags=["written"] task="q8" points=3
# Diet was given to cages, so the study has two replicates of each diet, not twenty. Voles that eat, fight and catch cold together are alike, and the t-test
# takes that likeness for evidence. An analysis of the cage means, or a mixed model with a random effect of the cage, has only two degrees of
# freedom for the diet, and with so few will find only a very large effect. More voles in these cages would hardly help. I would ask for
# more cages with fewer voles each; until then the authors may describe their voles, but not claim an effect of diet.

# %% [markdown] tags=["rubric"] task="q8"
# One point for each:
#
# - the cage as the replicate, two for each diet, and why voles of one cage are not independent
# - cage means or `(1 | cage)`, with two degrees of freedom (four cages less two means)
# - a remedy that adds cages, not voles or a cleverer test
