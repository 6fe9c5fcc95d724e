# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=50 needs="random intercepts and slopes (05), REML in a sentence (04), cohorts and a marker (02)"
# # 10. What the fitter does
#
# **You will be able to**
#
# - say what number a fit makes as small as possible, and what its two parts pull at;
# - write that number down in a few lines of NumPy and find the same minimum as `lk.lmer`;
# - say what REML corrects, what it does not, and when you need which;
# - read a criterion of two models without being fooled by it, and know a flat ridge when you meet one.
#
# **Data** `mouse`, `owl_cort`, `biomarker` (all synthetic; they reproduce the lectures' tables).

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt

# %% [markdown]
# ## The question
#
# Fifty mice of five strains got a drug, and were weighed (lesson 4):

# %%
mouse = lk.load_data("mouse")
mouse.groupby("Strain", observed=True)["Weight"].agg(["count", "min", "mean", "max"]).round(1)

# %% [markdown]
# You give `lmer` a formula and these fifty weights, and at once it knows how much strains differ. Nobody told
# it. In general there is no formula for the answer, as there is for a mean; it must have *searched*. Searched for what?
#
# Think of two extremes. If strains were said not to differ at all, many mice would sit far from the common line:
# a bad fit. If strains were allowed to differ without limit, each would get exactly the line that suits it: a very good
# fit, but paid for with five free numbers. The criterion that the fitter makes small has a part for each of the two, and
# the answer is where they balance.
#
# ## One number to turn
#
# Call $\theta$ (theta) the standard deviation between strains, *measured in residual standard deviations*. Once somebody
# fixes $\theta$, everything else has a formula. (If matrices are new to you, read on at the picture: it shows the same.) The weights of the mice then have the covariance matrix $\sigma^2 V$ with
#
# $$V = I + \theta^2 Z Z^\top,$$
#
# where $Z$ has a column per strain, with a one for each of its mice. Given $V$, the best fixed effects $\hat\beta$ are those of
# generalised least squares, the best $\sigma^2$ is the weighted sum of squares of the residuals over $n$, and what remains
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
    """The two parts of the criterion: price and misfit."""
    V = np.eye(n) + theta**2 * Z @ Z.T
    XtVi = np.linalg.solve(V, X).T
    beta = np.linalg.solve(XtVi @ X, XtVi @ y)
    residual = y - X @ beta
    r2 = residual @ np.linalg.solve(V, residual)
    price, df = np.linalg.slogdet(V)[1], n
    if reml:  # the fixed effects cost something, too
        price, df = price + np.linalg.slogdet(XtVi @ X)[1], n - p
    return price, df * (1 + np.log(2 * np.pi * r2 / df))


thetas = np.linspace(0, 6, 241)
parts = np.array([criterion(theta, reml=True) for theta in thetas])

# %% tags=["picture"]
# Picture: the two parts of the criterion, and their sum
total = parts.sum(axis=1)
best = thetas[total.argmin()]
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.1), layout="constrained")
left.plot(thetas, parts[:, 0], "-.", color=lesson.BLUE, label="price of flexibility")
left.plot(thetas, parts[:, 1], "--", color=lesson.GREEN, label="misfit")
left.set(xlabel=r"$\theta$", ylabel="part of the criterion")
right.plot(thetas, total, color="black", label="their sum")
right.plot(best, total.min(), "o", color=lesson.RED, label="lowest on this grid")
right.set(xlabel=r"$\theta$", ylabel="REML criterion", ylim=(total.min() - 3, total.min() + 40))
for ax in (left, right):
    ax.legend()
lesson.show(
    f"Left: as theta goes from 0 to 6, the price rises from {parts[0, 0]:.0f} to {parts[-1, 0]:.0f}, and the misfit falls from"
    f" {parts[0, 1]:.0f} to {parts[-1, 1]:.0f}. Right: their sum has one valley, with its lowest point {total.min():.1f} at theta {best:.2f}."
)

