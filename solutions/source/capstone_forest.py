# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Capstone: trees on a slope
#
# One analysis from the raw table to the paragraph in a paper, in ten tasks; take an hour or two. Put your answers where the
# three dots are and run the cell. You get a verdict at once, and a hint when you need one. Two digits are enough for any number.
#
# Trees grow on the sides of a dry valley. In each of its three sections a forester walked four straight lines (*transects*), marked six plots on
# each, measured how steep every plot is, and then the height of every tree on it. **Are trees shorter where the ground is
# steeper?** (The valley is simulated. What it was made from is told at the end.)

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt

# %%
forest = lk.load_data("forest")
trees = forest.dropna(subset=["height"]).reset_index(drop=True)
trees.groupby("section", observed=True)[["slope", "height"]].agg(["size", "mean", "max"]).round(1)

# %% [markdown]
# One row is one tree: section of the valley, transect, plot (the numbers begin again on every transect), slope of the plot in degrees,
# height in metres. Some tops were broken off, and those trees have no height: `trees` is the table without them, and all
# tasks are about `trees`. What else has gone with them?

# %%
with_height = trees.groupby(["transect", "plot"], observed=True).size()
marked = forest.groupby(["transect", "plot"], observed=True).agg(slope=("slope", "first"), trees=("slope", "size"))
print(len(marked), "plots were marked,", len(with_height), "have a tree with a height")
print("the steepest of these has", trees["slope"].max(), "degrees; without any height:")
marked[~marked.index.isin(with_height.index)]

# %% [markdown]
# What is missing goes with the predictor, so it belongs into the report.

# %% tags=["picture"]
# Picture: height against slope, every tree
fig, ax = plt.subplots(figsize=(8, 3.8))
for (section, mine), (colour, marker) in zip(
    trees.groupby("section", observed=True), [(lesson.BLUE, "o"), (lesson.ORANGE, "s"), (lesson.GREEN, "^")], strict=True
):
    ax.plot(mine["slope"], mine["height"], marker, color=colour, ms=4, alpha=0.6, label=section)
ax.set_xlabel("slope of the plot (degrees)")
ax.set_ylabel("height of the tree (m)")
ax.legend(title="section", loc="center left", bbox_to_anchor=(1, 0.5))
lesson.show(
    f"{len(trees)} marks, one per tree, in three colours. Height and slope correlate with {trees['height'].corr(trees['slope']):+.2f}: the cloud"
    " of all trees rises a little."
)

# %% [markdown]
# Every mark is a tree. If anything, the cloud of all marks rises. Would you write that into a paper?
#
# ## 1. Explore: who is in the table?
#
# Steep plots have fewer trees. How strong is that? Give the (Pearson) correlation, over plots, between a plot's slope and
# its number of trees.

# %% tags=["solution"] task="q1"
plots = trees.groupby(["transect", "plot"], observed=True).agg(
    slope=("slope", "first"), count=("height", "size")
)
answer_1 = plots["slope"].corr(plots["count"])

# %%
check("capstoneforest.q1", answer_1)

# %% [markdown]
# ## 2. Find the mistake
#
# "Does height *within a plot* depend on its slope?" asks a colleague, and writes
# `height ~ slope + (slope | transect:plot)`, so that every plot has a slope of its own. What is wrong with it?
#
# - `"a"` A plot holds too few trees to estimate a line; with more trees it would do.
# - `"b"` The slope should be put on the log scale first.
# - `"c"` Plots are fixed: these are all the plots there are.
# - `"d"` All trees of a plot share one slope, so inside a plot there is nothing to compare.

# %% tags=["solution"] task="q2"
answer_2 = "d"

# %%
check("capstoneforest.q2", answer_2)

# %% [markdown]
# ## 3. A first model
#
# Fit `height` on `slope` and `section` by REML, with a random intercept for each transect and one for each plot. Then look at the
# printout: does it count as many plots as you do? The beginning is given.

# %% tags=["solution"] task="q3"
### GIVEN # plain = lk.lmer("height ~ slope + ... + (1 | ...)", trees)
plain = lk.lmer("height ~ slope + section + (1 | transect/plot)", trees)

# %%
check("capstoneforest.q3", plain)

# %% tags=["fold"]
# Print: your model
print(plain if hasattr(plain, "summary") else "")

