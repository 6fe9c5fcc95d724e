# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 10. What the fitter does
#
# Two warm-ups from earlier lessons, then eight tasks on lesson 10, from recall to judgement; about forty-five minutes. Put
# your answers where the three dots are and run the cell: you get a verdict at once, and a hint when you need one.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, plt

# %% [markdown]
# ## Warm-up 1: snails that grow (lesson 9)
#
# {{w1.snails:Word}} snails are measured every day for a whole summer, so that the growth rate of each of them is known exactly, nearly. The rates differ between snails
# with an SD of {{w1.sd}} mm a week. What is the standard error of the *mean* growth rate?

# %% tags=["solution"] task="w1"
answer_w1 = 0.6 / 9**0.5
### OWN answer_w1 = own_numbers("ex10.w1").sd / own_numbers("ex10.w1").snails ** 0.5

# %%
check("ex10.w1", answer_w1)

# %% [markdown]
# ## Warm-up 2: lines that meet (lesson 5)
#
# A fit is singular: intercepts differ with an SD of {{w2.start}}, slopes with an SD of {{w2.slope}}, and their correlation is −1. At which *x* do all the lines meet?

# %% tags=["solution"] task="w2"
answer_w2 = 4 / 0.5
### OWN answer_w2 = own_numbers("ex10.w2").start / own_numbers("ex10.w2").slope

# %%
check("ex10.w2", answer_w2)

# %% [markdown]
# ## Deer and soil
#
# `herbivory`: eight plots, four of them fenced against deer, and ten soil cores from each. Does the `nitrogen`
# in the soil (g/kg) depend on the fence? (The data are simulated.)

# %%
deer = lk.load_data("herbivory")
deer.head()

# %% [markdown]
# ## 1. By hand
#
# A printout gives a *variance* of {{q1.between:word}} between plots and a residual *variance* of {{q1.within:word}}. What is the $\theta$ that the
# fitter has found?

# %% tags=["solution"] task="q1"
answer_1 = (9 / 4) ** 0.5
### OWN answer_1 = (own_numbers("ex10.q1").between / own_numbers("ex10.q1").within) ** 0.5

# %%
check("ex10.q1", answer_1)

# %% [markdown]
# ## 2. Fit it
#
# Fit the mixed model of `nitrogen` with the `treatment` as fixed effect and a random intercept for the `plot`, by REML. It is half written.

# %% tags=["solution"] task="q2"
### GIVEN # model = lk.lmer("nitrogen ~ ... + (... | ...)", deer)
model = lk.lmer("nitrogen ~ treatment + (1 | plot)", deer)

# %%
check("ex10.q2", model)

# %% [markdown]
# ## 3. The wall of the valley
#
# Nobody says that the fitter must walk: `lk.lmer(..., start=[0.4], optimize=False)` evaluates the model where you put
# it, here at $\theta = 0.4$, and stays there. How much higher than at its lowest point is the REML criterion
# (`.reml_criterion`) where plots do not differ at all?

# %% tags=["solution"] task="q3"
at_the_wall = lk.lmer("nitrogen ~ treatment + (1 | plot)", deer, start=[0.0], optimize=False)
answer_3 = at_the_wall.reml_criterion - model.reml_criterion

# %%
check("ex10.q3", answer_3)

# %% [markdown]
# ## 4. With the slider
#
# The panel shows six strains of simulated mice. Leave the criterion at REML and set the seed of the mice to four. All values of
# $\theta$ whose criterion is less than 3.84 above the lowest are an interval: data like these rule out none of them. Drag $\theta$
# and read the sentence under the picture. From which $\theta$ to which does the interval go? Give both ends, to two decimals.

# %%
explorers.likelihood(seed=4)

# %% tags=["solution"] task="q4"
answer_4 = [0.99, 4.32]

# %%
check("ex10.q4", answer_4)

# %% [markdown]
# ## 5. Find the mistake
#
# Ada has programmed the REML criterion herself. The letters are hers.

# %%
y = deer["nitrogen"].to_numpy()
X = np.column_stack([np.ones(len(deer)), deer["treatment"] == "excluded"])
Z = (deer["plot"].to_numpy()[:, None] == np.array(deer["plot"].cat.categories)).astype(float)
n, p = X.shape


