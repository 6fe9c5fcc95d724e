# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Appendix: beside the five lectures
#
# This page is for classes that hear the five lectures which the course goes along with. It lists small slips of the
# slides and handouts: a missing seed, a mixed-up name, two tables in the wrong order. They matter to somebody who sits
# with the slides in hand. They do not teach statistics; what does is told in the lessons. If you do not know the lectures,
# you need nothing of this.
#
# Each entry names the lecture and the slide, says what stands there, and what is right. Where something can be computed,
# a cell computes it. The order is that of the lessons.

# %%
from lmmkit.course.start import lk, np, pd

# %% [markdown]
# ## To lesson 2, Simpson's paradox
#
# [The lesson](02_simpson.ipynb). It shows two small tables of the fit to the owls. This is the whole printout of the slide:

# %% covers="003-11"
owls = lk.load_data("simpson")
print(lk.lmer("V2 ~ V1 + (1 | Group)", owls).summary(ddf="none"))

# %% [markdown] mends="x003-6"
# **003, Simpson data.** The slide simulates its data without a seed, and prints a random effect of `1.477107e-10` for the
# middle group. *In truth* nobody can have the same rows again without the seed, but everybody can have the same fit.
# Means, variances and correlation are exact in every draw. The effect of the middle group is zero. Its printed
# digits are what rounding left over.

# %%
rows = {}
for seed in (1, 2, 3):
    fit = lk.lmer("V2 ~ V1 + (1 | Group)", lk.simulate_simpson(seed=seed))
    rows[f"seed {seed}"] = {
        "variance": fit.varcorr.frame["vcov"].iloc[0],
        "residual": fit.sigma**2,
        "slope": fit.fixef["V1"],
        "standard error": fit.se["(Intercept)"],
        "middle group": np.abs(fit.ranef()["Group"]["(Intercept)"].iloc[2]),
    }
pd.DataFrame(rows).T.round(5)

# %% [markdown]
# Three seeds give three sets of rows, and one fit.

# %% [markdown] covers="000-s25 000-s26 000-s27" mends="x000-19"
# **000, slides 25–28.** The lesson shows the coefficients only. Here are the printouts in full, to compare with the
# slides. (Slide 28 asks for the name of the phenomenon and leaves it at that. *In truth* it is Simpson's paradox.)

# %% covers="000-s27"
print(lk.lm("Disease ~ Biomarker", lk.load_data("biomarker")).summary())

# %% covers="000-s25"
clinic = lk.load_data("clinic")
print(lk.lm("Value ~ Dose", clinic).summary())

# %% covers="000-s26"
urn = lk.lmer("Value ~ Dose + (Dose | Gender)", clinic)
print(urn.summary(ddf="none"))
urn.coef()["Gender"].round(5)

# %% [markdown]
# ## To lesson 3, fixed or random
#
# [The lesson](03_fixed_or_random.ipynb).

# %% [markdown] mends="x003-3"
# **003, "is that not just a categorical variable".** The slide calls the effects of the categories variations *within* a
# category, and their variance the one within the group. *In truth* it is the variance between groups. The variance within
# them is that of the residuals. The four clinics show both:

# %%
print(lk.lmer("conc ~ age + (1 | group)", lk.load_data("plasma_age")).varcorr)

# %% [markdown]
# ## To lesson 4, random intercepts
#
# [The lesson](04_random_intercepts.ipynb). First the printouts of three slides in full: the line through the mice, the
# clinics, and the owls by ML.

# %% covers="000-s16"
mice = lk.load_data("mouse")
print(lk.lm("Weight ~ Dose", mice).summary())

# %% [markdown] mends="x000-4 x000-6"
# **000, slides 15–21.** `lmer` is said to be in a package `lme`. *In truth* it is in `lme4`; `lme` is a function, of the
# package `nlme`. Of one fit the call says `mouse_data`, and the printout says `Data: h`. *In truth* the printout names
# whatever the table was called when the model was fitted. The name changes nothing:

# %%
h = mice.copy()
[round(lk.lmer("Weight ~ Dose + (Dose | Strain)", table).reml_criterion, 4) for table in (mice, h)]

# %% covers="001-15"
plasma = lk.load_data("plasma_age")
mm = lk.lmer("conc ~ age + (1 | group)", plasma)
print(mm.summary(ddf="none"))

# %% [markdown] mends="x001-5"
# **001, predicting random effects.** Two tables are shown, and the command for the second only. *In truth* the first is
# `fixef(mm)` and the second `ranef(mm)`; a clinic's own coefficients are their sum, `coef(mm)`.

# %% covers="001-18"
print(mm.fixef.round(6).to_dict())
mm.ranef()["group"].assign(coef=mm.coef()["group"]["(Intercept)"]).round(5)

# %% [markdown] mends="x004-1"
# **004, the model in symbols.** The indicators in the equation are for days `3` and `21`. *In truth* the days are 2 and 20, in the
# data and in the fit.

# %% covers="004-21"
owls = lk.load_data("owl_cort")
list(owls["days"].cat.categories)

