# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The explorers: things to touch
#
# A formula tells you what a variance is. A slider lets you feel it. Here are all the explorers of the course on one
# page, in the order of the lessons they belong to: for a lecturer at the projector, for a reader who wants to play, and
# for the day before the exam.
#
# **How it works.** Choose **Run ▸ Run All Cells**. Then drag a handle, type into the number box beside it, or use the
# arrow keys. The sentence under the picture says what happened. **New data** draws
# another sample and shows its seed, so that you can come back to it; **Reset** takes you home. No handles, only pictures?
# Then nothing is running yet; the still picture shows where each explorer starts.

# %%
from lmmkit.course import explorers

# %% [markdown]
# ## Simpson's paradox
#
# *Belongs to [lesson 2](02_simpson.ipynb).* It begins with the points alone: up or down? Then press **Show the groups**.
# Turn the slope *between* the groups until all points and each group agree. What does the mixed model say in
# the meantime: the slope inside the groups, the one through all points, or something between the two?

# %%
explorers.simpson(coloured=False)

# %% [markdown]
# ## Fixed or random?
#
# *Belongs to [lesson 3](03_fixed_or_random.ipynb).* Short stories of real designs: deer and fences, owls and nests, one
# variable at a time. Decide before you look at the reason; if you are not sure, repeat the study next year: what comes
# back, and what comes new? Then take the number of levels down to two and see how little an SD can be known from so few.

# %%
explorers.random_or_fixed()

# %% [markdown]
# ## A family of lines
#
# *Belongs to [lessons 3](03_fixed_or_random.ipynb), [5](05_random_slopes.ipynb) and [9](09_repeated_measures.ipynb).* Set the
# SD of the slopes to zero and all lines run parallel; set the SD of the intercepts to zero and they fan out from one point.
# In the plane beside the lines each of them is one dot. Push the correlation to one end: what becomes of the dots, and what
# does the fit say of it?

# %%
explorers.random_effects()

# %% [markdown]
# ## Build a model
#
# *Belongs to [lessons 4](04_random_intercepts.ipynb) and [16](16_choosing_and_reporting.ipynb).* Pick data, response,
# fixed and random part; get the formula, the equation, the model read aloud, and a comparison with the one before.
# Change one part at a time; the model before stays as grey lines. With the mice, add random slopes: what does the
# warning tell you to do? With `explorers.model_builder(my_table)` you build models of a table of your own.

# %%
explorers.model_builder()

# %% [markdown]
# ## Whom do you believe?
#
# *Belongs to [lesson 6](06_pooling.ipynb).* Open circles are what each group says itself, squares what partial pooling
# makes of it, and the number above each bar is the weight of the group's own mean. Drag the variance ratio to zero: which
# squares reach the line first? Then look at the bars on the right, which know the truth: which kind of pooling comes nearest
# to it, and at which ratio? `explorers.pooling(my_table, "y", "group")` shows a table of your own.

# %%
explorers.pooling()

# %% [markdown]
# ## Lines on the move
#
# *Belongs to [lesson 6](06_pooling.ipynb).* Every driver is one dot in the plane of intercepts and slopes. Drag the
# pooling from none to the mixed model's (0.5) and on to complete pooling. Which dots move far? And why do some slopes go
# *away* from the common one, although every dot is drawn towards the cross?

# %%
explorers.shrinkage()

# %% [markdown]
# ## Nested or crossed?
#
# *Belongs to [lesson 7](07_nested_crossed.ipynb).* Build a design, read its table, and try a formula that is not quite
# right. The rings show which rows that formula takes for one unit. Then give every lower unit a label of its own: which of
# the wrong formulas becomes right, and why?

# %%
explorers.nested_crossed()

# %% [markdown]
# ## What counts as a replicate?
#
# *Belongs to [lessons 1](01_linear_models.ipynb) and [8](08_replicates.ipynb).* Measure each sample more and more often.
# Two analyses stay as they are; the third grows ever surer, of nothing. How many independent rows are its rows worth? Then
# add samples instead: which intervals become shorter, and does the third analysis err less often?

# %%
explorers.pseudoreplication()

# %% [markdown]
# ## What the fitter does
#
# *Belongs to [lesson 10](10_fitting.ipynb).* One slider, θ. Left of the valley the lines cannot reach their points,
# right of it they pay for freedom that they do not need. Find the lowest point by hand, then press
# *Let the optimiser do it* and count its steps. From where to where does the curve stay below the dashed line?

# %%
explorers.likelihood()

# %% [markdown]
# ## Four tests of one effect
#
# *Belongs to [lessons 11](11_testing.ipynb) and [15](15_power.ipynb).* Four methods, one data set, four p-values. Go
# down to a few groups an arm: whose curve leaves the straight line, and in which direction? The button refits studies without
# any effect, one by one, and you can stop it or drag on while it runs.

# %%
explorers.tests()

# %% [markdown]
# ## Break an assumption
#
# *Belongs to [lesson 12](12_checking.ipynb).* Press a button and look for the picture that changed. Then draw new data a
# few times: is the fault seen every time? And how often is there a false alarm when nothing is broken?

# %%
explorers.diagnostics()

# %% [markdown]
# ## Cells are not donors
#
# *Belongs to [lesson 13](13_counts.ipynb).* Set the fold change to one, so that there is nothing to find, and read more
# and more cells from each donor. Who finds something all the same? The thick line is what the donors alone leave open, however
# many cells there are. Then take the donors down to two an arm: how often is the GLMM wrong, and how often the t test?

# %%
explorers.counts()

# %% [markdown]
# ## Where does the variation sit?
#
# *Belongs to [lesson 14](14_variance_partitioning.ipynb).* Share out the variance of a gene among individuals, tissues and
# batches, then see what a fit finds again. Take only two tissues, and draw new data a few times: why does the share of the
# tissues jump, and why does it take the share of the individuals with it?

# %%
explorers.variance_partition()

# %% [markdown]
# ## Without a mouse
#
# Each explorer starts where you tell it to, and says what it takes (`explorers.pooling?` says more):

# %%
explorers.pooling

# %% [markdown]
# `explorers.pooling(groups=6)` is the panel in that state. `explorers.pooling.result(groups=6)` gives the numbers behind
# the picture, in plain Python, for a cell that has to remember them: handles forget when a notebook is closed.

# %%
numbers = explorers.pooling.result(groups=6, ratio=0.1)
for size, weight in zip(numbers.sizes, numbers.weight, strict=True):
    print(f"group of {size:3d}: weight {weight:.2f}")
