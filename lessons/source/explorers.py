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
# A formula tells you what a variance is. A slider shows you what it does. Here are all the explorers of the course on one
# page, in the order of the lessons: for a lecturer at the projector, for a reader who wants to play, and
# for the day before the exam. Each has a question. Try first; then open *What there is to see*.
#
# **How it works.** Choose **Run ▸ Run All Cells**. Then move a slider, type into the number box beside it, or use the
# arrow keys. The sentence under the picture says what happened. **New data** draws
# another sample and shows its seed, so that you can come back to it. **Reset** goes back to the start. No sliders, only pictures?
# Then nothing is running yet; the still picture shows where each explorer starts.

# %%
from lmmkit.course.start import explorers

# %% [markdown]
# ## Simpson's paradox
#
# *Belongs to [lesson 2](02_simpson.ipynb).* It begins with the points alone: up or down? Then press **Show the
# groups**. Turn the slope *between* the groups until all points and each group agree. What does the mixed model say
# in the meantime: the slope inside the groups, the one between their means, or something between the two?
#
# <details><summary>What there is to see</summary>
#
# The points alone fall, each group rises. They agree when the slope between the groups is clearly above zero, too.
# The mixed model's slope is a mixture: it lies between the slope inside the groups and that between their means, and
# as the panel opens very near the first. Where it finds no variance between the groups, it falls back on the line
# through all points.
#
# </details>

# %%
explorers.simpson(coloured=False)

# %% [markdown]
# ## Fixed or random?
#
# *Belongs to [lesson 3](03_fixed_or_random.ipynb).* Short stories of real designs: deer and fences, owls and nests,
# one variable at a time. Decide before you look at the reason. If you are not sure, repeat the study next year: what
# comes back, and what is new? Then set the number of levels to two, and see how little can be known of an SD from so
# few.
#
# <details><summary>What there is to see</summary>
#
# What comes back next year, such as fenced and grazed, was chosen: fixed. What is new next year, such as the plots,
# was drawn: random. From two levels the SD is hardly known at all: its interval goes from less than half to more than
# thirty times the estimate.
#
# </details>

# %%
explorers.random_or_fixed()

# %% [markdown]
# ## A family of lines
#
# *Belongs to [lessons 0](00_start_here.ipynb) and [5](05_random_slopes.ipynb).*
# Set the SD of the slopes to zero, and all lines run parallel. Set the SD of the intercepts to zero, and they fan out
# from one point. In the plane beside the lines each of them is one dot. Push the correlation to one end: what becomes
# of the dots, and what does the fit say of it?
#
# <details><summary>What there is to see</summary>
#
# At either end the dots lie on one straight line: whoever knows the intercept of a group knows its slope. All lines
# then go through one point. The fit to these data is singular, and here it is right. Other data of the same kind can
# miss the edge a little.
#
# </details>

# %%
explorers.random_effects()

# %% [markdown]
# ## Build a model
#
# *Belongs to [lessons 4](04_random_intercepts.ipynb) and [16](16_choosing_and_reporting.ipynb).* Pick data, response,
# fixed and random part. You get the formula, the equation, the model read aloud, and a comparison with the one
# before. Change one part at a time; the model before stays as grey lines. With the mice, add random slopes: what does
# the message tell you to try? With `explorers.model_builder(my_table)` you build models of a table of your own.
#
# <details><summary>What there is to see</summary>
#
# The fit with random slopes is singular. The message names a simpler random part, with two bars, and asks you to see
# whether the fixed effects change. They hardly do.
#
# </details>

# %%
explorers.model_builder()

# %% [markdown]
# ## Which estimate is believed?
#
# *Belongs to [lesson 6](06_pooling.ipynb).* Open circles are what each group says itself, squares are what partial
# pooling makes of it, and the number above each bar is the weight of the group's own mean. Move the variance ratio
# down to zero: which squares reach the line first? Then look at the bars on the right, which know the truth: which
# kind of pooling comes nearest to it, and at which ratio? `explorers.pooling(my_table, "y", "group")` shows a table
# of your own.
#
# <details><summary>What there is to see</summary>
#
# The squares of the smallest groups reach the line first. Partial pooling comes nearest to the truth over most of the
# slider. Only near zero, where it becomes complete pooling, it does not.
#
# </details>

# %%
explorers.pooling()

# %% [markdown]
# ## Lines on the move
#
# *Belongs to [lesson 6](06_pooling.ipynb).* Every driver is one dot in the plane of intercepts and slopes. Move the
# pooling from none to the mixed model's (in the middle) and on to complete pooling. Which dots move far? And why do
# some slopes go *away* from the common one?
#
# <details><summary>What there is to see</summary>
#
# Driver 374, who was tested on two days only, turns most. Intercept and slope are drawn as a pair, along their correlation. So in
# the mixed model's state five of the nineteen slopes lie further from the common slope than the driver's own, and no
# intercept does.
#
# </details>

# %%
explorers.shrinkage()

# %% [markdown]
# ## Nested or crossed?
#
# *Belongs to [lesson 7](07_nested_crossed.ipynb).* Build a design, read its table, and try a formula that is not
# quite right. The rings show which rows that formula takes for one unit. Then give every lower unit a label of its
# own: which of the wrong formulas becomes right, and why?
#
# <details><summary>What there is to see</summary>
#
# With labels of their own the formula with the plus becomes the right one: a label then names one class only, and
# both formulas count the same groups.
#
# </details>

