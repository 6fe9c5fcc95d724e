# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=45 needs="a standard deviation and a standard error (01), fixed and random effects (03)"
# # 4. Random intercepts
#
# **You will be able to**
#
# - write a random-intercept model in words, in symbols and in a formula;
# - read every line of a fitted model's printout;
# - say what share of the variance lies between groups;
# - report an effect on a log scale in plain words.
#
# **Data** `mouse`, `owl_cort` (both made for this course: they give the printed results of some lectures, but
# neither mice nor owls stand behind them).

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt

# %% [markdown] asks="q000-16"
# ## Fifty mice, five strains
#
# A new drug may make mice lose weight. Fifty mice get between one and five milligrams of it a day, for each
# kilogram that they weigh (mg/kg). But mice come in *strains*: families that have been bred apart for many years.
# Some strains are heavy by birth, some are light, and here there are five. **What does one mg/kg more do to the
# weight of a mouse?**
#
# We begin with what we know: a straight line for all fifty.

# %% covers="000-s16"
mice = lk.load_data("mouse")
line = lk.lm("Weight ~ Dose", mice)

# %% tags=["picture"] covers="003-14"
# Picture: the mice with one line, and what it leaves over
LOOKS = [(lesson.BLUE, "o"), (lesson.RED, "s"), (lesson.GREEN, "^"), (lesson.PINK, "D"), (lesson.ORANGE, "v")]
doses = np.array([1.0, 5.0])


def draw(model, own=False):
    """Left the mice with the model's lines; right the residuals of each strain with their mean."""
    _, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    for x, ((colour, mark), (strain, rows)) in enumerate(
        zip(LOOKS, mice.groupby("Strain", observed=True), strict=True)
    ):
        left.plot(rows["Dose"], rows["Weight"], mark, color=colour, ms=5, alpha=0.75, label=strain)
        if own:
            left.plot(doses, model.predict(pd.DataFrame({"Dose": doses, "Strain": strain})), color=colour)
        residuals = model.resid().loc[rows.index]
        right.plot(np.full(len(rows), x), residuals, mark, color=colour, ms=6, alpha=0.75)
        right.hlines(residuals.mean(), x - 0.35, x + 0.35, color=colour, lw=3)
    left.plot(doses, model.fixef.iloc[0] + model.fixef["Dose"] * doses, "--", color="black", lw=2.5)
    left.set(xlabel="dose (mg/kg a day)", ylabel="weight (g)", ylim=(8, 31))
    left.legend(ncols=5, fontsize=11, loc="upper center", handletextpad=0.1, columnspacing=0.8)
    right.axhline(0, color="black", lw=1)
    right.set_xticks(range(5), mice["Strain"].cat.categories)
    right.set(xlabel="strain", ylabel="residual (g)", ylim=(-6.2, 6.2))
    return model.resid().groupby(mice["Strain"], observed=True).mean()


left_over = draw(line)
lesson.show(
    "Left: fifty mice in five colours, and one dashed line that falls to the right. Right: the residuals of each "
    f"strain. Their means are {', '.join(f'{value:.1f}' for value in left_over)} g for the strains m1 to m5."
)

# %% [markdown]
# Colour and shape are the strain. On the right are the residuals, strain by strain, with their means as bars.
# Four of the five strains lie wholly above or wholly below zero. So fifty mice of five strains are not fifty
# independent mice: if you know the strain, you can nearly always guess the sign of the residual. Here is what the line
# says of the dose; remember the standard error.

# %%
line.coef_table()[["estimate", "std_error"]].round(3)

# %% [markdown]
# ## A level for each strain
#
# In words: *the weight of a mouse is a common start, plus its strain's own deviation from that start, plus an
# effect of the dose, plus what is peculiar to this mouse.* In symbols, for mouse $i$ of strain $j$:

# %% [markdown] covers="001-14 003-9" asks="q000-17" mends="x003-4"
# $$\text{Weight}_{ij} = \beta_0 + b_j + \beta_1\,\text{Dose}_{ij} + \varepsilon_{ij},\qquad
# b_j \sim N(0, \tau^2),\quad \varepsilon_{ij} \sim N(0, \sigma^2)$$
#
# - $\beta_0$ and $\beta_1$ are fixed effects: where the average strain starts, and what one mg/kg more does;
# - $b_j$ is the random intercept of strain $j$: one number, shared by all its mice;
# - $\tau$ is the standard deviation *between* strains, $\sigma$ that of mice *within* a strain.
#
# In the formula we write `(1 | Strain)`. Read the bar as "for each": an intercept, written `1`, for each strain.
#
# You may read that a variance is fitted for each group. In truth there is one $\tau$ for all groups. The five
# $b_j$ are not five parameters; the model knows of them only that they scatter around zero with this one SD.
#
# **Predict, then run.** What will become of the residual standard deviation, compared with the straight line?
# Will it be `"smaller"`, `"larger"` or `"the same"`?

