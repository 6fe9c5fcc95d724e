# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Capstone: what nitrate does to the meadow
#
# One analysis from the raw table to the paragraph in a paper, in nine tasks; take an hour or two. Put your answers where the
# three dots are and run the cell. You get a verdict at once, and a hint when you need one. Two digits are enough for any number.
#
# Seven meadows lie side by side along a river. In each of them a botanist laid out eighteen plots, counted the kinds of plants
# and measured the nitrate in the soil. Fertiliser feeds a few strong plants, and they leave no room for the rest. **By how many species
# does nitrate make a meadow poorer?** (The meadows are simulated. What they were made from is told at the end.)

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt

# %%
fields = lk.load_data("fields")
fields.describe().loc[["count", "mean", "std", "min", "max"]].round(1)

# %% [markdown]
# One row is one plot: its field, its place (`east` along the river and `distance` from it, in metres), nitrate (mg/kg), and the number of
# species.

# %% tags=["picture"]
# Picture: how nitrate is spread, and species against nitrate
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
left.hist(fields["nitrate"], bins=20, color=lesson.BLUE, edgecolor="white")
left.set_xlabel("nitrate (mg/kg)")
left.set_ylabel("plots")
for number, (_, mine) in enumerate(fields.groupby("field", observed=True)):
    right.plot(mine["nitrate"], mine["species"], "os^vDP*"[number], ms=5, alpha=0.7)
right.set_xlabel("nitrate (mg/kg)")
right.set_ylabel("species")
together = fields["nitrate"].corr(fields["species"])
lesson.show(
    f"Left: a histogram of nitrate with a long tail to the right, from {fields['nitrate'].min():.0f} to {fields['nitrate'].max():.0f} mg/kg."
    f" Right: {len(fields)} plots; species fall as nitrate rises (correlation {together:.2f})."
)

# %% [markdown]
# Left: nitrate is skewed, as concentrations are. Right: species against nitrate; each field has a mark and a colour of its own.
#
# ## 1. Explore: where is the nitrate?
#
# Compare the plots more than a hundred metres from the river with those up to a hundred metres. How many times as large is the
# *median* of nitrate on the far ones?

# %% tags=["solution"] task="q1"
is_far = fields["distance"] > 100
medians = fields.groupby(is_far)["nitrate"].median()
answer_1 = medians[True] / medians[False]

# %%
check("capstonefields.q1", answer_1)

# %% [markdown]
# ## 2. A first model
#
# Fit the number of species on nitrate by REML. What do you need to take into account? Call it `first`; the beginning is given. (Species are counts, but large ones, far from zero:
# a normal distribution will do.)

# %% tags=["solution"] task="q2"
### GIVEN # first = lk.lmer("species ~ ... + (...)", fields)
first = lk.lmer("species ~ nitrate + (1 | field)", fields)

# %%
check("capstonefields.q2", first)

# %% tags=["fold"]
# Table: the fixed effects of your first model
first.coef_table().round(3) if hasattr(first, "resid") else None

# %% [markdown]
# A large effect and a tiny p-value. Is it ready to print?
#
# ## 3. Validate
#
# Draw the four pictures of your model, then its residuals against every variable you have, in the model or not. How strongly do the residuals
# correlate with the **distance** from the river?

# %% tags=["solution"] task="q3"
first.plot.diagnostics()
lesson.show(
    f"Four pictures of {first.nobs} residuals of the first model: a bend at the left end of the first, and sizes that shrink"
    " as the fitted values grow."
)
panels = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained", sharey=True)[1]
for panel, variable in zip(panels, ["nitrate", "east", "distance"], strict=True):
    panel.plot(fields[variable], first.resid(), "o", color=lesson.BLUE, ms=4, alpha=0.7)
    panel.axhline(0, color=lesson.GREY, ls="--")
    panel.set_xlabel(f"{variable} ({'mg/kg' if variable == 'nitrate' else 'm'})")
panels[0].set_ylabel("residual (species)")
lesson.show(
    "Residuals against nitrate bend a little, against east they have no pattern, and against the distance from the river they"
    " fall."
)
answer_3 = np.corrcoef(first.resid(), fields["distance"])[0, 1]

