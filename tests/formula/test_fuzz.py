"""Formulas damaged at random: the model is made, or refused by a sentence of our own, and soon.

Valid formulas lose, double, swap and exchange characters and tokens, also with each other. What comes out is
fitted. Any other error and any raw warning count as a fault. A seeded sample is quick; the slow part takes 300.
"""

import re
import time
import warnings

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk

OURS = (lk.FormulaError, lk.DataError, lk.ModelError)
SECONDS = 2.0  # of processor time, which other work on the machine does not lengthen

VALID = [
    "y ~ x",
    "y ~ x * f - 1",
    "log(y) ~ poly(x, 2) + C(f, sum) + I(z^2)",
    "y ~ . - u",
    "y ~ (x + z + f)^2 - x:z + offset(u)",
    "y ~ bs(x, df = 4, degree = 3) + ns(z, knots = c(-0.5, 0.5))",
    "sqrt(y) ~ factor(n, levels = c(1, 2, 3)) + scale(x, center = TRUE)",
    "y ~ x + (1 | g)",
    "y ~ x + f + (x | g)",
    "y ~ x * z + (x + z || g) + (1 | h)",
    "y ~ 0 + f + (0 + f | g)",
    "y ~ f / x + (1 | h/g)",
    "y ~ `a b` + log(u, base = 2) + (1 | g:f)",
    "log(y + 1) ~ center(x) + exp(z) + (center(x) | g) + (1 | h)",
    "y ~ I(x > 0 & z < 1) + f + (1 + (x > 0) | g)",
    "hits ~ z + offset(log(u)) + (x || g)",
    "cbind(hits, n - hits) ~ x + f + (1 | g)",
]
ODD = [
    *"~|+-*/:^()`'\"%,=<>!&.$[]{}@\\;#?\n\t 0159eExyfgL_é∞λ\x00",
    *[
        "||",
        "%in%",
        "**",
        "<-",
        "==",
        "1e400",
        "1e-320",
        "-1",
        "999999",
        "NULL",
        "NA",
        "TRUE",
        "Inf",
        "NaN",
        "pi",
    ],
    *["__class__", "x.y", "''", '"a"', "``", "c(", "I(", "offset(", "poly(x,", "C(f,", "lambda", "cbind("],
]
KINDS = (r"\d+", r"\w+|`[^`]*`", r"\s+", r".")
TOKENS = re.compile(r"\w+|`[^`]*`|\s+|.", re.DOTALL)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(14)
    g = np.repeat(np.arange(8), 6)
    x, z, u = rng.normal(size=48), rng.normal(size=48), rng.uniform(0.5, 3, 48)
    y = 20 + x + 2 * rng.normal(size=8)[g] + rng.normal(size=48)
    names = {"f": np.tile(list("abc"), 16), "g": [f"g{i}" for i in g], "h": np.tile(list("ppqqrrss"), 6)}
    n = rng.integers(1, 4, 48)
    numbers = {"y": y, "x": x, "z": z, "u": u, "n": n, "hits": rng.binomial(n, 0.5), "a b": z**2}
    return pd.DataFrame(numbers | names)


def of_its_kind(piece: str, pieces: list[str]) -> list[str]:
    """Those of the pieces that are words, numbers, blanks or signs, as the one given."""
    kind = next(kind for kind in KINDS if re.fullmatch(kind, piece, re.DOTALL))
    return [other for other in pieces if re.fullmatch(kind, other, re.DOTALL)] or [piece]


def mutated(pieces: list[str], other: list[str], rng: np.random.Generator) -> list[str]:
    """The pieces after one random change; `other` are those of a formula to take from."""
    i, j = sorted(rng.integers(0, len(pieces) + 1, 2))
    k, m = sorted(rng.integers(0, len(other) + 1, 2))
    odd = str(rng.choice(ODD))
    p = min(i, len(pieces) - 1)
    if pieces and rng.random() < 0.6:  # grammar mostly survives: one piece becomes another of its kind
        return [*pieces[:p], str(rng.choice(of_its_kind(pieces[p], other))), *pieces[p + 1 :]]
    changes = [
        pieces[:i] + pieces[i + 1 :],  # one lost
        pieces[:j] + pieces[i:],  # a stretch doubled
        pieces[:i]
        + pieces[j : j + 1]
        + pieces[i + 1 : j]
        + pieces[i : i + 1]
        + pieces[j + 1 :],  # two swapped
        [*pieces[:i], odd, *pieces[i:]],
        [*pieces[:i], odd, *pieces[i + 1 :]],
        pieces[:i] + other[k:m] + pieces[i + m - k :],
    ]
    return changes[rng.integers(len(changes))]


