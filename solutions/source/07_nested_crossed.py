# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 7. Nested and crossed
#
# Two warm-ups from earlier lessons, then eight tasks on lesson 7, from recall to judgement; about forty-five minutes. Put
# your answers where the three dots are and run the cell: you get a verdict at once, and a hint when you need one.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, pd, plt

# %% [markdown]
# ## Warm-up 1: chicks of one nest, and nests (lesson 3)
#
# Within a nest, a chick that is a day older weighs {{w1.within}} g more. But of two nests, the one whose chicks are {{w1.days:word}} days older *on average* has
# chicks that are {{w1.lighter}} g lighter on average. What is the slope *between* nests, in g a day?

# %% tags=["solution"] task="w1"
answer_w1 = -8 / 2
### OWN answer_w1 = -own_numbers("ex07.w1").lighter / own_numbers("ex07.w1").days

# %%
check("ex07.w1", answer_w1)

# %% [markdown]
# ## Warm-up 2: trout in warm water (lesson 5)
#
# Trout are watched at several temperatures. Each has an activity of its own at 0 °C and reacts to warmth in its own way, and the two may go
# together. Which random part belongs to `activity ~ temp + ...`?
#
# `"(1 | trout)"`, `"(0 + temp | trout)"`, `"(temp || trout)"` or `"(temp | trout)"`

# %% tags=["solution"] task="w2"
answer_w2 = "(temp | trout)"

# %%
check("ex07.w2", answer_w2)

# %% [markdown]
# ## Owl chicks and marmots
#
# `implants`: in each of several nests four barn owl chicks were weighed every few days; two of them carried a hormone implant (C), two a
# placebo (P). `behaviour`: marmots were watched four times a day on the same days, and the day's mean temperature was noted. (Both are
# simulated.)

# %%
chicks = lk.load_data("implants")
marmots = lk.load_data("behaviour")
chicks.head()

# %% [markdown]
# ## 1. In a word
#
# In which study are the two grouping factors crossed?
#
# - **leaves**: five leaves from each of thirty trees
# - **judges**: eight cheeses, each tasted by the same six judges
# - **litters**: mice of forty litters, whose mothers had two or three litters each
# - **flocks**: sheep of nine flocks, each sheep weighed in spring and in autumn
#
# Answer with the study's name.

# %% tags=["solution"] task="q1"
answer_1 = "judges"

# %%
check("ex07.q1", answer_1)

# %% [markdown]
# ## 2. Labels that repeat
#
# Chick numbers in `implants` are unique. A field assistant would have written `a`, `b`, `c`, `d` in every nest; here is such a column.

# %%
rank = chicks.groupby("nest", observed=True)["chick"].transform(
    lambda chick: pd.factorize(chick.astype(str))[0]
)
chicks["letter"] = rank.map(dict(enumerate("abcd"))).astype("category")
chicks.groupby("nest", observed=True)["letter"].unique().map(list).head(3).to_frame("letters")

# %% [markdown]
# Somebody writes `(1 | nest) + (1 | letter)`. How many random effects (nests and "chicks" together) does that model predict? Think
# before you fit.

# %% tags=["solution"] task="q2"
answer_2 = chicks["nest"].nunique() + chicks["letter"].nunique()

# %%
check("ex07.q2", answer_2)

# %% [markdown]
# ## 3. Fit it
#
# Fit the right model by REML: `mass` depends on `day`, `implant` and their interaction; nests differ, and chicks within nests differ, in
# level only (leave the slopes alone today). Use `letter` for the chicks, not `chick`. The first half is written.

# %% tags=["solution"] task="q3"
### GIVEN # model = lk.lmer("mass ~ day * implant + (1 | ...)", chicks)
model = lk.lmer("mass ~ day * implant + (1 | nest/letter)", chicks)

# %%
check("ex07.q3", model)

# %%
if model is not ...:
    print(model.varcorr)
    print(model.ngroups.to_dict())

# %% [markdown]
# ## 4. How alike are siblings?
#
# According to your model, what is the correlation of two weights, on the same day and with the same implant, of *two different chicks
# of one nest*? (A number between 0 and 1, three decimals.)

# %% tags=["solution"] task="q4"
variances = model.varcorr.frame.set_index("grp")["vcov"]
answer_4 = variances["nest"] / variances.sum()