# %% [markdown] mends="x004-2 x004-3 x004-4"
# **004, fitting a linear mixed model.** A REML table is followed by `fixef`, `ranef` and `coef` of `mod`. *In truth* these
# tables belong to the ML fit; always say which model you show. Among the fixed effects stand `-0.084`, `0.262` and
# `-1.720`. *In truth* these were cut off; see the rounded ones below. And the other kind of fit is headed
# LM. *In truth* it is ML, maximum likelihood, and no linear model.

# %% covers="004-23"
owl_formula = "log(totCort) ~ Implant + days + Implant:days + (1 | Ring)"
reml, ml = (lk.lmer(owl_formula, owls, reml=reml) for reml in (True, False))
pd.DataFrame({"REML": reml.fixef, "ML": ml.fixef, "ML, three digits": ml.fixef.round(3)}).round(5)

# %% [markdown]
# The residual standard deviation by REML, by ML, and by a linear model without rings:

# %%
without = lk.lm("log(totCort) ~ Implant * days", owls)
[round(fit.sigma, 4) for fit in (reml, ml, without)]

# %% [markdown]
# The first five birds, by ML: how far each lies from the average bird, and its own coefficients.

# %% covers="004-23 004-24"
print([round(value, 9) for value in ml.ranef()["Ring"]["(Intercept)"].head(5)])
ml.coef()["Ring"].head(5).T.map("{:.8f}".format)

# %% [markdown]
# ## To lesson 5, random slopes
#
# [The lesson](05_random_slopes.ipynb). First two printouts in full: the wings of the owls, and the clinics with a slope for
# each.

# %% covers="004-36"
wings = lk.load_data("owl_wing")
print(lk.lmer("Wing ~ Age + Implant + Age:Implant + (Age | Ring)", wings, reml=False))

# %% [markdown]
# (A default search by lme4 stops a little early here, and warns; the table above, which is also the slide's, is the true optimum.)

# %% covers="001-17"
print(lk.lmer("conc ~ age + (1 + age | group)", plasma).summary(ddf="none"))

# %% [markdown] mends="x003-8"
# **003, the plot of ex33.** Predictions of the model of `ex33` are bound to `my.data`, under the title "Random intercept
# model". *In truth* it must be `cbind(ex33, ...)`, and the model has random slopes. R stops with an error, since the numbers of rows
# differ:

# %%
len(lk.load_data("simpson")), len(lk.load_data("ex33"))

# %% [markdown] mends="x004-14"
# **004, the code of the growth picture.** The two columns of the slide have run into each other, so that the call to `abline` is
# scrambled. *In truth* the intercept is `fixef[1] + ranef[i, 1]` and the slope `fixef[2] + ranef[i, 2]`; for placebo birds `fixef[3]` and
# `fixef[4]` are added. The picture in lesson 5 is drawn in this way, a line for each bird.

# %% [markdown]
# ## To lesson 6, pooling
#
# [The lesson](06_pooling.ipynb). The slides show the first ten rows of the data, and three rows that were added.

# %% covers="003-21"
sleep = lk.load_data("sleepstudy")
print(sleep.shape, sleep["Subject"].nunique(), list(sleep["Subject"].cat.categories[:2]))
pd.concat([sleep.head(10), lk.load_data("sleepstudy_plus").tail(3)])

# %% [markdown] mends="x003-11"
# **003, partial pooling.** What is the odd `%+%` on the slides? It is ggplot2's way of giving an old plot new data: `p %+% new_data`. The
# last slide of the series writes `p %>% all.pools`. *In truth* this would call the data like a function, and fails.

# %% [markdown]
# ## To lesson 8, replicates
#
# [The lesson](08_replicates.ipynb).

# %% [markdown] covers="000-s22" mends="x000-12"
# **000, slide 22.** The text speaks of ten samples with five technical replicates each. *In truth* the tables that follow are of five samples with ten
# replicates each; slide 24 prints the number.

# %%
enzyme = lk.load_data("enzyme")
enzyme.groupby("Sample", observed=True).size().to_frame("rows")

# %% [markdown] mends="x000-10"
# **000, slide 22.** The slide regresses the phenotype on the activity with all rows. Its code names one object, `enz`, and the printed call another one, `d`.
# *In truth* code and output come from different runs; trust the printed call. From the table at hand the printed numbers come out:

# %%
slide22 = lk.lm("Value2 ~ Value", enzyme)
print(slide22.summary())

# %% [markdown] mends="x000-11"
# **000, slides 22 and 23.** The second slide is said to repeat the first with averaged data. *In truth* response and predictor have
# changed places, and the phenotype is another column, too. A swap alone leaves R² as it was. The slides print two different ones.

# %%
models = {"slide 22": "Value2 ~ Value", "slide 22, swapped": "Value ~ Value2", "slide 23": "Enzyme ~ Pheno"}
shares = {name: lk.lm(formula, enzyme).r_squared for name, formula in models.items()}
pd.Series(shares).to_frame("R²").round(4)

# %% [markdown]
# ## To lesson 11, testing and intervals
#
# [The lesson](11_testing.ipynb).

# %% [markdown] mends="x000-24"
# **000, slide 34.** The words beside the table speak of a p of `.01`. *In truth* the table on the same slide says `0.0356`; the `.01` is that
# of the invalid test on the slide before.
