"""Questions of lesson 08, replicates."""

from lmmkit import load_data
from lmmkit.course.question import Choice, Number, Question

_MICE, _ASSAYS = 10, 6


def _rows() -> int:
    return len(load_data("enzyme"))


def _samples() -> int:
    return int(load_data("enzyme")["Sample"].nunique())


QUESTIONS: dict[str, Question] = {
    "q1": Number(
        truth=lambda: _MICE - 2,
        mistakes={
            "that is what you get without averaging": lambda: _MICE * _ASSAYS - 2,
            "that is the number of averages; the means of two groups use up two": lambda: _MICE,
            "that is one less than the averages, as for a single mean; two groups have two": lambda: (
                _MICE - 1
            ),
            "that is one group alone": lambda: _MICE // 2 - 1,
        },
        tolerance=1e-9,
        hints=(
            "How many rows are left after averaging?",
            "Rows that are left, less the means that are estimated.",
            "Ten mice, two groups.",
        ),
        praise="As many averages as mice, less two for the means of the groups.",
        then="Run the next cell. In the column df, which analysis has the same number, and which has far more?",
    ),
    "q2": Choice(
        options=("5 mice x 20", "50 mice x 2"),
        digest="ec318f55f74be4a3",
        because={
            "5 mice x 20": "the differences between five mice do not become smaller by measuring them again"
        },
        hints=(
            "Both plans have a hundred assays. What does the other source of differences have?",
            "The variance of the mean is tau²/mice + sigma²/assays.",
        ),
        praise="Both plans have the same assay noise, but one has ten times the mice.",
        then="Run the next cell, and read the standard error from the top to the bottom.",
    ),
    "q3": Choice(
        options=("about 5 % of the time", "more often", "less often"),
        digest="b79ae2796ddcf96b",
        because={
            "about 5 % of the time": "that would need independent rows",
            "less often": "rows of one mouse agree with each other, which the regression takes for evidence",
        },
        hints=(
            "Look at the picture: are the six rows of one mouse alike?",
            "What does the regression think of so many alike rows?",
        ),
        praise="Alike rows look like overwhelming agreement.",
        then="Run the next cell, and compare both shares with five per cent.",
    ),
    "q4": Number(
        truth=_rows,
        mistakes={
            "those are the residual degrees of freedom; add what the line has used up": lambda: _rows() - 2,
            "that is the number of samples; had they been averaged, it would be so": _samples,
            "those are the rows of one sample": lambda: _rows() / _samples(),
        },
        tolerance=1e-9,
        hints=(
            "The line of the printout that begins with Residual standard error has degrees of freedom in it.",
            "Residual degrees of freedom = rows - coefficients.",
            "A straight line has two coefficients: add two to 48.",
        ),
        praise="All of them: five samples were counted as fifty.",
    ),
}
