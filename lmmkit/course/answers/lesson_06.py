"""Questions of lesson 06, pooling."""

from lmmkit.course.question import Choice, Number, Question

QUESTIONS: dict[str, Question] = {
    "q1": Choice(
        options=("steeper", "flatter"),
        digest="ff1c2c7710dd8116",
        because={"steeper": "308 reacts to lost sleep more than anybody else, and the crowd is calmer"},
        hints=(
            "Is 308's own line steeper or flatter than the average?",
            "Partial pooling goes towards the average.",
        ),
        praise="308's own line is the steepest of all, so the only way to the crowd is down.",
    ),
    "q2": Number(
        truth=lambda: 5 / (5 + 1),
        mistakes={
            "that is the weight of the crowd; the group's own mean gets the rest": lambda: 1 / 6,
            "with equal variances the ratio is one, but it is added to n, not to one": lambda: 0.5,
        },
        hints=("Equal variances: the ratio of the two is one.", "n / (n + 1) for n observations."),
        praise="Five observations already outvote the crowd five to one.",
    ),
    "q3": Choice(
        options=("complete", "none"),
        digest="64c2d7a0ab95f347",
        because={"none": "no variance between groups means that the groups do not differ at all"},
        hints=("What would you do if you knew that all groups are the same?",),
        praise="If groups do not differ, their own means carry nothing but noise.",
    ),
    "q4": Choice(
        options=("up", "down", "towards zero"),
        digest="078425edfdd92820",
        because={
            "up": "look at 308 again: its slope became smaller",
            "down": "a negative slope would have been pulled up",
        },
        hints=("The normal distribution of the slopes has a centre. Where is it now?",),
        praise="Without fixed effects the population's mean line is the zero line.",
    ),
}
