import numpy as np
import pandas as pd
import pytest
from scipy.stats import gamma, nbinom, poisson

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
    with pytest.raises(lk.DataError, match=r"numbers of trials.*add incidence, size to newdata"):
        fit.predict(new, interval="prediction")
    few = fit.predict(new.assign(incidence=0, size=4), interval="prediction")
    many = fit.predict(new.assign(incidence=0, size=400), interval="prediction")
    assert ((many["conf_high"] - many["conf_low"]) < (few["conf_high"] - few["conf_low"])).all()


# ---- prediction intervals know what the spread of a row depends on ----


def weighted(function):
    data = load("crossed")
    formula = "rt ~ cond + (1 | subj)" if function is lk.lmer else "rt ~ cond"
    return data, lambda weights: function(formula, data, weights=weights)


@pytest.mark.parametrize("function", [lk.lmer, lk.lm])
def test_prediction_interval_without_the_weights_is_refused(function):
    data, fit = weighted(function)
    new = data.head(3).drop(columns="w")
    assert fit("w").predict(new, interval="confidence").notna().all(axis=None)
    with pytest.raises(lk.DataError, match="add the column 'w' to newdata"):
        fit("w").predict(new, interval="prediction")
    for given in (data["w"], data["w"].to_numpy()):
        with pytest.raises(lk.DataError, match="given as an array"):
            fit(given).predict(data.head(3), interval="prediction")
        own = fit(given).predict(interval="prediction")
        pd.testing.assert_frame_equal(own, fit("w").predict(data, interval="prediction"), rtol=1e-8)


@pytest.mark.parametrize("function", [lk.lmer, lk.lm])
def test_odd_weights_of_new_rows(function):
    data, fit = weighted(function)
    new = data.iloc[[0, 0, 0]].assign(w=[1.0, np.nan, 0.0])
    found = fit("w").predict(new, interval="prediction")
    assert found["conf_high"].iloc[0] < np.inf
    assert found[["conf_low", "conf_high"]].iloc[1].isna().all()
    assert found[["conf_low", "conf_high"]].iloc[2].tolist() == [-np.inf, np.inf]
    with pytest.raises(lk.DataError, match="must not be negative"):
        fit("w").predict(new.assign(w=-1.0), interval="prediction")


BINOMIAL = load("cbpp").assign(share=lambda d: d["incidence"] / d["size"])


@pytest.mark.parametrize("function", [lk.glmer, lk.glm])
def test_prediction_interval_of_a_proportion_is_about_its_trials(function):
    group = " + (1 | herd)" if function is lk.glmer else ""
    counted = function(f"cbind(incidence, size - incidence) ~ period{group}", BINOMIAL, "binomial")
    share = function(f"share ~ period{group}", BINOMIAL, "binomial", weights="size")
    limits = share.predict(BINOMIAL, interval="prediction")
    pd.testing.assert_frame_equal(limits, counted.predict(BINOMIAL, interval="prediction"), rtol=1e-6)
    pd.testing.assert_frame_equal(limits, share.predict(interval="prediction"))
    with pytest.raises(lk.DataError, match="add the column 'size'"):
        share.predict(BINOMIAL.drop(columns="size"), interval="prediction")
    gap = BINOMIAL.head(2).assign(size=[np.nan, 8])
    found = counted.predict(gap, interval="prediction")
    assert found[["conf_low", "conf_high"]].isna().all(axis=1).tolist() == [True, False]
    with pytest.raises(lk.DataError, match="must not be negative"):
        counted.predict(gap.assign(size=-3), interval="prediction")


GENERALISED = [
    ("count ~ temp + (1 | site)", "counts", "poisson"),
    ("count ~ temp", "counts", "poisson"),
    ("count ~ temp + (1 | site)", "counts", lk.families.Poisson(link="identity")),
    ("time ~ temp + (1 | site)", "counts", "gamma"),
    ("time ~ temp", "counts", lk.families.Gamma(link="inverse")),
    ("over ~ temp + (1 | site)", "counts", "negative_binomial"),
]


