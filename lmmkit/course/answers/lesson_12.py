"""Questions of lesson 12, checking the model."""

import lmmkit as lk
from lmmkit.course.question import Choice, Model, Number, Question

FORMULA = "species ~ nitrate + (1 | field)"


def _without_most_influential() -> object:
    """The model of the fields without the one that moves the estimates most."""
    fields = lk.load_data("fields")
    cooksd = lk.lmer(FORMULA, fields).influence(by="field")["cooksd"]
    return lk.lmer(FORMULA, fields[fields["field"] != cooksd.idxmax()])


def _without_least_influential() -> object:
    """The mistake of reading the table upside down."""
    fields = lk.load_data("fields")
    cooksd = lk.lmer(FORMULA, fields).influence(by="field")["cooksd"]
    return lk.lmer(FORMULA, fields[fields["field"] != cooksd.idxmin()])


QUESTIONS: dict[str, Question] = {
    "q1": Number(
        truth=lambda: 2,
        mistakes={
            "unequal spread is seen there, but so are bends; one picture shows the spread only": lambda: 1,
            "this one forgets where each residual was fitted, so it cannot see where they scatter": lambda: 3,
            "this one is about groups, not about rows": lambda: 4,
        },
        hints=(
            "Look at the axes: which picture could not show a bend?",
            "It forgets the sign of each residual.",
            "Its y axis is the root of the size.",
        ),
        praise="Without their signs residuals have only a size, and its line should be level.",
    ),
    "q2": Choice(
        options=("curvature", "unequal variance", "heavy tails", "dependence"),
        digest="01f42ffb977dc3a3",
        because={
            "curvature": "a bend shows in the first picture",
            "unequal variance": "it makes the cloud of the first picture open, and the line of the second climb",
            "heavy tails": "points leave the line at the ends of the third picture",
        },
        hints=(
            "Which break would you not notice if somebody shuffled the rows of the table?",
            "None of the four pictures knows the order of the rows.",
            "It is a matter of neighbours, in time or place.",
        ),
        then="Run the next cell. Compare the last row with the first, and then its last column with the other four.",
        praise="Drawn as points, the pictures do not know the order of the rows, and dependence lives in it.",
    ),
    "q3": Choice(
        options=("nitrate", "species", "distance"),
        digest="5c59a32c6867da9a",
        because={
            "nitrate": "worth a look, for bends; but its straight line has already been taken out",
            "species": "residuals always rise with the response itself; that says nothing",
        },
        hints=(
            "Two of the three are in the model already.",
            "One is the response, one is the predictor.",
            "The third is known of every plot, and the model has not heard of it.",
        ),
        then="Run the next cell, and follow the red line in the left picture.",
        praise="What is not in the model can only be found in what the model leaves over.",
    ),
    "q4": Model(
        truth=_without_most_influential,
        mistakes={
            "this leaves out the field that matters least": _without_least_influential,
            "this has all fields in it": lambda: lk.lmer(FORMULA, lk.load_data("fields")),
        },
        hints=(
            "Which field has the largest Cook's distance?",
            "fields[fields['field'] != 'F1'] is all fields but the first.",
            "The field of the longest line in the picture is F3.",
        ),
        then="Run the next cell, and compare the two slopes; the standard error of the first row is your measure.",
        praise="One field gone, and the slope has moved by more than a standard error.",
    ),
    "q5": Choice(
        options=("yes", "no"),
        digest="545c8c41dcd31d91",
        because={"yes": "with so many rows a test finds departures that are too small to matter"},
        hints=(
            "What does a test find as the number of rows grows?",
            "Where does normality stand in the list of assumptions?",
            "Three thousand rows show departures that nobody can see in a picture.",
        ),
        praise="With so many rows a test finds any departure; a picture shows whether it is large.",
    ),
}