def ada(theta):
    V = np.eye(n) + theta * Z @ Z.T  # A
    XtVi = np.linalg.solve(V, X).T
    beta = np.linalg.solve(XtVi @ X, XtVi @ y)  # B
    residual = y - X @ beta
    r2 = residual @ np.linalg.solve(V, residual)  # C
    price = np.linalg.slogdet(V)[1] + np.linalg.slogdet(XtVi @ X)[1]  # D
    return price + (n - p) * (1 + np.log(2 * np.pi * r2 / (n - p)))  # E

# %% tags=["picture"]
# Picture: Ada's criterion, its lowest point, and the theta of lmer
thetas = np.linspace(0, 5, 251)
hers = np.array([ada(theta) for theta in thetas])
fig, ax = plt.subplots(figsize=(8, 4))
ax.plot(thetas, hers, color="black", label="Ada's criterion")
ax.plot(thetas[hers.argmin()], hers.min(), "o", color=lesson.RED, label="its lowest point")
if model is not ...:
    ax.axvline(model.theta[0], color=lesson.GREY, ls="--", label="lmer's θ")
ax.set_xlabel("θ")
ax.set_ylabel("criterion")
ax.set_ylim(hers.min() - 1, hers.min() + 15)
ax.legend()
lesson.show(
    f"A valley with its lowest point at theta {thetas[hers.argmin()]:.2f}, as Ada has it;"
    + (f" the theta of lmer is marked at {model.theta[0]:.2f}." if model is not ... else " no other theta is marked yet.")
)

# %% [markdown]
# Her valley is as deep as `lmer`'s (to the fineness of her grid), but its bottom is not where `lmer` finds it. Which line is wrong? Answer `"A"`,
# `"B"`, `"C"`, `"D"` or `"E"`; you may change a line and run both cells again.

# %% tags=["solution"] task="q5"
answer_5 = "A"

# %%
check("ex10.q5", answer_5)

# %% [markdown]
# ## 6. What does ML forget?
#
# Fit the same model by maximum likelihood. By how many per cent is its *variance* between plots below that of REML?

# %% tags=["solution"] task="q6"
by_ml = lk.lmer("nitrogen ~ treatment + (1 | plot)", deer, reml=False)
tau2_reml = model.varcorr.frame["vcov"].iloc[0]
tau2_ml = by_ml.varcorr.frame["vcov"].iloc[0]
answer_6 = 100 * (1 - tau2_ml / tau2_reml)

# %%
check("ex10.q6", answer_6)

# %% [markdown]
# ## 7. May they be compared?
#
# Four colleagues compare two models each, by the two REML criteria as `lmer` prints them; apart from
# what is said here, both models are yours. Who may? Answer with the name.
#
# - *Bela* has left out the treatment in one of the two.
# - *Cleo* has taken the logarithm of the nitrogen in one of the two.
# - *Dora* has let the slope along the numbers of the cores differ between plots in one of the two.
# - *Emil* has left out the three strangest cores in one of the two.

# %% tags=["solution"] task="q7"
answer_7 = "Dora"

# %%
check("ex10.q7", answer_7)

# %% [markdown]
# ## 8. In your own words
#
# A reviewer writes: "Maximum likelihood is the best of all estimators. Why did the authors report REML estimates? And the REML
# criterion of their model is hardly lower than without the treatment, which is proof that the fence does nothing." Answer
# both points, politely, in three to five sentences.

# %% [markdown] tags=["written"] task="q8" points=3
# Maximum likelihood is good when groups are many. We have eight plots, and it treats the two means estimated from them as if they
# had been known, so its variance between plots, and with it the standard error of the fence, comes out too small; REML puts
# this right. The two REML criteria, however, cannot be compared, because the models differ in their fixed effects and each
# criterion looks at what its own fixed effects leave over; a change of units would change their difference. We have
# therefore refitted both models by maximum likelihood for the comparison (a likelihood-ratio test), and kept REML
# for the estimates that we report.

# %% [markdown] tags=["rubric"] task="q8"
# One point for each:
#
# - ML makes variances (or standard errors) too small because it forgets that means were estimated, which
#   matters with eight plots
# - REML criteria of different fixed effects must not be compared
# - what is done instead: ML for the comparison, or a t-test of the treatment, with REML kept for the report
