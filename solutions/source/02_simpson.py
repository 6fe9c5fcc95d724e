# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 2. Simpson's paradox: which slope do you mean?
#
# Two warm-ups and eight tasks on lesson 2, from recall to judgement; about 45 minutes. Put your answers where the three
# dots are and run the cell. You get a verdict at once, and a hint if you need one.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt

# %%
mice = lk.load_data("mouse")
mice.head(3)

# %% [markdown]
# `mouse` holds the weight (g) of mice from five strains, and the dose of a drug (mg/kg) that each of them got. (No mouse was
# harmed: they are synthetic, and so is everything else on this page.)
#
# ## Warm-up: one line
#
# From lesson 1. Fit a straight line, `Weight ~ Dose`, to all mice. Which weight does it promise to a mouse that gets a dose
# of {{w1.dose}} mg/kg? Two digits are enough.

# %% tags=["solution"] task="w1"
line = lk.lm("Weight ~ Dose", mice)
answer_w1 = line.fixef["(Intercept)"] + 3 * line.fixef["Dose"]
### OWN line = lk.lm("Weight ~ Dose", mice)
### OWN answer_w1 = line.fixef["(Intercept)"] + own_numbers("ex02.w1").dose * line.fixef["Dose"]

# %%
check("ex02.w1", answer_w1)

# %% [markdown]
# ## Warm-up: which promise?
#
# From lesson 1. A biologist weighs ten mice on each of thirty days, and fits one line to the three hundred rows. Which promise of the
# linear model is surely broken: `"linearity"`, `"independence"`, `"equal spread"` or `"normality"`?

# %% tags=["solution"] task="w2"
answer_w2 = "independence"

# %%
check("ex02.w2", answer_w2)

# %% [markdown]
# ## 1. Four pictures
#
# Three groups each time, as colour and shape. The dashed line knows nothing of groups; the solid ones are fitted to one group
# each. Which picture shows Simpson's paradox? `"A"`, `"B"`, `"C"` or `"D"`

# %% tags=["picture"]
# Picture: three groups, four times
rng = np.random.default_rng(6)
inside, noise = rng.uniform(-1.2, 1.2, (3, 20)), 0.35 * rng.normal(size=(3, 20))
steps = np.array([[-1.0], [0.0], [1.0]])
clouds = [
    (inside + 1.3 * steps, 5 + 0.8 * inside - 1.1 * steps + noise),
    (inside, 5 + (0.3 + 0.9 * steps) * inside + noise),
    (inside, 5 + 0.8 * inside - 1.3 * steps + noise),
    (inside + 1.3 * steps, 5 + 0.8 * (inside + 1.3 * steps) + noise),
]
LOOKS = [(lesson.BLUE, "o"), (lesson.RED, "s"), (lesson.GREEN, "^")]
fig, axes = plt.subplots(2, 2, figsize=(9.5, 5.6), layout="constrained")
for ax, letter, place in zip(axes.flat, "ABCD", np.random.default_rng(29).permutation(4), strict=True):
    x, y = clouds[place]
    for mine, others, (colour, marker) in zip(x, y, LOOKS, strict=True):
        ax.plot(mine, others, marker, color=colour, ms=5, alpha=0.6)
        ends = np.array([mine.min(), mine.max()])
        ax.plot(ends, np.polyval(np.polyfit(mine, others, 1), ends), color=colour, lw=3)
    ends = np.array([x.min(), x.max()])
    ax.plot(ends, np.polyval(np.polyfit(x.ravel(), y.ravel(), 1), ends), "--", color="black", lw=2.5)
    ax.set_title(letter, loc="left")
fig.supxlabel("predictor")
fig.supylabel("outcome")
lesson.show(
    f"Four pictures, A to D, each with {inside.size} dots in three groups, a solid line for each group and a dashed one for all."
)

# %% tags=["solution"] task="q1"
answer_1 = "C"

# %%
check("ex02.q1", answer_1)

