"""What structured fits answer: the same as an equal model written otherwise, as R, or as a second way says."""

import io

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from tests.lme4_2_reference import load


@pytest.fixture(scope="module")
def machines():
    return load("Machines")


@pytest.fixture(scope="module")
def sleep():
    return load("sleepstudy")


def as_written(fit, index=None):
    """Everything that does not depend on how the covariance is written."""
    return np.concatenate([[fit.loglik, fit.sigma], fit.fixef, fit.se, fit.fitted])


PAIRS = [
    # homogeneous compound symmetry with rho >= 0 is an intercept, and one more within
    ("cs(0 + Machine | Worker, hom = TRUE)", "(1 | Worker) + (1 | Worker:Machine)"),
    ("cs(0 + Machine | Worker, hom = FALSE)", "cs(0 + Machine | Worker)"),
    ("diag(0 + Machine | Worker, hom = TRUE)", "(1 | Worker:Machine)"),
    ("cs(0 + late | Worker)", "(0 + late | Worker)"),  # two columns: any covariance
    ("ar1(0 + late | Worker)", "cs(0 + late | Worker, hom = TRUE)"),
    ("ar1(0 + late | Worker, hom = FALSE)", "(0 + late | Worker)"),
    ("cs(1 | Worker)", "(1 | Worker)"),
    ("ar1(1 | Worker)", "(1 | Worker)"),
    ("us(0 + Machine | Worker)", "(0 + Machine | Worker)"),
]


@pytest.mark.parametrize(("structured", "plain"), PAIRS)
@pytest.mark.parametrize("reml", [True, False])
def test_equal_models_are_equal(structured, plain, reml, machines):
    data = machines.assign(late=np.where(machines["Machine"] == "C", "c", "ab"))
    one, other = (lk.lmer(f"score ~ Machine + {term}", data, reml=reml) for term in (structured, plain))
    np.testing.assert_allclose(as_written(one), as_written(other), rtol=2e-5, atol=1e-5)
    for ddf in ("satterthwaite", "kenward_roger") if reml else ("satterthwaite",):
        found, expected = one.coef_table(ddf)["df"], other.coef_table(ddf)["df"]
        np.testing.assert_allclose(found, expected, rtol=1e-3)
    np.testing.assert_allclose(one.resid("studentized"), other.resid("studentized"), rtol=1e-4, atol=1e-4)


def test_profile_limits_are_those_of_the_equal_model(machines):
    one = lk.lmer("score ~ Machine + cs(0 + late | Worker)", late(machines), reml=False)
    other = lk.lmer("score ~ Machine + (0 + late | Worker)", late(machines), reml=False)
    found, expected = one.confint(), other.confint()
    assert list(found.index) == ["sd_lateab|Worker", "sd_latec|Worker", "cor_rho|Worker", *expected.index[3:]]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def late(machines):
    return machines.assign(late=np.where(machines["Machine"] == "C", "c", "ab"))


def test_profile_limits_of_diag_are_those_of_separate_terms(sleep):
    one = lk.lmer("Reaction ~ Days + diag(Days | Subject)", sleep, reml=False).confint()
    other = lk.lmer("Reaction ~ Days + (Days || Subject)", sleep, reml=False).confint()
    np.testing.assert_allclose(one, other, rtol=1e-3)
    assert list(one.index)[:2] == ["sd_(Intercept)|Subject", "sd_Days|Subject"]


@pytest.mark.slow
def test_profile_limits_of_rho_are_where_the_deviance_has_risen(sleep):
    fit = lk.lmer("Reaction ~ Days + ar1(0 + period | Subject)", sleep, reml=False)
    table = fit.confint(parm=["sd_*|Subject", "cor_rho|Subject"])
    for name, place in (("sd_*|Subject", 0), ("cor_rho|Subject", 1)):
        for value in table.loc[name]:
            lowest = min(
                _deviance(fit, place, value, other, sigma) for other in GRID[place] for sigma in SIGMAS
            )
            assert lowest - fit.deviance > 3.84 - 0.05
    assert table.loc["cor_rho|Subject"].between(-1, 1).all()