# %% [markdown]
# On the left the two parts, one rising, one falling; on the right their sum, with a single valley. A fit is a walk to
# the bottom of that valley. And `lmer`?

# %%
reml = lk.lmer("Weight ~ Dose + (1 | Strain)", mouse)
print(reml)

# %% tags=["fold"]
# In words: our lowest point, and that of lmer
lesson.in_words(
    f"The grid's lowest point is at theta = {best:.3f} with a criterion of {total.min():.4f}."
    f" lk.lmer finds theta = {reml.theta[0]:.3f} with a criterion of {reml.reml_criterion:.4f}.",
    f"Times sigma = {reml.sigma:.4f}, its theta is the standard deviation of the strains,"
    f" {reml.theta[0] * reml.sigma:.4f}.",
)

# %% [markdown]
# **Predict, then run.** Suppose that every weight were in
# decigrams (tenths of a gram) instead of grams, so that all numbers became ten times as large. Would $\theta$ become
# `"larger"`, `"smaller"`, or stay the `"same"`?

# %%
your_guess = ...
check("10.q1", your_guess)

# %%
tenfold = lk.lmer("Weight ~ Dose + (1 | Strain)", mouse.assign(Weight=10 * mouse["Weight"]))
rows = {name: [fit.theta[0], fit.sigma] for name, fit in {"grams": reml, "decigrams": tenfold}.items()}
pd.DataFrame(rows, index=["theta", "sigma"]).T.round(3)

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
# of that fineness would take millions of evaluations. So at each place the fitter computes the height, the slope and the
# bend of the valley, and steps to where the bottom should be. Each row below is such a step.

# %%
slopes = lk.lmer("Weight ~ Dose + (Dose | Strain)", mouse)
slopes.optinfo["trail"].round(4)

# %% [markdown]
# The three thetas say the same as two spreads and a correlation, in a form that
# suits a search (they fill a triangular matrix, a *Cholesky factor*): the intercept's SD is theta1, the slope's is
# $\sqrt{\theta_2^2 + \theta_3^2}$, both in residual SDs, and the correlation is theta2 divided by the latter.

# %% tags=["fold"]
# In words: how often the criterion was computed, and what was found
theta1, theta2, theta3 = slopes.theta
places = slopes.optinfo["places"]
lesson.in_words(
    f"There may be more than one valley, so the search went downhill from {len(places)} places; the table shows the first of these ways."
    f" All end at the same height, {places['reached'].min():.4f}. On these ways the criterion was computed {slopes.optinfo['n_evaluations']} times;"
    " the coarse grid that showed where to begin is not counted.",
    f"At the bottom the slope's SD is {np.hypot(theta2, theta3):.4f} residual SDs, and the correlation"
    f" {theta2 / np.hypot(theta2, theta3):.2f}.",
)

# %% covers="000-s21"
print(slopes)

# %% [markdown]
# **Your turn.** The criterion of this model is lower than that of the random-intercept model. Could it have
# been *higher*, for any data whatever? Answer `"yes"` or `"no"`.

# %%
your_answer = ...
check("10.q2", your_answer)

# %% [markdown] mends="x000-9"
# You may read that the model with slopes is the better one, because its criterion is lower. In truth a larger model always has a criterion at
# least as low: it can imitate the smaller one. It must be *enough* lower, by more than two free parameters gain on noise. Both fits have the same fixed part, so their REML criteria may be
# compared (`refit=False`). The *p*-value compares their difference with what noise gives, on two degrees of freedom, one for each
# parameter more (lesson 11).

# %%
lk.anova(reml, slopes, refit=False)[["npar", "aic", "deviance", "chisq", "df", "p_value"]].round(4)

# %% [markdown]
# Here the larger model buys nothing that noise would not buy. AIC, a mark that asks two points for each parameter, says the same.
#
# ## ML and REML
#
# Take ten mice of one strain and estimate their variance. You divide the sum of squares by nine, not by ten, because
# the mean was estimated from the same ten mice and lies too close to them. Maximum likelihood (ML) divides by ten. With
# one mean for ten mice that is a small fault; with many fixed effects and few mice it is a large one.
#
# **Predict, then run.** By how much does ML underestimate the variance of a plain sample of *five* numbers, on average?
# Give the ratio of its expectation to the true variance.

