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
        hints=("Do the lines start at different heights?", "Are they parallel?"),
        praise="People start at different heights and climb at different rates.",
    ),
    "q2": Choice(
        options=("people", "years"),
        digest="eb50062af53ef086",
        because={"people": "more people tell you more about the average, but little about any one of them"},
        hints=("What do you know about one person's slope?",),
        praise="One person's slope is learnt mostly from that person's years.",
    ),
    "q3": Choice(
        options=("lm", "random intercept", "random slope"),
        digest="dd5cca434b2942fd",
        because={
            "lm": "it takes rows for people, and rows grow in number with the years",
            "random intercept": "it knows one common slope, and every further year sharpens that",
        },
        hints=("Which model knows that there are only six slopes?",),
        praise="Six slopes stay six slopes, however well each of them is known.",
    ),
}