# %%
your_residual = ...
check("04.q1", your_residual)

# %% covers="000-s17" asks="q000-17"
fit = lk.lmer("Weight ~ Dose + (1 | Strain)", mice)
print("one line for all:", round(line.sigma, 3), "g")
print(fit.varcorr)

# %% [markdown]
# This table has the two spreads: `Strain` is $\tau$, `Residual` is $\sigma$. (In R: `library(lme4)`, then
# `lmer(Weight ~ Dose + (1 | Strain), data = mouse)`.)

# %% tags=["picture"]
# Picture: a line for each strain, and what they leave over
left_over = draw(fit, own=True)
lesson.show(
    "Left: five parallel lines, one through the mice of each strain, and dashed the line of the average strain. "
    f"Right: the residuals of every strain now scatter around zero; the largest mean is {left_over.abs().max():.2f} g."
)

# %% [markdown]
# Left, five parallel lines; dashed is the line of the average strain. Right, every strain sits around zero.

# %% tags=["fold"] asks="q000-16"
# In words: what the drug does
wald, plain = fit.coef_table().loc["Dose"], line.coef_table().loc["Dose"]
lesson.in_words(
    f"The residual SD was {line.sigma:.2f} g and is {fit.sigma:.2f} g: most of the noise was strains.",
    f"Each mg/kg a day takes {-wald['estimate']:.2f} g off a mouse (standard error {wald['std_error']:.2f}); "
    f"the one line had said {-plain['estimate']:.2f} g ({plain['std_error']:.2f}).",
    "The one line took a part of the strains' differences for an effect of the drug, since the lighter strains "
    "happened to get more of it.",
)

# %% [markdown]
# ## What share of the variance is the strain's?
#
# Variances can be added, so we may ask for shares. The share that lies between strains is the **intraclass
# correlation**, ICC for short. It is also the correlation of two mice of one strain, whatever their doses, once these
# are allowed for:
#
# $$\text{ICC} = \frac{\tau^2}{\tau^2 + \sigma^2}$$
#
# **Predict, then run.** The table above has standard deviations. Work out the share, to two digits.

# %%
your_icc = ...
check("04.q2", your_icc)

# %%
tau2, sigma2 = fit.varcorr.frame["vcov"]
print(round(tau2, 3), round(sigma2, 3), round(tau2 / (tau2 + sigma2), 3))

# %% tags=["fold"]
# In words: two mice
lesson.in_words(
    f"Two mice of one strain at one dose still differ by {np.sqrt(2 * sigma2):.1f} g (the SD of their difference); "
    f"two mice of different strains by {np.sqrt(2 * (tau2 + sigma2)):.1f} g."
)

# %% [markdown]
# ## Three tables that belong together
#
# `fixef` is the average strain. `ranef` says how far each strain lies from it.

# %%
fit.fixef.to_frame("fixef").T.round(3)

# %%
fit.ranef()["Strain"].T.round(3)

# %% [markdown] covers="001-18" mends="x003-5"
# You may read that random effects cannot be estimated, since they are draws. In truth they are *predicted*, from
# $\tau$ and the data: here they stand.
#
# **Predict, then run.** What is the intercept of the line of strain `m3`? Use the two tables.

# %%
your_strain = ...
check("04.q3", your_strain)

# %% covers="000-s18"
fit.coef()["Strain"].round(6)

# %% [markdown]
# So *coefficient = fixed effect + random effect*. The column of slopes is the same number five times, since we asked
# for random intercepts only.
#
# ## The printout, line by line
#
# Now you know enough to read all that a fitted model prints. `print(fit.summary(ddf="none"))` prints what stands on the
# left of the next picture; on the right is a note for each line. ($t$ is the estimate divided by its standard error, as in
# the t-test. The p-values are left out here: lesson 11 tells why they are not simple.)

# %% tags=["picture"]
# Picture: what each line says
NOTES = {
    "Linear mixed model": "how the spreads were estimated:\nREML, as here, or ML (see below)",
    "Formula": "the model, as you wrote it",
    "Data": "the table it was fitted to",
    "REML criterion": "how badly the model fits: the search\nmade this as small as it could",
    "-": "what is left of each mouse, in units\nof σ, from the lowest to the highest",
    "Strain": "between strains: the variance τ²\nand its square root, the SD τ",
    "Residual": "mice of one strain: σ² and σ",
    "Number of obs": "50 mice in 5 strains: right?",
    "(Intercept)": "weight of the average strain without\nthe drug: estimate, standard error, t",
    "Dose": "what one mg/kg more does to the\nweight: estimate, standard error, t",
    "Dose ": "how the two estimates hang together:\nif one is too high, the other tends to be low",
}
lesson.show(lesson.annotated(fit.summary(ddf="none"), NOTES))