#: R's mtcars.
CARS = """mpg,wt,hp,am,qsec
21,2.62,110,1,16.46
21,2.875,110,1,17.02
22.8,2.32,93,1,18.61
21.4,3.215,110,0,19.44
18.7,3.44,175,0,17.02
18.1,3.46,105,0,20.22
14.3,3.57,245,0,15.84
24.4,3.19,62,0,20
22.8,3.15,95,0,22.9
19.2,3.44,123,0,18.3
17.8,3.44,123,0,18.9
16.4,4.07,180,0,17.4
17.3,3.73,180,0,17.6
15.2,3.78,180,0,18
10.4,5.25,205,0,17.98
10.4,5.424,215,0,17.82
14.7,5.345,230,0,17.42
32.4,2.2,66,1,19.47
30.4,1.615,52,1,18.52
33.9,1.835,65,1,19.9
21.5,2.465,97,0,20.01
15.5,3.52,150,0,16.87
15.2,3.435,150,0,17.3
13.3,3.84,245,0,15.41
19.2,3.845,175,0,17.05
27.3,1.935,66,1,18.9
26,2.14,91,1,16.7
30.4,1.513,113,1,16.9
15.8,3.17,264,1,14.5
19.7,2.77,175,1,15.5
15,3.57,335,1,14.6
21.4,2.78,109,1,18.6
"""
GRID = {0: np.linspace(0.6, 0.99, 40), 1: np.linspace(30, 90, 40)}
SIGMAS = np.linspace(15, 30, 31)


def _deviance(fit, place, value, other, sigma):
    """-2 log-likelihood with the standard deviation and rho given, the fixed effects at their best."""
    sd, rho = (value, other) if place == 0 else (other, value)
    design = fit.design
    term = design.terms[0]
    k, at = term.Z.shape[1], np.arange(term.Z.shape[1])
    R = sd**2 * rho ** np.abs(at[:, None] - at)
    total, XVX, XVy, yVy = 0.0, 0.0, 0.0, 0.0
    for level in range(len(term.levels)):
        rows = term.codes == level
        V = term.Z[rows] @ R @ term.Z[rows].T + sigma**2 * np.eye(rows.sum())
        L = np.linalg.cholesky(V)
        X, y = np.linalg.solve(L, design.X[rows]), np.linalg.solve(L, design.y[rows])
        total += 2 * np.log(np.diag(L)).sum() + rows.sum() * np.log(2 * np.pi)
        XVX, XVy, yVy = XVX + X.T @ X, XVy + X.T @ y, yVy + y @ y
    assert k == 5
    return total + yVy - XVy @ np.linalg.solve(XVX, XVy)


def test_many_responses_are_each_by_itself(sleep):
    rng = np.random.default_rng(0)
    Y = pd.DataFrame([sleep["Reaction"] + rng.normal(0, 20, 180) for _ in range(4)], index=list("abcd"))
    for term in ("ar1(0 + period | Subject)", "cs(0 + period | Subject)", "diag(Days | Subject)"):
        many = lk.fit_many(Y, f"~ Days + {term}", sleep)
        for name, y in Y.iterrows():
            fit = lk.lmer(f"y ~ Days + {term}", sleep.assign(y=y.to_numpy()))
            assert many.status.loc[name, "objective"] == pytest.approx(fit.estimate.objective, abs=1e-5)
            np.testing.assert_allclose(many.fixef.loc[name], fit.fixef, rtol=1e-5)
            np.testing.assert_allclose(many.df.loc[name], fit.coef_table()["df"], rtol=1e-2)
        assert list(many.ran_pars.columns)[:-1] == [
            name for name in fit.confint(method="wald", parm="theta_").index if name != "sigma"
        ]


def test_refit_simulate_update_and_bootstrap_keep_the_structure(sleep):
    fit = lk.lmer("Reaction ~ Days + ar1(0 + period | Subject)", sleep)
    again = fit.refit(fit.design.y)
    np.testing.assert_allclose(again.par, fit.par, rtol=1e-5)
    y = fit.simulate(1, seed=3)["sim_1"]
    np.testing.assert_allclose(
        fit.refit(y).par,
        lk.lmer("y ~ Days + ar1(0 + period | Subject)", sleep.assign(y=y)).par,
        rtol=1e-3,
        atol=1e-4,
    )
    smaller = fit.update(". ~ . - Days", reml=False)
    assert smaller.design.terms[0].bar.term == "ar1(0 + period | Subject)" and smaller.npar == 4
    without = fit.update(". ~ . - ar1(0 + period | Subject) + (1 | Subject)")
    assert without.npar == 4
    intervals = fit.confint(method="boot", n_sim=8, seed=1, progress=False)
    assert intervals.loc["cor_rho|Subject"].between(-1, 1).all()


