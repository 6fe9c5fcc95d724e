"""Five samples in ten replicates; values that print as slides 22 to 24 of lecture 000 do.

Slide 22 regresses a phenotype on the activity; slides 23 and 24 regress the activity on another version of the
phenotype. The mixed model of slide 24 estimates a variance of 0: its theta is 0, and the criterion must rise from
there. Its slope in theta is zero by symmetry; the slope in theta squared has to be positive.
"""

import numpy as np
import pandas as pd
from method.figures import linear, one_factor
from method.find import Fit, Setting
from method.printed import Interval, Key, quantiles, targets, value

SEED = 1

SAMPLE = np.repeat([f"s{i}" for i in range(1, 6)], 10)
NAMES = ("(Intercept)", "Pheno")
MIXED = one_factor("Sample", SAMPLE, NAMES[:1], NAMES)
RISE = Key("rise of the criterion in theta squared")


def start(rng: np.random.Generator) -> np.ndarray:
    sigma = value("enzyme_lm23", "residual_standard_error")
    spread = sigma / value("enzyme_lm23", "se", term="Pheno")
    mean = np.sqrt((value("enzyme_lm23", "se", term=NAMES[0]) / sigma) ** 2 - 1 / 50) * spread
    pheno = rng.normal(0, 1, 50)
    pheno = (pheno - pheno.mean()) / pheno.std() * spread / np.sqrt(50) + mean
    error = np.interp((rng.permutation(50) + 0.5) / 50, [0, 0.25, 0.5, 0.75, 1], quantiles("enzyme_lm23"))
    enzyme = (
        value("enzyme_lm23", "fixef", term=NAMES[0])
        + value("enzyme_lm23", "fixef", term="Pheno") * pheno
        + error
    )
    return np.r_[enzyme, pheno, pheno + rng.normal(0, 0.3, 50)]


def fits(v: np.ndarray) -> list[Fit]:
    enzyme, pheno, pheno22 = v[:50], v[50:100], v[100:]
    one = np.ones(50)
    by_activity, by_pheno = np.column_stack([one, enzyme]), np.column_stack([one, pheno])
    mixed, scaled, _ = MIXED.figures(enzyme, by_pheno, by_pheno[:, :1], np.zeros(1))
    _, _, near = MIXED.figures(enzyme, by_pheno, by_pheno[:, :1], np.array([1e-6]))
    mixed[RISE] = near[0] / 2e-6
    return [
        Fit("enzyme_lm22", *linear(pheno22, by_activity, ("(Intercept)", "Value"))),
        Fit("enzyme_lm23", *linear(enzyme, by_pheno, NAMES)),
        Fit("enzyme_ri", mixed, scaled),
    ]


def frame(v: np.ndarray) -> pd.DataFrame:
    columns = {"Enzyme": v[:50], "Pheno": v[50:100], "Value": v[:50], "Value2": v[100:]}
    return pd.DataFrame({"Sample": SAMPLE, **columns})


def unknowns(data: pd.DataFrame) -> np.ndarray:
    return np.r_[data["Enzyme"], data["Pheno"], data["Value2"]]


def setting() -> Setting:
    zero = ("var", "sd")  # printed as 0
    return Setting(
        start=start,
        fits=fits,
        targets={
            "enzyme_lm22": targets("enzyme_lm22", df=48),
            "enzyme_lm23": targets("enzyme_lm23", df=48),
            "enzyme_ri": targets("enzyme_ri", without=zero) | {RISE: Interval(5.0, 35.0)},
        },
        scale=np.ones(150),
        n=50,
        frame=frame,
        unknowns=unknowns,
        decimals={(0, 50): 5, (50, 150): 4},
        five={"enzyme_lm23": quantiles("enzyme_lm23")},
    )
