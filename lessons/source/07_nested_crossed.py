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

# %%
from lmmkit.course.start import check, explorers, lesson, lk, pd, plt

# %% [markdown] covers="003-19"
# ## The question
#
# Owl chicks grow up in nest boxes. A hormone (`totCort`, in ng/mL) is measured in their blood, before and after they got an implant (hormone, C, or placebo, P). Here are the first rows.

# %%
owls = lk.load_data("owl_cort")
owls.head(8)

# %% [markdown]
# A blood sample belongs to a chick: `Ring` is the number on a chick's leg, and a chick is measured up to three times. The chick belongs to a brood, and chicks of one brood share
# parents, a nest box, and a year with many mice or with few. So there are groups inside groups. Such factors are
# **nested**: every ring occurs in one brood only.
#
# Other data: people press a button as soon as they recognise a word, and the reaction time `rt` is taken in ms.

# %%
words = lk.load_data("words")
words.head(4)

# %% [markdown]
# A reaction time belongs to a subject and to a word (an *item*). But subjects do not belong to words, nor words to subjects: each
# subject meets the same words. Such factors are **crossed**.
#
# You can see which is which in a table of counts. Nested: every column has its numbers in one row. Crossed: the table is full.

# %% tags=["picture"] covers="003-18"
# Picture: pairs that occur, of broods and rings, of subjects and words
nested = pd.crosstab(owls["Brood"].astype(str), owls["Ring"].astype(str)).to_numpy()[:14]
nested = nested[:, nested.sum(axis=0) > 0]
crossed = pd.crosstab(words["subject"], words["item"]).to_numpy()[:14]
fig, axes = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
titles = ["nested: broods and rings", "crossed: subjects and words"]
for ax, table, title, x, y in zip(axes, [nested, crossed], titles, ["ring", "word"], ["brood", "subject"], strict=True):
    ax.spy(table, marker="s", markersize=4, color=lesson.GREY, aspect="auto")
    ax.set(title=title, xlabel=x, ylabel=y)
    ax.tick_params(labelbottom=False, labelleft=False, labeltop=False, top=False, bottom=False, left=False)
lesson.show(
    f"Left: {nested.shape[1]} rings of {len(nested)} broods, one square in each column, like stairs."
    f" Right: {len(crossed)} subjects and {crossed.shape[1]} words; {100 * (crossed > 0).mean():.0f} of 100 places have a square."
)

# %% [markdown]
# A square is a combination that occurs. On the left each ring (column) has one brood (row); on the right nearly every
# subject has met every word (a few answers were wrong and left out).
#
# ## Nested, in a formula
#
# For blood sample $i$ of ring $j$ in brood $k$:
#
# $$\log(\text{cort})_{ijk} = \text{fixed part}_{ijk} + b_k + c_{jk} + \varepsilon_{ijk}$$
#
# `(1 | Brood/Ring)` says: an effect $b_k$ for each brood, with the variance $\tau_1^2$, and an effect $c_{jk}$ for each ring within its
# brood, with the variance $\tau_2^2$. It is short for
# `(1 | Brood) + (1 | Ring:Brood)`. In R: `lmer(log(totCort) ~ Implant*days + (1|Brood/Ring), data = owls, REML = FALSE)`. The crossed
# notation has a plus instead of the slash. Here are both.

# %% covers="004-39 004-40"
def told(fit):
    """How many broods and chicks a fit counts, how much they differ, and how well it fits."""
    (chick,) = set(fit.ngroups.index) - {"Brood"}
    sd = fit.varcorr.frame.set_index("grp")["sdcor"]
    counts = {"broods": fit.ngroups["Brood"], "chicks": fit.ngroups[chick]}
    return counts | {"SD of broods": sd["Brood"], "SD of chicks": sd[chick], "log-likelihood": fit.loglik}


slash = lk.lmer("log(totCort) ~ Implant * days + (1 | Brood/Ring)", owls, reml=False)
plus = lk.lmer("log(totCort) ~ Implant * days + (1 | Brood) + (1 | Ring)", owls, reml=False)
pd.DataFrame([told(slash), told(plus)], index=["Brood/Ring", "Brood + Ring"]).round(4)

# %% [markdown] mends="x004-11"
# You may read that these are two different models, one nested and one crossed. In truth rings have numbers of their own, so a ring names its
# brood. The two formulas are the same model, written twice.
#
# So the difference between the notations matters only when labels are used again. Suppose that somebody had numbered the
# chicks first, second, third in each brood:

# %%
rings = owls.groupby("Brood", observed=True)["Ring"]
place = rings.transform(lambda ring: pd.factorize(ring.astype(str))[0] + 1)
renumbered = owls.assign(chick="chick" + place.astype(str))
renumbered[["Brood", "Ring", "chick", "days"]].head(8)

# %% [markdown]
# **Predict, then run.** The first chick of every brood is now called `chick1`. Which formula still counts as many chicks as before: the one with the `"slash"`,
# `(1 | Brood/chick)`, or the one with the `"plus"`, `(1 | Brood) + (1 | chick)`?

# %%
your_sign = ...
check("07.q4", your_sign)

# %%
right_way = lk.lmer("log(totCort) ~ Implant * days + (1 | Brood/chick)", renumbered, reml=False)
wrong_way = lk.lmer("log(totCort) ~ Implant * days + (1 | Brood) + (1 | chick)", renumbered, reml=False)
pd.DataFrame([told(right_way), told(wrong_way)], index=["Brood/chick", "Brood + chick"]).round(4)

