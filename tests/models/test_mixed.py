"""What a fitted model answers; numbers that lme4 gives are in test_lme4_reference."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from tests.dense_reference import Dense, dense_fit
from tests.lme4_reference import CASES, load


@pytest.fixture(scope="module")
def sleep():
    return lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))


@pytest.fixture(scope="module")
def weighted():
    data = load("crossed").head(90).assign(shift=lambda d: d["x"] / 3)
    return lk.lmer("rt ~ cond + x + (x | subj) + (1 | item)", data, weights="w", offset="shift")


def test_against_dense_algebra(weighted):
    """Another implementation of everything, and another search."""
    dense = dense_fit(weighted.design)
    assert weighted.reml_criterion <= dense.objective + 1e-6
    here = Dense(weighted.design, weighted.theta)
    assert weighted.reml_criterion == pytest.approx(here.objective, abs=1e-8)
    np.testing.assert_allclose(weighted.fixef, here.beta, rtol=1e-8)
    np.testing.assert_allclose(weighted.vcov, here.sigma**2 * here.cov_unscaled, rtol=1e-8)
    assert weighted.sigma == pytest.approx(here.sigma)
    modes = np.concatenate([frame.to_numpy().ravel() for frame in weighted.ranef().values()])
    np.testing.assert_allclose(modes, here.b, atol=1e-8)
    sds = np.concatenate([frame.to_numpy().ravel() for frame in weighted.ranef_sd().values()])
    np.testing.assert_allclose(sds, np.sqrt(np.diag(here.cov_b)), atol=1e-8)


def test_series_and_frames_carry_names(sleep):
    assert sleep.se.index.tolist() == sleep.fixef.index.tolist() == ["(Intercept)", "Days"]
    assert sleep.vcov.columns.tolist() == sleep.vcov.index.tolist() == ["(Intercept)", "Days"]
    np.testing.assert_allclose(np.sqrt(np.diag(sleep.vcov)), sleep.se)
    assert sleep.ranef()["Subject"].index.name == "Subject"
    assert sleep.fitted.index.equals(load("sleepstudy").index)


def test_nothing_handed_out_is_wired_to_the_fit(sleep):
    before = sleep.theta
    sleep.theta[:] = 0
    sleep.optinfo["theta"][:] = 0
    np.testing.assert_array_equal(sleep.theta, before)


def test_likelihood_of_reml_and_ml(sleep):
    ml = sleep.update(reml=False)
    assert sleep.is_reml and not ml.is_reml
    assert sleep.loglik == -sleep.reml_criterion / 2
    assert sleep.aic == pytest.approx(sleep.reml_criterion + 2 * 6)
    assert ml.deviance == -2 * ml.loglik
    assert ml.df_resid == 180 - 6
    with pytest.raises(lk.ModelError, match="maximum likelihood"):
        _ = ml.reml_criterion


def test_deviance_of_a_reml_fit_is_the_ml_deviance_at_its_theta(sleep):
    assert sleep.deviance == pytest.approx(Dense(sleep.design, sleep.theta, reml=False).objective, abs=1e-8)
    assert sleep.deviance > sleep.update(reml=False).deviance


def test_coef_adds_fixed_and_random_effects(sleep):
    expected = sleep.ranef()["Subject"] + sleep.fixef
    pd.testing.assert_frame_equal(sleep.coef()["Subject"], expected, check_names=False)


def test_coef_with_effects_that_only_vary():
    """lme4 puts them first, around zero."""
    fit = lk.lmer("Reaction ~ 1 + (Days | Subject)", load("sleepstudy"))
    table = fit.coef()["Subject"]
    assert table.columns.tolist() == ["Days", "(Intercept)"]
    np.testing.assert_array_equal(table["Days"], fit.ranef()["Subject"]["Days"])


def test_terms_on_one_factor_stand_side_by_side():
    fit = lk.lmer("Reaction ~ Days + (Days || Subject)", load("sleepstudy"))
    assert fit.ranef()["Subject"].columns.tolist() == ["(Intercept)", "Days"]
    assert fit.ranef_sd()["Subject"].shape == (18, 2)
    assert fit.ngroups.to_dict() == {"Subject": 18}


def test_residuals(weighted):
    y, w = weighted.design.y, weighted.design.weights
    response = y - weighted.fitted
    np.testing.assert_allclose(weighted.resid(), response)
    np.testing.assert_allclose(weighted.resid("working"), response)
    np.testing.assert_allclose(weighted.resid("pearson"), response * np.sqrt(w))
    np.testing.assert_allclose(weighted.resid("deviance"), response * np.sqrt(w))
    np.testing.assert_allclose(weighted.resid("scaled"), response * np.sqrt(w) / weighted.sigma)
    with pytest.raises(lk.ModelError, match=r"kind must be one of .* not 'raw'"):
        weighted.resid("raw")


def test_glmm_residuals_are_lme4s():
    """From residuals(fit, type) of glmer on cbpp, first rows."""
    fit = lk.glmer(CASES["cbpp"]["formula"], load("cbpp"), "binomial")
    expected = {
        "deviance": [-1.43770782, 0.98847195, 2.35668826, -0.93702271],
        "working": [-0.77536670, 0.88948266, 2.89210470, -1.09177101],
        "pearson": [-1.3395656, 1.0747970, 2.8790881, -0.6773884],
        "scaled": [-1.3395656, 1.0747970, 2.8790881, -0.6773884],
    }
    for kind, values in expected.items():
        np.testing.assert_allclose(fit.resid(kind)[:4], values, rtol=1e-3)
    np.testing.assert_allclose(fit.resid(), fit.design.y - fit.fitted)


def test_coef_table_without_and_with_residual_df(sleep):
    plain = sleep.coef_table(ddf="none")
    assert plain.columns.tolist() == ["estimate", "std_error", "statistic"]
    table = sleep.coef_table(ddf="residual")
    assert table.columns.tolist() == ["estimate", "std_error", "df", "statistic", "p_value"]
    assert (table["df"] == 178).all()
    with pytest.raises(lk.ModelError, match="ddf must be one of"):
        sleep.coef_table(ddf="between-without")


def test_coef_table_by_satterthwaite_is_the_default(sleep):
    table = sleep.coef_table()
    case = CASES["sleep_rs"]
    assert table.columns.tolist() == ["estimate", "std_error", "df", "statistic", "p_value"]
    np.testing.assert_allclose(table["df"], list(case["satt_df"].values()), rtol=1e-3)
    np.testing.assert_allclose(table["p_value"], list(case["satt_p"].values()), rtol=1e-3)


def test_coef_table_of_a_glmm_has_z_tests():
    case = CASES["cbpp"]
    table = lk.glmer(case["formula"], load("cbpp"), "binomial").coef_table()
    assert table.columns.tolist() == ["estimate", "std_error", "statistic", "p_value"]
    np.testing.assert_allclose(table["statistic"], list(case["z"].values()), rtol=1e-3)


def test_singular():
    assert lk.lmer("Yield ~ 1 + (1 | Batch)", load("Dyestuff2")).is_singular
    assert not lk.lmer("Yield ~ 1 + (1 | Batch)", load("Dyestuff")).is_singular


def test_optinfo(sleep):
    info = sleep.optinfo
    assert info["converged"] and info["gradient_norm"] < 1e-4
    assert info["trail"].columns.tolist() == ["theta1", "theta2", "theta3", "objective"]
    assert info["trail"]["objective"].iloc[-1] == pytest.approx(sleep.reml_criterion)
    assert info["trail"]["objective"].is_monotonic_decreasing


@pytest.mark.parametrize(
    "fit",
    [
        lambda: lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy")),
        lambda: lk.glmer(
            "cbind(incidence, size - incidence) ~ period + (1 | herd)", load("cbpp"), "binomial"
        ),
        lambda: lk.glmer(
            "cbind(incidence, size - incidence) ~ period + (1 | herd)", load("cbpp"), "binomial", n_agq=5
        ),
        lambda: lk.glmer("incidence ~ period + (1 | herd)", load("cbpp"), "negative_binomial"),
        lambda: lk.lm("Reaction ~ poly(Days, 2)", load("sleepstudy")),
        lambda: lk.glm("Days ~ Reaction", load("sleepstudy"), "poisson"),
    ],
    ids=["lmer", "glmer", "agq", "negative binomial", "lm", "glm"],
)
def test_a_fit_can_be_saved_and_sent_to_another_process(fit):
    """As R's saveRDS; bootstraps and batch fits send theirs to workers."""
    fit = fit()
    again = pickle.loads(pickle.dumps(fit))
    assert str(again.summary()) == str(fit.summary())
    np.testing.assert_array_equal(again.predict(), fit.predict())
    if fit.design.terms:
        group = next(iter(fit.ranef()))
        np.testing.assert_array_equal(again.ranef_sd()[group], fit.ranef_sd()[group])
        y = fit.simulate(1, seed=1).iloc[:, 0]
        assert again.refit(y).loglik == pytest.approx(fit.refit(y).loglik, abs=1e-9)


