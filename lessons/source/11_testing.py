# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=50 needs="a t-test and a p-value (01), random slopes (05), REML and ML (10)"
# # 11. Testing and intervals: is it real?
#
# **You will be able to**
#
# - say on how many observations a t-value really rests, and why `lmer` of lme4 prints no p-values;
# - test a fixed effect in four ways, and say which of them needs many groups;
# - give an interval for an effect and for a standard deviation;
# - test whether a variance is zero;
# - choose: the lesson ends in a table of question, test and line of code.
#
# **Data** `protein_years` (synthetic; it has the numbers of a printed example).

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt, stats

# %% [markdown] asks="q000-32"
# ## The question
#
# Six people give blood once a year, for five years. A protein in it seems to rise. Each line below is one person.

# %% tags=["picture"]
# Picture: the protein of six people over five years
protein = lk.load_data("protein_years")
people = dict(list(protein.groupby("Sample", observed=True)))
own = pd.Series({name: np.polyfit(rows["Year"], rows["Value"], 1)[0] for name, rows in people.items()})
fig, ax = plt.subplots(figsize=(8, 3.4))
for name, rows in people.items():
    ax.plot(rows["Year"], rows["Value"], "o-", ms=5, color=lesson.RED if own[name] < 0 else lesson.BLUE)
ax.set_xticks(range(1, 6))
ax.set_xlabel("year")
ax.set_ylabel("protein (ng/mL)")
lesson.show(
    f"Six lines over five years. {(own > 0).sum()} people climb, by {own[own > 0].min():.1f} to {own.max():.1f} ng/mL a year; one"
    f" sinks, by {-own.min():.1f}."
)

# %% [markdown]
# Five people climb and one sinks. Had other people come, might the average have stood still? **Is year a significant predictor of the
# protein?** Here is the model of lesson 9, with what lme4 itself prints of it: an estimate, a standard error, and their ratio, the
# t-value.

# %% covers="000-s32"
rise = lk.lmer("Value ~ Year + (Year | Sample)", protein)
rise.coef_table(ddf="none").round(4)

# %% [markdown]
# No p-value, no stars. Why?
#
# ## How many observations?
#
# A t-value alone says nothing. You must compare it with what chance makes of it, and that depends on how well the
# standard error is known. A standard error from three observations is a guess; one from three thousand is nearly a fact. So the
# t distribution has *degrees of freedom*, and you must know how many there are for the t of `Year`.
#
# **Predict, then run.** The table has thirty rows, of six people. How many degrees of freedom would you give the t
# of `Year`?

# %%
your_df = ...
check("11.q1", your_df)

# %%
fits = {name: lk.lm("Value ~ Year", rows) for name, rows in people.items()}
slopes = pd.Series({name: fit.fixef["Year"] for name, fit in fits.items()})
simple = stats.ttest_1samp(slopes, 0)
result = {"mean": slopes.mean(), "t": simple.statistic, "df": simple.df, "p": simple.pvalue}
pd.DataFrame(result, index=["six slopes"]).round(4)

# %% [markdown]
# Think of what the estimate *is*. Every person has a slope, and the fixed effect is the mean of such slopes. Ten
# more visits of the same people would tell you their slopes very well, and bring no further slope. So do the
# simplest thing there is. Take six slopes, one from each person, and make a t-test against zero. The cell above did that,
# with `stats`, the classical tests and distributions of the package SciPy.

# %% tags=["fold"]
# In words: the mixed model has the same t
t = rise.fixef["Year"] / rise.se["Year"]
lesson.in_words(
    f"The t-test on six slopes has t = {simple.statistic:.3f} and the mixed model has {t:.3f}. They are the same, for"
    " everybody came every year.",
    f"With {rise.nobs - 2} degrees of freedom, from {rise.nobs} rows, or with a normal distribution, the same t would"
    f" have had p = {2 * stats.t.sf(t, rise.nobs - 2):.4f} or {2 * stats.norm.sf(t):.4f}.",
)

# %% [markdown] mends="x000-21"
# That settles it for six people who never missed a visit. But if some do miss visits, or if crossed groups are not balanced,
# the ratio in general follows no t distribution exactly, and nobody has a formula. The authors of lme4 chose to
# print nothing rather than something that is right only sometimes. You may read that a mixed model therefore does not
# provide tests. In truth there are at least four, each one line long. All four follow.
#
# First see the distribution itself. Take the model *without* a common trend. Let it invent three hundred
# studies of six people, fit each, and collect the t-values. This is what chance makes when there is nothing.

