"""Random designs whose criterion tends to have several minima, from a seed.

A slope without a fixed part, group means on a line, a predictor far from zero, uncorrelated terms, nested and
crossed slopes, no intercept: six kinds in turn.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

FORMULAS = (
    ("y ~ 1 + (0 + x | g)", "y ~ 1 + (x | g)", "y ~ 1 + (x || g)", "y ~ z + (x || g)", "y ~ z + (x | g)"),
    ("y ~ x + (1 | g)", "y ~ x + (x | g)", "y ~ x + (x || g)", "y ~ 1 + (x | g)", "y ~ x + (1 | g)"),
    ("y ~ x + (x || g)", "y ~ x + (x | g)", "y ~ x + (0 + x | g)", "y ~ 1 + (0 + x | g)", "y ~ 1 + (x || g)"),
    ("y ~ z + (x || g) + (1 | h)", "y ~ 1 + (x + z || g)", "y ~ x + (x + z || g)", "y ~ z + (x || h)"),
    (
        "y ~ 1 + (x || g/s)",
        "y ~ x + (1 | g) + (0 + x | h)",
        "y ~ 1 + (0 + x | g) + (1 | h)",
        "y ~ x + (1 | g/s)",
    ),
    ("y ~ 0 + (x | g)", "y ~ 0 + (x || g)", "y ~ 0 + x + (1 | g)", "y ~ 0 + z + (0 + x | g) + (1 | h)"),
)


@dataclass
class HardDesign:
    """A formula, its data, and whether to fit by REML."""

    formula: str
    data: pd.DataFrame
    reml: bool


def hard_design(seed: int) -> HardDesign:
    """One design; the kind is the seed's remainder by six."""
    rng = np.random.default_rng([seed, 14])
    kind, formulas = seed % 6, FORMULAS[seed % 6]
    groups, size = int(rng.integers(3, 22)), int(rng.integers(4, 15))
    n, others = groups * size, int(rng.integers(3, 11))
    g, h, s = np.repeat(np.arange(groups), size), rng.integers(0, others, n), rng.integers(0, 3, n)
    far = rng.choice([8, 30]) if kind == 2 else rng.choice([0, 1, 5])
    x = far + rng.normal(size=n) + rng.choice([0, 1, 3]) * rng.normal(size=groups)[g]
    if kind == 1:
        x = 2.0 * g + rng.normal(0, 0.7, n)
    z = rng.normal(size=n)

    def spread() -> float:
        return float(np.exp(rng.normal(0, 1.3)) * rng.choice([0, 1, 1]))

    y = np.exp(rng.normal(-0.3, 0.7)) * rng.normal(size=n) + rng.choice([0, 1, 3]) * rng.normal() * x
    y += spread() * rng.normal(size=groups)[g] + spread() * rng.normal(size=others)[h]
    y += spread() * rng.normal(size=groups)[g] * (x if rng.random() < 0.5 else x - far)
    if kind == 1:
        y = 0.3 * y + rng.normal(0, 1.5) * g
    data = pd.DataFrame({"y": y, "x": x, "z": z, "g": g, "h": h, "s": s})
    return HardDesign(str(rng.choice(formulas)), data, bool(rng.random() < 0.6))


WIDE_FORMULAS = (
    "y ~ x + (x + z + w | g)", "y ~ 1 + (x + z + w || g)", "y ~ x + (x*z | g)", "y ~ x + (x | g) + (x | h)",
    "y ~ f + (0 + f | g)", "y ~ z + (x | g) + (z | h) + (1 | s)", "y ~ 1 + (x + z || g) + (1 | h)",
    "y ~ x + (x + z | g) + (1|h)", "y ~ 1 + (f || g)", "y ~ x + (f | g)", "y~1+(x||g)+(x||h)",
    "y ~ x + (x+z+w+v|g)",
)  # fmt: skip


