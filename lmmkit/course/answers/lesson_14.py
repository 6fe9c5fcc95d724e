"""Questions of lesson 14, variance partitioning."""

from lmmkit.course.question import Choice, Number, Question
from lmmkit.datasets import load_data


def standard_deviations() -> dict[str, float]:
    """Of the first gene's model by maximum likelihood, under the names of their terms."""
    from lmmkit import lmer

    data = load_data("genexpr_info").assign(gene1=load_data("genexpr").loc["gene1"].to_numpy())
    table = lmer("gene1 ~ Age + (1 | Individual) + (1 | Tissue)", data, reml=False).varcorr.frame
    return dict(zip(table["grp"], table["sdcor"], strict=True))


def share(power: int) -> float:
    """Share of the tissue among the SDs raised to this power; 2 is right."""
    sds = standard_deviations()
    return sds["Tissue"] ** power / sum(sd**power for sd in sds.values())


def share_without_residual() -> float:
    """Share of the tissue when the residual is forgotten."""
    sds = standard_deviations()
    return sds["Tissue"] ** 2 / (sds["Tissue"] ** 2 + sds["Individual"] ** 2)


QUESTIONS: dict[str, Question] = {
    "q1": Choice(
        options=("individual", "tissue", "age", "residuals"),
        digest="cff224f6f2285ddc",
        because={
            "tissue": "the three clouds on the right overlap nearly completely",
            "age": "age is a property of a person; could it do more than the persons do?",
            "residuals": "that would be dots of one person as far apart as dots of different persons",
        },
        hints=(
            "Look at the left picture.",
            "Compare the scatter within a column of dots with that of the bars.",
            "The bars go from one end of the axis to the other.",
        ),
        then="Run the next cell, and look for the largest share.",
        praise="The bars wander much further than the dots around them.",
    ),
    "q2": Number(
        truth=lambda: share(2),
        mistakes={
            "shares are of variances; square the standard deviations first": lambda: share(1),
            "the residual belongs to the sum as well": share_without_residual,
        },
        tolerance=1e-2,
        hints=(
            "The table has standard deviations; shares are of variances.",
            "Tissue's variance over the sum of the three.",
            "0.3142**2 / (1.8871**2 + 0.3142**2 + 0.583**2)",
        ),
        then="Run the next cell: the row of Tissue, computed by hand, with age in it.",
        praise="Variances add up, standard deviations do not.",
    ),
    "q3": Choice(
        options=("yes", "no"),
        digest="1778edacbb0913a6",
        because={"yes": "by chance, the samples of some persons will be alike; and no variance is negative"},
        hints=(
            "What is the smallest value that a share can have?",
            "Will the means of twenty-five people be exactly as alike as noise allows, every time?",
            "In about half of the data sets they will be a little less alike.",
        ),
        then="Run the next cell, and look at the row of Individual, last column.",
        praise="Chance makes some people look alike, and a variance can only be pushed up.",
    ),
    "q4": Choice(
        options=("yes", "no"),
        digest="0fb16706eb92fdc8",
        because={"yes": "every person has one age here: once you know the person, what is left for age?"},
        hints=(
            "Look at the row of Individual in the table above.",
            "How many ages does one individual have?",
            "What is left of age once everybody has a mean of their own?",
        ),
        then="Run the next cell, and look for a row called Age.",
        praise="The person says all that the age could; nothing is left to estimate it from.",
    ),
}
