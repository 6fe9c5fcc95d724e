"""Questions of lesson 10, what the fitter does."""

from lmmkit.course.question import Choice, Number, Question

QUESTIONS: dict[str, Question] = {
    "q1": Choice(
        options=("larger", "smaller", "same"),
        digest="0b7f4dfa1de90b15",
        because={
            "larger": "the strains' SD grows, but so does the residual SD that it is measured in",
            "smaller": "both standard deviations are multiplied by ten; what of their ratio?",
        },
        hints=(
            "Theta is a ratio of two standard deviations.",
            "Multiply both standard deviations of the ratio by ten.",
        ),
        praise="Theta is a ratio, and both its standard deviations change their unit together.",
        then="Run the next cell: which of the two columns changes?",
    ),
    "q2": Choice(
        options=("yes", "no"),
        digest="b3eda177ae1d3f31",
        because={
            "yes": "with slopes that do not vary, the larger model is the smaller; it can always do as well"
        },
        hints=(
            "Which values of its parameters turn the larger model into the smaller one?",
            "With a slope's SD of zero it is the smaller model, and has its criterion.",
        ),
        praise="A model that contains another can imitate it, so its minimum is never higher.",
    ),
    "q3": Number(
        truth=lambda: 4 / 5,
        mistakes={
            "that is how much is missing; the ratio of expectation to truth is asked for": lambda: 1 / 5,
            "that is the other way round: ML is too small, so the ratio is below one": lambda: 5 / 4,
        },
        hints=(
            "ML divides the sum of squares by n.",
            "Dividing by n - 1 would be right on average. So what is ML's mistake, as a ratio?",
            "(n - 1) / n, with n = 5",
        ),
        praise="ML divides by five where four would be right.",
        then="Run the next cell, and compare its number with yours.",
    ),
    "q4": Choice(
        options=("yes", "no"),
        digest="325f8dc3aaa09b52",
        because={"yes": "their fixed parts differ, and REML looks at what each fixed part leaves over"},
        hints=(
            "What data does REML look at?",
            "It looks at what the fixed effects leave over. Is it the same for both models?",
        ),
        praise="With different fixed parts the two criteria are about different data.",
        then="Run the next cell: which criterion depends on the unit of the dose, and which does not?",
    ),
}
