# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 15. Power
#
# Two warm-ups from earlier lessons and eight tasks on lesson 15; about fifty minutes. Put your answers where the three dots are and
# run the cell. You get a verdict at once, and a hint when you need one. Two digits are enough for any number.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, stats

pilot = lk.load_data("herbivory")
pilot.groupby(["treatment", "plot"], observed=True)["nitrogen"].agg(["size", "mean"]).round(2)

# %% [markdown]
# A pilot study. Four plots in a wood were fenced against deer, four stayed open, and ten soil cores were taken from each; `nitrogen` is in g
# per kg. (The data are simulated.) Now the foresters want to do it properly, and ask you how many fences to build.
#
# ## Warm-up a, from lesson 8
#
# With {{w1.each:word}} plots fenced and {{w1.each:word}} open, ten cores in each: on how many degrees of freedom does a t-test of the fence rest?

# %% tags=["solution"] task="w1"
warm_a = 2 * 4 - 2
### OWN warm_a = 2 * own_numbers("ex15.w1").each - 2

# %%
check("ex15.w1", warm_a)

# %% [markdown]
# ## Warm-up b, from lesson 5
#
# Which random part lets every driver have a line of their own, with an intercept and a slope that may be correlated: `"(1 | driver)"`,
# `"(day | driver)"`, `"(day || driver)"` or `"(0 + day | driver)"`?

# %% tags=["solution"] task="w2"
warm_b = "(day | driver)"

# %%
check("ex15.w2", warm_b)

# %% [markdown]
# ## 1. What is power?
#
# Power is …
#
# - `"a"`: the probability that there is an effect, given that the study found one;
# - `"b"`: the probability that the study finds an effect, given that there is one of such a size;
# - `"c"`: one minus the p-value;
# - `"d"`: the probability that the study finds an effect, given that there is none.

# %% tags=["solution"] task="q1"
answer_1 = "b"

# %%
check("ex15.q1", answer_1)

# %% [markdown]
# ## 2. By hand
#
# {{q2.mice:Word}} mice, half of them on a rich diet, are weighed {{q2.times:word}} times each. Between mice the standard deviation is {{q2.between}} g, within a mouse {{q2.within}} g. What is
# the standard error of the difference between the diets?

# %% tags=["solution"] task="q2"
answer_2 = np.sqrt(4 / 20 * (3**2 + 4**2 / 4))
### OWN n = own_numbers("ex15.q2")
### OWN answer_2 = np.sqrt(4 / n.mice * (n.between**2 + n.within**2 / n.times))

# %%
check("ex15.q2", answer_2)

# %% [markdown]
# ## 3. Complete the pilot's model
#
# Back to the wood. Fit the model that knows that cores are not plots, by REML. The beginning is given.

# %% tags=["solution"] task="q3"
### GIVEN # model = lk.lmer("nitrogen ~ ... + (...)", pilot)
model = lk.lmer("nitrogen ~ treatment + (1 | plot)", pilot)

# %%
check("ex15.q3", model)

# %% [markdown]
# ## 4. How many plots?
#
# A difference of half a gram per kg would matter to the wood. Use `lk.power` with your model, a hundred simulations (with a seed of your choice)
# and 8, 16, 24 and 32 plots. Call the result `curve`. Which is the *smallest* of these that has a power of at least 85%?
#
# (In the table of results, `.table`, there is a row for each size. It may take half a minute.)

# %% tags=["solution"] task="q4"
sizes = [8, 16, 24, 32]
curve = lk.power(model, {"treatmentexcluded": 0.5}, 100, along={"plot": sizes}, seed=1, progress=False)
answer_4 = curve.table.loc[curve.table["power"] >= 0.85, "plot"].min()

# %%
check("ex15.q4", answer_4)

# %% tags=["picture"]
# Picture: the power of each size
if curve is not ...:
    ax = curve.plot()
    ax.axhline(85, color=lesson.RED, ls=":", label="85%, asked for here")
    ax.legend(loc="lower right")
    ax.set_ylabel("power to find 0.5 g/kg (%)")
    found_at = ", ".join(f"{row.power:.0%} with {row.plot}" for row in curve.table.itertuples())
    lesson.show(f"Power rises with the number of plots: {found_at}. Lines mark 80% and 85%.")