def test_power_draws_from_the_structure(sleep):
    fit = lk.lmer("Reaction ~ Days + ar1(0 + period | Subject)", sleep)
    power = lk.power(fit, {"Days": 10.0}, n_sim=10, seed=1, progress=False)
    assert power.table["power"].between(0.5, 1).all()


def test_simulated_effects_have_the_covariance(sleep):
    fit = lk.lmer("Reaction ~ Days + ar1(0 + period | Subject)", sleep)
    term, T = fit.design.terms[0], fit.estimate.factors[0]
    at = np.arange(5)
    sd, rho = fit.par
    np.testing.assert_allclose(T @ T.T, sd**2 * rho ** np.abs(at[:, None] - at), rtol=1e-9)
    assert term.names == [f"period{i}" for i in range(5)]


def test_tests_between_structures(machines):
    fits = [
        lk.lmer(f"score ~ Machine + {term}", machines, reml=False)
        for term in (
            "diag(0 + Machine | Worker, hom = TRUE)",
            "cs(0 + Machine | Worker, hom = TRUE)",
            "cs(0 + Machine | Worker)",
            "(0 + Machine | Worker)",
        )
    ]
    table = lk.anova(*fits)
    assert table["df"].tolist()[1:] == [1, 2, 2]
    assert table["chisq"].iloc[1] == pytest.approx(fits[0].deviance - fits[1].deviance)
    ar1 = lk.lmer("score ~ Machine + ar1(0 + Machine | Worker)", machines, reml=False)
    with pytest.raises(lk.ModelError, match="ar1"):
        lk.anova(ar1, fits[2])
    with pytest.raises(lk.ModelError, match="nothing that contains"):
        lk.anova(fits[2], ar1)


def test_a_structure_is_tested_against_simpler_ones(machines):
    fit = lk.lmer("score ~ Machine + cs(0 + Machine | Worker)", machines)
    table = lk.rand_test(fit, method="chisq")
    assert list(table.index) == [
        "diag(0 + Machine | Worker) for cs(0 + Machine | Worker)",
        "cs(0 + Machine | Worker, hom = TRUE) for cs(0 + Machine | Worker)",
        "cs(0 + Machine | Worker)",
    ]
    assert table["df"].tolist() == [1, 2, 4]
    # REML criteria of lme4 2.1: diag 217.6511, homogeneous cs 215.6876, cs 209.2204
    np.testing.assert_allclose(table["lrt"].iloc[:2], [217.6511 - 209.2204, 215.6876 - 209.2204], atol=2e-4)
    assert "conservative" in table.attrs["notes"][0]


def test_predictions_of_known_and_new_levels(sleep):
    fit = lk.lmer("Reaction ~ Days + ar1(0 + period | Subject)", sleep)
    np.testing.assert_allclose(fit.predict(sleep), fit.fitted)
    new = sleep.iloc[:3].assign(Subject="new")
    found = fit.predict(new, allow_new_levels=True)
    np.testing.assert_allclose(found, fit.fixef.iloc[0] + fit.fixef.iloc[1] * new["Days"])
    with pytest.raises(lk.DataError, match="which the fit has not seen"):
        fit.predict(sleep.iloc[:1].assign(period="9"))
    plain = fit.predict(sleep, re_form="~ar1(0 + period | Subject)")
    np.testing.assert_allclose(plain, fit.fitted)
    np.testing.assert_allclose(fit.predict(sleep, re_form="~(0 + period | Subject)"), fit.fitted)
    with pytest.raises(lk.ModelError, match=r"names diag\(.*but the model has ar1\(0 \+ period"):
        fit.predict(sleep, re_form="~diag(0 + period | Subject)")
    interval = fit.predict(new, allow_new_levels=True, interval="confidence")
    assert (interval["conf_high"] > interval["conf_low"]).all()


