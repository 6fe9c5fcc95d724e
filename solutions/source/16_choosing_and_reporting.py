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
# Seven tasks on lesson 16, from recall to judgement; about forty minutes. The last of them is a paragraph that could go into a paper.
# Put your answers where the three dots are and run the cell.

# %%
import matplotlib.pyplot as plt
from scipy import stats

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.check import check
from lmmkit.course.lesson import BLUE, GREY, RED, in_words, table_text, use_course_look

use_course_look()
words = lk.load_data("words")
words.head()

# %% [markdown]
# `words`: strings of letters appear on a screen, and thirty subjects press a button as soon as they know whether it is a word. Half of the
# words (`item`) come after a related one (*mouse* after *owl*), so they are `primed`; for every other subject it is the other half. `rt` is
# the time to the right answer (ms); wrong answers were left out. (The data are simulated.)
#
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
# *and* in what priming does for them, which may be correlated; words differ in how hard they are. By REML.

# %% tags=["solution"] task="q3"
model = lk.lmer("rt ~ condition + (condition | subject) + (1 | item)", words)

# %%
check("ex16.q3", model)

# %%
if model is not ...:
    print(table_text(model.coef_table()))
    print()
    print(model.varcorr.frame.round(3).to_string(index=False))
    row = model.coef_table().loc["conditionprimed"]
    half = row["std_error"] * stats.t.ppf(0.975, row["df"])
    low, high = row["estimate"] - half, row["estimate"] + half
    print(f"\naverage effect: from {low:.1f} to {high:.1f} ms (95%, t)")

# %% [markdown]
# ## 4. What is it for one person?
#
# The interval in the last line is about the *average* person. A reader may want to know about persons: within which limits, symmetrical about
# the average, do the priming effects of 95% of all people lie, by the model's estimates? Give `[low, high]` in ms; take 1.96 for the
# quantile.

# %% tags=["solution"] task="q4"
table = model.varcorr.frame
spread = table[(table["var1"] == "conditionprimed") & table["var2"].isna()]["sdcor"].iloc[0]
centre = model.fixef["conditionprimed"]
answer_4 = [centre - 1.96 * spread, centre + 1.96 * spread]
print("from", round(answer_4[0], 1), "to", round(answer_4[1], 1), "ms")

# %%
check("ex16.q4", answer_4)

# %%
if model is not ...:
    effects = model.coef()["subject"]["conditionprimed"].sort_values()
    fig, ax = plt.subplots(figsize=(8, 4))
    ax.plot(effects, range(len(effects)), "o", color=BLUE, label="a subject, as the model sees it")
    ax.axvline(model.fixef["conditionprimed"], color=RED, label="average")
    ax.axvline(0, color=GREY, ls="--", label="no effect")
    ax.set_yticks([])
    ax.set_xlabel("effect of priming (ms)")
    ax.legend(fontsize=11, loc="lower center", bbox_to_anchor=(0.5, 1), ncol=3)
    plt.show()

# %% [markdown]
# ## 5. Find the mistake
#
# Cleo has the same model and has written these five sentences. One of them cannot go to print. Which?

# %%
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
        f"{row['std_error']:.1f} ms, t({df}) = {row['statistic']:.2f}, p = {p:.1g}).",
        f"(D) Without a prime, the standard deviation was {sd['subject']:.0f} ms between subjects and "
        f"{sd['item']:.0f} ms between words.",
        "(E) Between answers that share subject, word and condition, the model leaves a standard "
        f"deviation of {model.sigma:.0f} ms.",
    ]
in_words(*cleo)

# %% tags=["solution"] task="q5"
answer_5 = "C"

# %%
check("ex16.q5", answer_5)

# %% [markdown]
# ## 6. With the handles
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

# %%
if model is not ...:
    model.plot.diagnostics()
    plt.show()

# %% [markdown] tags=["written"] task="q7" points=4
# *Methods.* We modelled the time to the right answer (693 right answers of thirty subjects to 24 words; wrong answers were left out) by a
# linear mixed
# model, fitted by REML with lmmkit (the version is `lk.__version__`). The condition (primed or not) was a fixed effect; subjects had correlated random intercepts and slopes of the
# condition, words had random intercepts, as planned before the study. We report a t-test with Satterthwaite's degrees of freedom; residuals were
# drawn against fitted values, and subjects and words against normal quantiles.
#
# *Results.* Primed words were recognised 35 ms faster (95% interval 23 to 47 ms; t(27) = -5.9, p < 0.001). By the model's estimates, the effect lies
# between 70 ms faster and hardly any difference in 95% of people, so priming helps nearly everybody, though not by the same amount. The standard
# deviation was 63 ms between subjects (without a prime), 35 ms between words and 65 ms between answers.

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