def damaged(seed: int, valid: list[str] = VALID) -> str:
    """A valid formula after one to three changes of its tokens or characters."""
    rng = np.random.default_rng([2026, seed])
    text = str(rng.choice(valid))
    for _ in range(rng.integers(1, 4)):
        pieces = TOKENS.findall(text) if rng.random() < 0.6 else list(text)
        text = "".join(mutated(pieces, TOKENS.findall(str(rng.choice(VALID))), rng))
    return text


def fit(formula: str, data: pd.DataFrame):
    if "|" not in formula:
        return lk.lm(formula, data)
    if "cbind" in formula:
        return lk.glmer(formula, data, "binomial")
    if formula.startswith("hits"):
        return lk.glmer(formula, data, "poisson")
    return lk.lmer(formula, data)


def complaint(formula: str, data: pd.DataFrame, ask=lambda *given: fit(*given).fitted) -> str | None:
    """What is wrong with the answer to a formula; None if nothing is. `ask` gives numbers."""
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            assert np.isfinite(np.asarray(ask(formula, data))).all()
        except OURS as error:
            sentence, *picture = str(error).split("\n")
            if not 10 < len(sentence) < 400 or len(picture) not in (0, 2):
                return f"{formula!r}: {error}"
        except Exception as error:
            return f"{formula!r}: {type(error).__name__}: {error}"
    seconds = time.process_time() - began
    return f"{formula!r}: {seconds:.1f} s" if seconds > SECONDS else None


@pytest.mark.parametrize("formula", VALID)
def test_what_the_damage_starts_from_is_fitted(formula, data):
    assert np.isfinite(fit(formula, data).fitted).all()


def test_a_sample_of_damaged_formulas(data):
    assert [found for seed in range(40) if (found := complaint(damaged(seed), data))] == []


@pytest.mark.slow
def test_300_damaged_formulas(data):
    assert [found for seed in range(300) if (found := complaint(damaged(seed), data))] == []


def of_the_fitted(many):
    """Coefficients of the responses to which nothing is said; one made of y alone may have none."""
    return many.fixef[(many.status["message"] == "").to_numpy()]


OTHER_PLACES = {
    "update": [
        "~ . - x",
        "log(.) ~ . + z",
        "~ . - (x | g) + (1 | g)",
        ". ~ x + (1 | h)",
        "~ (. - f)^2",
        "~ . + offset(u)",
    ],
    "re_form": ["~ (1 | g)", "~ (x | g)", "~ (1 | h) + (x | g)", "~ 0", "~ (0 + x | g)"],
    "fit_many": ["~ x + (1 | g)", "~ x * f + (x | g)", "~ (1 | g) + (1 | h) + z", "~ (1 | f) + (1 | g)"],
}


@pytest.mark.parametrize("place", OTHER_PLACES)
@pytest.mark.parametrize("seeds", [range(15), pytest.param(range(15, 150), marks=pytest.mark.slow)])
def test_damaged_formulas_in_other_places(place, seeds, data):
    model = lk.lmer("y ~ x * f + (x | g) + (1 | h)", data)
    responses = np.vstack([data["y"], data["y"] ** 2])
    ask = {
        "update": lambda text, _: model.update(text).fitted,
        "re_form": lambda text, data: model.predict(data.head(5), re_form=text),
        "fit_many": lambda text, data: of_the_fitted(lk.fit_many(responses, text, data, progress=False)),
    }[place]
    texts = [damaged(seed, OTHER_PLACES[place]) for seed in seeds]
    assert [found for text in texts if (found := complaint(text, data, ask))] == []