def test_influence_drop1_and_joint_covariance(sleep):
    fit = lk.lmer("Reaction ~ Days + cs(0 + period | Subject, hom = TRUE)", sleep)
    full = fit.vcov_full()
    q = 18 * 5
    np.testing.assert_allclose(full.iloc[q:, q:], fit.vcov, rtol=1e-8)
    own = np.sqrt(np.diag(full)[:q]).reshape(18, 5)
    assert full.shape == (q + 2, q + 2) and np.isfinite(own).all()
    # the block of b by the definition: (Z'Z + G^-1)^-1 of all unknowns together
    design, sigma2 = fit.design, fit.sigma**2
    Z = np.zeros((180, q))
    Z[np.arange(180)[:, None], design.terms[0].codes[:, None] * 5 + np.arange(5)] = design.terms[0].Z
    T = fit.estimate.factors[0]
    G = np.kron(np.eye(18), T @ T.T)
    M = np.block([[Z.T @ Z + np.linalg.inv(G), Z.T @ design.X], [design.X.T @ Z, design.X.T @ design.X]])
    np.testing.assert_allclose(full, sigma2 * np.linalg.inv(M), rtol=1e-6, atol=1e-8)
    assert fit.drop1().loc["Days"].notna().any()
    assert len(fit.influence(by="Subject")) == 18


def test_vcov_full_is_lme4_s():
    # lme4 2.1, vcov(fit, full = TRUE) of sleepstudy
    sleep = lk.load_data("sleepstudy")
    full = lk.lmer("Reaction ~ Days + (Days | Subject)", sleep).vcov_full()
    first = full.iloc[:2, :2].to_numpy()
    np.testing.assert_allclose(first, [[171.6164, -19.7196], [-19.7196, 6.9656]], rtol=2e-4)
    assert full.loc["Subject.308.(Intercept)", "(Intercept)"] == pytest.approx(-34.0056, rel=2e-4)


def test_studentized_residuals_are_r_s():
    # lme4 2.1 and R 4.2.2: rstudent() of lmer, lm, glm(binomial), glm(Gamma), lm with weights
    sleep = lk.load_data("sleepstudy")
    mixed = lk.lmer("Reaction ~ Days + (Days | Subject)", sleep)
    np.testing.assert_allclose(mixed.resid("studentized").head(3), [-0.18265, -0.62718, -1.76447], atol=2e-5)
    cars = pd.read_csv(io.StringIO(CARS))
    for fit, expected in (
        (lk.lm("mpg ~ wt + hp", cars), [-1.015119285, -0.616630907, -0.984227279]),
        (lk.glm("am ~ wt", cars, "binomial"), [0.660224017, 1.022540450, 0.369615129]),
        (lk.glm("mpg ~ wt", cars, lk.families.Gamma("log")), [-0.598287698, -0.101121241, -0.591709688]),
        (lk.lm("mpg ~ wt", cars, weights="qsec"), [-0.786805329, -0.349892344, -0.782695037]),
    ):
        np.testing.assert_allclose(fit.resid("studentized").head(3), expected, rtol=2e-5)


def test_singular_structures_say_so():
    oats = load("Oats")
    fit = lk.lmer("yield ~ nf + ar1(0 + nf | Block)", oats)
    assert fit.is_singular and "rho between the effects of Block is estimated as +1" in fit.messages[0]
    flat = lk.lmer("Reaction ~ Days + cs(0 + Daysf | Subject, hom = TRUE)", load("sleepstudy"))
    assert any("has a single row" in text for text in flat.messages)


def test_a_correlation_without_variances_is_undefined():
    # lme4 2.1 ends here with an error: it reads rho back from theta
    data = load("gopherdat2")
    fit = lk.glmer("shells ~ prev + offset(log(Area)) + ar1(0 + year | Site)", data, "poisson")
    plain = lk.glm("shells ~ prev + offset(log(Area))", data, "poisson")
    assert fit.loglik == pytest.approx(plain.loglik, abs=1e-6)
    assert fit.is_singular and fit.par.tolist() == [0.0, 0.0]
    assert np.isnan(fit.varcorr.components[0].rho) and "NaN (ar1)" in str(fit.varcorr)
    assert "the correlation rho between the effects of Site is undefined" in fit.messages[0]
    assert "is undefined, as they do not vary" in fit.explain()


