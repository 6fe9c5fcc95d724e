import numpy as np
import pytest
from scipy import stats

import lmmkit as lk
from tests.dense_reference import dense_Z
from tests.lme4_reference import load


@pytest.fixture(scope="module")
def sleep():
    return lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))


def test_fixed_effects(sleep):
    table = sleep.tidy(ddf="residual")
    assert table.columns.tolist() == ["effect", "term", "estimate", "std_error", "df", "statistic", "p_value"]
    assert table["term"].tolist() == ["(Intercept)", "Days"]
    np.testing.assert_array_equal(table["estimate"], sleep.fixef)
    assert sleep.tidy(ddf="none").columns.tolist() == ["effect", "term", "estimate", "std_error", "statistic"]


def test_intervals_of_fixed_effects(sleep):
    with_t = sleep.tidy(conf_int=True, level=0.9, ddf="residual")
    reach = stats.t.ppf(0.95, 178) * sleep.se.to_numpy()
    np.testing.assert_allclose(with_t["conf_high"] - with_t["estimate"], reach)
    with_z = sleep.tidy(conf_int=True, ddf="none")
    np.testing.assert_allclose(
        with_z["estimate"] - with_z["conf_low"], 1.959963984540054 * sleep.se.to_numpy()
    )


def test_variance_parameters_are_called_as_in_broom_mixed(sleep):
    table = sleep.tidy("ran_pars")
    assert table.columns.tolist() == ["effect", "group", "term", "estimate"]
    assert table["term"].tolist() == [
        "sd__(Intercept)",
        "sd__Days",
        "cor__(Intercept).Days",
        "sd__Observation",
    ]
    assert table["group"].tolist() == ["Subject"] * 3 + ["Residual"]
    np.testing.assert_array_equal(table["estimate"], sleep.varcorr.frame["sdcor"])


def test_conditional_modes(sleep):
    table = sleep.tidy("ran_vals", conf_int=True)
    assert table.columns.tolist() == [
        "effect", "group", "level", "term", "estimate", "std_error", "conf_low", "conf_high",
    ]  # fmt: skip
    one = table[(table["level"] == "335") & (table["term"] == "Days")].iloc[0]
    assert one["estimate"] == sleep.ranef()["Subject"].loc["335", "Days"]
    assert one["std_error"] == sleep.ranef_sd()["Subject"].loc["335", "Days"]
    assert len(table) == 36


def test_several_effects_are_stacked(sleep):
    table = sleep.tidy(["ran_pars", "fixed"], ddf="none", conf_int=True)
    assert table["effect"].tolist() == ["ran_pars"] * 4 + ["fixed"] * 2
    assert table["conf_low"].notna().all()
    with pytest.raises(lk.ModelError, match="'random'"):
        sleep.tidy("random")


def test_glance(sleep):
    row = sleep.glance().iloc[0]
    assert row["reml_criterion"] == sleep.reml_criterion
    assert row["df_residual"] == 174
    assert "deviance" in sleep.update(reml=False).glance()


def test_augment_keeps_the_rows_and_adds_lme4s_columns(sleep):
    """hatvalues and cooks.distance of lme4, first rows."""
    table = sleep.augment()
    assert table[["Reaction", "Days", "Subject"]].equals(sleep.design.frame[["Reaction", "Days", "Subject"]])
    np.testing.assert_allclose(table["_hat"][:4], [0.2293040, 0.1697300, 0.1268237, 0.1005852], rtol=2e-5)
    np.testing.assert_allclose(
        table["_cooksd"][:4], [0.00496313, 0.0402062, 0.2260992, 0.00731325], rtol=2e-5
    )
    np.testing.assert_allclose(table["_fitted"] + table["_resid"], table["Reaction"])
    np.testing.assert_allclose(table["_fixed"], 251.405105 + 10.467286 * table["Days"], rtol=1e-6)
    assert table["_scaled"].equals(sleep.resid("scaled").rename("_scaled"))


def test_leverage_of_a_glmm_is_that_of_its_working_weights():
    """As hatvalues.glm of R; lme4's hatvalues takes the prior weights and exceeds 1."""
    fit = lk.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", load("cbpp"), "binomial")
    Z = dense_Z([(fit.design.terms[0].codes, fit.design.terms[0].Z)], [15]) * fit.theta[0]
    A = np.column_stack([Z, fit.design.X])
    mu = fit.fitted.to_numpy()
    w = fit.design.trials * mu * (1 - mu)
    C = A.T @ (w[:, None] * A) + np.diag([1.0] * 15 + [0.0] * 4)
    expected = w * np.einsum("ij,ij->i", A @ np.linalg.inv(C), A)
    table = fit.augment()
    np.testing.assert_allclose(table["_hat"], expected, rtol=1e-8)
    cooks = (fit.resid("pearson") / (1 - expected)) ** 2 * expected / 4
    np.testing.assert_allclose(table["_cooksd"], cooks, rtol=1e-8)


def test_limits_of_random_effects_parameters_are_the_profile_s():
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"), reml=False)
    table = fit.tidy(["fixed", "ran_pars"], conf_int=True).set_index("term")
    limits = fit.confint(parm="theta_")
    pairs = {
        "sd__(Intercept)": "sd_(Intercept)|Subject",
        "sd__Days": "sd_Days|Subject",
        "cor__(Intercept).Days": "cor_Days.(Intercept)|Subject",
        "sd__Observation": "sigma",
    }
    for term, name in pairs.items():
        assert table.loc[term, ["conf_low", "conf_high"]].tolist() == limits.loc[name].tolist()
    assert table.loc["Days", "conf_low"] < table.loc["Days", "estimate"]
