import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.fitted.henderson import MixedEquations
from tests.dense_reference import Dense, dense_Z
from tests.lme4_reference import EXTRA, load


@pytest.fixture(scope="module")
def sleep():
    return lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy"), reml=False)


@pytest.fixture(scope="module")
def schools():
    return lk.lmer("score ~ ses + sex + (1 | school/class)", load("nested"))


STRUCTURES = {
    "slopes": ("sleepstudy", "Reaction ~ Days + (Days | Subject)", {}),
    "crossed, weighted": ("crossed", "rt ~ cond + x + (x | subj) + (1 | item)", {"weights": "w"}),
    "nested, singular": ("nested", "score ~ ses + sex + (ses | school/class)", {}),
    "zero variance": ("Dyestuff2", "Yield ~ 1 + (1 | Batch)", {}),
}


@pytest.mark.parametrize("structure", STRUCTURES)
def test_interval_against_dense_algebra(structure):
    """New rows with known, partly unknown and wholly unknown groups: the variance of a linear map of y."""
    name, formula, options = STRUCTURES[structure]
    data = load(name)
    fit = lk.lmer(formula, data, **options)
    new = data.iloc[[0, 5, 17, 29]].copy()
    groups = {factor for term in fit.design.terms for factor in term.bar.factors}
    new.loc[new.index[2:], sorted(groups)[0]] = "unseen"
    new.loc[new.index[3:], sorted(groups)] = "unseen"
    dense = Dense(fit.design, fit.theta)
    sizes = [len(term.levels) for term in fit.design.terms]
    z = dense_Z(fit.design.new_rows(new).terms, sizes)
    x = fit.design.new_rows(new).X
    expected = 1.959963984540054 * np.sqrt(dense.error_variance(x, z))

    found = fit.predict(new, allow_new_levels=True, interval="confidence")
    np.testing.assert_allclose(found["fit"], x @ dense.beta + z @ dense.b, rtol=1e-8)
    np.testing.assert_allclose(found["conf_high"] - found["fit"], expected, rtol=1e-6)
    np.testing.assert_allclose(found["fit"] - found["conf_low"], expected, rtol=1e-6)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_leverage_against_dense_algebra(structure):
    name, formula, options = STRUCTURES[structure]
    fit = lk.lmer(formula, load(name), **options)
    dense = Dense(fit.design, fit.theta)
    to_beta = dense.cov_unscaled @ fit.design.X.T @ dense.V_inverse
    left = np.eye(fit.nobs) - fit.design.X @ to_beta
    hat = fit.design.X @ to_beta + dense.Z @ dense.Sigma @ dense.Z.T @ dense.V_inverse @ left
    np.testing.assert_allclose(MixedEquations(fit).leverage(), np.diag(hat), atol=1e-8)


def test_lme4s_predictions(sleep):
    new = pd.DataFrame({"Days": [0, 5, 12], "Subject": ["308", "309", "new"]})
    found = sleep.predict(new, allow_new_levels=True)
    np.testing.assert_allclose(found, EXTRA["predict_new"], rtol=1e-5)
    np.testing.assert_allclose(sleep.predict(new[["Days"]], re_form="~0"), EXTRA["predict_fix"], rtol=1e-5)


def test_old_rows_are_the_fitted_values(schools):
    pd.testing.assert_series_equal(schools.predict(), schools.fitted, check_names=False)
    assert schools.predict(load("nested").iloc[[7, 3]]).index.tolist() == [7, 3]


def test_some_of_the_random_effects(schools):
    """Those of school alone; class need not be known then."""
    new = load("nested")[["ses", "sex", "school"]].head(6)
    fixed = schools.predict(new, re_form="~0")
    own = new["school"].map(schools.ranef()["school"]["(Intercept)"])
    np.testing.assert_allclose(schools.predict(new, re_form="~(1 | school)"), fixed + own, rtol=1e-12)


def test_one_effect_of_a_vector(sleep):
    intercepts = sleep.predict(re_form="~(1 | Subject)") - sleep.predict(re_form="~0")
    expected = load("sleepstudy")["Subject"].map(sleep.ranef()["Subject"]["(Intercept)"])
    np.testing.assert_allclose(intercepts, expected, rtol=1e-12)


