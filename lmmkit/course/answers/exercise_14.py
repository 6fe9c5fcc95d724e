"""Questions of exercise 14, variance partitioning."""

from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd

from lmmkit import lmer, variance_partition
from lmmkit.course.own_data import own_data, student
from lmmkit.course.own_task import computed
from lmmkit.course.question import Choice, Model, Number, Numbers, Question, Slip, Truth
from lmmkit.course.same_model import printed_numbers

_MASS = "mass ~ day + implant + (1 | nest / chick)"
_GENES = "~ Age + Height + (1 | Individual) + (1 | Tissue) + (1 | Batch)"


def _owls() -> pd.DataFrame:
    return own_data("implants")


def _fit(formula: str = _MASS, reml: bool = False) -> Any:
    return lmer(formula, _owls(), reml=reml)


def _day_variance() -> float:
    """Variance of what the day adds to the fitted values."""
    return float(np.var(_fit().fixef["day"] * _owls()["day"]))


def _other_variances() -> float:
    """All variances but the one of day."""
    share = _fit().variance_partition()["day"]
    return float(_day_variance() * (1 - share) / share)


def _share_of_sds() -> float:
    """Share of the day when standard deviations are added instead of variances."""
    model, owls = _fit(), _owls()
    day = np.std(model.fixef["day"] * owls["day"])
    implant = np.std(model.fixef["implantP"] * (owls["implant"] == "P"))
    return float(day / (day + implant + model.varcorr.frame["sdcor"].sum()))


def _gene_shares() -> pd.DataFrame:
    return _gene_shares_of(student())


@cache
def _gene_shares_of(who: str) -> pd.DataFrame:
    info = own_data("genexpr_info")
    return variance_partition(own_data("genexpr")[info["ID"]], _GENES, info, progress=False)


#: What is told of a gene that stands out otherwise: the column, and whether it is largest or smallest there.
_OTHER_GENES = {
    "that gene belongs to the tissue most of all; look in the column Batch": ("Tissue", "idxmax"),
    "that is the gene with the most noise; the batch has a column of its own": ("Residuals", "idxmax"),
    "that is the most personal gene; look in the column Batch": ("Individual", "idxmax"),
    "that gene depends least on the batch": ("Batch", "idxmin"),
}


def _other_gene(sentence: str) -> str:
    column, end = _OTHER_GENES[sentence]
    return str(getattr(_gene_shares()[column], end)())


def _judge_gene(answer: Any) -> str | None:
    shares = _gene_shares()
    if not isinstance(answer, str) or answer not in shares.index:
        return Slip("the name of a gene is wanted, as text, such as 'gene7'")
    if answer == shares["Batch"].idxmax():
        return None
    for sentence in _OTHER_GENES:
        if answer == _other_gene(sentence):
            return sentence
    return "other genes depend more on the batch than this one"


@cache
def _tissue_shares(tissues: int) -> np.ndarray:
    """Shares of the tissue in the panel's eight genes."""
    from lmmkit.course import explorers

    found: np.ndarray = explorers.variance_partition.result(tissues=tissues, count=8).found[:, 1]
    return found


def _scores(formula: str) -> pd.Series:
    model = lmer(formula, own_data("schools"), reml=False)
    shares: pd.Series = model.variance_partition()
    return shares


def _nested() -> pd.Series:
    return _scores("score ~ hours + (1 | school / class)")


def _class_of_sds() -> float:
    table = lmer("score ~ hours + (1 | school / class)", own_data("schools"), reml=False).varcorr.frame
    sds = table.set_index("grp")["sdcor"]
    return float(sds["class:school"] / sds.sum())


