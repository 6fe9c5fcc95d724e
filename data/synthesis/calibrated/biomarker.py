"""Three cohorts of twenty patients; values that print as slides 27 to 29 of lecture 000 do.

The printed random-slope fit is not an optimum: no data whatever have a zero score at its figures. With 79 as the
typical biomarker, intercept and slope can hardly be told apart, the criterion has a flat ridge, and the search that
was printed stopped on it. So only what the ridge leaves open is not asked for: the score across it is zero.

A search may end with one cohort in a narrow band of the marker, a spike in the picture. The answers are a surface, and
`spread` walks on along it until that cohort scatters as patients do: so the committed file was made.
"""

import numpy as np
import pandas as pd
from method.figures import linear, one_factor
from method.find import Fit, Setting, rounded, walk
from method.printed import Interval, quantiles, targets, value
from method.search import settle_within

SEED = 2

COHORT = np.repeat(["A", "B", "C"], 20)
NAMES = ("(Intercept)", "Biomarker")
MIXED = one_factor("Cohort", COHORT, NAMES, NAMES)


def typical() -> float:
    """The mean of the biomarker: from the standard errors of intercept and slope."""
    sigma = value("biomarker_lm", "residual_standard_error")
    ratio = (value("biomarker_lm", "se", term=NAMES[0]) / sigma) ** 2 - 1 / 60
    return float(np.sqrt(ratio) * sigma / value("biomarker_lm", "se", term=NAMES[1]))


def start(rng: np.random.Generator) -> np.ndarray:
    sigma = value("biomarker_rs", "sigma")
    within = sigma / value("biomarker_rs", "se", term=NAMES[1]) / np.sqrt(60)
    centres = typical() + np.array([1.05, -0.05, -1.0]) * rng.uniform(0.7, 1.2)
    x = np.repeat(centres, 20) + rng.normal(0, within, 60)
    lines = np.array([[value("biomarker_rs", "coef", "Cohort", c, name) for name in NAMES] for c in "ABC"])
    y = np.repeat(lines[:, 0], 20) + np.repeat(lines[:, 1], 20) * x + rng.normal(0, sigma, 60)
    sd = np.array([value("biomarker_rs", "sd", "Cohort", term=name) for name in NAMES])
    cor = value("biomarker_rs", "corr", "Cohort", term=NAMES[0], term2=NAMES[1])
    first, second = sd / sigma
    return np.r_[y, x, np.log(first), second * cor / first, np.log(second * np.sqrt(1 - cor**2))]


def theta(v: np.ndarray) -> np.ndarray:
    """From the last three unknowns, which leave the ratio of the first column alone when its length changes."""
    first, last = np.exp(v[120]), np.exp(v[122])
    return np.array([first, first * v[121], last])


def fits(v: np.ndarray) -> list[Fit]:
    y, X = v[:60], np.column_stack([np.ones(60), v[60:120]])
    mixed, scaled, score = MIXED.figures(y, X, X, theta(v))
    across = score[:1] - score[1:2] / typical()
    return [Fit("biomarker_lm", *linear(y, X, NAMES)), Fit("biomarker_rs", mixed, scaled, across)]


def frame(v: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"Cohort": COHORT, "Biomarker": v[60:120], "Disease": v[:60]})


def unknowns(data: pd.DataFrame) -> np.ndarray:
    return np.r_[data["Disease"], data["Biomarker"]]


def setting() -> Setting:
    return Setting(
        start=start,
        fits=fits,
        targets={"biomarker_lm": targets("biomarker_lm", df=58), "biomarker_rs": targets("biomarker_rs")},
        scale=np.r_[np.ones(120), 0.01, 0.0001, 0.1],
        n=60,
        frame=frame,
        unknowns=unknowns,
        decimals={(0, 60): 8, (60, 120): 5},
        five={model: quantiles(model) for model in ("biomarker_lm", "biomarker_rs")},
        optimum=Interval(-5e-3, 5e-3),
        settles=False,
    )


def spread(data: pd.DataFrame, sd: float = 0.6, steps: int = 30, seed: int = 1) -> tuple[pd.DataFrame, float]:
    """Other patients who print the same, the marker of cohort A scattered by about `sd`; and their largest miss.

    A little noise at a time is added to the markers of A, in directions that its figures do not feel at first: across
    the constant, the markers and the scores. Cohort C gives up as much, for the sum of squares within cohorts is printed
    (in a standard error); the walk repairs the rest.
    """
    setting_, A, C = setting(), np.flatnonzero(COHORT == "A"), np.flatnonzero(COHORT == "C")
    rng = np.random.default_rng(seed)
    v = setting_.start(rng)
    v[:120] = unknowns(data)
    problem, _ = setting_.problem(v)
    v = walk(problem, v, np.arange(len(v)) < 120)
    felt = np.column_stack([np.ones(20), v[A], v[60 + A]])
    noise = rng.normal(size=20)
    noise -= felt @ np.linalg.lstsq(felt, noise, rcond=None)[0]
    noise *= sd * np.sqrt(19) / np.linalg.norm(noise) / steps
    slopes = [value("biomarker_rs", "coef", "Cohort", cohort, NAMES[1]) for cohort in "AC"]
    within = squares(v)
    for _ in range(steps):
        v[60 + A] += noise
        v[A] += slopes[0] * noise
        markers = v[60 + C]
        room = within - (squares(v) - squares(v, "C"))
        change = (markers - markers.mean()) * (np.sqrt(room / squares(v, "C")) - 1)
        v[60 + C] += change
        v[C] += slopes[1] * change
        v = walk(problem, v, coarse=(1e-3, 1e-5, 0.0), steps=40)
    v = rounded(setting_, problem, settle_within(problem, v))
    return frame(v), float(np.abs(problem.miss(v)).max())


def squares(v: np.ndarray, cohorts: str = "ABC") -> float:
    """The markers' sum of squares within these cohorts."""
    return float(sum(20 * v[60:120][cohort == COHORT].var() for cohort in cohorts))
