"""Questions of lesson 15, power."""

from math import sqrt

from lmmkit.course.question import Choice, Number, Question

QUESTIONS: dict[str, Question] = {
    "q1": Choice(
        options=("less", "more", "as promised"),
        digest="fb33a871c7d2a4d6",
        because={
            "less": "it believes to have four times as many mice; does that make it more careful or less?",
            "as promised": "its promise is for independent weighings, and those of one mouse are alike",
        },
        hints=(
            "Look at the function forget: what does it take for a replicate?",
            "How large does this analysis think that the study is?",
            "Four times as many mice as there are make its standard error too small.",
        ),
        then="Run the next cell, and compare both numbers with 0.05.",
        praise="Taking weighings for mice makes the standard error too small; then chance looks like an effect.",
    ),
    "q2": Number(
        truth=lambda: sqrt(0.8 * 0.2 / 100),
        mistakes={
            "that is the variance; take its square root": lambda: 0.8 * 0.2 / 100,
            "that is twice the standard error, half an interval": lambda: 2 * sqrt(0.8 * 0.2 / 100),
            "that forgets to divide by the number of studies": lambda: sqrt(0.8 * 0.2),
        },
        hints=(
            "The formula stands above the question.",
            "The root of power times one minus power, over the number of studies.",
            "np.sqrt(0.8 * 0.2 / 100)",
        ),
        praise="So an interval reaches about eight points to either side: simulate more for the final answer.",
    ),
    "q3": Number(
        truth=lambda: sqrt(4 / 16),
        mistakes={
            "that is with a single weighing": lambda: sqrt(4 / 16 * 2),
            "there are two groups of eight; the four in the formula is for that": lambda: sqrt(1 / 16),
            "the noise within a mouse goes away, that between mice does not": lambda: 0.0,
        },
        absolute=1e-3,
        hints=(
            "For ever means that n is infinite: which term goes away?",
            "What is left is 4 / M times tau squared; the standard error is its root.",
            "np.sqrt(4 / 16 * 1**2)",
        ),
        praise="Weighing for ever tells you everything about these mice, and nothing about others.",
    ),
    "q4": Choice(
        options=("mice", "weighings"),
        digest="04cdd221bc55901a",
        because={
            "weighings": "they make the noise within a mouse smaller; how large is that beside the rest?"
        },
        hints=(
            "Look at the formula of the variance.",
            "M divides both variances; n divides only one.",
            "And the one that n does not divide is the larger one.",
        ),
        then="Run the next two cells, and compare the two lines at 144 weighings.",
        praise="New mice divide all of the noise, new weighings only the smaller part.",
    ),
    "q5": Choice(
        options=("too large", "too small", "about right"),
        digest="fc15d009b6bcd569",
        because={
            "too small": "which estimates get past the threshold: the small ones or the large ones?",
            "about right": "that is true of all studies together; but you look at a selection",
        },
        hints=(
            "A small study has a large standard error.",
            "What does it take to be significant? An estimate of more than two standard errors.",
            "So estimates near the truth are left out.",
        ),
        then="Run the next two cells, and compare the two means.",
        praise="Only the lucky get past the threshold, and their luck is in the estimate.",
    ),
}