QUESTIONS: dict[str, Question] = {
    "w1": Choice(
        options=("REML", "ML", "neither", "it depends on the units"),
        digest="f2104c8d5767f2ca",
        because={
            "REML": "REML allows for the fixed effects having been estimated, which makes variances larger",
            "neither": "one of the two takes the estimated means for the true ones",
            "it depends on the units": "in other units both change by the same factor",
        },
        hints=(
            "Which of the two forgets that means were estimated, too?",
            "Think of the variance of a sample: divide by n, or by n - 1?",
            "To divide by n gives the smaller number.",
        ),
        praise="ML takes the fixed effects as known, and so the groups as a little more alike than they are.",
    ),
    "w2": Number(
        own={"nests": (12, 7, 9, 10, 11), "chicks": (4, 3, 5)},
        truth=computed("ex14.w2", lambda own: own.nests * own.chicks),
        mistakes={
            "that takes chick 1 of all nests for one chick": computed("ex14.w2", lambda own: own.chicks),
            "those are the nests": computed("ex14.w2", lambda own: own.nests),
            "chicks are not counted beside nests, but within them": computed(
                "ex14.w2", lambda own: own.nests + own.chicks
            ),
            "chicks and nests together; only the chicks were asked for": computed(
                "ex14.w2", lambda own: own.nests * (own.chicks + 1)
            ),
        },
        hints=(
            "What does the slash do with a label that begins anew in every nest?",
            "A chick is a nest *and* a number.",
            "{{w2.nests:Word}} nests, {{w2.chicks:word}} numbers in each",
        ),
        praise="The slash makes a chick of every nest and number.",
    ),
    "q1": Number(
        own={"nest": (3, 4, 5), "chick": (2, 1.5), "rest": (1, 0.5)},
        truth=computed("ex14.q1", lambda own: own.nest**2 / (own.nest**2 + own.chick**2 + own.rest**2)),
        mistakes={
            "shares are of variances; square the standard deviations first": computed(
                "ex14.q1", lambda own: own.nest / (own.nest + own.chick + own.rest)
            ),
            "two weighings of a chick differ, too: the residual belongs to the sum": computed(
                "ex14.q1", lambda own: own.nest**2 / (own.nest**2 + own.chick**2)
            ),
            "that is the variance between nests; divide by the sum of all three": computed(
                "ex14.q1", lambda own: own.nest**2
            ),
            "that is a ratio to the rest; a share is of the whole": computed(
                "ex14.q1", lambda own: own.nest**2 / (own.chick**2 + own.rest**2)
            ),
        },
        hints=(
            "Variances add up, standard deviations do not.",
            "Square all three, then nests over the sum.",
            "{{q1.nest}}**2 / ({{q1.nest}}**2 + {{q1.chick}}**2 + {{q1.rest}}**2)",
        ),
        praise="Which nest a chick sits in matters more than all else together.",
    ),
    "q2": Model(
        truth=_fit,
        mistakes={
            "this is the REML fit; maximum likelihood was asked for: reml=False": lambda: _fit(reml=True),
            "chicks are missing: their own intercepts hide in the residual here": lambda: _fit(
                "mass ~ day + implant + (1 | nest)"
            ),
            "nests are missing: what a nest shares has gone to its chicks": lambda: _fit(
                "mass ~ day + implant + (1 | chick)"
            ),
            "day is a number and a fixed effect here, not a grouping factor": lambda: _fit(
                "mass ~ implant + (1 | day) + (1 | nest / chick)"
            ),
        },
        hints=(
            "Chicks within nests: (1 | nest / chick), or both intercepts one by one.",
            "Maximum likelihood: reml=False.",
            "mass ~ day + implant + (1 | nest / chick)",
        ),
        praise="Two fixed sources, two random ones, and the residual.",
    ),
    "q3": Number(
        truth=lambda: float(_fit().variance_partition()["day"]),
        others=lambda: printed_numbers(_fit()),
        mistakes={
            "that is the variance that day makes; divide by the sum of all": _day_variance,
            "that is what all fixed effects explain together, with the implant": lambda: float(
                _fit().r2()["marginal"]
            ),
            "that is all that the model explains, nests and chicks with it": lambda: float(
                _fit().r2()["conditional"]
            ),
            "shares are of variances, and these are standard deviations": _share_of_sds,
            "that squares the slope; a fixed effect counts by the variance of slope times day": lambda: float(
                _fit().fixef["day"] ** 2 / (_fit().fixef["day"] ** 2 + _other_variances())
            ),
        },
        hints=(
            "The method is that of the lesson's first gene.",
            "model.variance_partition() has a share for each term.",
            "model.variance_partition()['day']",
        ),
        praise="Chicks grow: most of the variation in mass is simply their age.",
    ),
    "q4": Choice(
        options=("nest", "chick", "implant", "residuals"),
        digest="26dfff8f874f8e3f",
        because={
            "nest": "every nest was weighed on all the days, so day makes no difference between nests",
            "chick": "a person has one height, but a chick has many days: it differs within a chick",
            "implant": "both implants were weighed on the same days",
        },
        hints=(
            "Height is one number for each person. How many values of day has a chick?",
            "What differs within a chick, when the model does not know why?",
            "What is within a chick is in no random intercept.",
        ),
        praise="The day changes within a chick, so only the residual is left to take it. "
        "It has grown so much that it also explains how far chicks scatter, and a part of how far nests do.",
    ),
    "q5": Truth(
        test=_judge_gene,
        mistakes={sentence: partial(_other_gene, sentence) for sentence in _OTHER_GENES},
        hints=(
            "lk.variance_partition(genes, formula, info) gives a table: a row for each gene.",
            "Look in its column Batch for the largest.",
            "shares['Batch'].idxmax()",
        ),
        praise="More than half of that gene is the laboratory. Measure it again before you publish it.",
    ),
    "q6": Numbers(
        truth=lambda: [100 * float(_tissue_shares(n).max()) for n in (2, 8)],
        mistakes={
            "those are shares; write them in per cent": lambda: [
                float(_tissue_shares(n).max()) for n in (2, 8)
            ],
            "the right numbers in the other order: two tissues come first": lambda: [
                100 * float(_tissue_shares(n).max()) for n in (8, 2)
            ],
            "those are the lower ends": lambda: [100 * float(_tissue_shares(n).min()) for n in (2, 8)],
            "those are of the one gene drawn large; read on to the range over all eight": lambda: [
                100 * float(_tissue_shares(n)[0]) for n in (2, 8)
            ],
        },
        tolerance=0.015,
        hints=(
            "Genes to 8, tissues to 2: the end of the sentence.",
            "Then tissues to 8, and read again.",
            "The first is above 50, the second below it; two numbers in square brackets.",
        ),
        praise="Made with a fifth, all of them. Two tissues cannot tell; eight still only roughly.",
    ),
    "q7": Number(
        truth=lambda: float(_nested()["class:school"]),
        mistakes={
            "that is the colleague's number: it takes c1 of all schools for one class": lambda: float(
                _scores("score ~ hours + (1 | school) + (1 | class)")["class"]
            ),
            "that is the share of schools": lambda: float(_nested()["school"]),
            "that is schools and classes together": lambda: float(
                _nested()[["school", "class:school"]].sum()
            ),
            "shares are of variances, and these are standard deviations": _class_of_sds,
        },
        tolerance=0.02,
        hints=(
            "How many classes does the colleague's model believe in, and how many are there?",
            "Classes are nested in schools: (1 | school / class).",
            "right.variance_partition()['class:school']",
        ),
        praise="Labels repeat: c1 is another class in every school. Seen so, classes matter more than schools.",
    ),
}
