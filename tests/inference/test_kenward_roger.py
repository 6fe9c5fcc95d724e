"""Kenward and Roger's method: pbkrtest's numbers, and the formulas of 1997 with n x n matrices."""

import time

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import lmmkit as lk
from lmmkit.inference.kenward_roger import adjusted_vcov, ddf, f_test
from tests.inference.reference import ANSWERS, close, fitted, model
from tests.lme4_reference import CASES, EXTRA, load
from tests.random_designs import random_design


def brute_force(fit):
    """Adjusted covariance, and the A1 and A2 of contrasts, straight from Kenward and Roger (1997)."""
    X, n = fit.design.X, fit.nobs
    weights = np.ones(n) if fit.design.weights is None else fit.design.weights
    G, sigma2 = [np.diag(1 / weights)], [fit.sigma**2]
    for term, part in zip(fit.design.terms, fit.varcorr.components, strict=True):
        same = term.codes[:, None] == term.codes[None, :]
        k = term.Z.shape[1]
        for a in range(k):
            for b in range(a + 1):
                outer = np.outer(term.Z[:, a], term.Z[:, b])
                G.append(same * (outer if a == b else outer + outer.T))
                sigma2.append(part.cov[a, b])
    inverse = np.linalg.inv(sum(s * g for s, g in zip(sigma2, G, strict=True)))
    phi = np.linalg.inv(X.T @ inverse @ X)
    r = len(G)
    VG = [inverse @ g for g in G]
    left, right = [X.T @ vg for vg in VG], [vg @ inverse @ X for vg in VG]
    P = [-X.T @ r for r in right]
    Q = [[l @ r for r in right] for l in left]
    information = np.empty((r, r))
    for i in range(r):
        for j in range(r):
            trace = np.sum(VG[i] * VG[j].T)
            information[i, j] = trace - 2 * np.trace(phi @ Q[i][j]) + np.trace(phi @ P[i] @ phi @ P[j])
    W = 2 * np.linalg.inv(information)
    U = sum(W[i, j] * (Q[i][j] - P[i] @ phi @ P[j]) for i in range(r) for j in range(r))
    adjusted = phi + 2 * phi @ U @ phi

    def moments(L):
        theta = L.T @ np.linalg.inv(L @ phi @ L.T) @ L
        u = [theta @ phi @ p @ phi for p in P]
        A1 = sum(W[i, j] * np.trace(u[i]) * np.trace(u[j]) for i in range(r) for j in range(r))
        A2 = sum(W[i, j] * np.trace(u[i] @ u[j]) for i in range(r) for j in range(r))
        return A1, A2

    return adjusted, moments


def brute_force_f(fit, L):
    adjusted, moments = brute_force(fit)
    A1, A2 = moments(L)
    q = len(L)
    B = (A1 + 6 * A2) / (2 * q)
    g = ((q + 1) * A1 - (q + 4) * A2) / ((q + 2) * A2)
    c = np.array([g, q - g, q + 2 - g]) / (3 * q + 2 * (1 - g))
    E = 1 / (1 - A2 / q)
    V = 2 / q * (1 + c[0] * B) / ((1 - c[1] * B) ** 2 * (1 - c[2] * B))
    rho = V / (2 * E**2)
    m = 4 + (q + 2) / (q * rho - 1)
    scaling = m / (E * (m - 2))
    d = L @ fit.estimate.beta
    return scaling * d @ np.linalg.solve(L @ adjusted @ L.T, d) / q, float(q), m


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "kr_df" in case])
def test_coefficients_as_pbkrtest(name):
    case, table = CASES[name], fitted(name).coef_table(ddf="kenward_roger")
    close(table["df"], list(case["kr_df"].values()), 1e-5)
    close(table["std_error"], list(case["kr_se"].values()), 1e-5)


def test_unbalanced_and_singular():
    for name in ("unbalanced", "singular"):
        table, answer = model(name).coef_table("kenward_roger"), ANSWERS["coefs"]["Kenward-Roger"][name]
        for column in ("std_error", "df"):
            close(table[column], answer[column], 1e-5)
        close(table["p_value"], answer["p_value"], 1e-4)
    answer = ANSWERS["both"]["Kenward-Roger"]
    ours = f_test(model("unbalanced"), np.eye(2))
    close(ours, [answer[key][0] for key in ("statistic", "num_df", "den_df")], 1e-5)


def test_unbalanced_sleepstudy_by_brute_force():
    fit = model("unbalanced")
    adjusted, moments = brute_force(fit)
    close(adjusted_vcov(fit), adjusted, 1e-8)
    close(ddf(fit, np.eye(2)), [2 / moments(row[None])[1] for row in np.eye(2)], 1e-8)
    close(f_test(fit, np.eye(2)), brute_force_f(fit, np.eye(2)), 1e-8)


# The first twenty random designs of at most 60 rows on which the variances are identified, so that the information
# can be inverted; to look for them anew in every test run would take longer than the test.
SEEDS = [8, 18, 30, 41, 57, 86, 93, 105, 110, 112, 131, 145, 210, 214, 218, 269, 317, 326, 331, 348]


