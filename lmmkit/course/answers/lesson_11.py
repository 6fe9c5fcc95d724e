"""Questions of lesson 11, testing and intervals."""

from lmmkit.course.question import Choice, Number, Question

QUESTIONS: dict[str, Question] = {
    "q1": Number(
        truth=lambda: 6 - 1,
        mistakes={
            "that counts rows; but ten more visits of the same people bring no further slope": lambda: 30 - 2,
            "that counts rows; what does the average slope average over?": lambda: 30 - 1,
            "that is the number of rows; what does the average slope average over?": lambda: 30,
            "rows less people: that would do for what is left of a row, not for a mean of slopes": lambda: (
                30 - 6
            ),
            "six slopes, yes; but their mean has used one of them up": lambda: 6,
            "two fixed effects, but the slope's mean is estimated from slopes only": lambda: 6 - 2,
        },
        hints=(
            "Look at the picture of the six people. What is the fixed effect of Year the mean of?",
            "A mean of n numbers leaves n - 1 degrees of freedom.",
            "There are six slopes.",
        ),
        then="Run the next cell, a t-test on the six slopes. Compare its t with that of the model, and look at its df.",
        praise="The mean of six slopes: six pieces of information, one of them spent.",
    ),
    "q2": Choice(
        options=("up", "down", "same"),
        digest="cb5ef304732a7162",
        because={
            "up": "the direction is the other one: larger numbers in X make its REML price larger",
            "same": "it ought to be; but REML pays for X'X, and that is measured in the units of X",
        },
        hints=(
            "Lesson 10 ended with a dose in thousandths: what did its REML criterion do?",
            "Only the model with Year pays for the numbers in Year.",
            "The price is the logarithm of the size of X'X: larger numbers, a larger price, a lower likelihood.",
        ),
        then="Run the next cell, and read its first column from top to bottom.",
        praise="REML charges the larger model for the size of its numbers in Year, the smaller one not.",
    ),
    "q3": Choice(
        options=("likelihood ratio", "Satterthwaite", "Kenward-Roger", "bootstrap"),
        digest="ab28e0d76236c5eb",
        because={
            "Satterthwaite": "it is a little off with two groups, but another is off by far more",
            "Kenward-Roger": "with so few groups this one claims too seldom, not too often",
            "bootstrap": "the bootstrap makes its null distribution from as many groups as there are",
        },
        hints=(
            "One of the four takes its distribution from a book that assumes many groups.",
            "Look at where each of the four gets its null distribution from.",
            "The section of test 1 says under which condition its distribution holds.",
        ),
        then="Run the next cell, and look at the curves on its right: which one runs highest above the straight line?",
        praise="Its chi-square distribution is a promise for many groups, and here there are four in all.",
    ),
    "q4": Choice(
        options=("upper", "lower"),
        digest="aeb9d0aadbd1b121",
        because={"lower": "six lines that visibly differ soon rule out small spreads, and zero is a floor"},
        hints=(
            "What is the smallest value a standard deviation can have? And the largest?",
            "Six lines that visibly differ do not come from a spread near zero.",
            "Zero is a floor below the interval; above it there is no ceiling.",
        ),
        then="Run the next two cells, and look at the right panel: how far do the ends lie from the dotted line?",
        praise="Below there is a floor, above there is none; six people hardly rule out a large spread.",
    ),
    "q5": Number(
        truth=lambda: 0.08 / 2,
        mistakes={
            "the other way: half of all null studies have a likelihood ratio of zero": lambda: 0.16,
            "the edge matters: half of all null studies cannot exceed anything": lambda: 0.08,
        },
        hints=(
            "What happens to the likelihood ratio at the edge? The paragraphs above say it.",
            "In about half of the studies without that variance the likelihood ratio is exactly zero.",
            "Half of 0.08",
        ),
        praise="Half of the null studies sit at zero, so the tail holds half of what the book says.",
    ),
}
