"""Comparing models: R's anova, and wrong comparisons stopped or flagged."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import lmmkit as lk
from lmmkit.inference.likelihood_ratio import criterion_value, mixture_p_value
from tests.inference.reference import ANSWERS, close, frame, model
from tests.lme4_reference import EXTRA, load

SLEEP = load("sleepstudy")


def test_chain_of_reml_fits_and_a_linear_model_as_r():
    line, m0, m1, m2 = (model(name) for name in ("line", "intercepts", "uncorrelated", "slopes"))
    table = lk.anova(m2, m0, line, m1)
    theirs = frame(ANSWERS["anova_ml"])
    assert list(table.index) == ["line", "m0", "m1", "m2"]
    assert list(table.columns) == ["npar", "aic", "bic", "loglik", "deviance", "chisq", "df", "p_value"]
    for column in table.columns:
        close(table[column], theirs[column], 1e-5)
    answer = EXTRA["lrt"]
    row = lk.anova(m0, m2).iloc[1]
    close(row[["chisq", "df", "p_value"]], [answer["chisq"], answer["df"], answer["p"]], 1e-5)


def test_says_that_it_refits():
    table = lk.anova(model("no_days"), model("slopes"), names=["without", "with"])
    assert (
        table.notes[0].startswith("Refitted by maximum likelihood (ML) instead of REML")
        and "with" in table.notes[0]
    )
    ml = lk.anova(model("no_days").update(reml=False), model("slopes").update(reml=False))
    assert ml.notes == []
    close(table["chisq"], ml["chisq"], 1e-6)


def test_reml_fits_with_different_fixed_parts_are_stopped():
    with pytest.raises(
        lk.ModelError, match="REML criteria of models with different fixed effects cannot be compared"
    ):
        lk.anova(model("no_days"), model("slopes"), refit=False)


def test_reml_criteria_of_the_same_fixed_part_may_be_compared():
    table = lk.anova(model("line"), model("intercepts"), refit=False)
    close(table["loglik"], [ANSWERS["lm_reml"][0], model("intercepts").loglik], 1e-7)
    with pytest.raises(lk.ModelError, match="some by ML"):
        lk.anova(model("intercepts"), model("slopes").update(reml=False), refit=False)


def test_reml_criterion_of_a_weighted_linear_model():
    data = load("crossed")
    small = lk.lm("rt ~ x", data, weights="w")
    large = lk.lmer("rt ~ x + (1 | subj)", data, weights="w", start=[0.0], optimize=False)
    assert criterion_value(small, reml=True) == pytest.approx(large.reml_criterion, abs=1e-8)


def test_generalised_models_as_r():
    herds, fixed = model("herds"), model("no_herds")
    row, answer = lk.anova(herds, fixed).iloc[1], ANSWERS["anova_glm"]
    close(row[["chisq", "df", "p_value"]], [answer[key][0] for key in ("chisq", "df", "p_value")], 1e-4)


def test_other_rows_are_refused():
    fewer = lk.lmer("Reaction ~ Days + (1 | Subject)", SLEEP[:170])
    with pytest.raises(lk.ModelError, match="different rows, 170 and 180"):
        lk.anova(fewer, model("slopes"))
    holed = SLEEP.assign(age=np.r_[np.nan, np.ones(100), np.zeros(79)])
    with pytest.raises(lk.ModelError, match="0 and 1 rows were left out because of missing values"):
        lk.anova(lk.lmer("Reaction ~ Days + age + (1 | Subject)", holed), model("intercepts"))
    shuffled = lk.lmer("Reaction ~ Days + (1 | Subject)", SLEEP.sample(frac=1, random_state=1))
    with pytest.raises(lk.ModelError, match="same rows in another order"):
        lk.anova(shuffled, model("slopes"))


def test_other_responses_weights_and_families_are_refused():
    with pytest.raises(lk.ModelError, match=r"other responses \('log\(Reaction\)' and 'Reaction'\)"):
        lk.anova(lk.lmer("log(Reaction) ~ Days + (1 | Subject)", SLEEP), model("slopes"))
    weighted = lk.lmer("Reaction ~ Days + (1 | Subject)", SLEEP, weights=np.linspace(1, 2, 180))
    with pytest.raises(lk.ModelError, match="different weights"):
        lk.anova(weighted, model("slopes"))
    counts = load("counts")
    poisson = lk.glmer("count ~ temp + (1 | site)", counts, "poisson")
    normal = lk.lmer("count ~ temp + (1 | site)", counts)
    with pytest.raises(lk.ModelError, match="different families"):
        lk.anova(normal, poisson)


def test_a_family_beside_its_limit():
    counts = load("counts")
    formula = "count ~ temp + (1 | site)"
    poisson, wider = (lk.glmer(formula, counts, family) for family in ("poisson", "negative_binomial"))
    table = lk.anova(wider, poisson)
    chisq = 2 * (wider.loglik - poisson.loglik)
    assert table.index.tolist() == ["poisson", "wider"]
    assert table["chisq"].iloc[1] == pytest.approx(chisq) and table["df"].iloc[1] == 1
    assert table["p_value"].iloc[1] == pytest.approx(stats.chi2.sf(chisq, 1))
    assert "wider has theta of its family more than poisson" in table.notes[0]
    assert "at the end of its range" in table.notes[0]
    # Without any dispersion left the likelihood is Poisson's.
    flat = lk.glmer(formula, counts, lk.families.NegativeBinomial(theta=1e8))
    assert flat.loglik == pytest.approx(poisson.loglik, abs=1e-4)
    with pytest.raises(lk.ModelError, match="different families"):
        lk.anova(poisson, flat.update(". ~ . + I(temp^2)"))
    nodes = [lk.glmer(formula, counts, family, n_agq=3) for family in ("poisson", "negative_binomial")]
    with pytest.raises(lk.ModelError, match="leave out different constants"):
        lk.anova(*nodes)


def test_models_that_are_not_nested_are_refused():
    with pytest.raises(lk.ModelError, match=r"the fixed part of m3 lacks Days"):
        m0, m3 = model("intercepts"), model("no_days")
        lk.anova(m0, m3)
    slope_only = lk.lmer("Reaction ~ Days + (0 + Days | Subject)", SLEEP)
    with pytest.raises(lk.ModelError, match="both have 4 parameters"):
        lk.anova(slope_only, model("intercepts"))
    nested = load("nested")
    a = lk.lmer("score ~ ses + (1 | school)", nested)
    b = lk.lmer("score ~ ses + (ses | class)", nested)
    with pytest.raises(lk.ModelError, match=r"nothing that contains \(1 \| school\)"):
        lk.anova(a, b)
    correlated = lk.lmer("Reaction ~ 1 + (Days | Subject)", SLEEP)
    with pytest.raises(lk.ModelError, match=r"contains \(Days \| Subject\)"):
        lk.anova(correlated, lk.lmer("Reaction ~ Days + I(Days^2) + (Days || Subject)", SLEEP))


def test_nesting_is_judged_by_what_models_say_not_by_how_they_are_written():
    data = SLEEP.assign(late=np.where(SLEEP["Days"] > 4, "yes", "no"), person=SLEEP["Subject"] + "x")
    symmetric = lk.lmer("Reaction ~ late + (1 | Subject) + (1 | Subject:late)", data)
    unstructured = lk.lmer("Reaction ~ late + (0 + late | person)", data)
    assert lk.anova(symmetric, unstructured)["df"].iloc[1] == 0 + unstructured.npar - symmetric.npar
    shifted = lk.lmer("Reaction ~ I(Days - 5) + (I(Days - 5) | person)", data)
    assert lk.anova(model("intercepts"), shifted)["df"].iloc[1] == 2


def test_a_variance_on_the_boundary_is_flagged_with_the_mixture():
    table = lk.anova(model("intercepts"), model("slopes"), names=["m0", "m1"])
    chisq = table["chisq"].iloc[1]
    note = table.notes[1]
    assert "conservative" in note and "χ²(1) and χ²(2)" in note
    assert note.endswith("gives p < 0.001.")
    assert mixture_p_value(chisq, 2) < table["p_value"].iloc[1]
    early = SLEEP[SLEEP["Days"] < 3]
    pair = [lk.lmer(f"Reaction ~ Days + ({left} | Subject)", early) for left in ("1", "Days")]
    tested = lk.anova(*pair, names=["m0", "m1"])
    own, mixed = tested["p_value"].iloc[1], mixture_p_value(tested["chisq"].iloc[1], 2)
    assert (
        f"p = {own:.3f} is conservative" in tested.notes[1] and f"gives p = {mixed:.3f}." in tested.notes[1]
    )
    single = lk.anova(model("line"), model("intercepts"))
    assert "χ²(0) and χ²(1)" in single.notes[1]
    several = lk.anova(model("line"), model("slopes"))
    assert "2 variances more" in several.notes[1] and "lk.pb_modcomp" in several.notes[1]
    correlation = lk.anova(model("uncorrelated"), model("slopes"))
    assert len(correlation.notes) == 1  # a correlation of zero is not on the boundary


def test_mixture_is_half_at_the_smaller_degrees_of_freedom():
    assert mixture_p_value(0.0, 1) == 1.0
    assert mixture_p_value(3.84, 1) == pytest.approx(0.025, abs=1e-4)


def test_a_single_model_gives_its_own_table():
    pd.testing.assert_frame_equal(lk.anova(model("slopes")), model("slopes").anova())


def test_the_whole_table_is_printed():
    text = repr(lk.anova(model("intercepts"), model("slopes")))
    assert "p_value" in text and "..." not in text and "Refitted" in text


def test_no_ratio_of_likelihoods_without_a_maximum():
    """With one value a group the ML deviance falls for ever as the residual variance goes to zero."""
    rng = np.random.default_rng(58)
    data = pd.DataFrame({"g": np.repeat(list("abcdefg"), 3), "x": rng.normal(size=21)})
    data["y"], data["z"] = np.repeat(rng.normal(size=7), 3), np.repeat(rng.normal(size=7), 3)

    def deviance(residual):  # y around its mean, with the group variance 1: dense matrices
        V = residual**2 * np.eye(21) + np.kron(np.eye(7), np.ones((3, 3)))
        r = data.y - data.y.mean()
        return np.linalg.slogdet(V)[1] + r @ np.linalg.solve(V, r)

    assert deviance(1e-2) > deviance(1e-4) + 50 > deviance(1e-6) + 100
    large, small = (lk.lmer(f"y ~ {x} + (1 | g)", data) for x in ("z + x", "x"))
    for table in (lk.anova(small, large), large.drop1(), lk.anova(lk.lm("y ~ x + z", data), large)):
        assert table["p_value"].isna().all() and "rises without end" in table.notes[-1]
    for test in (lk.kr_modcomp, lk.pb_modcomp):
        with pytest.raises(lk.ModelError, match="residual variance"):
            test(large, small)


def test_which_aic_compares_models_that_do_not_contain_each_other():
    """REML likelihoods of different fixed parts change with the units of x, so their AIC compares nothing."""
    mice = lk.load_data("mouse")
    formulas = ("Weight ~ Dose + (1 | Strain)", "Weight ~ I(Dose^2) + (1 | Strain)")
    one, other = (lk.lmer(formula, mice) for formula in formulas)
    milli = lk.lmer(formulas[1].replace("Dose^2", "(1000 * Dose)^2"), mice)
    assert milli.aic != pytest.approx(other.aic, abs=1) and one.aic != pytest.approx(other.aic, abs=1)
    assert milli.update(reml=False).aic == pytest.approx(other.update(reml=False).aic, abs=1e-6)
    with pytest.raises(lk.ModelError, match=r"compare the \.aic of their ML fits, fit\.update\(reml=False\)"):
        lk.anova(one, other)
    longer = lk.lmer("Weight ~ I(Dose^2) + exp(Dose) + (1 | Strain)", mice)
    with pytest.raises(lk.ModelError, match=r"or compare the \.aic of their ML fits"):
        lk.anova(one, longer)
    by_ml = [lk.lmer(formula, mice, reml=False) for formula in formulas]
    with pytest.raises(lk.ModelError, match=r"compare their \.aic instead"):
        lk.anova(*by_ml)