# %%
flat = lk.lmer("Value ~ (Year | Sample)", protein)
invented = flat.simulate(300, seed=4)
again = [rise.refit(invented[column]) for column in invented]
t_values = np.array([fit.fixef["Year"] / fit.se["Year"] for fit in again])

# %% tags=["picture"]
# Picture: t-values of studies without a trend
normal_limit, t_limit = stats.norm.ppf(0.975), stats.t.ppf(0.975, 5)
beyond = {"normal": np.mean(np.abs(t_values) > normal_limit), "t": np.mean(np.abs(t_values) > t_limit)}
fig, ax = plt.subplots(figsize=(8, 3.8))
grid = np.linspace(-6, 6, 300)
bins = np.linspace(-6, 6, 37)
ax.hist(t_values, bins=bins, density=True, color=lesson.GREY, alpha=0.5, label="studies without trend")
ax.plot(grid, stats.norm.pdf(grid), "--", color=lesson.PINK, label="normal")
ax.plot(grid, stats.t.pdf(grid, 5), "-", color=lesson.BLUE, label="t, five degrees of freedom")
ax.axvline(t, color="black", lw=1.5, ls=":", label="our six people")
ax.set_xlabel("t of Year")
ax.set_ylabel("density")
ax.legend(fontsize=11, loc="upper left")
lesson.show(
    "A histogram of 300 t-values around zero. Its tails are heavier than those of the dashed normal curve; the curve of t with"
    f" five degrees of freedom follows them. Beyond ±{normal_limit:.2f} lie {beyond['normal']:.1%} of the studies, beyond"
    f" ±{t_limit:.2f} {beyond['t']:.1%}. Our six people lie at {t:.2f}."
)

# %% tags=["fold"]
# In words: how many studies lie beyond the limits
lesson.in_words(
    f"Beyond the limits of the normal distribution, ±{normal_limit:.2f}, should lie 5%; there lie {beyond['normal']:.1%}"
    f" of the studies. Beyond the limits of t with five degrees of freedom, ±{t_limit:.2f}, lie {beyond['t']:.1%}."
)

# %% [markdown]
# The bars have heavier tails than the dashed normal curve; the solid t curve follows them.
#
# ## Test 1: the likelihood ratio
#
# Another idea: fit the model with `Year` and without, and ask how much likelihood is lost. Take twice the difference of
# the log-likelihoods. If the effect is truly absent, and there are *many* groups, this is a draw from a $\chi^2$ distribution. It has as many
# degrees of freedom as parameters were added:
#
# $$\chi^2 = 2\,\bigl(\log L_{\text{with}} - \log L_{\text{without}}\bigr)$$

# %%
lk.anova(flat, rise)[["npar", "loglik", "chisq", "df", "p_value"]].round(4)

# %% [markdown] mends="x000-22"
# In R: `anova(flat, rise)`. (`NaN`, "not a number", stands where there is nothing to compare with.) Read the note: both fits were by
# REML, and they were refitted by ML first. R has another function, `lrtest`, in package **lmtest** (not in lme4). It takes the fits
# as they come. Do the same with the two log-likelihoods from REML:

# %% covers="000-s33" mends="x000-23"
chisq = 2 * (rise.loglik - flat.loglik)
from_reml = {
    "parameters": [flat.npar, rise.npar],
    "loglik": [flat.loglik, rise.loglik],
    "chisq": [None, chisq],
    "df": [None, rise.npar - flat.npar],
    "p": [None, stats.chi2.sf(chisq, 1)],
}
pd.DataFrame(from_reml, index=["flat", "rise"], dtype=float).round(5)

# %% [markdown]
# You may see this second table in print, and its p-value in a conclusion. Two chi-squares for one question: which is right? A fair test
# cannot depend on whether we count time in years or in months.
#
# **Predict, then run.** Time in months makes the numbers in the column `Year` twelve times as large. What becomes of the chi-square
# from *REML* fits: does it go `"up"`, `"down"`, or stay the `"same"`?

# %%
your_direction = ...
check("11.q2", your_direction)

# %%
rows = {}
for unit, factor in {"decades": 0.1, "years": 1, "months": 12, "days": 365}.items():
    other = protein.assign(Year=protein["Year"] * factor)
    large = lk.lmer("Value ~ Year + (Year | Sample)", other)
    small = lk.lmer("Value ~ (Year | Sample)", other)
    rows[unit] = 2 * (large.loglik - small.loglik), lk.anova(small, large)["chisq"].iloc[1]