# %%
check("ex07.q4", answer_4)

# %% [markdown]
# ## 5. With the sliders
#
# Choose the design *plots in treatments*, with labels that *start anew in each group*: two upper units, four lower units, five rows for each
# pair. Try the formula `(1 | plot)`. With how many degrees of freedom does the *right* formula test the treatment?

# %%
explorers.nested_crossed()

# %% tags=["solution"] task="q5"
answer_5 = 2 * (4 - 1)  # eight plots, less two treatment means

# %%
check("ex07.q5", answer_5)

# %% [markdown]
# ## 6. Other data: find the mistake
#
# Now the marmots. A colleague says: *"Each animal was watched on many days, so days are nested in animals,"* and fits this:

# %%
colleague = lk.lmer("activity ~ time + temperature + (1 | animal/day)", marmots)
print(colleague.varcorr)
print(colleague.ngroups.to_dict())
colleague.coef_table().round(3)

# %% [markdown]
# The table of animals and days: a square is a pair that occurs.

# %% tags=["picture"]
# Picture: which pairs of animal and day occur
table = pd.crosstab(marmots["animal"], marmots["day"])
fig, ax = plt.subplots(figsize=(8, 3.4))
ax.spy(table.to_numpy(), marker="s", markersize=7, color=lesson.GREY, aspect="auto")
ax.set_yticks(range(len(table)), table.index, fontsize=9)
ax.set_xticks(range(table.shape[1]), table.columns, fontsize=9)
ax.tick_params(top=False, labeltop=False, labelbottom=True)
ax.set_xlabel("day")
ax.set_ylabel("animal")
lesson.show(f"{len(table)} rows for animals and {table.shape[1]} columns for days; {(table > 0).to_numpy().mean():.0%} of the places have a square.")

# %% [markdown]
# What is wrong?
#
# - **a** The slash is the wrong way round; it should be `(1 | day/animal)`, because a day is larger than an animal.
# - **b** A day, and its weather, is the same for all animals: the factors are crossed, and the model believes in many more days than
#   there were.
# - **c** Temperature should have been a random effect, since it has one value a day.
# - **d** There is one row for each animal on each day, so the day's effect cannot be told from the residual.
# - **e** Nothing: day labels repeat from animal to animal, and then the slash is needed.

# %% tags=["solution"] task="q6"
answer_6 = "b"

# %%
check("ex07.q6", answer_6)

# %% [markdown]
# ## 7. What the mistake costs
#
# Fit the marmots rightly. How many times as large as the colleague's is the standard error of `temperature`? (Two decimals.)

# %% tags=["solution"] task="q7"
crossed = lk.lmer("activity ~ time + temperature + (1 | animal) + (1 | day)", marmots)
answer_7 = crossed.se["temperature"] / colleague.se["temperature"]

# %%
check("ex07.q7", answer_7)

# %% [markdown]
# ## 8. In your own words
#
# A friend records bats. In six caves she has caught five bats each and put a ring on every one; the rings are numbered from 1 to 5 in each
# cave. Each bat's calls are recorded with the same four microphones, several calls with each. She asks whether males call higher than
# females. Write her the model for the pitch of a call as a formula, and in three or four sentences: what is nested in what and what is crossed with what,
# what would go wrong with `(1 | bat)`, and what she must know about the number of bats.

# %% [markdown] tags=["written"] task="q8" points=3
# `pitch ~ sex + (1 | cave/bat) + (1 | microphone)`. Bats are nested in caves, because no bat lives in two of them; microphones are crossed with
# both, because each of them heard every bat. Since ring numbers start again in every cave, `(1 | bat)` would take six different bats for one animal;
# the slash, or rings with unique numbers, keeps them apart. Sex belongs to the bat and not to the call, so it is the thirty bats that carry the evidence,
# however many calls she records. (Four microphones are few for a random effect; a fixed one would do as well.)

# %% [markdown] tags=["rubric"] task="q8"
# One point for each:
#
# - a right formula (`cave/bat`, or `cave + cave:bat`, and the microphone added to it, random or fixed),
#   with nested and crossed named rightly
# - the labels: `(1 | bat)` joins bats of six caves
# - sex varies between bats, so that bats, not calls, are what she counts
