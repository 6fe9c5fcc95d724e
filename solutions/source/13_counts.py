# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 13. Counts, and yes or no
#
# Two warm-ups from earlier lessons and eight tasks on lesson 13; about fifty minutes. Put your answers where the three dots are and
# run the cell. You get a verdict at once, and a hint when you need one. Two digits are enough for any number.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt

# %%
meadows = lk.load_data("management")
herds = lk.load_data("herds")
ticks = lk.load_data("ticks")
meadows.head(4)

# %% [markdown]
# Three sets of data, all simulated. In `management` twelve fields were halved. One half is managed by plan A, the other by plan B, and
# somebody counted the plant species of each half. You know `herds` and `ticks` from the lesson.
#
# ## Warm-up a, from lesson 4
#
# A mixed model of the weight of hoglets has `(1 | litter)`. It prints a standard deviation of {{w1.litter}} grams for the litters and of {{w1.rest}} grams for
# the residuals. Which share of the variance lies between litters?

# %% tags=["solution"] task="w1"
warm_a = 12**2 / (12**2 + 9**2)
### OWN n = own_numbers("ex13.w1")
### OWN warm_a = n.litter**2 / (n.litter**2 + n.rest**2)

# %%
check("ex13.w1", warm_a)

# %% [markdown]
# ## Warm-up b, from lesson 8
#
# {{w2.each:Word}} meadows are limed, {{w2.each:word}} are not. In each meadow somebody counts the plants of thirty small squares. On how many degrees of
# freedom does a t-test of lime rest?

# %% tags=["solution"] task="w2"
warm_b = 2 * 4 - 2
### OWN warm_b = 2 * own_numbers("ex13.w2").each - 2

# %%
check("ex13.w2", warm_b)

# %% [markdown]
# ## 1. Which family
#
# In each of forty barn owl nests you counted the eggs, and how many of them hatched. Which family, with which link, fits the outcome?
# `"poisson, log"`, `"binomial, logit"`, `"gaussian, identity"` or `"negative binomial, log"`

# %% tags=["solution"] task="q1"
answer_1 = "binomial, logit"

# %%
check("ex13.q1", answer_1)

# %% [markdown]
# ## 2. From odds to a chance
#
# In a typical nest an egg hatches with a probability of {{q2.chance}}. In a wet spring the log odds fall by {{q2.fall}}. With which *probability* does an
# egg of that nest hatch in a wet spring?

# %% tags=["solution"] task="q2"
log_odds = np.log(0.8 / 0.2) - 0.7
answer_2 = 1 / (1 + np.exp(-log_odds))
### OWN n = own_numbers("ex13.q2")
### OWN log_odds = np.log(n.chance / (1 - n.chance)) - n.fall
### OWN answer_2 = 1 / (1 + np.exp(-log_odds))

# %%
check("ex13.q2", answer_2)

# %% [markdown]
# ## 3. Complete a model
#
# Model the number of `species` as a Poisson count: the `management` is fixed, and the two halves of a `field` have something in
# common. The beginning is given; complete it.

# %% tags=["solution"] task="q3"
### GIVEN # model = lk.glmer("species ~ ...", meadows, family=...)
model = lk.glmer("species ~ management + (1 | field)", meadows, family="poisson")

# %%
check("ex13.q3", model)

# %% [markdown]
# ## 4. In per cent
#
# By how many *per cent* is the number of species on a half with plan B larger than on the same field's half with plan A? Use your
# model.

# %% tags=["solution"] task="q4"
answer_4 = 100 * (np.exp(model.fixef["managementB"]) - 1)

# %%
check("ex13.q4", answer_4)

# %% [markdown]
# ## 5. Less than Poisson
#
# Lesson 13 met counts that vary more than Poisson allows. Do these? For each field that has both halves, take the difference B − A.
# *Half the variance* of these differences is the variance of a count within a field. How large is it, as a multiple of the mean number
# of species (of the same halves)? For Poisson counts it would be near one.
#
# (`both = meadows.pivot(index="field", columns="management", values="species").dropna()` gives you a row for each field.)

# %% tags=["solution"] task="q5"
pairs = meadows.pivot(index="field", columns="management", values="species").dropna()
answer_5 = (pairs["B"] - pairs["A"]).var() / 2 / pairs.to_numpy().mean()

# %%
check("ex13.q5", answer_5)

# %% [markdown]
# See what follows: a model that lets the data say how much halves of a field scatter, beside yours.

# %% tags=["fold"]
# In numbers: the standard error of B by your model and by a linear mixed model
if model is not ...:
    normal = lk.lmer("species ~ management + (1 | field)", meadows)
    half = normal.fixef["(Intercept)"] + normal.fixef["managementB"] / 2
    print(f"standard error of B, of the mean number: Poisson {model.se['managementB']:.1%}, "
          f"normal {normal.se['managementB'] / half:.1%}")

