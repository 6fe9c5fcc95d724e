"""Tests of variances: rows as lmerTest's ranova, p-values by simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats import poisson

import lmmkit as lk
from tests.inference.reference import ANSWERS, close, frame, model
from tests.lme4_reference import load


def test_rows_as_ranova():
    table = lk.rand_test(model("slopes"), method="chisq")
    theirs = frame(ANSWERS["ranova"]).iloc[1:]
    assert list(table.index) == list(theirs.index) == ["Days in (Days | Subject)"]
    for ours, column in {
        "npar": "npar",
        "loglik": "loglik",
        "lrt": "lrt",
        "df": "df",
        "p_chisq": "p_value",
    }.items():
        close(table[ours], theirs[column], 1e-5)
    assert "conservative" in table.notes[0]


def test_every_effect_is_tested_but_the_intercept_of_a_larger_term():
    data = load("crossed")
    fit = lk.lmer("rt ~ cond + x + (cond + x | subj) + (1 | item)", data)
    table = lk.rand_test(fit, method="chisq")
    assert list(table.index) == ["cond in (cond + x | subj)", "x in (cond + x | subj)", "(1 | item)"]
    assert table["df"].tolist() == [3, 3, 1]
    uncorrelated = lk.rand_test(model("uncorrelated"), method="chisq")
    assert sorted(uncorrelated.index) == ["(0 + Days | Subject)", "(1 | Subject)"]


def test_exact_and_bootstrap_agree():
    fit = model("dyestuff")
    exact = lk.rand_test(fit, seed=1)
    boot = lk.rand_test(fit, method="bootstrap", n_sim=150, seed=1, progress=False)
    p = exact["p_value"].iloc[0]
    assert p < exact["p_chisq"].iloc[0] / 2
    assert abs(boot["p_value"].iloc[0] - p) < 4 * np.sqrt(p / 150) + 1 / 150
    assert "exact null distribution" in exact.notes[0] and "without the effect" in boot.notes[0]


@pytest.mark.slow
@pytest.mark.parametrize("reml", [True, False])
def test_exact_distribution_is_that_of_refits(reml):
    """The simulated law against likelihood ratios of 300 fits to pure noise, with an unbalanced, weighted design."""
    rng = np.random.default_rng(8)
    data = pd.DataFrame({"g": np.repeat(np.arange(7), [2, 3, 4, 5, 6, 3, 4]), "w": rng.uniform(0.5, 2, 27)})
    data["x"], data["y"] = rng.normal(size=27), rng.normal(size=27)
    fit = lk.lmer("y ~ x + (1 | g)", data, weights="w", reml=reml)
    p_values = []
    for _ in range(300):
        again = fit.refit(rng.normal(size=27) / np.sqrt(data["w"]))
        p_values.append(lk.rand_test(again, n_sim=1000, seed=1)["p_value"].iloc[0])
    p_values = np.array(p_values)
    positive = p_values[p_values < 1]
    for level in (0.02, 0.05, 0.1, 0.2):
        assert abs((positive <= level).sum() / 300 - level) < stats.norm.ppf(0.9995) * np.sqrt(level / 300)


def test_nothing_to_find():
    table = lk.rand_test(model("singular"), seed=1)
    assert table["p_value"].iloc[0] == 1 and table["lrt"].iloc[0] == 0


def test_generalised_models():
    table = lk.rand_test(model("herds"), n_sim=30, seed=1, progress=False)
    assert table["p_value"].iloc[0] == pytest.approx(1 / 31)


def test_refusals():
    with pytest.raises(lk.ModelError, match="single scalar random effect"):
        lk.rand_test(model("slopes"), method="exact")
    with pytest.raises(lk.ModelError, match="method must be"):
        lk.rand_test(model("slopes"), method="f")


def test_a_model_without_fixed_effects_and_one_with_a_term_twice():
    rng = np.random.default_rng(8)
    data = pd.DataFrame({"g": np.repeat(list("abcdef"), 6), "x": rng.normal(size=36)})
    data = data.assign(y=rng.normal(size=36) + np.repeat(rng.normal(size=6), 6), k=rng.poisson(3, 36))
    table = lk.rand_test(lk.lmer("y ~ 0 + (1 | g)", data), seed=1)
    alone = -len(data) / 2 * (np.log(2 * np.pi * (data["y"] ** 2).mean()) + 1)
    assert table["loglik"].item() == pytest.approx(alone)
    counts = lk.rand_test(lk.glmer("k ~ 0 + (1 | g)", data, "poisson"), method="chisq")
    assert counts["loglik"].item() == pytest.approx(poisson.logpmf(data["k"], 1.0).sum())
    twice = lk.rand_test(lk.lmer("y ~ x + (1 | g) + (1 | g)", data), method="chisq")
    assert list(twice.index) == ["(1 | g)", "(1 | g)"]
    with pytest.raises(lk.ModelError, match="no random effects"):
        lk.rand_test(lk.lm("y ~ x", data))