# %% [markdown]
# ## 4. With the sliders
#
# The cloud of all trees goes one way, the model another. When does that happen? Set two groups and a slope *within* groups of minus one, and leave
# noise, points and seed as they are. What is the smallest slope *between* groups, in steps of a tenth, at which the pooled line rises?

# %%
explorers.simpson()

# %% tags=["solution"] task="q4"
steps = [tenths / 10 for tenths in range(-20, 21)]
answer_4 = min(
    step for step in steps if explorers.simpson.result(within=-1.0, between=step, groups=2).pooled[1] > 0
)

# %%
check("capstoneforest.q4", answer_4)

# %% [markdown]
# ## 5. What could be a problem: two slopes in one
#
# Nobody gave the plots their slopes by chance. A steep transect may differ from a flat one in soil and water, too. So take the
# slope apart: a transect's mean slope (over its plots that are in `trees`, each counted once), and a plot's deviation from it. Fit the model of
# task 3 with these two in place of `slope`.

# %% tags=["solution"] task="q5"
each_plot = trees.drop_duplicates(["transect", "plot"])
mean_of = each_plot.groupby("transect", observed=True)["slope"].mean()
trees["transect_slope"] = trees["transect"].map(mean_of).astype(float)
trees["deviation"] = trees["slope"] - trees["transect_slope"]
split = lk.lmer("height ~ deviation + transect_slope + section + (1 | transect/plot)", trees)

# %%
check("capstoneforest.q5", split)

# %% [markdown]
# The picture of it: a line for each transect, as the model sees it, and a large mark at each transect's mean.

# %% tags=["picture"]
# Picture: a line for each transect, and a large mark at its mean
if getattr(split, "nobs", 0) == len(trees):
    fig, ax = plt.subplots(figsize=(8, 4))
    trees["line"] = split.predict(re_form="~ (1 | transect)").to_numpy()
    looks = {"lower": (lesson.BLUE, "o"), "middle": (lesson.ORANGE, "s"), "upper": (lesson.GREEN, "^")}
    for (section, _), mine in trees.groupby(["section", "transect"], observed=True):
        colour, marker = looks[section]
        along = mine.sort_values("slope")
        ax.plot(along["slope"], along["height"], marker, color=colour, ms=3, alpha=0.3)
        ax.plot(along["slope"], along["line"], color=colour)
        ax.plot(along["slope"].mean(), along["line"].mean(), marker, color=colour, ms=10, mec="black")
    ax.set_xlabel("slope of the plot (degrees)")
    ax.set_ylabel("height of the tree (m)")
    ax.set_title("lines fall, means rise")
    means = trees.groupby("transect", observed=True)[["slope", "height"]].mean()
    lesson.show(
        f"Twelve lines, all falling from left to right, and twelve large marks that rise (correlation"
        f" {means['slope'].corr(means['height']):+.2f})."
    )

# %% [markdown]
# ## 6. Find the mistake
#
# Another colleague keeps `slope` itself, adds the transect's mean slope beside it, and leaves the rest as it is. It is the same
# model as yours, with the same likelihood.
# She reads the coefficient of the mean as "the slope between transects". It is not. Fit hers, and work out **from its
# coefficients** what the slope between transects is.

# %% tags=["solution"] task="q6"
hers = lk.lmer("height ~ slope + transect_slope + section + (1 | transect/plot)", trees)
answer_6 = hers.fixef["slope"] + hers.fixef["transect_slope"]

# %%
check("capstoneforest.q6", answer_6)

# %% [markdown]
# ## 7. Check: does it hang on a single transect?
#
# Draw the four pictures of your model of task 5. Then leave out one transect at a time
# (`influence("transect")`, a formula; with `refit=True` it really fits again). Take the transect that moves the slope *between* transects most (counted in standard errors, whichever
# way), and fit your model without its trees: what is the slope between transects now?

# %% tags=["solution"] task="q7"
split.plot.diagnostics()
lesson.show(f"Four pictures of {split.nobs} residuals, without a bend, a funnel or heavy tails.")
moved = split.influence("transect")["dfbetas_transect_slope"].abs()
without = split.update(data=trees[trees["transect"] != moved.idxmax()])
answer_7 = without.fixef["transect_slope"]

# %%
check("capstoneforest.q7", answer_7)

# %% [markdown]
# ## 8. When are they fixed?
#
# Transects were random so far. For which of these questions do they become fixed?
#
# - `"a"` How much do heights vary from one transect to another, in valleys like this one?
# - `"b"` How much taller are the trees of T03 than those of T11, on equally steep ground?
# - `"c"` Are trees shorter on the steeper plots of a transect, whichever transect it is?
# - `"d"` How tall will the trees be on a thirteenth transect, to be walked next year?

