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
        hints=("How many plots should the printout count?", "Nested: plots within transects."),
        praise="The slash makes a plot of every transect and number, and gives the transects their own share.",
    ),
    "q3": Choice(
        options=("positive", "negative"),
        digest="2394afef0f12785d",
        because={"negative": "the lines fall, but the question is about the large marks"},
        hints=("Look at the large marks only: do they rise or fall?",),
        praise="The transects' means rise with their slope, though every line within a transect falls.",
    ),
    "q4": Choice(
        options=("larger", "smaller", "same"),
        digest="04fb438879e427d2",
        because={
            "larger": "nitrate and dryness both cost species, and both grow uphill; so far nitrate got the whole bill",
            "same": "that would need nitrate and distance to be unrelated",
        },
        hints=(
            "Nitrate grows with distance, and species fall with it.",
            "Who has paid for the dryness so far?",
        ),
        praise="Nitrate no longer pays for the dryness that comes with it.",
    ),
    "q5": Choice(
        options=("yes", "no"),
        digest="e2eedab4070ea2c9",
        because={"yes": "for lines to cross, birds would have to differ in how they respond; may they?"},
        hints=("Which effects are random: intercepts, slopes, or both?",),
        praise="Only intercepts are random, so within an implant all lines are parallel.",
    ),
}