# %%
your_ratio = ...
check("10.q3", your_ratio)

# %%
samples = np.random.default_rng(10).normal(size=(200_000, 5))  # the true variance is one
print(f"mean of ML's variances: {samples.var(axis=1).mean():.3f}")

# %% [markdown]
# **REML**, restricted maximum likelihood, looks only at what is left of the data once the fixed effects
# have had their share. For `criterion` above this meant two changes: $n$ became $n - p$, and a term
# $\log|X^\top V^{-1} X|$ joined the price. Here are the mice, fitted both ways:

# %% covers="004-26"
ml = lk.lmer("Weight ~ Dose + (1 | Strain)", mouse, reml=False)
names = ["SD strain", "SD residual", "SE intercept", "SE dose"]
both = {name: [*fit.varcorr.frame["sdcor"], *fit.se] for name, fit in [("REML", reml), ("ML", ml)]}
both = pd.DataFrame(both, index=names)
both.assign(**{"ML / REML": both["ML"] / both["REML"]}).round(4)

# %% [markdown]
# Look at the last column: standard deviations and standard errors are all smaller by ML. The spread of the five strains is reduced most, and
# with it the standard error of the intercept: the spread was estimated from five draws, one of which the common mean has used up.
#
# How well do both do? A hundred times we make five strains of ten mice, whose standard deviations we know,
# and fit both ways.

# %%
rng = np.random.default_rng(7)
strain, dose = np.repeat(np.arange(5), 10), np.tile(np.linspace(0, 5, 10), 5)
estimates = []
for _ in range(100):
    weight = 26 - 2 * dose + 3 * rng.standard_normal(5)[strain] + rng.standard_normal(50)
    mice = pd.DataFrame({"weight": weight, "dose": dose, "strain": strain})
    fits = [lk.lmer("weight ~ dose + (1 | strain)", mice, reml=flag) for flag in (True, False)]
    estimates.append([fit.varcorr.frame["vcov"].iloc[0] for fit in fits])
found = pd.DataFrame(estimates, columns=["REML", "ML"])

# %% tags=["picture"]
# Picture: a hundred estimates of one variance, by REML and by ML
fig, ax = plt.subplots(figsize=(8, 2.8))
bins = np.linspace(0, 30, 25)
ax.hist(found["REML"], bins, histtype="step", lw=2.5, color=lesson.BLUE, label="REML")
ax.hist(found["ML"], bins, histtype="step", lw=2.5, ls="--", color=lesson.RED, label="ML")
ax.axvline(3.0**2, color="black", lw=1.5, label="truth")
ax.set(xlabel="estimated variance between strains (g²)", ylabel="simulations")
ax.legend()
lesson.show(
    f"Two wide heaps around a line at the true 9. REML's has its mean at {found['REML'].mean():.1f}, ML's lies further left, with"
    f" its mean at {found['ML'].mean():.1f}; single values go from {found.min().min():.1f} to {found.max().max():.1f}."
)

# %% tags=["fold"]
# In words: the two means, and how far single estimates lie apart
lesson.in_words(
    f"The true variance between strains is {3.0**2:.1f}."
    f" Over {len(found)} simulations REML averages {found['REML'].mean():.2f} and ML {found['ML'].mean():.2f}, each"
    f" give or take {found['REML'].sem():.1f}: REML's is as it should be, ML's is too low.",
    f"Yet single estimates run from {found['REML'].min():.1f} to {found['REML'].max():.1f}: with five"
    " strains, the bias is not your main worry.",
)

