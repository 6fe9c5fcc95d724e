# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=50 needs="random intercepts and slopes (05), REML in a sentence (04)"
# # 10. What the fitter does
#
# **You will be able to**
#
# - say what number a fit makes as small as possible, and what its two parts pull at;
# - write that number down in a few lines of NumPy and find the same minimum as `lk.lmer`;
# - say what REML corrects, what it does not, and when you need which;
# - read a criterion of two models without being fooled by it.
#
# **Data** `mouse` (synthetic; it reproduces the lecture's tables), `owl_cort` (synthetic).
# **Lectures** 000 slide 21; 004 "REML vs LM". You will want lessons 4 and 5 behind you.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import chi2

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.check import check
from lmmkit.course.lesson import (
    BLUE,
    GREEN,
    RED,
    in_words,
    key_points,
    lecture_vs_truth,
    use_course_look,
)

use_course_look()
mouse = lk.load_data("mouse")

# %% [markdown]
# ## The question
#
# You give `lmer` a formula and fifty weights of mice, and within a blink it knows how much strains differ. Nobody told
# it. In general there is no formula for the answer, as there is for a mean; it must have *searched*. Searched for what?
#
# Think of two extremes. If strains were said not to differ at all, many mice would sit far from the common line:
# a bad fit. If strains were allowed to differ without limit, each would get exactly the line it likes: a wonderful
# fit, bought with five free numbers. The criterion that the fitter minimises has a term for each temptation, and
# the answer is where they balance.

# %% [markdown]
# ## One number to turn
#
# Call $\theta$ the standard deviation between strains, *measured in residual standard deviations*. Once somebody
# fixes $\theta$, everything else has a formula. The weights of the mice then have the covariance matrix $\sigma^2 V$ with
#
# $$V = I + \theta^2 Z Z^\top,$$
#
# where $Z$ has a column per strain, with a one for each of its mice. Given $V$, the best fixed effects are
# generalised least squares, the best $\sigma^2$ is the weighted residual sum of squares over $n$, and what remains
# of $-2\log$ likelihood is
#
# $$d(\theta) = \log|V| + n\left(1 + \log\frac{2\pi\, r^2}{n}\right),\qquad
# r^2 = (y - X\hat\beta)^\top V^{-1}(y - X\hat\beta).$$
#
# That is the *profiled deviance*. The first term is the price of flexibility: it grows with $\theta$. The second is
# the misfit: it falls with $\theta$. Here it is, with nothing hidden. (`reml=True` asks for a variant, the *REML criterion*. It is what
# `lmer` uses, and the section on ML and REML says why.)

# %%
y = mouse["Weight"].to_numpy(float)
X = np.column_stack([np.ones(len(mouse)), mouse["Dose"]])
Z = (mouse["Strain"].to_numpy()[:, None] == np.array(sorted(mouse["Strain"].unique()))).astype(float)
n, p = X.shape


def criterion(theta, reml):
    V = np.eye(n) + theta**2 * Z @ Z.T
    XtVi = np.linalg.solve(V, X).T
    beta = np.linalg.solve(XtVi @ X, XtVi @ y)
    residual = y - X @ beta
    r2 = residual @ np.linalg.solve(V, residual)
    price = np.linalg.slogdet(V)[1]
    df = n
    if reml:  # the fixed effects cost something, too
        price += np.linalg.slogdet(XtVi @ X)[1]
        df = n - p
    misfit = df * (1 + np.log(2 * np.pi * r2 / df))
    return price, misfit


# %% [markdown]
# Turn $\theta$ from zero to six and look:

# %%
thetas = np.linspace(0, 6, 241)
parts = np.array([criterion(theta, reml=True) for theta in thetas])
total = parts.sum(axis=1)
best = thetas[total.argmin()]

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
left.plot(thetas, parts[:, 0], "-.", color=BLUE, label="price of flexibility")
left.plot(thetas, parts[:, 1], "--", color=GREEN, label="misfit")
left.set_xlabel(r"$\theta$")
left.set_ylabel("part of the criterion")
left.legend()
right.plot(thetas, total, color="black", label="their sum")
right.plot(best, total.min(), "o", color=RED, label="lowest on this grid")
right.set_xlabel(r"$\theta$")
right.set_ylabel("REML criterion")
right.set_ylim(total.min() - 3, total.min() + 40)
right.legend()
plt.show()