pd.DataFrame(rows, index=["chi-square from REML", "chi-square from ML"]).T.round(4)

# %% [markdown] mends="x000-23"
# The REML chi-square changes with the unit. In days it is even negative. In truth the REML likelihoods of two models with different fixed
# effects are about different data (what each fixed part leaves over), and cannot be compared. The ML chi-square is the same in every
# unit. `lk.anova` will not even let you compare REML fits:

# %%
try:
    lk.anova(flat, rise, refit=False)
except lk.ModelError as refusal:
    told = lesson.in_words(str(refusal))
told

# %% [markdown]
# ## Tests 2 and 3: degrees of freedom, approximately
#
# If the exact degrees of freedom have no formula, an approximate one may do. Satterthwaite's idea of 1946: a variance that is known
# with $\nu$ degrees of freedom has itself a variance of $2\,\text{variance}^2/\nu$. We
# know how uncertain the squared standard error is (from the curvature of the likelihood). So solve for $\nu$:
#
# $$\nu = \frac{2\,(\text{se}^2)^2}{\operatorname{Var}(\text{se}^2)}$$
#
# Package **lmerTest** does this for R, under the same name `lmer`. Here it is the default of `summary`.

# %% covers="000-s34" mends="x000-26"
print(rise.summary())

# %% [markdown] mends="x000-25"
# With six people and no missing visit the degrees of freedom are exactly five. You may see `4.9996` printed: those odd
# digits are the noise of a numerical derivative. Compare p with that of the t-test on six slopes, above: it is the same.
#
# **Kenward and Roger** go one step further. With few groups the standard error itself is a little too small, because it treats
# the variances as known. They enlarge it, and choose the degrees of freedom to match. Where nobody missed a visit nothing
# changes. So let three people move away early:

# %%
moved = protein["Sample"].isin(["s1", "s2"]) & (protein["Year"] > 2)
moved |= (protein["Sample"] == "s3") & (protein["Year"] > 3)
patchy = lk.lmer("Value ~ Year + (Year | Sample)", protein[~moved])
rows = {}
for name, fit in {"complete": rise, "patchy": patchy}.items():
    for ddf in ("satterthwaite", "kenward_roger"):
        rows[f"{name}, {ddf}"] = fit.coef_table(ddf=ddf).loc["Year"]
pd.DataFrame(rows).T.round(4)

# %% [markdown]
# In the two lower rows the degrees of freedom are no longer whole, and the two methods no longer agree. Both are good
# approximations. If a conclusion changes with the one that you take, it is not a firm one.
#
# ## Test 4: the parametric bootstrap
#
# The **parametric bootstrap** needs no distribution from a book. Let the smaller model invent studies, fit both models to each,
# and count how often chance alone makes the likelihood ratio as large as ours.
#
# Now you have four tests. The fewer groups, the more they disagree. The explorer compares them where nothing is to be found.
#
# **Predict, then run.** There are *two* groups in each of two treatments (two *arms*), and nothing to find. Which of the four
# claims an effect far too often? Answer `"likelihood ratio"`, `"Satterthwaite"`, `"Kenward-Roger"` or `"bootstrap"`.

# %%
your_test = ...
check("11.q3", your_test)

# %%
explorers.tests(groups=2)

# %% tags=["fold"]
# Table: share of studies without an effect that have p < 0.05
states = {f"{groups} groups": explorers.tests.result(groups=groups) for groups in (2, 4, 15)}
rates = {name: {method: state.rate(method) for method in state.null} for name, state in states.items()}
pd.DataFrame(rates).round(3)

# %% [markdown]
# On the right of the explorer, a curve above the straight line has p < 0.05 too often. Take the groups up to fifteen, and the
# curves draw together. And our six people? Here is the bootstrap, and then all answers side by side.

# %%
boot = lk.pb_modcomp(rise, flat, n_sim=2000, seed=1, progress=False)  # takes some seconds
ml_test, table = lk.anova(flat, rise), rise.coef_table()
answers = {
    "normal distribution": 2 * stats.norm.sf(rise.fixef["Year"] / rise.se["Year"]),
    "likelihood ratio from REML (invalid)": stats.chi2.sf(chisq, 1),
    "likelihood ratio from ML": ml_test["p_value"].iloc[1],
    "parametric bootstrap": boot.loc["PBtest", "p_value"],
    "Satterthwaite": table.loc["Year", "p_value"],
    "Kenward-Roger": lk.kr_modcomp(rise, flat)["p_value"].iloc[0],
    "t-test on six slopes": simple.pvalue,
}
pd.Series(answers).to_frame("p-value").round(4)