# %% tags=["solution"] task="q8"
answer_8 = "b"

# %%
check("capstoneforest.q8", answer_8)

# %% [markdown]
# ## 9. Fit and interpret
#
# Fit the model for that question: transects fixed (section has to go: each transect lies in one), `slope` as a predictor, plots
# still random. How many metres taller does it expect a tree of T03 to be than a tree of T11 on a plot of *the same slope*?

# %% tags=["solution"] task="q9"
these = lk.lmer("height ~ slope + transect + (1 | transect:plot)", trees)
answer_9 = these.fixef["transectT03"] - these.fixef["transectT11"]

# %%
check("capstoneforest.q9", answer_9)

# %% [markdown]
# ## 10. Report
#
# First the numbers: let a cell write the sentences with the results, so that none is copied by hand. Call them `results`.

# %% tags=["solution"] task="q10"
table, interval = split.coef_table(), split.confint()
spread = split.varcorr.frame.set_index("grp")["sdcor"]
low, high = interval.loc["deviation"]
within, between = table.loc["deviation"], table.loc["transect_slope"]
lost = len(forest) - len(trees)
results = lesson.in_words(
    f"{split.nobs} trees on {split.ngroups['plot:transect']} plots of {split.ngroups['transect']} transects; {lost} trees "
    "with broken tops were left out, and with one of them its plot, the steepest of all. Linear mixed model by REML "
    f"(lmmkit {lk.__version__}); slope split into its transect's mean and the "
    "deviation from it; section fixed; random intercepts of transects, and of plots within transects.",
    f"Within transects trees were {-10 * within['estimate']:.1f} m shorter for ten degrees more (95% profile interval "
    f"{-10 * high:.1f} to {-10 * low:.1f} m; t = {within['statistic']:.1f} on {within['df']:.0f} Satterthwaite "
    "degrees of freedom).",
    f"Between transects the difference was {10 * between['estimate']:+.1f} m for ten degrees more (standard error "
    f"{10 * between['std_error']:.1f} m, t = {between['statistic']:.1f} on {between['df']:.0f} degrees of freedom, "
    f"{lesson.p_value(between['p_value'])}), and {10 * answer_7:+.1f} m without the one transect that matters most.",
    f"Standard deviations: {spread['transect']:.1f} m between transects, {spread['plot:transect']:.1f} m between "
    f"plots, {spread['Residual']:.1f} m between trees of a plot.",
)
results

# %% [markdown]
# Then four or five sentences to the forester, who wants to know where to plant: what you found, what a straight line through all trees
# would have told her and why it is wrong, what you cannot say, and what you would measure next year.

# %% [markdown] tags=["written"] task="q10" points=4
# On one and the same transect the steeper plots carry the shorter trees, and we are fairly sure of it: plant on the flatter
# ones. A line through all trees would have said the opposite, because it mixes two comparisons: the steep transects
# happen to have tall trees, and that hides what goes on inside each of them. What makes steep transects good for trees
# I cannot say: there are only twelve, it matters which of them are in, and nobody measured the soil. Of the very steepest ground we know little, since
# its only tree had lost its top. Nor did anybody move
# a tree, so "because of the slope" is a guess even within transects. Next year I would measure soil moisture on every plot, and rather
# walk new transects than measure more trees on the old ones.

# %% [markdown] tags=["rubric"] task="q10"
# One point for each:
#
# - the effect within transects, with its direction and its certainty, in the forester's words
# - one line through all trees mixes between and within, which point in opposite directions
# - a limit (twelve transects, the influential one, no causes from a survey)
# - a proposal that adds transects or the missing variable, not more trees to old plots
#
# Nothing off for a different view of the between slope, if the number of transects is mentioned.

# %% [markdown]
# ## The truth
#
# Now you may look. `lk.data_info("forest").truth` and `.trap` tell what the valley was made from. Put your estimates beside the truth: which
# intervals hold it? (No check here: the truth is the check.)

