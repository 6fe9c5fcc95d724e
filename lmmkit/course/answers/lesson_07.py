"""Questions of lesson 07, nested and crossed."""

from lmmkit import load_data
from lmmkit.course.question import Choice, Number, Question


def _labels() -> int:
    return int(load_data("schools")["class"].nunique())


def _classes() -> int:
    schools = load_data("schools")
    return len(schools[["school", "class"]].drop_duplicates())


QUESTIONS: dict[str, Question] = {
    "q1": Number(
        truth=_labels,
        mistakes={
            "so many real classes there are, but the formula sees labels, and they repeat": _classes,
            "that is the number of schools": lambda: int(load_data("schools")["school"].nunique()),
        },
        tolerance=1e-9,
        hints=(
            "The formula sees labels, not classes.",
            "How many different labels are there?",
            "The longest list of labels that you see has all of them.",
        ),
        praise="All first classes are thrown into one group, all second classes into another, and so on.",
        then="Run the next cell, and compare how many groups each formula counts.",
    ),
    "q2": Choice(
        options=("(1 | pupil)", "(1 | school/class/pupil)", "(1 | school) + (1 | class) + (1 | pupil)"),
        digest="6ab738c7646f3a7f",
        because={
            "(1 | pupil)": "pupil 1 of every class would be one person",
            "(1 | school) + (1 | class) + (1 | pupil)": "labels repeat, so plus signs mix up classes",
        },
        hints=(
            "Labels start again within each class.",
            "Which notation reads 'within'?",
            "A slash between the larger group and the smaller one.",
        ),
        praise="The slash keeps every label inside the one above it.",
    ),
    "q3": Choice(
        options=("nested", "crossed"),
        digest="773718b747a5217c",
        because={"nested": "then each observer would have visited one plot only, or each plot had its own"},
        hints=(
            "Draw the table of plots and observers. Is it full?",
            "Would an observer belong to one plot only?",
        ),
        praise="Every observer meets every plot.",
    ),
    "q4": Choice(
        options=("slash", "plus"),
        digest="7498b9dd29920e0e",
        because={
            "plus": "with a plus, the label alone makes the chick: how many different labels are there now?"
        },
        hints=(
            "What makes a chick in each formula: its label, or its label within its brood?",
            "The slash stands for Brood + chick:Brood.",
        ),
        praise="The slash reads 'within': chick1 of one brood and chick1 of the next stay two chicks.",
        then="Run the next cell, and compare the two numbers in the column chicks.",
    ),
    "q5": Choice(
        options=("larger", "smaller", "the same"),
        digest="c25ee09d98890dd1",
        because={
            "smaller": "a model that knows less of what makes rows differ has more noise, not less",
            "the same": "so the estimate would be, nearly; but where do the differences between words go?",
        },
        hints=(
            "Words differ. Where do these differences go when the model does not know of words?",
            "They go into the residual. What does a larger residual do to a standard error?",
        ),
        praise="What the model does not know becomes noise.",
        then="Run the next cell, and compare both columns.",
    ),
}
