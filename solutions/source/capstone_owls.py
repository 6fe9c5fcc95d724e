# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Capstone: owls. A line for each chick, a line for each brood
#
# One analysis from beginning to end, in ten tasks; about an hour and a half. Stress hormones make young owls beg more. Do they
# make them grow less? Put your answers where the three dots are, and run the cells from top to bottom. Two digits are enough for any
# number.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, plt

# %%
owls = lk.load_data("owls")
owls.head(6)

# %% [markdown]
# Chicks of barn owls were given an implant under the skin: corticosterone (C), a stress hormone, or a placebo (P). Each chick has a
# `ring` with its own number, and was weighed (`mass`, in g) at up to five ages (in days), four days apart; siblings share a `brood`. The data
# are simulated, and at the end you may compare with the truth. Not before!
#
# ## 1. The question
#
# The response is the mass; what we ask about is the implant, and how mass changes with age. Which of the columns are *grouping factors
# of random effects*? Give a list of their names.

# %% tags=["solution"] task="q1"
answer_1 = ["brood", "ring"]

# %%
check("capstoneowls.q1", answer_1)

# %% [markdown]
# ## 2. Explore
#
# First a picture of what was measured. Each thin line joins the weighings of a chick.

# %% tags=["picture"]
# Picture: the masses of all chicks, by implant
LOOKS = {"C": (lesson.TREATED, "o", "corticosterone"), "P": (lesson.CONTROL, "s", "placebo")}


def two_panels():
    """A panel for each implant, with axes that can be compared."""
    axes = plt.subplots(1, 2, figsize=(10, 3.8), sharex=True, sharey=True, layout="constrained")[1]
    for ax, (_, _, name) in zip(axes, LOOKS.values(), strict=True):
        ax.set_title(name)
        ax.set_xlabel("age (days)")
    axes[0].set_ylabel("body mass (g)")
    return dict(zip(LOOKS, axes, strict=True))


panels = two_panels()
for (implant, _), chick in owls.groupby(["implant", "ring"], observed=True):
    colour, marker, _ = LOOKS[implant]
    panels[implant].plot(chick["age"], chick["mass"], marker, ls="-", color=colour, ms=3, lw=0.8)
at = owls.groupby("age")["mass"].agg(["mean", "std"]).round(0)
lesson.show(
    "Two panels of thin lines that rise and fan out, one line per chick; at the first age the masses are"
    f" {at['mean'].iloc[0]:.0f} g on average with an SD of {at['std'].iloc[0]:.0f} g, at the last {at['mean'].iloc[-1]:.0f} g with"
    f" {at['std'].iloc[-1]:.0f} g."
)

# %% [markdown]
# Growth is straight in these weeks, and the lines fan out. Some are short: how many *chicks* were weighed fewer than five times?

# %% tags=["solution"] task="q2"
answer_2 = (owls.groupby("ring", observed=True).size() < 5).sum()

# %%
check("capstoneowls.q2", answer_2)

# %% [markdown]
# ## 3. The model
#
# Mass depends on age, on the implant, and on both together, for the implant may change how fast a chick grows. Broods may differ in mass and in growth,
# and so may chicks within a brood. Fit this by REML; count the age from its middle, 25 days: `I(age - 25)`. The beginning is given.

# %% tags=["solution"] task="q3"
### GIVEN # model = lk.lmer("mass ~ I(age - 25) * ... + (... | ...)", owls)
model = lk.lmer("mass ~ I(age - 25) * implant + (I(age - 25) | brood / ring)", owls)

# %%
check("capstoneowls.q3", model)

# %% tags=["fold"]
# Table: the variances and correlations of your model
model.varcorr if model is not ... else None

# %% tags=["fold"]
# Table: the fixed effects of your model
model.coef_table().round(3) if model is not ... else None