# %%
check("capstonefields.q3", answer_3)

# %% tags=["picture"]
# Picture: the residuals of your first model on a map
if hasattr(first, "resid"):
    fig, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
    size = first.resid().abs()
    up = first.resid() > 0
    for here, marker, colour, name in [(up, "o", lesson.BLUE, "more"), (~up, "v", lesson.RED, "fewer")]:
        ax.scatter(
            fields["east"][here],
            fields["distance"][here],
            s=12 * size[here],
            marker=marker,
            color=colour,
            alpha=0.7,
            label=name,
        )
    ax.set_xlabel("position along the river (m)")
    ax.set_ylabel("distance from\nthe river (m)")
    ax.legend(title="species than\nfitted", loc="center left", bbox_to_anchor=(1, 0.5))
    near = fields["distance"] < 100
    lesson.show(
        f"A map of {len(fields)} plots. Of the plots nearer than 100 m to the river {up[near].mean():.0%} have more species than fitted, of the"
        f" others {up[~near].mean():.0%}."
    )

# %% [markdown]
# The map shows the residuals where they lie: the river runs along the lower edge, and the larger a mark, the larger the residual.
#
# ## 4. What do you notice?
#
# What is the problem with the first model?
#
# - `"a"` The residuals of neighbours are alike, because something that varies with the place is missing.
# - `"b"` The residuals are not normal, so p-values cannot be had.
# - `"c"` The spread of the residuals grows with the fitted values; a logarithm is needed.
# - `"d"` Seven fields are too few for a random effect, so the whole model falls.

# %% tags=["solution"] task="q4"
answer_4 = "a"

# %%
check("capstonefields.q4", answer_4)

# %% [markdown]
# ## 5. With the sliders
#
# A forgotten bend, and errors that depend on their neighbours: can you tell them apart from the residuals? Leave "Dependence in time" at
# zero, and everything else, and move **Curvature** up in its steps of 0.05. What is the smallest curvature at which the sentence below the picture says that
# *neighbours* are alike, although the errors are as independent as can be?

# %%
explorers.diagnostics()

# %% tags=["solution"] task="q5"
curves = [step / 20 for step in range(21)]
signs = [{sign.name: sign for sign in explorers.diagnostics.result(curvature=c).signs} for c in curves]
answer_5 = min(c for c, sign in zip(curves, signs, strict=True) if sign["neighbours"].suspicious)

# %%
check("capstonefields.q5", answer_5)

# %% [markdown]
# ## 6. How can it be solved?
#
# Ask what the place stands for. Here the soil dries out with the distance from the river, and plants care for water as well. Add the
# distance to your model as a curve of second degree, because the residuals bend.

# %% tags=["solution"] task="q6"
by_river = lk.lmer("species ~ nitrate + poly(distance, 2) + (1 | field)", fields)

# %%
check("capstonefields.q6", by_river)

# %% [markdown]
# Is anything left? A **variogram** takes all pairs of plots, sorts them by how far they lie apart, and asks how different their residuals
# are (half the mean squared difference). If neighbours are alike, the curve starts low and climbs. If place does not matter any more, it is flat.


# %% tags=["picture"]
# Picture: the variograms of both models
from itertools import pairwise


def variogram(model, limits):
    """Half the mean squared difference of residuals, for pairs of plots between each two limits apart."""
    place = fields[["east", "distance"]].to_numpy(float)
    apart = np.sqrt(((place[:, None] - place[None]) ** 2).sum(axis=2))
    residual = np.asarray(model.resid())
    unlike = (residual[:, None] - residual[None]) ** 2 / 2
    upper = np.triu(np.ones(apart.shape, dtype=bool), 1)
    pairs = [upper & (apart > low) & (apart <= high) for low, high in pairwise(limits)]
    return [unlike[pair].mean() for pair in pairs]