def test_fixed_part_interval_is_the_delta_method(sleep):
    new = pd.DataFrame({"Days": [0.0, 4.5]})
    x = np.column_stack([np.ones(2), new["Days"]])
    reach = 1.6448536269514722 * np.sqrt(np.diag(x @ sleep.vcov.to_numpy() @ x.T))
    found = sleep.predict(new, re_form="~0", interval="confidence", level=0.9)
    np.testing.assert_allclose(found["conf_high"] - found["fit"], reach, rtol=1e-10)


def test_prediction_interval_adds_what_is_not_known(sleep):
    """A new response of a known subject, and of somebody unknown, by each of the two ways to ask for it."""
    new = pd.DataFrame({"Days": [3.0, 3.0], "Subject": ["308", "unseen"]})
    narrow = sleep.predict(new, allow_new_levels=True, interval="confidence")
    wide = sleep.predict(new, allow_new_levels=True, interval="prediction")
    added = (
        (wide["conf_high"] - wide["fit"]) ** 2 - (narrow["conf_high"] - narrow["fit"]) ** 2
    ) / 1.959963984540054**2
    z = np.array([1.0, 3.0])
    between = z @ sleep.varcorr["Subject"].to_numpy() @ z
    np.testing.assert_allclose(added, sleep.sigma**2 + np.array([0.0, between]), rtol=1e-8)
    alone = sleep.predict(new[["Days"]].tail(1), re_form="~0", interval="prediction")
    pd.testing.assert_frame_equal(alone, wide.tail(1))


def test_prediction_interval_uses_weights():
    data = load("crossed")
    fit = lk.lmer("rt ~ cond + (1 | subj)", data, weights="w")
    rows = data.head(2)
    narrow, wide = (fit.predict(rows, interval=kind) for kind in ("confidence", "prediction"))
    added = (
        (wide["conf_high"] - wide["fit"]) ** 2 - (narrow["conf_high"] - narrow["fit"]) ** 2
    ) / 1.959963984540054**2
    np.testing.assert_allclose(added, fit.sigma**2 / rows["w"], rtol=1e-8)


@pytest.mark.parametrize("interval", [None, "confidence", "prediction"])
def test_missing_values_give_missing_predictions(sleep, interval):
    new = pd.DataFrame({"Days": [1.0, np.nan], "Subject": ["308", "309"]})
    found = pd.DataFrame(sleep.predict(new, interval=interval))
    assert found.iloc[0].notna().all()
    assert found.iloc[1].isna().all()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"newdata": pd.DataFrame({"Days": [1], "Subject": ["x"]})}, lk.DataError, "'x'.*allow_new_levels"),
        ({"newdata": pd.DataFrame({"Days": [1], "Subject": [None]})}, lk.DataError, "missing level"),
        ({"newdata": pd.DataFrame({"Days": [1]})}, lk.DataError, "'Subject' is not in the data"),
        ({"newdata": pd.DataFrame({"Subject": ["308"]})}, lk.DataError, "'Days' is not in the data"),
        ({"newdata": [1, 2]}, lk.DataError, "DataFrame"),
        ({"re_form": "~(1 | lab)"}, lk.DataError, "lab"),
        ({"re_form": "~(I(Days^2) | Subject)"}, lk.ModelError, "does not have"),
        ({"re_form": "~Days"}, lk.FormulaError, "names no random effects"),
        ({"re_form": 0}, lk.FormulaError, "re_form"),
        ({"kind": "probability"}, lk.ModelError, "kind must be one of"),
        ({"interval": "both"}, lk.ModelError, "interval must be one of"),
        ({"interval": "confidence", "level": 95}, lk.ModelError, "level"),
        ({"interval": "prediction", "kind": "link"}, lk.ModelError, "about the response"),
    ],
)
def test_refusals(sleep, arguments, error, words):
    with pytest.raises(error, match=words):
        sleep.predict(**arguments)