# %% [markdown]
# ## 2. The paradox needs no line
#
# Two types of nest box for tits, with a round and with a square hole, hang in a wood and on farmland. From some of them a
# brood has *fledged* (the young birds grew up and flew out), from others not.

# %%
boxes = pd.DataFrame(
    {
        "hole": ["round", "round", "square", "square"],
        "place": ["wood", "farmland", "wood", "farmland"],
        "boxes": [30, 90, 96, 24],
        "fledged": [27, 54, 84, 12],
    }
)
boxes

# %% [markdown]
# Taken all together, square holes look better. Make the comparison fair. Suppose that *both* types had been hung half in the
# wood and half on the farmland, with the success that each has had in each place. What would the difference square − round
# be, in percentage points? (Two digits are enough.)

# %% tags=["solution"] task="q2"
success = (boxes["fledged"] / boxes["boxes"]).groupby(boxes["hole"]).mean()
answer_2 = 100 * (success["square"] - success["round"])

# %%
check("ex02.q2", answer_2)

# %% [markdown]
# ## 3. Complete the model
#
# To the mice. Model the weight by the dose, with one common slope, and give each strain a level of its own. Take the strains
# as *fixed*: these five are the ones that the laboratory breeds. The model is half written: take away the `#`, and fill in
# the dots.

# %% tags=["solution"] task="q3"
### GIVEN # model = lk.lm("Weight ~ ...", mice)
model = lk.lm("Weight ~ Dose + Strain", mice)

# %%
check("ex02.q3", model)

# %% [markdown]
# ## 4. How much is mixed in?
#
# The line that ignores strains falls more steeply. Its slope is `w` parts "between strains" and `1 − w` parts "within". Compute
# `w`, the share of the variation of the dose that lies between strains, with two digits or more.

# %% tags=["solution"] task="q4"
answer_4 = mice.groupby("Strain", observed=True)["Dose"].transform("mean").var() / mice["Dose"].var()

# %%
check("ex02.q4", answer_4)

# %% tags=["fold"]
# Table: the slopes, and what your share makes of them
if model is not ... and answer_4 is not ...:
    middle = mice.groupby("Strain", observed=True)[["Dose", "Weight"]].transform("mean")
    between, within = lk.lm("Weight ~ Dose", middle).fixef["Dose"], model.fixef["Dose"]
    mixed = answer_4 * between + (1 - answer_4) * within
    pooled = lk.lm("Weight ~ Dose", mice).fixef["Dose"]
    print(
        f"between {between:.3f}   within {within:.3f}   mixed with your w {mixed:.3f}   pooled {pooled:.3f}"
    )

# %% [markdown]
# No paradox here, since both slopes have one sign. And yet strains creep into the slope of the dose. The paradox is only the
# clearest case of something that often happens.
#
# ## 5. With the sliders
#
# Set the explorer to *two groups* and a slope of *1.5 within* them, and leave noise, points and seed as they are. Put the
# slope between the groups at zero and turn it down, a tenth at a time. At which value does the *pooled* line (all points) fall for the
# first time? Your answer is the value of the slider.

# %%
explorers.simpson()

# %% tags=["solution"] task="q5"
answer_5 = next(
    between
    for between in (round(-0.1 * tenths, 1) for tenths in range(15))
    if explorers.simpson.result(groups=2, within=1.5, between=between).pooled[1] < 0
)

# %%
check("ex02.q5", answer_5)

# %% [markdown]
# ## 6. New data, and a blank cell
#
# A colleague has twelve valleys with forty owls each, and knows of every owl how long it hunts and how much it catches. He
# takes the mean of each valley, and fits a line through twelve points:

# %% tags=["fold"]
# Data: 480 owls of twelve valleys
rng = np.random.default_rng(4)
valley = np.repeat(np.arange(12), 40)
hours = 6 + rng.normal(size=12)[valley]
mice_about = 18 - 2 * hours + rng.normal(0, 0.7, 12)[valley]
hours = hours + rng.normal(0, 0.6, valley.size)
catch = mice_about + 0.8 * hours + rng.normal(size=valley.size)
owls = pd.DataFrame({"valley": valley.astype(str), "hours": hours, "catch": catch})
owls.head(3)