# %% [markdown]
# Three lines need a word more.
#
# - *Variance and Std.Dev.* are two ways to say one thing. The second is the square root of the first, and **not** its
#   error.
# - The *criterion* is a measure of misfit. Of two models of the same data with the same fixed effects, the one with the
#   smaller criterion is closer to the data. *At convergence* means: where the search has ended.
# - **REML** or **ML**? Both find the values that make the data most probable. ML forgets that the fixed effects were
#   estimated, too, and so its variances come out a little small. REML allows for that, as you do when you divide by
#   $n - 1$ and not by $n$. It is the default.
#
# ## What may stand left of the bar
#
# The next lesson takes the full language. Here are its words, for a predictor `x` and groups `g`:

# %% [markdown] covers="000-s15"
# - `(1 | g)`: random intercepts;
# - `(0 + x | g)`: random slopes, and one intercept for all;
# - `(x | g)`: random intercepts *and* slopes, with their correlation; the same as `(1 + x | g)`;
# - `(x || g)`: both, without a correlation.

# %% covers="000-s15"
left_of_bar = ["1 |", "0 + Dose |", "Dose |", "1 + Dose |", "Dose ||"]
rows = {}
for left in left_of_bar:
    model = lk.lmer(f"Weight ~ Dose + ({left} Strain)", mice)
    rows[left] = {"SDs and correlations": len(model.theta), "criterion": model.reml_criterion}
pd.DataFrame.from_dict(rows, orient="index").round(4)

# %% [markdown] mends="x000-5"
# You may read that `(x | g)` is a random effect of `x` and `(0 + x | g)` a random slope. In truth the first has an
# intercept, a slope and their correlation, and the second forces all groups through one intercept. See rows three and
# four, which are one model, and row two, which fits much worse.
#
# Build a few models yourself. The explorer says each of them as a formula, as an equation and in English.

# %%
explorers.model_builder()

# %% [markdown]
# Are random slopes worth it for the mice? The criterion of `(Dose | Strain)` is lower than that of `(1 | Strain)` by
# about 3, for two numbers more. By chance alone, these two lower it by one or two. So they are not.
#
# ## Or a fixed factor?
#
# You may read that different starting weights *are* modelled with a random strain. In truth that is one way. If these
# five strains are all that you care about, a fixed factor is just as sound; and from five strains $\tau$ is
# poorly known.

# %% mends="x000-7"
with_fixed = lk.lm("Weight ~ Dose + Strain", mice)
print(f"slope with random strains: {fit.fixef['Dose']:.3f}")
print(f"slope with fixed strains:  {with_fixed.fixef['Dose']:.3f}")
low, high = fit.confint(parm="sd_(Intercept)|Strain").iloc[0]
print(f"95% interval of the SD between strains: {low:.2f} to {high:.2f} g")

# %% [markdown] covers="004-20"
# ## Owls under stress
#
# Now more than a hundred groups. Young barn owls were given an implant with the stress hormone corticosterone (`C`), or
# an empty one, the placebo (`P`). Blood was taken before, two days after and twenty days after. **What does the implant do to the
# hormone in the blood?**
#
# Each bird wears a ring with a number. Most were caught more than once, so the rows of one `Ring` belong together.
# Hormones tend to rise and fall by *factors* (twice as much, half as much). So we take the logarithm: a
# difference of logarithms is a ratio.

# %%
owls = lk.load_data("owl_cort")
caught = owls["Ring"].value_counts()
print("caught once, twice, three times:", *caught.value_counts().sort_index())
owls.head(3)

# %% tags=["picture"] covers="004-25" asks="q004-4"
# Picture: the hormone of the birds that were caught twice or more
DAYS = {day: x for x, day in enumerate(owls["days"].cat.categories)}
KINDS = {"C": ("corticosterone", lesson.TREATED, "o"), "P": ("placebo", lesson.CONTROL, "s")}
fig, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
for ax, (kind, (name, colour, mark)) in zip(axes, KINDS.items(), strict=True):
    birds = owls[owls["Implant"].astype(str) == kind]
    for _, rows in birds.groupby("Ring", observed=True):
        if len(rows) > 1:
            ax.plot(rows["days"].astype(str).map(DAYS), rows["totCort"], color=colour, lw=0.5)
    typical = np.exp(np.log(birds["totCort"]).groupby(birds["days"], observed=True).mean())
    ax.plot(range(3), typical, mark, color="black", ms=10)
    ax.margins(x=0.12)
    ax.set_yscale("log")
    ax.set_yticks([1, 3, 10, 30, 100], [1, 3, 10, 30, 100])
    ax.set_xticks(range(3), ["before", "day 2", "day 20"])
    ax.set(title=name, xlabel="blood sample")
    KINDS[kind] += (typical,)