def test_times_that_are_no_times_are_named(sleep):
    odd = lk.lmer("Reaction ~ Days + ar1(Days | Subject)", sleep)
    assert any("write ar1(0 + time | Subject)" in text for text in odd.messages)
    rats = load("BodyWeight")
    gaps = lk.lmer("weight ~ Diet*week + ar1(0 + Timef | Rat)", rats)
    assert any("not equally spaced (1, 8, 15" in text for text in gaps.messages)
    even = lk.lmer("Reaction ~ Days + ar1(0 + Daysf | Subject)", sleep)
    assert not any("equally spaced" in text for text in even.messages)
    numeric = lk.lmer("Reaction ~ Days + ar1(0 + Days | Subject)", sleep)
    assert "nothing for ar1() to correlate" in numeric.messages[0]
    assert "ar1(0 + factor(Days) | Subject)" in numeric.messages[0]
    assert (
        lk.lmer("Reaction ~ Days + cs(1 | Subject)", sleep).messages[0].endswith("fitted as (1 | Subject).")
    )


def test_times_in_the_order_of_text_are_told(sleep):
    weeks = [f"week {day + 1}" for day in range(10)]
    named = sleep.assign(week=[weeks[day] for day in sleep["Days"]])  # text: week 10 comes after week 1
    fit = lk.lmer("Reaction ~ Days + ar1(0 + week | Subject)", named)
    assert "in the order week 1, week 10, week 2" in fit.messages[0]
    for order in (weeks, weeks[::-1]):  # time may run either way
        ordered = named.assign(week=pd.Categorical(named["week"], categories=order))
        again = lk.lmer("Reaction ~ Days + ar1(0 + week | Subject)", ordered)
        assert again.messages == []
        assert again.estimate.objective == pytest.approx(1734.186468, abs=1e-5)  # lme4 2.1


def test_equation_and_explanation_show_the_structure(machines, sleep):
    fit = lk.lmer("score ~ Machine + cs(0 + Machine | Worker)", machines)
    assert r"\rho_{\mathrm{Worker}}\,\tau_{0,\mathrm{Worker}}\,\tau_{2,\mathrm{Worker}}" in fit.equation()
    ar1 = lk.lmer("Reaction ~ Days + ar1(0 + Daysf | Subject)", sleep)
    assert r"\rho_{\mathrm{Subject}}^{9}" in ar1.equation() and r"\ddots" in ar1.equation()
    words = "".join(ar1.explain())
    assert "the effect for Machine B has a standard deviation of 8.420: 95%" in "".join(fit.explain())
    assert "each of Daysf0, Daysf1" in words and "0.88 one step apart, 0.78 2 steps apart" in words
    diag = lk.lmer("Reaction ~ Days + diag(Days | Subject)", sleep)
    assert "0 \\\\ 0 &" in diag.equation() and "independent of each other" in "".join(diag.explain())


def test_start_is_par(sleep):
    fit = lk.lmer("Reaction ~ Days + ar1(0 + period | Subject)", sleep)
    there = lk.lmer("Reaction ~ Days + ar1(0 + period | Subject)", sleep, start=fit.par, optimize=False)
    assert there.estimate.objective == pytest.approx(fit.estimate.objective, abs=1e-9)
    with pytest.raises(lk.ModelError, match="start has 3 values"):
        lk.lmer("Reaction ~ Days + ar1(0 + period | Subject)", sleep, start=[1, 2, 3])


def test_glmm_structures_answer_too():
    data = load("grouseticks")
    fit = lk.glmer("TICKS ~ YEAR + cHEIGHT + cs(0 + YEAR | LOCATION, hom = TRUE)", data, "poisson")
    assert fit.npar == 6 and np.isfinite(fit.se).all()
    assert list(fit.confint(method="wald", parm="theta_").index) == [
        "sd_*|LOCATION",
        "cor_rho|LOCATION",
    ]
    equal = lk.glmer("TICKS ~ YEAR + cHEIGHT + (1 | LOCATION) + (1 | LOCATION:YEAR)", data, "poisson")
    assert fit.estimate.objective == pytest.approx(equal.estimate.objective, abs=1e-5)