def test_twenty_random_designs_by_brute_force():
    for seed in SEEDS:
        design = random_design(seed)
        fit = lk.lmer(design.formula, design.data, weights=design.weights, reml=True)
        assert fit.nobs <= 60 and not fit.is_singular
        name, p = f"seed {seed}: {design.formula}", len(fit.fixef)
        adjusted, moments = brute_force(fit)
        size = np.sqrt(np.diag(adjusted))
        np.testing.assert_allclose(adjusted_vcov(fit) / np.outer(size, size), adjusted / np.outer(size, size),
                                   atol=1e-6, err_msg=name)  # fmt: skip
        expected = [2 / moments(row[None])[1] for row in np.eye(p)]
        np.testing.assert_allclose(ddf(fit, np.eye(p)), expected, rtol=1e-5, err_msg=name)
        np.testing.assert_allclose(
            f_test(fit, np.eye(p)), brute_force_f(fit, np.eye(p)), rtol=1e-5, err_msg=name
        )


def test_weights_count():
    data = load("crossed")[:150]
    fit = lk.lmer("rt ~ cond + x + (x | subj) + (1 | item)", data, weights="w")
    assert not fit.is_singular
    close(adjusted_vcov(fit), brute_force(fit)[0], 1e-6)


def test_kr_modcomp_as_pbkrtest():
    data = load("nested")
    large = lk.lmer("score ~ ses + sex + (1 | school/class)", data)
    small = lk.lmer("score ~ sex + (1 | school/class)", data)
    row, answer = lk.kr_modcomp(large, small).iloc[0], EXTRA["kr_modcomp"]
    close(row, [answer["ndf"], answer["ddf"], answer["F"], answer["p"]], 1e-5)
    row = lk.kr_modcomp(model("quadratic"), model("no_days")).iloc[0]
    close(row, [ANSWERS["kr_modcomp"][key][0] for key in row.index], 1e-4)
    by_contrasts = lk.kr_modcomp(model("quadratic"), np.eye(3)[1:]).iloc[0]
    close(by_contrasts, row, 1e-8)


def test_kr_modcomp_of_another_coding_is_the_same():
    large, small = model("contrasts"), model("additive")
    close(lk.kr_modcomp(large, small), lk.kr_modcomp(model("factors"), small), 1e-5)


def test_ml_fits_are_refused_or_refitted():
    ml = model("slopes").update(reml=False)
    with pytest.raises(lk.ModelError, match="needs a fit by REML"):
        ml.coef_table("kenward_roger")
    table = lk.kr_modcomp(ml, np.eye(2)[1:])
    assert table.notes == ["Refitted by REML for this test."]
    close(table, lk.kr_modcomp(model("slopes"), np.eye(2)[1:]), 1e-5)


def test_kr_modcomp_refuses_what_it_is_not_about():
    with pytest.raises(lk.ModelError, match="random effects"):
        lk.kr_modcomp(model("slopes"), model("intercepts"))
    with pytest.raises(lk.ModelError, match="nothing to test"):
        lk.kr_modcomp(model("slopes"), model("slopes"))
    with pytest.raises(lk.ModelError, match="pb_modcomp"):
        lk.kr_modcomp(model("herds"), model("herds"))
    with pytest.raises(lk.ModelError, match="3 columns"):
        lk.kr_modcomp(model("slopes"), [[0.0, 1.0, 0.0]])


@pytest.mark.slow
def test_ten_thousand_rows_without_square_matrices():
    data = load("InstEval").sample(10_000, random_state=1)
    fit = lk.lmer("y ~ service + (1 | s) + (1 | d) + (1 | dept)", data)
    started = time.perf_counter()
    table = fit.coef_table("kenward_roger")
    print(f"10,000 rows, {sum(fit.ngroups)} random effects: {time.perf_counter() - started:.1f} s")
    assert (table["std_error"] >= fit.se).all() and (table["df"] < 10_000).all()


def simulated_type_one_errors(n_sim, groups=6, per_group=8):
    """Rejections at 5% of a true null about a predictor that is constant within groups."""
    rng = np.random.default_rng(11)
    group = np.repeat(np.arange(groups), per_group)
    treated = (group % 2).astype(float)
    data = pd.DataFrame({"group": group.astype(str), "treated": treated})
    fit = lk.lmer("y ~ treated + (1 | group)", data.assign(y=rng.normal(size=len(data))))
    rejected = {"satterthwaite": 0, "kenward_roger": 0, "wald": 0}
    for _ in range(n_sim):
        y = rng.normal(size=groups)[group] + rng.normal(size=len(group))
        again = fit.refit(y)
        table = again.coef_table().loc["treated"]
        rejected["satterthwaite"] += table["p_value"] < 0.05
        rejected["kenward_roger"] += again.coef_table("kenward_roger").loc["treated", "p_value"] < 0.05
        rejected["wald"] += abs(table["statistic"]) > stats.norm.ppf(0.975)
    return {method: count / n_sim for method, count in rejected.items()}