axes[0].set_ylabel("corticosterone (ng/mL)")
lesson.show(
    "Two panels with a line for each bird. "
    + " ".join(
        f"With {name} the typical values are {', '.join(f'{value:.1f}' for value in typical)} ng/mL before, on day "
        "2 and on day 20." for name, _, _, typical in KINDS.values()
    )
)

# %% [markdown]
# Thin lines are birds that were caught at least twice. Black marks are typical values: means of logarithms, turned back, which
# are called *geometric means*. The vertical scale is logarithmic.
#
# Does the hormone take another way with the implant than with the placebo? That is an *interaction*, `Implant:days`. Here
# is the model in symbols.

# %% covers="004-21"
owl_formula = "log(totCort) ~ Implant + days + Implant:days + (1 | Ring)"
reml = lk.lmer(owl_formula, owls)
reml.equation()

# %% covers="004-22" asks="q004-4"
print(reml)

# %% [markdown]
# The reference is a `C` bird before the implant; `days2` is *its* change from before to day 2.
#
# **Predict, then run.** By how much does the log concentration of a *placebo* bird change from before to day 2? Two of
# the numbers above are needed.

# %%
your_placebo = ...
check("04.q4", your_placebo)

# %%
b = reml.fixef
changes = {
    "C, day 2": b["days2"],
    "P, day 2": b["days2"] + b["ImplantP:days2"],
    "C, day 20": b["days20"],
    "P, day 20": b["days20"] + b["ImplantP:days20"],
}
table = pd.Series(changes).to_frame("change of the logarithm")
table.assign(times=np.exp(table)).round(2)

# %% tags=["fold"] asks="q004-4"
# In words: what the implant does
sd_ring, _ = reml.varcorr.frame["sdcor"]
times = np.exp(pd.Series(changes))
lesson.in_words(
    f"Two days after a corticosterone implant the hormone is {times['C, day 2']:.1f} times what it was; after a placebo, "
    f"{times['P, day 2']:.2f} times: no change to speak of.",
    f"By day twenty the two hardly differ any more: {times['C, day 20']:.2f} and {times['P, day 20']:.2f} times.",
    f"Birds differ: two of them, drawn at random, by a factor of about {np.exp(sd_ring * np.sqrt(2)):.1f}"
    " in what is typical for them (one standard deviation of the difference).",
)

# %% [markdown]
# **Predict, then run.** Now the owls by ML as well. Which of the two gives the larger standard deviations here, as it usually
# does: `"REML"` or `"ML"`?

# %%
your_larger = ...
check("04.q5", your_larger)

# %% covers="004-23"
ml = lk.lmer(owl_formula, owls, reml=False)
spreads = reml.varcorr.frame[["grp", "sdcor"]].rename(columns={"sdcor": "REML"})
spreads.assign(ML=ml.varcorr.frame["sdcor"]).round(4)

# %% [markdown]
# With so many birds the two hardly differ. Still, always say which of the two a table shows.
#
# Is the ring all that these birds share? Young owls have brothers and sisters. They share a nest, parents, and the mice
# that the parents bring. Lesson 7 makes a model of that; here is a first look.

# %% mends="x004-10"
nested = lk.lmer("log(totCort) ~ Implant * days + (1 | Brood/Ring)", owls)
print(nested.varcorr)

# %% [markdown]
# You may read `(1 | Ring)` alone. In truth the birds of one brood are not independent either: a large part of the spread
# between rings was the nest's.

# %% tags=["box"] covers="003-31"
# Box: key points
lesson.key_points(
    "(1 | g) gives every group its own level: one number, shared by all its rows.",
    "Estimated are the fixed effects and two variances; the groups' own levels are predicted from them.",
    "coef = fixef + ranef; ICC = variance between / total variance.",
    "Say whether a fit is REML or ML, and on which scale an effect is.",
)

# %% [markdown]
# ## Further reading
#
# - Laird, N. M., and Ware, J. H. (1982). Random-effects models for longitudinal data. *Biometrics* 38, 963–974.
# - Nakagawa, S., and Schielzeth, H. (2010). Repeatability for Gaussian and non-Gaussian data: a practical guide for
#   biologists. *Biological Reviews* 85, 935–956.
# - Bates, D., Mächler, M., Bolker, B., and Walker, S. (2015). Fitting linear mixed-effects models using lme4.
#   *Journal of Statistical Software* 67(1).