# %% tags=["fold"]
# In words: what the plus believes
sharing = renumbered.groupby("chick")["Brood"].nunique()
lesson.in_words(
    f"Written with the slash the model is what it was. Written with a plus it believes in {len(sharing)} chicks that live"
    f" in many broods at once, chick1 in all {sharing.max()}, chick6 in {sharing.min()}.",
    "It finds no variance between them: the fit is singular. That, and the number of chicks it counts, are its signs.",
)

# %% [markdown]
# ## Classes of schools
#
# Another nest of families: the scores of pupils, who sit in classes, which belong to twelve schools. Here are the labels of the classes in the first
# three schools. In all schools together there are 34 classes.

# %%
schools = lk.load_data("schools")
labels = schools.groupby("school", observed=True)["class"].unique().map(sorted)
print("classes in all schools:", labels.map(len).sum())
labels.head(3).to_frame("classes")

# %% [markdown]
# **Predict, then run.** Classes are called c1, c2, … in every school; no label goes beyond what you see here. How many groups will `(1 | class)` alone have?

# %%
your_groups = ...
check("07.q1", your_groups)

# %%
good = lk.lmer("score ~ hours + (1 | school/class)", schools)
bad = lk.lmer("score ~ hours + (1 | school) + (1 | class)", schools)
print("school/class counts", good.ngroups.to_dict())
print("school + class counts", bad.ngroups.to_dict())
variances = {}
for name, fit in [("school/class", good), ("school + class", bad)]:
    variances[name] = fit.varcorr.frame.set_index("grp")["vcov"].rename({"class:school": "class"})
pd.DataFrame(variances).rename_axis("variance of").round(1)

# %% [markdown]
# The wrong model finds little difference between "classes", since the first class of one school has nothing in common with the
# first class of the next. The real differences between classes go into the residual, and a part of them into the schools; and the standard
# errors of anything measured per class become too small.
#
# Build such a design yourself. Switch the labels between unique and repeating, and see what each formula claims. (*Z* is the
# model's own list of who belongs where: a line for each row of the data, a column for each group, and a mark where a row belongs to a group. The sentence also gives degrees of freedom, *df*: how many independent
# pieces of information a test rests on.)

# %%
explorers.nested_crossed()

# %% [markdown]
# With unique labels, a lower unit is known by its label alone. With labels that start anew, the label alone throws units of different groups
# together: the formula counts fewer units than there are.
#
# **Your turn.** Pupils are nested in classes, and pupil numbers start again in every class. Which formula is right for
# data with *several* test scores per pupil? `"(1 | pupil)"`, `"(1 | school/class/pupil)"` or `"(1 | school) + (1 | class) + (1 | pupil)"`

# %%
your_formula = ...
check("07.q2", your_formula)

# %% [markdown]
# ## One row each
#
# You may read the same formula, `(1 | school/class/pupil)`, for data with *one* row per pupil. Let us try.

# %%
try:
    lk.lmer("score ~ hours + (1 | school/class/pupil)", schools)
except lk.DataError as refusal:
    told = lesson.in_words(str(refusal))
told

# %% [markdown] mends="x003-9"
# In truth, with one row per pupil the pupil's effect *is* the residual. No data can tell the two apart, and the fit is refused.
#
# ## Crossed, in a formula
#
# Back to the words. Each reaction time has an effect of its subject and one of its word, added up: `(1 | subject) + (1 | item)`. The question is whether people
# are faster after a related word (`primed`). (*At convergence* means: where the search for the best fit has ended.)

# %%
both = lk.lmer("rt ~ condition + (1 | subject) + (1 | item)", words)
print(both.summary(ddf="none"))

# %% tags=["fold"]
# In words: where the differences between reaction times come from
sd = both.varcorr.frame.set_index("grp")["sdcor"]
lesson.in_words(
    f"Subjects differ by a standard deviation of {sd['subject']:.0f} ms, words by {sd['item']:.0f} ms. What is left, one trial of"
    f" one subject with one word, scatters by {both.sigma:.0f} ms: what is peculiar to the pair, and noise, which one row"
    " for each pair cannot tell apart.",
)

# %% [markdown]
# **Predict, then run.** Leave the words out of the model. Every word was met in both conditions. Does the standard error of `primed` become
# `"larger"`, `"smaller"`, or does it stay `"the same"`?

# %%
your_error = ...
check("07.q5", your_error)

# %%
subjects_only = lk.lmer("rt ~ condition + (1 | subject)", words)
rows = {name: {"standard error": fit.se["conditionprimed"], "residual SD": fit.sigma} for name, fit in
        [("subjects and words", both), ("subjects only", subjects_only)]}
pd.DataFrame(rows).T.round(2)

# %% [markdown]
# The differences between words went into the residual. Here every word was met in both conditions, so leaving the words out only costs precision. Had each condition had its own words, it
# would have been worse: the words' differences would have passed for an effect of the condition.
#
# **Your turn.** A study has plots in fields; each plot is visited by all of the same four observers. Fields and plots are
# nested. And plots and observers? `"nested"` or `"crossed"`?

# %%
your_word = ...
check("07.q3", your_word)

# %% tags=["box"]
# Box: what to keep of this lesson
lesson.key_points(
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