# ---- generalised models ----


@pytest.fixture(scope="module")
def sites():
    return lk.glmer("count ~ treat + temp + offset(log(effort)) + (temp | site)", load("counts"), "poisson")


@pytest.mark.parametrize(
    ("formula", "name", "family"),
    [
        ("count ~ treat + temp + offset(log(effort)) + (temp | site)", "counts", "poisson"),
        ("cbind(incidence, size - incidence) ~ period + (1 | herd)", "cbpp", "binomial"),
        ("time ~ temp + (1 | site)", "counts", "gamma"),
        ("over ~ treat + (1 | site)", "counts", "negative_binomial"),
    ],
)
def test_the_equations_hold_the_conditional_variances_of_a_glmm(formula, name, family):
    """A row of one random effect and no fixed effects, beta taken as known: what ranef_sd says."""
    fit = lk.glmer(formula, load(name), family)
    equations = MixedEquations(fit)
    term, k = fit.design.terms[0], fit.design.terms[0].Z.shape[1]
    levels = np.repeat(np.arange(len(term.levels)), k)
    one_effect = np.tile(np.eye(k), (len(term.levels), 1))
    p = len(fit.fixef)
    found = equations.variance(np.zeros((len(levels), p)), [(levels, one_effect)], np.zeros((p, p)))
    expected = next(iter(fit.ranef_sd().values())).to_numpy().ravel()
    np.testing.assert_allclose(fit.sigma * np.sqrt(found), expected, rtol=1e-5)


def test_scales_of_a_glmm(sites):
    new = load("counts").head(5)
    link = sites.predict(new, kind="link")
    np.testing.assert_allclose(sites.predict(new), np.exp(link))
    np.testing.assert_allclose(sites.predict(new), sites.fitted.head(5))
    doubled = sites.predict(new.assign(effort=2 * new["effort"]))
    np.testing.assert_allclose(doubled, 2 * sites.predict(new))


def test_confidence_interval_is_made_on_the_link_scale(sites):
    new = load("counts").head(3).assign(site=["site01", "site02", "unseen"])
    link = sites.predict(new, kind="link", interval="confidence", allow_new_levels=True)
    response = sites.predict(new, interval="confidence", allow_new_levels=True)
    np.testing.assert_allclose(response, np.exp(link))
    reach = link["conf_high"] - link["fit"]
    x = sites.design.new_rows(new).X[2]
    assert reach.iloc[2] == pytest.approx(1.959963984540054 * np.sqrt(x @ sites.vcov.to_numpy() @ x))


def test_limits_stay_in_order_under_a_falling_link():
    fit = lk.glmer("time ~ temp + (1 | site)", load("counts"), lk.families.Gamma(link="inverse"))
    found = fit.predict(interval="confidence")
    assert (found["conf_low"] < found["fit"]).all() and (found["fit"] < found["conf_high"]).all()


def test_prediction_interval_of_counts_covers_new_counts(sites):
    """New responses of the same sites: drawn from the fit, 95% within limits that are whole counts."""
    limits = sites.predict(interval="prediction")
    rng = np.random.default_rng(4)
    draws = np.stack([rng.poisson(sites.fitted) for _ in range(200)])
    covered = ((draws >= limits["conf_low"].to_numpy()) & (draws <= limits["conf_high"].to_numpy())).mean()
    assert 0.95 <= covered < 0.99
    pd.testing.assert_frame_equal(limits, sites.predict(interval="prediction"))


def test_prediction_interval_of_proportions_needs_trials():
    fit = lk.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", load("cbpp"), "binomial")
    new = load("cbpp")[["herd", "period"]].head(2)
    assert fit.predict(new).between(0, 1).all()
    with pytest.raises(lk.DataError, match="number of trials"):
        fit.predict(new, interval="prediction")
    few = fit.predict(new.assign(incidence=0, size=4), interval="prediction")
    many = fit.predict(new.assign(incidence=0, size=400), interval="prediction")
    assert ((many["conf_high"] - many["conf_low"]) < (few["conf_high"] - few["conf_low"])).all()
