"""Questions of lesson 06, pooling."""

from lmmkit.course.question import Choice, Number, Question

QUESTIONS: dict[str, Question] = {
    "q1": Choice(
        options=("steeper", "flatter"),
        digest="ff1c2c7710dd8116",
        because={"steeper": "308 reacts to lost sleep more than anybody else, and the crowd is calmer"},
        hints=(
            "Is 308's own line steeper or flatter than the average?",
            "Such a steep line is pulled towards the average line.",
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
        options=("the average driver", "zero", "nothing"),
        digest="b52db4e11fb83869",
        because={
            "the average driver": "the average line has been taken out of the model: it has no fixed effects",
            "nothing": "the lines are still draws from one normal distribution, so they are still pulled",
        },
        hints=("The normal distribution of the lines has a centre. Where is it now?",),
        praise="Without fixed effects the population's mean line is the line of zeros.",
    ),
}