# %% [markdown] mends="x004-5 x004-6"
# ## Which one when
#
# | you want to | use | because |
# | --- | --- | --- |
# | report variances, standard errors, intervals | REML | less biased |
# | compare models whose *random* parts differ | REML (or ML) | the fixed part is the same, so the criteria compare |
# | compare models whose *fixed* parts differ by likelihood or AIC | ML, both | REML criteria of different fixed parts are not about the same data |
# | test one fixed effect in a model | REML with Satterthwaite or Kenward–Roger | lesson 11 |
#
# You may read that REML makes the standard errors of the fixed effects wrong, so that one should switch to ML for them. In truth it is ML that
# makes both the variances and these standard errors too small. REML takes away most of that bias (all of it in balanced designs, as long as no estimate
# is cut off at zero). What REML cannot do is compare models with different fixed effects. For that `lk.anova` refits both models by ML, and says so:

# %%
owls = lk.load_data("owl_cort")
full = lk.lmer("log(totCort) ~ Implant * days + (1 | Ring)", owls)
by_ml = lk.lmer("log(totCort) ~ Implant * days + (1 | Ring)", owls, reml=False)
without = lk.lmer("log(totCort) ~ Implant + days + (1 | Ring)", owls)
lk.anova(without, full)[["npar", "aic", "loglik", "chisq", "df", "p_value"]].round(3)

# %% tags=["fold"]
# In words: standard errors by ML, of the owls and of the mice
lesson.in_words(
    "For the owls every standard error is smaller by ML, by up to"
    f" {100 * (1 - (by_ml.se / full.se).min()):.1f}%; for the mice by up to"
    f" {100 * (1 - (ml.se / reml.se).min()):.0f}%.",
)

# %% [markdown]
# **Predict, then run.** Somebody compares `Weight ~ 1 + (1 | Strain)` with `Weight ~ Dose + (1 | Strain)` by the two REML
# criteria. May they? Answer `"yes"` or `"no"`. (The next cell measures the dose in another unit, which changes nothing in the world.)

# %%
your_verdict = ...
check("10.q4", your_verdict)

# %%
rescaled = mouse.assign(Dose=mouse["Dose"] * 1000)
milli, milli_ml = (lk.lmer("Weight ~ Dose + (1 | Strain)", rescaled, reml=flag) for flag in (True, False))
rows = {"dose as it was": (reml.reml_criterion, ml.deviance)}
rows["dose in thousandths"] = (milli.reml_criterion, milli_ml.deviance)
pd.DataFrame(rows, index=["REML criterion", "ML deviance"]).T.round(3)

# %% [markdown]
# A REML criterion depends on the units of the predictors. That does no harm between models that share them, and makes
# nonsense of a comparison between models that do not.
#
# ## A flat ridge
#
# Not every valley has a clear bottom. In lesson 2 a blood marker went with a disease in three cohorts. A lecture lets both intercept and slope vary
# between the cohorts, as random effects, and prints this table. A good optimiser does not stop there, but we can *go* there:
# `optimize=False` evaluates the model at the thetas that we name. (The last message speaks of a profile interval; lesson 11 explains it.)

# %% covers="000-s28 000-s29"
patients = lk.load_data("biomarker")
FORMULA = "Disease ~ Biomarker + (Biomarker | Cohort)"
printed = lk.lmer(FORMULA, patients, start=[1.207703175, 0.014691126, 0.002973204], optimize=False)
print(printed.summary(ddf="none"))
printed.coef()["Cohort"].map("{:.7f}".format)

# %% [markdown]
# The fit that we get by searching is singular. And here is a third one, which nobody would have found by searching. Compare them, and look at the last
# row: how much cohorts differ at the *average* marker, instead of at a marker of zero, where nobody ever was.

# %%
best_fit = lk.lmer(FORMULA, patients)
third = lk.lmer(FORMULA, patients, start=[3.5, -0.0145, 0.0], optimize=False)
at_mean = np.array([1.0, patients["Biomarker"].mean()])
columns = {}
for title, fit in {"printed": printed, "optimum": best_fit, "a third": third}.items():
    v0, v1, cov = fit.varcorr.frame["vcov"].iloc[:3]
    typical = np.sqrt(at_mean @ [[v0, cov], [cov, v1]] @ at_mean)
    columns[title] = [fit.reml_criterion, *fit.varcorr.frame["sdcor"].iloc[:3], typical]