# %%
explorers.nested_crossed()

# %% [markdown]
# ## What counts as a replicate?
#
# *Belongs to [lessons 1](01_linear_models.ipynb) and [8](08_replicates.ipynb).* Measure each sample more and more
# often. Two analyses stay as they are; the third becomes surer and surer of nothing. How many independent rows are
# its rows worth? Then add samples instead: which intervals become shorter, and is the third analysis wrong less
# often?
#
# <details><summary>What there is to see</summary>
#
# However often you measure eight samples, the rows are worth about ten independent ones. With more samples all
# intervals become shorter, but the analysis of all rows is wrong about as often as before.
#
# </details>

# %%
explorers.pseudoreplication()

# %% [markdown]
# ## What correlation in time means
#
# *Belongs to [lesson 9](09_repeated_measures.ipynb).* The same animals are measured again and again. Drag the
# correlation from zero towards one: what becomes of the lines? The crosses say how alike two times are, the farther
# apart they are; each colour is what one structure makes of the animals. Then change how the times hang together,
# and find the structure that cannot follow. What does it claim to know of the slope?
#
# <details><summary>What there is to see</summary>
#
# Without correlation every line jumps up and down; near one, a line that is high stays high. Where correlation fades
# with distance, compound symmetry claims to know the slope better than anybody can. Where all times are equally
# alike, AR(1) claims to know less than there is to know. Mornings and evenings are a pattern that only the
# unstructured matrix can follow; with few animals it learns that pattern badly.
#
# </details>

# %%
explorers.structures()

# %% [markdown]
# ## What the fitter does
#
# *Belongs to [lesson 10](10_fitting.ipynb).* One slider, θ. Left of the valley the lines cannot reach their points,
# right of it they pay for freedom that they do not need. Find the lowest point by hand, then press *Let the optimiser
# do it*: who was lower? From where to where does the curve stay below the dashed line?
#
# <details><summary>What there is to see</summary>
#
# Nobody gets lower than the optimiser. The part below the dashed line is an interval for θ. It is not symmetrical: it
# goes much further to the right of the lowest point than to the left, since few strains rule out large spreads badly.
#
# </details>

# %%
explorers.likelihood()

# %% [markdown]
# ## Four tests of one effect
#
# *Belongs to [lessons 11](11_testing.ipynb) and [15](15_power.ipynb).* Four methods, one data set, four p-values. Go
# down to a few groups in each arm: whose curve leaves the straight line, and in which direction? The button refits
# studies without any effect, one by one; you can stop it, or move a slider while it runs.
#
# <details><summary>What there is to see</summary>
#
# With few groups the likelihood ratio finds an effect that is not there far too often. Satterthwaite and the
# bootstrap come near to what they promise. With two groups in each arm Kenward–Roger finds too little.
#
# </details>

# %%
explorers.tests()

# %% [markdown]
# ## Break an assumption
#
# *Belongs to [lesson 12](12_checking.ipynb).* Press a button and look for the picture that changed. Then draw new
# data a few times: is the fault seen every time? And how often is there a false alarm when nothing is broken?
#
# <details><summary>What there is to see</summary>
#
# With nothing broken, about one data set in twenty gives an alarm: that is what the limits promise. A strong fault is
# seen nearly every time, a weak one is not.
#
# </details>

# %%
explorers.diagnostics()

# %% [markdown]
# ## Cells are not donors
#
# *Belongs to [lesson 13](13_counts.ipynb).* Set the fold change to one, so that there is nothing to find, and read
# more and more cells from each donor. Which method finds something all the same? The thick line is what the donors
# alone leave open, however many cells there are. Then take the donors down to two in each arm: how often is the GLMM
# wrong, and how often the t test?
#
# <details><summary>What there is to see</summary>
#
# The model of all cells finds something more and more often as cells are added. With two donors in each arm even the
# GLMM's z test is wrong in more than one study of five; the t test of means keeps its promise.
#
# </details>

# %%
explorers.counts()

# %% [markdown]
# ## Where does the variation sit?
#
# *Belongs to [lesson 14](14_variance_partitioning.ipynb).* Divide the variance of a gene among individuals, tissues
# and batches, then see what a fit finds. Take only two tissues, and draw new data a few times: why does the share of
# the tissues jump, and why does it take the share of the individuals with it?
#
# <details><summary>What there is to see</summary>
#
# The variance between two tissues is estimated from one difference, so it is nearly unknown. Shares add up to one:
# where the tissues get much, less is left for the others.
#
# </details>

# %%
explorers.variance_partition()

# %% [markdown]
# ## From code
#
# Each explorer starts where you tell it to, and says what it takes (`explorers.pooling?` says more):

# %%
explorers.pooling

# %% [markdown]
# `explorers.pooling(groups=6)` is the panel in that state. `explorers.pooling.result(groups=6)` gives the numbers behind
# the picture, in plain Python, for a cell that has to remember them: sliders forget when a notebook is closed.

# %%
numbers = explorers.pooling.result(groups=6, ratio=0.1)
for size, weight in zip(numbers.sizes, numbers.weight, strict=True):
    print(f"group of {size:3d}: weight {weight:.2f}")
