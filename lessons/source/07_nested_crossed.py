# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] minutes=40 needs="random intercepts (04)"
# # 7. Nested and crossed: families of families
#
# **You will be able to**
#
# - tell nested from crossed grouping factors by looking at a table, and write the formula of each;
# - explain what `a/b` stands for, and why the two notations often give one model;
# - notice when labels repeat, and what a wrong formula then claims;
# - say why, in these models, a level with one row each cannot have a random effect of its own.
#
# **Data** `owl_cort`, `schools`, `words` (all synthetic).
# **Lectures** 003 "Crossed data" and "Nested data"; 004 "Nested and crossed random effects".

# %%
import matplotlib.pyplot as plt
import pandas as pd

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.check import check
from lmmkit.course.lesson import GREY, in_words, key_points, lecture_vs_truth, use_course_look

use_course_look()

# %% [markdown] covers="003-19"
# ## The question
#
# An owl chick belongs to a brood. Chicks of one brood share parents, a nest box, a winter of many mice or of few.
# And a chick is measured up to three times. So a measurement belongs to a chick, and the chick to a brood: groups within groups.
# Such factors are **nested**: every ring (the number on a chick's leg) occurs in one brood only.
#
# A reaction time belongs to a subject and to a word. But subjects do not belong to words, nor words to subjects: each
# subject meets the same words. Such factors are **crossed**.
#
# Which is which can be read off a table of counts. Nested: every column has its numbers in one row. Crossed: the table is full.

# %% covers="003-18"
owls, words = lk.load_data("owl_cort"), lk.load_data("words")
nested = pd.crosstab(owls["Brood"].astype(str), owls["Ring"].astype(str)).to_numpy()
crossed = pd.crosstab(words["subject"], words["item"]).to_numpy()
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
left.spy(
    nested[:14, : int((nested[:14].sum(axis=0) > 0).sum())],
    marker="s",
    markersize=4,
    color=GREY,
    aspect="auto",
)
left.set_title("nested: broods and rings")
left.set_xlabel("ring")
left.set_ylabel("brood")
right.spy(crossed[:14], marker="s", markersize=4, color=GREY, aspect="auto")
right.set_title("crossed: subjects and words")
right.set_xlabel("word")
right.set_ylabel("subject")
for ax in (left, right):
    ax.tick_params(labelbottom=False, labelleft=False, labeltop=False, top=False, bottom=False, left=False)
plt.show()

# %% [markdown]
# A square is a combination that occurs. On the left each ring (column) has one brood (row); on the right nearly every
# subject has met every word (a few answers were wrong and left out).
#
# ## Nested, in a formula
#
# For blood sample $i$ of ring $j$ in brood $k$:
#
# $$\log(\text{cort})_{ijk} = \text{fixed part}_{ijk} + b_k + c_{jk} + \varepsilon_{ijk},\qquad
# b_k \sim N(0,\tau_1^2),\; c_{jk}\sim N(0,\tau_2^2),\; \varepsilon_{ijk}\sim N(0,\sigma^2)$$
#
# `(1 | Brood/Ring)` says: an effect for each brood, and one for each ring within its brood. It is short for
# `(1 | Brood) + (1 | Ring:Brood)`. In R: `lmer(log(totCort) ~ Implant*days + (1|Brood/Ring), data = owls, REML = FALSE)`.

# %% covers="004-39 004-40"
as_nested = lk.lmer("log(totCort) ~ Implant + days + Implant:days + (1 | Brood/Ring)", owls, reml=False)
print(as_nested.varcorr)
as_crossed = lk.lmer(
    "log(totCort) ~ Implant + days + Implant:days + (1 | Brood) + (1 | Ring)", owls, reml=False
)
print(as_crossed.varcorr)

# %% mends="x004-11"
lecture_vs_truth(
    "004, nested and crossed",
    "the two formulas are shown as two different models, one nested, one crossed",
    "rings have numbers of their own, so a ring names its brood; the two formulas are the same model, written"
    " twice",
    f"log-likelihoods {as_nested.loglik:.4f} and {as_crossed.loglik:.4f}; "
    f"rings counted {as_nested.ngroups['Ring:Brood']} and {as_crossed.ngroups['Ring']}",
)

# %% [markdown]
# So the difference between the notations matters only when labels are used again. Suppose that somebody had numbered the
# chicks first, second, third in each brood. We do that now.

# %%
order = owls.groupby("Brood", observed=True)["Ring"].transform(
    lambda ring: pd.factorize(ring.astype(str))[0] + 1
)
renumbered = owls.assign(chick="chick" + order.astype(str))
right_way = lk.lmer("log(totCort) ~ Implant*days + (1 | Brood/chick)", renumbered, reml=False)
wrong_way = lk.lmer("log(totCort) ~ Implant*days + (1 | Brood) + (1 | chick)", renumbered, reml=False)
print("groups, Brood/chick:     ", right_way.ngroups.to_dict())
print("groups, Brood + chick:   ", wrong_way.ngroups.to_dict())
sharing = renumbered.groupby("chick")["Brood"].nunique()
in_words(
    f"Written with the slash the model is what it was (log-likelihood {right_way.loglik:.4f}).",
    f"Written with a plus it believes in {wrong_way.ngroups['chick']} chicks that live in many broods at once, chick1 in all "
    f"{sharing.max()}, chick6 in {sharing.min()} (log-likelihood {wrong_way.loglik:.4f}). "
    f"It finds an SD of {wrong_way.varcorr.frame.set_index('grp').loc['chick', 'sdcor']:.2f} between them: the fit is singular, and that "
    "is the only sign it gives.",
)