# %% [markdown]
# The dashed grey line is the customary 80%.
#
# ## 5. Find the mistake
#
# A colleague needs no `lk.power`, and simulates the study of eight plots himself. Soil varies by 0.43 g per kg, all in all.

# %%
rng = np.random.default_rng(3)
found = 0
for _ in range(400):  # A
    grazed = rng.normal(2.6, 0.43, size=(4, 10))  # B: four plots, ten cores each
    fenced = rng.normal(2.6 + 0.5, 0.43, size=(4, 10))  # B
    p_value = stats.ttest_ind(grazed.mean(axis=1), fenced.mean(axis=1)).pvalue  # C: means of plots
    found += p_value < 0.05  # D
print(f"power with eight plots: {found / 400:.0%}")

# %% [markdown]
# Too good to be true. Which line is to blame? `"A"`, `"B"`, `"C"` or `"D"`

# %% tags=["solution"] task="q5"
answer_5 = "B"

# %%
check("ex15.q5", answer_5)

# %% [markdown]
# ## 6. With the sliders
#
# Eighty measurements in each arm. Are they four samples measured twenty times, or sixteen samples measured five times? Set both in the explorer, leave
# the rest as it opens, and write down the standard error of the *mixed model*, first for four samples, then for sixteen.

# %%
explorers.pseudoreplication()

# %% tags=["solution"] task="q6"
answer_6 = [explorers.pseudoreplication.result(bio=b, tech=t).analyses[-1].se for b, t in [(4, 20), (16, 5)]]

# %%
check("ex15.q6", answer_6)

# %% [markdown]
# ## 7. Mice cost money
#
# A mouse costs {{q7.price}} euros, a weighing 1 euro. Between mice the standard deviation is 1.5 g, within a mouse {{q7.within}} g. Whatever your budget is: how many
# weighings of each mouse give the smallest standard error for the money? (A fraction of a mouse is allowed on paper. Try all numbers from 1 to 60.)

# %% tags=["solution"] task="q7"
weighings = np.arange(1, 61)
mice = 10_000 / (16 + weighings)
squared_error = 4 / mice * (1.5**2 + 3**2 / weighings)
answer_7 = weighings[squared_error.argmin()]
### OWN n = own_numbers("ex15.q7")
### OWN weighings = np.arange(1, 61)
### OWN mice = 10_000 / (n.price + weighings)
### OWN answer_7 = weighings[(4 / mice * (1.5**2 + n.within**2 / weighings)).argmin()]

# %%
check("ex15.q7", answer_7)

# %% [markdown]
# ## 8. In your own words
#
# The foresters' committee wants a paragraph: "Justification of the number of plots". Write four or five sentences, with the result of task 4 and a sentence on how
# sure of it you are. Somebody in the committee will ask why you do not simply plan for the difference that the pilot found; answer that, too.

# %% [markdown] tags=["written"] task="q8" points=4
# The smallest difference that would change how the wood is managed is half a gram of nitrogen per kg of soil. We simulated studies of the size proposed, with
# plots that differ from each other and cores that differ within a plot as they did in the pilot, and analysed each as we shall analyse the real
# one, with plots as replicates; the number we ask for is the smallest we tried that finds the difference in at least 85 of 100 such studies.
# More cores from the same plots would hardly help, because most of the noise lies between plots. The pilot had only eight plots, so it knows their
# spread only roughly; should the true spread be larger, the power will be lower, and that case should be simulated as well before a fence is built. We do not plan for the difference
# seen in the pilot: it is a guess with a large error, the more flattering the luckier the pilot was, and it is not the difference that matters.

# %% [markdown] tags=["rubric"] task="q8"
# One point for each:
#
# - the smallest difference that matters is named, with its unit, and the power for it
# - the model of the simulation has plots and cores, with values from the pilot
# - the uncertainty (of the simulation, or better of the pilot's variances)
# - why the pilot's own difference is not planned for (error, selection, not what matters)
#
# No point for the first if power is called the probability that the effect is real.