# %% tags=["fold"]
# In words: the answer to the question
reference = np.array(boot.attrs["reference"])
as_large = int((reference >= boot["statistic"].iloc[0]).sum())
limits = stats.binomtest(as_large, len(reference)).proportion_ci(method="exact")
lesson.in_words(
    "Is year a significant predictor? Yes, at the usual 5%, but not by much.",
    f"The protein rises by {rise.fixef['Year']:.4f} a year, t = {table.loc['Year', 'statistic']:.3f}, df ="
    f" {table.loc['Year', 'df']:.0f}, p = {table.loc['Year', 'p_value']:.4f}.",
    f"In {as_large} of the {len(reference)} invented studies the likelihood ratio was as large as ours: a p-value"
    f" between {limits.low:.3f} and {limits.high:.3f} (95% interval of a share). The bootstrap knows that there are only six people,"
    " and it agrees with t on five degrees of freedom, not with the χ².",
)

# %% [markdown]
# ## Intervals say more
#
# A p-value answers whether; an interval answers how much. There are four ways to one:
#
# - **Wald**: the estimate plus and minus two standard errors. Quick and symmetrical; for fixed effects only.
# - **t**: the same, with the t distribution and Satterthwaite's degrees of freedom in place of two.
# - **profile**: fix a parameter at some value, refit everything else, and keep all values that the likelihood does not rule out.
# - **bootstrap**: let the fitted model invent studies, refit, and take the middle of what comes out.
#
# **Predict, then run.** The slopes of our six people have an estimated standard deviation, printed above. Which end of its profile
# interval will lie further from the estimate, the `"upper"` or the `"lower"`?

# %%
your_end = ...
check("11.q4", your_end)

# %%
year = rise.coef_table().loc["Year"]
reach = stats.t.ppf(0.975, year["df"]) * year["std_error"]
low, high = year["estimate"] - reach, year["estimate"] + reach
by_t = pd.DataFrame({"low": low, "high": high}, index=["Year"])
wald = rise.confint(method="wald")
profile = rise.confint()
by_boot = rise.confint(method="boot", n_sim=200, seed=2, progress=False)

# %% tags=["picture"]
# Picture: intervals of the mean slope, and of the slopes' SD
ways = {"t": by_t, "Wald": wald, "profile": profile, "bootstrap": by_boot}
looks = dict(zip(ways, ((lesson.BLUE, "o"), (lesson.PINK, "^"), (lesson.RED, "s"), ("black", "D")), strict=True))
fig, axes = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
sd_year = float(rise.varcorr.frame["sdcor"].iloc[1])
said = []
for ax, name, estimate, label in (
    (axes[0], "Year", rise.fixef["Year"], "mean slope (ng/mL a year)"),
    (axes[1], "sd_Year|Sample", sd_year, "SD of the slopes (ng/mL a year)"),
):
    for place, (way, interval) in enumerate(ways.items()):
        if name in interval.index and not interval.loc[name].isna().any():
            colour, marker = looks[way]
            ax.plot(interval.loc[name], [-place, -place], f"{marker}-", color=colour, ms=8)
            said.append(f"{label}, {way}: {interval.loc[name].iloc[0]:.2f} to {interval.loc[name].iloc[1]:.2f}")
    ax.axvline(estimate, color="black", ls=":", lw=1.5)
    ax.set_yticks(range(0, -4, -1), ways)
    ax.set_ylim(-3.5, 0.5)
    ax.set_xlabel(label)
axes[1].tick_params(labelleft=False)
lesson.show(f"Intervals around {rise.fixef['Year']:.2f} and around {sd_year:.2f}. " + "; ".join(said) + ".")

# %% [markdown]
# Dotted is the estimate. On the left, the t interval is that of the t-test on six slopes, and exact in these complete data. All others are
# too short, for each of them forgets in its own way that six people are few. On the right, the intervals of a standard deviation lean
# to one side: six lines that visibly differ rule out small spreads, but hardly large ones. No Wald interval is drawn there,
# because a symmetrical interval does not fit a quantity that cannot be negative.

