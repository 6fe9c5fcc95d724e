# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercise 16. Choosing and reporting
#
# Two warm-ups from earlier lessons and seven tasks on lesson 16; about fifty-five minutes. The last is a paragraph that could go into a paper.
# Put your answers where the three dots are and run the cell. You get a verdict at once, and a hint when you need one. Two digits are
# enough for any number.

# %%
from lmmkit.course.start import check, explorers, lesson, lk, np, plt, stats

words = lk.load_data("words")
words.head()

# %% [markdown]
# `words`: strings of letters appear on a screen, and thirty subjects press a button as soon as they know whether it is a word. Half of the
# words (`item`) come after a related one (*mouse* after *owl*), so they are `primed`. For every other subject it is the other half. `rt` is
# the time to the right answer (ms); wrong answers were left out. (The data are simulated.)
#
# ## Warm-up a, from lesson 11
#
# A study has four nests with a feeder and four without. Which test of the feeder claims too much with so few groups: `"likelihood ratio"`, `"Satterthwaite"`,
# `"Kenward-Roger"` or `"t-test of nest means"`?

# %% tags=["solution"] task="w1"
warm_a = "likelihood ratio"

# %%
check("ex16.w1", warm_a)

# %% [markdown]
# ## Warm-up b, from lesson 13
#
# In a Poisson model the coefficient of `feeder` is {{w2.b}}. By how many *per cent* are there more chicks with a feeder than without?

# %% tags=["solution"] task="w2"
warm_b = 100 * (np.exp(0.405) - 1)
### OWN warm_b = 100 * (np.exp(own_numbers("ex16.w2").b) - 1)

# %%
check("ex16.w2", warm_b)

# %% [markdown]
# ## 1. The question decides
#
# Subjects are a random effect, if we ask about people. Which of these questions about the same data would make `subject` a *fixed* effect?
#
# - *A*: Does priming help people to recognise words?
# - *B*: How much do people differ in what priming does for them?
# - *C*: Is subject s07 faster than subject s21?
# - *D*: How fast will somebody be who has not been tested yet?

# %% tags=["solution"] task="q1"
answer_1 = "C"

# %%
check("ex16.q1", answer_1)

# %% [markdown]
# ## 2. The sampling decides
#
# Another study: perch were caught in twenty lakes, in each of three years, a few dozen at every visit, and each was measured once. Are perch
# longer in some years? Which model does this sampling ask for?
#
# - *A*: `length ~ year + (1 | lake)`
# - *B*: `length ~ year + (1 | lake) + (1 | lake:year)`
# - *C*: `length ~ 1 + (1 | lake) + (1 | year)`
# - *D*: `length ~ year + (1 | lake/year/fish)`

# %% tags=["solution"] task="q2"
answer_2 = "B"

# %%
check("ex16.q2", answer_2)

# %% [markdown]
# ## 3. The model
#
# Back to the words. The plan said, before anybody was tested: the response is `rt`, the `condition` is a fixed effect; subjects differ in
# how fast they are
# *and* in what priming does for them, which may be correlated; words differ in how hard they are. By REML. The beginning is given.

# %% tags=["solution"] task="q3"
### GIVEN # model = lk.lmer("rt ~ condition + (...) + (...)", words)
model = lk.lmer("rt ~ condition + (condition | subject) + (1 | item)", words)

# %%
check("ex16.q3", model)

# %% tags=["fold"]
# Table: the fixed effects of your model, with 95% intervals by t
if model is not ...:
    fixed = model.coef_table()
    half = fixed["std_error"] * stats.t.ppf(0.975, fixed["df"])
    fixed = fixed.assign(low=fixed["estimate"] - half, high=fixed["estimate"] + half).round(3)
fixed if model is not ... else None

# %% tags=["fold"]
# Table: the variances and standard deviations of your model
model.varcorr.frame.round(3) if model is not ... else None

# %% [markdown]
# ## 4. What is it for one person?
#
# The interval in the first table is about the *average* person. A reader may want to know about persons: within which limits, symmetrical about
# the average, do the priming effects of 95% of all people lie, by the model's estimates? Give `[low, high]` in ms; take 1.96 for the
# quantile.

# %% tags=["solution"] task="q4"
table = model.varcorr.frame
spread = table[(table["var1"] == "conditionprimed") & table["var2"].isna()]["sdcor"].iloc[0]
centre = model.fixef["conditionprimed"]
answer_4 = [centre - 1.96 * spread, centre + 1.96 * spread]

# %%
check("ex16.q4", answer_4)

