"""Questions of lesson 01, linear models and their assumptions."""

from lmmkit import lm, load_data
from lmmkit.course.question import Choice, Number, Question


def _clinic(term: str) -> float:
    """A coefficient of the model with clinics."""
    return float(lm("conc ~ age + group", load_data("plasma_age")).fixef[term])


QUESTIONS: dict[str, Question] = {
    "q1": Number(
        truth=lambda: 10 - 0.5 * 5,
        mistakes={
            "that is what the five hours cost; what is left of the start?": lambda: 2.5,
            "an hour takes happiness away: mind the sign of the slope": lambda: 12.5,
            "that is one hour; five are asked for": lambda: 9.5,
        },
        hints=(
            "Both numbers stand in the table above: the intercept and the slope.",
            "Intercept plus five times the slope, which is negative.",
            "10 minus five times 0.5",
        ),
        praise="Start, plus five times the price of an hour.",
        then="Run the next two cells: the diamond in the picture is your person.",
    ),
    "q2": Choice(
        options=("linearity", "independence", "equal spread", "normality"),
        digest="32406819e239a78a",
        because={
            "linearity": "a straight line is as good as a bent one here; what do patients of one clinic share?",
            "equal spread": "the scatter is much the same everywhere; what do patients of one clinic share?",
            "normality": "the residuals are close to a bell curve; the trouble is who belongs with whom",
        },
        hints=(
            "Ten patients share a clinic. Which promise speaks of rows that have something in common?",
            "Knowing one residual, and its clinic, would you know something about the next?",
        ),
        praise="Patients of one clinic share its level, and the line knows nothing of clinics.",
        then="Run the next cell and look at the right picture: clinic and age together give away most "
        "residuals' signs.",
    ),
    "q3": Number(
        truth=lambda: _clinic("(Intercept)") + _clinic("group3"),
        mistakes={
            "that is the difference from clinic 1; add it to clinic 1's own level": lambda: _clinic("group3"),
            "that is clinic 1, the reference": lambda: _clinic("(Intercept)"),
            "the coefficient is negative, so clinic 3 lies below clinic 1": (
                lambda: _clinic("(Intercept)") - _clinic("group3")
            ),
        },
        hints=(
            "The intercept belongs to clinic 1; group3 is clinic 3 minus clinic 1.",
            "Intercept plus the coefficient of clinic 3, which is negative.",
            "With the numbers of the table: 303.5 minus 82.1",
        ),
        praise="The reference clinic's level plus the difference.",
        then="Run the next cell: the model predicts the same for a patient of age zero.",
    ),
    "q4": Choice(
        options=("one in twenty", "one in ten", "one in four", "nearly one in two"),
        digest="27b20c3443fd182d",
        because={
            "one in twenty": "that would be an honest test, and the chicks of a nest are not independent",
            "one in ten": "more than that: ten chicks of a nest say much the same thing",
            "one in four": "worse still: think how few nests there are behind the eighty chicks",
        },
        hints=(
            "How many nests are there behind the eighty chicks?",
            "If nests differ as much as chicks do, how many chicks is a nest of ten worth?",
            "Fewer than two. The test believes that it has far more evidence than there is.",
        ),
        praise="Ten chicks of one nest are worth fewer than two independent ones; the test believes in ten.",
        then="Run the next two cells, and compare the chicks with the nest means.",
    ),
    "q5": Choice(
        options=("lm", "lmer", "glm", "glmer"),
        digest="459e39c17c4fd048",
        because={
            "lm": "a number of calls is a count, and the nights of a chick belong together",
            "lmer": "the groups are seen, but a number of calls is a count",
            "glm": "right for counts, but the nights of a chick, and the chicks of a nest, belong together",
        },
        hints=(
            "Walk down the tree from the top.",
            "What kind of response is a number of calls?",
            "And do rows share a chick, or a nest?",
        ),
        praise="A count, with groups.",
    ),
}