# %% [markdown]
# On the left the two parts, one rising, one falling; on the right their sum, with a single valley. A fit is a walk to
# the bottom of that valley. And `lmer`?

# %%
reml = lk.lmer("Weight ~ Dose + (1 | Strain)", mouse)
print(reml)
in_words(
    f"The grid's lowest point is at theta = {best:.3f} with a criterion of {total.min():.4f}.",
    f"lk.lmer finds theta = {reml.theta[0]:.3f} with a criterion of {reml.reml_criterion:.4f}.",
    f"Times sigma = {reml.sigma:.4f}, its theta is the standard deviation of the strains,"
    f" {reml.theta[0] * reml.sigma:.4f}.",
)

# %% [markdown]
# **Predict, then run.** The residual standard deviation and theta are printed above. If every weight were in
# decigrams (tenths of a gram) instead of grams, so that all numbers became ten times as large: would $\theta$ become
# `"larger"`, `"smaller"`, or stay the `"same"`?

# %%
your_guess = ...
check("10.q1", your_guess)

# %% [markdown]
# Now walk yourself. Drag $\theta$, watch the lines of the strains and find the bottom; then press *let
# the optimiser do it*. The panel shows the parts as `lmer` computes them. Its *residual* and its *penalty* make up our misfit: how far mice
# are from the line of their strain, and how far these lines are from the common one. Its *log|L|²* is our price. Each curve has a scale of
# its own, so heights of two curves cannot be compared.

# %%
explorers.likelihood()

# %% [markdown]
# ## The walk
#
# With one parameter you can afford a grid. With three (an intercept's spread, a slope's, and their correlation) a grid
# of that fineness would take millions of evaluations. So the fitter feels the slope under its feet and the
# bend of the valley, and strides. Each row below is a step. Its three thetas say the same as two spreads and a correlation, in a form that
# suits a search (they fill a triangular matrix, a *Cholesky factor*): the intercept's SD is theta1, the slope's is
# $\sqrt{\theta_2^2 + \theta_3^2}$, both in residual SDs, and the correlation is theta2 divided by the latter.

# %%
slopes = lk.lmer("Weight ~ Dose + (Dose | Strain)", mouse)
print(pd.DataFrame(slopes.optinfo["trail"]).round(4).to_string())
theta1, theta2, theta3 = slopes.theta
in_words(
    f"{slopes.optinfo['n_evaluations']} evaluations of the criterion, most of them to feel the slope.",
    f"At the bottom the slope's SD is {np.hypot(theta2, theta3):.4f} residual SDs, and the correlation"
    f" {theta2 / np.hypot(theta2, theta3):.2f}.",
)

# %% [markdown] covers="000-s21" mends="x000-6"
# The last row is the model of slide 21 of lecture 000. (There the printout says `Data: h` where the call says
# `mouse_data`; every digit is the same, so it is the same table under another name.)

# %%
print(slopes)

# %% [markdown]
# **Predict, then run.** The criterion of this model is lower than that of the random-intercept model. Could it have
# been *higher*, for any data whatever? Answer `"yes"` or `"no"`.

# %%
your_answer = ...
check("10.q2", your_answer)

# %% [markdown]
# The lecture looks at the two criteria and declares the winner: lower is higher likelihood, so the model with slopes is
# better. But a model that contains another one can always imitate it. It must be *enough* lower, by more than
# two free parameters gain on noise. Let us ask.

# %% mends="x000-9"
drop = reml.reml_criterion - slopes.reml_criterion