# %% tags=["picture"]
# Picture: the effect of priming on each subject, as the model sees it
if model is not ...:
    effects = model.coef()["subject"]["conditionprimed"].sort_values()
    fig, ax = plt.subplots(figsize=(8, 3.6))
    ax.plot(effects, range(len(effects)), "o", color=lesson.BLUE, label="a subject, as the model sees it")
    ax.axvline(model.fixef["conditionprimed"], color="black", ls="--", label="average")
    ax.axvline(0, color="black", ls=":", label="no effect")
    ax.set_yticks([])
    ax.set_xlabel("effect of priming (ms)")
    ax.legend(fontsize=11, loc="lower center", bbox_to_anchor=(0.5, 1), ncol=3)
    lesson.show(
        f"{len(effects)} dots, one per subject, from {effects.min():.0f} to {effects.max():.0f} ms around the average of"
        f" {model.fixef['conditionprimed']:.0f} ms; {(effects < 0).sum()} of them lie below zero."
    )

# %% [markdown]
# ## 5. Find the mistake
#
# Cleo has the same model and has written these five sentences. One of them cannot go to print. Which?

# %% tags=["fold"]
# In words: Cleo's five sentences
cleo = ["Fit the model of task 3, then run this cell again."]
if model is not ...:
    row = model.coef_table().loc["conditionprimed"]
    df = model.nobs - len(model.fixef)
    p = 2 * stats.t.sf(abs(row["statistic"]), df)
    parts = model.varcorr.frame
    sd = parts[(parts["var1"] == "(Intercept)") & parts["var2"].isna()].set_index("grp")["sdcor"]
    cleo = [
        f"(A) We analysed {model.nobs} right answers of {model.ngroups['subject']} subjects to "
        f"{model.ngroups['item']} words; wrong answers were left out.",
        "(B) The time to an answer was described by a linear mixed model, fitted by REML, with the "
        "condition as fixed effect, random intercepts for words, and random intercepts and slopes of the "
        "condition, correlated, for subjects.",
        f"(C) Primed words were recognised {-row['estimate']:.0f} ms faster (standard error "
        f"{row['std_error']:.1f} ms, t({df}) = {row['statistic']:.2f}, {lesson.p_value(p)}).",
        f"(D) Without a prime, the standard deviation was {sd['subject']:.0f} ms between subjects and "
        f"{sd['item']:.0f} ms between words.",
        "(E) What subject, word and condition do not explain of the single answers has a standard "
        f"deviation of {model.sigma:.0f} ms.",
    ]
lesson.in_words(*cleo)

# %% tags=["solution"] task="q5"
answer_5 = "C"

# %%
check("ex16.q5", answer_5)

# %% [markdown]
# ## 6. With the sliders
#
# Build models of the drivers who slept too little: data `sleepstudy`, response `Reaction`, fixed part `Days`. Change the random part, and
# read in the panel what each comparison with the model before says. With which random part would you stay: with the largest one
# that is worth its parameters?

# %%
explorers.model_builder(data="sleepstudy", response="Reaction", fixed="Days", random="(1 | Subject)")

# %% tags=["solution"] task="q6"
answer_6 = "(Days || Subject)"

# %%
check("ex16.q6", answer_6)

# %% [markdown]
# ## 7. The paragraph
#
# Write the *Methods* and *Results* of the study of words, five to seven sentences, so that a stranger with the table could fit your model again.
# The numbers are in the cells above, and here are four pictures, so that you may say that you have looked. Somebody who reads only your
# results should know how much priming helps on average, how sure that is, and
# whether it helps everybody.

# %% tags=["picture"]
# Picture: the four pictures of your model, and what to look at
if model is not ...:
    model.plot.diagnostics()
    lesson.show(
        f"Four pictures of {model.nobs} residuals: against fitted values, their sizes, their quantiles, and the quantiles of subjects and"
        f" words. The residuals' skewness is {model.resid().skew():.2f}."
    )

# %% [markdown] tags=["written"] task="q7" points=4
# *Methods.* We modelled the time to the right answer (693 right answers of thirty subjects to 24 words; wrong answers were left out) by a
# linear mixed
# model, fitted by REML with lmmkit (the version is `lk.__version__`). The condition (primed or not) was a fixed effect; subjects had correlated random intercepts and slopes of the
# condition, words had random intercepts, as planned before the study. We report a t-test with Satterthwaite's degrees of freedom; residuals were
# drawn against fitted values, and subjects and words against normal quantiles.
#
# *Results.* Primed words were recognised 35 ms faster (95% interval 23 to 47 ms; t(27) = -5.9, p < 0.001). By the model's estimates, the effect lies
# between 70 ms faster and hardly any difference in 95% of people, so priming helps nearly everybody, though not by the same amount. The standard
# deviation was 63 ms between subjects (without a prime), 35 ms between words, and 65 ms in what is left of the single answers.

# %% [markdown] tags=["rubric"] task="q7"
# One point for each:
#
# - the model can be fitted again (response, fixed effect, random intercepts *and* slopes, both groupings,
#   REML)
# - the numbers of observations, subjects and words, and what was left out
# - the effect in ms, with its interval and the right degrees of freedom (about 27)
# - a sentence on the variation between people, not confused with the uncertainty of the average
#
# Students with data of their own have slightly other figures. Take half a point away for "highly
# significant" without a size, for a p-value of zero, or for a check that was claimed and not made.
