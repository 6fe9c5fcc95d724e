"""Questions of lesson 16, choosing and reporting."""

from lmmkit.course.question import Choice, Number, Question
from lmmkit.datasets import load_data


def plots_with_trees() -> int:
    """Plots of the forest that have at least one measured tree."""
    forest = load_data("forest").dropna(subset=["height"])
    return len(forest.drop_duplicates(["transect", "plot"]))


QUESTIONS: dict[str, Question] = {
    "q1": Number(
        truth=plots_with_trees,
        mistakes={
            "that counts trees; all trees of a plot share one slope": lambda: len(
                load_data("forest").dropna(subset=["height"])
            ),
            "that counts all trees, even those without a height": lambda: len(load_data("forest")),
            "that counts transects; each has several plots": lambda: 12,
            "the numbers of the plots start again on every transect": lambda: 6,
            "one plot has lost its only tree; count those with a measured one": lambda: 72,
        },
        tolerance=1e-9,
        hints=(
            "A plot is a transect *and* a number.",
            "Group the table by transect and plot, observed=True, and count the groups.",
            "forest.groupby(['transect', 'plot'], observed=True).ngroups",
        ),
        praise="A transect and a number together make a plot; the trees on it share one slope.",
    ),
    "q2": Choice(
        options=("(1 | plot)", "(1 | transect) + (1 | plot)", "(1 | transect/plot)"),
        digest="2e6863c1f461bc8d",
        because={
            "(1 | plot)": "that makes one plot of all those that carry the same number",
            "(1 | transect) + (1 | plot)": "crossed: it gives plot 3 of all transects something in common",
        },
        hints=(
            "How many plots should the printout count?",
            "Which of the three knows that plot 3 here is not plot 3 there?",
            "Nested: plots within transects, with a slash.",
        ),
        then="Run the next cell. Compare the column groups with your answer to the question before.",
        praise="The slash makes a plot of every transect and number, and gives the transects their own share.",
    ),
    "q3": Choice(
        options=("positive", "negative"),
        digest="2394afef0f12785d",
        because={"negative": "the lines fall, but the question is about the large marks"},
        hints=(
            "Look at the large marks only.",
            "Each large mark is one transect: its mean slope, its mean height.",
            "Do they rise or fall from left to right?",
        ),
        then="Run the next cell, and compare the signs of slope_within and transect_slope.",
        praise="The transects' means rise with their slope, though every line within a transect falls.",
    ),
    "q4": Choice(
        options=("larger", "smaller", "same"),
        digest="04fb438879e427d2",
        because={
            "larger": "nitrate and dryness both lower the number of species, and both grow uphill; so far all was"
            " put down to nitrate",
            "same": "that would need nitrate and distance to be unrelated",
        },
        hints=(
            "Nitrate grows with distance, and species fall with it.",
            "To what was the effect of the dryness put down so far?",
            "Some of what was nitrate's becomes the distance's.",
        ),
        then="Run the next cell, and compare the two estimates.",
        praise="The effect of the dryness, which comes with nitrate, is no longer put down to nitrate.",
    ),
    "q5": Choice(
        options=("yes", "no"),
        digest="e2eedab4070ea2c9",
        because={"yes": "for lines to cross, birds would have to differ in how they respond; may they?"},
        hints=(
            "Look at the formula of the model: (1 | Brood/Ring).",
            "Which effects are random: intercepts, slopes, or both?",
            "A random intercept moves a whole line up or down.",
        ),
        then="Run the next cell, and follow the thin lines of one colour in the left panel.",
        praise="Only intercepts are random, so within an implant all lines are parallel.",
    ),
}