naive = chi2.sf(drop, 2)
mixture = 0.5 * chi2.sf(drop, 1) + 0.5 * chi2.sf(drop, 2)
lecture_vs_truth(
    "000, slide 21",
    "the lower REML criterion makes the model with random slopes the better one",
    "a larger model always has a criterion at least as low; here it buys nothing that noise would not buy",
    f"{reml.reml_criterion:.4f} - {slopes.reml_criterion:.4f} = {drop:.4f} on two parameters: p = {naive:.3f}"
    f" naively, {mixture:.3f} with the mixture of χ² laws that lesson 11 explains; AIC {reml.aic:.2f}"
    f" against {slopes.aic:.2f}. Both fits have the same fixed part, so their REML criteria may be compared",
)

# %% [markdown]
# ## ML and REML
#
# Take ten mice of one strain and estimate their variance. You divide the sum of squares by nine, not by ten, because
# the mean was estimated from the same ten mice and lies too close to them. Maximum likelihood divides by ten. With
# one mean for ten mice that is a small fault; with many fixed effects and few mice it is a large one.
#
# **REML**, restricted maximum likelihood, looks only at what is left of the data once the fixed effects
# have had their share. For `criterion` above this meant two changes: $n$ became $n - p$, and a term
# $\log|X^\top V^{-1} X|$ joined the price.

# %% covers="004-26"
ml = lk.lmer("Weight ~ Dose + (1 | Strain)", mouse, reml=False)
both = pd.DataFrame(
    {
        "REML": [*reml.varcorr.frame["sdcor"], *reml.fixef, *reml.se],
        "ML": [*ml.varcorr.frame["sdcor"], *ml.fixef, *ml.se],
    },
    index=["SD strain", "SD residual", "intercept", "dose", "SE intercept", "SE dose"],
)
both["ML / REML"] = both["ML"] / both["REML"]
print(both.round(4).to_string())

# %% [markdown]
# Look at the last column: standard deviations and standard errors are all smaller by ML. The spread of the five strains shrinks most, and
# with it the standard error of the intercept: the spread was estimated from five draws, one of which the common mean has used up.
#
# **Predict, then run.** By how much does ML underestimate the variance of a plain sample of five numbers, on average?
# Give the ratio of its expectation to the true variance.

# %%
your_ratio = ...
check("10.q3", your_ratio)

# %% [markdown]
# Does it really? A hundred times, let us make five strains of ten mice whose standard deviations we know,
# and fit both ways.

# %%
rng = np.random.default_rng(7)
strain, dose = np.repeat(np.arange(5), 10), np.tile(np.linspace(0, 5, 10), 5)
estimates = []
for _ in range(100):
    weight = 26 - 2 * dose + 3 * rng.standard_normal(5)[strain] + rng.standard_normal(50)
    litter = pd.DataFrame({"weight": weight, "dose": dose, "strain": strain})
    fits = [lk.lmer("weight ~ dose + (1 | strain)", litter, reml=flag) for flag in (True, False)]
    estimates.append([fit.varcorr.frame["vcov"].iloc[0] for fit in fits])
found = pd.DataFrame(estimates, columns=["REML", "ML"])
true_variance = 3.0**2

fig, ax = plt.subplots()
bins = np.linspace(0, 30, 25)
ax.hist(found["REML"], bins, histtype="step", lw=2.5, color=BLUE, label="REML")
ax.hist(found["ML"], bins, histtype="step", lw=2.5, ls="--", color=RED, label="ML")
ax.axvline(true_variance, color="black", lw=1.5, label="truth")
ax.set_xlabel("estimated variance between strains (g²)")
ax.set_ylabel("simulations")
ax.legend()
plt.show()

# %%
in_words(
    f"The true variance between strains is {true_variance:.1f}.",
    f"Over {len(found)} simulations REML averages {found['REML'].mean():.2f} and ML {found['ML'].mean():.2f}, each"
    f" give or take {found['REML'].sem():.1f}: REML's is as it should be, ML's is too low.",
    f"Yet single estimates run from {found['REML'].min():.1f} to {found['REML'].max():.1f}: with five"
    " strains, the bias is not your main worry.",
)