# %% [markdown]
# **Predict, then run.** In `schools`, classes are called c1, c2, ... in every school. How many groups will
# `(1 | class)` alone have? Here are the classes of the first three of the twelve schools.

# %%
schools = lk.load_data("schools")
classes = schools[["school", "class"]].drop_duplicates().reset_index(drop=True)
print(classes[classes["school"].isin(["sch01", "sch02", "sch03"])].to_string())
print(f"classes in all schools: {len(classes)}; no school has more than {classes.groupby('school', observed=True).size().max()}")

# %%
your_groups = ...
check("07.q1", your_groups)

# %%
good = lk.lmer("score ~ hours + (1 | school/class)", schools)
bad = lk.lmer("score ~ hours + (1 | school) + (1 | class)", schools)
for name, fit in (("school/class", good), ("school + class", bad)):
    print(f"--- {name}")
    print(fit.varcorr)

# %% [markdown]
# The wrong model finds little difference between "classes", since the first class of one school has nothing in common with the
# first class of the next. The real differences between classes go into the residual, and a part of them into the schools; and the standard
# errors of anything measured per class become too small.
#
# Build such a design yourself. Switch the labels between unique and repeating and see what each formula claims.

# %%
explorers.nested_crossed()

# %% [markdown]
# With unique labels, a lower unit is known by its label alone. With labels that start anew, the label alone throws units of different groups
# together: the formula counts fewer units than there are.

# %% [markdown]
# **Your turn.** Pupils are nested in classes, and pupil numbers start again in every class. Which formula is right for
# data with *several* test scores per pupil? `"(1 | pupil)"`, `"(1 | school/class/pupil)"` or `"(1 | school) + (1 | class) + (1 | pupil)"`

# %%
your_formula = ...
check("07.q2", your_formula)

# %% [markdown]
# ## One row each
#
# Lecture 003 writes `(1 | School/Class/Student)` for data with a row per student. Let us try.

# %% mends="x003-9"
try:
    lk.lmer("score ~ hours + (1 | school/class/pupil)", schools)
except ValueError as refusal:
    print(refusal)
lecture_vs_truth(
    "003, nested data",
    "(1 | School/Class/Student) for one outcome per student",
    "with one row per student the student's effect is the residual; no data can tell the two apart, and lmer stops",
    f"{len(schools)} rows and as many pupils: the message above",
)

# %% [markdown]
# ## Crossed, in a formula
#
# Each reaction time has an effect of its subject and one of its word, added up: `(1 | subject) + (1 | item)`.

# %%
both = lk.lmer("rt ~ condition + (1 | subject) + (1 | item)", words)
subjects_only = lk.lmer("rt ~ condition + (1 | subject)", words)
print(both.summary())

# %%
in_words(
    f"Subjects differ by a standard deviation of {both.varcorr.frame['sdcor'].iloc[0]:.0f} ms, words by"
    f" {both.varcorr.frame['sdcor'].iloc[1]:.0f} ms. What is left, one trial of one subject with one word, scatters by"
    f" {both.sigma:.0f} ms: what is peculiar to the pair, and noise, which one row for each pair cannot tell apart.",
    "Leave the words out, and their differences go into the residual: sigma becomes"
    f" {subjects_only.sigma:.0f} ms, and the standard error of priming {subjects_only.se.iloc[1]:.2f} ms"
    f" instead of {both.se.iloc[1]:.2f} ms.",
)

# %% [markdown]
# Here every word was met in both conditions, so leaving the words out only costs precision. Had each condition had its own words, it
# would have been worse: the words' differences would have passed for an effect of the condition.
#
# **Your turn.** A study has plots in fields; each plot is visited by all of the same four observers. Fields and plots are
# nested. And plots and observers? `"nested"` or `"crossed"`?

# %%
your_word = ...
check("07.q3", your_word)

# %%
key_points(
    "Nested: each lower level lives in one upper level. Crossed: levels meet in all combinations.",
    "a/b is short for a + b:a, an effect of a and one of each b within its a.",
    "If labels are unique, slash and plus are the same model; if they repeat, only the slash (or a:b) is"
    " right.",
    "Look at the number of groups that the fit prints. Is it the number of things you have?",
    "In a linear mixed model, a level with one row each has no random effect of its own.",
)

# %% [markdown]
# ## Further reading
#
# - Baayen, R. H., Davidson, D. J., and Bates, D. M. (2008). Mixed-effects modeling with crossed random effects for subjects and
#   items. *Journal of Memory and Language* 59, 390–412.
# - Schielzeth, H., and Nakagawa, S. (2013). Nested by design: model fitting and interpretation in a mixed model era. *Methods in Ecology
#   and Evolution* 4, 14–24.