# %% tags=["solution"] task="truth"
truth = lk.data_info("forest").truth
made = {
    "deviation": truth["fixef"]["slope within transect"],
    "transect_slope": truth["slope between transects"],
    "sectionmiddle": truth["fixef"]["sectionmiddle"],
    "sectionupper": truth["fixef"]["sectionupper"],
    "sd_(Intercept)|transect": truth["sd transect"]["(Intercept)"],
    "sd_(Intercept)|plot:transect": truth["sd plot:transect"]["(Intercept)"],
    "sigma": truth["sigma"],
}
beside = interval.loc[list(made)].assign(truth=pd.Series(made))
beside["inside"] = beside["truth"].between(beside["conf_low"], beside["conf_high"])
beside.round(3)

# %% [markdown]
# (Look at `transect_slope`: its profile interval leaves out zero, and the t-test of your report does not quite. Profiles are of maximum likelihood,
# and with twelve transects they are too narrow; believe the test that counts transects. The trap, in the words of the data:
# `lk.data_info("forest").trap`.)
#
# One valley is one valley. Below, two hundred springs send new trees up on the *same* plots, by the true rules, and your two
# models are fitted to each. What does each model say of the effect *within* transects?

# %% tags=["picture"]
# Picture: the effect within transects, three models, 200 springs
# The effect within transects, in whatever form a model was written: two plots of one transect, nothing else changed.
first = trees[trees["transect"] == "T01"]
flat, steep = first["slope"].idxmin(), first["slope"].idxmax()


def slope_within(model):
    expected = model.predict(re_form="~ 0").to_numpy()
    return (expected[steep] - expected[flat]) / (trees["slope"][steep] - trees["slope"][flat])


def spring(rng):
    """New heights for the same plots."""
    rules = lk.data_info("forest").truth
    steep_plots = trees.pivot_table("slope", "transect", "plot", observed=True)
    steepness = trees["transect"].map(steep_plots.mean(axis=1)).astype(float)
    section = trees["section"].map(lambda name: rules["fixef"].get(f"section{name}", 0.0)).astype(float)
    plot, _ = pd.factorize(trees["transect"].astype(str) + trees["plot"].astype(str))
    return (
        rules["fixef"]["(Intercept)"]
        + section
        + rules["slope between transects"] * (steepness - steepness.mean())
        + rules["fixef"]["slope within transect"] * (trees["slope"] - steepness)
        + rng.normal(0, rules["sd transect"]["(Intercept)"], 12)[trees["transect"].cat.codes]
        + rng.normal(0, rules["sd plot:transect"]["(Intercept)"], plot.max() + 1)[plot]
        + rng.normal(0, rules["sigma"], len(trees))
    )


if all(getattr(model, "nobs", 0) == len(trees) for model in (plain, split)):
    rng = np.random.default_rng(1)
    springs = [spring(rng) for _ in range(200)]
    together = [np.polyfit(trees["slope"], heights, 1)[0] for heights in springs]
    found = {
        "one line through all": together,
        "task 3": [slope_within(plain.refit(heights)) for heights in springs],
        "task 5": [slope_within(split.refit(heights)) for heights in springs],
    }
    true_slope = lk.data_info("forest").truth["fixef"]["slope within transect"]
    fig, ax = plt.subplots(figsize=(8, 3.6))
    for place, (slopes, colour) in enumerate(zip(found.values(), ["black", lesson.BLUE, lesson.RED], strict=True)):
        ax.plot(slopes, place + rng.uniform(-0.25, 0.25, 200), "o", color=colour, ms=3, alpha=0.5)
        ax.plot(np.mean(slopes), place, "D", color="white", mec="black", ms=9)
    ax.axvline(true_slope, color=lesson.GREY, ls="--")
    ax.set_yticks(range(3), found)
    ax.set_xlabel("estimated effect within transects (m per degree); dashed: truth")
    said = ", ".join(f"{np.mean(slopes):+.3f} ({name})" for name, slopes in found.items())
    lesson.show(f"Three rows of 200 dots. Their means are {said}; the truth is {true_slope:+.3f}.")

# %% tags=["fold"]
# Table: mean and standard deviation of the dots
fitted = all(getattr(model, "nobs", 0) == len(trees) for model in (plain, split))
pd.DataFrame(found).agg(["mean", "std"]).round(4) if fitted else None

# %% [markdown]
# Every dot is a spring, a diamond the mean of two hundred. The line through all trees is wrong in every one of them, and more trees
# would not help it. The model of task 3 is nearly right: it knows of transects, so it uses mostly the comparison within them, but a little
# of the other slope is mixed in. The model of task 5 is right on average. The scatter of its dots is what its standard error
# is an estimate of: compare the last row with the table of your fit.