limits = [0, 45, 75, 105, 135, 165, 195]
if hasattr(first, "resid") and hasattr(by_river, "resid"):
    middle = [(low + high) / 2 for low, high in pairwise(limits)]
    fig, ax = plt.subplots(figsize=(8, 3.8))
    for model, look, colour, name in [(first, "o-", lesson.RED, "task 2"), (by_river, "s--", lesson.BLUE, "task 6")]:
        ax.plot(middle, variogram(model, limits), look, color=colour, label=f"model of {name}")
    ax.set_ylim(bottom=0)
    ax.set_xlabel("plots that lie so far apart (m)")
    ax.set_ylabel("half squared difference\nof residuals (species²)")
    ax.legend()
    ends = [f"{name}: {v[0]:.1f} for neighbours, {v[-1]:.1f} far apart" for name, v in
            (("task 2", variogram(first, limits)), ("task 6", variogram(by_river, limits)))]
    lesson.show("Half squared differences of residuals against distance. " + "; ".join(ends) + ".")

# %% [markdown]
# ## 7. Fit and interpret
#
# Of the effect of nitrate in the first model, what share was really the river's? (A number between zero and one.)

# %% tags=["solution"] task="q7"
answer_7 = 1 - by_river.fixef["nitrate"] / first.fixef["nitrate"]

# %%
check("capstonefields.q7", answer_7)

# %% [markdown]
# ## 8. Find the mistake
#
# "Nitrate and distance are correlated", says a colleague. "Correlated predictors make each other's standard errors larger, so one of them has to go.
# Take distance out again." Compare the standard errors of nitrate in your two models. What is true here?
#
# - `"a"` It grew with distance in the model, as he says: that is the price of an honest estimate.
# - `"b"` It did not change: correlated predictors only trouble the intercept.
# - `"c"` It shrank, because correlated predictors lend each other their evidence.
# - `"d"` It shrank: distance explains so much of what was noise that this outweighs the correlation.

# %% tags=["solution"] task="q8"
errors = first.se["nitrate"], by_river.se["nitrate"]
answer_8 = "d"

# %%
check("capstonefields.q8", answer_8)

# %% [markdown]
# ## 9. Report
#
# First the numbers: let a cell write the sentences with the results, so that none is copied by hand. Call them `results`.

# %% tags=["solution"] task="q9"
row, interval = by_river.coef_table().loc["nitrate"], by_river.confint()
low, high = interval.loc["nitrate"]
spread = by_river.varcorr.frame.set_index("grp")["sdcor"]
results = lesson.in_words(
    f"{by_river.nobs} plots in {by_river.ngroups['field']} fields. Linear mixed model by REML: number of species on "
    "nitrate and on distance from the river (a polynomial of second degree), with a random intercept for each field.",
    f"Plots with 10 mg/kg more nitrate had {-10 * row['estimate']:.1f} species fewer at the same distance from "
    f"the river (95% profile interval {-10 * high:.1f} to {-10 * low:.1f}; t = {row['statistic']:.1f} on "
    f"{row['df']:.0f} Satterthwaite degrees of freedom).",
    f"A model without distance said {-10 * first.fixef['nitrate']:.1f} species; its residuals followed the distance "
    f"(correlation {answer_3:.2f}).",
    f"Standard deviations: {spread['field']:.1f} species between fields, {spread['Residual']:.1f} between plots of "
    "a field.",
)
results

# %% [markdown]
# Then four or five sentences to the farmers' meeting, where the first model was read out last year: what was claimed, what is wrong with it,
# what you say instead and how sure you are, what you still cannot say, and what one should do next time.

# %% [markdown] tags=["written"] task="q9" points=4
# Last year you were told that nitrate makes your meadows poorer by a great many species. But there is more nitrate far from the river, and far from
# the river it is dry as well: what the drought does was put down to nitrate. We noticed because most of the plots with more species than expected lay
# near the water. Among plots equally far from the river, those with more nitrate do have fewer species, and that is more than chance: for 10 mg of nitrate more in a kg of soil
# about one species fewer (probably between half a species and one and a half), where you were told four or five. I have only seen meadows as they are: nobody gave nitrate to plots chosen by chance, and
# water itself was not measured, distance only stands for it. Next time I would spread fertiliser on plots chosen by chance at every
# distance, and measure the moisture of the soil.