# %% [markdown]
# ## 4. Check
#
# Practise before you look at your own model: press the buttons of the explorer one after the other. One of the five faults hardly shows in the *dots* of any
# picture. You see it because thin grey lines join the measurements of a group. It is the one to look for when an animal is measured
# again and again. Which? `"curved"`, `"unequal variance"`, `"heavy tails"`, `"outlying group"` or `"dependent"`

# %%
explorers.diagnostics()

# %% tags=["solution"] task="q4"
answer_4 = "dependent"

# %%
check("capstoneowls.q4", answer_4)

# %% [markdown]
# Now your own model: the four pictures, and a number for what they do not show, the correlation of residuals of the same chick, one
# weighing after the other. Beside it, the same number from twenty sets of masses that your model has invented, in which nothing is wrong.


# %% tags=["picture"]
# Picture: your model in four pictures, and neighbouring residuals
def neighbours(fit):
    """Correlation of a chick's residuals with those of its next weighing."""
    rows = owls.assign(now=fit.resid()).sort_values(["ring", "age"])
    return rows["now"].corr(rows.groupby("ring", observed=True)["now"].shift(-1))


if model is not ...:
    model.plot.diagnostics()
    lesson.show(
        f"Four pictures of {model.nobs} residuals: against fitted values, their sizes, their quantiles, and the quantiles of broods and"
        f" chicks. The residuals' skewness is {model.resid().skew():.2f}."
    )
    masses = model.simulate(20, seed=25)
    invented = [neighbours(model.refit(masses[column])) for column in masses]
    print(
        f"neighbouring residuals: {neighbours(model):.2f}, in {len(invented)} invented sets of data"
        f" {min(invented):.2f} to {max(invented):.2f}"
    )

# %% [markdown]
# (All below zero, for a line has been fitted to each chick's few points, and residuals around a fitted line change their sign. Yours lies among the invented ones; dependence
# would have moved it above them.)
#
# ## 5. Interpret, and find a mistake
#
# A colleague fits the same model without centring, and reports: "Placebo chicks are lighter, by two dozen grams".

# %%
colleague = lk.lmer("mass ~ age * implant + (age | brood / ring)", owls)
colleague.coef_table().round(3)

# %% tags=["fold"]
# In numbers: the log likelihoods of both models
print(f"the colleague's {colleague.loglik:.4f}, yours {model.loglik if model is not ... else np.nan:.4f}")

# %% [markdown]
# The two are the same model! At which age would the colleague be right? Make it better: by how many grams does the model expect a placebo chick
# to be heavier than a corticosterone chick *at 30 days*?

# %% tags=["solution"] task="q5"
answer_5 = model.fixef["implantP"] + (30 - 25) * model.fixef["I(age - 25):implantP"]

# %%
check("capstoneowls.q5", answer_5)

# %% [markdown]
# ## 6. Forget the broods
#
# Another colleague finds `(I(age - 25) | ring)` quite enough: "each chick has its line, what more do you want?" Fit that model, too, by REML. For the
# coefficients `implantP` and `I(age - 25)`, in this order: its standard error *divided by* that of your model?

# %% tags=["solution"] task="q6"
broodless = lk.lmer("mass ~ I(age - 25) * implant + (I(age - 25) | ring)", owls)
answer_6 = (broodless.se / model.se)[["implantP", "I(age - 25)"]]

# %%
check("capstoneowls.q6", answer_6)

# %% [markdown]
# ## 7. A line for each chick
#
# Here is a table with a row for each chick. Let your model predict its mass at 14 days (`young`) and at 35 days (`old`), with all random effects, and
# give the growth in g a day of each chick, in the order of the table.

# %%
chicks = owls[["brood", "ring", "implant"]].drop_duplicates("ring")
print(len(chicks), "chicks")
chicks.head(3)

# %% tags=["solution"] task="q7"
young = model.predict(chicks.assign(age=14))
old = model.predict(chicks.assign(age=35))
answer_7 = (old - young) / (35 - 14)

# %%
check("capstoneowls.q7", answer_7)

