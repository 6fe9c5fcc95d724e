"""Questions of lesson 06, pooling."""

from lmmkit.course.question import Choice, Number, Question

QUESTIONS: dict[str, Question] = {
    "q1": Choice(
        options=("steeper", "flatter"),
        digest="ff1c2c7710dd8116",
        because={"steeper": "308 reacts to lost sleep more than anybody else, and the crowd is calmer"},
        hints=(
            "Is 308's own line steeper or flatter than the average? The picture above shows both.",
            "Such a steep line is pulled towards the average line.",
            "From about 22 towards about 10 ms a day: which way is that?",
        ),
        praise="308's own line is the steepest of all, so a pull towards the others makes it flatter.",
        then="Run the cell below, and compare the solid line with the dotted one, driver by driver",
    ),
    "q2": Number(
        truth=lambda: 5 / (5 + 1),
        mistakes={
            "that is the weight of the crowd; the group's own mean gets the rest": lambda: 1 / 6,
            "with equal variances the ratio is one, but it is added to n, not to one": lambda: 0.5,
            "that is one divided by n; in the formula n stands above the line, and below it, too": lambda: (
                1 / 5
            ),
        },
        hints=(
            "The formula stands above the table; which of its three numbers do you know?",
            "Equal variances: the ratio of the two is one.",
            "n / (n + 1), with n = 5",
        ),
        praise="Five observations already outvote the crowd five to one.",
    ),
    "q3": Choice(
        options=("complete", "none"),
        digest="64c2d7a0ab95f347",
        because={"none": "no variance between groups means that the groups do not differ at all"},
        hints=(
            "Look at the formula of the weight: what becomes of it when tau goes to zero?",
            "Sigma²/tau² becomes very large, and the weight of a group's own mean very small.",
            "What would you do if you knew that all groups are the same?",
        ),
        praise="If groups do not differ, their own means carry nothing but noise.",
        then="Run the cell below, drag the variance ratio to zero, and see on which line all squares come to lie",
    ),
    "q4": Choice(
        options=("the average driver", "zero", "nothing"),
        digest="b52db4e11fb83869",
        because={
            "the average driver": "the average line has been taken out of the model: it has no fixed effects",
            "nothing": "the lines are still draws from one normal distribution, so they are still pulled",
        },
        hints=(
            "Around which point do the random effects scatter?",
            "The normal distribution of the lines has a centre. Where is it now?",
            "No fixed effects: intercept and slope of the centre are both the same number.",
        ),
        praise="Without fixed effects the population's mean line is the line of zeros.",
        then="Run the cell below: 308 has moved, and 373 has a slope that its one day cannot know",
    ),
}