@pytest.mark.parametrize(("formula", "name", "family"), GENERALISED)
def test_a_gap_or_an_extreme_row_leaves_the_other_limits_alone(formula, name, family):
    data = load(name)
    fit = (lk.glmer if "|" in formula else lk.glm)(formula, data, family)
    rows = data.head(4)
    alone = pd.concat([fit.predict(rows.iloc[[i]], interval="prediction") for i in range(4)])
    odd = pd.concat([rows, rows.iloc[[0, 0, 0]].assign(temp=[np.nan, 1e4, -1e4])])
    together = fit.predict(odd, interval="prediction")
    pd.testing.assert_frame_equal(together.head(4), alone)
    assert alone.notna().all(axis=None)
    assert together.iloc[4].isna().all()


def test_a_huge_mean_has_limits():
    """A count of mean m has the standard deviation sqrt(m), which is then nothing beside m itself."""
    data = pd.DataFrame({"y": [1, 2, 4, 9, 15, 33], "x": range(6)})
    fit = lk.glm("y ~ x", data, "poisson")
    found = fit.predict(pd.DataFrame({"x": [100]}), interval="prediction").iloc[0]
    sure = fit.predict(pd.DataFrame({"x": [100]}), interval="confidence").iloc[0]
    np.testing.assert_allclose(np.log(found), np.log(sure), rtol=0.02)
    endless = fit.predict(pd.DataFrame({"x": [1e5]}), interval="prediction").iloc[0]
    assert endless[["fit", "conf_high"]].tolist() == [np.inf, np.inf]


@pytest.mark.parametrize(
    "family", ["negative_binomial_1", "truncated_poisson", "tweedie", "inverse_gaussian"]
)
def test_extreme_rows_of_other_families_have_limits_too(family):
    rng = np.random.default_rng(8)
    data = pd.DataFrame({"g": np.repeat(range(6), 8), "x": rng.normal(size=48)})
    data["y"] = 1.0 + rng.negative_binomial(2, 0.3, 48)
    if family == "tweedie":
        data["y"] = rng.gamma(2.0, 2.0, 48) * (rng.random(48) > 0.3)
    fit = lk.glmer("y ~ x + (1 | g)", data, family)
    far = np.sign(fit.fixef["x"]) * 1e6 * np.array([1.0, -1.0])
    rows = data.iloc[[0, 1, 2, 3]].assign(x=[0.1, np.nan, *far])
    found = fit.predict(rows, interval="prediction")
    assert found.iloc[0].tolist() == fit.predict(rows.iloc[[0]], interval="prediction").iloc[0].tolist()
    assert found.iloc[1].isna().all() and found.iloc[[0, 2, 3]].notna().all(axis=None)
    assert found["fit"].iloc[2] == np.inf
    assert found["conf_low"].iloc[3] == (1.0 if family == "truncated_poisson" else 0.0)


@pytest.mark.parametrize(
    ("formula", "name", "family", "cdf"),
    [
        ("count ~ temp", "counts", "poisson", lambda y, mu, fit: poisson.cdf(y, mu)),
        ("time ~ temp", "counts", "gamma", lambda y, mu, fit: gamma.cdf(y, fit.sigma**-2, scale=mu * fit.sigma**2)),
        ("over ~ temp", "counts", "negative_binomial",
         lambda y, mu, fit: nbinom.cdf(y, fit.family.dispersion, fit.family.dispersion / (fit.family.dispersion + mu))),
    ],
)  # fmt: skip
def test_prediction_limits_are_quantiles_of_the_mixture(formula, name, family, cdf):
    """The distribution of a new response, integrated over the error of the predictor by quadrature."""
    data = load(name)
    fit = lk.glm(formula, data, family)
    link = fit.predict(data.head(5), kind="link", interval="confidence", level=0.6826894921370859)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    sd = (link["conf_high"] - link["fit"]).to_numpy()
    means = np.exp(link["fit"].to_numpy()[:, None] + sd[:, None] * nodes)
    found = fit.predict(data.head(5), interval="prediction")
    for end, level in (("conf_low", 0.025), ("conf_high", 0.975)):
        at = found[end].to_numpy()[:, None]
        below = (cdf(at - 1, means, fit) if family != "gamma" else cdf(at, means, fit)) @ weights
        up_to = cdf(at, means, fit) @ weights
        error = 4 * np.sqrt(0.025 * 0.975 / 2000)
        assert (up_to / weights.sum() > level - error).all()
        assert (below / weights.sum() < level + error).all()