@pytest.mark.slow
def test_type_one_error_with_six_groups():
    n_sim = 2000
    rates = simulated_type_one_errors(n_sim)
    print(f"type I error at 6 groups, {n_sim} simulations: {rates}")
    error = stats.norm.ppf(0.9995) * np.sqrt(0.05 * 0.95 / n_sim)
    assert abs(rates["satterthwaite"] - 0.05) < error
    assert abs(rates["kenward_roger"] - 0.05) < error
    assert rates["wald"] > 0.05 + error  # the test can tell a wrong method


# The wind tunnel of Goos and Jones (2011), chapter 10: ten whole plots of five rows.
PLOTS = {"FRH": "-1 0 1 -1 0 0 1 -1 0 1", "RRH": "-1 -1 -1 0 0 0 0 1 1 1"}
WITHIN = {
    "YA": "-1 1 0 1 -1 1 0 1 0 -1 1 1 -1 -1 0 -1 0 1 0 -1 0 1 0 -1 0 1 0 0 0 -1 0 1 0 0 -1 -1 1 0 1 -1 -1 0 0 0 1 "
    "-1 1 -1 1 0",
    "GC": "-1 1 0 -1 1 1 0 -1 1 0 -1 1 -1 1 0 0 1 0 -1 1 -1 0 0 1 0 0 0 0 0 -1 -1 1 0 1 0 -1 -1 0 1 1 0 -1 0 1 1 1 "
    "-1 -1 0 1",
    "y": ".873 .969 .959 .821 1.019 .921 .923 .821 .958 .914 .705 .861 .756 .861 .78 .999 1.06 .91 .854 1.082 .841 "
    ".885 .905 1.025 .936 .844 .891 .902 .871 .833 .786 .879 .86 .905 .87 .98 .907 1.045 1.094 1.159 1 .901 .99 1.059 "
    "1.025 .991 .828 .853 .923 .997",
}
# SAS, PROC MIXED with DDFM=KR, as published with MixedModelsSmallSample.jl: standard errors and degrees of freedom
SAS_WIND = {
    "(Intercept)": (0.0117343911712, 4.21140124411036),
    "FRH": (0.00790252489387, 3.97849987439679),
    "RRH": (0.00790249573775, 3.97847134192016),
    "YA": (0.002735211802, 31.033074211572),
    "GC": (0.00271095101541, 31.1923850072426),
    "I(FRH^2)": (0.0127485226818, 4.07472047063037),
    "I(RRH^2)": (0.01274268330569, 4.0675369122956),
    "I(YA^2)": (0.00470046319605, 31.2137001771135),
    "I(GC^2)": (0.00480791030355, 31.1129883842682),
    "FRH:RRH": (0.00967281723446, 3.96913152461157),
    "FRH:YA": (0.00326351798154, 31.0282844687551),
    "FRH:GC": (0.00320212893617, 31.0763597859923),
    "RRH:YA": (0.0032709720541, 31.0355538779529),
    "RRH:GC": (0.00321178730788, 31.1174624936025),
    "YA:GC": (0.00328526261115, 31.3860103539013),
}
SAS_SLEEP = [
    (7.5345680852253, 25.4403327505904),
    (2.72459382818507, 87.9473469873813),
    (0.27461578272595, 86.2132178815192),
]


def test_observed_information_as_sas():
    data = pd.DataFrame({name: [float(v) for v in text.split()] for name, text in WITHIN.items()})
    data["WP"] = np.repeat(list("abcdefghij"), 5)
    for name, text in PLOTS.items():
        data[name] = np.repeat([float(v) for v in text.split()], 5)
    squares = " + ".join(f"I({name}^2)" for name in ("FRH", "RRH", "YA", "GC"))
    fit = lk.lmer(f"y ~ (FRH + RRH + YA + GC)^2 + {squares} + (1 | WP)", data)
    table = fit.coef_table("kenward_roger_observed").loc[list(SAS_WIND)]
    close(table[["std_error", "df"]], list(SAS_WIND.values()), 2e-5)
    expected = fit.coef_table("kenward_roger").loc[list(SAS_WIND)]
    assert (np.abs(expected["df"] / table["df"] - 1) > 5e-4).any()  # R's are others


def test_observed_information_of_several_variances_as_sas():
    terms = "(1 | Subject) + (0 + Days | Subject) + (0 + I(Days^2) | Subject)"
    fit = lk.lmer(f"Reaction ~ Days + I(Days^2) + {terms}", load("sleepstudy"))
    close(fit.coef_table("kenward_roger_observed")[["std_error", "df"]], SAS_SLEEP, 3e-5)


def test_balanced_designs_do_not_mind_which_information():
    observed, expected = (model("slopes").coef_table(d) for d in ("kenward_roger_observed", "kenward_roger"))
    close(observed, expected, 1e-6)
    joint = model("slopes").contest(np.eye(2), ddf="kenward_roger_observed")
    close(joint, model("slopes").contest(np.eye(2), ddf="kenward_roger"), 1e-6)