# %% [markdown]
# ## 6. Too many zeros?
#
# In some cells a gene is never read, whatever the donor. Suppose that this is so in a share of {{q6.zeros}} of the cells, that donors do not
# differ, and that in all other cells the count is Poisson with a mean of {{q6.mean}}. Work out first: in which *share* of all cells do you
# expect no count? Then open the explorer and set the *mean count per cell* to {{q6.mean}}, the *fold change* to 1, the *SD of samples* to 0,
# and the *extra zeros* to {{q6.zeros}}: does the lower strip agree? And how many zeros does the Poisson GLMM expect?

# %%
explorers.counts()

# %% tags=["solution"] task="q6"
answer_6 = 0.3 + 0.7 * np.exp(-1)
### OWN n = own_numbers("ex13.q6")
### OWN answer_6 = n.zeros + (1 - n.zeros) * np.exp(-n.mean)

# %%
check("ex13.q6", answer_6)

# %% [markdown]
# ## 7. Find the mistake, and mend it
#
# A colleague asks in which season udders are infected. The code runs, nothing complains, and summer looks bad, as it should. And yet one
# thing in the formula is wrong. Find it, and fit the model that was meant. Call it `mended`.

# %%
colleague = lk.glmer("cbind(infected, cows) ~ season + (1 | herd)", herds, family="binomial")
herd = pd.DataFrame({"season": ["spring", "summer", "autumn", "winter"]})
herd["colleague"] = colleague.predict(herd, re_form="~0", kind="response").to_numpy()
herd.round(3)

# %% tags=["solution"] task="q7"
mended = lk.glmer("cbind(infected, cows - infected) ~ season + (1 | herd)", herds, family="binomial")

# %%
check("ex13.q7", mended)

# %% tags=["picture"]
# Picture: the probabilities of the colleague's model and of yours
if mended is not ...:
    herd["mended"] = mended.predict(herd, re_form="~0", kind="response").to_numpy()
    at = np.arange(len(herd))
    fig, ax = plt.subplots(figsize=(7, 3.6))
    ax.plot(at, herd["colleague"], "s--", color=lesson.GREY, ms=8, label="the colleague's")
    ax.plot(at, herd["mended"], "o-", color=lesson.BLUE, ms=8, label="mended")
    ax.set_xticks(at, herd["season"])
    ax.set_ylim(0)
    ax.set_xlabel("season")
    ax.set_ylabel("probability of infection,\na typical herd")
    ax.legend()
    both = " ".join(f"{row.season}: {row.colleague:.2f} and {row.mended:.2f}." for row in herd.itertuples())
    lesson.show(f"The probability of infection in each season, the colleague's and the mended: {both}")

# %% [markdown]
# ## 8. In your own words
#
# The keepers of the parks want to know where hedgehogs suffer most. Here is a model of the ticks on hoglets; `height` is the nest's
# altitude in hundreds of metres.

# %%
ticks["height"] = (ticks["altitude"] - 300) / 100
counted = lk.glmer("ticks ~ year + height + (1 | park) + (1 | litter)", ticks, family="negative_binomial")
ratios = np.exp(counted.confint(method="wald", parm="beta_")).assign(ratio=np.exp(counted.fixef))
ratios[["ratio", "conf_low", "conf_high"]].round(2)

# %%
counted.varcorr

# %% [markdown]
# Write three or four sentences for them, without Greek letters: what altitude does (as a ratio, and how sure of it you are), whether parks or
# litters differ more, and why you did not use a Poisson model.

# %% [markdown] tags=["written"] task="q8" points=3
# A nest a hundred metres higher up has, all else equal, only about three fifths of the ticks; the interval in the table runs from a half to
# nearly three quarters, so we are sure of the direction, and roughly of the size. Litters are estimated to differ about twice as much (on the scale of
# logarithms) as parks do, but how much parks differ is badly known. Altitude is a property of the nest, so to know more about it
# one should look at more litters, not at more hoglets of the same one. A Poisson model takes it that hoglets of one nest differ by luck in
# counting alone. These differ more than that, so it is the wrong law for them. For altitude it would hardly have changed the certainty, since litters are in the model; anything that
# differs between hoglets of one nest would have looked about twice as sure as it is.

# %% [markdown] tags=["rubric"] task="q8"
# One point for each:
#
# - the ratio of altitude in words, per hundred metres, in the right direction and with its interval
# - litters against parks, compared by their standard deviations
# - overdispersion named as the reason for the negative binomial
#
# Whoever adds that the parks' standard deviation is badly known has read well. "Standard errors too small" is right only for what
# differs between hoglets of one nest, or for a model without litters; it is wrong for altitude. No point for altitude if the
# coefficient is read as a number of ticks.