@pytest.mark.slow
def test_a_fit_and_its_summary_load_nothing_heavy():
    code = (
        "import sys, lmmkit as lk;"
        "fit = lk.lmer('Reaction ~ Days + (Days | Subject)', lk.load_data('sleepstudy'));"
        "str(fit.summary()); fit._repr_html_(); fit.explain(); fit.equation(); fit.augment(); fit.tidy();"
        "heavy = {'matplotlib', 'seaborn', 'statsmodels', 'joblib', 'tqdm', 'ipywidgets'};"
        "print(sorted(heavy & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e6])
def test_singular_does_not_depend_on_units(factor):
    data = load("sleepstudy").assign(Days=lambda d: d["Days"] * factor)
    assert not lk.lmer("Reaction ~ Days + (Days | Subject)", data).is_singular
    data["Reaction"] = np.random.default_rng(1).permutation(data["Reaction"])
    assert lk.lmer("Reaction ~ Days + (Days | Subject)", data).is_singular


@pytest.mark.parametrize(
    "ask",
    [
        lambda fit: fit.confint(method="wald"),
        lambda fit: fit.anova(),
        lambda fit: fit.drop1(),
        lambda fit: fit.r2(),
        lambda fit: fit.icc(),
        lambda fit: fit.variance_partition(),
        lambda fit: fit.influence(by="Subject"),
        lambda fit: fit.coef_table(ddf="kenward_roger"),
    ],
)
def test_every_question_reaches_its_answer(ask):
    """What they answer is tested where it is computed."""
    fit = lk.lmer("Reaction ~ Days + (1 | Subject)", load("sleepstudy"))
    answer = ask(fit)
    assert isinstance(answer, (pd.Series, pd.DataFrame)) and len(answer)


def test_bootstrap_answers_too():
    fit = lk.lmer("Reaction ~ Days + (1 | Subject)", load("sleepstudy"))
    drawn = fit.bootstrap(3, lambda again: again.sigma, seed=1, progress=False)
    assert len(drawn.replicates) == 3


def test_two_groupings_and_no_fixed_effects():
    rng = np.random.default_rng(8)
    data = pd.DataFrame({"g": np.repeat(list("ABCDEFGHIJ"), 6), "h": rng.choice(list("pqrst"), 60)})
    data["k"] = rng.poisson(3, 60)
    fit = lk.glmer("k ~ 0 + (1 | g) + (1 | h)", data, "poisson")
    assert fit.deviance == pytest.approx(256.9023103, abs=1e-5)  # glmmTMB 1.1.5, R 4.2.2
    assert fit.varcorr.frame["sdcor"].tolist() == pytest.approx([0, 1.0481], abs=1e-3)