# %% [markdown]
# ## Which one when
#
# | you want to | use | because |
# | --- | --- | --- |
# | report variances, standard errors, intervals | REML | less biased |
# | compare models whose *random* parts differ | REML (or ML) | the fixed part is the same, so the criteria compare |
# | compare models whose *fixed* parts differ by likelihood or AIC | ML, both | REML criteria of different fixed parts are not about the same data |
# | test one fixed effect in a model | REML with Satterthwaite or Kenward–Roger | lesson 11 |
#
# `lk.anova` knows this: it refits by ML when it must, and says so.

# %%
owls = lk.load_data("owl_cort")
by_reml = lk.lmer("log(totCort) ~ Implant + days + Implant:days + (1 | Ring)", owls)
by_ml = lk.lmer("log(totCort) ~ Implant + days + Implant:days + (1 | Ring)", owls, reml=False)
print(pd.DataFrame({"REML": by_reml.se, "ML": by_ml.se}).round(5).to_string())

# %% mends="x004-5"
lecture_vs_truth(
    "004, REML vs LM",
    "REML is unbiased for the variances but biased for the variance of the fixed effects",
    "REML takes away most of ML's bias in the variances (all of it in balanced designs, as long as no estimate"
    " is cut off at zero); and it is ML that makes both the variances and the fixed effects' standard errors too"
    " small. What REML cannot do is compare models with different fixed effects",
    "for the owls every standard error is smaller by ML, by up to"
    f" {100 * (1 - (by_ml.se / by_reml.se).min()):.1f}%; for the mice by up to"
    f" {100 * (1 - (ml.se / reml.se).min()):.0f}%",
)

# %% mends="x004-6"
without = lk.lmer("log(totCort) ~ Implant + days + (1 | Ring)", owls)
print(lk.anova(without, by_reml))
lecture_vs_truth(
    "004, guideline",
    "use REML to study the random part, then switch to ML for inference about the fixed part",
    "ML is needed where likelihoods of different fixed parts are compared: likelihood-ratio tests, AIC and BIC,"
    " and profile intervals (lesson 11); estimates, standard errors and t-tests are reported from the REML fit",
    "lk.anova above was given two REML fits and refitted them by ML for the comparison",
)

# %% [markdown]
# **Predict, then run.** Somebody compares `Weight ~ 1 + (1 | Strain)` with `Weight ~ Dose + (1 | Strain)` by the two REML
# criteria. May they? Answer `"yes"` or `"no"`.

# %%
your_verdict = ...
check("10.q4", your_verdict)

# %% [markdown]
# The answer can be seen in one line: measure the dose in another unit, which changes nothing in the world, and watch
# the two criteria.

# %%
rescaled = mouse.assign(Dose=mouse["Dose"] * 1000)
milli = lk.lmer("Weight ~ Dose + (1 | Strain)", rescaled)
milli_ml = lk.lmer("Weight ~ Dose + (1 | Strain)", rescaled, reml=False)
in_words(
    f"REML criterion with the dose as it was: {reml.reml_criterion:.3f}; in thousandths:"
    f" {milli.reml_criterion:.3f}.",
    f"ML deviance: {ml.deviance:.3f} and {milli_ml.deviance:.3f}.",
)

# %% [markdown]
# A REML criterion depends on the units of the predictors. That does no harm between models that share them, and makes
# nonsense of a comparison between models that do not.

# %%
key_points(
    "A fit minimises one criterion: the price of flexibility plus the misfit.",
    "Given theta, fixed effects and residual variance have formulas; only theta is searched.",
    "With one random intercept, theta is its SD in residual SDs, so it has no unit.",
    "REML pays for the fixed effects, ML forgets to; report REML, compare different fixed parts by ML.",
    "A lower criterion of a larger model proves nothing by itself.",
)

# %% [markdown]
# ## Further reading
#
# - Bates, D., Mächler, M., Bolker, B., and Walker, S. (2015). Fitting linear mixed-effects models using lme4.
#   *Journal of Statistical Software* 67(1), sections 3 and 4.
# - Patterson, H. D., and Thompson, R. (1971). Recovery of inter-block information when block sizes are unequal.
#   *Biometrika* 58, 545–554.
# - Harville, D. A. (1977). Maximum likelihood approaches to variance component estimation and to related problems.
#   *Journal of the American Statistical Association* 72, 320–338.