# %%
valleys = owls.groupby("valley")[["hours", "catch"]].mean()
lk.lm("catch ~ hours", valleys).coef_table()[["estimate", "std_error", "p_value"]].round(3)

# %% [markdown]
# "No owl is counted twice, and there is no doubt: an owl that hunts longer catches less." His line says something about
# valleys, and he says it about an owl. Fit a better model to the rows of `owls`: the catch by the hours, one common
# slope, and a level for each valley. These valleys are a sample of many, so take the levels as *random*.

# %% tags=["solution"] task="q6"
better = lk.lmer("catch ~ hours + (1 | valley)", owls)

# %%
check("ex02.q6", better)

# %% [markdown]
# ## 7. Three people, three slopes
#
# The same owls. Each of these wants one of three slopes: `"within"`, `"between"` or `"pooled"`. Answer with a list of three,
# in the order a, b, c.
#
# - **a** A trust wants to buy the valley with the largest catch per owl. Of each valley it knows nothing but how long its owls
#   hunt on average.
# - **b** Of one of these owls we know how long it hunted; the label with its valley is lost. We want the best guess of
#   its catch.
# - **c** An owl wonders if it should hunt longer. It will stay in its valley.

# %% tags=["solution"] task="q7"
answer_7 = ["between", "pooled", "within"]

# %%
check("ex02.q7", answer_7)

# %% [markdown]
# ## 8. In your own words
#
# An owl hospital has tried a new treatment. It was not drawn by lot: the vets decided who got it. Some owls arrived in a bad
# state, some in a fair one. On the third day all were weighed, and had gained or lost. Three tables:

# %% tags=["fold"]
# Table: all owls of the hospital
by_arrival = pd.DataFrame(
    {
        "treated": ["yes", "yes", "no", "no"],
        "state on arrival": ["fair", "bad", "fair", "bad"],
        "owls": [20, 80, 100, 20],
        "survived": [19, 40, 90, 6],
    }
)
by_weight = pd.DataFrame(
    {
        "treated": ["yes", "yes", "no", "no"],
        "weight on day 3": ["gained", "lost", "gained", "lost"],
        "owls": [60, 40, 100, 20],
        "survived": [55, 4, 93, 3],
    }
)
everybody = by_arrival.groupby("treated", sort=False)[["owls", "survived"]].sum().reset_index()
everybody.assign(share=(everybody["survived"] / everybody["owls"]).round(2))

# %%
by_arrival.assign(share=(by_arrival["survived"] / by_arrival["owls"]).round(2))

# %%
by_weight.assign(share=(by_weight["survived"] / by_weight["owls"]).round(2))

# %% [markdown]
# Taken all together, treated owls do worse. By their state on arrival, they do better. By their weight on day three, worse
# again. Does the treatment help? Say which of the three tables you believe, why the first is misleading, and why you may not
# simply split by whatever you have measured. (Four or five sentences. Double-click the cell below to write.)

# %% [markdown] tags=["written"] task="q8" points=3
# I believe the second table: the treatment helps. In the first, treated owls are mostly those that arrived in a bad state, and
# such owls die more often whatever one does, so it compares ill owls with well ones. The state on arrival was there *before* the vets
# decided and influenced who was treated; owls of one state can fairly be compared. The weight on day three came *after* the
# treatment, and may be the very way in which it works. A split by weight compares treated owls that did badly in spite of the
# treatment with untreated ones that did badly without, and takes a part of the effect away. A table by anything that the treatment
# has changed does not answer the question, even if its sign has turned round. Best would be to draw lots next time.

# %% [markdown] tags=["rubric"] task="q8"
# One point for each:
#
# - the table by state on arrival is chosen, and read rightly (in both rows treated owls survive more often)
# - the reason behind the first table: owls in a bad state were treated more, and die more
# - the weight is a consequence of the treatment, so that splitting by it is wrong
#
# "Always split" or "always believe the finer table" loses the third point.