rows = ["REML criterion", "SD at marker zero", "SD of slopes", "correlation", "SD at the average marker"]
pd.DataFrame(columns, index=rows).round(4)

# %% tags=["picture"]
# Picture: the criterion along theta1, the marker as it is and centred
from scipy.optimize import minimize


def lowest(x, theta1):
    """The REML criterion at this theta1, with the best other two thetas."""
    cohorts = [(np.column_stack([np.ones(len(x[mine])), x[mine]]), disease[mine]) for mine in members]

    def at(others):
        L = np.array([[theta1, 0.0], others])
        A, b, rest, price = np.zeros((2, 2)), np.zeros(2), 0.0, 0.0
        for rows, response in cohorts:
            S, s = rows.T @ rows, rows.T @ response
            inner = np.eye(2) + L.T @ S @ L
            half = np.linalg.solve(inner, L.T)
            A, b = A + S - S @ L @ half @ S, b + s - S @ L @ half @ s
            rest, price = rest + response @ response - s @ L @ half @ s, price + np.linalg.slogdet(inner)[1]
        r2, df = rest - b @ np.linalg.solve(A, b), len(disease) - 2
        return price + np.linalg.slogdet(A)[1] + df * (1 + np.log(2 * np.pi * r2 / df))

    return min(minimize(at, (turn, 0.001), method="Nelder-Mead").fun for turn in (-theta1 / 80, -0.01, 0.01, theta1 / 80))


disease = patients["Disease"].to_numpy()
members = [(patients["Cohort"] == name).to_numpy() for name in patients["Cohort"].unique()]
marker = patients["Biomarker"].to_numpy()
along = np.linspace(0.2, 6, 30)
as_it_is = np.array([lowest(marker, theta) for theta in along])
centred = np.array([lowest(marker - marker.mean(), theta) for theta in along])
fig, ax = plt.subplots(figsize=(8, 2.9))
ax.plot(along, as_it_is, color=lesson.RED, label="marker as it is")
ax.plot(along, centred, "--", color=lesson.BLUE, label="marker centred")
ax.set(xlabel=r"$\theta_1$, spread of the cohorts at marker zero (in residual SDs)", ylabel="REML criterion")
ax.set_ylim(136.8, 144)
ax.legend()
lesson.show(
    f"The red line of the marker as it is lies flat: from theta1 {along[0]:.1f} to {along[-1]:.0f} it changes by {np.ptp(as_it_is):.2f}."
    f" The blue line of the centred marker falls to a valley at {along[centred.argmin()]:.1f}, as low as the red one, and rises again."
)

# %% [markdown] mends="x000-18"
# The red line is flat: that is the ridge. You may read such a table as a finding: cohorts differ by so much in intercept, by so much in slope, and the two go together. In
# truth the search had stopped on a flat ridge. Three cohorts cannot tell intercept from slope when the marker's zero is far outside the data: the three fits have correlations
# from one end to the other, and are almost equally good. What they agree on is the last row: cohorts differ by about 1.6 points at the average marker.
#
# The cure is the blue line. Centre the predictor, so that its zero lies among the data, and the same model has a valley with a bottom. (And with
# three cohorts, make them fixed, as lesson 2 does.)

# %% tags=["box"]
# Box: what to keep of this lesson
lesson.key_points(
    "A fit minimises one criterion: the price of flexibility plus the misfit.",
    "Given theta, fixed effects and residual variance have formulas; only theta is searched.",
    "With one random intercept, theta is its SD in residual SDs, so it has no unit.",
    "REML pays for the fixed effects, ML forgets to; report REML, compare different fixed parts by ML.",
    "A lower criterion of a larger model proves nothing by itself.",
    "A predictor whose zero is far from the data can make the criterion a flat ridge: centre it.",
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