# %% [markdown] tags=["rubric"] task="q9"
# One point for each:
#
# - the old number mixed nitrate with what changes along with it, said in plain words
# - the evidence, which is the pattern of the residuals in space
# - the new effect, smaller but there, at equal distance, with a word on its uncertainty
# - a limit (no experiment, distance is a stand-in, seven fields) *and* a design that would lift it

# %% [markdown]
# ## The truth
#
# Now you may look. `lk.data_info("fields").truth` and `.trap` tell what the meadows were made from. Put your estimates beside the truth: which
# intervals hold it, and what would the first model have said? (No check here: the truth is the check.)

# %% tags=["solution"] task="truth"
truth = lk.data_info("fields").truth
made = {
    "nitrate": truth["fixef"]["nitrate"],
    "sd_(Intercept)|field": truth["sd field"]["(Intercept)"],
    "sigma": truth["sigma"],
}
beside = pd.concat({"second model": interval.loc[list(made)], "first model": first.confint().loc[list(made)]})
beside["truth"] = [*made.values(), *made.values()]
beside["inside"] = beside["truth"].between(beside["conf_low"], beside["conf_high"])
beside.round(3)

# %% [markdown]
# The trap, in the words of the data: `lk.data_info("fields").trap`.
#
# One summer is one summer. Below, two hundred summers let new plants grow on the *same* plots, by the true rules, and your two models are
# fitted to each.


# %% tags=["picture"]
# Picture: the effect of nitrate by both models in two hundred summers
def summer(rng):
    """New numbers of species for the same plots."""
    rules = lk.data_info("fields").truth
    t = fields["distance"] / 200
    trend = 7 * (1 - 2 * t) + 4 * np.sin(np.pi * t)  # rules["trend in species"], in Python
    expected = rules["fixef"]["(Intercept)"] + rules["fixef"]["nitrate"] * fields["nitrate"] + trend
    of_field = rng.normal(0, rules["sd field"]["(Intercept)"], 7)[fields["field"].cat.codes]
    return np.rint(expected + of_field + rng.normal(0, rules["sigma"], len(fields)))


if hasattr(first, "resid") and hasattr(by_river, "resid"):
    rng = np.random.default_rng(1)
    summers = [summer(rng) for _ in range(200)]
    true_cost = lk.data_info("fields").truth["fixef"]["nitrate"]
    rows = {}
    fig, ax = plt.subplots(figsize=(8, 3))
    for place, (model, colour, name) in enumerate([(first, lesson.RED, "task 2"), (by_river, lesson.BLUE, "task 6")]):
        fits = [model.refit(species) for species in summers]
        costs, errors = (
            np.array([getattr(fit, what)["nitrate"] for fit in fits]) for what in ("fixef", "se")
        )
        ax.plot(costs, place + rng.uniform(-0.25, 0.25, 200), "o", color=colour, ms=3, alpha=0.5)
        ax.plot(costs.mean(), place, "D", color="white", mec="black", ms=9)
        rows[name] = {
            "mean estimate": costs.mean(),
            "sd of estimates": costs.std(),
            "mean standard error": errors.mean(),
            "truth within two standard errors": (np.abs(costs - true_cost) < 2 * errors).mean(),
        }
    ax.axvline(true_cost, color=lesson.GREY, ls="--")
    ax.set_yticks([0, 1], rows)
    ax.set_ylim(-0.6, 1.6)
    ax.set_xlabel("estimated effect of nitrate (species per mg/kg); dashed: truth")
    means = " and ".join(f"{row['mean estimate']:.2f} ({name})" for name, row in rows.items())
    lesson.show(f"Two rows of 200 dots. Their means are {means}; the truth is {true_cost:.2f}.")

# %% tags=["fold"]
# Table: both models in two hundred summers
pd.DataFrame(rows).round(3) if hasattr(first, "resid") and hasattr(by_river, "resid") else None

# %% [markdown]
# Every dot is a summer, a diamond the mean of two hundred. The first model is wrong in every summer, by many of its own standard errors:
# they know nothing of a variable that the model was never shown. The second is right on average, and two of its standard errors reach the truth
# about as often as they should.