# %% tags=["fold"]
# In words: what is exact for the standard deviation of the slopes
slope_noise = rise.sigma**2 / ((np.arange(5) - 2) ** 2).sum()  # what five visits leave uncertain of one slope
exact_sd = np.sqrt(5 * slopes.var() / stats.chi2.ppf([0.975, 0.025], 5) - slope_noise)
lesson.in_words(
    f"From six slopes and a χ² with five degrees of freedom, the SD of the slopes lies between {exact_sd[0]:.2f} and"
    f" {exact_sd[1]:.2f}. Profile ({profile.loc['sd_Year|Sample'].iloc[0]:.2f} to"
    f" {profile.loc['sd_Year|Sample'].iloc[1]:.2f}) and bootstrap"
    f" ({by_boot.loc['sd_Year|Sample'].iloc[0]:.2f} to {by_boot.loc['sd_Year|Sample'].iloc[1]:.2f}) both end too low,"
    " the bootstrap more so.",
    "The profile is that of the ML fit, whose standard deviations are smaller than those of REML (dotted). The bootstrap"
    " repeats the bias of estimates from few groups instead of putting it right.",
)

# %% [markdown]
# ## Is a variance zero?
#
# Do slopes vary at all? Here zero is not just another value but the *edge* of what is possible, since no variance is
# negative. For a *single* variance the likelihood ratio is exactly zero in about half of all studies without one, and a $\chi^2$ from the
# book gives p-values that are too large. A random slope brings a correlation as well (two parameters): then the ratio is
# seldom zero, but $\chi^2$ with two degrees of freedom still gives p-values that are too large. `lk.rand_test` simulates instead. It does so exactly
# where a model has a single random intercept:

# %%
parallel = lk.lmer("Value ~ Year + (1 | Sample)", protein)
of_slopes = lk.rand_test(rise, n_sim=100, seed=1, progress=False)
both = pd.concat([of_slopes, lk.rand_test(parallel, seed=1)])
both[["lrt", "df", "p_chisq", "p_value"]].astype(float).map("{:.3g}".format)

# %% [markdown]
# `p_chisq` is the book's p-value, `p_value` the simulated one. Both variances are here to stay. The smallest p-value that $n$ simulations
# can give is $1/(n + 1)$, and both simulated p-values above are just that; do not read more into them.
#
# **Your turn.** A test of a single variance by the book's $\chi^2$ gives a p-value of eight per cent. Roughly, what is the p-value once we
# remember that a variance cannot be negative? Write it as a share, such as 0.5.

# %%
your_p = ...
check("11.q5", your_p)

# %% [markdown]
# ## Which one, then?
#
# | You ask | Take | One line |
# | :--- | :--- | :--- |
# | one fixed effect of a linear mixed model | t with Satterthwaite's degrees of freedom | `fit.coef_table()` |
# | the same, with few groups or visits that were missed | t by Kenward–Roger | `fit.coef_table(ddf="kenward_roger")` |
# | several fixed effects at once | F by Kenward–Roger | `lk.kr_modcomp(large, small)` |
# | fixed effects, and there are many groups | likelihood ratio from ML | `lk.anova(small, large)` |
# | no formula exists, or a reader doubts it | parametric bootstrap | `lk.pb_modcomp(large, small)` |
# | how large is a fixed effect? | estimate ± t × standard error | `fit.coef_table()` |
# | how large is a standard deviation? | profile | `fit.confint()` |
# | is a variance zero? | simulation at the edge | `lk.rand_test(fit)` |
#
# Decide before you look. Who runs four tests and reports the smallest p-value reports one that is too small.

# %% tags=["box"]
# Box: what to take home
lesson.key_points(
    "If an effect belongs to the groups, or differs from group to group, its t rests on the groups, not on rows.",
    "lme4 prints no p-values because the exact distribution is unknown, not because there is nothing to test.",
    "Likelihood-ratio tests of fixed effects need ML fits; from REML fits they change with the unit of x.",
    "With few groups, likelihood ratios and normal distributions claim too much.",
    "A variance of zero lies on the edge: halve the p-value of a single one, or simulate.",
)

# %% [markdown]
# ## Further reading
#
# - Luke, S. G. (2017). Evaluating significance in linear mixed-effects models in R. *Behavior Research Methods* 49, 1494–1502.
# - Kuznetsova, A., Brockhoff, P. B., and Christensen, R. H. B. (2017). lmerTest package: tests in linear mixed effects models. *Journal of
#   Statistical Software* 82(13).
# - Halekoh, U., and Højsgaard, S. (2014). A Kenward–Roger approximation and parametric bootstrap methods for tests in linear mixed
#   models: the R package pbkrtest. *Journal of Statistical Software* 59(9).
# - Kenward, M. G., and Roger, J. H. (1997). Small sample inference for fixed effects from restricted maximum likelihood.
#   *Biometrics* 53, 983–997.
