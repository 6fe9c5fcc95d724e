"""Questions of lesson 05, random slopes."""

from lmmkit.course.question import Choice, Number, Question

QUESTIONS: dict[str, Question] = {
    "q1": Choice(
        options=("units", "zero", "both", "neither"),
        digest="7592fb499618de7e",
        because={
            "units": "slopes in other units are the same lines; where do all these lines meet?",
            "both": "other units rescale the slopes and their spread together, and the lines stay",
            "neither": "all lines must meet at one value of x; which?",
        },
        hints=(
            "Look at the picture: at which time do all lines meet?",
            "All lines meet where x is zero.",
            "Move that point by ten days, and all lines must go through another one.",
        ),
        praise="All lines meet where x is zero, so the zero had better mean something.",
        then="Run the cell below: with weeks no fitted value changes, with another zero they do",
    ),
    "q2": Choice(
        options=("slope sd", "intercept sd", "correlation"),
        digest="d45f03c91aa934fe",
        because={
            "intercept sd": "the picture shows how far the lines lie apart at age zero and at the mean age; compare",
            "correlation": "at age zero fast birds come from further down; is that so at the mean age?",
        },
        hints=(
            "Which of the three can be read from a line without knowing where zero is?",
            "A line's slope does not depend on where you begin to count.",
            "The slopes stay, so their spread stays.",
        ),
        praise="Lines keep their slopes wherever you put the zero.",
        then="Run the cell below, and compare the two tables of spreads, row by row",
    ),
    "q3": Choice(
        options=("yes", "no"),
        digest="dda109df0f1fc2e7",
        because={
            "yes": "one bird, one implant: no bird can show what the other implant would have done to it"
        },
        hints=(
            "For how many implants has each bird been measured?",
            "A slope needs two values of the predictor within a group.",
            "Each ring has one value of Implant.",
        ),
        praise="The implant varies between birds, never within one.",
    ),
    "q4": Number(
        truth=lambda: 2,
        mistakes={
            "that counts the correlation, but it is stuck at the edge and no longer free": lambda: 3,
            "one number would let intercepts vary or slopes, and both do here": lambda: 1,
            "that counts the residual, too; it is not about the lines": lambda: 4,
        },
        tolerance=1e-9,
        digits=1,
        hints=(
            "The printout has two standard deviations and a correlation for the strains.",
            "Once an intercept's deviation is known, is the slope's still open?",
            "The correlation is at its edge, and so it is not free.",
        ),
        praise="Two standard deviations; given those, the correlation of minus one leaves nothing to choose.",
    ),
}
