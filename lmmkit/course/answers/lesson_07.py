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
        hints=("The formula sees labels, not classes.", "How many different labels are there?"),
        praise="All first classes are thrown into one group, all second classes into another, and so on.",
    ),
    "q2": Choice(
        options=("(1 | pupil)", "(1 | school/class/pupil)", "(1 | school) + (1 | class) + (1 | pupil)"),
        digest="6ab738c7646f3a7f",
        because={
            "(1 | pupil)": "pupil 1 of every class would be one person",
            "(1 | school) + (1 | class) + (1 | pupil)": "labels repeat, so plus signs mix up classes",
        },
        hints=("Labels start again within each class.", "Which notation reads 'within'?"),
        praise="The slash keeps every label inside the one above it.",
    ),
    "q3": Choice(
        options=("nested", "crossed"),
        digest="773718b747a5217c",
        because={"nested": "then each observer would have visited one plot only, or each plot had its own"},
        hints=("Draw the table of plots and observers. Is it full?",),
        praise="Every observer meets every plot.",
    ),
}
