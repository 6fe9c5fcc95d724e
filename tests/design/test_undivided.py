"""Effects whose variance REML cannot tell from the residual variance, against the criterion from dense matrices."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.design.design import build_design
from lmmkit.design.undivided import undivided

PAIRS = pd.DataFrame({"pair": np.repeat(list("abcdef"), 2), "x": np.tile([-1.0, 1.0], 6)})
FEW = pd.DataFrame(np.random.default_rng(31).normal(size=(8, 6)), columns=[f"x{i}" for i in range(6)])
FEW["g"], FEW["w"] = list("aaabbbcc"), [1.0, 2, 3, 1, 2, 3, 1, 2]
X_OF_FEW = " + ".join(f"x{i}" for i in range(6))


def reml(design, sd):
    """-2 log REML likelihood at a ratio of SDs, with the best residual variance; from dense matrices."""
    w = np.ones(len(design.y)) if design.weights is None else design.weights
    V = np.diag(1 / w)
    for term in design.terms:
        indicator = np.eye(len(term.levels))[term.codes]
        for column in term.Z.T:
            V += sd**2 * np.outer(column, column) * (indicator @ indicator.T)
    X, inverse = design.X, np.linalg.inv(V)
    information = X.T @ inverse @ X
    r = design.y - X @ np.linalg.solve(information, X.T @ inverse @ design.y)
    left = len(r) - X.shape[1]
    logs = [np.linalg.slogdet(matrix)[1] for matrix in (V, information)]
    return sum(logs) + left * np.log(r @ inverse @ r)


@pytest.mark.parametrize(
    ("formula", "data", "weights", "left"),
    [
        ("y ~ pair:x + (1 | pair)", PAIRS, None, 5),
        ("y ~ pair + (0 + x | pair)", PAIRS, None, 6),
        (f"y ~ {X_OF_FEW} + (1 | g)", FEW, None, 1),
        (f"y ~ {X_OF_FEW} + (1 | g)", FEW, "w", 1),
    ],
)
def test_one_split_of_many(formula, data, weights, left):
    data = data.assign(y=np.random.default_rng(7).normal(size=len(data)))
    design = build_design(formula, data, weights=weights)
    level = reml(design, 0.0)
    assert all(abs(reml(design, sd) - level) < 1e-8 for sd in (0.3, 1.0, 5.0))
    assert undivided(design).left == left
    fit = lk.lmer(formula, data, weights=weights)
    assert not fit.converged and any("one split of many" in text for text in fit.messages)
    for table in (fit.coef_table(), fit.coef_table("kenward_roger"), fit.anova()):
        assert table["p_value"].isna().all()


@pytest.mark.parametrize(
    "formula", ["y ~ x + (1 | pair)", "y ~ pair:x - pair:x + (1 | pair)", "y ~ x + (0 + x | pair)"]
)
def test_told_apart(formula):
    design = build_design(formula, PAIRS.assign(y=np.random.default_rng(7).normal(size=12)))
    assert abs(reml(design, 1.0) - reml(design, 0.0)) > 1e-3
    assert undivided(design) is None


def test_no_wald_limits():
    """Each split of the sum of the two variances fits equally well, and has its own standard errors."""
    data = PAIRS.assign(y=np.random.default_rng(12).normal(size=12))
    fit = lk.lmer("y ~ pair:x + (1 | pair)", data)
    limits = fit.confint(method="wald")
    assert limits.isna().all(axis=None)
    assert "cannot be told from that of a random effect" in limits.notes[0]
    assert lk.lmer("y ~ x + (1 | pair)", data).confint(method="wald", parm="beta_").notna().all(axis=None)


def test_many_responses():
    """All responses of such a design; and one that repeats a value of its group, beside others that do not."""
    noise = np.random.default_rng(12).normal(size=(3, 12))
    fits = lk.fit_many(noise, "~ pair:x + (1 | pair)", PAIRS)
    assert not fits.status["converged"].any() and fits.tests("paira:x")["p_value"].isna().all()
    repeated = np.vstack([np.repeat(noise[0, :6], 2), noise[1:]])
    for family, found in {None: repeated, "gamma": np.exp(repeated)}.items():
        fits = lk.fit_many(found, "~ x + (1 | pair)", PAIRS, family=family)
        unknown = fits.coef_table()["p_value"].isna().groupby("response").all()
        assert unknown.tolist() == [True, False, False] == (~fits.status["converged"]).tolist()
    moderated = lk.fit_many(repeated, "~ x + (1 | pair)", PAIRS).tests("x", moderated=True)
    assert moderated["std_error"].isna().tolist() == [True, False, False]