# %% tags=["picture"]
# Picture: a line for each chick
if model is not ... and young is not ... and old is not ...:
    panels = two_panels()
    for implant, low, high in zip(chicks["implant"], young, old, strict=True):
        panels[implant].plot([14, 35], [low, high], color=LOOKS[implant][0], lw=0.8)
    for implant, ax in panels.items():
        ends = chicks.head(2).assign(age=[14, 35], implant=implant)
        ax.plot([14, 35], model.predict(ends, re_form="~0"), "k--", lw=2.5)
    lesson.show(
        f"Two panels of thin lines from 14 to 35 days, one per chick. They end between {np.min(old):.0f} and {np.max(old):.0f} g; a dashed"
        " line in each panel is the average owl."
    )

# %% [markdown]
# Thin: a line for each chick, fixed and random effects together; dashed: the fixed effects alone, the average owl.
#
# ## 8. A line for each brood
#
# Now for broods: what would a chick *of this brood* do, if we knew the brood and nothing about the chick? Give the growth (g a day) of a
# *corticosterone* chick in each brood, in the order of this table, from its predictions at 14 days (`first`) and at 35 days (`last`). (`predict` takes `re_form`, which names the random effects to use; or you put the
# lines together from the coefficients.)

# %%
broods = owls[["brood"]].drop_duplicates().sort_values("brood").assign(implant="C")
print(len(broods), "broods")
broods.head(3)

# %% tags=["solution"] task="q8"
effects = "~ (I(age - 25) | brood)"
first = model.predict(broods.assign(age=14), re_form=effects)
last = model.predict(broods.assign(age=35), re_form=effects)
answer_8 = (last - first) / (35 - 14)

# %%
check("capstoneowls.q8", answer_8)

# %% tags=["picture"]
# Picture: a line for each brood
if model is not ... and first is not ... and last is not ...:
    panels = two_panels()
    main, more = model.fixef[["implantP", "I(age - 25):implantP"]]
    for implant, ax in panels.items():
        extra = np.array([main + (age - 25) * more for age in (14, 35)]) if implant == "P" else np.zeros(2)
        for low, high in zip(first, last, strict=True):
            ax.plot([14, 35], np.array([low, high]) + extra, color=LOOKS[implant][0], lw=1.2)
        ends = broods.head(2).assign(age=[14, 35], implant=implant)
        ax.plot([14, 35], model.predict(ends, re_form="~0"), "k--", lw=2.5)
    lesson.show(
        f"Two panels with a line per brood and implant, from 14 to 35 days. With corticosterone they end between {np.min(last):.0f} and"
        f" {np.max(last):.0f} g. The lines on the right differ from their twins on the left by the same amounts in every brood."
    )

# %% [markdown]
# One line for each brood and implant. Compare with the chicks' picture: most of what made the lines fan out is still here, so it
# belongs to the brood. A line on the left and its twin on the right differ by the same two numbers in every brood, because the model gives the implant
# one effect for all.
#
# ## 9. The truth
#
# Now you may look: `lk.data_info("owls").truth`. (The age is called `age` there, and is centred, too.) For the four fixed effects, in the order of
# `model.fixef`: how many *standard errors* is the estimate above (+) or below (−) the truth?

# %% tags=["solution"] task="q9"
true = lk.data_info("owls").truth["fixef (age centred at 25)"]
wanted = np.array([true["(Intercept)"], true["age"], true["implantP"], true["age:implantP"]])
answer_9 = (model.fixef - wanted) / model.se

# %%
check("capstoneowls.q9", answer_9)

