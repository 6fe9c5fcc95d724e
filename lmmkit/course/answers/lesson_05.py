"""Questions of lesson 05, random slopes."""

from lmmkit.course.question import Choice, Number, Question

QUESTIONS: dict[str, Question] = {
    "q1": Number(
        truth=lambda: 2,
        mistakes={
            "that counts the correlation, but it is stuck at the edge and no longer free": lambda: 3,
            "one number would let intercepts vary or slopes, and both do here": lambda: 1,
        },
        tolerance=1e-9,
        hints=("Once an intercept's deviation is known, is the slope's still open?",),
        praise="Two standard deviations; given those, the correlation of minus one leaves nothing to choose.",
    ),
    "q2": Choice(
        options=("units", "zero", "both", "neither"),
        digest="3e479d2e84bc8a74",
        because={
            "units": "slopes in other units are the same lines; where do all these lines meet?",
            "both": "other units rescale the slopes and their spread together, and the lines stay",
            "neither": "all lines must meet at one value of x; which?",
        },
        hints=("All lines meet where x is zero.",),
        praise="All lines meet where x is zero, so the zero had better mean something.",
    ),
    "q3": Choice(
        options=("slope sd", "intercept sd", "correlation"),
        digest="a378f5697e436604",
        because={
            "intercept sd": "compare the two printed tables: it shrank a good deal",
            "correlation": "compare the two printed tables: it changed a good deal",
        },
        hints=("A line's slope does not depend on where you begin to count.",),
        praise="Lines keep their slopes wherever you put the zero.",
    ),
    "q4": Choice(
        options=("yes", "no"),
        digest="cbb7577e0de9891d",
        because={
            "yes": "one bird, one implant: no bird can show what the other implant would have done to it"
        },
        hints=("For how many implants has each bird been measured?",),
        praise="The implant varies between birds, never within one.",
    ),
}