def wide_design(seed: int) -> HardDesign:
    """Three to five random effects in one or several terms, some of them absent from the data."""
    rng = np.random.default_rng([seed, 777])
    groups, size = int(rng.integers(4, 20)), int(rng.integers(4, 12))
    n = groups * size
    g = np.repeat(np.arange(groups), size)
    h, s = rng.integers(0, int(rng.integers(4, 10)), n), rng.integers(0, 4, n)
    far = float(rng.choice([0, 0, 3, 20]))
    x = far + rng.normal(size=n) + rng.choice([0, 1, 2]) * rng.normal(size=groups)[g]
    z, w, v = rng.normal(size=(3, n))
    f = rng.integers(0, 4, n)

    def spread() -> float:
        return float(np.exp(rng.normal(0, 1.2)) * rng.choice([0, 1, 1]))

    y = rng.normal(size=n) * np.exp(rng.normal(-0.3, 0.7)) + spread() * rng.normal(size=groups)[g]
    y += rng.choice([0, 1, 2]) * rng.normal() * x
    y += spread() * rng.normal(size=groups)[g] * (x - rng.choice([0, far]))
    y += spread() * rng.normal(size=groups)[g] * z + spread() * rng.normal(size=h.max() + 1)[h]
    y += spread() * rng.normal(size=(groups, 4))[g, f]
    data = pd.DataFrame({"y": y, "x": x, "z": z, "w": w, "v": v, "f": np.array(list("abcd"))[f], "g": g})
    return HardDesign(str(rng.choice(WIDE_FORMULAS)), data.assign(h=h, s=s), bool(rng.random() < 0.6))


PRECISE_FORMULAS = (
    "y ~ 1 + (x | g)", "y ~ x + (x | g)", "y ~ 1 + (0 + x | g)", "y ~ 1 + (x || g)", "y ~ x + (1 | g) + (1 | h)",
)  # fmt: skip


def precise_design(seed: int, powers: tuple[float, float] = (1.3, 3)) -> HardDesign:
    """Groups that differ by tens to thousands of residual standard deviations, as where a balance is good.

    `powers` are those of ten between which they lie.
    """
    rng = np.random.default_rng([seed, 5511])
    groups, size = int(rng.integers(4, 10)), int(rng.integers(4, 9))
    n = groups * size
    g, h = np.repeat(np.arange(groups), size), rng.integers(0, 5, n)

    def spread() -> float:
        return float(10 ** rng.uniform(*powers) * rng.choice([0, 1, 1]))

    x = rng.choice([0, 3]) + rng.normal(size=n) * rng.choice([0.1, 1]) + rng.choice([0, 5]) * g
    y = rng.normal(size=n) + spread() * rng.normal(size=groups)[g] + spread() * rng.normal(size=groups)[g] * x
    y += spread() * rng.normal(size=5)[h] * rng.choice([0, 1]) + spread() * rng.choice([0, 1]) * g
    data = pd.DataFrame({"y": y, "x": x, "g": g, "h": h})
    return HardDesign(str(rng.choice(PRECISE_FORMULAS)), data, bool(rng.random() < 0.6))


def extreme_design(seed: int) -> tuple[str, pd.DataFrame, str]:
    """Formula, data and link: zeros and ones, in most groups nothing but the one or the other."""
    rng = np.random.default_rng([seed, 889])
    groups, size = int(rng.integers(6, 16)), int(rng.integers(5, 11))
    g = np.repeat(np.arange(groups), size)
    x = rng.choice([0, 2, 8]) + rng.normal(size=len(g))
    eta = 8 * rng.normal(size=groups)[g] + rng.choice([0, 2]) * rng.normal(size=groups)[g] * x
    y = rng.binomial(1, 1 / (1 + np.exp(-eta)))
    formula = str(rng.choice(["y ~ x + (x | g)", "y ~ 1 + (x | g)", "y ~ x + (x || g)"]))
    link = str(rng.choice(["logit", "probit", "cloglog"]))
    return formula, pd.DataFrame({"y": y, "x": x, "g": g}), link


