"""F tests of terms, types I to III, and the contrasts behind them."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.inference.contrasts import contained_in, term_contrasts, uncorrelated
from tests.inference.reference import ANSWERS, close, frame, model
from tests.lme4_reference import load

DDF = {"Satterthwaite": "satterthwaite", "Kenward-Roger": "kenward_roger"}


@pytest.mark.parametrize(
    "answer",
    ANSWERS["anova"],
    ids=lambda a: f"{a['model'][0]} {a['type'][0]} {a['ddf'][0]}",
)
def test_terms_as_lmertest(answer):
    table = model(answer["model"][0]).anova(type=answer["type"][0], ddf=DDF[answer["ddf"][0]])
    theirs = pd.DataFrame({key: answer[key] for key in ("num_df", "den_df", "statistic", "p_value")})
    assert list(table.index) == answer["term"]
    close(table["num_df"], theirs["num_df"], 0)
    close(table["den_df"], theirs["den_df"], 1e-4)
    close(table["statistic"], theirs["statistic"], 1e-4)
    close(table["p_value"], theirs["p_value"], 1e-3)


def test_type_three_does_not_depend_on_the_coding():
    close(model("contrasts").anova(), model("factors").anova(), 1e-5)


def test_a_single_term_is_the_test_of_its_coefficient():
    table, coef = model("slopes").anova(), model("slopes").coef_table().loc["Days"]
    close(table.iloc[0], [1, coef["df"], coef["statistic"] ** 2, coef["p_value"]], 1e-6)


def test_containment():
    assert contained_in(model("covariate").design) == {
        "recipe": [],
        "warm": ["recipe:warm"],
        "recipe:warm": [],
    }
    three_way = contained_in(model("three_way").design)
    assert three_way["nutrient"] == ["nutrient:amd", "nutrient:status", "nutrient:amd:status"]
    assert three_way["rack"] == []


def test_an_interaction_without_a_main_effect_still_contains_the_other():
    data = pd.DataFrame({"y": np.random.default_rng(1).normal(size=24), "a": list("kl") * 12})
    data["b"], data["g"] = list("mno") * 8, np.repeat(list("pqrs"), 6)
    fits = [lk.lmer(f"y ~ a + a:b + {extra}(1 | g)", data, contrasts=coding) for extra, coding in
            (("", None), ("", {"a": "sum", "b": "sum"}))]  # fmt: skip
    close(fits[0].anova().loc["a"], fits[1].anova().loc["a"], 1e-6)


def test_without_degrees_of_freedom():
    table = model("slopes").anova(ddf="none")
    assert list(table.columns) == ["num_df", "statistic"]
    residual = model("slopes").anova(ddf="residual")
    assert residual["den_df"].tolist() == [178.0]


def test_a_glmm_has_chi_square_tests():
    table = model("herds").anova()
    fit = model("herds")
    b, V = fit.fixef.to_numpy()[1:], fit.vcov.to_numpy()[1:, 1:]
    assert list(table.columns) == ["num_df", "statistic", "p_value"]
    close(table["statistic"], [b @ np.linalg.solve(V, b)], 1e-8)
    assert table["num_df"].tolist() == [3]


def test_drop1_as_r():
    table, theirs = model("factors").drop1(), frame(ANSWERS["drop1"])
    assert list(table.index) == list(theirs.index)
    for column in ("df", "aic", "chisq", "p_value"):
        close(table[column], theirs[column], 1e-5)
    table, theirs = model("additive").drop1(test="f"), frame(ANSWERS["drop1_f"])
    for column in table.columns:
        close(table[column], theirs[column], 1e-4)


def test_drop1_keeps_a_factor_whose_slopes_differ():
    """lme4 1.1-31, drop1(m, test = "Chisq"); lmerTest 3.1-3, drop1(m)."""
    fit = lk.lmer("mass ~ implant * day + (1 | nest/chick)", lk.load_data("implants"), reml=False)
    table = fit.drop1()
    assert list(table.index) == ["<none>", "implant:day"]
    close(table["aic"], [1832.10083, 1894.54842], 1e-8)
    close(table.loc["implant:day", ["df", "chisq"]], [1, 64.4475912], 1e-6)
    table = fit.drop1(test="f")
    assert list(table.index) == ["implant:day"]
    close(table.loc["implant:day", ["num_df", "den_df", "statistic"]], [1, 180, 77.495], 1e-5)


def test_drop1_refuses_rows_that_come_back():
    data = pd.DataFrame(
        {"y": np.arange(12.0) ** 1.5, "x": np.r_[np.nan, np.arange(11.0)], "g": list("abcd") * 3}
    )
    fit = lk.lmer("y ~ x + (1 | g)", data)
    with pytest.raises(lk.ModelError, match="missing values"):
        fit.drop1()


def test_unknown_wishes_are_refused():
    with pytest.raises(lk.ModelError, match="type must be one of 1, 2, 3"):
        model("slopes").anova(type=4)
    with pytest.raises(lk.ModelError, match="test must be"):
        model("slopes").drop1(test="wald")
    with pytest.raises(lk.ModelError, match="no F tests"):
        model("herds").drop1(test="f")


def test_uncorrelated_contrasts_have_the_rank_of_the_given_ones():
    L = np.array([[1.0, 0, 0], [0, 1, 0], [1, 1, 0]])
    rotated, variances = uncorrelated(L, np.diag([1.0, 4.0, 9.0]))
    assert len(rotated) == len(variances) == 2
    np.testing.assert_allclose(rotated @ np.diag([1.0, 4.0, 9.0]) @ rotated.T, np.diag(variances), atol=1e-12)


def test_contrasts_of_a_model_without_terms():
    assert term_contrasts(model("dyestuff").design) == {}
    assert model("dyestuff").anova().empty


# ---- terms that cannot be told apart ----


@pytest.fixture(scope="module")
def cake():
    data = load("cake")
    levels = sorted(data["temperature"].astype(str).unique())
    heat = pd.Categorical(data["temperature"].astype(str), levels, ordered=True)
    return data.assign(temperature=heat, double=2.0 * data["temp"])


BATCHES = "(1 | recipe:replicate)"


@pytest.mark.parametrize("order", ["temp + temperature", "temperature + temp"])
@pytest.mark.parametrize("how", ["drop1", "type 2", "type 3"])
def test_a_confounded_term_is_not_tested(cake, order, how):
    """lmerTest 3.1-3, drop1(m); car 3.1-1 gives the same degrees of freedom."""
    fit = lk.lmer(f"angle ~ recipe + {order} + {BATCHES}", cake)
    table = fit.drop1(test="f") if how == "drop1" else fit.anova(type=int(how[-1]))
    assert table.loc["temp", "num_df"] == 0
    assert table.loc["temp", ["den_df", "statistic", "p_value"]].isna().all()
    close(table.loc["recipe"], [2, 42, 0.2488, 0.7809], 2e-4)
    close(table.loc["temperature"], [4, 220, 1.6311, 0.1674], 5e-4)
    assert table.notes[-1].startswith("Not tested: temp, because it adds nothing")


def test_a_term_after_those_that_give_its_columns_is_not_tested(cake):
    """lmerTest 3.1-3, anova(m, type = 1)."""
    fit = lk.lmer(f"angle ~ recipe + temp + temperature + {BATCHES}", cake)
    close(fit.anova(type=1)["statistic"], [0.2488, 96.0462, 1.6311], 2e-4)
    turned = lk.lmer(f"angle ~ recipe + temperature + temp + {BATCHES}", cake).anova(type=1)
    close(turned["statistic"], [0.2488, 20.5141, np.nan], 2e-4)
    assert turned["num_df"].tolist() == [2, 5, 0]


def test_likelihood_ratios_of_confounded_terms(cake):
    """lme4 1.1-31, drop1(m, test = "Chisq")."""
    table = lk.lmer(f"angle ~ recipe + temp + temperature + {BATCHES}", cake, reml=False).drop1()
    close(table["df"], [np.nan, 2, 0, 4], 1e-12)
    close(table["p_value"], [np.nan, 0.7672, np.nan, 0.1601], 5e-4)
    assert "Not tested: temp" in table.notes[-1]


@pytest.mark.parametrize("how", ["drop1", "type 2", "type 3"])
@pytest.mark.parametrize("fixed", ["recipe + temp + double", "recipe * temp + recipe * double"])
def test_neither_of_two_copies_is_tested(cake, fixed, how):
    fit = lk.lmer(f"angle ~ {fixed} + {BATCHES}", cake)
    table = fit.drop1(test="f") if how == "drop1" else fit.anova(type=int(how[-1]))
    copies = [name for name in table.index if "temp" in name or "double" in name]
    assert table.loc[copies, "p_value"].isna().all()
    assert np.isnan(fit.drop1().loc[copies[-1], "p_value"])
    if "recipe" in table.index:
        assert table.loc["recipe", "p_value"] == pytest.approx(0.7809, abs=5e-4) or "*" in fixed


def test_sums_of_squares_of_confounded_terms(cake):
    """car 3.1-1, Anova(lm(...), type = 2)."""
    table = lk.lm("angle ~ recipe + temp + temperature", cake).anova(type=2)
    close(table["sum_sq"], [135.1, 0.0, 133.6], 5e-4)
    close(table["p_value"], [0.3303, np.nan, 0.6991], 5e-4)
    assert np.isnan(
        lk.glm("angle ~ recipe + temp + temperature", cake, "gamma").anova(type=2).loc["temp", "p_value"]
    )


def test_an_empty_cell_leaves_its_interaction_testable():
    """What is left of an interaction is tested as lmerTest does (the reference's model `empty`)."""
    assert model("empty").anova(type=3)["p_value"].notna().all()
    close(model("empty").drop1(test="f"), model("empty").anova(type=3).tail(1), 1e-6)
