"""Questions of lesson 08, replicates."""

from lmmkit import load_data
from lmmkit.course.question import Choice, Number, Question


def _samples() -> int:
    return int(load_data("enzyme")["Sample"].nunique())


QUESTIONS: dict[str, Question] = {
    "q1": Number(
        truth=lambda: _samples() - 2,
        mistakes={
            "that is what you get without averaging": lambda: len(load_data("enzyme")) - 2,
            "that is the number of averages; a line uses up two": _samples,
            "that is one less than the averages, as for a mean; a line has two coefficients": lambda: (
                _samples() - 1
            ),
        },
        tolerance=1e-9,
        hints=("How many rows are left after averaging?", "A straight line has two coefficients."),
        praise="As many averages as samples, less two for the line.",
    ),
    "q2": Choice(
        options=("5 mice x 20", "50 mice x 2"),
        digest="ec318f55f74be4a3",
        because={
            "5 mice x 20": "the differences between five mice do not become smaller by measuring them again"
        },
        hints=("The variance of the mean is tau²/mice + sigma²/assays.",),
        praise="Both plans have the same assay noise, but one has ten times the mice.",
    ),
    "q3": Choice(
        options=("about 5 % of the time", "more often", "less often"),
        digest="b79ae2796ddcf96b",
        because={
            "about 5 % of the time": "that would need independent rows",
            "less often": "rows of one mouse agree with each other, which the regression takes for evidence",
        },
        hints=("Rows of one mouse are alike. What does the regression think of so many alike rows?",),
        praise="Alike rows look like overwhelming agreement.",
    ),
}
