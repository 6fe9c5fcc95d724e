"""Questions of lesson 09, repeated measures."""

from lmmkit.course.question import Choice, Question

QUESTIONS: dict[str, Question] = {
    "q1": Choice(
        options=("intercepts", "slopes", "both"),
        digest="f63c0fbdc00d6499",
        because={
            "intercepts": "then all lines would be parallel; are they?",
            "slopes": "then all would start from one point; do they?",
        },
        hints=(
            "Look at the left end of the lines: do they start at one height?",
            "Now at their directions: are they parallel?",
        ),
        praise="People start at different heights and climb at different rates.",
    ),
    "q2": Choice(
        options=("people", "years"),
        digest="eb50062af53ef086",
        because={"people": "more people tell you more about the average, but little about any one of them"},
        hints=(
            "A bar belongs to one person. What do you know about one person's slope?",
            "Where would that person's next value come from?",
        ),
        praise="One person's slope is learnt mostly from that person's years.",
    ),
    "q3": Choice(
        options=("lm", "random intercept", "random slope"),
        digest="dd5cca434b2942fd",
        because={
            "lm": "it takes rows for people, and rows grow in number with the years",
            "random intercept": "it knows one common slope, and every further year sharpens that",
        },
        hints=(
            "Ask of each model what it counts: rows, or people?",
            "Suppose that each person's slope were known exactly. How well would you know the mean of six?",
        ),
        praise="Six slopes stay six slopes, however well each of them is known.",
        then="Run the next cell and go along each row from the left: which one stays where it is?",
    ),
    "q4": Choice(
        options=("below zero", "around zero", "above zero"),
        digest="51f62268a886a837",
        because={
            "around zero": "fresh noise itself would do that; but these are residuals, of which a fitted line has "
            "taken its part",
            "above zero": "then a high day would be followed by a high one, which is memory",
        },
        hints=(
            "Fit a line to two points, or to three. What can the residuals be?",
            "The residuals of one driver add up to nearly zero. If one is high, what of the others?",
        ),
        praise="A fitted line goes through the middle of its points, so that a high residual is made good by low ones.",
        then="Run the next three cells. Look where the grey bars lie, and where the red line stands beside them.",
    ),
}