# %% tags=["fold"]
# In numbers: the standard deviations of your model and the true ones
if model is not ... and answer_9 is not ...:
    known = lk.data_info("owls").truth
    estimated = model.varcorr.frame.set_index(["grp", "var1"])["sdcor"]
    for group in ("brood", "ring:brood"):
        spread, growth = known[f"sd {group}"].values()
        print(f"{group:<11} SD of mass {estimated[group].iloc[0]:6.2f} (truth {spread:g}), "
              f"of growth {estimated[group].iloc[1]:5.2f} (truth {growth:g})")
    print(f"{'residual':<11} SD         {model.sigma:6.2f} (truth {known['sigma']:g})")

# %% [markdown]
# ## 10. The report
#
# Write the paragraph for the paper, five or six sentences: the data (how many weighings, chicks, broods), the model, what the implant does to mass and to growth (with
# standard errors or intervals, and units), where owls differ most, how you checked, and one thing that this study cannot say.

# %% tags=["fold"]
# Table: the fixed effects with their 95% Wald intervals
table = None
if model is not ...:
    print(f"{model.nobs} weighings;", ", ".join(f"{n} of {name}" for name, n in model.ngroups.items()))
    ends = model.confint(method="wald", parm="beta_").round(1)
    sds = model.varcorr.frame.set_index(["grp", "var1"])["sdcor"]
    table = model.confint(method="wald", parm="beta_").assign(estimate=model.fixef).round(2)
table

# %% [markdown]
# Let a cell write the sentences with the results, so that none is copied by hand. Call them `results`. (`ends` has the intervals, `sds` the standard deviations.)

# %% tags=["solution"] task="q10"
results = lesson.in_words(
    f"We analysed {model.nobs} weighings of {model.ngroups['ring:brood']} chicks in {model.ngroups['brood']} broods"
    f" (linear mixed model by REML, lmmkit {lk.__version__}).",
    f"Placebo chicks grew {model.fixef['I(age - 25):implantP']:.1f} g a day faster than chicks with corticosterone"
    f" (95% Wald interval {ends.loc['I(age - 25):implantP', 'conf_low']} to"
    f" {ends.loc['I(age - 25):implantP', 'conf_high']}), and at 25 days they were {model.fixef['implantP']:.1f} g"
    f" heavier ({ends.loc['implantP', 'conf_low']} to {ends.loc['implantP', 'conf_high']}).",
    f"Standard deviations: {sds['brood'].iloc[0]:.0f} g between broods and {sds['ring:brood'].iloc[0]:.0f} g between"
    f" chicks of a brood at 25 days; {sds['brood'].iloc[1]:.1f} and {sds['ring:brood'].iloc[1]:.1f} g a day in growth.",
)
results

# %% [markdown] tags=["written"] task="q10" points=5
# We analysed 490 body masses of 104 barn owl nestlings, weighed up to five times each, in 22 broods in which some had a corticosterone and others a placebo implant. The linear
# mixed model, fitted by REML with lmmkit (the version is above), had fixed effects of age (centred at 25 days), implant and their interaction, and
# correlated random intercepts and slopes of age for broods and for chicks within broods. Chicks with corticosterone grew 1.2 g a day more slowly than their
# placebo siblings (95% interval 0.9 to 1.5), and at 25 days they were 5.8 g lighter (1.6 to 10.0). Broods
# differed about twice as much as chicks of one brood did, both in mass at 25 days (SD 19 and 10 g) and in growth (1.0 and 0.6 g a day). Residuals and random effects showed no curve, no change of spread and no heavy tails; neighbouring residuals
# of a chick were no more alike than in masses that the model invented. Ages run from 14 to 35 days, so nothing is said about younger or older owls, nor about what the implant does after
# they have left the nest.

# %% [markdown] tags=["rubric"] task="q10"
# One point for each:
#
# - design and sample sizes at all levels (weighings, chicks, broods)
# - the model in words, both grouping factors and their slopes named, REML
# - the effect of the implant on growth (per day) and on mass *at a stated age*, with units and uncertainty
# - broods against chicks as sources of variation
# - checks, and an honest limit (ages, synthetic data, one effect of the implant for all broods, …)
#
# No point for the third if an effect "of the implant" is given without an age.