GLMM_FORMULAS = (
    "y ~ 1 + (0 + x | g)", "y ~ 1 + (x | g)", "y ~ 1 + (x || g)", "y ~ z + (x || g)", "y ~ x + (1 | g)",
    "y ~ x + (x || g)", "y ~ x + (x | g)", "y ~ 1 + (0 + x | g) + (1 | h)", "y ~ 0 + x + (1 | g)",
)  # fmt: skip


def hard_glmm_design(seed: int) -> tuple[str, pd.DataFrame, str]:
    """Formula, data and family: zeros and ones for even seeds, counts for odd ones."""
    rng = np.random.default_rng([seed, 15])
    groups, size = int(rng.integers(5, 30)), int(rng.integers(4, 14))
    n = groups * size
    g, h, far = np.repeat(np.arange(groups), size), rng.integers(0, 6, n), rng.choice([0, 3, 10])
    x = far + rng.normal(size=n) + rng.choice([0, 1, 2]) * rng.normal(size=groups)[g]
    z = rng.normal(size=n)

    def spread() -> float:
        return float(np.exp(rng.normal(0, 0.8)) * rng.choice([0, 1, 1]))

    eta = spread() * rng.normal(size=groups)[g] + 0.5 * rng.normal() * z + spread() * rng.normal(size=6)[h]
    eta += spread() * rng.normal(size=groups)[g] * (x - rng.choice([0, far])) / (1 + 0.3 * far)
    y = rng.binomial(1, 1 / (1 + np.exp(-eta))) if seed % 2 == 0 else rng.poisson(np.exp(np.clip(eta, -5, 6)))
    data = pd.DataFrame({"y": y, "x": x, "z": z, "g": g, "h": h})
    return str(rng.choice(GLMM_FORMULAS)), data, ("binomial", "poisson")[seed % 2]


LINKS = (("poisson", "sqrt"), ("poisson", "identity"), ("poisson", "sqrt"), ("binomial", "cloglog"))


def cauchit_design(seed: int) -> tuple[str, pd.DataFrame]:
    """Formula and data: zeros and ones in a few small groups that differ much or little, under the cauchit link."""
    rng = np.random.default_rng([seed, 78])
    groups, size = int(rng.integers(5, 14)), int(rng.integers(4, 9))
    n = groups * size
    g, h, x = np.repeat(np.arange(groups), size), rng.integers(0, 5, n), rng.normal(size=n)
    eta = rng.choice([-1.0, 0, 1.5]) + rng.choice([0.3, 1.0]) * x
    eta += np.exp(rng.normal(0.5, 0.8)) * rng.normal(size=groups)[g]
    y = rng.binomial(1, 0.5 + np.arctan(eta) / np.pi)
    formula = str(
        rng.choice(["y ~ x + (1 | g)", "y ~ 1 + (1 | g)", "y ~ x + (x || g)", "y ~ x + (1 | g) + (1 | h)"])
    )
    return formula, pd.DataFrame({"y": y, "x": x, "g": g, "h": h})


def link_design(seed: int) -> tuple[str, pd.DataFrame, str, str]:
    """Formula, data, family and link: small counts whose predictor under the square root crosses zero, and others."""
    rng = np.random.default_rng([seed, 32])
    family, link = LINKS[seed % 4]
    groups, size = int(rng.integers(6, 25)), int(rng.integers(4, 10))
    n = groups * size
    g, h, x = np.repeat(np.arange(groups), size), rng.integers(0, 5, n), rng.normal(size=n)
    eta = rng.choice([0.3, 1.0, 2.5]) + 0.3 * x + np.exp(rng.normal(0.3, 0.6)) * rng.normal(size=groups)[g]
    if family == "binomial":
        y = rng.binomial(1, 1 - np.exp(-np.exp(np.clip(eta - 1, -5, 3))))
    else:
        y = rng.poisson(eta**2 if link == "sqrt" else np.maximum(0.2, eta))
    formula = str(
        rng.choice(["y ~ x + (1 | g)", "y ~ 1 + (1 | g)", "y ~ x + (x || g)", "y ~ x + (1 | g) + (1 | h)"])
    )
    return formula, pd.DataFrame({"y": y, "x": x, "g": g, "h": h}), family, link
